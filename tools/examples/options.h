/* SPDX-License-Identifier: MIT */
/*
 * The command line of an example: one table says what there is, sets it and is what --help
 * shows, so that the three cannot disagree.
 */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>

/* --NAME VALUE, or --NAME alone. The last one of a table has no name. */
struct option_row {
	const char *name;
	const char *value;		/* what --help calls it */
	const char *about;
	/* What it sets, one of them. What is there before is the default. */
	bool *flag;			/* takes no value */
	const char **text;
	unsigned long *number;
	unsigned long least;
	unsigned long most;
};

struct options {
	const char *program;
	const char *needs;		/* "--port N ": what it does not run without, or "" */
	const char *about;		/* lines */
	const char *end;		/* lines after the options, or "" */
	const struct option_row *rows;
};

/* Ends the program after --help, and with status 1 where something is wrong. */
void options_parse(const struct options *options, int argc, char **argv);

/* Of what no row alone can say: complain, and end the program with status 1. */
void options_refuse(const struct options *options, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif /* EXAMPLES_OPTIONS_H */
