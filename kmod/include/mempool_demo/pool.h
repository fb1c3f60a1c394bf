/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed-block pools: blocks of one size on kernel pages, for any context: task,
 * softirq, hardirq, NMI, under raw spinlocks, with preemption off, on PREEMPT_RT.
 * No call but create and destroy sleeps or takes a lock, or switches interrupts
 * where counters of a CPU can be changed in one instruction (x86, arm64, s390). What
 * may sleep says so by its name, or by GFP_KERNEL where a pool grows.
 *
 * A pool is of one of two kinds, chosen at creation and used alike; an exact one may
 * grow, see <mempool_demo/grow.h>. Beside what is here there are, for who wants it:
 *
 *	wait.h reserve.h	to wait for blocks, and to be sure of them
 *	level.h failure.h	to be told that few are left, and why there were none
 *	guard.h fault.h		to look for errors, and to test what is done about them
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

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

#include <mempool_demo/refusal.h>
#include <mempool_demo/stride.h>

/* Flags of a pool */
#define MPDEMO_POOL_PERCPU	BIT(0)
#define MPDEMO_POOL_RED_ZONE	BIT(1)	/* see <mempool_demo/guard.h> */
#define MPDEMO_POOL_TRACK	BIT(2)	/* see <mempool_demo/guard.h> */
#define MPDEMO_POOL_NODE	BIT(3)
#define MPDEMO_POOL_FLAGS	(MPDEMO_POOL_PERCPU | MPDEMO_POOL_RED_ZONE | \
				 MPDEMO_POOL_TRACK | MPDEMO_POOL_NODE)
/* Bytes of a red zone at least */
#define MPDEMO_RED_ZONE_MIN	16

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
 * @node: with MPDEMO_POOL_NODE, where the memory of the blocks is to come from, if it
 *	can: a NUMA node that there may be. Else 0: from where the caller runs.
 * @ctor: the constructor: called once for each block when its memory is made, zeroed
 *	so far, in task context, where it may sleep, before anybody else can see the
 *	block; it must not use the pool. From then on a block keeps what its holders
 *	leave in it, so each has to leave it as it shall be for the next one:
 *	init_on_alloc and init_on_free do not apply to it, while __GFP_ZERO does what it
 *	says. NULL: none.
 * @ctor_data: for @ctor
 * @max_blocks: more than @blocks: the pool grows, up to as many, see
 *	<mempool_demo/grow.h>; then @blocks is its floor. Not with MPDEMO_POOL_PERCPU.
 *	0 or @blocks: it does not.
 * @chunk_blocks: of a pool that grows, by how many blocks at a time, so that it takes
 *	1023 times at the most; 0: a sensible number. Else 0.
 */
struct mpdemo_pool_config {
	const char *name;
	size_t block_size;
	size_t blocks;
	size_t align;
	unsigned int flags;
	unsigned int magazine;
	int node;
	void (*ctor)(void *block, void *data);
	void *ctor_data;
	size_t max_blocks;
	size_t chunk_blocks;
};

/**
 * struct mpdemo_pool_stats - counters of a pool
 * @block_size: bytes of a block as asked for
 * @stride: bytes from one block to the next
 * @blocks: number of blocks that can be held whatever happens
 * @slack: blocks beside them, see MPDEMO_POOL_PERCPU; else 0
 * @magazine: blocks in the magazine of a CPU at most, or 0
 * @cached: free blocks that are in magazines
 * @reserved: blocks that are in reservations, see reserve.h
 * @in_use: blocks that are held, reserved, inside of a call, or on their way to
 *	tasks that wait, or back from there
 * @peak: the highest @in_use so far, or since mpdemo_pool_reset_peak(); exact, but
 *	with MPDEMO_POOL_PERCPU the most blocks that were outside of the list at one
 *	time, those in magazines included, so it is too high by up to @slack
 * @allocs: blocks allocated so far
 * @frees: blocks freed so far
 * @failures: calls that found too few free blocks, or were to fail
 * @injected: those of them that were to fail, see mpdemo_pool_fail_every()
 * @refused: frees that were refused, see mpdemo_pool_free()
 * @waiters: tasks that wait for blocks now, see mpdemo_pool_alloc_wait()
 * @waits: calls that had to wait so far
 * @corrupted: how often damage was found, see <mempool_demo/guard.h>
 * @footprint: bytes of memory of the pool, metadata included; of a pool that grows,
 *	as it is now
 * @max_blocks: number of blocks that can be held when it has grown, or @blocks
 * @present: number of blocks that there are now, of a pool that grows, or 0
 * @chunk_blocks: of a pool that grows, by how many blocks at a time, or 0
 * @chunks: number of chunks that they are in, or 0
 * @retiring: chunks of which no block is taken if there are others, so that they can
 *	be given back
 *
 * Of a pool that grows, @in_use and @peak are exact, and @frees is what @in_use makes
 * of @allocs.
 *
 * Of another exact pool, @in_use, @allocs and @frees are those of one instant, unless
 * there was none without another operation for long, or blocks were reserved or
 * waited for meanwhile. All else are sums over CPUs,
 * and may be a few operations older or newer while the pool is in use. Where it
 * takes an architecture several instructions to count, an NMI that allocates or
 * frees between them may go uncounted.
 */
struct mpdemo_pool_stats {
	size_t block_size;
	size_t stride;
	unsigned int blocks;
	unsigned int slack;
	unsigned int magazine;
	unsigned int cached;
	unsigned int reserved;
	unsigned int in_use;
	unsigned int peak;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 injected;
	u64 refused;
	unsigned int waiters;
	u64 waits;
	u64 corrupted;
	size_t footprint;
	unsigned int max_blocks;
	unsigned int present;
	unsigned int chunk_blocks;
	unsigned int chunks;
	unsigned int retiring;
};

/* private: what is known about a block */
union mpdemo_link {
	u64 word;
	struct {
		/*
		 * The block behind it, while it is in the list; always the number
		 * of a block, or one that stands for none.
		 */
		u32 next;
		/* Of a free block, see freelist.h; or one of the following. */
		u32 depth;
	};
};

/* private: instead of a depth; far from each other, and from all depths */
#define MPDEMO_LINK_HELD	U32_MAX
#define MPDEMO_LINK_CACHED	BIT(30)
#define MPDEMO_LINK_RESERVED	BIT(29)

/* private: the free ones of a number of blocks, see freelist.h */
struct mpdemo_freelist {
	union mpdemo_link *links;	/* one for each block and special index */
	unsigned long nr;		/* blocks */
	/* How often the tag has passed 0 or the middle of its range. */
	atomic64_t half_wraps;
	/* Tag and index; on a cache line of its own, as all CPUs write to it. */
	atomic64_t head ____cacheline_aligned_in_smp;
};

/**
 * struct mpdemo_magazine - the free blocks that a CPU has for itself
 *
 * Only its CPU uses it, with preemption off. While a section changes it, it is
 * not @idle; an interrupt or NMI that lands in one leaves the magazine alone and
 * uses the list of the pool, and one that lands outside finds it whole and
 * leaves it whole.
 */
struct mpdemo_magazine {
	/* private: */
	unsigned int idle;	/* 1, or 0, or less in who finds it so */
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
	/* NULL: exact. Or those that nobody can enter, see gate.h of the module. */
	struct mpdemo_magazine __percpu *magazines;
	unsigned int magazine_room;	/* of a magazine; 0: destroyed */
	struct mpdemo_freelist free;	/* blocks of the slack included */
};

int mpdemo_pool_check(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal);
size_t mpdemo_pool_footprint(const struct mpdemo_pool_config *config);

struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp);
void mpdemo_pool_destroy(struct mpdemo_pool *pool);

unsigned int mpdemo_pool_index(const struct mpdemo_pool *pool,
			       const void *block);
void *mpdemo_pool_block(const struct mpdemo_pool *pool, unsigned int index);
void mpdemo_pool_get_stats(const struct mpdemo_pool *pool,
			   struct mpdemo_pool_stats *stats);
void mpdemo_pool_reset_peak(struct mpdemo_pool *pool);

/* private: what the inline functions below call */
void *mpdemo_pool_alloc_shared(struct mpdemo_pool *pool, gfp_t gfp);
void mpdemo_pool_free_shared(struct mpdemo_pool *pool, void *block);
void *mpdemo_magazine_alloc_slowly(struct mpdemo_pool *pool, gfp_t gfp);
void mpdemo_magazine_free_slowly(struct mpdemo_pool *pool, void *block);
bool mpdemo_pool_alloc_bulk_shared(struct mpdemo_pool *pool, gfp_t gfp,
				   unsigned int n, void **blocks);
void mpdemo_pool_free_bulk_shared(struct mpdemo_pool *pool, unsigned int n,
				  void **blocks);
bool mpdemo_magazine_alloc_bulk(struct mpdemo_pool *pool, gfp_t gfp,
				unsigned int n, void **blocks);
void mpdemo_magazine_free_bulk(struct mpdemo_pool *pool, unsigned int n,
			       void **blocks);
void *mpdemo_pool_zero(struct mpdemo_pool *pool, void *block);

/* private: while these are traced, pools of any kind call those of the magazine */
DECLARE_TRACEPOINT(mpdemo_pool_alloc);
DECLARE_TRACEPOINT(mpdemo_pool_free);

/*
 * private: enter the magazine of this CPU, with preemption off; or return false
 * where this is inside of such a section, and with preemption as it was
 *
 * That @idle is cleared before anything else is read is for the compiler: who
 * interrupts is on this CPU, which sees its own accesses in order. An interrupt
 * before that leaves the magazine whole, one after it leaves it alone. To look and to
 * clear is one: a subtraction that comes to 0, or else is undone. It may be interrupted
 * itself, as whoever interrupts leaves what he has found.
 */
static __always_inline bool
mpdemo_magazine_enter(struct mpdemo_magazine __percpu *magazines,
		      struct mpdemo_magazine **magazine)
{
	preempt_disable();
	*magazine = this_cpu_ptr(magazines);
	/* An interrupt may change it under our eyes, and puts it back. */
	if (unlikely(data_race(--(*magazine)->idle))) {
		/* Else the compiler keeps what was there, and does not subtract in place. */
		barrier();
		/* As said above. */
		data_race((*magazine)->idle++);
		preempt_enable();
		return false;
	}
	barrier();
	return true;
}

/* private: */
static __always_inline void
mpdemo_magazine_leave(struct mpdemo_magazine *magazine)
{
	/* Pairs with the one in mpdemo_magazine_enter(). */
	barrier();
	WRITE_ONCE(magazine->idle, 1);
	preempt_enable();
}

/*
 * private: whether @index is the number of a block, which somebody holds
 *
 * Of a block that is held nobody but its holder, who is here, writes the link. So
 * the load is plain; only where the caller is wrong can it race.
 */
static __always_inline bool mpdemo_link_is_held(const union mpdemo_link *links,
						unsigned long nr, u64 index)
{
	/* As said above. */
	return index < nr && data_race(links[index].depth == MPDEMO_LINK_HELD);
}

/* private: */
static __always_inline bool mpdemo_pool_is_held(const struct mpdemo_pool *pool,
						u64 index)
{
	return mpdemo_link_is_held(pool->free.links, pool->free.nr, index);
}

/* private: what a block on its way in or out of a magazine is from now on */
static __always_inline void mpdemo_magazine_mark(union mpdemo_link *links,
						 unsigned long index, u32 depth)
{
	/*
	 * Whoever else reads this has an old head of the list, and will find
	 * that out: it is nonsense to him, in one piece or in two.
	 */
	data_race(links[index].depth = depth);
}

/* private: add to a counter that this CPU alone writes */
static __always_inline void mpdemo_count(unsigned long *counter,
					 unsigned long n)
{
	/* Readers take it as it comes, a little older or newer. */
	data_race(*counter += n);
}

/**
 * mpdemo_pool_alloc() - allocate a block
 * @pool: the pool
 * @gfp: __GFP_ZERO asks for zeroed memory; the block never comes from anywhere but
 *	the pool. Nothing else matters but of a pool that grows: where all of GFP_KERNEL
 *	is set, the caller may sleep, and has the pool grow at once.
 *
 * Context: Any: task, softirq, hardirq, NMI, under any lock. Never sleeps, but of a
 * pool that grows, with GFP_KERNEL: then task context.
 * Return: a block, which the caller owns until mpdemo_pool_free(); or NULL. An
 * exact pool gives NULL only if at one instant of the call no block was free, or all
 * that were are on their way to those who wait, or just about to be put by another CPU
 * as there are more than those want; one
 * per CPU only if at one instant all of the N of its configuration were held. One that
 * grows may give NULL when @blocks are held; not to who may sleep, unless max_blocks
 * are, or memory is short.
 */
static __always_inline void *mpdemo_pool_alloc(struct mpdemo_pool *pool,
					       gfp_t gfp)
{
	struct mpdemo_magazine __percpu *magazines = READ_ONCE(pool->magazines);
	struct mpdemo_magazine *magazine;
	unsigned long nr, index;
	void *block;

	if (tracepoint_enabled(mpdemo_pool_alloc))
		return mpdemo_magazine_alloc_slowly(pool, gfp);
	if (!magazines)
		return mpdemo_pool_alloc_shared(pool, gfp);

	if (unlikely(!mpdemo_magazine_enter(magazines, &magazine)))
		return mpdemo_magazine_alloc_slowly(pool, gfp);
	nr = READ_ONCE(magazine->nr);
	if (unlikely(!nr)) {
		mpdemo_magazine_leave(magazine);
		return mpdemo_magazine_alloc_slowly(pool, gfp);
	}
	index = magazine->index[nr - 1];
	/* Readers take this one as it comes as well. */
	data_race(magazine->nr--);
	mpdemo_count(&magazine->allocs, 1);
	mpdemo_magazine_mark(pool->free.links, index, MPDEMO_LINK_HELD);
	mpdemo_magazine_leave(magazine);

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
	struct mpdemo_magazine __percpu *magazines = READ_ONCE(pool->magazines);
	struct mpdemo_magazine *magazine;
	union mpdemo_link *links;
	unsigned long nr;
	u64 index;

	if (tracepoint_enabled(mpdemo_pool_free)) {
		mpdemo_magazine_free_slowly(pool, block);
		return;
	}
	if (!magazines) {
		mpdemo_pool_free_shared(pool, block);
		return;
	}

	/* Whatever is not as usual is looked at again, and done, there. */
	if (want_init_on_free())
		goto slowly;
	index = mpdemo_stride_index(&pool->stride, block);
	links = pool->free.links;
	if (unlikely(!mpdemo_link_is_held(links, pool->free.nr, index)))
		goto slowly;
	if (unlikely(!mpdemo_magazine_enter(magazines, &magazine)))
		goto slowly;
	nr = READ_ONCE(magazine->nr);
	/* Destroying a pool takes the room away under the eyes of this. */
	if (unlikely(nr >= data_race(pool->magazine_room))) {
		mpdemo_magazine_leave(magazine);
		goto slowly;
	}
	magazine->index[nr] = index;
	/* Readers take this one as it comes as well. */
	data_race(magazine->nr++);
	mpdemo_count(&magazine->frees, 1);
	mpdemo_magazine_mark(links, index, MPDEMO_LINK_CACHED);
	mpdemo_magazine_leave(magazine);
	return;

slowly:
	mpdemo_magazine_free_slowly(pool, block);
}

/**
 * mpdemo_pool_alloc_bulk() - allocate @n blocks, or none
 * @pool: the pool
 * @gfp: as in mpdemo_pool_alloc()
 * @n: how many
 * @blocks: where to put them
 *
 * The blocks are taken at one instant; a call that fails has taken nothing,
 * not even for a moment, and leaves anything in @blocks. The cost grows with @n,
 * and the call starts again where another CPU changes the list meanwhile: ask for
 * hundreds at once where other CPUs are busy with the same pool, and it may take
 * many turns. Of a pool per CPU, what fits into a magazine is taken from there.
 *
 * Context: Any, as mpdemo_pool_alloc().
 * Return: true if all were allocated, false if at one instant of the call fewer
 * were free; of a pool per CPU, if fewer than @n of its N were not held.
 */
static inline bool mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, gfp_t gfp,
					  unsigned int n, void **blocks)
{
	if (!READ_ONCE(pool->magazines) && !tracepoint_enabled(mpdemo_pool_alloc))
		return mpdemo_pool_alloc_bulk_shared(pool, gfp, n, blocks);
	return mpdemo_magazine_alloc_bulk(pool, gfp, n, blocks);
}

/**
 * mpdemo_pool_free_bulk() - free @n blocks
 * @pool: the pool that the blocks were allocated from
 * @n: how many
 * @blocks: the blocks
 *
 * What mpdemo_pool_free() would refuse is left out, also a block that is given
 * twice. The others become free some 32 at a time.
 *
 * Context: Any, as mpdemo_pool_alloc().
 */
static inline void mpdemo_pool_free_bulk(struct mpdemo_pool *pool,
					 unsigned int n, void **blocks)
{
	if (!READ_ONCE(pool->magazines) && !tracepoint_enabled(mpdemo_pool_free))
		mpdemo_pool_free_bulk_shared(pool, n, blocks);
	else
		mpdemo_magazine_free_bulk(pool, n, blocks);
}

#endif /* _MEMPOOL_DEMO_POOL_H */
