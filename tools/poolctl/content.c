// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl read, write: the bytes of a block.
 *
 * The kernel lets an open file reach a block that it holds or that is kept, by where
 * the block lies. That says nothing of the generation: the block of a handle may have
 * been freed meanwhile, and be somebody's message now. So what is kept is taken first,
 * which the kernel refuses unless the handle is good, and kept again afterwards. Nobody
 * else can have the block in between.
 *
 * That is three system calls: input is read before them, and output written after
 * them, as both take any time, and signals wait. What remains is a SIGKILL that comes
 * just then. It frees the block, as that of everybody who dies with one in his hands;
 * nobody finds a message that is half written.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "device.h"
#include "files.h"
#include "handle.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"
#include "text.h"

#define HEX_LINE	16	/* bytes in a line of a dump */

static const char *offset_text, *length_text, *hex;

const struct command_option read_options[] = {
	{ "offset", 'o', "OFFSET", &offset_text, "from this byte of the block on (0)" },
	{ "length", 'l', "LENGTH", &length_text, "so many bytes (to its end)" },
	{ "hex", 0, NULL, &hex, "as text, with 16 bytes in a line" },
	{ 0 },
};

const struct command_option write_options[] = {
	{ "offset", 'o', "OFFSET", &offset_text, "from this byte of the block on (0)" },
	{ 0 },
};

/*
 * struct span - a part of a block
 * @word: the command
 * @name: the pool
 * @handle: the block
 * @offset: the first byte, from the begin of the block
 * @length: how many
 * @block_size: bytes of the block; 0: not known so far
 * @room: how many of them are from @offset on
 * @at: where the part lies in the pool
 * @file: the pool
 */
struct span {
	const char *word;
	const char *name;
	uint64_t handle;
	uint64_t offset;
	uint64_t length;
	uint64_t block_size;
	uint64_t room;
	uint64_t at;
	struct file *file;
};

/* What there is room for, of a block that ends before what was asked for. */
static const char *hint_room(const struct span *span)
{
	static char hint[128];

	if (span->offset > span->block_size)
		snprintf(hint, sizeof(hint), "--offset %llu at most: so many bytes has a block",
			 (unsigned long long)span->block_size);
	else
		snprintf(hint, sizeof(hint), "%llu byte%s at most: a block has %llu%s",
			 (unsigned long long)span->room, text_plural(span->room),
			 (unsigned long long)span->block_size,
			 span->offset ? ", of which --offset skips some" : "");
	return hint;
}

static int refuse(const struct span *span, struct kernel_error *error)
{
	const char *hint = hint_use(error, span->name);
	char text[HANDLE_TEXT];

	if (error->error == EPERM)
		hint = span->file && span->file->inherited ?
			"'poolctl keep' first, if the command that this runs in holds it" :
			"whoever holds it has to keep it first";
	else if (error->error == ENOENT && span->file)
		hint = "use a handle that 'poolctl alloc' has printed";
	else if (span->block_size && (error->error == ERANGE || error->error == ENOSPC))
		hint = hint_room(span);
	return refused(error, hint, NULL, "%s %s %s", span->word, span->name,
		       handle_format(span->handle, text));
}

static int fail(struct kernel_error *error, int number, const char *text)
{
	*error = (struct kernel_error){ .error = number, .interpreted = true };
	snprintf(error->text, sizeof(error->text), "%s", text);
	return -1;
}

/* Where the block lies, and how much of it there is. */
static int find_block(struct span *span, struct kernel_error *error)
{
	struct mpdemo_info info;

	span->file = file_open(span->name, error);
	if (!span->file || device_info(span->file->fd, &info, error))
		return -1;
	if (info.out_kind != MPDEMO_OBJECT_POOL)
		return fail(error, EOPNOTSUPP,
			    "the object is no pool: its handles do not say where blocks are");
	span->block_size = info.out_block_size;
	if (span->offset > info.out_block_size)
		return fail(error, ERANGE, "the block ends before this offset");
	span->room = info.out_block_size - span->offset;
	span->at = MPDEMO_HANDLE_INDEX(span->handle) * info.out_stride +
		   span->offset;
	return 0;
}

/* Also where the copy fails the block is kept again, or it would be gone. */
static int copy_kept(const struct span *span, void *bytes, bool to_object,
		     struct kernel_error *error)
{
	struct kernel_error later;
	size_t done;
	int result;

	if (device_take(span->file->fd, &span->handle, 1, &done, error))
		return -1;
	result = device_copy(span->file->fd, span->at, bytes, span->length,
			     to_object, error);
	if (device_keep(span->file->fd, &span->handle, 1, &done, &later)) {
		file_add(span->file, &span->handle, 1);
		*error = result ? *error : later;
		result = -1;
	}
	return result;
}

static int copy(const struct span *span, void *bytes, bool to_object,
		struct kernel_error *error)
{
	sigset_t all, before;
	int result;

	if (file_holds(span->file, span->handle))
		return device_copy(span->file->fd, span->at, bytes,
				   span->length, to_object, error);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	result = copy_kept(span, bytes, to_object, error);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static bool read_span(struct span *span, char **argv)
{
	span->name = argv[0];
	return argument_name(argv[0]) && argument_handle(argv[1], &span->handle) &&
	       argument_size("--offset", offset_text, INT64_MAX, &span->offset);
}

static struct json_object *span_json(const struct span *span)
{
	struct json_object *document = json_document();
	char text[HANDLE_TEXT];

	json_add_string(document, "object", span->name);
	json_add_string(document, "handle", handle_format(span->handle, text));
	json_add_number(document, "offset", span->offset);
	json_add_number(document, "length", span->length);
	return document;
}

/* What is in a block is somebody else's: no terminal gets it as it is. */
static void print_dump(const unsigned char *bytes, uint64_t offset, size_t count)
{
	for (size_t line = 0; line < count; line += HEX_LINE) {
		printf("%08llx ", (unsigned long long)(offset + line));
		for (size_t i = line; i < line + HEX_LINE; i++) {
			if (i < count)
				printf(" %02x", bytes[i]);
			else
				printf("   ");
		}
		printf("  ");
		for (size_t i = line; i < line + HEX_LINE && i < count; i++)
			putchar(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
		putchar('\n');
	}
}

static void print_json(const struct span *span, const unsigned char *bytes)
{
	struct json_object *document = span_json(span);
	char *digits = needed(malloc(2 * span->length + 1));

	*digits = '\0';
	for (size_t i = 0; i < span->length; i++)
		sprintf(digits + 2 * i, "%02x", bytes[i]);
	json_add_string(document, "hex", digits);
	json_print(document);
	free(digits);
}

static void print_bytes(const struct span *span, const unsigned char *bytes)
{
	if (options.json)
		print_json(span, bytes);
	else if (hex)
		print_dump(bytes, span->offset, span->length);
	else
		fwrite(bytes, 1, span->length, stdout);
}

int read_main(int argc, char **argv)
{
	struct span span = { .word = "read", .length = UINT64_MAX };
	struct kernel_error error;
	unsigned char *bytes;
	int result;

	(void)argc;
	if (!read_span(&span, argv) ||
	    !argument_size("--length", length_text, INT64_MAX, &span.length))
		return STATUS_USAGE;
	if (!options.json && !hex && isatty(STDOUT_FILENO))
		return usage_error("the bytes of a block are not for a terminal; use --hex");

	if (find_block(&span, &error))
		return refuse(&span, &error);
	if (span.length > span.room)
		span.length = span.room;
	bytes = needed(malloc(span.length + 1));
	result = copy(&span, bytes, false, &error);
	if (!result)
		print_bytes(&span, bytes);
	free(bytes);
	return result ? refuse(&span, &error) : STATUS_OK;
}

/* All of stdin, or one byte more than there is room for; false: it cannot be read. */
static bool read_input(struct span *span, char *bytes)
{
	span->length = fread(bytes, 1, span->room + 1, stdin);
	return !ferror(stdin);
}

static int write_bytes(struct span *span, char *bytes)
{
	struct kernel_error error;

	if (span->length > span->room) {
		fail(&error, ENOSPC, "the block ends before that");
		return refuse(span, &error);
	}
	if (copy(span, bytes, true, &error))
		return refuse(span, &error);
	if (options.json)
		json_print(span_json(span));
	else
		remark("wrote %llu byte%s", (unsigned long long)span->length,
		       text_plural(span->length));
	return STATUS_OK;
}

int write_main(int argc, char **argv)
{
	struct span span = { .word = "write" };
	struct kernel_error error;
	char *input;
	int status;

	if (!read_span(&span, argv))
		return STATUS_USAGE;
	if (argc < 3 && options.batch_stdin)
		return usage_error("stdin has the batch: what is written has to be an argument");

	if (find_block(&span, &error))
		return refuse(&span, &error);
	if (argc > 2) {
		span.length = strlen(argv[2]);
		return write_bytes(&span, argv[2]);
	}
	input = needed(malloc(span.room + 1));
	if (read_input(&span, input))
		status = write_bytes(&span, input);
	else
		status = failed(STATUS_USAGE, "cannot read stdin: %s",
				strerror(errno));
	free(input);
	return status;
}
