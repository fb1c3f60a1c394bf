// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a block: in order, until a deadline or a signal, and nothing is lost
 * whatever races.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

#define WAITERS	64

/* Long, but an end to a test that hangs. */
#define PATIENCE_MSECS	60000

/* A thread that waits for one block. */
struct waiter {
	struct mpdemo_pool *pool;
	unsigned int state;
	ktime_t deadline;
	atomic_t *turn;			/* counts those who got one */
	struct task_struct *task;
	struct completion end;
	void *block;			/* or an ERR_PTR() */
	unsigned int order;
	ktime_t left;
};

static struct mpdemo_pool *new_pool(struct kunit *test, size_t blocks)
{
	const struct mpdemo_pool_config config = {
		.name = "wait", .block_size = 32, .blocks = blocks,
	};

	return mpdemo_test_pool(test, &config);
}

static ktime_t in_msecs(unsigned int msecs)
{
	return ktime_add_ms(ktime_get(), msecs);
}

static int wait_thread(void *data)
{
	struct waiter *waiter = data;

	allow_signal(SIGKILL);
	allow_signal(SIGUSR1);
	waiter->block = mpdemo_pool_alloc_wait(waiter->pool, GFP_KERNEL,
					       waiter->state, waiter->deadline);
	waiter->left = ktime_get();
	if (!IS_ERR(waiter->block) && waiter->turn)
		waiter->order = atomic_fetch_inc(waiter->turn);
	complete(&waiter->end);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static bool waiters_become(struct mpdemo_pool *pool, unsigned int n)
{
	unsigned int msecs = 0;

	while (mpdemo_test_pool_stats(pool).waiters != n) {
		if (msecs++ == PATIENCE_MSECS)
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

/* Return when it is in the queue, which has @nr_before in it. */
static void begin(struct kunit *test, struct waiter *waiter,
		  unsigned int nr_before)
{
	init_completion(&waiter->end);
	waiter->task = kthread_run(wait_thread, waiter, "mpdemo_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(waiter->task));
	KUNIT_ASSERT_TRUE(test, waiters_become(waiter->pool, nr_before + 1));
}

/* Return: false if it does not end. */
static bool has_ended(struct waiter *waiter)
{
	return wait_for_completion_timeout(&waiter->end,
					   msecs_to_jiffies(PATIENCE_MSECS));
}

static void finish(struct kunit *test, struct waiter *waiter)
{
	KUNIT_ASSERT_TRUE(test, has_ended(waiter));
	kthread_stop(waiter->task);
}

/* All of them, to be held by the test. */
static void **fill(struct kunit *test, struct mpdemo_pool *pool, size_t n)
{
	void **blocks = kunit_kcalloc(test, n, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, n,
						       blocks));
	return blocks;
}

static void expect_whole(struct kunit *test, struct mpdemo_pool *pool, size_t n)
{
	void **blocks;

	KUNIT_EXPECT_TRUE(test, mpdemo_test_in_use_becomes(pool, 0));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).waiters);
	blocks = fill(test, pool, n);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
	mpdemo_pool_free_bulk(pool, n, blocks);
}

static void free_one_is_had_at_once(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 1);
	void *block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL, TASK_KILLABLE, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(block));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).waits);
	memset(block, 0xee, 32);
	mpdemo_pool_free(pool, block);
	block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL | __GFP_ZERO,
				       TASK_KILLABLE, KTIME_MAX);
	KUNIT_ASSERT_FALSE(test, IS_ERR(block));
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, 32));
	mpdemo_pool_free(pool, block);
	expect_whole(test, pool, 1);
}

static void deadline_is_kept(struct kunit *test)
{
	static const unsigned int msecs[] = { 0, 1, 5, 20, 100 };
	struct mpdemo_pool *pool = new_pool(test, 1);
	void **blocks = fill(test, pool, 1), *block;
	u64 failures = mpdemo_test_pool_stats(pool).failures;
	s64 late, least;
	unsigned int i, tries;
	ktime_t deadline;

	/* Negative, and 0: past long ago. */
	block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL, TASK_KILLABLE, -1);
	KUNIT_EXPECT_EQ(test, -ETIME, PTR_ERR_OR_ZERO(block));
	block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL, TASK_KILLABLE, 0);
	KUNIT_EXPECT_EQ(test, -ETIME, PTR_ERR_OR_ZERO(block));
	for (i = 0; i < ARRAY_SIZE(msecs); i++) {
		/* The machine may be busy, but not each time. */
		least = S64_MAX;
		for (tries = 0; tries < 5; tries++) {
			deadline = in_msecs(msecs[i]);
			block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
						       TASK_UNINTERRUPTIBLE,
						       deadline);
			late = ktime_us_delta(ktime_get(), deadline);
			KUNIT_EXPECT_EQ(test, -ETIME, PTR_ERR_OR_ZERO(block));
			KUNIT_EXPECT_GE(test, late, 0);
			least = min(least, late);
		}
		kunit_info(test, "%u ms: %lld us late at least", msecs[i], least);
		KUNIT_EXPECT_LE(test, least, TICK_NSEC / NSEC_PER_USEC + 5000);
	}
	KUNIT_EXPECT_EQ(test, failures + 2 + 5 * ARRAY_SIZE(msecs),
			mpdemo_test_pool_stats(pool).failures);
	mpdemo_pool_free_bulk(pool, 1, blocks);
	expect_whole(test, pool, 1);
}

static void in_order(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 2 * WAITERS);
	void **blocks = fill(test, pool, 2 * WAITERS);
	struct waiter *waiters;
	atomic_t turn = ATOMIC_INIT(0);
	unsigned int i;

	waiters = kunit_kcalloc(test, WAITERS, sizeof(*waiters), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, waiters);
	for (i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter) {
			.pool = pool, .state = TASK_KILLABLE,
			.deadline = KTIME_MAX, .turn = &turn,
		};
		begin(test, &waiters[i], i);
	}
	/* One by one, so that the order of those woken is that of grants. */
	for (i = 0; i < WAITERS; i++) {
		mpdemo_pool_free(pool, blocks[i]);
		KUNIT_EXPECT_TRUE(test, has_ended(&waiters[i]));
		KUNIT_EXPECT_EQ(test, i, atomic_read(&turn) - 1);
	}
	for (i = 0; i < WAITERS; i++) {
		kthread_stop(waiters[i].task);
		KUNIT_EXPECT_EQ(test, i, waiters[i].order);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(waiters[i].block));
		mpdemo_pool_free(pool, waiters[i].block);
	}
	KUNIT_EXPECT_EQ(test, WAITERS, mpdemo_test_pool_stats(pool).waits);
	mpdemo_pool_free_bulk(pool, WAITERS, blocks + WAITERS);
	expect_whole(test, pool, 2 * WAITERS);
}

/* Who does not wait finds nothing while somebody waits, and no block goes astray. */
static void bulk_free_serves_many(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 100);
	void **blocks = fill(test, pool, 100), *block;
	struct waiter waiters[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		waiters[i] = (struct waiter) {
			.pool = pool, .state = TASK_KILLABLE,
			.deadline = KTIME_MAX,
		};
		begin(test, &waiters[i], i);
	}
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 1,
							&block));
	mpdemo_pool_free_bulk(pool, 100, blocks);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		finish(test, &waiters[i]);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(waiters[i].block));
	}
	KUNIT_EXPECT_TRUE(test, mpdemo_test_in_use_becomes(pool, 3));
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		mpdemo_pool_free(pool, waiters[i].block);
	expect_whole(test, pool, 100);
}

/* What is granted and too many is found, also where the irq_work must wait. */
static void surplus_is_found(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 100);
	void **blocks = fill(test, pool, 100), *one, *last;
	struct waiter waiters[2];
	unsigned long flags;
	bool many;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		waiters[i] = (struct waiter) {
			.pool = pool, .state = TASK_KILLABLE,
			.deadline = KTIME_MAX,
		};
		begin(test, &waiters[i], i);
	}
	local_irq_save(flags);
	mpdemo_pool_free_bulk(pool, 3, blocks);
	one = mpdemo_pool_alloc(pool, GFP_ATOMIC);
	mpdemo_pool_free_bulk(pool, 97, blocks + 3);
	many = mpdemo_pool_alloc_bulk(pool, GFP_ATOMIC, 97, blocks + 3);
	last = mpdemo_pool_alloc(pool, GFP_ATOMIC);
	local_irq_restore(flags);
	KUNIT_EXPECT_NOT_NULL(test, one);
	KUNIT_EXPECT_TRUE(test, many);
	KUNIT_EXPECT_NULL(test, last);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		finish(test, &waiters[i]);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(waiters[i].block));
		mpdemo_pool_free(pool, waiters[i].block);
	}
	mpdemo_pool_free(pool, one);
	mpdemo_pool_free_bulk(pool, 97, blocks + 3);
	expect_whole(test, pool, 100);
}

static void signals_end_it(struct kunit *test)
{
	static const struct {
		unsigned int state;
		int signal;
		bool ends;
	} cases[] = {
		{ TASK_INTERRUPTIBLE, SIGUSR1, true },
		{ TASK_INTERRUPTIBLE, SIGKILL, true },
		{ TASK_KILLABLE, SIGUSR1, false },
		{ TASK_KILLABLE, SIGKILL, true },
		{ TASK_UNINTERRUPTIBLE, SIGUSR1, false },
		{ TASK_UNINTERRUPTIBLE, SIGKILL, false },
	};
	struct mpdemo_pool *pool = new_pool(test, 1);
	void **blocks = fill(test, pool, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct waiter waiter = {
			.pool = pool, .state = cases[i].state,
			.deadline = KTIME_MAX,
		};

		begin(test, &waiter, 0);
		send_sig(cases[i].signal, waiter.task, 1);
		if (!cases[i].ends) {
			msleep(50);
			KUNIT_EXPECT_FALSE(test, completion_done(&waiter.end));
			mpdemo_pool_free(pool, blocks[0]);
		}
		finish(test, &waiter);
		if (cases[i].ends) {
			KUNIT_EXPECT_EQ(test, -EINTR,
					PTR_ERR_OR_ZERO(waiter.block));
		} else {
			KUNIT_EXPECT_PTR_EQ(test, blocks[0], waiter.block);
		}
	}
	mpdemo_pool_free(pool, blocks[0]);
	expect_whole(test, pool, 1);
}

struct one_free {
	struct mpdemo_pool *pool;
	void *block;
};

static void free_it(void *data)
{
	struct one_free *one = data;

	mpdemo_pool_free(one->pool, one->block);
}

static void woken_from_each_context(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 1);
	struct one_free one = { .pool = pool };
	enum mpdemo_test_context context;

	one.block = *fill(test, pool, 1);
	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		struct waiter waiter = {
			.pool = pool, .state = TASK_KILLABLE,
			.deadline = KTIME_MAX,
		};

		begin(test, &waiter, 0);
		KUNIT_ASSERT_TRUE(test, mpdemo_test_run_in(context, free_it,
							   &one));
		finish(test, &waiter);
		KUNIT_EXPECT_PTR_EQ_MSG(test, one.block, waiter.block, "%s",
					mpdemo_test_context_names[context]);
	}
	mpdemo_pool_free(pool, one.block);
	expect_whole(test, pool, 1);
}

/* However a free races a deadline, there is one block, and who has it is told. */
static void deadline_races_free(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 1);
	unsigned int rounds = mpdemo_test_rounds(240), i, got = 0, late = 0;
	void *block = *fill(test, pool, 1);

	for (i = 0; i < rounds; i++) {
		struct waiter waiter = {
			.pool = pool, .state = TASK_UNINTERRUPTIBLE,
			.deadline = in_msecs(5),
		};

		init_completion(&waiter.end);
		waiter.task = kthread_run(wait_thread, &waiter, "mpdemo_waiter");
		KUNIT_ASSERT_FALSE(test, IS_ERR(waiter.task));
		/* Before, at, and behind the deadline. */
		while (ktime_us_delta(waiter.deadline, ktime_get()) >
		       (s64)(i % 40) * 5 - 100)
			cpu_relax();
		mpdemo_pool_free(pool, block);
		finish(test, &waiter);
		if (IS_ERR(waiter.block)) {
			KUNIT_ASSERT_EQ(test, -ETIME, PTR_ERR(waiter.block));
			late++;
			block = mpdemo_pool_alloc(pool, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, block);
		} else {
			KUNIT_ASSERT_PTR_EQ(test, block, waiter.block);
			got++;
		}
	}
	kunit_info(test, "%u got the block, %u were late", got, late);
	mpdemo_pool_free(pool, block);
	expect_whole(test, pool, 1);
}

/* Blocks change hands among threads that all wait: if a wake-up is lost, all sleep. */
struct relay {
	struct mpdemo_pool *pool;
	unsigned int rounds;
	struct completion end;
	int error;
};

static int relay_thread(void *data)
{
	struct relay *relay = data;
	unsigned int i;
	void *block;

	for (i = 0; i < relay->rounds && !relay->error; i++) {
		block = mpdemo_pool_alloc_wait(relay->pool, GFP_KERNEL,
					       TASK_UNINTERRUPTIBLE,
					       in_msecs(PATIENCE_MSECS));
		relay->error = PTR_ERR_OR_ZERO(block);
		if (!relay->error) {
			/* So that others, on other CPUs, find none. */
			udelay(10 + i % 8);
			mpdemo_pool_free(relay->pool, block);
		}
	}
	complete(&relay->end);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static void hammer_pool(void *data)
{
	void *block = mpdemo_pool_alloc(data, GFP_ATOMIC);

	if (block)
		mpdemo_pool_free(data, block);
}

static void no_wakeup_is_lost(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 1);
	struct mpdemo_test_hammer *hammer;
	struct task_struct *tasks[6];
	struct relay relays[6];
	unsigned int i;
	void **blocks;

	/* Gone until all of them wait: however slow they are, there is something to lose. */
	blocks = fill(test, pool, 1);
	hammer = mpdemo_test_hammer(test, hammer_pool, pool);
	for (i = 0; i < ARRAY_SIZE(relays); i++) {
		relays[i] = (struct relay) {
			.pool = pool, .rounds = mpdemo_test_rounds(2000),
		};
		init_completion(&relays[i].end);
		tasks[i] = kthread_run(relay_thread, &relays[i], "mpdemo_relay");
		KUNIT_ASSERT_FALSE(test, IS_ERR(tasks[i]));
	}
	KUNIT_EXPECT_TRUE(test, waiters_become(pool, ARRAY_SIZE(relays)));
	mpdemo_pool_free(pool, blocks[0]);
	for (i = 0; i < ARRAY_SIZE(relays); i++) {
		wait_for_completion(&relays[i].end);
		kthread_stop(tasks[i]);
		KUNIT_EXPECT_EQ(test, 0, relays[i].error);
	}
	mpdemo_test_hammer_end(hammer);
	KUNIT_EXPECT_GT(test, mpdemo_test_pool_stats(pool).waits, 0);
	expect_whole(test, pool, 1);
}

static void destroy_sends_them_away(struct kunit *test)
{
	struct mpdemo_pool *pool = new_pool(test, 2);
	struct waiter *waiters;
	void **blocks = fill(test, pool, 2);
	unsigned int i;

	waiters = kunit_kcalloc(test, WAITERS, sizeof(*waiters), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, waiters);
	for (i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter) {
			.pool = pool, .state = TASK_UNINTERRUPTIBLE,
			.deadline = i % 2 ? KTIME_MAX : in_msecs(100000),
		};
		begin(test, &waiters[i], i);
	}
	mpdemo_test_pool_end(test, pool);
	for (i = 0; i < WAITERS; i++) {
		KUNIT_EXPECT_TRUE(test, completion_done(&waiters[i].end) ||
				  has_ended(&waiters[i]));
		kthread_stop(waiters[i].task);
		KUNIT_EXPECT_EQ(test, -ESHUTDOWN,
				PTR_ERR_OR_ZERO(waiters[i].block));
	}
	/* Held blocks keep the dying pool, which lets nobody wait. */
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN,
			PTR_ERR_OR_ZERO(mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
							       TASK_KILLABLE,
							       KTIME_MAX)));
	mpdemo_pool_free_bulk(pool, 2, blocks);
}

static void per_cpu_is_not_waited_for(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "wait", .block_size = 32, .blocks = 8,
		.flags = MPDEMO_POOL_PERCPU,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR_OR_ZERO(mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
							       TASK_KILLABLE,
							       KTIME_MAX)));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE(free_one_is_had_at_once),
	KUNIT_CASE(deadline_is_kept),
	KUNIT_CASE(in_order),
	KUNIT_CASE(bulk_free_serves_many),
	KUNIT_CASE(surplus_is_found),
	KUNIT_CASE(signals_end_it),
	KUNIT_CASE(woken_from_each_context),
	KUNIT_CASE(deadline_races_free),
	KUNIT_CASE(no_wakeup_is_lost),
	KUNIT_CASE(destroy_sends_them_away),
	KUNIT_CASE(per_cpu_is_not_waited_for),
	{ }
};

static struct kunit_suite wait_suite = {
	.name = "mpdemo_pool_wait",
	.test_cases = wait_cases,
};

kunit_test_suite(wait_suite);
