// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that grow: the floor is there at all times, the maximum can be held and no
 * block more, whoever asks for it.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
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

static void refuses(struct kunit *test, struct mpdemo_pool_config config,
		    int error, enum mpdemo_setting setting)
{
	struct mpdemo_refusal refusal = {};

	KUNIT_EXPECT_EQ(test, error, mpdemo_pool_check(&config, &refusal));
	KUNIT_EXPECT_EQ(test, setting, refusal.setting);
	KUNIT_EXPECT_NOT_NULL(test, refusal.why);
	KUNIT_EXPECT_EQ(test, error,
			PTR_ERR_OR_ZERO(mpdemo_pool_create(&config, GFP_KERNEL)));
}

static void configurations(struct kunit *test)
{
	struct mpdemo_pool_config config = growing;
	struct mpdemo_pool *pool;

	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&config, NULL));
	config.flags = MPDEMO_POOL_PERCPU;
	refuses(test, config, -EOPNOTSUPP, MPDEMO_SETTING_MAX_BLOCKS);
	config = growing;
	config.max_blocks = FLOOR - 1;
	refuses(test, config, -ERANGE, MPDEMO_SETTING_MAX_BLOCKS);
	config.max_blocks = MPDEMO_BLOCKS_MAX + 1;
	refuses(test, config, -ERANGE, MPDEMO_SETTING_MAX_BLOCKS);
	config.max_blocks = FLOOR + 1023 * CHUNK;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&config, NULL));
	config.max_blocks++;
	refuses(test, config, -ERANGE, MPDEMO_SETTING_CHUNK);
	config = growing;
	config.block_size = MPDEMO_BLOCK_SIZE_MAX;
	config.chunk_blocks = 1024;
	config.max_blocks = MPDEMO_POOL_BYTES_MAX / MPDEMO_BLOCK_SIZE_MAX;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&config, NULL));
	config.max_blocks++;
	refuses(test, config, -ERANGE, MPDEMO_SETTING_MAX_BLOCKS);

	/* Of a fixed size. */
	config = growing;
	config.max_blocks = 0;
	refuses(test, config, -EINVAL, MPDEMO_SETTING_CHUNK);
	config.max_blocks = FLOOR;
	refuses(test, config, -EINVAL, MPDEMO_SETTING_CHUNK);
	config.chunk_blocks = 0;
	pool = mpdemo_test_pool(test, &config);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).present);
	KUNIT_EXPECT_EQ(test, FLOOR, mpdemo_test_pool_stats(pool).max_blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(pool));
}

/* Where it is left to the pool, chunks are neither tiny nor many. */
static void chosen_chunks(struct kunit *test)
{
	static const size_t maxima[] = { 2, 3, 100, 5000, 200000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(maxima); i++) {
		const struct mpdemo_pool_config config = {
			.name = "chosen", .block_size = 64, .blocks = 1,
			.max_blocks = maxima[i],
		};
		struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
		void **blocks = kvcalloc(maxima[i], sizeof(*blocks), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, blocks);
		KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							       maxima[i], blocks));
		KUNIT_EXPECT_LE(test, mpdemo_test_pool_stats(pool).chunks, 65);
		if (maxima[i] <= 1000)
			KUNIT_EXPECT_EQ(test, 2, mpdemo_test_pool_stats(pool).chunks);
		KUNIT_EXPECT_EQ(test, mpdemo_pool_footprint(&config),
				mpdemo_test_pool_stats(pool).footprint);
		mpdemo_pool_free_bulk(pool, maxima[i], blocks);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
		kvfree(blocks);
		mpdemo_test_pool_end(test, pool);
	}
}

static void floor_then_maximum(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	DECLARE_BITMAP(seen, MOST) = {};
	struct mpdemo_pool_stats stats;
	void *blocks[MOST];
	unsigned int i, n;

	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, FLOOR, stats.blocks);
	KUNIT_EXPECT_EQ(test, FLOOR, stats.present);
	KUNIT_EXPECT_EQ(test, MOST, stats.max_blocks);
	KUNIT_EXPECT_EQ(test, 1, stats.chunks);
	KUNIT_EXPECT_EQ(test, 0, stats.peak);

	/* The floor is there for who may not sleep. */
	for (i = 0; i < FLOOR; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, GFP_NOWAIT);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		stamp(pool, blocks[i]);
	}
	KUNIT_EXPECT_EQ(test, FLOOR, mpdemo_test_pool_stats(pool).present);
	hold(test, pool, MOST - FLOOR, blocks + FLOOR);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_NOWAIT));

	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, MOST, stats.present);
	KUNIT_EXPECT_EQ(test, CHUNKS, stats.chunks);
	KUNIT_EXPECT_EQ(test, MOST, stats.in_use);
	KUNIT_EXPECT_EQ(test, MOST, stats.peak);
	KUNIT_EXPECT_EQ(test, MOST, stats.allocs);
	KUNIT_EXPECT_EQ(test, 0, stats.frees);
	KUNIT_EXPECT_EQ(test, 2, stats.failures);
	KUNIT_EXPECT_EQ(test, mpdemo_pool_footprint(&growing), stats.footprint);

	for (i = 0; i < MOST; i++) {
		n = mpdemo_pool_index(pool, blocks[i]);
		KUNIT_ASSERT_LT(test, n, MOST);
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(n, seen));
		KUNIT_EXPECT_PTR_EQ(test, blocks[i], mpdemo_pool_block(pool, n));
	}
	/* Each single one that comes back can be had again. */
	for (i = 0; i < MOST; i++) {
		mpdemo_pool_free(pool, blocks[i]);
		KUNIT_EXPECT_PTR_EQ(test, blocks[i],
				    mpdemo_pool_alloc(pool, GFP_NOWAIT));
	}
	give(test, pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_EQ(test, 2 * MOST, mpdemo_test_pool_stats(pool).frees);
}

/* So that those behind become empty. */
static void lowest_chunk_first(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[MOST];
	unsigned int i;

	hold(test, pool, MOST, blocks);
	/* One of the last chunk and one of the first are free. */
	for (i = 0; i < MOST; i++)
		if (mpdemo_pool_index(pool, blocks[i]) == MOST - 1)
			swap(blocks[i], blocks[MOST - 1]);
	for (i = 0; i < MOST; i++)
		if (mpdemo_pool_index(pool, blocks[i]) == 0)
			swap(blocks[i], blocks[0]);
	mpdemo_pool_free(pool, blocks[0]);
	mpdemo_pool_free(pool, blocks[MOST - 1]);
	KUNIT_EXPECT_PTR_EQ(test, blocks[0], mpdemo_pool_alloc(pool, GFP_NOWAIT));
	mpdemo_pool_free_bulk(pool, MOST - 1, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

/* Who may not sleep gets nothing, and later there is something. */
static void atomic_callers_kick(struct kunit *test)
{
	struct attempt attempt = { .gfp = GFP_ATOMIC };
	unsigned int context;
	void *blocks[FLOOR];

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		attempt.pool = mpdemo_test_pool(test, &growing);
		hold(test, attempt.pool, FLOOR, blocks);
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, try_alloc,
							   &attempt));
		KUNIT_EXPECT_NULL(test, attempt.block);
		KUNIT_EXPECT_EQ(test, 1,
				mpdemo_test_pool_stats(attempt.pool).failures);
		KUNIT_EXPECT_TRUE(test, becomes(attempt.pool, FLOOR + CHUNK));
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, try_alloc,
							   &attempt));
		KUNIT_ASSERT_NOT_NULL(test, attempt.block);
		mpdemo_pool_free(attempt.pool, attempt.block);
		give(test, attempt.pool, FLOOR, blocks);
		mpdemo_test_pool_end(test, attempt.pool);
	}
}

/* Reclaim could wait for locks of who must not start any. */
static void callers_without_fs_kick(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[FLOOR];

	hold(test, pool, FLOOR, blocks);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_NOFS));
	KUNIT_EXPECT_TRUE(test, becomes(pool, FLOOR + CHUNK));
	give(test, pool, FLOOR, blocks);
}

static ktime_t in_ms(unsigned int ms)
{
	return ktime_add_ms(ktime_get(), ms);
}

/* From the worker, one chunk after the other, up to the maximum. */
static void waiters_make_it_grow(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[MOST];
	unsigned int i;

	for (i = 0; i < MOST; i++) {
		blocks[i] = mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
						   TASK_UNINTERRUPTIBLE,
						   in_ms(20000));
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(blocks[i]), "%pe", blocks[i]);
		stamp(pool, blocks[i]);
	}
	KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).present);
	KUNIT_EXPECT_EQ(test, -ETIME,
			PTR_ERR(mpdemo_pool_alloc_wait(pool, GFP_KERNEL,
						       TASK_UNINTERRUPTIBLE,
						       in_ms(50))));
	KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).in_use);
	give(test, pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

struct waiter {
	struct mpdemo_pool *pool;
	struct completion done;
	void *block;
};

static int waiter_thread(void *data)
{
	struct waiter *waiter = data;

	waiter->block = mpdemo_pool_alloc_wait(waiter->pool, GFP_KERNEL,
					       TASK_UNINTERRUPTIBLE, KTIME_MAX);
	complete(&waiter->done);
	return 0;
}

static void start_waiter(struct kunit *test, struct waiter *waiter,
			 struct mpdemo_pool *pool)
{
	u64 waits = mpdemo_test_pool_stats(pool).waits;
	struct task_struct *thread;

	waiter->pool = pool;
	init_completion(&waiter->done);
	thread = kthread_run(waiter_thread, waiter, "mpdemo_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	/* Until it finds that it has to. */
	while (mpdemo_test_pool_stats(pool).waits == waits)
		msleep(20);
}

/* At the maximum it is a block that comes home, in whichever context. */
static void waiters_at_the_maximum(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	unsigned int context;
	struct waiter waiter;
	void *blocks[MOST];

	hold(test, pool, MOST, blocks);
	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		unsigned int i = 5 * context;
		struct one_free one = { .pool = pool, .block = blocks[i] };

		start_waiter(test, &waiter, pool);
		KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, free_it, &one));
		wait_for_completion(&waiter.done);
		KUNIT_EXPECT_PTR_EQ(test, blocks[i], waiter.block);
		KUNIT_EXPECT_EQ(test, MOST, mpdemo_test_pool_stats(pool).in_use);
	}
	give(test, pool, MOST, blocks);
}

static void bulk_all_or_nothing(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[MOST + 1];
	struct mpdemo_pool_stats stats;
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 0, NULL));
	mpdemo_pool_free_bulk(pool, 0, NULL);
	/* What it can never have it does not grow for. */
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, MOST + 1,
							blocks));
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_NOWAIT, MOST + 1,
							blocks));
	KUNIT_EXPECT_EQ(test, FLOOR, mpdemo_test_pool_stats(pool).present);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).peak);

	/* As many chunks as it takes, in the background as well. */
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_NOWAIT,
							FLOOR + CHUNK + 1, blocks));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_TRUE(test, becomes(pool, FLOOR + 2 * CHUNK));
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, MOST,
						       blocks));
	for (i = 0; i < MOST; i++)
		stamp(pool, blocks[i]);
	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, MOST, stats.in_use);
	KUNIT_EXPECT_EQ(test, MOST, stats.allocs);
	for (i = 0; i < MOST; i++)
		KUNIT_EXPECT_TRUE(test, is_stamped(pool, blocks[i]));

	mpdemo_pool_free_bulk(pool, 3, blocks);
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 4,
							blocks));
	KUNIT_EXPECT_EQ(test, MOST - 3, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_NOWAIT, 3,
						       blocks));
	mpdemo_pool_free_bulk(pool, MOST, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
}

static void wrong_frees(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	static const unsigned int ends[] = {
		0, FLOOR - 1, FLOOR, FLOOR + CHUNK - 1, FLOOR + CHUNK, MOST - 1,
	};
	void *blocks[MOST], *gone[MOST], *foreign, *block;
	unsigned int i;

	hold(test, pool, MOST, blocks);
	for (i = 0; i < MOST; i++)
		gone[i] = mpdemo_pool_block(pool, i);
	foreign = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	expect_refused(test, pool, foreign);
	expect_refused(test, pool, (void *)1);
	expect_refused(test, pool, (void *)ULONG_MAX);
	/* Beside the ends of each chunk, and inside of blocks. */
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		block = gone[ends[i]];
		expect_refused(test, pool, block + 8);
		expect_refused(test, pool, block - 8);
		if (i % 2 || ends[i] == MOST - 1)
			expect_refused(test, pool, block + SIZE);
		else
			expect_refused(test, pool, block - SIZE);
	}
	for (i = 0; i < MOST; i++) {
		KUNIT_EXPECT_TRUE(test, is_stamped(pool, blocks[i]));
		mpdemo_pool_free(pool, blocks[i]);
		expect_refused(test, pool, blocks[i]);
	}
	/* Of chunks that are no more: nothing is read from there. */
	KUNIT_EXPECT_EQ(test, CHUNKS - 1, mpdemo_pool_shrink(pool));
	for (i = 0; i < MOST; i++) {
		expect_refused(test, pool, gone[i]);
		KUNIT_EXPECT_PTR_EQ(test, i < FLOOR ? gone[i] : NULL,
				    mpdemo_pool_block(pool, i));
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

/* Who wants more than there can be does not keep others from what there can. */
static void too_many_and_one_kick(struct kunit *test)
{
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &growing);
	void *blocks[FLOOR], *more[MOST];
	unsigned long flags;
	bool many;
	void *one;

	hold(test, pool, FLOOR, blocks);
	/* Both kick before the work runs. */
	local_irq_save(flags);
	many = mpdemo_pool_alloc_bulk(pool, GFP_ATOMIC, MOST, more);
	one = mpdemo_pool_alloc(pool, GFP_ATOMIC);
	local_irq_restore(flags);
	KUNIT_EXPECT_FALSE(test, many);
	KUNIT_EXPECT_NULL(test, one);
	KUNIT_EXPECT_TRUE(test, becomes(pool, FLOOR + CHUNK));
	give(test, pool, FLOOR, blocks);
}

static struct kunit_case grow_cases[] = {
	KUNIT_CASE(configurations),
	KUNIT_CASE(chosen_chunks),
	KUNIT_CASE(floor_then_maximum),
	KUNIT_CASE(lowest_chunk_first),
	KUNIT_CASE(atomic_callers_kick),
	KUNIT_CASE(callers_without_fs_kick),
	KUNIT_CASE(waiters_make_it_grow),
	KUNIT_CASE(waiters_at_the_maximum),
	KUNIT_CASE(bulk_all_or_nothing),
	KUNIT_CASE(too_many_and_one_kick),
	KUNIT_CASE(wrong_frees),
	{}
};

static struct kunit_suite grow_suite = {
	.name = "mpdemo_pool_grow",
	.test_cases = grow_cases,
};

kunit_test_suite(grow_suite);
