// SPDX-License-Identifier: GPL-2.0
/* Errors in three parts: what was asked, what the kernel said, what to do. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "text.h"

static void print_line(const char *prefix, const char *text)
{
	char safe[TEXT_SIZE];

	fflush(stdout);	/* what was printed before comes before */
	text_escape(safe, text);
	fprintf(stderr, "%s%s\n", prefix, safe);
}

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	char safe[TEXT_SIZE];

	if (text && *text) {
		text_escape(safe, text);
		json_add_string(object, key, safe);
	} else {
		json_object_object_add(object, key, NULL);
	}
}

/* All keys are always there, those that are not known as null. */
static void print_json(struct json_object *document, int status,
		       const char *name, const char *message,
		       const char *attribute, const char *hint)
{
	struct json_object *error = needed(json_object_new_object());

	add_text(error, "command", options.command);
	json_add_number(error, "status", status);
	add_text(error, "errno", name);
	add_text(error, "message", message);
	add_text(error, "attribute", attribute);
	add_text(error, "hint", hint);

	if (!document)
		document = json_document();
	json_object_object_add(document, "error", error);
	json_print(document);
}

static const char *error_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown errno";
}

/* Second line: the kernel's words and the attribute that they are about. */
static void print_kernel(const struct kernel_error *error)
{
	char line[sizeof(error->text) + sizeof(error->attribute) + 32];

	if (*error->text && *error->attribute)
		snprintf(line, sizeof(line), "%s (attribute \"%s\")",
			 error->text, error->attribute);
	else if (*error->attribute)
		snprintf(line, sizeof(line), "attribute \"%s\"",
			 error->attribute);
	else if (*error->text)
		snprintf(line, sizeof(line), "%s", error->text);
	else
		return;
	print_line("  kernel: ", line);
}

int refused(const struct kernel_error *error, const char *hint,
	    struct json_object *document, const char *asked, ...)
{
	int status = error->absent ? STATUS_ABSENT : STATUS_REFUSED;
	const char *name = error_name(error->error);
	char what[TEXT_SIZE / 2], line[TEXT_SIZE + 64];
	va_list args;

	va_start(args, asked);
	vsnprintf(what, sizeof(what), asked, args);
	va_end(args);

	if (error->absent)
		snprintf(line, sizeof(line), "%s: %s", what, error->text);
	/* Where the kernel says why, strerror() could only be less to the point. */
	else if (error->interpreted || *error->text)
		snprintf(line, sizeof(line), "%s: %s", what, name);
	else
		snprintf(line, sizeof(line), "%s: %s (%s)", what,
			 strerror(error->error), name);
	print_line("poolctl: ", line);
	if (!error->absent)
		print_kernel(error);
	if (hint && *hint)
		print_line("  try: ", hint);

	if (options.json)
		print_json(document, status, name,
			   *error->text ? error->text : strerror(error->error),
			   error->attribute, hint);
	else
		json_object_put(document);
	return status;
}

int usage_error(const char *format, ...)
{
	const char *command = options.command;
	char message[TEXT_SIZE], hint[128];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(hint, sizeof(hint),
		 "Try 'poolctl %s%s--help' for more information.",
		 command ? command : "", command ? " " : "");

	if (command)
		fprintf(stderr, "poolctl: %s", command);
	print_line(command ? ": " : "poolctl: ", message);
	print_line("", hint);

	if (options.json)
		print_json(NULL, STATUS_USAGE, NULL, message, NULL, hint);
	return STATUS_USAGE;
}

int failed(int status, const char *format, ...)
{
	char message[TEXT_SIZE], line[TEXT_SIZE + 32];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s: %s", options.command, message);
	print_line("poolctl: ", line);
	if (options.json)
		print_json(NULL, status, NULL, message, NULL, NULL);
	return status;
}

void remark(const char *format, ...)
{
	char message[TEXT_SIZE];
	va_list args;

	if (options.quiet || options.json)
		return;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	print_line("poolctl: ", message);
}

void remark_warning(const struct kernel_error *error)
{
	if (*error->text)
		remark("kernel: %s", error->text);
}

int flush_stdout(void)
{
	static bool reported;
	bool failed;

	errno = 0;
	failed = fflush(stdout) || ferror(stdout);
	if (!failed)
		return STATUS_OK;

	/* A reader that has seen enough, as head(1), is no news for a person. */
	if (errno != EPIPE && !reported)
		fprintf(stderr, "poolctl: cannot write the output: %s\n",
			errno ? strerror(errno) : "error");
	reported = true;
	return STATUS_REFUSED;
}
