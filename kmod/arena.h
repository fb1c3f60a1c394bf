/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the arena share: arena.c, allocation, marks and reset;
 * arena_chunks.c, its memory;
 * arena_percpu.c, sections; arena_lifetime.c, begin and end.
 */
#ifndef _MPDEMO_ARENA_H
#define _MPDEMO_ARENA_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <mempool_demo/arena.h>

#include "reaper.h"

struct mpdemo_chunk;

/* Bits of arena.reported */
#define REPORTED_MISUSE	0

enum arena_kind {
	ARENA_SINGLE,		/* struct arena */
	ARENA_SHARED,		/* struct arena */
	ARENA_PERCPU,		/* struct arena, of which there are the following */
	ARENA_CPU,		/* struct cpu_arena */
};

/* Where an arena was when a mark was made. */
struct arena_place {
	u64 serial;
	struct mpdemo_chunk *chunk;
	unsigned long pos;
	size_t before;
};

/*
 * An arena has one owner, and no lock. Counters are read by others at any time;
 * so whatever they read is written once.
 */
struct arena {
	struct mpdemo_arena api;

	/* Constant after creation. */
	char *name;			/* or NULL */
	size_t bytes;
	size_t chunk_bytes;		/* 0: one chunk, for ever */
	unsigned int retain;
	gfp_t gfp;

	/* Chunks in use from @first to @current; those behind are spare. */
	struct mpdemo_chunk *first;
	struct mpdemo_chunk *current_chunk;
	size_t before;			/* bytes of the chunks before it */
	atomic_long_t taken;		/* bytes of all chunks, dropped ones too */
	struct llist_head dropped;
	struct mpdemo_reap reap;	/* frees those */
	unsigned int nr_chunks;

	size_t peak;			/* up to the last reset or rollback */
	u64 resets;
	atomic64_t failures;
	atomic64_t refused;
	unsigned long reported;

	u64 serial;			/* the last one that was used, of a mark mostly */
	unsigned int nr_marks;
	struct arena_place marks[MPDEMO_ARENA_MARKS];

	/* ARENA_PERCPU */
	struct cpu_arena __percpu *cpus;

	/* ARENA_SHARED */
	unsigned long __percpu *shared_allocs;
	atomic_long_t shared_pos ____cacheline_aligned_in_smp;
};

/* What one CPU has of an arena per CPU; only that CPU uses it. */
struct cpu_arena {
	struct mpdemo_arena api;
	unsigned long base;
	unsigned long limit;		/* where the end is inside of a section */
	unsigned int depth;		/* sections under way */
	size_t peak;
	unsigned long resets;
	struct arena *arena;
	struct mpdemo_chunk *chunk;
};

static inline struct arena *to_arena(const struct mpdemo_arena *api)
{
	return container_of((struct mpdemo_arena *)api, struct arena, api);
}

static inline struct cpu_arena *to_cpu_arena(const struct mpdemo_arena *api)
{
	return container_of((struct mpdemo_arena *)api, struct cpu_arena, api);
}

/* Of a part for one CPU as well. */
static inline struct arena *arena_of(const struct mpdemo_arena *api)
{
	return api->kind == ARENA_CPU ? to_cpu_arena(api)->arena : to_arena(api);
}

/* Without what they are kept with, see struct mpdemo_arena. */
static inline unsigned long arena_pos(const struct mpdemo_arena *api)
{
	return READ_ONCE(api->pos_up) - MPDEMO_ARENA_UP;
}

static inline void arena_set_pos(struct mpdemo_arena *api, unsigned long pos)
{
	WRITE_ONCE(api->pos_up, pos + MPDEMO_ARENA_UP);
}

static inline void arena_set_end(struct mpdemo_arena *api, unsigned long end)
{
	WRITE_ONCE(api->end_up, end + MPDEMO_ARENA_UP);
}

static inline const char *arena_name(const struct mpdemo_arena *api)
{
	return arena_of(api)->name ?: "";
}

/* arena.c */
size_t arena_in_use(const struct arena *arena);
size_t arena_peak(const struct arena *arena);
void arena_note_peak(size_t *peak, size_t in_use);
void arena_refuse(struct arena *arena, const char *what, unsigned long caller);

/* arena_chunks.c */
void arena_start(struct arena *arena, struct mpdemo_chunk *first);
void arena_use_chunk(struct arena *arena, struct mpdemo_chunk *chunk,
		     unsigned long pos, size_t before);
void arena_drop_spares(struct arena *arena, unsigned int keep);
bool arena_next_chunk(struct arena *arena, size_t size, gfp_t gfp);
void arena_free_chunks(struct arena *arena);

/* arena_percpu.c */
bool cpu_arena_has_section(struct cpu_arena *cpu_arena, unsigned long caller);
int cpu_arenas_create(struct arena *arena);
void cpu_arenas_destroy(struct arena *arena);
void cpu_arenas_reset_peak(struct arena *arena);
void cpu_arenas_get_stats(const struct arena *arena,
			  struct mpdemo_arena_stats *stats);

/* trace.c */
void arena_trace_alloc(struct mpdemo_arena *api, const void *piece, size_t size,
		       size_t align, gfp_t gfp, unsigned long caller);

/**
 * struct mpdemo_arena_piece - what an allocation did to an arena
 * @from: the position before it
 * @to: the position behind it
 * @resets: how often the arena had been reset
 * @serial: changes with each mark, and each rollback of mpdemo_arena_rollback_slowly()
 */
struct mpdemo_arena_piece {
	unsigned long from;
	unsigned long to;
	u64 resets;
	u64 serial;
};

/* For the arenas of user space, which are one chunk each. */
void *mpdemo_arena_take(struct mpdemo_arena *api, size_t size, size_t align,
			struct mpdemo_arena_piece *piece);
void mpdemo_arena_take_back(struct mpdemo_arena *api,
			    const struct mpdemo_arena_piece *piece);
size_t mpdemo_arena_reset_slowly(struct mpdemo_arena *api);
int mpdemo_arena_rollback_slowly(struct mpdemo_arena *api,
				 const struct mpdemo_arena_mark *mark);
void mpdemo_arena_unmark_youngest(struct mpdemo_arena *api,
				  const struct mpdemo_arena_mark *mark);

#endif /* _MPDEMO_ARENA_H */
