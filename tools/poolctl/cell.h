/* SPDX-License-Identifier: GPL-2.0 */
/* A value of an object, for tables, for JSON, and to be compared with others. */
#ifndef POOLCTL_CELL_H
#define POOLCTL_CELL_H

#include <json-c/json.h>

#include "object.h"

enum cell_type {
	CELL_NONE,	/* the object does not have it */
	CELL_TEXT,
	CELL_FLAG,
	CELL_NUMBER,
	CELL_BYTES,
	CELL_PERCENT,
	CELL_AGE,
	CELL_MODE,
};

#define CELL_SIZE	64

_Static_assert(CELL_SIZE >= MPDEMO_NAME_SIZE, "a cell has no room for a name");

/*
 * struct cell - a value
 * @type: what it is
 * @number: all but CELL_TEXT
 * @text: CELL_TEXT
 */
struct cell {
	enum cell_type type;
	uint64_t number;
	char text[CELL_SIZE];
};

struct cell cell_of_number(enum cell_type type, uint64_t number);
struct cell cell_of_text(const char *text);
struct cell cell_of_field(const struct object *object,
			  const struct object_field *field);

/*
 * The same for people: a pool without watermarks has no level, though netlink and so JSON
 * say "normal".
 */
struct cell cell_for_people(const struct object *object,
			    const struct object_field *field);

/* Blocks of a pool are counted, bytes of an arena or a heap are a size. */
struct cell cell_of_amount(const struct object *object, uint64_t amount);

/* The name of a user and of a group; where it has none its number. */
struct cell cell_of_user(uint64_t uid);
struct cell cell_of_group(uint64_t gid);

/* As --bytes says; "-" where there is nothing. */
const char *cell_format(const struct cell *cell, char out[CELL_SIZE]);

/* Add it to @json, if there is something. @name has '_' for each '-' then. */
void cell_add(struct json_object *json, const char *name,
	      const struct cell *cell);

/* Less than 0 where @a comes first: numbers from the highest on, words from A on. What is not
 * there comes last.
 */
int cell_compare(const struct cell *a, const struct cell *b);

#endif /* POOLCTL_CELL_H */
