// SPDX-License-Identifier: GPL-2.0
/*
 * The suite sizes: objects whose sizes nobody knew. They are chosen ahead of the run,
 * the same for all rows: a power of two from 8 to 2048, all as often, and any size
 * above half of it; so a ninth of them is larger than 1024. 100 are allocated, or as
 * many as were asked for, and freed in another order, ten times in a step.
 *
 * Its rows are allocators that are told a size, and those of the classic text, eight
 * pools of 8 to 1024 bytes and an arena for what is larger, see heap.c. The latter
 * have an easier task: their free is told the size again, where kfree() and a heap have
 * to find out, and what is larger is not freed one by one. No row writes to an object.
 */

#include <linux/compiler.h>
#include <linux/errno.h>

#include "allocators.h"

#define SIZES_STEP	1000	/* objects, about */
#define SIZES_STEPS	50
#define SIZES_BATCH	100
#define SIZES_MAX	2048

static unsigned int sizes_turns(unsigned int batch)
{
	return max(1U, SIZES_STEP / batch);
}

static __always_inline int sizes_turn(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run,
				      unsigned int first, unsigned int n)
{
	void *handle = run->handles[0], **objects = run->slots;
	const u16 *sizes = run->sizes;
	unsigned int got, i;

	for (got = 0; got < n; got++) {
		void *object;

		object = bench_alloc(ops, how, run, handle,
				     sizes[(first + got) % BENCH_SIZES]);
		if (unlikely(!object))
			break;
		objects[got] = object;
		barrier();
	}
	/* Each other one, then the rest: neither a stack nor a queue. */
	for (i = 0; i < got; i += 2)
		bench_free(ops, how, run, handle, objects[i],
			   sizes[(first + i) % BENCH_SIZES]);
	for (i = 1; i < got; i += 2)
		bench_free(ops, how, run, handle, objects[i],
			   sizes[(first + i) % BENCH_SIZES]);
	return likely(got == n) ? 0 : -ENOMEM;
}

static __always_inline int sizes_step(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run)
{
	unsigned int n = run->outstanding, turns = run->turns, first = 0;
	int ret = 0;

	while (turns-- && likely(!ret)) {
		ret = sizes_turn(ops, how, run, first, n);
		first += n;
	}
	bench_reset(ops, how, run, run->handles[0]);
	return ret;
}

BENCH_KINDS(sizes, BENCH_ANY_SIZE);

static int sizes_begin(struct bench_run *run)
{
	run->turns = sizes_turns(run->outstanding);
	return 0;
}

static unsigned int sizes_steps(unsigned int batch)
{
	return batch > SIZES_STEP ? max(1U, SIZES_STEPS * SIZES_STEP / batch) :
				    SIZES_STEPS;
}

static unsigned int sizes_operations(unsigned int batch)
{
	return sizes_turns(batch) * batch;
}

/* The generator of a textbook: the same sizes in all runs on all kernels. */
static void sizes_fill(u16 *sizes)
{
	unsigned int i;
	u32 state = 1;

	for (i = 0; i < BENCH_SIZES; i++) {
		u32 largest, random;

		state = state * 1664525 + 1013904223;
		random = state >> 8;
		largest = 8U << (random % 9);
		sizes[i] = largest - (random / 9) % (largest / 2);
	}
}

static const struct bench_site sizes_sites[] = { { .size = SIZES_MAX } };
static const unsigned int sizes_batches[] = { SIZES_BATCH, 0 };

const struct bench_suite bench_sizes = {
	.id = MPDEMO_BENCH_SUITE_SIZES,
	.unit = "object",
	.size = SIZES_MAX,
	.sites = sizes_sites,
	.nr_sites = ARRAY_SIZE(sizes_sites),
	.batches = sizes_batches,
	.batch_max = BENCH_POOL_BLOCKS,
	.fill_sizes = sizes_fill,
	.steps = sizes_steps,
	.operations = sizes_operations,
	.begin = sizes_begin,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.kinds = sizes_kinds,
};
