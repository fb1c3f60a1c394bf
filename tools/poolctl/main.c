// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl: create, use, look at and measure the objects of mempool_demo.
 *
 * main() takes the options, finds the command in the table below and hands it
 * the rest. Commands ask the backends netlink.c and device.c.
 */
#include <signal.h>
#include <stdbool.h>

#include "error.h"
#include "help.h"
#include "options.h"
#include "poolctl.h"

#define MANY	(1 << 20)

const struct command commands[] = {
	{ "list", list_main, "", 0, 0, list_options,
	  "Show all objects; also without a command", NULL },
	{ "stats", stats_main, "[NAME]", 0, 1, stats_options,
	  "Show all counters, of one object or of all",
	  "Those of one object, one in a line, unless columns are asked for." },
	{ "show", show_main, "NAME...", 1, MANY, NULL,
	  "Show all about objects, for people", NULL },
	{ "monitor", monitor_main, "[NAME...]", 0, MANY, monitor_options,
	  "Show what happens to objects, of these or of all",
	  "Ends with Ctrl-C. One event in a line, --json as well:\n"
	  "  created     the object is there\n"
	  "  deleted     it has no name any more\n"
	  "  changed     somebody has used 'poolctl set'\n"
	  "  low         a pool has as few free blocks as its watermark says\n"
	  "  exhausted   an allocation of a pool with watermarks found too few blocks\n"
	  "  recovered   it has enough free blocks again\n"
	  "  reclaimed   blocks were taken back from a program that ended with them\n"
	  "  corruption  a free block was written to, see 'poolctl set --poison'\n"
	  "\n"
	  "That events were lost is told in any case: there were more than the buffer\n"
	  "had room for, and 'poolctl list' shows how it is now." },
	{ "create", create_main, "pool|arena|heap NAME", 2, 2, create_options,
	  "Create a named object",
	  "  poolctl create pool bullets --block-size 24 --blocks 1000\n"
	  "  poolctl create pool messages --block-size 256 --blocks 64 --max-blocks 1024\n"
	  "  poolctl create arena request --size 64K\n"
	  "  poolctl create heap any --blocks 100 --large 1M\n"
	  "\n"
	  "Sizes are 64, 4K = 4KiB = 4096, 4KB = 4000, 1M and so on. A block has up to\n"
	  "4M, a pool up to 16777208 blocks, any object up to 64G; alignments are\n"
	  "powers of two up to 4096, modes within 0666. Names are up to 63 characters\n"
	  "of printable ASCII without spaces, '/' and '\\', and do not begin with '.'\n"
	  "or '-'." },
	{ "set", set_main, "NAME", 1, 1, set_options,
	  "Change an object",
	  "All that is asked for, or nothing. A quota is that of programs that open the\n"
	  "object from then on." },
	{ "reset-stats", reset_stats_main, "NAME", 1, 1, NULL,
	  "Count from 0 on, and find new peaks", NULL },
	{ "destroy", destroy_main, "NAME...", 1, MANY, NULL,
	  "Delete named objects; stops at the first refusal",
	  "Blocks that are kept are freed at once. What programs hold stays until they\n"
	  "free it or end." },
	{ "alloc", alloc_main, "NAME", 1, 1, alloc_options,
	  "Allocate blocks of a pool or bytes of an arena",
	  "The object keeps what is allocated when the command has ended, until\n"
	  "'poolctl free' or 'poolctl reset'. Prints the handles of the blocks as\n"
	  "INDEX.GENERATION, one per line, or the offset in the arena." },
	{ "free", free_main, "NAME HANDLE...", 2, MANY, NULL,
	  "Free blocks of a pool; stops at the first refusal", NULL },
	{ "reset", reset_main, "ARENA", 1, 1, NULL,
	  "Free all that was allocated from an arena", NULL },
	{ "bench", bench_main, "", 0, 0, bench_options,
	  "Measure the allocators against those of the kernel",
	  "Needs the module mempool_demo_bench. The figures are nanoseconds, or\n"
	  "instructions where POOLCTL_INSTRUMENT=instructions says that the clock\n"
	  "counts them (QEMU with -icount)." },
	{ "metrics", metrics_main, "", 0, 0, metrics_options,
	  "Show all counters for Prometheus",
	  "What the textfile collector of node_exporter reads:\n"
	  "  poolctl metrics > mempool_demo.prom.new &&\n"
	  "  mv mempool_demo.prom.new /var/lib/prometheus/node-exporter/mempool_demo.prom" },
	{ "doctor", doctor_main, "", 0, 0, NULL,
	  "Look for what stands in the way, and say what to do",
	  "Changes nothing. Exit status 0 where the module can be used, else 3." },
	{ "help", help_main, "[COMMAND]", 0, 1, NULL,
	  "Show this help, or that of a command", NULL },
	{ "version", version_main, "", 0, 0, NULL, "Show the version", NULL },
	{ 0 },
};

static int run(const struct command *command, int argc, char **argv)
{
	if (argc < command->least)
		return usage_error("too few arguments; it takes %s",
				   command->arguments);
	if (argc > command->most)
		return usage_error("unexpected argument '%s'; it takes %s",
				   argv[command->most],
				   *command->arguments ? command->arguments :
							 "no arguments");
	return command->run(argc, argv);
}

static int dispatch(int argc, char **argv)
{
	const char *word = argc ? argv[0] : "list";
	const struct command *command = find_command(word);
	int first = 0;

	/* Options first: they say how to report what else is wrong. */
	if (argc) {
		options.command = command ? command->word : NULL;
		first = options_of_command(command, argc, argv);
	}

	if (!command)
		return unknown_command(word);
	if (options_complaint())
		return usage_error("%s", options_complaint());
	if (options.help)
		return argc ? help_command(command) : help_overview();
	if (options.version)
		return version_main(0, NULL);
	options.command = command->word;
	return run(command, argc - first, argv + first);
}

int main(int argc, char **argv)
{
	int first, status, flushed;

	/* A reader that is gone shall be an error like any other: 'alloc' has
	 * to take its blocks back then.
	 */
	signal(SIGPIPE, SIG_IGN);

	options_init();
	first = options_before_command(argc, argv);
	if (first > argc)
		first = argc;
	status = dispatch(argc - first, argv + first);
	flushed = flush_stdout();
	return status ? status : flushed;
}
