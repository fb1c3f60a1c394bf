/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What more than one workload calls: the allocators whose handle says all that
 * there is to say.
 */
#ifndef _MEMPOOL_DEMO_BENCH_ALLOCATORS_H
#define _MEMPOOL_DEMO_BENCH_ALLOCATORS_H

#include <linux/slab.h>

#include <mempool_demo/pool.h>

static __always_inline void kmalloc_free(void *handle, void *object)
{
	kfree(object);
}

static inline void cache_destroy(void *handle)
{
	kmem_cache_destroy(handle);
}

static __always_inline void *cache_kernel_alloc(void *handle)
{
	return kmem_cache_alloc(handle, GFP_KERNEL);
}

static __always_inline void cache_free(void *handle, void *object)
{
	kmem_cache_free(handle, object);
}

static inline void pool_destroy(void *handle)
{
	mpdemo_pool_destroy(handle);
}

static __always_inline void *pool_alloc(void *handle)
{
	return mpdemo_pool_alloc(handle, GFP_KERNEL);
}

static __always_inline void pool_free(void *handle, void *object)
{
	mpdemo_pool_free(handle, object);
}

#endif /* _MEMPOOL_DEMO_BENCH_ALLOCATORS_H */
