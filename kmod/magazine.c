// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines: the free blocks that each CPU has for itself, in front of the list
 * that all share. The usual case, one block from a magazine that has one, or to
 * one with room, is inline, in <mempool_demo/pool.h>.
 *
 * An empty magazine is filled by half, and half of a full one is flushed: so
 * that the next operation, of whichever kind, does not need the list again. What
 * stays is the half that was used last. Either is a chain, which takes one
 * atomic operation.
 *
 * A section that changes a magazine runs with preemption off and marks it busy.
 * What interrupts the section, softirq, hardirq or NMI, uses the list. So there
 * is no lock and nothing to wait for, and what is out of reach of other CPUs is
 * never more than a full magazine: that of a section under way counts as part of
 * its magazine, and an interrupt has none besides. The sum is the slack.
 *
 * Work with preemption off is bounded: half a magazine, MPDEMO_MAGAZINE_MAX / 2
 * blocks at the most, or a bulk that fits into one, and REFILL_TRIES attempts to
 * get them.
 */

#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "freelist.h"
#include "pool.h"

/* Attempts to take half a magazine while other CPUs change the list. */
#define REFILL_TRIES	4

/* Enter the magazine of this CPU, or return NULL with preemption as it was. */
static struct mpdemo_magazine *magazine_get(struct pool *pool)
{
	struct mpdemo_magazine *magazine;

	preempt_disable();
	magazine = this_cpu_ptr(pool->api.magazines);
	if (mpdemo_magazine_enter(magazine))
		return magazine;
	preempt_enable();
	return NULL;
}

static void magazine_put(struct mpdemo_magazine *magazine)
{
	mpdemo_magazine_leave(magazine);
	preempt_enable();
}

/* Into an empty one. The list's first block will be the first to be popped. */
static void refill(struct pool *pool, struct mpdemo_magazine *magazine)
{
	unsigned int half = pool->magazine / 2, index, depth, i, tries;
	union mpdemo_link *links = pool->api.links;
	enum freelist_popped popped;

	for (tries = 0; tries < REFILL_TRIES; tries++) {
		popped = freelist_try_pop_chain(&pool->free, half, &index,
						&depth);
		if (popped != FREELIST_CHANGED)
			break;
	}
	if (popped != FREELIST_POPPED)
		return;

	pool_note_depth(pool, depth - half + 1);
	for (i = half; i--; ) {
		magazine->index[i] = index;
		index = links[index].next;
		WRITE_ONCE(links[magazine->index[i]].depth, MPDEMO_LINK_CACHED);
	}
	WRITE_ONCE(magazine->nr, half);
}

static bool refill_and_pop(struct pool *pool, unsigned int *index)
{
	struct mpdemo_magazine *magazine = magazine_get(pool);
	unsigned int nr;

	if (!magazine)
		return false;
	/* It may have come to blocks since it was found empty. */
	if (!magazine->nr)
		refill(pool, magazine);
	nr = magazine->nr;
	if (nr) {
		*index = magazine->index[nr - 1];
		WRITE_ONCE(magazine->nr, nr - 1);
		data_race(magazine->allocs++);
		freelist_hold(pool->api.links, *index);
	}
	magazine_put(magazine);
	return nr;
}

static bool pop_past(struct pool *pool, unsigned int *index)
{
	unsigned int depth;

	if (!freelist_pop(&pool->free, index, &depth)) {
		this_cpu_inc(pool->counts->failures);
		return false;
	}
	pool_note_depth(pool, depth);
	this_cpu_inc(pool->counts->allocs);
	return true;
}

/* mpdemo_pool_alloc() where the magazine is empty, or busy */
void *mpdemo_magazine_alloc_slowly(struct mpdemo_pool *api, gfp_t gfp)
{
	struct pool *pool = to_pool(api);
	unsigned int index;
	void *block;

	if (!refill_and_pop(pool, &index) && !pop_past(pool, &index))
		return NULL;
	block = mpdemo_stride_address(&api->stride, index);
	if (want_init_on_alloc(gfp))
		memset(block, 0, pool->block_size);
	return block;
}
EXPORT_SYMBOL_GPL(mpdemo_magazine_alloc_slowly);

/* The half of a full one that was not used for the longest time. */
static void flush(struct pool *pool, struct mpdemo_magazine *magazine)
{
	unsigned int half = pool->magazine / 2, nr = magazine->nr, i = 0;
	struct freelist_chain chain;

	while (i < half) {
		unsigned int end = min(i + FREELIST_PUSH_MAX, half);

		freelist_chain_begin(&pool->free, &chain);
		while (i < end)
			freelist_chain_add(pool->api.links, &chain,
					   magazine->index[i++]);
		pool_push_chain(pool, &chain);
	}
	memmove(magazine->index, magazine->index + half,
		(nr - half) * sizeof(*magazine->index));
	WRITE_ONCE(magazine->nr, nr - half);
}

static bool flush_and_push(struct pool *pool, unsigned int index)
{
	struct mpdemo_magazine *magazine = magazine_get(pool);
	unsigned int room;

	if (!magazine)
		return false;
	room = READ_ONCE(pool->api.magazine_room);
	if (room) {
		if (magazine->nr == room)
			flush(pool, magazine);
		magazine->index[magazine->nr] = index;
		WRITE_ONCE(magazine->nr, magazine->nr + 1);
		data_race(magazine->frees++);
		WRITE_ONCE(pool->api.links[index].depth, MPDEMO_LINK_CACHED);
	}
	magazine_put(magazine);
	return room;
}

static void push_past(struct pool *pool, unsigned int index)
{
	/* Before the push: after it the pool may end by another CPU's. */
	this_cpu_inc(pool->counts->frees);
	if (!freelist_push(&pool->free, index))
		pool_come_home(pool, 1);
}

/* mpdemo_pool_free() where anything is not as usual */
void mpdemo_magazine_free_slowly(struct mpdemo_pool *api, void *block)
{
	u64 index = mpdemo_stride_index(&api->stride, block);
	struct pool *pool = to_pool(api);

	if (!mpdemo_pool_is_held(api, index)) {
		pool_refuse_free(pool, block, index, _RET_IP_);
		return;
	}
	if (want_init_on_free())
		memset(block, 0, pool->block_size);
	if (!flush_and_push(pool, index))
		push_past(pool, index);
}
EXPORT_SYMBOL_GPL(mpdemo_magazine_free_slowly);

/* Return: false if the magazine does not have as many. */
bool magazine_take_bulk(struct pool *pool, unsigned int n, void **blocks)
{
	struct mpdemo_stride stride = pool->api.stride;
	union mpdemo_link *links = pool->api.links;
	struct mpdemo_magazine *magazine;
	unsigned int nr;
	u32 *index;

	/* Also where there is none. */
	if (n > pool->magazine)
		return false;
	magazine = magazine_get(pool);
	if (!magazine)
		return false;
	nr = magazine->nr;
	if (nr < n) {
		magazine_put(magazine);
		return false;
	}
	for (index = &magazine->index[nr]; index > &magazine->index[nr - n]; ) {
		index--;
		*blocks++ = mpdemo_stride_address(&stride, *index);
		freelist_hold(links, *index);
	}
	WRITE_ONCE(magazine->nr, nr - n);
	data_race(magazine->allocs += n);
	magazine_put(magazine);
	return true;
}

/* Return: false if the magazine has no room for as many; nothing is done then. */
bool magazine_put_bulk(struct pool *pool, unsigned int n, void **blocks,
		       unsigned long caller)
{
	struct mpdemo_stride stride = pool->api.stride;
	union mpdemo_link *links = pool->api.links;
	unsigned int all = pool->api.nr;
	struct mpdemo_magazine *magazine;
	u32 *end;

	/* Zeroing is too much to be done with preemption off. */
	if (n > pool->magazine || want_init_on_free())
		return false;
	magazine = magazine_get(pool);
	if (!magazine)
		return false;
	if (n + magazine->nr > READ_ONCE(pool->api.magazine_room)) {
		magazine_put(magazine);
		return false;
	}
	end = &magazine->index[magazine->nr];
	while (n--) {
		void *block = *blocks++;
		u64 index = mpdemo_stride_index(&stride, block);

		if (unlikely(index >= all || READ_ONCE(links[index].depth) !=
			     MPDEMO_LINK_HELD)) {
			pool_refuse_free(pool, block, index, caller);
			continue;
		}
		*end++ = index;
		WRITE_ONCE(links[index].depth, MPDEMO_LINK_CACHED);
	}
	n = end - &magazine->index[magazine->nr];
	WRITE_ONCE(magazine->nr, magazine->nr + n);
	data_race(magazine->frees += n);
	magazine_put(magazine);
	return true;
}

/**
 * magazines_close() - have no magazine take blocks any more
 * @pool: a pool per CPU that nobody allocates from any more
 *
 * A free under way may still put its block into a magazine, and has done so when
 * the grace period ends, as preemption is off meanwhile. Every later one finds
 * no room.
 *
 * Context: Task context, may sleep.
 * Return: how many blocks the magazines had.
 */
unsigned int magazines_close(struct pool *pool)
{
	unsigned int nr = 0;
	int cpu;

	WRITE_ONCE(pool->api.magazine_room, 0);
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		nr += per_cpu_ptr(pool->api.magazines, cpu)->nr;
	return nr;
}
