/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guard of a pool, for those who look for an error: what was written where nobody
 * holds a block, and who holds which block.
 *
 * Red zone (MPDEMO_POOL_RED_ZONE, at creation): bytes behind each block that nobody
 * may write. They are looked at whenever the block is allocated or freed. What is
 * written just before a block is found in the zone of the block before it.
 *
 * Poison (MPDEMO_GUARD_POISON, at run time): a freed block is filled with a pattern,
 * which must be there still when it is allocated. Blocks that were freed before it is
 * switched on are not looked at, nor are those in the magazines of CPUs. While it is
 * on the poison takes the place of the zeroes of init_on_free; an allocation that
 * asks for zeroes gets them as ever.
 *
 * Tracking (MPDEMO_POOL_TRACK, at creation): for all allocations or some of them it
 * is written down who made them, and when.
 *
 * Damage is counted in mpdemo_pool_stats.corrupted and reported in the kernel log
 * once per pool and kind; the block goes on to be used. While there is anything to
 * look for, all operations of the pool take a slower way: of a pool with a red zone
 * always, of a tracked one while allocations are tracked. There, of two frees of one
 * block at the same time one is refused.
 */
#ifndef _MEMPOOL_DEMO_GUARD_H
#define _MEMPOOL_DEMO_GUARD_H

#include <linux/bits.h>
#include <linux/types.h>

struct mpdemo_pool;

/* Flags of a guard */
#define MPDEMO_GUARD_POISON	BIT(0)
#define MPDEMO_GUARD_FLAGS	MPDEMO_GUARD_POISON

/**
 * struct mpdemo_pool_guard - what a pool shall be guarded against
 * @flags: MPDEMO_GUARD_*
 * @sample: with MPDEMO_POOL_TRACK, each so many-th allocation is tracked. 1: all, as
 *	after creation; 0: none, and those tracked so far are forgotten. Else 0.
 */
struct mpdemo_pool_guard {
	unsigned int flags;
	unsigned int sample;
};

/**
 * enum mpdemo_holder_context - where a block was allocated
 * @MPDEMO_HOLDER_TASK: by a task
 * @MPDEMO_HOLDER_SOFTIRQ: in a softirq
 * @MPDEMO_HOLDER_HARDIRQ: in a hardirq
 * @MPDEMO_HOLDER_NMI: in an NMI
 */
enum mpdemo_holder_context {
	MPDEMO_HOLDER_TASK,
	MPDEMO_HOLDER_SOFTIRQ,
	MPDEMO_HOLDER_HARDIRQ,
	MPDEMO_HOLDER_NMI,
};

/**
 * struct mpdemo_holder - who holds a block
 * @block: the block
 * @caller: where the allocation returned to; for %pS
 * @since: when, by ktime_get_mono_fast_ns()
 * @pid: the task, or 0 where it was none
 * @context: what it was
 */
struct mpdemo_holder {
	void *block;
	unsigned long caller;
	u64 since;
	pid_t pid;
	enum mpdemo_holder_context context;
};

int mpdemo_pool_set_guard(struct mpdemo_pool *pool,
			  const struct mpdemo_pool_guard *guard);
u64 mpdemo_pool_corrupted(const struct mpdemo_pool *pool);
int mpdemo_pool_get_holders(struct mpdemo_pool *pool,
			    struct mpdemo_holder *holders, unsigned int n);

#endif /* _MEMPOOL_DEMO_GUARD_H */
