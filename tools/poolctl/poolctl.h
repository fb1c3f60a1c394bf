/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of poolctl and what they share.
 *
 * A command file asks a backend (netlink.h, device.h), which never prints, and
 * shows the answer through table.h or json.h, or the refusal through error.h.
 */
#ifndef POOLCTL_H
#define POOLCTL_H

/*
 * Scripts tell the causes apart by these. 4 is never used: kselftest takes it
 * for a skipped test.
 */
enum exit_status {
	STATUS_OK = 0,
	STATUS_USAGE = 1,	/* nothing was sent to the kernel */
	STATUS_REFUSED = 2,	/* the kernel refused */
	STATUS_ABSENT = 3,	/* no module, no device, or not the right one */
	STATUS_FALSE = 5,	/* what was asked for is not so */
};

/*
 * struct command_option - an option that only some commands have
 * @name: long name; NULL ends the list
 * @letter: short name, or 0
 * @argument: what the help calls its argument; NULL: it takes none; where it ends
 *	with "..." the option may be given again, which adds a comma and the next
 * @value: receives the text of the argument, "" where it takes none; stays NULL
 *	if not given
 * @help: one line
 */
struct command_option {
	const char *name;
	char letter;
	const char *argument;
	const char **value;
	const char *help;
};

/*
 * struct command - a word of the command line
 * @word: the word
 * @run: gets only what is left when the options are taken out; returns an
 *	exit status
 * @arguments: what the help shows behind the word
 * @least: arguments needed
 * @most: arguments allowed
 * @options: options of this command
 * @help: one line
 * @details: paragraph for the help of this command, or NULL
 */
struct command {
	const char *word;
	int (*run)(int argc, char **argv);
	const char *arguments;
	int least;
	int most;
	const struct command_option *options;
	const char *help;
	const char *details;
};

extern const struct command commands[];	/* ends with a word of NULL */

/*
 * Run what @argv says, as it was given to main(). Returns its exit status, or
 * that of not being able to print.
 */
int command_line(int argc, char **argv);

extern const struct command_option list_options[];
extern const struct command_option stats_options[];
extern const struct command_option create_options[];
extern const struct command_option set_options[];
extern const struct command_option monitor_options[];
extern const struct command_option show_options[];
extern const struct command_option holders_options[];
extern const struct command_option top_options[];
extern const struct command_option map_options[];
extern const struct command_option alloc_options[];
extern const struct command_option bench_options[];
extern const struct command_option metrics_options[];
extern const struct command_option batch_options[];
extern const struct command_option read_options[];
extern const struct command_option write_options[];
extern const struct command_option exec_options[];
extern const struct command_option verify_options[];

int list_main(int argc, char **argv);
int stats_main(int argc, char **argv);
int show_main(int argc, char **argv);
int monitor_main(int argc, char **argv);
int top_main(int argc, char **argv);
int holders_main(int argc, char **argv);
int map_main(int argc, char **argv);
int set_main(int argc, char **argv);
int reset_stats_main(int argc, char **argv);
int create_main(int argc, char **argv);
int destroy_main(int argc, char **argv);
int alloc_main(int argc, char **argv);
int free_main(int argc, char **argv);
int keep_main(int argc, char **argv);
int take_main(int argc, char **argv);
int read_main(int argc, char **argv);
int write_main(int argc, char **argv);
int exec_main(int argc, char **argv);
int reset_main(int argc, char **argv);
int bench_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int report_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int metrics_main(int argc, char **argv);
int batch_main(int argc, char **argv);
int help_main(int argc, char **argv);
int version_main(int argc, char **argv);

#endif /* POOLCTL_H */
