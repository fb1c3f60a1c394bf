/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Suites, what they measure, and how a row is measured: see measure.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_MEASURE_H
#define _MEMPOOL_DEMO_BENCH_MEASURE_H

#include <linux/ktime.h>
#include <linux/types.h>

#include <uapi/linux/mempool_demo_bench.h>

struct kmem_cache;

/* Rounds that count; one more comes before them to warm up. */
#define BENCH_ROUNDS		10
/* Pointers that a round may use to remember what it allocated. */
#define BENCH_SLOTS		1024
/* Blocks of the pool, and objects of whatever else has a number of them. */
#define BENCH_POOL_BLOCKS	1000

/**
 * struct bench_run - what a round works with, and its clock
 * @handle: what the create function of the kind made
 * @slots: room for BENCH_SLOTS pointers
 * @batch: objects allocated before the first of them is freed
 * @nr: objects in @slots, where a round needs to know
 * @cpu: the CPU that the round runs on
 * @ns: time between bench_run_start() and bench_run_stop(), summed up
 * @started: the clock at the former
 */
struct bench_run {
	void *handle;
	void **slots;
	unsigned int batch;
	unsigned int nr;
	unsigned int cpu;
	u64 ns;
	u64 started;
};

/* Both on the same CPU: the clocks of two CPUs may differ. */
static inline void bench_run_start(struct bench_run *run)
{
	run->started = ktime_get_ns();
}

static inline void bench_run_stop(struct bench_run *run)
{
	run->ns += ktime_get_ns() - run->started;
}

/**
 * struct bench_kind - an allocator and how it is used
 * @allocator: its name
 * @variant: how it is used
 * @bulk: it makes no sense in a batch of one object
 * @create: make what the rounds use: it, or an ERR_PTR(); NULL where there is
 *	nothing to make
 * @destroy: free that again
 * @round: do the operations of the suite, with the clock of the run on;
 *	NULL where this kernel does not have the allocator. All of it was freed
 *	when it returns, also for an error.
 */
struct bench_kind {
	const char *allocator;
	const char *variant;
	bool bulk;
	void *(*create)(void);
	void (*destroy)(void *handle);
	int (*round)(struct bench_run *run);
};

/**
 * struct bench_suite - a workload
 * @id: its number
 * @object_size: bytes of an object
 * @operations: allocations, each with its free, in one round
 * @cpus: CPUs it needs; with fewer online none of its rows is measured
 * @batches: sizes of batch, each measured with each kind; ends with 0
 * @kinds: what is measured; ends with NULL
 */
struct bench_suite {
	enum mpdemo_bench_suite id;
	unsigned int object_size;
	unsigned int operations;
	unsigned int cpus;
	const unsigned int *batches;
	const struct bench_kind *const *kinds;
};

/**
 * struct bench_result - what was measured of a row
 * @min: nanoseconds of the fastest round
 * @median: nanoseconds of the median round
 */
struct bench_result {
	u64 min;
	u64 median;
};

/**
 * struct bench_row - one kind in one workload
 * @suite: the workload
 * @kind: the kind
 * @batch: objects allocated before the first of them is freed
 * @result: valid once the row was measured
 */
struct bench_row {
	const struct bench_suite *suite;
	const struct bench_kind *kind;
	unsigned int batch;
	struct bench_result result;
};

extern const struct bench_suite bench_classic;
extern const struct bench_suite bench_bullets;
extern const struct bench_suite bench_remote;

struct bench_row *bench_rows_create(u32 suite, unsigned int *nr);
int bench_row_measure(const struct bench_row *row, unsigned int cpu,
		      bool (*must_stop)(void), struct bench_result *result);

struct kmem_cache *bench_cache_create(const char *name, unsigned int size);

#endif /* _MEMPOOL_DEMO_BENCH_MEASURE_H */
