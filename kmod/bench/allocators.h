/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What more than one workload calls: the allocators whose handle says all that
 * there is to say, and none.
 */
#ifndef _MEMPOOL_DEMO_BENCH_ALLOCATORS_H
#define _MEMPOOL_DEMO_BENCH_ALLOCATORS_H

#include <linux/compiler.h>
#include <linux/slab.h>
#include <linux/types.h>

#include <mempool_demo/pool.h>

/*
 * No allocator: what is left is the loop. The compiler must not know which
 * object it is, and must load it again to free it.
 */
static __always_inline void *empty_alloc(void *handle)
{
	static u64 the_object;
	void *object = &the_object;

	OPTIMIZER_HIDE_VAR(object);
	return object;
}

static __always_inline void empty_free(void *handle, void *object)
{
	barrier_data(object);
}

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
