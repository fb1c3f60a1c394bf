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
 * A section that changes a magazine runs with preemption off and says that the
 * magazine is not idle. What interrupts the section, softirq, hardirq or NMI, uses
 * the list. So there is no lock and nothing to wait for, and what is out of reach of other CPUs is
 * never more than a full magazine: that of a section under way counts as part of
 * its magazine, and an interrupt has none besides. The sum is the slack.
 *
 * Work with preemption off: half a magazine, MPDEMO_MAGAZINE_MAX / 2 blocks at the
 * most, or a bulk that fits into one. To get them REFILL_TRIES attempts are made. To
 * push them takes as many as others succeed in between, as any use of the list.
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
#include "gate.h"
#include "pool.h"
#include "trace.h"

/* Attempts to take half a magazine while other CPUs change the list. */
#define REFILL_TRIES	4

/* Into an empty one. The list's first block will be the first to be popped. */
static void refill(struct pool *pool, struct mpdemo_magazine *magazine)
{
	unsigned int half = pool->magazine / 2, tries, i;
	struct mpdemo_freelist *list = &pool->api.free;
	struct freelist_take take;
	u32 index;
	int ret;

	for (tries = 0; tries < REFILL_TRIES; tries++) {
		ret = freelist_take_begin(list, half, &take);
		if (ret == -EAGAIN)
			return;
		if (ret)
			continue;
		index = take.first;
		for (i = half; i--; ) {
			magazine->index[i] = index;
			index = freelist_next(list->links, index);
		}
		ret = freelist_take_end(list, half, &take, index);
		if (!ret)
			break;
	}
	if (ret)
		return;

	pool_note_depth(pool, take.depth - half + 1);
	for (i = 0; i < half; i++)
		mpdemo_magazine_mark(list->links, magazine->index[i],
				     MPDEMO_LINK_CACHED);
	WRITE_ONCE(magazine->nr, half);
	if (trace_mpdemo_pool_refill_enabled())
		pool_trace_refill(pool, half);
}

static bool refill_and_pop(struct pool *pool, u32 *index)
{
	struct mpdemo_magazine *magazine;
	unsigned int nr;

	if (!mpdemo_magazine_enter(READ_ONCE(pool->entrance), &magazine))
		return false;
	/* It may have come to blocks since it was found empty. */
	if (!magazine->nr)
		refill(pool, magazine);
	nr = magazine->nr;
	if (nr) {
		*index = magazine->index[nr - 1];
		WRITE_ONCE(magazine->nr, nr - 1);
		mpdemo_count(&magazine->allocs, 1);
		mpdemo_magazine_mark(pool->api.free.links, *index,
				     MPDEMO_LINK_HELD);
	}
	mpdemo_magazine_leave(magazine);
	return nr;
}

/* mpdemo_pool_alloc() where the magazine is empty, or not idle; or it is traced */
void *mpdemo_magazine_alloc_slowly(struct mpdemo_pool *api, gfp_t gfp)
{
	struct pool *pool = to_pool(api);
	void *block;
	u32 index;

	if (refill_and_pop(pool, &index)) {
		block = mpdemo_stride_address(&api->stride, index);
		if (want_init_on_alloc(gfp))
			memset(block, 0, pool->block_size);
	} else {
		/* Past the magazine is the careful way, be the gate shut or not. */
		block = gate_alloc(pool, gfp, _RET_IP_);
	}
	if (trace_mpdemo_pool_alloc_enabled() && block)
		pool_trace_alloc(pool, block, gfp, _RET_IP_);
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

		freelist_chain_begin(&pool->api.free, &chain);
		while (i < end)
			freelist_chain_add(pool->api.free.links, &chain,
					   magazine->index[i++]);
		pool_push_chain(pool, chain);
	}
	memmove(magazine->index, magazine->index + half,
		(nr - half) * sizeof(*magazine->index));
	WRITE_ONCE(magazine->nr, nr - half);
	/* What is being freed keeps the pool. */
	if (trace_mpdemo_pool_flush_enabled())
		pool_trace_flush(pool, half);
}

static bool flush_and_push(struct pool *pool, u32 index)
{
	struct mpdemo_magazine *magazine;
	unsigned int room;

	if (!mpdemo_magazine_enter(READ_ONCE(pool->entrance), &magazine))
		return false;
	room = READ_ONCE(pool->api.magazine_room);
	if (room) {
		if (magazine->nr == room)
			flush(pool, magazine);
		magazine->index[magazine->nr] = index;
		WRITE_ONCE(magazine->nr, magazine->nr + 1);
		mpdemo_count(&magazine->frees, 1);
		mpdemo_magazine_mark(pool->api.free.links, index,
				     MPDEMO_LINK_CACHED);
	}
	mpdemo_magazine_leave(magazine);
	return room;
}

/* Of an exact pool as well, which is traced, or whose gate has been opened just now. */
static void push_past(struct pool *pool, u32 index)
{
	/* Before the push: after it the pool may end by another CPU's. */
	this_cpu_inc(pool->counts->frees);
	if (!freelist_push(&pool->api.free, index))
		pool_put_slowly(pool, index, 1);
}

/* mpdemo_pool_free() where anything is not as usual, or it is traced */
void mpdemo_magazine_free_slowly(struct mpdemo_pool *api, void *block)
{
	u64 index = mpdemo_stride_index(&api->stride, block);
	struct pool *pool = to_pool(api);

	if (trace_mpdemo_pool_free_enabled())
		pool_trace_free(pool, block, _RET_IP_);
	if (gate_is_shut(api)) {
		gate_free(pool, block, _RET_IP_);
		return;
	}
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
static bool take_bulk(struct pool *pool, unsigned int n, void **blocks)
{
	struct mpdemo_stride stride = pool->api.stride;
	union mpdemo_link *links = pool->api.free.links;
	struct mpdemo_magazine *magazine;
	u32 *index, *end;

	if (!mpdemo_magazine_enter(READ_ONCE(pool->entrance), &magazine))
		return false;
	if (magazine->nr < n) {
		mpdemo_magazine_leave(magazine);
		return false;
	}
	index = &magazine->index[magazine->nr];
	end = index - n;
	WRITE_ONCE(magazine->nr, magazine->nr - n);
	mpdemo_count(&magazine->allocs, n);
	while (index > end) {
		u32 i = *--index;

		mpdemo_magazine_mark(links, i, MPDEMO_LINK_HELD);
		*blocks++ = mpdemo_stride_address(&stride, i);
	}
	mpdemo_magazine_leave(magazine);
	return true;
}

/* Not from the magazine. */
static bool take_bulk_past(struct pool *pool, gfp_t gfp, unsigned int n,
			   void **blocks, unsigned long caller)
{
	if (gate_is_shut(&pool->api))
		return gate_alloc_bulk(pool, gfp, n, blocks, caller);
	if (!pool_take_bulk(pool, n, blocks, caller))
		return false;
	if (pool->magazine)
		this_cpu_add(pool->counts->allocs, n);
	if (want_init_on_alloc(gfp))
		pool_zero_bulk(pool, n, blocks);
	return true;
}

/* mpdemo_pool_alloc_bulk() of a pool per CPU; of any kind while it is traced */
bool mpdemo_magazine_alloc_bulk(struct mpdemo_pool *api, gfp_t gfp,
				unsigned int n, void **blocks)
{
	struct pool *pool = to_pool(api);

	/* More than fits is not worth a look. */
	if (n > pool->magazine || !take_bulk(pool, n, blocks)) {
		if (!take_bulk_past(pool, gfp, n, blocks, _RET_IP_))
			return false;
	} else if (want_init_on_alloc(gfp)) {
		pool_zero_bulk(pool, n, blocks);
	}
	if (trace_mpdemo_pool_alloc_enabled())
		pool_trace_alloc_bulk(pool, n, blocks, gfp, _RET_IP_);
	return true;
}
EXPORT_SYMBOL_GPL(mpdemo_magazine_alloc_bulk);

/*
 * Return: false if the magazine has no room for as many; nothing is done then.
 * Else those that are not held are counted and reported.
 */
static bool put_bulk(struct pool *pool, unsigned int n, void **blocks,
		     unsigned long caller)
{
	struct mpdemo_stride stride = pool->api.stride;
	union mpdemo_link *links = pool->api.free.links;
	unsigned long nr = pool->api.free.nr;
	struct mpdemo_magazine *magazine;
	void **end = blocks + n;
	u32 *begin, *top;
	u64 index;

	if (!mpdemo_magazine_enter(READ_ONCE(pool->entrance), &magazine))
		return false;
	if (n + magazine->nr > READ_ONCE(pool->api.magazine_room)) {
		mpdemo_magazine_leave(magazine);
		return false;
	}
	begin = &magazine->index[magazine->nr];
	top = begin;
	while (blocks < end) {
		/* No call in here: then all that it needs is in registers. */
		for (; blocks < end; blocks++) {
			index = mpdemo_stride_index(&stride, *blocks);
			if (unlikely(!mpdemo_link_is_held(links, nr, index)))
				break;
			*top++ = index;
			mpdemo_magazine_mark(links, index, MPDEMO_LINK_CACHED);
		}
		if (unlikely(blocks < end))
			pool_refuse_free(pool, *blocks++, index, caller);
	}
	WRITE_ONCE(magazine->nr, magazine->nr + (top - begin));
	mpdemo_count(&magazine->frees, top - begin);
	mpdemo_magazine_leave(magazine);
	return true;
}

/* mpdemo_pool_free_bulk() of a pool per CPU; of any kind while it is traced */
void mpdemo_magazine_free_bulk(struct mpdemo_pool *api, unsigned int n,
			       void **blocks)
{
	struct pool *pool = to_pool(api);

	if (trace_mpdemo_pool_free_enabled())
		pool_trace_free_bulk(pool, n, blocks, _RET_IP_);
	/* With preemption on. The careful way does it by itself. */
	if (want_init_on_free() && !gate_is_shut(api))
		pool_zero_held(pool, n, blocks);
	if (n <= pool->magazine && put_bulk(pool, n, blocks, _RET_IP_))
		return;
	/* Nobody enters a magazine while the gate is shut. */
	if (gate_is_shut(api))
		gate_free_bulk(pool, n, blocks, _RET_IP_);
	else
		pool_free_bulk(pool, n, blocks, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mpdemo_magazine_free_bulk);

/**
 * magazines_close() - have no magazine give or take blocks any more
 * @pool: a pool per CPU that nobody allocates from any more
 *
 * A free under way may still put its block into a magazine, and has done so when
 * the grace period ends, as preemption is off meanwhile. Every later one finds
 * no room, and whoever allocates against the rules finds nothing.
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
	for_each_possible_cpu(cpu) {
		struct mpdemo_magazine *magazine =
			per_cpu_ptr(pool->magazines, cpu);

		nr += magazine->nr;
		WRITE_ONCE(magazine->nr, 0);
	}
	return nr;
}
