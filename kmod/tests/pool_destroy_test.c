// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that are destroyed while blocks are held: nothing in use is freed, the
 * log tells, and the last free, wherever it happens, ends the pool. Until then the
 * module cannot go.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE	64
#define BLOCKS	10
#define MAGAZINE 4
#define HELD	6

struct dying {
	struct kunit *test;
	struct mpdemo_pool *pool;
	void *blocks[HELD];
	unsigned int nr;	/* still held */
	int refs;		/* of the module, before */
};

static struct mpdemo_pool *pool_of_kind(struct kunit *test, const char *name,
					unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = name, .block_size = SIZE, .blocks = BLOCKS,
		.flags = flags, .magazine = flags ? MAGAZINE : 0,
	};
	struct mpdemo_pool *pool = mpdemo_pool_create(&config, GFP_KERNEL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	return pool;
}

/* Destroy a pool of which HELD blocks are held, and look at what is said. */
static void begin(struct dying *d, struct kunit *test, const char *name,
		  unsigned int flags)
{
	struct mpdemo_test_log log;
	unsigned int i;

	d->test = test;
	d->refs = mpdemo_test_module_refs_quiet(test);
	d->pool = pool_of_kind(test, name, flags);
	for (i = 0; i < HELD; i++) {
		d->blocks[i] = mpdemo_pool_alloc(d->pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, d->blocks[i]);
		memset(d->blocks[i], i, SIZE);
	}
	d->nr = HELD;
	KUNIT_EXPECT_EQ(test, d->refs, mpdemo_test_module_refs(test));
	mpdemo_test_log_begin(&log);
	mpdemo_pool_destroy(d->pool);
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool %s: destroyed with %u of %u %s, by ",
					   name, HELD, BLOCKS, "blocks in use"));
	KUNIT_EXPECT_GT(test, mpdemo_test_module_refs(test), d->refs);
	for (i = 0; i < HELD; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(d->blocks[i], i, SIZE));
}

static void free_one(void *data)
{
	struct dying *d = data;

	mpdemo_pool_free(d->pool, d->blocks[--d->nr]);
}

static void free_rest(void *data)
{
	struct dying *d = data;
	unsigned int n = d->nr;

	d->nr = 0;
	mpdemo_pool_free_bulk(d->pool, n, d->blocks);
}

/* All but one, which keeps the pool; then that one too. */
static void end(struct dying *d, enum mpdemo_test_context context,
		mpdemo_test_fn last)
{
	unsigned int keep = last == free_rest ? 3 : 1, i;

	while (d->nr > keep)
		free_one(d);
	KUNIT_EXPECT_GT(d->test, mpdemo_test_module_refs(d->test), d->refs);
	for (i = 0; i < keep; i++) {
		memset(d->blocks[i], 0x5a, SIZE);
		KUNIT_EXPECT_NULL(d->test, memchr_inv(d->blocks[i], 0x5a, SIZE));
	}
	KUNIT_EXPECT_TRUE(d->test, mpdemo_test_run_in(context, last, d));
	KUNIT_EXPECT_TRUE(d->test,
			  mpdemo_test_module_refs_become(d->test, d->refs));
}

static void last_free_from_any_context(struct kunit *test)
{
	unsigned int context;
	struct dying d;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		begin(&d, test, "dying-exact", 0);
		end(&d, context, free_one);
		begin(&d, test, "dying-percpu", MPDEMO_POOL_PERCPU);
		end(&d, context, free_one);
	}
}

static void last_free_in_bulk(struct kunit *test)
{
	unsigned int context;
	struct dying d;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		begin(&d, test, "dying-exact", 0);
		end(&d, context, free_rest);
		begin(&d, test, "dying-percpu", MPDEMO_POOL_PERCPU);
		end(&d, context, free_rest);
	}
}

/* Not all of them in one: the first refused ones must not end it. */
static void double_free_while_dying(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };
	struct mpdemo_test_log log;
	struct dying d;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		void *gone[2 * HELD];

		begin(&d, test, "dying-twice", kinds[i]);
		mpdemo_test_log_begin(&log);
		while (d.nr > 1)
			free_one(&d);
		for (unsigned int j = 0; j < 2 * HELD; j++)
			gone[j] = d.blocks[1 + j % (HELD - 1)];
		mpdemo_pool_free(d.pool, gone[0]);
		mpdemo_pool_free_bulk(d.pool, 2 * HELD, gone);
		mpdemo_pool_free(d.pool, &d);
		KUNIT_EXPECT_EQ(test, 1,
				mpdemo_test_logged(test, &log,
						   "pool dying-twice: free of block %u %s",
						   mpdemo_pool_index(d.pool, gone[0]),
						   "refused: it is free already"));
		end(&d, IN_TASK, free_one);
	}
}

/*
 * The last held block is not the last one of a bulk. What follows is looked at
 * while the pool may be gone, so nothing of it may be: KASAN sees it, the more
 * likely the more there is.
 */
#define BEHIND	4000

static void bulk_goes_on(struct kunit *test, unsigned int flags,
			 void *(*behind)(struct dying *d, unsigned int i))
{
	void **blocks = kunit_kcalloc(test, HELD + BEHIND, sizeof(void *),
				      GFP_KERNEL);
	unsigned int round, i;
	struct dying d;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for (round = 0; round < 5; round++) {
		begin(&d, test, "dying-behind", flags);
		memcpy(blocks, d.blocks, sizeof(d.blocks));
		for (i = 0; i < BEHIND; i++)
			blocks[HELD + i] = behind(&d, i);
		mpdemo_pool_free_bulk(d.pool, HELD + BEHIND, blocks);
		KUNIT_EXPECT_TRUE(test,
				  mpdemo_test_module_refs_become(test, d.refs));
	}
	kunit_kfree(test, blocks);
}

static void *nothing(struct dying *d, unsigned int i)
{
	return NULL;
}

static void *the_last_again(struct dying *d, unsigned int i)
{
	return d->blocks[HELD - 1];
}

static void *no_block(struct dying *d, unsigned int i)
{
	return d;
}

static void behind_the_last_block(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		bulk_goes_on(test, kinds[i], nothing);
		bulk_goes_on(test, kinds[i], the_last_again);
		bulk_goes_on(test, kinds[i], no_block);
	}
}

/* The good ones fill a chain to its end; what is behind them begins a new one. */
#define CHAIN	32

static void behind_a_full_chain(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };
	int refs = mpdemo_test_module_refs_quiet(test);
	void **blocks = kunit_kcalloc(test, CHAIN + BEHIND, sizeof(void *),
				      GFP_KERNEL);
	unsigned int round, i;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for (round = 0; round < 10; round++) {
		const struct mpdemo_pool_config config = {
			.name = "dying-chain", .block_size = SIZE,
			.blocks = CHAIN, .flags = kinds[round % 2],
			.magazine = round % 2 ? MAGAZINE : 0,
		};
		struct mpdemo_pool *pool = mpdemo_pool_create(&config, GFP_KERNEL);

		KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
		KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							       CHAIN, blocks));
		for (i = 0; i < BEHIND; i++)
			blocks[CHAIN + i] = blocks;
		mpdemo_pool_destroy(pool);
		mpdemo_pool_free_bulk(pool, CHAIN + BEHIND, blocks);
		KUNIT_EXPECT_TRUE(test,
				  mpdemo_test_module_refs_become(test, refs));
	}
}

/* No block of a dying pool can be had, also not from the magazine of a CPU. */
struct late {
	struct mpdemo_pool *pool;
	unsigned int got;
};

static void cache_some(void *data)
{
	struct late *late = data;
	void *blocks[2];

	blocks[0] = mpdemo_pool_alloc(late->pool, GFP_KERNEL);
	blocks[1] = mpdemo_pool_alloc(late->pool, GFP_KERNEL);
	mpdemo_pool_free(late->pool, blocks[0]);
	mpdemo_pool_free(late->pool, blocks[1]);
}

static void alloc_late(void *data)
{
	struct late *late = data;
	void *blocks[2];

	late->got += !!mpdemo_pool_alloc(late->pool, GFP_KERNEL);
	late->got += mpdemo_pool_alloc_bulk(late->pool, GFP_KERNEL, 1, blocks);
	late->got += mpdemo_pool_alloc_bulk(late->pool, GFP_KERNEL, 2, blocks);
}

static void no_block_from_a_dying_pool(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };
	int refs = mpdemo_test_module_refs_quiet(test);
	unsigned int i, cpu;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct late late = {
			.pool = pool_of_kind(test, "dying-late", kinds[i]),
		};
		void *held = mpdemo_pool_alloc(late.pool, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, held);
		for_each_online_cpu(cpu)
			mpdemo_test_run_on(test, cpu, cache_some, &late);
		if (kinds[i])
			KUNIT_EXPECT_GT(test,
					mpdemo_test_pool_stats(late.pool).cached,
					num_online_cpus());
		mpdemo_pool_destroy(late.pool);
		for_each_online_cpu(cpu)
			mpdemo_test_run_on(test, cpu, alloc_late, &late);
		KUNIT_EXPECT_EQ(test, 0, late.got);
		KUNIT_EXPECT_GT(test, mpdemo_test_module_refs(test), refs);
		mpdemo_pool_free(late.pool, held);
		KUNIT_EXPECT_TRUE(test,
				  mpdemo_test_module_refs_become(test, refs));
	}
}

static void nothing_held(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_POOL_PERCPU };
	int refs = mpdemo_test_module_refs_quiet(test);
	struct mpdemo_test_log log;
	unsigned int i;

	mpdemo_test_log_begin(&log);
	mpdemo_pool_destroy(NULL);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct mpdemo_pool *pool;
		void *blocks[BLOCKS];

		mpdemo_pool_destroy(pool_of_kind(test, "unused", kinds[i]));
		pool = pool_of_kind(test, "used", kinds[i]);
		KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							       BLOCKS, blocks));
		mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
		blocks[0] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		mpdemo_pool_free(pool, blocks[0]);
		mpdemo_pool_destroy(pool);
		/* At once: nothing waits for anybody. */
		KUNIT_EXPECT_EQ(test, refs, mpdemo_test_module_refs(test));
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_logged(test, &log,
						    "mempool_demo: pool "));
}

struct race {
	struct mpdemo_pool *pool;
	void **blocks;
	atomic_t next;
	unsigned int nr;
};

static void race_to_free(void *data)
{
	struct race *race = data;
	unsigned int i;

	while ((i = atomic_inc_return(&race->next) - 1) < race->nr)
		mpdemo_pool_free(race->pool, race->blocks[i]);
}

static void check_race(struct kunit *test, unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = "dying-race", .block_size = SIZE, .blocks = 200,
		.flags = flags,
	};
	int refs = mpdemo_test_module_refs_quiet(test);
	struct race race = { .nr = 200 };
	unsigned int round;

	race.blocks = kunit_kcalloc(test, 200, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race.blocks);
	for (round = 0; round < 10; round++) {
		race.pool = mpdemo_pool_create(&config, GFP_KERNEL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(race.pool));
		KUNIT_ASSERT_TRUE(test,
				  mpdemo_pool_alloc_bulk(race.pool, GFP_KERNEL,
							 200, race.blocks));
		atomic_set(&race.next, 0);
		mpdemo_pool_destroy(race.pool);
		mpdemo_test_run_on_all(test, race_to_free, &race);
		KUNIT_ASSERT_TRUE(test,
				  mpdemo_test_module_refs_become(test, refs));
	}
}

static void last_frees_on_all_cpus(struct kunit *test)
{
	check_race(test, 0);
	check_race(test, MPDEMO_POOL_PERCPU);
}

/* One CPU destroys while others free: none is lost between the two. */
struct crossing {
	struct race race;
	unsigned int destroyer;
};

static void free_or_destroy(void *data)
{
	struct crossing *c = data;

	if (raw_smp_processor_id() == c->destroyer)
		mpdemo_pool_destroy(c->race.pool);
	else
		race_to_free(&c->race);
}

static void check_crossing(struct kunit *test, unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = "dying-crossing", .block_size = SIZE, .blocks = 200,
		.flags = flags,
	};
	int refs = mpdemo_test_module_refs_quiet(test);
	struct crossing c = { .race.nr = 200 };
	unsigned int round;

	c.destroyer = mpdemo_test_other_cpu(test);
	c.race.blocks = kunit_kcalloc(test, 200, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c.race.blocks);
	for (round = 0; round < 10; round++) {
		c.race.pool = mpdemo_pool_create(&config, GFP_KERNEL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(c.race.pool));
		KUNIT_ASSERT_TRUE(test,
				  mpdemo_pool_alloc_bulk(c.race.pool, GFP_KERNEL,
							 200, c.race.blocks));
		atomic_set(&c.race.next, 0);
		mpdemo_test_run_on_all(test, free_or_destroy, &c);
		KUNIT_ASSERT_TRUE(test,
				  mpdemo_test_module_refs_become(test, refs));
	}
}

static void frees_cross_the_destroy(struct kunit *test)
{
	check_crossing(test, 0);
	check_crossing(test, MPDEMO_POOL_PERCPU);
}

static struct kunit_case destroy_cases[] = {
	KUNIT_CASE(nothing_held),
	KUNIT_CASE(last_free_from_any_context),
	KUNIT_CASE(last_free_in_bulk),
	KUNIT_CASE(double_free_while_dying),
	KUNIT_CASE(behind_the_last_block),
	KUNIT_CASE(behind_a_full_chain),
	KUNIT_CASE(no_block_from_a_dying_pool),
	KUNIT_CASE(last_frees_on_all_cpus),
	KUNIT_CASE(frees_cross_the_destroy),
	{}
};

static struct kunit_suite destroy_suite = {
	.name = "mpdemo_pool_destroy",
	.test_cases = destroy_cases,
};

kunit_test_suite(destroy_suite);
