/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps: allocation of any size from bounded memory, all of it taken at
 * creation. Sizes up to MPDEMO_HEAP_SMALL_MAX come from exact pools, one per size
 * class; larger ones are runs of whole pages. Whoever frees need not know the
 * size: the page that an address lies in tells.
 *
 * Best suited for: sizes that are not known in advance, in contexts where slab
 * cannot be called, or with a bound that others cannot use up.
 *
 * Allocation and free work in any context: task, softirq, hardirq, NMI, under raw
 * spinlocks, with preemption off, on PREEMPT_RT. Classes take no lock. Runs of
 * pages take a raw spinlock, with interrupts off, for the time of a few list
 * operations. In an NMI, which may have interrupted the holder of that lock, no
 * run is allocated or resized, always; one that is freed there can be allocated
 * again once the NMI is over and interrupts are on.
 *
 * A class that has no block left is served by the next larger one that has, and
 * in the end by a page: at most one attempt for each. What is given to requests
 * that were meant for a smaller class is told, class by class.
 *
 * Memory is aligned as kmalloc()'s: to the largest power of two that divides the
 * size of its class, hence to the size itself where that is a power of two; and
 * to a page, where it is a run.
 *
 * A size of 0 gives ZERO_SIZE_PTR, as kmalloc() does: no memory, not NULL, and fine
 * to be freed or resized.
 *
 * Limitations: how many blocks each class has is fixed. Blocks of one class do
 * not become those of another. Runs can be fragmented: there may be pages enough,
 * but not in a row. Memory that is resized may be moved when it grows, and is
 * not when it shrinks.
 */
#ifndef _MEMPOOL_DEMO_HEAP_H
#define _MEMPOOL_DEMO_HEAP_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include <mempool_demo/refusal.h>
#include <uapi/linux/mempool_demo.h>

struct mpdemo_heap;

/* Flags of a heap */
/* Four classes per doubling instead of one: 8 16 24 32 40 48 56 64 80 96 ... */
#define MPDEMO_HEAP_FINE	BIT(0)
#define MPDEMO_HEAP_FLAGS	MPDEMO_HEAP_FINE

#define MPDEMO_HEAP_CLASSES	8	/* 8 16 32 64 128 256 512 1024 */
#define MPDEMO_HEAP_CLASSES_FINE 24
#define MPDEMO_HEAP_CLASSES_MAX	MPDEMO_HEAP_CLASSES_FINE

/**
 * struct mpdemo_heap_config - what a heap shall be
 * @name: for messages about the heap; needed, and copied
 * @flags: MPDEMO_HEAP_*
 * @blocks: blocks of each class, 0 to MPDEMO_BLOCKS_MAX
 * @class_blocks: NULL, or instead of @blocks the number for each class,
 *	mpdemo_heap_nr_classes() of them. A class may have none.
 * @large_bytes: bytes for sizes above MPDEMO_HEAP_SMALL_MAX, rounded up to whole
 *	pages; may be 0
 */
struct mpdemo_heap_config {
	const char *name;
	unsigned int flags;
	unsigned int blocks;
	const unsigned int *class_blocks;
	size_t large_bytes;
};

/**
 * struct mpdemo_heap_class_stats - counters of a class
 * @size: bytes of a block; PAGE_SIZE for the class of large sizes
 * @blocks: blocks, or pages
 * @in_use: blocks, or pages, that are held
 * @peak: the highest @in_use so far, or since mpdemo_heap_reset_peaks(), exact
 * @requested: bytes that those who hold them have asked for; exact where no call
 *	is under way
 * @handed_out: bytes that they have got, @in_use * @size
 * @peak_bytes: the highest @handed_out so far, @peak * @size
 * @allocs: allocations served so far
 * @spilled: those of them that were meant for a smaller class
 * @frees: frees so far
 * @failures: times that the class was asked for memory and had none. It may have
 *	come from a larger one then.
 */
struct mpdemo_heap_class_stats {
	size_t size;
	unsigned int blocks;
	unsigned int in_use;
	unsigned int peak;
	u64 requested;
	u64 handed_out;
	u64 peak_bytes;
	u64 allocs;
	u64 spilled;
	u64 frees;
	u64 failures;
};

/**
 * struct mpdemo_heap_stats - counters of a heap
 * @classes: number of size classes, that of large sizes not included
 * @bytes: memory that can be handed out, of all classes and large sizes
 * @requested: sum over all classes and large sizes, as the following
 * @handed_out: see struct mpdemo_heap_class_stats
 * @peak_bytes: as the peaks of classes need not have been at the same time, no less
 *	than the highest @handed_out
 * @allocs: allocations so far
 * @frees: frees so far
 * @failures: allocations that failed
 * @refused: calls that were refused, see mpdemo_heap_free()
 * @footprint: bytes of memory of the heap, metadata included
 */
struct mpdemo_heap_stats {
	unsigned int classes;
	size_t bytes;
	u64 requested;
	u64 handed_out;
	u64 peak_bytes;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
	size_t footprint;
};

unsigned int mpdemo_heap_nr_classes(unsigned int flags);
size_t mpdemo_heap_class_size(unsigned int flags, unsigned int number);

int mpdemo_heap_check(const struct mpdemo_heap_config *config,
		      struct mpdemo_refusal *refusal);
size_t mpdemo_heap_footprint(const struct mpdemo_heap_config *config);

struct mpdemo_heap *mpdemo_heap_create(const struct mpdemo_heap_config *config,
				       gfp_t gfp);
void mpdemo_heap_destroy(struct mpdemo_heap *heap);

void *mpdemo_heap_alloc(struct mpdemo_heap *heap, size_t size, gfp_t gfp);
void mpdemo_heap_free(struct mpdemo_heap *heap, void *memory);
void *mpdemo_heap_realloc(struct mpdemo_heap *heap, void *memory, size_t size,
			  gfp_t gfp);
size_t mpdemo_heap_usable_size(const struct mpdemo_heap *heap,
			       const void *memory);

int mpdemo_heap_get_class_stats(struct mpdemo_heap *heap, unsigned int number,
				struct mpdemo_heap_class_stats *stats);
void mpdemo_heap_reset_peaks(struct mpdemo_heap *heap);
void mpdemo_heap_get_stats(struct mpdemo_heap *heap,
			   struct mpdemo_heap_stats *stats);

#endif /* _MEMPOOL_DEMO_HEAP_H */
