// SPDX-License-Identifier: GPL-2.0
/*
 * Marks: a token is good until its place is gone, and one that is not changes
 * nothing.
 */

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "helpers.h"

#define MARKS	MPDEMO_ARENA_MARKS

static int mark_init(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "marked", .bytes = SZ_8K,
	};

	test->priv = mpdemo_test_arena(test, &config);
	return 0;
}

/* Mark and allocate in turns, so that mark number n stands at 10 n + 10 bytes. */
static void mark_all(struct kunit *test, struct mpdemo_arena_mark *marks)
{
	struct mpdemo_arena *arena = test->priv;
	unsigned int i;

	for (i = 0; i < MARKS; i++) {
		KUNIT_ASSERT_NOT_NULL(test,
				      mpdemo_arena_alloc_aligned(arena, 10, 1,
								 GFP_KERNEL));
		KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &marks[i]));
		KUNIT_EXPECT_EQ(test, i + 1, mpdemo_test_arena_stats(arena).marks);
	}
}

static size_t in_use(struct kunit *test)
{
	return mpdemo_test_arena_stats(test->priv).in_use;
}

static void thirty_two_deep(struct kunit *test)
{
	struct mpdemo_arena_mark marks[MARKS], more;
	struct mpdemo_arena *arena = test->priv;
	unsigned int i;

	mark_all(test, marks);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, mpdemo_arena_mark(arena, &more));
	KUNIT_EXPECT_EQ(test, MARKS, mpdemo_test_arena_stats(arena).marks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(arena).refused);
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 10, GFP_KERNEL));

	for (i = MARKS; i--; ) {
		KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &marks[i]));
		KUNIT_EXPECT_EQ(test, 10 * i + 10, in_use(test));
		KUNIT_EXPECT_EQ(test, i + 1, mpdemo_test_arena_stats(arena).marks);
	}
	/* Now there is room for marks again. */
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_mark(arena, &more));
}

static void rollback_kills_later_ones(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark marks[MARKS];
	unsigned int i;

	mark_all(test, marks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &marks[20]));
	for (i = 21; i < MARKS; i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				mpdemo_arena_rollback(arena, &marks[i]));
	KUNIT_EXPECT_EQ(test, 210, in_use(test));
	KUNIT_EXPECT_EQ(test, MARKS - 21,
			mpdemo_test_arena_stats(arena).refused);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &marks[0]));
	KUNIT_EXPECT_EQ(test, 10, in_use(test));
}

static void the_mark_itself_stays(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark mark;
	void *first = NULL, *piece;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 100, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &mark));
	for (i = 0; i < 50; i++) {
		piece = mpdemo_arena_alloc(arena, 10 + 100 * (i % 7), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, piece);
		if (!first)
			first = piece;
		KUNIT_EXPECT_PTR_EQ(test, first, piece);
		KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_rollback(arena, &mark));
		KUNIT_EXPECT_EQ(test, 100, in_use(test));
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_arena_stats(arena).marks);
	}
	KUNIT_EXPECT_EQ(test, 104 + 610, mpdemo_test_arena_stats(arena).peak);
}

/* Any of them, by any of its copies: refused, counted, and nothing changes. */
static void refused(struct kunit *test, const struct mpdemo_arena_mark *mark,
		    const char *what)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_stats before = mpdemo_test_arena_stats(arena), now;

	KUNIT_EXPECT_EQ_MSG(test, -EINVAL, mpdemo_arena_rollback(arena, mark),
			    "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, -EINVAL, mpdemo_arena_unmark(arena, mark),
			    "%s", what);
	now = mpdemo_test_arena_stats(arena);
	KUNIT_EXPECT_EQ_MSG(test, before.refused + 2, now.refused, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, before.in_use, now.in_use, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, before.marks, now.marks, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, before.peak, now.peak, "%s", what);
}

static void not_live(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "another", .bytes = SZ_8K,
	};
	struct mpdemo_arena *other = mpdemo_test_arena(test, &config);
	struct mpdemo_arena_mark one, two, again, foreign, forged;
	const struct mpdemo_arena_mark nothing = {};
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_test_log log;

	mpdemo_test_log_begin(&log);
	refused(test, &nothing, "nothing");
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(other, &foreign));
	refused(test, &foreign, "foreign, and there are no marks");

	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &one));
	refused(test, &foreign, "foreign");
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 100, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &two));
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_rollback(arena, &one));
	refused(test, &two, "dead");

	/* A new one at the same place in the same depth is another mark. */
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 100, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &again));
	refused(test, &two, "dead, with another one in its place");

	forged = again;
	forged.depth = MARKS;
	refused(test, &forged, "too deep");
	forged.depth = UINT_MAX;
	refused(test, &forged, "far too deep");
	forged = again;
	forged.arena = other;
	refused(test, &forged, "of another arena");

	/* A copy is as good as the first, and dies with it. */
	forged = again;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &forged));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &again));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_unmark(arena, &again));
	refused(test, &forged, "copy of one that is unmarked");
	refused(test, &again, "unmarked");

	mpdemo_arena_reset(arena);
	refused(test, &one, "from before a reset");
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &again));
	refused(test, &one, "from before a reset, with another one in its place");

	/* Reported once. The other arena has noticed nothing. */
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log, "%s, by ",
					   "arena marked: mark refused: it is not live"));
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log, "mempool_demo: arena "));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(other).refused);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(other, &foreign));
}

/* An arena that is destroyed takes its marks along, whoever has its address next. */
static void destroyed_with_its_arena(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark old, mark;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &old));
	mpdemo_test_arena_end(test, arena);
	mark_init(test);
	arena = test->priv;
	/* The allocator may take its time to give that address out again. */
	old.arena = arena;

	refused(test, &old, "from before the arena, which has no marks");
	/* Of the same depth, and as many were made before it. */
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &mark));
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 100, GFP_KERNEL));
	refused(test, &old, "from before the arena, with another one in its place");
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &mark));
	KUNIT_EXPECT_EQ(test, 0, in_use(test));
}

static void unmark_frees_nothing(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark marks[MARKS];
	unsigned int i;

	mark_all(test, marks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_unmark(arena, &marks[4]));
	KUNIT_EXPECT_EQ(test, 10 * MARKS, in_use(test));
	KUNIT_EXPECT_EQ(test, 4, mpdemo_test_arena_stats(arena).marks);
	for (i = 4; i < MARKS; i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				mpdemo_arena_unmark(arena, &marks[i]));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &marks[3]));
	KUNIT_EXPECT_EQ(test, 40, in_use(test));
}

static void reset_kills_all(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark marks[MARKS];
	unsigned int i;

	mark_all(test, marks);
	KUNIT_EXPECT_EQ(test, 10 * MARKS, mpdemo_arena_reset(arena));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(arena).marks);
	for (i = 0; i < MARKS; i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				mpdemo_arena_rollback(arena, &marks[i]));
	KUNIT_EXPECT_EQ(test, 0, in_use(test));
	mark_all(test, marks);
}

/* A rollback clears what it gives back where init_on_free, and no more. */
static void zeroing(struct kunit *test)
{
	struct mpdemo_arena *arena = test->priv;
	struct mpdemo_arena_mark mark;
	u8 *kept, *freed;

	kept = mpdemo_arena_alloc(arena, 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	memset(kept, 0x5a, 64);
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &mark));
	freed = mpdemo_arena_alloc(arena, 200, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, freed);
	memset(freed, 0xa5, 200);
	KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_rollback(arena, &mark));
	KUNIT_EXPECT_EQ(test, want_init_on_free(), !memchr_inv(freed, 0, 200));
	KUNIT_EXPECT_NULL(test, memchr_inv(kept, 0x5a, 64));

	memset(freed, 0xa5, 200);
	KUNIT_ASSERT_PTR_EQ(test, freed,
			    mpdemo_arena_alloc(arena, 100, __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, memchr_inv(freed, 0, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(freed + 100, 0xa5, 100));
}

static struct kunit_case mark_cases[] = {
	KUNIT_CASE(thirty_two_deep),
	KUNIT_CASE(rollback_kills_later_ones),
	KUNIT_CASE(the_mark_itself_stays),
	KUNIT_CASE(not_live),
	KUNIT_CASE(destroyed_with_its_arena),
	KUNIT_CASE(unmark_frees_nothing),
	KUNIT_CASE(reset_kills_all),
	KUNIT_CASE(zeroing),
	{}
};

static struct kunit_suite mark_suite = {
	.name = "mpdemo_arena_mark",
	.init = mark_init,
	.test_cases = mark_cases,
};

kunit_test_suite(mark_suite);
