/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The blocks of a pool that grows, see chunks.c; and how it grows and shrinks, see
 * grow.c.
 */
#ifndef _MPDEMO_CHUNKS_H
#define _MPDEMO_CHUNKS_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/find.h>
#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <mempool_demo/failure.h>
#include <mempool_demo/pool.h>

#include "reaper.h"

struct mem_cgroup;
struct mpdemo_region;
struct pool;
struct shrinker;

/* The one of the floor included. */
#define CHUNKS_MAX	1024

/*
 * Fields of pool_chunks.word. All blocks of a pool fit into one of them, and one
 * more: MPDEMO_BLOCKS_MAX is less.
 */
#define CHUNKS_FREE	GENMASK_ULL(23, 0)	/* blocks that can be taken */
#define CHUNKS_USED	GENMASK_ULL(47, 24)	/* blocks that were taken */
#define CHUNKS_ONE_USED	BIT_ULL(24)
#define CHUNKS_WATCHED	BIT_ULL(48)		/* none is free, and somebody waits */
#define CHUNKS_CLOSED	BIT_ULL(49)		/* dying: none can be taken */

/**
 * struct pool_chunk - a slot for a chunk
 * @free: its free blocks, by their numbers in the chunk; closed while there is none.
 *	The links are there for as long as the pool is.
 * @first: the number of its first block in the pool
 * @base: the address of that block, or NULL while there is no chunk
 * @region: its memory; read without the lock by those who have it mapped
 * @gone: when it went away, for cond_synchronize_rcu()
 */
struct pool_chunk {
	struct mpdemo_freelist free;
	u32 first;
	void *base;
	struct mpdemo_region *region;
	unsigned long gone;
};

/* Instead of a slot: the chunk went away. */
#define CHUNK_NONE	U32_MAX

/* Which addresses are those of chunks, lowest first. */
struct chunk_map {
	struct rcu_head rcu;
	unsigned int nr;
	struct chunk_range {
		unsigned long begin;
		u32 slot;
	} ranges[];
};

/**
 * struct pool_chunks - the blocks of a pool that grows
 * @pool: the pool
 * @nr_slots: chunks that there may be
 * @floor: blocks of the first one, which never goes away
 * @chunk_blocks: blocks of each further one; the last one may have fewer
 * @max: blocks of all of them
 * @keep: free blocks without which the pool does not shrink
 * @stride: of each chunk, but for the base
 * @gfp: how to allocate chunks
 * @node: where, if possible, or NUMA_NO_NODE
 * @memcg: whom to charge for them, or NULL; a reference
 * @links: of all blocks that there may ever be
 * @shrinker: calls when memory is short
 * @map: where the chunks are
 * @open: slots that may have free blocks to be taken: a hint
 * @retiring: slots of which blocks are taken only where no other one has any, so
 *	that all of them come home
 * @users: what keeps the pool: all of its blocks together, a kick, a caller who
 *	grows it
 * @kicked: bit 0: @kick was called and has not begun
 * @wanted: free blocks that who kicks wants there to be
 * @no_memory: when it was to grow for the last time, there was none
 * @retry_at: not before, in jiffies, callers who find no block kick
 * @mapped: mappings of user space; the first one comes, and chunks go, under @lock
 * @kick: grows the pool, and frees chunks that are home
 * @lock: whoever grows or shrinks; it is held over allocations, so reclaim must not
 *	wait for it. Protects the following, and writing to @map and to the slots
 * @closing: the pool is dying, and nobody is inside any more who took a block before
 * @present: blocks of all chunks that there are
 * @nr_present: chunks that there are
 * @bytes: what all of this takes, the memory of the pool included
 * @word: how many blocks can be taken, how many were, and what is with the pool;
 *	on a cache line of its own, as all CPUs write to it
 * @slots: the chunks
 */
struct pool_chunks {
	struct pool *pool;
	unsigned int nr_slots;
	unsigned int floor;
	unsigned int chunk_blocks;
	unsigned int max;
	unsigned int keep;
	struct mpdemo_stride stride;
	gfp_t gfp;
	int node;
	struct mem_cgroup *memcg;
	union mpdemo_link *links;
	struct shrinker *shrinker;

	struct chunk_map __rcu *map;
	DECLARE_BITMAP(open, CHUNKS_MAX);
	DECLARE_BITMAP(retiring, CHUNKS_MAX);

	refcount_t users;
	unsigned long kicked;
	atomic_t wanted;
	bool no_memory;
	unsigned long retry_at;
	atomic_t mapped;
	struct mpdemo_reap kick;

	struct mutex lock;		/* protects those up to @bytes */
	bool closing;
	unsigned int present;
	unsigned int nr_present;
	size_t bytes;

	atomic64_t word ____cacheline_aligned_in_smp;
	struct pool_chunk slots[];
};

static inline unsigned int chunks_free_in(u64 word)
{
	return word & CHUNKS_FREE;
}

static inline unsigned int chunks_used_in(u64 word)
{
	return (word & CHUNKS_USED) / CHUNKS_ONE_USED;
}

/* Blocks that can be free at most, however the pool grows, before some come home. */
static inline unsigned int chunks_most_free(const struct pool_chunks *chunks,
					    u64 word)
{
	return chunks->max - chunks_used_in(word);
}

/* @index is the number of a block that there may be. */
static inline unsigned int chunks_slot(const struct pool_chunks *chunks,
				       u32 index)
{
	if (index < chunks->floor)
		return 0;
	return 1 + (index - chunks->floor) / chunks->chunk_blocks;
}

static inline union mpdemo_link *chunks_link(struct pool_chunks *chunks,
					     u32 index)
{
	struct pool_chunk *chunk = &chunks->slots[chunks_slot(chunks, index)];

	return &chunk->free.links[index - chunk->first];
}

/* Whether @n blocks could be free, if it grew. Context: Any. As of just now. */
static inline bool chunks_can_grow(const struct pool_chunks *chunks,
				   unsigned int n)
{
	return READ_ONCE(chunks->present) < chunks->max &&
	       n <= chunks_most_free(chunks, atomic64_read(&chunks->word));
}

static inline unsigned int chunks_next_slot(const struct pool_chunks *chunks,
					    const unsigned long *hint,
					    unsigned int slot)
{
	/* Whoever finds a slot looks at its chunk itself, so no race matters. */
	return data_race(find_next_bit(hint, chunks->nr_slots, slot));
}

/* Those in @open or @retiring, which may change meanwhile. */
#define for_each_hinted_slot(slot, chunks, hint)			\
	for ((slot) = chunks_next_slot(chunks, hint, 0);		\
	     (slot) < (chunks)->nr_slots;				\
	     (slot) = chunks_next_slot(chunks, hint, (slot) + 1))

/* chunks.c */
void *chunks_address(const struct pool_chunks *chunks, u32 index);
u64 chunks_find(const struct pool_chunks *chunks, const void *block);
bool chunks_take(struct pool_chunks *chunks, unsigned int n);
u32 chunks_pop(struct pool_chunks *chunks);
void chunks_put(struct pool_chunks *chunks, u32 index);
bool chunks_watch(struct pool_chunks *chunks);
void chunks_unwatch(struct pool_chunks *chunks);
void chunks_add(struct pool_chunks *chunks, unsigned int n);
bool chunks_withdraw(struct pool_chunks *chunks, unsigned int n,
		     unsigned int keep);
unsigned int chunks_close_word(struct pool_chunks *chunks);
bool chunks_end(struct pool_chunks *chunks);
void chunks_drop_user(struct pool_chunks *chunks);
void chunks_kick(struct pool_chunks *chunks, unsigned int n);
void chunks_grow_ahead(struct pool_chunks *chunks, unsigned int n);
void chunks_retry(struct pool_chunks *chunks);
enum mpdemo_failure chunks_why_failed(const struct pool_chunks *chunks);
void chunks_get_stats(struct pool_chunks *chunks,
		      struct mpdemo_pool_stats *stats);

/* grow.c */
bool pool_grow(struct pool *pool, unsigned int n, gfp_t gfp) __must_hold(RCU);
int chunks_create(struct pool *pool, const struct mpdemo_pool_config *config,
		  gfp_t gfp, size_t overhead);
int chunks_start(struct pool_chunks *chunks, const char *name);
unsigned int chunks_close(struct pool_chunks *chunks);
void chunks_destroy(struct pool_chunks *chunks);

/* grow_config.c */
bool chunks_wanted(const struct mpdemo_pool_config *config);
unsigned int chunks_slots(const struct mpdemo_pool_config *config);
unsigned int chunks_blocks(const struct mpdemo_pool_config *config);
int chunks_check(const struct mpdemo_pool_config *config,
		 struct mpdemo_refusal *refusal);
size_t chunks_overhead(const struct mpdemo_pool_config *config);
size_t chunks_regions(const struct mpdemo_pool_config *config);

#endif /* _MPDEMO_CHUNKS_H */
