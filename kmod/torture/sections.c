// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "sections": sections of an arena per CPU, one within another, and all
 * of them within those that they interrupt.
 *
 * What is checked: pieces are stamped, and whole when their section ends, whatever
 * has interrupted it. Within a section one piece follows the other, as whoever
 * interrupts leaves the arena as he has found it. At the end nothing is in use.
 */

#include <linux/align.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/sizes.h>

#include <mempool_demo/arena.h>

#include "rig.h"

#define DEPTH		3
#define PIECES		3
#define PIECE_MAX	256
#define BYTES		SZ_16K

struct piece {
	void *memory;
	size_t size;
	u64 stamp;
};

static struct mpdemo_arena *percpu;

/* Return: false where there is no room. */
static bool alloc(struct rig_actor *actor, struct mpdemo_arena *arena,
		  struct piece *piece)
{
	piece->size = 1 + rig_random(actor, PIECE_MAX);
	piece->stamp = rig_stamp(actor);
	piece->memory = mpdemo_arena_alloc(arena, piece->size, GFP_ATOMIC);
	if (!piece->memory) {
		rig_count(actor, RIG_FULL, 1);
		return false;
	}
	rig_fill(piece->memory, piece->size, piece->stamp);
	rig_count(actor, RIG_ALLOCS, 1);
	return true;
}

static void check_pieces(const struct piece *pieces, unsigned int n)
{
	unsigned int i;
	u64 found;

	for (i = 0; i < n; i++) {
		void *end = pieces[i].memory + pieces[i].size;

		if (!rig_verify(pieces[i].memory, pieces[i].size,
				pieces[i].stamp, &found))
			rig_fail_owner("overwritten: piece of bytes",
				       pieces[i].size, pieces[i].stamp, found);
		if (i + 1 < n && pieces[i + 1].memory !=
		    PTR_ALIGN(end, MPDEMO_ALIGN_MIN))
			rig_fail_owner("pieces are apart: bytes",
				       pieces[i + 1].memory - end,
				       pieces[i].stamp, pieces[i + 1].stamp);
	}
}

/* A section, and maybe one within it; DEPTH of them at most. */
static void section(struct rig_actor *actor, unsigned int depth)
{
	struct mpdemo_arena_scope scope;
	struct piece pieces[PIECES];
	struct mpdemo_arena *arena;
	unsigned int n = 0, nested;

	arena = mpdemo_arena_begin(percpu, &scope);
	nested = rig_random(actor, 2 * PIECES);
	while (n < PIECES && alloc(actor, arena, &pieces[n])) {
		if (n++ == nested && depth < DEPTH) {
			section(actor, depth + 1);
			rig_count(actor, RIG_NESTED, 1);
		}
	}
	check_pieces(pieces, n);
	mpdemo_arena_end(&scope);
	rig_count(actor, RIG_SECTIONS, 1);
}

static bool step(struct rig_actor *actor)
{
	section(actor, 1);
	return true;
}

static int begin(void)
{
	struct mpdemo_arena_config config = {
		.name = "torture sections",
		.bytes = BYTES,
		.flags = MPDEMO_ARENA_PERCPU,
	};

	rig_describe("bytes %u per CPU", BYTES);
	percpu = mpdemo_arena_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(percpu);
}

static void end(void)
{
	struct mpdemo_arena_stats stats;

	if (IS_ERR(percpu))
		return;
	if (!rig_must_stop()) {
		u64 outermost = rig_sum(RIG_SECTIONS) - rig_sum(RIG_NESTED);

		mpdemo_arena_get_stats(percpu, &stats);
		rig_same("stats: in use", 0, stats.in_use);
		rig_same("stats: sections under way", 0, stats.marks);
		rig_same("stats: failures", rig_sum(RIG_FULL), stats.failures);
		rig_same("stats: refused", 0, stats.refused);
		/* See struct mpdemo_arena_stats for what it may miss. */
		if (!stats.allocs || stats.allocs > rig_sum(RIG_ALLOCS))
			rig_fail_value("stats: allocs, not 0 and at most",
				       rig_sum(RIG_ALLOCS), stats.allocs);
		/* Those that others have interrupted count once. */
		if (stats.resets > outermost)
			rig_fail_value("stats: resets, at most", outermost,
				       stats.resets);
		if (!stats.resets || !stats.peak || stats.peak > BYTES)
			rig_fail_value("stats: peak, not 0 and at most", BYTES,
				       stats.peak);
	}
	mpdemo_arena_destroy(percpu);
}

const struct rig_workload sections_workload = {
	.name = "sections",
	.begin = begin,
	.step = step,
	.end = end,
};
