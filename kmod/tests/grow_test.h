/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit suites of pools that grow share.
 */
#ifndef _MPDEMO_GROW_TEST_H
#define _MPDEMO_GROW_TEST_H

#include <linux/delay.h>
#include <linux/string.h>

#include <mempool_demo/grow.h>

#include "helpers.h"

/* Chunks of 10, 8, 8 and 6 blocks. */
#define SIZE	1000
#define FLOOR	10
#define CHUNK	8
#define MOST	32
#define CHUNKS	4
/* Free blocks that a pool keeps when it shrinks. */
#define KEEP	4

static const struct mpdemo_pool_config growing = {
	.name = "growing", .block_size = SIZE, .blocks = FLOOR,
	.max_blocks = MOST, .chunk_blocks = CHUNK,
};

/* What grows or goes in the background does so soon. */
static inline bool becomes(const struct mpdemo_pool *pool, unsigned int present)
{
	unsigned int tries = 1000;

	while (mpdemo_test_pool_stats(pool).present != present && tries--)
		msleep(20);
	return mpdemo_test_pool_stats(pool).present == present;
}

static inline void stamp(const struct mpdemo_pool *pool, void *block)
{
	memset(block, mpdemo_pool_index(pool, block) + 1, SIZE);
}

static inline bool is_stamped(const struct mpdemo_pool *pool, void *block)
{
	return !memchr_inv(block, mpdemo_pool_index(pool, block) + 1, SIZE);
}

/* Each allocation has to do. */
static inline void hold(struct kunit *test, struct mpdemo_pool *pool, unsigned int n,
			void **blocks)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		stamp(pool, blocks[i]);
	}
}

static inline void give(struct kunit *test, struct mpdemo_pool *pool, unsigned int n,
			void **blocks)
{
	while (n--) {
		KUNIT_EXPECT_TRUE(test, is_stamped(pool, blocks[n]));
		mpdemo_pool_free(pool, blocks[n]);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
}

struct one_free {
	struct mpdemo_pool *pool;
	void *block;
};

static inline void free_it(void *data)
{
	struct one_free *one = data;

	mpdemo_pool_free(one->pool, one->block);
}

struct attempt {
	struct mpdemo_pool *pool;
	gfp_t gfp;
	void *block;
};

static inline void try_alloc(void *data)
{
	struct attempt *attempt = data;

	attempt->block = mpdemo_pool_alloc(attempt->pool, attempt->gfp);
}

static inline void expect_refused(struct kunit *test, struct mpdemo_pool *pool,
				  void *block)
{
	struct mpdemo_pool_stats before = mpdemo_test_pool_stats(pool), now;

	mpdemo_pool_free(pool, block);
	mpdemo_pool_free_bulk(pool, 1, &block);
	now = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, before.refused + 2, now.refused);
	KUNIT_EXPECT_EQ(test, before.in_use, now.in_use);
}

#endif /* _MPDEMO_GROW_TEST_H */
