/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed-block pools: blocks of one size on kernel pages, for any context: task,
 * softirq, hardirq, NMI, under raw spinlocks, with preemption off, on PREEMPT_RT.
 * No call but create and destroy sleeps, takes a lock or switches interrupts.
 *
 * A pool is of one of two kinds, chosen at creation and used alike:
 *
 * Exact (default): of N blocks, N can be held and never more, whatever CPUs they
 * are allocated and freed on. All CPUs share one list, so many CPUs at the same
 * time contend for one cache line.
 *
 * Per CPU (MPDEMO_POOL_PERCPU): each CPU has a magazine of up to M free blocks in
 * front of the list, which it alone uses: an allocation is a few inlined
 * instructions without an atomic one. As a magazine may be full while another
 * CPU finds nothing, there are N + S blocks, S = possible CPUs * M, the slack. N
 * can be held whatever the CPUs do, and never more than N + S; which of them it
 * is at a moment is not promised. Blocks in the magazine of a CPU that goes
 * offline stay there; the slack covers them as well.
 *
 * Limitations: needs a 64-bit kernel and an NMI-safe 64-bit cmpxchg.
 */
#ifndef _MEMPOOL_DEMO_POOL_H
#define _MEMPOOL_DEMO_POOL_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>

#include <mempool_demo/refusal.h>
#include <mempool_demo/stride.h>

/* Flags of a pool */
#define MPDEMO_POOL_PERCPU	(1U << 0)
#define MPDEMO_POOL_FLAGS	MPDEMO_POOL_PERCPU

/* Blocks in the magazine of a CPU */
#define MPDEMO_MAGAZINE_MIN	2
#define MPDEMO_MAGAZINE_MAX	1024
#define MPDEMO_MAGAZINE_DEFAULT	64

/**
 * struct mpdemo_pool_config - what a pool shall be
 * @name: for messages about the pool; needed, and copied
 * @block_size: bytes of a block, MPDEMO_BLOCK_SIZE_MIN..MAX
 * @blocks: number of blocks, MPDEMO_BLOCKS_MIN..MAX; with MPDEMO_POOL_PERCPU
 *	those of the slack are beside it, and MPDEMO_BLOCKS_MAX is for both
 * @align: alignment of each block, a power of two up to MPDEMO_ALIGN_MAX;
 *	0: MPDEMO_ALIGN_MIN
 * @flags: MPDEMO_POOL_*
 * @magazine: with MPDEMO_POOL_PERCPU, blocks in the magazine of each CPU,
 *	MPDEMO_MAGAZINE_MIN..MAX; 0: MPDEMO_MAGAZINE_DEFAULT. Else 0.
 */
struct mpdemo_pool_config {
	const char *name;
	size_t block_size;
	size_t blocks;
	size_t align;
	unsigned int flags;
	unsigned int magazine;
};

/**
 * struct mpdemo_pool_stats - counters of a pool
 * @block_size: bytes of a block as asked for
 * @stride: bytes from one block to the next
 * @blocks: number of blocks that can be held whatever happens
 * @slack: blocks beside them, see MPDEMO_POOL_PERCPU; else 0
 * @magazine: blocks in the magazine of a CPU at most, or 0
 * @cached: free blocks that are in magazines
 * @in_use: blocks that are held, or inside of a call
 * @peak: the highest @in_use so far, exact; with MPDEMO_POOL_PERCPU the most
 *	blocks that were outside of the list at one time, those in magazines
 *	included, so it is too high by up to @slack
 * @allocs: blocks allocated so far
 * @frees: blocks freed so far
 * @failures: calls that found too few free blocks
 * @refused: frees that were refused, see mpdemo_pool_free()
 * @footprint: bytes of memory of the pool, metadata included
 *
 * Of an exact pool, @in_use, @allocs and @frees are those of one instant. All
 * else are sums over CPUs, and may be a few operations older or newer while the
 * pool is in use.
 */
struct mpdemo_pool_stats {
	size_t block_size;
	size_t stride;
	unsigned int blocks;
	unsigned int slack;
	unsigned int magazine;
	unsigned int cached;
	unsigned int in_use;
	unsigned int peak;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
	size_t footprint;
};

/**
 * union mpdemo_link - what is known about a block
 * @word: all of it
 * @next: the block behind it, while it is in the list; always the number of a
 *	block, or one that stands for none
 * @depth: of a free block, see freelist.h; or one of the following
 */
union mpdemo_link {
	/* private: */
	u64 word;
	struct {
		u32 next;
		u32 depth;
	};
};

/* private: instead of a depth; far from each other, and from all depths */
#define MPDEMO_LINK_HELD	U32_MAX
#define MPDEMO_LINK_CACHED	BIT(31)

/**
 * struct mpdemo_magazine - the free blocks that a CPU has for itself
 *
 * Only its CPU uses it, with preemption off. A section that changes it is marked
 * by @busy; an interrupt or NMI that lands in one leaves the magazine alone and
 * uses the list of the pool, and one that lands outside finds it whole and
 * leaves it whole.
 */
struct mpdemo_magazine {
	/* private: */
	unsigned int busy;
	unsigned int nr;
	unsigned long allocs;
	unsigned long frees;
	u32 index[];		/* @nr of them, the newest last */
};

/**
 * struct mpdemo_pool - a pool
 *
 * Visible for the inline fast paths only; the layout may change with any build
 * of the module.
 */
struct mpdemo_pool {
	/* private: */
	struct mpdemo_stride stride;
	union mpdemo_link *links;
	struct mpdemo_magazine __percpu *magazines;	/* NULL: exact */
	unsigned int nr;		/* blocks, those of the slack included */
	unsigned int magazine_room;	/* of a magazine; 0: destroyed */
};

int mpdemo_pool_check(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal);
size_t mpdemo_pool_footprint(const struct mpdemo_pool_config *config);

struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp);
void mpdemo_pool_destroy(struct mpdemo_pool *pool);

bool mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, gfp_t gfp,
			    unsigned int n, void **blocks);
void mpdemo_pool_free_bulk(struct mpdemo_pool *pool, unsigned int n,
			   void **blocks);

unsigned int mpdemo_pool_index(const struct mpdemo_pool *pool,
			       const void *block);
void *mpdemo_pool_block(const struct mpdemo_pool *pool, unsigned int index);
void mpdemo_pool_get_stats(const struct mpdemo_pool *pool,
			   struct mpdemo_pool_stats *stats);

/* private: what the inline functions below call */
void *mpdemo_pool_alloc_shared(struct mpdemo_pool *pool, gfp_t gfp);
void mpdemo_pool_free_shared(struct mpdemo_pool *pool, void *block);
void *mpdemo_magazine_alloc_slowly(struct mpdemo_pool *pool, gfp_t gfp);
void mpdemo_magazine_free_slowly(struct mpdemo_pool *pool, void *block);
void *mpdemo_pool_zero(struct mpdemo_pool *pool, void *block);

/* private: with preemption off; false where this is inside of such a section */
static __always_inline bool
mpdemo_magazine_enter(struct mpdemo_magazine *magazine)
{
	if (unlikely(READ_ONCE(magazine->busy)))
		return false;
	WRITE_ONCE(magazine->busy, 1);
	/*
	 * For the compiler, and with mpdemo_magazine_leave(): who interrupts is
	 * on this CPU, which sees its own accesses in order.
	 */
	barrier();
	return true;
}

/* private: */
static __always_inline void
mpdemo_magazine_leave(struct mpdemo_magazine *magazine)
{
	/* Pairs with the one in mpdemo_magazine_enter(). */
	barrier();
	WRITE_ONCE(magazine->busy, 0);
}

/* private: the newest block of the magazine, or false */
static __always_inline bool mpdemo_magazine_pop(struct mpdemo_pool *pool,
						unsigned int *index)
{
	struct mpdemo_magazine *magazine;
	unsigned int nr = 0;

	preempt_disable();
	magazine = this_cpu_ptr(pool->magazines);
	if (likely(mpdemo_magazine_enter(magazine))) {
		nr = magazine->nr;
		if (likely(nr)) {
			*index = magazine->index[nr - 1];
			WRITE_ONCE(magazine->nr, nr - 1);
			/* Readers of counters take them as they come. */
			data_race(magazine->allocs++);
			WRITE_ONCE(pool->links[*index].depth, MPDEMO_LINK_HELD);
		}
		mpdemo_magazine_leave(magazine);
	}
	preempt_enable();
	return nr;
}

/* private: false where there is no room */
static __always_inline bool mpdemo_magazine_push(struct mpdemo_pool *pool,
						 unsigned int index)
{
	struct mpdemo_magazine *magazine;
	bool pushed = false;
	unsigned int nr;

	preempt_disable();
	magazine = this_cpu_ptr(pool->magazines);
	if (likely(mpdemo_magazine_enter(magazine))) {
		nr = magazine->nr;
		/* Destroying a pool takes the room away under the eyes of this. */
		pushed = nr < READ_ONCE(pool->magazine_room);
		if (likely(pushed)) {
			magazine->index[nr] = index;
			WRITE_ONCE(magazine->nr, nr + 1);
			data_race(magazine->frees++);
			WRITE_ONCE(pool->links[index].depth, MPDEMO_LINK_CACHED);
		}
		mpdemo_magazine_leave(magazine);
	}
	preempt_enable();
	return pushed;
}

/* private: whether @index is the number of a block, which somebody holds */
static __always_inline bool mpdemo_pool_is_held(const struct mpdemo_pool *pool,
						u64 index)
{
	return index < pool->nr &&
	       READ_ONCE(pool->links[index].depth) == MPDEMO_LINK_HELD;
}

/**
 * mpdemo_pool_alloc() - allocate a block
 * @pool: the pool
 * @gfp: __GFP_ZERO asks for zeroed memory, nothing else matters; the block
 *	never comes from anywhere but the pool
 *
 * Context: Any: task, softirq, hardirq, NMI, under any lock. Never sleeps.
 * Return: a block, which the caller owns until mpdemo_pool_free(); or NULL. An
 * exact pool gives NULL only if at one instant of the call no block was free, one
 * per CPU only if at one instant all of the N of its configuration were held.
 */
static __always_inline void *mpdemo_pool_alloc(struct mpdemo_pool *pool,
					       gfp_t gfp)
{
	unsigned int index;
	void *block;

	if (!pool->magazines)
		return mpdemo_pool_alloc_shared(pool, gfp);
	if (unlikely(!mpdemo_magazine_pop(pool, &index)))
		return mpdemo_magazine_alloc_slowly(pool, gfp);

	block = mpdemo_stride_address(&pool->stride, index);
	if (want_init_on_alloc(gfp))
		return mpdemo_pool_zero(pool, block);
	return block;
}

/**
 * mpdemo_pool_free() - free a block
 * @pool: the pool that the block was allocated from
 * @block: the block; NULL is fine
 *
 * A free of a block that is free already, of a pointer that is no block, or of
 * a block of another pool changes nothing: it is counted, and reported in the
 * kernel log once per pool. (Two frees of one block at the same time are not
 * found out.)
 *
 * Context: Any, as mpdemo_pool_alloc(). It may be another one, and another CPU,
 * than the block was allocated on.
 */
static __always_inline void mpdemo_pool_free(struct mpdemo_pool *pool,
					     void *block)
{
	u64 index;

	if (!pool->magazines) {
		mpdemo_pool_free_shared(pool, block);
		return;
	}
	index = mpdemo_stride_index(&pool->stride, block);
	/* Whatever is not as usual is looked at again, and done, there. */
	if (want_init_on_free() || unlikely(!mpdemo_pool_is_held(pool, index)) ||
	    unlikely(!mpdemo_magazine_push(pool, index)))
		mpdemo_magazine_free_slowly(pool, block);
}

#endif /* _MEMPOOL_DEMO_POOL_H */
