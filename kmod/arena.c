// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas of a single owner, and shared ones: allocation where the inline fast
 * path cannot do it, marks, rollback and reset.
 *
 * Nothing is kept about a single piece. A place in an arena is a chunk and a
 * position in it; to go back to one costs the same however much was allocated
 * since, but for a few instructions per chunk, and the zeroing that
 * init_on_free=1 asks for.
 *
 * Marks are a stack, and a token is only a reference to an entry of it: a serial
 * number that was never used before tells whether the entry is still the one
 * that the token was made for.
 *
 * There is no lock: an arena has one owner. A shared one is a position that is
 * moved by cmpxchg.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "arena.h"
#include "chunk.h"
#include "region.h"
#include "trace.h"

static void *failed(struct arena *arena, size_t size, size_t align, gfp_t gfp,
		    unsigned long caller)
{
	atomic64_inc(&arena->failures);
	trace_mpdemo_arena_fail(arena_name(&arena->api), size, align, gfp, caller);
	return NULL;
}

/* Reported once per arena, as the place that does it will do it again. */
noinline void arena_refuse(struct arena *arena, const char *what,
			   unsigned long caller)
{
	atomic64_inc(&arena->refused);
	if (!test_and_set_bit(REPORTED_MISUSE, &arena->reported))
		pr_err("arena %s: %s, by %pS\n", arena->name ?: "without a name",
		       what, (void *)caller);
}

size_t arena_in_use(const struct arena *arena)
{
	return READ_ONCE(arena->before) + arena_pos(&arena->api) -
	       READ_ONCE(arena->current_chunk)->base;
}

/* The position only falls at a reset or rollback, so the peak need not be kept
 * up to date by each allocation.
 */
size_t arena_peak(const struct arena *arena)
{
	return max(READ_ONCE(arena->peak), arena_in_use(arena));
}

/*
 * Note how much is in use, before that falls. By cmpxchg: others may reset the peak
 * meanwhile, and of a CPU an interrupt may note more.
 */
void arena_note_peak(size_t *peak, size_t in_use)
{
	size_t noted = READ_ONCE(*peak);

	while (noted < in_use && !try_cmpxchg(peak, &noted, in_use))
		;
}

static void *alloc_shared(struct arena *arena, size_t size, size_t align)
{
	unsigned long pos = atomic_long_read(&arena->shared_pos), start;

	do {
		start = ALIGN(pos, align);
		if (start + size > arena->first->end)
			return NULL;
	} while (!atomic_long_try_cmpxchg(&arena->shared_pos, &pos,
					  start + size));
	this_cpu_inc(*arena->shared_allocs);
	return (void *)start;
}

/* Where the fast path has found no room. What is in it is left as it is. */
static void *alloc_slowly(struct mpdemo_arena *api, size_t size, size_t align,
			  gfp_t gfp, unsigned long caller)
{
	struct arena *arena = arena_of(api);
	void *piece = NULL;

	if (api->kind == ARENA_CPU) {
		if (!cpu_arena_has_section(to_cpu_arena(api), caller))
			return NULL;
	} else if (api->kind == ARENA_PERCPU) {
		arena_refuse(arena, "allocation outside of a section", caller);
		return NULL;
	} else if (is_power_of_2(align) && align <= MPDEMO_ALIGN_MAX &&
		   size - 1 < MPDEMO_ARENA_BYTES_MAX) {
		if (api->kind == ARENA_SHARED)
			piece = alloc_shared(arena, size, align);
		else if (arena_next_chunk(arena, size, gfp))
			piece = mpdemo_arena_bump(api, size, align);
	}
	return piece ?: failed(arena, size, align, gfp, caller);
}

/* mpdemo_arena_alloc_aligned() where the fast path found no room, or is traced */
void *mpdemo_arena_alloc_slowly(struct mpdemo_arena *api, size_t size,
				size_t align, gfp_t gfp)
{
	void *piece = NULL;

	/* Who is traced has not tried it. */
	if (trace_mpdemo_arena_alloc_enabled())
		piece = mpdemo_arena_bump(api, size, align);
	if (!piece)
		piece = alloc_slowly(api, size, align, gfp, _RET_IP_);
	if (!piece)
		return NULL;
	if (want_init_on_alloc(gfp))
		memset(piece, 0, size);
	if (trace_mpdemo_arena_alloc_enabled())
		arena_trace_alloc(api, piece, size, align, gfp, _RET_IP_);
	return piece;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_alloc_slowly);

/* What was used from @pos in @chunk on. */
static void clear_from(const struct arena *arena, struct mpdemo_chunk *chunk,
		       unsigned long pos)
{
	while (chunk != arena->current_chunk) {
		memset((void *)pos, 0, chunk->used_to - pos);
		chunk = chunk->next;
		pos = chunk->base;
	}
	memset((void *)pos, 0, arena_pos(&arena->api) - pos);
}

/* Return: bytes that are free now, and were not. */
static size_t go_back(struct arena *arena, struct mpdemo_chunk *chunk,
		      unsigned long pos, size_t before)
{
	size_t in_use = arena_in_use(arena);

	arena_note_peak(&arena->peak, in_use);
	arena_use_chunk(arena, chunk, pos, before);
	arena_drop_spares(arena, arena->retain);
	return in_use - arena_in_use(arena);
}

/**
 * mpdemo_arena_mark() - remember the present place of an arena
 * @api: the arena
 * @mark: where to put the token, for mpdemo_arena_rollback()
 *
 * The mark is live until the arena is reset or rolled back to an earlier mark,
 * or mpdemo_arena_unmark() is called for it or an earlier one.
 *
 * Context: Any, one at a time, see mpdemo_arena_alloc_aligned().
 * Return: 0; -EOVERFLOW: MPDEMO_ARENA_MARKS are live already; -EOPNOTSUPP: the
 * arena is shared or per CPU.
 */
int mpdemo_arena_mark(struct mpdemo_arena *api, struct mpdemo_arena_mark *mark)
{
	struct arena *arena = to_arena(api);

	if (api->kind != ARENA_SINGLE)
		return -EOPNOTSUPP;
	if (arena->nr_marks == MPDEMO_ARENA_MARKS)
		return -EOVERFLOW;

	mark->arena = api;
	mark->serial = ++arena->serial;
	mark->depth = arena->nr_marks;
	arena->marks[mark->depth] = (struct arena_place) {
		.serial = mark->serial,
		.chunk = arena->current_chunk,
		.pos = arena_pos(api),
		.before = arena->before,
	};
	WRITE_ONCE(arena->nr_marks, arena->nr_marks + 1);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_mark);

/* The place of a live mark, or NULL. */
static const struct arena_place *
live_mark(const struct arena *arena, const struct mpdemo_arena_mark *mark)
{
	const struct arena_place *place;

	if (mark->arena != &arena->api || mark->depth >= arena->nr_marks)
		return NULL;
	/* A user may have made the mark up. */
	place = &arena->marks[array_index_nospec(mark->depth, MPDEMO_ARENA_MARKS)];
	return place->serial == mark->serial ? place : NULL;
}

/* The place of a live mark, or an ERR_PTR(). */
static const struct arena_place *
find_mark(struct arena *arena, const struct mpdemo_arena_mark *mark,
	  unsigned long caller)
{
	const struct arena_place *place;

	if (arena->api.kind != ARENA_SINGLE)
		return ERR_PTR(-EOPNOTSUPP);
	place = live_mark(arena, mark);
	if (place)
		return place;
	arena_refuse(arena, "mark refused: it is not live", caller);
	return ERR_PTR(-EINVAL);
}

/**
 * mpdemo_arena_rollback() - free all that was allocated since a mark was made
 * @api: the arena
 * @mark: a live mark of it, which stays live; later ones do not
 *
 * Context: Any, one at a time, see mpdemo_arena_alloc_aligned(). Never sleeps.
 * Return: 0; or, and then nothing has changed, -EINVAL: the mark is not live, or
 * of another arena; -EOPNOTSUPP: the arena is shared or per CPU.
 */
int mpdemo_arena_rollback(struct mpdemo_arena *api,
			  const struct mpdemo_arena_mark *mark)
{
	struct arena *arena = to_arena(api);
	const struct arena_place *place = find_mark(arena, mark, _RET_IP_);
	size_t freed;

	if (IS_ERR(place))
		return PTR_ERR(place);
	/* @mark may lie in what is freed here. */
	if (want_init_on_free())
		clear_from(arena, place->chunk, place->pos);
	freed = go_back(arena, place->chunk, place->pos, place->before);
	WRITE_ONCE(arena->nr_marks, place - arena->marks + 1);
	trace_mpdemo_arena_rollback(arena_name(api), freed, _RET_IP_);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_rollback);

/**
 * mpdemo_arena_unmark() - forget a mark and later ones, and free nothing
 * @api: the arena
 * @mark: a live mark of it
 *
 * Context: Any, one at a time, see mpdemo_arena_alloc_aligned().
 * Return: as mpdemo_arena_rollback().
 */
int mpdemo_arena_unmark(struct mpdemo_arena *api,
			const struct mpdemo_arena_mark *mark)
{
	struct arena *arena = to_arena(api);
	const struct arena_place *place = find_mark(arena, mark, _RET_IP_);

	if (IS_ERR(place))
		return PTR_ERR(place);
	WRITE_ONCE(arena->nr_marks, mark->depth);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_unmark);

/* Free all, and leave the memory as it is. Return: bytes that were in use. */
static size_t rewind(struct arena *arena)
{
	size_t freed = go_back(arena, arena->first, arena->first->base, 0);

	WRITE_ONCE(arena->nr_marks, 0);
	WRITE_ONCE(arena->resets, arena->resets + 1);
	return freed;
}

static size_t reset_shared(struct arena *arena)
{
	unsigned long base = arena->first->base;
	size_t in_use = atomic_long_read(&arena->shared_pos) - base;

	/* Before it can be allocated again. */
	if (want_init_on_free())
		memset((void *)base, 0, in_use);
	atomic_long_set_release(&arena->shared_pos, base);
	arena_note_peak(&arena->peak, in_use);
	WRITE_ONCE(arena->resets, arena->resets + 1);
	return in_use;
}

/**
 * mpdemo_arena_reset() - free all that was allocated from an arena
 * @api: the arena
 *
 * No mark is live after it. Of a shared arena only its owner may call this, when
 * nobody uses what was allocated or allocates: who has taken a piece before the
 * reset may be about to zero it, and another one has got it since.
 *
 * Context: Any, but one at a time, see mpdemo_arena_alloc_aligned(). Never
 * sleeps.
 * Return: bytes that were in use; 0 for an arena per CPU, on which this is
 * refused.
 */
size_t mpdemo_arena_reset(struct mpdemo_arena *api)
{
	struct arena *arena = arena_of(api);
	size_t freed;

	switch ((enum arena_kind)api->kind) {
	case ARENA_SINGLE:
		if (want_init_on_free())
			clear_from(arena, arena->first, arena->first->base);
		freed = rewind(arena);
		break;
	case ARENA_SHARED:
		freed = reset_shared(arena);
		break;
	default:
		arena_refuse(arena, "reset refused: sections reset it", _RET_IP_);
		return 0;
	}
	trace_mpdemo_arena_reset(arena_name(api), freed, _RET_IP_);
	return freed;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_reset);

/**
 * mpdemo_arena_reset_slowly() - as mpdemo_arena_reset(), but may sleep
 * @api: an arena of one chunk
 *
 * Not exported: for arenas of gigabytes, where init_on_free=1 has them cleared.
 *
 * Context: Task context, may sleep; one at a time, see
 * mpdemo_arena_alloc_aligned().
 * Return: bytes that were in use.
 */
size_t mpdemo_arena_reset_slowly(struct mpdemo_arena *api)
{
	struct arena *arena = to_arena(api);
	size_t freed = rewind(arena);

	if (want_init_on_free())
		mpdemo_region_clear((void *)arena->first->base, freed);
	trace_mpdemo_arena_reset(arena_name(api), freed, _RET_IP_);
	return freed;
}

/**
 * mpdemo_arena_take() - allocate zeroed memory in a way that can be taken back
 * @api: an arena of one chunk
 * @size: bytes, 1 or more
 * @align: a power of two up to MPDEMO_ALIGN_MAX
 * @piece: for mpdemo_arena_take_back()
 *
 * Not exported: for callers whose users choose sizes of gigabytes.
 *
 * Context: Task context, may sleep; one at a time, see
 * mpdemo_arena_alloc_aligned().
 * Return: the memory, or NULL.
 */
void *mpdemo_arena_take(struct mpdemo_arena *api, size_t size, size_t align,
			struct mpdemo_arena_piece *piece)
{
	struct arena *arena = to_arena(api);
	void *memory;

	piece->from = arena_pos(api);
	memory = mpdemo_arena_bump(api, size, align);
	piece->to = arena_pos(api);
	piece->resets = arena->resets;
	piece->serial = arena->serial;
	if (!memory)
		return failed(arena, size, align, 0, _RET_IP_);
	mpdemo_region_clear(memory, size);
	if (trace_mpdemo_arena_alloc_enabled())
		arena_trace_alloc(api, memory, size, align, 0, _RET_IP_);
	return memory;
}

/**
 * mpdemo_arena_take_back() - undo mpdemo_arena_take() where it was the last one
 * @api: the arena
 * @piece: what was taken
 *
 * Where somebody else has allocated since, or made a mark or rolled back, the piece
 * stays until the next reset or rollback. (A mark must not lie ahead of the position; and
 * after a rollback what is behind it may be another piece that looks the same.)
 *
 * Context: as mpdemo_arena_alloc_aligned().
 */
void mpdemo_arena_take_back(struct mpdemo_arena *api,
			    const struct mpdemo_arena_piece *piece)
{
	const struct arena *arena = to_arena(api);

	if (arena->resets == piece->resets && arena->serial == piece->serial &&
	    arena_pos(api) == piece->to) {
		arena_set_pos(api, piece->from);
		WRITE_ONCE(api->allocs, api->allocs - 1);
	}
}

/**
 * mpdemo_arena_rollback_slowly() - as mpdemo_arena_rollback(), but may sleep
 * @api: an arena of one chunk
 * @mark: what may be a live mark of it
 *
 * Not exported: for arenas of gigabytes; and a mark that is not live is nothing to tell
 * the kernel log, as users make them up.
 *
 * Context: Task context, may sleep; one at a time, see
 * mpdemo_arena_alloc_aligned().
 * Return: 0; or -ESTALE, and then nothing has changed: the mark is not live.
 */
int mpdemo_arena_rollback_slowly(struct mpdemo_arena *api,
				 const struct mpdemo_arena_mark *mark)
{
	struct arena *arena = to_arena(api);
	const struct arena_place *place = live_mark(arena, mark);
	size_t freed;

	if (!place)
		return -ESTALE;
	freed = go_back(arena, place->chunk, place->pos, place->before);
	WRITE_ONCE(arena->nr_marks, place - arena->marks + 1);
	/* For mpdemo_arena_take_back(). */
	arena->serial++;
	if (want_init_on_free())
		mpdemo_region_clear((void *)place->pos, freed);
	trace_mpdemo_arena_rollback(arena_name(api), freed, _RET_IP_);
	return 0;
}

/**
 * mpdemo_arena_unmark_youngest() - undo mpdemo_arena_mark() where it was the last one
 * @api: the arena
 * @mark: what it made
 *
 * Where there is a younger mark, this one stays until the next reset, or rollback to an
 * older one.
 *
 * Context: as mpdemo_arena_mark().
 */
void mpdemo_arena_unmark_youngest(struct mpdemo_arena *api,
				  const struct mpdemo_arena_mark *mark)
{
	struct arena *arena = to_arena(api);

	if (live_mark(arena, mark) && mark->depth == arena->nr_marks - 1)
		WRITE_ONCE(arena->nr_marks, mark->depth);
}
