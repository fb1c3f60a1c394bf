// SPDX-License-Identifier: GPL-2.0
/*
 * What is with each block of an object, for those who look: debugfs and netlink.
 *
 * Nobody is kept from using the object meanwhile, so what is told of two blocks need
 * not have been so at the same time.
 */

#include <linux/compiler.h>
#include <linux/mm.h>

#include "heap.h"
#include "object.h"
#include "pool.h"
#include "store.h"

static void pool_part(struct mpdemo_part *part, const struct mpdemo_pool *pool,
		      unsigned int first)
{
	part->pool = pool;
	part->first = first;
	part->nr = store_size(to_pool(pool));
	part->block_size = to_pool(pool)->block_size;
}

static bool heap_part(struct mpdemo_part *part, const struct mpdemo_heap *heap,
		      unsigned int number)
{
	unsigned int i;

	for (i = 0; i < heap->nr_classes; i++) {
		const struct heap_class *class = &heap->class[i];

		if (!class->pool)
			continue;
		pool_part(part, class->pool, class->unused - heap->unused);
		if (number - part->first < part->nr)
			return true;
	}
	part->pool = NULL;
	part->first = heap->nr_blocks;
	part->nr = heap->runs.nr_pages;
	part->block_size = PAGE_SIZE;
	return number - part->first < part->nr;
}

/**
 * mpdemo_object_part() - which blocks of its size a block is one of
 * @object: a pool or a heap
 * @number: the block, as in its handle
 * @part: filled
 *
 * Context: Any.
 * Return: false if there are not so many blocks.
 */
bool mpdemo_object_part(const struct mpdemo_object *object, unsigned int number,
			struct mpdemo_part *part)
{
	if (object->heap)
		return heap_part(part, object->heap, number);
	pool_part(part, object->pool, 0);
	return number < part->nr;
}

/* A page has no state of its own but the first one of a run. */
static u32 page_state(const struct mpdemo_heap *heap, unsigned int page,
		      u32 before)
{
	switch (READ_ONCE(heap->runs.page[page].state)) {
	case RUN_NONE:
		return before;
	case RUN_FREE:
		return MPDEMO_BLOCK_FREE;
	default:
		return MPDEMO_BLOCK_MOVING;
	}
}

static u32 block_state(const struct mpdemo_pool *pool, unsigned int index)
{
	switch (mpdemo_pool_state(pool, index)) {
	case POOL_BLOCK_ABSENT:
		return MPDEMO_BLOCK_ABSENT;
	case POOL_BLOCK_FREE:
		return MPDEMO_BLOCK_FREE;
	case POOL_BLOCK_CACHED:
		return MPDEMO_BLOCK_CACHED;
	case POOL_BLOCK_RESERVED:
		return MPDEMO_BLOCK_RESERVED;
	default:
		return MPDEMO_BLOCK_MOVING;
	}
}

/**
 * mpdemo_object_state() - what is with a block
 * @object: a pool or a heap
 * @part: that of the block
 * @number: the block
 * @before: the state of the one before it, see mpdemo_object_state_before()
 *
 * By its owner if it has one, else by the pool or the runs.
 *
 * Context: Any. As of just now.
 * Return: an &enum mpdemo_block_state.
 */
u32 mpdemo_object_state(const struct mpdemo_object *object,
			const struct mpdemo_part *part, unsigned int number,
			u32 before)
{
	switch (mpdemo_owner_at(&object->owners, number)) {
	case OWNER_FREE:
		break;
	case OWNER_KEEPER:
		return MPDEMO_BLOCK_KEPT;
	default:
		return MPDEMO_BLOCK_HELD;
	}
	if (part->pool)
		return block_state(part->pool, number - part->first);
	return page_state(object->heap, number - part->first, before);
}

/**
 * mpdemo_object_state_before() - what is with the block before a block
 * @object: a pool or a heap
 * @part: that of the block
 * @number: the block
 *
 * Pages of a run are in the state of its first one, which is looked for downwards,
 * page by page: so who goes on from block to block is to do this once.
 *
 * Context: Task context, may sleep.
 * Return: what mpdemo_object_state() is to be given.
 */
u32 mpdemo_object_state_before(const struct mpdemo_object *object,
			       const struct mpdemo_part *part,
			       unsigned int number)
{
	const struct mpdemo_heap *heap = object->heap;
	const void *run;

	if (part->pool || number == part->first)
		return MPDEMO_BLOCK_FREE;
	run = mpdemo_runs_find(&heap->runs, mpdemo_heap_memory(heap, number - 1));
	return mpdemo_object_state(object, part, mpdemo_heap_number(heap, run),
				   MPDEMO_BLOCK_FREE);
}
