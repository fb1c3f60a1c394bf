/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arenas: bump allocation of any size from bounded memory, freed all at once by
 * a reset, or back to a mark by a rollback. There is no free of a single piece.
 *
 * Best suited for: many allocations with one common end, such as those of one
 * request or one parse.
 *
 * An arena is of one of three kinds, chosen at creation:
 *
 * Single owner (default): whoever shares it between contexts or CPUs does the
 * locking. Its memory is there from the beginning; or, with a chunk size, comes
 * chunk by chunk when it is needed, and then an allocation with GFP_KERNEL may get
 * more than others, which must do with the chunks that are there.
 *
 * Shared (MPDEMO_ARENA_SHARED): any number of CPUs and contexts allocate at the
 * same time, without a lock. Its owner alone resets it, when nobody uses what was
 * allocated any more, nor allocates. No marks.
 *
 * Per CPU (MPDEMO_ARENA_PERCPU): temporary memory for as long as a CPU does one
 * thing, between mpdemo_arena_begin() and mpdemo_arena_end(). Preemption is off
 * in between, so nothing may sleep there: short work only, on PREEMPT_RT above
 * all. Sections nest, some 200 deep, also where an interrupt or NMI lands in one;
 * each ends with all that it has allocated. No marks.
 */
#ifndef _MEMPOOL_DEMO_ARENA_H
#define _MEMPOOL_DEMO_ARENA_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

#include <mempool_demo/refusal.h>
#include <uapi/linux/mempool_demo.h>

/* Flags of an arena: one of them, or none */
#define MPDEMO_ARENA_SHARED	BIT(0)
#define MPDEMO_ARENA_PERCPU	BIT(1)
#define MPDEMO_ARENA_FLAGS	(MPDEMO_ARENA_SHARED | MPDEMO_ARENA_PERCPU)

/**
 * struct mpdemo_arena_config - what an arena shall be
 * @name: for messages about the arena, copied; may be NULL
 * @bytes: capacity, MPDEMO_ARENA_BYTES_MIN..MAX; padding between pieces counts,
 *	and so does what is left over at the end of a chunk. With
 *	MPDEMO_ARENA_PERCPU, that of each CPU.
 * @flags: MPDEMO_ARENA_*
 * @chunk: bytes of a chunk, or 0: all of @bytes is one, taken at creation. Else
 *	the first chunk is taken at creation, and others when they are needed; a
 *	larger piece gets a larger chunk. PAGE_SIZE or more; must be 0 with any of
 *	@flags.
 * @retain: chunks beyond the first that a reset or rollback keeps for later;
 *	others are given back. Must be 0 where @chunk is.
 */
struct mpdemo_arena_config {
	const char *name;
	size_t bytes;
	unsigned int flags;
	size_t chunk;
	unsigned int retain;
};

/**
 * struct mpdemo_arena_stats - counters of an arena
 * @bytes: capacity; with MPDEMO_ARENA_PERCPU, of all CPUs together
 * @in_use: bytes used, padding included
 * @peak: the highest @in_use so far, or since mpdemo_arena_reset_peak(); with
 *	MPDEMO_ARENA_PERCPU, of the CPU that used most
 * @chunks: chunks that there are, the retained ones included; with
 *	MPDEMO_ARENA_PERCPU one for each CPU
 * @marks: live marks, or sections under way
 * @allocs: pieces allocated so far; with MPDEMO_ARENA_PERCPU it may miss those
 *	of interrupts that landed in the counting of another one, where that takes
 *	more than one instruction
 * @resets: resets so far; with MPDEMO_ARENA_PERCPU, outermost sections ended
 * @failures: allocations that did not fit
 * @refused: what was refused, see mpdemo_arena_end() and
 *	mpdemo_arena_rollback()
 * @footprint: bytes of memory of the arena in all, chunks included that are about to
 *	be freed
 */
struct mpdemo_arena_stats {
	size_t bytes;
	size_t in_use;
	size_t peak;
	unsigned int chunks;
	unsigned int marks;
	u64 allocs;
	u64 resets;
	u64 failures;
	u64 refused;
	size_t footprint;
};

/* private: see struct mpdemo_arena */
#define MPDEMO_ARENA_UP		(MPDEMO_ALIGN_MIN - 1UL)

/**
 * struct mpdemo_arena - an arena
 *
 * Visible for the inline fast path only; the layout may change with any build
 * of the module. Where @pos_up and @end_up are equal, every allocation takes the slow
 * path: so a shared arena, one whose chunk is used up, and one per CPU outside
 * of a section need no test of their own.
 *
 * Both are kept with MPDEMO_ARENA_UP added: so to round the position up to
 * MPDEMO_ALIGN_MIN is one instruction.
 */
struct mpdemo_arena {
	/* private: */
	unsigned long pos_up;	/* the next free byte */
	unsigned long end_up;	/* one past the last byte that may be used */
	unsigned long allocs;
	unsigned int kind;
};

/**
 * struct mpdemo_arena_mark - a place to roll back to
 *
 * By value; may be copied and forgotten.
 */
struct mpdemo_arena_mark {
	/* private: */
	struct mpdemo_arena *arena;
	u64 serial;
	unsigned int depth;
};

/**
 * struct mpdemo_arena_scope - a section on an arena per CPU
 *
 * On the stack of whoever is in it; not to be copied.
 */
struct mpdemo_arena_scope {
	/* private: */
	struct mpdemo_arena *percpu;
	struct mpdemo_arena *arena;
	unsigned long pos_up;
	unsigned long end_up;
	unsigned int depth;
};

int mpdemo_arena_check(const struct mpdemo_arena_config *config,
		       struct mpdemo_refusal *refusal);
size_t mpdemo_arena_footprint(const struct mpdemo_arena_config *config);

struct mpdemo_arena *
mpdemo_arena_create(const struct mpdemo_arena_config *config, gfp_t gfp);
void mpdemo_arena_destroy(struct mpdemo_arena *arena);

size_t mpdemo_arena_reset(struct mpdemo_arena *arena);
int mpdemo_arena_mark(struct mpdemo_arena *arena,
		      struct mpdemo_arena_mark *mark);
int mpdemo_arena_rollback(struct mpdemo_arena *arena,
			  const struct mpdemo_arena_mark *mark);
int mpdemo_arena_unmark(struct mpdemo_arena *arena,
			const struct mpdemo_arena_mark *mark);

struct mpdemo_arena *mpdemo_arena_begin(struct mpdemo_arena *percpu,
					struct mpdemo_arena_scope *scope);
void mpdemo_arena_end(struct mpdemo_arena_scope *scope);

size_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *piece);
void mpdemo_arena_reset_peak(struct mpdemo_arena *arena);
void mpdemo_arena_get_stats(const struct mpdemo_arena *arena,
			    struct mpdemo_arena_stats *stats);

/* private: where it does not fit, or is not valid, or not of the usual kind, or traced */
DECLARE_TRACEPOINT(mpdemo_arena_alloc);
void *mpdemo_arena_alloc_slowly(struct mpdemo_arena *arena, size_t size,
				size_t align, gfp_t gfp);

/* private: whether preemption is off, where it has to be */
bool mpdemo_arena_in_section(struct mpdemo_arena *arena);

/* private: as mpdemo_arena_alloc_aligned(), but leaves the memory as it is */
static __always_inline void *mpdemo_arena_bump(struct mpdemo_arena *arena,
					       size_t size, size_t align)
{
	/* Once: an interrupt may move it, and puts it back. */
	unsigned long start = ALIGN_DOWN(READ_ONCE(arena->pos_up) + align -
					 MPDEMO_ALIGN_MIN, align);
	unsigned long behind_up = start + size + MPDEMO_ARENA_UP;

	if (unlikely(!is_power_of_2(align) || align > MPDEMO_ALIGN_MAX ||
		     size - 1 >= MPDEMO_ARENA_BYTES_MAX))
		return NULL;
	/*
	 * The sum does not wrap: an arena ends below the end of the address
	 * space, by more than the largest @align and @size together, and a few bytes.
	 * An interrupt may move the end as well, and puts it back.
	 */
	if (unlikely(data_race(behind_up > arena->end_up)))
		return NULL;

	/* Once each: mpdemo_arena_get_stats() may be reading. */
	WRITE_ONCE(arena->pos_up, behind_up);
	/*
	 * The piece is taken before anything is written to it: an interrupt on
	 * the same CPU may use what is free, see mpdemo_arena_begin().
	 */
	barrier();
	/* Readers take it as it comes, a little older or newer. */
	data_race(arena->allocs++);
	return (void *)start;
}

/**
 * mpdemo_arena_alloc_aligned() - allocate from an arena
 * @arena: the arena; of one per CPU, what mpdemo_arena_begin() has returned
 * @size: bytes, 1 or more
 * @align: a power of two up to MPDEMO_ALIGN_MAX
 * @gfp: __GFP_ZERO asks for zeroed memory; with GFP_KERNEL an arena in chunks
 *	may take a further one; nothing else matters
 *
 * Context: Any; one at a time, unless the arena is shared: the caller owns the
 * arena or holds the lock that protects it. Sleeps only with GFP_KERNEL, and only
 * where the arena is in chunks.
 * Return: memory that lives until the arena is reset, or rolled back behind it,
 * or its section ends; or NULL where it does not fit or @align or @size is not
 * valid.
 */
static __always_inline void *
mpdemo_arena_alloc_aligned(struct mpdemo_arena *arena, size_t size,
			   size_t align, gfp_t gfp)
{
	void *piece = NULL;

	if (IS_ENABLED(CONFIG_DEBUG_PREEMPT) && !mpdemo_arena_in_section(arena))
		return NULL;
	if (!tracepoint_enabled(mpdemo_arena_alloc))
		piece = mpdemo_arena_bump(arena, size, align);
	if (unlikely(!piece))
		return mpdemo_arena_alloc_slowly(arena, size, align, gfp);
	if (want_init_on_alloc(gfp))
		memset(piece, 0, size);
	return piece;
}

/**
 * mpdemo_arena_alloc() - allocate from an arena
 * @arena: as in mpdemo_arena_alloc_aligned()
 * @size: bytes, 1 or more
 * @gfp: as in mpdemo_arena_alloc_aligned()
 *
 * Context: as mpdemo_arena_alloc_aligned().
 * Return: as mpdemo_arena_alloc_aligned(), aligned to MPDEMO_ALIGN_MIN.
 */
static __always_inline void *mpdemo_arena_alloc(struct mpdemo_arena *arena,
						size_t size, gfp_t gfp)
{
	return mpdemo_arena_alloc_aligned(arena, size, MPDEMO_ALIGN_MIN, gfp);
}

#endif /* _MEMPOOL_DEMO_ARENA_H */
