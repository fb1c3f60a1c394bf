// SPDX-License-Identifier: GPL-2.0
/*
 * What all ioctls have in common: structures that may grow on both sides, and
 * results that are told, or else taken back.
 *
 * A command works on a copy of the caller's structure. When it is done the copy
 * is written back; if that fails nobody knows what was opened or allocated, so
 * it is undone. (What was freed, kept, taken or reset stays so: the caller named
 * it, and can find out.) A new file descriptor is installed last of all: from then on
 * other threads can use it, and it can no more be taken back.
 */

#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ioctl.h"

static int copy_in(struct mpdemo_ioctl_call *call,
		   const struct mpdemo_ioctl *ioctl, void __user *uptr,
		   u32 *usize)
{
	if (get_user(*usize, (u32 __user *)uptr))
		return -EFAULT;
	if (*usize < ioctl->min_size)
		return -EINVAL;
	/* Do not look through any amount of memory for what is not zero. */
	if (*usize > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(&call->arg, ioctl->size, uptr, *usize);
}

static int copy_out(struct mpdemo_ioctl_call *call,
		    const struct mpdemo_ioctl *ioctl, void __user *uptr,
		    u32 usize)
{
	if (!call->copy_back)
		return 0;
	/* @size stays what the caller wrote, whatever it is by now. */
	call->arg.size = usize;
	if (copy_to_user(uptr, &call->arg, min_t(size_t, usize, ioctl->size)))
		return -EFAULT;
	return 0;
}

static int finish(struct mpdemo_ioctl_call *call,
		  const struct mpdemo_ioctl *ioctl, void __user *uptr,
		  u32 usize, int ret)
{
	int err = copy_out(call, ioctl, uptr, usize);

	if (!ret && err && ioctl->undo)
		ioctl->undo(call);
	if (!ret)
		ret = err;
	if (call->new_file) {
		if (ret) {
			put_unused_fd(call->new_fd);
			fput(call->new_file);
		} else {
			fd_install(call->new_fd, call->new_file);
		}
	}
	return ret;
}

/**
 * mpdemo_ioctl() - run a command
 * @table: the commands that there are, by their number
 * @nr: entries of @table
 * @data: for the command
 * @cmd: the command asked for
 * @uptr: address of its structure
 *
 * Context: Task context, may sleep.
 * Return: 0 or an errno, see the uAPI header.
 */
long mpdemo_ioctl(const struct mpdemo_ioctl *table, unsigned int nr,
		  void *data, unsigned int cmd, unsigned long uptr)
{
	unsigned int index = _IOC_NR(cmd) % MPDEMO_IOCTL_BASE;
	struct mpdemo_ioctl_call call = { .data = data };
	const struct mpdemo_ioctl *ioctl;
	u32 usize;
	int ret;

	if (index >= nr)
		return -ENOTTY;
	ioctl = &table[array_index_nospec(index, nr)];
	if (ioctl->cmd != cmd)
		return -ENOTTY;

	ret = copy_in(&call, ioctl, (void __user *)uptr, &usize);
	if (ret)
		return ret;
	ret = ioctl->run(&call);
	ret = finish(&call, ioctl, (void __user *)uptr, usize, ret);
	kvfree(call.handles);
	return ret;
}

/**
 * mpdemo_ioctl_check_reserved() - refuse what has no meaning yet
 * @flags: what the caller wrote
 * @known: the flags that there are
 * @reserved: reserved members, or'ed
 *
 * Return: 0 or -EINVAL.
 */
int mpdemo_ioctl_check_reserved(u32 flags, u32 known, u32 reserved)
{
	return (flags & ~known) || reserved ? -EINVAL : 0;
}

/**
 * mpdemo_ioctl_open() - let a call end with a new file descriptor
 * @call: the call
 * @file: the file, or an ERR_PTR(); taken over
 * @out_fd: where in the structure the descriptor is told
 *
 * Return: 0 or an errno.
 */
int mpdemo_ioctl_open(struct mpdemo_ioctl_call *call, struct file *file,
		      __s32 *out_fd)
{
	int fd;

	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		fput(file);
		return fd;
	}
	call->new_file = file;
	call->new_fd = fd;
	call->copy_back = true;
	*out_fd = fd;
	return 0;
}
