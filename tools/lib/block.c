// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * How blocks come and go; in bulk, and for other processes: what bypasses the caches.
 */
#include <string.h>

#include "lib.h"

/* A block that the kernel gave, or that was given up before. */
void *block_come(struct mpdemo_pool *pool, uint64_t handle)
{
	uint32_t index = MPDEMO_HANDLE_INDEX(handle);
	void *block = pool_block(pool, index);

	__tsan_acquire(block);
	atomic_store_explicit(&pool->state->generations[index], MPDEMO_HANDLE_GENERATION(handle),
			      memory_order_relaxed);
	return block;
}

/*
 * The handle of a block that goes back, and that this pool has no more from here on.
 * Of two that give back the same block one gets it.
 */
int block_give_up(struct mpdemo_pool *pool, const void *block, uint64_t *handle)
{
	int64_t index = pool_index(pool, block);
	uint32_t generation;

	if (index < 0)
		return -EINVAL;
	__tsan_release((void *)block);
	generation = atomic_exchange_explicit(&pool->state->generations[index], 0,
					      memory_order_relaxed);
	if (!generation)
		return -EALREADY;
	*handle = MPDEMO_HANDLE(index, generation);
	return 0;
}

/* Whether there is such a block, in somebody's hands or in a cache. */
bool block_is_out(const struct mpdemo_pool *pool, const void *block)
{
	int64_t index = pool_index(pool, block);

	return index >= 0 &&
	       atomic_load_explicit(&pool->state->generations[index], memory_order_relaxed);
}

/* The kernel writes handles to where the addresses shall be; each gives way in place. */
API int mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, unsigned int count, void **blocks)
{
	struct mpdemo_bulk arg = {
		.size = sizeof(arg), .count = count, .handles = (uintptr_t)blocks,
	};
	unsigned int i;
	int ret;

	_Static_assert(sizeof(void *) == sizeof(uint64_t), "addresses are as large as handles");

	if (!pool_alive(pool))
		return -EOWNERDEAD;
	ret = object_call(pool->object.fd, MPDEMO_IOC_ALLOC_BULK, &arg);
	/* What no thread has is not to be missing here. */
	if (ret == -EAGAIN || ret == -EDQUOT) {
		cache_return_depot(pool);
		ret = object_call(pool->object.fd, MPDEMO_IOC_ALLOC_BULK, &arg);
	}
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		uint64_t handle;

		memcpy(&handle, &blocks[i], sizeof(handle));
		blocks[i] = block_come(pool, handle);
	}
	return 0;
}

API int mpdemo_pool_free_bulk(struct mpdemo_pool *pool, unsigned int count, void *const *blocks)
{
	return pool_alive(pool) ? cache_return(pool, count, blocks) : -EOWNERDEAD;
}

API uint64_t mpdemo_pool_handle(struct mpdemo_pool *pool, const void *block)
{
	uint32_t generation;
	int64_t index;

	errno = EOWNERDEAD;
	if (!pool_alive(pool))
		return 0;
	errno = EINVAL;
	index = pool_index(pool, block);
	if (index < 0)
		return 0;
	errno = EALREADY;
	generation = atomic_load_explicit(&pool->state->generations[index], memory_order_relaxed);
	return generation ? MPDEMO_HANDLE(index, generation) : 0;
}

API void *mpdemo_pool_address(struct mpdemo_pool *pool, uint64_t handle)
{
	if (!pool_alive(pool))
		return null_errno(EOWNERDEAD);
	if (MPDEMO_HANDLE_INDEX(handle) >= pool->blocks || !MPDEMO_HANDLE_GENERATION(handle))
		return null_errno(ENOENT);
	return pool_block(pool, MPDEMO_HANDLE_INDEX(handle));
}

/*
 * From the moment of the system call the block may come back to this very pool, by
 * mpdemo_pool_take() in another thread. So it is given up before.
 */
API int mpdemo_pool_keep(struct mpdemo_pool *pool, void *block, uint64_t *handle)
{
	_Atomic uint32_t *generation;
	int64_t index;
	uint32_t g;
	int ret;

	if (!pool_alive(pool))
		return -EOWNERDEAD;
	index = pool_index(pool, block);
	if (index < 0)
		return -EINVAL;
	__tsan_release((void *)block);
	generation = &pool->state->generations[index];
	g = atomic_exchange_explicit(generation, 0, memory_order_relaxed);
	if (!g)
		return -EALREADY;
	*handle = MPDEMO_HANDLE(index, g);
	ret = object_move(pool->object.fd, MPDEMO_IOC_KEEP, *handle);
	if (ret)
		atomic_store_explicit(generation, g, memory_order_relaxed);
	return ret;
}

API void *mpdemo_pool_take(struct mpdemo_pool *pool, uint64_t handle)
{
	int ret;

	if (!pool_alive(pool))
		return null_errno(EOWNERDEAD);
	ret = object_move(pool->object.fd, MPDEMO_IOC_TAKE, handle);
	if (ret)
		return null_errno(ret);
	return block_come(pool, handle);
}
