/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit suites of heaps share.
 */
#ifndef _MPDEMO_HEAP_TEST_H
#define _MPDEMO_HEAP_TEST_H

#include <kunit/test.h>

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <mempool_demo/heap.h>

KUNIT_DEFINE_ACTION_WRAPPER(destroy_heap, mpdemo_heap_destroy,
			    struct mpdemo_heap *);

/* A heap that the test destroys itself. */
static inline struct mpdemo_heap *
make_mortal(struct kunit *test, const struct mpdemo_heap_config *config)
{
	struct mpdemo_heap *heap = mpdemo_heap_create(config, GFP_KERNEL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(heap));
	return heap;
}

/* A heap that lives as long as the test. */
static inline struct mpdemo_heap *
make_heap_as(struct kunit *test, const struct mpdemo_heap_config *config)
{
	struct mpdemo_heap *heap = make_mortal(test, config);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_heap,
							   heap));
	return heap;
}

static inline struct mpdemo_heap *make_heap(struct kunit *test,
					    unsigned int flags,
					    unsigned int blocks,
					    unsigned int pages)
{
	struct mpdemo_heap_config config = {
		.name = "test",
		.flags = flags,
		.blocks = blocks,
		.large_bytes = pages * PAGE_SIZE,
	};

	return make_heap_as(test, &config);
}

static inline struct mpdemo_heap_class_stats
class_stats(struct kunit *test, struct mpdemo_heap *heap, unsigned int number)
{
	struct mpdemo_heap_class_stats stats;

	KUNIT_ASSERT_EQ(test, 0,
			mpdemo_heap_get_class_stats(heap, number, &stats));
	return stats;
}

static inline struct mpdemo_heap_stats heap_stats(struct mpdemo_heap *heap)
{
	struct mpdemo_heap_stats stats;

	mpdemo_heap_get_stats(heap, &stats);
	return stats;
}

static inline void expect_empty(struct kunit *test, struct mpdemo_heap *heap)
{
	struct mpdemo_heap_stats stats = heap_stats(heap);

	KUNIT_EXPECT_EQ(test, stats.requested, 0);
	KUNIT_EXPECT_EQ(test, stats.handed_out, 0);
	KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
}

static inline void *pages_of(struct mpdemo_heap *heap, unsigned int pages)
{
	return mpdemo_heap_alloc(heap, pages * PAGE_SIZE, GFP_KERNEL);
}

static inline bool is_filled(const void *memory, int byte, size_t bytes)
{
	return !memchr_inv(memory, byte, bytes);
}

#endif /* _MPDEMO_HEAP_TEST_H */
