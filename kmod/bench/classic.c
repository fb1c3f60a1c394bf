// SPDX-License-Identifier: GPL-2.0
/*
 * The suite classic: a million objects of 64 bytes (ten rounds of 100,000) are
 * allocated and freed, in batches of 1, 32 and 100. The pool has 1000 blocks;
 * the arena has 64,000 bytes, is reset when they may be used up, and its free
 * does nothing. No row writes to an object: what touches one is the allocator.
 *
 * The rows "empty" are the loop with nothing in it, to be subtracted; bulk
 * allocation has no loop over the objects, hence an empty row of its own.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/mempool.h>
#include <linux/slab.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/pool.h>

#include "allocators.h"
#include "classic.h"

/* The largest batch. */
#define CLASSIC_BATCH_MAX	100

static_assert(CLASSIC_BATCH_MAX <= BENCH_SLOTS);
static_assert(CLASSIC_BATCH_MAX <= BENCH_POOL_BLOCKS);
static_assert(CLASSIC_BATCH_MAX <= CLASSIC_RESET);
static_assert(BENCH_OPERATIONS % 32 == 0 && BENCH_OPERATIONS % 100 == 0);

/*
 * The loop alone. The compiler must not know that it is always this object, and
 * must load it again to free it.
 */

static u64 empty_object;

static __always_inline void *empty_alloc(void *handle)
{
	void *object = &empty_object;

	OPTIMIZER_HIDE_VAR(object);
	return object;
}

static __always_inline void empty_free(void *handle, void *object)
{
	barrier_data(object);
}

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

/* The pool of mempool_demo */

static void *pool_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_classic",
		.block_size = CLASSIC_SIZE,
		.blocks = BENCH_POOL_BLOCKS,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static __always_inline bool pool_alloc_bulk(void *handle, unsigned int n,
					    void **objects)
{
	return mpdemo_pool_alloc_bulk(handle, GFP_KERNEL, n, objects);
}

static __always_inline void pool_free_bulk(void *handle, unsigned int n,
					   void **objects)
{
	mpdemo_pool_free_bulk(handle, n, objects);
}

static const struct bench_ops pool_ops = {
	.alloc = pool_alloc,
	.free = pool_free,
};

static const struct bench_ops pool_bulk_ops = {
	.alloc_bulk = pool_alloc_bulk,
	.free_bulk = pool_free_bulk,
};

/* The arena of mempool_demo */

static void *arena_create(void)
{
	static const struct mpdemo_arena_config config = {
		.bytes = CLASSIC_SIZE * CLASSIC_RESET,
	};

	return mpdemo_arena_create(&config, GFP_KERNEL);
}

static void arena_destroy(void *handle)
{
	mpdemo_arena_destroy(handle);
}

static __always_inline void *arena_alloc(void *handle)
{
	return mpdemo_arena_alloc(handle, CLASSIC_SIZE, GFP_KERNEL);
}

static __always_inline void arena_free(void *handle, void *object)
{
	barrier_data(object);
}

static __always_inline void arena_reset(void *handle)
{
	mpdemo_arena_reset(handle);
}

static const struct bench_ops arena_ops = {
	.alloc = arena_alloc,
	.free = arena_free,
	.reset = arena_reset,
};

/* A kind and its round: the one place where the loop is instantiated. */
#define CLASSIC_KIND(_name, ...)					\
static int _name##_round(void *handle, void **slots, unsigned int batch)\
{									\
	return classic_round(&_name##_ops, handle, slots, batch);	\
}									\
									\
static const struct bench_kind _name##_kind = {				\
	.round = _name##_round,						\
	__VA_ARGS__							\
}

CLASSIC_KIND(empty, .allocator = "empty", .variant = "loop");
CLASSIC_KIND(empty_bulk, .allocator = "empty", .variant = "bulk",
	     .bulk = true);
CLASSIC_KIND(kmalloc_kernel, .allocator = "kmalloc", .variant = "GFP_KERNEL");
CLASSIC_KIND(kmalloc_atomic, .allocator = "kmalloc", .variant = "GFP_ATOMIC");
CLASSIC_KIND(cache_kernel, .allocator = "kmem_cache", .variant = "GFP_KERNEL",
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(cache_atomic, .allocator = "kmem_cache", .variant = "GFP_ATOMIC",
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(cache_bulk, .allocator = "kmem_cache",
	     .variant = "bulk GFP_KERNEL", .bulk = true,
	     .create = cache_create, .destroy = cache_destroy);
CLASSIC_KIND(mempool, .allocator = "mempool_t",
	     .variant = "kmem_cache GFP_KERNEL",
	     .create = mempool_row_create, .destroy = mempool_row_destroy);
CLASSIC_KIND(pool, .allocator = "pool", .variant = "called",
	     .create = pool_create, .destroy = pool_destroy);
CLASSIC_KIND(pool_bulk, .allocator = "pool", .variant = "bulk", .bulk = true,
	     .create = pool_create, .destroy = pool_destroy);
CLASSIC_KIND(arena, .allocator = "arena", .variant = "inline",
	     .create = arena_create, .destroy = arena_destroy);

static const struct bench_kind *const classic_kinds[] = {
	&empty_kind,
	&empty_bulk_kind,
	&kmalloc_kernel_kind,
	&kmalloc_atomic_kind,
	&cache_kernel_kind,
	&cache_atomic_kind,
	&cache_bulk_kind,
	&mempool_kind,
	&classic_objpool,
	&pool_kind,
	&pool_bulk_kind,
	&arena_kind,
	NULL
};

static const unsigned int classic_batches[] = { 1, 32, CLASSIC_BATCH_MAX, 0 };

const struct bench_suite bench_classic = {
	.id = MPDEMO_BENCH_SUITE_CLASSIC,
	.object_size = CLASSIC_SIZE,
	.batches = classic_batches,
	.kinds = classic_kinds,
};
