// SPDX-License-Identifier: GPL-2.0
/*
 * What heaps of user space need: numbers for memory, as users are never told
 * addresses, and sizes of gigabytes, as users choose them.
 *
 * All that can be handed out has a number: each block, class by class, in the order of
 * their addresses; and then each page for large sizes, as a run can begin at any of
 * them. A run has the number of its first page.
 */

#include <linux/instruction_pointer.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/percpu.h>

#include <mempool_demo/pool.h>

#include "heap.h"
#include "pool.h"
#include "region.h"

/**
 * mpdemo_heap_number() - the number of memory
 * @heap: the heap
 * @memory: a block or run that the caller holds
 *
 * Context: Any.
 * Return: the number, below mpdemo_heap_numbers().
 */
unsigned int mpdemo_heap_number(const struct mpdemo_heap *heap,
				const void *memory)
{
	const struct heap_class *class;
	unsigned int number = heap_class_at(heap, memory);

	if (number == heap->nr_classes)
		return heap->nr_blocks +
		       (((unsigned long)memory - heap->runs.addr) >> PAGE_SHIFT);
	class = &heap->class[number];
	/* What is kept beside the blocks is in the same order. */
	return class->unused - heap->unused +
	       mpdemo_pool_index(class->pool, memory);
}

/**
 * mpdemo_heap_memory() - the memory that has a number
 * @heap: the heap
 * @number: its number, below mpdemo_heap_numbers()
 *
 * Context: Any.
 * Return: the address of the block or page, whether it is held or not.
 */
void *mpdemo_heap_memory(const struct mpdemo_heap *heap, unsigned int number)
{
	const struct heap_class *class = heap->class;

	if (number >= heap->nr_blocks)
		return (void *)heap->runs.addr +
		       ((size_t)(number - heap->nr_blocks) << PAGE_SHIFT);
	for (;; class++) {
		unsigned int blocks = class->pool ? to_pool(class->pool)->blocks : 0;

		if (number < blocks)
			return mpdemo_pool_block(class->pool, number);
		number -= blocks;
	}
}

static const void *find_run(const struct mpdemo_heap *heap, const void *byte,
			    unsigned int last)
{
	const void *run;

	if (last >= heap->nr_blocks && last - heap->nr_blocks < heap->runs.nr_pages) {
		run = mpdemo_heap_memory(heap, last);
		if (mpdemo_runs_covers(&heap->runs, run, byte))
			return run;
	}
	return mpdemo_runs_find(&heap->runs, byte);
}

/**
 * mpdemo_heap_find() - what a byte of a heap belongs to
 * @heap: the heap
 * @last: where to look first, as a run is searched for by pages: any number, best the
 *	one that was found last
 * @offset: of the byte, from the begin of the heap
 * @pos: set to that of the byte, from the begin of what it belongs to
 *
 * Context: Task context, may sleep.
 * Return: the number of a block, or of a run, held or not; MPDEMO_HEAP_NOWHERE: there is
 * nothing at this offset that could be handed out.
 */
unsigned int mpdemo_heap_find(const struct mpdemo_heap *heap, unsigned int last,
			      size_t offset, size_t *pos)
{
	const size_t bytes = heap->nr_pages << PAGE_SHIFT;
	const char *byte, *first;
	unsigned int number, index;
	const struct pool *pool;

	if (offset >= bytes)
		return MPDEMO_HEAP_NOWHERE;
	byte = (const char *)heap->base + array_index_nospec(offset, bytes);
	number = heap_class_at(heap, byte);
	if (number == heap->nr_classes) {
		first = find_run(heap, byte, last);
		*pos = byte - first;
		return mpdemo_heap_number(heap, first);
	}
	pool = to_pool(heap->class[number].pool);
	first = mpdemo_pool_block(&pool->api, 0);
	index = (byte - first) / pool->api.stride.bytes;
	*pos = (byte - first) % pool->api.stride.bytes;
	if (index >= pool->blocks)
		return MPDEMO_HEAP_NOWHERE;
	return mpdemo_heap_number(heap, mpdemo_pool_block(&pool->api, index));
}

/**
 * mpdemo_heap_largest() - the largest size that a heap can ever hand out
 * @heap: the heap
 *
 * Context: Any.
 * Return: bytes.
 */
size_t mpdemo_heap_largest(const struct mpdemo_heap *heap)
{
	unsigned int number = heap->nr_classes;

	if (heap->runs.nr_pages)
		return (size_t)heap->runs.nr_pages << PAGE_SHIFT;
	while (number--)
		if (heap->class[number].pool)
			return heap->class[number].size;
	return 0;
}

/**
 * mpdemo_heap_take() - allocate memory of any size, which the caller will clear
 * @heap: the heap
 * @size: bytes, 1 or more
 *
 * As mpdemo_heap_alloc(), but gigabytes are not cleared at one go, whatever the kernel
 * was booted with.
 *
 * Context: Task context.
 * Return: memory, which may hold anything, for mpdemo_heap_put(); or NULL.
 */
void *mpdemo_heap_take(struct mpdemo_heap *heap, size_t size)
{
	void *run;

	if (size <= MPDEMO_HEAP_SMALL_MAX)
		return mpdemo_heap_alloc(heap, size, 0);
	run = heap_take_run(heap, size);
	if (run)
		heap_trace_alloc(heap, run, size, 0, _RET_IP_);
	else
		heap_failed(heap, size, 0, _RET_IP_);
	return run;
}

/**
 * mpdemo_heap_put() - free memory of any size
 * @heap: the heap
 * @memory: what the caller holds of it
 *
 * As mpdemo_heap_free(), but others get the CPU while gigabytes are cleared, where
 * init_on_free=1 asks for that.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_heap_put(struct mpdemo_heap *heap, void *memory)
{
	if (heap_class_at(heap, memory) < heap->nr_classes) {
		mpdemo_heap_free(heap, memory);
		return;
	}
	heap_trace_free(heap, memory, _RET_IP_);
	if (WARN_ON_ONCE(heap_claim_run(heap, memory)))
		return;
	if (want_init_on_free())
		mpdemo_region_clear(memory,
				    mpdemo_runs_usable_size(&heap->runs, memory));
	mpdemo_runs_free(&heap->runs, memory);
}
