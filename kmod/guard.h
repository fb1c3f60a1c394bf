/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guard of a pool, see <mempool_demo/guard.h>: guard.c, red zones and poison,
 * and what is switched; holders.c, who holds what. It is there only where one was
 * asked for, and does its work where the gate is shut, see gate.h.
 */
#ifndef _MPDEMO_GUARD_H
#define _MPDEMO_GUARD_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "pool.h"

/**
 * struct guard_record - what happened to a block last
 * @turn: odd while it is written
 * @who: the task, or less than 0: -enum mpdemo_holder_context
 * @caller: of the allocation or free; 0: nothing is known
 * @since: twice the time of it; and bit 0: the block is held since then
 *
 * Written by who has the block, so by one at a time.
 */
struct guard_record {
	u32 turn;
	s32 who;
	unsigned long caller;
	u64 since;
};

/**
 * struct pool_guard - the guard of a pool
 * @lock: taken to switch it, and to read the records; the innermost mutex
 * @zone: bytes of a red zone, or 0
 * @poison: freed blocks are poisoned
 * @sample: each so many-th allocation is tracked, or 0
 * @poisoned: a bit for each block; set: free, and has poison in it. NULL until poison
 *	is first switched on
 * @records: one for each block; NULL: not tracked
 * @turns: of the sample
 * @corrupted: how often damage was found
 */
struct pool_guard {
	/* Not for the hooks, which run in any context. */
	struct mutex lock;
	unsigned int zone;
	bool poison;
	unsigned int sample;
	unsigned long *poisoned;
	struct guard_record *records;
	atomic_t turns;
	atomic64_t corrupted;
};

struct mpdemo_holder;

int guard_create(struct pool *pool, const struct mpdemo_pool_config *config,
		 gfp_t gfp);
void guard_destroy(struct pool *pool);
size_t guard_footprint(const struct mpdemo_pool_config *config, size_t blocks);
size_t guard_missing(const struct mpdemo_pool *api);
void guard_get_stats(const struct pool *pool, struct mpdemo_pool_stats *stats);
void guard_construct(struct pool *pool, u32 index);
void guard_look_at_alloc(struct pool *pool, struct pool_guard *guard, u32 index,
			 unsigned long caller);
bool guard_look_at_free(struct pool *pool, struct pool_guard *guard, u32 index,
			unsigned long caller);

void holders_note_alloc(struct pool_guard *guard, u32 index,
			unsigned long caller);
void holders_note_free(struct pool_guard *guard, u32 index,
		       unsigned long caller);
void holders_forget(struct pool *pool, struct pool_guard *guard);
void holders_tell(struct pool *pool, u32 index);
void holders_tell_oldest(struct pool *pool);
bool mpdemo_pool_is_tracked(const struct mpdemo_pool *api);
bool mpdemo_pool_next_holder(struct mpdemo_pool *api, u32 *index,
			     struct mpdemo_holder *holder);

/* Pairs with the release in publish(). */
static inline struct pool_guard *guard_of(const struct pool *pool)
{
	return READ_ONCE(pool->guard);
}

/* A block was taken, and is about to be handed out. Context: Any. */
static inline void guard_alloc(struct pool *pool, u32 index,
			       unsigned long caller)
{
	struct pool_guard *guard = guard_of(pool);

	if (guard)
		guard_look_at_alloc(pool, guard, index, caller);
}

/*
 * A block is about to be put, and nobody else has it. Context: Any, in an RCU read
 * side section. Return: whether it was filled, and must be left so.
 */
static inline bool guard_free(struct pool *pool, u32 index,
			      unsigned long caller)
{
	struct pool_guard *guard = guard_of(pool);

	return guard && guard_look_at_free(pool, guard, index, caller);
}

#endif /* _MPDEMO_GUARD_H */
