// SPDX-License-Identifier: GPL-2.0
/* poolctl alloc, free, reset: use the objects. */
#include <errno.h>
#include <inttypes.h>
#include <linux/mempool_demo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arguments.h"
#include "device.h"
#include "handle.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"

static const char *count, *size, *align;

const struct command_option alloc_options[] = {
	{ "count", 'N', "N", &count, "pool: number of blocks, all or none (1)" },
	{ "size", 0, "SIZE", &size, "arena: bytes" },
	{ "align", 0, "SIZE", &align, "arena: alignment (8)" },
	{ 0 },
};

/* The top of an answer about one object. */
static struct json_object *answer(const char *name)
{
	struct json_object *document = json_document();

	json_add_string(document, "object", name);
	return document;
}

static void set_text(struct kernel_error *error, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
}

/* The kernel knows the kind of the object, and which request does not fit. */
static int refuse_blocks(struct kernel_error *error, const char *name)
{
	const char *hint = hint_use(error, name);

	if (error->error == EOPNOTSUPP) {
		set_text(error, "the object is an arena, and has no blocks");
		hint = "--size in place of -N";
	} else if (error->error == ENOSPC) {
		set_text(error, "the pool does not have so many blocks in all");
	}
	return count ? refused(error, hint, NULL, "alloc %s -N %s", name, count) :
		       refused(error, hint, NULL, "alloc %s", name);
}

static int refuse_bytes(struct kernel_error *error, const char *name)
{
	const char *hint = hint_use(error, name);

	if (error->error == EOPNOTSUPP) {
		set_text(error, "the object is a pool, its blocks have one size");
		hint = "-N in place of --size";
	} else if (error->error == ENOSPC) {
		set_text(error, "the arena has not so much left before its next reset");
		hint = "'poolctl reset' frees all that was allocated from it";
	} else if (error->error == ERANGE) {
		hint = "a size from 1 on, and an alignment that is a power of two up to 4096";
	}
	return refused(error, hint, NULL, "alloc %s --size %s", name, size);
}

static void print_handles(const char *name, const uint64_t *handles, uint32_t n)
{
	struct json_object *document = NULL, *array = NULL;
	char text[HANDLE_TEXT];

	if (options.json) {
		document = answer(name);
		array = json_add_array(document, "handles");
	}
	for (uint32_t i = 0; i < n; i++) {
		handle_format(handles[i], text);
		if (array)
			json_object_array_add(array,
					      needed(json_object_new_string(text)));
		else
			puts(text);
	}
	if (document)
		json_print(document);
}

static int alloc_blocks(int fd, const char *name, uint32_t n)
{
	uint64_t *handles = needed(calloc(n, sizeof(*handles)));
	struct kernel_error error;
	size_t done;
	int status;

	if (device_alloc(fd, handles, n, &error)) {
		free(handles);
		return refuse_blocks(&error, name);
	}

	print_handles(name, handles, n);
	status = flush_stdout();
	/* Blocks that nobody has the handles of could not be freed any more. */
	if (status)
		device_free(fd, handles, n, &done, &error);
	free(handles);
	return status;
}

static int alloc_bytes(int fd, const char *name, uint64_t bytes, uint32_t to)
{
	struct json_object *document;
	struct kernel_error error;
	uint64_t offset;

	if (device_arena_alloc(fd, bytes, to, &offset, &error))
		return refuse_bytes(&error, name);

	if (!options.json) {
		printf("%" PRIu64 "\n", offset);
		return STATUS_OK;
	}
	document = answer(name);
	json_add_number(document, "offset", offset);
	json_add_number(document, "bytes", bytes);
	json_print(document);
	return STATUS_OK;
}

/* How much 'alloc' shall take; false after a usage error. */
static bool read_amounts(uint64_t *n, uint64_t *bytes, uint64_t *to)
{
	if (size && count)
		usage_error("--size is for arenas and -N for pools; they exclude each other");
	else if (align && !size)
		usage_error("--align is for arenas and needs --size");
	else if (!argument_number("-N", count, UINT64_MAX, n) ||
		 !argument_size("--size", size, UINT64_MAX, bytes) ||
		 !argument_size("--align", align, UINT32_MAX, to))
		return false;
	else if (!*n)
		usage_error("-N: '%s' is too small; the least is 1", count);
	else if (*n > MPDEMO_BULK_MAX)
		usage_error("-N: '%s' is too large; the limit of one call is %d",
			    count, MPDEMO_BULK_MAX);
	else
		return true;
	return false;
}

int alloc_main(int argc, char **argv)
{
	uint64_t n = 1, bytes = 0, to = 0;
	struct kernel_error error;
	int fd, status;

	(void)argc;
	if (!argument_name(argv[0]) || !read_amounts(&n, &bytes, &to))
		return STATUS_USAGE;

	fd = device_open(options.device, argv[0], &error);
	if (fd < 0)
		return refused(&error, hint_use(&error, argv[0]), NULL,
			       "alloc %s", argv[0]);
	status = size ? alloc_bytes(fd, argv[0], bytes, to) :
			alloc_blocks(fd, argv[0], n);
	close(fd);
	return status;
}

static struct json_object *freed_json(const char *name, size_t done)
{
	struct json_object *document = answer(name);

	json_add_number(document, "freed", done);
	return document;
}

/* @handles[@done] is the one that was refused. */
static int refuse_free(struct kernel_error *error, const char *name,
		       const uint64_t *handles, size_t n, size_t done)
{
	const char *hint = hint_use(error, name);
	char text[HANDLE_TEXT], progress[64] = "";

	if (error->error == ENOENT)
		hint = "use a handle that 'poolctl alloc' has printed";
	if (n > 1)
		snprintf(progress, sizeof(progress),
			 ", after %zu of %zu were freed", done, n);
	return refused(error, hint, freed_json(name, done), "free %s %s%s",
		       name, handle_format(handles[done], text), progress);
}

static int free_blocks(const char *name, const uint64_t *handles, size_t n)
{
	struct kernel_error error;
	size_t done = 0;
	int fd, result;

	fd = device_open(options.device, name, &error);
	if (fd < 0)
		return refused(&error, hint_use(&error, name), NULL, "free %s",
			       name);
	result = device_free(fd, handles, n, &done, &error);
	close(fd);
	if (result)
		return refuse_free(&error, name, handles, n,
				   done < n ? done : n - 1);

	if (options.json)
		json_print(freed_json(name, done));
	else
		remark("freed %zu block%s of %s", done, done == 1 ? "" : "s",
		       name);
	return STATUS_OK;
}

int free_main(int argc, char **argv)
{
	size_t n = argc - 1;
	uint64_t *handles;
	int status;

	if (!argument_name(argv[0]))
		return STATUS_USAGE;

	handles = needed(calloc(n, sizeof(*handles)));
	for (size_t i = 0; i < n; i++) {
		const char *problem = handle_parse(argv[1 + i], &handles[i]);

		if (problem) {
			free(handles);
			return usage_error("'%s' %s", argv[1 + i], problem);
		}
	}
	status = free_blocks(argv[0], handles, n);
	free(handles);
	return status;
}

int reset_main(int argc, char **argv)
{
	const char *name = argv[0];
	struct kernel_error error;
	uint64_t bytes = 0;
	int fd, result = -1;

	(void)argc;
	if (!argument_name(name))
		return STATUS_USAGE;

	fd = device_open(options.device, name, &error);
	if (fd >= 0) {
		result = device_arena_reset(fd, &bytes, &error);
		close(fd);
	}
	if (result && error.error == EOPNOTSUPP)
		set_text(&error, "the object is a pool; only arenas are reset");
	if (result)
		return refused(&error, hint_use(&error, name), NULL, "reset %s",
			       name);

	if (options.json) {
		struct json_object *document = answer(name);

		json_add_number(document, "freed_bytes", bytes);
		json_print(document);
	} else {
		remark("reset %s, %" PRIu64 " bytes were in use", name, bytes);
	}
	return STATUS_OK;
}
