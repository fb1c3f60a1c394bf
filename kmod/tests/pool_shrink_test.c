// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that shrink: what is not needed goes back, and blocks in use never do.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/grow.h>
#include <mempool_demo/guard.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "grow_test.h"
#include "helpers.h"

static void shrinks_to_the_floor(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	size_t least = mpdemo_test_pool_stats(pool).footprint;
	struct mpdemo_pool_stats stats;
	unsigned int round;
	void *blocks[MOST];

	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
	/* The same slots again and again. */
	for (round = 0; round < 5; round++) {
		hold(test, pool, MOST, blocks);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
		KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).present);
		give(test, pool, MOST, blocks);
		KUNIT_EXPECT_EQ(test, CHUNKS - 1, mpdemo_pool_shrink(pool));
		stats = mpdemo_test_pool_stats(pool);
		KUNIT_EXPECT_EQ(test, FLOOR, stats.present);
		KUNIT_EXPECT_EQ(test, 1, stats.chunks);
		KUNIT_EXPECT_EQ(test, 0, stats.retiring);
		KUNIT_EXPECT_EQ(test, least, stats.footprint);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
	}
	KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).peak);
}

/* A pool that would have to grow again at once does not shrink. */
static void keeps_some(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[FLOOR + 1];

	hold(test, pool, FLOOR + 1, blocks);
	mpdemo_pool_free(pool, blocks[FLOOR]);
	/* A whole chunk is free, and nothing else. */
	give(test, pool, KEEP - 1, blocks + FLOOR - KEEP + 1);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).retiring);
	KUNIT_EXPECT_EQ(test, FLOOR + CHUNK, mpdemo_test_pool_stats(pool).present);
	give(test, pool, 1, blocks + FLOOR - KEEP);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_pool_shrink(pool));
	give(test, pool, FLOOR - KEEP, blocks);
}

/*
 * Two chunks: of the second one a single block is held. Return: it.
 */
static void *begin_retiring(struct kunit *test, struct mpdemo_pool *pool)
{
	void *blocks[FLOOR + 1];

	hold(test, pool, FLOOR + 1, blocks);
	KUNIT_ASSERT_GE(test, mpdemo_pool_index(pool, blocks[FLOOR]), FLOOR);
	give(test, pool, FLOOR, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).retiring);
	KUNIT_EXPECT_EQ(test, FLOOR + CHUNK, mpdemo_test_pool_stats(pool).present);
	return blocks[FLOOR];
}

/* It goes with its last block, which is as it was. */
static void retiring_chunk_comes_home(struct kunit *test)
{
	unsigned int context;
	void *blocks[FLOOR];

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
		size_t least = mpdemo_test_pool_stats(pool).footprint;
		struct one_free one = { .pool = pool };

		one.block = begin_retiring(test, pool);
		/* Nothing more of it is taken. */
		hold(test, pool, FLOOR - KEEP, blocks);
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).retiring);
		KUNIT_EXPECT_TRUE(test, is_stamped(pool, one.block));
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, free_it, &one));
		KUNIT_EXPECT_TRUE(test, becomes(pool, FLOOR));
		KUNIT_EXPECT_EQ(test, least,
				mpdemo_test_pool_stats(pool).footprint);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).retiring);
		expect_refused(test, pool, one.block);
		mpdemo_pool_free_bulk(pool, FLOOR - KEEP, blocks);
		mpdemo_test_pool_end(test, pool);
	}
}

/* What is set aside is not lost: it can be had by who needs it, in any context. */
static void retiring_chunk_is_needed(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	struct attempt attempt = { .pool = pool, .gfp = GFP_ATOMIC };
	void *blocks[MOST], *last = begin_retiring(test, pool);

	hold(test, pool, FLOOR, blocks);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).retiring);
	KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(IN_HARDIRQ, try_alloc, &attempt));
	KUNIT_ASSERT_NOT_NULL(test, attempt.block);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).retiring);
	mpdemo_pool_free(pool, attempt.block);
	hold(test, pool, MOST - FLOOR - 1, blocks + FLOOR);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
	blocks[MOST - 1] = last;
	give(test, pool, MOST, blocks);
}

/* One that has come home while there is need for it stays. */
static void retiring_chunk_stays(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[FLOOR], *last = begin_retiring(test, pool);
	unsigned int tries = 1000;

	hold(test, pool, FLOOR - KEEP + 1, blocks);
	mpdemo_pool_free(pool, last);
	while (mpdemo_test_pool_stats(pool).retiring && tries--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).retiring);
	KUNIT_EXPECT_EQ(test, FLOOR + CHUNK, mpdemo_test_pool_stats(pool).present);
	give(test, pool, FLOOR - KEEP + 1, blocks);
}

/*
 * Take pages until memory is short enough for the shrinkers to be called, and the pool
 * has shrunk; no longer, and no OOM killer is called.
 */
static void press(struct mpdemo_pool *pool)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page, *next;
	LIST_HEAD(pages);

	while (mpdemo_test_pool_stats(pool).present > FLOOR &&
	       (page = alloc_page(gfp))) {
		list_add(&page->lru, &pages);
		cond_resched();
	}
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
}

static void shrinker(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	size_t least = mpdemo_test_pool_stats(pool).footprint;
	unsigned int tries = 10;
	void *blocks[MOST];

	hold(test, pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).present);
	give(test, pool, MOST, blocks);
	while (mpdemo_test_pool_stats(pool).present > FLOOR && tries--)
		press(pool);
	KUNIT_EXPECT_EQ(test, FLOOR, mpdemo_test_pool_stats(pool).present);
	KUNIT_EXPECT_EQ(test, least, mpdemo_test_pool_stats(pool).footprint);
}

static void zeroing(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[MOST];
	unsigned int i, round;

	/* New memory shows nothing of whose it was. */
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, MOST,
						       blocks));
	for (i = 0; i < MOST; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i], 0, SIZE));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < MOST; i++) {
			memset(blocks[i], 0xa5, SIZE);
			mpdemo_pool_free(pool, blocks[i]);
		}
		if (!round) {
			for (i = 0; i < MOST; i++)
				blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL |
							      __GFP_ZERO);
		} else {
			KUNIT_ASSERT_TRUE(test,
					  mpdemo_pool_alloc_bulk(pool,
								 GFP_KERNEL | __GFP_ZERO,
								 MOST, blocks));
		}
		for (i = 0; i < MOST; i++)
			KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i], 0, SIZE));
	}
	mpdemo_pool_free_bulk(pool, MOST, blocks);
}

/* All CPUs, while it grows and shrinks beneath them. */
struct stress {
	struct mpdemo_pool *pool;
	atomic_t working;
	atomic_t broken;	/* contents that somebody else has changed */
	atomic_t failed;	/* allocations within the share of the CPU */
	atomic_t shrunk;
	unsigned int share;
};

#define STRESS_SHARE 12

static void check_and_free(struct stress *stress, u32 *block, u32 mark)
{
	if (memchr_inv(block + 1, mark & 0xff, SIZE - 4) || *block != mark)
		atomic_inc(&stress->broken);
	mpdemo_pool_free(stress->pool, block);
}

static void *get_and_mark(struct stress *stress, u32 mark)
{
	u32 *block = mpdemo_pool_alloc(stress->pool, GFP_KERNEL);

	if (!block) {
		atomic_inc(&stress->failed);
		return NULL;
	}
	*block = mark;
	memset(block + 1, mark & 0xff, SIZE - 4);
	return block;
}

static void work(void *data)
{
	struct stress *stress = data;
	u32 *blocks[STRESS_SHARE] = {}, marks[STRESS_SHARE];
	unsigned int round, i;

	for (round = 0; round < mpdemo_test_rounds(40000); round++) {
		/* Now many, now few. */
		unsigned int n = round / 64 % 2 ? 2 : STRESS_SHARE;

		i = get_random_u32() % STRESS_SHARE;
		if (blocks[i]) {
			check_and_free(stress, blocks[i], marks[i]);
			blocks[i] = NULL;
		} else if (i < n) {
			marks[i] = get_random_u32();
			blocks[i] = get_and_mark(stress, marks[i]);
		}
		cond_resched();
	}
	for (i = 0; i < STRESS_SHARE; i++)
		if (blocks[i])
			check_and_free(stress, blocks[i], marks[i]);
	atomic_dec(&stress->working);
}

static int shrink_thread(void *data)
{
	struct stress *stress = data;

	while (!kthread_should_stop()) {
		atomic_add(mpdemo_pool_shrink(stress->pool), &stress->shrunk);
		usleep_range(50, 500);
	}
	return 0;
}

static void grows_and_shrinks_in_use(struct kunit *test)
{
	struct mpdemo_pool_config config = growing;
	struct stress stress = {};
	struct mpdemo_pool_stats stats;
	struct task_struct *thread;

	config.blocks = 2;
	config.chunk_blocks = 3;
	config.max_blocks = STRESS_SHARE * num_online_cpus();
	stress.pool = mpdemo_test_pool(test, &config);
	thread = kthread_run(shrink_thread, &stress, "mpdemo_shrink");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	mpdemo_test_run_on_all(test, work, &stress);
	kthread_stop(thread);
	/* Each share fits into the maximum, so nobody ever went without. */
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&stress.failed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&stress.broken));
	/* As many as the rounds allow. */
	KUNIT_EXPECT_GT(test, atomic_read(&stress.shrunk), mpdemo_test_rounds(10));
	kunit_info(test, "%d chunks went\n", atomic_read(&stress.shrunk));
	stats = mpdemo_test_pool_stats(stress.pool);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);
	mpdemo_pool_shrink(stress.pool);
	KUNIT_EXPECT_TRUE(test, becomes(stress.pool, 2));
}

/* Poison that went with a chunk is not looked for in the one that comes next. */
static void poison_goes_with_a_chunk(struct kunit *test)
{
	const struct mpdemo_pool_guard poison = { .flags = MPDEMO_GUARD_POISON };
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[MOST];

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_set_guard(pool, &poison));
	hold(test, pool, MOST, blocks);
	give(test, pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, CHUNKS - 1, mpdemo_pool_shrink(pool));
	hold(test, pool, MOST, blocks);
	give(test, pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).corrupted);
}

static struct kunit_case shrink_cases[] = {
	KUNIT_CASE(shrinks_to_the_floor),
	KUNIT_CASE(keeps_some),
	KUNIT_CASE(retiring_chunk_comes_home),
	KUNIT_CASE(retiring_chunk_is_needed),
	KUNIT_CASE(retiring_chunk_stays),
	KUNIT_CASE(shrinker),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(poison_goes_with_a_chunk),
	KUNIT_CASE(grows_and_shrinks_in_use),
	{}
};

static struct kunit_suite shrink_suite = {
	.name = "mpdemo_pool_shrink",
	.test_cases = shrink_cases,
};

kunit_test_suite(shrink_suite);
