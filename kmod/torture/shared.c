// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "shared": all actors allocate from one shared arena, and one of them,
 * its owner, resets it when nobody uses it. Who uses it is counted; to reset it,
 * the owner lets no more come, waits for the last one to leave, and opens again.
 *
 * What is checked: pieces are stamped, and whole when their user leaves. A reset
 * frees exactly what was allocated since the one before. At the end all counters
 * must be right.
 */

#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <mempool_demo/arena.h>

#include "rig.h"

#define PIECES		4
#define PIECE_WORDS	16

static struct mpdemo_arena *arena;
static size_t bytes;

/* Who uses the arena; negative: nobody else may come. */
static atomic_t users;

/* What was allocated since the last reset. */
static atomic_long_t used;

/* Written by the owner while nobody uses the arena: alignments waste no room. */
static bool tight;

/* The owner's. */
static size_t peak;

struct piece {
	void *memory;
	size_t size;
	u64 stamp;
};

static bool alloc(struct rig_actor *actor, struct piece *piece)
{
	size_t align = tight ? sizeof(u64) : 1UL << rig_random(actor, 10);
	gfp_t gfp = rig_one_in(actor, 4) ? GFP_ATOMIC | __GFP_ZERO : GFP_ATOMIC;
	u64 found;

	piece->size = sizeof(u64) * (1 + rig_random(actor, PIECE_WORDS));
	piece->stamp = rig_stamp(actor);
	piece->memory = mpdemo_arena_alloc_aligned(arena, piece->size, align,
						   gfp);
	if (!piece->memory) {
		rig_count(actor, RIG_FULL, 1);
		return false;
	}
	if (!IS_ALIGNED((unsigned long)piece->memory, align))
		rig_fail_value("an address, aligned to", align,
			       (unsigned long)piece->memory);
	if ((gfp & __GFP_ZERO) &&
	    !rig_verify(piece->memory, piece->size, 0, &found))
		rig_fail_owner("not zeroed: piece of bytes", piece->size,
			       piece->stamp, found);
	rig_fill(piece->memory, piece->size, piece->stamp);
	atomic_long_add(piece->size, &used);
	rig_count(actor, RIG_ALLOCS, 1);
	return true;
}

static void use(struct rig_actor *actor)
{
	unsigned int n = 1 + rig_random(actor, PIECES), i;
	struct piece pieces[PIECES];
	u64 found;

	for (i = 0; i < n && alloc(actor, &pieces[i]); i++)
		;
	while (i--)
		if (!rig_verify(pieces[i].memory, pieces[i].size,
				pieces[i].stamp, &found))
			rig_fail_owner("overwritten: piece of bytes",
				       pieces[i].size, pieces[i].stamp, found);
}

/* Nobody uses the arena. */
static void reset_arena(struct rig_actor *actor)
{
	size_t want = atomic_long_read(&used), got = mpdemo_arena_reset(arena);

	if (tight)
		rig_same("bytes that a reset has freed", want, got);
	else if (got < want || got > bytes)
		rig_fail_value("bytes that a reset has freed, at least", want,
			       got);
	peak = max(peak, got);
	atomic_long_set(&used, 0);
	tight = !tight;
	rig_count(actor, RIG_RESETS, 1);
}

static void close_and_reset(struct rig_actor *actor)
{
	atomic_add(INT_MIN, &users);
	/* Pairs with the atomic_dec_return_release() in step(). */
	while (atomic_read_acquire(&users) != INT_MIN)
		usleep_range(10, 50);
	reset_arena(actor);
	/* All of it before others come in: see atomic_inc_unless_negative(). */
	atomic_set_release(&users, 0);
}

static bool step(struct rig_actor *actor)
{
	bool owner = actor->context == RIG_TASK && !actor->number;

	if (owner && rig_one_in(actor, 64))
		close_and_reset(actor);
	/* Full order, if it succeeds. */
	if (!atomic_inc_unless_negative(&users))
		return true;
	use(actor);
	/* release: with all that was done to the pieces */
	atomic_dec_return_release(&users);
	return true;
}

static int begin(void)
{
	struct mpdemo_arena_config config = {
		.name = "torture shared",
		.bytes = SZ_4K + rig_random(rig_actor(RIG_TASK, 0), SZ_16K),
		.flags = MPDEMO_ARENA_SHARED,
	};

	bytes = config.bytes;
	atomic_set(&users, 0);
	atomic_long_set(&used, 0);
	tight = true;
	peak = 0;
	rig_describe("bytes %zu", bytes);
	arena = mpdemo_arena_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(arena);
}

static void end(void)
{
	struct mpdemo_arena_stats stats;

	if (IS_ERR(arena))
		return;
	if (!rig_must_stop()) {
		mpdemo_arena_get_stats(arena, &stats);
		if (tight)
			rig_same("stats: in use", atomic_long_read(&used),
				 stats.in_use);
		reset_arena(rig_actor(RIG_TASK, 0));
		mpdemo_arena_get_stats(arena, &stats);
		rig_same("stats: in use after a reset", 0, stats.in_use);
		rig_same("stats: peak", peak, stats.peak);
		rig_same("stats: allocs", rig_sum(RIG_ALLOCS), stats.allocs);
		rig_same("stats: resets", rig_sum(RIG_RESETS), stats.resets);
		rig_same("stats: failures", rig_sum(RIG_FULL), stats.failures);
		rig_same("stats: refused", 0, stats.refused);
	}
	mpdemo_arena_destroy(arena);
}

const struct rig_workload shared_workload = {
	.name = "shared",
	.begin = begin,
	.step = step,
	.end = end,
};
