// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas of a single owner and one chunk: where pieces lie, where it ends, what a
 * reset gives back, what is zeroed.
 */

#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

static struct mpdemo_arena *single(struct kunit *test, size_t bytes)
{
	const struct mpdemo_arena_config config = {
		.name = "single", .bytes = bytes,
	};

	return mpdemo_test_arena(test, &config);
}

static void alignment(struct kunit *test)
{
	struct mpdemo_arena *arena = single(test, SZ_64K);
	size_t align, size, end = 0;

	for (align = 1; align <= MPDEMO_ALIGN_MAX; align *= 2) {
		for (size = 1; size <= 40; size += 13) {
			void *piece = mpdemo_arena_alloc_aligned(arena, size,
								 align,
								 GFP_KERNEL);
			size_t start;

			KUNIT_ASSERT_NOT_NULL(test, piece);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((long)piece, align));
			start = mpdemo_arena_offset(arena, piece);
			/* Behind the last one, and no more padding than needed. */
			KUNIT_EXPECT_EQ(test, ALIGN(end, align), start);
			end = start + size;
			KUNIT_EXPECT_EQ(test, end,
					mpdemo_test_arena_stats(arena).in_use);
		}
	}
	/* Without a word about it: the smallest there is. */
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test,
			  IS_ALIGNED((long)mpdemo_arena_alloc(arena, 1, GFP_KERNEL),
				     MPDEMO_ALIGN_MIN));
}

static void not_valid(struct kunit *test)
{
	static const size_t aligns[] = { 0, 3, 12, 8192, SIZE_MAX };
	static const size_t sizes[] = {
		0, MPDEMO_ARENA_BYTES_MAX + 1, SIZE_MAX, SIZE_MAX - SZ_4K,
		1UL << 63,
	};
	struct mpdemo_arena *arena = single(test, SZ_8K);
	struct mpdemo_arena_stats stats;
	unsigned int i, failures = 0;

	for (i = 0; i < ARRAY_SIZE(aligns); i++, failures++)
		KUNIT_EXPECT_NULL(test,
				  mpdemo_arena_alloc_aligned(arena, 8, aligns[i],
							     GFP_KERNEL));
	for (i = 0; i < ARRAY_SIZE(sizes); i++, failures++)
		KUNIT_EXPECT_NULL(test,
				  mpdemo_arena_alloc(arena, sizes[i], GFP_KERNEL));
	stats = mpdemo_test_arena_stats(arena);
	KUNIT_EXPECT_EQ(test, failures, stats.failures);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.allocs);
	KUNIT_EXPECT_NOT_NULL(test, mpdemo_arena_alloc(arena, SZ_8K, GFP_KERNEL));
}

/* Every byte can be had, and not one more, whatever the size of the arena. */
static void exact_end(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 8, 100, 4095, 4096, 4097, 10000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t bytes = sizes[i], n;
		struct mpdemo_arena *arena = single(test, bytes);
		u8 *piece, *all;

		KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, bytes + 1,
							   GFP_KERNEL));
		all = mpdemo_arena_alloc(arena, bytes, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, all);
		memset(all, 0xa5, bytes);
		KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 1, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, bytes, mpdemo_arena_reset(arena));

		for (n = 0; n < bytes; n++) {
			piece = mpdemo_arena_alloc_aligned(arena, 1, 1,
							   GFP_KERNEL);
			KUNIT_ASSERT_PTR_EQ(test, all + n, piece);
		}
		KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc_aligned(arena, 1, 1,
								   GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 3, mpdemo_test_arena_stats(arena).failures);
		mpdemo_test_arena_end(test, arena);
	}
}

static void counters_add_up(struct kunit *test)
{
	struct mpdemo_arena *arena = single(test, 1000);
	struct mpdemo_arena_stats stats;
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 90,
							       GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 90, GFP_KERNEL));
	stats = mpdemo_test_arena_stats(arena);
	KUNIT_EXPECT_EQ(test, 10, stats.allocs);
	KUNIT_EXPECT_EQ(test, 9 * 96 + 90, stats.in_use);
	KUNIT_EXPECT_EQ(test, stats.in_use, stats.peak);
	KUNIT_EXPECT_EQ(test, 1, stats.failures);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);

	/* The high-water mark stays where the water falls, and rises later. */
	KUNIT_EXPECT_EQ(test, 954, mpdemo_arena_reset(arena));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_reset(arena));
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 100, GFP_KERNEL));
	stats = mpdemo_test_arena_stats(arena);
	KUNIT_EXPECT_EQ(test, 100, stats.in_use);
	KUNIT_EXPECT_EQ(test, 954, stats.peak);
	KUNIT_EXPECT_EQ(test, 2, stats.resets);
	KUNIT_EXPECT_EQ(test, 11, stats.allocs);
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 896, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 1000, mpdemo_test_arena_stats(arena).peak);
}

static void reset_reuses(struct kunit *test)
{
	struct mpdemo_arena *arena = single(test, SZ_16K);
	void *first = mpdemo_arena_alloc(arena, 10, GFP_KERNEL);
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		mpdemo_arena_reset(arena);
		KUNIT_ASSERT_PTR_EQ(test, first,
				    mpdemo_arena_alloc(arena, 10, GFP_KERNEL));
		for (j = 0; j < i % 10; j++)
			KUNIT_ASSERT_NOT_NULL(test,
					      mpdemo_arena_alloc(arena, 1000,
								 GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_arena_stats(arena).chunks);
	KUNIT_EXPECT_EQ(test, 100, mpdemo_test_arena_stats(arena).resets);
}

/* A piece is cleared where it is asked for; a reset clears where init_on_free. */
static void zeroing(struct kunit *test)
{
	struct mpdemo_arena *arena = single(test, SZ_4K);
	u8 *all = mpdemo_arena_alloc(arena, SZ_4K, GFP_KERNEL), *piece;

	KUNIT_ASSERT_NOT_NULL(test, all);
	KUNIT_EXPECT_NULL(test, memchr_inv(all, 0, SZ_4K));
	memset(all, 0xa5, SZ_4K);
	mpdemo_arena_reset(arena);
	KUNIT_EXPECT_EQ(test, want_init_on_free(), !memchr_inv(all, 0, SZ_4K));

	memset(all, 0xa5, SZ_4K);
	piece = mpdemo_arena_alloc(arena, 100, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, all, piece);
	KUNIT_EXPECT_EQ(test, want_init_on_alloc(GFP_KERNEL),
			!memchr_inv(piece, 0, 100));
	piece = mpdemo_arena_alloc_aligned(arena, 100, 1, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_PTR_EQ(test, all + 100, piece);
	KUNIT_EXPECT_NULL(test, memchr_inv(piece, 0, 100));
	/* And nothing beside it. */
	KUNIT_EXPECT_NULL(test, memchr_inv(all + 200, 0xa5, SZ_4K - 200));
}

struct use {
	struct mpdemo_arena *arena;
	unsigned int done;
};

static void use_in_context(void *data)
{
	struct mpdemo_arena_mark mark;
	struct use *use = data;
	void *piece;

	mpdemo_arena_reset(use->arena);
	piece = mpdemo_arena_alloc(use->arena, 100, GFP_ATOMIC | __GFP_ZERO);
	if (!piece || memchr_inv(piece, 0, 100))
		return;
	if (mpdemo_arena_mark(use->arena, &mark) ||
	    !mpdemo_arena_alloc(use->arena, 100, GFP_ATOMIC) ||
	    mpdemo_arena_rollback(use->arena, &mark))
		return;
	if (mpdemo_test_arena_stats(use->arena).in_use != 100)
		return;
	use->done++;
}

static void any_context(struct kunit *test)
{
	struct use use = { .arena = single(test, SZ_4K) };
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE_MSG(test,
				      mpdemo_test_run_in(context, use_in_context,
							 &use),
				      "%s", mpdemo_test_context_names[context]);
		KUNIT_EXPECT_EQ_MSG(test, context + 1, use.done, "%s",
				    mpdemo_test_context_names[context]);
	}
}

static void destroy(struct kunit *test)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct mpdemo_arena *arena = single(test, SZ_4K);

	mpdemo_arena_destroy(NULL);
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 1, GFP_KERNEL));
	mpdemo_test_arena_end(test, arena);
	KUNIT_EXPECT_EQ(test, refs, mpdemo_test_module_refs(test));
}

static struct kunit_case arena_cases[] = {
	KUNIT_CASE(alignment),
	KUNIT_CASE(not_valid),
	KUNIT_CASE(exact_end),
	KUNIT_CASE(counters_add_up),
	KUNIT_CASE(reset_reuses),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(any_context),
	KUNIT_CASE(destroy),
	{}
};

static struct kunit_suite arena_suite = {
	.name = "mpdemo_arena",
	.test_cases = arena_cases,
};

kunit_test_suite(arena_suite);
