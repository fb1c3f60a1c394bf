// SPDX-License-Identifier: GPL-2.0
/* What the module has said in the kernel's log. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "json.h"
#include "log.h"
#include "memory.h"
#include "text.h"

#define MODULE		"mempool_demo"
#define MOST_LINES	200

/* syslog(2) */
#define READ_ALL	3
#define SIZE_BUFFER	10

#define POINTER_DIGITS	16

/* How many bytes at @at are to be hidden; @before is the one before them. */
static size_t secret(const char *at, char before)
{
	bool marked = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	size_t begin = marked ? 2 : 0, end = begin;

	if (isalnum((unsigned char)before))
		return 0;
	while (isxdigit((unsigned char)at[end]))
		end++;
	/* function+0x12/0x34 */
	if (marked)
		return before == '+' || before == '/' ? 0 : end;
	return end >= POINTER_DIGITS && !isalnum((unsigned char)at[end]) ? end : 0;
}

void log_hide(char *line)
{
	char before = ' ', *to = line;

	for (const char *from = line; *from;) {
		size_t length = secret(from, before);

		before = *from;
		/* No more bytes than those that they stand for. */
		for (size_t i = 0; i < 3 && i < length; i++)
			*to++ = '.';
		if (!length)
			*to++ = *from++;
		from += length;
	}
	*to = '\0';
}

static void add_line(struct json_object *lines, char *line)
{
	char safe[TEXT_SIZE];

	if (!strstr(line, MODULE))
		return;
	log_hide(line);
	text_escape(safe, line);
	if (json_object_array_length(lines) == MOST_LINES)
		json_object_array_del_idx(lines, 0, 1);
	json_object_array_add(lines, needed(json_object_new_string(safe)));
}

struct json_object *log_lines(void)
{
	int size = klogctl(SIZE_BUFFER, NULL, 0), length;
	struct json_object *lines;
	char *text, *rest;

	if (size <= 0)
		return NULL;
	text = needed(malloc(size + 1));
	length = klogctl(READ_ALL, text, size);
	if (length < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	lines = needed(json_object_new_array());
	rest = text;
	while (rest)
		add_line(lines, strsep(&rest, "\n"));
	free(text);
	return lines;
}
