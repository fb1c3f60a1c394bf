// SPDX-License-Identifier: GPL-2.0
/*
 * How a row is measured, and which rows there are.
 *
 * The clock is read around a whole round, or around parts of it that are much
 * longer than that takes; a suite that cannot do so has an empty row that pays
 * for the clock as well. A row is one round to warm up (caches, slabs, branch
 * prediction) and BENCH_ROUNDS that count. Between rounds the thread yields and
 * looks whether it shall stop; within a round it does neither, but it can be
 * preempted and interrupted as any thread: the minimum is the round that was
 * disturbed least.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>

#include "measure.h"

static const struct bench_suite *const suites[] = {
	&bench_classic,
	&bench_bullets,
	&bench_remote,
};

static bool row_is_measured(const struct bench_kind *kind, unsigned int batch)
{
	return kind->round && (batch > 1 || !kind->bulk);
}

static bool suite_is_measured(const struct bench_suite *suite, u32 wanted,
			      unsigned int cpus)
{
	return (!wanted || wanted == suite->id) && suite->cpus <= cpus;
}

/* Append the rows of a suite, or only count them where @rows is NULL. */
static unsigned int suite_rows(const struct bench_suite *suite,
			       struct bench_row *rows)
{
	const struct bench_kind *const *kind;
	const unsigned int *batch;
	unsigned int nr = 0;

	for (batch = suite->batches; *batch; batch++) {
		for (kind = suite->kinds; *kind; kind++) {
			if (!row_is_measured(*kind, *batch))
				continue;
			if (rows)
				rows[nr] = (struct bench_row) {
					.suite = suite,
					.kind = *kind,
					.batch = *batch,
				};
			nr++;
		}
	}
	return nr;
}

/**
 * bench_rows_create() - make a table of rows to be measured
 * @suite: the suite they are of, or 0 for all suites
 * @nr: where their number is put
 *
 * Context: Task context, may sleep.
 * Return: the table, which the caller gives to kfree(), or NULL.
 */
struct bench_row *bench_rows_create(u32 suite, unsigned int *nr)
{
	/* Once: the table must not grow after it was allocated. */
	unsigned int cpus = num_online_cpus();
	struct bench_row *rows;
	unsigned int total = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suite_is_measured(suites[i], suite, cpus))
			total += suite_rows(suites[i], NULL);

	rows = kcalloc(total, sizeof(*rows), GFP_KERNEL);
	if (!rows)
		return NULL;

	*nr = 0;
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suite_is_measured(suites[i], suite, cpus))
			*nr += suite_rows(suites[i], rows + *nr);
	return rows;
}

static int compare_ns(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int measure_round(const struct bench_kind *kind, struct bench_run *run)
{
	int ret;

	run->ns = 0;
	ret = kind->round(run);
	if (ret)
		return ret;

	/*
	 * A thread whose CPU goes offline is moved to another one and stays
	 * there. What it measures then is not what was asked for.
	 */
	return raw_smp_processor_id() == run->cpu ? 0 : -ENODEV;
}

static int measure_rounds(const struct bench_kind *kind, struct bench_run *run,
			  bool (*must_stop)(void), struct bench_result *result)
{
	u64 ns[1 + BENCH_ROUNDS];
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(ns); i++) {
		cond_resched();
		if (must_stop())
			return -ECANCELED;
		ret = measure_round(kind, run);
		if (ret)
			return ret;
		ns[i] = run->ns;
	}

	/* ns[0] is the round to warm up. */
	sort(ns + 1, BENCH_ROUNDS, sizeof(*ns), compare_ns, NULL);
	result->min = ns[1];
	/* A round there was: of an even number the slower of the two. */
	result->median = ns[1 + BENCH_ROUNDS / 2];
	return 0;
}

/**
 * bench_row_measure() - measure a row
 * @row: the row; its result is not changed
 * @cpu: the CPU that the caller is bound to
 * @must_stop: whether to give up; asked before each round
 * @result: where the result is put
 *
 * Context: A kthread bound to @cpu.
 * Return: 0; -ECANCELED where @must_stop said so, -ENODEV where the caller does
 * not run on @cpu any more, or the error of the allocator.
 */
int bench_row_measure(const struct bench_row *row, unsigned int cpu,
		      bool (*must_stop)(void), struct bench_result *result)
{
	const struct bench_kind *kind = row->kind;
	struct bench_run run = {
		.batch = row->batch,
		.cpu = cpu,
	};
	int ret;

	run.slots = kcalloc(BENCH_SLOTS, sizeof(*run.slots), GFP_KERNEL);
	if (!run.slots)
		return -ENOMEM;
	if (kind->create) {
		run.handle = kind->create();
		if (IS_ERR(run.handle)) {
			ret = PTR_ERR(run.handle);
			goto free_slots;
		}
	}

	ret = measure_rounds(kind, &run, must_stop, result);

	if (kind->destroy)
		kind->destroy(run.handle);
free_slots:
	kfree(run.slots);
	return ret;
}

/**
 * bench_cache_create() - make a slab cache to be compared with a pool
 * @name: its name
 * @size: bytes of an object
 *
 * The cache gets the alignment that the pool has, of 8 bytes, and shall not be
 * merged with a cache that others use at the same time. Where SLAB_NO_MERGE is
 * not there yet, that it permits copies of whole objects to user space keeps it
 * apart; no row makes any, and neither changes the path of an allocation.
 *
 * Context: Task context, may sleep.
 * Return: the cache, or an ERR_PTR().
 */
struct kmem_cache *bench_cache_create(const char *name, unsigned int size)
{
	struct kmem_cache *cache;

	cache = kmem_cache_create_usercopy(name, size, sizeof(u64),
					   SLAB_NO_MERGE, 0, size, NULL);
	return cache ?: ERR_PTR(-ENOMEM);
}
