// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mempool_demo: the way to an object. Creates anonymous ones, opens named
 * ones; what can be done with an object is done on its own open file, see
 * objectfd.c.
 *
 * The device is made for root alone, and there is no parameter for that: a device node
 * has an owner, a group and a mode of its own, which the administrator changes as those
 * of any other, best by a rule of udev. Which group that is to be is not for a kernel to
 * know. Who may open it can have as much as the limits allow, see limits.c, and opens
 * of what is named what its mode allows him.
 */

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>

#include <mempool_demo/heap.h>

#include "chardev.h"
#include "ioctl.h"
#include "object.h"
#include "objectfd.h"
#include "registry.h"

static int create(struct mpdemo_ioctl_call *call,
		  const struct mpdemo_object_config *config, __s32 *out_fd)
{
	struct mpdemo_object *object;
	int ret;

	object = mpdemo_registry_create(config, NULL);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ret = mpdemo_ioctl_open(call,
				mpdemo_objectfd_open(object, MPDEMO_ACCESS_ALL),
				out_fd);
	/* The file has a reference of its own, the only one that stays. */
	mpdemo_registry_put(object);
	return ret;
}

static int ioctl_pool_create(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_pool_create *arg = &call->arg.pool_create;
	const struct mpdemo_object_config config = {
		.kind = MPDEMO_OBJECT_POOL,
		.block_size = arg->block_size,
		.blocks = arg->blocks,
		.align = arg->align,
		.quota = arg->quota,
		.max_blocks = arg->max_blocks,
		.chunk_blocks = arg->chunk_blocks,
	};

	return mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved2) ?:
	       create(call, &config, &arg->out_fd);
}

static int ioctl_arena_create(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_create *arg = &call->arg.arena_create;
	const struct mpdemo_object_config config = {
		.kind = MPDEMO_OBJECT_ARENA,
		.bytes = arg->bytes,
	};

	return mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved) ?:
	       create(call, &config, &arg->out_fd);
}

static int ioctl_heap_create(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_heap_create *arg = &call->arg.heap_create;
	const struct mpdemo_object_config config = {
		.kind = MPDEMO_OBJECT_HEAP,
		.blocks = arg->blocks,
		.bytes = arg->large_bytes,
		.heap_flags = arg->flags & MPDEMO_HEAP_CREATE_FINE ?
			      MPDEMO_HEAP_FINE : 0,
		.quota = arg->quota,
	};

	return mpdemo_ioctl_check_reserved(arg->flags, MPDEMO_HEAP_CREATE_FINE,
					   arg->reserved) ?:
	       create(call, &config, &arg->out_fd);
}

static int check_open(const struct mpdemo_open *arg)
{
	size_t len = strnlen(arg->name, sizeof(arg->name));

	if (mpdemo_ioctl_check_reserved(arg->flags, MPDEMO_ACCESS_ALL,
					arg->reserved) || !arg->flags)
		return -EINVAL;
	/* What stands behind the end of the name might get a meaning one day. */
	if (len == sizeof(arg->name) ||
	    memchr_inv(arg->name + len, 0, sizeof(arg->name) - len))
		return -EINVAL;
	return mpdemo_registry_check_name(arg->name, NULL);
}

static int ioctl_open(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_open *arg = &call->arg.open;
	struct mpdemo_object *object;
	int ret;

	ret = check_open(arg);
	if (ret)
		return ret;
	object = mpdemo_registry_get_by_name(arg->name);
	if (!object)
		return -ENOENT;
	if (mpdemo_object_allows(object, arg->flags))
		ret = mpdemo_ioctl_open(call,
					mpdemo_objectfd_open(object, arg->flags),
					&arg->out_fd);
	else
		ret = -EACCES;
	mpdemo_registry_put(object);
	return ret;
}

static const struct mpdemo_ioctl commands[] = {
	MPDEMO_IOCTL(MPDEMO_IOC_POOL_CREATE, struct mpdemo_pool_create, out_fd,
		     ioctl_pool_create, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_ARENA_CREATE, struct mpdemo_arena_create,
		     out_fd, ioctl_arena_create, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_OPEN, struct mpdemo_open, name,
		     ioctl_open, NULL),
	MPDEMO_IOCTL(MPDEMO_IOC_HEAP_CREATE, struct mpdemo_heap_create, out_fd,
		     ioctl_heap_create, NULL),
};

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	return mpdemo_ioctl(commands, ARRAY_SIZE(commands), NULL, cmd, arg);
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice chardev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &chardev_fops,
	.mode = 0600,
};

int mpdemo_chardev_init(void)
{
	return misc_register(&chardev);
}

void mpdemo_chardev_exit(void)
{
	misc_deregister(&chardev);
}
