// SPDX-License-Identifier: GPL-2.0
/*
 * Peaks that are begun anew: what was before is forgotten, what is in use is not, and
 * who waits to be told that a pool is low still is.
 */

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>

#include <mempool_demo/level.h>

#include "helpers.h"

#define BLOCKS	40

static void hold(struct kunit *test, struct mpdemo_pool *pool, void **blocks,
		 unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
	}
}

static void expect_peaks(struct kunit *test, struct mpdemo_pool *pool)
{
	void *blocks[BLOCKS];

	hold(test, pool, blocks, BLOCKS);
	mpdemo_pool_free_bulk(pool, BLOCKS - 5, blocks + 5);
	KUNIT_EXPECT_EQ(test, BLOCKS, mpdemo_test_pool_stats(pool).peak);

	mpdemo_pool_reset_peak(pool);
	KUNIT_EXPECT_EQ(test, 5, mpdemo_test_pool_stats(pool).peak);
	mpdemo_pool_free(pool, blocks[4]);
	KUNIT_EXPECT_EQ(test, 5, mpdemo_test_pool_stats(pool).peak);
	hold(test, pool, blocks + 4, 3);
	mpdemo_pool_free_bulk(pool, 7, blocks);
	KUNIT_EXPECT_EQ(test, 7, mpdemo_test_pool_stats(pool).peak);
}

static void exact_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "exact", .block_size = 64, .blocks = BLOCKS,
	};

	expect_peaks(test, mpdemo_test_pool(test, &config));
}

static void growing_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "grows", .block_size = 64, .blocks = 8, .max_blocks = BLOCKS,
	};

	expect_peaks(test, mpdemo_test_pool(test, &config));
}

/* Those in magazines count. */
static void percpu_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "percpu", .block_size = 64, .blocks = BLOCKS,
		.flags = MPDEMO_POOL_PERCPU, .magazine = 8,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	struct mpdemo_pool_stats stats;
	void *blocks[BLOCKS];

	hold(test, pool, blocks, BLOCKS);
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	KUNIT_EXPECT_LE(test, BLOCKS, mpdemo_test_pool_stats(pool).peak);
	mpdemo_pool_reset_peak(pool);
	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, stats.cached, stats.peak);
	hold(test, pool, blocks, BLOCKS);
	KUNIT_EXPECT_LE(test, BLOCKS, mpdemo_test_pool_stats(pool).peak);
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
}

static void note_low(struct mpdemo_pool *pool, enum mpdemo_level level,
		     void *data)
{
	if (level == MPDEMO_LEVEL_LOW)
		complete(data);
}

static void watermarks_stay(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "watched", .block_size = 64, .blocks = BLOCKS,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	DECLARE_COMPLETION_ONSTACK(low);
	const struct mpdemo_pool_levels levels = {
		.low = 10, .high = 20, .notify = note_low, .data = &low,
	};
	void *blocks[BLOCKS];

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_set_levels(pool, &levels));
	hold(test, pool, blocks, BLOCKS - 11);
	mpdemo_pool_reset_peak(pool);
	KUNIT_EXPECT_EQ(test, MPDEMO_LEVEL_NORMAL, mpdemo_pool_level(pool));
	hold(test, pool, blocks + BLOCKS - 11, 1);
	KUNIT_EXPECT_EQ(test, MPDEMO_LEVEL_LOW, mpdemo_pool_level(pool));
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&low, 10 * HZ));
	mpdemo_pool_free_bulk(pool, BLOCKS - 10, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_set_levels(pool, NULL));
}

static void arenas(struct kunit *test)
{
	static const unsigned int flags[] = { 0, MPDEMO_ARENA_SHARED };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct mpdemo_arena_config config = {
			.name = "arena", .bytes = SZ_4K, .flags = flags[i],
		};
		struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);

		KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 2048,
							       GFP_KERNEL));
		mpdemo_arena_reset(arena);
		KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 64,
							       GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 2048, mpdemo_test_arena_stats(arena).peak);
		mpdemo_arena_reset_peak(arena);
		KUNIT_EXPECT_EQ(test, 64, mpdemo_test_arena_stats(arena).peak);
		KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 64,
							       GFP_KERNEL));
		mpdemo_arena_reset(arena);
		KUNIT_EXPECT_EQ(test, 128, mpdemo_test_arena_stats(arena).peak);
	}
}

static void use_section(struct kunit *test, struct mpdemo_arena *percpu,
			size_t bytes)
{
	struct mpdemo_arena_scope scope;
	struct mpdemo_arena *arena;
	void *piece;

	arena = mpdemo_arena_begin(percpu, &scope);
	piece = mpdemo_arena_alloc(arena, bytes, GFP_ATOMIC);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_NOT_NULL(test, piece);
}

static void percpu_arena(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "percpu", .bytes = SZ_4K, .flags = MPDEMO_ARENA_PERCPU,
	};
	struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);

	use_section(test, arena, 2048);
	KUNIT_EXPECT_EQ(test, 2048, mpdemo_test_arena_stats(arena).peak);
	mpdemo_arena_reset_peak(arena);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(arena).peak);
	use_section(test, arena, 64);
	KUNIT_EXPECT_EQ(test, 64, mpdemo_test_arena_stats(arena).peak);
}

static struct kunit_case peak_cases[] = {
	KUNIT_CASE(exact_pool),
	KUNIT_CASE(growing_pool),
	KUNIT_CASE(percpu_pool),
	KUNIT_CASE(watermarks_stay),
	KUNIT_CASE(arenas),
	KUNIT_CASE(percpu_arena),
	{}
};

static struct kunit_suite peak_suite = {
	.name = "mpdemo_peak",
	.test_cases = peak_cases,
};

kunit_test_suite(peak_suite);
