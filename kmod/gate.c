// SPDX-License-Identifier: GPL-2.0
/*
 * The careful way; see gate.h.
 *
 * Each operation is an RCU read side section, and the memory of a pool whose gate
 * was ever shut is freed only after a grace period. So an operation may look at the
 * pool also after it has given back its last block, which the fast paths must not.
 *
 * Two frees of one block that race each other are told apart here.
 */

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "freelist.h"
#include "gate.h"
#include "guard.h"
#include "pool.h"
#include "store.h"
#include "wait.h"

/* Blocks of a bulk that are claimed before the first one of them is put. */
#define FREE_BATCH	32U

/* Never idle. */
DEFINE_PER_CPU(struct mpdemo_magazine, mpdemo_gate_magazine);

/*
 * Whoever changes a reason sees to it that the magazines fit all reasons: the last
 * one to write them has seen, after that, reasons that they fit.
 *
 * One that has seen no reason and is late opens the gate for a moment although it was
 * shut meanwhile. Who cannot bear that waits for a grace period after gate_shut().
 */
static void settle(struct pool *pool)
{
	unsigned long reasons;

	rcu_read_lock();
	do {
		reasons = READ_ONCE(pool->gate);
		WRITE_ONCE(pool->api.magazines, reasons ? &mpdemo_gate_magazine :
						pool->magazines);
		WRITE_ONCE(pool->entrance, reasons ? &mpdemo_gate_magazine :
					   gate_entrance(pool));
		/* Pairs with itself, and with those behind the bits. */
		smp_mb();
	} while (!reasons != !READ_ONCE(pool->gate));
	rcu_read_unlock();
}

/**
 * gate_shut() - have operations go the careful way
 * @pool: the pool
 * @reason: why
 *
 * Context: Any.
 */
void gate_shut(struct pool *pool, enum gate_reason reason)
{
	WRITE_ONCE(pool->has_guests, true);
	set_bit(reason, &pool->gate);
	/* Pairs with the one in settle(). */
	smp_mb__after_atomic();
	settle(pool);
}

/**
 * gate_open() - undo gate_shut()
 * @pool: the pool
 * @reason: the same
 *
 * Context: Any.
 */
void gate_open(struct pool *pool, enum gate_reason reason)
{
	clear_bit(reason, &pool->gate);
	/* Pairs with the one in settle(). */
	smp_mb__after_atomic();
	settle(pool);
}

/* Of a pool with a constructor only who asks for zeroes gets them. */
static bool zeroes_alloc(const struct pool *pool, gfp_t gfp)
{
	if (pool->ctor)
		return gfp & __GFP_ZERO;
	return want_init_on_alloc(gfp);
}

/* And nobody needs to clear what was left there for the next one. */
static bool zeroes_free(const struct pool *pool)
{
	return want_init_on_free() && !pool->ctor;
}

/**
 * pool_hand_out() - make a block that was taken somebody's
 * @pool: the pool
 * @index: the block
 * @gfp: as for mpdemo_pool_alloc()
 * @caller: who gets it
 *
 * Context: Any.
 * Return: the block.
 */
void *pool_hand_out(struct pool *pool, u32 index, gfp_t gfp,
		    unsigned long caller)
{
	void *block = store_address(pool, index);

	store_mark(pool, index, MPDEMO_LINK_HELD);
	this_cpu_inc(pool->counts->allocs);
	guard_alloc(pool, index, caller);
	if (zeroes_alloc(pool, gfp))
		memset(block, 0, pool->block_size);
	return block;
}

/* Where a pool grows, its callers may sleep, between two RCU read side sections. */
static void might_grow(const struct pool *pool, gfp_t gfp)
{
	if (pool->chunks)
		might_alloc(gfp);
}

static bool take(struct pool *pool, gfp_t gfp, u32 *index)
{
	do {
		if (store_take_or_help(pool, index))
			return true;
	} while (pool_grow(pool, 1, gfp));
	return false;
}

static void *alloc(struct pool *pool, gfp_t gfp, unsigned long caller)
{
	u32 index;

	if (fault_hits(pool, 1, caller))
		return NULL;
	if (!take(pool, gfp, &index)) {
		pool_alloc_failed(pool, 1, caller);
		return NULL;
	}
	return pool_hand_out(pool, index, gfp, caller);
}

/* mpdemo_pool_alloc() while the gate is shut */
void *gate_alloc(struct pool *pool, gfp_t gfp, unsigned long caller)
{
	void *block;

	might_grow(pool, gfp);
	rcu_read_lock();
	block = alloc(pool, gfp, caller);
	rcu_read_unlock();
	return block;
}

/* As pool_take_bulk(), of a pool that grows. */
static bool take_bulk_of_chunks(struct pool *pool, gfp_t gfp, unsigned int n,
				void **blocks, unsigned long caller)
{
	void **end = blocks + n;

	if (!n)
		return true;
	while (!chunks_take(pool->chunks, n)) {
		if (wait_help(pool, n) || pool_grow(pool, n, gfp))
			continue;
		pool_alloc_failed(pool, n, caller);
		return false;
	}
	while (blocks < end)
		*blocks++ = store_address(pool, chunks_pop(pool->chunks));
	return true;
}

/* Blocks that were taken are the caller's. */
static void note_bulk(struct pool *pool, unsigned int n, void **blocks,
		      unsigned long caller)
{
	unsigned int i;

	/* Of an exact pool that does not grow the head counts them. */
	if (pool->magazine || pool->chunks)
		this_cpu_add(pool->counts->allocs, n);
	for (i = 0; i < n; i++)
		guard_alloc(pool, store_find(pool, blocks[i]), caller);
}

/* mpdemo_pool_alloc_bulk() while the gate is shut */
bool gate_alloc_bulk(struct pool *pool, gfp_t gfp, unsigned int n,
		     void **blocks, unsigned long caller)
{
	bool taken;

	might_grow(pool, gfp);
	rcu_read_lock();
	taken = !(n && fault_hits(pool, n, caller)) &&
		(pool->chunks ?
		 take_bulk_of_chunks(pool, gfp, n, blocks, caller) :
		 pool_take_bulk(pool, n, blocks, caller));
	if (taken) {
		note_bulk(pool, n, blocks, caller);
		if (zeroes_alloc(pool, gfp))
			pool_zero_bulk(pool, n, blocks);
	}
	rcu_read_unlock();
	return taken;
}

/* As pool_try_take_bulk(), of a pool that grows. */
static int try_take_bulk_of_chunks(struct pool *pool, unsigned int n,
				   void **blocks, unsigned long caller)
{
	void **end = blocks + n;

	if (!chunks_take(pool->chunks, n)) {
		if (wait_help(pool, n))
			return -EBUSY;
		if (chunks_can_grow(pool->chunks, n))
			return -ENOMEM;
		pool_alloc_failed(pool, n, caller);
		return -EAGAIN;
	}
	while (blocks < end)
		*blocks++ = store_address(pool, chunks_pop(pool->chunks));
	return 0;
}

/* mpdemo_pool_try_take_bulk() while the gate is shut */
int gate_try_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		       unsigned long caller)
{
	int ret;

	rcu_read_lock();
	if (fault_hits(pool, n, caller))
		ret = -EAGAIN;
	else if (pool->chunks)
		ret = try_take_bulk_of_chunks(pool, n, blocks, caller);
	else
		ret = pool_try_take_bulk(pool, n, blocks, caller);
	if (!ret)
		note_bulk(pool, n, blocks, caller);
	rcu_read_unlock();
	return ret;
}

/* Of two who free the same block one succeeds. */
static bool claim(struct pool *pool, u64 index)
{
	u32 held = MPDEMO_LINK_HELD;

	return index < store_size(pool) &&
	       try_cmpxchg(&store_link(pool, index)->depth, &held,
			   MPDEMO_LINK_CACHED);
}

/* Return: whether the block is the caller's now, to be put. */
static bool claim_or_refuse(struct pool *pool, void *block, u64 *index,
			    unsigned long caller)
{
	*index = store_find(pool, block);
	if (claim(pool, *index))
		return true;
	pool_refuse_free(pool, block, *index, caller);
	return false;
}

static void free_claimed(struct pool *pool, void *block, u64 index,
			 unsigned long caller)
{
	if (!guard_free(pool, index, caller) && zeroes_free(pool))
		memset(block, 0, pool->block_size);
	if (pool->magazine)
		this_cpu_inc(pool->counts->frees);
	store_put(pool, index);
}

/* mpdemo_pool_free() while the gate is shut */
void gate_free(struct pool *pool, void *block, unsigned long caller)
{
	u64 index;

	rcu_read_lock();
	if (claim_or_refuse(pool, block, &index, caller))
		free_claimed(pool, block, index, caller);
	if (level_is_low(&pool->level))
		level_look(pool);
	rcu_read_unlock();
}

/* mpdemo_pool_free_bulk() while the gate is shut */
void gate_free_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller)
{
	unsigned int batch, i;
	u64 index[FREE_BATCH];

	rcu_read_lock();
	for (; n; n -= batch, blocks += batch) {
		batch = min(n, FREE_BATCH);
		/* All before the first one is put, to find what is given twice. */
		for (i = 0; i < batch; i++)
			if (!claim_or_refuse(pool, blocks[i], &index[i], caller))
				index[i] = U64_MAX;
		for (i = 0; i < batch; i++)
			if (index[i] != U64_MAX)
				free_claimed(pool, blocks[i], index[i], caller);
	}
	if (level_is_low(&pool->level))
		level_look(pool);
	rcu_read_unlock();
}
