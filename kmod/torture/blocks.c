// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads "exact" and "percpu": one pool for all actors, which are never done
 * with what they have: blocks go into slots that all share, and whoever finds one
 * there frees it, on whatever CPU and in whatever context. There are so many slots
 * that there often is no block left.
 *
 * What is checked: a table tells who has a block, and every block is stamped all
 * over while somebody has it. There are never more blocks held than there are. At
 * the end all is quiet, and every counter of the pool must be right.
 *
 * Nothing here orders memory between the last access to a block and its free, or
 * between its allocation and the first access: that is up to the pool, and KCSAN
 * shall see it fail. Hence atomics are relaxed here.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <mempool_demo/pool.h>

#include "rig.h"

/* Blocks in a bulk at most. */
#define BULK	8

static struct mpdemo_pool *pool;
static struct mpdemo_pool_config config;
static unsigned int nr;			/* blocks that can be held at most */
static atomic64_t *owners;		/* stamp of who has a block, or 0 */
static void **slots;			/* more of them than blocks */
static unsigned int nr_slots;
static atomic_t held, most_held;

static void note_held(unsigned int n)
{
	int now = atomic_add_return_relaxed(n, &held);
	int most = atomic_read(&most_held);

	if (unlikely(now > nr))
		rig_fail_value("blocks held, at most", nr, now);
	while (now > most &&
	       !atomic_try_cmpxchg_relaxed(&most_held, &most, now))
		;
}

/* Return: false where there is no such block. */
static bool find_index(const void *block, unsigned int *index)
{
	*index = mpdemo_pool_index(pool, block);
	if (likely(*index < nr && mpdemo_pool_block(pool, *index) == block))
		return true;
	rig_fail_value("number of an allocated block, less than", nr, *index);
	return false;
}

/* A block was allocated: make it the actor's. */
static void acquire(struct rig_actor *actor, void *block, gfp_t gfp)
{
	u64 stamp = rig_stamp(actor), found;
	unsigned int index;

	if (!find_index(block, &index))
		return;
	found = atomic64_xchg_relaxed(&owners[index], stamp);
	if (unlikely(found))
		rig_fail_owner("two owners of block", index, found, stamp);
	else if ((gfp & __GFP_ZERO) &&
		 unlikely(!rig_verify(block, config.block_size, 0, &found)))
		rig_fail_owner("not zeroed: block", index, stamp, found);
	rig_fill(block, config.block_size, stamp);
}

/* A block is about to be freed: it must be as its owner has left it. */
static void release(struct rig_actor *actor, void *block)
{
	unsigned int index;
	u64 stamp, found;

	if (!find_index(block, &index))
		return;
	stamp = atomic64_read(&owners[index]);
	if (unlikely(!rig_verify(block, config.block_size, stamp, &found)))
		rig_fail_owner("overwritten: block", index, stamp, found);
	found = atomic64_cmpxchg_relaxed(&owners[index], stamp, 0);
	if (unlikely(found != stamp))
		rig_fail_owner("two owners of block", index, stamp, found);
	if (rig_stamp_is_foreign(stamp, actor))
		rig_count(actor, RIG_FOREIGN, 1);
}

static gfp_t random_gfp(struct rig_actor *actor)
{
	return rig_one_in(actor, 4) ? GFP_ATOMIC | __GFP_ZERO : GFP_ATOMIC;
}

static void *alloc_one(struct rig_actor *actor)
{
	gfp_t gfp = random_gfp(actor);
	void *block = mpdemo_pool_alloc(pool, gfp);

	if (!block) {
		rig_count(actor, RIG_FULL, 1);
		return NULL;
	}
	note_held(1);
	acquire(actor, block, gfp);
	rig_count(actor, RIG_ALLOCS, 1);
	rig_count(actor, RIG_BLOCKS, 1);
	return block;
}

static void free_one(struct rig_actor *actor, void *block)
{
	if (!block)
		return;
	release(actor, block);
	atomic_dec(&held);
	mpdemo_pool_free(pool, block);
	rig_count(actor, RIG_FREES, 1);
}

static bool alloc_bulk(struct rig_actor *actor, unsigned int n, void **blocks)
{
	gfp_t gfp = random_gfp(actor);
	unsigned int i;

	if (!mpdemo_pool_alloc_bulk(pool, gfp, n, blocks)) {
		rig_count(actor, RIG_FULL, 1);
		return false;
	}
	note_held(n);
	for (i = 0; i < n; i++)
		acquire(actor, blocks[i], gfp);
	rig_count(actor, RIG_BULK_ALLOCS, 1);
	rig_count(actor, RIG_BLOCKS, n);
	return true;
}

static void free_bulk(struct rig_actor *actor, unsigned int n, void **blocks)
{
	unsigned int i;

	if (!n)
		return;
	for (i = 0; i < n; i++)
		release(actor, blocks[i]);
	atomic_sub(n, &held);
	mpdemo_pool_free_bulk(pool, n, blocks);
	rig_count(actor, RIG_BULK_FREES, 1);
}

/* Put a block, or none, into a slot, and return what was there. */
static void *swap_slot(struct rig_actor *actor, void *block)
{
	return xchg(&slots[rig_random(actor, nr_slots)], block);
}

/* Some of a bulk stay, the others go at once. */
static void step_bulk(struct rig_actor *actor)
{
	unsigned int n = 1 + rig_random(actor, BULK), i, left;
	void *blocks[BULK];

	if (!alloc_bulk(actor, n, blocks))
		return;
	left = rig_random(actor, n + 1);
	for (i = left; i < n; i++)
		free_one(actor, swap_slot(actor, blocks[i]));
	free_bulk(actor, left, blocks);
}

static void step_gather(struct rig_actor *actor)
{
	unsigned int tries, n = 0;
	void *blocks[BULK];

	for (tries = 0; tries < BULK; tries++) {
		blocks[n] = swap_slot(actor, NULL);
		if (blocks[n])
			n++;
	}
	free_bulk(actor, n, blocks);
}

static bool step(struct rig_actor *actor)
{
	void *block;

	switch (rig_random(actor, 8)) {
	case 0:
		step_bulk(actor);
		break;
	case 1:
		step_gather(actor);
		break;
	case 2:
		free_one(actor, swap_slot(actor, NULL));
		break;
	case 3:
		free_one(actor, alloc_one(actor));
		break;
	default:
		block = alloc_one(actor);
		if (block)
			free_one(actor, swap_slot(actor, block));
		break;
	}
	return true;
}

/* The objects are others with each seed. */
static int begin(const char *name, unsigned int flags)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	pool = NULL;
	owners = NULL;
	slots = NULL;
	config = (struct mpdemo_pool_config) {
		.name = name,
		.block_size = 8 + rig_random(actor, 200),
		.blocks = 16 + rig_random(actor, 112),
		.flags = flags,
	};
	if (flags & MPDEMO_POOL_PERCPU)
		config.magazine = 2 + rig_random(actor, 14);
	nr = config.blocks + num_possible_cpus() * config.magazine;
	nr_slots = 2 * nr + rig_random(actor, nr);
	atomic_set(&held, 0);
	atomic_set(&most_held, 0);
	rig_describe("block-size %zu blocks %zu magazine %u slots %u",
		     config.block_size, config.blocks, config.magazine,
		     nr_slots);

	owners = kvcalloc(nr, sizeof(*owners), GFP_KERNEL);
	slots = kvcalloc(nr_slots, sizeof(*slots), GFP_KERNEL);
	if (!owners || !slots)
		return -ENOMEM;
	pool = mpdemo_pool_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(pool);
}

static int begin_exact(void)
{
	return begin("torture exact", 0);
}

static int begin_percpu(void)
{
	return begin("torture percpu", MPDEMO_POOL_PERCPU);
}

/* All that is held is in the slots. */
static void check_held(void)
{
	struct mpdemo_pool_stats stats;
	unsigned int i, n = 0;

	for (i = 0; i < nr_slots; i++)
		n += !!slots[i];
	mpdemo_pool_get_stats(pool, &stats);
	rig_same("blocks held, and in slots", n, atomic_read(&held));
	rig_same("stats: in use", n, stats.in_use);
}

static void empty_slots(struct rig_actor *actor)
{
	unsigned int i;

	for (i = 0; i < nr_slots; i++) {
		free_one(actor, slots[i]);
		slots[i] = NULL;
	}
}

/* Nothing is held. */
static void check_counters(void)
{
	unsigned int most = atomic_read(&most_held);
	struct mpdemo_pool_stats stats;

	mpdemo_pool_get_stats(pool, &stats);
	rig_same("stats: in use after all was freed", 0, stats.in_use);
	rig_same("stats: allocs", rig_sum(RIG_BLOCKS), stats.allocs);
	rig_same("stats: frees", rig_sum(RIG_BLOCKS), stats.frees);
	rig_same("stats: failures", rig_sum(RIG_FULL), stats.failures);
	rig_same("stats: refused", 0, stats.refused);
	if (stats.peak < most)
		rig_fail_value("stats: peak, at least", most, stats.peak);
	if (stats.peak > nr)
		rig_fail_value("stats: peak, at most", nr, stats.peak);
}

/* All of N blocks can be had, and of those of the slack some. */
static void check_capacity(struct rig_actor *actor)
{
	struct mpdemo_pool_stats stats;
	unsigned int n = 0;

	while (n <= nr && (slots[n] = alloc_one(actor)))
		n++;
	if (n < config.blocks)
		rig_fail_value("blocks to be had, at least", config.blocks, n);
	if (n > nr)
		rig_fail_value("blocks to be had, at most", nr, n);
	while (n--)
		free_one(actor, slots[n]);
	mpdemo_pool_get_stats(pool, &stats);
	rig_same("stats: in use at the end", 0, stats.in_use);
}

/* A check has failed: no more of them, but nothing shall be left over. */
static void give_up(void)
{
	mpdemo_pool_free_bulk(pool, nr_slots, slots);
}

static void end(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	if (!IS_ERR_OR_NULL(pool)) {
		if (rig_must_stop()) {
			give_up();
		} else {
			check_held();
			empty_slots(actor);
			check_counters();
			check_capacity(actor);
		}
		mpdemo_pool_destroy(pool);
	}
	kvfree(slots);
	kvfree(owners);
}

const struct rig_workload blocks_exact = {
	.name = "exact",
	.begin = begin_exact,
	.step = step,
	.end = end,
};

const struct rig_workload blocks_percpu = {
	.name = "percpu",
	.begin = begin_percpu,
	.step = step,
	.end = end,
};
