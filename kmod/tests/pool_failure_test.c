// SPDX-License-Identifier: GPL-2.0
/*
 * What a pool tells of its last failure: who, why, and where the blocks were.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <mempool_demo/failure.h>
#include <mempool_demo/fault.h>
#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

static const struct mpdemo_pool_config config_of_four = {
	.name = "failure", .block_size = 64, .blocks = 4,
};

#define BLOCKS	100

static const struct mpdemo_pool_config percpu_config = {
	.name = "failure-percpu", .block_size = 64, .blocks = BLOCKS,
	.flags = MPDEMO_POOL_PERCPU, .magazine = 8,
};

static void expect_text(struct kunit *test, const struct mpdemo_pool *pool,
			unsigned int wanted, const char *caller, const char *end)
{
	struct mpdemo_pool_failure failure;
	char begin[60], text[240], small[10];
	int length;

	snprintf(begin, sizeof(begin), "%u wanted by %s+", wanted, caller);

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_last_failure(pool, &failure));
	length = mpdemo_pool_failure_text(&failure, text, sizeof(text));
	KUNIT_EXPECT_EQ(test, strlen(text), length);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(text, begin), "%s", text);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, end), "%s", text);
	KUNIT_EXPECT_EQ(test, sizeof(small) - 1,
			mpdemo_pool_failure_text(&failure, small, sizeof(small)));
	KUNIT_EXPECT_TRUE(test, strstarts(text, small));
}

static int wait_for_three(void *data)
{
	struct mpdemo_reservation r;

	mpdemo_pool_reserve_wait(data, 3, TASK_UNINTERRUPTIBLE,
				 ktime_add_ms(ktime_get(), 500), &r);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void last_failure(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config_of_four);
	u64 begin = ktime_get_mono_fast_ns();
	struct mpdemo_pool_failure failure;
	struct mpdemo_reservation r;
	struct task_struct *thread;
	void *blocks[5];

	KUNIT_EXPECT_FALSE(test, mpdemo_pool_last_failure(pool, &failure));
	blocks[0] = mpdemo_pool_alloc(pool, 0);
	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 2, &r));
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, 0, 2, blocks + 1));
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_last_failure(pool, &failure));
	KUNIT_EXPECT_GE(test, failure.when, begin);
	KUNIT_EXPECT_LE(test, failure.when, ktime_get_mono_fast_ns());
	KUNIT_EXPECT_EQ(test, 0, failure.skipped);
	expect_text(test, pool, 2, __func__,
		    ": too few are free; 1 free, 1 held, 2 reserved, 0 granted, 0 in magazines");

	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, 0, 5, blocks + 1));
	expect_text(test, pool, 5, __func__,
		    ": the pool never has as many; 1 free, 1 held, 2 reserved, ");
	mpdemo_pool_fail_every(pool, 1);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	mpdemo_pool_fail_every(pool, 0);
	expect_text(test, pool, 1, __func__,
		    ": this failure was asked for; 1 free, 1 held, 2 reserved, ");
	mpdemo_reservation_release(&r);

	/* One waits for three, and has two. */
	blocks[1] = mpdemo_pool_alloc(pool, 0);
	thread = kthread_run(wait_for_three, pool, "mpdemo_three");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	msleep(100);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	expect_text(test, pool, 1, __func__,
		    "; 0 free, 2 held, 0 reserved, 2 granted, ");
	kthread_stop(thread);
	expect_text(test, pool, 3, "wait_for_three", ": too few are free; ");
	mpdemo_pool_free_bulk(pool, 2, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

static void failure_of_other_pools(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &percpu_config);
	unsigned int slack = mpdemo_test_pool_stats(pool).slack;
	struct mpdemo_pool_failure failure;
	struct mpdemo_reservation r, none;
	void *block, *more[2];

	mpdemo_test_pin(test, 0);
	/* The rest of half a magazine, 3 blocks, stays there. */
	block = mpdemo_pool_alloc(pool, 0);
	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, BLOCKS + slack - 5, &r));
	KUNIT_EXPECT_EQ(test, -EAGAIN, mpdemo_pool_reserve(pool, 4, &none));
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_last_failure(pool, &failure));
	KUNIT_EXPECT_EQ(test, 1, failure.free);
	KUNIT_EXPECT_EQ(test, 3, failure.cached);
	KUNIT_EXPECT_EQ(test, 1, failure.held);
	KUNIT_EXPECT_EQ(test, BLOCKS + slack - 5, failure.reserved);
	mpdemo_reservation_release(&r);
	mpdemo_pool_free(pool, block);

	pool = mpdemo_pool_create(&config_of_four, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	block = mpdemo_pool_alloc(pool, 0);
	mpdemo_pool_destroy(pool);
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, 0, 2, more));
	expect_text(test, pool, 2, __func__,
		    ": the pool has been destroyed; ");
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, mpdemo_pool_fail_every(pool, 1));
	mpdemo_pool_free(pool, block);
}

/* Whoever reads gets what one has written, also in an interrupt of who writes. */
struct reading {
	struct mpdemo_pool *pool;
	struct mpdemo_test_hammer *hammer;
	u64 skipped;
	unsigned int reads, wrong;
};

static void read_failure(void *data)
{
	struct mpdemo_pool_failure failure;
	struct reading *reading = data;

	if (!mpdemo_pool_last_failure(reading->pool, &failure))
		return;
	if (failure.wanted != (failure.why == MPDEMO_FAILURE_TOO_MANY ? 7 : 1) ||
	    failure.held != 4 || failure.skipped < reading->skipped)
		reading->wrong++;
	reading->skipped = failure.skipped;
	reading->reads++;
}

static void fail_often(void *data)
{
	unsigned int rounds = mpdemo_test_rounds(20000), i;
	struct reading *reading = data;
	struct reading mine = { .pool = reading->pool };
	void *blocks[7];

	for (i = 0; i < rounds || !mpdemo_test_hammered(reading->hammer); i++) {
		if (mpdemo_pool_alloc(mine.pool, 0) ||
		    mpdemo_pool_alloc_bulk(mine.pool, 0, 7, blocks))
			mine.wrong++;
		read_failure(&mine);
		cond_resched();
	}
	if (mine.wrong || !mine.reads)
		WRITE_ONCE(reading->wrong, 1000000);
}

static void failures_on_all_cpus(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config_of_four);
	struct reading reading = { .pool = pool };
	void *blocks[4];

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, 0, 4, blocks));
	mpdemo_test_pin(test, 0);
	reading.hammer = mpdemo_test_hammer(test, read_failure, &reading);
	mpdemo_test_run_on_all(test, fail_often, &reading);
	KUNIT_EXPECT_GT(test, mpdemo_test_hammer_end(reading.hammer), 0);
	KUNIT_EXPECT_GT(test, reading.reads, 0);
	KUNIT_EXPECT_EQ(test, 0, reading.wrong);
	mpdemo_pool_free_bulk(pool, 4, blocks);
}

static struct kunit_case failure_cases[] = {
	KUNIT_CASE(last_failure),
	KUNIT_CASE(failure_of_other_pools),
	KUNIT_CASE(failures_on_all_cpus),
	{}
};

static struct kunit_suite failure_suite = {
	.name = "mpdemo_pool_failure",
	.test_cases = failure_cases,
};

kunit_test_suite(failure_suite);
