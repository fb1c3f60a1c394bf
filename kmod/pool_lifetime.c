// SPDX-License-Identifier: GPL-2.0
/*
 * Begin and end of pools, and what there is to read in between.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <uapi/linux/mempool_demo.h>

#include "chunks.h"
#include "freelist.h"
#include "gate.h"
#include "guard.h"
#include "pool.h"
#include "region.h"
#include "store.h"
#include "wait.h"

/* Blocks that are constructed before another task may run. */
#define RESCHED_BLOCKS	64

/* Bytes from one block to the next. */
size_t pool_stride_of(const struct mpdemo_pool_config *config)
{
	size_t zone = config->flags & MPDEMO_POOL_RED_ZONE ?
		      MPDEMO_RED_ZONE_MIN : 0;

	return ALIGN(config->block_size + zone,
		     max_t(size_t, config->align, MPDEMO_ALIGN_MIN));
}

static unsigned int magazine_of(const struct mpdemo_pool_config *config)
{
	if (!(config->flags & MPDEMO_POOL_PERCPU))
		return 0;
	return config->magazine ?: MPDEMO_MAGAZINE_DEFAULT;
}

static size_t slack_of(const struct mpdemo_pool_config *config)
{
	return (size_t)num_possible_cpus() * magazine_of(config);
}

static size_t all_blocks(const struct mpdemo_pool_config *config)
{
	return config->blocks + slack_of(config);
}

static int check_percpu(const struct mpdemo_pool_config *config,
			struct mpdemo_refusal *refusal)
{
	unsigned int magazine = magazine_of(config);

	if (config->flags & ~MPDEMO_POOL_FLAGS)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_FLAGS,
				     "there is no such flag of a pool");
	if (!magazine)
		return config->magazine ?
			mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_MAGAZINE,
				      "only a pool per CPU has magazines") : 0;
	if (magazine < MPDEMO_MAGAZINE_MIN || magazine > MPDEMO_MAGAZINE_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_MAGAZINE,
				     "a magazine must have from 2 to 1024 blocks");
	if (all_blocks(config) > MPDEMO_BLOCKS_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "the blocks and the slack of all CPUs together must be 16777208 at most");
	return 0;
}

static int check_node(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal)
{
	if (!(config->flags & MPDEMO_POOL_NODE))
		return config->node ?
			mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_NODE,
				      "a node is chosen only by the flag for it") : 0;
	if (config->node < 0 || config->node >= MAX_NUMNODES)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_NODE,
				     "the number of a node is out of range");
	if (!node_possible(config->node))
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_NODE,
				     "this machine has no such node");
	return 0;
}

/**
 * mpdemo_pool_check() - whether a pool can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0; -ERANGE: a size or number is out of range; -EINVAL: it has no name, a
 * flag is unknown, or a setting has no meaning for this kind; -EOPNOTSUPP: this kind
 * cannot do that.
 */
int mpdemo_pool_check(const struct mpdemo_pool_config *config,
		      struct mpdemo_refusal *refusal)
{
	int ret;

	if (!config->name)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_NAME,
				     "a pool needs a name");
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
	if (config->ctor_data && !config->ctor)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_CTOR,
				     "data without a constructor has no meaning");
	ret = check_percpu(config, refusal);
	if (ret)
		return ret;
	ret = check_node(config, refusal);
	if (ret)
		return ret;
	if (pool_stride_of(config) * all_blocks(config) > MPDEMO_POOL_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "the blocks of a pool must fit into 64 GiB");
	return chunks_check(config, refusal);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_check);

static size_t magazine_bytes(unsigned int magazine)
{
	return struct_size_t(struct mpdemo_magazine, index, magazine);
}

/* What is there beside the blocks. */
static size_t overhead(size_t blocks, unsigned int magazine)
{
	size_t percpu = sizeof(struct pool_counts) +
			(magazine ? magazine_bytes(magazine) : 0);

	return sizeof(struct pool) + (blocks + FREELIST_SPECIAL) * sizeof(union mpdemo_link) +
	       num_possible_cpus() * percpu;
}

static size_t footprint(size_t stride, size_t blocks, unsigned int magazine)
{
	return overhead(blocks, magazine) +
	       mpdemo_region_footprint(stride * blocks);
}

/* Of a pool that grows; all links are there from the beginning. */
static size_t growing_overhead(const struct mpdemo_pool_config *config)
{
	return overhead(config->max_blocks, 0) + chunks_overhead(config);
}

/**
 * mpdemo_pool_footprint() - memory that a pool will take in all
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, metadata included; of a pool that grows, at its maximum.
 */
size_t mpdemo_pool_footprint(const struct mpdemo_pool_config *config)
{
	if (chunks_wanted(config))
		return growing_overhead(config) + chunks_regions(config) +
		       guard_footprint(config, config->max_blocks);
	return footprint(pool_stride_of(config), all_blocks(config),
			 magazine_of(config)) +
	       guard_footprint(config, all_blocks(config));
}
EXPORT_SYMBOL_GPL(mpdemo_pool_footprint);

/* The same of one that there is. Context: Any. */
size_t pool_footprint(const struct pool *pool)
{
	return footprint(pool->api.stride.bytes, pool->api.free.nr,
			 pool->magazine);
}

/**
 * mpdemo_pool_overhead() - memory that mpdemo_pool_create_at() will take
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, those of the blocks not included.
 */
size_t mpdemo_pool_overhead(const struct mpdemo_pool_config *config)
{
	return overhead(all_blocks(config), magazine_of(config)) +
	       guard_footprint(config, all_blocks(config));
}

static void free_parts(struct pool *pool)
{
	guard_destroy(pool);
	mpdemo_region_destroy(pool->region);
	chunks_destroy(pool->chunks);
	freelist_exit(&pool->api.free);
	free_percpu(pool->magazines);
	free_percpu(pool->counts);
	kfree(pool->name);
	kfree(pool);
}

/* Destroyed, and all blocks are home. */
static void pool_release(struct pool *pool)
{
	if (pool->place.home) {
		pool->place.home(pool->place.data);
		return;
	}
	if (pool->has_guests) {
		/* Those in gate.c and wait.c whose last block came home. */
		synchronize_rcu();
		irq_work_sync(&pool->wait.serve);
	}
	free_parts(pool);
	/* Pairs with __module_get() in mpdemo_pool_destroy(). */
	module_put(THIS_MODULE);
}

static void pool_reap(struct mpdemo_reap *reap)
{
	pool_release(container_of(reap, struct pool, reap));
}

/* On failure, the parts that there are will be freed by free_parts(). */
static int alloc_parts(struct pool *pool,
		       const struct mpdemo_pool_config *config, gfp_t gfp)
{
	int cpu;

	pool->name = kstrdup(config->name, gfp);
	if (!pool->name)
		return -ENOMEM;
	pool->counts = alloc_percpu_gfp(struct pool_counts, gfp);
	if (!pool->counts)
		return -ENOMEM;
	if (pool->magazine) {
		pool->magazines =
			__alloc_percpu_gfp(magazine_bytes(pool->magazine),
					   SMP_CACHE_BYTES, gfp);
		if (!pool->magazines)
			return -ENOMEM;
		for_each_possible_cpu(cpu)
			per_cpu_ptr(pool->magazines, cpu)->idle = 1;
	}
	if (chunks_wanted(config))
		return chunks_create(pool, config, gfp, growing_overhead(config));
	if (freelist_init(&pool->api.free, all_blocks(config), gfp))
		return -ENOMEM;
	if (pool->place.addr)
		return 0;
	pool->region = mpdemo_region_create(pool_stride_of(config) *
					    all_blocks(config), gfp,
					    config->flags & MPDEMO_POOL_NODE ?
					    config->node : NUMA_NO_NODE);
	return pool->region ? 0 : -ENOMEM;
}

/* Of a pool that grows each chunk has its own. */
static void *address_of(const struct pool *pool)
{
	if (pool->chunks)
		return NULL;
	return pool->region ? pool->region->addr : pool->place.addr;
}

/**
 * pool_construct() - make new blocks ready for their first holders
 * @pool: the pool
 * @first: the first of the blocks, whose memory is zeroed and not yet in the list
 * @n: blocks, with consecutive numbers
 *
 * Context: Task context, may sleep.
 */
void pool_construct(struct pool *pool, u32 first, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		guard_construct(pool, first + i);
		if (pool->ctor)
			pool->ctor(store_address(pool, first + i), pool->ctor_data);
		if (i % RESCHED_BLOCKS == 0)
			cond_resched();
	}
}

/**
 * mpdemo_pool_create_at() - create a pool in memory that the caller has
 * @config: as for mpdemo_pool_create(); of a pool in a place, an exact one
 * @gfp: as for mpdemo_pool_create()
 * @place: the memory, and whom to tell after mpdemo_pool_close(); NULL: none, the
 *	pool allocates its own
 *
 * Context: Task context, may sleep.
 * Return: the pool, or an ERR_PTR(). One in a place is to be ended by
 * mpdemo_pool_end(), after mpdemo_pool_close() unless it was never used.
 */
struct mpdemo_pool *
mpdemo_pool_create_at(const struct mpdemo_pool_config *config, gfp_t gfp,
		      const struct mpdemo_pool_place *place)
{
	struct pool *pool;
	int ret;

	ret = mpdemo_pool_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);
	if (place && chunks_wanted(config))
		return ERR_PTR(-EOPNOTSUPP);

	pool = kzalloc_obj(*pool, gfp);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	if (place)
		pool->place = *place;
	pool->gfp = gfp;
	pool->magazine = magazine_of(config);
	ret = alloc_parts(pool, config, gfp);
	if (ret) {
		free_parts(pool);
		return ERR_PTR(ret);
	}

	mpdemo_stride_init(&pool->api.stride, address_of(pool),
			   pool_stride_of(config));
	pool->api.magazines = pool->magazines;
	pool->entrance = gate_entrance(pool);
	pool->api.magazine_room = pool->magazine;
	pool->block_size = config->block_size;
	pool->blocks = config->blocks;
	pool->ctor = config->ctor;
	pool->ctor_data = config->ctor_data;
	/* The fast paths zero blocks, whatever is in them. */
	if (pool->ctor && (want_init_on_alloc(0) || want_init_on_free()))
		gate_shut(pool, GATE_CTOR);
	wait_init(pool);
	level_init(pool);
	mpdemo_reap_init(&pool->reap, pool_reap);
	ret = guard_create(pool, config, gfp);
	if (!ret && pool->chunks)
		ret = chunks_start(pool->chunks, config->name);
	if (ret) {
		free_parts(pool);
		return ERR_PTR(ret);
	}
	if (pool->chunks)
		gate_shut(pool, GATE_CHUNKS);
	else if (pool->ctor || pool->guard)
		pool_construct(pool, 0, pool->api.free.nr);
	return &pool->api;
}

/**
 * mpdemo_pool_create() - create a pool
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * All memory is taken here, but of a pool that grows: then this is charged for later
 * memory as well. Until it is destroyed the administrator can look at the pool, by
 * "poolctl list --kernel" and in debugfs.
 *
 * Context: Task context, may sleep.
 * Return: the pool, owned by the caller, or an ERR_PTR(): -ERANGE, -EINVAL and
 * -EOPNOTSUPP as of mpdemo_pool_check(), -ENOMEM.
 */
struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp)
{
	struct mpdemo_pool *api = mpdemo_pool_create_at(config, gfp, NULL);
	int ret;

	if (IS_ERR(api))
		return api;
	ret = pool_list_add(to_pool(api));
	if (!ret)
		return api;
	/* One that grows has a shrinker by now, which may have had it kicked. */
	mpdemo_pool_destroy(api);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_create);

/**
 * mpdemo_pool_destroy() - destroy a pool
 * @api: the pool; NULL is fine
 *
 * Blocks that are still held stay valid and must still be freed. Then the pool
 * is dying, which the kernel log tells: its last free gives the memory back, and
 * the module cannot be unloaded before. Whoever waits for a block is told
 * -ESHUTDOWN, and has left when this returns; and nobody is told levels any more. A
 * pool that grows has stopped to do so when this returns, and to shrink; of a dying one
 * each chunk is given back when its blocks are free.
 *
 * Blocks of reservations are held, too, and can still be allocated; what is left of
 * each must be released.
 *
 * Context: Task context, may sleep. No call may be under way but frees of blocks that
 * are held, calls of who holds a block or a reservation, and tasks that sleep in
 * mpdemo_pool_alloc_wait() or mpdemo_pool_reserve_wait(). As long as a block is held,
 * frees may follow, and allocations, which get nothing.
 * Of a pool that grows, or of which somebody is told levels, not in a work of a
 * workqueue with WQ_MEM_RECLAIM: it waits for works that may allocate.
 */
void mpdemo_pool_destroy(struct mpdemo_pool *api)
{
	struct pool *pool = to_pool(api);
	unsigned int cached = 0, held, all;
	bool last;

	if (!api)
		return;
	/* The caller is linked to this module, so the module is alive. */
	__module_get(THIS_MODULE);

	pool_list_remove(pool);
	/* First, as a callback that level_close() waits for may wait for a block. */
	wait_close(pool);
	level_close(pool);
	if (pool->magazine)
		cached = magazines_close(pool);
	if (pool->chunks)
		held = chunks_close(pool->chunks);
	else
		held = pool->api.free.nr - freelist_close(&pool->api.free) -
		       cached;
	all = pool->chunks ? store_size(pool) : pool->blocks;
	if (held) {
		pr_warn("pool %s: destroyed with %u of %u blocks in use, by %pS\n",
			pool->name, held, all, (void *)_RET_IP_);
		holders_tell_oldest(pool);
	}
	/* One for this function itself, see freelist_close(). */
	if (pool->chunks)
		last = chunks_end(pool->chunks);
	else
		last = freelist_come_home(&pool->api.free, cached + 1);
	if (last)
		pool_release(pool);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_destroy);

/**
 * mpdemo_pool_close() - let no block of a pool be taken any more
 * @api: a pool in a place
 *
 * The place is told once all blocks are home: by this function, or soon after the
 * last free. Until mpdemo_pool_end() a free that is wrong is still refused.
 *
 * Context: Task context, may sleep; as mpdemo_pool_destroy(). The caller pins the
 * module.
 * Return: how many blocks are held.
 */
unsigned int mpdemo_pool_close(struct mpdemo_pool *api)
{
	struct pool *pool = to_pool(api);
	unsigned int held = pool->api.free.nr - freelist_close(&pool->api.free);

	/* One for this function itself, see freelist_close(). */
	if (freelist_come_home(&pool->api.free, 1))
		pool_release(pool);
	return held;
}

/**
 * mpdemo_pool_end() - free a pool in a place
 * @api: the pool, of which no block is held; NULL is fine
 *
 * Context: Task context, may sleep. No other call may be under way or follow.
 */
void mpdemo_pool_end(struct mpdemo_pool *api)
{
	if (api)
		free_parts(to_pool(api));
}
