/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reservations: blocks that are taken off a pool all at once, to be allocated one by
 * one later, by calls that can not fail. For who must not fail half way, or needs
 * several blocks and must not wait for the second one with the first in his hands:
 * two who do that can wait for each other for ever.
 *
 *	struct mpdemo_reservation r;
 *
 *	ret = mpdemo_pool_reserve_wait(pool, 3, TASK_KILLABLE, deadline, &r);
 *	if (ret)
 *		return ret;
 *	...
 *	block = mpdemo_reservation_alloc(&r, GFP_KERNEL);
 *	...
 *	mpdemo_reservation_release(&r);
 *
 * What was allocated from one is a block as any other, freed by mpdemo_pool_free().
 */
#ifndef _MEMPOOL_DEMO_RESERVE_H
#define _MEMPOOL_DEMO_RESERVE_H

#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/types.h>

struct mpdemo_pool;

/**
 * struct mpdemo_reservation - blocks of a pool that somebody has reserved
 *
 * The memory is the caller's, on the stack maybe, and may be moved by assignment.
 * One user at a time. It keeps the pool, as a block that is held does, as long as
 * there is a block in it.
 */
struct mpdemo_reservation {
	/* private: */
	struct mpdemo_pool *pool;
	u32 first;			/* of a list, by the links */
	unsigned int nr;
};

int mpdemo_pool_reserve(struct mpdemo_pool *pool, unsigned int n,
			struct mpdemo_reservation *reservation);
int mpdemo_pool_reserve_wait(struct mpdemo_pool *pool, unsigned int n,
			     unsigned int state, ktime_t deadline,
			     struct mpdemo_reservation *reservation);
void *mpdemo_reservation_alloc(struct mpdemo_reservation *reservation, gfp_t gfp);
void mpdemo_reservation_release(struct mpdemo_reservation *reservation);

/**
 * mpdemo_reservation_left() - how many blocks can be allocated from it yet
 * @reservation: the reservation
 *
 * Context: Any.
 * Return: a number of blocks.
 */
static inline unsigned int
mpdemo_reservation_left(const struct mpdemo_reservation *reservation)
{
	return reservation->nr;
}

#endif /* _MEMPOOL_DEMO_RESERVE_H */
