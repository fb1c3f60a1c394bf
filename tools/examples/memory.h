/* SPDX-License-Identifier: MIT */
/*
 * The memory of an example: pools and arenas of libmpdemo, or with --malloc the C library with
 * the same limits, so that a program gives the same answers on both.
 *
 * All functions may be called by any thread, but an arena belongs to one thread at a time.
 */
#ifndef EXAMPLES_MEMORY_H
#define EXAMPLES_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <mpdemo.h>

#include "list.h"

/* What is told of each pool and each set of arenas. */
struct memory_figures {
	const char *name;
	size_t bytes;		/* of a block, or of an arena */
	size_t count;		/* of blocks, or of arenas */
	atomic_ulong in_use;	/* blocks; arenas have none */
	atomic_ulong peak;	/* blocks, or bytes of the fullest arena */
	atomic_ulong allocs;
	atomic_ulong failures;
	atomic_ulong resets;	/* of arenas */
	struct list link;
};

struct pool {
	struct memory_figures figures;
	struct mpdemo_pool *kernel;	/* NULL: the C library */
};

/*
 * Arenas of one size: one for each block of a pool, or a single one. An allocation from an arena of
 * the kernel is a system call, as others may use it too. Nobody else uses ours, so all of it is
 * taken at once, and divided here.
 */
struct arenas {
	struct memory_figures figures;
	struct kernel_arena {
		struct mpdemo_arena *arena;
		char *bytes;
	} *kernel;		/* NULL: the C library */
};

struct arena {
	struct arenas *set;
	char *bytes;		/* NULL: the C library */
	size_t used;		/* of its bytes */
	struct extent *extents;	/* what the C library gave */
};

/*
 * To be called first. Opens the device, unless all is to come from the C library.
 * Returns false having said on stderr what is wrong, as the next two do.
 */
bool memory_begin(bool from_malloc);

/* @cache: as many free blocks each thread may keep, which others do not get then. */
bool pool_begin(struct pool *pool, const char *name, size_t bytes, size_t count,
		unsigned int cache);
/* @bytes: a multiple of 16 */
bool arenas_begin(struct arenas *set, const char *name, size_t bytes, size_t count);

/* A block of any content, or NULL: all are in use. */
void *pool_alloc(struct pool *pool);
void pool_free(struct pool *pool, void *block);

/* Number of a block, below the count of its pool. 0 for all where blocks are of the C library. */
size_t pool_index(struct pool *pool, const void *block);

/* Make @arena the arena @index of a set, and empty it. */
void arena_begin(struct arena *arena, struct arenas *set, size_t index);

/* Bytes of any content, aligned to 16; NULL: so much is not left. */
void *arena_alloc(struct arena *arena, size_t bytes);
void arena_reset(struct arena *arena);

/* The holder is gone. */
void arena_end(struct arena *arena);

/* What memory this is: "mempool_demo" or "malloc". */
const char *memory_name(void);

/* Write all figures as a JSON array; returns its length, or -1 if it does not fit. */
int memory_json(char *text, size_t room);

/*
 * Print all figures, close all, and complain about blocks that were not freed.
 * Returns true if there were none.
 */
bool memory_end(void);

#endif /* EXAMPLES_MEMORY_H */
