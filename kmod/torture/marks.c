// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "marks": an arena of a single owner for each actor, of one chunk or of
 * many, with pieces of any size and alignment, marks, rollbacks and resets at
 * random. Actors do not share arenas; what they share is what is below them.
 *
 * What is checked: each piece is stamped, and whole when it is freed. Where an
 * arena is one chunk, a model tells where each piece must be, and whether there is
 * room for it. Counters must be right whenever something is freed.
 */

#include <linux/align.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/arena.h>

#include "rig.h"

#define PIECES		64
#define PIECE_MAX	300

struct piece {
	void *memory;
	size_t size;
	u64 stamp;
};

struct place {
	struct mpdemo_arena_mark mark;
	unsigned int nr_pieces;
	size_t in_use;
};

/* An arena, and what it should be like. */
struct model {
	struct mpdemo_arena *arena;
	size_t bytes;
	bool chunks;
	size_t in_use;			/* of one chunk only */
	size_t peak;
	u64 allocs, resets, failures, refused;
	unsigned int nr_pieces;
	struct piece pieces[PIECES];
	unsigned int nr_marks;
	struct place marks[MPDEMO_ARENA_MARKS];
};

static void check_piece(struct model *model, unsigned int i)
{
	struct piece *piece = &model->pieces[i];
	u64 found;

	if (!rig_verify(piece->memory, piece->size, piece->stamp, &found))
		rig_fail_owner("overwritten: piece of an arena, of bytes",
			       piece->size, piece->stamp, found);
}

/* Ahead of whatever frees: @peak is up to date after it. */
static void check_stats(struct model *model)
{
	struct mpdemo_arena_stats stats;

	mpdemo_arena_get_stats(model->arena, &stats);
	if (!model->chunks)
		rig_same("stats: in use", model->in_use, stats.in_use);
	else if (stats.in_use > model->bytes)
		rig_fail_value("stats: in use, at most", model->bytes,
			       stats.in_use);
	model->peak = max(model->peak, stats.in_use);
	rig_same("stats: peak", model->peak, stats.peak);
	rig_same("stats: marks", model->nr_marks, stats.marks);
	rig_same("stats: allocs", model->allocs, stats.allocs);
	rig_same("stats: resets", model->resets, stats.resets);
	rig_same("stats: failures", model->failures, stats.failures);
	rig_same("stats: refused", model->refused, stats.refused);
}

/* Pieces from @left on are about to be freed. */
static void drop_pieces(struct model *model, unsigned int left)
{
	check_stats(model);
	while (model->nr_pieces > left)
		check_piece(model, --model->nr_pieces);
}

static size_t in_use_of(struct model *model)
{
	struct mpdemo_arena_stats stats;

	mpdemo_arena_get_stats(model->arena, &stats);
	return stats.in_use;
}

static void reset_model(struct rig_actor *actor, struct model *model)
{
	drop_pieces(model, 0);
	mpdemo_arena_reset(model->arena);
	model->in_use = 0;
	model->nr_marks = 0;
	model->resets++;
	rig_same("in use after a reset", 0, in_use_of(model));
	rig_count(actor, RIG_RESETS, 1);
}

/* Where an arena of one chunk will be after an allocation, or 0: no room */
static size_t predict(const struct model *model, size_t size, size_t align)
{
	size_t end = ALIGN(model->in_use, align) + size;

	return end <= model->bytes ? end : 0;
}

static void check_new(struct model *model, void *memory, size_t size,
		      size_t align, gfp_t gfp)
{
	size_t end = predict(model, size, align);
	u64 found;

	if (memory && !IS_ALIGNED((unsigned long)memory, align))
		rig_fail_value("an address, aligned to", align,
			       (unsigned long)memory);
	if (memory && (gfp & __GFP_ZERO) &&
	    !rig_verify(memory, size, 0, &found))
		rig_fail_value("first word of zeroed memory", 0, found);
	if (model->chunks)
		return;

	rig_same("whether a piece fits", !!end, !!memory);
	if (!memory || !end)
		return;
	rig_same("place of a piece", end - size,
		 mpdemo_arena_offset(model->arena, memory));
	model->in_use = end;
}

static void alloc(struct rig_actor *actor, struct model *model)
{
	size_t align = 1UL << rig_random(actor, rig_one_in(actor, 16) ? 13 : 7);
	size_t size = 1 + rig_random(actor, PIECE_MAX);
	gfp_t gfp = actor->context == RIG_TASK ? GFP_KERNEL : GFP_ATOMIC;
	struct piece *piece;
	void *memory;

	if (model->nr_pieces == PIECES) {
		reset_model(actor, model);
		return;
	}
	if (rig_one_in(actor, 4))
		gfp |= __GFP_ZERO;
	memory = mpdemo_arena_alloc_aligned(model->arena, size, align, gfp);
	check_new(model, memory, size, align, gfp);
	if (!memory) {
		model->failures++;
		rig_count(actor, RIG_FULL, 1);
		return;
	}
	piece = &model->pieces[model->nr_pieces++];
	*piece = (struct piece) { memory, size, rig_stamp(actor) };
	rig_fill(memory, size, piece->stamp);
	model->allocs++;
	rig_count(actor, RIG_ALLOCS, 1);
}

static void make_mark(struct rig_actor *actor, struct model *model)
{
	bool room = model->nr_marks < MPDEMO_ARENA_MARKS;
	struct mpdemo_arena_mark token;
	int ret;

	ret = mpdemo_arena_mark(model->arena, &token);
	rig_same("errno of a mark", room ? 0 : EOVERFLOW, -ret);
	if (ret || !room)
		return;
	model->marks[model->nr_marks++] = (struct place) {
		.mark = token,
		.nr_pieces = model->nr_pieces,
		.in_use = in_use_of(model),
	};
	rig_count(actor, RIG_MARKS, 1);
}

static void roll_back(struct rig_actor *actor, struct model *model)
{
	unsigned int i = rig_random(actor, model->nr_marks + 1);
	struct place *place = &model->marks[i];
	int ret;

	if (i == model->nr_marks)
		return;
	drop_pieces(model, place->nr_pieces);
	ret = mpdemo_arena_rollback(model->arena, &place->mark);
	rig_same("errno of a rollback", 0, -ret);
	model->nr_marks = i + 1;
	model->in_use = place->in_use;
	rig_same("in use after a rollback", place->in_use, in_use_of(model));
	if (model->nr_pieces)
		check_piece(model, rig_random(actor, model->nr_pieces));
	rig_count(actor, RIG_ROLLBACKS, 1);
}

static void unmake_mark(struct rig_actor *actor, struct model *model)
{
	unsigned int i = rig_random(actor, model->nr_marks + 1);
	int ret;

	if (i == model->nr_marks)
		return;
	ret = mpdemo_arena_unmark(model->arena, &model->marks[i].mark);
	rig_same("errno of an unmark", 0, -ret);
	model->nr_marks = i;
}

/* A mark that was forgotten, or killed: refused, and nothing changes. */
static void use_dead_mark(struct model *model)
{
	struct mpdemo_arena_mark dead;

	if (model->nr_marks == MPDEMO_ARENA_MARKS ||
	    mpdemo_arena_mark(model->arena, &dead))
		return;
	mpdemo_arena_unmark(model->arena, &dead);
	rig_same("errno of a rollback to a dead mark", EINVAL,
		 -mpdemo_arena_rollback(model->arena, &dead));
	model->refused++;
	check_stats(model);
}

static bool step(struct rig_actor *actor)
{
	struct model *model = actor->data;

	switch (rig_random(actor, 32)) {
	case 0 ... 3:
		make_mark(actor, model);
		break;
	case 4 ... 6:
		roll_back(actor, model);
		break;
	case 7:
		unmake_mark(actor, model);
		break;
	case 8:
		if (rig_one_in(actor, 8))
			use_dead_mark(model);
		else
			reset_model(actor, model);
		break;
	default:
		alloc(actor, model);
		break;
	}
	return true;
}

static struct model *new_model(struct rig_actor *actor)
{
	struct mpdemo_arena_config config = {
		.name = rig_context_name(actor->context),
		.bytes = SZ_4K + rig_random(actor, SZ_8K),
	};
	struct model *model;
	int ret;

	/* An arena gets further chunks where it may sleep only. */
	if (actor->context == RIG_TASK && actor->number % 2) {
		config.chunk = SZ_4K;
		config.retain = rig_random(actor, 2);
	}
	model = kvzalloc(sizeof(*model), GFP_KERNEL);
	if (!model)
		return ERR_PTR(-ENOMEM);
	model->bytes = config.bytes;
	model->chunks = config.chunk;
	model->arena = mpdemo_arena_create(&config, GFP_KERNEL);
	if (IS_ERR(model->arena)) {
		ret = PTR_ERR(model->arena);
		kvfree(model);
		return ERR_PTR(ret);
	}
	return model;
}

static int begin(void)
{
	struct rig_actor *actor;
	unsigned int i;

	rig_for_each_actor(actor, i) {
		struct model *model = new_model(actor);

		if (IS_ERR(model))
			return PTR_ERR(model);
		actor->data = model;
	}
	return 0;
}

static void end(void)
{
	struct rig_actor *actor;
	unsigned int i;

	rig_for_each_actor(actor, i) {
		struct model *model = actor->data;

		if (!model)
			continue;
		if (!rig_must_stop())
			reset_model(actor, model);
		mpdemo_arena_destroy(model->arena);
		kvfree(model);
		actor->data = NULL;
	}
}

const struct rig_workload marks_workload = {
	.name = "marks",
	.begin = begin,
	.step = step,
	.end = end,
};
