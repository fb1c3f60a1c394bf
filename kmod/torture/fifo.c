// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "fifo": many threads wait for a block of a pool that has none, one comes
 * after the other. Some time out. Then blocks are freed, a few at a time, somewhere: the
 * same number of threads must get one, those that came first.
 *
 * When a thread is in the queue tells its state: it sleeps, and not for anything else.
 * How late the timeouts were is told with the results; late beyond all scheduling is
 * a failure.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include <mempool_demo/pool.h>
#include <mempool_demo/wait.h>

#include "rig.h"

#define WAITERS		64
#define BLOCKS		4
#define TIMEOUT_MSECS	30

/* For what must happen soon; less than that is a matter of the machine. */
#define PATIENCE_MSECS	20000
#define LATE_MSECS	5000
#define LATE_MEDIAN	(10 * TICK_NSEC)
#define MAX_LATES	1024

/**
 * struct waiter - a thread
 * @task: NULL: there is none
 * @go: to wait once
 * @expires: it will not get a block
 * @msecs: after so many of them
 * @deadline: the same, by the clock
 * @end: when it has returned
 * @waits: nothing but the queue makes it sleep
 * @block: what it got, until somebody takes it
 * @returned: it has got it
 * @quit: instead of waiting
 */
struct waiter {
	struct task_struct *task;
	struct completion go;
	bool expires;
	unsigned int msecs;
	ktime_t deadline;
	ktime_t end;
	bool waits;
	void *block;
	bool returned;
	bool quit;
};

static struct mpdemo_pool *pool;
static struct waiter *waiters;
static void *blocks[BLOCKS];
static unsigned int nr_blocks;
static unsigned int round;
static struct completion returned;	/* as often as a waiter has */
static u64 *lates;			/* of timeouts, nanoseconds */
static unsigned int nr_lates;

static void wait_once(struct waiter *waiter)
{
	waiter->deadline = waiter->expires ?
			   ktime_add_ms(ktime_get(), waiter->msecs) : KTIME_MAX;
	WRITE_ONCE(waiter->waits, true);
	waiter->block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
					       TASK_UNINTERRUPTIBLE,
					       waiter->deadline);
	waiter->end = ktime_get();
	WRITE_ONCE(waiter->waits, false);
	/* release: pairs with the one in has_returned(). */
	smp_store_release(&waiter->returned, true);
	complete(&returned);
}

static bool has_returned(const struct waiter *waiter)
{
	/* Pairs with wait_once(). */
	return smp_load_acquire(&waiter->returned);
}

static int waiter_function(void *data)
{
	struct waiter *waiter = data;

	for (;;) {
		wait_for_completion(&waiter->go);
		if (READ_ONCE(waiter->quit))
			break;
		wait_once(waiter);
	}
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static bool is_queued(const struct waiter *waiter)
{
	return has_returned(waiter) ||
	       (READ_ONCE(waiter->waits) &&
		READ_ONCE(waiter->task->__state) == TASK_UNINTERRUPTIBLE);
}

/* Return: false if it does not come to wait. */
static bool let_wait(struct waiter *waiter)
{
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MSECS);

	waiter->returned = false;
	waiter->block = NULL;
	complete(&waiter->go);
	while (!is_queued(waiter)) {
		if (time_after(jiffies, end)) {
			rig_fail_value("threads that come to wait", 1, 0);
			return false;
		}
		usleep_range(20, 50);
	}
	return true;
}

/* Return: false where fewer than @n have returned. */
static bool await_returned(const char *what, unsigned int n)
{
	unsigned long patience = msecs_to_jiffies(PATIENCE_MSECS);
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!wait_for_completion_timeout(&returned, patience)) {
			rig_fail_value(what, n, i);
			return false;
		}
	}
	return true;
}

static void take_all(struct rig_actor *actor)
{
	void *block;

	while (nr_blocks < BLOCKS &&
	       (block = mpdemo_pool_alloc(pool, GFP_KERNEL)))
		blocks[nr_blocks++] = block;
	rig_same("blocks to begin with", BLOCKS, nr_blocks);
	rig_same("blocks beyond them", 0, !!mpdemo_pool_alloc(pool, GFP_KERNEL));
	rig_count(actor, RIG_FULL, 1);
}

/* Return: how many of them will time out, or a negative errno. */
static int let_all_wait(struct rig_actor *actor)
{
	int expiring = 0, i;

	for (i = 0; i < WAITERS; i++) {
		waiters[i].expires = rig_one_in(actor, 4);
		waiters[i].msecs = rig_random(actor, TIMEOUT_MSECS);
		expiring += waiters[i].expires;
		if (!let_wait(&waiters[i]))
			return -EIO;
	}
	return expiring;
}

static void check_timeout(struct rig_actor *actor, const struct waiter *waiter)
{
	s64 late = ktime_to_ns(ktime_sub(waiter->end, waiter->deadline));

	rig_same("errno at the deadline", ETIME,
		 IS_ERR(waiter->block) ? -PTR_ERR(waiter->block) : 0);
	if (late < 0)
		rig_fail_value("timed out at, by the deadline", waiter->deadline,
			       waiter->end);
	else if (late > (s64)LATE_MSECS * NSEC_PER_MSEC)
		rig_fail_value("nanoseconds that a timeout is late, at most",
			       (u64)LATE_MSECS * NSEC_PER_MSEC, late);
	else
		lates[nr_lates++ % MAX_LATES] = late;
	rig_count(actor, RIG_TIMEOUTS, 1);
}

/* Those who time out do, and the others go on to wait. */
static void check_timeouts(struct rig_actor *actor)
{
	int i;

	for (i = 0; i < WAITERS; i++) {
		if (waiters[i].expires)
			check_timeout(actor, &waiters[i]);
		else
			rig_same("threads that got a block of none", 0,
				 has_returned(&waiters[i]));
	}
}

static void free_one(void *unused)
{
	mpdemo_pool_free(pool, blocks[--nr_blocks]);
}

static unsigned int free_some(struct rig_actor *actor, unsigned int most)
{
	unsigned int n = 1 + rig_random(actor, min(most, nr_blocks)), i;

	for (i = 0; i < n; i++)
		rig_count(rig_actor(rig_do_somewhere(actor, free_one, NULL), 0),
			  RIG_FREES, 1);
	return n;
}

/* Return: the next one who waits for a block, from @i on. */
static int next_in_line(int i)
{
	while (i < WAITERS && waiters[i].expires)
		i++;
	return i;
}

/* Return: false where it is not a block that the thread got. */
static bool take_block(struct rig_actor *actor, int i)
{
	struct waiter *waiter = &waiters[i];

	if (!has_returned(waiter) || IS_ERR(waiter->block)) {
		rig_fail_value("granted a block, as the first in the queue", i,
			       WAITERS);
		return false;
	}
	blocks[nr_blocks++] = waiter->block;
	waiter->block = NULL;
	rig_count(actor, RIG_WAITS, 1);
	return true;
}

/* All of them get a block in turn. Return: false after a failure. */
static bool grant_all(struct rig_actor *actor, unsigned int left)
{
	int i = next_in_line(0);
	unsigned int n, k;

	for (; left; left -= n) {
		n = free_some(actor, left);
		if (!await_returned("threads that were granted a block", n))
			return false;
		for (k = 0; k < n; k++, i = next_in_line(i + 1))
			if (!take_block(actor, i))
				return false;
	}
	return true;
}

static bool step(struct rig_actor *actor)
{
	int expiring;

	take_all(actor);
	expiring = let_all_wait(actor);
	if (expiring < 0 ||
	    !await_returned("threads that have timed out", expiring))
		return false;
	check_timeouts(actor);
	if (rig_failed() || !grant_all(actor, WAITERS - expiring))
		return false;
	mpdemo_pool_free_bulk(pool, nr_blocks, blocks);
	nr_blocks = 0;
	rig_count(actor, RIG_ROUNDS, 1);
	return ++round < rig_rounds();
}

static int start_waiters(void)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < WAITERS; i++) {
		init_completion(&waiters[i].go);
		task = kthread_run(waiter_function, &waiters[i],
				   "mpdemo_fifo/%d", i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		waiters[i].task = task;
	}
	return 0;
}

static int begin(void)
{
	const struct mpdemo_pool_config config = {
		.name = "torture fifo",
		.block_size = 64,
		.blocks = BLOCKS,
	};

	round = 0;
	nr_blocks = 0;
	nr_lates = 0;
	init_completion(&returned);
	pool = NULL;
	waiters = kvcalloc(WAITERS, sizeof(*waiters), GFP_KERNEL);
	lates = kvcalloc(MAX_LATES, sizeof(*lates), GFP_KERNEL);
	if (!waiters || !lates)
		return -ENOMEM;
	pool = mpdemo_pool_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(pool) ?: start_waiters();
}

static int compare(const void *a, const void *b)
{
	u64 first = *(const u64 *)a, second = *(const u64 *)b;

	return first < second ? -1 : first > second;
}

static void check_lates(void)
{
	unsigned int n = min(nr_lates, MAX_LATES);

	if (!n)
		return;
	sort(lates, n, sizeof(*lates), compare, NULL);
	rig_describe("threads %u blocks %u tick %lu us; timeouts late: median %llu us most %llu us",
		     WAITERS, BLOCKS, TICK_NSEC / NSEC_PER_USEC,
		     div_u64(lates[n / 2], NSEC_PER_USEC),
		     div_u64(lates[n - 1], NSEC_PER_USEC));
	/* Single ones say nothing on a machine that has much else to do. */
	if (n >= WAITERS && lates[n / 2] > LATE_MEDIAN)
		rig_fail_value("nanoseconds that most timeouts are late, at most",
			       LATE_MEDIAN, lates[n / 2]);
}

/*
 * Those who wait yet, after a failure, are sent away. Blocks that nobody has taken
 * keep the pool until then.
 */
static void end(void)
{
	int i;

	if (!IS_ERR_OR_NULL(pool)) {
		mpdemo_pool_free_bulk(pool, nr_blocks, blocks);
		mpdemo_pool_destroy(pool);
	}
	for (i = 0; waiters && i < WAITERS && waiters[i].task; i++) {
		WRITE_ONCE(waiters[i].quit, true);
		complete(&waiters[i].go);
		kthread_stop(waiters[i].task);
		if (!IS_ERR_OR_NULL(waiters[i].block))
			mpdemo_pool_free(pool, waiters[i].block);
	}
	if (lates)
		check_lates();
	kvfree(lates);
	kvfree(waiters);
}

const struct rig_workload fifo_workload = {
	.name = "fifo",
	.alone = true,
	.begin = begin,
	.step = step,
	.end = end,
};
