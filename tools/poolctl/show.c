// SPDX-License-Identifier: GPL-2.0
/* Objects as tables and as JSON. */
#include "cell.h"
#include "json.h"
#include "memory.h"
#include "show.h"
#include "table.h"

struct json_object *show_json(const struct object_list *list, bool all)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "objects");

	for (size_t i = 0; i < list->count; i++) {
		const struct object *object = &list->objects[i];
		struct json_object *json = needed(json_object_new_object());

		for (size_t j = 0; j < object_nfields; j++) {
			struct cell cell = cell_of_field(object,
							 &object_fields[j]);

			if (all || object_fields[j].listed)
				cell_add(json, object_fields[j].name, &cell);
		}
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
		struct cell cell = cell_of_field(object, field);
		struct libscols_line *line;
		char text[CELL_SIZE];

		if (cell.type == CELL_NONE)
			continue;
		line = table_line(table);
		table_text(line, 0, field->name);
		table_text(line, 1, cell_format(&cell, text));
	}
	table_print(table);
}
