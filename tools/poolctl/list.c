// SPDX-License-Identifier: GPL-2.0
/* poolctl list, poolctl stats: look at the objects. */
#include "arguments.h"
#include "hints.h"
#include "json.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

/* An empty table has not even headings. */
static void remark_if_empty(const struct object_list *list)
{
	if (!list->count)
		remark("there are no objects");
}

/* Read one object, or all where @name is NULL. */
static int read_objects(const char *name, struct object_list *list,
			struct kernel_error *error)
{
	struct netlink netlink;
	int result;

	if (netlink_open(&netlink, &object_family, error))
		return -1;
	result = name ? object_read(&netlink, name, list, error) :
			object_read_all(&netlink, list, error);
	netlink_close(&netlink);
	return result;
}

int list_main(int argc, char **argv)
{
	struct object_list list = { 0 };
	struct kernel_error error;

	(void)argc;
	(void)argv;
	if (read_objects(NULL, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint_administer(&error, NULL), NULL,
			       "list");
	}

	if (options.json)
		json_print(show_json(&list, false));
	else
		show_list(&list);
	remark_if_empty(&list);
	object_list_clear(&list);
	return STATUS_OK;
}

int stats_main(int argc, char **argv)
{
	const char *name = argc ? argv[0] : NULL;
	struct object_list list = { 0 };
	struct kernel_error error;

	if (name && !argument_name(name))
		return STATUS_USAGE;
	if (read_objects(name, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint_administer(&error, name), NULL,
			       "stats%s%s", name ? " " : "", name ? name : "");
	}

	if (options.json)
		json_print(show_json(&list, true));
	else if (name)
		show_fields(&list.objects[0]);
	else
		show_counters(&list);
	remark_if_empty(&list);
	object_list_clear(&list);
	return STATUS_OK;
}
