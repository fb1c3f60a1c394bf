// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are about blocks of pools, and those that take handles, which are for heaps
 * too.
 */
#include "model_state.h"

/* How many blocks make a chunk, or the floor, of whole pages. */
static unsigned int whole_pages(unsigned int blocks, unsigned int stride)
{
	while (blocks * stride % PAGE)
		blocks++;
	return blocks;
}

/* What the model is to know of a pool. */
static void created(struct file *f, struct object *o,
		    const struct mpdemo_pool_create *a)
{
	struct mpdemo_info info;

	o->kind = MPDEMO_OBJECT_POOL;
	o->block_size = a->block_size;
	o->align = a->align > MPDEMO_ALIGN_MIN ? a->align : MPDEMO_ALIGN_MIN;
	o->quota = a->quota;
	opened(f, o, a->out_fd, RW);
	info = info_of(f->fd);
	o->stride = info.out_stride;
	if (o->stride < o->block_size || o->stride % o->align)
		wrong("stride %u of blocks of %u", o->stride, o->block_size);
	o->blocks = a->blocks;
	o->floor = o->blocks;
	if (a->max_blocks <= a->blocks || model_error)
		return;
	o->blocks = a->max_blocks;
	o->floor = whole_pages(a->blocks, o->stride);
	o->grows = o->floor < o->blocks;
	if (!o->grows)
		o->floor = o->blocks;
	o->chunk = a->chunk_blocks;
	if (o->chunk > o->blocks - a->blocks)
		o->chunk = o->blocks - a->blocks;
	if (o->chunk)
		o->chunk = whole_pages(o->chunk, o->stride);
}

void call_pool_create(const struct op *op, struct file *f)
{
	static const unsigned int sizes[] = { 1, 8, 24, 64, 200, 4096, 5000, 0 };
	static const unsigned int aligns[] = { 0, 8, 64, 4096, 4, 3, 8192, 0 };
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .flags = op->a[3] == 1,
		.block_size = sizes[op->a[0] % 8],
		.blocks = op->a[1] % (BLOCKS_MAX + 1),
		.align = op->a[2] < 64 ? aligns[op->a[2] % 8] : 0, .out_fd = -1,
	};
	struct object *o = new_object();
	int expected = 0;
	bool lost;

	f = empty_slot();
	if (!f || !o)
		return;
	if (a.flags)
		expected = -EINVAL;
	else if (!a.block_size || !a.blocks || a.align == 3 || a.align == 8192)
		expected = -ERANGE;
	if (!SUBMIT("POOL_CREATE", op, device, MPDEMO_IOC_POOL_CREATE, a, out_fd,
		    expected, true, &lost) || expected || lost || model_error)
		return;
	created(f, o, &a);
}

static int why_not_created(const struct mpdemo_pool_create *a)
{
	if (a->flags || a->reserved2)
		return -EINVAL;
	if (a->quota > MPDEMO_BLOCKS_MAX)
		return -ERANGE;
	if (!a->max_blocks || a->max_blocks == a->blocks)
		return a->chunk_blocks ? -EINVAL : 0;
	return a->max_blocks < a->blocks || a->max_blocks > MPDEMO_BLOCKS_MAX ?
		-ERANGE : 0;
}

/* With a quota, or one that grows, or by a program that knows of neither. */
void call_pool_create_more(const struct op *op, struct file *f)
{
	static const unsigned int sizes[] = { 512, 1000, 1024, 2048, 4096, 4000 };
	static const unsigned int quotas[] = {
		0, 1, 2, 3, 5, 8, 13, 0, MPDEMO_BLOCKS_MAX, MPDEMO_BLOCKS_MAX + 1,
	};
	bool old = op->a[4] >= 240;
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = sizes[op->a[0] % 6],
		.align = 512, .blocks = op->a[1] % 24 + 1, .out_fd = -1,
		.max_blocks = op->a[2] < 64 ? 0 : op->a[2] % BLOCKS_MAX + 1,
		.chunk_blocks = op->a[2] < 60 ? 0 : op->a[3] % 16,
		.quota = quotas[op->a[4] % 10], .reserved2 = op->a[3] == 255,
	};
	size_t min = offsetof(struct mpdemo_pool_create, out_fd) + sizeof(a.out_fd);
	struct object *o = new_object();
	int expected;
	bool lost;

	f = empty_slot();
	if (!f || !o)
		return;
	if (a.max_blocks > a.blocks && op->a[3] < 16)
		a.max_blocks += MPDEMO_BLOCKS_MAX;
	if (old) {
		a.size = min;
		a.max_blocks = 0;
		a.chunk_blocks = 0;
		a.quota = 0;
		a.reserved2 = 0;
	}
	expected = why_not_created(&a);
	if (!submit("POOL_CREATE", op, device, MPDEMO_IOC_POOL_CREATE, &a, a.size,
		    min, expected, true, &lost) || expected || lost || model_error)
		return;
	created(f, o, &a);
}

static __u32 alloc_flags(__u8 a)
{
	return a < 32 ? MPDEMO_ALLOC_KEEP : a == 32 ? 1U << 30 : 0;
}

/*
 * What becomes of an allocation that is none of the caller's mistakes. @patient: it has
 * as much time as growing takes.
 */
static int why_none(struct file *f, __u32 flags, unsigned int n, bool patient)
{
	struct object *o = f->object;

	if (!(flags & MPDEMO_ALLOC_KEEP) && over_quota(f, n))
		return -EDQUOT;
	if (n > o->blocks)
		return -ENOSPC;
	if (n > o->blocks - o->in_use) {
		if (!(flags & MPDEMO_ALLOC_WAIT))
			return -EAGAIN;
		/* It gathers what there is meanwhile, and has the pool grow. */
		o->wanted = o->blocks;
		return -ETIMEDOUT;
	}
	if (o->wanted < o->in_use + n)
		o->wanted = o->in_use + n;
	/* Who waits gathers what there is, and it grows meanwhile; which may take longer. */
	if (flags & MPDEMO_ALLOC_WAIT && o->grows && o->present < o->in_use + n) {
		o->wanted = o->blocks;
		or_else = patient ? 0 : -ETIMEDOUT;
	}
	return 0;
}

static bool no_room(int ret)
{
	return ret == -ENOSPC || ret == -EAGAIN || ret == -ETIMEDOUT;
}

/* Of all kinds; one that never comes only where it need not come. */
static __u64 some_deadline(__u8 a, bool *patient)
{
	*patient = false;
	switch (a % 4) {
	case 0:
		return a & 64;
	case 1:
		return now_ns() - 1;
	case 2:
		return in_ms(1);
	default:
		*patient = true;
		return MPDEMO_NO_DEADLINE;
	}
}

static void alloc(const struct op *op, struct file *f, __u32 flags, __u64 deadline,
		  bool patient)
{
	struct mpdemo_alloc a = {
		.size = sizeof(a), .flags = flags, .deadline = deadline,
	};
	struct object *o = f->object;
	int expected = may_use(f, MPDEMO_OBJECT_POOL, a.flags,
			       MPDEMO_ALLOC_KEEP | MPDEMO_ALLOC_WAIT), none = 0;
	bool lost;

	if (deadline && !(flags & MPDEMO_ALLOC_WAIT))
		expected = -EINVAL;
	if (!expected) {
		none = why_none(f, flags, 1, patient);
		expected = none;
	}
	if (patient && none == -ETIMEDOUT)
		a.deadline = in_ms(1);
	if (!SUBMIT("ALLOC", op, f->fd, MPDEMO_IOC_ALLOC, a, out_handle, expected,
		    true, &lost) || model_error)
		return;
	if (returned == -ETIMEDOUT) {
		none = returned;
		expected = returned;
	}
	o->failures += no_room(none);
	if (lost)
		undone(f, 1);
	else if (!expected)
		got(o, a.out_handle, owner_of_new(f, a.flags));
}

void call_free(const struct op *op, struct file *f)
{
	struct mpdemo_free a = {
		.size = sizeof(a), .flags = op->a[2] == 1,
		.handle = some_handle(op->a[0], op->a[1]),
	};
	struct object *o = f->object;
	int use = may_use_blocks(f, a.flags);
	int expected = use ? use : why_refused(o, a.handle, FIRST + (f - file), true);
	bool lost;

	if (!SUBMIT("FREE", op, f->fd, MPDEMO_IOC_FREE, a, handle, expected, false,
		    &lost) || model_error)
		return;
	if (!expected)
		change_owner(o, a.handle, FREE);
	else if (!use)
		o->refused++;
}

/* Where an array of handles is: fine, nowhere, or ends in a hole. */
static __u64 *array_at(__u8 a, unsigned int n, bool *fault)
{
	char *end = page + 2 * PAGE;

	/* The page behind this one cannot be written. */
	*fault = a < 2;
	if (!a)
		return NULL;
	if (a == 1)
		return (__u64 *)(page + 4 * PAGE) - n + 1;
	return (__u64 *)end - n;
}

static void alloc_bulk(const struct op *op, struct file *f, __u32 flags,
		       __u64 deadline, bool patient)
{
	unsigned int n = op->a[1] < 4 ? op->a[1] * 40 : op->a[1] % BULK + 1;
	struct mpdemo_bulk a = {
		.size = sizeof(a), .flags = flags, .count = n, .out_done = 77,
		.deadline = deadline,
	};
	struct object *o = f->object;
	int expected = may_use(f, MPDEMO_OBJECT_POOL, a.flags,
			       MPDEMO_ALLOC_KEEP | MPDEMO_ALLOC_WAIT), none = 0;
	bool fault, lost = false, writes = false;
	__u64 *handles = array_at(op->a[2], n, &fault);

	if (op->a[3] == 1)
		a.count = MPDEMO_BULK_MAX + 1;
	a.handles = PTR(handles);
	if (deadline && !(flags & MPDEMO_ALLOC_WAIT))
		expected = -EINVAL;
	if (!expected && (!a.count || a.count > MPDEMO_BULK_MAX))
		expected = -ERANGE;
	if (!expected) {
		writes = true;
		none = why_none(f, flags, n, patient);
		expected = none ? none : fault ? -EFAULT : 0;
	}
	if (patient && none == -ETIMEDOUT)
		a.deadline = in_ms(1);
	if (!SUBMIT("ALLOC_BULK", op, f->fd, MPDEMO_IOC_ALLOC_BULK, a, handles,
		    expected, true, &lost) || model_error)
		return;
	if (returned == -ETIMEDOUT) {
		none = returned;
		expected = returned;
	}
	o->failures += no_room(none);
	if (writes && op->how % HOW_SHARE != HOW_READ_ONLY &&
	    a.out_done != (expected ? 0 : n))
		wrong("ALLOC_BULK did %u", a.out_done);
	if (lost || (writes && !none && fault))
		undone(f, n);
	else if (!expected)
		for (unsigned int i = 0; i < n; i++)
			got(o, handles[i], owner_of_new(f, a.flags));
}

void call_alloc_bulk(const struct op *op, struct file *f)
{
	alloc_bulk(op, f, alloc_flags(op->a[0]), 0, true);
}

void call_alloc_bulk_wait(const struct op *op, struct file *f)
{
	__u32 wait = op->a[3] < 248 ? MPDEMO_ALLOC_WAIT : 0;
	bool patient;
	__u64 deadline = some_deadline(op->a[4], &patient);

	alloc_bulk(op, f, alloc_flags(op->a[0]) | wait, deadline, patient);
}

void call_alloc(const struct op *op, struct file *f)
{
	alloc(op, f, alloc_flags(op->a[0]), 0, true);
}

void call_alloc_wait(const struct op *op, struct file *f)
{
	__u32 wait = op->a[1] < 248 ? MPDEMO_ALLOC_WAIT : 0;
	bool patient;
	__u64 deadline = some_deadline(op->a[2], &patient);

	alloc(op, f, alloc_flags(op->a[0]) | wait, deadline, patient);
}

static void bulk(const char *what, unsigned int cmd, const struct op *op,
		 struct file *f, int from, bool or_kept, int to)
{
	unsigned int n = op->a[0] % BULK, done = 0;
	struct mpdemo_bulk a = {
		.size = sizeof(a), .flags = op->a[3] == 1, .count = n,
	};
	struct object *o = f->object, saved_object;
	static struct file saved_file[SLOTS];
	int expected = may_use_blocks(f, a.flags);
	bool fault, lost, goes = !expected && n;
	__u64 *handles = array_at(op->a[1], n, &fault);

	a.handles = PTR(handles);
	if (!fault)
		for (unsigned int i = 0; i < n; i++)
			handles[i] = some_handle(op->a[2] + i, op->a[4] + i * 31);
	if (!expected)
		expected = !n ? -ERANGE : fault ? -EFAULT : 0;
	/* Where the call itself is refused, none of this has happened. */
	saved_object = *o;
	memcpy(saved_file, file, sizeof(file));
	while (!expected && done < n) {
		expected = why_refused(o, handles[done], from, or_kept);
		if (expected) {
			o->refused++;
			break;
		}
		if (to >= FIRST && over_quota(f, 1)) {
			expected = -EDQUOT;
			break;
		}
		change_owner(o, handles[done++], to);
	}
	if (!SUBMIT(what, op, f->fd, cmd, a, handles, expected, true, &lost)) {
		*o = saved_object;
		memcpy(file, saved_file, sizeof(file));
		return;
	}
	if (goes && !lost && op->how % HOW_SHARE != HOW_READ_ONLY &&
	    a.out_done != done)
		wrong("%s did %u where it must be %u", what, a.out_done, done);
}

void call_free_bulk(const struct op *op, struct file *f)
{
	bulk("FREE_BULK", MPDEMO_IOC_FREE_BULK, op, f, FIRST + (f - file), true, FREE);
}

void call_keep(const struct op *op, struct file *f)
{
	bulk("KEEP", MPDEMO_IOC_KEEP, op, f, FIRST + (f - file), false, KEEPER);
}

void call_take(const struct op *op, struct file *f)
{
	bulk("TAKE", MPDEMO_IOC_TAKE, op, f, KEEPER, false, FIRST + (f - file));
}
