// SPDX-License-Identifier: GPL-2.0
/*
 * The suite remote: objects of 64 bytes are allocated on one CPU and freed on
 * another one, 1 to 1000 at a time, or as was asked for, as a producer and a consumer do
 * it. What is freed does not go back to where it was allocated, so no cache per CPU
 * serves the next allocation by itself.
 *
 * The two take turns: while one works the other sleeps. Only the allocations and
 * the frees are timed, each by the clock of its CPU, and neither waiting nor waking
 * up. So this is what it costs to move objects from CPU to CPU, cold caches
 * included where there are real ones; it is not what contention costs.
 *
 * The rows "empty" are the two loops with nothing in them, and two readings of
 * the clock for each turn, which in turns of one object is most of it.
 */

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/workqueue.h>

#include "allocators.h"

#define REMOTE_SIZE		64
/* Objects of a round, or one turn of more than that. */
#define REMOTE_ROUND		1000

/* A step is a turn. */
static unsigned int remote_steps(unsigned int batch)
{
	return max(1U, REMOTE_ROUND / batch);
}

static unsigned int remote_operations(unsigned int batch)
{
	return batch;
}

static __always_inline size_t remote_size(enum bench_how how,
					  const struct bench_run *run,
					  unsigned int i)
{
	if (how == BENCH_HOW_DEFAULT)
		return REMOTE_SIZE;
	return run->sizes[i % BENCH_SIZES];
}

/* Return: how many objects there are. */
static __always_inline unsigned int remote_produce(const struct bench_ops *ops,
						   enum bench_how how,
						   struct bench_run *run)
{
	void *handle = run->handles[0], **slots = run->slots;
	unsigned int batch = run->outstanding, nr;

	bench_run_start(run);
	for (nr = 0; nr < batch; nr++) {
		void *object = bench_alloc(ops, how, run, handle,
					   remote_size(how, run, nr));

		if (unlikely(!object))
			break;
		slots[nr] = object;
		barrier();
	}
	bench_run_stop(run);
	return nr;
}

/* Runs on the other CPU, while the one that has allocated waits for it. */
static __always_inline void remote_consume(const struct bench_ops *ops,
					   enum bench_how how,
					   struct bench_run *run)
{
	void *handle = run->handles[0], **slots = run->slots;
	unsigned int nr = run->nr, i;

	bench_run_start(run);
	for (i = 0; i < nr; i++)
		bench_free(ops, how, run, handle, slots[i],
			   remote_size(how, run, i));
	bench_run_stop(run);
}

static int remote_turn(unsigned int (*produce)(struct bench_run *run),
		       long (*consume)(void *run), struct bench_run *run)
{
	unsigned int peer = cpumask_any_but(cpu_online_mask, run->cpu);

	if (peer >= nr_cpu_ids)
		return -ENODEV;
	run->nr = produce(run);
	work_on_cpu(peer, consume, run);
	return likely(run->nr == run->outstanding) ? 0 : -ENOMEM;
}

/*
 * The other CPU is chosen, and waited for, with no CPU going offline. As the
 * consumer is called by somebody else, each allocator has two functions for each step.
 */
#define REMOTE_STEP(_name, _ops, _how)					\
static unsigned int __flatten _name##_produce(struct bench_run *run)	\
{									\
	return remote_produce(_ops, _how, run);				\
}									\
									\
static long __flatten _name##_consume(void *run)			\
{									\
	remote_consume(_ops, _how, run);				\
	return 0;							\
}									\
									\
static int _name(struct bench_run *run)					\
{									\
	int ret;							\
									\
	cpus_read_lock();						\
	ret = remote_turn(_name##_produce, _name##_consume, run);	\
	cpus_read_unlock();						\
	return ret;							\
}

#define REMOTE_STEPS(_allocator, _workload)				\
REMOTE_STEP(_workload##_##_allocator, &_allocator##_ops, BENCH_HOW_DEFAULT) \
REMOTE_STEP(_workload##_##_allocator##_general, &_allocator##_ops,	\
	    BENCH_HOW_GENERAL)						\
REMOTE_STEP(_workload##_##_allocator##_probed, &_allocator##_ops,	\
	    BENCH_HOW_PROBED)

#define REMOTE_LIST(X, w)						\
	X(empty, w) X(kmalloc_kernel, w) X(cache_kernel, w)		\
	X(mempool, w) X(objpool, w) X(pool, w) X(percpu_pool, w) X(heap, w)

REMOTE_LIST(REMOTE_STEPS, remote)

static const struct bench_kind remote_kinds[] = {
	REMOTE_LIST(BENCH_KIND, remote)
	{}
};

static const struct bench_site remote_sites[] = { {} };
static const unsigned int remote_batches[] = { 1, 10, 100, 1000, 0 };

const struct bench_suite bench_remote = {
	.id = MPDEMO_BENCH_SUITE_REMOTE,
	.unit = "object",
	.size = REMOTE_SIZE,
	.sites = remote_sites,
	.nr_sites = ARRAY_SIZE(remote_sites),
	.batches = remote_batches,
	.batch_max = BENCH_OUTSTANDING_MAX,
	.sized = true,
	.steps = remote_steps,
	.operations = remote_operations,
	.contexts = BENCH_IN_TASK,
	.cpus = 2,
	.kinds = remote_kinds,
};
