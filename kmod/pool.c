// SPDX-License-Identifier: GPL-2.0
/*
 * The exact pool: blocks of one size in one region, one list of free ones for
 * all CPUs.
 *
 * All that is known about a block lies outside of it, in the freelist, eight
 * bytes a block. So whoever holds a block may write anything to it, and may let
 * user space do so, and no free reads from a block that it is given.
 *
 * An address is turned into a number by one multiplication and one rotation, and
 * from the number the freelist tells whether the block is held. This is always
 * on: a free of something that is no held block of this pool is refused.
 *
 * Counters are per CPU and cost one instruction without a lock prefix. The peak
 * is exact all the same, as the freelist tells the depth with each pop.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/irq_work.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include <mempool_demo/pool.h>
#include <uapi/linux/mempool_demo.h>

#include "freelist.h"
#include "pool.h"
#include "region.h"
#include "stride.h"

/* Bits of mpdemo_pool.reported */
#define REPORTED_FREE	0

struct pool_counts {
	unsigned long allocs;
	unsigned long frees;
	unsigned long failures;
};

struct mpdemo_pool {
	/* Constant after creation. */
	struct stride stride;
	struct pool_counts __percpu *counts;
	unsigned int block_size;
	struct mpdemo_region *region;
	char *name;

	/* Written rarely: the smallest depth that a pop has found. */
	unsigned int low_depth;

	/* Written on misuse only. */
	unsigned long reported;
	atomic64_t refused;

	/* For the end of a pool that was destroyed with blocks in use. */
	struct irq_work last_free;
	struct work_struct release;

	struct freelist free;
};

/* What gives back the memory of dying pools; flushed before the module ends. */
static struct workqueue_struct *release_wq;

static void note_depth(struct mpdemo_pool *pool, unsigned int depth)
{
	unsigned int low = READ_ONCE(pool->low_depth);

	while (depth < low && !try_cmpxchg(&pool->low_depth, &low, depth))
		;
}

/*
 * What an allocation has to do now and then. Out of line and at its very end,
 * so that the common path is a function without a stack.
 */
static noinline void *alloc_noting_depth(struct mpdemo_pool *pool,
					 void *block, unsigned int depth)
{
	note_depth(pool, depth);
	return block;
}

static noinline void *alloc_zeroed(struct mpdemo_pool *pool, void *block,
				   unsigned int depth)
{
	note_depth(pool, depth);
	return memset(block, 0, pool->block_size);
}

/**
 * mpdemo_pool_alloc() - allocate a block
 * @pool: the pool
 * @gfp: __GFP_ZERO asks for zeroed memory, nothing else matters; the block
 *	never comes from anywhere but the pool
 *
 * Context: Any: task, softirq, hardirq, NMI, under any lock. Never sleeps.
 * Return: a block, which the caller owns until mpdemo_pool_free(); or NULL if
 * at one instant of the call no block was free.
 */
void *mpdemo_pool_alloc(struct mpdemo_pool *pool, gfp_t gfp)
{
	unsigned int index, depth;
	void *block;

	if (unlikely(!freelist_pop(&pool->free, &index, &depth))) {
		this_cpu_inc(pool->counts->failures);
		return NULL;
	}
	this_cpu_inc(pool->counts->allocs);

	block = stride_address(&pool->stride, index);
	if (want_init_on_alloc(gfp))
		return alloc_zeroed(pool, block, depth);
	if (unlikely(depth < READ_ONCE(pool->low_depth)))
		return alloc_noting_depth(pool, block, depth);
	return block;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_alloc);

/**
 * mpdemo_pool_try_take_bulk() - try to allocate @n blocks, and leave them as is
 * @pool: the pool
 * @n: how many, 1 or more
 * @blocks: where to put them
 *
 * Not exported: what the blocks held before is the caller's to clear.
 *
 * Context: Any, as mpdemo_pool_alloc().
 * Return: 0; -EAGAIN: too few are free; -EBUSY: other operations were faster.
 */
int mpdemo_pool_try_take_bulk(struct mpdemo_pool *pool, unsigned int n,
			      void **blocks)
{
	unsigned int index, depth, i;

	switch (freelist_try_pop_chain(&pool->free, n, &index, &depth)) {
	case FREELIST_CHANGED:
		return -EBUSY;
	case FREELIST_TOO_SHORT:
		this_cpu_inc(pool->counts->failures);
		return -EAGAIN;
	case FREELIST_POPPED:
		break;
	}
	note_depth(pool, depth - n + 1);
	this_cpu_add(pool->counts->allocs, n);

	for (i = 0; i < n; i++) {
		blocks[i] = stride_address(&pool->stride, index);
		index = freelist_take_next(&pool->free, index);
	}
	return 0;
}

/**
 * mpdemo_pool_alloc_bulk() - allocate @n blocks, or none
 * @pool: the pool
 * @gfp: as in mpdemo_pool_alloc()
 * @n: how many
 * @blocks: where to put them
 *
 * The blocks are taken at one instant; a call that fails has taken nothing,
 * not even for a moment. The cost grows with @n, and the call starts again
 * where another CPU changes the list meanwhile: ask for hundreds at once where
 * other CPUs are busy with the same pool, and it may take many turns.
 *
 * Context: Any, as mpdemo_pool_alloc().
 * Return: true if all were allocated, false if at one instant of the call fewer
 * were free.
 */
bool mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, gfp_t gfp,
			    unsigned int n, void **blocks)
{
	unsigned int i;
	int ret;

	if (unlikely(!n))
		return true;
	do {
		ret = mpdemo_pool_try_take_bulk(pool, n, blocks);
	} while (ret == -EBUSY);
	if (ret)
		return false;
	if (want_init_on_alloc(gfp))
		for (i = 0; i < n; i++)
			memset(blocks[i], 0, pool->block_size);
	return true;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_alloc_bulk);

/* Out of line and at the very end, as alloc_zeroed(). */
static noinline void come_home(struct mpdemo_pool *pool, unsigned int n)
{
	if (freelist_come_home(&pool->free, n))
		irq_work_queue(&pool->last_free);
}

/* Push, and where the pool is dying count; the last one to come ends it. */
static __always_inline void push(struct mpdemo_pool *pool, unsigned int first,
				 unsigned int last, unsigned int n)
{
	/* Before the push: after it the pool may end by another CPU's. */
	this_cpu_add(pool->counts->frees, n);
	if (unlikely(!freelist_push(&pool->free, first, last, n)))
		come_home(pool, n);
}

static noinline void free_zeroed(struct mpdemo_pool *pool, void *block,
				 unsigned int index)
{
	memset(block, 0, pool->block_size);
	push(pool, index, index, 1);
}

/*
 * A refused free is never a BUG(), as the pool is whole; and it is reported
 * once per pool, as the place that does it will do it again.
 */
static noinline void refuse_free(struct mpdemo_pool *pool, const void *block,
				 u64 index, unsigned long caller)
{
	/* Never a block, so it comes here; but as for kfree(), it is fine. */
	if (!block)
		return;
	atomic64_inc(&pool->refused);
	if (test_and_set_bit(REPORTED_FREE, &pool->reported))
		return;
	if (index >= pool->free.nr)
		pr_err("pool %s: free of %p refused: no block of this pool, by %pS\n",
		       pool->name, block, (void *)caller);
	else
		pr_err("pool %s: free of block %llu refused: it is free already, by %pS\n",
		       pool->name, index, (void *)caller);
}

/*
 * Whether @block is a held block of this pool. Inlined, so that the caller that
 * is reported is the one of the public function.
 */
static __always_inline bool may_free(struct mpdemo_pool *pool,
				     const void *block, u64 *index)
{
	*index = stride_index(&pool->stride, block);
	if (likely(*index < pool->free.nr &&
		   freelist_is_held(&pool->free, *index)))
		return true;
	refuse_free(pool, block, *index, _RET_IP_);
	return false;
}

/**
 * mpdemo_pool_free() - free a block
 * @pool: the pool that the block was allocated from
 * @block: the block; NULL is fine
 *
 * A free of a block that is free already, of a pointer that is no block, or of
 * a block of another pool changes nothing: it is counted, and reported in the
 * kernel log once per pool. (Two frees of one block at the same time are not
 * found out.)
 *
 * Context: Any, as mpdemo_pool_alloc().
 */
void mpdemo_pool_free(struct mpdemo_pool *pool, void *block)
{
	u64 index;

	if (!may_free(pool, block, &index))
		return;
	if (want_init_on_free())
		free_zeroed(pool, block, index);
	else
		push(pool, index, index, 1);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_free);

/**
 * mpdemo_pool_free_bulk() - free @n blocks
 * @pool: the pool that the blocks were allocated from
 * @n: how many
 * @blocks: the blocks
 *
 * What mpdemo_pool_free() would refuse is left out, also a block that is given
 * twice. The others become free up to FREELIST_PUSH_MAX at a time.
 *
 * Context: Any, as mpdemo_pool_alloc().
 */
void mpdemo_pool_free_bulk(struct mpdemo_pool *pool, unsigned int n,
			   void **blocks)
{
	unsigned int first = 0, last = 0, linked = 0, i;
	u64 index;

	for (i = 0; i < n; i++) {
		if (!may_free(pool, blocks[i], &index))
			continue;
		if (want_init_on_free())
			memset(blocks[i], 0, pool->block_size);
		/*
		 * The block counts as free from here on, so a second one like it
		 * is refused. The newest goes first, as if freed one by one.
		 */
		freelist_chain(&pool->free, index, first);
		first = index;
		if (!linked++)
			last = index;
		if (linked == FREELIST_PUSH_MAX) {
			push(pool, first, last, linked);
			linked = 0;
		}
	}
	if (linked)
		push(pool, first, last, linked);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_free_bulk);

/**
 * mpdemo_pool_index() - number of a block in its pool
 * @pool: the pool
 * @block: a block that was allocated from it
 *
 * Context: Any.
 * Return: 0 to blocks - 1.
 */
unsigned int mpdemo_pool_index(const struct mpdemo_pool *pool,
			       const void *block)
{
	return stride_index(&pool->stride, block);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_index);

/**
 * mpdemo_pool_block() - address of a block
 * @pool: the pool
 * @index: its number, 0 to blocks - 1
 *
 * Context: Any.
 * Return: the block, be it held or free.
 */
void *mpdemo_pool_block(const struct mpdemo_pool *pool, unsigned int index)
{
	return stride_address(&pool->stride, index);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_block);

static size_t stride_of(const struct mpdemo_pool_config *config)
{
	return ALIGN(config->block_size,
		     max_t(size_t, config->align, MPDEMO_ALIGN_MIN));
}

/**
 * mpdemo_pool_check() - whether a pool can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0, or -ERANGE.
 */
int mpdemo_pool_check(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal)
{
	if (config->block_size < MPDEMO_BLOCK_SIZE_MIN ||
	    config->block_size > MPDEMO_BLOCK_SIZE_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCK_SIZE,
				     "the size of a block must be from 1 byte to 4 MiB");
	if (config->blocks < MPDEMO_BLOCKS_MIN ||
	    config->blocks > MPDEMO_BLOCKS_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "the number of blocks must be from 1 to 16777208");
	if (config->align > MPDEMO_ALIGN_MAX ||
	    (config->align && !is_power_of_2(config->align)))
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_ALIGN,
				     "the alignment must be a power of two up to 4096, or 0");
	if (stride_of(config) * config->blocks > MPDEMO_POOL_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "the blocks of a pool must fit into 64 GiB");
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_check);

static size_t footprint(size_t stride, size_t blocks)
{
	return sizeof(struct mpdemo_pool) +
	       mpdemo_region_footprint(stride * blocks) +
	       (blocks + 1) * sizeof(u64) +
	       num_possible_cpus() * sizeof(struct pool_counts);
}

/**
 * mpdemo_pool_footprint() - memory that a pool will take in all
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, metadata included.
 */
size_t mpdemo_pool_footprint(const struct mpdemo_pool_config *config)
{
	return footprint(stride_of(config), config->blocks);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_footprint);

static void pool_release(struct mpdemo_pool *pool)
{
	mpdemo_region_destroy(pool->region);
	freelist_exit(&pool->free);
	free_percpu(pool->counts);
	kfree(pool->name);
	kfree(pool);
	/* Pairs with __module_get() in mpdemo_pool_destroy(). */
	module_put(THIS_MODULE);
}

/*
 * The last free may come from anywhere, but memory is given back in task
 * context only. An irq_work is the one way out of an NMI.
 */
static void last_free_irq_work(struct irq_work *work)
{
	struct mpdemo_pool *pool =
		container_of(work, struct mpdemo_pool, last_free);

	queue_work(release_wq, &pool->release);
}

static void release_work(struct work_struct *work)
{
	struct mpdemo_pool *pool =
		container_of(work, struct mpdemo_pool, release);

	/* last_free_irq_work() may not have returned yet, on another CPU. */
	irq_work_sync(&pool->last_free);
	pool_release(pool);
}

static int pool_alloc_parts(struct mpdemo_pool *pool,
			    const struct mpdemo_pool_config *config, gfp_t gfp)
{
	pool->name = kstrdup(config->name, gfp);
	if (!pool->name)
		return -ENOMEM;
	pool->counts = alloc_percpu_gfp(struct pool_counts, gfp);
	if (!pool->counts)
		goto free_name;
	if (freelist_init(&pool->free, config->blocks, gfp))
		goto free_counts;
	pool->region = mpdemo_region_create(stride_of(config) * config->blocks,
					    gfp);
	if (!pool->region)
		goto exit_freelist;
	return 0;

exit_freelist:
	freelist_exit(&pool->free);
free_counts:
	free_percpu(pool->counts);
free_name:
	kfree(pool->name);
	return -ENOMEM;
}

/**
 * mpdemo_pool_create() - create a pool
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * All memory is taken here; the pool never grows.
 *
 * Context: Task context, may sleep.
 * Return: the pool, owned by the caller, or an ERR_PTR(): -ERANGE, -ENOMEM.
 */
struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp)
{
	struct mpdemo_pool *pool;
	int ret;

	ret = mpdemo_pool_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);

	pool = kzalloc_obj(*pool, gfp);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	ret = pool_alloc_parts(pool, config, gfp);
	if (ret) {
		kfree(pool);
		return ERR_PTR(ret);
	}

	pool->block_size = config->block_size;
	stride_init(&pool->stride, pool->region->addr, stride_of(config));
	pool->low_depth = pool->free.nr + 1;
	init_irq_work(&pool->last_free, last_free_irq_work);
	INIT_WORK(&pool->release, release_work);
	return pool;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_create);

/**
 * mpdemo_pool_destroy() - destroy a pool
 * @pool: the pool; NULL is fine
 *
 * Blocks that are still held stay valid and must still be freed. Then the pool
 * is dying, which the kernel log tells: its last free gives the memory back, and
 * the module cannot be unloaded before.
 *
 * Context: Task context, may sleep. No call but mpdemo_pool_free() and
 * mpdemo_pool_free_bulk() may be under way or follow.
 */
void mpdemo_pool_destroy(struct mpdemo_pool *pool)
{
	unsigned int home;

	if (!pool)
		return;
	/* The caller is linked to this module, so the module is alive. */
	__module_get(THIS_MODULE);

	home = freelist_close(&pool->free);
	if (home < pool->free.nr)
		pr_warn("pool %s: destroyed with %u of %u blocks in use, by %pS\n",
			pool->name, pool->free.nr - home, pool->free.nr,
			(void *)_RET_IP_);
	if (freelist_come_home(&pool->free, 1))
		pool_release(pool);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_destroy);

/**
 * mpdemo_pool_get_stats() - read the counters of a pool
 * @pool: the pool
 * @stats: where to put them
 *
 * Context: Any.
 */
void mpdemo_pool_get_stats(const struct mpdemo_pool *pool,
			   struct mpdemo_pool_stats *stats)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	stats->block_size = pool->block_size;
	stats->stride = pool->stride.bytes;
	stats->blocks = pool->free.nr;
	stats->in_use = pool->free.nr - freelist_depth(&pool->free);
	/* An allocation that is under way may not have noted its depth yet. */
	stats->peak = max(pool->free.nr + 1 - READ_ONCE(pool->low_depth),
			  stats->in_use);
	stats->refused = atomic64_read(&pool->refused);
	stats->footprint = footprint(pool->stride.bytes, pool->free.nr);

	for_each_possible_cpu(cpu) {
		const struct pool_counts *counts =
			per_cpu_ptr(pool->counts, cpu);

		stats->allocs += READ_ONCE(counts->allocs);
		stats->frees += READ_ONCE(counts->frees);
		stats->failures += READ_ONCE(counts->failures);
	}
}
EXPORT_SYMBOL_GPL(mpdemo_pool_get_stats);

int mpdemo_pool_init(void)
{
	release_wq = alloc_workqueue(KBUILD_MODNAME,
				     WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return release_wq ? 0 : -ENOMEM;
}

void mpdemo_pool_exit(void)
{
	/* Waits for the release work that has just put the module. */
	destroy_workqueue(release_wq);
}
