// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds blocks of a tracked pool: told by where the block was allocated, by which
 * task or in what else, and when.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <mempool_demo/guard.h>
#include <mempool_demo/wait.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE	32
#define BLOCKS	40

static struct mpdemo_pool *tracked(struct kunit *test, const char *name,
				   unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = name, .block_size = SIZE, .blocks = BLOCKS,
		.flags = flags | MPDEMO_POOL_TRACK,
	};

	return mpdemo_test_pool(test, &config);
}

static int set_sample(struct mpdemo_pool *pool, unsigned int sample)
{
	const struct mpdemo_pool_guard guard = { .sample = sample };

	return mpdemo_pool_set_guard(pool, &guard);
}

struct taken {
	struct mpdemo_pool *pool;
	void *blocks[2];
};

/* The callers that are to be told; what follows the call keeps it one. */
static noinline void take_one(void *data)
{
	struct taken *taken = data;

	WRITE_ONCE(taken->blocks[0], mpdemo_pool_alloc(taken->pool, GFP_ATOMIC));
}

static noinline void take_in_bulk(void *data)
{
	struct taken *taken = data;

	if (!mpdemo_pool_alloc_bulk(taken->pool, GFP_ATOMIC, 1, taken->blocks))
		WRITE_ONCE(taken->blocks[0], NULL);
}

static noinline void take_by_waiting(void *data)
{
	struct taken *taken = data;

	WRITE_ONCE(taken->blocks[0],
		   mpdemo_pool_alloc_wait(taken->pool, GFP_KERNEL, TASK_KILLABLE,
					  KTIME_MAX));
}

static void expect_name(struct kunit *test, const char *name,
			unsigned long caller)
{
	char text[128];

	if (!IS_ENABLED(CONFIG_KALLSYMS))
		return;
	snprintf(text, sizeof(text), "%pS", (void *)caller);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(text, name), "%s", text);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, "[" KBUILD_MODNAME), "%s",
				  text);
}

static void check_who(struct kunit *test, struct mpdemo_pool *pool,
		      mpdemo_test_fn take, const char *name)
{
	struct taken taken = { .pool = pool };
	struct mpdemo_holder holder;
	u64 before, after;

	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(pool, &holder, 1));
	before = ktime_get_mono_fast_ns();
	take(&taken);
	after = ktime_get_mono_fast_ns();
	KUNIT_ASSERT_NOT_NULL(test, taken.blocks[0]);
	KUNIT_ASSERT_EQ(test, 1, mpdemo_pool_get_holders(pool, &holder, 1));
	KUNIT_EXPECT_PTR_EQ(test, taken.blocks[0], holder.block);
	KUNIT_EXPECT_EQ(test, current->pid, holder.pid);
	KUNIT_EXPECT_EQ(test, MPDEMO_HOLDER_TASK, holder.context);
	KUNIT_EXPECT_GE(test, holder.since, before);
	KUNIT_EXPECT_LE(test, holder.since, after);
	expect_name(test, name, holder.caller);
	mpdemo_pool_free(pool, taken.blocks[0]);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(pool, NULL, 0));
}

static void who_it_is(struct kunit *test)
{
	struct mpdemo_pool *pool = tracked(test, "told-exact", 0);
	struct mpdemo_pool *percpu = tracked(test, "told-percpu",
					     MPDEMO_POOL_PERCPU);

	check_who(test, pool, take_one, "take_one");
	check_who(test, pool, take_in_bulk, "take_in_bulk");
	check_who(test, pool, take_by_waiting, "take_by_waiting");
	check_who(test, percpu, take_one, "take_one");
	check_who(test, percpu, take_in_bulk, "take_in_bulk");
}

/* An interrupt is not taken for the task that it has interrupted. */
static void contexts(struct kunit *test)
{
	static const enum mpdemo_holder_context expected[MPDEMO_TEST_CONTEXTS] = {
		[IN_SOFTIRQ] = MPDEMO_HOLDER_SOFTIRQ,
		[IN_HARDIRQ] = MPDEMO_HOLDER_HARDIRQ,
	};
	struct taken taken = { .pool = tracked(test, "contexts", 0) };
	struct mpdemo_holder holder;
	unsigned int i;

	mpdemo_test_pin(test, raw_smp_processor_id());
	for (i = 0; i < MPDEMO_TEST_CONTEXTS; i++) {
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(i, take_one, &taken));
		KUNIT_ASSERT_EQ(test, 1,
				mpdemo_pool_get_holders(taken.pool, &holder, 1));
		KUNIT_EXPECT_EQ_MSG(test, expected[i], holder.context, "%s",
				    mpdemo_test_context_names[i]);
		KUNIT_EXPECT_EQ_MSG(test, expected[i] ? 0 : current->pid,
				    holder.pid, "%s",
				    mpdemo_test_context_names[i]);
		mpdemo_pool_free(taken.pool, taken.blocks[0]);
	}
}

static void sampled(struct kunit *test)
{
	struct mpdemo_pool *pool = tracked(test, "sampled", 0);
	struct mpdemo_holder holders[4];
	void *blocks[BLOCKS];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, set_sample(pool, 4));
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
	/* More than there is room for; nothing is written behind it. */
	memset(holders, 0, sizeof(holders));
	KUNIT_EXPECT_EQ(test, BLOCKS / 4,
			mpdemo_pool_get_holders(pool, holders, 3));
	KUNIT_EXPECT_NOT_NULL(test, holders[2].block);
	KUNIT_EXPECT_NULL(test, holders[3].block);
	KUNIT_EXPECT_LT(test, mpdemo_pool_index(pool, holders[0].block),
			mpdemo_pool_index(pool, holders[1].block));

	/* None any more, and those that are held stay unknown. */
	KUNIT_ASSERT_EQ(test, 0, set_sample(pool, 0));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(pool, NULL, 0));
	mpdemo_pool_free(pool, blocks[0]);
	KUNIT_ASSERT_EQ(test, 0, set_sample(pool, 1));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(pool, NULL, 0));
	blocks[0] = mpdemo_pool_alloc(pool, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_pool_get_holders(pool, holders, 4));
	KUNIT_EXPECT_PTR_EQ(test, blocks[0], holders[0].block);
	for (i = 0; i < BLOCKS; i++)
		mpdemo_pool_free(pool, blocks[i]);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(pool, NULL, 0));
}

static void not_tracked(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "untracked", .block_size = SIZE, .blocks = BLOCKS,
		.flags = MPDEMO_POOL_RED_ZONE,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			mpdemo_pool_get_holders(pool, NULL, 0));
}

struct watch {
	struct mpdemo_pool *pool;
	struct mpdemo_test_hammer *hammer;
	atomic_t first;
	atomic_t bad;
	atomic_t seen;
	unsigned int rounds;
	unsigned long caller;	/* of all of them */
	u64 begin;
	struct mpdemo_holder holders[BLOCKS];
};

static void take_and_free(void *data)
{
	struct watch *watch = data;
	struct taken taken = { .pool = watch->pool };

	take_one(&taken);
	mpdemo_pool_free(watch->pool, taken.blocks[0]);
}

/* A record made of two would have a caller and a context that do not go together. */
static bool is_sound(const struct watch *watch, const struct mpdemo_holder *holder)
{
	return mpdemo_pool_index(watch->pool, holder->block) < BLOCKS &&
	       holder->caller == watch->caller &&
	       !!holder->pid == (holder->context == MPDEMO_HOLDER_TASK) &&
	       holder->since - watch->begin < 3600ULL * NSEC_PER_SEC;
}

static void watch_or_take(void *data)
{
	struct watch *watch = data;
	unsigned int i;
	int nr;

	if (atomic_inc_return(&watch->first) != 1) {
		while (atomic_read(&watch->first) > 0) {
			take_and_free(watch);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < watch->rounds || !mpdemo_test_hammered(watch->hammer); i++) {
		nr = mpdemo_pool_get_holders(watch->pool, watch->holders, BLOCKS);
		atomic_add(nr, &watch->seen);
		while (nr-- > 0)
			if (!is_sound(watch, &watch->holders[nr]))
				atomic_inc(&watch->bad);
		cond_resched();
	}
	atomic_set(&watch->first, INT_MIN);
}

static void watched_under_load(struct kunit *test)
{
	struct mpdemo_holder holder;
	struct taken taken;
	struct watch *watch;

	mpdemo_test_pin(test, raw_smp_processor_id());
	watch = kunit_kzalloc(test, sizeof(*watch), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, watch);
	watch->pool = tracked(test, "watched", 0);
	watch->rounds = mpdemo_test_rounds(20000);
	watch->begin = ktime_get_mono_fast_ns();
	/* Before that, what each of them is to look like. */
	taken.pool = watch->pool;
	take_one(&taken);
	KUNIT_ASSERT_EQ(test, 1, mpdemo_pool_get_holders(watch->pool, &holder, 1));
	watch->caller = holder.caller;
	/* It stays, so that there is one to be seen however few CPUs there are. */
	watch->hammer = mpdemo_test_hammer(test, take_and_free, watch);
	mpdemo_test_run_on_all(test, watch_or_take, watch);
	KUNIT_EXPECT_GT(test, mpdemo_test_hammer_end(watch->hammer), 0);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&watch->bad));
	KUNIT_EXPECT_GT(test, atomic_read(&watch->seen), 0);
	mpdemo_pool_free(watch->pool, taken.blocks[0]);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_get_holders(watch->pool, NULL, 0));
}

static noinline void give_back(struct taken *taken)
{
	mpdemo_pool_free(taken->pool, taken->blocks[0]);
	barrier();
}

static void told_with_errors(struct kunit *test)
{
	struct taken taken = { .pool = tracked(test, "told", MPDEMO_POOL_RED_ZONE) };
	struct mpdemo_test_log log;

	mpdemo_test_log_begin(&log);
	take_one(&taken);
	memset(taken.blocks[0] + SIZE, 0, 1);
	give_back(&taken);
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool told: block 0 was allocated by "));
	give_back(&taken);
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool told: block 0 was freed by "));
	KUNIT_EXPECT_EQ(test, 2,
			mpdemo_test_logged(test, &log, "in task %d, ",
					   current->pid));
	if (IS_ENABLED(CONFIG_KALLSYMS)) {
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log,
							    "allocated by take_one"));
		KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log,
							    "freed by give_back"));
	}
}

/* The clock may be a coarse one. */
static void wait_for_next_time(void)
{
	u64 now = ktime_get_mono_fast_ns();

	while (ktime_get_mono_fast_ns() == now)
		msleep(20);
}

/* The oldest four of six, whichever numbers their blocks have. */
static void told_at_destroy(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "old", .block_size = SIZE, .blocks = 8,
		.flags = MPDEMO_POOL_TRACK,
	};
	struct mpdemo_pool *pool = mpdemo_pool_create(&config, GFP_KERNEL);
	void *blocks[8], *again[6];
	struct mpdemo_test_log log;
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 8,
						       blocks));
	/* Freed from 0 on, so that the highest number is the oldest one. */
	for (i = 0; i < 8; i++)
		mpdemo_pool_free(pool, mpdemo_pool_block(pool, i));
	for (i = 0; i < 6; i++) {
		again[i] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		wait_for_next_time();
	}
	KUNIT_EXPECT_EQ(test, 7, mpdemo_pool_index(pool, again[0]));
	mpdemo_test_log_begin(&log);
	mpdemo_pool_destroy(pool);
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log,
						    "pool old: destroyed with 6 of 8"));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ_MSG(test, i >= 4,
				    mpdemo_test_logged(test, &log,
						       "pool old: block %u was allocated by ",
						       i), "%u", i);
	for (i = 0; i < 6; i++)
		mpdemo_pool_free(pool, again[i]);
}

static struct kunit_case holders_cases[] = {
	KUNIT_CASE(who_it_is),
	KUNIT_CASE(contexts),
	KUNIT_CASE(sampled),
	KUNIT_CASE(not_tracked),
	KUNIT_CASE(watched_under_load),
	KUNIT_CASE(told_with_errors),
	KUNIT_CASE(told_at_destroy),
	{}
};

static struct kunit_suite holders_suite = {
	.name = "mpdemo_pool_holders",
	.test_cases = holders_cases,
};

kunit_test_suite(holders_suite);
