/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The free blocks of a pool, by their numbers, for those who are not on a fast
 * path. Below are the links and the list; above, whoever takes and puts blocks one
 * by one: the gate, waiters, reservations.
 */
#ifndef _MPDEMO_STORE_H
#define _MPDEMO_STORE_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "chunks.h"
#include "pool.h"

/* All blocks that there may ever be. */
static inline unsigned int store_size(const struct pool *pool)
{
	return pool->chunks ? pool->chunks->max : pool->api.free.nr;
}

/* All blocks that there are now. */
static inline unsigned int store_present(const struct pool *pool)
{
	return pool->chunks ? READ_ONCE(pool->chunks->present) :
			      pool->api.free.nr;
}

static inline union mpdemo_link *store_link(const struct pool *pool, u32 index)
{
	if (pool->chunks)
		return chunks_link(pool->chunks, index);
	return &pool->api.free.links[index];
}

/* Return: the block; NULL: of a pool that grows, it is not there. */
static inline void *store_address(const struct pool *pool, u32 index)
{
	if (pool->chunks)
		return chunks_address(pool->chunks, index);
	return mpdemo_stride_address(&pool->api.stride, index);
}

/* Return: the number of a block, or one that none has. Nothing is dereferenced. */
static inline u64 store_find(const struct pool *pool, const void *block)
{
	if (pool->chunks)
		return chunks_find(pool->chunks, block);
	return mpdemo_stride_index(&pool->api.stride, block);
}

/*
 * A list of blocks that somebody has taken, by their links: @first, and behind each
 * the next one.
 */
static inline u32 store_next(const struct pool *pool, u32 index)
{
	return READ_ONCE(store_link(pool, index)->next);
}

/* @next must be the number of a block, or store_size(). */
static inline void store_link_to(const struct pool *pool, u32 index, u32 next)
{
	WRITE_ONCE(store_link(pool, index)->next, next);
}

/* What the block is from now on: MPDEMO_LINK_* */
static inline void store_mark(const struct pool *pool, u32 index, u32 depth)
{
	WRITE_ONCE(store_link(pool, index)->depth, depth);
}

static inline bool store_is_marked(const struct pool *pool, u32 index, u32 depth)
{
	return READ_ONCE(store_link(pool, index)->depth) == depth;
}

bool store_take(struct pool *pool, u32 *index);
bool store_take_or_help(struct pool *pool, u32 *index);
void store_put(struct pool *pool, u32 index);
int store_try_take_many(struct pool *pool, unsigned int n, u32 mark, u32 *first);
void store_put_many(struct pool *pool, u32 first, unsigned int n);
bool store_count(const struct pool *pool, unsigned int *n);
bool store_is_closed(const struct pool *pool);
bool store_watch(struct pool *pool);
void store_unwatch(struct pool *pool);

#endif /* _MPDEMO_STORE_H */
