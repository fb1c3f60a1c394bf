// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are about arenas.
 */
#include "model_state.h"

void call_arena_create(const struct op *op, struct file *f)
{
	struct mpdemo_arena_create a = {
		.size = sizeof(a), .flags = op->a[3] == 1,
		.bytes = (op->a[0] << 6) + op->a[1] % 2 * 37,
		.reserved = op->a[3] == 2, .out_fd = -1,
	};
	struct object *o = new_object();
	int expected = a.flags || a.reserved ? -EINVAL : a.bytes ? 0 : -ERANGE;
	bool lost;

	f = empty_slot();
	if (!f || !o)
		return;
	if (!SUBMIT("ARENA_CREATE", op, device, MPDEMO_IOC_ARENA_CREATE, a, out_fd,
		    expected, true, &lost) || expected || lost || model_error)
		return;
	o->kind = MPDEMO_OBJECT_ARENA;
	opened(f, o, a.out_fd, RW);
	/* Rounded up as the kernel likes. */
	o->bytes = info_of(f->fd).out_capacity;
	if (o->bytes < a.bytes)
		wrong("arena is too small");
}

void call_arena_alloc(const struct op *op, struct file *f)
{
	static const unsigned int aligns[] = { 0, 1, 8, 64, 4096, 3, 8192, 16 };
	struct mpdemo_arena_alloc a = {
		.size = sizeof(a), .flags = op->a[3] == 1, .reserved = op->a[3] == 2,
		.bytes = op->a[0] == 1 ? ~0ULL : op->a[0] * (1ULL + op->a[1] % 8),
		.align = aligns[op->a[2] % 8],
	};
	struct object *o = f->object;
	__u64 align = a.align ? a.align : MPDEMO_ALIGN_MIN, start;
	int expected = may_use(f, MPDEMO_OBJECT_ARENA, a.flags | a.reserved, 0);
	bool lost, full = false;

	start = (o->in_use + align - 1) & ~(align - 1);
	if (!expected) {
		if (!a.bytes || align == 3 || align > MPDEMO_ALIGN_MAX)
			expected = -ERANGE;
		else if (start > o->bytes || a.bytes > o->bytes - start)
			full = true;
	}
	if (full)
		expected = -ENOSPC;
	if (!SUBMIT("ARENA_ALLOC", op, f->fd, MPDEMO_IOC_ARENA_ALLOC, a, out_offset,
		    expected, true, &lost) || model_error)
		return;
	o->failures += full;
	if (expected || lost)
		return;
	if (a.out_offset != start)
		wrong("ARENA_ALLOC at %llu", (unsigned long long)a.out_offset);
	else if (!zero_there(o, start, a.bytes))
		wrong("ARENA_ALLOC: what is at %llu is not zero",
		      (unsigned long long)start);
	o->in_use = start + a.bytes;
	o->allocs++;
}

void call_arena_reset(const struct op *op, struct file *f)
{
	struct mpdemo_arena_reset a = { .size = sizeof(a), .flags = op->a[3] == 1 };
	struct object *o = f->object;
	int expected = may_use(f, MPDEMO_OBJECT_ARENA, a.flags, 0);
	bool lost;

	if (!SUBMIT("ARENA_RESET", op, f->fd, MPDEMO_IOC_ARENA_RESET, a, out_bytes,
		    expected, true, &lost) || expected)
		return;
	if (!lost && a.out_bytes != o->in_use)
		wrong("ARENA_RESET of %llu bytes", (unsigned long long)a.out_bytes);
	o->in_use = 0;
	o->nr_marks = 0;
	o->frees++;
}

/* Marks of all arenas, live or dead. */
static struct mpdemo_arena_place places[REMEMBERED];
static unsigned int nr_places;

void forget_marks(void)
{
	nr_places = 0;
	memset(places, 0, sizeof(places));
}

static void one_mark(const struct op *op, struct file *f)
{
	struct mpdemo_arena_place a = {
		.size = sizeof(a), .flags = op->a[3] == 1, .reserved = op->a[3] == 2,
		.serial = ~0ULL, .depth = ~0U,
	};
	struct object *o = f->object;
	int expected = may_use(f, MPDEMO_OBJECT_ARENA, a.flags | a.reserved, 0);
	bool lost;

	if (!expected && o->nr_marks == MPDEMO_ARENA_MARKS)
		expected = -ENOSPC;
	if (!SUBMIT("ARENA_MARK", op, f->fd, MPDEMO_IOC_ARENA_MARK, a, reserved,
		    expected, true, &lost) || expected || lost || model_error)
		return;
	if (a.depth != o->nr_marks || a.serial <= o->serial)
		wrong("mark %llu at depth %u, where %u are live, after %llu",
		      (unsigned long long)a.serial, a.depth, o->nr_marks,
		      (unsigned long long)o->serial);
	o->serial = a.serial;
	o->marks[o->nr_marks++] = (struct mark){ a.serial, o->in_use };
	places[nr_places++ % REMEMBERED] = a;
}

/* Now and then as many as there can be. */
void call_arena_mark(const struct op *op, struct file *f)
{
	f = of_kind(f, MPDEMO_OBJECT_ARENA, op);
	for (int n = op->a[0] < 16 ? MPDEMO_ARENA_MARKS : 1; n && !model_error; n--)
		one_mark(op, f);
}

void call_arena_rollback(const struct op *op, struct file *f)
{
	struct mpdemo_arena_place a = places[op->a[0] % REMEMBERED];
	struct object *o;
	int expected;
	bool lost;

	f = of_kind(f, MPDEMO_OBJECT_ARENA, op);
	o = f->object;
	a.size = sizeof(a);
	a.flags = op->a[3] == 1;
	a.reserved = op->a[3] == 2;
	if (op->a[1] < 16)
		a.serial += op->a[1] - 8;
	else if (op->a[1] < 32)
		a.depth += op->a[1] - 24;
	else if (op->a[1] == 32)
		a.depth = ~0U;
	else if (op->a[1] == 33)
		a.serial = ~0ULL;
	expected = may_use(f, MPDEMO_OBJECT_ARENA, a.flags | a.reserved, 0);
	/* That of another arena may look the same as one of this one, and is that then. */
	if (!expected && (a.depth >= o->nr_marks ||
			  o->marks[a.depth].serial != a.serial))
		expected = -ESTALE;
	if (!SUBMIT("ARENA_ROLLBACK", op, f->fd, MPDEMO_IOC_ARENA_ROLLBACK, a,
		    reserved, expected, false, &lost) || expected || model_error)
		return;
	o->in_use = o->marks[a.depth].in_use;
	o->nr_marks = a.depth + 1;
}
