// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite mpdemo_heap: heaps as another module sees them. Their runs of pages
 * and their contexts have suites of their own.
 */

#include <linux/align.h>
#include <linux/module.h>

#include "heap_test.h"

#define NR_SIZES	MPDEMO_HEAP_CLASSES

/* Each size comes from the smallest class that is large enough. */
static void test_classes(struct kunit *test, unsigned int flags)
{
	unsigned int nr = mpdemo_heap_nr_classes(flags), number = 0;
	struct mpdemo_heap *heap = make_heap(test, flags, 1, 1);
	size_t size, class_size;

	for (size = 1; size <= MPDEMO_HEAP_SMALL_MAX + 1; size++) {
		void *memory = mpdemo_heap_alloc(heap, size, GFP_KERNEL);

		if (number < nr && size > mpdemo_heap_class_size(flags, number))
			number++;
		class_size = number < nr ?
			mpdemo_heap_class_size(flags, number) : PAGE_SIZE;
		KUNIT_ASSERT_NOT_NULL(test, memory);
		KUNIT_ASSERT_EQ(test, mpdemo_heap_usable_size(heap, memory),
				class_size);
		KUNIT_ASSERT_EQ(test, class_stats(test, heap, number).in_use, 1);
		KUNIT_ASSERT_EQ(test, class_stats(test, heap, number).requested,
				size);
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)memory,
						   class_size & -class_size));
		memset(memory, 0xff, class_size);
		mpdemo_heap_free(heap, memory);
	}
	KUNIT_EXPECT_EQ(test, number, nr);
	KUNIT_EXPECT_EQ(test, mpdemo_heap_class_size(flags, nr - 1),
			MPDEMO_HEAP_SMALL_MAX);
	KUNIT_EXPECT_EQ(test, mpdemo_heap_class_size(flags, nr), 0);
	expect_empty(test, heap);
}

static void heap_classes_test(struct kunit *test)
{
	test_classes(test, 0);
}

static void heap_fine_classes_test(struct kunit *test)
{
	unsigned int number;

	test_classes(test, MPDEMO_HEAP_FINE);
	/* Four per doubling: a step is a fourth of where its doubling begins. */
	for (number = 8; number < MPDEMO_HEAP_CLASSES_FINE; number++) {
		size_t size = mpdemo_heap_class_size(MPDEMO_HEAP_FINE, number);
		size_t step = 16UL << ((number - 8) / 4);

		KUNIT_EXPECT_EQ(test, size - step,
				mpdemo_heap_class_size(MPDEMO_HEAP_FINE, number - 1));
	}
}

static void heap_config_test(struct kunit *test)
{
	static const struct mpdemo_heap_config bad[] = {
		{ .blocks = 1 },
		{ .name = "no memory" },
		{ .name = "flag", .blocks = 1, .flags = MPDEMO_HEAP_FLAGS + 1 },
		{ .name = "large", .large_bytes = MPDEMO_HEAP_LARGE_MAX + 1 },
		{ .name = "overflow", .large_bytes = SIZE_MAX },
		{ .name = "blocks", .blocks = UINT_MAX },
		{ .name = "bytes", .flags = MPDEMO_HEAP_FINE, .blocks = 16000000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mpdemo_refusal refusal = {};
		int ret = mpdemo_heap_check(&bad[i], &refusal);

		KUNIT_EXPECT_LT(test, ret, 0);
		KUNIT_EXPECT_NOT_NULL(test, refusal.why);
		KUNIT_EXPECT_PTR_EQ(test, mpdemo_heap_create(&bad[i], GFP_KERNEL),
				    (struct mpdemo_heap *)ERR_PTR(ret));
	}
}

/* Of N blocks N can be held, and not one more. */
static void heap_exact_test(struct kunit *test)
{
	static const unsigned int blocks[NR_SIZES] = { [3] = 10 };
	struct mpdemo_heap_config config = {
		.name = "exact",
		.class_blocks = blocks,
	};
	struct mpdemo_heap *heap = make_heap_as(test, &config);
	struct mpdemo_heap_class_stats stats;
	void *held[10];
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 10; i++) {
			held[i] = mpdemo_heap_alloc(heap, 33 + i, GFP_ATOMIC);
			KUNIT_ASSERT_NOT_NULL(test, held[i]);
		}
		KUNIT_EXPECT_NULL(test, mpdemo_heap_alloc(heap, 64, GFP_ATOMIC));
		for (i = 0; i < 10; i++)
			mpdemo_heap_free(heap, held[i]);
	}
	stats = class_stats(test, heap, 3);
	KUNIT_EXPECT_EQ(test, stats.peak, 10);
	KUNIT_EXPECT_EQ(test, stats.allocs, 30);
	KUNIT_EXPECT_EQ(test, stats.failures, 3);
	/* A class that has none is asked all the same. */
	KUNIT_EXPECT_NULL(test, mpdemo_heap_alloc(heap, 65, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, class_stats(test, heap, 4).failures, 4);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).failures, 4);
	expect_empty(test, heap);
}

static void heap_spill_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_heap(test, 0, 1, 1);
	struct mpdemo_heap_class_stats stats;
	void *held[NR_SIZES + 1];
	unsigned int i;

	for (i = 0; i <= NR_SIZES; i++) {
		held[i] = mpdemo_heap_alloc(heap, 5, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
		KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, held[i]),
				i < NR_SIZES ? 8UL << i : PAGE_SIZE);
	}
	KUNIT_EXPECT_NULL(test, mpdemo_heap_alloc(heap, 5, GFP_KERNEL));

	for (i = 0; i <= NR_SIZES; i++) {
		stats = class_stats(test, heap, i);
		KUNIT_EXPECT_EQ(test, stats.in_use, 1);
		KUNIT_EXPECT_EQ(test, stats.requested, 5);
		KUNIT_EXPECT_EQ(test, stats.spilled, i > 0);
		KUNIT_EXPECT_EQ(test, stats.failures, NR_SIZES + 1 - i);
	}
	KUNIT_EXPECT_EQ(test, heap_stats(heap).failures, 1);
	for (i = 0; i <= NR_SIZES; i++)
		mpdemo_heap_free(heap, held[i]);
	expect_empty(test, heap);
}

static void heap_sizes_that_overflow_test(struct kunit *test)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - PAGE_SIZE + 1,
		SIZE_MAX - PAGE_SIZE, SIZE_MAX / 2 + 1, (1UL << 44) + 1,
		4 * PAGE_SIZE + 1,
	};
	struct mpdemo_heap *heap = make_heap(test, 0, 2, 4);
	void *small = mpdemo_heap_alloc(heap, 64, GFP_KERNEL);
	void *large = pages_of(heap, 2);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	memset(small, 1, 64);
	memset(large, 2, 2 * PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		KUNIT_EXPECT_NULL(test, mpdemo_heap_alloc(heap, size, GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, mpdemo_heap_realloc(heap, small, size,
							    GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, mpdemo_heap_realloc(heap, large, size,
							    GFP_KERNEL));
	}
	KUNIT_EXPECT_TRUE(test, is_filled(small, 1, 64));
	KUNIT_EXPECT_TRUE(test, is_filled(large, 2, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 64 + 2 * PAGE_SIZE);
	mpdemo_heap_free(heap, small);
	mpdemo_heap_free(heap, large);
	expect_empty(test, heap);
}

static void heap_realloc_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_heap(test, 0, 2, 4);
	void *memory, *moved;

	memory = mpdemo_heap_realloc(heap, NULL, 10, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memset(memory, 0xaa, 16);
	/* Within the block, up and down */
	KUNIT_EXPECT_PTR_EQ(test, memory, mpdemo_heap_realloc(heap, memory, 16,
							      GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 16);
	KUNIT_EXPECT_PTR_EQ(test, memory, mpdemo_heap_realloc(heap, memory, 3,
							      GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 3);
	KUNIT_EXPECT_TRUE(test, is_filled(memory, 0xaa, 3));
	/* What is beyond the bytes asked for before is zeroed, not what is within. */
	KUNIT_EXPECT_PTR_EQ(test, memory,
			    mpdemo_heap_realloc(heap, memory, 12, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_TRUE(test, is_filled(memory, 0xaa, 3));
	KUNIT_EXPECT_TRUE(test, is_filled(memory + 3, 0, 9));

	/* To another class, to a run, and back to NULL */
	memset(memory, 0xbb, 12);
	moved = mpdemo_heap_realloc(heap, memory, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, memory);
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, moved), 128);
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, memory), 0);
	KUNIT_EXPECT_TRUE(test, is_filled(moved, 0xbb, 12));
	memset(moved, 0xcc, 100);
	memory = mpdemo_heap_realloc(heap, moved, 1025, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_EXPECT_EQ(test, mpdemo_heap_usable_size(heap, memory), PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_filled(memory, 0xcc, 100));
	KUNIT_EXPECT_TRUE(test, is_filled(memory + 100, 0, PAGE_SIZE - 100));
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 1025);
	KUNIT_EXPECT_PTR_EQ(test, mpdemo_heap_realloc(heap, memory, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	expect_empty(test, heap);

	memory = mpdemo_heap_realloc(heap, ZERO_SIZE_PTR, 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	mpdemo_heap_free(heap, memory);
	KUNIT_EXPECT_PTR_EQ(test, mpdemo_heap_alloc(heap, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 0);
	expect_empty(test, heap);
}

static void heap_zero_test(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 1024, 1025, 3 * PAGE_SIZE - 1 };
	struct mpdemo_heap *heap = make_heap(test, 0, 1, 4);
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (round = 0; round < 2; round++) {
			void *memory = mpdemo_heap_alloc(heap, sizes[i],
							 GFP_KERNEL | __GFP_ZERO);
			size_t usable = mpdemo_heap_usable_size(heap, memory);

			KUNIT_ASSERT_NOT_NULL(test, memory);
			KUNIT_EXPECT_TRUE(test, is_filled(memory, 0, usable));
			memset(memory, 0xff, usable);
			mpdemo_heap_free(heap, memory);
		}
	}
}

/* As many of each class as are told by its number, and some pages */
static void heap_accounting_test(struct kunit *test)
{
	enum { NR = MPDEMO_HEAP_CLASSES_FINE, ALL = 3 * NR };
	struct mpdemo_heap *heap = make_heap(test, MPDEMO_HEAP_FINE, 3, 8);
	struct mpdemo_heap_class_stats stats;
	u64 requested = 0, handed_out = 0;
	unsigned int i, j, n = 0, asked[ALL];
	void *held[ALL], *run, *other;

	for (i = 0; i < NR; i++) {
		size_t size = mpdemo_heap_class_size(MPDEMO_HEAP_FINE, i);

		/* A size, one less, and two less */
		for (j = 0; j <= i % 3; j++) {
			held[n] = mpdemo_heap_alloc(heap, size - j, GFP_KERNEL);
			asked[n++] = size - j;
			requested += size - j;
			handed_out += size;
		}
	}
	run = mpdemo_heap_alloc(heap, 3 * PAGE_SIZE - 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run);
	for (i = 0; i < NR; i++) {
		size_t size = mpdemo_heap_class_size(MPDEMO_HEAP_FINE, i);
		unsigned int held_of = i % 3 + 1;

		stats = class_stats(test, heap, i);
		KUNIT_EXPECT_EQ(test, stats.size, size);
		KUNIT_EXPECT_EQ(test, stats.in_use, held_of);
		KUNIT_EXPECT_EQ(test, stats.handed_out, held_of * size);
		KUNIT_EXPECT_EQ(test, stats.requested,
				held_of * size - held_of * (held_of - 1) / 2);
	}
	stats = class_stats(test, heap, NR);
	KUNIT_EXPECT_EQ(test, stats.size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stats.in_use, 3);
	KUNIT_EXPECT_EQ(test, stats.requested, 3 * PAGE_SIZE - 100);
	KUNIT_EXPECT_EQ(test, stats.handed_out, 3 * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested,
			requested + 3 * PAGE_SIZE - 100);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).handed_out,
			handed_out + 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).allocs, n + 1);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).failures, 0);
	KUNIT_EXPECT_GT(test, heap_stats(heap).footprint, heap_stats(heap).bytes);

	/* While there is another one, a free of too much would be seen. */
	other = mpdemo_heap_alloc(heap, 2 * PAGE_SIZE, GFP_KERNEL);
	mpdemo_heap_free(heap, run);
	KUNIT_EXPECT_EQ(test, class_stats(test, heap, NR).requested,
			2 * PAGE_SIZE);
	mpdemo_heap_free(heap, other);
	for (i = 0; i < n; i++) {
		mpdemo_heap_free(heap, held[i]);
		requested -= asked[i];
		KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, requested);
	}
	expect_empty(test, heap);
	/* The peak stays. */
	for (i = 0; i < NR; i++) {
		stats = class_stats(test, heap, i);
		KUNIT_EXPECT_EQ(test, stats.in_use, 0);
		KUNIT_EXPECT_EQ(test, stats.peak, i % 3 + 1);
		KUNIT_EXPECT_EQ(test, stats.peak_bytes, (i % 3 + 1) * stats.size);
	}
	KUNIT_EXPECT_EQ(test, class_stats(test, heap, NR).peak_bytes,
			5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			mpdemo_heap_get_class_stats(heap, NR + 1, &stats));
}

/* Each bad free is counted, and nothing else is different after it. */
static void expect_refused(struct kunit *test, struct mpdemo_heap *heap,
			   const char *what, void *memory)
{
	struct mpdemo_heap_stats before = heap_stats(heap), after;

	mpdemo_heap_free(heap, memory);
	after = heap_stats(heap);
	KUNIT_EXPECT_EQ_MSG(test, after.refused, before.refused + 1, "%s", what);
	KUNIT_EXPECT_NULL_MSG(test, mpdemo_heap_realloc(heap, memory, 8, GFP_KERNEL),
			      "%s", what);
	KUNIT_EXPECT_NULL_MSG(test, mpdemo_heap_realloc(heap, memory, 0, GFP_KERNEL),
			      "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, mpdemo_heap_usable_size(heap, memory), 0, "%s",
			    what);
	after = heap_stats(heap);
	KUNIT_EXPECT_EQ_MSG(test, after.refused, before.refused + 3, "%s", what);
	before.refused = after.refused;
	KUNIT_EXPECT_MEMEQ_MSG(test, &before, &after, sizeof(before), "%s", what);
}

static void heap_bad_free_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_heap(test, 0, 4, 8);
	struct mpdemo_heap *other = make_heap(test, 0, 4, 8);
	void *small = mpdemo_heap_alloc(heap, 64, GFP_KERNEL);
	void *old = mpdemo_heap_alloc(heap, 64, GFP_KERNEL);
	void *first = pages_of(heap, 1), *second = pages_of(heap, 3);
	void *foreign = mpdemo_heap_alloc(other, 64, GFP_KERNEL);
	void *foreign_run = pages_of(other, 2);
	int on_stack;

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_ASSERT_NOT_NULL(test, foreign);
	KUNIT_ASSERT_NOT_NULL(test, foreign_run);
	memset(small, 1, 64);
	memset(second, 2, 3 * PAGE_SIZE);
	mpdemo_heap_free(heap, old);
	mpdemo_heap_free(heap, first);

	expect_refused(test, heap, "free block", old);
	expect_refused(test, heap, "free run", first);
	expect_refused(test, heap, "inside of a block", small + 8);
	expect_refused(test, heap, "misaligned block", small + 1);
	/* Blocks of 64 bytes begin a page, of which 4 are all there is. */
	expect_refused(test, heap, "behind the blocks of a class",
		       (void *)ALIGN_DOWN((unsigned long)small, PAGE_SIZE) + 256);
	expect_refused(test, heap, "second page of a run", second + PAGE_SIZE);
	expect_refused(test, heap, "misaligned run", second + 8);
	expect_refused(test, heap, "page of a free run", second + 4 * PAGE_SIZE);
	expect_refused(test, heap, "block of another heap", foreign);
	expect_refused(test, heap, "run of another heap", foreign_run);
	expect_refused(test, heap, "behind the heap",
		       first + 8 * PAGE_SIZE);
	expect_refused(test, heap, "before the heap", (void *)
		       ALIGN_DOWN((unsigned long)small, PAGE_SIZE) - 4 * PAGE_SIZE);
	expect_refused(test, heap, "stack", &on_stack);
	expect_refused(test, heap, "user address", (void *)0x400000UL);
	expect_refused(test, heap, "highest address", (void *)ULONG_MAX);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 45);

	mpdemo_heap_free(heap, NULL);
	mpdemo_heap_free(heap, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 45);
	KUNIT_EXPECT_EQ(test, heap_stats(other).refused, 0);
	KUNIT_EXPECT_TRUE(test, is_filled(small, 1, 64));
	KUNIT_EXPECT_TRUE(test, is_filled(second, 2, 3 * PAGE_SIZE));
	mpdemo_heap_free(heap, small);
	mpdemo_heap_free(heap, second);
	mpdemo_heap_free(other, foreign);
	mpdemo_heap_free(other, foreign_run);
	expect_empty(test, heap);
	expect_empty(test, other);
	/* All of it can still be had. */
	first = pages_of(heap, 8);
	KUNIT_EXPECT_NOT_NULL(test, first);
	mpdemo_heap_free(heap, first);
}

static struct kunit_case heap_cases[] = {
	KUNIT_CASE(heap_classes_test),
	KUNIT_CASE(heap_fine_classes_test),
	KUNIT_CASE(heap_config_test),
	KUNIT_CASE(heap_exact_test),
	KUNIT_CASE(heap_spill_test),
	KUNIT_CASE(heap_sizes_that_overflow_test),
	KUNIT_CASE(heap_realloc_test),
	KUNIT_CASE(heap_zero_test),
	KUNIT_CASE(heap_accounting_test),
	KUNIT_CASE(heap_bad_free_test),
	{}
};

static struct kunit_suite heap_suite = {
	.name = "mpdemo_heap",
	.test_cases = heap_cases,
};

kunit_test_suite(heap_suite);

