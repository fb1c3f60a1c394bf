// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for several blocks at once: whoever does gets all or none, and can not
 * deadlock with others who do, which those who wait for one by one can.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

static const struct mpdemo_pool_config config_of_two = {
	.name = "reserve-wait", .block_size = 64, .blocks = 2,
};

static const struct mpdemo_pool_config config_of_four = {
	.name = "reserve-wait", .block_size = 64, .blocks = 4,
};

static ktime_t in_ms(unsigned int ms)
{
	return ktime_add_ms(ktime_get(), ms);
}

/* A task that waits, and how it went. */
struct waiting {
	struct mpdemo_pool *pool;
	unsigned int n;
	ktime_t deadline;
	struct mpdemo_reservation r;
	int ret;
	struct completion done;
};

static int reserve_thread(void *data)
{
	struct waiting *w = data;

	w->ret = mpdemo_pool_reserve_wait(w->pool, w->n, TASK_UNINTERRUPTIBLE,
					  w->deadline, &w->r);
	complete(&w->done);
	return 0;
}

static void start(struct kunit *test, struct waiting *w, unsigned int n,
		  ktime_t deadline)
{
	struct task_struct *thread;

	w->n = n;
	w->deadline = deadline;
	init_completion(&w->done);
	thread = kthread_run(reserve_thread, w, "mpdemo_reserve");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
}

static void waits_for_enough(struct kunit *test)
{
	struct waiting w = { .pool = mpdemo_test_pool(test, &config_of_four) };
	void *blocks[4];

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(w.pool, 0, 4, blocks));
	start(test, &w, 3, KTIME_MAX);
	msleep(50);
	mpdemo_pool_free(w.pool, blocks[0]);
	mpdemo_pool_free(w.pool, blocks[1]);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&w.done, HZ / 10));
	mpdemo_pool_free(w.pool, blocks[2]);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, 0, w.ret);
	mpdemo_test_expect_counts(test, w.pool, 1, 3, 4);
	blocks[0] = mpdemo_reservation_alloc(&w.r, 0);
	KUNIT_ASSERT_NOT_NULL(test, blocks[0]);
	mpdemo_pool_free(w.pool, mpdemo_pool_block(w.pool, w.r.first));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(w.pool).refused);
	mpdemo_test_expect_counts(test, w.pool, 2, 2, 5);
	mpdemo_reservation_release(&w.r);
	mpdemo_pool_free(w.pool, blocks[0]);
	mpdemo_pool_free(w.pool, blocks[3]);
	mpdemo_test_expect_counts(test, w.pool, 0, 0, 5);
}

/* What one has come to by its deadline is not lost. */
static void gives_back_at_the_deadline(struct kunit *test)
{
	struct waiting w = { .pool = mpdemo_test_pool(test, &config_of_four) };
	void *blocks[4];

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(w.pool, 0, 4, blocks));
	start(test, &w, 4, in_ms(200));
	msleep(50);
	mpdemo_pool_free_bulk(w.pool, 3, blocks);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, -ETIME, w.ret);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_reservation_left(&w.r));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(w.pool).failures);
	mpdemo_test_expect_counts(test, w.pool, 1, 0, 4);
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(w.pool, 0, 3, blocks));
	mpdemo_pool_free_bulk(w.pool, 4, blocks);
	mpdemo_test_expect_counts(test, w.pool, 0, 0, 7);
}

static void sent_away_by_destroy(struct kunit *test)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct waiting w = {};
	void *block;

	w.pool = mpdemo_pool_create(&config_of_two, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(w.pool));
	block = mpdemo_pool_alloc(w.pool, 0);
	start(test, &w, 2, KTIME_MAX);
	msleep(50);
	mpdemo_pool_destroy(w.pool);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, w.ret);
	mpdemo_pool_free(w.pool, block);
	KUNIT_EXPECT_TRUE(test, mpdemo_test_module_refs_become(test, refs));
}

/* Some who need two blocks each, of two. */
struct diner {
	struct mpdemo_pool *pool;
	struct completion *all_have_one, *all_give_up;
	atomic_t *with_one;
	unsigned int rounds, meals;
	int ret;
	struct completion done;
};

static int dine_by_hand(void *data)
{
	struct diner *diner = data;
	void *first, *second;

	first = mpdemo_pool_alloc_wait(diner->pool, 0, TASK_UNINTERRUPTIBLE,
				       in_ms(20000));
	if (atomic_inc_return(diner->with_one) == 2)
		complete_all(diner->all_have_one);
	wait_for_completion(diner->all_have_one);
	second = mpdemo_pool_alloc_wait(diner->pool, 0, TASK_UNINTERRUPTIBLE,
					in_ms(200));
	diner->ret = PTR_ERR_OR_ZERO(second);
	/* Neither gives back before both have given up. */
	if (atomic_inc_return(diner->with_one) == 4)
		complete_all(diner->all_give_up);
	wait_for_completion(diner->all_give_up);
	if (!IS_ERR(second))
		mpdemo_pool_free(diner->pool, second);
	if (!IS_ERR(first))
		mpdemo_pool_free(diner->pool, first);
	complete(&diner->done);
	return 0;
}

static int dine_with_tokens(void *data)
{
	struct diner *diner = data;
	struct mpdemo_reservation r;
	void *blocks[2];
	unsigned int i;

	for (i = 0; i < diner->rounds; i++) {
		diner->ret = mpdemo_pool_reserve_wait(diner->pool, 2,
						      TASK_UNINTERRUPTIBLE,
						      in_ms(60000), &r);
		if (diner->ret)
			break;
		blocks[0] = mpdemo_reservation_alloc(&r, 0);
		cond_resched();
		blocks[1] = mpdemo_reservation_alloc(&r, 0);
		diner->meals += blocks[0] && blocks[1];
		/* The others are all there, and one of them gets the first one. */
		usleep_range(20, 200);
		mpdemo_pool_free(diner->pool, blocks[0]);
		usleep_range(20, 200);
		mpdemo_pool_free(diner->pool, blocks[1]);
	}
	complete(&diner->done);
	return 0;
}

static void dine(struct kunit *test, struct diner *diners, unsigned int nr,
		 int (*fn)(void *data))
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct task_struct *thread;

		init_completion(&diners[i].done);
		thread = kthread_run(fn, &diners[i], "mpdemo_diner/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	}
	for (i = 0; i < nr; i++)
		wait_for_completion(&diners[i].done);
}

static void deadlock_without_tokens(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(all_have_one);
	DECLARE_COMPLETION_ONSTACK(all_give_up);
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config_of_two);
	atomic_t with_one = ATOMIC_INIT(0);
	struct diner diners[2] = {
		{ pool, &all_have_one, &all_give_up, &with_one },
		{ pool, &all_have_one, &all_give_up, &with_one },
	};

	dine(test, diners, 2, dine_by_hand);
	KUNIT_EXPECT_EQ(test, -ETIME, diners[0].ret);
	KUNIT_EXPECT_EQ(test, -ETIME, diners[1].ret);
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_pool_stats(pool).failures);
	mpdemo_test_expect_counts(test, pool, 0, 0, 2);
}

static void no_deadlock_with_tokens(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config_of_two);
	unsigned int rounds = mpdemo_test_rounds(80), i;
	struct diner diners[4] = {};

	for (i = 0; i < ARRAY_SIZE(diners); i++) {
		diners[i].pool = pool;
		diners[i].rounds = rounds;
	}
	dine(test, diners, ARRAY_SIZE(diners), dine_with_tokens);
	for (i = 0; i < ARRAY_SIZE(diners); i++) {
		KUNIT_EXPECT_EQ(test, 0, diners[i].ret);
		KUNIT_EXPECT_EQ(test, rounds, diners[i].meals);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).failures);
	mpdemo_test_expect_counts(test, pool, 0, 0, 2 * 4 * rounds);
}

static struct kunit_case reserve_wait_cases[] = {
	KUNIT_CASE(waits_for_enough),
	KUNIT_CASE(gives_back_at_the_deadline),
	KUNIT_CASE(sent_away_by_destroy),
	KUNIT_CASE(deadlock_without_tokens),
	KUNIT_CASE(no_deadlock_with_tokens),
	{}
};

static struct kunit_suite reserve_wait_suite = {
	.name = "mpdemo_pool_reserve_wait",
	.test_cases = reserve_wait_cases,
};

kunit_test_suite(reserve_wait_suite);
