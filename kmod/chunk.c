// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of an arena: one chunk, or several that come and go.
 */

#include <linux/slab.h>

#include "chunk.h"
#include "region.h"

/**
 * mpdemo_chunk_create() - allocate a chunk
 * @bytes: how many may be used
 * @gfp: GFP_KERNEL or GFP_KERNEL_ACCOUNT
 * @node: where to take them if possible, or NUMA_NO_NODE
 *
 * Context: Task context, may sleep.
 * Return: the chunk, zeroed, or NULL.
 */
struct mpdemo_chunk *mpdemo_chunk_create(size_t bytes, gfp_t gfp, int node)
{
	struct mpdemo_chunk *chunk;

	chunk = kzalloc_obj(*chunk, gfp);
	if (!chunk)
		return NULL;
	chunk->region = mpdemo_region_create(bytes, gfp, node);
	if (!chunk->region) {
		kfree(chunk);
		return NULL;
	}
	chunk->base = (unsigned long)chunk->region->addr;
	/* The bound is the one asked for, not the end of its last page. */
	chunk->end = chunk->base + bytes;
	return chunk;
}

/**
 * mpdemo_chunk_destroy() - free a chunk
 * @chunk: the chunk
 *
 * Context: Task context, may sleep.
 */
void mpdemo_chunk_destroy(struct mpdemo_chunk *chunk)
{
	mpdemo_region_destroy(chunk->region);
	kfree(chunk);
}

/**
 * mpdemo_chunk_footprint() - memory that a chunk takes in all
 * @bytes: as for mpdemo_chunk_create()
 *
 * Context: Any.
 * Return: bytes, metadata included.
 */
size_t mpdemo_chunk_footprint(size_t bytes)
{
	return sizeof(struct mpdemo_chunk) + mpdemo_region_footprint(bytes);
}
