// SPDX-License-Identifier: GPL-2.0
/* Command line options, on top of getopt_long(). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "options.h"
#include "text.h"

#define DEFAULT_DEVICE	"/dev/mempool_demo"

/* Long options without a letter have numbers: the common one, those of a command. */
#define COLOR		256
#define FIRST_NUMBER	257

struct options options;

static char complaint[256];

static const struct option common[] = {
	{ "json",	no_argument,		NULL, 'j' },
	{ "pretty",	no_argument,		NULL, 'p' },
	{ "noheadings",	no_argument,		NULL, 'n' },
	{ "raw",	no_argument,		NULL, 'r' },
	{ "bytes",	no_argument,		NULL, 'B' },
	{ "device",	required_argument,	NULL, 'd' },
	{ "color",	optional_argument,	NULL, COLOR },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, 'V' },
};

/* Only before the command, in place of one. */
static const struct command_option front[] = {
	{ "batch", 'b', "FILE", &options.batch, NULL },
	{ "force", 'f', NULL, &options.force, NULL },
	{ 0 },
};

#define NCOMMON		(sizeof(common) / sizeof(common[0]))
#define COMMON_LETTERS	"jpnrBd:qhV"
#define MAX_OPTIONS	16	/* of one command */

/* What getopt_long() wants: the common options and those of the command. */
struct getopt_tables {
	char letters[sizeof(COMMON_LETTERS) + 2 * MAX_OPTIONS + 2];
	struct option longs[NCOMMON + MAX_OPTIONS + 1];
};

void options_init(void)
{
	const char *device = getenv("POOLCTL_DEVICE");

	options.device = device && *device ? device : DEFAULT_DEVICE;
}

const char *options_complaint(void)
{
	return *complaint ? complaint : NULL;
}

static void fill_tables(struct getopt_tables *tables, const char *prefix,
			const struct command_option *own)
{
	size_t n = NCOMMON;
	char *letter;

	memset(tables, 0, sizeof(*tables));
	memcpy(tables->longs, common, sizeof(common));
	letter = stpcpy(stpcpy(tables->letters, prefix), COMMON_LETTERS);

	for (int i = 0; own && own[i].name && i < MAX_OPTIONS; i++) {
		tables->longs[n++] = (struct option){
			.name = own[i].name,
			.has_arg = own[i].argument ? required_argument :
						     no_argument,
			.val = own[i].letter ? own[i].letter : FIRST_NUMBER + i,
		};
		if (own[i].letter)
			*letter++ = own[i].letter;
		if (own[i].letter && own[i].argument)
			*letter++ = ':';
	}
}

static void take_color(const char *when)
{
	if (!when || !strcmp(when, "always"))
		options.color = COLOR_ALWAYS;
	else if (!strcmp(when, "auto"))
		options.color = COLOR_AUTO;
	else if (!strcmp(when, "never"))
		options.color = COLOR_NEVER;
	else if (!*complaint)
		snprintf(complaint, sizeof(complaint),
			 "--color: '%s' is neither auto nor always nor never",
			 when);
}

static void take_common(int c)
{
	switch (c) {
	case COLOR:
		take_color(optarg);
		break;
	case 'p':
		options.pretty = true;
		/* fallthrough */
	case 'j':
		options.json = true;
		break;
	case 'n':
		options.noheadings = true;
		break;
	case 'r':
		options.raw = true;
		break;
	case 'B':
		options.bytes = true;
		break;
	case 'd':
		options.device = optarg;
		break;
	case 'q':
		options.quiet = true;
		break;
	case 'h':
		options.help = true;
		break;
	case 'V':
		options.version = true;
		break;
	}
}

/* Of long options, as @given without what follows a '=': those that begin so, up to two. */
static int candidates(const struct getopt_tables *tables, const char *given, size_t length,
		      const char *found[2])
{
	int count = 0;

	for (const struct option *option = tables->longs; option->name; option++) {
		if (strncmp(option->name, given, length))
			continue;
		if (!option->name[length]) {
			found[0] = option->name;
			return 1;
		}
		if (count < 2)
			found[count++] = option->name;
	}
	return count;
}

static const char *nearest_option(const struct getopt_tables *tables, const char *given,
				  size_t length)
{
	const char *words[NCOMMON + MAX_OPTIONS + 1] = { NULL };
	char word[64];

	for (size_t i = 0; tables->longs[i].name; i++)
		words[i] = tables->longs[i].name;
	snprintf(word, sizeof(word), "%.*s", (int)length, given);
	return length < sizeof(word) ? text_nearest(word, words) : NULL;
}

static void complain_long(const struct getopt_tables *tables, const char *given)
{
	size_t length = strcspn(given + 2, "=");
	const char *found[2], *nearest;

	switch (candidates(tables, given + 2, length, found)) {
	case 1:
		snprintf(complaint, sizeof(complaint),
			 "option '--%s' takes no argument: '%.64s'", found[0], given);
		return;
	case 2:
		snprintf(complaint, sizeof(complaint),
			 "option '%.64s' is ambiguous: '--%s' or '--%s'", given,
			 found[0], found[1]);
		return;
	}
	nearest = nearest_option(tables, given + 2, length);
	if (nearest)
		snprintf(complaint, sizeof(complaint),
			 "unknown option '%.64s' (did you mean '--%s'?)", given, nearest);
	else
		snprintf(complaint, sizeof(complaint), "unknown option '%.64s'", given);
}

static void complain(const struct getopt_tables *tables, int c, const char *given)
{
	if (*complaint)
		return;

	if (c == ':')
		snprintf(complaint, sizeof(complaint),
			 "option '%s' needs an argument", given);
	/*
	 * optopt is set for a letter, and for a long option that was given an
	 * argument for nothing. Inside of a cluster, as -xq, the word given is
	 * still the one before.
	 */
	else if (optopt && !strchr(given, '='))
		snprintf(complaint, sizeof(complaint), "unknown option '-%c'",
			 optopt);
	else
		complain_long(tables, given);
}

/* What was made of the values before, if that is it, is not needed any more. */
static void take_value(const struct command_option *option)
{
	const char *value = option->argument ? optarg : "";
	static char *newest;
	char *both;

	if (*option->value && option->argument && strstr(option->argument, "...")) {
		if (asprintf(&both, "%s,%s", *option->value, value) < 0)
			both = needed(NULL);
		if (*option->value == newest)
			free(newest);
		newest = both;
		value = both;
	}
	*option->value = value;
}

static bool take_own(const struct command_option *own, int c)
{
	for (int i = 0; own && own[i].name && i < MAX_OPTIONS; i++) {
		if (c == (own[i].letter ? own[i].letter : FIRST_NUMBER + i)) {
			take_value(&own[i]);
			return true;
		}
	}
	return false;
}

static int take_options(const struct getopt_tables *tables,
			const struct command_option *own, int argc, char **argv)
{
	int c;

	opterr = 0;
	optind = 0;	/* glibc: begin anew */
	while ((c = getopt_long(argc, argv, tables->letters, tables->longs,
				NULL)) != -1) {
		if (c == '?' || c == ':')
			complain(tables, c, argv[optind - 1]);
		else if (!take_own(own, c))
			take_common(c);
	}
	return optind;
}

int options_before_command(int argc, char **argv)
{
	struct getopt_tables tables;

	*complaint = '\0';
	/* '+': stop at the first word; ':': tell a missing argument apart */
	fill_tables(&tables, "+:", front);
	return take_options(&tables, front, argc, argv);
}

/*
 * NAME [OPTIONS] [--] PROGRAM...: what is behind the program belongs to it. The name is moved
 * to stand before the program.
 */
static int options_before_program(const struct command_option *own, int argc, char **argv)
{
	struct getopt_tables tables;
	int name, program;

	fill_tables(&tables, "+:", own);
	name = take_options(&tables, own, argc, argv);
	if (name >= argc)
		return name;
	program = name + take_options(&tables, own, argc - name, argv + name);
	argv[program - 1] = argv[name];
	return program - 1;
}

int options_of_command(const struct command *command, int argc, char **argv)
{
	const struct command_option *own = command ? command->options : NULL;
	struct getopt_tables tables;

	if (command && command->run == exec_main)
		return options_before_program(own, argc, argv);
	fill_tables(&tables, ":", own);
	return take_options(&tables, own, argc, argv);
}
