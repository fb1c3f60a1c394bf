// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation, free and resizing in heaps.
 *
 * A size leads to its class by shifts, and an address by the page it lies in, so
 * nothing here is searched but the next larger class where one is exhausted.
 *
 * What was asked for is known for each block and run, outside of them, so that a
 * free knows what to subtract from the bytes requested. These are counted per CPU,
 * before a free: once the last block or run of a dying heap is free, there may be
 * no heap any more.
 *
 * The pools are exact ones, so what they have inline for others is of no use here.
 * There is no lock here; runs.c has one.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/pool.h>

#include "heap.h"
#include "trace.h"

/*
 * The class for a size from 1 to MPDEMO_HEAP_SMALL_MAX. With @size - 1, a size that
 * is one of a class is the last one that fits.
 */
static __always_inline unsigned int class_of(const struct mpdemo_heap *heap,
					     size_t size)
{
	unsigned int last = size - 1, high = fls(last);

	if (!(heap->flags & MPDEMO_HEAP_FINE))
		return high > 3 ? high - 3 : 0;
	if (high <= 6)
		return last >> 3;
	/* The highest three bits, of which the first is always set. */
	return 4 * (high - 6) + (last >> (high - 3));
}

/* Return: 0; -EALREADY: the block is free; -EINVAL: no block begins there. */
static __always_inline int find_block(const struct heap_class *class,
				      const void *memory, u64 *index)
{
	*index = mpdemo_stride_index(&class->pool->stride, memory);
	if (likely(mpdemo_pool_is_held(class->pool, *index)))
		return 0;
	return *index < class->pool->free.nr ? -EALREADY : -EINVAL;
}

static __always_inline void *alloc_block(struct mpdemo_heap *heap,
					 unsigned int number, size_t size,
					 gfp_t gfp)
{
	struct heap_class *class = &heap->class[number];
	struct mpdemo_pool *pool = class->pool;
	void *block = NULL;

	if (likely(pool))
		block = mpdemo_pool_alloc_shared(pool, gfp);
	if (unlikely(!block)) {
		this_cpu_inc(heap->counts->class[number].failures);
		return NULL;
	}
	class->unused[mpdemo_stride_index(&pool->stride, block)] =
		class->size - size;
	this_cpu_add(heap->counts->class[number].requested, size);
	return block;
}

/* What is in it is left as it is. */
noinline void *heap_take_run(struct mpdemo_heap *heap, size_t size)
{
	void *run = mpdemo_runs_alloc(&heap->runs, size);

	if (!run) {
		this_cpu_inc(heap->counts->class[heap->nr_classes].failures);
		return NULL;
	}
	this_cpu_add(heap->counts->class[heap->nr_classes].requested, size);
	return run;
}

static noinline void *alloc_run(struct mpdemo_heap *heap, size_t size, gfp_t gfp)
{
	void *run = heap_take_run(heap, size);

	if (run && want_init_on_alloc(gfp))
		memset(run, 0, mpdemo_runs_usable_size(&heap->runs, run));
	return run;
}

/* The class that a size is meant for has no block. */
static noinline void *spill(struct mpdemo_heap *heap, unsigned int number,
			    size_t size, gfp_t gfp)
{
	void *memory = NULL;

	while (!memory && ++number < heap->nr_classes)
		memory = alloc_block(heap, number, size, gfp);
	if (!memory)
		memory = alloc_run(heap, size, gfp);
	if (memory)
		this_cpu_inc(heap->counts->class[number].spilled);
	return memory;
}

/* An allocation, or a resizing, has failed. */
void heap_failed(struct mpdemo_heap *heap, size_t size, gfp_t gfp,
		 unsigned long caller)
{
	this_cpu_inc(heap->counts->failures);
	trace_mpdemo_heap_fail(heap->name, size, gfp, caller);
}

/* mpdemo_heap_alloc() of 1 byte or more, which is not told. */
static __always_inline void *alloc_memory(struct mpdemo_heap *heap, size_t size,
					  gfp_t gfp, unsigned long caller)
{
	void *memory;

	if (likely(size <= MPDEMO_HEAP_SMALL_MAX)) {
		unsigned int number = class_of(heap, size);

		memory = alloc_block(heap, number, size, gfp);
		if (unlikely(!memory))
			memory = spill(heap, number, size, gfp);
	} else {
		memory = alloc_run(heap, size, gfp);
	}
	if (unlikely(!memory))
		heap_failed(heap, size, gfp, caller);
	return memory;
}

/* The same, told if it is traced. */
static noinline void *alloc_traced(struct mpdemo_heap *heap, size_t size,
				   gfp_t gfp, unsigned long caller)
{
	void *memory = alloc_memory(heap, size, gfp, caller);

	if (memory)
		heap_trace_alloc(heap, memory, size, gfp, caller);
	return memory;
}

/**
 * mpdemo_heap_alloc() - allocate memory
 * @heap: the heap
 * @size: bytes
 * @gfp: __GFP_ZERO asks for zeroed memory, nothing else matters; the memory
 *	never comes from anywhere but the heap
 *
 * A size up to MPDEMO_HEAP_SMALL_MAX takes a block of its class, or of a larger
 * one, or else a page; a larger one takes whole pages in a row.
 *
 * Context: Any: task, softirq, hardirq, NMI, under any lock. Never sleeps. In an
 * NMI no pages are allocated, so sizes above MPDEMO_HEAP_SMALL_MAX always give
 * NULL there.
 * Return: memory, which the caller owns until mpdemo_heap_free(); NULL: there is
 * none; for 0 bytes, ZERO_SIZE_PTR.
 */
void *mpdemo_heap_alloc(struct mpdemo_heap *heap, size_t size, gfp_t gfp)
{
	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (trace_mpdemo_heap_alloc_enabled())
		return alloc_traced(heap, size, gfp, _RET_IP_);
	return alloc_memory(heap, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_alloc);

static __always_inline int free_block(struct mpdemo_heap *heap,
				      unsigned int number, void *memory)
{
	struct heap_class *class = &heap->class[number];
	u64 index;
	int ret;

	ret = find_block(class, memory, &index);
	if (unlikely(ret))
		return ret;
	this_cpu_sub(heap->counts->class[number].requested,
		     class->size - class->unused[index]);
	/* Zeroes it, if that is to be. The heap may be gone after this. */
	mpdemo_pool_free_shared(class->pool, memory);
	return 0;
}

/* The run is the caller's own until mpdemo_runs_free(). Return: as find_block() */
int heap_claim_run(struct mpdemo_heap *heap, void *memory)
{
	int ret;

	ret = mpdemo_runs_claim(&heap->runs, memory);
	if (!ret)
		this_cpu_sub(heap->counts->class[heap->nr_classes].requested,
			     mpdemo_runs_size(&heap->runs, memory));
	return ret;
}

static noinline int free_run(struct mpdemo_heap *heap, void *memory)
{
	int ret;

	ret = heap_claim_run(heap, memory);
	if (ret)
		return ret;
	if (want_init_on_free())
		memset(memory, 0, mpdemo_runs_usable_size(&heap->runs, memory));
	/* The heap may be gone after this. */
	mpdemo_runs_free(&heap->runs, memory);
	return 0;
}

/* Return: 0; -EFAULT: it is not of this heap; else as find_block() */
static __always_inline int free_memory(struct mpdemo_heap *heap, void *memory)
{
	unsigned int number = heap_class_at(heap, memory);

	if (likely(number < heap->nr_classes))
		return free_block(heap, number, memory);
	return number == heap->nr_classes ? free_run(heap, memory) : -EFAULT;
}

/*
 * Never a BUG(), as the heap is whole; and reported once per heap, as the place
 * that does it will do it again.
 */
static noinline void refuse(struct mpdemo_heap *heap, const void *memory,
			    int why, unsigned long caller)
{
	/* Never of the heap, so they come here; but as for kfree(), it is fine. */
	if (ZERO_OR_NULL_PTR(memory))
		return;
	atomic64_inc(&heap->refused);
	if (test_and_set_bit(REPORTED_MISUSE, &heap->reported))
		return;
	pr_err("heap %s: free or resize of %p refused: %s, by %pS\n", heap->name, memory,
	       why == -EALREADY ? "it is free already" :
	       why == -EINVAL ? "nothing that is held begins there" :
				"it is not of this heap", (void *)caller);
}

/**
 * mpdemo_heap_free() - free memory
 * @heap: the heap that it was allocated from
 * @memory: the memory; NULL and ZERO_SIZE_PTR are fine
 *
 * A free of what is free already, of an address where nothing begins that is held,
 * or that is not of this heap, changes nothing: it is counted, and reported in the
 * kernel log once per heap. (Of two frees of one run of pages at the same time, one
 * is refused; two of one block of a class are not found out.)
 *
 * Context: Any, as mpdemo_heap_alloc(). It may be another one, and another CPU,
 * than the memory was allocated on.
 */
void mpdemo_heap_free(struct mpdemo_heap *heap, void *memory)
{
	int ret;

	if (trace_mpdemo_heap_free_enabled())
		heap_trace_free(heap, memory, _RET_IP_);
	ret = free_memory(heap, memory);
	if (unlikely(ret))
		refuse(heap, memory, ret, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_free);

/* What resize_block() and resize_run() have found. */
struct resized {
	size_t old;		/* bytes that were asked for before */
	size_t usable;		/* bytes that can be used where it is */
};

static int resize_block(struct mpdemo_heap *heap, unsigned int number,
			void *memory, size_t size, struct resized *resized)
{
	struct heap_class *class = &heap->class[number];
	u64 index;
	int ret;

	ret = find_block(class, memory, &index);
	if (ret)
		return ret;
	resized->usable = class->size;
	resized->old = class->size - class->unused[index];
	if (size > class->size)
		return -ENOSPC;
	class->unused[index] = class->size - size;
	this_cpu_add(heap->counts->class[number].requested,
		     size - resized->old);
	return 0;
}

/* What a run gives back when it shrinks, while nobody else has it yet. */
static void clear_tail(void *memory, size_t keep, size_t usable)
{
	if (want_init_on_free() && keep < usable)
		memset(memory + keep, 0, usable - keep);
}

static int resize_run(struct mpdemo_heap *heap, void *memory, size_t size,
		      struct resized *resized)
{
	struct mpdemo_runs *runs = &heap->runs;
	int ret;

	ret = mpdemo_runs_claim(runs, memory);
	if (ret)
		return ret;
	if (in_nmi()) {
		mpdemo_runs_unclaim(runs, memory);
		return -EBUSY;
	}
	resized->old = mpdemo_runs_size(runs, memory);
	if (size < resized->old)
		clear_tail(memory, PAGE_ALIGN(size),
			   mpdemo_runs_usable_size(runs, memory));
	if (mpdemo_runs_resize(runs, memory, size))
		this_cpu_add(heap->counts->class[heap->nr_classes].requested,
			     size - resized->old);
	else
		ret = -ENOSPC;
	resized->usable = mpdemo_runs_usable_size(runs, memory);
	mpdemo_runs_unclaim(runs, memory);
	return ret;
}

/*
 * Return: 0; -ENOSPC: there is not enough room where it is; -EBUSY: this is an NMI;
 * else as free_memory()
 */
static int resize(struct mpdemo_heap *heap, void *memory, size_t size,
		  struct resized *resized)
{
	unsigned int number = heap_class_at(heap, memory);

	if (number < heap->nr_classes)
		return resize_block(heap, number, memory, size, resized);
	if (number > heap->nr_classes)
		return -EFAULT;
	return resize_run(heap, memory, size, resized);
}

static void *move(struct mpdemo_heap *heap, void *memory, size_t old,
		  size_t size, gfp_t gfp, unsigned long caller)
{
	void *moved = alloc_traced(heap, size, gfp, caller);

	if (!moved)
		return NULL;
	memcpy(moved, memory, old);
	heap_trace_free(heap, memory, caller);
	free_memory(heap, memory);
	return moved;
}

/**
 * mpdemo_heap_realloc() - change the size of memory
 * @heap: the heap that it was allocated from
 * @memory: the memory; NULL or ZERO_SIZE_PTR: allocate
 * @size: bytes that it shall have; 0: free it
 * @gfp: as for mpdemo_heap_alloc(); __GFP_ZERO is about the bytes beyond those
 *	that were asked for before
 *
 * What shrinks stays where it is and does not fail; of a run of pages, those at
 * the end are given back. What grows stays where it is if its block is large
 * enough or the pages behind its run are free. Else it is copied to new memory, as
 * many bytes as were asked for before, and the old memory is freed.
 *
 * Context: Any, as mpdemo_heap_alloc(). In an NMI a run of pages cannot be resized:
 * the call gives NULL.
 * Return: the memory, which may have moved; NULL: there is none, and @memory is as
 * before; or @memory was refused, as by mpdemo_heap_free(). For 0 bytes,
 * ZERO_SIZE_PTR.
 */
void *mpdemo_heap_realloc(struct mpdemo_heap *heap, void *memory, size_t size,
			  gfp_t gfp)
{
	struct resized resized;
	int ret;

	if (ZERO_OR_NULL_PTR(memory))
		return size ? alloc_traced(heap, size, gfp, _RET_IP_) :
			      ZERO_SIZE_PTR;

	if (!size)
		heap_trace_free(heap, memory, _RET_IP_);
	ret = size ? resize(heap, memory, size, &resized) :
		     free_memory(heap, memory);
	switch (ret) {
	case 0:
		if (!size)
			return ZERO_SIZE_PTR;
		trace_mpdemo_heap_resize(heap->name, memory, size,
					 resized.usable, gfp, _RET_IP_);
		if (size > resized.old && want_init_on_alloc(gfp))
			memset(memory + resized.old, 0,
			       resized.usable - resized.old);
		return memory;
	case -ENOSPC:
		return move(heap, memory, resized.old, size, gfp, _RET_IP_);
	case -EBUSY:
		heap_failed(heap, size, gfp, _RET_IP_);
		return NULL;
	}
	refuse(heap, memory, ret, _RET_IP_);
	return NULL;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_realloc);

/**
 * mpdemo_heap_usable_size() - how many bytes there are where memory is
 * @heap: the heap that it was allocated from
 * @memory: the memory
 *
 * mpdemo_heap_realloc() to a size up to that does not move it. It does not make
 * these bytes part of what was asked for: a move does not copy them.
 *
 * Context: Any.
 * Return: bytes; 0 where nothing begins that is held.
 */
size_t mpdemo_heap_usable_size(const struct mpdemo_heap *heap,
			       const void *memory)
{
	unsigned int number = heap_class_at(heap, memory);
	u64 index;

	if (number < heap->nr_classes)
		return find_block(&heap->class[number], memory, &index) ?
			0 : heap->class[number].size;
	if (number > heap->nr_classes ||
	    !mpdemo_runs_is_held(&heap->runs, memory))
		return 0;
	return mpdemo_runs_usable_size(&heap->runs, memory);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_usable_size);
