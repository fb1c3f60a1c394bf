// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand: which calls fail, and how many of them.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <mempool_demo/failure.h>
#include <mempool_demo/fault.h>
#include <mempool_demo/level.h>
#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

#define BLOCKS	1000

static const struct mpdemo_pool_config configs[] = {
	{ .name = "fault", .block_size = 64, .blocks = BLOCKS },
	{ .name = "fault-percpu", .block_size = 64, .blocks = BLOCKS,
	  .flags = MPDEMO_POOL_PERCPU, .magazine = 8 },
};

static ktime_t soon(void)
{
	return ktime_add_ms(ktime_get(), 60000);
}

/* One of each kind; that which is to fail does so as told. */
static bool call(struct kunit *test, struct mpdemo_pool *pool, unsigned int kind)
{
	struct mpdemo_reservation r = {};
	void *block, *blocks[3];
	int ret = 0;

	switch (kind) {
	case 0:
		block = mpdemo_pool_alloc(pool, 0);
		ret = block ? 0 : -ENOMEM;
		mpdemo_pool_free(pool, block);
		break;
	case 1:
		if (mpdemo_pool_alloc_bulk(pool, 0, 3, blocks))
			mpdemo_pool_free_bulk(pool, 3, blocks);
		else
			ret = -ENOMEM;
		break;
	case 2:
		ret = mpdemo_pool_reserve(pool, 3, &r);
		KUNIT_EXPECT_TRUE(test, !ret || ret == -EAGAIN);
		break;
	case 3:
		ret = mpdemo_pool_reserve_wait(pool, 3, TASK_KILLABLE, soon(), &r);
		KUNIT_EXPECT_TRUE(test, !ret || ret == -ETIME);
		break;
	case 4:
		block = mpdemo_pool_alloc_wait(pool, 0, TASK_KILLABLE, soon());
		ret = PTR_ERR_OR_ZERO(block);
		KUNIT_EXPECT_TRUE(test, !ret || ret == -ETIME);
		if (!ret)
			mpdemo_pool_free(pool, block);
		break;
	}
	if (kind == 2 || kind == 3) {
		KUNIT_EXPECT_EQ(test, ret ? 0 : 3, mpdemo_reservation_left(&r));
		mpdemo_reservation_release(&r);
	}
	return !ret;
}

static void each_nth_fails(struct kunit *test)
{
	ktime_t begin = ktime_get();
	unsigned int i, k, n;

	for (k = 0; k < ARRAY_SIZE(configs); k++) {
		struct mpdemo_pool *pool = mpdemo_test_pool(test, &configs[k]);
		/* A pool per CPU is not waited for. */
		unsigned int calls = k ? 3 : 5;
		u64 injected = 0;

		for (n = 1; n <= 4; n++) {
			KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_fail_every(pool, n));
			for (i = 1; i <= 60; i++)
				KUNIT_EXPECT_EQ_MSG(test, i % n != 0,
						    call(test, pool, i % calls),
						    "%u of %u", i, n);
			injected += 60 / n;
			KUNIT_EXPECT_EQ(test, injected,
					mpdemo_test_pool_stats(pool).injected);
			KUNIT_EXPECT_EQ(test, injected,
					mpdemo_test_pool_stats(pool).failures);
		}
		KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_fail_every(pool, 0));
		for (i = 1; i <= 60; i++)
			KUNIT_EXPECT_TRUE(test, call(test, pool, i % calls));
		KUNIT_EXPECT_EQ(test, injected, mpdemo_test_pool_stats(pool).injected);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
		if (!k)
			KUNIT_EXPECT_NULL(test, READ_ONCE(pool->magazines));
	}
	/* Nobody has waited. */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begin), 30000);
}

static void a_new_number_counts_anew(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &configs[0]);
	unsigned int round;

	for (round = 0; round < 3; round++) {
		mpdemo_pool_fail_every(pool, 3);
		KUNIT_EXPECT_TRUE(test, call(test, pool, 0));
		KUNIT_EXPECT_TRUE(test, call(test, pool, 0));
	}
	KUNIT_EXPECT_FALSE(test, call(test, pool, 0));
	mpdemo_pool_fail_every(pool, UINT_MAX);
	KUNIT_EXPECT_TRUE(test, call(test, pool, 0));
}

/* What has promised not to fail does not, and is not counted. */
static void some_never_fail(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &configs[0]);
	struct mpdemo_reservation r;
	void *block;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 10, &r));
	mpdemo_pool_fail_every(pool, 1);
	for (i = 0; i < 10; i++) {
		block = mpdemo_reservation_alloc(&r, 0);
		KUNIT_EXPECT_NOT_NULL(test, block);
		mpdemo_pool_free(pool, block);
	}
	block = mpdemo_pool_alloc_wait(pool, 0, TASK_KILLABLE, KTIME_MAX);
	KUNIT_ASSERT_FALSE(test, IS_ERR(block));
	mpdemo_pool_free(pool, block);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve_wait(pool, 2, TASK_KILLABLE,
							  KTIME_MAX, &r));
	mpdemo_reservation_release(&r);
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, 0, 0, NULL));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve(pool, 0, &r));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).injected);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).injected);
}

static void count_level(struct mpdemo_pool *pool, enum mpdemo_level level,
			void *data)
{
	atomic_inc(data);
}

static void is_not_exhausted(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &configs[0]);
	atomic_t told = ATOMIC_INIT(0);
	const struct mpdemo_pool_levels levels = {
		.low = 1, .high = 2, .notify = count_level, .data = &told,
	};

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_set_levels(pool, &levels));
	mpdemo_pool_fail_every(pool, 1);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	KUNIT_EXPECT_EQ(test, MPDEMO_LEVEL_NORMAL, mpdemo_pool_level(pool));
	msleep(50);
	mpdemo_pool_set_levels(pool, NULL);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&told));
	/* The gate is shut for the one reason still. */
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
}

struct load {
	struct mpdemo_pool *pool;
	unsigned int switcher;
	atomic_t switchers;
	atomic_t calls, failed;
};

static void alloc_often(void *data)
{
	unsigned int rounds = mpdemo_test_rounds(8000), i;
	struct load *load = data;
	void *block;

	for (i = 0; i < rounds; i++) {
		block = mpdemo_pool_alloc(load->pool, 0);
		if (!block)
			atomic_inc(&load->failed);
		mpdemo_pool_free(load->pool, block);
		cond_resched();
	}
	atomic_add(rounds, &load->calls);
}

static void exact_on_all_cpus(struct kunit *test)
{
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(configs); k++) {
		struct load load = {
			.pool = mpdemo_test_pool(test, &configs[k]),
		};

		mpdemo_pool_fail_every(load.pool, 7);
		mpdemo_test_run_on_all(test, alloc_often, &load);
		KUNIT_EXPECT_EQ(test, atomic_read(&load.calls) / 7,
				atomic_read(&load.failed));
		KUNIT_EXPECT_EQ(test, atomic_read(&load.failed),
				mpdemo_test_pool_stats(load.pool).injected);
	}
}

static void load_or_switch(void *data)
{
	struct load *load = data;
	unsigned int rounds = mpdemo_test_rounds(400), i;
	void *blocks[20];

	if (raw_smp_processor_id() == load->switcher) {
		for (i = 0; i < rounds; i++) {
			mpdemo_pool_fail_every(load->pool, i % 4);
			usleep_range(10, 200);
		}
		mpdemo_pool_fail_every(load->pool, 0);
		atomic_dec(&load->switchers);
		return;
	}
	while (atomic_read(&load->switchers)) {
		for (i = 0; i < 10; i++) {
			blocks[i] = mpdemo_pool_alloc(load->pool, 0);
			if (!blocks[i])
				atomic_inc(&load->failed);
		}
		while (i--)
			mpdemo_pool_free(load->pool, blocks[i]);
		if (mpdemo_pool_alloc_bulk(load->pool, 0, 20, blocks))
			mpdemo_pool_free_bulk(load->pool, 20, blocks);
		else
			atomic_inc(&load->failed);
		cond_resched();
	}
}

static void on_and_off_under_load(struct kunit *test)
{
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(configs); k++) {
		struct load load = {
			.pool = mpdemo_test_pool(test, &configs[k]),
			.switcher = mpdemo_test_other_cpu(test),
			.switchers = ATOMIC_INIT(1),
		};
		struct mpdemo_pool_stats stats;

		mpdemo_test_run_on_all(test, load_or_switch, &load);
		stats = mpdemo_test_pool_stats(load.pool);
		KUNIT_EXPECT_GT(test, stats.injected, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&load.failed), stats.injected);
		KUNIT_EXPECT_EQ(test, atomic_read(&load.failed), stats.failures);
		KUNIT_EXPECT_EQ(test, 0, stats.in_use);
		KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
		KUNIT_EXPECT_EQ(test, 0, stats.refused);
		if (!k)
			KUNIT_EXPECT_NULL(test, READ_ONCE(load.pool->magazines));
	}
}

struct cycle {
	struct mpdemo_pool *pool;
	unsigned int right;
};

static void fail_once(void *data)
{
	struct cycle *cycle = data;
	struct mpdemo_pool_failure failure;
	void *block;

	mpdemo_pool_fail_every(cycle->pool, 2);
	block = mpdemo_pool_alloc(cycle->pool, 0);
	cycle->right += block && !mpdemo_pool_alloc(cycle->pool, 0) &&
			mpdemo_pool_last_failure(cycle->pool, &failure) &&
			failure.why == MPDEMO_FAILURE_INJECTED &&
			failure.held == 1 && failure.wanted == 1;
	mpdemo_pool_free(cycle->pool, block);
	mpdemo_pool_fail_every(cycle->pool, 0);
}

static void in_any_context(struct kunit *test)
{
	struct cycle cycle = { .pool = mpdemo_test_pool(test, &configs[0]) };
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, fail_once,
							   &cycle));
		KUNIT_EXPECT_EQ_MSG(test, context + 1, cycle.right, "%s",
				    mpdemo_test_context_names[context]);
	}
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(each_nth_fails),
	KUNIT_CASE(a_new_number_counts_anew),
	KUNIT_CASE(some_never_fail),
	KUNIT_CASE(is_not_exhausted),
	KUNIT_CASE(exact_on_all_cpus),
	KUNIT_CASE(on_and_off_under_load),
	KUNIT_CASE(in_any_context),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "mpdemo_pool_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
