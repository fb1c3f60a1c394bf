// SPDX-License-Identifier: GPL-2.0
/* poolctl create, poolctl destroy: named objects come and go. */
#include <string.h>

#include "arguments.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

static const char *block_size, *blocks, *align, *size, *mode;

const struct command_option create_options[] = {
	{ "block-size", 0, "SIZE", &block_size, "pool: bytes of a block" },
	{ "blocks", 0, "N", &blocks, "pool: number of blocks" },
	{ "align", 0, "SIZE", &align, "pool: alignment of a block (8)" },
	{ "size", 0, "SIZE", &size, "arena: capacity in bytes" },
	{ "mode", 0, "MODE", &mode, "permissions, in octal (0600)" },
	{ 0 },
};

static void set(struct object *object, int attribute, uint64_t value)
{
	object->value[attribute] = value;
	object->present |= UINT32_C(1) << attribute;
}

static bool set_size(struct object *object, int attribute, const char *option,
		     const char *text)
{
	uint64_t value = 0;

	if (!argument_size(option, text, UINT64_MAX, &value))
		return false;
	set(object, attribute, value);
	return true;
}

static bool set_blocks(struct object *object)
{
	uint64_t value = 0;

	if (!argument_number("--blocks", blocks, UINT64_MAX, &value))
		return false;
	set(object, MPDEMO_A_BLOCKS, value);
	return true;
}

static bool set_align(struct object *object)
{
	uint64_t value;

	if (!argument_size("--align", align, UINT32_MAX, &value))
		return false;
	if (align)
		set(object, MPDEMO_A_ALIGN, value);
	return true;
}

static bool set_mode(struct object *object)
{
	uint32_t bits;

	if (!argument_mode("--mode", mode, &bits))
		return false;
	if (mode)
		set(object, MPDEMO_A_MODE, bits);
	return true;
}

static bool set_pool(struct object *object)
{
	if (size)
		usage_error("--size is for arenas; a pool has --block-size and --blocks");
	else if (!block_size)
		usage_error("a pool needs --block-size");
	else if (!blocks)
		usage_error("a pool needs --blocks");
	else
		return set_size(object, MPDEMO_A_BLOCK_SIZE, "--block-size",
				block_size) &&
		       set_blocks(object) && set_align(object);
	return false;
}

static bool set_arena(struct object *object)
{
	if (block_size || blocks || align)
		usage_error("an arena has --size; the other options are for pools");
	else if (!size)
		usage_error("an arena needs --size");
	else
		return set_size(object, MPDEMO_A_BYTES, "--size", size);
	return false;
}

/* The object that the command line describes; false after a usage error. */
static bool describe(struct object *object, const char *kind, const char *name)
{
	bool pool = !strcmp(kind, "pool");

	if (!pool && strcmp(kind, "arena")) {
		usage_error("'%s' is no kind of object; there are 'pool' and 'arena'",
			    kind);
		return false;
	}
	if (!argument_name(name))
		return false;

	memcpy(object->name, name, strlen(name) + 1);
	set(object, MPDEMO_A_NAME, 0);
	set(object, MPDEMO_A_KIND, pool ? MPDEMO_KIND_POOL : MPDEMO_KIND_ARENA);
	return (pool ? set_pool(object) : set_arena(object)) &&
	       set_mode(object);
}

static void warn(const struct kernel_error *error)
{
	if (*error->text)
		remark("kernel: %s", error->text);
}

int create_main(int argc, char **argv)
{
	struct object object = { 0 };
	struct object_list list = { &object, 1 };
	struct kernel_error error;
	struct netlink netlink;
	int result;

	(void)argc;
	if (!describe(&object, argv[0], argv[1]))
		return STATUS_USAGE;

	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		result = object_create(&netlink, &object, &error);
		netlink_close(&netlink);
	}
	if (result)
		return refused(&error, hint_administer(&error, argv[1]), NULL,
			       "create %s %s", argv[0], argv[1]);

	warn(&error);
	if (options.json)
		json_print(show_json(&list, true));
	else
		remark("created %s %s, id %u", argv[0], object.name,
		       (unsigned int)object.value[MPDEMO_A_ID]);
	return STATUS_OK;
}

/* The answer names those that were destroyed, also where one was not. */
static struct json_object *destroyed_json(char **names, int count)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "destroyed");

	for (int i = 0; i < count; i++)
		json_object_array_add(array,
				      needed(json_object_new_string(names[i])));
	return document;
}

int destroy_main(int argc, char **argv)
{
	struct kernel_error error;
	struct netlink netlink;
	int done, result = 0;

	for (int i = 0; i < argc; i++) {
		if (!argument_name(argv[i]))
			return STATUS_USAGE;
	}
	if (netlink_open(&netlink, &object_family, &error))
		return refused(&error, hint_administer(&error, NULL), NULL,
			       "destroy %s", argv[0]);

	for (done = 0; done < argc; done++) {
		result = object_delete(&netlink, argv[done], &error);
		if (result)
			break;
		warn(&error);
		remark("destroyed %s", argv[done]);
	}
	netlink_close(&netlink);
	if (result)
		return refused(&error, hint_administer(&error, argv[done]),
			       destroyed_json(argv, done), "destroy %s",
			       argv[done]);
	if (options.json)
		json_print(destroyed_json(argv, argc));
	return STATUS_OK;
}
