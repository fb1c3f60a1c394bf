// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and what is told at them, out of line.
 *
 * Safe wherever the allocators are, NMIs included: an event is written to the buffer of
 * its CPU without a lock.
 */

#include "arena.h"
#include "heap.h"
#include "pool.h"
#include "store.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* The first three for what is inlined by others, all for their probes. */
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_free);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_refuse);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_fail);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_refill);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_flush);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_grow);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_pool_shrink);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_fail);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_reset);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_rollback);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_grow);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_arena_shrink);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_heap_alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_heap_resize);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_heap_free);
EXPORT_TRACEPOINT_SYMBOL_GPL(mpdemo_heap_fail);

/**
 * pool_trace_alloc() - tell of a block that was allocated
 * @pool: the pool
 * @block: the block, which is the caller's
 * @gfp: as for mpdemo_pool_alloc()
 * @caller: who gets it
 *
 * Context: Any.
 */
void pool_trace_alloc(struct pool *pool, const void *block, gfp_t gfp,
		      unsigned long caller)
{
	trace_mpdemo_pool_alloc(pool->name, block, store_find(pool, block),
				pool->block_size, gfp, caller);
}

/**
 * pool_trace_alloc_bulk() - tell of blocks that were allocated, of each by itself
 * @pool: the pool
 * @n: how many
 * @blocks: which
 * @gfp: as for mpdemo_pool_alloc()
 * @caller: who gets them
 *
 * Context: Any.
 */
void pool_trace_alloc_bulk(struct pool *pool, unsigned int n, void **blocks,
			   gfp_t gfp, unsigned long caller)
{
	while (n--)
		pool_trace_alloc(pool, *blocks++, gfp, caller);
}

/**
 * pool_trace_free() - tell of a block that is about to be freed
 * @pool: the pool
 * @block: as for mpdemo_pool_free()
 * @caller: who frees it
 *
 * What will be refused is told by who refuses it.
 *
 * Context: Any.
 */
void pool_trace_free(struct pool *pool, const void *block,
		     unsigned long caller)
{
	u64 index = store_find(pool, block);

	if (index < store_size(pool) &&
	    store_is_marked(pool, index, MPDEMO_LINK_HELD))
		trace_mpdemo_pool_free(pool->name, block, index,
				       pool->block_size, caller);
}

/**
 * pool_trace_free_bulk() - tell of blocks that are about to be freed, of each by itself
 * @pool: the pool
 * @n: how many
 * @blocks: as for mpdemo_pool_free_bulk()
 * @caller: who frees them
 *
 * Context: Any.
 */
void pool_trace_free_bulk(struct pool *pool, unsigned int n, void **blocks,
			  unsigned long caller)
{
	while (n--)
		pool_trace_free(pool, *blocks++, caller);
}

/* Context: Any, in the section of a magazine. */
void pool_trace_refill(struct pool *pool, unsigned int n)
{
	trace_mpdemo_pool_refill(pool->name, n);
}

/* Context: Any, in the section of a magazine. */
void pool_trace_flush(struct pool *pool, unsigned int n)
{
	trace_mpdemo_pool_flush(pool->name, n);
}

/**
 * arena_trace_alloc() - tell of a piece that was allocated
 * @api: the arena, or its part for a CPU
 * @piece: the piece
 * @size: its size
 * @align: as asked for
 * @gfp: as for mpdemo_arena_alloc_aligned()
 * @caller: who gets it
 *
 * Context: Any.
 */
void arena_trace_alloc(struct mpdemo_arena *api, const void *piece, size_t size,
		       size_t align, gfp_t gfp, unsigned long caller)
{
	trace_mpdemo_arena_alloc(arena_name(api), piece, size, align, gfp, caller);
}

/**
 * heap_trace_alloc() - tell of memory that was allocated
 * @heap: the heap
 * @memory: the memory, which is the caller's
 * @size: bytes that were asked for
 * @gfp: as for mpdemo_heap_alloc()
 * @caller: who gets it
 *
 * Context: Any.
 */
void heap_trace_alloc(struct mpdemo_heap *heap, const void *memory, size_t size,
		      gfp_t gfp, unsigned long caller)
{
	if (trace_mpdemo_heap_alloc_enabled())
		trace_mpdemo_heap_alloc(heap->name, memory, size,
					mpdemo_heap_usable_size(heap, memory),
					gfp, caller);
}

/**
 * heap_trace_free() - tell of memory that is about to be freed, unless it will be refused
 * @heap: the heap
 * @memory: as for mpdemo_heap_free()
 * @caller: who frees it
 *
 * Context: Any.
 */
void heap_trace_free(struct mpdemo_heap *heap, const void *memory,
		     unsigned long caller)
{
	size_t bytes;

	if (!trace_mpdemo_heap_free_enabled())
		return;
	bytes = mpdemo_heap_usable_size(heap, memory);
	if (bytes)
		trace_mpdemo_heap_free(heap->name, memory, bytes, caller);
}
