// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of the little JSON that messages of a chat are: one object without objects in
 * it, whose values are strings without escapes, or numbers. It allocates nothing, and
 * fields point into the text.
 */

#include <linux/ctype.h>
#include <linux/errno.h>

#include "json.h"

struct reader {
	const char *at;
	const char *end;
};

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end && isspace(*reader->at))
		reader->at++;
}

static bool take(struct reader *reader, char c)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool take_string(struct reader *reader, const char **text,
			unsigned int *length)
{
	if (!take(reader, '"'))
		return false;
	*text = reader->at;
	while (reader->at < reader->end && *reader->at != '"') {
		if (*reader->at == '\\' || iscntrl(*reader->at))
			return false;
		reader->at++;
	}
	*length = reader->at - *text;
	return take(reader, '"');
}

static bool take_number(struct reader *reader, const char **text,
			unsigned int *length)
{
	skip_space(reader);
	*text = reader->at;
	while (reader->at < reader->end && isdigit(*reader->at))
		reader->at++;
	*length = reader->at - *text;
	return *length;
}

static bool take_field(struct reader *reader, struct json_field *field)
{
	if (!take_string(reader, &field->name, &field->name_length) ||
	    !take(reader, ':'))
		return false;
	return take_string(reader, &field->value, &field->value_length) ||
	       take_number(reader, &field->value, &field->value_length);
}

/**
 * json_parse() - read an object
 * @text: its text
 * @length: bytes of that
 * @fields: where its members are put
 * @max: how many there is room for, 1 or more
 *
 * Context: Any.
 * Return: the number of members, or -EINVAL where it is not such an object, or has
 * none, or too many.
 */
int json_parse(const char *text, size_t length, struct json_field *fields,
	       unsigned int max)
{
	struct reader reader = { .at = text, .end = text + length };
	unsigned int nr = 0;

	if (!take(&reader, '{'))
		return -EINVAL;
	do {
		if (nr == max || !take_field(&reader, &fields[nr]))
			return -EINVAL;
		nr++;
	} while (take(&reader, ','));
	return take(&reader, '}') ? nr : -EINVAL;
}
