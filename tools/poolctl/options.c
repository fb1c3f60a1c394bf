// SPDX-License-Identifier: GPL-2.0
/* Command line options, on top of getopt_long(). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define DEFAULT_DEVICE	"/dev/mempool_demo"

/* Long options of a command without a letter get numbers from here on. */
#define FIRST_NUMBER	256

struct options options;

static char complaint[192];

static const struct option common[] = {
	{ "json",	no_argument,		NULL, 'j' },
	{ "pretty",	no_argument,		NULL, 'p' },
	{ "noheadings",	no_argument,		NULL, 'n' },
	{ "raw",	no_argument,		NULL, 'r' },
	{ "bytes",	no_argument,		NULL, 'B' },
	{ "device",	required_argument,	NULL, 'd' },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, 'V' },
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

static void take_common(int c)
{
	switch (c) {
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

static void complain(int c, const char *given)
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
		snprintf(complaint, sizeof(complaint),
			 "unknown, ambiguous or misused option '%s'", given);
}

static bool take_own(const struct command_option *own, int c)
{
	for (int i = 0; own && own[i].name && i < MAX_OPTIONS; i++) {
		if (c == (own[i].letter ? own[i].letter : FIRST_NUMBER + i)) {
			*own[i].value = own[i].argument ? optarg : "";
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
			complain(c, argv[optind - 1]);
		else if (!take_own(own, c))
			take_common(c);
	}
	return optind;
}

int options_before_command(int argc, char **argv)
{
	struct getopt_tables tables;

	/* '+': stop at the first word; ':': tell a missing argument apart */
	fill_tables(&tables, "+:", NULL);
	return take_options(&tables, NULL, argc, argv);
}

int options_of_command(const struct command *command, int argc, char **argv)
{
	const struct command_option *own = command ? command->options : NULL;
	struct getopt_tables tables;

	fill_tables(&tables, ":", own);
	return take_options(&tables, own, argc, argv);
}
