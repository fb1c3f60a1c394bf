// SPDX-License-Identifier: GPL-2.0
/* poolctl create, poolctl destroy: named objects come and go. */
#include <string.h>

#include "arguments.h"
#include "files.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"

static const char *block_size, *blocks, *align, *max_blocks, *chunk_blocks;
static const char *size, *large, *steps, *quota, *mode, *owner, *group;

const struct command_option create_options[] = {
	{ "block-size", 0, "SIZE", &block_size, "pool: bytes of a block" },
	{ "blocks", 0, "N", &blocks,
	  "pool: number of blocks; heap: of each class (0)" },
	{ "align", 0, "SIZE", &align, "pool: alignment of a block (8)" },
	{ "max-blocks", 0, "N", &max_blocks, "pool: grow up to as many (no)" },
	{ "chunk-blocks", 0, "N", &chunk_blocks,
	  "pool that grows: by how many at a time" },
	{ "size", 0, "SIZE", &size, "arena: capacity in bytes" },
	{ "large", 0, "SIZE", &large, "heap: bytes for sizes above 1K (0)" },
	{ "steps", 0, "N", &steps,
	  "heap: classes per doubling of the size, 1 or 4 (1)" },
	{ "quota", 0, "N", &quota,
	  "pool, heap: blocks that a program may hold (any number)" },
	{ "mode", 0, "MODE", &mode, "permissions, in octal (0600)" },
	{ "owner", 0, "USER", &owner, "owner, by name or number (you)" },
	{ "group", 0, "GROUP", &group, "group, by name or number (yours)" },
	{ 0 },
};

#define A_POOL	(1U << MPDEMO_KIND_POOL)
#define AN_ARENA (1U << MPDEMO_KIND_ARENA)
#define A_HEAP	(1U << MPDEMO_KIND_HEAP)

/*
 * What an object can be asked to be.
 * @kinds: those that have it
 * @needed: those that cannot do without it
 * @of: for what it is, for messages
 */
static const struct setting {
	const char *option;
	const char **text;
	int attribute;
	unsigned int kinds;
	unsigned int needed;
	bool is_size;
	uint64_t most;
	const char *of;
} settings[] = {
	{ "--size", &size, MPDEMO_A_BYTES, AN_ARENA, AN_ARENA, true, UINT64_MAX,
	  "arenas" },
	{ "--block-size", &block_size, MPDEMO_A_BLOCK_SIZE, A_POOL, A_POOL, true,
	  UINT64_MAX, "pools" },
	{ "--blocks", &blocks, MPDEMO_A_BLOCKS, A_POOL | A_HEAP, A_POOL, false,
	  UINT64_MAX, "pools and heaps" },
	{ "--align", &align, MPDEMO_A_ALIGN, A_POOL, 0, true, UINT32_MAX,
	  "pools" },
	{ "--max-blocks", &max_blocks, MPDEMO_A_MAX_BLOCKS, A_POOL, 0, false,
	  UINT64_MAX, "pools" },
	{ "--chunk-blocks", &chunk_blocks, MPDEMO_A_CHUNK_BLOCKS, A_POOL, 0,
	  false, UINT64_MAX, "pools" },
	{ "--large", &large, MPDEMO_A_LARGE_BYTES, A_HEAP, 0, true, UINT64_MAX,
	  "heaps" },
	{ "--steps", &steps, MPDEMO_A_FINE, A_HEAP, 0, false, 4, "heaps" },
	{ "--quota", &quota, MPDEMO_A_QUOTA, A_POOL | A_HEAP, 0, false,
	  UINT32_MAX, "pools and heaps" },
};

static bool set_value(struct object *object, const struct setting *setting)
{
	const char *text = *setting->text;
	uint64_t value = 0;

	if (setting->is_size ?
	    !argument_size(setting->option, text, setting->most, &value) :
	    !argument_number(setting->option, text, setting->most, &value))
		return false;
	/* A flag of the kernel, which may have other steps one day. */
	if (setting->attribute == MPDEMO_A_FINE && value != 1 && value != 4) {
		usage_error("--steps: there are 1 and 4");
		return false;
	}
	if (setting->attribute != MPDEMO_A_FINE || value == 4)
		object_set_value(object, setting->attribute, value);
	return true;
}

static bool set_values(struct object *object, unsigned int kind)
{
	const char *name = object_kind_name(kind);
	unsigned int bit = 1U << kind;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *setting = &settings[i];

		if (*setting->text && !(setting->kinds & bit)) {
			usage_error("%s is for %s", setting->option,
				    setting->of);
			return false;
		}
		if (!*setting->text && setting->needed & bit) {
			usage_error("%s %s needs %s", bit & AN_ARENA ? "an" : "a",
				    name, setting->option);
			return false;
		}
	}
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (*settings[i].text && !set_value(object, &settings[i]))
			return false;
	}
	return true;
}

static bool set_access(struct object *object)
{
	uint64_t uid, gid;
	uint32_t bits;

	if (!argument_mode("--mode", mode, &bits) ||
	    !argument_user("--owner", owner, &uid) ||
	    !argument_group("--group", group, &gid))
		return false;
	if (mode)
		object_set_value(object, MPDEMO_A_MODE, bits);
	if (owner)
		object_set_value(object, MPDEMO_A_UID, uid);
	if (group)
		object_set_value(object, MPDEMO_A_GID, gid);
	return true;
}

/* The object that the command line describes; false after a usage error. */
static bool describe(struct object *object, const char *kind, const char *name)
{
	unsigned int number = MPDEMO_KIND_POOL;

	while (number <= MPDEMO_KIND_HEAP &&
	       strcmp(kind, object_kind_name(number)))
		number++;
	if (number > MPDEMO_KIND_HEAP) {
		usage_error("'%s' is no kind of object; there are 'pool', 'arena' and 'heap'",
			    kind);
		return false;
	}
	if (!argument_name(name))
		return false;
	if (number == MPDEMO_KIND_HEAP && !blocks && !large) {
		usage_error("a heap needs --blocks or --large");
		return false;
	}

	object_set_name(object, name);
	object_set_value(object, MPDEMO_A_KIND, number);
	return set_values(object, number) && set_access(object);
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

	remark_warning(&error);
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
		file_forget(argv[done]);
		remark_warning(&error);
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
