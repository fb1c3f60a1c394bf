/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_CHUNK_H
#define _MPDEMO_CHUNK_H

#include <linux/llist.h>
#include <linux/types.h>

struct mpdemo_region;

/**
 * struct mpdemo_chunk - a piece of memory of an arena
 * @next: the one behind it, in the order in which they are used
 * @base: the first byte, at a page boundary
 * @end: one past the last byte that may be used
 * @used_to: one past the last byte that was used, while it is not the current one
 * @dropped: the place in arena.dropped
 */
struct mpdemo_chunk {
	struct mpdemo_chunk *next;
	unsigned long base;
	unsigned long end;
	unsigned long used_to;
	struct llist_node dropped;
	/* private: */
	struct mpdemo_region *region;
};

struct mpdemo_chunk *mpdemo_chunk_create(size_t bytes, gfp_t gfp, int node);
void mpdemo_chunk_destroy(struct mpdemo_chunk *chunk);
size_t mpdemo_chunk_footprint(size_t bytes);

static inline size_t mpdemo_chunk_bytes(const struct mpdemo_chunk *chunk)
{
	return chunk->end - chunk->base;
}

#endif /* _MPDEMO_CHUNK_H */
