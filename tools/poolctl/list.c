// SPDX-License-Identifier: GPL-2.0
/* poolctl list, poolctl stats: look at the objects. */
#include "arguments.h"
#include "columns.h"
#include "hints.h"
#include "json.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

static const char list_columns[] =
	"ID,NAME,KIND,SIZE,CAPACITY,IN-USE,PEAK,USE%,FAILURES";
static const char stats_columns[] =
	"ID,NAME,KIND,IN-USE,PEAK,ALLOCS,FREES,FAILURES,REFUSED,KEPT,RECLAIMED,FILES,FOOTPRINT";

const struct command_option list_options[] = {
	COLUMN_OPTIONS,
	{ 0 },
};

const struct command_option stats_options[] = {
	COLUMN_OPTIONS,
	{ 0 },
};

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
	struct columns columns;

	(void)argc;
	(void)argv;
	if (!columns_choose(&columns, list_columns))
		return STATUS_USAGE;
	if (read_objects(NULL, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint_administer(&error, NULL), NULL,
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
	if (read_objects(name, &list, &error)) {
		object_list_clear(&list);
		return refused(&error, hint_administer(&error, name), NULL,
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
