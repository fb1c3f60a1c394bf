// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Caches of threads: stacks of addresses in memory of the thread's own.
 *
 * A block in a cache is allocated as far as the kernel knows. Which generation it has stands in
 * an array beside, for the moment in which it goes back; taking that out of the array is also
 * what finds a block that comes back twice. Nothing is ever read from a block.
 */
#include <string.h>
#include <sys/mman.h>

#include "lib.h"

struct cache *cache_of(struct mpdemo_cache *user)
{
	return (struct cache *)((char *)user - offsetof(struct cache, user));
}

static struct mpdemo_cache *new_cache(struct mpdemo_pool *pool, struct thread *thread)
{
	unsigned int size = pool->cache_size;
	size_t bytes = sizeof(struct cache) + size * sizeof(void *);
	struct cache *cache = wiped_alloc(bytes);

	if (!cache)
		return NULL;
	cache->bytes = bytes;
	cache->thread = thread;
	cache->user.size = size;
	cache->user.pool = pool;
	lock();
	cache->next = pool->state->caches;
	pool->state->caches = cache;
	thread->caches[pool->slot] = &cache->user;
	unlock();
	return &cache->user;
}

API struct mpdemo_cache *mpdemo_cache_get(struct mpdemo_pool *pool)
{
	struct mpdemo_cache *cache = cache_if_any(pool);
	struct thread *thread;

	if (cache)
		return cache;
	if (!pool_alive(pool))
		return null_errno(EOWNERDEAD);
	thread = thread_self();
	return thread ? new_cache(pool, thread) : NULL;
}

/* Whether one handle was refused, rather than the call as a whole. */
static bool is_about_handle(int err)
{
	return err == -EALREADY || err == -ESTALE || err == -ENOENT || err == -EPERM;
}

/* Give back @count handles, at most BATCH. Return: 0, or why the first refused one was. */
static int free_handles(struct mpdemo_pool *pool, unsigned int count, const uint64_t *handles)
{
	int first = 0;

	while (count) {
		struct mpdemo_bulk arg = {
			.size = sizeof(arg), .count = count, .handles = (uintptr_t)handles,
		};
		int ret = object_call(pool->object.fd, MPDEMO_IOC_FREE_BULK, &arg);
		unsigned int done = arg.out_done;

		if (!ret)
			break;
		first = first ? first : ret;
		/* Nothing was done, not even @out_done written. They stay ours. */
		if (!is_about_handle(ret)) {
			while (count)
				block_come(pool, handles[--count]);
			break;
		}
		/* One was refused, which is not ours then: go on behind it. */
		atomic_fetch_add_explicit(&pool->state->bad_frees, 1, memory_order_relaxed);
		handles += done + 1;
		count -= done + 1;
	}
	return first;
}

/* To the kernel. Return: 0, or what is wrong with the first that cannot go back. */
int cache_return(struct mpdemo_pool *pool, unsigned int count, void *const *blocks)
{
	uint64_t handles[BATCH];
	unsigned int n = 0, i;
	int first = 0, ret;

	for (i = 0; i < count; i++) {
		ret = block_give_up(pool, blocks[i], &handles[n]);
		if (!ret) {
			n++;
		} else {
			atomic_fetch_add_explicit(&pool->state->bad_frees, 1,
						  memory_order_relaxed);
			first = first ? first : ret;
		}
		if (n == BATCH || i == count - 1) {
			ret = free_handles(pool, n, handles);
			first = first ? first : ret;
			n = 0;
		}
	}
	return first;
}

/* All of the depot to the kernel. Return: as cache_return(). */
int cache_return_depot(struct mpdemo_pool *pool)
{
	void *blocks[BATCH];
	unsigned int count;
	int first = 0, ret;

	while ((count = depot_take(pool, BATCH, blocks))) {
		ret = cache_return(pool, count, blocks);
		first = first ? first : ret;
	}
	return first;
}

/*
 * From the kernel: @count blocks, or fewer if there are not so many; 1 at least.
 * Return: how many, or -errno.
 */
static int fetch(struct mpdemo_pool *pool, unsigned int count, void **blocks)
{
	uint64_t handles[MPDEMO_CACHE_MAX / 2];
	struct mpdemo_bulk arg;
	unsigned int i;
	int ret;

	do {
		arg = (struct mpdemo_bulk){
			.size = sizeof(arg), .count = count, .handles = (uintptr_t)handles,
		};
		ret = object_call(pool->object.fd, MPDEMO_IOC_ALLOC_BULK, &arg);
		/* All or nothing: ask for less. */
	} while ((ret == -EAGAIN || ret == -ENOSPC || ret == -EDQUOT) && (count /= 2));
	if (ret)
		return ret;

	for (i = 0; i < count; i++)
		blocks[i] = block_come(pool, handles[i]);
	return count;
}

API void *mpdemo_cache_alloc_slow(struct mpdemo_cache *cache)
{
	void **blocks = mpdemo_cache_blocks(cache), *one;
	int ret;

	if (!cache->pool)
		return null_errno(EOWNERDEAD);
	if (cache->size < 2) {
		ret = fetch(cache->pool, 1, &one);
		return ret < 0 ? null_errno(ret) : one;
	}
	ret = depot_take(cache->pool, cache->size / 2, blocks);
	if (!ret)
		ret = fetch(cache->pool, cache->size / 2, blocks);
	if (ret < 0)
		return null_errno(ret);
	cache->count = ret - 1;
	return blocks[ret - 1];
}

/* Full: those that came first go, as the others are likely still in the CPU's caches. */
API int mpdemo_cache_free_slow(struct mpdemo_cache *cache, void *block)
{
	unsigned int half = cache->size - cache->size / 2, left;
	void **blocks = mpdemo_cache_blocks(cache);
	int ret, more;

	if (!cache->pool)
		return -EOWNERDEAD;
	if (!cache->size)
		return cache_return(cache->pool, 1, &block);
	ret = depot_put(cache->pool, half, blocks, &left);
	more = left ? cache_return(cache->pool, left, blocks) : 0;
	cache->count -= half;
	memmove(blocks, blocks + half, cache->count * sizeof(blocks[0]));
	blocks[cache->count++] = block;
	return ret ? ret : more;
}

/* To the kernel, past the depot. */
static int empty(struct mpdemo_cache *cache)
{
	unsigned int count = cache->count;

	cache->count = 0;
	return cache_return(cache->pool, count, mpdemo_cache_blocks(cache));
}

API int mpdemo_cache_flush(struct mpdemo_cache *cache)
{
	int ret, more;

	if (!cache->pool)
		return -EOWNERDEAD;
	ret = cache_return_depot(cache->pool);
	more = empty(cache);
	return ret ? ret : more;
}

/* Under the lock: by its thread, which exits, or by whoever closes the pool. */
void cache_end(struct mpdemo_pool *pool, struct cache *cache)
{
	struct cache **at = &pool->state->caches;

	while (*at != cache)
		at = &(*at)->next;
	*at = cache->next;
	empty(&cache->user);
	cache->thread->caches[pool->slot] = NULL;
	wiped_free(cache, cache->bytes);
}

API void *mpdemo_pool_alloc(struct mpdemo_pool *pool)
{
	struct mpdemo_cache *cache = cache_if_any(pool);

	if (unlikely(!cache)) {
		cache = mpdemo_cache_get(pool);
		if (!cache)
			return NULL;
	}
	return mpdemo_cache_alloc(cache);
}

API void *mpdemo_pool_alloc_until(struct mpdemo_pool *pool, uint64_t deadline)
{
	struct mpdemo_alloc arg = {
		.size = sizeof(arg), .flags = MPDEMO_ALLOC_WAIT, .deadline = deadline,
	};
	void *block = mpdemo_pool_alloc(pool);
	int ret;

	if (block || (errno != EAGAIN && errno != EDQUOT))
		return block;
	ret = object_call(pool->object.fd, MPDEMO_IOC_ALLOC, &arg);
	return ret ? null_errno(ret) : block_come(pool, arg.out_handle);
}

API int mpdemo_pool_free(struct mpdemo_pool *pool, void *block)
{
	struct mpdemo_cache *cache;

	if (!block)
		return 0;
	cache = cache_if_any(pool);
	if (unlikely(!cache)) {
		cache = mpdemo_cache_get(pool);
		if (!cache)
			return -errno;
	}
	return mpdemo_cache_free(cache, block);
}
