// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Begin and end of pools.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

/* What a pool knows beside its open file; nothing is changed where this fails. */
static int begin_state(struct mpdemo_pool *pool, const struct mpdemo_info *info)
{
	struct pool_state *state;
	size_t bytes = sizeof(*state) + info->out_max_blocks * sizeof(state->generations[0]);
	int ret;

	state = wiped_alloc(bytes);
	if (!state)
		return -errno;
	state->alive = true;
	ret = pool_slot_get(pool);
	if (ret) {
		wiped_free(state, bytes);
		return ret;
	}
	pool->blocks = info->out_max_blocks;
	pool->stride = info->out_stride;
	pool->state = state;
	pool->state_bytes = bytes;
	return 0;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Other processes want blocks, too. */
static void set_cache(struct mpdemo_pool *pool, unsigned int blocks)
{
	pool->cache_size = blocks;
	pool->depot_size = least(DEPOT_HALVES * (blocks / 2), pool->blocks / 4);
}

/* Takes over @fd, or closes it. */
static struct mpdemo_pool *begin_pool_at(int fd, void *at)
{
	struct mpdemo_pool *pool;
	struct mpdemo_info info;
	int ret;

	if (fd < 0)
		return null_errno(fd);
	pool = calloc(1, sizeof(*pool));
	if (!pool) {
		ret = -ENOMEM;
		goto close_fd;
	}
	ret = object_create(&pool->object, fd, MPDEMO_OBJECT_POOL, at, at ? MAP_FIXED : 0, &info);
	if (ret)
		goto free_pool;
	ret = begin_state(pool, &info);
	if (ret)
		goto unmap;
	set_cache(pool, least(MPDEMO_CACHE_DEFAULT, pool->blocks / 4));
	return pool;

unmap:
	object_unmap(&pool->object);
free_pool:
	free(pool);
close_fd:
	close(fd);
	return null_errno(ret);
}

static struct mpdemo_pool *begin_pool(int fd)
{
	return begin_pool_at(fd, NULL);
}

API struct mpdemo_pool *mpdemo_pool_create_as(int dev, const struct mpdemo_pool_create *how)
{
	union sized_arg arg;
	int ret = sized_arg(&arg, &how->size);

	if (!ret)
		ret = object_call(dev, MPDEMO_IOC_POOL_CREATE, &arg);
	return begin_pool(ret ? ret : arg.pool_create.out_fd);
}

/* The caller has reserved room @at, unless that is NULL. */
struct mpdemo_pool *pool_create_at(int dev, size_t block_size, size_t blocks, size_t align,
				   void *at)
{
	struct mpdemo_pool_create arg = {
		.size = sizeof(arg), .block_size = block_size, .blocks = blocks, .align = align,
	};
	int ret;

	if (align != arg.align)
		return null_errno(ERANGE);
	ret = object_call(dev, MPDEMO_IOC_POOL_CREATE, &arg);
	return begin_pool_at(ret ? ret : arg.out_fd, at);
}

API struct mpdemo_pool *mpdemo_pool_create(int dev, size_t block_size, size_t blocks,
					   size_t align)
{
	return pool_create_at(dev, block_size, blocks, align, NULL);
}

API struct mpdemo_pool *mpdemo_pool_open(int dev, const char *name, uint32_t access)
{
	return begin_pool(object_open(dev, name, access));
}

API struct mpdemo_pool *mpdemo_pool_from_fd(int fd)
{
	return begin_pool(object_again(fd));
}

API int mpdemo_pool_set_cache(struct mpdemo_pool *pool, unsigned int blocks)
{
	int ret = 0;

	if (blocks > MPDEMO_CACHE_MAX)
		return -ERANGE;
	if (!pool_alive(pool))
		return -EOWNERDEAD;
	lock();
	if (pool->state->caches)
		ret = -EBUSY;
	else
		set_cache(pool, blocks);
	unlock();
	return ret;
}

/*
 * Caches are emptied rather than left to the kernel, as somebody else may have the same open file,
 * with which what it holds lives on.
 */
API int mpdemo_pool_close(struct mpdemo_pool *pool)
{
	struct mpdemo_info info = { 0 };

	if (!pool)
		return 0;
	if (pool_alive(pool)) {
		lock();
		while (pool->state->caches)
			cache_end(pool, pool->state->caches);
		pool_slot_put(pool);
		unlock();
		cache_return_depot(pool);
		if (object_info(pool->object.fd, &info))
			info.out_held = 0;
		object_unmap(&pool->object);
	}
	close(pool->object.fd);
	wiped_free(pool->state, pool->state_bytes);
	free(pool);
	return info.out_held;
}

/*
 * In a child neither the mapping nor the slot is there any more. The caches of the parent
 * are, zeroed, and stay: whoever has the address of one is to be told so.
 */
API int mpdemo_pool_reopen(struct mpdemo_pool *pool)
{
	struct pool_state *old_state = pool->state;
	size_t old_bytes = pool->state_bytes;
	struct mpdemo_object new;
	struct mpdemo_info info;
	int fd, ret;

	if (pool_alive(pool))
		return 0;
	fd = object_reopen(pool->object.fd, pool->object.access);
	if (fd < 0)
		return fd;
	ret = object_create(&new, fd, MPDEMO_OBJECT_POOL, pool->object.base, 0, &info);
	if (ret)
		goto close_fd;
	ret = begin_state(pool, &info);
	if (ret)
		goto unmap;
	/* From here on nobody in this process is with the parent's open file. */
	close(pool->object.fd);
	pool->object = new;
	wiped_free(old_state, old_bytes);
	return 0;

unmap:
	object_unmap(&new);
close_fd:
	close(fd);
	return ret;
}

API int mpdemo_pool_info(struct mpdemo_pool *pool, struct mpdemo_info *info)
{
	return pool_alive(pool) ? object_call(pool->object.fd, MPDEMO_IOC_INFO, info) :
				  -EOWNERDEAD;
}

API int mpdemo_pool_fd(const struct mpdemo_pool *pool)
{
	return pool->object.fd;
}

API uint64_t mpdemo_pool_bad_frees(const struct mpdemo_pool *pool)
{
	return atomic_load_explicit(&pool->state->bad_frees, memory_order_relaxed);
}
