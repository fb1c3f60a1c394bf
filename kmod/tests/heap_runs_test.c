// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite mpdemo_heap_runs: the runs of pages for the large sizes of heaps.
 */

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/prandom.h>

#include "heap_test.h"

/* Nothing longer can be had than what the free pages in a row give, and that can. */
static void expect_longest(struct kunit *test, struct mpdemo_heap *heap,
			   const bool *used, unsigned int pages)
{
	unsigned int longest = 0, row = 0, i;
	void *run;

	for (i = 0; i < pages; i++) {
		row = used[i] ? 0 : row + 1;
		longest = max(longest, row);
	}
	KUNIT_EXPECT_NULL(test, pages_of(heap, longest + 1));
	if (!longest)
		return;
	run = pages_of(heap, longest);
	KUNIT_EXPECT_NOT_NULL(test, run);
	mpdemo_heap_free(heap, run);
}

/* Four runs side by side are freed in each of the orders there are. */
static void heap_runs_join_test(struct kunit *test)
{
	static const unsigned int begin[] = { 0, 1, 3, 6, 8 };
	struct mpdemo_heap *heap = make_heap(test, 0, 0, 8);
	unsigned int order, i;

	for (order = 0; order < 256; order++) {
		unsigned int who[4] = { order & 3, order >> 2 & 3,
					order >> 4 & 3, order >> 6 };
		bool used[8];
		void *run[4];

		if ((BIT(who[0]) | BIT(who[1]) | BIT(who[2]) | BIT(who[3])) != 15)
			continue;
		for (i = 0; i < 4; i++) {
			run[i] = pages_of(heap, begin[i + 1] - begin[i]);
			KUNIT_ASSERT_NOT_NULL(test, run[i]);
			KUNIT_ASSERT_PTR_EQ(test, run[i],
					    run[0] + begin[i] * PAGE_SIZE);
		}
		memset(used, true, sizeof(used));
		expect_longest(test, heap, used, 8);
		for (i = 0; i < 4; i++) {
			unsigned int n = who[i];

			mpdemo_heap_free(heap, run[n]);
			memset(used + begin[n], false, begin[n + 1] - begin[n]);
			expect_longest(test, heap, used, 8);
		}
	}
	expect_empty(test, heap);
}

/* What an own table of the pages says, after whatever has happened, holds. */
static void heap_runs_random_test(struct kunit *test)
{
	enum { PAGES = 64, RUNS = 24, LONGEST = 12, STEPS = 1500 };
	struct mpdemo_heap *heap = make_heap(test, 0, 0, PAGES);
	unsigned int length[RUNS] = {}, i, step;
	bool *used = kunit_kzalloc(test, PAGES, GFP_KERNEL);
	void *run[RUNS] = {}, *base = pages_of(heap, PAGES);
	struct rnd_state random;

	KUNIT_ASSERT_NOT_NULL(test, used);
	KUNIT_ASSERT_NOT_NULL(test, base);
	mpdemo_heap_free(heap, base);
	prandom_seed_state(&random, 20);
	for (step = 0; step < STEPS; step++) {
		unsigned int n = prandom_u32_state(&random) % RUNS;
		unsigned int pages = prandom_u32_state(&random) % (LONGEST + 1);
		void *old = run[n], *new;

		if (old)
			memset(used + (old - base) / PAGE_SIZE, false, length[n]);
		new = mpdemo_heap_realloc(heap, old, pages * PAGE_SIZE, GFP_KERNEL);
		if (!pages) {
			KUNIT_ASSERT_PTR_EQ(test, new, ZERO_SIZE_PTR);
			new = NULL;
		} else if (!new) {
			pages = length[n];
			new = old;
		}
		run[n] = new;
		if (new) {
			unsigned int same = min(pages, length[n]) * PAGE_SIZE;

			KUNIT_ASSERT_FALSE(test, memchr(used + (new - base) /
						PAGE_SIZE, true, pages));
			memset(used + (new - base) / PAGE_SIZE, true, pages);
			KUNIT_ASSERT_TRUE(test, is_filled(new, n, same));
			memset(new, n, pages * PAGE_SIZE);
		}
		length[n] = pages;
		if (step % 8 == 0)
			expect_longest(test, heap, used, PAGES);
	}
	for (i = 0; i < RUNS; i++) {
		if (run[i])
			KUNIT_EXPECT_TRUE(test, is_filled(run[i], i,
							  length[i] * PAGE_SIZE));
		mpdemo_heap_free(heap, run[i]);
	}
	memset(used, false, PAGES);
	expect_longest(test, heap, used, PAGES);
	expect_empty(test, heap);
}

static void heap_runs_realloc_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_heap(test, 0, 0, 8);
	void *first = pages_of(heap, 2), *wall, *moved;
	gfp_t zero = GFP_KERNEL | __GFP_ZERO;

	KUNIT_ASSERT_NOT_NULL(test, first);
	memset(first, 1, 2 * PAGE_SIZE);
	/* Into the free pages behind it, where something was before */
	wall = pages_of(heap, 1);
	KUNIT_ASSERT_PTR_EQ(test, wall, first + 2 * PAGE_SIZE);
	memset(wall, 9, PAGE_SIZE);
	mpdemo_heap_free(heap, wall);
	KUNIT_EXPECT_PTR_EQ(test, first, mpdemo_heap_realloc(heap, first,
							     3 * PAGE_SIZE, zero));
	KUNIT_EXPECT_TRUE(test, is_filled(first, 1, 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, is_filled(first + 2 * PAGE_SIZE, 0, PAGE_SIZE));

	/* Against a wall: nothing changes, or it moves */
	wall = pages_of(heap, 1);
	KUNIT_ASSERT_PTR_EQ(test, wall, first + 3 * PAGE_SIZE);
	memset(first, 2, 3 * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, mpdemo_heap_realloc(heap, first, 5 * PAGE_SIZE, zero));
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, first), 3 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_filled(first, 2, 3 * PAGE_SIZE));
	moved = mpdemo_heap_realloc(heap, first, 4 * PAGE_SIZE - 9, zero);
	KUNIT_ASSERT_PTR_EQ(test, moved, wall + PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_filled(moved, 2, 3 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, is_filled(moved + 3 * PAGE_SIZE, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, first), 0);

	/* What shrinks gives back its end, and stays where it is. */
	KUNIT_EXPECT_PTR_EQ(test, moved, mpdemo_heap_realloc(heap, moved, 1, zero));
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, moved), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 1 + PAGE_SIZE);
	mpdemo_heap_free(heap, wall);
	first = pages_of(heap, 4);
	wall = pages_of(heap, 3);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, wall);
	memset(first, 3, 4 * PAGE_SIZE);
	memset(wall, 4, 3 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_filled(moved, 2, 1));
	KUNIT_EXPECT_EQ(test, class_stats(test, heap, MPDEMO_HEAP_CLASSES).in_use, 8);
	KUNIT_EXPECT_EQ(test, class_stats(test, heap, MPDEMO_HEAP_CLASSES).peak, 8);
	mpdemo_heap_free(heap, first);
	mpdemo_heap_free(heap, wall);
	mpdemo_heap_free(heap, moved);
	expect_empty(test, heap);
}

static struct kunit_case heap_runs_cases[] = {
	KUNIT_CASE(heap_runs_join_test),
	KUNIT_CASE(heap_runs_random_test),
	KUNIT_CASE(heap_runs_realloc_test),
	{}
};

static struct kunit_suite heap_runs_suite = {
	.name = "mpdemo_heap_runs",
	.test_cases = heap_runs_cases,
};

kunit_test_suite(heap_runs_suite);
