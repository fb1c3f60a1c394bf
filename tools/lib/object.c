// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Open files of objects, and their mappings.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib.h"

#define DEVICE	"/dev/mempool_demo"

int object_call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

/*
 * A copy of what says how to create an object, for the kernel to write to. The caller may have
 * been built with an older header, or with a newer one: it is the kernel that judges.
 */
int sized_arg(union sized_arg *arg, const uint32_t *how)
{
	if (*how > sizeof(*arg))
		return -E2BIG;
	if (*how < sizeof(*how))
		return -EINVAL;
	memcpy(arg, how, *how);
	return 0;
}

API int mpdemo_device_open(const char *path)
{
	int fd = open(path ? path : DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A new open file of a named object, or -errno. */
int object_open(int dev, const char *name, uint32_t access)
{
	struct mpdemo_open arg = { .size = sizeof(arg), .flags = access };
	size_t length = strlen(name);
	int ret;

	if (length >= sizeof(arg.name))
		return -ENAMETOOLONG;
	memcpy(arg.name, name, length);
	ret = object_call(dev, MPDEMO_IOC_OPEN, &arg);
	return ret ? ret : arg.out_fd;
}

/* Another open file, hence another owner, or -errno. */
int object_reopen(int fd, uint32_t access)
{
	struct mpdemo_reopen arg = { .size = sizeof(arg), .flags = access };
	int ret = object_call(fd, MPDEMO_IOC_REOPEN, &arg);

	return ret ? ret : arg.out_fd;
}

/* Another open file with the access of this one, or -errno. */
int object_again(int fd)
{
	struct mpdemo_info info;
	int ret = object_info(fd, &info);

	return ret ? ret : object_reopen(fd, info.out_access);
}

/* MPDEMO_IOC_KEEP or _TAKE */
int object_move(int fd, unsigned int cmd, uint64_t handle)
{
	struct mpdemo_bulk arg = {
		.size = sizeof(arg), .count = 1, .handles = (uintptr_t)&handle,
	};

	return object_call(fd, cmd, &arg);
}

int object_info(int fd, struct mpdemo_info *info)
{
	*info = (struct mpdemo_info){ .size = sizeof(*info) };
	return object_call(fd, MPDEMO_IOC_INFO, info);
}

static int map(struct mpdemo_object *object, void *at, int flags)
{
	int prot = PROT_READ | (object->access & MPDEMO_ACCESS_WRITE ? PROT_WRITE : 0);
	void *base = mmap(at, object->map_bytes, prot, MAP_SHARED | flags, object->fd, 0);

	if (base == MAP_FAILED)
		return -errno;
	object->base = base;
	return 0;
}

/*
 * Take over an open file, and map it, @at if there is room, or with MAP_FIXED whatever is
 * there. Where that fails the file is left alone.
 */
int object_create(struct mpdemo_object *object, int fd, uint32_t kind, void *at,
		  int map_flags, struct mpdemo_info *info)
{
	int ret = object_info(fd, info);

	if (ret)
		return ret;
	if (info->out_kind != kind)
		return -EOPNOTSUPP;
	*object = (struct mpdemo_object){
		.fd = fd, .access = info->out_access,
		.reserved = map_flags & MAP_FIXED,
		.map_bytes = info->out_map_bytes,
	};
	return map(object, at, map_flags);
}

void object_unmap(struct mpdemo_object *object)
{
	/* Without a moment in which somebody else could get the addresses. */
	if (!object->reserved ||
	    mmap(object->base, object->map_bytes, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		munmap(object->base, object->map_bytes);
}
