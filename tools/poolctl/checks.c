// SPDX-License-Identifier: GPL-2.0
/* Lists of what was looked at, and what came of it. */
#include <stdarg.h>
#include <stdio.h>

#include "checks.h"
#include "json.h"
#include "memory.h"
#include "text.h"

static const char *const verdict_names[] = { "ok", "note", "problem" };

static struct json_object *document, *array;
static unsigned int problems;

void checks_begin(struct json_object *to)
{
	document = to;
	array = to ? json_add_array(to, "checks") : NULL;
	problems = 0;
}

static void add(enum verdict verdict, const char *check, const char *hint,
		const char *text)
{
	struct json_object *json = needed(json_object_new_object());

	json_add_string(json, "check", check);
	json_add_string(json, "status", verdict_names[verdict]);
	json_add_string(json, "text", text);
	if (hint)
		json_add_string(json, "hint", hint);
	else
		json_object_object_add(json, "hint", NULL);
	json_object_array_add(array, json);
}

void say(enum verdict verdict, const char *check, const char *hint,
	 const char *format, ...)
{
	char text[TEXT_SIZE], safe[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_escape(safe, text);
	problems += verdict == PROBLEM;

	if (array) {
		add(verdict, check, hint, safe);
		return;
	}
	printf("%-8s %-9s %s\n", verdict_names[verdict], check, safe);
	if (hint)
		printf("%19stry: %s\n", "", hint);
}

unsigned int checks_end(void)
{
	if (document)
		json_add_number(document, "problems", problems);
	return problems;
}
