// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for blocks.
 *
 * A pool is waited for only while it has no free block, and says so in the one word
 * that all who allocate or free must change: its list is watched. So a free that
 * finds it watched does not push its block but grants it, here, and that costs a
 * free that does not find it so nothing.
 *
 *	grants	blocks just put, in a list that any context may add to
 *	ready	the same, taken over by who holds the lock
 *	waiters	in the order in which they came; the first one gets blocks until
 *		it has as many as it waits for, then it is woken
 *
 * So who wants many is not overtaken by those who want one, and only the first one
 * ever has a part of what it wants: two who wait can not each hold what the other
 * one lacks.
 *
 * Why no wake-up is lost. A waiter is in the queue before the pool is watched, and
 * sleeps only once it is. Take what could go wrong: the waiter finds no block; a
 * free pushes one, and finds nobody to wake; the waiter sleeps for ever. But to watch
 * is a cmpxchg of the head from "empty", and the push is one of the same word. If
 * the push is first, watching fails, and the waiter takes the block. If it is
 * second, it fails, and grants the block. There is no third way.
 *
 * A grant is added to the list first, then the irq_work is queued. If it is pending
 * already, it will see the grant: irq_work_queue() is fully ordered, and so is the
 * begin of the work. Before the pool is left unwatched, all grants are taken; one
 * that comes later, from a free that has seen it watched, has an irq_work to come as
 * well, which finds nobody to serve, and pushes the block. Until then the block is on
 * its way, and whoever finds no other one helps, see wait_help(). There is one case in
 * which he fails although a free has returned: where another CPU is in the middle of
 * that.
 *
 * Lock order: pool_wait.lock is the innermost one but for what wake_up_process()
 * takes. It is raw, and taken with interrupts off, as irq_work runs in a hard
 * interrupt on PREEMPT_RT as well; no NMI waits for it. What is done under it at
 * once is at most SERVE_BATCH blocks; the rest is left to the next turn.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/instruction_pointer.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <mempool_demo/wait.h>

#include "pool.h"
#include "store.h"
#include "trace.h"
#include "wait.h"

/* Blocks that are given away in one turn, with interrupts off. */
#define SERVE_BATCH	32

/* Where a pool has not grown as memory was short, those who wait have it try again. */
#define RETRY_MSECS	500

/* Instead of the first block of a list. */
#define NO_BLOCK	U32_MAX

/*
 * A task that waits, on its stack; protected by the lock of the pool. It is in the
 * queue until it is @done, or leaves by itself.
 */
struct waiter {
	struct list_head node;
	struct task_struct *task;
	unsigned int wanted;
	unsigned int got;
	u32 first, last;		/* of a list of those got */
	bool done;			/* written under the lock, read without */
	int error;
};

static void serve_irq_work(struct irq_work *work);

/**
 * wait_init() - prepare a pool to be waited for
 * @pool: the pool
 *
 * Context: Task context.
 */
void wait_init(struct pool *pool)
{
	struct pool_wait *wait = &pool->wait;

	raw_spin_lock_init(&wait->lock);
	INIT_LIST_HEAD(&wait->waiters);
	INIT_LIST_HEAD(&wait->served);
	wait->ready = NO_BLOCK;
	atomic_set(&wait->grants, NO_BLOCK);
	wait->serve = IRQ_WORK_INIT_HARD(serve_irq_work);
	refcount_set(&wait->users, 1);
	init_completion(&wait->left);
	atomic64_set(&wait->waits, 0);
}

/**
 * wait_grant() - hand on blocks that were put while the pool is watched
 * @pool: the pool
 * @first: the first of a list of blocks
 * @n: blocks in it
 *
 * Context: Any, in an RCU read side section: once the list has the blocks, the pool
 * may end by others.
 */
void wait_grant(struct pool *pool, u32 first, unsigned int n)
{
	struct pool_wait *wait = &pool->wait;
	u32 last = first, old = atomic_read(&wait->grants);

	this_cpu_add(pool->counts->granted, n);
	store_mark(pool, last, MPDEMO_LINK_CACHED);
	while (--n) {
		last = store_next(pool, last);
		store_mark(pool, last, MPDEMO_LINK_CACHED);
	}
	do {
		store_link_to(pool, last, old == NO_BLOCK ?
			      store_size(pool) : old);
		/* release: pairs with the xchg in take_ready(). */
	} while (!atomic_try_cmpxchg_release(&wait->grants, (int *)&old, first));
	irq_work_queue(&wait->serve);
}

/* Take over what was granted, and of that the first block. */
static bool take_ready(struct pool *pool, u32 *index)
{
	struct pool_wait *wait = &pool->wait;
	u32 next;

	lockdep_assert_held(&wait->lock);
	if (wait->ready == NO_BLOCK)
		WRITE_ONCE(wait->ready, atomic_xchg(&wait->grants, NO_BLOCK));
	if (wait->ready == NO_BLOCK)
		return false;
	*index = wait->ready;
	next = store_next(pool, *index);
	WRITE_ONCE(wait->ready, next == store_size(pool) ? NO_BLOCK : next);
	return true;
}

/* What a waiter leaves behind becomes ready for others. */
static void give_back(struct pool *pool, struct waiter *waiter)
{
	struct pool_wait *wait = &pool->wait;

	lockdep_assert_held(&wait->lock);
	if (!waiter->got)
		return;
	store_link_to(pool, waiter->last, wait->ready == NO_BLOCK ?
		      store_size(pool) : wait->ready);
	WRITE_ONCE(wait->ready, waiter->first);
	waiter->got = 0;
}

/*
 * The task cannot go away before this returns: to leave, it takes the lock, whatever
 * it has seen.
 */
static void wake(struct pool *pool, struct waiter *waiter)
{
	lockdep_assert_held(&pool->wait.lock);
	list_del_init(&waiter->node);
	wake_up_process(waiter->task);
}

/* It is not waited for any more. To be woken, as soon as that is allowed. */
static void finish(struct pool *pool, struct waiter *waiter, int error)
{
	lockdep_assert_held(&pool->wait.lock);
	list_move_tail(&waiter->node, &pool->wait.served);
	WRITE_ONCE(pool->wait.nr, pool->wait.nr - 1);
	waiter->error = error;
	/* Read without the lock; wake_up_process() is the barrier. */
	WRITE_ONCE(waiter->done, true);
}

static void give(struct pool *pool, struct waiter *waiter, u32 index)
{
	lockdep_assert_held(&pool->wait.lock);
	store_mark(pool, index, MPDEMO_LINK_CACHED);
	if (waiter->got++)
		store_link_to(pool, index, waiter->first);
	else
		waiter->last = index;
	waiter->first = index;
	if (waiter->got == waiter->wanted)
		finish(pool, waiter, 0);
}

/* Nobody waits. Return: whether more is to be put. */
static bool put_ready(struct pool *pool, unsigned int budget)
{
	u32 index;

	lockdep_assert_held(&pool->wait.lock);
	store_unwatch(pool);
	while (take_ready(pool, &index)) {
		this_cpu_dec(pool->counts->granted);
		store_put(pool, index);
		if (!--budget)
			return true;
	}
	if (level_is_low(&pool->level))
		level_look(pool);
	return false;
}

/* A turn, but for those to be woken. Return: whether there may be more to be done. */
static bool distribute(struct pool *pool)
{
	unsigned int budget;
	struct waiter *waiter;
	u32 index;

	lockdep_assert_held(&pool->wait.lock);
	for (budget = SERVE_BATCH; budget; budget--) {
		waiter = list_first_entry_or_null(&pool->wait.waiters,
						  struct waiter, node);
		if (!waiter)
			return put_ready(pool, budget);
		if (take_ready(pool, &index)) {
			give(pool, waiter, index);
		} else if (store_take(pool, &index)) {
			this_cpu_inc(pool->counts->granted);
			give(pool, waiter, index);
		} else if (store_watch(pool)) {
			return false;
		}
	}
	return true;
}

/* A turn. Return: whether there may be more to be done. */
static bool serve(struct pool *pool)
{
	bool more = distribute(pool);
	unsigned int budget = SERVE_BATCH;
	struct waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &pool->wait.served, node) {
		if (!budget--)
			return true;
		wake(pool, waiter);
	}
	return more;
}

static void serve_irq_work(struct irq_work *work)
{
	struct pool *pool = container_of(work, struct pool, wait.serve);
	unsigned long flags;
	bool more;

	raw_spin_lock_irqsave(&pool->wait.lock, flags);
	more = serve(pool);
	raw_spin_unlock_irqrestore(&pool->wait.lock, flags);
	if (more)
		irq_work_queue(work);
}

/**
 * wait_serve() - see to those who wait, as the pool has free blocks and is not watched
 * @pool: the pool
 *
 * Context: Any.
 */
void wait_serve(struct pool *pool)
{
	irq_work_queue(&pool->wait.serve);
}

/* In task context, as there are as many turns as it takes. */
static void serve_all(struct pool *pool)
{
	bool more;

	do {
		raw_spin_lock_irq(&pool->wait.lock);
		more = serve(pool);
		raw_spin_unlock_irq(&pool->wait.lock);
		cond_resched();
	} while (more);
}

/**
 * wait_help() - put those blocks that were granted and are too many
 * @pool: the pool, of which too few blocks were found
 * @n: how many are wanted
 *
 * Their irq_work is pending, on this CPU maybe, with interrupts off. Nobody is woken
 * here, as the caller may hold any lock. Nor is anybody waited for: where another CPU
 * is about to put them, they are not found.
 *
 * Context: Any, in an RCU read side section.
 * Return: whether it is worth to look again: some were granted, which are fewer now.
 */
bool wait_help(struct pool *pool, unsigned int n)
{
	struct pool_wait *wait = &pool->wait;
	unsigned int nr_free;
	unsigned long flags;

	if (atomic_read(&wait->grants) == NO_BLOCK &&
	    READ_ONCE(wait->ready) == NO_BLOCK)
		/* Those granted before may have been put since. */
		return store_count(pool, &nr_free) && nr_free >= n;
	/* Of a kernel for one CPU a lock is always free. */
	if (!IS_ENABLED(CONFIG_SMP) && in_nmi())
		return false;
	if (!raw_spin_trylock_irqsave(&wait->lock, flags))
		return false;
	distribute(pool);
	raw_spin_unlock_irqrestore(&wait->lock, flags);
	/* Wakes those who got theirs, and goes on. */
	irq_work_queue(&wait->serve);
	return true;
}

/* Return: false at the deadline. Else it is to be looked whether there is more to do. */
static bool sleep_once(struct pool *pool, ktime_t deadline)
{
	ktime_t until = deadline;

	if (pool->chunks)
		until = min(deadline, ktime_add_ms(ktime_get(), RETRY_MSECS));
	if (schedule_hrtimeout_range(until == KTIME_MAX ? NULL : &until, 0,
				     HRTIMER_MODE_ABS))
		return true;
	if (until == deadline)
		return false;
	chunks_retry(pool->chunks);
	return true;
}

/* Return: 0; -ETIME or -EINTR. What the waiter has got by then is no matter. */
static int sleep(struct pool *pool, struct waiter *waiter, unsigned int state,
		 ktime_t deadline)
{
	int ret = 0;

	if (READ_ONCE(waiter->done))
		return 0;
	atomic64_inc(&pool->wait.waits);
	for (;;) {
		/* Pairs with the barrier of wake_up_process() in finish(). */
		set_current_state(state);
		if (READ_ONCE(waiter->done))
			break;
		if (signal_pending_state(state, current)) {
			ret = -EINTR;
			break;
		}
		if (!sleep_once(pool, deadline)) {
			ret = -ETIME;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

static int enter(struct pool *pool, struct waiter *waiter)
{
	struct pool_wait *wait = &pool->wait;
	int ret = -ESHUTDOWN;

	/* Before anybody can find the pool watched. */
	WRITE_ONCE(pool->has_guests, true);
	raw_spin_lock_irq(&wait->lock);
	if (!wait->closed) {
		refcount_inc(&wait->users);
		list_add_tail(&waiter->node, &wait->waiters);
		WRITE_ONCE(wait->nr, wait->nr + 1);
		ret = 0;
	}
	raw_spin_unlock_irq(&wait->lock);
	return ret;
}

/* The last one to leave after wait_close() ends the wait for it. */
static void drop_user(struct pool_wait *wait)
{
	if (refcount_dec_and_test(&wait->users))
		complete(&wait->left);
}

/* With an error, the pool may be gone once this has dropped the user. */
static int leave(struct pool *pool, struct waiter *waiter, int error,
		 unsigned long caller)
{
	struct pool_wait *wait = &pool->wait;

	raw_spin_lock_irq(&wait->lock);
	/* It may be one that is to be woken still. */
	list_del_init(&waiter->node);
	if (!waiter->done)
		WRITE_ONCE(wait->nr, wait->nr - 1);
	else if (!error)
		error = waiter->error;
	if (error)
		give_back(pool, waiter);
	raw_spin_unlock_irq(&wait->lock);
	if (error)
		serve_all(pool);
	if (error == -ETIME)
		pool_alloc_failed(pool, waiter->wanted, caller);
	drop_user(wait);
	return error;
}

/**
 * pool_wait_for() - take blocks, and wait until there are enough
 * @pool: the pool, not per CPU
 * @n: how many, 1 or more, and not more than the pool has
 * @state: TASK_UNINTERRUPTIBLE, TASK_KILLABLE or TASK_INTERRUPTIBLE
 * @deadline: CLOCK_MONOTONIC, or KTIME_MAX for none
 * @first: filled with the first one of a list of @n blocks, not held yet
 * @caller: who waits, to account for a failure
 *
 * Where a grant races the deadline or a signal, the block is given back.
 *
 * Context: Task context, may sleep.
 * Return: 0; -ETIME: at the deadline; -EINTR: by a signal; -ESHUTDOWN: dying.
 */
int pool_wait_for(struct pool *pool, unsigned int n, unsigned int state,
		  ktime_t deadline, u32 *first, unsigned long caller)
{
	struct waiter waiter = {
		.task = current,
		.wanted = n,
	};
	int ret;

	ret = enter(pool, &waiter);
	if (ret)
		return ret;
	if (ktime_get() < deadline) {
		serve_all(pool);
		ret = sleep(pool, &waiter, state, deadline);
	} else {
		/* As if it could not sleep. */
		rcu_read_lock();
		pool_grow(pool, n, 0);
		rcu_read_unlock();
		ret = -ETIME;
	}
	ret = leave(pool, &waiter, ret, caller);
	if (!ret)
		this_cpu_sub(pool->counts->granted, n);
	*first = waiter.first;
	return ret;
}

/* Return: whether there are more. */
static bool dismiss(struct pool *pool)
{
	unsigned int budget = SERVE_BATCH;
	struct waiter *waiter, *next;

	lockdep_assert_held(&pool->wait.lock);
	list_for_each_entry_safe(waiter, next, &pool->wait.waiters, node) {
		if (!budget--)
			return true;
		finish(pool, waiter, -ESHUTDOWN);
	}
	return false;
}

/**
 * mpdemo_pool_end_waits() - send away all who wait, and let nobody wait any more
 * @api: the pool, which may be used on without waiting
 *
 * Not exported, for owners of blocks of user space. They are told -ESHUTDOWN, and need
 * not have left when this returns. Grants may still come, from those who have found the
 * pool watched until now. To call it again changes nothing.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_pool_end_waits(struct mpdemo_pool *api)
{
	struct pool *pool = to_pool(api);
	struct pool_wait *wait = &pool->wait;
	bool more;

	do {
		raw_spin_lock_irq(&wait->lock);
		wait->closed = true;
		more = dismiss(pool);
		serve(pool);
		raw_spin_unlock_irq(&wait->lock);
	} while (more);
	serve_all(pool);
}

/**
 * wait_close() - as mpdemo_pool_end_waits(), and wait until all have left
 * @pool: the pool, which is about to be closed
 *
 * Context: Task context, may sleep, for as long as it takes them to leave.
 */
void wait_close(struct pool *pool)
{
	struct pool_wait *wait = &pool->wait;

	mpdemo_pool_end_waits(&pool->api);
	drop_user(wait);
	wait_for_completion(&wait->left);
	serve_all(pool);
}

/**
 * mpdemo_pool_has_free() - whether an allocation may find a free block
 * @api: the pool, not per CPU
 *
 * Not exported. A block that was granted, but that nobody waits for any more, counts:
 * where none waits, there is none that is free and not seen here. So who looks after
 * each free, and after each wait that has ended, misses none.
 *
 * Context: Task context, may sleep.
 * Return: true if so.
 */
bool mpdemo_pool_has_free(struct mpdemo_pool *api)
{
	struct pool *pool = to_pool(api);
	unsigned int n;

	if (!store_count(pool, &n) || n)
		return true;
	/* Those who were never waited for are not watched. */
	if (READ_ONCE(pool->has_guests)) {
		serve_all(pool);
		if (!store_count(pool, &n) || n)
			return true;
	}
	/* To ask for a block is to let the pool grow. */
	return store_present(pool) < store_size(pool);
}

/**
 * mpdemo_pool_alloc_wait() - allocate a block, and wait for one if need be
 * @api: the pool
 * @gfp: as for mpdemo_pool_alloc()
 * @state: how to wait: TASK_UNINTERRUPTIBLE, TASK_KILLABLE: a fatal signal ends it,
 *	or TASK_INTERRUPTIBLE: each signal does
 * @deadline: until when, by CLOCK_MONOTONIC; KTIME_MAX: for ever. One that is past
 *	already is to ask for a free block without waiting.
 *
 * Those who wait get blocks in the order in which they came; who does not wait may
 * overtake them. When the deadline has passed or a signal has come, no block is
 * returned, even if one was granted meanwhile: the next one gets it.
 *
 * Who needs several blocks, and waits for each, can wait for ever for another one
 * who does the same: see mpdemo_pool_reserve_wait().
 *
 * Context: Task context, may sleep.
 * Return: a block, which the caller owns until mpdemo_pool_free(); or an ERR_PTR():
 * -ETIME: at the deadline, -EINTR: by a signal, -ESHUTDOWN: the pool is being
 * destroyed, -EOPNOTSUPP: it is one per CPU.
 */
void *mpdemo_pool_alloc_wait(struct mpdemo_pool *api, gfp_t gfp,
			     unsigned int state, ktime_t deadline)
{
	struct pool *pool = to_pool(api);
	void *block;
	u32 index;
	int ret;

	might_sleep();
	if (pool->magazine)
		return ERR_PTR(-EOPNOTSUPP);
	if (deadline != KTIME_MAX && fault_hits(pool, 1, _RET_IP_))
		return ERR_PTR(-ETIME);
	if (!store_take_or_help(pool, &index)) {
		ret = pool_wait_for(pool, 1, state, deadline, &index, _RET_IP_);
		if (ret)
			return ERR_PTR(ret);
	}
	block = pool_hand_out(pool, index, gfp, _RET_IP_);
	if (trace_mpdemo_pool_alloc_enabled())
		pool_trace_alloc(pool, block, gfp, _RET_IP_);
	return block;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_alloc_wait);
