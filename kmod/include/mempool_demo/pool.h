/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed-block pools: blocks of one size on kernel pages, exact in number.
 *
 * Best suited for: a number of objects that is known in advance and must be
 * there when it is needed, in any context: task, softirq, hardirq, NMI, under
 * raw spinlocks, with preemption off, on PREEMPT_RT.
 *
 * Limitations: all CPUs share one list head, so many CPUs that allocate at the
 * same time contend for one cache line. Needs an NMI-safe 64-bit cmpxchg.
 */
#ifndef _MEMPOOL_DEMO_POOL_H
#define _MEMPOOL_DEMO_POOL_H

#include <linux/types.h>

#include <mempool_demo/refusal.h>

struct mpdemo_pool;

/**
 * struct mpdemo_pool_config - what a pool shall be
 * @name: for messages about the pool; needed, and copied
 * @block_size: bytes of a block, MPDEMO_BLOCK_SIZE_MIN..MAX
 * @blocks: number of blocks, MPDEMO_BLOCKS_MIN..MAX
 * @align: alignment of each block, a power of two up to MPDEMO_ALIGN_MAX;
 *	0: MPDEMO_ALIGN_MIN
 */
struct mpdemo_pool_config {
	const char *name;
	size_t block_size;
	size_t blocks;
	size_t align;
};

/**
 * struct mpdemo_pool_stats - counters of a pool
 * @block_size: bytes of a block as asked for
 * @stride: bytes from one block to the next
 * @blocks: number of blocks
 * @in_use: blocks that are held, or inside of a call
 * @peak: the highest @in_use so far, exact
 * @allocs: blocks allocated so far
 * @frees: blocks freed so far
 * @failures: calls that found too few free blocks
 * @refused: frees that were refused, see mpdemo_pool_free()
 * @footprint: bytes of memory of the pool, metadata included
 *
 * @in_use is that of one instant. The others are sums over CPUs, and may be a few
 * operations older or newer while the pool is in use.
 */
struct mpdemo_pool_stats {
	size_t block_size;
	size_t stride;
	unsigned int blocks;
	unsigned int in_use;
	unsigned int peak;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
	size_t footprint;
};

int mpdemo_pool_check(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal);
size_t mpdemo_pool_footprint(const struct mpdemo_pool_config *config);

struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp);
void mpdemo_pool_destroy(struct mpdemo_pool *pool);

void *mpdemo_pool_alloc(struct mpdemo_pool *pool, gfp_t gfp);
void mpdemo_pool_free(struct mpdemo_pool *pool, void *block);
bool mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, gfp_t gfp,
			    unsigned int n, void **blocks);
void mpdemo_pool_free_bulk(struct mpdemo_pool *pool, unsigned int n,
			   void **blocks);

unsigned int mpdemo_pool_index(const struct mpdemo_pool *pool,
			       const void *block);
void *mpdemo_pool_block(const struct mpdemo_pool *pool, unsigned int index);
void mpdemo_pool_get_stats(const struct mpdemo_pool *pool,
			   struct mpdemo_pool_stats *stats);

#endif /* _MEMPOOL_DEMO_POOL_H */
