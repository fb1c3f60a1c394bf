// SPDX-License-Identifier: GPL-2.0
/*
 * What a pool that grows may be asked for, and what it will take.
 */

#include <linux/errno.h>
#include <linux/gcd.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <mempool_demo/pool.h>

#include <uapi/linux/mempool_demo.h>

#include "chunks.h"
#include "freelist.h"
#include "pool.h"
#include "region.h"

/* Where the size of chunks is left to us: so many bytes at least, ... */
#define CHUNK_BYTES	SZ_64K
/* ... and so many chunks at the most. */
#define CHUNKS_CHOSEN	64

/* Whether the pool is one that grows. */
bool chunks_wanted(const struct mpdemo_pool_config *config)
{
	return config->max_blocks && config->max_blocks != config->blocks;
}

/* Return: blocks of each chunk but the first one. */
unsigned int chunks_blocks(const struct mpdemo_pool_config *config)
{
	size_t growth = config->max_blocks - config->blocks;

	if (config->chunk_blocks)
		return min(config->chunk_blocks, growth);
	return min(growth, max(DIV_ROUND_UP(growth, CHUNKS_CHOSEN),
			       CHUNK_BYTES / pool_stride_of(config)));
}

/* Return: how many chunks there may be. */
unsigned int chunks_slots(const struct mpdemo_pool_config *config)
{
	return 1 + DIV_ROUND_UP(config->max_blocks - config->blocks,
				(size_t)chunks_blocks(config));
}

/**
 * chunks_check() - the part of mpdemo_pool_check() that is about growing
 * @config: what is asked for, the rest of it is fine
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0 or as mpdemo_pool_check().
 */
int chunks_check(const struct mpdemo_pool_config *config,
		 struct mpdemo_refusal *refusal)
{
	if (!chunks_wanted(config))
		return config->chunk_blocks ?
			mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_CHUNK,
				      "only a pool that grows has chunks") : 0;
	if (config->flags & MPDEMO_POOL_PERCPU)
		return mpdemo_refuse(refusal, -EOPNOTSUPP,
				     MPDEMO_SETTING_MAX_BLOCKS,
				     "a pool per CPU cannot grow");
	if (config->max_blocks < config->blocks ||
	    config->max_blocks > MPDEMO_BLOCKS_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_MAX_BLOCKS,
				     "the maximum must be from the number of blocks to 16777208, or 0");
	if (chunks_slots(config) > CHUNKS_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_CHUNK,
				     "a pool can grow by 1023 chunks at most");
	if (pool_stride_of(config) * config->max_blocks > MPDEMO_POOL_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_MAX_BLOCKS,
				     "the blocks of a pool must fit into 64 GiB, at its maximum");
	return 0;
}

/**
 * mpdemo_pool_fit_pages() - have all chunks of a pool begin at whole pages
 * @config: a valid configuration; its floor and its chunks are rounded up where it grows
 *
 * For pools of user space: in a mapping a block lies at its number times the stride,
 * whatever chunk it is in. Where the floor reaches the maximum nothing is left to grow.
 *
 * Context: Any.
 */
void mpdemo_pool_fit_pages(struct mpdemo_pool_config *config)
{
	size_t unit = PAGE_SIZE / gcd(pool_stride_of(config), PAGE_SIZE);
	size_t chunk;

	if (!chunks_wanted(config))
		return;
	chunk = roundup(chunks_blocks(config), unit);
	config->blocks = min(roundup(config->blocks, unit), config->max_blocks);
	config->chunk_blocks = chunks_wanted(config) ? chunk : 0;
}

/* What a pool that grows takes beside its blocks, and all that any pool takes. */
size_t chunks_overhead(const struct mpdemo_pool_config *config)
{
	unsigned int slots = chunks_slots(config);
	/* Those of all pools have one list. */
	size_t links = (slots - 1) * FREELIST_SPECIAL * sizeof(union mpdemo_link);

	return struct_size_t(struct pool_chunks, slots, slots) + links +
	       struct_size_t(struct chunk_map, ranges, slots);
}

/* Return: bytes of all chunks, when the pool is at its maximum. */
size_t chunks_regions(const struct mpdemo_pool_config *config)
{
	size_t stride = pool_stride_of(config), blocks = chunks_blocks(config);
	size_t growth = config->max_blocks - config->blocks;
	size_t bytes = mpdemo_region_footprint(stride * config->blocks);

	bytes += growth / blocks * mpdemo_region_footprint(stride * blocks);
	if (growth % blocks)
		bytes += mpdemo_region_footprint(stride * (growth % blocks));
	return bytes;
}
