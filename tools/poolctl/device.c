// SPDX-License-Identifier: GPL-2.0
/* Blocks of named objects, through /dev/mempool_demo. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempool_demo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"

/* What errnos mean: the table of <linux/mempool_demo.h> in words. */
static const struct {
	int error;
	const char *meaning;
} meanings[] = {
	{ ENOTTY, "the device does not know this command" },
	{ EINVAL, "the request is malformed, or the name is" },
	{ E2BIG, "the request has members that the module does not know" },
	{ EOPNOTSUPP, "the command does not fit this kind of object" },
	{ ERANGE, "a number is outside of its limits" },
	{ ENOSPC, "it does not fit into this object, however much is freed" },
	{ EAGAIN, "the pool has not enough free blocks now" },
	{ ETIMEDOUT, "there were not enough free blocks until the deadline" },
	{ EDQUOT, "this program would hold more blocks than its quota" },
	{ EALREADY, "the block of this handle is free already" },
	{ ESTALE, "the block of this handle was freed and allocated again" },
	{ ENOENT, "there is no block of this handle, and never was" },
	{ EPERM, "somebody else holds the block" },
	{ EBADF, "the mode of the object does not allow to read it" },
	{ EDQUOT, "an open file may not hold so many blocks: the quota of the object" },
	{ EACCES, "the mode of the object does not allow this access" },
	{ ESHUTDOWN, "the object was deleted" },
	{ ENFILE, "the module's limit of objects (max_objects) is reached" },
	{ ENOBUFS, "the module's limit of bytes (max_bytes) is reached" },
	{ ENOLCK, "the user may not lock that much memory (RLIMIT_MEMLOCK)" },
	{ EINTR, "a signal came first" },
	{ EMFILE, "the process has too many open files" },
	{ ENOMEM, "the kernel is out of memory" },
	{ EFAULT, "an address of the request leads nowhere" },
};

const char *device_meaning(int error)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].error == error)
			return meanings[i].meaning;
	}
	return NULL;
}

static void set_text(struct kernel_error *error, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
}

/* To be called while errno is that of the ioctl. */
static int refuse(struct kernel_error *error)
{
	const char *meaning = device_meaning(errno);

	*error = (struct kernel_error){ .error = errno };
	if (meaning) {
		error->interpreted = true;
		set_text(error, meaning);
	}
	return -1;
}

bool device_exists(void)
{
	return !access("/sys/class/misc/mempool_demo", F_OK);
}

static int refuse_device(struct kernel_error *error, const char *path)
{
	*error = (struct kernel_error){ .error = errno };
	switch (error->error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		error->absent = true;
		snprintf(error->text, sizeof(error->text),
			 "there is no device %s%s", path,
			 device_exists() ? ", but module mempool_demo is loaded" :
					   ": module mempool_demo is not loaded");
		break;
	case ENOTTY:
	case ENOTDIR:
	case EISDIR:
		error->absent = true;
		snprintf(error->text, sizeof(error->text),
			 "%s is not the device of mempool_demo", path);
		break;
	case EACCES:
	case EPERM:
		error->interpreted = true;
		snprintf(error->text, sizeof(error->text),
			 "no permission to open the device %s", path);
		break;
	}
	return -1;
}

static int open_object(int device, const char *name, uint32_t access,
		       struct kernel_error *error)
{
	struct mpdemo_open arg = {
		.size = sizeof(arg),
		.flags = access,
	};

	memcpy(arg.name, name, strnlen(name, MPDEMO_NAME_SIZE - 1));
	if (!ioctl(device, MPDEMO_IOC_OPEN, &arg))
		return arg.out_fd;

	refuse(error);
	if (error->error == ENOENT)
		set_text(error, "there is no object of this name");
	else if (error->error == EINVAL)
		set_text(error, "the name is malformed");
	return -1;
}

/*
 * Other devices have answers of their own to our ioctls. The kernel says which
 * is ours; where it does not say, the ioctl will have to.
 */
static bool is_ours(int device)
{
	FILE *file = fopen("/sys/class/misc/mempool_demo/dev", "re");
	unsigned int major, minor;
	struct stat status;
	bool ours = true;

	if (file && fscanf(file, "%u:%u", &major, &minor) == 2)
		ours = !fstat(device, &status) && S_ISCHR(status.st_mode) &&
		       status.st_rdev == makedev(major, minor);
	if (file)
		fclose(file);
	return ours;
}

static int open_device(const char *path, struct kernel_error *error)
{
	int device = open(path, O_RDWR | O_CLOEXEC);

	if (device < 0)
		return refuse_device(error, path);
	if (!is_ours(device)) {
		close(device);
		errno = ENOTTY;
		return refuse_device(error, path);
	}
	return device;
}

int device_probe(const char *path, struct kernel_error *error)
{
	int device = open_device(path, error);

	if (device < 0)
		return -1;
	close(device);
	return 0;
}

static int open_named(const char *path, const char *name, uint32_t access,
		      struct kernel_error *error)
{
	int device = open_device(path, error);
	int fd;

	if (device < 0)
		return -1;
	fd = open_object(device, name, access, error);
	if (fd < 0 && error->error == ENOTTY) {
		errno = ENOTTY;
		refuse_device(error, path);
	}
	close(device);
	return fd;
}

/* For reading as well, where the object lets us: who only writes can do the most. */
int device_open(const char *path, const char *name, struct kernel_error *error)
{
	int fd = open_named(path, name, MPDEMO_ACCESS_READ | MPDEMO_ACCESS_WRITE,
			    error);

	if (fd >= 0 || error->error != EACCES)
		return fd;
	*error = (struct kernel_error){ 0 };
	return open_named(path, name, MPDEMO_ACCESS_WRITE, error);
}

int device_open_to_read(const char *path, const char *name,
			struct kernel_error *error)
{
	return open_named(path, name, MPDEMO_ACCESS_READ, error);
}

int device_info(int fd, struct mpdemo_info *info, struct kernel_error *error)
{
	*info = (struct mpdemo_info){ .size = sizeof(*info) };
	return ioctl(fd, MPDEMO_IOC_INFO, info) ? refuse(error) : 0;
}

int device_heap_class(int fd, unsigned int number,
		      struct mpdemo_heap_class *class, struct kernel_error *error)
{
	*class = (struct mpdemo_heap_class){
		.size = sizeof(*class),
		.number = number,
	};
	return ioctl(fd, MPDEMO_IOC_HEAP_STATS, class) ? refuse(error) : 0;
}

int device_alloc(int fd, uint64_t *handles, uint32_t count, bool keep,
		 struct kernel_error *error)
{
	struct mpdemo_bulk arg = {
		.size = sizeof(arg),
		.flags = keep ? MPDEMO_ALLOC_KEEP : 0,
		.count = count,
		.handles = (uintptr_t)handles,
	};

	return ioctl(fd, MPDEMO_IOC_ALLOC_BULK, &arg) ? refuse(error) : 0;
}

static int work_through(int fd, unsigned long request, const uint64_t *handles,
			size_t count, size_t *done, struct kernel_error *error)
{
	for (*done = 0; *done < count;) {
		size_t left = count - *done;
		struct mpdemo_bulk arg = {
			.size = sizeof(arg),
			.count = left < MPDEMO_BULK_MAX ? left :
							  MPDEMO_BULK_MAX,
			.handles = (uintptr_t)(handles + *done),
		};
		int result = ioctl(fd, request, &arg);

		if (result)
			refuse(error);
		*done += result ? arg.out_done : arg.count;
		if (result)
			return -1;
	}
	return 0;
}

int device_free(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error)
{
	return work_through(fd, MPDEMO_IOC_FREE_BULK, handles, count, done,
			    error);
}

int device_keep(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error)
{
	return work_through(fd, MPDEMO_IOC_KEEP, handles, count, done, error);
}

int device_take(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error)
{
	return work_through(fd, MPDEMO_IOC_TAKE, handles, count, done, error);
}

int device_copy(int fd, uint64_t offset, void *bytes, size_t count,
		bool to_object, struct kernel_error *error)
{
	for (size_t done = 0; done < count;) {
		char *at = (char *)bytes + done;
		ssize_t n = to_object ?
			pwrite(fd, at, count - done, offset + done) :
			pread(fd, at, count - done, offset + done);

		if (n < 0 && errno != EINTR)
			return refuse(error);
		if (!n) {
			errno = ENOSPC;
			return refuse(error);
		}
		if (n > 0)
			done += n;
	}
	return 0;
}

int device_heap_alloc(int fd, struct heap_piece *piece, bool keep,
		      struct kernel_error *error)
{
	struct mpdemo_heap_alloc arg = {
		.size = sizeof(arg),
		.flags = keep ? MPDEMO_ALLOC_KEEP : 0,
		.bytes = piece->bytes,
	};

	if (ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &arg))
		return refuse(error);
	piece->bytes = arg.out_bytes;
	piece->handle = arg.out_handle;
	piece->offset = arg.out_offset;
	return 0;
}

int device_arena_alloc(int fd, uint64_t bytes, uint32_t align, uint64_t *offset,
		       struct kernel_error *error)
{
	struct mpdemo_arena_alloc arg = {
		.size = sizeof(arg),
		.bytes = bytes,
		.align = align,
	};

	if (ioctl(fd, MPDEMO_IOC_ARENA_ALLOC, &arg))
		return refuse(error);
	*offset = arg.out_offset;
	return 0;
}

int device_arena_reset(int fd, uint64_t *bytes, struct kernel_error *error)
{
	struct mpdemo_arena_reset arg = { .size = sizeof(arg) };

	if (ioctl(fd, MPDEMO_IOC_ARENA_RESET, &arg))
		return refuse(error);
	*bytes = arg.out_bytes;
	return 0;
}
