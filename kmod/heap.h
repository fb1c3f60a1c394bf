/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the heap share: heap.c, allocation and free; heap_lifetime.c,
 * begin and end; heap_numbers.c, what heaps of user space need. Runs of pages are in
 * runs.c.
 */
#ifndef _MPDEMO_HEAP_H
#define _MPDEMO_HEAP_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <mempool_demo/heap.h>

#include "reaper.h"
#include "runs.h"

struct mpdemo_pool;
struct mpdemo_region;

/* Bits of mpdemo_heap.reported */
#define REPORTED_MISUSE	0

/* Instead of a number. */
#define MPDEMO_HEAP_NOWHERE	UINT_MAX

/**
 * struct heap_class - blocks of one size
 * @pool: the blocks; NULL, if there are none
 * @unused: of each block that is held, bytes that nobody asked for. Beside the
 *	blocks, as holders may write what they want to those.
 * @size: bytes of a block
 */
struct heap_class {
	struct mpdemo_pool *pool;
	u16 *unused;
	unsigned int size;
};

/* Sums over all CPUs; of a single one, they may be below 0, modulo 2^64. */
struct heap_class_counts {
	unsigned long requested;
	unsigned long spilled;
	unsigned long failures;
};

/* The last class is that of large sizes. */
struct heap_counts {
	struct heap_class_counts class[MPDEMO_HEAP_CLASSES_MAX + 1];
	unsigned long failures;
};

/*
 * One region holds all that is handed out: the blocks of the first class, from a
 * new page on those of the next one, and at last the pages for large sizes. So a
 * page belongs to one class, and a byte for each page says which; a table of
 * where classes begin would be smaller, but would have to be searched.
 */
struct mpdemo_heap {
	unsigned long base;
	size_t small_pages;		/* of classes */
	size_t nr_pages;		/* and those for large sizes */
	u8 *page_class;			/* of each of the @small_pages */
	unsigned int flags;
	unsigned int nr_classes;
	unsigned int nr_blocks;		/* of all classes */
	struct heap_counts __percpu *counts;
	struct heap_class class[MPDEMO_HEAP_CLASSES_MAX];

	/* Written on misuse only. */
	unsigned long reported;
	atomic64_t refused;

	char *name;
	u16 *unused;			/* that of all classes */
	size_t footprint;
	struct mpdemo_region *region;

	/*
	 * One for each pool, one for the runs and one for whoever destroys the
	 * heap: the memory of all ends when all is home, and until then a free
	 * that is wrong is refused wherever it points to.
	 */
	refcount_t parts;
	struct mpdemo_reap reap;	/* puts that of the runs */

	struct mpdemo_runs runs;
};

/* The class of large sizes is heap->nr_classes; beyond it, not of this heap. */
static __always_inline unsigned int heap_class_at(const struct mpdemo_heap *heap,
						  const void *memory)
{
	unsigned long page = ((unsigned long)memory - heap->base) >> PAGE_SHIFT;

	if (likely(page < heap->small_pages))
		return heap->page_class[page];
	return page < heap->nr_pages ? heap->nr_classes : heap->nr_classes + 1;
}

/* heap.c */
void *heap_take_run(struct mpdemo_heap *heap, size_t size);
int heap_claim_run(struct mpdemo_heap *heap, void *memory);
void heap_failed(struct mpdemo_heap *heap, size_t size, gfp_t gfp,
		 unsigned long caller);

/* trace.c */
void heap_trace_alloc(struct mpdemo_heap *heap, const void *memory, size_t size,
		      gfp_t gfp, unsigned long caller);
void heap_trace_free(struct mpdemo_heap *heap, const void *memory,
		     unsigned long caller);

/* heap_lifetime.c */
size_t mpdemo_heap_numbers(const struct mpdemo_heap_config *config);

/* heap_numbers.c */
unsigned int mpdemo_heap_number(const struct mpdemo_heap *heap,
				const void *memory);
void *mpdemo_heap_memory(const struct mpdemo_heap *heap, unsigned int number);
unsigned int mpdemo_heap_find(const struct mpdemo_heap *heap, unsigned int last,
			      size_t offset, size_t *pos);
size_t mpdemo_heap_largest(const struct mpdemo_heap *heap);
void *mpdemo_heap_take(struct mpdemo_heap *heap, size_t size);
void mpdemo_heap_put(struct mpdemo_heap *heap, void *memory);

#endif /* _MPDEMO_HEAP_H */
