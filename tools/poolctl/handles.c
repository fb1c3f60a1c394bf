// SPDX-License-Identifier: GPL-2.0
/* poolctl free, keep, take: blocks by their handles. */
#include <errno.h>
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

/*
 * struct verb - what is done to blocks, one after the other
 * @word: what it is called
 * @done: what they are afterwards
 * @ask: does it
 * @note: what becomes of those that the open file is known to hold
 * @lasting: it is about what the open file holds, which nobody does who ends
 * @why_not: what EPERM means here
 * @hint: what to do about that
 */
struct verb {
	const char *word;
	const char *done;
	int (*ask)(int fd, const uint64_t *handles, size_t count, size_t *done,
		   struct kernel_error *error);
	void (*note)(struct file *file, const uint64_t *handles, size_t count);
	bool lasting;
	const char *why_not;
	const char *hint;
};

static const struct verb verb_free = {
	.word = "free",
	.done = "freed",
	.ask = device_free,
	.note = file_remove,
	.why_not = "somebody else holds the block",
	.hint = "whoever holds it can free it, and so does its end",
};

static const struct verb verb_keep = {
	.word = "keep",
	.done = "kept",
	.ask = device_keep,
	.note = file_remove,
	.lasting = true,
	.why_not = "the block is kept already, or somebody else holds it",
	.hint = "'alloc NAME --hold' and 'take' give blocks that can be kept",
};

static const struct verb verb_take = {
	.word = "take",
	.done = "taken",
	.ask = device_take,
	.note = file_add,
	.lasting = true,
	.why_not = "the block is not kept: somebody holds it",
	.hint = "whoever holds it has to keep it first",
};

static struct json_object *progress_json(const struct verb *verb,
					 const char *name, size_t done)
{
	struct json_object *document = json_document();

	json_add_string(document, "object", name);
	json_add_number(document, verb->done, done);
	return document;
}

/* @handles[@done] is the one that was refused. */
static int refuse(const struct verb *verb, struct kernel_error *error,
		  const char *name, const uint64_t *handles, size_t n,
		  size_t done)
{
	const char *hint = hint_use(error, name);
	char text[HANDLE_TEXT], progress[64] = "";

	if (error->error == ENOENT) {
		hint = "use a handle that 'poolctl alloc' has printed";
	} else if (error->error == EOPNOTSUPP) {
		snprintf(error->text, sizeof(error->text),
			 "the object is an arena, which has no handles");
		hint = "'poolctl reset' frees all that was allocated from it";
	} else if (error->error == EPERM) {
		snprintf(error->text, sizeof(error->text), "%s", verb->why_not);
		hint = verb->hint;
	}
	if (n > 1)
		snprintf(progress, sizeof(progress),
			 ", after %zu of %zu were %s", done, n, verb->done);
	return refused(error, hint, progress_json(verb, name, done),
		       "%s %s %s%s", verb->word, name,
		       handle_format(handles[done], text), progress);
}

static int work(const struct verb *verb, const char *name,
		const uint64_t *handles, size_t n)
{
	struct kernel_error error;
	struct file *file;
	size_t done = 0;
	int result;

	file = file_open(name, &error);
	if (!file)
		return refused(&error, hint_use(&error, name), NULL, "%s %s",
			       verb->word, name);
	result = verb->ask(file->fd, handles, n, &done, &error);
	verb->note(file, handles, done);
	if (result)
		return refuse(verb, &error, name, handles, n,
			      done < n ? done : n - 1);

	if (options.json)
		json_print(progress_json(verb, name, done));
	else
		remark("%s %zu block%s of %s", verb->done, done,
		       done == 1 ? "" : "s", name);
	return STATUS_OK;
}

static int verb_main(const struct verb *verb, int argc, char **argv)
{
	size_t n = argc - 1;
	uint64_t *handles;
	int status;

	if (!argument_name(argv[0]))
		return STATUS_USAGE;
	if (verb->lasting && !file_lasts(argv[0]))
		return usage_error("%s", file_alone);

	handles = needed(calloc(n, sizeof(*handles)));
	for (size_t i = 0; i < n; i++) {
		if (!argument_handle(argv[1 + i], &handles[i])) {
			free(handles);
			return STATUS_USAGE;
		}
	}
	status = work(verb, argv[0], handles, n);
	free(handles);
	return status;
}

int free_main(int argc, char **argv)
{
	return verb_main(&verb_free, argc, argv);
}

int keep_main(int argc, char **argv)
{
	return verb_main(&verb_keep, argc, argv);
}

int take_main(int argc, char **argv)
{
	return verb_main(&verb_take, argc, argv);
}
