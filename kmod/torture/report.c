// SPDX-License-Identifier: GPL-2.0
/*
 * What came of a run: the checks that failed, and what was counted. As lines of a
 * file for programs, and as one line of the kernel log.
 *
 * A check may fail in an NMI. So it is taken down in a table, without a lock, and
 * printed later; the first ones tell enough, as the run ends with them.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "rig.h"
#include "run.h"

#define MAX_FAILURES	8

/* The most that printk() takes in one line, less what it puts in front. */
#define LOG_LINE	900

static const char * const count_names[RIG_NR_COUNTS] = {
	[RIG_ALLOCS] = "allocs",
	[RIG_BULK_ALLOCS] = "bulk-allocs",
	[RIG_BLOCKS] = "blocks",
	[RIG_FREES] = "frees",
	[RIG_BULK_FREES] = "bulk-frees",
	[RIG_FOREIGN] = "foreign",
	[RIG_MARKS] = "marks",
	[RIG_ROLLBACKS] = "rollbacks",
	[RIG_RESETS] = "resets",
	[RIG_SECTIONS] = "sections",
	[RIG_NESTED] = "nested",
	[RIG_FULL] = "full",
	[RIG_FILLS] = "fills",
	[RIG_CONTENDED] = "contended",
	[RIG_WAITS] = "waits",
	[RIG_RESERVATIONS] = "reservations",
	[RIG_TIMEOUTS] = "timeouts",
	[RIG_INTERRUPTED] = "interrupted",
	[RIG_SENT_AWAY] = "sent-away",
	[RIG_SIGNALS] = "signals",
	[RIG_ROUNDS] = "rounds",
	[RIG_LIVES] = "lives",
	[RIG_SHRUNK] = "shrunk",
};

static const char * const verdict_names[] = {
	[RUN_NONE] = "none",
	[RUN_RUNNING] = "running",
	[RUN_PASSED] = "passed",
	[RUN_FAILED] = "failed",
	[RUN_STOPPED] = "stopped",
	[RUN_ERROR] = "error",
};

struct failure {
	bool ready;
	bool of_owners;
	const char *what;
	u64 where;
	u64 values[2];
};

static struct failure failures[MAX_FAILURES];
static atomic_t nr_failures;

/* Protects the description. */
static DEFINE_MUTEX(description_lock);
static char description[120];

/* Ahead of a run: nobody makes steps. */
void report_clear(void)
{
	struct rig_actor *actor;
	unsigned int i, k;

	for (i = 0; i < MAX_FAILURES; i++)
		WRITE_ONCE(failures[i].ready, false);
	atomic_set(&nr_failures, 0);
	rig_for_each_actor(actor, i)
		for (k = 0; k < RIG_NR_COUNTS; k++)
			WRITE_ONCE(actor->counts[k], 0);
	rig_describe("-");
}

/**
 * rig_describe() - tell in a few words what the objects of a run are
 * @format: as of printf()
 *
 * Context: Task context, may sleep.
 */
void rig_describe(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	mutex_lock(&description_lock);
	vscnprintf(description, sizeof(description), format, arguments);
	mutex_unlock(&description_lock);
	va_end(arguments);
}

/* Whether a check has failed. */
bool rig_failed(void)
{
	return atomic_read(&nr_failures);
}

static void take_down(bool of_owners, const char *what, u64 where, u64 first,
		      u64 second)
{
	int i = atomic_fetch_inc(&nr_failures);

	if (i >= MAX_FAILURES)
		return;
	failures[i].of_owners = of_owners;
	failures[i].what = what;
	failures[i].where = where;
	failures[i].values[0] = first;
	failures[i].values[1] = second;
	/* Pairs with the one in print_failure(). */
	smp_store_release(&failures[i].ready, true);
}

/**
 * rig_fail_owner() - something belongs to one owner, and shows another one
 * @what: what it is, a constant text that its number will follow
 * @where: its number
 * @owner: stamp of the owner
 * @other: stamp of the other one, or what was found in its place
 *
 * The run ends soon after.
 *
 * Context: Any.
 */
void rig_fail_owner(const char *what, u64 where, u64 owner, u64 other)
{
	take_down(true, what, where, owner, other);
}

/**
 * rig_fail_value() - a number is not what it should be
 * @what: which one, a constant text
 * @want: what it should be, or a limit that the text tells
 * @got: what it is
 *
 * The run ends soon after.
 *
 * Context: Any.
 */
void rig_fail_value(const char *what, u64 want, u64 got)
{
	take_down(false, what, 0, want, got);
}

/* Return: whether there is one of that number. */
static bool print_failure(char *buffer, size_t size, unsigned int i)
{
	const struct failure *failure = &failures[i];
	size_t length;

	/* Pairs with the one in take_down(). */
	if (!smp_load_acquire(&failure->ready))
		return false;
	if (!failure->of_owners) {
		scnprintf(buffer, size, "%s: should be %llu, is %llu",
			  failure->what, failure->values[0],
			  failure->values[1]);
		return true;
	}
	length = scnprintf(buffer, size, "%s %llu: ", failure->what,
			   failure->where);
	length += rig_stamp_print(buffer + length, size - length,
				  failure->values[0]);
	length += scnprintf(buffer + length, size - length, " and ");
	rig_stamp_print(buffer + length, size - length, failure->values[1]);
	return true;
}

/* What all actors of a context have counted. */
static u64 sum_of(enum rig_context context, enum rig_count what)
{
	unsigned int number;
	u64 sum = 0;

	for (number = 0; number < nr_cpu_ids; number++)
		sum += READ_ONCE(rig_actor(context, number)->counts[what]);
	return sum;
}

/**
 * rig_sum() - what all actors have counted together
 * @what: of which kind
 *
 * Context: Any.
 * Return: the sum, exact where nobody makes steps.
 */
u64 rig_sum(enum rig_count what)
{
	u64 sum = 0;
	int context;

	for (context = 0; context < RIG_NR_CONTEXTS; context++)
		sum += sum_of(context, what);
	return sum;
}

/* "task: allocs 7 frees 5", or nothing for a context that has done nothing. */
static size_t print_counts(char *buffer, size_t size, int context)
{
	size_t length = 0;
	int i;

	for (i = 0; i < RIG_NR_COUNTS; i++) {
		u64 sum = sum_of(context, i);

		if (!sum)
			continue;
		if (!length)
			length = scnprintf(buffer, size, "%s:",
					   rig_context_name(context));
		length += scnprintf(buffer + length, size - length, " %s %llu",
				    count_names[i], sum);
	}
	return length;
}

/**
 * report_log() - write a finished run to the kernel log
 * @status: of the run
 *
 * Context: Task context, may sleep.
 */
void report_log(const struct run_status *status)
{
	char *line = kmalloc(LOG_LINE, GFP_KERNEL);
	size_t length;
	int i;

	if (!line)
		return;
	for (i = 0; i < MAX_FAILURES; i++)
		if (print_failure(line, LOG_LINE, i))
			pr_err("%s: %s\n", status->workload->name, line);

	length = scnprintf(line, LOG_LINE, "%s: %s, seed %u, %u ms",
			   status->workload->name,
			   verdict_names[status->verdict],
			   status->settings.seed, status->msecs);
	for (i = 0; i < RIG_NR_CONTEXTS; i++) {
		size_t mark = length;

		length += scnprintf(line + length, LOG_LINE - length, "; ");
		length += print_counts(line + length, LOG_LINE - length, i);
		if (length == mark + 2)
			length = mark;
	}
	pr_info("%.*s\n", (int)length, line);
	kfree(line);
}

/**
 * report_show() - write a run to a file, be it finished or under way
 * @m: the file
 * @status: of the run
 *
 * Context: Task context, may sleep.
 */
void report_show(struct seq_file *m, const struct run_status *status)
{
	char line[400];
	int i;

	seq_printf(m, "verdict %s\n", verdict_names[status->verdict]);
	if (status->verdict == RUN_NONE)
		return;
	seq_printf(m, "workload %s\n", status->workload->name);
	mutex_lock(&description_lock);
	seq_printf(m, "objects %s\n", description);
	mutex_unlock(&description_lock);
	seq_printf(m, "seed %u\n", status->settings.seed);
	seq_printf(m, "msecs %u\n", status->msecs);
	if (status->error)
		seq_printf(m, "errno %d\n", status->error);
	for (i = 0; i < RIG_NR_CONTEXTS; i++)
		if (print_counts(line, sizeof(line), i))
			seq_printf(m, "%s\n", line);
	for (i = 0; i < MAX_FAILURES; i++)
		if (print_failure(line, sizeof(line), i))
			seq_printf(m, "failure: %s\n", line);
	if (atomic_read(&nr_failures) > MAX_FAILURES)
		seq_printf(m, "more-failures %u\n",
			   atomic_read(&nr_failures) - MAX_FAILURES);
}
