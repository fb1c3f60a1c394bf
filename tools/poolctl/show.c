// SPDX-License-Identifier: GPL-2.0
/* Objects as tables and as JSON. */
#include "cell.h"
#include "json.h"
#include "memory.h"
#include "show.h"
#include "table.h"

static void add_names(struct json_object *json, const struct object *object)
{
	struct cell owner = cell_of_user(object->value[MPDEMO_A_UID]);
	struct cell group = cell_of_group(object->value[MPDEMO_A_GID]);

	cell_add(json, "owner", &owner);
	cell_add(json, "group", &group);
}

void show_object_json(struct json_object *json, const struct object *object,
		      bool all)
{
	for (size_t i = 0; i < object_nfields; i++) {
		struct cell cell = cell_of_field(object, &object_fields[i]);

		if (all || object_fields[i].listed)
			cell_add(json, object_fields[i].name, &cell);
	}
	if (all && object_has(object, MPDEMO_A_UID))
		add_names(json, object);
}

struct json_object *show_json(const struct object_list *list, bool all)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "objects");

	for (size_t i = 0; i < list->count; i++) {
		struct json_object *json = needed(json_object_new_object());

		show_object_json(json, &list->objects[i], all);
		json_object_array_add(array, json);
	}
	return document;
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
		struct cell cell = cell_for_people(object, field);
		struct libscols_line *line;
		char text[CELL_SIZE];

		if (!object_shows(object, field))
			continue;
		line = table_line(table);
		table_text(line, 0, field->name);
		table_text(line, 1, cell_format(&cell, text));
	}
	table_print(table);
}
