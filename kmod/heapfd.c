// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on open files of heaps. What was allocated is freed, kept and taken by its
 * handle, as blocks of pools are: see poolfd.c.
 */

#include <linux/errno.h>
#include <linux/nospec.h>

#include <mempool_demo/heap.h>

#include "commands.h"
#include "heap.h"
#include "object.h"
#include "owner_table.h"

static int take(struct mpdemo_object *object, u64 bytes, void **memory)
{
	int ret;

	ret = mpdemo_object_enter(object);
	if (ret)
		return ret;
	*memory = mpdemo_heap_take(object->heap, bytes);
	mpdemo_object_leave(object);
	if (*memory)
		return 0;
	return bytes > mpdemo_heap_largest(object->heap) ? -ENOSPC : -EAGAIN;
}

int objectfd_heap_alloc(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_heap_alloc *arg = &call->arg.heap_alloc;
	struct objectfd *ofd = call->data;
	struct mpdemo_owner *owner = objectfd_new_owner(ofd, arg->flags);
	struct mpdemo_heap *heap = ofd->object->heap;
	void *memory;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, MPDEMO_ALLOC_KEEP, 0) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_HEAP);
	if (ret)
		return ret;
	if (!arg->bytes)
		return -ERANGE;
	ret = mpdemo_owner_charge(owner, 1);
	if (ret)
		return ret;
	ret = take(ofd->object, arg->bytes, &memory);
	if (ret) {
		mpdemo_owner_uncharge(owner, 1);
		/* Who polled meanwhile has seen the room in the quota taken. */
		if (owner->quota)
			mpdemo_owner_wake_pollers(&ofd->object->owners);
		return ret;
	}

	/* Before it has an owner: another thread may guess the handle and free it. */
	arg->out_offset = (unsigned long)memory - heap->base;
	arg->out_bytes = mpdemo_heap_usable_size(heap, memory);
	arg->out_handle = (unsigned long)memory;
	mpdemo_object_give(ofd->object, owner, 1, &arg->out_handle);
	call->copy_back = true;
	return 0;
}

/* Nobody was told of it. Who guessed its handle may have it. */
void objectfd_undo_heap_alloc(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;

	mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
			  call->arg.heap_alloc.out_handle);
}

int objectfd_heap_stats(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_heap_class *arg = &call->arg.heap_class;
	const struct objectfd *ofd = call->data;
	struct mpdemo_heap *heap = ofd->object->heap;
	struct mpdemo_heap_class_stats stats;
	unsigned int number;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, 0);
	if (ret)
		return ret;
	if (ofd->object->kind != MPDEMO_OBJECT_HEAP)
		return -EOPNOTSUPP;
	if (arg->number > heap->nr_classes)
		return -ERANGE;
	number = array_index_nospec(arg->number, heap->nr_classes + 1);
	mpdemo_heap_get_class_stats(heap, number, &stats);

	arg->out_classes = heap->nr_classes;
	arg->out_block_size = stats.size;
	arg->out_blocks = stats.blocks;
	arg->out_in_use = stats.in_use;
	arg->out_peak = stats.peak;
	arg->out_requested = stats.requested;
	arg->out_handed_out = stats.handed_out;
	arg->out_peak_bytes = stats.peak_bytes;
	arg->out_allocs = stats.allocs;
	arg->out_frees = stats.frees;
	arg->out_failures = stats.failures;
	arg->out_spilled = stats.spilled;
	call->copy_back = true;
	return 0;
}
