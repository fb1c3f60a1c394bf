// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl: create, use, look at and measure the objects of mempool_demo.
 *
 * main() takes the options, finds the command in the table below and hands it
 * the rest. Commands ask the backends netlink.c and device.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

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
	  "Those of one object, one in a line, unless columns are asked for.\n"
	  "\n"
	  "With --interval, as vmstat: allocations, frees and failures per second. First\n"
	  "since the object was created or since 'poolctl reset-stats', and then since the\n"
	  "lines before. --json prints one document in a line each time." },
	{ "show", show_main, "NAME...", 1, MANY, show_options,
	  "Show all about objects, for people", NULL },
	{ "top", top_main, "", 0, 0, top_options,
	  "Watch all objects on the terminal, with rates",
	  "Keys: q quits, SPACE reads again, Enter shows the map of the selected object,\n"
	  "h shows all others. A name that has no room ends with a +. A narrow terminal has\n"
	  "fewer columns.\n"
	  "\n"
	  "Orders:\n"
	  "  use         key u: in percent (at the beginning)\n"
	  "  in-use      key a\n"
	  "  capacity    key o\n"
	  "  size        key s: of a block\n"
	  "  memory      key c\n"
	  "  name        key n: from A on\n"
	  "  allocs      key r: per second\n"
	  "  failures    key f: per second\n"
	  "  id          key i: from the first on" },
	{ "holders", holders_main, "NAME", 1, 1, holders_options,
	  "Show who holds blocks of an object",
	  "One open file in a line, in the order in which they were opened; the object\n"
	  "itself is \"kept\". PID and COMM are those of who opened the file, and are told\n"
	  "to the owner of the object and to root; PID! has ended. HELD is how many blocks\n"
	  "it holds, OPEN since when it is open: so long it holds them at most. JSON and\n"
	  "--bytes have it in nanoseconds.\n"
	  "\n"
	  "With --kernel, one block in a line, those that are held for longest first, with\n"
	  "the code that has allocated it. It is known of a pool that is tracked." },
	{ "map", map_main, "NAME", 1, 1, map_options,
	  "Show what is with each block of an object",
	  "A letter for each block, in rows that begin with the number of their first one:\n"
	  "  .  free\n"
	  "  h  held by a program\n"
	  "  k  kept by the object\n"
	  "  m  in a magazine, or granted to somebody who waits\n"
	  "  r  reserved\n"
	  "  +  changing hands\n"
	  "  -  not there: the pool has not grown so far\n"
	  "A large object has several blocks in a cell; where they are not all in one state\n"
	  "it is a digit, how many tenths are in use. Of a heap each size is shown on its\n"
	  "own. Of an arena h is what is in use, and p what was at the peak. --json has a\n"
	  "letter for each block always." },
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
	  "Allocate blocks, or bytes of an arena or a heap",
	  "The object keeps what is allocated when the command has ended, until\n"
	  "'poolctl free' or 'poolctl reset'; with --hold the batch holds it instead, or\n"
	  "what 'poolctl exec' runs. Prints handles as INDEX.GENERATION, one per line, or\n"
	  "the offset in the arena." },
	{ "free", free_main, "NAME HANDLE...", 2, MANY, NULL,
	  "Free blocks of a pool or a heap", "Stops at the first refusal." },
	{ "keep", keep_main, "NAME HANDLE...", 2, MANY, NULL,
	  "Give blocks that a batch holds to the object",
	  "In a batch, or in what 'poolctl exec' runs. Stops at the first refusal." },
	{ "take", take_main, "NAME HANDLE...", 2, MANY, NULL,
	  "Take blocks that the object keeps, to hold them",
	  "In a batch until it ends, or in what 'poolctl exec' runs until that ends.\n"
	  "Stops at the first refusal." },
	{ "read", read_main, "NAME HANDLE", 2, 2, read_options,
	  "Write the bytes of a block to stdout",
	  "The block is kept, or held by the batch. It is taken for a moment, in which\n"
	  "nobody else gets it; if poolctl is killed just then, by SIGKILL, the block is\n"
	  "freed." },
	{ "write", write_main, "NAME HANDLE [TEXT]", 2, 3, write_options,
	  "Write TEXT, or what is on stdin, to a block",
	  "All of it or nothing. As 'poolctl read', and where the handle is not good any\n"
	  "more nothing is written." },
	{ "exec", exec_main, "NAME -- PROGRAM...", 2, MANY, exec_options,
	  "Run a command that has the object open",
	  "  poolctl exec bullets -N 2 -- ./game --fast\n"
	  "\n"
	  "What the open file holds goes back when the command ends, in whatever way, and\n"
	  "what it has started in the background. To the command it is the descriptor\n"
	  "$MPDEMO_FD, and $MPDEMO_HANDLES has the handles of the N blocks, with spaces\n"
	  "between them. poolctl uses it too: there 'alloc --hold' and 'take' hold blocks\n"
	  "until the command ends, and 'keep' gives them to the pool. Exits as the command\n"
	  "does; 126 where it cannot be run, 127 where it is not found. All that stands\n"
	  "behind PROGRAM belongs to it, also without the --." },
	{ "reset", reset_main, "ARENA", 1, 1, NULL,
	  "Free all that was allocated from an arena", NULL },
	{ "bench", bench_main, "[SUITE|FILE]", 0, 1, bench_options,
	  "Measure the allocators against those of the kernel",
	  "Suites:\n"
	  "  micro        objects of 64 bytes, in batches of 1, 32 and 100\n"
	  "  bullets      a game that creates and destroys 100 bullets a frame\n"
	  "  remote       objects that are freed on another CPU\n"
	  "  http         what a server allocates for a request\n"
	  "  connections  a connection manager, on all CPUs\n"
	  "  chat         messages for a room that is full now and then\n"
	  "  sizes        objects of any size\n"
	  "  percpu       all CPUs by themselves, at the same time\n"
	  "\n"
	  "Without SUITE it is all of them. connections and percpu use all CPUs, unless\n"
	  "--cpus says how many, remote uses two, and the others one.\n"
	  "\n"
	  "Needs the module: 'modprobe mempool_demo_bench' as root. The figures are\n"
	  "nanoseconds, or instructions where POOLCTL_INSTRUMENT=instructions says that\n"
	  "the clock counts them (QEMU with -icount).\n"
	  "\n"
	  "What was saved is compared and shown without measuring anything:\n"
	  "  poolctl bench after.json --compare before.json --fail-above 5%\n"
	  "  poolctl bench saved.json --report page.html\n"
	  "Exit status 5 if a row is above the limit, or none could be compared." },
	{ "metrics", metrics_main, "", 0, 0, metrics_options,
	  "Show all counters for Prometheus",
	  "What the textfile collector of node_exporter reads:\n"
	  "  poolctl metrics > mempool_demo.prom.new &&\n"
	  "  mv mempool_demo.prom.new /var/lib/prometheus/node-exporter/mempool_demo.prom" },
	{ "verify", verify_main, "NAME", 1, 1, verify_options,
	  "Look for what was written to where it should not",
	  "What the kernel has found in blocks of a pool that were free, which it looks for\n"
	  "when they are allocated, where poison is on; and whether the numbers of the\n"
	  "object can be true. Exit status 5 if something is damaged.\n"
	  "\n"
	  "With --all the free blocks are allocated, for the kernel to look at them, and\n"
	  "freed: for a moment nobody else finds one. allocs, frees and the peak grow." },
	{ "batch", batch_main, "[FILE]", 0, 1, batch_options,
	  "Run the commands in a file, or those on stdin",
	  "One in a line, as behind 'poolctl'; words in quotes, comments and blank lines\n"
	  "as in a shell, where nothing is expanded and no line goes on in the next one.\n"
	  "Stops at the first that fails, and exits as that did. There is one open file\n"
	  "of each object for all of them, so blocks can be held:\n"
	  "  alloc bullets --hold     until the end of the batch, or 'keep'\n"
	  "With --json there is a document of one line for each command that has an\n"
	  "answer, with the number of its \"line\"." },
	{ "doctor", doctor_main, "", 0, 0, NULL,
	  "Look for what stands in the way, and say what to do",
	  "Changes nothing. Exit status 0 where the module can be used, else 3." },
	{ "report", report_main, "", 0, 0, NULL,
	  "Show what a report of a bug needs",
	  "Versions, the machine, what 'poolctl doctor' says, all objects, and what the\n"
	  "module has said in the kernel's log: for everybody to see, as there are no\n"
	  "addresses in it, no contents of blocks, and no name of the machine. Root sees\n"
	  "more than others." },
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
	const char *word = argc ? argv[0] : options.batch ? "batch" : "list";
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
	if (options.batch && argc)
		return usage_error("-b is in place of a command");
	if (options.force && command->run != batch_main)
		return usage_error("-f is for batches");
	return run(command, argc - first, argv + first);
}

/* The command of the line before may have had options. */
static void forget_options(void)
{
	for (const struct command *c = commands; c->word; c++) {
		const struct command_option *option = c->options;

		for (; option && option->name; option++)
			*option->value = NULL;
	}
}

int command_line(int argc, char **argv)
{
	int first, status, flushed;

	forget_options();
	first = options_before_command(argc, argv);
	if (first > argc)
		first = argc;
	status = dispatch(argc - first, argv + first);
	flushed = flush_stdout();
	return status ? status : flushed;
}

/*
 * Where a standard stream is closed, what is opened first would get its number:
 * an object, and answers would be written into that. What takes its place here
 * refuses to be used with EBADF, as a closed one does.
 */
static void occupy_standard_streams(void)
{
	static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless[fd]) != fd)
			exit(STATUS_REFUSED);
	}
}

int main(int argc, char **argv)
{
	occupy_standard_streams();

	/* A reader that is gone shall be an error like any other: 'alloc' has
	 * to take its blocks back then.
	 */
	signal(SIGPIPE, SIG_IGN);

	options_init();
	return command_line(argc, argv);
}
