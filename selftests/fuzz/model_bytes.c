// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are about the bytes of objects, whatever their kind.
 */
#include "model_state.h"

#include <poll.h>

void call_map(const struct op *op, struct file *f)
{
	struct object *o = f->object;
	size_t bytes = o->map_bytes;
	int prot = PROT_READ | PROT_WRITE;
	/* What is not open for reading is refused before anything is looked at. */
	int refused = f->access & MPDEMO_ACCESS_READ ? -EINVAL : -EACCES;
	void *map;

	if (f->map)
		return;
	if (op->a[0] == 1) {
		map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, f->fd, 0);
		expect("private mmap", refused, map == MAP_FAILED ? -errno : 0);
		return;
	}
	if (op->a[0] == 2) {
		map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, f->fd,
			   (off_t)(bytes + PAGE) << 8);
		expect("mmap beyond the end", refused,
		       map == MAP_FAILED ? -errno : 0);
		return;
	}
	if (f->access != RW) {
		map = mmap(NULL, bytes, prot, MAP_SHARED, f->fd, 0);
		expect("mmap to write", -EACCES, map == MAP_FAILED ? -errno : 0);
		return;
	}
	map = mmap(NULL, bytes, prot, MAP_SHARED, f->fd, 0);
	expect("mmap", 0, map == MAP_FAILED ? -errno : 0);
	if (map == MAP_FAILED)
		return;
	f->map = map;
	f->map_bytes = bytes;
	/* What has come by now does not go any more. */
	check_info(f);
}

static void unmap(struct file *f)
{
	if (!f->map)
		return;
	expect("munmap", 0, munmap(f->map, f->map_bytes));
	f->map = NULL;
	released(f);
}

void call_unmap(const struct op *op, struct file *f)
{
	(void)f;
	unmap(&file[op->slot % SLOTS]);
}

/* Of a pool that grows there is no more than it has. */
static size_t bytes_there(const struct file *f)
{
	const struct object *o = f->object;

	return o->present < o->blocks ? (size_t)o->present * o->stride : f->map_bytes;
}

/* Over all that is mapped, whoever holds it. */
static void scribble(__u8 byte)
{
	for (int i = 0; i < SLOTS; i++)
		if (file[i].object && file[i].map)
			memset(file[i].map, byte ? byte : 0xff,
			       bytes_there(&file[i]));
}

void call_scribble(const struct op *op, struct file *f)
{
	(void)f;
	scribble(op->a[0]);
}

/*
 * Where a call reads or writes. Return: of how many bytes at most, or why of none.
 */
static long bytes_at(const struct object *o, const struct file *f, off_t offset,
		     bool *whose_matters, int *whose)
{
	__u64 index, pos, bytes;

	*whose_matters = false;
	if (offset < 0)
		return -EINVAL;
	if (o->kind == MPDEMO_OBJECT_ARENA)
		return (__u64)offset < o->in_use ? (long)(o->in_use - offset) : 0;
	if (o->kind == MPDEMO_OBJECT_HEAP) {
		index = heap_number_at(o, offset, &pos, &bytes);
	} else {
		index = offset / o->stride;
		pos = offset % o->stride;
		bytes = o->block_size;
	}
	if (index >= o->blocks || pos >= bytes)
		return -ERANGE;
	if (!o->generation[index])
		return -ENOENT;
	*whose_matters = true;
	*whose = o->owner[index] == FREE ? -EALREADY :
		 o->owner[index] == KEEPER || o->owner[index] == FIRST + f - file ?
		 0 : -EPERM;
	return bytes - pos;
}

/* Of a block or its padding, of what is in use or not, or of nothing. */
static off_t some_offset(const struct op *op, const struct object *o)
{
	if (op->a[4] == 1)
		return -1 - op->a[0];
	if (op->a[4] == 2)
		return 1LL << 40;
	/* In what is held or was, as far as its begin is known. */
	if (o->kind == MPDEMO_OBJECT_HEAP && op->a[1] < 200 && o->has[op->a[0] % o->blocks])
		return o->offset[op->a[0] % o->blocks] +
		       op->a[1] * o->has[op->a[0] % o->blocks] / 200;
	if (o->kind == MPDEMO_OBJECT_HEAP)
		return o->map_bytes * op->a[0] / 254 + op->a[1] - 200;
	if (o->kind == MPDEMO_OBJECT_ARENA)
		return (off_t)op->a[0] * (op->a[1] % 32);
	return (off_t)(op->a[0] % (o->blocks + 2)) * o->stride +
	       (op->a[1] < 200 ? op->a[1] * o->block_size / 200 :
				 o->stride - 1 - op->a[1] % 8);
}

/*
 * A buffer of @bytes, for the kernel to write to or to read from, of which @there are
 * there.
 */
static char *some_buffer(__u8 a, bool to_write, size_t bytes, size_t *there)
{
	char *end = page + (to_write ? 2 : 3) * PAGE;

	*there = bytes;
	if (a < 16) {
		*there = 0;
		return a & 1 ? NULL : page + 3 * PAGE + a;
	}
	if (a < 48 && bytes > 1) {
		*there = bytes / 2;
		return end - *there;
	}
	return page;
}

static size_t some_length(__u8 a)
{
	static const size_t lengths[] = { 0, 1, 8, 24, 100, 1000, 4096, 5000 };

	return lengths[a % 8];
}

/*
 * How many bytes are moved, or what is returned. The owner of a block is asked after
 * the bytes of a writer were read, and before those of a reader are written.
 */
static long moved(const struct file *f, off_t offset, size_t bytes, size_t there,
		  bool write)
{
	const struct object *o = f->object;
	bool whose_matters;
	int whose = 0;
	long most;

	if (offset < 0)
		return -EINVAL;
	if (!(f->access & (write ? MPDEMO_ACCESS_WRITE : MPDEMO_ACCESS_READ)))
		return -EBADF;
	if (!bytes)
		return 0;
	most = bytes_at(o, f, offset, &whose_matters, &whose);
	if (most < 0)
		return most;
	if (write && !there)
		return -EFAULT;
	if (whose_matters && whose)
		return whose;
	if (!most)
		return write ? -ENOSPC : 0;
	if (!there)
		return -EFAULT;
	if (bytes > (size_t)most)
		bytes = most;
	return bytes < there ? bytes : there;
}

/* Where the kernel stops within a buffer that ends is not said. */
static void expect_moved(const char *what, long expected, long seen, size_t bytes,
			 size_t there)
{
	if (there < bytes && expected > 0 && seen > 0 && seen <= expected)
		seen = expected;
	expect(what, expected, seen);
}

/* The bytes of a mapping, if there is one, at an offset of the object. */
static const char *mapped_at(const struct object *o, off_t offset)
{
	for (int i = 0; i < SLOTS; i++)
		if (file[i].object == o && file[i].map)
			return file[i].map + offset;
	return NULL;
}

void call_read(const struct op *op, struct file *f)
{
	size_t bytes = some_length(op->a[2]), there;
	char *buffer = some_buffer(op->a[3], true, bytes, &there);
	off_t offset = some_offset(op, f->object);
	long expected = moved(f, offset, bytes, there, false), ret;
	const char *same = expected > 0 ? mapped_at(f->object, offset) : NULL;

	memset(page, 0x77, 2 * PAGE);
	ret = pread(f->fd, buffer, bytes, offset);
	if (ret < 0)
		ret = -errno;
	expect_moved("pread", expected, ret, bytes, there);
	if (same && ret > 0 && memcmp(buffer, same, ret))
		wrong("pread: not what is mapped at %lld", (long long)offset);
	/* Not a byte more was written. */
	for (size_t i = ret > 0 ? ret : 0; i < there; i++)
		if (buffer[i] != 0x77) {
			wrong("pread: byte %zu was written, of %ld", i, ret);
			break;
		}
}

void call_write(const struct op *op, struct file *f)
{
	size_t bytes = some_length(op->a[2]), there;
	char *buffer = some_buffer(op->a[3], false, bytes, &there);
	off_t offset = some_offset(op, f->object);
	long expected = moved(f, offset, bytes, there, true), ret;
	const char *same = expected > 0 ? mapped_at(f->object, offset) : NULL;
	static char again[2 * PAGE];

	for (size_t i = 0; i < 2 * PAGE; i++)
		page[i] = op->how + i * 7;
	ret = pwrite(f->fd, buffer, bytes, offset);
	if (ret < 0)
		ret = -errno;
	expect_moved("pwrite", expected, ret, bytes, there);
	if (ret <= 0)
		return;
	if (same && memcmp(buffer, same, ret))
		wrong("pwrite: not what is mapped at %lld", (long long)offset);
	if (f->access == RW && (pread(f->fd, again, ret, offset) != ret ||
				memcmp(buffer, again, ret)))
		wrong("pwrite: not what is read at %lld", (long long)offset);
}

/* As nobody else is there, what it hints at is so. */
void call_poll(const struct op *op, struct file *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN | POLLOUT | POLLPRI };
	const struct object *o = f->object;
	bool may = f->access & MPDEMO_ACCESS_WRITE && !over_quota(f, 1);

	(void)op;
	if (o->kind == MPDEMO_OBJECT_POOL)
		may &= o->in_use < o->blocks;
	if (poll(&p, 1, 0) < 0)
		wrong("poll: errno %d", errno);
	expect("poll", may ? POLLIN : 0, p.revents);
}
