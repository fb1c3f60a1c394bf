// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of pools, for those who map them to user space.
 *
 * Page N of a pool has the bytes from N * PAGE_SIZE on, where block I begins at I *
 * stride. Of a pool that grows that holds if each chunk begins at a whole page, see
 * mpdemo_pool_fit_pages(). A page whose chunk is not there is not there either.
 *
 * While a pool is mapped no chunk goes away. Who maps it for the first time waits for
 * who shrinks it; from then on whoever is in a mapping looks at chunks without a lock,
 * as they only come.
 *
 * Lock order: mmap_lock, pool_chunks.lock.
 */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "chunks.h"
#include "pool.h"
#include "region.h"

/**
 * mpdemo_pool_map_bytes() - length of a mapping of all blocks that there may be
 * @api: the pool, which has memory of its own
 *
 * Context: Any.
 * Return: bytes, whole pages.
 */
size_t mpdemo_pool_map_bytes(const struct mpdemo_pool *api)
{
	const struct pool *pool = to_pool(api);

	if (pool->chunks)
		return PAGE_ALIGN((size_t)pool->chunks->max *
				  pool->chunks->stride.bytes);
	return pool->region->bytes;
}

static struct page *page_of_chunks(const struct pool_chunks *chunks,
				   unsigned long nr)
{
	size_t stride = chunks->stride.bytes;
	const struct mpdemo_region *region;
	const struct pool_chunk *chunk;

	chunk = &chunks->slots[chunks_slot(chunks, (nr << PAGE_SHIFT) / stride)];
	/* acquire: pairs with add_chunk(). */
	region = smp_load_acquire(&chunk->region);
	if (!region)
		return NULL;
	return region->pages[nr - (chunk->first * stride >> PAGE_SHIFT)];
}

/**
 * mpdemo_pool_page() - a page of a pool
 * @api: the pool, which is mapped
 * @nr: the number of the page, any
 *
 * Context: Any.
 * Return: the page, which stays for as long as the pool is mapped; NULL: there is no
 * such page, or not yet.
 */
struct page *mpdemo_pool_page(const struct mpdemo_pool *api, unsigned long nr)
{
	const struct pool *pool = to_pool(api);

	if (nr >= mpdemo_pool_map_bytes(api) >> PAGE_SHIFT)
		return NULL;
	if (pool->chunks)
		return page_of_chunks(pool->chunks, nr);
	return pool->region->pages[nr];
}

/**
 * mpdemo_pool_map() - let no memory of a pool go away
 * @api: the pool
 *
 * Context: Task context, may sleep for as long as memory takes.
 * Return: 0, or -EINTR if the task is being killed.
 */
int mpdemo_pool_map(struct mpdemo_pool *api)
{
	struct pool_chunks *chunks = to_pool(api)->chunks;

	if (!chunks || atomic_inc_not_zero(&chunks->mapped))
		return 0;
	if (mutex_lock_killable(&chunks->lock))
		return -EINTR;
	atomic_inc(&chunks->mapped);
	mutex_unlock(&chunks->lock);
	return 0;
}

/**
 * mpdemo_pool_map_again() - the same while the pool is mapped
 * @api: the pool
 *
 * Context: Any.
 */
void mpdemo_pool_map_again(struct mpdemo_pool *api)
{
	struct pool_chunks *chunks = to_pool(api)->chunks;

	if (chunks)
		atomic_inc(&chunks->mapped);
}

/**
 * mpdemo_pool_unmap() - undo one of these
 * @api: the pool
 *
 * Context: Any.
 */
void mpdemo_pool_unmap(struct mpdemo_pool *api)
{
	struct pool_chunks *chunks = to_pool(api)->chunks;

	/*
	 * release: who then lets a chunk go comes after all looks at it. Pairs with
	 * the control dependency in retire().
	 */
	if (chunks)
		atomic_dec_return_release(&chunks->mapped);
}
