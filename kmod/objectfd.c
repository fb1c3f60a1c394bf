// SPDX-License-Identifier: GPL-2.0
/*
 * Open files of objects: the commands MPDEMO_IOC_REOPEN and up.
 *
 * An open file is an owner of blocks. However many descriptors, processes and
 * calls under way refer to it, the kernel calls release() once, after the last
 * of them, and however its process ended. So release() is alone with what the
 * file holds, and takes it back.
 */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <mempool_demo/arena.h>

#include "arena.h"
#include "ioctl.h"
#include "object.h"
#include "objectfd.h"
#include "owner.h"
#include "registry.h"

/* Attempts to allocate side by side with others, see take_alone(). */
#define TRIES		8

/**
 * struct objectfd - an open file of an object
 * @object: with a reference
 * @access: MPDEMO_ACCESS_*
 * @owner: holds blocks of a pool
 */
struct objectfd {
	struct mpdemo_object *object;
	u32 access;
	struct mpdemo_owner owner;
};

/* Every command that changes something: of this kind, and with that access? */
static int check_use(const struct objectfd *ofd, u32 kind)
{
	if (ofd->object->kind != kind)
		return -EOPNOTSUPP;
	if (!(ofd->access & MPDEMO_ACCESS_WRITE))
		return -EBADF;
	return 0;
}

static struct mpdemo_owner *new_owner(struct objectfd *ofd, u32 flags)
{
	return flags & MPDEMO_ALLOC_KEEP ? &ofd->object->owners.keeper :
					   &ofd->owner;
}

/*
 * To take many blocks is to lose to those who take one over and over. So after
 * some attempts it is done with all others who allocate or keep shut out; those
 * who free can disturb only as often as they hold blocks.
 */
static int take_alone(struct mpdemo_object *object, unsigned int n,
		      u64 *handles)
{
	int ret;

	ret = mpdemo_object_enter_alone(object);
	if (ret)
		return ret;
	do {
		ret = mpdemo_owner_try_take(&object->owners, n, handles);
		cond_resched();
	} while (ret == -EBUSY && !fatal_signal_pending(current));
	mpdemo_object_leave_alone(object);
	return ret == -EBUSY ? -EINTR : ret;
}

static int take(struct mpdemo_object *object, unsigned int n, u64 *handles)
{
	int ret, tries;

	for (tries = 0; tries < TRIES; tries++) {
		ret = mpdemo_object_enter(object);
		if (ret)
			return ret;
		ret = mpdemo_owner_try_take(&object->owners, n, handles);
		mpdemo_object_leave(object);
		if (ret != -EBUSY)
			return ret;
	}
	return take_alone(object, n, handles);
}

static int do_alloc(struct objectfd *ofd, u32 flags, unsigned int n,
		    u64 *handles)
{
	int ret;

	ret = take(ofd->object, n, handles);
	if (!ret)
		mpdemo_owner_give(&ofd->object->owners, new_owner(ofd, flags),
				  n, handles);
	return ret;
}

static int ioctl_alloc(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_alloc *arg = &call->arg.alloc;
	struct objectfd *ofd = call->data;
	u64 handle;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, MPDEMO_ALLOC_KEEP, 0) ?:
	      check_use(ofd, MPDEMO_OBJECT_POOL) ?:
	      do_alloc(ofd, arg->flags, 1, &handle);
	if (ret)
		return ret;
	arg->out_handle = handle;
	call->copy_back = true;
	return 0;
}

/* Nobody was told of the block. Who guessed its handle may have it. */
static void undo_alloc(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;

	mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
			  call->arg.alloc.out_handle);
}

/* A dying object is freed to as any other. */
static int ioctl_free(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_free *arg = &call->arg.free;
	struct objectfd *ofd = call->data;

	return mpdemo_ioctl_check_reserved(arg->flags, 0, 0) ?:
	       check_use(ofd, MPDEMO_OBJECT_POOL) ?:
	       mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
				 arg->handle);
}

/* From here on the caller is told how many were done, be it none. */
static int begin_bulk(struct mpdemo_ioctl_call *call, u32 known_flags)
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, known_flags, 0) ?:
	      check_use(call->data, MPDEMO_OBJECT_POOL);
	if (ret)
		return ret;
	if (!arg->count || arg->count > MPDEMO_BULK_MAX)
		return -ERANGE;
	arg->out_done = 0;
	call->copy_back = true;
	return 0;
}

static void undo_alloc_bulk(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;
	u32 i;

	for (i = 0; i < call->arg.bulk.count; i++) {
		mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
				  call->handles[i]);
		cond_resched();
	}
}

static int ioctl_alloc_bulk(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	size_t bytes = arg->count * sizeof(u64);
	int ret;

	ret = begin_bulk(call, MPDEMO_ALLOC_KEEP);
	if (ret)
		return ret;
	call->handles = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!call->handles)
		return -ENOMEM;
	ret = do_alloc(call->data, arg->flags, arg->count, call->handles);
	if (ret)
		return ret;
	if (copy_to_user(u64_to_user_ptr(arg->handles), call->handles, bytes)) {
		undo_alloc_bulk(call);
		return -EFAULT;
	}
	arg->out_done = arg->count;
	return 0;
}

static int free_one(struct objectfd *ofd, u64 handle)
{
	return mpdemo_owner_free(&ofd->object->owners, &ofd->owner, handle);
}

static int move_one(struct objectfd *ofd, struct mpdemo_owner *from,
		    struct mpdemo_owner *to, u64 handle)
{
	int ret;

	ret = mpdemo_object_enter(ofd->object);
	if (ret)
		return ret;
	ret = mpdemo_owner_move(&ofd->object->owners, from, to, handle);
	mpdemo_object_leave(ofd->object);
	return ret;
}

static int keep_one(struct objectfd *ofd, u64 handle)
{
	return move_one(ofd, &ofd->owner, &ofd->object->owners.keeper, handle);
}

static int take_one(struct objectfd *ofd, u64 handle)
{
	return move_one(ofd, &ofd->object->owners.keeper, &ofd->owner, handle);
}

/* Stops at the first handle that is refused, and tells how many were done. */
static int do_handles(struct mpdemo_ioctl_call *call,
		      int (*fn)(struct objectfd *ofd, u64 handle))
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	size_t bytes = arg->count * sizeof(u64);
	int ret;

	ret = begin_bulk(call, 0);
	if (ret)
		return ret;
	call->handles = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!call->handles)
		return -ENOMEM;
	if (copy_from_user(call->handles, u64_to_user_ptr(arg->handles), bytes))
		return -EFAULT;

	for (; arg->out_done < arg->count; arg->out_done++) {
		ret = fn(call->data, call->handles[arg->out_done]);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

static int ioctl_free_bulk(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, free_one);
}

static int ioctl_keep(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, keep_one);
}

static int ioctl_take(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, take_one);
}

static int ioctl_arena_alloc(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_alloc *arg = &call->arg.arena_alloc;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	u32 align = arg->align ?: MPDEMO_ALIGN_MIN;
	void *piece;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved) ?:
	      check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;
	if (!arg->bytes || !is_power_of_2(align) || align > MPDEMO_ALIGN_MAX)
		return -ERANGE;

	/* Killable, as who is in there may have much to clear. */
	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	if (READ_ONCE(object->dying)) {
		ret = -ESHUTDOWN;
		goto unlock;
	}
	piece = mpdemo_arena_take(object->arena, arg->bytes, align,
				  &call->bumped);
	if (!piece) {
		ret = -ENOSPC;
		goto unlock;
	}
	arg->out_offset = mpdemo_arena_offset(object->arena, piece);
	call->copy_back = true;
unlock:
	mutex_unlock(&object->arena_lock);
	return ret;
}

static void undo_arena_alloc(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;

	mutex_lock(&ofd->object->arena_lock);
	mpdemo_arena_take_back(ofd->object->arena, &call->bumped);
	mutex_unlock(&ofd->object->arena_lock);
}

static int ioctl_arena_reset(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_reset *arg = &call->arg.arena_reset;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, 0) ?:
	      check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;

	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	arg->out_bytes = mpdemo_arena_reset_slowly(object->arena);
	mutex_unlock(&object->arena_lock);
	call->copy_back = true;
	return 0;
}

static int ioctl_info(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_info *arg = &call->arg.info;
	struct objectfd *ofd = call->data;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, 0);
	if (ret)
		return ret;
	mpdemo_object_get_info(ofd->object, arg);
	arg->out_access = ofd->access;
	arg->out_held = atomic_read(&ofd->owner.held);
	call->copy_back = true;
	return 0;
}

static int ioctl_reopen(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_reopen *arg = &call->arg.reopen;
	struct objectfd *ofd = call->data;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, MPDEMO_ACCESS_ALL,
					  arg->reserved);
	if (ret || !arg->flags)
		return -EINVAL;
	if (arg->flags & ~ofd->access)
		return -EBADF;
	ret = mpdemo_object_enter(ofd->object);
	if (ret)
		return ret;
	ret = mpdemo_ioctl_open(call,
				mpdemo_objectfd_open(ofd->object, arg->flags),
				&arg->out_fd);
	mpdemo_object_leave(ofd->object);
	return ret;
}

static const struct mpdemo_ioctl commands[] = {
	MPDEMO_IOCTL(MPDEMO_IOC_REOPEN, struct mpdemo_reopen, out_fd,
		     ioctl_reopen, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_INFO, struct mpdemo_info, out_footprint,
		     ioctl_info, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ALLOC, struct mpdemo_alloc, out_handle,
		     ioctl_alloc, undo_alloc),
	MPDEMO_IOCTL(MPDEMO_IOC_FREE, struct mpdemo_free, handle,
		     ioctl_free, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ALLOC_BULK, struct mpdemo_bulk, handles,
		     ioctl_alloc_bulk, undo_alloc_bulk),
	MPDEMO_IOCTL(MPDEMO_IOC_FREE_BULK, struct mpdemo_bulk, handles,
		     ioctl_free_bulk, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_KEEP, struct mpdemo_bulk, handles,
		     ioctl_keep, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_TAKE, struct mpdemo_bulk, handles,
		     ioctl_take, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_ALLOC, struct mpdemo_arena_alloc,
		     out_offset, ioctl_arena_alloc, undo_arena_alloc),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_RESET, struct mpdemo_arena_reset,
		     out_bytes, ioctl_arena_reset, NULL),
};

static long objectfd_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	return mpdemo_ioctl(commands, ARRAY_SIZE(commands), file->private_data,
			    cmd, arg);
}

static int objectfd_release(struct inode *inode, struct file *file)
{
	struct objectfd *ofd = file->private_data;
	struct mpdemo_object *object = ofd->object;

	if (object->kind == MPDEMO_OBJECT_POOL)
		atomic64_add(mpdemo_owner_reclaim(&object->owners, &ofd->owner),
			     &object->owners.reclaimed);
	mpdemo_owner_exit(&ofd->owner);
	atomic_dec(&object->open_files);
	mpdemo_registry_put(object);
	kfree(ofd);
	return 0;
}

static const struct file_operations objectfd_fops = {
	.owner = THIS_MODULE,
	.release = objectfd_release,
	.unlocked_ioctl = objectfd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/**
 * mpdemo_objectfd_open() - open an object
 * @object: the object; the open file takes a reference of its own
 * @access: MPDEMO_ACCESS_*, one of them at least
 *
 * Context: Task context, may sleep.
 * Return: the file, or an ERR_PTR().
 */
struct file *mpdemo_objectfd_open(struct mpdemo_object *object, u32 access)
{
	int flags = access & MPDEMO_ACCESS_WRITE ? O_RDWR : O_RDONLY;
	struct objectfd *ofd;
	struct file *file;
	int ret;

	ofd = kzalloc_obj(*ofd, GFP_KERNEL_ACCOUNT);
	if (!ofd)
		return ERR_PTR(-ENOMEM);
	ret = mpdemo_owner_init(&ofd->owner);
	if (ret)
		goto free_ofd;
	ofd->access = access;
	ofd->object = object;

	file = anon_inode_getfile("[mempool_demo]", &objectfd_fops, ofd, flags);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto exit_owner;
	}
	kref_get(&object->ref);
	atomic_inc(&object->open_files);
	return file;

exit_owner:
	mpdemo_owner_exit(&ofd->owner);
free_ofd:
	kfree(ofd);
	return ERR_PTR(ret);
}
