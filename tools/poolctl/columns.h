/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of objects, of which a person chooses the columns and the order of the lines. */
#ifndef POOLCTL_COLUMNS_H
#define POOLCTL_COLUMNS_H

#include <stdbool.h>
#include <json-c/json.h>

#include "object.h"
#include "poolctl.h"

/* What the options of a command say that has COLUMN_OPTIONS among them. */
extern const char *columns_wanted, *columns_all, *columns_sort;

#define COLUMN_OPTIONS \
	{ "output", 'o', "COLS", &columns_wanted, \
	  "columns, as NAME,USE%; +COLS: beside the usual ones" }, \
	{ "output-all", 0, NULL, &columns_all, "all columns" }, \
	{ "sort", 's', "COL", &columns_sort, \
	  "highest number first, words from A on; -COL: reversed" }

#define COLUMNS_MAX	64

/* The most important ones. */
#define COLUMNS_OF_LIST	"ID,NAME,KIND,SIZE,CAPACITY,IN-USE,PEAK,USE%,FAILURES"

/* struct columns - columns that were chosen, from left to right, and one to sort by */
struct columns {
	size_t count;
	unsigned char number[COLUMNS_MAX];
	bool sorted;
	bool reverse;
	unsigned char sort;
};

/*
 * Choose as the options say, of which @usual is what they add to, in the grammar
 * of --output. Returns false after a usage error.
 */
bool columns_choose(struct columns *columns, const char *usual);

/* Whether --output or --output-all was given. */
bool columns_given(void);

/* Bring @list into the order that --sort wants. */
void columns_order(const struct columns *columns, struct object_list *list);

void columns_print(const struct columns *columns, const struct object_list *list);
struct json_object *columns_json(const struct columns *columns,
				 const struct object_list *list);

/* For the help of a command: which there are. */
void columns_help(void);
void columns_help_json(struct json_object *array);

#endif /* POOLCTL_COLUMNS_H */
