// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Memory of one thread alone. All of it is fetched from the kernel at the first use; from then on
 * there are no system calls.
 */
#include <string.h>
#include <unistd.h>

#include "lib.h"

/*
 * Not wiped in a child, which so knows what to close. What other threads had stays open there
 * until the child executes another program or exits.
 */
static __thread struct {
	struct mpdemo_pool *small;
	struct mpdemo_arena *temp;
} mine __attribute__((tls_model("initial-exec")));

/* All blocks at once. */
static int begin_small(struct tls_small *small)
{
	void *blocks[MPDEMO_TLS_SMALL_BLOCKS];
	int dev, ret;

	dev = mpdemo_device_open(NULL);
	if (dev < 0)
		return dev;
	mine.small = mpdemo_pool_create(dev, MPDEMO_TLS_SMALL_SIZE, MPDEMO_TLS_SMALL_BLOCKS,
					MPDEMO_TLS_SMALL_SIZE);
	ret = mine.small ? 0 : -errno;
	close(dev);
	if (ret)
		return ret;
	ret = mpdemo_pool_alloc_bulk(mine.small, MPDEMO_TLS_SMALL_BLOCKS, blocks);
	if (ret) {
		mpdemo_pool_close(mine.small);
		mine.small = NULL;
		return ret;
	}
	small->base = mine.small->object.base;
	while (small->count < MPDEMO_TLS_SMALL_BLOCKS) {
		small->free[small->count] = MPDEMO_TLS_SMALL_BLOCKS - 1 - small->count;
		small->count++;
	}
	return 0;
}

static void *take_small(struct tls_small *small)
{
	unsigned int index = small->free[--small->count];

	small->in_use[index] = true;
	return small->base + index * MPDEMO_TLS_SMALL_SIZE;
}

static void *alloc_first_small(struct thread *thread)
{
	int ret;

	if (thread && thread->small.base)
		return null_errno(EAGAIN);
	/* This is a child, and what it thinks it has is its parent's. */
	if (mine.small)
		return null_errno(EOWNERDEAD);
	thread = thread_self();
	if (!thread)
		return NULL;
	ret = begin_small(&thread->small);
	return ret ? null_errno(ret) : take_small(&thread->small);
}

API void *mpdemo_tls_alloc_small(void)
{
	struct thread *thread = thread_if_any();

	if (unlikely(!thread || !thread->small.count))
		return alloc_first_small(thread);
	return take_small(&thread->small);
}

API int mpdemo_tls_free_small(void *block)
{
	struct thread *thread;
	struct tls_small *small;
	size_t offset, index;

	if (!block)
		return 0;
	thread = thread_if_any();
	if (unlikely(!thread || !thread->small.base))
		return mine.small ? -EOWNERDEAD : -EINVAL;
	small = &thread->small;
	offset = (char *)block - small->base;
	index = offset / MPDEMO_TLS_SMALL_SIZE;
	if (index >= MPDEMO_TLS_SMALL_BLOCKS || offset % MPDEMO_TLS_SMALL_SIZE)
		return -EINVAL;
	if (!small->in_use[index])
		return -EALREADY;
	small->in_use[index] = false;
	small->free[small->count++] = index;
	return 0;
}

static int begin_temp(struct tls_temp *temp)
{
	int dev, ret;

	dev = mpdemo_device_open(NULL);
	if (dev < 0)
		return dev;
	mine.temp = mpdemo_arena_create(dev, MPDEMO_TLS_TEMP_BYTES);
	ret = mine.temp ? 0 : -errno;
	close(dev);
	if (ret)
		return ret;
	temp->begin = mpdemo_arena_alloc(mine.temp, MPDEMO_TLS_TEMP_BYTES, 0);
	if (!temp->begin) {
		ret = -errno;
		mpdemo_arena_close(mine.temp);
		mine.temp = NULL;
		return ret;
	}
	temp->next = temp->begin;
	temp->end = temp->begin + MPDEMO_TLS_TEMP_BYTES;
	return 0;
}

static void *take_temp(struct tls_temp *temp, size_t bytes)
{
	void *p = temp->next;

	/* Before it is rounded up, which may overflow. 0 is as SIZE_MAX here. */
	if (unlikely(bytes - 1 >= (size_t)(temp->end - temp->next)))
		return null_errno(bytes ? ENOSPC : ERANGE);
	temp->next += (bytes + 15) & ~(size_t)15;
	return p;
}

static void *alloc_first_temp(size_t bytes)
{
	struct thread *thread;
	int ret;

	/* As for small blocks. */
	if (mine.temp)
		return null_errno(EOWNERDEAD);
	thread = thread_self();
	if (!thread)
		return NULL;
	ret = begin_temp(&thread->temp);
	return ret ? null_errno(ret) : take_temp(&thread->temp, bytes);
}

API void *mpdemo_tls_alloc_temp(size_t bytes)
{
	struct thread *thread = thread_if_any();

	if (unlikely(!thread || !thread->temp.begin))
		return alloc_first_temp(bytes);
	return take_temp(&thread->temp, bytes);
}

API void mpdemo_tls_reset_temp(void)
{
	struct thread *thread = thread_if_any();

	if (thread)
		thread->temp.next = thread->temp.begin;
}

/* By the thread itself when it exits; also in a child, which has only what it inherited. */
void tls_end(void)
{
	mpdemo_pool_close(mine.small);
	mpdemo_arena_close(mine.temp);
	memset(&mine, 0, sizeof(mine));
}

static bool stale(void)
{
	struct thread *thread = thread_if_any();

	return (mine.small && !(thread && thread->small.base)) ||
	       (mine.temp && !(thread && thread->temp.begin));
}

API void mpdemo_tls_reopen(void)
{
	if (stale())
		tls_end();
}
