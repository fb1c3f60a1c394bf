// SPDX-License-Identifier: GPL-2.0
/* A value of an object, for tables, for JSON, and to be compared with others. */
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "units.h"

struct cell cell_of_number(enum cell_type type, uint64_t number)
{
	return (struct cell){ .type = type, .number = number };
}

struct cell cell_of_text(const char *text)
{
	struct cell cell = { .type = CELL_TEXT };

	snprintf(cell.text, sizeof(cell.text), "%s", text);
	return cell;
}

struct cell cell_of_amount(const struct object *object, uint64_t amount)
{
	return cell_of_number(object_is_pool(object) ? CELL_NUMBER : CELL_BYTES,
			      amount);
}

struct cell cell_of_field(const struct object *object,
			  const struct object_field *field)
{
	uint64_t value = object->value[field->attribute];

	if (!object_shows(object, field))
		return cell_of_number(CELL_NONE, 0);
	if (field->type == OBJECT_NAME)
		return cell_of_text(object->name);
	if (field->type == OBJECT_FLAG)
		return cell_of_number(CELL_FLAG, value);

	switch (field->unit) {
	case UNIT_KIND:
		return cell_of_text(object_kind_name(value));
	case UNIT_LEVEL:
		return cell_of_text(object_level_name(value));
	case UNIT_MODE:
		return cell_of_number(CELL_MODE, value);
	case UNIT_BYTES:
		return cell_of_number(CELL_BYTES, value);
	case UNIT_AMOUNT:
		return cell_of_amount(object, value);
	case UNIT_AGE:
		return cell_of_number(CELL_AGE, value);
	default:
		return cell_of_number(CELL_NUMBER, value);
	}
}

struct cell cell_for_people(const struct object *object,
			    const struct object_field *field)
{
	if (field->unit == UNIT_LEVEL && !object->value[MPDEMO_A_HIGH])
		return cell_of_number(CELL_NONE, 0);
	return cell_of_field(object, field);
}

static struct cell name_or_number(const char *name, uint64_t number)
{
	struct cell cell = { .type = CELL_TEXT };

	if (name)
		return cell_of_text(name);
	snprintf(cell.text, sizeof(cell.text), "%" PRIu64, number);
	return cell;
}

struct cell cell_of_user(uint64_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return name_or_number(user ? user->pw_name : NULL, uid);
}

struct cell cell_of_group(uint64_t gid)
{
	const struct group *group = getgrgid(gid);

	return name_or_number(group ? group->gr_name : NULL, gid);
}

/* Exact where --bytes says so. */
static const char *format_unit(uint64_t value,
			       const char *(*rounded)(uint64_t value, char *out),
			       char out[CELL_SIZE])
{
	if (!options.bytes)
		return rounded(value, out);
	snprintf(out, CELL_SIZE, "%" PRIu64, value);
	return out;
}

_Static_assert(CELL_SIZE >= UNITS_SIZE, "a cell has no room for a size");

const char *cell_format(const struct cell *cell, char out[CELL_SIZE])
{
	switch (cell->type) {
	case CELL_NONE:
		return "-";
	case CELL_TEXT:
		return cell->text;
	case CELL_FLAG:
		return cell->number ? "yes" : "no";
	case CELL_BYTES:
		return format_unit(cell->number, units_format_size, out);
	case CELL_AGE:
		return format_unit(cell->number, units_format_age, out);
	case CELL_NUMBER:
		snprintf(out, CELL_SIZE, "%" PRIu64, cell->number);
		break;
	case CELL_PERCENT:
		snprintf(out, CELL_SIZE, "%" PRIu64 "%%", cell->number);
		break;
	case CELL_MODE:
		snprintf(out, CELL_SIZE, "%04" PRIo64, cell->number);
		break;
	}
	return out;
}

void cell_add(struct json_object *json, const char *name,
	      const struct cell *cell)
{
	char key[32];

	/* Keys are the names of the specification, as C identifiers. */
	snprintf(key, sizeof(key), "%s", name);
	for (char *c = key; *c; c++) {
		if (*c == '-')
			*c = '_';
	}

	switch (cell->type) {
	case CELL_NONE:
		break;
	case CELL_TEXT:
		json_add_string(json, key, cell->text);
		break;
	case CELL_FLAG:
		json_object_object_add(json, key,
				       needed(json_object_new_boolean(cell->number)));
		break;
	default:
		json_add_number(json, key, cell->number);
	}
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	if (a->type == CELL_NONE || b->type == CELL_NONE)
		return (a->type == CELL_NONE) - (b->type == CELL_NONE);
	if (a->type == CELL_TEXT || b->type == CELL_TEXT)
		return strcmp(a->text, b->text);
	return (a->number < b->number) - (a->number > b->number);
}
