// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas in chunks: they grow where the caller may sleep, up to their bound, and
 * give back all but what they shall retain.
 */

#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define CHUNK	SZ_4K
#define RETAIN	2

static int chunk_init(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "chunks", .bytes = SZ_64K, .chunk = CHUNK,
		.retain = RETAIN,
	};

	test->priv = mpdemo_test_arena(test, &config);
	return 0;
}

static struct mpdemo_arena_stats stats_of(struct kunit *test)
{
	return mpdemo_test_arena_stats(test->priv);
}

static void *alloc(struct kunit *test, size_t size)
{
	return mpdemo_arena_alloc(test->priv, size, GFP_KERNEL);
}

static void grows_to_its_bound(struct kunit *test)
{
	unsigned int i;
	u8 *pieces[16];

	for (i = 0; i < 16; i++) {
		KUNIT_EXPECT_EQ(test, max(i, 1U), stats_of(test).chunks);
		pieces[i] = alloc(test, CHUNK);
		KUNIT_ASSERT_NOT_NULL(test, pieces[i]);
		memset(pieces[i], i, CHUNK);
		KUNIT_EXPECT_EQ(test, (i + 1) * CHUNK, stats_of(test).in_use);
	}
	KUNIT_EXPECT_NULL(test, alloc(test, 1));
	KUNIT_EXPECT_EQ(test, 16, stats_of(test).chunks);
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).failures);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(pieces[i], i, CHUNK));
}

/* Whoever cannot sleep has the chunks that are there. */
static void grows_only_where_it_may_sleep(struct kunit *test)
{
	static const gfp_t atomic[] = {
		GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, 0, __GFP_ZERO,
	};
	struct mpdemo_arena *arena = test->priv;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, CHUNK, GFP_ATOMIC));
	for (i = 0; i < ARRAY_SIZE(atomic); i++)
		KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 8, atomic[i]));
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).chunks);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(atomic), stats_of(test).failures);

	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 8, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).chunks);
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 8, GFP_ATOMIC));

	/* A retained one is there. */
	mpdemo_arena_reset(arena);
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).chunks);
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, CHUNK, GFP_ATOMIC));
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, CHUNK, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 8, GFP_ATOMIC));
}

static void retains_some(struct kunit *test)
{
	struct mpdemo_arena_stats stats;
	unsigned int round, i;
	size_t small;

	small = stats_of(test).footprint;
	KUNIT_EXPECT_GE(test, small, CHUNK);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 10; i++)
			KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
		stats = stats_of(test);
		KUNIT_EXPECT_EQ(test, 10, stats.chunks);
		KUNIT_EXPECT_GE(test, stats.footprint, small + 9 * CHUNK);
		KUNIT_EXPECT_EQ(test, 10 * CHUNK, mpdemo_arena_reset(test->priv));
		stats = stats_of(test);
		KUNIT_EXPECT_EQ(test, 1 + RETAIN, stats.chunks);
		KUNIT_EXPECT_EQ(test, 0, stats.in_use);
		KUNIT_EXPECT_EQ(test, 10 * CHUNK, stats.peak);
		KUNIT_EXPECT_GE(test, stats.footprint, small + RETAIN * CHUNK);
		KUNIT_EXPECT_TRUE(test,
				  mpdemo_test_footprint_falls(test->priv,
							      small + (RETAIN + 1) * CHUNK));
	}
}

/*
 * What a reset drops is freed later, and is memory of the arena until then: however
 * often that is, and whatever hurry the owner is in, there is never more of it than
 * the arena may have.
 */
static void never_more_than_its_bytes(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "hasty", .bytes = SZ_64K, .chunk = CHUNK,
	};
	struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);
	size_t small = mpdemo_test_arena_stats(arena).footprint, full;
	unsigned int rounds = mpdemo_test_rounds(800), round, i;
	unsigned int short_of = 0, above = 0, forgotten = 0;
	struct mpdemo_arena_stats stats;
	unsigned long flags;

	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, CHUNK,
							       GFP_KERNEL));
	full = mpdemo_test_arena_stats(arena).footprint;
	KUNIT_EXPECT_GE(test, full, small + 15 * CHUNK);

	for (round = 0; round < rounds; round++) {
		/* Nobody has been told yet that there is something to free. */
		local_irq_save(flags);
		mpdemo_arena_reset(arena);
		stats = mpdemo_test_arena_stats(arena);
		local_irq_restore(flags);
		above += stats.footprint > full;
		forgotten += stats.footprint < small + 15 * CHUNK;
		for (i = 0; i < 16; i++) {
			short_of += !mpdemo_arena_alloc(arena, CHUNK, GFP_KERNEL);
			stats = mpdemo_test_arena_stats(arena);
			above += stats.footprint > full;
		}
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, 0, short_of);
	KUNIT_EXPECT_EQ(test, 0, above);
	KUNIT_EXPECT_EQ(test, 0, forgotten);

	preempt_disable();
	mpdemo_arena_reset(arena);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_arena_stats(arena).chunks);
	/* By the end it has forgotten none. */
	KUNIT_EXPECT_TRUE(test, mpdemo_test_footprint_falls(arena, small + 1));
}

/* What does not fit into what is left of a chunk goes to the next one. */
static void rest_of_a_chunk(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK - 100));
	KUNIT_ASSERT_NOT_NULL(test, alloc(test, 200));
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).chunks);
	KUNIT_EXPECT_EQ(test, CHUNK + 200, stats_of(test).in_use);
	/* Its rest counts, also for the bound. */
	KUNIT_EXPECT_EQ(test, CHUNK + 200, stats_of(test).peak);
}

static void larger_than_a_chunk(struct kunit *test)
{
	u8 *small = alloc(test, 100), *large, *aligned;

	KUNIT_ASSERT_NOT_NULL(test, small);
	memset(small, 1, 100);
	large = alloc(test, 5 * CHUNK + 1);
	KUNIT_ASSERT_NOT_NULL(test, large);
	memset(large, 2, 5 * CHUNK + 1);
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).chunks);
	aligned = mpdemo_arena_alloc_aligned(test->priv, 2 * CHUNK, SZ_4K,
					     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, aligned);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((long)aligned, SZ_4K));
	memset(aligned, 3, 2 * CHUNK);
	KUNIT_EXPECT_NULL(test, memchr_inv(small, 1, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(large, 2, 5 * CHUNK + 1));

	/* More than the bound leaves; then all that there is. */
	KUNIT_EXPECT_NULL(test, alloc(test, SZ_64K));
	KUNIT_EXPECT_NULL(test, alloc(test, SZ_64K - 2 * CHUNK));
	KUNIT_EXPECT_EQ(test, 3, stats_of(test).chunks);
	mpdemo_arena_reset(test->priv);
	KUNIT_EXPECT_NULL(test, alloc(test, SZ_64K));
	KUNIT_EXPECT_NOT_NULL(test, alloc(test, SZ_64K - CHUNK));
}

/* Spare chunks that are too small give way. */
static void spares_give_way(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
	mpdemo_arena_reset(test->priv);
	KUNIT_EXPECT_EQ(test, 1 + RETAIN, stats_of(test).chunks);
	KUNIT_ASSERT_NOT_NULL(test, alloc(test, SZ_64K - CHUNK));
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).chunks);
	KUNIT_EXPECT_EQ(test, SZ_64K, stats_of(test).in_use);
}

/* What will never fit does not cost what others may need where they cannot sleep. */
static void never_fits(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
	mpdemo_arena_reset(test->priv);
	KUNIT_EXPECT_EQ(test, RETAIN + 1, stats_of(test).chunks);
	KUNIT_EXPECT_NULL(test, alloc(test, SZ_64K));
	KUNIT_EXPECT_NULL(test, alloc(test, SZ_1M));
	KUNIT_EXPECT_EQ(test, RETAIN + 1, stats_of(test).chunks);
}

/* The token of a mark may lie in what its rollback frees. */
static void mark_in_what_it_frees(struct kunit *test)
{
	struct mpdemo_arena_mark marks[3], *inside;
	struct mpdemo_arena *arena = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &marks[i]));
	for (i = 0; i < 14; i++)
		KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
	inside = alloc(test, sizeof(*inside));
	KUNIT_ASSERT_NOT_NULL(test, inside);
	*inside = marks[1];
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, inside));
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).marks);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &marks[0]));
}

static void rollback_across_chunks(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark early, late;
	u8 *kept, *next, *piece;
	unsigned int i;

	kept = alloc(test, 1000);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	memset(kept, 0x5a, 1000);
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &early));
	next = alloc(test, 100);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &late));
	piece = alloc(test, CHUNK);
	KUNIT_ASSERT_NOT_NULL(test, piece);
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
	KUNIT_EXPECT_EQ(test, 11, stats_of(test).chunks);

	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &late));
	KUNIT_EXPECT_EQ(test, 5 * CHUNK, stats_of(test).in_use);
	KUNIT_EXPECT_EQ(test, 5 + RETAIN, stats_of(test).chunks);
	KUNIT_EXPECT_PTR_EQ(test, piece, (u8 *)alloc(test, CHUNK));

	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &early));
	KUNIT_EXPECT_EQ(test, 1000, stats_of(test).in_use);
	KUNIT_EXPECT_EQ(test, 1 + RETAIN, stats_of(test).chunks);
	KUNIT_EXPECT_EQ(test, 11 * CHUNK, stats_of(test).peak);
	KUNIT_EXPECT_PTR_EQ(test, next, (u8 *)alloc(test, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(kept, 0x5a, 1000));
	KUNIT_EXPECT_EQ(test, -EINVAL, mpdemo_arena_rollback(arena, &late));
}

/* The last bytes of a chunk of an odd size, and of an odd bound. */
static void odd_sizes(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "odd", .bytes = 3 * 5000 + 7, .chunk = 5000,
	};
	struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);
	size_t sum = 0;
	u8 *piece;

	while ((piece = mpdemo_arena_alloc_aligned(arena, 1, 1, GFP_KERNEL))) {
		KUNIT_ASSERT_LT(test, sum, config.bytes);
		*piece = 1;
		sum++;
	}
	KUNIT_EXPECT_EQ(test, config.bytes, sum);
	KUNIT_EXPECT_EQ(test, config.bytes, mpdemo_test_arena_stats(arena).in_use);
	KUNIT_EXPECT_EQ(test, 4, mpdemo_test_arena_stats(arena).chunks);
	KUNIT_EXPECT_EQ(test, config.bytes, mpdemo_arena_reset(arena));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_arena_stats(arena).chunks);
}

/* New chunks are clear, and used ones where that was asked for. */
static void zeroing(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	u8 *pieces[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		pieces[i] = alloc(test, CHUNK);
		KUNIT_ASSERT_NOT_NULL(test, pieces[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(pieces[i], 0, CHUNK));
		memset(pieces[i], 0xa5, CHUNK);
	}
	mpdemo_arena_reset(arena);
	/* All three are retained. */
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, want_init_on_free(),
				!memchr_inv(pieces[i], 0, CHUNK));
		memset(pieces[i], 0xa5, CHUNK);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_PTR_EQ(test, pieces[i],
				    mpdemo_arena_alloc(arena, CHUNK,
						       GFP_KERNEL | __GFP_ZERO));
		KUNIT_EXPECT_NULL(test, memchr_inv(pieces[i], 0, CHUNK));
	}
}

/* Chunks that are given back end in the background, and hold the module. */
static void given_back(struct kunit *test)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	unsigned int round, i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 16; i++)
			KUNIT_ASSERT_NOT_NULL(test, alloc(test, CHUNK));
		mpdemo_arena_reset(test->priv);
	}
	KUNIT_EXPECT_TRUE(test, mpdemo_test_module_refs_become(test, refs));
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(grows_to_its_bound),
	KUNIT_CASE(grows_only_where_it_may_sleep),
	KUNIT_CASE(retains_some),
	KUNIT_CASE(never_more_than_its_bytes),
	KUNIT_CASE(rest_of_a_chunk),
	KUNIT_CASE(larger_than_a_chunk),
	KUNIT_CASE(spares_give_way),
	KUNIT_CASE(never_fits),
	KUNIT_CASE(mark_in_what_it_frees),
	KUNIT_CASE(rollback_across_chunks),
	KUNIT_CASE(odd_sizes),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(given_back),
	{}
};

static struct kunit_suite chunk_suite = {
	.name = "mpdemo_arena_chunk",
	.init = chunk_init,
	.test_cases = chunk_cases,
};

kunit_test_suite(chunk_suite);
