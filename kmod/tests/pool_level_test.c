// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: what is told, in which order, and when.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/stdarg.h>

#include <mempool_demo/level.h>
#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

#define BLOCKS	100
#define LOW	10
#define HIGH	50
#define ROOM	32

#define NORMAL		MPDEMO_LEVEL_NORMAL
#define IS_LOW		MPDEMO_LEVEL_LOW
#define EXHAUSTED	MPDEMO_LEVEL_EXHAUSTED

/* A pool, and what was told of it. */
struct told {
	struct kunit *test;
	struct mpdemo_pool *pool;
	void *blocks[BLOCKS];
	unsigned int held;
	enum mpdemo_level levels[ROOM];
	unsigned int nr;
	struct completion *hold;	/* keeps the callback, if there is one */
	unsigned int wrong;
};

static void note(struct mpdemo_pool *pool, enum mpdemo_level level, void *data)
{
	struct told *told = data;
	unsigned int nr = told->nr;

	if (pool != told->pool || !in_task() || irqs_disabled())
		told->wrong++;
	if (nr < ROOM)
		told->levels[nr] = level;
	/* release: pairs with the acquire of who looks at the levels. */
	smp_store_release(&told->nr, nr + 1);
	if (told->hold)
		wait_for_completion(told->hold);
}

static const struct mpdemo_pool_config exact_config = {
	.name = "level", .block_size = 64, .blocks = BLOCKS,
};

static const struct mpdemo_pool_config percpu_config = {
	.name = "level-percpu", .block_size = 64, .blocks = BLOCKS,
	.flags = MPDEMO_POOL_PERCPU, .magazine = 4,
};

static int set_levels(struct told *told, unsigned int low, unsigned int high)
{
	const struct mpdemo_pool_levels levels = {
		.low = low, .high = high, .notify = note, .data = told,
	};

	return mpdemo_pool_set_levels(told->pool, &levels);
}

static void forget_levels(void *pool)
{
	mpdemo_pool_set_levels(pool, NULL);
}

static struct told *begin(struct kunit *test, struct mpdemo_pool *pool)
{
	struct told *told = kunit_kzalloc(test, sizeof(*told), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, told);
	told->test = test;
	told->pool = pool;
	KUNIT_ASSERT_EQ(test, 0, set_levels(told, LOW, HIGH));
	return told;
}

static struct told *begin_exact(struct kunit *test)
{
	struct told *told = begin(test, mpdemo_test_pool(test, &exact_config));

	/* Before what it points to. */
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, forget_levels,
							   told->pool));
	return told;
}

/* Have @held blocks held, one by one. */
static void hold(struct told *told, unsigned int held)
{
	while (told->held > held)
		mpdemo_pool_free(told->pool, told->blocks[--told->held]);
	while (told->held < held) {
		void *block = mpdemo_pool_alloc(told->pool, 0);

		KUNIT_ASSERT_NOT_NULL(told->test, block);
		told->blocks[told->held++] = block;
	}
}

static unsigned int nr_told(const struct told *told)
{
	/* acquire: pairs with the release in note(). */
	return smp_load_acquire(&told->nr);
}

/* All that is to be told is told soon, and then nothing more. */
static void expect_told(struct told *told, unsigned int nr, ...)
{
	unsigned int tries = 1000, i;
	va_list levels;

	while (nr_told(told) < nr && tries--)
		msleep(20);
	msleep(40);
	KUNIT_EXPECT_EQ(told->test, nr, nr_told(told));
	va_start(levels, nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(told->test, va_arg(levels, int),
				    (int)told->levels[i], "%u", i);
	va_end(levels);
	KUNIT_EXPECT_EQ(told->test, 0, told->wrong);
	told->nr = 0;
}

static void expect_level(struct told *told, enum mpdemo_level level)
{
	KUNIT_EXPECT_EQ(told->test, level, mpdemo_pool_level(told->pool));
}

/* The fast paths are what they are without watermarks. */
static bool is_careful(struct told *told)
{
	return READ_ONCE(told->pool->magazines);
}

static void hysteresis(struct kunit *test)
{
	struct told *told = begin_exact(test);
	unsigned int round;

	for (round = 0; round < 3; round++) {
		hold(told, BLOCKS - LOW - 1);
		expect_level(told, NORMAL);
		KUNIT_EXPECT_FALSE(test, is_careful(told));
		hold(told, BLOCKS - LOW);
		expect_level(told, IS_LOW);
		expect_told(told, 1, IS_LOW);
		hold(told, BLOCKS - LOW - 1);
		hold(told, BLOCKS - LOW);
		hold(told, BLOCKS);
		expect_level(told, IS_LOW);
		hold(told, BLOCKS - HIGH + 1);
		expect_level(told, IS_LOW);
		expect_told(told, 0);
		hold(told, BLOCKS - HIGH);
		expect_level(told, NORMAL);
		KUNIT_EXPECT_FALSE(test, is_careful(told));
		hold(told, 0);
		expect_told(told, 1, NORMAL);
		KUNIT_EXPECT_EQ(test, BLOCKS, mpdemo_test_pool_stats(told->pool).peak);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(told->pool).failures);
}

/* The threshold is raised for the watermarks, and still the peak is exact. */
static void peak_is_exact(struct kunit *test)
{
	struct told *told = begin_exact(test);
	unsigned int held;

	for (held = 1; held <= BLOCKS; held += 3) {
		hold(told, held);
		KUNIT_EXPECT_EQ(test, held, mpdemo_test_pool_stats(told->pool).peak);
		hold(told, held / 2);
		KUNIT_EXPECT_EQ(test, held, mpdemo_test_pool_stats(told->pool).peak);
		if (held == 61)
			KUNIT_EXPECT_EQ(test, 0, set_levels(told, HIGH, BLOCKS));
	}
	hold(told, 0);
}

static void exhaustion(struct kunit *test)
{
	struct told *told = begin_exact(test);

	hold(told, BLOCKS);
	expect_told(told, 1, IS_LOW);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(told->pool, 0));
	expect_level(told, EXHAUSTED);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(told->pool, 0));
	expect_told(told, 1, EXHAUSTED);
	hold(told, BLOCKS - HIGH + 1);
	expect_level(told, EXHAUSTED);
	hold(told, BLOCKS - HIGH);
	expect_level(told, NORMAL);
	hold(told, 0);
	expect_told(told, 1, NORMAL);
}

/* It has never been low: too much was asked for. */
static void exhausted_by_one_who_wants_many(struct kunit *test)
{
	struct told *told = begin_exact(test);
	void *blocks[BLOCKS];

	hold(told, BLOCKS - HIGH + 10);
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(told->pool, 0, BLOCKS,
							blocks));
	expect_level(told, EXHAUSTED);
	expect_told(told, 1, EXHAUSTED);
	hold(told, BLOCKS - HIGH);
	expect_told(told, 1, NORMAL);

	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(told->pool, 0, BLOCKS,
							blocks));
	/* There is enough, so it is so at once. */
	expect_level(told, NORMAL);
	expect_told(told, 2, EXHAUSTED, NORMAL);
	hold(told, 0);
}

/* While somebody is being told, things go on. */
static void what_is_undone_is_not_told(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go_on);
	struct told *told = begin_exact(test);
	unsigned int tries = 1000;

	told->hold = &go_on;
	hold(told, BLOCKS - LOW);
	while (!nr_told(told) && tries--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, 1, told->nr);
	hold(told, 0);
	hold(told, BLOCKS);
	hold(told, 0);
	hold(told, BLOCKS);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(told->pool, 0));
	hold(told, 0);
	complete_all(&go_on);
	/* But that it was exhausted is told. */
	expect_told(told, 3, IS_LOW, EXHAUSTED, NORMAL);
}

static void is_low_again(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go_on);
	struct told *told = begin_exact(test);
	unsigned int tries = 1000;

	told->hold = &go_on;
	hold(told, BLOCKS - LOW);
	while (!nr_told(told) && tries--)
		msleep(20);
	hold(told, 0);
	hold(told, BLOCKS);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(told->pool, 0));
	complete_all(&go_on);
	expect_told(told, 4, IS_LOW, NORMAL, IS_LOW, EXHAUSTED);
	hold(told, 0);
	expect_told(told, 1, NORMAL);
}

static void by_bulks_and_reservations(struct kunit *test)
{
	struct told *told = begin_exact(test);
	struct mpdemo_reservation r;
	void *block;

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(told->pool, 0, BLOCKS - LOW,
						       told->blocks));
	expect_level(told, IS_LOW);
	mpdemo_pool_free_bulk(told->pool, BLOCKS - LOW, told->blocks);
	expect_level(told, NORMAL);

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(told->pool, BLOCKS - LOW - 1,
						     &r));
	expect_level(told, NORMAL);
	block = mpdemo_pool_alloc_wait(told->pool, 0, TASK_KILLABLE, KTIME_MAX);
	KUNIT_ASSERT_FALSE(test, IS_ERR(block));
	expect_level(told, IS_LOW);
	mpdemo_pool_free(told->pool, block);
	expect_level(told, IS_LOW);
	mpdemo_reservation_release(&r);
	expect_level(told, NORMAL);

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(told->pool, BLOCKS, &r));
	KUNIT_EXPECT_EQ(test, -ETIME,
			PTR_ERR(mpdemo_pool_alloc_wait(told->pool, 0, TASK_KILLABLE,
						       0)));
	expect_level(told, EXHAUSTED);
	mpdemo_reservation_release(&r);
	expect_level(told, NORMAL);
}

static void low_already(struct kunit *test)
{
	struct told *told = begin_exact(test);

	forget_levels(told->pool);
	hold(told, BLOCKS);
	expect_level(told, NORMAL);
	expect_told(told, 0);
	KUNIT_EXPECT_EQ(test, 0, set_levels(told, LOW, HIGH));
	expect_level(told, IS_LOW);
	expect_told(told, 1, IS_LOW);
	/* Each who is set begins with normal. */
	KUNIT_EXPECT_EQ(test, 0, set_levels(told, 0, 1));
	expect_told(told, 1, IS_LOW);
	hold(told, BLOCKS - 1);
	expect_told(told, 1, NORMAL);
	forget_levels(told->pool);
	KUNIT_EXPECT_FALSE(test, is_careful(told));
	hold(told, BLOCKS);
	hold(told, 0);
	expect_told(told, 0);
}

static void marks_in_order(struct kunit *test)
{
	struct told *told = begin_exact(test);
	const struct mpdemo_pool_levels nobody = { .low = LOW, .high = HIGH };

	KUNIT_EXPECT_EQ(test, -EINVAL, set_levels(told, LOW, LOW));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_levels(told, LOW, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_levels(told, LOW, BLOCKS + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_levels(told, UINT_MAX, UINT_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL, mpdemo_pool_set_levels(told->pool, &nobody));
	/* Those set before are as they were. */
	hold(told, BLOCKS - LOW);
	expect_told(told, 1, IS_LOW);
	KUNIT_EXPECT_EQ(test, 0, set_levels(told, BLOCKS - 1, BLOCKS));
	hold(told, 0);
	KUNIT_EXPECT_EQ(test, NORMAL, mpdemo_pool_level(told->pool));
}

/* A free that has passed the gate before it was shut looks at nothing. */
static void straggler(struct kunit *test)
{
	struct told *told = begin_exact(test);

	hold(told, BLOCKS);
	expect_told(told, 1, IS_LOW);
	while (told->held)
		mpdemo_pool_free_shared(told->pool, told->blocks[--told->held]);
	expect_level(told, IS_LOW);
	expect_told(told, 1, NORMAL);
	expect_level(told, NORMAL);
}

static void swing(void *data)
{
	struct told *told = data;
	unsigned int i, n = 0;

	for (i = 0; i < BLOCKS; i++) {
		told->blocks[n] = mpdemo_pool_alloc(told->pool, 0);
		if (told->blocks[n])
			n++;
	}
	told->wrong += mpdemo_pool_level(told->pool) != IS_LOW;
	told->wrong += !!mpdemo_pool_alloc(told->pool, 0);
	told->wrong += mpdemo_pool_level(told->pool) != EXHAUSTED;
	while (n)
		mpdemo_pool_free(told->pool, told->blocks[--n]);
	told->wrong += mpdemo_pool_level(told->pool) != NORMAL;
}

static void in_any_context(struct kunit *test)
{
	struct told *told = begin_exact(test);
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, swing, told));
		KUNIT_EXPECT_EQ_MSG(test, 0, told->wrong, "%s",
				    mpdemo_test_context_names[context]);
		msleep(60);
		/* What came before exhaustion may have been told in time. */
		KUNIT_ASSERT_GE(test, told->nr, 2);
		KUNIT_ASSERT_LE(test, told->nr, 3);
		KUNIT_EXPECT_EQ(test, EXHAUSTED, told->levels[told->nr - 2]);
		KUNIT_EXPECT_EQ(test, NORMAL, told->levels[told->nr - 1]);
		told->nr = 0;
	}
}

/* Of a pool per CPU, the list is what counts, and all that is freed comes there. */
static void with_magazines(struct kunit *test)
{
	struct told *told = begin(test, mpdemo_test_pool(test, &percpu_config));
	unsigned int slack = mpdemo_test_pool_stats(told->pool).slack, i, nr;
	unsigned int most = BLOCKS + slack;
	void **blocks = kunit_kcalloc(test, most, sizeof(void *), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	mpdemo_test_pin(test, 0);
	for (nr = 0; nr < most - LOW - 2; nr++)
		blocks[nr] = mpdemo_pool_alloc(told->pool, 0);
	expect_level(told, NORMAL);
	for (; nr < most - LOW; nr++)
		blocks[nr] = mpdemo_pool_alloc(told->pool, 0);
	expect_level(told, IS_LOW);
	expect_told(told, 1, IS_LOW);
	for (i = 0; i < HIGH - LOW - 1; i++)
		mpdemo_pool_free(told->pool, blocks[--nr]);
	expect_level(told, IS_LOW);
	for (i = 0; i < 3; i++)
		mpdemo_pool_free(told->pool, blocks[--nr]);
	expect_level(told, NORMAL);
	expect_told(told, 1, NORMAL);
	while (nr)
		mpdemo_pool_free(told->pool, blocks[--nr]);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(told->pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(told->pool).refused);
	forget_levels(told->pool);
}

/* Frees of a pool that is dying tell nothing. */
static void destroyed_while_low(struct kunit *test)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct mpdemo_pool *pool = mpdemo_pool_create(&exact_config, GFP_KERNEL);
	struct told *told;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	told = begin(test, pool);
	hold(told, BLOCKS);
	mpdemo_pool_destroy(pool);
	/* It may have been told before. */
	KUNIT_EXPECT_LE(test, told->nr, 1);
	told->nr = 0;
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	hold(told, 1);
	expect_level(told, NORMAL);
	msleep(1200);
	hold(told, 0);
	KUNIT_EXPECT_TRUE(test, mpdemo_test_module_refs_become(test, refs));
	KUNIT_EXPECT_EQ(test, 0, told->nr);
}

static struct kunit_case level_cases[] = {
	KUNIT_CASE(hysteresis),
	KUNIT_CASE(peak_is_exact),
	KUNIT_CASE(exhaustion),
	KUNIT_CASE(exhausted_by_one_who_wants_many),
	KUNIT_CASE(what_is_undone_is_not_told),
	KUNIT_CASE(is_low_again),
	KUNIT_CASE(by_bulks_and_reservations),
	KUNIT_CASE(low_already),
	KUNIT_CASE(marks_in_order),
	KUNIT_CASE(straggler),
	KUNIT_CASE(in_any_context),
	KUNIT_CASE(with_magazines),
	KUNIT_CASE(destroyed_while_low),
	{}
};

static struct kunit_suite level_suite = {
	.name = "mpdemo_pool_level",
	.test_cases = level_cases,
};

kunit_test_suite(level_suite);
