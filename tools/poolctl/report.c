// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl report: all that somebody needs who is to find out what went wrong elsewhere.
 * It can be shown to everybody: it has neither addresses nor contents of blocks in it,
 * nor what machine it is.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "columns.h"
#include "doctor.h"
#include "facts.h"
#include "json.h"
#include "log.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

/* To ask a module that is not there would have the kernel load it. */
static void read_objects(struct object_list *list)
{
	struct kernel_error error;

	/* What is wrong with that is said by the checks. */
	if (!access(FACTS_MODULE, F_OK))
		object_look(NULL, list, &error);
}

static void add_facts(struct json_object *document)
{
	json_add_string(document, "poolctl", POOLCTL_VERSION);
	facts_kernel(document);
	facts_module(document);
	facts_machine(document);
	facts_config(document);
}

static void print_json(struct json_object *document, const struct object_list *list)
{
	struct json_object *objects = show_json(list, true);

	checks_begin(document);
	doctor_look();
	checks_end();
	json_object_object_add(document, "objects",
			       json_object_get(json_object_object_get(objects,
								      "objects")));
	json_object_put(objects);
	json_object_object_add(document, "log", log_lines());
	json_print(document);
}

static void print_facts(struct json_object *document, const char *heading,
			const char *otherwise)
{
	struct json_object *facts = json_object_object_get(document, heading);

	printf("\n%s\n", heading);
	if (!facts) {
		printf("  %s\n", otherwise);
		return;
	}
	json_object_object_foreach(facts, key, value)
		printf("  %-26s %s\n", key, json_object_get_string(value));
}

static void print_objects(const struct object_list *list)
{
	struct columns columns;

	puts("\nobjects");
	if (!list->count) {
		puts("  there are none");
		return;
	}
	if (columns_choose(&columns, COLUMNS_OF_LIST))
		columns_print(&columns, list);
	for (size_t i = 0; i < list->count; i++) {
		printf("\nobject %s\n", object_title(&list->objects[i]));
		show_fields(&list->objects[i]);
	}
}

static void print_log(void)
{
	struct json_object *lines = log_lines();
	size_t n = lines ? json_object_array_length(lines) : 0;

	puts("\nlog");
	if (!lines)
		puts("  it cannot be read: run it as root");
	else if (!n)
		puts("  nothing of the module");
	for (size_t i = 0; i < n; i++)
		printf("  %s\n", json_object_get_string(json_object_array_get_idx(lines, i)));
	json_object_put(lines);
}

static void print_text(struct json_object *document, const struct object_list *list)
{
	puts("poolctl " POOLCTL_VERSION);
	print_facts(document, "kernel", "");
	print_facts(document, "module", "it is not loaded");
	print_facts(document, "machine", "");
	print_facts(document, "config", "the configuration of the kernel is not there");
	puts("\ndoctor");
	checks_begin(NULL);
	doctor_look();
	checks_end();
	print_objects(list);
	print_log();
	json_object_put(document);
}

int report_main(int argc, char **argv)
{
	struct json_object *document = json_document();
	struct object_list list = { 0 };

	(void)argc;
	(void)argv;
	add_facts(document);
	read_objects(&list);
	if (options.json)
		print_json(document, &list);
	else
		print_text(document, &list);
	object_list_clear(&list);
	return STATUS_OK;
}
