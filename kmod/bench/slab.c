// SPDX-License-Identifier: GPL-2.0
/*
 * What kmalloc, kmem_cache and mempool_t are made from, and the rows "empty".
 *
 * A kmem_cache gets the alignment that a pool has, of 8 bytes, and shall not be
 * merged with a cache that others use at the same time. Where SLAB_NO_MERGE is
 * not there yet, that it permits copies of whole objects to user space keeps it
 * apart; no row makes any, and neither changes the path of an allocation.
 *
 * A mempool_t is on top of a kmem_cache. Its reserve is hardly ever touched, as the
 * cache does not fail: this is the price of having one.
 */

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mempool.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "allocators.h"

/* Objects that a mempool_t has in reserve. */
#define RESERVE		100

static void *array_create(const struct bench_site *sites, unsigned int nr)
{
	unsigned int objects = roundup_pow_of_two(sites->objects);
	size_t stride = ALIGN(sites->size, 8);
	struct bench_array *array;

	array = kvzalloc(struct_size(array, objects,
				     size_mul(objects, stride)), GFP_KERNEL);
	if (!array)
		return ERR_PTR(-ENOMEM);
	array->stride = stride;
	array->mask = objects - 1;
	return array;
}

static void array_destroy(void *handle)
{
	kvfree(handle);
}

static struct kmem_cache *new_cache(size_t size)
{
	/* No two may have the same name where they are in debugfs and sysfs. */
	static atomic_t number;
	struct kmem_cache *cache;
	char name[32];

	snprintf(name, sizeof(name), "mpdemo_bench_%zu_%d", size,
		 atomic_inc_return(&number));
	cache = kmem_cache_create_usercopy(name, size, sizeof(u64),
					   SLAB_NO_MERGE, 0, size, NULL);
	return cache ?: ERR_PTR(-ENOMEM);
}

static void *cache_create(const struct bench_site *sites, unsigned int nr)
{
	return new_cache(sites->size);
}

static void cache_destroy(void *handle)
{
	kmem_cache_destroy(handle);
}

static void *mempool_row_create(const struct bench_site *sites, unsigned int nr)
{
	struct kmem_cache *cache = new_cache(sites->size);
	mempool_t *mempool;

	if (IS_ERR(cache))
		return cache;
	mempool = mempool_create_slab_pool(RESERVE, cache);
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

const struct bench_allocator bench_empty = {
	.name = "empty",
	.variant = "loop",
	.contexts = BENCH_ANYWHERE,
};

const struct bench_allocator bench_empty_bulk = {
	.name = "empty",
	.variant = "bulk",
	.contexts = BENCH_ANYWHERE,
	.bulk = true,
};

const struct bench_allocator bench_array = {
	.name = "empty",
	.variant = "array",
	.contexts = BENCH_ANYWHERE,
	.own = true,
	.create = array_create,
	.destroy = array_destroy,
};

const struct bench_allocator bench_array_bulk = {
	.name = "empty",
	.variant = "bulk array",
	.contexts = BENCH_ANYWHERE,
	.bulk = true,
	.own = true,
	.create = array_create,
	.destroy = array_destroy,
};

static size_t kmalloc_usable(void *handle, const void *object)
{
	return ksize(object);
}

const struct bench_allocator bench_kmalloc_kernel = {
	.name = "kmalloc",
	.variant = "GFP_KERNEL",
	.contexts = BENCH_IN_TASK,
	.slab = true,
	.usable = kmalloc_usable,
};

const struct bench_allocator bench_kmalloc_atomic = {
	.name = "kmalloc",
	.variant = "GFP_ATOMIC",
	.contexts = BENCH_NOT_IN_NMI,
	.slab = true,
	.usable = kmalloc_usable,
};

const struct bench_allocator bench_cache_kernel = {
	.name = "kmem_cache",
	.variant = "GFP_KERNEL",
	.contexts = BENCH_IN_TASK,
	.slab = true,
	.create = cache_create,
	.destroy = cache_destroy,
};

const struct bench_allocator bench_cache_atomic = {
	.name = "kmem_cache",
	.variant = "GFP_ATOMIC",
	.contexts = BENCH_NOT_IN_NMI,
	.slab = true,
	.create = cache_create,
	.destroy = cache_destroy,
};

const struct bench_allocator bench_cache_bulk = {
	.name = "kmem_cache",
	.variant = "bulk GFP_KERNEL",
	.contexts = BENCH_IN_TASK,
	.bulk = true,
	.slab = true,
	.create = cache_create,
	.destroy = cache_destroy,
};

const struct bench_allocator bench_mempool = {
	.name = "mempool_t",
	.variant = "kmem_cache GFP_KERNEL",
	.contexts = BENCH_IN_TASK,
	.slab = true,
	.create = mempool_row_create,
	.destroy = mempool_row_destroy,
};
