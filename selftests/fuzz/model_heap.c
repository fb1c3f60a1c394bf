// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are about heaps. What they hand out has numbers: those of the blocks, class
 * by class, then those of the pages, of which a run has that of its first one. Each has
 * an entry in the model, as blocks of pools have.
 */
#include "model_state.h"

#define PER_CLASS_MAX	5
#define PAGES_MAX	16

static unsigned int nr_blocks(const struct object *o)
{
	return o->nr_classes * o->per_class;
}

struct class *class_of(struct object *o, __u32 number)
{
	return &o->class[number < nr_blocks(o) ? number / o->per_class :
						 o->nr_classes];
}

static void heap_created(struct file *f, struct object *o,
			 const struct mpdemo_heap_create *a)
{
	struct mpdemo_heap_class c;

	o->kind = MPDEMO_OBJECT_HEAP;
	o->quota = a->quota;
	o->per_class = a->blocks;
	o->pages = (a->large_bytes + PAGE - 1) / PAGE;
	opened(f, o, a->out_fd, RW);
	o->nr_classes = a->flags & MPDEMO_HEAP_CREATE_FINE ? CLASSES_MAX : 8;
	for (unsigned int i = 0; i <= o->nr_classes; i++) {
		c = heap_class(f->fd, i);
		o->class[i].size = c.out_block_size;
		o->bytes += c.out_block_size * c.out_blocks;
		if (c.out_classes != o->nr_classes ||
		    c.out_blocks != (i < o->nr_classes ? o->per_class : o->pages) ||
		    (i && c.out_block_size <= o->class[i - 1].size))
			wrong("class %u of a heap: %llu blocks of %llu bytes", i,
			      (unsigned long long)c.out_blocks,
			      (unsigned long long)c.out_block_size);
	}
	o->blocks = nr_blocks(o) + o->pages;
}

void call_heap_create(const struct op *op, struct file *f)
{
	static const unsigned int quotas[] = {
		0, 1, 2, 3, 5, 0, MPDEMO_BLOCKS_MAX, MPDEMO_BLOCKS_MAX + 1,
	};
	struct mpdemo_heap_create a = {
		.size = sizeof(a), .out_fd = -1, .reserved = op->a[4] == 1,
		.flags = op->a[0] == 255 ? 2 : op->a[0] & MPDEMO_HEAP_CREATE_FINE,
		.large_bytes = op->a[1] % (PAGES_MAX + 1) * PAGE - (op->a[1] / 32 > 3 &&
			       op->a[1] % (PAGES_MAX + 1)),
		.blocks = op->a[2] % (PER_CLASS_MAX + 1),
		.quota = quotas[op->a[3] % 8],
	};
	struct object *o = new_object();
	int expected = 0;
	bool lost;

	f = empty_slot();
	if (!f || !o)
		return;
	if (op->a[4] == 2)
		a.large_bytes = MPDEMO_HEAP_LARGE_MAX + 1;
	else if (op->a[4] == 3)
		a.blocks = MPDEMO_BLOCKS_MAX + 1;
	if ((a.flags & ~MPDEMO_HEAP_CREATE_FINE) || a.reserved)
		expected = -EINVAL;
	else if (a.quota > MPDEMO_BLOCKS_MAX || a.blocks > MPDEMO_BLOCKS_MAX ||
		 a.large_bytes > MPDEMO_HEAP_LARGE_MAX ||
		 (!a.blocks && !a.large_bytes))
		expected = -ERANGE;
	if (!SUBMIT("HEAP_CREATE", op, device, MPDEMO_IOC_HEAP_CREATE, a, out_fd,
		    expected, true, &lost) || expected || lost || model_error)
		return;
	heap_created(f, o, &a);
}

/* What is held may be a run: then the next numbers are too. */
static unsigned int numbers_of(const struct object *o, unsigned int number)
{
	if (o->owner[number] == FREE)
		return 0;
	return number < nr_blocks(o) ? 1 : o->has[number] / PAGE;
}

/* Whether so many pages in a row are free. */
static bool has_run(const struct object *o, unsigned int pages)
{
	unsigned int at = nr_blocks(o), row = 0;

	while (at < o->blocks && row < pages) {
		unsigned int held = numbers_of(o, at);

		row = held ? 0 : row + 1;
		at += held ? held : 1;
	}
	return pages && row >= pages;
}

/* What is free is one run up to what is held before. */
static unsigned int run_at(const struct object *o, unsigned int page, __u64 *bytes)
{
	unsigned int at = nr_blocks(o), begin = at, held;

	page += at;
	for (;;) {
		held = numbers_of(o, at);
		if (held && page < at + held) {
			*bytes = (__u64)held * PAGE;
			return at;
		}
		if (page == at) {
			*bytes = 1ULL << 40;
			return begin;
		}
		at += held ? held : 1;
		if (held)
			begin = at;
	}
}

/*
 * What a byte belongs to: the number, or one that there is not; where in it the byte is,
 * and how many there are.
 */
unsigned int heap_number_at(const struct object *o, __u64 offset, __u64 *pos,
			    __u64 *bytes)
{
	__u64 from = 0, index;
	unsigned int number;

	for (unsigned int i = 0; i < o->nr_classes; i++) {
		__u64 all = (__u64)o->per_class * o->class[i].size;

		*bytes = o->class[i].size;
		if (offset < from + (all + PAGE - 1) / PAGE * PAGE) {
			index = (offset - from) / *bytes;
			*pos = (offset - from) % *bytes;
			return index < o->per_class ? i * o->per_class + index : o->blocks;
		}
		from += (all + PAGE - 1) / PAGE * PAGE;
	}
	if (offset >= from + (__u64)o->pages * PAGE)
		return o->blocks;
	number = run_at(o, (offset - from) / PAGE, bytes);
	*pos = offset - from - (__u64)(number - nr_blocks(o)) * PAGE;
	return number;
}

static unsigned int free_of_class(const struct object *o, unsigned int number)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < o->per_class; i++)
		nr += o->owner[number * o->per_class + i] == FREE;
	return nr;
}

/* The class that is to hand out @bytes, in @o; or -1. Counts those that could not. */
static int take_class(struct object *o, __u64 bytes)
{
	unsigned int first = 0, i;

	if (bytes > MPDEMO_HEAP_SMALL_MAX)
		first = o->nr_classes;
	while (first < o->nr_classes && o->class[first].size < bytes)
		first++;
	for (i = first; i < o->nr_classes && !free_of_class(o, i); i++)
		o->class[i].failures++;
	if (i == o->nr_classes &&
	    (bytes > (__u64)o->pages * PAGE || !has_run(o, (bytes + PAGE - 1) / PAGE))) {
		o->class[i].failures++;
		o->failures++;
		return -1;
	}
	o->class[i].spilled += i != first;
	return i;
}

static __u64 largest(const struct object *o)
{
	return o->pages ? (__u64)o->pages * PAGE : o->class[o->nr_classes - 1].size;
}

/* No byte of it is anybody else's, and a number means the same bytes each time. */
static void check_place(struct object *o, __u32 number, const struct mpdemo_heap_alloc *a)
{
	if (a->out_offset + a->out_bytes > o->map_bytes)
		wrong("HEAP_ALLOC: %llu bytes at %llu are not in the heap",
		      (unsigned long long)a->out_bytes,
		      (unsigned long long)a->out_offset);
	for (unsigned int i = 0; i < o->blocks; i++)
		if (o->owner[i] != FREE &&
		    a->out_offset < o->offset[i] + o->has[i] &&
		    o->offset[i] < a->out_offset + a->out_bytes)
			wrong("HEAP_ALLOC: %u at %llu is in %u", number,
			      (unsigned long long)a->out_offset, i);
	if (o->has[number] && o->offset[number] != a->out_offset)
		wrong("HEAP_ALLOC: %u was at %llu, and is at %llu", number,
		      (unsigned long long)o->offset[number],
		      (unsigned long long)a->out_offset);
}

static void heap_got(struct file *f, const struct mpdemo_heap_alloc *a, int class)
{
	__u32 number = MPDEMO_HANDLE_INDEX(a->out_handle);
	struct object *o = f->object;
	__u64 has = o->class[class].size;

	if (class == (int)o->nr_classes)
		has = (a->bytes + PAGE - 1) / PAGE * PAGE;
	if (number >= o->blocks || class_of(o, number) != &o->class[class] ||
	    a->out_bytes != has) {
		wrong("HEAP_ALLOC of %llu bytes: number %u, %llu bytes, not of class %d",
		      (unsigned long long)a->bytes, number,
		      (unsigned long long)a->out_bytes, class);
		return;
	}
	check_place(o, number, a);
	o->has[number] = has;
	o->asked[number] = a->bytes;
	o->offset[number] = a->out_offset;
	o->class[class].allocs++;
	got(o, a->out_handle, owner_of_new(f, a->flags));
}

static __u64 some_size(__u8 a, __u8 b)
{
	if (a < 160)
		return a * (b % 8) % (MPDEMO_HEAP_SMALL_MAX + 1);
	if (a < 250)
		return (a - 160) * (b + 1) * 8ULL;
	return a == 250 ? ~0ULL : a == 251 ? 1ULL << 63 : (a - 251ULL) << 14;
}

void call_heap_alloc(const struct op *op, struct file *f)
{
	struct mpdemo_heap_alloc a = {
		.size = sizeof(a), .bytes = some_size(op->a[0], op->a[1]),
		.flags = op->a[2] < 24 ? MPDEMO_ALLOC_KEEP :
			 op->a[2] == 24 ? MPDEMO_ALLOC_WAIT : 0,
	};
	struct object *o, before;
	int expected, class = -1;
	bool lost;

	f = of_kind(f, MPDEMO_OBJECT_HEAP, op);
	o = f->object;
	before = *o;
	expected = may_use(f, MPDEMO_OBJECT_HEAP, a.flags, MPDEMO_ALLOC_KEEP);
	if (!expected && !a.bytes)
		expected = -ERANGE;
	if (!expected && !(a.flags & MPDEMO_ALLOC_KEEP) && over_quota(f, 1))
		expected = -EDQUOT;
	if (!expected) {
		class = take_class(o, a.bytes);
		if (class < 0)
			expected = a.bytes > largest(o) ? -ENOSPC : -EAGAIN;
	}
	if (!SUBMIT("HEAP_ALLOC", op, f->fd, MPDEMO_IOC_HEAP_ALLOC, a, out_bytes,
		    expected, true, &lost)) {
		*o = before;
		return;
	}
	if (model_error)
		return;
	if (lost)
		undone(f, 1);
	else if (!expected)
		heap_got(f, &a, class);
}

/* All that is said of class @number. */
static void check_class(const struct object *o, unsigned int number,
			const struct mpdemo_heap_class *i)
{
	const struct class *class = &o->class[number];
	unsigned int from = number * o->per_class, nr = o->per_class, held = 0;
	__u64 asked = 0;

	if (number == o->nr_classes) {
		from = nr_blocks(o);
		nr = o->pages;
	}
	for (unsigned int at = from; at < from + nr; at++) {
		held += numbers_of(o, at);
		asked += o->owner[at] == FREE ? 0 : o->asked[at];
	}
	SAME(out_classes, o->nr_classes);
	SAME(out_block_size, class->size);
	SAME(out_blocks, nr);
	SAME(out_in_use, held);
	SAME(out_requested, asked);
	SAME(out_handed_out, (__u64)held * class->size);
	SAME(out_peak_bytes, i->out_peak * class->size);
	SAME(out_allocs, class->allocs);
	SAME(out_frees, class->frees);
	SAME(out_failures, class->failures);
	SAME(out_spilled, class->spilled);
	if (i->out_peak < held || i->out_peak > nr)
		wrong("stats: out_peak is %llu", (unsigned long long)i->out_peak);
}

/* Of one class in a way that may be wrong, and then of all. */
void call_heap_stats(const struct op *op, struct file *f)
{
	struct mpdemo_heap_class a = {
		.size = sizeof(a), .flags = op->a[0] == 1, .number = op->a[1] % 32,
	};
	int expected = a.flags ? -EINVAL : 0;
	struct object *o;
	bool lost;

	f = of_kind(f, MPDEMO_OBJECT_HEAP, op);
	o = f->object;
	if (op->a[2] == 1)
		a.number = ~0U;
	if (!expected && o->kind != MPDEMO_OBJECT_HEAP)
		expected = -EOPNOTSUPP;
	if (!expected && a.number > o->nr_classes)
		expected = -ERANGE;
	SUBMIT("HEAP_STATS", op, f->fd, MPDEMO_IOC_HEAP_STATS, a, out_spilled,
	       expected, true, &lost);
	for (unsigned int i = 0; o->kind == MPDEMO_OBJECT_HEAP && i <= o->nr_classes;
	     i++) {
		a = heap_class(f->fd, i);
		check_class(o, i, &a);
	}
}
