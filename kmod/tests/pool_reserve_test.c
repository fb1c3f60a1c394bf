// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations: all or none, no failure after that, and nothing lost.
 */

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <mempool_demo/reserve.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE	64
#define BLOCKS	10

static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };

static struct mpdemo_pool_config config_of(unsigned int flags, size_t blocks)
{
	return (struct mpdemo_pool_config) {
		.name = "reserve", .block_size = SIZE, .blocks = blocks,
		.flags = flags, .magazine = flags ? 4 : 0,
	};
}

static struct mpdemo_pool *pool_of(struct kunit *test, unsigned int flags,
				   size_t blocks)
{
	const struct mpdemo_pool_config config = config_of(flags, blocks);

	return mpdemo_test_pool(test, &config);
}

static void counts_of(struct kunit *test, unsigned int flags)
{
	struct mpdemo_pool *pool = pool_of(test, flags, BLOCKS);
	struct mpdemo_reservation r;
	void *blocks[6];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 6, &r));
	mpdemo_test_expect_counts(test, pool, 0, 6, 0);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, 6 - i, mpdemo_reservation_left(&r));
		blocks[i] = mpdemo_reservation_alloc(&r, __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i], 0, SIZE));
		memset(blocks[i], 0x5a, SIZE);
		mpdemo_test_expect_counts(test, pool, i + 1, 5 - i, i + 1);
	}
	KUNIT_EXPECT_NULL(test, mpdemo_reservation_alloc(&r, 0));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_reservation_left(&r));
	mpdemo_reservation_release(&r);
	for (i = 0; i < 6; i++)
		mpdemo_pool_free(pool, blocks[i]);
	mpdemo_test_expect_counts(test, pool, 0, 0, 6);

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 6, &r));
	blocks[0] = mpdemo_reservation_alloc(&r, 0);
	mpdemo_reservation_release(&r);
	mpdemo_test_expect_counts(test, pool, 1, 0, 7);
	mpdemo_reservation_release(&r);
	mpdemo_test_expect_counts(test, pool, 1, 0, 7);
	mpdemo_pool_free(pool, blocks[0]);
	mpdemo_test_expect_counts(test, pool, 0, 0, 7);
}

static void counts(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		counts_of(test, kinds[i]);
}

/* What is reserved nobody else gets, and who has it gets all of it. */
static void nobody_else_gets_them(struct kunit *test)
{
	struct mpdemo_pool *pool = pool_of(test, 0, BLOCKS);
	struct mpdemo_reservation r;
	void *blocks[BLOCKS];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 7, &r));
	for (i = 0; i < 3; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, 0);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		memset(blocks[i], i, SIZE);
	}
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
	for (; i < BLOCKS; i++) {
		blocks[i] = mpdemo_reservation_alloc(&r, 0);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		memset(blocks[i], i, SIZE);
	}
	for (i = 0; i < BLOCKS; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(blocks[i], i, SIZE));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(pool).failures);
	KUNIT_EXPECT_EQ(test, BLOCKS, mpdemo_test_pool_stats(pool).peak);
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(pool).refused);
}

static void refusals(struct kunit *test)
{
	struct mpdemo_pool *exact = pool_of(test, 0, BLOCKS);
	struct mpdemo_pool *percpu = pool_of(test, MPDEMO_POOL_PERCPU, BLOCKS);
	unsigned int all = BLOCKS + mpdemo_test_pool_stats(percpu).slack;
	struct mpdemo_reservation r, other;
	void *block;

	KUNIT_EXPECT_EQ(test, -ENOSPC, mpdemo_pool_reserve(exact, BLOCKS + 1, &r));
	KUNIT_EXPECT_EQ(test, -ENOSPC, mpdemo_pool_reserve(exact, UINT_MAX, &r));
	KUNIT_EXPECT_EQ(test, -ENOSPC, mpdemo_pool_reserve(percpu, all + 1, &r));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			mpdemo_pool_reserve_wait(exact, BLOCKS + 1, TASK_KILLABLE,
						 KTIME_MAX, &r));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			mpdemo_pool_reserve_wait(percpu, 1, TASK_KILLABLE,
						 KTIME_MAX, &r));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(exact).failures);
	mpdemo_reservation_release(&r);

	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve(exact, 0, &r));
	KUNIT_EXPECT_NULL(test, mpdemo_reservation_alloc(&r, 0));
	mpdemo_reservation_release(&r);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve_wait(exact, 0, TASK_KILLABLE,
							  KTIME_MAX, &r));

	block = mpdemo_pool_alloc(exact, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, mpdemo_pool_reserve(exact, BLOCKS, &r));
	KUNIT_EXPECT_EQ(test, -ETIME,
			mpdemo_pool_reserve_wait(exact, BLOCKS, TASK_KILLABLE, 0,
						 &r));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_reservation_left(&r));
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_pool_stats(exact).failures);
	mpdemo_test_expect_counts(test, exact, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve(exact, BLOCKS - 1, &r));
	KUNIT_EXPECT_EQ(test, -EAGAIN, mpdemo_pool_reserve(exact, 1, &other));
	mpdemo_reservation_release(&r);
	mpdemo_pool_free(exact, block);
	mpdemo_test_expect_counts(test, exact, 0, 0, 1);

	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve(percpu, all, &r));
	mpdemo_reservation_release(&r);
}

/* One that fails takes nothing, not even for a moment. */
struct spare {
	struct mpdemo_pool *pool;
	unsigned int taker;
	atomic_t takers;
	unsigned int taken, missed, wrong;
};

static void take_or_fail(void *data)
{
	unsigned int rounds = mpdemo_test_rounds(200000), i;
	struct spare *spare = data;
	struct mpdemo_reservation r;
	void *block;

	if (raw_smp_processor_id() != spare->taker) {
		while (atomic_read(&spare->takers)) {
			if (mpdemo_pool_reserve(spare->pool, 3, &r) != -EAGAIN)
				WRITE_ONCE(spare->wrong, spare->wrong + 1);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < rounds; i++) {
		block = mpdemo_pool_alloc(spare->pool, 0);
		if (!block)
			spare->missed++;
		else
			spare->taken++;
		mpdemo_pool_free(spare->pool, block);
		cond_resched();
	}
	atomic_dec(&spare->takers);
}

static void all_or_nothing(struct kunit *test)
{
	struct spare spare = { .pool = pool_of(test, 0, 4) };
	void *held[2];

	held[0] = mpdemo_pool_alloc(spare.pool, 0);
	held[1] = mpdemo_pool_alloc(spare.pool, 0);
	spare.taker = mpdemo_test_other_cpu(test);
	atomic_set(&spare.takers, 1);
	mpdemo_test_run_on_all(test, take_or_fail, &spare);
	KUNIT_EXPECT_GT(test, spare.taken, 0);
	KUNIT_EXPECT_EQ(test, 0, spare.missed);
	KUNIT_EXPECT_EQ(test, 0, spare.wrong);
	mpdemo_pool_free_bulk(spare.pool, 2, held);
}

static void free_of_a_reserved_one(struct kunit *test)
{
	struct mpdemo_test_log log;
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct mpdemo_pool *pool = pool_of(test, kinds[k], BLOCKS);
		unsigned int all = BLOCKS + mpdemo_test_pool_stats(pool).slack;
		struct mpdemo_reservation r;
		void *block;

		mpdemo_test_log_begin(&log);
		KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, all, &r));
		for (i = 0; i < all; i++)
			mpdemo_pool_free(pool, mpdemo_pool_block(pool, i));
		block = mpdemo_pool_block(pool, 3);
		mpdemo_pool_free_bulk(pool, 1, &block);
		KUNIT_EXPECT_EQ(test, all + 1, mpdemo_test_pool_stats(pool).refused);
		KUNIT_EXPECT_EQ(test, 1,
				mpdemo_test_logged(test, &log,
						   "pool reserve: free of block 0 %s",
						   "refused: it is reserved, by "));
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(pool, 0));
		for (i = 0; i < all; i++)
			KUNIT_EXPECT_NOT_NULL(test,
					      mpdemo_reservation_alloc(&r, 0));
		for (i = 0; i < all; i++)
			mpdemo_pool_free(pool, mpdemo_pool_block(pool, i));
		mpdemo_test_expect_counts(test, pool, 0, 0, all);
	}
}

/* Thousands at once are each one of their own. */
static void thousands(struct kunit *test)
{
	enum { MANY = 20000 };
	struct mpdemo_pool *pool = pool_of(test, 0, MANY);
	unsigned long *seen = kunit_kcalloc(test, BITS_TO_LONGS(MANY),
					    sizeof(long), GFP_KERNEL);
	struct mpdemo_reservation r[2];
	unsigned int i, n = 0;
	void *block;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 12345, &r[0]));
		KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, MANY - 12345,
							     &r[1]));
		mpdemo_reservation_release(&r[0]);
		mpdemo_reservation_release(&r[1]);
	}
	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, MANY, &r[0]));
	while ((block = mpdemo_reservation_alloc(&r[0], 0))) {
		if (__test_and_set_bit(mpdemo_pool_index(pool, block), seen))
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, MANY, n);
	for (i = 0; i < MANY; i++)
		mpdemo_pool_free(pool, mpdemo_pool_block(pool, i));
	mpdemo_test_expect_counts(test, pool, 0, 0, MANY);
}

struct cycle {
	struct mpdemo_pool *pool;
	atomic_t right;
};

static void reserve_use_release(void *data)
{
	struct cycle *cycle = data;
	struct mpdemo_reservation r;
	void *blocks[2];

	if (mpdemo_pool_reserve(cycle->pool, 4, &r))
		return;
	blocks[0] = mpdemo_reservation_alloc(&r, 0);
	blocks[1] = mpdemo_reservation_alloc(&r, 0);
	if (blocks[0] && blocks[1] && blocks[0] != blocks[1])
		atomic_inc(&cycle->right);
	mpdemo_pool_free_bulk(cycle->pool, 2, blocks);
	mpdemo_reservation_release(&r);
}

static void in_any_context(struct kunit *test)
{
	unsigned int context, i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cycle cycle = {
			.pool = pool_of(test, kinds[i], BLOCKS),
		};

		for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++)
			KUNIT_EXPECT_TRUE_MSG(test,
					      mpdemo_test_run_in(context,
								 reserve_use_release,
								 &cycle),
					      "%s",
					      mpdemo_test_context_names[context]);
		KUNIT_EXPECT_EQ(test, MPDEMO_TEST_CONTEXTS, atomic_read(&cycle.right));
		mpdemo_test_expect_counts(test, cycle.pool, 0, 0, 2 * MPDEMO_TEST_CONTEXTS);
	}
}

/* Magazines that are full elsewhere take nothing of what was promised. */
static void fill_magazine(void *pool)
{
	void *blocks[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		blocks[i] = mpdemo_pool_alloc(pool, 0);
	for (i = 0; i < 4; i++)
		mpdemo_pool_free(pool, blocks[i]);
}

static void past_the_magazines(struct kunit *test)
{
	struct mpdemo_pool *pool = pool_of(test, MPDEMO_POOL_PERCPU, BLOCKS);
	struct mpdemo_reservation r;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		mpdemo_test_run_on(test, cpu, fill_magazine, pool);
	KUNIT_ASSERT_GT(test, mpdemo_test_pool_stats(pool).cached, 0);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_reserve(pool, BLOCKS, &r));
	mpdemo_test_expect_counts(test, pool, 0, BLOCKS, 4 * num_online_cpus());
	mpdemo_reservation_release(&r);
}

static void race(void *data)
{
	unsigned int rounds = mpdemo_test_rounds(20000), i, j, n;
	struct cycle *cycle = data;
	unsigned int wrong = 0;
	void *blocks[8];

	for (i = 0; i < rounds; i++) {
		struct mpdemo_reservation r;

		n = 1 + i % 8;
		if (mpdemo_pool_reserve(cycle->pool, n, &r)) {
			cond_resched();
			continue;
		}
		for (j = 0; j < n / 2; j++) {
			blocks[j] = mpdemo_reservation_alloc(&r, 0);
			if (!blocks[j])
				wrong++;
			else
				*(void **)blocks[j] = &blocks[j];
		}
		for (j = 0; j < n / 2; j++)
			if (*(void **)blocks[j] != &blocks[j])
				wrong++;
		if (mpdemo_reservation_left(&r) != n - n / 2)
			wrong++;
		mpdemo_reservation_release(&r);
		mpdemo_pool_free_bulk(cycle->pool, n / 2, blocks);
		cond_resched();
	}
	if (!wrong)
		atomic_inc(&cycle->right);
}

static void on_all_cpus(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cycle cycle = {
			.pool = pool_of(test, kinds[i], BLOCKS),
		};
		struct mpdemo_pool_stats stats;

		KUNIT_EXPECT_EQ(test, mpdemo_test_run_on_all(test, race, &cycle),
				atomic_read(&cycle.right));
		stats = mpdemo_test_pool_stats(cycle.pool);
		KUNIT_EXPECT_EQ(test, 0, stats.in_use);
		KUNIT_EXPECT_EQ(test, 0, stats.reserved);
		KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
		KUNIT_EXPECT_EQ(test, 0, stats.refused);
	}
}

/* The pool ends by a reservation. */
struct open {
	struct mpdemo_pool *pool;
	struct mpdemo_reservation r;
};

static void release_open(void *data)
{
	struct open *open = data;

	mpdemo_reservation_release(&open->r);
}

static void destroyed_while_open(struct kunit *test)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct mpdemo_test_log log;
	unsigned int context, i;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			/* More than one chain. */
			const struct mpdemo_pool_config config =
				config_of(kinds[i], 100);
			struct mpdemo_reservation none;
			struct open open;
			void *block;

			open.pool = mpdemo_pool_create(&config, GFP_KERNEL);
			KUNIT_ASSERT_FALSE(test, IS_ERR(open.pool));
			KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(open.pool, 80,
								     &open.r));
			mpdemo_test_log_begin(&log);
			mpdemo_pool_destroy(open.pool);
			KUNIT_EXPECT_EQ(test, 1,
					mpdemo_test_logged(test, &log,
							   "destroyed with 80 of 100"));
			KUNIT_EXPECT_GT(test, mpdemo_test_module_refs(test), refs);
			KUNIT_EXPECT_EQ(test, -ESHUTDOWN,
					mpdemo_pool_reserve(open.pool, 1, &none));
			block = mpdemo_reservation_alloc(&open.r, __GFP_ZERO);
			KUNIT_ASSERT_NOT_NULL(test, block);
			KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, SIZE));
			mpdemo_pool_free(open.pool, block);
			KUNIT_EXPECT_EQ(test, 79,
					mpdemo_reservation_left(&open.r));
			KUNIT_EXPECT_TRUE(test,
					  mpdemo_test_run_in(context, release_open,
							     &open));
			KUNIT_EXPECT_TRUE(test,
					  mpdemo_test_module_refs_become(test, refs));
		}
	}
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(counts),
	KUNIT_CASE(nobody_else_gets_them),
	KUNIT_CASE(refusals),
	KUNIT_CASE(all_or_nothing),
	KUNIT_CASE(free_of_a_reserved_one),
	KUNIT_CASE(thousands),
	KUNIT_CASE(in_any_context),
	KUNIT_CASE(past_the_magazines),
	KUNIT_CASE(on_all_cpus),
	KUNIT_CASE(destroyed_while_open),
	{}
};

static struct kunit_suite reserve_suite = {
	.name = "mpdemo_pool_reserve",
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);
