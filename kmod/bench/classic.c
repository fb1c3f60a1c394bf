// SPDX-License-Identifier: GPL-2.0
/*
 * The suite classic: a million objects of 64 bytes (ten rounds of 100,000) are
 * allocated and freed, in batches of 1, 32 and 100. The pools have 1000 blocks.
 * No row writes to an object: what touches one is the allocator.
 *
 * The rows "empty" are the loop with nothing in it, to be subtracted; bulk
 * allocation has no loop over the objects, hence an empty row of its own.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/mempool.h>
#include <linux/slab.h>

#include "allocators.h"
#include "classic.h"

static_assert(CLASSIC_BATCH_MAX <= BENCH_SLOTS);
static_assert(CLASSIC_BATCH_MAX <= BENCH_POOL_BLOCKS);
static_assert(CLASSIC_BATCH_MAX <= CLASSIC_RESET);
static_assert(CLASSIC_OPERATIONS % 32 == 0 && CLASSIC_OPERATIONS % 100 == 0);

/* The loop alone. */

static __always_inline bool empty_alloc_bulk(void *handle, unsigned int n,
					     void **objects)
{
	barrier_data(objects);
	return true;
}

static __always_inline void empty_free_bulk(void *handle, unsigned int n,
					    void **objects)
{
	barrier_data(objects);
}

static const struct bench_ops empty_ops = {
	.alloc = empty_alloc,
	.free = empty_free,
};

static const struct bench_ops empty_bulk_ops = {
	.alloc_bulk = empty_alloc_bulk,
	.free_bulk = empty_free_bulk,
};

/* kmalloc, of a size that is a constant, as its callers mostly do. */

static __always_inline void *kmalloc_kernel_alloc(void *handle)
{
	return kmalloc(CLASSIC_SIZE, GFP_KERNEL);
}

static __always_inline void *kmalloc_atomic_alloc(void *handle)
{
	return kmalloc(CLASSIC_SIZE, GFP_ATOMIC);
}

static const struct bench_ops kmalloc_kernel_ops = {
	.alloc = kmalloc_kernel_alloc,
	.free = kmalloc_free,
};

static const struct bench_ops kmalloc_atomic_ops = {
	.alloc = kmalloc_atomic_alloc,
	.free = kmalloc_free,
};

/* kmem_cache */

static void *cache_create(void)
{
	return bench_cache_create("mpdemo_bench_64", CLASSIC_SIZE);
}

static __always_inline void *cache_atomic_alloc(void *handle)
{
	return kmem_cache_alloc(handle, GFP_ATOMIC);
}

static __always_inline bool cache_alloc_bulk(void *handle, unsigned int n,
					     void **objects)
{
	return kmem_cache_alloc_bulk(handle, GFP_KERNEL, n, objects);
}

static __always_inline void cache_free_bulk(void *handle, unsigned int n,
					    void **objects)
{
	kmem_cache_free_bulk(handle, n, objects);
}

static const struct bench_ops cache_kernel_ops = {
	.alloc = cache_kernel_alloc,
	.free = cache_free,
};

static const struct bench_ops cache_atomic_ops = {
	.alloc = cache_atomic_alloc,
	.free = cache_free,
};

static const struct bench_ops cache_bulk_ops = {
	.alloc_bulk = cache_alloc_bulk,
	.free_bulk = cache_free_bulk,
};

/*
 * mempool_t on top of kmem_cache. Its reserve is never touched, as the cache
 * does not fail: this is the price of having one.
 */

static void *mempool_row_create(void)
{
	struct kmem_cache *cache = cache_create();
	mempool_t *mempool;

	if (IS_ERR(cache))
		return cache;
	mempool = mempool_create_slab_pool(CLASSIC_BATCH_MAX, cache);
	if (!mempool) {
		kmem_cache_destroy(cache);
		return ERR_PTR(-ENOMEM);
	}
	return mempool;
}

static void mempool_row_destroy(void *handle)
{
	mempool_t *mempool = handle;
	struct kmem_cache *cache = mempool->pool_data;

	mempool_destroy(mempool);
	kmem_cache_destroy(cache);
}

static __always_inline void *mempool_row_alloc(void *handle)
{
	return mempool_alloc(handle, GFP_KERNEL);
}

static __always_inline void mempool_row_free(void *handle, void *object)
{
	mempool_free(object, handle);
}

static const struct bench_ops mempool_ops = {
	.alloc = mempool_row_alloc,
	.free = mempool_row_free,
};

CLASSIC_KIND(empty, empty_ops, .allocator = "empty", .variant = "loop");
CLASSIC_KIND(empty_bulk, empty_bulk_ops, .allocator = "empty", .variant = "bulk",
	     .bulk = true);
CLASSIC_KIND(kmalloc_kernel, kmalloc_kernel_ops, .allocator = "kmalloc", .variant = "GFP_KERNEL");
CLASSIC_KIND(kmalloc_atomic, kmalloc_atomic_ops, .allocator = "kmalloc", .variant = "GFP_ATOMIC");
CLASSIC_KIND(cache_kernel, cache_kernel_ops, .allocator = "kmem_cache", .variant = "GFP_KERNEL",
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(cache_atomic, cache_atomic_ops, .allocator = "kmem_cache", .variant = "GFP_ATOMIC",
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(cache_bulk, cache_bulk_ops, .allocator = "kmem_cache",
	     .variant = "bulk GFP_KERNEL", .bulk = true,
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(mempool, mempool_ops, .allocator = "mempool_t",
	     .variant = "kmem_cache GFP_KERNEL",
	     .create = mempool_row_create, .destroy = mempool_row_destroy);
static const struct bench_kind *const classic_kinds[] = {
	&classic_empty,
	&classic_empty_bulk,
	&classic_kmalloc_kernel,
	&classic_kmalloc_atomic,
	&classic_cache_kernel,
	&classic_cache_atomic,
	&classic_cache_bulk,
	&classic_mempool,
	&classic_objpool,
	&classic_pool,
	&classic_pool_bulk,
	&classic_percpu,
	&classic_percpu_stride,
	&classic_percpu_large,
	&classic_percpu_called,
	&classic_percpu_bulk,
	&classic_percpu_bulk_large,
	&classic_arena,
	&classic_heap,
	NULL
};

static const unsigned int classic_batches[] = { 1, 32, CLASSIC_BATCH_MAX, 0 };

const struct bench_suite bench_classic = {
	.id = MPDEMO_BENCH_SUITE_CLASSIC,
	.object_size = CLASSIC_SIZE,
	.operations = CLASSIC_OPERATIONS,
	.cpus = 1,
	.batches = classic_batches,
	.kinds = classic_kinds,
};
