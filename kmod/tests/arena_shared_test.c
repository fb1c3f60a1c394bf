// SPDX-License-Identifier: GPL-2.0
/*
 * Shared arenas: any number of CPUs and contexts allocate at the same time, no
 * two pieces overlap, and the owner alone resets.
 */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

static struct mpdemo_arena *shared(struct kunit *test, size_t bytes)
{
	const struct mpdemo_arena_config config = {
		.name = "shared", .bytes = bytes, .flags = MPDEMO_ARENA_SHARED,
	};

	return mpdemo_test_arena(test, &config);
}

static void alone(struct kunit *test)
{
	struct mpdemo_arena *arena = shared(test, 10000);
	size_t align, end = 0;
	void *piece;

	for (align = 1; align <= MPDEMO_ALIGN_MAX; align *= 2) {
		piece = mpdemo_arena_alloc_aligned(arena, 3, align, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, piece);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((long)piece, align));
		KUNIT_EXPECT_EQ(test, ALIGN(end, align),
				mpdemo_arena_offset(arena, piece));
		end = mpdemo_arena_offset(arena, piece) + 3;
		KUNIT_EXPECT_EQ(test, end, mpdemo_test_arena_stats(arena).in_use);
	}
	KUNIT_EXPECT_EQ(test, end, mpdemo_arena_reset(arena));

	/* Every byte of it, and not one more. */
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 10001, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc_aligned(arena, 8, 24,
							   GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(arena).in_use);
	piece = mpdemo_arena_alloc(arena, 10000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, piece);
	memset(piece, 1, 10000);
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 4, mpdemo_test_arena_stats(arena).failures);
	KUNIT_EXPECT_EQ(test, 10000, mpdemo_test_arena_stats(arena).peak);
	KUNIT_EXPECT_EQ(test, 10000, mpdemo_arena_reset(arena));
	KUNIT_ASSERT_NOT_NULL(test, mpdemo_arena_alloc(arena, 8, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 8, mpdemo_arena_reset(arena));
	KUNIT_EXPECT_EQ(test, 10000, mpdemo_test_arena_stats(arena).peak);
	KUNIT_EXPECT_EQ(test, 3, mpdemo_test_arena_stats(arena).resets);
}

static void no_marks(struct kunit *test)
{
	struct mpdemo_arena *arena = shared(test, SZ_4K);
	struct mpdemo_arena_mark mark = {};

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, mpdemo_arena_mark(arena, &mark));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, mpdemo_arena_rollback(arena, &mark));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, mpdemo_arena_unmark(arena, &mark));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_arena_stats(arena).marks);
	KUNIT_EXPECT_NOT_NULL(test, mpdemo_arena_alloc(arena, SZ_4K, GFP_KERNEL));
}

static void zeroing(struct kunit *test)
{
	struct mpdemo_arena *arena = shared(test, SZ_4K);
	u8 *all = mpdemo_arena_alloc(arena, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, all);
	KUNIT_EXPECT_NULL(test, memchr_inv(all, 0, SZ_4K));
	memset(all, 0xa5, SZ_4K);
	mpdemo_arena_reset(arena);
	KUNIT_EXPECT_EQ(test, want_init_on_free(), !memchr_inv(all, 0, SZ_4K));
	memset(all, 0xa5, SZ_4K);
	KUNIT_ASSERT_PTR_EQ(test, all,
			    mpdemo_arena_alloc(arena, 96, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, want_init_on_alloc(GFP_KERNEL),
			!memchr_inv(all, 0, 96));
	KUNIT_ASSERT_PTR_EQ(test, all + 96,
			    mpdemo_arena_alloc(arena, 100, __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, memchr_inv(all + 96, 0, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(all + 196, 0xa5, SZ_4K - 196));
}

static void alloc_in_context(void *data)
{
	mpdemo_arena_alloc(data, 8, GFP_ATOMIC);
}

static void any_context(struct kunit *test)
{
	struct mpdemo_arena *arena = shared(test, SZ_4K);
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE(test,
				  mpdemo_test_run_in(context, alloc_in_context,
						     arena));
		KUNIT_EXPECT_EQ_MSG(test, 8 * (context + 1),
				    mpdemo_test_arena_stats(arena).in_use, "%s",
				    mpdemo_test_context_names[context]);
	}
}

/*
 * All CPUs allocate, until one fails or has enough, and write into all that they
 * get. Each piece begins with its own length and the mark of its CPU.
 */
struct piece {
	u32 length;
	u8 mark;
	u8 rest[];
};

struct storm {
	struct mpdemo_arena *arena;
	unsigned int rounds;
	atomic_t allocs;
	atomic_t failures;
	atomic_long_t bytes;
	atomic_t broken;
};

static struct piece *alloc_piece(struct storm *storm, unsigned int round)
{
	u32 length = 8 + 8 * ((round * 7 + raw_smp_processor_id()) % 11);
	struct piece *piece = mpdemo_arena_alloc(storm->arena, length,
						 GFP_KERNEL);

	if (!piece) {
		atomic_inc(&storm->failures);
		return NULL;
	}
	piece->length = length;
	piece->mark = raw_smp_processor_id() + 1;
	memset(piece->rest, piece->mark,
	       length - offsetof(struct piece, rest));
	atomic_inc(&storm->allocs);
	atomic_long_add(length, &storm->bytes);
	return piece;
}

static bool is_whole(const struct piece *piece)
{
	return piece->length >= 8 && piece->length <= 88 &&
	       !memchr_inv(piece->rest, piece->mark,
			   piece->length - offsetof(struct piece, rest));
}

static void storm_loop(void *data)
{
	struct storm *storm = data;
	struct piece *last = NULL;
	unsigned int i;

	for (i = 0; i < storm->rounds; i++) {
		struct piece *piece = alloc_piece(storm, i);

		if (last && !is_whole(last))
			atomic_inc(&storm->broken);
		if (!piece)
			return;
		last = piece;
		cond_resched();
	}
}

/* From the first byte on piece stands behind piece, and each is as written. */
static unsigned int count_pieces(struct storm *storm, void *base, size_t bytes)
{
	unsigned int n = 0;
	size_t at = 0;

	while (at < bytes) {
		struct piece *piece = base + at;

		if (!is_whole(piece))
			return 0;
		at += piece->length;
		n++;
	}
	return at == bytes ? n : 0;
}

static void check_storm(struct kunit *test, size_t bytes, unsigned int rounds)
{
	struct storm storm = { .rounds = rounds };
	struct mpdemo_arena_stats stats;
	void *base;

	storm.arena = shared(test, bytes);
	base = mpdemo_arena_alloc(storm.arena, 1, GFP_KERNEL);
	mpdemo_arena_reset(storm.arena);
	mpdemo_test_run_on_all(test, storm_loop, &storm);

	stats = mpdemo_test_arena_stats(storm.arena);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm.broken));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&storm.bytes), stats.in_use);
	KUNIT_EXPECT_EQ(test, atomic_read(&storm.allocs) + 1, stats.allocs);
	KUNIT_EXPECT_EQ(test, atomic_read(&storm.failures), stats.failures);
	KUNIT_EXPECT_LE(test, stats.in_use, bytes);
	KUNIT_EXPECT_EQ(test, atomic_read(&storm.allocs),
			count_pieces(&storm, base, stats.in_use));
	mpdemo_test_arena_end(test, storm.arena);
}

static void pieces_never_overlap(struct kunit *test)
{
	unsigned int cpus = num_online_cpus(), rounds = mpdemo_test_rounds(8000);

	/* Room for all, and room for a part of it. */
	check_storm(test, cpus * rounds * 88UL, rounds);
	check_storm(test, rounds * 44UL, rounds);
}

/* An interrupt between any two instructions of an allocation. */
static void interrupt_allocates(void *data)
{
	struct storm *storm = data;

	alloc_piece(storm, atomic_read(&storm->allocs));
}

static void interrupted(struct kunit *test)
{
	struct storm storm = { .rounds = mpdemo_test_rounds(16000) };
	struct mpdemo_test_hammer *hammer;
	unsigned int blows, i;
	void *base;

	storm.arena = shared(test, SZ_4M);
	base = mpdemo_arena_alloc(storm.arena, 1, GFP_KERNEL);
	mpdemo_arena_reset(storm.arena);
	mpdemo_test_pin(test, raw_smp_processor_id());
	hammer = mpdemo_test_hammer(test, interrupt_allocates, &storm);
	for (i = 0; i < storm.rounds || !mpdemo_test_hammered(hammer); i++)
		alloc_piece(&storm, i);
	blows = mpdemo_test_hammer_end(hammer);

	KUNIT_EXPECT_GT(test, blows, 0);
	KUNIT_EXPECT_EQ(test, i + blows,
			atomic_read(&storm.allocs) + atomic_read(&storm.failures));
	KUNIT_EXPECT_EQ(test, atomic_read(&storm.allocs),
			count_pieces(&storm, base,
				     mpdemo_test_arena_stats(storm.arena).in_use));
}

static struct kunit_case shared_cases[] = {
	KUNIT_CASE(alone),
	KUNIT_CASE(no_marks),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(any_context),
	KUNIT_CASE(pieces_never_overlap),
	KUNIT_CASE(interrupted),
	{}
};

static struct kunit_suite shared_suite = {
	.name = "mpdemo_arena_shared",
	.test_cases = shared_cases,
};

kunit_test_suite(shared_suite);
