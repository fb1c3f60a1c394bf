// SPDX-License-Identifier: GPL-2.0
/*
 * The suite micro: a million objects of 64 bytes (ten rounds of 100,000) are
 * allocated and freed, in batches of 1, 32 and 100, or of a size and in a number
 * that was asked for. The pools have 1000 blocks, or as many as are outstanding.
 * No row writes to an object: what touches one is the allocator.
 *
 * A step is 1000 objects, or as many as fit into whole batches, or one batch where
 * that is larger; then arenas are reset. So an arena of 64,000 bytes serves it, and
 * interrupts are not off for longer than a step where it runs with them off.
 *
 * The rows "empty" are the loop with nothing in it, to be subtracted; bulk
 * allocation has no loop over the objects, hence an empty row of its own.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>

#include "allocators.h"

#define MICRO_SIZE		64
/* Objects of a step, about. */
#define MICRO_STEP		1000
/* Objects of a round, about. */
#define MICRO_ROUND		100000

static unsigned int micro_turns(unsigned int batch)
{
	return max(1U, MICRO_STEP / batch);
}

static unsigned int micro_operations(unsigned int batch)
{
	return micro_turns(batch) * batch;
}

static unsigned int micro_steps(unsigned int batch)
{
	return DIV_ROUND_UP(MICRO_ROUND, micro_operations(batch));
}

/* That of an object to come; in the default a constant. */
static __always_inline size_t micro_size(enum bench_how how,
					 const struct bench_run *run,
					 unsigned int i)
{
	if (how == BENCH_HOW_DEFAULT)
		return MICRO_SIZE;
	return run->sizes[i % BENCH_SIZES];
}

/* All or nothing: where an allocation fails those before it are freed. */
static __always_inline int micro_singles(const struct bench_ops *ops,
					 enum bench_how how,
					 struct bench_run *run, void *handle,
					 void **objects, unsigned int n)
{
	unsigned int got = 0, i = 0;

	do {
		void *object = bench_alloc(ops, how, run, handle,
					   micro_size(how, run, got));

		if (unlikely(!object))
			break;
		objects[got] = object;
		barrier();
	} while (++got < n);
	if (unlikely(!got))
		return -ENOMEM;
	do {
		bench_free(ops, how, run, handle, objects[i],
			   micro_size(how, run, i));
	} while (++i < got);
	return likely(got == n) ? 0 : -ENOMEM;
}

static __always_inline int micro_bulk(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run,
				      void *handle, void **objects,
				      unsigned int n)
{
	size_t size = micro_size(how, run, 0);

	if (unlikely(!bench_alloc_group(ops, how, run, handle, size, n,
					objects)))
		return -ENOMEM;
	bench_free_group(ops, how, run, handle, size, n, objects);
	return 0;
}

static __always_inline int micro_step(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run)
{
	void *handle = run->handles[0], **objects = run->slots;
	unsigned int batch = run->outstanding, turns = run->turns;
	int ret;

	do {
		if (ops->alloc_bulk)
			ret = micro_bulk(ops, how, run, handle, objects, batch);
		else
			ret = micro_singles(ops, how, run, handle, objects,
					    batch);
		if (unlikely(ret))
			return ret;
	} while (--turns);
	bench_reset(ops, how, run, handle);
	return 0;
}

static int micro_begin(struct bench_run *run)
{
	run->turns = micro_turns(run->outstanding);
	return 0;
}

BENCH_KINDS(micro, BENCH_ALL);

static const struct bench_site micro_sites[] = { {} };
static const unsigned int micro_batches[] = { 1, 32, 100, 0 };

const struct bench_suite bench_micro = {
	.id = MPDEMO_BENCH_SUITE_MICRO,
	.unit = "object",
	.size = MICRO_SIZE,
	.sites = micro_sites,
	.nr_sites = ARRAY_SIZE(micro_sites),
	.batches = micro_batches,
	.batch_max = BENCH_OUTSTANDING_MAX,
	.sized = true,
	.steps = micro_steps,
	.operations = micro_operations,
	.begin = micro_begin,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.kinds = micro_kinds,
};
