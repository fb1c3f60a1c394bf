// SPDX-License-Identifier: MIT
/*
 * One line of JSON, by yajl, whose memory is the scratch arena. Nothing of it is ever freed, so
 * when the arena is full the parser is left by longjmp(), wherever in it that was: yajl
 * itself does not expect to be given no memory.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "chatd.h"

struct parse {
	struct line *line;
	jmp_buf no_memory;
	int depth;
	enum { NONE, OP, ROOM, NAME, TEXT, ID } key;
	unsigned int seen;		/* a bit for each of the keys */
};

static void *scratch(struct parse *parse, size_t bytes)
{
	void *p = arena_alloc(&chatd.scratch, bytes);

	if (!p)
		longjmp(parse->no_memory, 1);
	return p;
}

/* With its size in front, which realloc() has to know. */
static void *scratch_malloc(void *parse, size_t bytes)
{
	size_t *block = scratch(parse, bytes + 2 * sizeof(size_t));

	*block = bytes;
	return block + 2;
}

static void *scratch_realloc(void *parse, void *p, size_t bytes)
{
	size_t old = p ? ((size_t *)p)[-2] : 0;
	void *new = scratch_malloc(parse, bytes);

	if (p)
		memcpy(new, p, old < bytes ? old : bytes);
	return new;
}

static void scratch_free(void *parse, void *p)
{
	(void)parse;
	(void)p;
}

/* Returns what makes yajl stop. */
static int wrong(struct parse *parse, const char *why)
{
	parse->line->error = why;
	return 0;
}

static int on_map_key(void *data, const unsigned char *key, size_t length)
{
	static const char *const names[] = { "", "op", "room", "name", "text", "id" };
	struct parse *parse = data;

	parse->key = NONE;
	for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++)
		if (length == strlen(names[i]) && !memcmp(key, names[i], length))
			parse->key = i;
	if (parse->seen & 1U << parse->key)
		return wrong(parse, "a key is there twice");
	/* Of those that are unknown there may be many. */
	parse->seen |= 1U << parse->key & ~1U;
	return 1;
}

static int on_string(void *data, const unsigned char *text, size_t length)
{
	struct parse *parse = data;
	struct line *line = parse->line;
	char *copy;

	if (!parse->depth || parse->key == ID)
		return wrong(parse, "a string where none belongs");
	if (parse->key == NONE)
		return 1;
	copy = scratch(parse, length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (parse->key == OP) {
		line->op = copy;
	} else if (parse->key == ROOM) {
		line->room = copy;
	} else if (parse->key == NAME) {
		line->name = copy;
	} else {
		line->text = copy;
		line->text_length = length;
	}
	return 1;
}

static int on_integer(void *data, long long value)
{
	struct parse *parse = data;

	if (!parse->depth || (parse->key != ID && parse->key != NONE))
		return wrong(parse, "a number where none belongs");
	if (parse->key == ID) {
		parse->line->id = value;
		parse->line->has_id = true;
	}
	return 1;
}

/* null, true, false, 1.5 */
static int other_value(struct parse *parse)
{
	if (!parse->depth || parse->key != NONE)
		return wrong(parse, "a value where none of its kind belongs");
	return 1;
}

static int on_null(void *data)
{
	return other_value(data);
}

static int on_boolean(void *data, int value)
{
	(void)value;
	return other_value(data);
}

static int on_double(void *data, double value)
{
	(void)value;
	return other_value(data);
}

static int on_start_map(void *data)
{
	struct parse *parse = data;

	if (parse->depth++)
		return wrong(parse, "an object in an object");
	return 1;
}

static int on_start_array(void *data)
{
	return wrong(data, "an array where none belongs");
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_integer = on_integer,
	.yajl_double = on_double,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_start_array = on_start_array,
};

/* yajl says it in English, with a line feed. */
static const char *why_not(yajl_handle yajl)
{
	char *why = (char *)yajl_get_error(yajl, 0, NULL, 0);

	why[strcspn(why, "\n")] = '\0';
	return why;
}

void parse_line(struct line *line, const char *text, size_t length)
{
	struct parse parse = { .line = line };
	yajl_alloc_funcs funcs = { scratch_malloc, scratch_realloc, scratch_free, &parse };
	const unsigned char *bytes = (const unsigned char *)text;
	yajl_status status;
	yajl_handle yajl;

	memset(line, 0, sizeof(*line));
	if (setjmp(parse.no_memory)) {
		line->no_memory = true;
		return;
	}
	yajl = yajl_alloc(&callbacks, &funcs, &parse);
	status = yajl_parse(yajl, bytes, length);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(yajl);
	if (status != yajl_status_ok && !line->error)
		line->error = why_not(yajl);
}

/* As a string of JSON, without the quotes; at most six bytes for each. Returns the length. */
size_t parse_quote(char *out, const char *text, size_t length)
{
	char *at = out;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\') {
			*at++ = '\\';
			*at++ = c;
		} else if (c < 0x20) {
			at += sprintf(at, "\\u%04x", c);
		} else {
			*at++ = c;
		}
	}
	return at - out;
}
