// SPDX-License-Identifier: GPL-2.0
/*
 * The row of the heap of mempool_demo. Its free is not told the size, as that of
 * kmalloc is not, but its classes are pools that all CPUs share.
 */

#include <mempool_demo/heap.h>

#include "classic.h"

static void *heap_create(void)
{
	static const struct mpdemo_heap_config config = {
		.name = "bench_heap",
		.blocks = BENCH_POOL_BLOCKS,
	};

	return mpdemo_heap_create(&config, GFP_KERNEL);
}

static void heap_destroy(void *handle)
{
	mpdemo_heap_destroy(handle);
}

static __always_inline void *heap_alloc(void *handle)
{
	return mpdemo_heap_alloc(handle, CLASSIC_SIZE, GFP_KERNEL);
}

static __always_inline void heap_free(void *handle, void *object)
{
	mpdemo_heap_free(handle, object);
}

static const struct bench_ops heap_ops = {
	.alloc = heap_alloc,
	.free = heap_free,
};

CLASSIC_KIND(heap, heap_ops, .allocator = "heap", .variant = "called",
	     .create = heap_create, .destroy = heap_destroy);
