/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arenas: bump allocation of any size from one bounded piece of memory, freed
 * all at once by a reset.
 *
 * Best suited for: many small allocations with one common end, such as those
 * of one request or one parse.
 *
 * Limitations: an arena has one owner. Whoever shares it between contexts or
 * CPUs does the locking. There is no free of a single piece.
 */
#ifndef _MEMPOOL_DEMO_ARENA_H
#define _MEMPOOL_DEMO_ARENA_H

#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/types.h>

#include <mempool_demo/refusal.h>
#include <uapi/linux/mempool_demo.h>

/**
 * struct mpdemo_arena_config - what an arena shall be
 * @bytes: capacity, MPDEMO_ARENA_BYTES_MIN..MAX; padding between pieces counts
 */
struct mpdemo_arena_config {
	size_t bytes;
};

/**
 * struct mpdemo_arena_stats - counters of an arena
 * @bytes: capacity
 * @in_use: bytes used, padding included
 * @peak: the highest @in_use so far
 * @allocs: pieces allocated so far
 * @resets: resets so far
 * @failures: allocations that did not fit
 * @footprint: bytes of memory of the arena in all
 */
struct mpdemo_arena_stats {
	size_t bytes;
	size_t in_use;
	size_t peak;
	u64 allocs;
	u64 resets;
	u64 failures;
	size_t footprint;
};

struct mpdemo_region;

/**
 * struct mpdemo_arena - an arena
 *
 * Visible for the inline fast path only.
 */
struct mpdemo_arena {
	/* private: */
	unsigned long pos;	/* the next free byte */
	unsigned long end;	/* one past the last byte */
	u64 allocs;
	unsigned long base;
	size_t peak;		/* up to the last reset; see arena_peak() */
	u64 resets;
	u64 failures;
	struct mpdemo_region *region;
};

int mpdemo_arena_check(const struct mpdemo_arena_config *config,
		       struct mpdemo_refusal *refusal);
size_t mpdemo_arena_footprint(const struct mpdemo_arena_config *config);

struct mpdemo_arena *
mpdemo_arena_create(const struct mpdemo_arena_config *config, gfp_t gfp);
void mpdemo_arena_destroy(struct mpdemo_arena *arena);

void *mpdemo_arena_alloc_failed(struct mpdemo_arena *arena);
size_t mpdemo_arena_reset(struct mpdemo_arena *arena);
size_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *piece);
void mpdemo_arena_get_stats(const struct mpdemo_arena *arena,
			    struct mpdemo_arena_stats *stats);

/* private: as mpdemo_arena_alloc_aligned(), but leaves the memory as it is */
static inline void *mpdemo_arena_bump(struct mpdemo_arena *arena, size_t size,
				      size_t align)
{
	unsigned long start = ALIGN(arena->pos, align);

	/*
	 * @start does not wrap: the end of the address space is not mapped, and
	 * a valid @align is a page at most. A @size of 0 wraps when 1 is
	 * subtracted, and so never fits.
	 */
	if (unlikely(align > PAGE_SIZE || !is_power_of_2(align) ||
		     start >= arena->end || size - 1 >= arena->end - start))
		return mpdemo_arena_alloc_failed(arena);

	/* Once each: mpdemo_arena_get_stats() may be reading. */
	WRITE_ONCE(arena->pos, start + size);
	WRITE_ONCE(arena->allocs, arena->allocs + 1);
	return (void *)start;
}

/**
 * mpdemo_arena_alloc_aligned() - allocate from an arena
 * @arena: the arena
 * @size: bytes, 1 or more
 * @align: a power of two up to MPDEMO_ALIGN_MAX
 * @gfp: __GFP_ZERO asks for zeroed memory; nothing else matters now
 *
 * Context: Any, but one at a time: the caller owns the arena or holds the lock
 * that protects it. Never sleeps.
 * Return: memory that lives until the next reset, or NULL where it does not fit
 * or @align or @size is not valid.
 */
static inline void *mpdemo_arena_alloc_aligned(struct mpdemo_arena *arena,
					       size_t size, size_t align,
					       gfp_t gfp)
{
	void *piece = mpdemo_arena_bump(arena, size, align);

	if (likely(piece) && want_init_on_alloc(gfp))
		memset(piece, 0, size);
	return piece;
}

/**
 * mpdemo_arena_alloc() - allocate from an arena with the usual alignment
 * @arena: the arena
 * @size: bytes, 1 or more
 * @gfp: as in mpdemo_arena_alloc_aligned()
 *
 * Context: as in mpdemo_arena_alloc_aligned().
 * Return: memory aligned to MPDEMO_ALIGN_MIN, or NULL.
 */
static inline void *mpdemo_arena_alloc(struct mpdemo_arena *arena, size_t size,
				       gfp_t gfp)
{
	return mpdemo_arena_alloc_aligned(arena, size, MPDEMO_ALIGN_MIN, gfp);
}

#endif /* _MEMPOOL_DEMO_ARENA_H */
