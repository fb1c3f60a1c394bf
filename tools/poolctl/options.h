/* SPDX-License-Identifier: GPL-2.0 */
/* Command line options. */
#ifndef POOLCTL_OPTIONS_H
#define POOLCTL_OPTIONS_H

#include <stdbool.h>

#include "poolctl.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/*
 * struct options - the options that all commands have
 * @json: answer in JSON, errors too
 * @pretty: indent it
 * @noheadings: no headings on tables
 * @raw: columns separated by single spaces
 * @bytes: sizes as plain numbers
 * @color: when to use colors
 * @quiet: no remarks on stderr
 * @help: show the help instead
 * @version: show the version instead
 * @device: path of the device
 * @command: word of the command; NULL before it is known
 * @batch: file of commands; NULL: there is one on the command line
 * @force: of a batch: go on after a failure; else NULL
 * @batch_line: in a batch: which line this is; else 0
 * @batch_stdin: in a batch: stdin has the commands, and is no input for them
 */
struct options {
	bool json;
	bool pretty;
	bool noheadings;
	bool raw;
	bool bytes;
	enum color color;
	bool quiet;
	bool help;
	bool version;
	const char *device;
	const char *command;
	const char *batch;
	const char *force;
	unsigned long batch_line;
	bool batch_stdin;
};

extern struct options options;

void options_init(void);

/*
 * Take the options up to the command word out of the command line. Returns the
 * index of the word, argc if there is none.
 */
int options_before_command(int argc, char **argv);

/*
 * Take the options behind the command word out, and return the index of the
 * first of the arguments, which getopt has moved to the end. @command is NULL
 * where the word is unknown.
 */
int options_of_command(const struct command *command, int argc, char **argv);

/*
 * The first thing that was wrong with the options, NULL if nothing was. Not
 * reported at once: a -j that follows decides how.
 */
const char *options_complaint(void);

#endif /* POOLCTL_OPTIONS_H */
