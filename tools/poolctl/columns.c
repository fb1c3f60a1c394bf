// SPDX-License-Identifier: GPL-2.0
/* Tables of objects, of which a person chooses the columns and the order of the lines. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "color.h"
#include "columns.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "table.h"
#include "text.h"

const char *columns_wanted, *columns_all, *columns_sort;

/* What is not an attribute but follows from some. */
enum computed {
	CAPACITY,
	FREE,
	USE,
	BAR,
	OWNER,
	GROUP,
};

static const struct {
	const char *heading;
	const char *key;
	bool right;
	const char *help;
} computed[] = {
	[CAPACITY] = { "CAPACITY", "capacity", true,
		       "blocks of a pool, bytes of an arena or a heap" },
	[FREE] = { "FREE", "free", true, "how many of them are not in use" },
	[USE] = { "USE%", "use_percent", true, "how many of them are in use" },
	[BAR] = { "BAR", NULL, false, "the same as a bar; not in JSON" },
	[OWNER] = { "OWNER", "owner", false, "name of the owner" },
	[GROUP] = { "GROUP", "group", false, "name of the group" },
};

#define NCOMPUTED	(sizeof(computed) / sizeof(computed[0]))
#define NCOLUMNS	(object_nfields + NCOMPUTED)

static bool is_computed(size_t column)
{
	return column >= object_nfields;
}

static const char *heading_of(size_t column)
{
	return is_computed(column) ? computed[column - object_nfields].heading :
				     object_fields[column].heading;
}

static const char *help_of(size_t column)
{
	return is_computed(column) ? computed[column - object_nfields].help :
				     object_fields[column].help;
}

/* NULL where it is none of JSON. */
static const char *key_of(size_t column)
{
	return is_computed(column) ? computed[column - object_nfields].key :
				     object_fields[column].name;
}

static bool is_right(size_t column)
{
	const struct object_field *field = &object_fields[column];

	if (is_computed(column))
		return computed[column - object_nfields].right;
	return field->type != OBJECT_NAME && field->type != OBJECT_FLAG &&
	       field->unit != UNIT_KIND && field->unit != UNIT_LEVEL;
}

/* What there is none of is not used up. */
static int percentage(const struct object *object)
{
	uint64_t capacity = object_capacity(object);

	return capacity ? 100.0L * object->value[MPDEMO_A_IN_USE] / capacity : 0;
}

static struct cell bar(const struct object *object)
{
	struct cell cell = { .type = CELL_TEXT, .text = "[..........]" };
	int n = percentage(object) / 10;

	memset(cell.text + 1, '#', n < 10 ? n : 10);
	return cell;
}

static struct cell compute(enum computed which, const struct object *object)
{
	uint64_t capacity = object_capacity(object);
	uint64_t used = object->value[MPDEMO_A_IN_USE];

	switch (which) {
	case CAPACITY:
		return cell_of_amount(object, capacity);
	case FREE:
		return cell_of_amount(object, used < capacity ? capacity - used : 0);
	case USE:
		return cell_of_number(CELL_PERCENT, percentage(object));
	case BAR:
		return bar(object);
	case OWNER:
		if (!object_has(object, MPDEMO_A_UID))
			return cell_of_number(CELL_NONE, 0);
		return cell_of_user(object->value[MPDEMO_A_UID]);
	default:
		if (!object_has(object, MPDEMO_A_GID))
			return cell_of_number(CELL_NONE, 0);
		return cell_of_group(object->value[MPDEMO_A_GID]);
	}
}

static struct cell cell_of(size_t column, const struct object *object)
{
	return is_computed(column) ? compute(column - object_nfields, object) :
				     cell_of_field(object, &object_fields[column]);
}

static struct cell shown_cell(size_t column, const struct object *object)
{
	return is_computed(column) ? compute(column - object_nfields, object) :
				     cell_for_people(object, &object_fields[column]);
}

bool columns_given(void)
{
	return columns_wanted || columns_all;
}

/* "did you mean" knows capital letters only. */
static void complain(const char *option, const char *word)
{
	const char *headings[COLUMNS_MAX + 1] = { NULL };
	char capitals[CELL_SIZE];
	const char *nearest;
	size_t i;

	snprintf(capitals, sizeof(capitals), "%s", word);
	for (char *c = capitals; *c; c++)
		*c = toupper((unsigned char)*c);
	for (i = 0; i < NCOLUMNS; i++)
		headings[i] = heading_of(i);
	nearest = text_nearest(capitals, headings);
	if (nearest)
		usage_error("%s: there is no column '%s' (did you mean '%s'?)",
			    option, word, nearest);
	else
		usage_error("%s: there is no column '%s'", option, word);
}

/* By its heading, or by what the attribute is called; in any letters. */
static bool find(const char *option, const char *word, unsigned char *column)
{
	for (size_t i = 0; i < NCOLUMNS; i++) {
		if (!strcasecmp(heading_of(i), word) ||
		    (!is_computed(i) && !strcasecmp(object_fields[i].name, word))) {
			*column = i;
			return true;
		}
	}
	complain(option, word);
	return false;
}

/* Columns of a list of words; the same one twice is asked for, and given. */
static bool add(struct columns *columns, const char *words)
{
	char *copy = needed(strdup(words)), *rest = copy, *word;
	bool good = true;

	while (good && (word = strsep(&rest, ","))) {
		if (columns->count == COLUMNS_MAX) {
			usage_error("--output: there are more than %d columns",
				    COLUMNS_MAX);
			good = false;
		} else {
			good = find("--output", word,
				    &columns->number[columns->count++]);
		}
	}
	free(copy);
	return good;
}

static bool choose_order(struct columns *columns)
{
	const char *word = columns_sort;

	if (!word)
		return true;
	columns->sorted = true;
	columns->reverse = *word == '-';
	return find("--sort", word + columns->reverse, &columns->sort);
}

bool columns_choose(struct columns *columns, const char *usual)
{
	const char *wanted = columns_wanted;
	bool more = wanted && *wanted == '+';

	*columns = (struct columns){ 0 };
	if (columns_all && wanted) {
		usage_error("--output and --output-all exclude each other");
		return false;
	}
	if (columns_all) {
		for (size_t i = 0; i < NCOLUMNS; i++)
			columns->number[columns->count++] = i;
		return choose_order(columns);
	}
	return ((wanted && !more) || add(columns, usual)) &&
	       (!wanted || add(columns, wanted + more)) &&
	       choose_order(columns);
}

static int compare(const void *a, const void *b, void *data)
{
	const struct columns *columns = data;
	struct cell first = shown_cell(columns->sort, a);
	struct cell second = shown_cell(columns->sort, b);
	int order = cell_compare(&first, &second);

	/* What is not there is last in either order. */
	if (first.type != CELL_NONE && second.type != CELL_NONE &&
	    columns->reverse)
		order = -order;
	if (order)
		return order;
	first = cell_of_number(CELL_NUMBER,
			       ((const struct object *)a)->value[MPDEMO_A_ID]);
	second = cell_of_number(CELL_NUMBER,
				((const struct object *)b)->value[MPDEMO_A_ID]);
	return -cell_compare(&first, &second);
}

void columns_order(const struct columns *columns, struct object_list *list)
{
	if (columns->sorted && list->count)
		qsort_r(list->objects, list->count, sizeof(*list->objects),
			compare, (void *)columns);
}

/* What a person should look at first. */
static const char *color_of(size_t column, const struct object *object)
{
	const char *heading = heading_of(column);

	if (strcmp(heading, "LEVEL") && strcmp(heading, "USE%") &&
	    strcmp(heading, "BAR"))
		return NULL;
	if (object->value[MPDEMO_A_LEVEL] == MPDEMO_NL_LEVEL_EXHAUSTED ||
	    percentage(object) >= 100)
		return "red";
	if (object->value[MPDEMO_A_LEVEL] == MPDEMO_NL_LEVEL_LOW)
		return "yellow";
	return NULL;
}

static void put(struct libscols_line *line, int at, size_t column,
		const struct object *object)
{
	struct cell cell = shown_cell(column, object);
	const char *color = color_of(column, object);
	char text[CELL_SIZE];

	/* Those without a name say why. */
	if (!is_computed(column) && object_fields[column].type == OBJECT_NAME)
		table_text(line, at, object_title(object));
	else
		table_text(line, at, cell_format(&cell, text));
	if (color)
		table_color(line, at, color);
}

void columns_print(const struct columns *columns, const struct object_list *list)
{
	struct table_column headings[COLUMNS_MAX + 1] = { 0 };
	struct libscols_table *table;

	for (size_t i = 0; i < columns->count; i++)
		headings[i] = (struct table_column){
			heading_of(columns->number[i]),
			is_right(columns->number[i]),
		};
	table = table_new(headings);
	for (size_t i = 0; i < list->count; i++) {
		struct libscols_line *line = table_line(table);

		for (size_t j = 0; j < columns->count; j++)
			put(line, j, columns->number[j], &list->objects[i]);
	}
	table_print(table);
}

struct json_object *columns_json(const struct columns *columns,
				 const struct object_list *list)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "objects");

	for (size_t i = 0; i < list->count; i++) {
		struct json_object *json = needed(json_object_new_object());

		for (size_t j = 0; j < columns->count; j++) {
			size_t column = columns->number[j];
			struct cell cell = cell_of(column, &list->objects[i]);

			if (key_of(column))
				cell_add(json, key_of(column), &cell);
		}
		json_object_array_add(array, json);
	}
	return document;
}

void columns_help(void)
{
	puts("\nColumns:");
	for (size_t i = 0; i < NCOLUMNS; i++)
		printf("  %-11s %s\n", heading_of(i), help_of(i));
}

void columns_help_json(struct json_object *array)
{
	for (size_t i = 0; i < NCOLUMNS; i++) {
		struct json_object *json = needed(json_object_new_object());

		json_add_string(json, "column", heading_of(i));
		json_add_string(json, "help", help_of(i));
		json_object_array_add(array, json);
	}
}
