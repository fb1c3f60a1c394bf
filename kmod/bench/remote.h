/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loop of the suite remote: see remote.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_REMOTE_H
#define _MEMPOOL_DEMO_BENCH_REMOTE_H

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/workqueue.h>

#include "measure.h"
#include "ops.h"

/* Allocations, each with its free, in one round of any row. */
#define REMOTE_OPERATIONS	1000

/* Each in the file of its allocator; remote.c puts them in order. */
extern const struct bench_kind remote_empty;
extern const struct bench_kind remote_kmalloc;
extern const struct bench_kind remote_cache;
extern const struct bench_kind remote_objpool;
extern const struct bench_kind remote_pool;
extern const struct bench_kind remote_percpu;

/* Return: how many objects there are. */
static __always_inline unsigned int
remote_produce(const struct bench_ops *ops, struct bench_run *run)
{
	void *handle = run->handle, **slots = run->slots;
	unsigned int batch = run->batch, nr;

	bench_run_start(run);
	for (nr = 0; nr < batch; nr++) {
		void *object = ops->alloc(handle);

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
					   struct bench_run *run)
{
	void *handle = run->handle, **slots = run->slots;
	unsigned int nr = run->nr, i;

	bench_run_start(run);
	for (i = 0; i < nr; i++) {
		ops->free(handle, slots[i]);
		barrier();
	}
	bench_run_stop(run);
}

static __always_inline int remote_turns(const struct bench_ops *ops,
					long (*consume)(void *run),
					struct bench_run *run)
{
	unsigned int peer = cpumask_any_but(cpu_online_mask, run->cpu);
	unsigned int turns = REMOTE_OPERATIONS / run->batch;

	if (peer >= nr_cpu_ids)
		return -ENODEV;
	while (turns--) {
		run->nr = remote_produce(ops, run);
		work_on_cpu(peer, consume, run);
		if (run->nr < run->batch)
			return -ENOMEM;
	}
	return 0;
}

/* Neither CPU goes offline during a round. */
static __always_inline int remote_round(const struct bench_ops *ops,
					long (*consume)(void *run),
					struct bench_run *run)
{
	int ret;

	cpus_read_lock();
	ret = remote_turns(ops, consume, run);
	cpus_read_unlock();
	return ret;
}

/* A kind and its round: the one place where the loop is instantiated. */
#define REMOTE_KIND(_name, _ops, ...)					\
static long __flatten _name##_remote_consume(void *run)			\
{									\
	remote_consume(&(_ops), run);					\
	return 0;							\
}									\
									\
static int __flatten _name##_remote_round(struct bench_run *run)	\
{									\
	return remote_round(&(_ops), _name##_remote_consume, run);	\
}									\
									\
const struct bench_kind remote_##_name = {				\
	.round = _name##_remote_round,					\
	__VA_ARGS__							\
}

#endif /* _MEMPOOL_DEMO_BENCH_REMOTE_H */
