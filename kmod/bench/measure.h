/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workloads, allocators, rows, and how a row is measured: see measure.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_MEASURE_H
#define _MEMPOOL_DEMO_BENCH_MEASURE_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/types.h>

#include <uapi/linux/mempool_demo_bench.h>

#include "histogram.h"

struct bench_probe;

/* Rounds that count; one more comes before them to warm up. */
#define BENCH_ROUNDS		10
/* Objects of a pool where the workload needs no more. */
#define BENCH_POOL_BLOCKS	1000
/* Kinds of objects that a workload has at most. */
#define BENCH_SITES		5
/* Arenas that a workload has for a CPU at most. */
#define BENCH_ARENAS		16
/* Sizes of objects to come, where they are not all the same; a power of two. */
#define BENCH_SIZES		1024
/* The most objects that can be asked to be outstanding. */
#define BENCH_OUTSTANDING_MAX	32768
/* The largest size that can be asked for, and the least. */
#define BENCH_SIZE_MAX		4096
#define BENCH_SIZE_MIN		8

/**
 * struct bench_params - what is asked for
 * @suite: the suite to run, of enum mpdemo_bench_suite; 0: all of them
 * @size: bytes of an object; 0: as the suite has them
 * @outstanding: objects allocated before the first of them is freed; 0: as the
 *	suite has it
 * @operations: operations in a round at the most, but for a step; 0: as the suite
 *	has it
 * @cpus: CPUs that do the same at the same time; 0: as the suite has it
 * @sizes: whether all objects have that size, or any up to it
 * @context: what the operations run in
 * @zero: objects are to be zeroed, by all allocators
 * @latency: time each call as well, in rounds of their own
 * @memory: look at memory as well, in a round of its own
 */
struct bench_params {
	u32 suite;
	unsigned int size;
	unsigned int outstanding;
	u64 operations;
	unsigned int cpus;
	enum mpdemo_bench_sizes sizes;
	enum mpdemo_bench_context context;
	bool zero;
	bool latency;
	bool memory;
};

/*
 * How a step is compiled. The default has all that nobody asked for as constants, as
 * most callers of an allocator do.
 */
enum bench_how {
	BENCH_HOW_DEFAULT,
	BENCH_HOW_GENERAL,	/* sizes and zeroing as they are asked for */
	BENCH_HOW_PROBED,	/* the same, and looks at each call */
	BENCH_HOWS
};

/**
 * struct bench_site - a kind of objects that a workload allocates
 * @size: bytes of an object, or of the largest one
 * @objects: objects that are outstanding at the most
 * @held: objects that a CPU holds at the most, which may be fewer; filled in by the row
 * @scratch: they are freed all at once, so that an arena can serve them
 */
struct bench_site {
	size_t size;
	unsigned int objects;
	unsigned int held;
	bool scratch;
};

/**
 * struct bench_run - what the steps of a CPU work with, and its clock
 * @handles: of each site, what the allocator made for it
 * @arenas: what it made for scratch memory, as many as the workload has
 * @slots: room for a pointer to each object outstanding
 * @state: what its begin function made
 * @sizes: BENCH_SIZES sizes of objects to come
 * @outstanding: objects allocated before the first of them is freed
 * @turns: how often a step does what it does, where it needs to know
 * @step: number of the step in the round
 * @steps: steps of a round
 * @nr: objects in @slots, where a step needs to know
 * @cpu: the CPU that the steps run on
 * @how: which of the steps
 * @zero: __GFP_ZERO or 0
 * @failures: allocations that failed and that the workload has answered
 * @probe: with BENCH_HOW_PROBED, where it is noted
 * @ns: time between bench_run_start() and bench_run_stop(), summed up
 * @started: the clock at the former
 */
struct bench_run {
	void *handles[BENCH_SITES];
	void **arenas;
	void **slots;
	void *state;
	const u16 *sizes;
	unsigned int outstanding;
	unsigned int turns;
	unsigned int step;
	unsigned int steps;
	unsigned int nr;
	unsigned int cpu;
	enum bench_how how;
	gfp_t zero;
	u64 failures;
	struct bench_probe *probe;
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

/* Contexts of workloads and allocators. */
#define BENCH_IN_TASK		BIT(MPDEMO_BENCH_CONTEXT_TASK)
#define BENCH_IN_SOFTIRQ	BIT(MPDEMO_BENCH_CONTEXT_SOFTIRQ)
#define BENCH_IN_HARDIRQ	BIT(MPDEMO_BENCH_CONTEXT_HARDIRQ)
#define BENCH_ANYWHERE	(BENCH_IN_TASK | BENCH_IN_SOFTIRQ | BENCH_IN_HARDIRQ)
/* What takes spinlocks: they sleep on PREEMPT_RT. */
#define BENCH_NOT_IN_NMI						\
	(IS_ENABLED(CONFIG_PREEMPT_RT) ? BENCH_IN_TASK | BENCH_IN_SOFTIRQ \
				       : BENCH_ANYWHERE)

/**
 * struct bench_allocator - an allocator and how it is used
 * @name: its name
 * @variant: how it is used
 * @contexts: where it can be used so
 * @absent: this kernel does not have it
 * @bulk: it makes no sense for one object
 * @own: what @create makes is of one CPU; else all CPUs share it
 * @whole: @create makes one thing for all sites; else one for each of them
 * @slab: its memory is pages of slab
 * @create: make what is used for @nr sites: it, or an ERR_PTR(); NULL where there is
 *	nothing to make
 * @destroy: free that again
 * @footprint: bytes of memory that it takes; NULL: not known
 * @usable: bytes of the block that an object is in; NULL: it has no size classes
 * @arena_create: make what serves scratch memory of a CPU, from all sites of
 *	that; NULL: it has nothing for that
 * @arena_destroy: free that again
 * @arena_footprint: bytes of memory that it takes
 * @arena_shared: what @arena_create makes serves all CPUs
 */
struct bench_allocator {
	const char *name;
	const char *variant;
	unsigned int contexts;
	bool absent;
	bool bulk;
	bool own;
	bool whole;
	bool slab;
	void *(*create)(const struct bench_site *sites, unsigned int nr);
	void (*destroy)(void *handle);
	size_t (*footprint)(void *handle);
	size_t (*usable)(void *handle, const void *object);
	void *(*arena_create)(size_t bytes);
	void (*arena_destroy)(void *arena);
	size_t (*arena_footprint)(void *arena);
	bool arena_shared;
};

/**
 * struct bench_kind - an allocator in a workload
 * @allocator: the allocator; NULL ends a table
 * @step: do the operations of a step. Where it fails, all that the round has
 *	allocated was freed; and so it is after the last step of a round.
 */
struct bench_kind {
	const struct bench_allocator *allocator;
	int (*step[BENCH_HOWS])(struct bench_run *run);
};

/**
 * struct bench_suite - a workload
 * @id: its number
 * @unit: what an operation is
 * @size: bytes of an object
 * @sites: kinds of objects, those of @nr_sites, that it allocates
 * @nr_sites: their number
 * @arenas: arenas that a CPU uses, BENCH_ARENAS at the most
 * @arena_bytes: bytes of one of them
 * @batches: numbers of objects outstanding, each measured with each kind; ends
 *	with 0
 * @batch_max: the most that can be asked for; 0: none can
 * @sized: a size can be asked for
 * @steps: steps of a round, for a number of objects outstanding
 * @operations: operations of a step, likewise
 * @begin: make the state of a CPU, or return an error; may be NULL
 * @end: free that again; called wherever there is a state, also after an error
 * @fill_sizes: choose the sizes of objects; NULL: as they are asked for
 * @contexts: where its steps may run
 * @cpus: CPUs that it needs by itself: with fewer online it is not measured, and
 *	with more than one of them it cannot be told to use more, and reads the
 *	clock itself
 * @everywhere: unless a number of CPUs was asked for it runs on all that are online
 * @kinds: what is measured
 */
struct bench_suite {
	enum mpdemo_bench_suite id;
	const char *unit;
	unsigned int size;
	const struct bench_site *sites;
	unsigned int nr_sites;
	unsigned int arenas;
	size_t arena_bytes;
	const unsigned int *batches;
	unsigned int batch_max;
	bool sized;
	unsigned int (*steps)(unsigned int batch);
	unsigned int (*operations)(unsigned int batch);
	int (*begin)(struct bench_run *run);
	void (*end)(struct bench_run *run);
	void (*fill_sizes)(u16 *sizes);
	unsigned int contexts;
	unsigned int cpus;
	bool everywhere;
	const struct bench_kind *kinds;
};

/**
 * struct bench_calls - how long the calls of a row took
 * @alloc: allocations
 * @free: frees, and resets
 */
struct bench_calls {
	struct bench_histogram alloc;
	struct bench_histogram free;
};

/**
 * struct bench_result - what was measured of a row
 * @min: nanoseconds of the fastest round, on the slowest of its CPUs
 * @median: nanoseconds of the median round
 * @failures: allocations that failed, in the rounds that count
 * @clock: nanoseconds that reading the clock twice takes, with nothing between
 * @clock_step: nanoseconds of the shortest step of the clock that was seen
 * @calls: how long calls took; NULL where nobody asked. Whoever has the result
 *	frees it by kvfree().
 * @requested: bytes that the workload held when it held most
 * @used: bytes of memory that the allocator had for that; 0: not known
 * @handed_out: bytes of the blocks that the objects were in; 0: not known
 */
struct bench_result {
	u64 min;
	u64 median;
	u64 failures;
	u64 clock;
	u64 clock_step;
	struct bench_calls *calls;
	u64 requested;
	u64 used;
	u64 handed_out;
};

/**
 * struct bench_row - one kind in one workload
 * @suite: the workload
 * @kind: the kind
 * @batch: objects allocated before the first of them is freed
 * @size: bytes of an object
 * @steps: steps of a round
 * @cpus: CPUs that do the same at the same time
 * @result: valid once the row was measured
 */
struct bench_row {
	const struct bench_suite *suite;
	const struct bench_kind *kind;
	unsigned int batch;
	unsigned int size;
	unsigned int steps;
	unsigned int cpus;
	struct bench_result result;
};

extern const struct bench_suite bench_micro;
extern const struct bench_suite bench_bullets;
extern const struct bench_suite bench_remote;
extern const struct bench_suite bench_http;
extern const struct bench_suite bench_connections;
extern const struct bench_suite bench_chat;
extern const struct bench_suite bench_sizes;
extern const struct bench_suite bench_percpu;

/* rows.c */
int bench_params_check(const struct bench_params *params, u32 *attr,
		       const char **why);
struct bench_row *bench_rows_create(const struct bench_params *params,
				    unsigned int *nr);
void bench_rows_destroy(struct bench_row *rows, unsigned int nr);

/* measure.c */
int bench_row_measure(const struct bench_row *row,
		      const struct bench_params *params, unsigned int cpu,
		      bool (*must_stop)(void), struct bench_result *result);

/* context.c */
int bench_round(const struct bench_suite *suite, const struct bench_kind *kind,
		struct bench_run *run, enum mpdemo_bench_context context);

#endif /* _MEMPOOL_DEMO_BENCH_MEASURE_H */
