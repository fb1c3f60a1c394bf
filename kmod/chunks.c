// SPDX-License-Identifier: GPL-2.0
/*
 * The blocks of a pool that grows: in chunks, each with a region, a freelist and
 * numbers of its own, so that each of them can come and go.
 *
 * To look for a block in one list after the other does not tell that there is none:
 * it may have been freed behind one's back. So the truth is one word, which says how
 * many blocks can be taken and how many were. Who allocates takes his off it first,
 * and fails only there; then he looks for them. Who frees pushes first, and adds to
 * the word then. So at all times
 *
 *	blocks in all lists >= blocks that can be taken + those taken, not popped yet
 *
 * and whoever has taken one will find one, if not the one that he has seen. That is
 * lock-free: he passes a list that gets a block then only if somebody else has popped
 * the one that he was to find, or pushed one.
 *
 * The chunk with the lowest number goes first, so that those behind become empty. One
 * is given back only when all of its blocks are in its list, at one instant: whoever
 * takes it withdraws as many from the word first, so that what is said above stays
 * true, see grow.c.
 *
 * Only single blocks are popped and pushed here. So the links of blocks that are
 * outside of a list may hold numbers of blocks of other chunks: a pop that was late
 * reads one, and fails before it would follow it.
 *
 * Everything here is an RCU read side section of its own or of its caller, and a slot
 * is used again only a grace period after its chunk went. So no operation that has
 * seen the old chunk takes the new one for it: neither its list nor its addresses.
 *
 * The chunk of an address is found by bisection, in a map that is replaced when a
 * chunk is added; of one that goes, the slot is blotted out in place.
 */

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "chunks.h"
#include "freelist.h"
#include "pool.h"
#include "wait.h"

/**
 * chunks_address() - address of a block
 * @chunks: the chunks
 * @index: the number of a block that there may be
 *
 * Context: Any.
 * Return: the block, or NULL if its chunk is not there.
 */
void *chunks_address(const struct pool_chunks *chunks, u32 index)
{
	const struct pool_chunk *chunk;
	void *base;

	if (index >= chunks->max)
		return NULL;
	chunk = &chunks->slots[chunks_slot(chunks, index)];
	base = READ_ONCE(chunk->base);
	if (!base)
		return NULL;
	return base + (size_t)(index - chunk->first) * chunks->stride.bytes;
}

/* Return: the last range that begins at @address or before it, or NULL. */
static const struct chunk_range *find_range(const struct chunk_map *map,
					    unsigned long address)
{
	unsigned int low = 0, high = map->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (map->ranges[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &map->ranges[low - 1] : NULL;
}

/**
 * chunks_find() - number of a block
 * @chunks: the chunks
 * @block: any address; nothing is dereferenced
 *
 * Context: Any.
 * Return: the number, or one that no block has.
 */
u64 chunks_find(const struct pool_chunks *chunks, const void *block)
{
	struct mpdemo_stride stride = chunks->stride;
	const struct pool_chunk *chunk;
	const struct chunk_range *range;
	u64 index = U64_MAX;
	u32 slot;

	rcu_read_lock();
	range = find_range(rcu_dereference(chunks->map), (unsigned long)block);
	/* Once: it may be blotted out now. */
	slot = range ? READ_ONCE(range->slot) : CHUNK_NONE;
	if (slot != CHUNK_NONE) {
		chunk = &chunks->slots[slot];
		stride.base = range->begin;
		index = mpdemo_stride_index(&stride, block);
		index = index < chunk->free.nr ? chunk->first + index : U64_MAX;
	}
	rcu_read_unlock();
	return index;
}

/**
 * chunks_take() - take blocks, all or none
 * @chunks: the chunks
 * @n: how many, 1 or more; each one is to be had by chunks_pop() then
 *
 * Context: Any, in the RCU read side section in which they are popped.
 * Return: false if fewer are free.
 */
bool chunks_take(struct pool_chunks *chunks, unsigned int n)
{
	struct pool *pool = chunks->pool;
	u64 word = atomic64_read(&chunks->word);

	do {
		if (chunks_free_in(word) < n)
			return false;
		/* Acquire: pairs with the release in put(), as a pop does. */
	} while (!atomic64_try_cmpxchg(&chunks->word, &word,
				       word - n + n * CHUNKS_ONE_USED));
	/* As if it had all that it may have, and the last one popped counts. */
	pool_note_depth(pool, chunks->max - chunks_used_in(word) - n + 1);
	level_note_taken(pool);
	return true;
}

/* Whoever pushes to a list that is not open opens it. */
static void shut_empty(struct pool_chunks *chunks, unsigned int slot)
{
	clear_bit(slot, chunks->open);
	/* Either this sees the block, or who pushed it sees this: note_free(). */
	smp_mb__after_atomic();
	if (!freelist_is_empty(&chunks->slots[slot].free))
		set_bit(slot, chunks->open);
}

static bool pop_from(struct pool_chunks *chunks, unsigned int slot, u32 *index)
{
	struct pool_chunk *chunk = &chunks->slots[slot];
	unsigned int depth;
	bool half_wrap;

	if (!freelist_pop(&chunk->free, index, &depth, &half_wrap))
		return false;
	*index += chunk->first;
	return true;
}

static bool pop_open(struct pool_chunks *chunks, u32 *index)
{
	unsigned int slot;

	for_each_hinted_slot(slot, chunks, chunks->open) {
		if (pop_from(chunks, slot, index))
			return true;
		shut_empty(chunks, slot);
	}
	return false;
}

/* Also of those that were to retire: they are needed. */
static bool pop_any(struct pool_chunks *chunks, u32 *index)
{
	unsigned int slot;

	for (slot = 0; slot < chunks->nr_slots; slot++) {
		if (!pop_from(chunks, slot, index))
			continue;
		clear_bit(slot, chunks->retiring);
		set_bit(slot, chunks->open);
		return true;
	}
	return false;
}

/**
 * chunks_pop() - find one of the blocks that were taken
 * @chunks: the chunks
 *
 * Context: Any, in the RCU read side section in which it was taken.
 * Return: its number; it is marked as held.
 */
u32 chunks_pop(struct pool_chunks *chunks)
{
	u32 index;

	while (!pop_open(chunks, &index) && !pop_any(chunks, &index))
		;
	return index;
}

static void note_free(struct pool_chunks *chunks, unsigned int slot)
{
	/* Pairs with the one in shut_empty(), and with the one in retire_later(). */
	smp_mb();
	if (!test_bit(slot, chunks->open) && !test_bit(slot, chunks->retiring))
		set_bit(slot, chunks->open);
}

/* Of a block that was pushed. Return: false if the pool is watched. */
static bool put(struct pool_chunks *chunks)
{
	u64 word = atomic64_read(&chunks->word), put;

	do {
		if (word & CHUNKS_WATCHED)
			return false;
		put = word - CHUNKS_ONE_USED;
		if (!(word & CHUNKS_CLOSED))
			put++;
		/* Full order: who ends the pool sees all that others did before. */
	} while (!atomic64_try_cmpxchg(&chunks->word, &word, put));
	if ((put & CHUNKS_CLOSED) && !chunks_used_in(put))
		chunks_drop_user(chunks);
	return true;
}

/**
 * chunks_put() - give a block back
 * @chunks: the chunks of a pool, which may be dying: then it may be gone when this
 *	returns, unless the caller is in an RCU read side section
 * @index: the block
 *
 * Context: Any.
 */
void chunks_put(struct pool_chunks *chunks, u32 index)
{
	unsigned int slot = chunks_slot(chunks, index);
	struct pool_chunk *chunk = &chunks->slots[slot];

	rcu_read_lock();
	/* A list is closed only while all of its blocks are in it. */
	WARN_ON_ONCE(!freelist_push(&chunk->free, index - chunk->first));
	note_free(chunks, slot);
	/*
	 * Where somebody waits the block, or another one in its stead, is taken
	 * out again, as if it had never been pushed.
	 */
	if (!put(chunks))
		wait_grant(chunks->pool, chunks_pop(chunks), 1);
	else if (test_bit(slot, chunks->retiring) &&
		 freelist_is_full(&chunk->free))
		chunks_kick(chunks, 0);
	rcu_read_unlock();
}

/**
 * chunks_watch() - have those who put blocks hand them to wait_grant()
 * @chunks: the chunks of a pool that is not closed
 *
 * Context: Any.
 * Return: false if there is a free block.
 */
bool chunks_watch(struct pool_chunks *chunks)
{
	u64 word = atomic64_read(&chunks->word);

	do {
		if (chunks_free_in(word))
			return false;
	} while (!atomic64_try_cmpxchg(&chunks->word, &word,
				       word | CHUNKS_WATCHED));
	/*
	 * After it is watched: whoever makes room for a chunk looks, after that,
	 * whether it is, see retire().
	 */
	if (READ_ONCE(chunks->present) < chunks->max)
		chunks_kick(chunks, 1);
	return true;
}

/* Undo it. Context: Any. */
void chunks_unwatch(struct pool_chunks *chunks)
{
	atomic64_andnot(CHUNKS_WATCHED, &chunks->word);
}

/**
 * chunks_add() - let blocks be taken that are in a list already
 * @chunks: the chunks
 * @n: how many, 1 or more
 *
 * Context: Any.
 */
void chunks_add(struct pool_chunks *chunks, unsigned int n)
{
	u64 word = atomic64_read(&chunks->word);

	/* release: who takes one sees the chunk. Pairs with chunks_take(). */
	while (!atomic64_try_cmpxchg_release(&chunks->word, &word,
					     (word & ~CHUNKS_WATCHED) + n))
		;
	if (word & CHUNKS_WATCHED)
		wait_serve(chunks->pool);
}

/**
 * chunks_withdraw() - let fewer blocks be taken
 * @chunks: the chunks
 * @n: so many fewer; they are in lists, and the caller may take them out
 * @keep: how many there must be then
 *
 * Context: Any.
 * Return: false if there would be fewer.
 */
bool chunks_withdraw(struct pool_chunks *chunks, unsigned int n,
		     unsigned int keep)
{
	u64 word = atomic64_read(&chunks->word);

	do {
		if (chunks_free_in(word) < n + keep)
			return false;
	} while (!atomic64_try_cmpxchg(&chunks->word, &word, word - n));
	return true;
}

/**
 * chunks_close_word() - let no more blocks be taken
 * @chunks: the chunks of a pool that is not waited for any more
 *
 * The caller counts as one more block that was taken, until chunks_end().
 *
 * Context: Any, once.
 * Return: how many blocks were taken.
 */
unsigned int chunks_close_word(struct pool_chunks *chunks)
{
	u64 word = atomic64_read(&chunks->word);

	while (!atomic64_try_cmpxchg(&chunks->word, &word,
				     (word & CHUNKS_USED) + CHUNKS_ONE_USED +
				     CHUNKS_CLOSED))
		;
	return chunks_used_in(word);
}

/* Return: whether the caller of chunks_close_word() is to end the pool. */
bool chunks_end(struct pool_chunks *chunks)
{
	u64 word = atomic64_sub_return(CHUNKS_ONE_USED, &chunks->word);

	return !chunks_used_in(word) && refcount_dec_and_test(&chunks->users);
}

/* Context: Any, in an RCU read side section, or where the pool is left alone then. */
void chunks_drop_user(struct pool_chunks *chunks)
{
	if (refcount_dec_and_test(&chunks->users))
		mpdemo_reap(&chunks->pool->reap);
}

/**
 * chunks_kick() - have a pool grow, or chunks freed that are home
 * @chunks: the chunks
 * @n: how many free blocks are wanted
 *
 * Context: Any, in an RCU read side section or under pool_wait.lock.
 */
void chunks_kick(struct pool_chunks *chunks, unsigned int n)
{
	int wanted = atomic_read(&chunks->wanted);

	while (wanted < (int)n &&
	       !atomic_try_cmpxchg(&chunks->wanted, &wanted, n))
		;
	/* Full order: pairs with the one in kicked(). */
	if (test_and_set_bit(0, &chunks->kicked))
		return;
	/* The pool has ended but for its memory. */
	if (!refcount_inc_not_zero(&chunks->users))
		return;
	mpdemo_reap(&chunks->kick);
}

/**
 * chunks_retry() - have a pool grow for somebody who still waits
 * @chunks: the chunks
 *
 * Context: Any, while the pool is kept.
 */
void chunks_retry(struct pool_chunks *chunks)
{
	rcu_read_lock();
	if (READ_ONCE(chunks->present) < chunks->max)
		chunks_kick(chunks, 1);
	rcu_read_unlock();
}

/**
 * chunks_why_failed() - why there are too few blocks
 * @chunks: the chunks
 *
 * Context: Any.
 * Return: why.
 */
enum mpdemo_failure chunks_why_failed(const struct pool_chunks *chunks)
{
	if (READ_ONCE(chunks->present) == chunks->max)
		return MPDEMO_FAILURE_MAXIMUM;
	if (READ_ONCE(chunks->no_memory))
		return MPDEMO_FAILURE_NO_MEMORY;
	return MPDEMO_FAILURE_EXHAUSTED;
}

/**
 * chunks_grow_ahead() - have a pool grow before it is exhausted
 * @chunks: the chunks
 * @n: free blocks that there should be, or as many as there can
 *
 * Context: Any, in an RCU read side section.
 */
void chunks_grow_ahead(struct pool_chunks *chunks, unsigned int n)
{
	unsigned int most;

	most = chunks_most_free(chunks, atomic64_read(&chunks->word));
	if (most && READ_ONCE(chunks->present) < chunks->max)
		chunks_kick(chunks, min(n, most));
}

/* For mpdemo_pool_get_stats(). Context: Any. */
void chunks_get_stats(struct pool_chunks *chunks,
		      struct mpdemo_pool_stats *stats)
{
	int cpu;

	stats->max_blocks = chunks->max;
	stats->chunk_blocks = chunks->chunk_blocks;
	stats->present = READ_ONCE(chunks->present);
	stats->chunks = READ_ONCE(chunks->nr_present);
	/* As of just now, whatever changes. */
	stats->retiring = data_race(bitmap_weight(chunks->retiring,
						  chunks->nr_slots));
	stats->footprint = READ_ONCE(chunks->bytes);
	stats->in_use = chunks_used_in(atomic64_read(&chunks->word));
	for_each_possible_cpu(cpu)
		stats->allocs +=
			READ_ONCE(per_cpu_ptr(chunks->pool->counts, cpu)->allocs);
}
