// SPDX-License-Identifier: GPL-2.0
/* poolctl help, poolctl version, and the help of each command. */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "help.h"
#include "json.h"
#include "options.h"
#include "text.h"

#define MAX_COMMANDS	32

static const char common_options[] =
	" -j, --json         answer in JSON, errors too\n"
	" -p, --pretty       the same, indented\n"
	" -n, --noheadings   no headings on tables\n"
	" -r, --raw          columns separated by single spaces\n"
	" -B, --bytes        sizes in bytes, not as 64K\n"
	" -d, --device PATH  the device ($POOLCTL_DEVICE, /dev/mempool_demo)\n"
	" -q, --quiet        no remarks on stderr, only errors\n"
	" -h, --help         this help\n"
	" -V, --version      the version\n";

const struct command *find_command(const char *word)
{
	for (const struct command *c = commands; c->word; c++) {
		if (!strcmp(c->word, word))
			return c;
	}
	return NULL;
}

int unknown_command(const char *word)
{
	const char *words[MAX_COMMANDS + 1] = { NULL };
	const char *nearest;

	for (int i = 0; i < MAX_COMMANDS && commands[i].word; i++)
		words[i] = commands[i].word;
	nearest = text_nearest(word, words);
	if (nearest)
		return usage_error("unknown command '%s' (did you mean '%s'?)",
				   word, nearest);
	return usage_error("unknown command '%s'", word);
}

int help_overview(void)
{
	puts("Usage: poolctl [OPTIONS] [COMMAND] [ARGUMENTS]\n"
	     "\n"
	     "Pools and arenas of mempool_demo on kernel pages.\n"
	     "\n"
	     "Commands:");
	for (const struct command *c = commands; c->word; c++) {
		char grammar[64];

		snprintf(grammar, sizeof(grammar), "%s %s", c->word,
			 c->arguments);
		printf(" %-24s %s\n", grammar, c->help);
	}
	printf("\nOptions, before or after the command:\n%s", common_options);
	puts("\n"
	     "Exit status: 0 success, 1 wrong usage (nothing was sent to the kernel),\n"
	     "2 the kernel refused, 3 what it needs is not there: module, device, clock.\n"
	     "\n"
	     "For more details see 'poolctl help COMMAND'.");
	return STATUS_OK;
}

int help_command(const struct command *command)
{
	const struct command_option *option = command->options;

	printf("Usage: poolctl %s%s%s [OPTIONS]\n\n%s.\n", command->word,
	       *command->arguments ? " " : "", command->arguments,
	       command->help);
	if (command->details)
		printf("\n%s\n", command->details);

	puts("\nOptions:");
	for (; option && option->name; option++) {
		const char *argument = option->argument;
		char grammar[40];

		if (option->letter)
			snprintf(grammar, sizeof(grammar), "-%c, --%s %s",
				 option->letter, option->name,
				 argument ? argument : "");
		else
			snprintf(grammar, sizeof(grammar), "    --%s %s",
				 option->name, argument ? argument : "");
		printf(" %-22s  %s\n", grammar, option->help);
	}
	printf("%s", common_options);
	return STATUS_OK;
}

int help_main(int argc, char **argv)
{
	const struct command *command;

	if (!argc)
		return help_overview();
	command = find_command(argv[0]);
	return command ? help_command(command) : unknown_command(argv[0]);
}

int version_main(int argc, char **argv)
{
	struct json_object *document;

	(void)argc;
	(void)argv;
	if (options.json) {
		document = json_document();
		json_add_string(document, "version", POOLCTL_VERSION);
		json_print(document);
	} else {
		puts("poolctl " POOLCTL_VERSION);
	}
	return STATUS_OK;
}
