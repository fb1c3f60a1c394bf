// SPDX-License-Identifier: GPL-2.0
/*
 * What the model knows, and how it looks whether the kernel agrees.
 */
#include "model_state.h"

#include <stdarg.h>

const char *model_error;
unsigned long model_calls;

static char error_text[256];
bool tracing;
int device;
int or_else;
int returned;
struct object object[OBJECTS];
struct file file[SLOTS];
char *page;
static __u64 remembered[REMEMBERED];
static unsigned int nr_remembered;

void wrong(const char *format, ...)
{
	va_list list;

	if (model_error)
		return;
	va_start(list, format);
	vsnprintf(error_text, sizeof(error_text), format, list);
	va_end(list);
	model_error = error_text;
}

void expect(const char *what, int expected, int seen)
{
	model_calls++;
	if (tracing)
		printf("# %s: %d\n", what, seen);
	returned = seen;
	if (expected != seen && (!or_else || seen != or_else))
		wrong("%s returned %d where it must be %d", what, seen, expected);
}

/*
 * Call, in the way that @op says. Return: what the command itself must return; what
 * the call returned is checked here. @back: it writes back where it succeeds.
 * *@lost: it was done, but its caller was not told.
 */
bool submit(const char *what, const struct op *op, int fd, unsigned int cmd,
	    void *arg, size_t size, size_t min, int expected, bool back, bool *lost)
{
	int how = op->how % HOW_SHARE;
	char *at = page;
	int ret;

	memset(page, 0, PAGE);
	*lost = false;
	memcpy(page, arg, size);
	switch (how) {
	case HOW_NULL:
		at = NULL;
		expected = -EFAULT;
		break;
	case HOW_BEYOND:
		at = (char *)(~0UL - 100);
		expected = -EFAULT;
		break;
	case HOW_SMALL:
		*(__u32 *)page = min - 1 - op->a[4] % (min - 1);
		expected = -EINVAL;
		break;
	case HOW_LONGER:
		*(__u32 *)page = size + 8 * (op->a[4] % 32);
		break;
	case HOW_LONGER_BAD:
		*(__u32 *)page = 1024;
		page[1023] = 1;
		expected = -E2BIG;
		break;
	case HOW_HUGE:
		*(__u32 *)page = PAGE + 1 + op->a[4];
		expected = -E2BIG;
		break;
	case HOW_CUT:
		at = page + 3 * PAGE - size + 8;
		mprotect(page + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE);
		memcpy(at, page, size - 8);
		mprotect(page + 2 * PAGE, PAGE, PROT_READ);
		expected = -EFAULT;
		break;
	case HOW_READ_ONLY:
		at = page + 2 * PAGE;
		mprotect(at, PAGE, PROT_READ | PROT_WRITE);
		memcpy(at, page, size);
		mprotect(at, PAGE, PROT_READ);
		if (!expected && back) {
			expected = -EFAULT;
			*lost = true;
		}
		break;
	}
	ret = ioctl(fd, cmd, at) ? -errno : 0;
	expect(what, expected, ret);
	if (or_else && ret == or_else)
		*lost = false;
	or_else = 0;
	if (at == page) {
		__u32 its = *(__u32 *)page;

		memcpy(arg, page, size);
		if (how != HOW_SMALL && its != (how == HOW_LONGER ?
		    size + 8 * (op->a[4] % 32) : how == HOW_LONGER_BAD ? 1024U :
		    how == HOW_HUGE ? PAGE + 1U + op->a[4] : size))
			wrong("%s changed the size", what);
	}
	return how == HOW_READ_ONLY || how == HOW_LONGER || !how || how >= HOW_NR;
}

struct file *empty_slot(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (!file[i].object)
			return &file[i];
	return NULL;
}

struct object *new_object(void)
{
	for (int i = 0; i < OBJECTS; i++)
		if (!object[i].files) {
			memset(&object[i], 0, sizeof(object[i]));
			return &object[i];
		}
	return NULL;
}

void opened(struct file *f, struct object *o, int fd, __u32 access)
{
	*f = (struct file){ .object = o, .fd = fd, .access = access };
	o->files++;
	o->map_bytes = info_of(fd).out_map_bytes;
	if (fd < 0 || !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		wrong("no descriptor with close-on-exec: %d", fd);
}

/* The block @index is not held any more. */
void freed(struct object *o, __u32 index)
{
	o->owner[index] = FREE;
	o->frees++;
	if (o->kind == MPDEMO_OBJECT_HEAP) {
		o->in_use -= o->has[index];
		class_of(o, index)->frees++;
	} else {
		o->in_use--;
	}
}

/* No descriptor and no mapping any more: what it held comes back. */
void released(struct file *f)
{
	struct object *o = f->object;
	int me = FIRST + (int)(f - file);

	if (f->fd >= 0 || f->map)
		return;
	for (unsigned int i = 0; i < o->blocks; i++)
		if (o->owner[i] == me) {
			freed(o, i);
			o->reclaimed++;
		}
	o->files--;
	f->object = NULL;
}

/* It has no more chunks than it took for the most that was wanted at one time. */
static void check_present(struct object *o, const struct mpdemo_info *i)
{
	__u64 most = o->floor, bytes;

	SAME(out_max_blocks, o->blocks);
	SAME(out_align, o->align);
	o->present = i->out_present;
	bytes = (__u64)o->blocks * o->stride;
	SAME(out_map_bytes, (bytes + PAGE - 1) / PAGE * PAGE);
	if (o->chunk && o->wanted > o->floor)
		most += (o->wanted - o->floor + o->chunk - 1) / o->chunk * o->chunk;
	if (most > o->blocks || (o->grows && !o->chunk))
		most = o->blocks;
	if (i->out_present < o->floor || i->out_present > most ||
	    i->out_present < o->in_use ||
	    (i->out_present < o->blocks &&
	     (i->out_present - o->floor) % (o->chunk ? o->chunk : 1)))
		wrong("info: %llu blocks are present, of %u to %llu, by %u",
		      (unsigned long long)i->out_present, o->floor, most, o->chunk);
}

void check_info(const struct file *f)
{
	struct object *o = f->object;
	struct mpdemo_info info = info_of(f->fd), *i = &info;
	bool is_pool = o->kind == MPDEMO_OBJECT_POOL;

	SAME(out_kind, (__u32)o->kind);
	SAME(out_access, f->access);
	SAME(out_state, 0U);
	SAME(out_in_use, o->in_use);
	SAME(out_allocs, o->allocs);
	SAME(out_frees, o->frees);
	SAME(out_failures, o->failures);
	SAME(out_refused, o->refused);
	SAME(out_kept, o->kept);
	SAME(out_held, f->held);
	SAME(out_reclaimed, o->reclaimed);
	SAME(out_capacity, is_pool ? o->floor : o->bytes);
	SAME(out_quota, o->quota);
	SAME(out_waiters, 0ULL);
	SAME(out_map_bytes, o->map_bytes);
	if (i->out_map_bytes % PAGE ||
	    i->out_map_bytes < (is_pool ? o->in_use * o->stride : o->bytes))
		wrong("info: out_map_bytes is %llu",
		      (unsigned long long)i->out_map_bytes);
	if (i->out_peak < i->out_in_use ||
	    i->out_peak > (is_pool ? o->blocks : o->bytes))
		wrong("info: out_peak is %llu", (unsigned long long)i->out_peak);
	if (is_pool) {
		check_present(o, i);
		return;
	}
	SAME(out_max_blocks, 0ULL);
	SAME(out_present, 0ULL);
	SAME(out_align, 0U);
}

/* Whether it would hold too many with @n more. */
bool over_quota(const struct file *f, unsigned int n)
{
	return f->object->quota && f->held + n > f->object->quota;
}

/* All refusals that a command on a file has before it looks at anything else. */
int may_use(const struct file *f, int kind, __u32 flags, __u32 known)
{
	if (flags & ~known)
		return -EINVAL;
	if (f->object->kind != kind)
		return -EOPNOTSUPP;
	return f->access & MPDEMO_ACCESS_WRITE ? 0 : -EBADF;
}

/* Those of commands that take handles. */
int may_use_blocks(const struct file *f, __u32 flags)
{
	if (flags)
		return -EINVAL;
	if (f->object->kind == MPDEMO_OBJECT_ARENA)
		return -EOPNOTSUPP;
	return f->access & MPDEMO_ACCESS_WRITE ? 0 : -EBADF;
}

/* Mostly the next file that the call is for; there are many of other kinds. */
struct file *of_kind(struct file *f, int kind, const struct op *op)
{
	struct file *next = f;

	if (op->slot >= 240)
		return f;
	for (int i = 0; i < SLOTS; i++) {
		if (next->object && next->fd >= 0 && next->object->kind == kind)
			return next;
		next = &file[(next - file + 1) % SLOTS];
	}
	return f;
}

int owner_of_new(const struct file *f, __u32 flags)
{
	return flags & MPDEMO_ALLOC_KEEP ? KEEPER : FIRST + (int)(f - file);
}

void remember(__u64 handle)
{
	remembered[nr_remembered++ % REMEMBERED] = handle;
}

void forget_handles(void)
{
	nr_remembered = 0;
	memset(remembered, 0, sizeof(remembered));
}

/* One that was held once, now and then changed. */
__u64 some_handle(__u8 a, __u8 b)
{
	__u64 handle = remembered[a % REMEMBERED];

	if (b < 16)
		handle += (__u64)(b - 8) << 32;
	else if (b < 24)
		handle += b - 20;
	else if (b == 24)
		handle = MPDEMO_HANDLE(~0U, 1);
	else if (b == 25)
		handle = 0;
	else if (b == 26)
		handle |= 1ULL << 63;
	return handle;
}

/* Why a handle is refused by a command of open file @me, or 0. */
int why_refused(const struct object *o, __u64 handle, int from, bool or_kept)
{
	__u32 index = MPDEMO_HANDLE_INDEX(handle);
	__u32 generation = MPDEMO_HANDLE_GENERATION(handle);

	if (index >= o->blocks || !generation || !o->generation[index] ||
	    (int32_t)(o->generation[index] - generation) < 0)
		return -ENOENT;
	if (generation != o->generation[index])
		return -ESTALE;
	if (o->owner[index] == FREE)
		return -EALREADY;
	if (o->owner[index] == from || (or_kept && o->owner[index] == KEEPER))
		return 0;
	return -EPERM;
}

static void count(struct object *o, int owner, int by)
{
	if (owner == KEEPER)
		o->kept += by;
	else if (owner >= FIRST)
		file[owner - FIRST].held += by;
}

void change_owner(struct object *o, __u64 handle, int to)
{
	__u32 index = MPDEMO_HANDLE_INDEX(handle);

	count(o, o->owner[index], -1);
	count(o, to, 1);
	if (to == FREE)
		freed(o, index);
	else
		o->owner[index] = to;
}

/* @bytes at @offset of an object, where anybody has it mapped. */
bool zero_there(const struct object *o, size_t offset, size_t bytes)
{
	for (int i = 0; i < SLOTS; i++) {
		const char *p = file[i].map;

		if (file[i].object != o || !p)
			continue;
		p += offset;
		return !p[0] && !memcmp(p, p + 1, bytes - 1);
	}
	return true;
}

void got(struct object *o, __u64 handle, int owner)
{
	__u32 index = MPDEMO_HANDLE_INDEX(handle);
	bool is_heap = o->kind == MPDEMO_OBJECT_HEAP;

	if (index >= o->blocks || o->owner[index] != FREE ||
	    MPDEMO_HANDLE_GENERATION(handle) != o->generation[index] + 1) {
		wrong("handle %#llx is not of a free block's next use",
		      (unsigned long long)handle);
		return;
	}
	if (!zero_there(o, is_heap ? o->offset[index] : (size_t)index * o->stride,
			is_heap ? o->has[index] : o->block_size))
		wrong("block %u is not zero", index);
	o->generation[index]++;
	o->owner[index] = owner;
	o->in_use += is_heap ? o->has[index] : 1;
	o->allocs++;
	count(o, owner, 1);
	remember(handle);
}

/* @n blocks were allocated and freed again: which? By asking for their next use. */
void undone(struct file *f, unsigned int n)
{
	struct object *o = f->object;
	unsigned int found = 0;

	for (unsigned int i = 0; i < o->blocks; i++) {
		__u64 next = MPDEMO_HANDLE(i, o->generation[i] + 1);
		int ret;

		if (o->owner[i] != FREE)
			continue;
		ret = pool_free(f->fd, next);
		o->refused += ret != 0;
		if (ret == -EALREADY) {
			o->generation[i]++;
			found++;
			if (o->kind == MPDEMO_OBJECT_HEAP) {
				class_of(o, i)->allocs++;
				class_of(o, i)->frees++;
			}
		} else if (ret != -ENOENT) {
			wrong("undone, but the block's next use is %d", ret);
		}
	}
	o->allocs += n;
	o->frees += n;
	if (found != n)
		wrong("%u blocks undone where it must be %u", found, n);
}
