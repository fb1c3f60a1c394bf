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
	{ "list", list_main, "", 0, 0, NULL,
	  "Show all objects; also without a command", NULL },
	{ "stats", stats_main, "[NAME]", 0, 1, NULL,
	  "Show all counters, of one object or of all",
	  "  in-use      blocks that are not free; arena: bytes\n"
	  "  peak        the most that were in use\n"
	  "  allocs      blocks or pieces allocated so far\n"
	  "  frees       blocks freed so far; arena: resets\n"
	  "  failures    allocations that failed for want of room\n"
	  "  refused     frees that were refused, as of a block that is free\n"
	  "  kept        blocks that the pool itself holds, as 'poolctl alloc' leaves them\n"
	  "  reclaimed   blocks taken back from programs that ended with them\n"
	  "  corrupted   free blocks that were found written to, where poison is 1\n"
	  "  present     blocks that a pool that grows has now, of max-blocks\n"
	  "  quota       blocks that a program may hold; 0: any number\n"
	  "  reserved    blocks set aside for programs that wait for several at once\n"
	  "  waiters     programs that wait for blocks now\n"
	  "  low high    watermarks, by which a pool has its level\n"
	  "  footprint   bytes of memory in all, metadata included\n"
	  "  stride      bytes from one block to the next\n"
	  "  dying       deleted, and gone with its last open file" },
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
	{ "bench", bench_main, "[SUITE]", 0, 1, bench_options,
	  "Measure the allocators against those of the kernel",
	  "  micro        objects of 64 bytes, in batches of 1, 32 and 100\n"
	  "  bullets      a game that creates and destroys 100 bullets a frame\n"
	  "  remote       objects that are freed on another CPU\n"
	  "  http         what a server allocates for a request\n"
	  "  connections  a connection manager, on all CPUs\n"
	  "  chat         messages for a room that is full now and then\n"
	  "  sizes        objects of any size\n"
	  "  percpu       all CPUs by themselves, at the same time\n"
	  "\n"
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
