// SPDX-License-Identifier: GPL-2.0
/*
 * The memory beneath pools and arenas: single pages, mapped to one contiguous
 * range of kernel addresses.
 *
 * Single pages are to be had on a fragmented machine too, and each of them can
 * be mapped to user space by itself. One contiguous range makes the address of
 * a block, and the block of an address, one multiplication away. The price is
 * that the range is not covered by the large pages of the direct map.
 */

#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "region.h"

static void free_pages_of(struct mpdemo_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_pages; i++) {
		__free_page(region->pages[i]);
		cond_resched();
	}
	kvfree(region->pages);
}

/*
 * All pages are zeroed: whatever is mapped to user space or handed out later
 * never shows what the page held before.
 */
static int alloc_pages_of(struct mpdemo_region *region, unsigned int nr_pages,
			  gfp_t gfp, int node)
{
	gfp |= MPDEMO_GFP_LARGE;
	region->pages = kvcalloc(nr_pages, sizeof(*region->pages), gfp);
	if (!region->pages)
		return -ENOMEM;

	while (region->nr_pages < nr_pages) {
		struct page *page;

		page = alloc_pages_node(node, gfp | __GFP_ZERO, 0);
		/* Who is killed over this allocation need not finish it. */
		if (!page || fatal_signal_pending(current)) {
			if (page)
				__free_page(page);
			free_pages_of(region);
			return -ENOMEM;
		}
		region->pages[region->nr_pages++] = page;
		cond_resched();
	}
	return 0;
}

/**
 * mpdemo_region_create() - allocate zeroed pages at contiguous addresses
 * @bytes: how many, rounded up to whole pages; 1 or more
 * @gfp: GFP_KERNEL or GFP_KERNEL_ACCOUNT
 * @node: where to take them if possible, or NUMA_NO_NODE
 *
 * Context: Task context, may sleep.
 * Return: the region, or NULL.
 */
struct mpdemo_region *mpdemo_region_create(size_t bytes, gfp_t gfp, int node)
{
	unsigned int nr_pages = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	struct mpdemo_region *region;

	region = kzalloc_obj(*region, gfp);
	if (!region)
		return NULL;
	if (alloc_pages_of(region, nr_pages, gfp, node))
		goto free_region;

	region->bytes = (size_t)nr_pages << PAGE_SHIFT;
	region->addr = vmap(region->pages, nr_pages, VM_MAP, PAGE_KERNEL);
	if (!region->addr)
		goto free_pages;
	return region;

free_pages:
	free_pages_of(region);
free_region:
	kfree(region);
	return NULL;
}

/**
 * mpdemo_region_destroy() - give the pages back
 * @region: the region; NULL is fine
 *
 * Context: Task context, may sleep.
 */
void mpdemo_region_destroy(struct mpdemo_region *region)
{
	if (!region)
		return;
	vunmap(region->addr);
	free_pages_of(region);
	kfree(region);
}

/**
 * mpdemo_region_footprint() - memory that a region takes in all
 * @bytes: as for mpdemo_region_create()
 *
 * Context: Any.
 * Return: bytes.
 */
size_t mpdemo_region_footprint(size_t bytes)
{
	size_t pages = PAGE_ALIGN(bytes) >> PAGE_SHIFT;

	return sizeof(struct mpdemo_region) + (pages << PAGE_SHIFT) +
	       pages * sizeof(struct page *);
}

/**
 * mpdemo_region_clear() - zero memory of any size
 * @addr: the first byte
 * @bytes: how many
 *
 * What users choose the size of may be gigabytes; others get the CPU meanwhile.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_region_clear(void *addr, size_t bytes)
{
	while (bytes) {
		size_t step = min_t(size_t, bytes, SZ_1M);

		memset(addr, 0, step);
		addr += step;
		bytes -= step;
		cond_resched();
	}
}
