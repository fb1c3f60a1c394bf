/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watermarks: who asks for it is told when a pool runs low, when it is exhausted, and
 * when it has recovered.
 *
 * The level of a pool falls to LOW when no more than @low blocks are free, and to
 * EXHAUSTED when an allocation fails for want of blocks; it is NORMAL again only when
 * @high of them are free. So a pool that is about as low as @low does not tell this
 * all the time.
 *
 * As long as the level is NORMAL, this costs allocations and frees nothing. Below it
 * they take the careful way, which costs a function call and a few loads.
 *
 * Of a pool per CPU, the free blocks are those in the list that all CPUs share, and it
 * is looked at when a magazine is refilled. Blocks in magazines do not count, so the
 * level may be lower than what could be allocated.
 */
#ifndef _MEMPOOL_DEMO_LEVEL_H
#define _MEMPOOL_DEMO_LEVEL_H

struct mpdemo_pool;

/**
 * enum mpdemo_level - how much a pool has left
 * @MPDEMO_LEVEL_NORMAL: enough, or nobody has asked to be told
 * @MPDEMO_LEVEL_LOW: it had @low blocks or fewer, and has not had @high since
 * @MPDEMO_LEVEL_EXHAUSTED: an allocation failed, and it has not had @high since
 */
enum mpdemo_level {
	MPDEMO_LEVEL_NORMAL,
	MPDEMO_LEVEL_LOW,
	MPDEMO_LEVEL_EXHAUSTED,
};

/**
 * struct mpdemo_pool_levels - when to tell whom
 * @low: so many free blocks, or fewer, are low
 * @high: so many free blocks, or more, are normal again; more than @low, and not more
 *	than the blocks of the pool
 * @notify: told each new level, in task context, by one thread at a time; may sleep
 * @data: for @notify
 *
 * @notify is told what has happened, in this order, soon after it has: a level that
 * was left again before it could be told is not told, but that the pool was exhausted
 * always is. The same level is never told twice in a row; it begins with
 * MPDEMO_LEVEL_NORMAL, which is not told.
 *
 * @notify may use the pool, but must not destroy it, nor set the levels of any.
 */
struct mpdemo_pool_levels {
	unsigned int low;
	unsigned int high;
	void (*notify)(struct mpdemo_pool *pool, enum mpdemo_level level, void *data);
	void *data;
};

int mpdemo_pool_set_levels(struct mpdemo_pool *pool,
			   const struct mpdemo_pool_levels *levels);
enum mpdemo_level mpdemo_pool_level(const struct mpdemo_pool *pool);

#endif /* _MEMPOOL_DEMO_LEVEL_H */
