// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that grow, and are destroyed in each state that they can be in: growing has
 * stopped when that returns, memory in use stays, the rest goes chunk by chunk, and
 * the last block, wherever it is freed, ends the pool.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <mempool_demo/grow.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "grow_test.h"
#include "helpers.h"

struct dying {
	struct kunit *test;
	struct mpdemo_pool *pool;
	int refs;		/* of the module, before */
	void *blocks[MOST];	/* by their numbers, those that are held */
	unsigned int last;
};

static void begin(struct dying *d, struct kunit *test)
{
	memset(d, 0, sizeof(*d));
	d->test = test;
	d->refs = mpdemo_test_module_refs_quiet(test);
	d->pool = mpdemo_pool_create(&growing, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(d->pool));
}

static void hold_some(struct dying *d, unsigned int n)
{
	while (n--) {
		unsigned int index;
		void *block;

		hold(d->test, d->pool, 1, &block);
		index = mpdemo_pool_index(d->pool, block);
		KUNIT_ASSERT_LT(d->test, index, MOST);
		d->blocks[index] = block;
	}
}

static bool is_whole(const struct dying *d, unsigned int index)
{
	return !memchr_inv(d->blocks[index], index + 1, SIZE);
}

/* From @first on, and before @end. */
static void give_some(struct dying *d, unsigned int first, unsigned int end)
{
	for (; first < end; first++) {
		KUNIT_EXPECT_TRUE(d->test, is_whole(d, first));
		mpdemo_pool_free(d->pool, d->blocks[first]);
	}
}

/* @n are held, and the log tells so. */
static void destroy(struct dying *d, unsigned int n)
{
	struct mpdemo_test_log log;

	mpdemo_test_log_begin(&log);
	mpdemo_pool_destroy(d->pool);
	KUNIT_EXPECT_EQ(d->test, n ? 1 : 0,
			mpdemo_test_logged(d->test, &log,
					   "destroyed with %u of %u blocks in use",
					   n, MOST));
	if (n)
		KUNIT_EXPECT_GT(d->test, mpdemo_test_module_refs(d->test), d->refs);
	else
		KUNIT_EXPECT_EQ(d->test, d->refs, mpdemo_test_module_refs(d->test));
}

static void give_last(void *data)
{
	struct dying *d = data;

	mpdemo_pool_free(d->pool, d->blocks[d->last]);
}

/* The last block, which has kept the pool. */
static void end(struct dying *d, unsigned int index,
		enum mpdemo_test_context context)
{
	d->last = index;
	KUNIT_EXPECT_GT(d->test, mpdemo_test_module_refs(d->test), d->refs);
	KUNIT_EXPECT_TRUE(d->test, is_whole(d, index));
	KUNIT_EXPECT_TRUE(d->test, mpdemo_test_run_in(context, give_last, d));
	KUNIT_EXPECT_TRUE(d->test,
			  mpdemo_test_module_refs_become(d->test, d->refs));
}

static void nothing_held(struct kunit *test)
{
	struct dying d;

	begin(&d, test);
	destroy(&d, 0);
	begin(&d, test);
	hold_some(&d, MOST);
	give_some(&d, 0, MOST);
	destroy(&d, 0);
}

/* The last one to come is one of the floor, or of another chunk. */
static void last_free_from_any_context(struct kunit *test)
{
	static const unsigned int lasts[] = { 3, FLOOR, FLOOR + CHUNK, MOST - 1 };
	unsigned int context, last;
	struct dying d;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		last = lasts[context % ARRAY_SIZE(lasts)];
		begin(&d, test);
		hold_some(&d, MOST);
		destroy(&d, MOST);
		give_some(&d, 0, last);
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(d.pool, GFP_KERNEL));
		give_some(&d, last + 1, MOST);
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(d.pool, GFP_NOWAIT));
		end(&d, last, context);
	}
}

static bool chunks_become(const struct mpdemo_pool *pool, unsigned int chunks)
{
	unsigned int tries = 1000;

	while (mpdemo_test_pool_stats(pool).chunks != chunks && tries--)
		msleep(20);
	return mpdemo_test_pool_stats(pool).chunks == chunks;
}

/* The floor as well, once it is home. */
static void each_chunk_goes_by_itself(struct kunit *test)
{
	struct dying d;
	size_t before;

	begin(&d, test);
	hold_some(&d, MOST);
	give_some(&d, FLOOR, FLOOR + CHUNK);
	destroy(&d, MOST - CHUNK);
	/* The one that was home already went at once. */
	KUNIT_EXPECT_EQ(test, CHUNKS - 1, mpdemo_test_pool_stats(d.pool).chunks);
	before = mpdemo_test_pool_stats(d.pool).footprint;
	give_some(&d, 0, FLOOR);
	KUNIT_EXPECT_TRUE(test, chunks_become(d.pool, CHUNKS - 2));
	KUNIT_EXPECT_LE(test,
			mpdemo_test_pool_stats(d.pool).footprint + FLOOR * SIZE,
			before);
	give_some(&d, FLOOR + CHUNK, FLOOR + 2 * CHUNK);
	KUNIT_EXPECT_TRUE(test, chunks_become(d.pool, CHUNKS - 3));
	give_some(&d, FLOOR + 2 * CHUNK, MOST - 1);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(d.pool).in_use);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(d.pool).refused);
	end(&d, MOST - 1, IN_TASK);
}

static void while_a_chunk_retires(struct kunit *test)
{
	unsigned int last = FLOOR;
	struct dying d;

	begin(&d, test);
	hold_some(&d, FLOOR + 1);
	while (!d.blocks[last])
		last++;
	give_some(&d, 0, FLOOR);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_shrink(d.pool));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(d.pool).retiring);
	destroy(&d, 1);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(d.pool).chunks);
	end(&d, last, IN_HARDIRQ);
}

/* It was kicked a moment before; from then on it does not grow. */
static void while_it_grows(struct kunit *test)
{
	unsigned int rounds = max(mpdemo_test_rounds(24), 8U), round;
	struct dying d;

	for (round = 0; round < rounds; round++) {
		begin(&d, test);
		hold_some(&d, FLOOR);
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(d.pool, GFP_ATOMIC));
		udelay(50 * (round % 4));
		destroy(&d, FLOOR);
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(d.pool).chunks);
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(d.pool, GFP_ATOMIC));
		KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(d.pool, GFP_KERNEL));
		give_some(&d, 1, FLOOR);
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_pool_stats(d.pool).chunks);
		end(&d, 0, IN_TASK);
	}
}

#define WAITERS 5

struct waiting {
	struct mpdemo_pool *pool;
	atomic_t to_come;
	atomic_t told;		/* -ESHUTDOWN */
	struct completion done;
};

static int waiter_thread(void *data)
{
	struct waiting *w = data;
	void *block = mpdemo_pool_alloc_wait(w->pool, GFP_KERNEL,
					     TASK_UNINTERRUPTIBLE, KTIME_MAX);

	if (block == ERR_PTR(-ESHUTDOWN))
		atomic_inc(&w->told);
	if (atomic_dec_and_test(&w->to_come))
		complete(&w->done);
	return 0;
}

static void while_tasks_wait(struct kunit *test)
{
	struct waiting w = { .to_come = ATOMIC_INIT(WAITERS) };
	struct task_struct *thread;
	struct dying d;
	unsigned int i;

	begin(&d, test);
	hold_some(&d, MOST);
	w.pool = d.pool;
	init_completion(&w.done);
	for (i = 0; i < WAITERS; i++) {
		u64 waits = mpdemo_test_pool_stats(d.pool).waits;

		thread = kthread_run(waiter_thread, &w, "mpdemo_waiter");
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
		while (mpdemo_test_pool_stats(d.pool).waits == waits)
			msleep(20);
	}
	destroy(&d, MOST);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, WAITERS, atomic_read(&w.told));
	give_some(&d, 1, MOST);
	end(&d, 0, IN_SOFTIRQ);
}

/* One CPU destroys while others free: none is lost between the two. */
struct crossing {
	struct dying *d;
	atomic_t next;
	unsigned int destroyer;
};

static void free_or_destroy(void *data)
{
	struct crossing *c = data;
	unsigned int i;

	if (raw_smp_processor_id() == c->destroyer) {
		mpdemo_pool_destroy(c->d->pool);
		return;
	}
	while ((i = atomic_inc_return(&c->next) - 1) < MOST)
		mpdemo_pool_free(c->d->pool, c->d->blocks[i]);
}

static void frees_cross_the_destroy(struct kunit *test)
{
	struct crossing c = { .destroyer = mpdemo_test_other_cpu(test) };
	unsigned int round;
	struct dying d;

	c.d = &d;
	for (round = 0; round < 10; round++) {
		begin(&d, test);
		hold_some(&d, MOST);
		atomic_set(&c.next, 0);
		mpdemo_test_run_on_all(test, free_or_destroy, &c);
		KUNIT_ASSERT_TRUE(test,
				  mpdemo_test_module_refs_become(test, d.refs));
	}
}

static struct kunit_case grow_destroy_cases[] = {
	KUNIT_CASE(nothing_held),
	KUNIT_CASE(last_free_from_any_context),
	KUNIT_CASE(each_chunk_goes_by_itself),
	KUNIT_CASE(while_a_chunk_retires),
	KUNIT_CASE(while_it_grows),
	KUNIT_CASE(while_tasks_wait),
	KUNIT_CASE(frees_cross_the_destroy),
	{}
};

static struct kunit_suite grow_destroy_suite = {
	.name = "mpdemo_pool_grow_destroy",
	.test_cases = grow_destroy_cases,
};

kunit_test_suite(grow_destroy_suite);
