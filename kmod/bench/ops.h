/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a workload calls of an allocator.
 *
 * A workload is one text for all allocators, an __always_inline function that
 * gets one of these as the address of a constant. The compiler then sees which
 * functions are behind the pointers and calls them, or what they wrap, as if
 * they were written there: no row pays for an indirect call, whose price
 * depends on the mitigations of the CPU, and no row has a loop of its own.
 *
 * The functions that these are inlined into are __flatten: an inline function of
 * an allocator is part of the loop wherever the compiler has a choice, and not
 * only where it meets no second caller.
 */
#ifndef _MEMPOOL_DEMO_BENCH_OPS_H
#define _MEMPOOL_DEMO_BENCH_OPS_H

#include <linux/types.h>

/**
 * struct bench_ops - calls of an allocator
 * @alloc: allocate an object, or return NULL
 * @free: free one
 * @alloc_bulk: allocate all of @n objects or none; used instead of @alloc
 *	where it is there
 * @free_bulk: free @n objects; is there where @alloc_bulk is
 * @reset: free all objects at once; only where @free does nothing
 *
 * The handle is what the create function of the kind made.
 */
struct bench_ops {
	void *(*alloc)(void *handle);
	void (*free)(void *handle, void *object);
	bool (*alloc_bulk)(void *handle, unsigned int n, void **objects);
	void (*free_bulk)(void *handle, unsigned int n, void **objects);
	void (*reset)(void *handle);
};

#endif /* _MEMPOOL_DEMO_BENCH_OPS_H */
