/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_WAIT_H
#define _MPDEMO_WAIT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct pool;

/**
 * struct pool_wait - who waits for blocks of a pool
 * @lock: protects @waiters, @served, @nr, @ready and @closed
 * @waiters: in the order in which they came
 * @served: those who have got all that they want, and are to be woken
 * @nr: of them
 * @ready: the first of a list of blocks that were granted, and are nobody's yet
 * @closed: nobody waits any more
 * @grants: the first of a list of blocks that were put while the pool was watched;
 *	blocks are added by anybody, and all are taken at once under @lock
 * @serve: gives what was granted to those who wait
 * @users: one for each task inside of pool_wait_for(), and one until wait_close()
 * @left: all of them have left
 * @waits: how often a block was waited for
 */
struct pool_wait {
	raw_spinlock_t lock;
	struct list_head waiters;
	struct list_head served;
	unsigned int nr;
	u32 ready;
	bool closed;

	atomic_t grants;
	struct irq_work serve;
	refcount_t users;
	struct completion left;
	atomic64_t waits;
};

void wait_init(struct pool *pool);
void wait_close(struct pool *pool);
void wait_grant(struct pool *pool, u32 first, unsigned int n);
void wait_serve(struct pool *pool);
bool wait_help(struct pool *pool, unsigned int n);
int pool_wait_for(struct pool *pool, unsigned int n, unsigned int state,
		  ktime_t deadline, u32 *first, unsigned long caller);

#endif /* _MPDEMO_WAIT_H */
