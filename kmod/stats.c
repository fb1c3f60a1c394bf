// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a pool.
 *
 * Most of them nobody counts: the head of the freelist tells how many blocks were
 * popped, and how many are free. The rest are sums over CPUs.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "chunks.h"
#include "freelist.h"
#include "guard.h"
#include "pool.h"
#include "store.h"

/**
 * pool_count_kept() - how many blocks are taken but not held
 * @pool: the pool
 * @reserved: where to put how many are in reservations
 * @granted: where to put how many are on their way to those who wait
 *
 * Context: Any.
 */
void pool_count_kept(const struct pool *pool, unsigned int *reserved,
		     unsigned int *granted)
{
	unsigned long all_reserved = 0, all_granted = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct pool_counts *counts = per_cpu_ptr(pool->counts, cpu);

		all_reserved += READ_ONCE(counts->reserved);
		all_granted += READ_ONCE(counts->granted);
	}
	/* Below zero where a block was counted by one CPU after another. */
	*reserved = clamp_t(long, all_reserved, 0, store_size(pool));
	*granted = clamp_t(long, all_granted, 0, store_size(pool));
}

/**
 * pool_count_out() - how many blocks are not free
 * @pool: the pool
 *
 * Context: Any.
 * Return: how many; of a pool per CPU those in magazines count as well.
 */
unsigned int pool_count_out(const struct pool *pool)
{
	struct freelist_counts counts;

	if (pool->chunks)
		return chunks_used_in(atomic64_read(&pool->chunks->word));
	freelist_count(&pool->api.free, &counts);
	return pool->api.free.nr - counts.depth;
}

/**
 * mpdemo_pool_state() - what is with a block
 * @api: the pool
 * @index: the number of the block, of those that there may ever be
 *
 * Of a pool that grows a chunk may go away meanwhile: the links of its blocks do not, and
 * the blocks are not looked at.
 *
 * Context: Any. As of just now.
 * Return: that.
 */
enum pool_block_state mpdemo_pool_state(const struct mpdemo_pool *api,
					unsigned int index)
{
	const struct pool *pool = to_pool(api);

	if (!store_address(pool, index))
		return POOL_BLOCK_ABSENT;
	switch (READ_ONCE(store_link(pool, index)->depth)) {
	case MPDEMO_LINK_HELD:
		return POOL_BLOCK_HELD;
	case MPDEMO_LINK_CACHED:
		return POOL_BLOCK_CACHED;
	case MPDEMO_LINK_RESERVED:
		return POOL_BLOCK_RESERVED;
	default:
		return POOL_BLOCK_FREE;
	}
}

/* Frees first: then no block that is counted freed is not counted allocated. */
static void count_percpu(const struct pool *pool,
			 struct mpdemo_pool_stats *stats)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mpdemo_magazine *magazine =
			per_cpu_ptr(pool->magazines, cpu);

		stats->frees += READ_ONCE(magazine->frees) +
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->frees);
		stats->cached += READ_ONCE(magazine->nr);
	}
	/* Pairs with what hands a block from who allocates to who frees it. */
	smp_rmb();
	for_each_possible_cpu(cpu) {
		const struct mpdemo_magazine *magazine =
			per_cpu_ptr(pool->magazines, cpu);

		stats->allocs += READ_ONCE(magazine->allocs) +
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->allocs);
	}
	stats->in_use = min_t(u64, stats->allocs - stats->frees + stats->reserved,
			      pool->api.free.nr);
}

/* @granted blocks are in use by nobody, but not free either. */
static void count_exact(const struct pool *pool,
			const struct freelist_counts *counts,
			unsigned int granted, struct mpdemo_pool_stats *stats)
{
	u64 allocs = counts->popped, held;
	int cpu;

	for_each_possible_cpu(cpu)
		allocs += READ_ONCE(per_cpu_ptr(pool->counts, cpu)->allocs);
	stats->in_use = pool->api.free.nr - counts->depth;
	stats->allocs = max_t(s64, allocs, 0);
	/* Where they are not of one instant, there may seem to be less. */
	held = stats->in_use - min(stats->in_use, stats->reserved + granted);
	stats->frees = stats->allocs - min_t(u64, stats->allocs, held);
}

/* Return: how many blocks are outside of the list. */
static unsigned int count_list(const struct pool *pool, unsigned int granted,
			       struct mpdemo_pool_stats *stats)
{
	struct freelist_counts counts;

	stats->max_blocks = pool->blocks;
	stats->slack = pool->api.free.nr - pool->blocks;
	stats->footprint = pool_footprint(pool);
	freelist_count(&pool->api.free, &counts);
	if (pool->magazine)
		count_percpu(pool, stats);
	else
		count_exact(pool, &counts, granted, stats);
	return pool->api.free.nr - counts.depth;
}

static unsigned int count_chunks(const struct pool *pool, unsigned int granted,
				 struct mpdemo_pool_stats *stats)
{
	unsigned int held;

	chunks_get_stats(pool->chunks, stats);
	/* As of exact pools: see count_exact(). */
	held = stats->in_use - min(stats->in_use, stats->reserved + granted);
	stats->frees = stats->allocs - min_t(u64, stats->allocs, held);
	return stats->in_use;
}

/**
 * mpdemo_pool_get_stats() - read the counters of a pool
 * @api: the pool
 * @stats: where to put them
 *
 * Context: Any.
 */
void mpdemo_pool_get_stats(const struct mpdemo_pool *api,
			   struct mpdemo_pool_stats *stats)
{
	const struct pool *pool = to_pool(api);
	unsigned int granted, out;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	stats->block_size = pool->block_size;
	stats->stride = api->stride.bytes;
	stats->blocks = pool->blocks;
	stats->magazine = pool->magazine;
	stats->refused = atomic64_read(&pool->refused);
	stats->waiters = READ_ONCE(pool->wait.nr);
	stats->waits = atomic64_read(&pool->wait.waits);
	stats->injected = atomic64_read(&pool->fault.injected);

	pool_count_kept(pool, &stats->reserved, &granted);
	if (pool->chunks)
		out = count_chunks(pool, granted, stats);
	else
		out = count_list(pool, granted, stats);
	/* Adds its own memory. */
	guard_get_stats(pool, stats);
	/* An allocation that is under way may not have noted its depth yet. */
	stats->peak = max(store_size(pool) + 1 - READ_ONCE(pool->lowest_depth), out);
	for_each_possible_cpu(cpu)
		stats->failures +=
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->failures);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_get_stats);

/**
 * mpdemo_pool_reset_peak() - begin anew to find the highest in_use
 * @api: the pool
 *
 * Operations that are under way may be taken for ones that come later.
 *
 * Context: Any.
 */
void mpdemo_pool_reset_peak(struct mpdemo_pool *api)
{
	level_forget_depths(to_pool(api));
}
EXPORT_SYMBOL_GPL(mpdemo_pool_reset_peak);
