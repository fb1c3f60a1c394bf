/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_REGION_H
#define _MPDEMO_REGION_H

#include <linux/gfp.h>
#include <linux/types.h>

struct page;

/*
 * How memory is asked for whose size somebody else has chosen: rather fail than
 * have the OOM killer look for a culprit, which would not be found by its pages.
 */
#define MPDEMO_GFP_LARGE	(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct mpdemo_region - whole pages at one contiguous kernel address
 * @addr: the first byte, at a page boundary
 * @bytes: size, a multiple of PAGE_SIZE
 * @pages: the pages themselves, in the order of their addresses
 * @nr_pages: number of pages
 */
struct mpdemo_region {
	void *addr;
	size_t bytes;
	struct page **pages;
	unsigned int nr_pages;
};

struct mpdemo_region *mpdemo_region_create(size_t bytes, gfp_t gfp, int node);
void mpdemo_region_destroy(struct mpdemo_region *region);
size_t mpdemo_region_footprint(size_t bytes);
void mpdemo_region_clear(void *addr, size_t bytes);

#endif /* _MPDEMO_REGION_H */
