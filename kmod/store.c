// SPDX-License-Identifier: GPL-2.0
/*
 * The free blocks of a pool; see store.h.
 */

#include <linux/minmax.h>
#include <linux/percpu.h>

#include "freelist.h"
#include "pool.h"
#include "store.h"
#include "wait.h"

/* Of an exact pool the head counts them as allocated, which they are not yet. */
static void count_kept(struct pool *pool, unsigned int n)
{
	if (!pool->magazine)
		this_cpu_sub(pool->counts->allocs, n);
}

static bool take_from_chunks(struct pool_chunks *chunks, u32 *index)
{
	bool taken;

	rcu_read_lock();
	taken = chunks_take(chunks, 1);
	if (taken)
		*index = chunks_pop(chunks);
	rcu_read_unlock();
	return taken;
}

/**
 * store_take() - take a free block
 * @pool: the pool
 * @index: where to put its number; it is marked as held
 *
 * Context: Any.
 * Return: false if there is none.
 */
bool store_take(struct pool *pool, u32 *index)
{
	unsigned int depth;
	bool half_wrap;

	if (pool->chunks)
		return take_from_chunks(pool->chunks, index);
	if (!freelist_pop(&pool->api.free, index, &depth, &half_wrap))
		return false;
	if (half_wrap)
		freelist_note_half_wrap(&pool->api.free);
	pool_note_depth(pool, depth);
	count_kept(pool, 1);
	return true;
}

/**
 * store_take_or_help() - take a free block, or one that was granted and is too many
 * @pool: the pool
 * @index: as for store_take()
 *
 * Context: Any.
 * Return: false if there is none.
 */
bool store_take_or_help(struct pool *pool, u32 *index)
{
	bool taken;

	rcu_read_lock();
	do {
		taken = store_take(pool, index);
	} while (!taken && wait_help(pool, 1));
	rcu_read_unlock();
	return taken;
}

/* store_try_take_many() of a pool that grows */
static int take_many_from_chunks(struct pool *pool, unsigned int n, u32 mark,
				 u32 *first)
{
	u32 last = store_size(pool), index;
	bool taken;

	rcu_read_lock();
	taken = chunks_take(pool->chunks, n);
	while (taken && n--) {
		index = chunks_pop(pool->chunks);
		store_mark(pool, index, mark);
		store_link_to(pool, index, last);
		last = index;
	}
	rcu_read_unlock();
	*first = last;
	return taken ? 0 : -EAGAIN;
}

/**
 * store_try_take_many() - try to take free blocks at one instant
 * @pool: the pool
 * @n: how many, 1 or more
 * @mark: what they are from now on, MPDEMO_LINK_*
 * @first: where to put the first one of a list of them
 *
 * The work grows with @n, and is in vain where another operation comes between: who
 * takes many can lose to those who take one over and over, see freelist.h.
 *
 * Context: Any.
 * Return: 0; -EAGAIN: at one instant fewer were free; -EBUSY: other operations were
 * faster.
 */
int store_try_take_many(struct pool *pool, unsigned int n, u32 mark, u32 *first)
{
	struct mpdemo_freelist *list = &pool->api.free;
	struct freelist_take take;
	unsigned int i;
	u32 index;
	int ret;

	if (pool->chunks)
		return take_many_from_chunks(pool, n, mark, first);
	ret = freelist_take_begin(list, n, &take);
	if (ret)
		return ret;
	for (index = take.first, i = n; i; i--)
		index = freelist_next(list->links, index);
	ret = freelist_take_end(list, n, &take, index);
	if (ret)
		return ret;

	pool_note_depth(pool, take.depth - n + 1);
	/* What was a part of the list of free blocks is a list of its own now. */
	for (index = take.first, i = n; i; i--) {
		store_mark(pool, index, mark);
		index = store_next(pool, index);
	}
	*first = take.first;
	count_kept(pool, n);
	return 0;
}

/**
 * store_put() - give a block back
 * @pool: the pool, which may be dying: then it may be gone when this returns,
 *	unless the caller is in an RCU read side section
 * @index: the block
 *
 * Context: Any.
 */
void store_put(struct pool *pool, u32 index)
{
	if (pool->chunks)
		chunks_put(pool->chunks, index);
	else if (!freelist_push(&pool->api.free, index))
		pool_put_slowly(pool, index, 1);
}

/**
 * store_put_many() - give blocks back, some at a time
 * @pool: as for store_put()
 * @first: the first one of a list of blocks
 * @n: how many
 *
 * Context: Any; of a pool that grows, in an RCU read side section.
 */
void store_put_many(struct pool *pool, u32 first, unsigned int n)
{
	for (; pool->chunks && n; n--) {
		u32 index = first;

		first = store_next(pool, index);
		chunks_put(pool->chunks, index);
	}
	while (n) {
		unsigned int part = min_t(unsigned int, n, FREELIST_PUSH_MAX);
		struct freelist_chain chain;
		u32 index;

		n -= part;
		freelist_chain_begin(&pool->api.free, &chain);
		while (part--) {
			index = first;
			first = store_next(pool, index);
			freelist_chain_add(pool->api.free.links, &chain, index);
		}
		/* As long as there are more, those keep the pool. */
		pool_push_chain(pool, chain);
	}
}

/**
 * store_count() - how many blocks are free
 * @pool: the pool
 * @n: where to put it
 *
 * Context: Any.
 * Return: false if it changes all the time, so that it can not be told.
 */
bool store_count(const struct pool *pool, unsigned int *n)
{
	if (!pool->chunks)
		return freelist_depth(&pool->api.free, n);
	*n = chunks_free_in(atomic64_read(&pool->chunks->word));
	return true;
}

/* Whether the pool has been destroyed. Context: Any. */
bool store_is_closed(const struct pool *pool)
{
	if (pool->chunks)
		return atomic64_read(&pool->chunks->word) & CHUNKS_CLOSED;
	return freelist_is_closed(&pool->api.free);
}

/**
 * store_watch() - have those who put blocks hand them to wait_grant()
 * @pool: the pool, which is not closed
 *
 * Context: Any.
 * Return: false if there is a free block.
 */
bool store_watch(struct pool *pool)
{
	if (pool->chunks)
		return chunks_watch(pool->chunks);
	return freelist_watch(&pool->api.free);
}

/* Undo it. Context: Any. */
void store_unwatch(struct pool *pool)
{
	if (pool->chunks)
		chunks_unwatch(pool->chunks);
	else
		freelist_unwatch(&pool->api.free);
}
