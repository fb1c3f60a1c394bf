// SPDX-License-Identifier: GPL-2.0
/*
 * read() and write() of objects, for those who do not map them: at the offsets that a
 * mapping has.
 *
 * A call stays within one block of a pool, or one piece of a heap, which the open file
 * must hold, or which is kept; or within what is in use of an arena. So it may do less
 * than it was asked for, as those of files may. What is behind the end of an arena reads
 * as the end of a file.
 *
 * The bytes go through a buffer, a part at a time: user memory may have to be
 * fetched, which takes any time, and no block or arena can be held still as long. The
 * parts are all of one use of the block: it may be freed in between.
 */

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "arena.h"
#include "chunk.h"
#include "commands.h"
#include "heap.h"
#include "object.h"
#include "owner_table.h"
#include "pool.h"

/**
 * struct span - the bytes that a call is about
 * @handle: pool, heap: the block
 * @pos: the next byte of the block, or of the arena
 */
struct span {
	u64 handle;
	size_t pos;
};

/* Return: the number of a block, or a number that none has. */
static unsigned int find_block(struct objectfd *ofd, size_t offset, size_t *pos)
{
	struct mpdemo_object *object = ofd->object;
	unsigned int number;
	size_t stride;

	if (object->heap) {
		number = mpdemo_heap_find(object->heap, READ_ONCE(ofd->last),
					  offset, pos);
		WRITE_ONCE(ofd->last, number);
		return number;
	}
	stride = to_pool(object->pool)->api.stride.bytes;
	*pos = offset % stride;
	if (*pos >= object->owners.block_size)
		return UINT_MAX;
	return min_t(size_t, offset / stride, UINT_MAX);
}

static int find_span(struct objectfd *ofd, loff_t offset, struct span *span)
{
	struct mpdemo_object *object = ofd->object;
	struct mpdemo_owner_table *owners = &object->owners;
	unsigned int number;

	if (offset < 0)
		return -EINVAL;
	if (!mpdemo_object_has_blocks(object)) {
		span->pos = offset;
		return 0;
	}
	number = find_block(ofd, offset, &span->pos);
	if (number >= owners->nr)
		return -ERANGE;
	span->handle = mpdemo_owner_handle(owners, number);
	return span->handle ? 0 : -ENOENT;
}

/* Return: how many bytes were copied; 0: it is all behind the end; or an errno. */
static ssize_t copy_arena(struct mpdemo_object *object, struct span *span,
			  void *buffer, size_t bytes, bool to_object)
{
	const struct arena *arena = to_arena(object->arena);
	size_t in_use;
	void *at;

	/* Killable, as who is in there may have much to clear. */
	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	in_use = arena_in_use(arena);
	if (span->pos >= in_use) {
		bytes = 0;
		goto unlock;
	}
	bytes = min(bytes, in_use - span->pos);
	at = (void *)arena->first->base + array_index_nospec(span->pos, in_use);
	if (to_object)
		memcpy(at, buffer, bytes);
	else
		memcpy(buffer, at, bytes);
unlock:
	mutex_unlock(&object->arena_lock);
	return bytes;
}

/* Return: how many bytes were copied; 0: it ends there; or an errno. */
static ssize_t copy(struct objectfd *ofd, struct span *span, void *buffer,
		    size_t bytes, bool to_object)
{
	struct mpdemo_object *object = ofd->object;
	ssize_t ret;

	if (object->arena)
		ret = copy_arena(object, span, buffer, bytes, to_object);
	else
		ret = mpdemo_owner_copy(&object->owners, &ofd->owner, span->handle,
					span->pos, buffer, bytes, to_object);
	if (ret > 0)
		span->pos += ret;
	return ret;
}

/* One part. Return: bytes; fewer than there are room for: it ends there. */
static ssize_t read_part(struct objectfd *ofd, struct span *span, void *buffer,
			 size_t bytes, struct iov_iter *to)
{
	ssize_t ret = copy(ofd, span, buffer, bytes, false);

	if (ret <= 0)
		return ret;
	return copy_to_iter(buffer, ret, to) ?: -EFAULT;
}

static ssize_t write_part(struct objectfd *ofd, struct span *span, void *buffer,
			  size_t bytes, struct iov_iter *from)
{
	size_t copied = copy_from_iter(buffer, bytes, from);
	ssize_t ret;

	if (!copied)
		return -EFAULT;
	ret = copy(ofd, span, buffer, copied, true);
	/* The caller may go on with what was not written. */
	iov_iter_revert(from, copied - max_t(ssize_t, ret, 0));
	return ret;
}

/* Where there is not one byte. */
static ssize_t at_the_end(const struct mpdemo_object *object, bool to_object)
{
	if (!object->arena)
		return -ERANGE;
	return to_object ? -ENOSPC : 0;
}

static ssize_t transfer(struct kiocb *iocb, struct iov_iter *iter, bool to_object)
{
	struct objectfd *ofd = iocb->ki_filp->private_data;
	size_t bytes, done = 0;
	struct span span;
	void *buffer;
	ssize_t ret;

	if (!iov_iter_count(iter))
		return 0;
	ret = find_span(ofd, iocb->ki_pos, &span);
	if (ret)
		return ret;
	buffer = kmalloc(MPDEMO_OWNER_COPY_MAX, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	do {
		bytes = min_t(size_t, iov_iter_count(iter), MPDEMO_OWNER_COPY_MAX);
		if (to_object)
			ret = write_part(ofd, &span, buffer, bytes, iter);
		else
			ret = read_part(ofd, &span, buffer, bytes, iter);
		if (ret > 0)
			done += ret;
		cond_resched();
	} while (ret > 0 && ret == bytes && iov_iter_count(iter) &&
		 !fatal_signal_pending(current));
	kfree(buffer);
	iocb->ki_pos += done;
	if (!done && !ret)
		return at_the_end(ofd->object, to_object);
	return done ?: ret;
}

/**
 * objectfd_read_iter() - read bytes of an object
 * @iocb: the open file, and where
 * @to: to where
 *
 * Context: Task context, may sleep.
 * Return: how many bytes, 0 at the end of an arena; or as
 * Documentation/user-memory.rst says.
 */
ssize_t objectfd_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return transfer(iocb, to, false);
}

/**
 * objectfd_write_iter() - write bytes of an object
 * @iocb: the open file, and where
 * @from: from where
 *
 * Context: Task context, may sleep.
 * Return: how many bytes; or as Documentation/user-memory.rst says.
 */
ssize_t objectfd_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	/* There is no end that something could be added to: O_APPEND, RWF_APPEND. */
	if (iocb->ki_flags & IOCB_APPEND)
		return -EINVAL;
	return transfer(iocb, from, true);
}

/**
 * objectfd_llseek() - move the position of read() and write()
 * @file: the open file
 * @offset: by how much
 * @whence: from where; the end is that of a mapping of all of the object
 *
 * Context: Task context.
 * Return: the new position, or -EINVAL.
 */
loff_t objectfd_llseek(struct file *file, loff_t offset, int whence)
{
	const struct objectfd *ofd = file->private_data;

	return fixed_size_llseek(file, offset, whence,
				 objectfd_map_bytes(ofd->object));
}
