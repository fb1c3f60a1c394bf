// SPDX-License-Identifier: GPL-2.0
/*
 * Pools per CPU: N blocks can be held whatever the magazines hold, never more
 * than N and the slack, and an interrupt may land anywhere.
 *
 * A test that looks at the magazine of its CPU is pinned to it. Where it has the
 * pool to itself, what is cached is what that magazine has.
 */

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE		32
#define BLOCKS		50
#define MAGAZINE	16

struct fixture {
	struct mpdemo_pool *pool;
	unsigned int all;		/* N and the slack */
	void **held;			/* room for @all */
	unsigned int nr;
	unsigned long *seen;		/* by number; a block is held once */
	unsigned int twice;
};

static int percpu_init(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "percpu", .block_size = SIZE, .blocks = BLOCKS,
		.flags = MPDEMO_POOL_PERCPU, .magazine = MAGAZINE,
	};
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->pool = mpdemo_test_pool(test, &config);
	f->all = BLOCKS + num_possible_cpus() * MAGAZINE;
	f->held = kunit_kcalloc(test, f->all, sizeof(void *), GFP_KERNEL);
	f->seen = kunit_kcalloc(test, BITS_TO_LONGS(f->all), sizeof(long),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->held);
	KUNIT_ASSERT_NOT_NULL(test, f->seen);
	test->priv = f;
	return 0;
}

static bool hold_one(struct fixture *f)
{
	void *block;

	if (f->nr == f->all)
		return false;
	block = mpdemo_pool_alloc(f->pool, GFP_KERNEL);
	if (!block)
		return false;
	if (__test_and_set_bit(mpdemo_pool_index(f->pool, block), f->seen))
		f->twice++;
	f->held[f->nr++] = block;
	return true;
}

static void free_last(struct fixture *f)
{
	void *block = f->held[--f->nr];

	__clear_bit(mpdemo_pool_index(f->pool, block), f->seen);
	mpdemo_pool_free(f->pool, block);
}

static void hold_all(void *data)
{
	while (hold_one(data))
		;
}

static void free_all(void *data)
{
	struct fixture *f = data;

	while (f->nr)
		free_last(f);
}

/* What the magazine of this CPU has room for goes there. */
static void fill_magazine(void *data)
{
	struct fixture *f = data;
	unsigned int before = f->nr;

	while (f->nr < before + MAGAZINE && hold_one(f))
		;
	while (f->nr > before)
		free_last(f);
}

static unsigned int cached(const struct fixture *f)
{
	return mpdemo_test_pool_stats(f->pool).cached;
}

/* The end of each test: all came back, no block was in two hands. */
static void expect_clean(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct mpdemo_pool_stats stats;

	free_all(f);
	stats = mpdemo_test_pool_stats(f->pool);
	KUNIT_EXPECT_EQ(test, 0, f->twice);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);
	KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
	KUNIT_EXPECT_LE(test, stats.cached, stats.slack);
	KUNIT_EXPECT_LE(test, stats.peak, f->all);
}

static void all_can_be_held(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int round, cpu;

	for (round = 0; round < 4; round++) {
		for_each_online_cpu(cpu)
			mpdemo_test_run_on(test, cpu, fill_magazine, f);
		KUNIT_EXPECT_GE(test, cached(f),
				num_online_cpus() * MAGAZINE / 2);
		for_each_online_cpu(cpu) {
			mpdemo_test_run_on(test, cpu, hold_all, f);
			KUNIT_EXPECT_GE(test, f->nr, BLOCKS);
			KUNIT_EXPECT_LE(test, f->nr, f->all);
			KUNIT_EXPECT_EQ(test, f->nr,
					mpdemo_test_pool_stats(f->pool).in_use);
			mpdemo_test_run_on(test, cpu, free_all, f);
		}
	}
	expect_clean(test);
}

/* A bulk of N as well, with the magazines as full as they get. */
static void all_in_bulk(struct kunit *test)
{
	struct fixture *f = test->priv;
	void *blocks[BLOCKS], *one;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		mpdemo_test_run_on(test, cpu, fill_magazine, f);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(f->pool, GFP_KERNEL,
						       BLOCKS, blocks));
	mpdemo_pool_free_bulk(f->pool, BLOCKS, blocks);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(f->pool, GFP_KERNEL,
						       BLOCKS - 1, blocks));
	one = mpdemo_pool_alloc(f->pool, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, one);
	mpdemo_pool_free(f->pool, one);
	mpdemo_pool_free_bulk(f->pool, BLOCKS - 1, blocks);
	expect_clean(test);
}

/* All CPUs take what they can: then no magazine has any, and the sum is known. */
static void never_more_than_all(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int cpu, failures;
	void *blocks[2];

	for_each_online_cpu(cpu)
		mpdemo_test_run_on(test, cpu, fill_magazine, f);
	for_each_online_cpu(cpu)
		mpdemo_test_run_on(test, cpu, hold_all, f);
	KUNIT_EXPECT_EQ(test, f->all, f->nr);
	KUNIT_EXPECT_EQ(test, 0, cached(f));
	failures = mpdemo_test_pool_stats(f->pool).failures;
	KUNIT_EXPECT_NULL(test, mpdemo_pool_alloc(f->pool, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, mpdemo_pool_alloc_bulk(f->pool, GFP_KERNEL, 2,
							blocks));
	KUNIT_EXPECT_EQ(test, failures + 2,
			mpdemo_test_pool_stats(f->pool).failures);
	expect_clean(test);
}

static void refill_and_flush_by_half(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	mpdemo_test_pin(test, raw_smp_processor_id());
	/* The first one finds nothing, and takes half a magazine. */
	KUNIT_ASSERT_TRUE(test, hold_one(f));
	KUNIT_EXPECT_EQ(test, MAGAZINE / 2 - 1, cached(f));
	for (i = 1; i < MAGAZINE / 2; i++)
		KUNIT_ASSERT_TRUE(test, hold_one(f));
	KUNIT_EXPECT_EQ(test, 0, cached(f));
	while (f->nr < BLOCKS)
		KUNIT_ASSERT_TRUE(test, hold_one(f));

	/* Free until it is full; the next one finds no room, and frees half. */
	while (cached(f) < MAGAZINE)
		free_last(f);
	free_last(f);
	KUNIT_EXPECT_EQ(test, MAGAZINE / 2 + 1, cached(f));

	/* At the border neither side needs the list again. */
	for (i = 0; i < MAGAZINE / 2 - 1; i++) {
		KUNIT_ASSERT_TRUE(test, hold_one(f));
		free_last(f);
		KUNIT_EXPECT_EQ(test, MAGAZINE / 2 + 1, cached(f));
	}
	expect_clean(test);
}

static void bulk_and_magazine(struct kunit *test)
{
	struct fixture *f = test->priv;
	void *blocks[MAGAZINE + 1];
	unsigned int before;

	mpdemo_test_pin(test, raw_smp_processor_id());
	fill_magazine(f);
	before = cached(f);
	KUNIT_ASSERT_GE(test, before, MAGAZINE / 2);

	/* What is larger than a magazine leaves it alone. */
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(f->pool, GFP_KERNEL,
						       MAGAZINE + 1, blocks));
	KUNIT_EXPECT_EQ(test, before, cached(f));
	mpdemo_pool_free_bulk(f->pool, MAGAZINE + 1, blocks);
	KUNIT_EXPECT_EQ(test, before, cached(f));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(f->pool).in_use);

	/* What it has, and has room for, is done there. */
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(f->pool, GFP_KERNEL, 5,
						       blocks));
	KUNIT_EXPECT_EQ(test, before - 5, cached(f));
	KUNIT_EXPECT_EQ(test, 5, mpdemo_test_pool_stats(f->pool).in_use);
	mpdemo_pool_free_bulk(f->pool, 5, blocks);
	KUNIT_EXPECT_EQ(test, before, cached(f));
	expect_clean(test);
}

static void counters_add_up(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct mpdemo_pool_stats stats;
	unsigned int i;

	mpdemo_test_pin(test, raw_smp_processor_id());
	for (i = 1; i <= BLOCKS; i++) {
		KUNIT_ASSERT_TRUE(test, hold_one(f));
		stats = mpdemo_test_pool_stats(f->pool);
		KUNIT_EXPECT_EQ(test, i, stats.in_use);
		KUNIT_EXPECT_EQ(test, i, stats.allocs);
		KUNIT_EXPECT_EQ(test, 0, stats.frees);
		KUNIT_EXPECT_GE(test, stats.peak, i);
		KUNIT_EXPECT_LE(test, stats.peak, i + stats.slack);
	}
	for (i = 1; i <= BLOCKS; i++) {
		free_last(f);
		stats = mpdemo_test_pool_stats(f->pool);
		KUNIT_EXPECT_EQ(test, BLOCKS - i, stats.in_use);
		KUNIT_EXPECT_EQ(test, i, stats.frees);
		KUNIT_EXPECT_LE(test, stats.cached, MAGAZINE);
	}
	KUNIT_EXPECT_EQ(test, BLOCKS, stats.allocs);
	KUNIT_EXPECT_EQ(test, 0, stats.failures);
	expect_clean(test);
}

static void zeroing(struct kunit *test)
{
	struct fixture *f = test->priv;
	void *block, *again;
	unsigned int i;

	mpdemo_test_pin(test, raw_smp_processor_id());
	block = mpdemo_pool_alloc(f->pool, GFP_KERNEL);
	/* From the list, and from the magazine. */
	for (i = 0; i < 2; i++) {
		memset(block, 0xa5, SIZE);
		mpdemo_pool_free(f->pool, block);
		KUNIT_EXPECT_EQ(test, want_init_on_free(),
				!memchr_inv(block, 0, SIZE));
		memset(block, 0xa5, SIZE);
		again = mpdemo_pool_alloc(f->pool, GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ(test, block, again);
		KUNIT_EXPECT_EQ(test, want_init_on_alloc(GFP_KERNEL),
				!memchr_inv(block, 0, SIZE));
		memset(block, 0xa5, SIZE);
		mpdemo_pool_free_bulk(f->pool, 1, &block);
		KUNIT_EXPECT_EQ(test, want_init_on_free(),
				!memchr_inv(block, 0, SIZE));
		for (unsigned int j = 0; j < f->all; j++)
			if (!test_bit(j, f->seen))
				memset(mpdemo_pool_block(f->pool, j), 0xa5, SIZE);
		block = mpdemo_pool_alloc(f->pool, GFP_ATOMIC | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, SIZE));
	}
	mpdemo_pool_free(f->pool, block);
	expect_clean(test);
}

static void use_in_context(void *data)
{
	struct fixture *f = data;
	unsigned int before = f->nr, i;

	for (i = 0; i < 2 * MAGAZINE; i++)
		hold_one(f);
	if (f->nr != before + 2 * MAGAZINE)
		f->twice++;
	while (f->nr > before)
		free_last(f);
}

static void any_context(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE_MSG(test,
				      mpdemo_test_run_in(context, use_in_context,
							 f),
				      "%s", mpdemo_test_context_names[context]);
		KUNIT_EXPECT_EQ_MSG(test, 0, f->twice, "%s",
				    mpdemo_test_context_names[context]);
	}
	KUNIT_EXPECT_EQ(test, MPDEMO_TEST_CONTEXTS * 2 * MAGAZINE,
			mpdemo_test_pool_stats(f->pool).allocs);
	expect_clean(test);
}

/* Producers and consumers: all goes one way, and the list brings it back. */
static void freed_elsewhere(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int other, round;

	mpdemo_test_pin(test, raw_smp_processor_id());
	other = mpdemo_test_other_cpu(test);
	for (round = 0; round < 20; round++) {
		while (f->nr < BLOCKS)
			KUNIT_ASSERT_TRUE(test, hold_one(f));
		mpdemo_test_run_on(test, other, free_all, f);
		KUNIT_EXPECT_EQ(test, 0, f->nr);
		KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(f->pool).in_use);
	}
	expect_clean(test);
}

static unsigned int cpu_to_remove(struct kunit *test)
{
	unsigned int cpu, last = 0;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "CPUs cannot be taken offline");
	for_each_online_cpu(cpu)
		last = cpu;
	if (!last)
		kunit_skip(test, "this machine has one CPU");
	return last;
}

static void hold_some(void *data)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		hold_one(data);
}

/* A CPU goes, and what its magazine has goes with it; the slack covers that. */
static void cpu_goes_offline(struct kunit *test)
{
	unsigned int cpu = cpu_to_remove(test);
	struct fixture *f = test->priv;

	mpdemo_test_pin(test, cpumask_first(cpu_online_mask));
	mpdemo_test_run_on(test, cpu, fill_magazine, f);
	mpdemo_test_run_on(test, cpu, hold_some, f);
	KUNIT_ASSERT_EQ(test, 5, f->nr);
	KUNIT_ASSERT_GT(test, cached(f), 0);

	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	hold_all(f);
	KUNIT_EXPECT_GE(test, f->nr, BLOCKS);
	KUNIT_EXPECT_GT(test, cached(f), 0);
	/* What it held is freed by others. */
	free_all(f);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(f->pool).in_use);
	KUNIT_ASSERT_EQ(test, 0, add_cpu(cpu));

	/* What stayed there is there again. */
	hold_all(f);
	mpdemo_test_run_on(test, cpu, hold_all, f);
	KUNIT_EXPECT_EQ(test, f->all, f->nr);
	expect_clean(test);
}

/* An interrupt allocates and frees while the task is anywhere in doing so. */
struct interrupted {
	struct fixture *f;
	void *block;			/* held between two interrupts */
	unsigned int failed;
	unsigned int past;		/* landed in a section of the magazine */
};

static void interrupt_uses_pool(void *data)
{
	struct interrupted *in = data;
	struct mpdemo_pool *pool = in->f->pool;
	unsigned int before = mpdemo_test_pool_stats(pool).cached;
	void *blocks[3];

	if (in->block) {
		mpdemo_pool_free(pool, in->block);
		in->block = NULL;
		return;
	}
	in->block = mpdemo_pool_alloc(pool, GFP_ATOMIC);
	if (!in->block) {
		in->failed++;
		return;
	}
	/* The magazine had some, and was left alone. */
	if (before && mpdemo_test_pool_stats(pool).cached == before)
		WRITE_ONCE(in->past, in->past + 1);
	if (!mpdemo_pool_alloc_bulk(pool, GFP_ATOMIC, 3, blocks))
		in->failed++;
	else
		mpdemo_pool_free_bulk(pool, 3, blocks);
}

static void interrupt_in_a_section(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct interrupted in = { .f = f };
	unsigned int rounds = mpdemo_test_rounds(40000), round, blows;
	unsigned long end = jiffies + 30 * HZ;
	struct mpdemo_test_hammer *hammer;
	unsigned int task_failed = 0;

	mpdemo_test_pin(test, cpumask_last(cpu_online_mask));
	hammer = mpdemo_test_hammer(test, interrupt_uses_pool, &in);
	for (round = 0; time_before(jiffies, end); round++) {
		/* Up to all of them but those that an interrupt may hold. */
		if (f->nr < BLOCKS - 4 && (round / 23) & 1)
			task_failed += !hold_one(f);
		else if (f->nr)
			free_last(f);
		if (round >= rounds && READ_ONCE(in.past) >= 3)
			break;
		if (round % 512 == 0)
			cond_resched();
	}
	blows = mpdemo_test_hammer_end(hammer);

	KUNIT_EXPECT_EQ(test, 0, task_failed);
	KUNIT_EXPECT_EQ(test, 0, in.failed);
	KUNIT_EXPECT_GT(test, blows, 0);
	/* Else the test has not seen what it is for. */
	KUNIT_EXPECT_GT(test, in.past, 0);
	kunit_info(test, "%u interrupts in %u rounds, %u of them past the magazine\n",
		   blows, round, in.past);
	mpdemo_pool_free(f->pool, in.block);
	expect_clean(test);
}

/* As much as all CPUs together may want, and not one failure. */
#define SHARE	8

struct storm {
	struct mpdemo_pool *pool;
	unsigned int rounds;
	atomic_t owners[SHARE * 64 + 64 * MAGAZINE];
	atomic_t failed;
	atomic_t shared;
};

static void storm_loop(void *data)
{
	struct storm *storm = data;
	void *blocks[SHARE];
	unsigned int i, n;

	for (i = 0; i < storm->rounds; i++) {
		for (n = 0; n < SHARE; n++) {
			atomic_t *owners = storm->owners;

			blocks[n] = mpdemo_pool_alloc(storm->pool, GFP_KERNEL);
			if (!blocks[n]) {
				atomic_inc(&storm->failed);
				break;
			}
			owners += mpdemo_pool_index(storm->pool, blocks[n]);
			if (atomic_inc_return(owners) != 1)
				atomic_inc(&storm->shared);
		}
		while (n--) {
			atomic_dec(&storm->owners[mpdemo_pool_index(storm->pool,
								    blocks[n])]);
			mpdemo_pool_free(storm->pool, blocks[n]);
		}
		cond_resched();
	}
}

static void never_too_few(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	struct mpdemo_pool_config config = {
		.name = "storm", .block_size = SIZE,
		.flags = MPDEMO_POOL_PERCPU, .magazine = MAGAZINE,
	};
	unsigned int cpus = num_online_cpus(), nr;
	struct mpdemo_pool_stats stats;

	KUNIT_ASSERT_NOT_NULL(test, storm);
	if (cpus < 2 || num_possible_cpus() > 64)
		kunit_skip(test, "needs 2 to 64 CPUs");
	config.blocks = SHARE * cpus;
	storm->pool = mpdemo_test_pool(test, &config);
	storm->rounds = mpdemo_test_rounds(6000);

	nr = mpdemo_test_run_on_all(test, storm_loop, storm);
	stats = mpdemo_test_pool_stats(storm->pool);
	KUNIT_EXPECT_EQ(test, cpus, nr);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->failed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->shared));
	KUNIT_EXPECT_EQ(test, nr * storm->rounds * SHARE, stats.allocs);
	KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	KUNIT_EXPECT_EQ(test, 0, stats.failures);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);
}

static struct kunit_case percpu_cases[] = {
	KUNIT_CASE(all_can_be_held),
	KUNIT_CASE(all_in_bulk),
	KUNIT_CASE(never_more_than_all),
	KUNIT_CASE(refill_and_flush_by_half),
	KUNIT_CASE(bulk_and_magazine),
	KUNIT_CASE(counters_add_up),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(any_context),
	KUNIT_CASE(freed_elsewhere),
	KUNIT_CASE(cpu_goes_offline),
	KUNIT_CASE(interrupt_in_a_section),
	KUNIT_CASE(never_too_few),
	{}
};

static struct kunit_suite percpu_suite = {
	.name = "mpdemo_pool_percpu",
	.init = percpu_init,
	.test_cases = percpu_cases,
};

kunit_test_suite(percpu_suite);
