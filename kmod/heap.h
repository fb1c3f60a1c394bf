/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the heap share: heap.c, allocation and free; heap_lifetime.c,
 * begin and end. Runs of pages are in runs.c.
 */
#ifndef _MPDEMO_HEAP_H
#define _MPDEMO_HEAP_H

#include <linux/atomic.h>
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

#endif /* _MPDEMO_HEAP_H */
