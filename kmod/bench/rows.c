// SPDX-License-Identifier: GPL-2.0
/*
 * Which suites there are, what can be asked of them, and which rows that gives.
 */

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <mempool_demo/heap.h>

#include "measure.h"

/* The most objects outstanding of a step in an interrupt. */
#define IRQ_OUTSTANDING_MAX	1024
/* The most bytes that objects outstanding may have, of all CPUs together. */
#define BYTES_MAX		SZ_128M

static const struct bench_suite *const suites[] = {
	&bench_micro,
	&bench_bullets,
	&bench_remote,
	&bench_http,
	&bench_connections,
	&bench_chat,
	&bench_sizes,
	&bench_percpu,
};

static const struct bench_suite *find_suite(u32 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i]->id == id)
			return suites[i];
	return NULL;
}

/**
 * struct refusal - where a check says what is wrong
 * @attr: the attribute of it, of enum mpdemo_bench_attr
 * @why: a text
 */
struct refusal {
	u32 *attr;
	const char **why;
};

static int refuse(const struct refusal *refusal, u32 attr, const char *why,
		  int err)
{
	*refusal->attr = attr;
	*refusal->why = why;
	return err;
}

static int check_objects(const struct bench_suite *suite,
			 const struct bench_params *params,
			 const struct refusal *refusal)
{
	if (params->size && !suite->sized)
		return refuse(refusal, MPDEMO_BENCH_A_OBJECT_SIZE,
			      "the objects of this suite have their own sizes",
			      -EOPNOTSUPP);
	if (params->sizes == MPDEMO_BENCH_SIZES_RANDOM && !suite->sized)
		return refuse(refusal, MPDEMO_BENCH_A_SIZES,
			      "the objects of this suite have their own sizes",
			      -EOPNOTSUPP);
	if (params->outstanding && !suite->batch_max)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "this suite has its own number outstanding",
			      -EOPNOTSUPP);
	if (params->outstanding > BENCH_OUTSTANDING_MAX)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "no more than 32768 outstanding", -ERANGE);
	if (params->outstanding > suite->batch_max)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "the suite has room for no more than 1000 outstanding",
			      -ERANGE);
	if (params->context != MPDEMO_BENCH_CONTEXT_TASK &&
	    params->outstanding > IRQ_OUTSTANDING_MAX)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "in interrupts no more than 1024 outstanding",
			      -ERANGE);
	return 0;
}

static unsigned int cpus_of(const struct bench_suite *suite,
			    const struct bench_params *params,
			    unsigned int online)
{
	if (params->cpus)
		return params->cpus;
	return suite->everywhere ? online : 1;
}

/*
 * What the largest of the rows has at once: a heap, which has a block of each of its
 * classes for each object, and pages where an object may be larger.
 */
static u64 most_bytes(const struct bench_suite *suite,
		      const struct bench_params *params, unsigned int cpus)
{
	size_t size = params->size ?: suite->size;
	u64 objects = max_t(u64, params->outstanding, BENCH_POOL_BLOCKS);
	u64 each = 2 * MPDEMO_HEAP_SMALL_MAX;

	if (size > MPDEMO_HEAP_SMALL_MAX)
		each += PAGE_ALIGN(size);
	return objects * each * cpus;
}

/*
 * Where a number can be asked for. Pools have all of it at once, and what a thread of
 * the kernel asks slab for may cost a program its life when there is too little.
 */
static int check_bytes(const struct bench_suite *suite,
		       const struct bench_params *params,
		       const struct refusal *refusal)
{
	unsigned int cpus = cpus_of(suite, params, num_online_cpus());
	u64 bytes = (u64)params->outstanding * (params->size ?: suite->size);
	u64 quarter = ((u64)totalram_pages() << PAGE_SHIFT) / 4;

	if (!suite->batch_max)
		return 0;
	if (bytes * cpus > BYTES_MAX)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "all CPUs together no more than 128 MiB outstanding",
			      -ERANGE);
	if (most_bytes(suite, params, cpus) > quarter)
		return refuse(refusal, MPDEMO_BENCH_A_BATCH,
			      "no more outstanding than a quarter of the memory there is",
			      -ERANGE);
	return 0;
}

static int check_place(const struct bench_suite *suite,
		       const struct bench_params *params,
		       const struct refusal *refusal)
{
	unsigned int online = num_online_cpus();

	if (!(suite->contexts & BIT(params->context)))
		return refuse(refusal, MPDEMO_BENCH_A_CONTEXT,
			      "this suite does not run in this context",
			      -EOPNOTSUPP);
	if (params->cpus > 1 && suite->cpus > 1)
		return refuse(refusal, MPDEMO_BENCH_A_CPUS,
			      "this suite has its own number of CPUs",
			      -EOPNOTSUPP);
	if (params->cpus > online)
		return refuse(refusal, MPDEMO_BENCH_A_CPUS,
			      "fewer CPUs are online", -ERANGE);
	if (suite->cpus > online)
		return refuse(refusal, MPDEMO_BENCH_A_SUITE,
			      "the suite needs more CPUs than are online",
			      -EOPNOTSUPP);
	return 0;
}

/**
 * bench_params_check() - see whether what is asked for can be measured
 * @params: what is asked for; each by itself is within the limits of the netlink policy
 * @attr: where the attribute of what is wrong is put
 * @why: where a text about that is put
 *
 * Context: Any.
 * Return: 0; -EINVAL where a suite is missing, -EOPNOTSUPP where the suite cannot do
 * it, -ERANGE for too much of it.
 */
int bench_params_check(const struct bench_params *params, u32 *attr,
		       const char **why)
{
	const struct refusal refusal = { .attr = attr, .why = why };
	const struct bench_suite *suite = find_suite(params->suite);
	int ret;

	if (!suite) {
		if (params->size || params->outstanding || params->cpus ||
		    params->sizes != MPDEMO_BENCH_SIZES_CONSTANT ||
		    params->context != MPDEMO_BENCH_CONTEXT_TASK)
			return refuse(&refusal, MPDEMO_BENCH_A_SUITE,
				      "parameters are those of a suite, which is missing",
				      -EINVAL);
		return 0;
	}
	ret = check_objects(suite, params, &refusal);
	ret = ret ?: check_place(suite, params, &refusal);
	return ret ?: check_bytes(suite, params, &refusal);
}

static bool row_is_measured(const struct bench_allocator *allocator,
			    unsigned int batch,
			    const struct bench_params *params)
{
	return !allocator->absent && (batch > 1 || !allocator->bulk) &&
	       allocator->contexts & BIT(params->context);
}

/* Where it is all suites, those that need more CPUs are left out without a word. */
static bool suite_is_measured(const struct bench_suite *suite,
			      const struct bench_params *params,
			      unsigned int online)
{
	return (!params->suite || params->suite == suite->id) &&
	       suite->cpus <= online;
}

static unsigned int steps_of(const struct bench_suite *suite,
			     const struct bench_params *params,
			     unsigned int batch)
{
	unsigned int steps = suite->steps(batch);

	if (!params->operations)
		return steps;
	return clamp(div_u64(params->operations, suite->operations(batch)),
		     1ULL, steps);
}

static unsigned int rows_of_batch(const struct bench_suite *suite,
				  const struct bench_params *params,
				  unsigned int batch, unsigned int cpus,
				  struct bench_row *rows)
{
	const struct bench_kind *kind;
	unsigned int nr = 0;

	for (kind = suite->kinds; kind->allocator; kind++) {
		if (!row_is_measured(kind->allocator, batch, params))
			continue;
		if (rows)
			rows[nr] = (struct bench_row) {
				.suite = suite,
				.kind = kind,
				.batch = batch,
				.size = params->size ?: suite->size,
				.steps = steps_of(suite, params, batch),
				.cpus = cpus,
			};
		nr++;
	}
	return nr;
}

/* Append the rows of a suite, or only count them where @rows is NULL. */
static unsigned int rows_of_suite(const struct bench_suite *suite,
				  const struct bench_params *params,
				  unsigned int online, struct bench_row *rows)
{
	unsigned int cpus = cpus_of(suite, params, online);
	const unsigned int *batch;
	unsigned int nr = 0;

	if (params->outstanding)
		return rows_of_batch(suite, params, params->outstanding, cpus,
				     rows);
	for (batch = suite->batches; *batch; batch++)
		nr += rows_of_batch(suite, params, *batch, cpus,
				    rows ? rows + nr : NULL);
	return nr;
}

/**
 * bench_rows_create() - make a table of rows to be measured
 * @params: what they are of, as checked
 * @nr: where their number is put
 *
 * Context: Task context, may sleep.
 * Return: the table, which the caller gives to bench_rows_destroy(), or NULL.
 */
struct bench_row *bench_rows_create(const struct bench_params *params,
				    unsigned int *nr)
{
	/* Once: the table must not grow after it was allocated. */
	unsigned int online = num_online_cpus();
	struct bench_row *rows;
	unsigned int total = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suite_is_measured(suites[i], params, online))
			total += rows_of_suite(suites[i], params, online, NULL);

	rows = kcalloc(total, sizeof(*rows), GFP_KERNEL);
	if (!rows)
		return NULL;

	*nr = 0;
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suite_is_measured(suites[i], params, online))
			*nr += rows_of_suite(suites[i], params, online,
					     rows + *nr);
	return rows;
}

/**
 * bench_rows_destroy() - free a table of rows, and their results
 * @rows: the table; NULL is fine
 * @nr: how many of them there are
 *
 * Context: Task context, may sleep.
 */
void bench_rows_destroy(struct bench_row *rows, unsigned int nr)
{
	unsigned int i;

	for (i = 0; rows && i < nr; i++)
		kvfree(rows[i].result.calls);
	kfree(rows);
}
