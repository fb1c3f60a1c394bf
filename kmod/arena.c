// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas: a position that moves through one region, and a reset that moves it
 * back. The allocation itself is inline, in <mempool_demo/arena.h>.
 *
 * Nothing is kept about a single piece, so a reset costs the same however many
 * there are (but for the zeroing that init_on_free=1 asks for), and a piece
 * cannot be freed by itself.
 *
 * There is no lock: an arena has one owner.
 */

#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/arena.h>
#include <uapi/linux/mempool_demo.h>

#include "arena.h"
#include "region.h"

/**
 * mpdemo_arena_check() - whether an arena can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0, or -ERANGE.
 */
int mpdemo_arena_check(const struct mpdemo_arena_config *config,
		       struct mpdemo_refusal *refusal)
{
	if (config->bytes < MPDEMO_ARENA_BYTES_MIN ||
	    config->bytes > MPDEMO_ARENA_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BYTES,
				     "the size of an arena must be from 1 byte to 64 GiB");
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_check);

/**
 * mpdemo_arena_footprint() - memory that an arena will take in all
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, metadata included.
 */
size_t mpdemo_arena_footprint(const struct mpdemo_arena_config *config)
{
	return sizeof(struct mpdemo_arena) +
	       mpdemo_region_footprint(config->bytes);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_footprint);

/**
 * mpdemo_arena_create() - create an arena
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * Context: Task context, may sleep.
 * Return: the arena, owned by the caller, or an ERR_PTR(): -ERANGE, -ENOMEM.
 */
struct mpdemo_arena *
mpdemo_arena_create(const struct mpdemo_arena_config *config, gfp_t gfp)
{
	struct mpdemo_arena *arena;
	int ret;

	ret = mpdemo_arena_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);

	arena = kzalloc_obj(*arena, gfp);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	arena->region = mpdemo_region_create(config->bytes, gfp, NUMA_NO_NODE);
	if (!arena->region) {
		kfree(arena);
		return ERR_PTR(-ENOMEM);
	}
	arena->base = (unsigned long)arena->region->addr;
	arena->pos = arena->base;
	/* The bound is the one asked for, not the end of its last page. */
	arena->end = arena->base + config->bytes;
	return arena;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_create);

/**
 * mpdemo_arena_destroy() - free an arena and all that was allocated from it
 * @arena: the arena; NULL is fine
 *
 * Context: Task context, may sleep.
 */
void mpdemo_arena_destroy(struct mpdemo_arena *arena)
{
	if (!arena)
		return;
	mpdemo_region_destroy(arena->region);
	kfree(arena);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_destroy);

/* Out of line, as counting a failure is no part of the fast path. */
void *mpdemo_arena_alloc_failed(struct mpdemo_arena *arena)
{
	WRITE_ONCE(arena->failures, arena->failures + 1);
	return NULL;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_alloc_failed);

static size_t arena_in_use(const struct mpdemo_arena *arena)
{
	return READ_ONCE(arena->pos) - arena->base;
}

/* The position only falls at a reset, so the peak need not be kept up to date
 * by each allocation.
 */
static size_t arena_peak(const struct mpdemo_arena *arena)
{
	return max(READ_ONCE(arena->peak), arena_in_use(arena));
}

/**
 * mpdemo_arena_take() - allocate zeroed memory in a way that can be taken back
 * @arena: the arena
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
void *mpdemo_arena_take(struct mpdemo_arena *arena, size_t size, size_t align,
			struct mpdemo_arena_piece *piece)
{
	void *memory;

	piece->from = arena->pos;
	memory = mpdemo_arena_bump(arena, size, align);
	piece->to = arena->pos;
	piece->resets = arena->resets;
	if (memory)
		mpdemo_region_clear(memory, size);
	return memory;
}

/**
 * mpdemo_arena_take_back() - undo mpdemo_arena_take() where it was the last one
 * @arena: the arena
 * @piece: what was taken
 *
 * Where somebody else has allocated since, the piece stays until the next
 * reset.
 *
 * Context: as mpdemo_arena_alloc_aligned().
 */
void mpdemo_arena_take_back(struct mpdemo_arena *arena,
			    const struct mpdemo_arena_piece *piece)
{
	if (arena->resets == piece->resets && arena->pos == piece->to) {
		WRITE_ONCE(arena->pos, piece->from);
		WRITE_ONCE(arena->allocs, arena->allocs - 1);
	}
}

/* Free all, and leave the memory as it is. Return: bytes that were in use. */
static size_t arena_rewind(struct mpdemo_arena *arena)
{
	size_t in_use = arena_in_use(arena);

	WRITE_ONCE(arena->peak, arena_peak(arena));
	WRITE_ONCE(arena->pos, arena->base);
	WRITE_ONCE(arena->resets, arena->resets + 1);
	return in_use;
}

/**
 * mpdemo_arena_reset_slowly() - as mpdemo_arena_reset(), but may sleep
 * @arena: the arena
 *
 * Not exported: for arenas of gigabytes, where init_on_free=1 has them cleared.
 *
 * Context: Task context, may sleep; one at a time, see
 * mpdemo_arena_alloc_aligned().
 * Return: bytes that were in use.
 */
size_t mpdemo_arena_reset_slowly(struct mpdemo_arena *arena)
{
	size_t in_use = arena_rewind(arena);

	if (want_init_on_free())
		mpdemo_region_clear((void *)arena->base, in_use);
	return in_use;
}

/**
 * mpdemo_arena_reset() - free all that was allocated from an arena
 * @arena: the arena
 *
 * Context: Any, but one at a time, see mpdemo_arena_alloc_aligned(). Never
 * sleeps.
 * Return: bytes that were in use.
 */
size_t mpdemo_arena_reset(struct mpdemo_arena *arena)
{
	size_t in_use = arena_rewind(arena);

	if (want_init_on_free())
		memset((void *)arena->base, 0, in_use);
	return in_use;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_reset);

/**
 * mpdemo_arena_offset() - where a piece begins in its arena
 * @arena: the arena
 * @piece: what was allocated from it
 *
 * Context: Any.
 * Return: bytes from the begin of the arena.
 */
size_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *piece)
{
	return (unsigned long)piece - arena->base;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_offset);

/**
 * mpdemo_arena_get_stats() - read the counters of an arena
 * @arena: the arena
 * @stats: where to put them
 *
 * Context: Any, also while the owner uses the arena; then each number is one
 * that it had lately, and they need not fit together.
 */
void mpdemo_arena_get_stats(const struct mpdemo_arena *arena,
			    struct mpdemo_arena_stats *stats)
{
	stats->bytes = arena->end - arena->base;
	stats->in_use = arena_in_use(arena);
	stats->peak = arena_peak(arena);
	stats->allocs = READ_ONCE(arena->allocs);
	stats->resets = READ_ONCE(arena->resets);
	stats->failures = READ_ONCE(arena->failures);
	stats->footprint = sizeof(*arena) +
			   mpdemo_region_footprint(stats->bytes);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_get_stats);
