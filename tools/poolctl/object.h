/* SPDX-License-Identifier: GPL-2.0 */
/* Pools, arenas and heaps as the netlink family describes them. */
#ifndef POOLCTL_OBJECT_H
#define POOLCTL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo.h>
#include <linux/mempool_demo_netlink.h>

/*
 * struct object - a pool, an arena or a heap
 * @present: bit N: the kernel sent attribute N; an attribute that it did not
 *	send is not the same as 0
 * @value: numbers by attribute; a flag is 1
 * @name: empty where the object is anonymous or deleted
 */
struct object {
	uint64_t present;
	uint64_t value[MPDEMO_A_MAX + 1];
	char name[MPDEMO_NAME_SIZE];
};

_Static_assert(MPDEMO_A_MAX < 64, "struct object.present is too small");

struct object_list {
	struct object *objects;
	size_t count;
};

enum object_type { OBJECT_U32, OBJECT_U64, OBJECT_NAME, OBJECT_FLAG };
enum object_unit { UNIT_NUMBER, UNIT_BYTES, UNIT_KIND, UNIT_LEVEL, UNIT_MODE, UNIT_AMOUNT,
		   UNIT_AGE };

/*
 * struct object_field - one attribute: how it travels and how it is shown
 * @attribute: MPDEMO_A_*
 * @name: as in the YAML specification
 * @heading: of its column in a table
 * @type: how it travels
 * @unit: what it counts; UNIT_AMOUNT: blocks of a pool, else bytes
 * @listed: 'poolctl list --json' tells it, and not only 'poolctl stats --json'
 * @help: one line
 */
struct object_field {
	int attribute;
	const char *name;
	const char *heading;
	enum object_type type;
	enum object_unit unit;
	bool listed;
	const char *help;
};

extern const struct object_field object_fields[];
extern const size_t object_nfields;

/* NULL where there is none of this attribute. */
const struct object_field *object_field(unsigned int attribute);

/* The name of an attribute in the specification, or NULL. */
const char *object_attribute_name(unsigned int attribute);

static inline bool object_has(const struct object *object, int attribute)
{
	return object->present & (UINT64_C(1) << attribute);
}

/* Whether there is something to show; an object that is not dying says so. */
static inline bool object_shows(const struct object *object,
				const struct object_field *field)
{
	return object_has(object, field->attribute) ||
	       field->attribute == MPDEMO_A_DYING;
}

static inline bool object_is_pool(const struct object *object)
{
	return object->value[MPDEMO_A_KIND] == MPDEMO_KIND_POOL;
}

/* Blocks that a pool may have, bytes of an arena or a heap. */
uint64_t object_capacity(const struct object *object);

/* "pool", "arena" or "heap". */
const char *object_kind_name(uint64_t kind);

/* "normal", "low" or "exhausted". */
const char *object_level_name(uint64_t level);

/* The name, or why there is none in parentheses. */
const char *object_title(const struct object *object);

static inline void object_set_value(struct object *object, int attribute,
				    uint64_t value)
{
	object->value[attribute] = value;
	object->present |= UINT64_C(1) << attribute;
}

/* @name is known to fit. */
void object_set_name(struct object *object, const char *name);

/* Append a copy of @object. */
void object_list_add(struct object_list *list, const struct object *object);
void object_list_clear(struct object_list *list);

#endif /* POOLCTL_OBJECT_H */
