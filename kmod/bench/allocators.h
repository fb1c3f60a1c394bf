/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of allocators: their calls, as inline functions; what they are made from
 * is in the files behind: slab.c, pools.c, arena.c, heap.c, and objpool.h.
 *
 * Lists of them are for BENCH_KINDS() of ops.h. A workload takes the list that makes
 * sense for it, and no allocator needs a line of its own there.
 */
#ifndef _MEMPOOL_DEMO_BENCH_ALLOCATORS_H
#define _MEMPOOL_DEMO_BENCH_ALLOCATORS_H

#include <linux/compiler.h>
#include <linux/mempool.h>
#include <linux/slab.h>
#include <linux/types.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/heap.h>
#include <mempool_demo/pool.h>

#include "objpool.h"
#include "ops.h"

extern const struct bench_allocator bench_empty;
extern const struct bench_allocator bench_empty_bulk;
extern const struct bench_allocator bench_array;
extern const struct bench_allocator bench_array_bulk;
extern const struct bench_allocator bench_kmalloc_kernel;
extern const struct bench_allocator bench_kmalloc_atomic;
extern const struct bench_allocator bench_cache_kernel;
extern const struct bench_allocator bench_cache_atomic;
extern const struct bench_allocator bench_cache_bulk;
extern const struct bench_allocator bench_mempool;
extern const struct bench_allocator bench_pool;
extern const struct bench_allocator bench_pool_bulk;
extern const struct bench_allocator bench_percpu_pool;
extern const struct bench_allocator bench_percpu_stride;
extern const struct bench_allocator bench_percpu_large;
extern const struct bench_allocator bench_percpu_called;
extern const struct bench_allocator bench_percpu_bulk;
extern const struct bench_allocator bench_percpu_bulk_large;
extern const struct bench_allocator bench_arena;
extern const struct bench_allocator bench_pool_arena;
extern const struct bench_allocator bench_pool_bulk_arena;
extern const struct bench_allocator bench_percpu_arena;
extern const struct bench_allocator bench_percpu_bulk_arena;
extern const struct bench_allocator bench_percpu_section;
extern const struct bench_allocator bench_percpu_bulk_section;
extern const struct bench_allocator bench_heap;
extern const struct bench_allocator bench_heap_fine;
extern const struct bench_allocator bench_classes;

/*
 * No allocator: what is left is the loop. The compiler must not know which
 * object it is, and must load it again to free it.
 */
static __always_inline void *empty_alloc(void *handle, size_t size, gfp_t zero)
{
	static u64 the_object;
	void *object = &the_object;

	OPTIMIZER_HIDE_VAR(object);
	return object;
}

static __always_inline void empty_free(void *handle, void *object, size_t size)
{
	barrier_data(object);
}

static __always_inline bool empty_alloc_bulk(void *handle, unsigned int n,
					     gfp_t zero, void **objects)
{
	barrier_data(objects);
	return true;
}

static __always_inline void empty_free_bulk(void *handle, unsigned int n,
					    void **objects)
{
	barrier_data(objects);
}

static const struct bench_ops __maybe_unused empty_ops = {
	.alloc = empty_alloc,
	.free = empty_free,
};

static const struct bench_ops __maybe_unused empty_bulk_ops = {
	.alloc = empty_alloc,
	.free = empty_free,
	.alloc_bulk = empty_alloc_bulk,
	.free_bulk = empty_free_bulk,
};

/*
 * No allocator either, for workloads that write to their objects: the next one is
 * just the next one of an array.
 */
struct bench_array {
	size_t stride;
	unsigned int mask;
	unsigned int next;
	u8 objects[] __aligned(8);
};

static __always_inline void *array_alloc(void *handle, size_t size, gfp_t zero)
{
	struct bench_array *array = handle;
	void *object = array->objects +
		       (array->next++ & array->mask) * array->stride;

	OPTIMIZER_HIDE_VAR(object);
	return object;
}

static __always_inline bool array_alloc_bulk(void *handle, unsigned int n,
					     gfp_t zero, void **objects)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		objects[i] = array_alloc(handle, 0, zero);
	return true;
}

static const struct bench_ops __maybe_unused array_ops = {
	.alloc = array_alloc,
	.free = empty_free,
};

static const struct bench_ops __maybe_unused array_bulk_ops = {
	.alloc = array_alloc,
	.free = empty_free,
	.alloc_bulk = array_alloc_bulk,
	.free_bulk = empty_free_bulk,
};

/* kmalloc, in the default of a size that is a constant, as its callers mostly do. */

static __always_inline void *kmalloc_kernel_alloc(void *handle, size_t size,
						  gfp_t zero)
{
	return kmalloc(size, GFP_KERNEL | zero);
}

static __always_inline void *kmalloc_atomic_alloc(void *handle, size_t size,
						  gfp_t zero)
{
	return kmalloc(size, GFP_ATOMIC | zero);
}

static __always_inline void kmalloc_free(void *handle, void *object,
					 size_t size)
{
	kfree(object);
}

static const struct bench_ops __maybe_unused kmalloc_kernel_ops = {
	.alloc = kmalloc_kernel_alloc,
	.free = kmalloc_free,
};

static const struct bench_ops __maybe_unused kmalloc_atomic_ops = {
	.alloc = kmalloc_atomic_alloc,
	.free = kmalloc_free,
};

static __always_inline void *cache_kernel_alloc(void *handle, size_t size,
						gfp_t zero)
{
	return kmem_cache_alloc(handle, GFP_KERNEL | zero);
}

static __always_inline void *cache_atomic_alloc(void *handle, size_t size,
						gfp_t zero)
{
	return kmem_cache_alloc(handle, GFP_ATOMIC | zero);
}

static __always_inline void cache_free(void *handle, void *object, size_t size)
{
	kmem_cache_free(handle, object);
}

static __always_inline bool cache_alloc_bulk(void *handle, unsigned int n,
					     gfp_t zero, void **objects)
{
	return kmem_cache_alloc_bulk(handle, GFP_KERNEL | zero, n, objects);
}

static __always_inline void cache_free_bulk(void *handle, unsigned int n,
					    void **objects)
{
	kmem_cache_free_bulk(handle, n, objects);
}

static const struct bench_ops __maybe_unused cache_kernel_ops = {
	.alloc = cache_kernel_alloc,
	.free = cache_free,
};

static const struct bench_ops __maybe_unused cache_atomic_ops = {
	.alloc = cache_atomic_alloc,
	.free = cache_free,
};

static const struct bench_ops __maybe_unused cache_bulk_ops = {
	.alloc = cache_kernel_alloc,
	.free = cache_free,
	.alloc_bulk = cache_alloc_bulk,
	.free_bulk = cache_free_bulk,
};

/* It refuses __GFP_ZERO, as it cannot zero what comes from its reserve. */
static __always_inline void *mempool_row_alloc(void *handle, size_t size,
					       gfp_t zero)
{
	void *object = mempool_alloc(handle, GFP_KERNEL);

	if (zero && object)
		memset(object, 0, size);
	return object;
}

static __always_inline void mempool_row_free(void *handle, void *object,
					     size_t size)
{
	mempool_free(object, handle);
}

static const struct bench_ops __maybe_unused mempool_ops = {
	.alloc = mempool_row_alloc,
	.free = mempool_row_free,
};

/* Pools. Which kind of pool it is the inline functions find out. */

static __always_inline void *pool_alloc(void *handle, size_t size, gfp_t zero)
{
	return mpdemo_pool_alloc(handle, GFP_KERNEL | zero);
}

static __always_inline void pool_free(void *handle, void *object, size_t size)
{
	mpdemo_pool_free(handle, object);
}

static __always_inline bool pool_alloc_bulk(void *handle, unsigned int n,
					    gfp_t zero, void **objects)
{
	return mpdemo_pool_alloc_bulk(handle, GFP_KERNEL | zero, n, objects);
}

static __always_inline void pool_free_bulk(void *handle, unsigned int n,
					   void **objects)
{
	mpdemo_pool_free_bulk(handle, n, objects);
}

/* Those of pools.c that are not inline. */
void *percpu_called_alloc(void *handle);
void *percpu_called_zalloc(void *handle);
void percpu_called_free(void *handle, void *object);

static __always_inline void *called_alloc(void *handle, size_t size, gfp_t zero)
{
	return zero ? percpu_called_zalloc(handle) :
		      percpu_called_alloc(handle);
}

static __always_inline void called_free(void *handle, void *object, size_t size)
{
	percpu_called_free(handle, object);
}

#define BENCH_POOL_OPS	.alloc = pool_alloc, .free = pool_free, .bounded = true
#define BENCH_POOL_BULK_OPS						\
	BENCH_POOL_OPS,							\
	.alloc_bulk = pool_alloc_bulk, .free_bulk = pool_free_bulk

static const struct bench_ops __maybe_unused pool_ops = { BENCH_POOL_OPS };

static const struct bench_ops __maybe_unused percpu_pool_ops = { BENCH_POOL_OPS };

static const struct bench_ops __maybe_unused percpu_stride_ops = { BENCH_POOL_OPS };

static const struct bench_ops __maybe_unused percpu_large_ops = { BENCH_POOL_OPS };

static const struct bench_ops __maybe_unused pool_bulk_ops = {
	BENCH_POOL_BULK_OPS
};

static const struct bench_ops __maybe_unused percpu_bulk_ops = {
	BENCH_POOL_BULK_OPS
};

static const struct bench_ops __maybe_unused percpu_bulk_large_ops = {
	BENCH_POOL_BULK_OPS
};

static const struct bench_ops __maybe_unused percpu_called_ops = {
	.alloc = called_alloc,
	.free = called_free,
	.bounded = true,
};

/* Arenas, by themselves and as the scratch memory beside pools. */

static __always_inline void *arena_alloc(void *handle, size_t size, gfp_t zero)
{
	return mpdemo_arena_alloc(handle, size, GFP_KERNEL | zero);
}

static __always_inline void arena_reset(void *handle)
{
	mpdemo_arena_reset(handle);
}

static __always_inline void *arena_enter(void *handle,
					 struct mpdemo_arena_scope *scope)
{
	return mpdemo_arena_begin(handle, scope);
}

static __always_inline void arena_leave(struct mpdemo_arena_scope *scope)
{
	mpdemo_arena_end(scope);
}

#define BENCH_ARENA_OPS	.scratch = arena_alloc, .reset = arena_reset
#define BENCH_SECTION_OPS						\
	.scratch = arena_alloc, .enter = arena_enter, .leave = arena_leave

static const struct bench_ops __maybe_unused arena_ops = {
	.alloc = arena_alloc,
	.free = empty_free,
	.kept = true,
	BENCH_ARENA_OPS,
};

static const struct bench_ops __maybe_unused pool_arena_ops = {
	BENCH_POOL_OPS, BENCH_ARENA_OPS
};

static const struct bench_ops __maybe_unused percpu_arena_ops = {
	BENCH_POOL_OPS, BENCH_ARENA_OPS
};

static const struct bench_ops __maybe_unused pool_bulk_arena_ops = {
	BENCH_POOL_BULK_OPS, BENCH_ARENA_OPS
};

static const struct bench_ops __maybe_unused percpu_bulk_arena_ops = {
	BENCH_POOL_BULK_OPS, BENCH_ARENA_OPS
};

static const struct bench_ops __maybe_unused percpu_section_ops = {
	BENCH_POOL_OPS, BENCH_SECTION_OPS
};

static const struct bench_ops __maybe_unused percpu_bulk_section_ops = {
	BENCH_POOL_BULK_OPS, BENCH_SECTION_OPS
};

/* Heaps. Their free is not told the size, as that of kmalloc is not. */

static __always_inline void *heap_alloc(void *handle, size_t size, gfp_t zero)
{
	return mpdemo_heap_alloc(handle, size, GFP_KERNEL | zero);
}

static __always_inline void heap_free(void *handle, void *object, size_t size)
{
	mpdemo_heap_free(handle, object);
}

static const struct bench_ops __maybe_unused heap_ops = {
	.alloc = heap_alloc,
	.free = heap_free,
};

static const struct bench_ops __maybe_unused heap_fine_ops = {
	.alloc = heap_alloc,
	.free = heap_free,
};

/* Eight pools and an arena: see heap.c. */

#define BENCH_CLASSES		8
#define BENCH_CLASS_SHIFT	3	/* of the smallest one, of 8 bytes */
#define BENCH_CLASS_MAX		1024

struct bench_classes {
	struct mpdemo_pool *pools[BENCH_CLASSES];
	struct mpdemo_arena *large;
};

static __always_inline struct mpdemo_pool *
class_of(const struct bench_classes *classes, size_t size)
{
	if (size <= BIT(BENCH_CLASS_SHIFT))
		return classes->pools[0];
	return classes->pools[fls_long(size - 1) - BENCH_CLASS_SHIFT];
}

static __always_inline void *classes_alloc(void *handle, size_t size,
					   gfp_t zero)
{
	const struct bench_classes *classes = handle;

	if (unlikely(size > BENCH_CLASS_MAX))
		return arena_alloc(classes->large, size, zero);
	return pool_alloc(class_of(classes, size), size, zero);
}

/* That of a large size does nothing: the reset does it. */
static __always_inline void classes_free(void *handle, void *object,
					 size_t size)
{
	if (likely(size <= BENCH_CLASS_MAX))
		pool_free(class_of(handle, size), object, size);
}

static __always_inline void classes_reset(void *handle)
{
	const struct bench_classes *classes = handle;

	arena_reset(classes->large);
}

static const struct bench_ops __maybe_unused classes_ops = {
	.alloc = classes_alloc,
	.free = classes_free,
	.reset = classes_reset,
};

/* Objects of one size. */
#define BENCH_ALL(X, w)							\
	X(empty, w) X(empty_bulk, w)					\
	X(kmalloc_kernel, w) X(kmalloc_atomic, w)			\
	X(cache_kernel, w) X(cache_atomic, w) X(cache_bulk, w)		\
	X(mempool, w) X(objpool, w)					\
	X(pool, w) X(pool_bulk, w)					\
	X(percpu_pool, w) X(percpu_stride, w) X(percpu_large, w)	\
	X(percpu_called, w) X(percpu_bulk, w) X(percpu_bulk_large, w)	\
	X(arena, w) X(heap, w)

/* Objects that are written to, and freed one by one. */
#define BENCH_OBJECTS(X, w)						\
	X(array, w) X(array_bulk, w)					\
	X(kmalloc_kernel, w) X(kmalloc_atomic, w)			\
	X(cache_kernel, w) X(cache_atomic, w) X(cache_bulk, w)		\
	X(mempool, w) X(objpool, w)					\
	X(pool, w) X(pool_bulk, w)					\
	X(percpu_pool, w) X(percpu_bulk, w) X(heap, w)

/* The same, all of which is freed at once. */
#define BENCH_SCRATCH(X, w) BENCH_OBJECTS(X, w) X(arena, w)

/* Objects that are freed one by one, and beside them memory that is freed at once. */
#define BENCH_MIXED(X, w)						\
	X(array, w) X(array_bulk, w)					\
	X(kmalloc_kernel, w) X(kmalloc_atomic, w)			\
	X(cache_kernel, w) X(cache_atomic, w) X(cache_bulk, w)		\
	X(mempool, w) X(objpool, w)					\
	X(pool_arena, w) X(pool_bulk_arena, w)				\
	X(percpu_arena, w) X(percpu_bulk_arena, w) X(heap, w)

/* The same, with scratch memory of each CPU. */
#define BENCH_SECTIONS(X, w) BENCH_MIXED(X, w)				\
	X(percpu_section, w) X(percpu_bulk_section, w)

/* Sizes that are known when it runs. */
#define BENCH_ANY_SIZE(X, w)						\
	X(empty, w) X(kmalloc_kernel, w) X(kmalloc_atomic, w)		\
	X(classes, w) X(heap, w) X(heap_fine, w)

#endif /* _MEMPOOL_DEMO_BENCH_ALLOCATORS_H */
