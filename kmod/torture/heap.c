// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "heap": one heap for all actors, for sizes from a byte to some pages.
 * What is allocated lies in cells that all share. Whoever comes upon one fills it if
 * it is empty, and else frees what is there or changes its size, on whatever CPU and
 * in whatever context.
 *
 * What is checked: all memory is stamped all over while somebody has it, so two
 * owners of a byte are found out, and so is a resize that loses some. At the end
 * every counter must be right, and the pages must have come together again.
 *
 * A cell is handed on by acquire and release, as anybody would hand on memory.
 * Between a free and the next allocation nothing here orders memory: that is up to
 * the heap, and KCSAN shall see it fail.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <mempool_demo/heap.h>

#include "rig.h"

/* More than there is room for. */
#define CELLS		192

/* What an NMI frees is free soon after it. */
#define QUIET_MSECS	1000

enum cell_state {
	CELL_EMPTY,
	CELL_BUSY,
	CELL_FULL,
};

struct cell {
	int state;
	size_t size;
	void *memory;
	u64 stamp;
};

static struct mpdemo_heap *heap;
static struct mpdemo_heap_config config;
static struct cell *cells;

static bool cell_enter(struct cell *cell, enum cell_state from)
{
	int state = from;

	/* acquire: pairs with cell_leave() */
	return try_cmpxchg_acquire(&cell->state, &state, CELL_BUSY);
}

static void cell_leave(struct cell *cell, enum cell_state to)
{
	/* release: what is in the cell, and in its memory, before its state */
	smp_store_release(&cell->state, to);
}

/* Large ones are rare, and not so large where others wait meanwhile. */
static size_t random_size(struct rig_actor *actor)
{
	if (!rig_one_in(actor, 8))
		return 1 + rig_random(actor, MPDEMO_HEAP_SMALL_MAX);
	return MPDEMO_HEAP_SMALL_MAX +
	       rig_random(actor, actor->context == RIG_TASK ? SZ_32K : SZ_8K);
}

static void stamp(struct rig_actor *actor, struct cell *cell)
{
	cell->stamp = rig_stamp(actor);
	rig_fill(cell->memory, cell->size, cell->stamp);
}

/* Whether the first @size bytes are as their owner has left them. */
static void verify(const struct cell *cell, const char *what, size_t size)
{
	u64 found;

	if (unlikely(!rig_verify(cell->memory, size, cell->stamp, &found)))
		rig_fail_owner(what, (unsigned long)cell->memory, cell->stamp,
			       found);
}

static void check_zeroed(const struct cell *cell)
{
	u64 found;

	if (unlikely(!rig_verify(cell->memory, cell->size, 0, &found)))
		rig_fail_owner("not zeroed: memory",
			       (unsigned long)cell->memory, 0, found);
}

static void count_alloc(struct rig_actor *actor)
{
	rig_count(actor, RIG_ALLOCS, 1);
	rig_count(actor, RIG_BLOCKS, 1);
}

/* Return: false if there was no room. */
static bool fill(struct rig_actor *actor, struct cell *cell)
{
	gfp_t gfp = rig_one_in(actor, 4) ? GFP_ATOMIC | __GFP_ZERO : GFP_ATOMIC;

	cell->size = random_size(actor);
	cell->memory = mpdemo_heap_alloc(heap, cell->size, gfp);
	if (!cell->memory) {
		rig_count(actor, RIG_FULL, 1);
		return false;
	}
	count_alloc(actor);
	if (gfp & __GFP_ZERO)
		check_zeroed(cell);
	if (mpdemo_heap_usable_size(heap, cell->memory) < cell->size)
		rig_fail_value("usable size, at least", cell->size,
			       mpdemo_heap_usable_size(heap, cell->memory));
	stamp(actor, cell);
	return true;
}

static void empty(struct rig_actor *actor, struct cell *cell)
{
	verify(cell, "overwritten: memory", cell->size);
	if (rig_stamp_is_foreign(cell->stamp, actor))
		rig_count(actor, RIG_FOREIGN, 1);
	mpdemo_heap_free(heap, cell->memory);
	rig_count(actor, RIG_FREES, 1);
}

static void resize(struct rig_actor *actor, struct cell *cell)
{
	size_t size = random_size(actor), old = cell->size;
	void *memory;

	verify(cell, "overwritten: memory", old);
	memory = mpdemo_heap_realloc(heap, cell->memory, size, GFP_ATOMIC);
	if (!memory) {
		rig_count(actor, RIG_FULL, 1);
		verify(cell, "overwritten in vain: memory", old);
		return;
	}
	if (memory != cell->memory)
		count_alloc(actor);
	cell->memory = memory;
	cell->size = size;
	verify(cell, "lost on the way: memory", min(old, size));
	stamp(actor, cell);
}

static bool step(struct rig_actor *actor)
{
	struct cell *cell = &cells[rig_random(actor, CELLS)];

	if (cell_enter(cell, CELL_EMPTY)) {
		cell_leave(cell, fill(actor, cell) ? CELL_FULL : CELL_EMPTY);
	} else if (!cell_enter(cell, CELL_FULL)) {
		return true;	/* of the actor that this one has interrupted */
	} else if (rig_one_in(actor, 3)) {
		resize(actor, cell);
		cell_leave(cell, CELL_FULL);
	} else {
		empty(actor, cell);
		cell_leave(cell, CELL_EMPTY);
	}
	return true;
}

/* The heap is another one with each seed. */
static int begin(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	heap = NULL;
	config = (struct mpdemo_heap_config) {
		.name = "torture heap",
		.flags = rig_one_in(actor, 2) ? MPDEMO_HEAP_FINE : 0,
		.blocks = 1 + rig_random(actor, 12),
		.large_bytes = SZ_64K + rig_random(actor, SZ_256K),
	};
	rig_describe("flags %u blocks %u large-bytes %zu cells %u",
		     config.flags, config.blocks, config.large_bytes, CELLS);
	cells = kvcalloc(CELLS, sizeof(*cells), GFP_KERNEL);
	if (!cells)
		return -ENOMEM;
	heap = mpdemo_heap_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(heap);
}

static size_t requested(void)
{
	size_t sum = 0;
	unsigned int i;

	for (i = 0; i < CELLS; i++)
		if (cells[i].state == CELL_FULL)
			sum += cells[i].size;
	return sum;
}

static void empty_cells(struct rig_actor *actor)
{
	unsigned int i;

	for (i = 0; i < CELLS; i++) {
		if (cells[i].state != CELL_FULL)
			continue;
		empty(actor, &cells[i]);
		cells[i].state = CELL_EMPTY;
	}
}

static void wait_for_nmis(struct mpdemo_heap_stats *stats)
{
	unsigned int msecs;

	for (msecs = 0; msecs < QUIET_MSECS; msecs++) {
		mpdemo_heap_get_stats(heap, stats);
		if (!stats->handed_out)
			return;
		fsleep(1000);
	}
}

/* Nothing is held. */
static void check_counters(void)
{
	struct mpdemo_heap_stats stats;

	wait_for_nmis(&stats);
	rig_same("stats: requested after all was freed", 0, stats.requested);
	rig_same("stats: handed out after all was freed", 0, stats.handed_out);
	rig_same("stats: allocs", rig_sum(RIG_BLOCKS), stats.allocs);
	rig_same("stats: frees", rig_sum(RIG_BLOCKS), stats.frees);
	rig_same("stats: failures", rig_sum(RIG_FULL), stats.failures);
	rig_same("stats: refused", 0, stats.refused);
}

/* All pages are one run again. */
static void check_joined(void)
{
	void *all = mpdemo_heap_alloc(heap, config.large_bytes, GFP_KERNEL);

	rig_same("pieces that all pages are in", 1, !!all);
	mpdemo_heap_free(heap, all);
}

static void end(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);
	struct mpdemo_heap_stats stats;
	unsigned int i;

	if (!IS_ERR_OR_NULL(heap)) {
		if (rig_must_stop()) {
			for (i = 0; i < CELLS; i++)
				if (cells[i].state == CELL_FULL)
					mpdemo_heap_free(heap, cells[i].memory);
		} else {
			mpdemo_heap_get_stats(heap, &stats);
			rig_same("stats: requested", requested(),
				 stats.requested);
			empty_cells(actor);
			check_counters();
			check_joined();
		}
		mpdemo_heap_destroy(heap);
	}
	kvfree(cells);
}

const struct rig_workload heap_workload = {
	.name = "heap",
	.begin = begin,
	.step = step,
	.end = end,
};
