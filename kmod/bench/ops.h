/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a workload calls of an allocator, and how a workload is made one function
 * for each of them.
 *
 * A workload is one text for all allocators, an __always_inline function, its step,
 * that gets a struct bench_ops as the address of a constant. The compiler then sees
 * which functions are behind the pointers and calls them, or what they wrap, as if
 * they were written there: no row pays for an indirect call, whose price
 * depends on the mitigations of the CPU, and no row has a loop of its own.
 *
 * The functions that these are inlined into are __flatten: an inline function of
 * an allocator is part of the loop wherever the compiler has a choice, and not
 * only where it meets no second caller.
 */
#ifndef _MEMPOOL_DEMO_BENCH_OPS_H
#define _MEMPOOL_DEMO_BENCH_OPS_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include <mempool_demo/arena.h>

#include "measure.h"
#include "probe.h"

/**
 * struct bench_ops - calls of an allocator
 * @alloc: allocate an object, or return NULL
 * @free: free one, of a size that only few look at
 * @alloc_bulk: allocate all of @n objects or none; used where it is there and
 *	several of a size are wanted
 * @free_bulk: free @n objects; is there where @alloc_bulk is
 * @scratch: allocate what is freed by the next @reset; NULL: by @alloc
 * @reset: free all that is not freed one by one; NULL: everything is
 * @enter: begin a section on the scratch memory, and return what to use in it;
 *	NULL: there are no sections
 * @leave: end it, which is a reset as well
 * @bounded: it fails by itself when the objects of its site are used up
 * @kept: @free does nothing, and the next @reset all of it: so it is not timed
 *
 * The handles are what the functions of struct bench_allocator made. @zero is
 * __GFP_ZERO or 0.
 */
struct bench_ops {
	void *(*alloc)(void *handle, size_t size, gfp_t zero);
	void (*free)(void *handle, void *object, size_t size);
	bool (*alloc_bulk)(void *handle, unsigned int n, gfp_t zero,
			   void **objects);
	void (*free_bulk)(void *handle, unsigned int n, void **objects);
	void *(*scratch)(void *handle, size_t size, gfp_t zero);
	void (*reset)(void *handle);
	void *(*enter)(void *handle, struct mpdemo_arena_scope *scope);
	void (*leave)(struct mpdemo_arena_scope *scope);
	bool bounded;
	bool kept;
};

static __always_inline gfp_t bench_zero(enum bench_how how,
					const struct bench_run *run)
{
	return how == BENCH_HOW_DEFAULT ? 0 : run->zero;
}

/*
 * The compiler may merge the next one with this one, unless the caller has a
 * barrier() between them.
 */
static __always_inline void *bench_alloc(const struct bench_ops *ops,
					 enum bench_how how,
					 struct bench_run *run, void *handle,
					 size_t size)
{
	u64 start = bench_probe_start(how);
	void *object = ops->alloc(handle, size, bench_zero(how, run));

	if (how == BENCH_HOW_PROBED)
		bench_probe_alloc(run->probe, start, object, size);
	return object;
}

static __always_inline void bench_free(const struct bench_ops *ops,
				       enum bench_how how,
				       struct bench_run *run, void *handle,
				       void *object, size_t size)
{
	u64 start;

	/* Ahead of it: then there still is an object. */
	if (how == BENCH_HOW_PROBED)
		bench_probe_forget(run->probe, object);
	start = bench_probe_start(how);
	ops->free(handle, object, size);
	if (how == BENCH_HOW_PROBED && !ops->kept)
		bench_probe_free(run->probe, start);
	barrier();
}

/* All of @n objects or none, in one call where the allocator has one. */
static __always_inline bool bench_alloc_group(const struct bench_ops *ops,
					      enum bench_how how,
					      struct bench_run *run,
					      void *handle, size_t size,
					      unsigned int n, void **objects)
{
	unsigned int got;

	if (ops->alloc_bulk) {
		u64 start = bench_probe_start(how);
		bool done = ops->alloc_bulk(handle, n, bench_zero(how, run),
					    objects);

		if (how == BENCH_HOW_PROBED)
			bench_probe_alloc_bulk(run->probe, start,
					       done ? objects : NULL, n, size);
		barrier();
		return done;
	}
	for (got = 0; got < n; got++) {
		void *object = bench_alloc(ops, how, run, handle, size);

		if (unlikely(!object))
			break;
		objects[got] = object;
		barrier();
	}
	if (likely(got == n))
		return true;
	while (got)
		bench_free(ops, how, run, handle, objects[--got], size);
	return false;
}

static __always_inline void bench_free_group(const struct bench_ops *ops,
					     enum bench_how how,
					     struct bench_run *run,
					     void *handle, size_t size,
					     unsigned int n, void **objects)
{
	unsigned int i;

	if (ops->free_bulk) {
		u64 start;

		if (how == BENCH_HOW_PROBED)
			bench_probe_forget_bulk(run->probe, objects, n);
		start = bench_probe_start(how);
		ops->free_bulk(handle, n, objects);
		if (how == BENCH_HOW_PROBED)
			bench_probe_free(run->probe, start);
		barrier();
		return;
	}
	for (i = 0; i < n; i++)
		bench_free(ops, how, run, handle, objects[i], size);
}

/*
 * A piece of scratch memory: of the arena @arena, or where the allocator has none an
 * object of the site.
 */
static __always_inline void *bench_scratch(const struct bench_ops *ops,
					   enum bench_how how,
					   struct bench_run *run, void *arena,
					   void *handle, size_t size)
{
	u64 start;
	void *piece;

	if (!ops->scratch)
		return bench_alloc(ops, how, run, handle, size);
	start = bench_probe_start(how);
	piece = ops->scratch(arena, size, bench_zero(how, run));
	if (how == BENCH_HOW_PROBED)
		bench_probe_scratch(run->probe, start, arena, piece, size);
	barrier();
	return piece;
}

/* Free a piece, where it is not the reset that does it; NULL is fine. */
static __always_inline void bench_scratch_free(const struct bench_ops *ops,
					       enum bench_how how,
					       struct bench_run *run,
					       void *handle, void *piece,
					       size_t size)
{
	if (!ops->scratch && likely(piece))
		bench_free(ops, how, run, handle, piece, size);
}

static __always_inline void bench_reset(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run, void *arena)
{
	u64 start;

	if (!ops->reset)
		return;
	start = bench_probe_start(how);
	ops->reset(arena);
	if (how == BENCH_HOW_PROBED)
		bench_probe_reset(run->probe, start, arena);
	barrier();
}

/* End a section, which frees what was allocated in it. */
static __always_inline void bench_leave(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run, void *arena,
					struct mpdemo_arena_scope *scope)
{
	u64 start = bench_probe_start(how);

	ops->leave(scope);
	if (how == BENCH_HOW_PROBED)
		bench_probe_reset(run->probe, start, arena);
	barrier();
}

/*
 * The steps of a workload on an allocator: the one place where its text is
 * instantiated. It is BENCH_KINDS(workload, LIST) that does so for each of a list
 * of allocators, see allocators.h, and makes the table workload_kinds of them.
 */
#define BENCH_STEPS(_allocator, _workload)				\
static int __flatten _workload##_##_allocator(struct bench_run *run)	\
{									\
	return _workload##_step(&_allocator##_ops, BENCH_HOW_DEFAULT, run); \
}									\
									\
static int __flatten							\
_workload##_##_allocator##_general(struct bench_run *run)		\
{									\
	return _workload##_step(&_allocator##_ops, BENCH_HOW_GENERAL, run); \
}									\
									\
static int __flatten							\
_workload##_##_allocator##_probed(struct bench_run *run)		\
{									\
	return _workload##_step(&_allocator##_ops, BENCH_HOW_PROBED, run); \
}

#define BENCH_KIND(_allocator, _workload) {				\
	.allocator = &bench_##_allocator,				\
	.step = {							\
		[BENCH_HOW_DEFAULT] = _workload##_##_allocator,		\
		[BENCH_HOW_GENERAL] = _workload##_##_allocator##_general, \
		[BENCH_HOW_PROBED] = _workload##_##_allocator##_probed,	\
	},								\
},

#define BENCH_KINDS(_workload, _list)					\
_list(BENCH_STEPS, _workload)						\
									\
static const struct bench_kind _workload##_kinds[] = {			\
	_list(BENCH_KIND, _workload)					\
	{}								\
}

#endif /* _MEMPOOL_DEMO_BENCH_OPS_H */
