// SPDX-License-Identifier: MIT
/* Texts with all that JSON has to quote, of many lengths, that can be told from each other. */
#include <stdio.h>
#include <string.h>

#include "chatload.h"

#define PIECES		60

/* As sent, and as it has to come back. */
static const char *const pieces[][2] = {
	{ "plain ", "plain " },
	{ "\\\"quoted\\\"", "\\\"quoted\\\"" },
	{ "\\u00e9\\t", "\xc3\xa9\\u0009" },
	{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
	{ "\xe2\x82\xac\\\\", "\xe2\x82\xac\\\\" },
	{ "\\u0000\\/", "\\u0000/" },
};

static size_t make(char *text, unsigned long id, int side)
{
	unsigned int random = id * 2654435761U;
	size_t length = sprintf(text, "%lu:", id);

	for (unsigned int i = 0; i < (random >> 16) % PIECES; i++) {
		const char *piece = pieces[(random + i * 7) % 6][side];

		strcpy(text + length, piece);
		length += strlen(piece);
	}
	return length;
}

size_t text_to_say(char *line, unsigned long id)
{
	size_t length = sprintf(line, "{\"op\":\"say\",\"id\":%lu,\"text\":\"", id);

	length += make(line + length, id, 0);
	return length + sprintf(line + length, "\"}\n");
}

/* @text is the rest of a line, after the quote. */
bool text_is(const char *text, unsigned long id)
{
	char wanted[LINE_BYTES];
	size_t length = make(wanted, id, 1);

	strcpy(wanted + length, "\"}");
	return !strcmp(text, wanted);
}

const char *text_malformed(unsigned long number)
{
	static const char *const malformed[] = {
		"\n",
		"hello\n",
		"{\"op\":\"say\"\n",
		"{\"op\":\"say\",\"id\":1}\n",
		"{\"op\":\"say\",\"text\":\"x\"}\n",
		"{\"op\":\"fly\"}\n",
		"{\"op\":1}\n",
		"[{\"op\":\"leave\"}]\n",
		"{\"op\":{\"op\":\"leave\"}}\n",
		"{\"op\":\"leave\",\"op\":\"leave\"}\n",
		"{\"op\":\"say\",\"id\":99999999999999999999,\"text\":\"x\"}\n",
		"{\"op\":\"say\",\"id\":1,\"text\":\"\xff\xfe\"}\n",
		"{\"op\":\"say\",\"id\":1,\"text\":\"\\q\"}\n",
		"{\"op\":\"join\",\"room\":\"a b\",\"name\":\"x\"}\n",
		"{\"op\":\"join\",\"room\":\"\",\"name\":\"x\"}\n",
		"{\"op\":\"leave\"} {\n",
	};

	return malformed[number % (sizeof(malformed) / sizeof(*malformed))];
}
