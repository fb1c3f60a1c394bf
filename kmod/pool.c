// SPDX-License-Identifier: GPL-2.0
/*
 * The list of free blocks that all CPUs share. It is all that an exact pool has;
 * a pool per CPU has magazines in front of it, see magazine.c.
 *
 * All that is known about a block lies outside of it, in the freelist, eight
 * bytes a block. So whoever holds a block may write anything to it, and may let
 * user space do so, and no free reads from a block that it is given.
 *
 * An address is turned into a number by one multiplication and one rotation, and
 * from the number the freelist tells whether the block is held. This is always
 * on: a free of something that is no held block of this pool is refused.
 *
 * Nothing is counted here: the head of the freelist tells how many blocks were
 * allocated and how many are free, and each pop the depth, hence the peak.
 *
 * Functions on the fast path have no stack: what they must do now and then is
 * out of line, and called at their very end.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "freelist.h"
#include "gate.h"
#include "guard.h"
#include "pool.h"
#include "store.h"
#include "trace.h"
#include "wait.h"

/**
 * pool_alloc_failed() - account a call that found too few free blocks
 * @pool: the pool
 * @n: how many it has asked for
 * @caller: who
 *
 * Context: Any.
 */
void pool_alloc_failed(struct pool *pool, unsigned int n, unsigned long caller)
{
	enum mpdemo_failure why = MPDEMO_FAILURE_EXHAUSTED;

	if (store_is_closed(pool))
		why = MPDEMO_FAILURE_DYING;
	else if (n > store_size(pool))
		why = MPDEMO_FAILURE_TOO_MANY;
	else if (pool->chunks)
		why = chunks_why_failed(pool->chunks);
	this_cpu_inc(pool->counts->failures);
	failure_note(pool, n, caller, why);
	/* Who wants more than there ever is tells nothing about how many there are. */
	if (why != MPDEMO_FAILURE_TOO_MANY)
		level_note_failure(pool);
}

static noinline void *alloc_noting_depth(struct pool *pool, void *block,
					 unsigned int depth)
{
	pool_note_depth(pool, depth);
	return block;
}

static noinline void *alloc_zeroed_noting_depth(struct pool *pool, void *block,
						unsigned int depth)
{
	pool_note_depth(pool, depth);
	return memset(block, 0, pool->block_size);
}

static noinline void *alloc_zeroed(struct pool *pool, void *block,
				   unsigned int depth)
{
	if (unlikely(depth < READ_ONCE(pool->notice.depth)))
		return alloc_zeroed_noting_depth(pool, block, depth);
	return memset(block, 0, pool->block_size);
}

static noinline void *alloc_at_half_wrap(struct pool *pool, void *block,
					 unsigned int depth, gfp_t gfp)
{
	freelist_note_half_wrap(&pool->api.free);
	if (want_init_on_alloc(gfp))
		return alloc_zeroed(pool, block, depth);
	return alloc_noting_depth(pool, block, depth);
}

/* mpdemo_pool_alloc() from the list */
void *mpdemo_pool_alloc_shared(struct mpdemo_pool *api, gfp_t gfp)
{
	struct pool *pool = to_pool(api);
	unsigned int index, depth;
	bool half_wrap;
	void *block;

	if (unlikely(!freelist_pop(&api->free, &index, &depth, &half_wrap)))
		return gate_alloc(pool, gfp, _RET_IP_);

	block = mpdemo_stride_address(&api->stride, index);
	if (unlikely(half_wrap))
		return alloc_at_half_wrap(pool, block, depth, gfp);
	if (want_init_on_alloc(gfp))
		return alloc_zeroed(pool, block, depth);
	if (unlikely(depth < READ_ONCE(pool->notice.depth)))
		return alloc_noting_depth(pool, block, depth);
	return block;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_alloc_shared);

/* For what is inlined. Return: the block. */
void *mpdemo_pool_zero(struct mpdemo_pool *api, void *block)
{
	return memset(block, 0, to_pool(api)->block_size);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_zero);

/* Return: 0; -EAGAIN: too few are free; -EBUSY: other operations were faster. */
static int try_take_bulk(struct pool *pool, unsigned int n, void **blocks)
{
	struct mpdemo_stride stride = pool->api.stride;
	struct mpdemo_freelist *list = &pool->api.free;
	union mpdemo_link *links = list->links;
	struct freelist_take take;
	void **end = blocks + n;
	u32 index;
	int ret;

	ret = freelist_take_begin(list, n, &take);
	if (ret)
		return ret;
	index = take.first;
	while (blocks < end) {
		*blocks++ = mpdemo_stride_address(&stride, index);
		index = freelist_next(links, index);
	}
	ret = freelist_take_end(list, n, &take, index);
	if (ret)
		return ret;

	pool_note_depth(pool, take.depth - n + 1);
	for (index = take.first; n; n--) {
		u32 next = freelist_next(links, index);

		freelist_hold(links, index);
		index = next;
	}
	return 0;
}

static int take_bulk(struct pool *pool, unsigned int n, void **blocks)
{
	int ret;

	do {
		ret = try_take_bulk(pool, n, blocks);
	} while (ret == -EBUSY);
	return ret;
}

/* Too few were found; there may be some that are on their way. */
static noinline bool take_bulk_slowly(struct pool *pool, unsigned int n,
				      void **blocks, unsigned long caller)
{
	bool taken;

	rcu_read_lock();
	do {
		taken = !take_bulk(pool, n, blocks);
	} while (!taken && wait_help(pool, n));
	if (!taken)
		pool_alloc_failed(pool, n, caller);
	rcu_read_unlock();
	return taken;
}

/* One attempt of pool_take_bulk(). Return: as mpdemo_pool_try_take_bulk(). */
int pool_try_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		       unsigned long caller)
{
	int ret;

	ret = try_take_bulk(pool, n, blocks);
	if (ret != -EAGAIN)
		return ret;
	/* There may be some that are on their way. */
	rcu_read_lock();
	if (wait_help(pool, n))
		ret = -EBUSY;
	else
		pool_alloc_failed(pool, n, caller);
	rcu_read_unlock();
	return ret;
}

/**
 * mpdemo_pool_try_take_bulk() - try to allocate @n blocks, and leave them as is
 * @api: the pool
 * @n: how many, 1 or more
 * @blocks: where to put them
 *
 * Not exported: what the blocks held before is the caller's to clear. Of a pool that
 * is not one per CPU. It is one attempt, so that who shares a pool with others that
 * take one block over and over can give up between two of them, or keep those out.
 *
 * Context: Any, as mpdemo_pool_alloc().
 * Return: 0; -EAGAIN: too few are free; -EBUSY: other operations were faster;
 * -ENOMEM: too few are free, and the caller is to try mpdemo_pool_grow_for().
 */
int mpdemo_pool_try_take_bulk(struct mpdemo_pool *api, unsigned int n,
			      void **blocks)
{
	struct pool *pool = to_pool(api);

	int ret;

	if (gate_is_shut(api))
		ret = gate_try_take_bulk(pool, n, blocks, _RET_IP_);
	else
		ret = pool_try_take_bulk(pool, n, blocks, _RET_IP_);
	if (trace_mpdemo_pool_alloc_enabled() && !ret)
		pool_trace_alloc_bulk(pool, n, blocks, 0, _RET_IP_);
	return ret;
}

/* Return: false if too few are free. */
bool pool_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller)
{
	/* To take none never fails, but the list is not made for it. */
	if (unlikely(!n))
		return true;
	return likely(!take_bulk(pool, n, blocks)) ||
	       take_bulk_slowly(pool, n, blocks, caller);
}

void pool_zero_bulk(struct pool *pool, unsigned int n, void **blocks)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		memset(blocks[i], 0, pool->block_size);
}

/* mpdemo_pool_alloc_bulk() from the list */
bool mpdemo_pool_alloc_bulk_shared(struct mpdemo_pool *api, gfp_t gfp,
				   unsigned int n, void **blocks)
{
	struct pool *pool = to_pool(api);

	/* As pool_take_bulk(), but nothing is kept for a caller to be told of. */
	if (n && unlikely(take_bulk(pool, n, blocks)) &&
	    !take_bulk_slowly(pool, n, blocks, _RET_IP_))
		return false;
	if (want_init_on_alloc(gfp))
		pool_zero_bulk(pool, n, blocks);
	return true;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_alloc_bulk_shared);

/* Count what comes back to a dying pool; the last one to come ends it. */
noinline void pool_come_home(struct pool *pool, unsigned int n)
{
	if (freelist_come_home(&pool->api.free, n))
		mpdemo_reap(&pool->reap);
}

/**
 * pool_put_slowly() - put blocks that were refused by the list
 * @pool: the pool, which the blocks keep: it may be gone when this returns
 * @first: the first of a list of blocks
 * @n: blocks in it
 *
 * It is closed, or watched as somebody waits for a block.
 *
 * Context: Any.
 */
noinline void pool_put_slowly(struct pool *pool, u32 first, unsigned int n)
{
	if (freelist_is_closed(&pool->api.free)) {
		pool_come_home(pool, n);
		return;
	}
	rcu_read_lock();
	wait_grant(pool, first, n);
	rcu_read_unlock();
}

/* By its link, which the fast path has in a register anyway. */
static noinline void push_slowly(struct pool *pool, union mpdemo_link *link)
{
	pool_put_slowly(pool, link - pool->api.free.links, 1);
}

static __always_inline void push(struct pool *pool, unsigned int index)
{
	union mpdemo_link *link = &pool->api.free.links[index];

	if (unlikely(!freelist_push(&pool->api.free, index)))
		push_slowly(pool, link);
}

/* By value: those who build a chain do so in registers. */
void pool_push_chain(struct pool *pool, struct freelist_chain chain)
{
	if (unlikely(!freelist_chain_push(&pool->api.free, &chain)))
		pool_put_slowly(pool, chain.first, chain.nr);
}

static noinline void free_zeroed(struct pool *pool, void *block,
				 unsigned int index)
{
	memset(block, 0, pool->block_size);
	push(pool, index);
}

/*
 * A refused free is never a BUG(), as the pool is whole; and it is reported
 * once per pool, as the place that does it will do it again.
 */
noinline void pool_refuse_free(struct pool *pool, const void *block, u64 index,
			       unsigned long caller)
{
	/* Never a block, so it comes here; but as for kfree(), it is fine. */
	if (!block)
		return;
	atomic64_inc(&pool->refused);
	trace_mpdemo_pool_refuse(pool->name, block, min_t(u64, index, UINT_MAX),
				 pool->block_size, caller);
	if (test_and_set_bit(REPORTED_FREE, &pool->reported))
		return;
	if (index >= store_size(pool)) {
		pr_err("pool %s: free of %p refused: no block of this pool, by %pS\n",
		       pool->name, block, (void *)caller);
	} else {
		pr_err("pool %s: free of block %llu refused: it is %s, by %pS\n",
		       pool->name, index,
		       store_is_marked(pool, index, MPDEMO_LINK_RESERVED) ?
		       "reserved" : "free already", (void *)caller);
		holders_tell(pool, index);
	}
}

/* mpdemo_pool_free() to the list */
void mpdemo_pool_free_shared(struct mpdemo_pool *api, void *block)
{
	u64 index = mpdemo_stride_index(&api->stride, block);
	struct pool *pool = to_pool(api);

	if (unlikely(!mpdemo_pool_is_held(api, index)))
		pool_refuse_free(pool, block, index, _RET_IP_);
	else if (want_init_on_free())
		free_zeroed(pool, block, index);
	else
		push(pool, index);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_free_shared);

/* What is refused later is not written to; what is given twice is still held. */
void pool_zero_held(struct pool *pool, unsigned int n, void **blocks)
{
	while (n--) {
		void *block = *blocks++;

		if (mpdemo_pool_is_held(&pool->api,
					mpdemo_stride_index(&pool->api.stride,
							    block)))
			memset(block, 0, pool->block_size);
	}
}

/* Count and report what is not held, up to the first block that is. */
static void **refuse_bulk(struct pool *pool, void **blocks, void **end,
			  unsigned long caller)
{
	for (; blocks < end; blocks++) {
		u64 index = mpdemo_stride_index(&pool->api.stride, *blocks);

		if (mpdemo_pool_is_held(&pool->api, index))
			break;
		pool_refuse_free(pool, *blocks, index, caller);
	}
	return blocks;
}

/*
 * Free those that are held, and count and report the others.
 *
 * A dying pool ends with its last block. So whatever is refused is refused before
 * the next chain is pushed, and there is a push only if the next one is held, which
 * keeps the pool, or if none is left, and then the pool is left alone.
 */
void pool_free_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller)
{
	struct mpdemo_stride stride = pool->api.stride;
	union mpdemo_link *links = pool->api.free.links;
	unsigned long nr = pool->api.free.nr;
	void **end = blocks + n, **stop;
	struct freelist_chain chain;
	u64 index;

	blocks = refuse_bulk(pool, blocks, end, caller);
	while (blocks < end) {
		stop = blocks + min_t(size_t, end - blocks, FREELIST_PUSH_MAX);
		freelist_chain_begin(&pool->api.free, &chain);
		/* No call in here: then all that it needs is in registers. */
		for (; blocks < stop; blocks++) {
			index = mpdemo_stride_index(&stride, *blocks);
			if (unlikely(!mpdemo_link_is_held(links, nr, index)))
				break;
			/* The newest goes first, as if freed one by one. */
			freelist_chain_add(links, &chain, index);
		}
		blocks = refuse_bulk(pool, blocks, end, caller);
		if (pool->magazine)
			this_cpu_add(pool->counts->frees, chain.nr);
		/* None only if somebody else frees the same block just now. */
		if (likely(chain.nr))
			pool_push_chain(pool, chain);
	}
}

/* mpdemo_pool_free_bulk() to the list */
void mpdemo_pool_free_bulk_shared(struct mpdemo_pool *api, unsigned int n,
				  void **blocks)
{
	struct pool *pool = to_pool(api);

	if (want_init_on_free())
		pool_zero_held(pool, n, blocks);
	pool_free_bulk(pool, n, blocks, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_free_bulk_shared);

/**
 * mpdemo_pool_index() - number of a block in its pool
 * @api: the pool
 * @block: a block that was allocated from it
 *
 * Context: Any.
 * Return: 0 to blocks - 1, those of the slack and those above the floor included.
 */
unsigned int mpdemo_pool_index(const struct mpdemo_pool *api, const void *block)
{
	return store_find(to_pool(api), block);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_index);

/**
 * mpdemo_pool_block() - address of a block
 * @api: the pool
 * @index: its number, as of mpdemo_pool_index()
 *
 * Context: Any.
 * Return: the block, be it held or free; NULL: the pool is one that grows, and has
 * not grown so far.
 */
void *mpdemo_pool_block(const struct mpdemo_pool *api, unsigned int index)
{
	return store_address(to_pool(api), index);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_block);
