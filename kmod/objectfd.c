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
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "commands.h"
#include "ioctl.h"
#include "object.h"
#include "objectfd.h"
#include "owner_table.h"
#include "registry.h"

/**
 * objectfd_check_use() - whether a command that changes an object may go on
 * @ofd: the open file
 * @kind: what it must be
 *
 * Context: Any.
 * Return: 0; -EOPNOTSUPP: it is of another kind; -EBADF: not open for writing.
 */
int objectfd_check_use(const struct objectfd *ofd, u32 kind)
{
	if (ofd->object->kind != kind)
		return -EOPNOTSUPP;
	if (!(ofd->access & MPDEMO_ACCESS_WRITE))
		return -EBADF;
	return 0;
}

/**
 * objectfd_check_blocks() - whether a command on what can be held may go on
 * @ofd: the open file
 *
 * Context: Any.
 * Return: 0; -EOPNOTSUPP: nothing of this kind of object can be held; -EBADF: not open
 * for writing.
 */
int objectfd_check_blocks(const struct objectfd *ofd)
{
	if (!mpdemo_object_has_blocks(ofd->object))
		return -EOPNOTSUPP;
	return objectfd_check_use(ofd, ofd->object->kind);
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
	/* That of the object may have been changed since it was opened. */
	arg->out_quota = ofd->owner.quota;
	arg->out_map_bytes = objectfd_map_bytes(ofd->object);
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
	/* Not entered: to open takes memory, and who deletes would have to wait. */
	if (READ_ONCE(ofd->object->dying))
		return -ESHUTDOWN;
	return mpdemo_ioctl_open(call,
				 mpdemo_objectfd_open(ofd->object, arg->flags),
				 &arg->out_fd);
}

static const struct mpdemo_ioctl commands[] = {
	MPDEMO_IOCTL(MPDEMO_IOC_REOPEN, struct mpdemo_reopen, out_fd,
		     ioctl_reopen, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_INFO, struct mpdemo_info, out_footprint,
		     ioctl_info, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ALLOC, struct mpdemo_alloc, out_handle,
		     objectfd_alloc, objectfd_undo_alloc),
	MPDEMO_IOCTL(MPDEMO_IOC_FREE, struct mpdemo_free, handle,
		     objectfd_free, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ALLOC_BULK, struct mpdemo_bulk, handles,
		     objectfd_alloc_bulk, objectfd_undo_alloc_bulk),
	MPDEMO_IOCTL(MPDEMO_IOC_FREE_BULK, struct mpdemo_bulk, handles,
		     objectfd_free_bulk, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_KEEP, struct mpdemo_bulk, handles,
		     objectfd_keep, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_TAKE, struct mpdemo_bulk, handles,
		     objectfd_take, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_ALLOC, struct mpdemo_arena_alloc,
		     out_offset, objectfd_arena_alloc, objectfd_undo_arena_alloc),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_RESET, struct mpdemo_arena_reset,
		     out_bytes, objectfd_arena_reset, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_MARK, struct mpdemo_arena_place, reserved,
		     objectfd_arena_mark, objectfd_undo_arena_mark),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_ROLLBACK, struct mpdemo_arena_place,
		     reserved, objectfd_arena_rollback, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_HEAP_ALLOC, struct mpdemo_heap_alloc,
		     out_bytes, objectfd_heap_alloc, objectfd_undo_heap_alloc),
	MPDEMO_IOCTL(MPDEMO_IOC_HEAP_STATS, struct mpdemo_heap_class,
		     out_spilled, objectfd_heap_stats, NULL),
};

static long objectfd_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct objectfd *ofd = file->private_data;
	long ret;

	ret = mpdemo_ioctl(commands, ARRAY_SIZE(commands), ofd, cmd, arg);
	/*
	 * It is found by who allocates a block, so by one of the commands: to read, to
	 * write and to release allocate none, and what is freed is not looked at, but
	 * for red zones, which an object does not have.
	 */
	if (unlikely(mpdemo_object_finds_damage(ofd->object)))
		mpdemo_events_note(ofd->object, MPDEMO_EVENT_CORRUPTION);
	return ret;
}

static __poll_t objectfd_poll(struct file *file, poll_table *table)
{
	const struct objectfd *ofd = file->private_data;
	struct mpdemo_object *object = ofd->object;

	poll_wait(file, &object->pollers, table);
	/*
	 * To be in the queue comes before to look. Pairs with the barrier in
	 * mpdemo_owner_wake_pollers(). poll_wait() has one itself since Linux 6.14.
	 */
	smp_mb();
	if (READ_ONCE(object->dying))
		return EPOLLHUP;
	if (!(ofd->access & MPDEMO_ACCESS_WRITE) || !objectfd_may_give(ofd))
		return 0;
	return EPOLLIN | EPOLLRDNORM;
}

/* Return: how many blocks were taken back. */
static unsigned int reclaim(struct objectfd *ofd)
{
	struct mpdemo_owner_table *owners = &ofd->object->owners;
	unsigned int n;

	if (!mpdemo_object_has_blocks(ofd->object))
		return 0;
	n = mpdemo_owner_reclaim(owners, &ofd->owner);
	atomic64_add(n, &owners->reclaimed);
	return n;
}

/* From here on it is seen by those who look at the object. */
static void list_file(struct objectfd *ofd)
{
	ofd->file.owner = &ofd->owner;
	ofd->file.access = ofd->access;
	ofd->file.pid = get_pid(task_tgid(current));
	ofd->file.opened = ktime_get();
	get_task_comm(ofd->file.comm, current);
	mpdemo_object_add_file(ofd->object, &ofd->file);
}

static void unlist_file(struct objectfd *ofd)
{
	mpdemo_object_remove_file(ofd->object, &ofd->file);
	put_pid(ofd->file.pid);
}

static int objectfd_release(struct inode *inode, struct file *file)
{
	struct objectfd *ofd = file->private_data;
	struct mpdemo_object *object = ofd->object;
	unsigned int reclaimed;

	reclaimed = reclaim(ofd);
	unlist_file(ofd);
	/* Who hears of it finds the file gone. */
	if (reclaimed)
		mpdemo_events_note(object, MPDEMO_EVENT_RECLAIMED);
	mpdemo_owner_exit(&ofd->owner);
	mpdemo_registry_put(object);
	kfree(ofd);
	return 0;
}

static const struct file_operations objectfd_fops = {
	.owner = THIS_MODULE,
	.release = objectfd_release,
	.unlocked_ioctl = objectfd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = objectfd_mmap,
	.poll = objectfd_poll,
	.read_iter = objectfd_read_iter,
	.write_iter = objectfd_write_iter,
	.llseek = objectfd_llseek,
};

/* By which the kernel itself refuses to map, read or write. */
static int open_flags(u32 access)
{
	switch (access) {
	case MPDEMO_ACCESS_READ:
		return O_RDONLY;
	case MPDEMO_ACCESS_WRITE:
		return O_WRONLY;
	default:
		return O_RDWR;
	}
}

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
	struct objectfd *ofd;
	struct file *file;
	int ret;

	ofd = kzalloc_obj(*ofd, GFP_KERNEL_ACCOUNT);
	if (!ofd)
		return ERR_PTR(-ENOMEM);
	ret = mpdemo_owner_init(&ofd->owner,
				READ_ONCE(object->settings.quota));
	if (ret)
		goto free_ofd;
	ofd->access = access;
	ofd->object = object;

	file = anon_inode_getfile("[mempool_demo]", &objectfd_fops, ofd,
				  open_flags(access));
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto exit_owner;
	}
	/* Threads that read() or write() at the same time take turns at the position. */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS;
	kref_get(&object->ref);
	list_file(ofd);
	return file;

exit_owner:
	mpdemo_owner_exit(&ofd->owner);
free_ofd:
	kfree(ofd);
	return ERR_PTR(ret);
}
