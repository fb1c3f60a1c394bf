// SPDX-License-Identifier: MIT
/* The command line, by a table. */
#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

#define MOST_ROWS	16

/* Of getopt_long(); what is not an index of a row. */
#define HELP		MOST_ROWS

static void help(const struct options *options)
{
	printf("usage: %s %s[OPTION]...\n\n%s\n", options->program, options->needs,
	       options->about);
	for (const struct option_row *row = options->rows; row->name; row++) {
		char option[32];

		snprintf(option, sizeof(option), "--%s %s", row->name,
			 row->value ? row->value : "");
		printf("  %-16s %s", option, row->about);
		if (row->number)
			printf(" (default %lu)", *row->number);
		else if (row->text)
			printf(" (default %s)", *row->text);
		putchar('\n');
	}
	fputs(options->end, stdout);
	exit(0);
}

void options_refuse(const struct options *options, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", options->program);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nusage: %s %s[OPTION]...; --help lists them\n", options->program,
		options->needs);
	exit(1);
}

/* Digits alone: strtoul() would take a sign, and wrap. */
static bool read_number(const char *text, const struct option_row *row)
{
	unsigned long value = 0;
	const char *digit;

	for (digit = text; isdigit((unsigned char)*digit) && value <= row->most; digit++)
		value = value * 10 + *digit - '0';
	if (!*text || *digit || value < row->least || value > row->most)
		return false;
	*row->number = value;
	return true;
}

/* In the end: --help, wherever it stands, shows what was there before. */
static void take(const struct options *options, const char *const *given)
{
	for (size_t i = 0; options->rows[i].name; i++) {
		const struct option_row *row = &options->rows[i];

		if (!given[i])
			continue;
		if (row->flag)
			*row->flag = true;
		else if (row->text)
			*row->text = given[i];
		else if (!read_number(given[i], row))
			options_refuse(options, "--%s %s: must be a number from %lu to %lu",
				       row->name, given[i], row->least, row->most);
	}
}

void options_parse(const struct options *options, int argc, char **argv)
{
	struct option names[MOST_ROWS + 2] = { { 0 } };
	const char *given[MOST_ROWS] = { NULL };
	int option;
	size_t n;

	for (n = 0; options->rows[n].name; n++)
		names[n] = (struct option){ options->rows[n].name,
			options->rows[n].flag ? no_argument : required_argument, NULL, n };
	names[n] = (struct option){ "help", no_argument, NULL, HELP };

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (option == HELP)
			help(options);
		if (option == ':')
			options_refuse(options, "%s needs a value", argv[optind - 1]);
		if (option == '?')
			options_refuse(options, "%s: there is no such option", argv[optind - 1]);
		given[option] = optarg ? optarg : "";
	}
	if (optind < argc)
		options_refuse(options, "%s: all is said by options", argv[optind]);
	take(options, given);
}
