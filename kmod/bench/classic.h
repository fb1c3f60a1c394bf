/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loop of the suite classic: see classic.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_CLASSIC_H
#define _MEMPOOL_DEMO_BENCH_CLASSIC_H

#include <linux/compiler.h>
#include <linux/errno.h>

#include "measure.h"
#include "ops.h"

#define CLASSIC_SIZE		64
/* Allocations, each with its free, in one round of any row. */
#define CLASSIC_OPERATIONS	100000
/* The largest batch. */
#define CLASSIC_BATCH_MAX	100
/* Objects allocated at most from one reset of an arena to the next. */
#define CLASSIC_RESET		1000

/* Each in the file of its allocator; classic.c puts them in order. */
extern const struct bench_kind classic_empty;
extern const struct bench_kind classic_empty_bulk;
extern const struct bench_kind classic_kmalloc_kernel;
extern const struct bench_kind classic_kmalloc_atomic;
extern const struct bench_kind classic_cache_kernel;
extern const struct bench_kind classic_cache_atomic;
extern const struct bench_kind classic_cache_bulk;
extern const struct bench_kind classic_mempool;
extern const struct bench_kind classic_objpool;
extern const struct bench_kind classic_pool;
extern const struct bench_kind classic_pool_bulk;
extern const struct bench_kind classic_percpu;
extern const struct bench_kind classic_percpu_stride;
extern const struct bench_kind classic_percpu_large;
extern const struct bench_kind classic_percpu_called;
extern const struct bench_kind classic_percpu_bulk;
extern const struct bench_kind classic_percpu_bulk_large;
extern const struct bench_kind classic_arena;
extern const struct bench_kind classic_heap;

/*
 * Batches from one reset to the next: as many as CLASSIC_RESET has room for and
 * as divide the round, so that the loop needs no counter for it that only the
 * arena would pay for. Batches of 1 and 100: 1000 objects, of 32: 800.
 */
static inline unsigned int classic_span(unsigned int batch)
{
	unsigned int span = CLASSIC_RESET / batch;

	while (CLASSIC_OPERATIONS / batch % span)
		span--;
	return span;
}

/* All or nothing: where an allocation fails those before it are freed. */
static __always_inline int classic_singles(const struct bench_ops *ops,
					   void *handle, void **objects,
					   unsigned int n)
{
	unsigned int got, i;

	for (got = 0; got < n; got++) {
		void *object = ops->alloc(handle);

		if (unlikely(!object))
			break;
		objects[got] = object;
		/* The next one shall not be merged with this one. */
		barrier();
	}
	for (i = 0; i < got; i++) {
		ops->free(handle, objects[i]);
		barrier();
	}
	return likely(got == n) ? 0 : -ENOMEM;
}

static __always_inline int classic_bulk(const struct bench_ops *ops,
					void *handle, void **objects,
					unsigned int n)
{
	if (unlikely(!ops->alloc_bulk(handle, n, objects)))
		return -ENOMEM;
	barrier();
	ops->free_bulk(handle, n, objects);
	barrier();
	return 0;
}

static __always_inline int classic_loop(const struct bench_ops *ops,
					void *handle, void **objects,
					unsigned int batch)
{
	unsigned int span = classic_span(batch);
	unsigned int resets = CLASSIC_OPERATIONS / batch / span;
	unsigned int i;
	int ret;

	while (resets--) {
		for (i = 0; i < span; i++) {
			if (ops->alloc_bulk)
				ret = classic_bulk(ops, handle, objects, batch);
			else
				ret = classic_singles(ops, handle, objects,
						      batch);
			if (unlikely(ret))
				return ret;
		}
		if (ops->reset)
			ops->reset(handle);
	}
	return 0;
}

/**
 * classic_round() - a round of the suite classic
 * @ops: the allocator, the address of a constant
 * @run: what it works with
 *
 * Return: 0 or -ENOMEM.
 */
static __always_inline int classic_round(const struct bench_ops *ops,
					 struct bench_run *run)
{
	int ret;

	bench_run_start(run);
	ret = classic_loop(ops, run->handle, run->slots, run->batch);
	bench_run_stop(run);
	return ret;
}

/* A kind and its round: the one place where the loop is instantiated. */
#define CLASSIC_KIND(_name, _ops, ...)					\
static int __flatten _name##_round(struct bench_run *run)		\
{									\
	return classic_round(&(_ops), run);				\
}									\
									\
const struct bench_kind classic_##_name = {				\
	.round = _name##_round,						\
	__VA_ARGS__							\
}

#endif /* _MEMPOOL_DEMO_BENCH_CLASSIC_H */
