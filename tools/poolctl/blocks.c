// SPDX-License-Identifier: GPL-2.0
/* poolctl alloc, reset: use the objects. */
#include <errno.h>
#include <inttypes.h>
#include <linux/mempool_demo.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "device.h"
#include "files.h"
#include "handle.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"

static const char *count, *hold, *size, *align;

const struct command_option alloc_options[] = {
	{ "count", 'N', "N", &count, "pool: number of blocks, all or none (1)" },
	{ "hold", 0, NULL, &hold, "not arena: hold it until batch or 'poolctl exec' ends" },
	{ "size", 0, "SIZE", &size, "arena, heap: bytes" },
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
		set_text(error, "the object is no pool: it has no blocks of one size");
		hint = count ? "--size in place of -N" :
			       "--size SIZE, how many bytes it shall be";
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

static int alloc_blocks(struct file *file, const char *name, uint32_t n)
{
	uint64_t *handles = needed(calloc(n, sizeof(*handles)));
	struct kernel_error error;
	size_t done;
	int status;

	if (device_alloc(file->fd, handles, n, !hold, &error)) {
		free(handles);
		return refuse_blocks(&error, name);
	}
	if (hold)
		file_add(file, handles, n);

	print_handles(name, handles, n);
	status = flush_stdout();
	/* Blocks that nobody has the handles of could not be freed any more. */
	if (status) {
		device_free(file->fd, handles, n, &done, &error);
		file_remove(file, handles, n);
	}
	free(handles);
	return status;
}

/* What is printed is what 'poolctl free' takes. */
static void print_piece(const char *name, const struct heap_piece *piece)
{
	struct json_object *document;
	char text[HANDLE_TEXT];

	handle_format(piece->handle, text);
	if (!options.json) {
		puts(text);
		return;
	}
	document = answer(name);
	json_object_array_add(json_add_array(document, "handles"),
			      needed(json_object_new_string(text)));
	json_add_number(document, "offset", piece->offset);
	json_add_number(document, "bytes", piece->bytes);
	json_print(document);
}

static int refuse_piece(struct kernel_error *error, const char *name)
{
	const char *hint = hint_use(error, name);

	if (error->error == EAGAIN)
		set_text(error, "the heap has nothing free now that is so large");
	else if (error->error == ENOSPC)
		set_text(error, "the heap can never hand out so much in one piece");
	else if (error->error == ERANGE)
		hint = "a size from 1 on";
	return refused(error, hint, NULL, "alloc %s --size %s", name, size);
}

static int alloc_piece(struct file *file, const char *name, uint64_t bytes)
{
	struct heap_piece piece = { .bytes = bytes };
	struct kernel_error error;
	size_t done;
	int status;

	if (align)
		return usage_error("--align is for arenas, and %s is a heap", name);
	if (device_heap_alloc(file->fd, &piece, !hold, &error))
		return refuse_piece(&error, name);
	if (hold)
		file_add(file, &piece.handle, 1);

	print_piece(name, &piece);
	status = flush_stdout();
	/* As in alloc_blocks(). */
	if (status) {
		device_free(file->fd, &piece.handle, 1, &done, &error);
		file_remove(file, &piece.handle, 1);
	}
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
		usage_error("--size is for arenas and heaps, -N for pools; not both");
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
	struct mpdemo_info info;
	struct file *file;

	(void)argc;
	if (!argument_name(argv[0]) || !read_amounts(&n, &bytes, &to))
		return STATUS_USAGE;
	if (hold && !file_lasts(argv[0]))
		return usage_error("--hold: %s", file_alone);

	file = file_open(argv[0], &error);
	if (!file || device_info(file->fd, &info, &error))
		return refused(&error, hint_use(&error, argv[0]), NULL,
			       "alloc %s", argv[0]);
	if (!size)
		return alloc_blocks(file, argv[0], n);
	if (info.out_kind == MPDEMO_OBJECT_HEAP)
		return alloc_piece(file, argv[0], bytes);
	if (hold && info.out_kind == MPDEMO_OBJECT_ARENA)
		return usage_error("--hold: %s is an arena, which nobody holds a part of",
				   argv[0]);
	return alloc_bytes(file->fd, argv[0], bytes, to);
}

int reset_main(int argc, char **argv)
{
	const char *name = argv[0];
	struct kernel_error error;
	struct file *file;
	uint64_t bytes = 0;
	int result = -1;

	(void)argc;
	if (!argument_name(name))
		return STATUS_USAGE;

	file = file_open(name, &error);
	if (file)
		result = device_arena_reset(file->fd, &bytes, &error);
	if (result && error.error == EOPNOTSUPP)
		set_text(&error, "the object is no arena; only arenas are reset");
	if (result)
		return refused(&error, error.error == EOPNOTSUPP ?
				       "'poolctl free' frees single blocks" :
				       hint_use(&error, name), NULL,
			       "reset %s", name);

	if (options.json) {
		struct json_object *document = answer(name);

		json_add_number(document, "freed_bytes", bytes);
		json_print(document);
	} else {
		remark("reset %s, %" PRIu64 " bytes were in use", name, bytes);
	}
	return STATUS_OK;
}
