// SPDX-License-Identifier: GPL-2.0
/* Objects as tables and as JSON. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "memory.h"
#include "show.h"
#include "table.h"

/* Keys of JSON are the names of the specification, as C identifiers. */
static void make_key(const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s", name);
	for (; *key; key++) {
		if (*key == '-')
			*key = '_';
	}
}

static void add_field(struct json_object *json, const struct object *object,
		      const struct object_field *field)
{
	uint64_t value = object->value[field->attribute];
	char key[32];

	make_key(field->name, key, sizeof(key));
	if (!object_shows(object, field))
		return;
	if (field->type == OBJECT_FLAG)
		json_object_object_add(json, key,
				       needed(json_object_new_boolean(value)));
	else if (field->type == OBJECT_NAME)
		json_add_string(json, key, object->name);
	else if (field->unit == UNIT_KIND)
		json_add_string(json, key, object_kind_name(value));
	else if (field->unit == UNIT_LEVEL)
		json_add_string(json, key, object_level_name(value));
	else
		json_add_number(json, key, value);
}

struct json_object *show_json(const struct object_list *list, bool all)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "objects");

	for (size_t i = 0; i < list->count; i++) {
		struct json_object *json = needed(json_object_new_object());

		for (size_t j = 0; j < object_nfields; j++) {
			if (all || object_fields[j].listed)
				add_field(json, &list->objects[i],
					  &object_fields[j]);
		}
		json_object_array_add(array, json);
	}
	return document;
}

/* Blocks are counted, bytes of an arena or a heap are a size. */
static void put_amount(struct libscols_line *line, int column,
		       const struct object *object, uint64_t amount)
{
	if (object_is_pool(object))
		table_number(line, column, amount);
	else
		table_bytes(line, column, amount);
}

static void put_percentage(struct libscols_line *line, int column,
			   const struct object *object)
{
	uint64_t capacity = object_capacity(object);
	uint64_t used = object->value[MPDEMO_A_IN_USE];

	if (capacity)
		table_printf(line, column, "%d%%",
			     (int)(100.0L * used / capacity));
	else
		table_text(line, column, "-");
}

void show_list(const struct object_list *list)
{
	static const struct table_column columns[] = {
		{ "ID", true },	     { "NAME", false },	 { "KIND", false },
		{ "SIZE", true },    { "CAPACITY", true }, { "IN-USE", true },
		{ "PEAK", true },    { "USE%", true },	 { "FAILURES", true },
		{ NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	for (size_t i = 0; i < list->count; i++) {
		const struct object *object = &list->objects[i];
		struct libscols_line *line = table_line(table);
		const uint64_t *value = object->value;

		table_number(line, 0, value[MPDEMO_A_ID]);
		table_text(line, 1, object_title(object));
		table_text(line, 2, object_kind_name(value[MPDEMO_A_KIND]));
		if (object_is_pool(object))
			table_bytes(line, 3, value[MPDEMO_A_BLOCK_SIZE]);
		else
			table_text(line, 3, "-");
		put_amount(line, 4, object, object_capacity(object));
		put_amount(line, 5, object, value[MPDEMO_A_IN_USE]);
		put_amount(line, 6, object, value[MPDEMO_A_PEAK]);
		put_percentage(line, 7, object);
		table_number(line, 8, value[MPDEMO_A_FAILURES]);
	}
	table_print(table);
}

void show_counters(const struct object_list *list)
{
	static const struct table_column columns[] = {
		{ "ID", true },	      { "NAME", false },   { "KIND", false },
		{ "IN-USE", true },   { "PEAK", true },	   { "ALLOCS", true },
		{ "FREES", true },    { "FAILURES", true }, { "REFUSED", true },
		{ "KEPT", true },     { "RECLAIMED", true }, { "FILES", true },
		{ "FOOTPRINT", true }, { NULL, false },
	};
	static const int counters[] = {
		MPDEMO_A_ALLOCS,    MPDEMO_A_FREES, MPDEMO_A_FAILURES,
		MPDEMO_A_REFUSED,   MPDEMO_A_KEPT,  MPDEMO_A_RECLAIMED,
		MPDEMO_A_OPEN_FILES,
	};
	const size_t ncounters = sizeof(counters) / sizeof(counters[0]);
	struct libscols_table *table = table_new(columns);

	for (size_t i = 0; i < list->count; i++) {
		const struct object *object = &list->objects[i];
		struct libscols_line *line = table_line(table);
		const uint64_t *value = object->value;

		table_number(line, 0, value[MPDEMO_A_ID]);
		table_text(line, 1, object_title(object));
		table_text(line, 2, object_kind_name(value[MPDEMO_A_KIND]));
		put_amount(line, 3, object, value[MPDEMO_A_IN_USE]);
		put_amount(line, 4, object, value[MPDEMO_A_PEAK]);
		for (size_t j = 0; j < ncounters; j++) {
			if (object_has(object, counters[j]))
				table_number(line, 5 + j, value[counters[j]]);
			else
				table_text(line, 5 + j, "-");
		}
		table_bytes(line, 12, value[MPDEMO_A_FOOTPRINT]);
	}
	table_print(table);
}

static void put_field(struct libscols_line *line, const struct object *object,
		      const struct object_field *field)
{
	uint64_t value = object->value[field->attribute];

	if (field->type == OBJECT_NAME)
		table_text(line, 1, object->name);
	else if (field->type == OBJECT_FLAG)
		table_text(line, 1, value ? "yes" : "no");
	else if (field->unit == UNIT_KIND)
		table_text(line, 1, object_kind_name(value));
	else if (field->unit == UNIT_LEVEL)
		table_text(line, 1, object_level_name(value));
	else if (field->unit == UNIT_MODE)
		table_printf(line, 1, "%04o", (unsigned int)value);
	else if (field->unit == UNIT_BYTES)
		table_bytes(line, 1, value);
	else if (field->unit == UNIT_AMOUNT)
		put_amount(line, 1, object, value);
	else
		table_number(line, 1, value);
}

void show_fields(const struct object *object)
{
	static const struct table_column columns[] = {
		{ "FIELD", false },
		{ "VALUE", true },
		{ NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	for (size_t i = 0; i < object_nfields; i++) {
		const struct object_field *field = &object_fields[i];
		struct libscols_line *line;

		if (!object_shows(object, field))
			continue;
		line = table_line(table);
		table_text(line, 0, field->name);
		put_field(line, object, field);
	}
	table_print(table);
}
