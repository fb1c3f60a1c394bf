// SPDX-License-Identifier: GPL-2.0
/* poolctl set, poolctl reset-stats: change an object that there is. */
#include <string.h>

#include "arguments.h"
#include "hints.h"
#include "json.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

static const char *low, *high, *quota, *mode, *owner, *group, *poison;

const struct command_option set_options[] = {
	{ "low", 0, "N", &low, "pool: so many free blocks or fewer are low" },
	{ "high", 0, "N", &high,
	  "pool: so many or more are enough; both 0: no levels" },
	{ "quota", 0, "N", &quota,
	  "pool, heap: blocks of a program at most; 0: any number" },
	{ "mode", 0, "MODE", &mode, "permissions, in octal" },
	{ "owner", 0, "USER", &owner, "owner, by name or number" },
	{ "group", 0, "GROUP", &group, "group, by name or number" },
	{ "poison", 0, "on|off", &poison,
	  "pool: look whether free blocks are written to" },
	{ 0 },
};

static bool read_poison(uint64_t *value)
{
	if (!poison)
		return true;
	*value = !strcmp(poison, "on");
	if (*value || !strcmp(poison, "off"))
		return true;
	usage_error("--poison: '%s' is neither on nor off", poison);
	return false;
}

/* What was not asked for stays as it is. */
static bool describe(struct object *object)
{
	uint64_t value[MPDEMO_A_MAX + 1];
	const struct {
		const char *text;
		int attribute;
	} asked[] = {
		{ low, MPDEMO_A_LOW },	   { high, MPDEMO_A_HIGH },
		{ quota, MPDEMO_A_QUOTA }, { mode, MPDEMO_A_MODE },
		{ owner, MPDEMO_A_UID },   { group, MPDEMO_A_GID },
		{ poison, MPDEMO_A_POISON },
	};
	bool any = false;
	uint32_t bits;

	if (!argument_number("--low", low, UINT32_MAX, &value[MPDEMO_A_LOW]) ||
	    !argument_number("--high", high, UINT32_MAX, &value[MPDEMO_A_HIGH]) ||
	    !argument_number("--quota", quota, UINT32_MAX, &value[MPDEMO_A_QUOTA]) ||
	    !argument_mode("--mode", mode, &bits) ||
	    !argument_user("--owner", owner, &value[MPDEMO_A_UID]) ||
	    !argument_group("--group", group, &value[MPDEMO_A_GID]) ||
	    !read_poison(&value[MPDEMO_A_POISON]))
		return false;
	if (mode)
		value[MPDEMO_A_MODE] = bits;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (!asked[i].text)
			continue;
		object_set_value(object, asked[i].attribute,
				 value[asked[i].attribute]);
		any = true;
	}
	if (!any)
		usage_error("there is nothing to be changed: none of its options was given");
	return any;
}

/* Ask for one of the two with @object, which has a name at least. */
static int request(int (*what)(struct netlink *netlink, struct object *object,
			       struct kernel_error *error),
		   struct object *object)
{
	struct object_list list = { object, 1 };
	struct kernel_error error;
	struct netlink netlink;
	char name[MPDEMO_NAME_SIZE];
	int result;

	/* The answer takes its place. */
	memcpy(name, object->name, sizeof(name));
	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		result = what(&netlink, object, &error);
		netlink_close(&netlink);
	}
	if (result)
		return refused(&error, hint_administer(&error, name), NULL,
			       "%s %s", options.command, name);

	remark_warning(&error);
	if (options.json)
		json_print(show_json(&list, true));
	return STATUS_OK;
}

int set_main(int argc, char **argv)
{
	struct object object = { 0 };
	int status;

	(void)argc;
	if (!argument_name(argv[0]) || !describe(&object))
		return STATUS_USAGE;
	object_set_name(&object, argv[0]);
	status = request(object_change, &object);
	if (!status)
		remark("changed %s", argv[0]);
	return status;
}

int reset_stats_main(int argc, char **argv)
{
	struct object object = { 0 };
	int status;

	(void)argc;
	if (!argument_name(argv[0]))
		return STATUS_USAGE;
	object_set_name(&object, argv[0]);
	status = request(object_reset_stats, &object);
	if (!status)
		remark("%s counts from 0 on", argv[0]);
	return status;
}
