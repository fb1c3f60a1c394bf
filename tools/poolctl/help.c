// SPDX-License-Identifier: GPL-2.0
/* poolctl help, poolctl version, and the help of each command. */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "error.h"
#include "help.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "text.h"

#define MAX_COMMANDS	32

/* An option whose argument begins with a bracket may do without it. */
static const struct command_option common_options[] = {
	{ "json", 'j', NULL, NULL, "answer in JSON, errors too" },
	{ "pretty", 'p', NULL, NULL, "the same, indented" },
	{ "noheadings", 'n', NULL, NULL, "no headings on tables" },
	{ "raw", 'r', NULL, NULL, "columns separated by single spaces" },
	{ "bytes", 'B', NULL, NULL, "exact: bytes, not 64K; ns, not 3m05s" },
	{ "color", 0, "[=WHEN]", NULL, "colors: auto, always or never ($NO_COLOR: never)" },
	{ "device", 'd', "PATH", NULL, "the device ($POOLCTL_DEVICE, /dev/mempool_demo)" },
	{ "quiet", 'q', NULL, NULL, "no remarks on stderr, only errors" },
	{ "help", 'h', NULL, NULL, "this help" },
	{ "version", 'V', NULL, NULL, "the version" },
	{ 0 },
};

static const struct command_option front_options[] = {
	{ "batch", 'b', "FILE", NULL, "run the commands in FILE, see 'poolctl help batch'" },
	{ "force", 'f', NULL, NULL, "of a batch: go on after a command that failed" },
	{ 0 },
};

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

	/* Of 'poolctl help WORD' as well: the help of help would not help. */
	options.command = NULL;

	for (int i = 0; i < MAX_COMMANDS && commands[i].word; i++)
		words[i] = commands[i].word;
	nearest = text_nearest(word, words);
	if (nearest)
		return usage_error("unknown command '%s' (did you mean '%s'?)",
				   word, nearest);
	return usage_error("unknown command '%s'", word);
}

/* A letter that the command has for something else is that. */
static char letter_of(const struct command_option *option,
		      const struct command_option *before)
{
	for (; before && before->name; before++) {
		if (before->letter == option->letter)
			return 0;
	}
	return option->letter;
}

/* @before: those that come first, or NULL. */
static void print_options(const struct command_option *option,
			  const struct command_option *before)
{
	for (; option && option->name; option++) {
		const char *argument = option->argument ? option->argument : "";
		char letter = letter_of(option, before), grammar[48], dash[8] = "   ";

		if (letter)
			snprintf(dash, sizeof(dash), "-%c,", letter);
		snprintf(grammar, sizeof(grammar), "%s --%s%s%s", dash, option->name,
			 *argument && *argument != '[' ? " " : "", argument);
		printf(" %-23s %s\n", grammar, option->help);
	}
}

static void add_options(struct json_object *array, const struct command_option *option,
			const struct command_option *before)
{
	for (; option && option->name; option++) {
		struct json_object *json = needed(json_object_new_object());
		char letter[2] = { letter_of(option, before) };

		json_add_string(json, "option", option->name);
		if (*letter)
			json_add_string(json, "letter", letter);
		if (option->argument)
			json_add_string(json, "argument", option->argument);
		json_add_string(json, "help", option->help);
		json_object_array_add(array, json);
	}
}

static void overview_json(void)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "commands");

	for (const struct command *c = commands; c->word; c++) {
		struct json_object *json = needed(json_object_new_object());

		json_add_string(json, "command", c->word);
		json_add_string(json, "arguments", c->arguments);
		json_add_string(json, "help", c->help);
		json_object_array_add(array, json);
	}
	array = json_add_array(document, "options");
	add_options(array, common_options, NULL);
	add_options(array, front_options, NULL);
	json_print(document);
}

int help_overview(void)
{
	if (options.json) {
		overview_json();
		return STATUS_OK;
	}
	puts("Usage: poolctl [OPTIONS] [COMMAND] [ARGUMENTS]\n"
	     "\n"
	     "Pools, arenas and heaps of mempool_demo on kernel pages.\n"
	     "\n"
	     "Commands:");
	for (const struct command *c = commands; c->word; c++) {
		char grammar[64];

		snprintf(grammar, sizeof(grammar), "%s %s", c->word,
			 c->arguments);
		printf(" %-27s %s\n", grammar, c->help);
	}
	puts("\nOptions, before or after the command:");
	print_options(common_options, NULL);
	puts("\nIn place of a command:");
	print_options(front_options, NULL);
	puts("\n"
	     "Exit status: 0 success, 1 wrong usage (nothing was sent to the kernel),\n"
	     "2 the kernel refused, 3 what it needs is not there: module, device, clock,\n"
	     "5 what was asked for is not so.\n"
	     "\n"
	     "For more details see 'poolctl help COMMAND'.");
	return STATUS_OK;
}

static bool has_columns(const struct command *command)
{
	const struct command_option *option = command->options;

	while (option && option->name && option->value != &columns_wanted)
		option++;
	return option && option->name;
}

static void command_json(const struct command *command)
{
	struct json_object *document = json_document(), *array;

	json_add_string(document, "command", command->word);
	json_add_string(document, "arguments", command->arguments);
	json_add_string(document, "help", command->help);
	if (command->details)
		json_add_string(document, "details", command->details);
	array = json_add_array(document, "options");
	add_options(array, command->options, NULL);
	add_options(array, common_options, command->options);
	if (has_columns(command))
		columns_help_json(json_add_array(document, "columns"));
	json_print(document);
}

int help_command(const struct command *command)
{
	if (options.json) {
		command_json(command);
		return STATUS_OK;
	}
	printf("Usage: poolctl %s%s%s [OPTIONS]\n\n%s.\n", command->word,
	       *command->arguments ? " " : "", command->arguments,
	       command->help);
	if (command->details)
		printf("\n%s\n", command->details);
	if (has_columns(command))
		columns_help();

	puts("\nOptions:");
	print_options(command->options, NULL);
	print_options(common_options, command->options);
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
