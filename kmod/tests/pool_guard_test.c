// SPDX-License-Identifier: GPL-2.0
/*
 * Damage, done on purpose, is found by the guard of a pool, and nothing else is: not
 * while it is switched under load either. And the constructor of blocks.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <mempool_demo/guard.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE	24
#define BLOCKS	16
#define MAGAZINE 4

static struct mpdemo_pool *guarded(struct kunit *test, const char *name,
				   unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = name, .block_size = SIZE, .blocks = BLOCKS,
		.flags = flags,
		.magazine = flags & MPDEMO_POOL_PERCPU ? MAGAZINE : 0,
	};

	return mpdemo_test_pool(test, &config);
}

static int set_poison(struct mpdemo_pool *pool, bool on)
{
	const struct mpdemo_pool_guard guard = {
		.flags = on ? MPDEMO_GUARD_POISON : 0,
	};

	return mpdemo_pool_set_guard(pool, &guard);
}

static u64 corrupted(const struct mpdemo_pool *pool)
{
	return mpdemo_test_pool_stats(pool).corrupted;
}

/* As many as can be had; at least those that were promised. */
static unsigned int take_all(struct kunit *test, struct mpdemo_pool *pool,
			     void **blocks, unsigned int room)
{
	unsigned int n = 0;

	while (n < room && (blocks[n] = mpdemo_pool_alloc(pool, GFP_KERNEL)))
		n++;
	KUNIT_EXPECT_GE(test, n, BLOCKS);
	return n;
}

static void check_overrun(struct kunit *test, const char *name,
			  unsigned int flags)
{
	struct mpdemo_pool *pool = guarded(test, name, flags | MPDEMO_POOL_RED_ZONE);
	unsigned int zone = mpdemo_test_pool_stats(pool).stride - SIZE, i;
	struct mpdemo_test_log log;
	u8 *block;

	KUNIT_EXPECT_GE(test, zone, MPDEMO_RED_ZONE_MIN);
	mpdemo_test_log_begin(&log);
	for (i = 0; i < zone; i++) {
		block = mpdemo_pool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		memset(block, 0xff, SIZE);
		KUNIT_EXPECT_EQ(test, i, corrupted(pool));
		block[SIZE + i] = 0x5a;
		mpdemo_pool_free(pool, block);
		KUNIT_EXPECT_EQ(test, i + 1, corrupted(pool));
	}
	/* Repaired, and reported once, with what was found and by whom. */
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool %s: block %u was written to past its end: byte %u is 0x5a and not 0x%02x, found at its free by ",
					   name, mpdemo_pool_index(pool, block), SIZE,
					   SLUB_RED_INACTIVE));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log, "pool %s: ", name));
	if (IS_ENABLED(CONFIG_KALLSYMS))
		KUNIT_EXPECT_EQ(test, 1,
				mpdemo_test_logged(test, &log, "by %s", __func__));
}

static void overrun_at_free(struct kunit *test)
{
	check_overrun(test, "overrun-exact", 0);
	check_overrun(test, "overrun-percpu", MPDEMO_POOL_PERCPU);
}

/* In bulk each block is looked at. */
static void overrun_in_a_bulk(struct kunit *test)
{
	struct mpdemo_pool *pool = guarded(test, "overrun-bulk",
					   MPDEMO_POOL_RED_ZONE);
	void *blocks[BLOCKS];
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, BLOCKS,
						       blocks));
	for (i = 0; i < BLOCKS; i += 2)
		memset(blocks[i] + SIZE, 0, 1);
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	KUNIT_EXPECT_EQ(test, BLOCKS / 2, corrupted(pool));
	for (i = 0; i < BLOCKS; i += 4)
		memset(blocks[i] + SIZE, 0, 1);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, BLOCKS,
						       blocks));
	KUNIT_EXPECT_EQ(test, BLOCKS / 2 + BLOCKS / 4, corrupted(pool));
	mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
}

/* The byte before a block is the last one of the zone before it; nobody holds that. */
static void underrun_at_alloc(struct kunit *test)
{
	struct mpdemo_pool *pool = guarded(test, "underrun", MPDEMO_POOL_RED_ZONE);
	u8 *before = mpdemo_pool_alloc(pool, GFP_KERNEL);
	u8 *block = mpdemo_pool_alloc(pool, GFP_KERNEL);
	struct mpdemo_test_log log;

	KUNIT_ASSERT_EQ(test, mpdemo_pool_index(pool, before) + 1,
			mpdemo_pool_index(pool, block));
	mpdemo_pool_free(pool, before);
	block[-1] = 1;
	mpdemo_test_log_begin(&log);
	KUNIT_EXPECT_EQ(test, 0, corrupted(pool));
	KUNIT_EXPECT_PTR_EQ(test, (void *)before,
			    mpdemo_pool_alloc(pool, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 1, corrupted(pool));
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool underrun: block 0 was written to past its end: byte %zu is 0x01 and not 0xbb, found at its allocation by ",
					   mpdemo_test_pool_stats(pool).stride - 1));
	mpdemo_pool_free(pool, before);
	mpdemo_pool_free(pool, block);
	KUNIT_EXPECT_EQ(test, 1, corrupted(pool));
}

static void check_poison(struct kunit *test, const char *name,
			 unsigned int flags)
{
	struct mpdemo_pool *pool = guarded(test, name, flags);
	struct mpdemo_test_log log;
	unsigned int i;
	u8 *block;

	KUNIT_ASSERT_EQ(test, 0, set_poison(pool, true));
	mpdemo_test_log_begin(&log);
	for (i = 0; i < SIZE; i++) {
		block = mpdemo_pool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, i, corrupted(pool));
		memset(block, 0, SIZE);
		mpdemo_pool_free(pool, block);
		KUNIT_EXPECT_NULL(test, memchr_inv(block, POISON_FREE, SIZE));
		block[i] = 0x42;
		KUNIT_EXPECT_PTR_EQ(test, (void *)block,
				    mpdemo_pool_alloc(pool, GFP_KERNEL | __GFP_ZERO));
		KUNIT_EXPECT_EQ(test, i + 1, corrupted(pool));
		KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, SIZE));
		mpdemo_pool_free(pool, block);
	}
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &log,
					   "pool %s: block %u was written to after its free: byte 0 is 0x42 and not 0x6b, found at its allocation by ",
					   name, mpdemo_pool_index(pool, block)));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log, "pool %s: ", name));
}

static void use_after_free(struct kunit *test)
{
	check_poison(test, "poison-exact", 0);
	check_poison(test, "poison-percpu", MPDEMO_POOL_PERCPU);
	check_poison(test, "poison-zone", MPDEMO_POOL_RED_ZONE);
}

/* What was written to a block before poison was on is nobody's business. */
static void poison_on_and_off(struct kunit *test)
{
	struct mpdemo_pool *pool = guarded(test, "poison-switch", 0);
	void *held = mpdemo_pool_alloc(pool, GFP_KERNEL), *blocks[BLOCKS];
	unsigned int turn, n;

	memset(held, 1, SIZE);
	for (turn = 0; turn < 3; turn++) {
		KUNIT_ASSERT_EQ(test, 0, set_poison(pool, true));
		KUNIT_ASSERT_EQ(test, 0, set_poison(pool, true));
		n = 0;
		while ((blocks[n] = mpdemo_pool_alloc(pool, GFP_KERNEL)))
			memset(blocks[n++], turn, SIZE);
		KUNIT_EXPECT_EQ(test, BLOCKS - 1, n);
		/* The free blocks are poisoned, then dirty and free without it. */
		while (n)
			mpdemo_pool_free(pool, blocks[--n]);
		KUNIT_ASSERT_EQ(test, 0, set_poison(pool, false));
		for (n = 0; n < BLOCKS - 1; n++)
			blocks[n] = memset(mpdemo_pool_alloc(pool, GFP_KERNEL), 7,
					   SIZE);
		while (n)
			mpdemo_pool_free(pool, blocks[--n]);
		KUNIT_EXPECT_NULL(test, memchr_inv(held, 1, SIZE));
	}
	KUNIT_EXPECT_EQ(test, 0, corrupted(pool));
	mpdemo_pool_free(pool, held);
}

/* Blocks in magazines are out of reach while the gate is shut: the slack is for that. */
static void all_can_be_had(struct kunit *test)
{
	unsigned int room = BLOCKS + num_possible_cpus() * MAGAZINE, n;
	struct mpdemo_pool *pool;
	void **blocks;

	blocks = kunit_kcalloc(test, room, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	mpdemo_test_pin(test, raw_smp_processor_id());
	pool = guarded(test, "poison-slack", MPDEMO_POOL_PERCPU);
	n = take_all(test, pool, blocks, room);
	while (n)
		mpdemo_pool_free(pool, blocks[--n]);
	KUNIT_ASSERT_GT(test, mpdemo_test_pool_stats(pool).cached, 0);
	KUNIT_ASSERT_EQ(test, 0, set_poison(pool, true));
	n = take_all(test, pool, blocks, room);
	KUNIT_EXPECT_LT(test, n, room);
	KUNIT_ASSERT_EQ(test, 0, set_poison(pool, false));
	/* Those in the magazine are to be had again. */
	while (n < room && (blocks[n] = mpdemo_pool_alloc(pool, GFP_KERNEL)))
		n++;
	KUNIT_EXPECT_EQ(test, room, n);
	while (n)
		mpdemo_pool_free(pool, blocks[--n]);
	KUNIT_EXPECT_EQ(test, 0, corrupted(pool));
}

struct load {
	struct mpdemo_pool *pool;
	struct mpdemo_test_hammer *hammer;
	atomic_t switcher;	/* the first one to come switches */
	atomic_t failed;
	unsigned int rounds;
	unsigned int sample;	/* of a tracked pool */
};

/* Each byte of each block that is had is written to. */
static void use(void *data)
{
	struct load *load = data;
	void *blocks[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		blocks[i] = mpdemo_pool_alloc(load->pool, GFP_ATOMIC);
		if (blocks[i])
			memset(blocks[i], i + 1, SIZE);
	}
	for (i = 0; i < 3; i++) {
		if (blocks[i] && memchr_inv(blocks[i], i + 1, SIZE))
			atomic_inc(&load->failed);
		mpdemo_pool_free(load->pool, blocks[i]);
	}
	if (mpdemo_pool_alloc_bulk(load->pool, GFP_ATOMIC, 2, blocks)) {
		memset(blocks[0], 9, SIZE);
		memset(blocks[1], 9, SIZE);
		mpdemo_pool_free_bulk(load->pool, 2, blocks);
	}
}

static void use_or_switch(void *data)
{
	struct load *load = data;
	struct mpdemo_pool_guard guard = {};
	unsigned int i;

	if (atomic_inc_return(&load->switcher) == 1) {
		for (i = 0; i < load->rounds / 32 || !mpdemo_test_hammered(load->hammer); i++) {
			guard.flags ^= MPDEMO_GUARD_POISON;
			guard.sample = i % 3 ? load->sample : 0;
			if (mpdemo_pool_set_guard(load->pool, &guard))
				atomic_inc(&load->failed);
			cond_resched();
		}
		atomic_set(&load->switcher, INT_MIN);
		return;
	}
	while (atomic_read(&load->switcher) > 0) {
		use(load);
		cond_resched();
	}
}

static void check_load(struct kunit *test, const char *name, unsigned int flags)
{
	struct load load = {
		.pool = guarded(test, name, flags),
		.rounds = mpdemo_test_rounds(4096),
		.sample = flags & MPDEMO_POOL_TRACK ? 2 : 0,
	};

	load.hammer = mpdemo_test_hammer(test, use, &load);
	mpdemo_test_run_on_all(test, use_or_switch, &load);
	KUNIT_EXPECT_GT(test, mpdemo_test_hammer_end(load.hammer), 0);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&load.failed));
	KUNIT_EXPECT_EQ(test, 0, corrupted(load.pool));
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(load.pool).refused);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(load.pool).in_use);
}

static void switched_under_load(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_load(test, "load-exact", 0);
	check_load(test, "load-percpu", MPDEMO_POOL_PERCPU);
	check_load(test, "load-track", MPDEMO_POOL_TRACK);
	check_load(test, "load-zone", MPDEMO_POOL_RED_ZONE | MPDEMO_POOL_TRACK |
			 MPDEMO_POOL_PERCPU);
}

struct race {
	struct mpdemo_pool *pool;
	void *block;
};

static void free_it(void *data)
{
	struct race *race = data;

	mpdemo_pool_free(race->pool, race->block);
}

static void racing_frees(struct kunit *test)
{
	struct race race = { .pool = guarded(test, "race", MPDEMO_POOL_RED_ZONE) };
	unsigned int rounds = mpdemo_test_rounds(128), i, nr = 0;
	struct mpdemo_pool_stats stats;

	for (i = 0; i < rounds; i++) {
		race.block = mpdemo_pool_alloc(race.pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, race.block);
		nr = mpdemo_test_run_on_all(test, free_it, &race);
	}
	stats = mpdemo_test_pool_stats(race.pool);
	KUNIT_EXPECT_EQ(test, rounds, stats.frees);
	KUNIT_EXPECT_EQ(test, rounds * (nr - 1), stats.refused);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
}

static void construct(void *block, void *data)
{
	atomic_inc(data);
	*(u64 *)block += 1;
	memset(block + 8, 0xc7, SIZE - 8);
}

static void check_constructor(struct kunit *test, unsigned int flags)
{
	unsigned int n, room, turn;
	atomic_t calls = ATOMIC_INIT(0);
	const struct mpdemo_pool_config config = {
		.name = "ctor", .block_size = SIZE, .blocks = BLOCKS,
		.flags = flags, .ctor = construct, .ctor_data = &calls,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);
	void **blocks;

	room = stats.blocks + stats.slack;
	KUNIT_EXPECT_EQ(test, room, atomic_read(&calls));
	blocks = kunit_kcalloc(test, room, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	/* First by itself, then in bulk; what is left there stays there. */
	for (turn = 0; turn < 3; turn++) {
		n = take_all(test, pool, blocks, room);
		while (n) {
			KUNIT_EXPECT_EQ(test, 1, *(u64 *)blocks[--n]);
			KUNIT_EXPECT_NULL(test, memchr_inv(blocks[n] + 8, 0xc7,
							   SIZE - 8));
			mpdemo_pool_free(pool, blocks[n]);
		}
		KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							       BLOCKS, blocks));
		for (n = 0; n < BLOCKS; n++)
			KUNIT_EXPECT_EQ(test, 1, *(u64 *)blocks[n]);
		mpdemo_pool_free_bulk(pool, BLOCKS, blocks);
	}
	blocks[0] = mpdemo_pool_alloc(pool, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_NULL(test, memchr_inv(blocks[0], 0, SIZE));
	mpdemo_pool_free(pool, blocks[0]);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL | __GFP_ZERO,
						       2, blocks));
	KUNIT_EXPECT_NULL(test, memchr_inv(blocks[1], 0, SIZE));
	mpdemo_pool_free_bulk(pool, 2, blocks);
	KUNIT_EXPECT_EQ(test, room, atomic_read(&calls));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_poison(pool, true));
	KUNIT_EXPECT_EQ(test, 0, set_poison(pool, false));
	KUNIT_EXPECT_EQ(test, 0, corrupted(pool));
	mpdemo_test_pool_end(test, pool);
}

static void constructor(struct kunit *test)
{
	check_constructor(test, 0);
	check_constructor(test, MPDEMO_POOL_PERCPU);
	check_constructor(test, MPDEMO_POOL_RED_ZONE);
	check_constructor(test, MPDEMO_POOL_TRACK | MPDEMO_POOL_PERCPU);
}

static void refused(struct kunit *test)
{
	struct mpdemo_pool *pool = guarded(test, "refused", MPDEMO_POOL_RED_ZONE);
	struct mpdemo_pool_guard guard = { .flags = MPDEMO_GUARD_FLAGS + 1 };

	KUNIT_EXPECT_EQ(test, -EINVAL, mpdemo_pool_set_guard(pool, &guard));
	guard.flags = BIT(31);
	KUNIT_EXPECT_EQ(test, -EINVAL, mpdemo_pool_set_guard(pool, &guard));
	guard.flags = 0;
	guard.sample = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, mpdemo_pool_set_guard(pool, &guard));
}

/* Memory is as was told before; the bits of poison are there from its first use on. */
static void memory(struct kunit *test)
{
	static const unsigned int flags[] = {
		0, MPDEMO_POOL_RED_ZONE, MPDEMO_POOL_TRACK,
		MPDEMO_POOL_RED_ZONE | MPDEMO_POOL_TRACK | MPDEMO_POOL_PERCPU,
	};
	size_t least = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct mpdemo_pool_config config = {
			.name = "memory", .block_size = 100, .blocks = 4096,
			.align = 64, .flags = flags[i],
		};
		struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
		struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);

		KUNIT_EXPECT_EQ(test, mpdemo_pool_footprint(&config),
				stats.footprint);
		KUNIT_EXPECT_EQ(test, 100, stats.block_size);
		KUNIT_EXPECT_EQ(test, 128, stats.stride);
		KUNIT_EXPECT_GE(test, stats.footprint, least);
		if (flags[i])
			KUNIT_EXPECT_GT(test, stats.footprint, least);
		if (!i)
			least = stats.footprint;
		KUNIT_ASSERT_EQ(test, 0, set_poison(pool, false));
		KUNIT_EXPECT_EQ(test, stats.footprint,
				mpdemo_test_pool_stats(pool).footprint);
		KUNIT_ASSERT_EQ(test, 0, set_poison(pool, true));
		KUNIT_EXPECT_GE(test, mpdemo_test_pool_stats(pool).footprint,
				stats.footprint + 4096 / BITS_PER_BYTE);
		mpdemo_test_pool_end(test, pool);
	}
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(overrun_at_free),
	KUNIT_CASE(overrun_in_a_bulk),
	KUNIT_CASE(underrun_at_alloc),
	KUNIT_CASE(use_after_free),
	KUNIT_CASE(poison_on_and_off),
	KUNIT_CASE(all_can_be_had),
	KUNIT_CASE(switched_under_load),
	KUNIT_CASE(racing_frees),
	KUNIT_CASE(constructor),
	KUNIT_CASE(refused),
	KUNIT_CASE(memory),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "mpdemo_pool_guard",
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
