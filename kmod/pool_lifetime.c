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
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <uapi/linux/mempool_demo.h>

#include "freelist.h"
#include "pool.h"
#include "region.h"

static size_t stride_of(const struct mpdemo_pool_config *config)
{
	return ALIGN(config->block_size,
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

/**
 * mpdemo_pool_check() - whether a pool can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0; -ERANGE: a size or number is out of range; -EINVAL: it has no name, a
 * flag is unknown, or a setting has no meaning for this kind.
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
	ret = check_percpu(config, refusal);
	if (ret)
		return ret;
	if (stride_of(config) * all_blocks(config) > MPDEMO_POOL_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "the blocks of a pool must fit into 64 GiB");
	return 0;
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

	return sizeof(struct pool) + (blocks + 2) * sizeof(union mpdemo_link) +
	       num_possible_cpus() * percpu;
}

static size_t footprint(size_t stride, size_t blocks, unsigned int magazine)
{
	return overhead(blocks, magazine) +
	       mpdemo_region_footprint(stride * blocks);
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
	return footprint(stride_of(config), all_blocks(config),
			 magazine_of(config));
}
EXPORT_SYMBOL_GPL(mpdemo_pool_footprint);

/**
 * mpdemo_pool_overhead() - memory that mpdemo_pool_create_at() will take
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, those of the blocks not included.
 */
size_t mpdemo_pool_overhead(const struct mpdemo_pool_config *config)
{
	return overhead(all_blocks(config), magazine_of(config));
}

static void free_parts(struct pool *pool)
{
	mpdemo_region_destroy(pool->region);
	freelist_exit(&pool->api.free);
	free_percpu(pool->api.magazines);
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
		pool->api.magazines =
			__alloc_percpu_gfp(magazine_bytes(pool->magazine),
					   SMP_CACHE_BYTES, gfp);
		if (!pool->api.magazines)
			return -ENOMEM;
		for_each_possible_cpu(cpu)
			per_cpu_ptr(pool->api.magazines, cpu)->idle = 1;
	}
	if (freelist_init(&pool->api.free, all_blocks(config), gfp))
		return -ENOMEM;
	if (pool->place.addr)
		return 0;
	pool->region = mpdemo_region_create(stride_of(config) *
					    all_blocks(config), gfp,
					    NUMA_NO_NODE);
	return pool->region ? 0 : -ENOMEM;
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
	void *addr;
	int ret;

	ret = mpdemo_pool_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);

	pool = kzalloc_obj(*pool, gfp);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	if (place)
		pool->place = *place;
	pool->magazine = magazine_of(config);
	ret = alloc_parts(pool, config, gfp);
	if (ret) {
		free_parts(pool);
		return ERR_PTR(ret);
	}

	addr = place ? place->addr : pool->region->addr;
	mpdemo_stride_init(&pool->api.stride, addr, stride_of(config));
	pool->api.magazine_room = pool->magazine;
	pool->block_size = config->block_size;
	pool->blocks = config->blocks;
	pool->low_depth = pool->api.free.nr + 1;
	mpdemo_reap_init(&pool->reap, pool_reap);
	return &pool->api;
}

/**
 * mpdemo_pool_create() - create a pool
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * All memory is taken here; the pool never grows.
 *
 * Context: Task context, may sleep.
 * Return: the pool, owned by the caller, or an ERR_PTR(): -ERANGE and -EINVAL as
 * of mpdemo_pool_check(), -ENOMEM.
 */
struct mpdemo_pool *mpdemo_pool_create(const struct mpdemo_pool_config *config,
				       gfp_t gfp)
{
	return mpdemo_pool_create_at(config, gfp, NULL);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_create);

/**
 * mpdemo_pool_destroy() - destroy a pool
 * @api: the pool; NULL is fine
 *
 * Blocks that are still held stay valid and must still be freed. Then the pool
 * is dying, which the kernel log tells: its last free gives the memory back, and
 * the module cannot be unloaded before.
 *
 * Context: Task context, may sleep. No call but mpdemo_pool_free() and
 * mpdemo_pool_free_bulk() may be under way. As long as a block is held, those may
 * follow, and allocations, which get nothing.
 */
void mpdemo_pool_destroy(struct mpdemo_pool *api)
{
	struct pool *pool = to_pool(api);
	unsigned int cached = 0, home;

	if (!api)
		return;
	/* The caller is linked to this module, so the module is alive. */
	__module_get(THIS_MODULE);

	if (pool->magazine)
		cached = magazines_close(pool);
	home = freelist_close(&pool->api.free) + cached;
	if (home < pool->api.free.nr)
		pr_warn("pool %s: destroyed with %lu of %u blocks in use, by %pS\n",
			pool->name, pool->api.free.nr - home, pool->blocks,
			(void *)_RET_IP_);
	/* One for this function itself, see freelist_close(). */
	if (freelist_come_home(&pool->api.free, cached + 1))
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

/* Frees first: then no block that is counted freed is not counted allocated. */
static void count_percpu(const struct pool *pool,
			 struct mpdemo_pool_stats *stats)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mpdemo_magazine *magazine =
			per_cpu_ptr(pool->api.magazines, cpu);

		stats->frees += READ_ONCE(magazine->frees) +
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->frees);
		stats->cached += READ_ONCE(magazine->nr);
	}
	/* Pairs with what hands a block from who allocates to who frees it. */
	smp_rmb();
	for_each_possible_cpu(cpu) {
		const struct mpdemo_magazine *magazine =
			per_cpu_ptr(pool->api.magazines, cpu);

		stats->allocs += READ_ONCE(magazine->allocs) +
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->allocs);
	}
	stats->in_use = min_t(u64, stats->allocs - stats->frees,
			      pool->api.free.nr);
}

static void count_exact(const struct pool *pool,
			const struct freelist_counts *counts,
			struct mpdemo_pool_stats *stats)
{
	stats->in_use = pool->api.free.nr - counts->depth;
	stats->allocs = counts->popped;
	/* Where the two are not of one instant, there may seem to be less. */
	stats->frees = counts->popped - min_t(u64, counts->popped, stats->in_use);
}

/**
 * mpdemo_pool_get_stats() - read the counters of a pool
 * @api: the pool
 * @stats: where to put them
 *
 * Context: Any.
 */
void mpdemo_pool_get_stats(const struct mpdemo_pool *api,
			   struct mpdemo_pool_stats *stats)
{
	const struct pool *pool = to_pool(api);
	struct freelist_counts counts;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	stats->block_size = pool->block_size;
	stats->stride = api->stride.bytes;
	stats->blocks = pool->blocks;
	stats->slack = pool->api.free.nr - pool->blocks;
	stats->magazine = pool->magazine;
	stats->refused = atomic64_read(&pool->refused);
	stats->footprint = footprint(api->stride.bytes, pool->api.free.nr,
				     pool->magazine);

	freelist_count(&pool->api.free, &counts);
	if (pool->magazine)
		count_percpu(pool, stats);
	else
		count_exact(pool, &counts, stats);
	/* An allocation that is under way may not have noted its depth yet. */
	stats->peak = max(pool->api.free.nr + 1 - READ_ONCE(pool->low_depth),
			  pool->api.free.nr - counts.depth);
	for_each_possible_cpu(cpu)
		stats->failures +=
			READ_ONCE(per_cpu_ptr(pool->counts, cpu)->failures);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_get_stats);
