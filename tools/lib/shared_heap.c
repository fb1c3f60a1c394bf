// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Heaps that processes share: the kernel's own. Each allocation is a system call, and what is
 * allocated goes by its handle; nothing of it is known here.
 */
#include "lib.h"

struct mpdemo_shared_heap {
	struct mapped mapped;
};

API struct mpdemo_shared_heap *mpdemo_shared_heap_create(int dev,
							 const struct mpdemo_heap_create *how)
{
	union sized_arg arg;
	int ret = sized_arg(&arg, &how->size);

	if (!ret)
		ret = object_call(dev, MPDEMO_IOC_HEAP_CREATE, &arg);
	return mapped_begin(ret ? ret : arg.heap_create.out_fd, MPDEMO_OBJECT_HEAP);
}

API struct mpdemo_shared_heap *mpdemo_shared_heap_from_fd(int fd)
{
	return mapped_begin(object_again(fd), MPDEMO_OBJECT_HEAP);
}

API void mpdemo_shared_heap_close(struct mpdemo_shared_heap *heap)
{
	if (heap)
		mapped_end(&heap->mapped);
}

API int mpdemo_shared_heap_reopen(struct mpdemo_shared_heap *heap)
{
	return mapped_reopen(&heap->mapped, MPDEMO_OBJECT_HEAP);
}

API int mpdemo_shared_heap_info(struct mpdemo_shared_heap *heap, struct mpdemo_info *info)
{
	return mapped_call(&heap->mapped, MPDEMO_IOC_INFO, info);
}

API int mpdemo_shared_heap_fd(const struct mpdemo_shared_heap *heap)
{
	return heap->mapped.object.fd;
}

API void *mpdemo_shared_heap_alloc(struct mpdemo_shared_heap *heap, size_t bytes,
				   uint64_t *handle)
{
	struct mpdemo_heap_alloc arg = { .size = sizeof(arg), .bytes = bytes };
	int ret = mapped_call(&heap->mapped, MPDEMO_IOC_HEAP_ALLOC, &arg);

	if (ret)
		return null_errno(ret);
	*handle = arg.out_handle;
	return mapped_address(&heap->mapped, arg.out_offset);
}

API int mpdemo_shared_heap_free(struct mpdemo_shared_heap *heap, uint64_t handle)
{
	struct mpdemo_free arg = { .size = sizeof(arg), .handle = handle };

	return mapped_call(&heap->mapped, MPDEMO_IOC_FREE, &arg);
}

API uint64_t mpdemo_shared_heap_offset(const struct mpdemo_shared_heap *heap, const void *p)
{
	return mapped_offset(&heap->mapped, p);
}

API void *mpdemo_shared_heap_address(const struct mpdemo_shared_heap *heap, uint64_t offset)
{
	return mapped_address(&heap->mapped, offset);
}

static int move(struct mpdemo_shared_heap *heap, unsigned int cmd, uint64_t handle)
{
	if (!*heap->mapped.alive)
		return -EOWNERDEAD;
	return object_move(heap->mapped.object.fd, cmd, handle);
}

API int mpdemo_shared_heap_keep(struct mpdemo_shared_heap *heap, uint64_t handle)
{
	return move(heap, MPDEMO_IOC_KEEP, handle);
}

API int mpdemo_shared_heap_take(struct mpdemo_shared_heap *heap, uint64_t handle)
{
	return move(heap, MPDEMO_IOC_TAKE, handle);
}
