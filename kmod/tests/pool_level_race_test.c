// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks while everything changes: who does not want to be told is not told any
 * more, and whoever is told is told what makes sense.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/smp.h>

#include <mempool_demo/level.h>

#include "contexts.h"
#include "helpers.h"

#define BLOCKS	100

#define NORMAL		MPDEMO_LEVEL_NORMAL
#define IS_LOW		MPDEMO_LEVEL_LOW
#define EXHAUSTED	MPDEMO_LEVEL_EXHAUSTED

static const struct mpdemo_pool_config config = {
	.name = "level-race", .block_size = 64, .blocks = BLOCKS,
};

/* Who is told sets the levels; or is slow, and another one sets them. */
struct slow {
	struct mpdemo_pool *pool;
	int ret;
	atomic_t running, after, calls;
	bool set;		/* whether this may be told */
};

static void notify_slowly(struct mpdemo_pool *pool, enum mpdemo_level level,
			  void *data)
{
	struct slow *slow = data;

	atomic_inc(&slow->running);
	atomic_inc(&slow->calls);
	slow->ret = mpdemo_pool_set_levels(pool, NULL);
	if (!READ_ONCE(slow->set))
		atomic_inc(&slow->after);
	usleep_range(100, 2000);
	if (!READ_ONCE(slow->set))
		atomic_inc(&slow->after);
	atomic_dec(&slow->running);
}

static void up_and_down(struct mpdemo_pool *pool)
{
	void *blocks[20];
	unsigned int i;

	if (!mpdemo_pool_alloc_bulk(pool, 0, ARRAY_SIZE(blocks), blocks))
		return;
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		mpdemo_pool_free(pool, blocks[i]);
}

static void set_by_who_is_told(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	struct slow slow = { .pool = pool, .set = true };
	const struct mpdemo_pool_levels levels = {
		.low = BLOCKS - 1, .high = BLOCKS, .notify = notify_slowly,
		.data = &slow,
	};
	unsigned int tries = 1000;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_set_levels(pool, &levels));
	up_and_down(pool);
	while (!atomic_read(&slow.calls) && tries--) {
		void *block = mpdemo_pool_alloc(pool, 0);

		msleep(20);
		mpdemo_pool_free(pool, block);
	}
	mpdemo_pool_set_levels(pool, NULL);
	KUNIT_EXPECT_GT(test, atomic_read(&slow.calls), 0);
	KUNIT_EXPECT_EQ(test, -EDEADLK, slow.ret);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&slow.running));
}

/* All CPUs but one make the level change, and that one sets who is told. */
struct storm {
	struct mpdemo_pool *pool;
	unsigned int setter;
	atomic_t setters;
	struct slow slows[2];
};

static void set_and_forget(struct storm *storm)
{
	unsigned int rounds = mpdemo_test_rounds(400), i;

	for (i = 0; i < rounds; i++) {
		struct slow *slow = &storm->slows[i % 2];
		const struct mpdemo_pool_levels levels = {
			.low = BLOCKS - 20, .high = BLOCKS - 10,
			.notify = notify_slowly, .data = slow,
		};

		WRITE_ONCE(slow->set, true);
		mpdemo_pool_set_levels(storm->pool, &levels);
		usleep_range(100, 3000);
		mpdemo_pool_set_levels(storm->pool, i % 3 ? NULL : &levels);
		if (!(i % 3))
			mpdemo_pool_set_levels(storm->pool, NULL);
		WRITE_ONCE(slow->set, false);
		if (atomic_read(&slow->running))
			atomic_inc(&slow->after);
	}
	atomic_dec(&storm->setters);
}

static void storm_or_set(void *data)
{
	struct storm *storm = data;

	if (raw_smp_processor_id() == storm->setter) {
		set_and_forget(storm);
		return;
	}
	while (atomic_read(&storm->setters)) {
		up_and_down(storm->pool);
		cond_resched();
	}
}

static void nobody_is_told_after_that(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	unsigned int i, calls = 0;

	KUNIT_ASSERT_NOT_NULL(test, storm);
	storm->pool = mpdemo_test_pool(test, &config);
	storm->setter = mpdemo_test_other_cpu(test);
	atomic_set(&storm->setters, 1);
	mpdemo_test_run_on_all(test, storm_or_set, storm);
	for (i = 0; i < 2; i++) {
		calls += atomic_read(&storm->slows[i].calls);
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->slows[i].after));
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->slows[i].running));
	}
	KUNIT_EXPECT_GT(test, calls, 0);
	KUNIT_EXPECT_EQ(test, NORMAL, mpdemo_pool_level(storm->pool));
	KUNIT_EXPECT_NULL(test, READ_ONCE(storm->pool->magazines));
}

static void set_often(void *data)
{
	struct storm *storm = data;
	unsigned int rounds = mpdemo_test_rounds(400), i;
	const struct mpdemo_pool_levels levels = {
		.low = BLOCKS - 20, .high = BLOCKS - 10,
		.notify = notify_slowly, .data = &storm->slows[0],
	};

	for (i = 0; i < rounds; i++) {
		mpdemo_pool_set_levels(storm->pool, i % 2 ? &levels : NULL);
		up_and_down(storm->pool);
		cond_resched();
	}
}

static void many_set_at_once(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, storm);
	storm->pool = mpdemo_test_pool(test, &config);
	storm->slows[0].set = true;
	mpdemo_test_run_on_all(test, set_often, storm);
	mpdemo_pool_set_levels(storm->pool, NULL);
	storm->slows[0].set = false;
	KUNIT_EXPECT_NULL(test, READ_ONCE(storm->pool->magazines));
	msleep(50);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->slows[0].after));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(storm->pool).in_use);
}

/* Whatever happens, what is told makes sense, and the last of it is right. */
struct sense {
	struct mpdemo_pool *pool;
	enum mpdemo_level last;
	unsigned int calls, nonsense;
};

static void make_sense(struct mpdemo_pool *pool, enum mpdemo_level level,
		       void *data)
{
	struct sense *sense = data;

	if (level == sense->last ||
	    (level == IS_LOW && sense->last == EXHAUSTED))
		sense->nonsense++;
	WRITE_ONCE(sense->last, level);
	WRITE_ONCE(sense->calls, sense->calls + 1);
}

static void swing_together(void *data)
{
	unsigned int rounds = mpdemo_test_rounds(1000), i, j, n;
	struct sense *sense = data;
	void *blocks[BLOCKS];

	for (i = 0; i < rounds; i++) {
		for (n = 0; n < BLOCKS; n++) {
			blocks[n] = mpdemo_pool_alloc(sense->pool, 0);
			if (!blocks[n])
				break;
		}
		for (j = 0; j < n; j++)
			mpdemo_pool_free(sense->pool, blocks[j]);
		cond_resched();
	}
}

static void in_a_storm(struct kunit *test)
{
	struct sense sense = { .pool = mpdemo_test_pool(test, &config) };
	const struct mpdemo_pool_levels levels = {
		.low = 10, .high = 50, .notify = make_sense, .data = &sense,
	};
	unsigned int tries = 200, round;
	void *blocks[BLOCKS];

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_set_levels(sense.pool, &levels));
	for (round = 0; round < 3; round++) {
		mpdemo_test_run_on_all(test, swing_together, &sense);
		/* All is free; a straggler may have to be found. */
		while (READ_ONCE(sense.last) != NORMAL && tries--)
			msleep(20);
		KUNIT_EXPECT_EQ(test, NORMAL, READ_ONCE(sense.last));
		KUNIT_EXPECT_EQ(test, NORMAL, mpdemo_pool_level(sense.pool));
	}
	KUNIT_EXPECT_GT(test, sense.calls, 2);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(sense.pool, 0, BLOCKS,
						       blocks));
	msleep(100);
	KUNIT_EXPECT_EQ(test, IS_LOW, READ_ONCE(sense.last));
	mpdemo_pool_free_bulk(sense.pool, BLOCKS, blocks);
	mpdemo_pool_set_levels(sense.pool, NULL);
	KUNIT_EXPECT_EQ(test, 0, sense.nonsense);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(sense.pool).in_use);
}

static struct kunit_case level_race_cases[] = {
	KUNIT_CASE(set_by_who_is_told),
	KUNIT_CASE(nobody_is_told_after_that),
	KUNIT_CASE(many_set_at_once),
	KUNIT_CASE(in_a_storm),
	{}
};

static struct kunit_suite level_race_suite = {
	.name = "mpdemo_pool_level_race",
	.test_cases = level_race_cases,
};

kunit_test_suite(level_race_suite);
