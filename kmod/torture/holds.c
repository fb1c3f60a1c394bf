// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks in the hands of all actors; see holds.h.
 *
 * What is checked: a table tells who has a block, and every block is stamped all
 * over while somebody has it. There are never more blocks held than there are. At
 * the end all is quiet, and every counter of the pool must be right.
 *
 * Nothing here orders memory between the last access to a block and its free, or
 * between its allocation and the first access: that is up to the pool, and KCSAN
 * shall see it fail. Hence atomics are relaxed here.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "holds.h"

/* Blocks in a bulk at most. */
#define BULK	8

/* Of a chunk, where it is not left to the pool. */
#define CHUNK_MOST	32

/* Blocks were taken: for this actor, or to be somebody's later. */
void holds_note(struct holds *holds, unsigned int n)
{
	int now = atomic_add_return_relaxed(n, &holds->held);
	int most = atomic_read(&holds->most_held);

	if (unlikely(now > holds->nr))
		rig_fail_value("blocks held, at most", holds->nr, now);
	while (now > most &&
	       !atomic_try_cmpxchg_relaxed(&holds->most_held, &most, now))
		;
}

/* Return: false where there is no such block. */
static bool find_index(const struct holds *holds, const void *block,
		       unsigned int *index)
{
	*index = mpdemo_pool_index(holds->pool, block);
	if (likely(*index < holds->nr &&
		   mpdemo_pool_block(holds->pool, *index) == block))
		return true;
	rig_fail_value("number of an allocated block, less than", holds->nr,
		       *index);
	return false;
}

/* A block was allocated, and holds_note() told: make it the actor's. */
void holds_acquire(struct holds *holds, struct rig_actor *actor, void *block,
		   gfp_t gfp)
{
	size_t size = holds->config.block_size;
	u64 stamp = rig_stamp(actor), found;
	unsigned int index;

	if (!find_index(holds, block, &index))
		return;
	found = atomic64_xchg_relaxed(&holds->owners[index], stamp);
	if (unlikely(found))
		rig_fail_owner("two owners of block", index, found, stamp);
	else if ((gfp & __GFP_ZERO) &&
		 unlikely(!rig_verify(block, size, 0, &found)))
		rig_fail_owner("not zeroed: block", index, stamp, found);
	rig_fill(block, size, stamp);
	rig_count(actor, RIG_BLOCKS, 1);
}

/* A block is about to be freed: it must be as its owner has left it. */
static void release(struct holds *holds, struct rig_actor *actor, void *block)
{
	size_t size = holds->config.block_size;
	unsigned int index;
	u64 stamp, found;

	if (!find_index(holds, block, &index))
		return;
	stamp = atomic64_read(&holds->owners[index]);
	if (unlikely(!rig_verify(block, size, stamp, &found)))
		rig_fail_owner("overwritten: block", index, stamp, found);
	found = atomic64_cmpxchg_relaxed(&holds->owners[index], stamp, 0);
	if (unlikely(found != stamp))
		rig_fail_owner("two owners of block", index, stamp, found);
	if (actor && rig_stamp_is_foreign(stamp, actor))
		rig_count(actor, RIG_FOREIGN, 1);
}

/* As an allocation shall be asked for. */
gfp_t holds_gfp(struct rig_actor *actor)
{
	return rig_one_in(actor, 4) ? GFP_ATOMIC | __GFP_ZERO : GFP_ATOMIC;
}

static void *alloc(struct holds *holds, struct rig_actor *actor, gfp_t gfp)
{
	void *block = mpdemo_pool_alloc(holds->pool, gfp);

	if (!block) {
		rig_count(actor, RIG_FULL, 1);
		return NULL;
	}
	holds_note(holds, 1);
	holds_acquire(holds, actor, block, gfp);
	rig_count(actor, RIG_ALLOCS, 1);
	return block;
}

void *holds_alloc(struct holds *holds, struct rig_actor *actor)
{
	return alloc(holds, actor, holds_gfp(actor));
}

/* Of a task: a pool that can grow does so at once. */
void *holds_alloc_sleeping(struct holds *holds, struct rig_actor *actor)
{
	return alloc(holds, actor, GFP_KERNEL);
}

/* @actor may be NULL: then nothing is counted. So may @block. */
void holds_free(struct holds *holds, struct rig_actor *actor, void *block)
{
	if (!block)
		return;
	release(holds, actor, block);
	atomic_dec(&holds->held);
	mpdemo_pool_free(holds->pool, block);
	if (actor)
		rig_count(actor, RIG_FREES, 1);
}

static bool alloc_bulk(struct holds *holds, struct rig_actor *actor,
		       unsigned int n, void **blocks)
{
	gfp_t gfp = holds_gfp(actor);
	unsigned int i;

	if (!mpdemo_pool_alloc_bulk(holds->pool, gfp, n, blocks)) {
		rig_count(actor, RIG_FULL, 1);
		return false;
	}
	holds_note(holds, n);
	for (i = 0; i < n; i++)
		holds_acquire(holds, actor, blocks[i], gfp);
	rig_count(actor, RIG_BULK_ALLOCS, 1);
	return true;
}

static void free_bulk(struct holds *holds, struct rig_actor *actor,
		      unsigned int n, void **blocks)
{
	unsigned int i;

	if (!n)
		return;
	for (i = 0; i < n; i++)
		release(holds, actor, blocks[i]);
	atomic_sub(n, &holds->held);
	mpdemo_pool_free_bulk(holds->pool, n, blocks);
	rig_count(actor, RIG_BULK_FREES, 1);
}

/* Put a block, or none, into a slot, and return what was there. */
static void *swap_slot(struct holds *holds, struct rig_actor *actor, void *block)
{
	return xchg(&holds->slots[rig_random(actor, holds->nr_slots)], block);
}

/* Put a block, or none, into a slot, and free what was there. */
void holds_leave(struct holds *holds, struct rig_actor *actor, void *block)
{
	holds_free(holds, actor, swap_slot(holds, actor, block));
}

/* Some of a bulk stay, the others go at once. */
static void step_bulk(struct holds *holds, struct rig_actor *actor)
{
	unsigned int n = 1 + rig_random(actor, BULK), i, left;
	void *blocks[BULK];

	if (!alloc_bulk(holds, actor, n, blocks))
		return;
	left = rig_random(actor, n + 1);
	for (i = left; i < n; i++)
		holds_leave(holds, actor, blocks[i]);
	free_bulk(holds, actor, left, blocks);
}

static void step_gather(struct holds *holds, struct rig_actor *actor)
{
	unsigned int tries, n = 0;
	void *blocks[BULK];

	for (tries = 0; tries < BULK; tries++) {
		blocks[n] = swap_slot(holds, actor, NULL);
		if (blocks[n])
			n++;
	}
	free_bulk(holds, actor, n, blocks);
}

/* A few allocations and frees, in any context. */
void holds_step(struct holds *holds, struct rig_actor *actor)
{
	void *block;

	switch (rig_random(actor, 8)) {
	case 0:
		step_bulk(holds, actor);
		break;
	case 1:
		step_gather(holds, actor);
		break;
	case 2:
		holds_leave(holds, actor, NULL);
		break;
	case 3:
		holds_free(holds, actor, holds_alloc(holds, actor));
		break;
	default:
		block = holds_alloc(holds, actor);
		if (block)
			holds_leave(holds, actor, block);
		break;
	}
}

/* Of a task: a pool that has grown gives back what it can do without. */
void holds_shrink(struct holds *holds, struct rig_actor *actor)
{
	rig_count(actor, RIG_SHRUNK, mpdemo_pool_shrink(holds->pool));
}

/* Free all that is in slots, while others may put more there. */
void holds_drain(struct holds *holds)
{
	unsigned int i;

	for (i = 0; i < holds->nr_slots; i++)
		holds_free(holds, NULL, xchg(&holds->slots[i], NULL));
}

/* Choose what the pool shall be. The objects are others with each seed. */
void holds_choose(struct holds *holds, struct rig_actor *actor,
		  const char *name, unsigned int flags)
{
	*holds = (struct holds) {
		.config = {
			.name = name,
			.block_size = 8 + rig_random(actor, rig_one_in(actor, 8) ?
						     8000 : 200),
			.blocks = 16 + rig_random(actor, 112),
			.flags = flags,
		},
	};
	if (flags & MPDEMO_POOL_PERCPU)
		holds->config.magazine = 2 + rig_random(actor, 14);
}

/* What was chosen is the floor of a pool that grows. */
void holds_grow(struct holds *holds, struct rig_actor *actor)
{
	struct mpdemo_pool_config *config = &holds->config;

	config->max_blocks = config->blocks * (2 + rig_random(actor, 8));
	config->chunk_blocks = rig_one_in(actor, 4) ? 0 :
			       1 + rig_random(actor, CHUNK_MOST);
}

/* Create what was chosen. If it fails, holds_end() has to follow all the same. */
int holds_begin(struct holds *holds, struct rig_actor *actor)
{
	const struct mpdemo_pool_config *config = &holds->config;

	holds->nr = max(config->blocks, config->max_blocks) +
		    num_possible_cpus() * config->magazine;
	holds->nr_slots = 2 * holds->nr + rig_random(actor, holds->nr);
	rig_describe("block-size %zu blocks %zu to %u magazine %u chunk %zu slots %u",
		     config->block_size, config->blocks, holds->nr,
		     config->magazine, config->chunk_blocks, holds->nr_slots);

	holds->owners = kvcalloc(holds->nr, sizeof(*holds->owners), GFP_KERNEL);
	holds->slots = kvcalloc(holds->nr_slots, sizeof(*holds->slots),
				GFP_KERNEL);
	if (!holds->owners || !holds->slots)
		return -ENOMEM;
	holds->pool = mpdemo_pool_create(config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(holds->pool);
}

/* All that is held is in the slots. */
static void check_held(struct holds *holds)
{
	struct mpdemo_pool_stats stats;
	unsigned int i, n = 0;

	for (i = 0; i < holds->nr_slots; i++)
		n += !!holds->slots[i];
	mpdemo_pool_get_stats(holds->pool, &stats);
	rig_same("blocks held, and in slots", n, atomic_read(&holds->held));
	rig_same("stats: in use", n, stats.in_use);
}

/* Nothing is held. */
static void check_counters(struct holds *holds)
{
	unsigned int most = atomic_read(&holds->most_held);
	struct mpdemo_pool_stats stats;

	mpdemo_pool_get_stats(holds->pool, &stats);
	rig_same("stats: in use after all was freed", 0, stats.in_use);
	rig_same("stats: reserved after all was freed", 0, stats.reserved);
	rig_same("stats: allocs", rig_sum(RIG_BLOCKS), stats.allocs);
	rig_same("stats: frees", rig_sum(RIG_BLOCKS), stats.frees);
	rig_same("stats: failures", rig_sum(RIG_FULL) + rig_sum(RIG_TIMEOUTS),
		 stats.failures);
	rig_same("stats: refused", 0, stats.refused);
	if (stats.peak < most)
		rig_fail_value("stats: peak, at least", most, stats.peak);
	if (stats.peak > holds->nr)
		rig_fail_value("stats: peak, at most", holds->nr, stats.peak);
}

/* All of N blocks can be had, or of M where it grows; and of those of the slack some. */
static void check_capacity(struct holds *holds, struct rig_actor *actor)
{
	size_t least = max(holds->config.blocks, holds->config.max_blocks);
	struct mpdemo_pool_stats stats;
	unsigned int n = 0;

	while (n <= holds->nr &&
	       (holds->slots[n] = holds_alloc_sleeping(holds, actor)))
		n++;
	if (n < least)
		rig_fail_value("blocks to be had, at least", least, n);
	if (n > holds->nr)
		rig_fail_value("blocks to be had, at most", holds->nr, n);
	while (n--) {
		holds_free(holds, actor, holds->slots[n]);
		holds->slots[n] = NULL;
	}
	mpdemo_pool_get_stats(holds->pool, &stats);
	rig_same("stats: in use at the end", 0, stats.in_use);
}

/* All is quiet: whether the pool is as it should be. All blocks are freed. */
void holds_check(struct holds *holds)
{
	check_held(holds);
	holds_drain(holds);
	check_counters(holds);
	check_capacity(holds, rig_actor(RIG_TASK, 0));
}

/*
 * A check has failed, and somebody may wait for ever: send them away. Nobody does
 * anything else to the pool but free.
 */
void holds_abandon(struct holds *holds)
{
	if (holds->abandoned)
		return;
	holds->abandoned = true;
	mpdemo_pool_destroy(holds->pool);
}

/* No checks, but nothing is left over. */
void holds_end(struct holds *holds)
{
	unsigned int i;

	if (!IS_ERR_OR_NULL(holds->pool)) {
		for (i = 0; i < holds->nr_slots; i++)
			if (holds->slots[i])
				mpdemo_pool_free(holds->pool, holds->slots[i]);
		holds_abandon(holds);
	}
	kvfree(holds->slots);
	kvfree(holds->owners);
}
