// SPDX-License-Identifier: GPL-2.0
/* poolctl batch: many commands, and what they hold meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"
#include "signals.h"
#include "text.h"
#include "words.h"

static const char *force;

const struct command_option batch_options[] = {
	{ "force", 'f', NULL, &force, "go on after a command that failed" },
	{ 0 },
};

/* In the form of a command line: the first word is the name of the program. */
static int run_words(char *line, size_t length, char **words)
{
	static char program[] = "poolctl";
	const char *problem;
	int count;

	words[0] = program;
	problem = words_split(line, length, words + 1, &count);
	if (problem)
		return usage_error("%s", problem);
	return count ? command_line(count + 1, words) : STATUS_OK;
}

/* What options a line has are its own. */
static int run_line(char *line, size_t length, unsigned long number)
{
	const struct options around = options;
	char **words = needed(calloc(words_most(length) + 2, sizeof(*words)));
	int status;

	options.command = NULL;
	options.batch = NULL;
	options.force = NULL;
	options.batch_line = number;
	status = run_words(line, length, words);
	options = around;
	free(words);
	return status;
}

/* Editors of some systems begin a file of UTF-8 with one. */
static size_t byte_order_mark(const char *line, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";

	return length >= sizeof(mark) - 1 && !memcmp(line, mark, sizeof(mark) - 1) ?
	       sizeof(mark) - 1 : 0;
}

/*
 * Where nobody reads what is printed any more, to go on is of no use. A signal that a
 * command takes for its orderly end, as 'monitor' does, is the end of the batch.
 */
static int run_lines(FILE *file, const char *name, bool go_on)
{
	char *line = NULL, safe[TEXT_SIZE];
	int first = STATUS_OK, status;
	unsigned long number = 0;
	size_t size = 0;
	ssize_t length;

	text_escape(safe, name);
	while ((length = getline(&line, &size, file)) != -1) {
		size_t mark = number ? 0 : byte_order_mark(line, length);

		status = run_line(line + mark, length - mark, ++number);
		if (signals_caught)
			break;
		if (!status)
			continue;
		fprintf(stderr, "Command failed %s:%lu\n", safe, number);
		if (!first)
			first = status;
		if (!go_on || ferror(stdout))
			break;
	}
	free(line);
	if (signals_caught)
		return first ? first : 128 + signals_caught;
	if (ferror(file) && !first)
		return usage_error("cannot read %s: %s", name, strerror(errno));
	return first;
}

int batch_main(int argc, char **argv)
{
	const char *name = argc ? argv[0] : options.batch ? options.batch : "-";
	bool go_on = force || options.force;
	FILE *file;
	int status;

	if (options.batch_line)
		return usage_error("a batch cannot run another one");
	options.batch_stdin = !strcmp(name, "-");
	if (options.batch_stdin)
		return run_lines(stdin, "-", go_on);

	file = fopen(name, "re");
	if (!file)
		return usage_error("cannot open %s: %s", name, strerror(errno));
	status = run_lines(file, name, go_on);
	fclose(file);
	return status;
}
