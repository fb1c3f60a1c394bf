// SPDX-License-Identifier: GPL-2.0
/*
 * Exact pools: of N blocks N can be held and never more, in any context and from
 * any mix of CPUs, and what they say about themselves is true.
 */

#include <linux/atomic.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define BLOCKS	40

static struct mpdemo_pool *exact_pool(struct kunit *test, size_t block_size,
				      size_t blocks)
{
	const struct mpdemo_pool_config config = {
		.name = "exact", .block_size = block_size, .blocks = blocks,
	};

	return mpdemo_test_pool(test, &config);
}

static void all_then_null(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 24, BLOCKS);
	void *blocks[BLOCKS];
	unsigned int i, j, round;

	for (round = 1; round <= 3; round++) {
		for (i = 0; i < BLOCKS; i++) {
			blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
			for (j = 0; j < i; j++)
				KUNIT_ASSERT_PTR_NE(test, blocks[j], blocks[i]);
		}
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, round,
				mpdemo_test_pool_stats(pool).failures);

		/* Each single one that comes back can be had again. */
		for (i = 0; i < BLOCKS; i++) {
			mpdemo_pool_free(pool, blocks[i]);
			KUNIT_EXPECT_PTR_EQ(test, blocks[i],
					    mpdemo_pool_alloc(pool, GFP_ATOMIC));
		}
		for (i = 0; i < BLOCKS; i++)
			mpdemo_pool_free(pool, blocks[i]);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
}

static void single_block(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 1, 1);
	void *block = mpdemo_pool_alloc(pool, GFP_KERNEL), *other;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 1,
							&other));
	mpdemo_pool_free(pool, block);
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 1,
						       &other));
	KUNIT_EXPECT_PTR_EQ(test, block, other);
	mpdemo_pool_free_bulk(pool, 1, &other);
}

static void newest_first(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 24, BLOCKS);
	void *blocks[BLOCKS];
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, BLOCKS,
						       blocks));
	for (i = 0; i < BLOCKS; i++)
		mpdemo_pool_free(pool, blocks[i]);
	for (i = BLOCKS; i--; )
		KUNIT_EXPECT_PTR_EQ(test, blocks[i],
				    mpdemo_pool_alloc(pool, GFP_KERNEL));

	/* A bulk frees as if one by one. */
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	for (i = BLOCKS; i--; )
		KUNIT_EXPECT_PTR_EQ(test, blocks[i],
				    mpdemo_pool_alloc(pool, GFP_KERNEL));
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
}

static void check_layout(struct kunit *test, size_t size, size_t align)
{
	const struct mpdemo_pool_config config = {
		.name = "layout", .block_size = size, .blocks = 9,
		.align = align,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);
	size_t want = max_t(size_t, align, MPDEMO_ALIGN_MIN);
	void *blocks[9];
	unsigned int i;

	KUNIT_EXPECT_EQ_MSG(test, ALIGN(size, want), stats.stride,
			    "size %zu, align %zu", size, align);
	for (i = 0; i < 9; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((long)blocks[i], want),
				      "size %zu, align %zu", size, align);
		/* All of it, and nothing of the others. */
		memset(blocks[i], i + 1, size);
	}
	for (i = 0; i < 9; i++) {
		unsigned int index = mpdemo_pool_index(pool, blocks[i]);

		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(blocks[i], i + 1, size),
				      "size %zu, align %zu", size, align);
		KUNIT_EXPECT_LT(test, index, 9);
		KUNIT_EXPECT_PTR_EQ(test, blocks[i],
				    mpdemo_pool_block(pool, index));
	}
	for (i = 1; i < 9; i++)
		KUNIT_EXPECT_EQ(test, stats.stride,
				mpdemo_pool_block(pool, i) -
				mpdemo_pool_block(pool, i - 1));
	mpdemo_pool_free_bulk(pool, 9, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
	mpdemo_test_pool_end(test, pool);
}

static void layout_of_odd_sizes(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 3, 7, 8, 9, 24, 33, 63, 64, 65, 100, 1000, 4095, 4096, 4097,
		10007,
	};
	static const size_t aligns[] = { 0, 1, 8, 16, 64, 1024, 4096 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(aligns); j++)
			check_layout(test, sizes[i], aligns[j]);
}

static void bulk_all_or_nothing(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 24, BLOCKS);
	static void *blocks[BLOCKS + 1];
	struct mpdemo_pool_stats stats;
	void *one;

	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 0, NULL));
	mpdemo_pool_free_bulk(pool, 0, NULL);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).allocs);

	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							BLOCKS + 1, blocks));
	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.peak);
	KUNIT_EXPECT_EQ(test, 0, stats.allocs);
	KUNIT_EXPECT_EQ(test, 1, stats.failures);

	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, BLOCKS,
						       blocks));
	KUNIT_EXPECT_EQ(test, BLOCKS, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 1,
							&one));
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);

	one = mpdemo_pool_alloc(pool, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, BLOCKS,
							blocks));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
						       BLOCKS - 1, blocks));
	blocks[BLOCKS - 1] = one;
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
}

static void counters_add_up(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 24, BLOCKS);
	unsigned int held = 0, peak = 0, allocs = 0, frees = 0, i;
	void *blocks[BLOCKS];
	struct mpdemo_pool_stats stats;

	for (i = 0; i < mpdemo_test_rounds(4000); i++) {
		unsigned int n = get_random_u32() % 5;

		if (get_random_u32() & 1) {
			bool all = mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, n,
							  blocks + held);

			KUNIT_ASSERT_EQ(test, held + n <= BLOCKS, all);
			held += all ? n : 0;
			allocs += all ? n : 0;
		} else {
			n = min(n, held);
			held -= n;
			frees += n;
			mpdemo_pool_free_bulk(pool, n, blocks + held);
		}
		peak = max(peak, held);
		stats = mpdemo_test_pool_stats(pool);
		KUNIT_ASSERT_EQ(test, held, stats.in_use);
		KUNIT_ASSERT_EQ(test, peak, stats.peak);
		KUNIT_ASSERT_EQ(test, allocs, stats.allocs);
		KUNIT_ASSERT_EQ(test, frees, stats.frees);
	}
	mpdemo_pool_free_bulk(pool, held, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).cached);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).slack);
}

/* What a free or an allocation does to the bytes of a block. */
static void zeroing(struct kunit *test)
{
	struct mpdemo_pool *pool = exact_pool(test, 100, 3);
	void *blocks[3], *block;
	unsigned int i;

	/* New memory shows nothing of whose it was. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(mpdemo_pool_block(pool, i), 0,
						   100));

	block = mpdemo_pool_alloc(pool, GFP_KERNEL);
	memset(block, 0xa5, 100);
	mpdemo_pool_free(pool, block);
	KUNIT_EXPECT_EQ(test, want_init_on_free(), !memchr_inv(block, 0, 100));

	memset(block, 0xa5, 100);
	KUNIT_ASSERT_PTR_EQ(test, block, mpdemo_pool_alloc(pool, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, want_init_on_alloc(GFP_KERNEL),
			!memchr_inv(block, 0, 100));
	memset(block, 0xa5, 100);
	mpdemo_pool_free(pool, block);
	memset(block, 0xa5, 100);
	KUNIT_ASSERT_PTR_EQ(test, block,
			    mpdemo_pool_alloc(pool, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, 100));
	mpdemo_pool_free(pool, block);

	/* The same in bulk, and no byte beside the block. */
	for (i = 0; i < 3; i++)
		memset(mpdemo_pool_block(pool, i), 0xa5, 104);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, __GFP_ZERO, 3,
						       blocks));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i], 0, 100));
		KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i] + 100, 0xa5, 4));
		memset(blocks[i], 0xa5, 104);
	}
	mpdemo_pool_free_bulk(pool, 3, blocks);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, want_init_on_free(),
				!memchr_inv(blocks[i], 0, 100));
}

struct use {
	struct mpdemo_pool *pool;
	unsigned int done;
};

static void use_in_context(void *data)
{
	struct use *use = data;
	struct mpdemo_pool *pool = use->pool;
	void *block = mpdemo_pool_alloc(pool, GFP_ATOMIC | __GFP_ZERO);
	void *blocks[7];

	if (!block || memchr_inv(block, 0, 24))
		return;
	memset(block, 0xff, 24);
	if (!mpdemo_pool_alloc_bulk(pool, GFP_ATOMIC, 7, blocks))
		return;
	if (mpdemo_test_pool_stats(pool).in_use != 8)
		return;
	mpdemo_pool_free(pool, block);
	mpdemo_pool_free_bulk(pool, 7, blocks);
	use->done++;
}

static void any_context(struct kunit *test)
{
	struct use use = { .pool = exact_pool(test, 24, BLOCKS) };
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		use.done = 0;
		KUNIT_EXPECT_TRUE_MSG(test,
				      mpdemo_test_run_in(context, use_in_context,
							 &use),
				      "%s", mpdemo_test_context_names[context]);
		KUNIT_EXPECT_EQ_MSG(test, 1, use.done, "%s",
				    mpdemo_test_context_names[context]);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(use.pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(use.pool).refused);
}

struct transfer {
	struct mpdemo_pool *pool;
	void *blocks[BLOCKS];
	unsigned int nr;
};

static void take_all(void *data)
{
	struct transfer *t = data;

	while (t->nr < BLOCKS) {
		t->blocks[t->nr] = mpdemo_pool_alloc(t->pool, GFP_KERNEL);
		if (!t->blocks[t->nr])
			break;
		t->nr++;
	}
}

static void give_all(void *data)
{
	struct transfer *t = data;

	while (t->nr)
		mpdemo_pool_free(t->pool, t->blocks[--t->nr]);
}

/* All that was freed on one CPU can be had on another. */
static void across_cpus(struct kunit *test)
{
	struct transfer t = { .pool = exact_pool(test, 24, BLOCKS) };
	unsigned int here, there, round;

	mpdemo_test_pin(test, cpumask_first(cpu_online_mask));
	here = raw_smp_processor_id();
	there = mpdemo_test_other_cpu(test);
	for (round = 0; round < 10; round++) {
		mpdemo_test_run_on(test, round & 1 ? here : there, take_all, &t);
		KUNIT_ASSERT_EQ(test, BLOCKS, t.nr);
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(t.pool, GFP_KERNEL));
		mpdemo_test_run_on(test, round & 1 ? there : here, give_all, &t);
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(t.pool).in_use);
}

#define SHARE	8	/* blocks of each CPU at a time */

struct storm {
	struct mpdemo_pool *pool;
	atomic_t owners[SHARE * 64];
	unsigned int rounds;
	atomic_t failed;
	atomic_t shared;	/* blocks that two had */
};

static void own(struct storm *storm, void *block)
{
	unsigned int index = mpdemo_pool_index(storm->pool, block);

	if (atomic_inc_return(&storm->owners[index]) != 1)
		atomic_inc(&storm->shared);
}

static void disown(struct storm *storm, void *block)
{
	unsigned int index = mpdemo_pool_index(storm->pool, block);

	atomic_dec(&storm->owners[index]);
}

static void storm_single(struct storm *storm, void **blocks)
{
	unsigned int i;

	for (i = 0; i < SHARE; i++) {
		blocks[i] = mpdemo_pool_alloc(storm->pool, GFP_KERNEL);
		if (!blocks[i]) {
			atomic_inc(&storm->failed);
			break;
		}
		own(storm, blocks[i]);
	}
	while (i--) {
		disown(storm, blocks[i]);
		mpdemo_pool_free(storm->pool, blocks[i]);
	}
}

static void storm_bulk(struct storm *storm, void **blocks)
{
	unsigned int i;

	if (!mpdemo_pool_alloc_bulk(storm->pool, GFP_KERNEL, SHARE, blocks)) {
		atomic_inc(&storm->failed);
		return;
	}
	for (i = 0; i < SHARE; i++)
		own(storm, blocks[i]);
	for (i = 0; i < SHARE; i++)
		disown(storm, blocks[i]);
	mpdemo_pool_free_bulk(storm->pool, SHARE, blocks);
}

static void storm_loop(void *data)
{
	struct storm *storm = data;
	void *blocks[SHARE];
	unsigned int i;

	for (i = 0; i < storm->rounds; i++) {
		if (i & 1)
			storm_single(storm, blocks);
		else
			storm_bulk(storm, blocks);
		cond_resched();
	}
}

/* As many blocks as all CPUs want together: nobody ever finds too few. */
static void never_too_few(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	unsigned int cpus = num_online_cpus(), nr;
	struct mpdemo_pool_stats stats;

	KUNIT_ASSERT_NOT_NULL(test, storm);
	if (cpus < 2 || cpus > 64)
		kunit_skip(test, "needs 2 to 64 CPUs");
	storm->pool = exact_pool(test, 24, SHARE * cpus);
	storm->rounds = mpdemo_test_rounds(4000);

	nr = mpdemo_test_run_on_all(test, storm_loop, storm);
	KUNIT_ASSERT_EQ(test, cpus, nr);
	stats = mpdemo_test_pool_stats(storm->pool);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->failed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->shared));
	KUNIT_EXPECT_EQ(test, nr * storm->rounds * SHARE, stats.allocs);
	KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.failures);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);
	KUNIT_EXPECT_GE(test, stats.peak, SHARE);
	KUNIT_EXPECT_LE(test, stats.peak, SHARE * cpus);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(all_then_null),
	KUNIT_CASE(single_block),
	KUNIT_CASE(newest_first),
	KUNIT_CASE(layout_of_odd_sizes),
	KUNIT_CASE(bulk_all_or_nothing),
	KUNIT_CASE(counters_add_up),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(any_context),
	KUNIT_CASE(across_cpus),
	KUNIT_CASE(never_too_few),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "mpdemo_pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
