// SPDX-License-Identifier: GPL-2.0
/*
 * Each call in each state that a pool can be in: the table of Documentation/pools.rst,
 * of which "make check" sees that it is this one.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/string.h>

#include <mempool_demo/failure.h>
#include <mempool_demo/fault.h>
#include <mempool_demo/grow.h>
#include <mempool_demo/guard.h>
#include <mempool_demo/level.h>
#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "helpers.h"

#define BLOCKS		8
#define RESERVED	2

/* Long enough for what is to happen, short for what is not. */
#define PATIENCE_MSECS	60000
#define IN_VAIN_MSECS	30

enum state {
	FREE,			/* blocks are free */
	CAREFUL,		/* the same, and the gate is shut */
	EXHAUSTED,		/* none is free, nobody waits */
	WAITED,			/* none is free, and somebody waits */
	GROWING,		/* none is free, below the maximum */
	RETIRING,		/* blocks are free, a chunk is to be given back */
	DYING,			/* destroyed, a block is held */
	PERCPU,			/* blocks are free, of a pool per CPU */
	STATES,
};

/* A pool in a state: some blocks are held, RESERVED of them are reserved. */
struct scene {
	struct kunit *test;
	enum state state;
	const char *expected;
	struct mpdemo_pool *pool;
	void *held[2 * BLOCKS];
	unsigned int nr_held;
	struct mpdemo_reservation reservation;
	struct task_struct *waiter;
	void *waited_for;
	bool destroyed;
};

static void ignore_level(struct mpdemo_pool *pool, enum mpdemo_level level,
			 void *data)
{
}

static const char *error_name(long error)
{
	switch (error) {
	case 0:
		return "0";
	case -EAGAIN:
		return "-EAGAIN";
	case -ETIME:
		return "-ETIME";
	case -ESHUTDOWN:
		return "-ESHUTDOWN";
	case -EOPNOTSUPP:
		return "-EOPNOTSUPP";
	default:
		return "another error";
	}
}

/* What was got is held from now on. */
static const char *got(struct scene *scene, void *block)
{
	if (IS_ERR(block))
		return error_name(PTR_ERR(block));
	if (!block)
		return "NULL";
	scene->held[scene->nr_held++] = block;
	return "block";
}

static ktime_t deadline_of(const struct scene *scene)
{
	return ktime_add_ms(ktime_get(), strcmp(scene->expected, "-ETIME") ?
			    PATIENCE_MSECS : IN_VAIN_MSECS);
}

static const char *alloc_atomic(struct scene *scene)
{
	return got(scene, mpdemo_pool_alloc(scene->pool, GFP_ATOMIC));
}

static const char *alloc_sleeping(struct scene *scene)
{
	return got(scene, mpdemo_pool_alloc(scene->pool, GFP_KERNEL));
}

static const char *alloc_bulk(struct scene *scene)
{
	void **blocks = scene->held + scene->nr_held;

	if (!mpdemo_pool_alloc_bulk(scene->pool, GFP_KERNEL, 2, blocks))
		return "false";
	scene->nr_held += 2;
	return "true";
}

static const char *alloc_wait_past(struct scene *scene)
{
	return got(scene, mpdemo_pool_alloc_wait(scene->pool, GFP_KERNEL,
						 TASK_KILLABLE, 0));
}

static const char *alloc_wait(struct scene *scene)
{
	return got(scene, mpdemo_pool_alloc_wait(scene->pool, GFP_KERNEL,
						 TASK_KILLABLE,
						 deadline_of(scene)));
}

static const char *reserve(struct scene *scene)
{
	struct mpdemo_reservation reservation;
	int ret = mpdemo_pool_reserve(scene->pool, 1, &reservation);

	mpdemo_reservation_release(&reservation);
	return error_name(ret);
}

static const char *reserve_wait(struct scene *scene)
{
	struct mpdemo_reservation reservation;
	int ret = mpdemo_pool_reserve_wait(scene->pool, 1, TASK_KILLABLE,
					   deadline_of(scene), &reservation);

	mpdemo_reservation_release(&reservation);
	return error_name(ret);
}

static const char *reservation_alloc(struct scene *scene)
{
	return got(scene, mpdemo_reservation_alloc(&scene->reservation,
						   GFP_ATOMIC));
}

/* What became of @n blocks that somebody had until now. */
static const char *where_to(struct scene *scene, unsigned int before,
			    unsigned int n)
{
	unsigned int msecs = 0;

	if (scene->waiter) {
		while (!READ_ONCE(scene->waited_for) && msecs++ < PATIENCE_MSECS)
			usleep_range(500, 1000);
		return READ_ONCE(scene->waited_for) &&
		       mpdemo_test_in_use_becomes(scene->pool, before - n + 1) ?
			"granted" : "lost";
	}
	return mpdemo_test_pool_stats(scene->pool).in_use == before - n ?
		"free" : "lost";
}

static const char *reservation_release(struct scene *scene)
{
	unsigned int before = mpdemo_test_pool_stats(scene->pool).in_use;
	const char *where;

	mpdemo_reservation_release(&scene->reservation);
	where = where_to(scene, before, RESERVED);
	return mpdemo_test_pool_stats(scene->pool).reserved ? "reserved" : where;
}

static const char *free_one(struct scene *scene)
{
	unsigned int before = mpdemo_test_pool_stats(scene->pool).in_use;

	mpdemo_pool_free(scene->pool, scene->held[--scene->nr_held]);
	return where_to(scene, before, 1);
}

static const char *free_bulk(struct scene *scene)
{
	unsigned int before = mpdemo_test_pool_stats(scene->pool).in_use;

	scene->nr_held -= 2;
	mpdemo_pool_free_bulk(scene->pool, 2, scene->held + scene->nr_held);
	return where_to(scene, before, 2);
}

static const char *refused(struct scene *scene, void *block)
{
	u64 before = mpdemo_test_pool_stats(scene->pool).refused;

	mpdemo_pool_free(scene->pool, block);
	return mpdemo_test_pool_stats(scene->pool).refused == before + 1 ?
		"refused" : "taken";
}

static const char *free_again(struct scene *scene)
{
	void *block = scene->held[--scene->nr_held];

	mpdemo_pool_free(scene->pool, block);
	/* Who waits may have it now. */
	if (scene->waiter) {
		where_to(scene, 0, 0);
		return refused(scene, block + 1);
	}
	return refused(scene, block);
}

static const char *free_foreign(struct scene *scene)
{
	return refused(scene, scene);
}

static const char *set_levels(struct scene *scene)
{
	const struct mpdemo_pool_levels levels = {
		.low = 1, .high = 3, .notify = ignore_level,
	};

	return error_name(mpdemo_pool_set_levels(scene->pool, &levels));
}

static const char *set_guard(struct scene *scene)
{
	const struct mpdemo_pool_guard guard = { .flags = MPDEMO_GUARD_POISON };

	return error_name(mpdemo_pool_set_guard(scene->pool, &guard));
}

static const char *fail_every(struct scene *scene)
{
	return error_name(mpdemo_pool_fail_every(scene->pool, 1000));
}

static const char *shrink(struct scene *scene)
{
	return mpdemo_pool_shrink(scene->pool) ? "some" : "0";
}

static const char *last_failure(struct scene *scene)
{
	struct mpdemo_pool_failure failure;

	alloc_atomic(scene);
	return mpdemo_pool_last_failure(scene->pool, &failure) ? "told" : "none";
}

static const char *get_holders(struct scene *scene)
{
	struct mpdemo_holder holders[2];
	int ret = mpdemo_pool_get_holders(scene->pool, holders, 2);

	return ret > 0 ? "told" : error_name(ret);
}

/* Blocks are held and reserved: it must not end before they are home. */
static const char *destroy(struct scene *scene)
{
	mpdemo_test_pool_end(scene->test, scene->pool);
	scene->destroyed = true;
	return mpdemo_test_pool_stats(scene->pool).in_use ? "dying" : "gone";
}

static const struct row {
	const char *call;
	const char *(*make)(struct scene *scene);
	const char *results[STATES];
} rows[] = {
	/* Begin of the table */
	{
		"alloc(), GFP_ATOMIC", alloc_atomic,
		{ "block", "block", "NULL", "NULL", "NULL", "block", "NULL", "block" },
	},
	{
		"alloc(), GFP_KERNEL", alloc_sleeping,
		{ "block", "block", "NULL", "NULL", "block", "block", "NULL", "block" },
	},
	{
		"alloc_bulk(), GFP_KERNEL", alloc_bulk,
		{ "true", "true", "false", "false", "true", "true", "false", "true" },
	},
	{
		"alloc_wait(), deadline passed", alloc_wait_past,
		{ "block", "block", "-ETIME", "-ETIME",
		  "-ETIME", "block", "-ESHUTDOWN", "-EOPNOTSUPP" },
	},
	{
		"alloc_wait()", alloc_wait,
		{ "block", "block", "-ETIME", "-ETIME",
		  "block", "block", "-ESHUTDOWN", "-EOPNOTSUPP" },
	},
	{
		"reserve()", reserve,
		{ "0", "0", "-EAGAIN", "-EAGAIN", "-EAGAIN", "0", "-ESHUTDOWN", "0" },
	},
	{
		"reserve_wait()", reserve_wait,
		{ "0", "0", "-ETIME", "-ETIME", "0", "0", "-ESHUTDOWN", "-EOPNOTSUPP" },
	},
	{
		"reservation_alloc()", reservation_alloc,
		{ "block", "block", "block", "block", "block", "block", "block", "block" },
	},
	{
		"reservation_release()", reservation_release,
		{ "free", "free", "free", "granted", "free", "free", "free", "free" },
	},
	{
		"free()", free_one,
		{ "free", "free", "free", "granted", "free", "free", "free", "free" },
	},
	{
		"free_bulk()", free_bulk,
		{ "free", "free", "free", "granted", "free", "free", "free", "free" },
	},
	{
		"free() again", free_again,
		{ "refused", "refused", "refused", "refused",
		  "refused", "refused", "refused", "refused" },
	},
	{
		"free(), no block", free_foreign,
		{ "refused", "refused", "refused", "refused",
		  "refused", "refused", "refused", "refused" },
	},
	{
		"set_levels()", set_levels,
		{ "0", "0", "0", "0", "0", "0", "-ESHUTDOWN", "0" },
	},
	{
		"set_guard()", set_guard,
		{ "0", "0", "0", "0", "0", "0", "-ESHUTDOWN", "0" },
	},
	{
		"fail_every()", fail_every,
		{ "0", "0", "0", "0", "0", "0", "-ESHUTDOWN", "0" },
	},
	{
		"shrink()", shrink,
		{ "0", "0", "0", "0", "0", "0", "0", "0" },
	},
	{
		"last_failure()", last_failure,
		{ "none", "none", "told", "told", "told", "none", "told", "none" },
	},
	{
		"get_holders()", get_holders,
		{ "-EOPNOTSUPP", "told", "-EOPNOTSUPP", "-EOPNOTSUPP",
		  "-EOPNOTSUPP", "-EOPNOTSUPP", "-EOPNOTSUPP", "-EOPNOTSUPP" },
	},
	{
		"destroy()", destroy,
		{ "dying", "dying", "dying", "dying", "dying", "dying", "forbidden", "dying" },
	},
	/* End of the table */
};

static void hold(struct scene *scene, unsigned int n)
{
	while (n--)
		KUNIT_ASSERT_STREQ(scene->test, "block", alloc_sleeping(scene));
}

static int wait_thread(void *data)
{
	struct scene *scene = data;
	void *block = mpdemo_pool_alloc_wait(scene->pool, GFP_KERNEL,
					     TASK_UNINTERRUPTIBLE, KTIME_MAX);

	WRITE_ONCE(scene->waited_for, block);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static void begin_wait(struct scene *scene)
{
	unsigned int msecs = 0;

	scene->waiter = kthread_run(wait_thread, scene, "mpdemo_waiter");
	KUNIT_ASSERT_FALSE(scene->test, IS_ERR(scene->waiter));
	while (!mpdemo_test_pool_stats(scene->pool).waiters &&
	       msecs++ < PATIENCE_MSECS)
		usleep_range(500, 1000);
	KUNIT_ASSERT_EQ(scene->test, 1,
			mpdemo_test_pool_stats(scene->pool).waiters);
}

/* All that there may be, then so much less that the other chunk is to go. */
static void retire_a_chunk(struct scene *scene)
{
	hold(scene, 2 * BLOCKS - RESERVED);
	/* The newest are in the other chunk; one of them stays. */
	swap(scene->held[0], scene->held[scene->nr_held - 1]);
	while (scene->nr_held > 1)
		mpdemo_pool_free(scene->pool, scene->held[--scene->nr_held]);
	hold(scene, 2);
	mpdemo_pool_shrink(scene->pool);
	KUNIT_ASSERT_EQ(scene->test, 1,
			mpdemo_test_pool_stats(scene->pool).retiring);
}

static void enter_state(struct scene *scene)
{
	bool grows = scene->state == GROWING || scene->state == RETIRING;
	const struct mpdemo_pool_config config = {
		.name = "states", .block_size = 32, .blocks = BLOCKS,
		.max_blocks = grows ? 2 * BLOCKS : 0,
		.chunk_blocks = grows ? BLOCKS : 0,
		.flags = scene->state == PERCPU ? MPDEMO_POOL_PERCPU :
			 scene->state == CAREFUL ?
			 MPDEMO_POOL_RED_ZONE | MPDEMO_POOL_TRACK : 0,
		.magazine = scene->state == PERCPU ? 2 : 0,
	};

	scene->pool = mpdemo_test_pool(scene->test, &config);
	KUNIT_ASSERT_EQ(scene->test, 0,
			mpdemo_pool_reserve(scene->pool, RESERVED,
					    &scene->reservation));
	switch (scene->state) {
	case EXHAUSTED:
	case WAITED:
	case GROWING:
		hold(scene, BLOCKS - RESERVED);
		break;
	case RETIRING:
		retire_a_chunk(scene);
		break;
	default:
		hold(scene, 3);
		break;
	}
	if (scene->state == WAITED)
		begin_wait(scene);
	if (scene->state == DYING) {
		mpdemo_test_pool_end(scene->test, scene->pool);
		scene->destroyed = true;
	}
}

/* All that is left comes home, in whatever state that is. */
static void leave_state(struct scene *scene)
{
	/* It holds one, unless it waits still. */
	if (scene->waiter) {
		if (!READ_ONCE(scene->waited_for) && scene->nr_held)
			free_one(scene);
		kthread_stop(scene->waiter);
		if (!IS_ERR_OR_NULL(scene->waited_for))
			mpdemo_pool_free(scene->pool, scene->waited_for);
	}
	mpdemo_reservation_release(&scene->reservation);
	/* The last one may end the pool. */
	mpdemo_pool_free_bulk(scene->pool, scene->nr_held, scene->held);
	if (!scene->destroyed) {
		KUNIT_EXPECT_EQ(scene->test, 0,
				mpdemo_test_pool_stats(scene->pool).in_use);
		mpdemo_test_pool_end(scene->test, scene->pool);
	}
}

static void each_call_in(struct kunit *test, enum state state)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct scene *scene;
	const char *result;
	unsigned int i;

	scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scene);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].results[state], "forbidden"))
			continue;
		memset(scene, 0, sizeof(*scene));
		scene->test = test;
		scene->state = state;
		scene->expected = rows[i].results[state];
		enter_state(scene);
		result = rows[i].make(scene);
		if (strcmp(result, scene->expected))
			KUNIT_FAIL(test, "%s: %s, and not %s", rows[i].call,
				   result, scene->expected);
		leave_state(scene);
	}
	KUNIT_EXPECT_TRUE(test, mpdemo_test_module_refs_become(test, refs));
}

static void blocks_free(struct kunit *test)
{
	each_call_in(test, FREE);
}

static void blocks_free_careful(struct kunit *test)
{
	each_call_in(test, CAREFUL);
}

static void exhausted(struct kunit *test)
{
	each_call_in(test, EXHAUSTED);
}

static void waited_for(struct kunit *test)
{
	each_call_in(test, WAITED);
}

static void can_grow(struct kunit *test)
{
	each_call_in(test, GROWING);
}

static void retires_a_chunk(struct kunit *test)
{
	each_call_in(test, RETIRING);
}

static void dying(struct kunit *test)
{
	each_call_in(test, DYING);
}

static void blocks_free_percpu(struct kunit *test)
{
	each_call_in(test, PERCPU);
}

static struct kunit_case states_cases[] = {
	KUNIT_CASE(blocks_free),
	KUNIT_CASE(blocks_free_careful),
	KUNIT_CASE(exhausted),
	KUNIT_CASE(waited_for),
	KUNIT_CASE(can_grow),
	KUNIT_CASE(retires_a_chunk),
	KUNIT_CASE(dying),
	KUNIT_CASE(blocks_free_percpu),
	{ }
};

static struct kunit_suite states_suite = {
	.name = "mpdemo_pool_states",
	.test_cases = states_cases,
};

kunit_test_suite(states_suite);
