// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations; see <mempool_demo/reserve.h>.
 *
 * A reservation is a list of blocks, by their links, that nobody but its owner knows
 * of. They are taken by one cmpxchg, as the links that chained them in the list of free
 * blocks go on to chain them; they are marked as reserved, so that a free of one that
 * was not allocated is refused. After that the pool is not needed but to count: to
 * allocate is to take the first one off a list of one's own, which no other CPU can
 * make fail, nor the end of the pool, which waits for them to come home.
 *
 * Those who wait for many get them one by one, but only the first one who waits does,
 * see wait.c: so the others hold nothing that it could wait for.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include <mempool_demo/reserve.h>

#include "freelist.h"
#include "pool.h"
#include "store.h"
#include "trace.h"
#include "wait.h"

/* Attempts to get many at one instant, before they are waited for. */
#define TRIES	8

static void begin(struct mpdemo_reservation *reservation, struct pool *pool)
{
	reservation->pool = &pool->api;
	reservation->first = store_size(pool);
	reservation->nr = 0;
}

static void fill(struct mpdemo_reservation *reservation, struct pool *pool,
		 u32 first, unsigned int n)
{
	this_cpu_add(pool->counts->reserved, n);
	reservation->first = first;
	reservation->nr = n;
}

static bool take(struct pool *pool, unsigned int n, u32 *first)
{
	int ret;

	do {
		ret = store_try_take_many(pool, n, MPDEMO_LINK_RESERVED, first);
	} while (ret == -EBUSY);
	return !ret;
}

/* There may be some that were granted and are too many. */
static bool take_or_help(struct pool *pool, unsigned int n, u32 *first)
{
	bool taken;

	rcu_read_lock();
	do {
		taken = take(pool, n, first);
	} while (!taken && wait_help(pool, n));
	rcu_read_unlock();
	return taken;
}

/*
 * For who can wait instead: there is no end to losing to others, and no signal and no
 * deadline would be seen meanwhile. Who is in the queue gets them one by one.
 */
static bool take_soon(struct pool *pool, unsigned int n, u32 *first)
{
	unsigned int tries;
	bool again = true;
	int ret = -EBUSY;

	for (tries = 0; ret && again && tries < TRIES; tries++) {
		rcu_read_lock();
		ret = store_try_take_many(pool, n, MPDEMO_LINK_RESERVED, first);
		again = ret == -EBUSY || (ret && wait_help(pool, n));
		rcu_read_unlock();
		cond_resched();
	}
	return !ret;
}

static int take_slowly(struct pool *pool, unsigned int n, u32 *first,
		       unsigned long caller)
{
	int ret = 0;

	rcu_read_lock();
	if (!take_or_help(pool, n, first)) {
		/* Its caller may not be able to sleep. */
		pool_grow(pool, n, 0);
		ret = store_is_closed(pool) ? -ESHUTDOWN : -EAGAIN;
		pool_alloc_failed(pool, n, caller);
	}
	rcu_read_unlock();
	return ret;
}

/**
 * mpdemo_pool_reserve() - reserve blocks, all or none
 * @api: the pool
 * @n: how many; none is fine
 * @reservation: filled; after an error there is nothing in it
 *
 * All are taken at one instant, also hundreds of them, as by mpdemo_pool_alloc_bulk(),
 * and a call that fails has taken nothing, not even for a moment. Of a pool per CPU
 * they are taken past the magazines: as many as its N are there, whatever those have,
 * less what is held.
 *
 * Context: Any. The cost grows with @n, and the call starts again where another CPU
 * changes the list meanwhile.
 * Return: 0; -EAGAIN: too few are free now; -ENOSPC: the pool never has as many;
 * -ESHUTDOWN: it is being destroyed.
 */
int mpdemo_pool_reserve(struct mpdemo_pool *api, unsigned int n,
			struct mpdemo_reservation *reservation)
{
	struct pool *pool = to_pool(api);
	u32 first;
	int ret;

	begin(reservation, pool);
	if (!n)
		return 0;
	if (n > store_size(pool))
		return -ENOSPC;
	if (fault_hits(pool, n, _RET_IP_))
		return -EAGAIN;
	if (!take(pool, n, &first)) {
		ret = take_slowly(pool, n, &first, _RET_IP_);
		if (ret)
			return ret;
	}
	fill(reservation, pool, first, n);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_reserve);

/**
 * mpdemo_pool_reserve_wait() - reserve blocks, and wait until there are enough
 * @api: the pool
 * @n: how many; none is fine
 * @state: as for mpdemo_pool_alloc_wait()
 * @deadline: as for mpdemo_pool_alloc_wait()
 * @reservation: filled; after an error there is nothing in it
 *
 * In one queue with those of mpdemo_pool_alloc_wait(): who is first is served first,
 * however many it waits for. So any number of tasks can wait here for several blocks
 * each, as long as none of them holds blocks of this pool already.
 *
 * Where others change the list all the time, or are giving many back, it may take the
 * wait to get them, though they are free: with a deadline that is past, that is -ETIME.
 *
 * Context: Task context, may sleep.
 * Return: 0; -ENOSPC: the pool never has as many; -ETIME: at the deadline; -EINTR: by
 * a signal; -ESHUTDOWN: the pool is being destroyed; -EOPNOTSUPP: it is one per CPU.
 */
int mpdemo_pool_reserve_wait(struct mpdemo_pool *api, unsigned int n,
			     unsigned int state, ktime_t deadline,
			     struct mpdemo_reservation *reservation)
{
	struct pool *pool = to_pool(api);
	unsigned int i;
	u32 first, index;
	int ret;

	might_sleep();
	begin(reservation, pool);
	if (pool->magazine)
		return -EOPNOTSUPP;
	if (!n)
		return 0;
	if (n > store_size(pool))
		return -ENOSPC;
	if (deadline != KTIME_MAX && fault_hits(pool, n, _RET_IP_))
		return -ETIME;
	if (!take_soon(pool, n, &first)) {
		ret = pool_wait_for(pool, n, state, deadline, &first, _RET_IP_);
		if (ret)
			return ret;
		for (index = first, i = n; i; i--) {
			store_mark(pool, index, MPDEMO_LINK_RESERVED);
			index = store_next(pool, index);
		}
	}
	fill(reservation, pool, first, n);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_reserve_wait);

/**
 * mpdemo_reservation_alloc() - allocate a block of a reservation
 * @reservation: the reservation
 * @gfp: as for mpdemo_pool_alloc()
 *
 * Can not fail as often as blocks were reserved, also if the pool has been destroyed
 * meanwhile. No atomic operation, and nothing that another CPU writes is read.
 *
 * Context: Any, as mpdemo_pool_alloc().
 * Return: a block, which the caller owns until mpdemo_pool_free(); or NULL if none is
 * left.
 */
void *mpdemo_reservation_alloc(struct mpdemo_reservation *reservation, gfp_t gfp)
{
	struct pool *pool = to_pool(reservation->pool);
	u32 index = reservation->first;
	void *block;

	if (!reservation->nr)
		return NULL;
	reservation->first = store_next(pool, index);
	reservation->nr--;
	this_cpu_dec(pool->counts->reserved);
	block = pool_hand_out(pool, index, gfp, _RET_IP_);
	if (trace_mpdemo_pool_alloc_enabled())
		pool_trace_alloc(pool, block, gfp, _RET_IP_);
	return block;
}
EXPORT_SYMBOL_GPL(mpdemo_reservation_alloc);

/**
 * mpdemo_reservation_release() - give back what is left of a reservation
 * @reservation: the reservation; an empty one is fine, so this can be called again
 *
 * The blocks become free some 32 at a time. If the pool has been destroyed, they may
 * be the last ones, and end it.
 *
 * Context: Any, as mpdemo_pool_free().
 */
void mpdemo_reservation_release(struct mpdemo_reservation *reservation)
{
	struct pool *pool = to_pool(reservation->pool);
	unsigned int n = reservation->nr;
	bool low;

	if (!n)
		return;
	reservation->nr = 0;
	rcu_read_lock();
	/*
	 * Before the last block is put: after that the pool may have ended. One that
	 * is low will not before this section does.
	 */
	low = level_is_low(&pool->level);
	this_cpu_sub(pool->counts->reserved, n);
	store_put_many(pool, reservation->first, n);
	if (low)
		level_look(pool);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(mpdemo_reservation_release);
