// SPDX-License-Identifier: GPL-2.0
/* poolctl list, poolctl stats, poolctl show: look at the objects. */
#include <stdlib.h>
#include <unistd.h>

#include "arguments.h"
#include "columns.h"
#include "describe.h"
#include "device.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "rates.h"
#include "show.h"

static const char stats_columns[] =
	"ID,NAME,KIND,IN-USE,PEAK,ALLOCS,FREES,FAILURES,REFUSED,KEPT,RECLAIMED,FILES,FOOTPRINT";

const struct command_option list_options[] = {
	COLUMN_OPTIONS,
	KERNEL_OPTION,
	{ 0 },
};

static const char *interval, *count;

const struct command_option stats_options[] = {
	COLUMN_OPTIONS,
	{ "interval", 'i', "SEC", &interval, "rates per second, so often" },
	{ "count", 'c', "COUNT", &count, "so many times" },
	KERNEL_OPTION,
	{ 0 },
};

const struct command_option show_options[] = {
	KERNEL_OPTION,
	{ 0 },
};

static const char *hint(const struct kernel_error *error, const char *name)
{
	return object_kernel ? hint_kernel(error) : hint_administer(error, name);
}

/* An empty table has not even headings. */
static void remark_if_empty(const struct object_list *list)
{
	if (!list->count)
		remark("there are no %s", object_kernel ? "pools of kernel code" : "objects");
}

int list_main(int argc, char **argv)
{
	struct object_list list = { 0 };
	struct kernel_error error;
	struct columns columns;

	(void)argc;
	(void)argv;
	if (!columns_choose(&columns, COLUMNS_OF_LIST))
		return STATUS_USAGE;
	if (object_look(NULL, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint(&error, NULL), NULL,
			       "list");
	}

	columns_order(&columns, &list);
	if (options.json)
		json_print(columns_given() ? columns_json(&columns, &list) :
					     show_json(&list, false));
	else
		columns_print(&columns, &list);
	remark_if_empty(&list);
	object_list_clear(&list);
	return STATUS_OK;
}

int stats_main(int argc, char **argv)
{
	const char *name = argc ? argv[0] : NULL;
	struct object_list list = { 0 };
	struct kernel_error error;
	struct columns columns;

	if ((name && !argument_name(name)) ||
	    !columns_choose(&columns, stats_columns))
		return STATUS_USAGE;
	if (count && !interval)
		return usage_error("--count is for --interval");
	if (interval && (columns_given() || columns_sort))
		return usage_error("--interval has its own columns, in the order of the objects");
	if (interval)
		return rates_watch(name, interval, count);
	if (object_look(name, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint(&error, name), NULL,
			       "stats%s%s", name ? " " : "", name ? name : "");
	}

	columns_order(&columns, &list);
	if (options.json)
		json_print(columns_given() ? columns_json(&columns, &list) :
					     show_json(&list, true));
	else if (name && !columns_given())
		show_fields(&list.objects[0]);
	else
		columns_print(&columns, &list);
	remark_if_empty(&list);
	object_list_clear(&list);
	return STATUS_OK;
}

/* They are those of a heap, and not told by netlink. Whoever may not read it does without. */
static void read_classes(const struct object *object,
			 struct heap_classes *classes)
{
	struct mpdemo_heap_class class;
	struct kernel_error error;
	unsigned int number = 0;
	int fd, result = 0;

	*classes = (struct heap_classes){ 0 };
	if (object->value[MPDEMO_A_KIND] != MPDEMO_KIND_HEAP)
		return;
	fd = device_open_to_read(options.device, object->name, &error);
	if (fd < 0) {
		remark("the classes of %s are not shown: %s", object->name,
		       error.text);
		return;
	}
	/* The last one is the pages for large sizes. */
	do {
		result = device_heap_class(fd, number, &class, &error);
		if (result)
			break;
		classes->classes = needed(realloc(classes->classes,
						  (number + 1) * sizeof(class)));
		classes->classes[number] = class;
	} while (number++ < class.out_classes);
	close(fd);
	if (!result)
		classes->count = number;
}

static void show_objects(const struct object_list *list)
{
	struct json_object *document = options.json ? show_json(list, true) : NULL;
	struct json_object *array = NULL;

	json_object_object_get_ex(document, "objects", &array);
	for (size_t i = 0; i < list->count; i++) {
		const struct object *object = &list->objects[i];
		struct heap_classes classes;

		read_classes(object, &classes);
		if (!options.json)
			describe(object, &classes);
		else if (object->value[MPDEMO_A_KIND] == MPDEMO_KIND_HEAP)
			json_object_object_add(json_object_array_get_idx(array, i),
					       "classes",
					       describe_classes_json(&classes));
		free(classes.classes);
	}
	if (document)
		json_print(document);
}

/* All that are asked for, or none. */
int show_main(int argc, char **argv)
{
	struct object_list list = { 0 };
	struct kernel_error error;

	for (int i = 0; i < argc; i++) {
		if (!argument_name(argv[i]))
			return STATUS_USAGE;
	}
	for (int i = 0; i < argc; i++) {
		struct object_list one = { 0 };
		int result = object_look(argv[i], &one, &error);

		if (!result)
			object_list_add(&list, &one.objects[0]);
		object_list_clear(&one);
		if (result) {
			object_list_clear(&list);
			return refused(&error, hint(&error, argv[i]),
				       NULL, "show %s", argv[i]);
		}
	}
	show_objects(&list);
	object_list_clear(&list);
	return STATUS_OK;
}
