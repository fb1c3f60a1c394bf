// SPDX-License-Identifier: GPL-2.0
/*
 * The pool of capacity.c and race.c, and how many blocks it must give.
 */

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>

#include "fill.h"

#define FILL_MAGAZINE	4

struct mpdemo_pool *fill_pool;
unsigned int fill_most;
static unsigned long *seen;

int fill_begin(const char *name, unsigned int flags)
{
	struct mpdemo_pool_config config = {
		.name = name,
		.block_size = 64,
		.blocks = FILL_BLOCKS,
		.flags = flags,
	};

	if (flags & MPDEMO_POOL_PERCPU)
		config.magazine = FILL_MAGAZINE;
	fill_most = FILL_BLOCKS + num_possible_cpus() * config.magazine;
	rig_describe("blocks %u magazine %u", FILL_BLOCKS, config.magazine);

	fill_pool = NULL;
	seen = bitmap_zalloc(fill_most, GFP_KERNEL);
	if (!seen)
		return -ENOMEM;
	fill_pool = mpdemo_pool_create(&config, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(fill_pool);
}

/* Nothing is held. */
void fill_end(void)
{
	struct mpdemo_pool_stats stats;

	if (!IS_ERR_OR_NULL(fill_pool)) {
		mpdemo_pool_get_stats(fill_pool, &stats);
		if (!rig_must_stop()) {
			rig_same("stats: in use at the end", 0, stats.in_use);
			rig_same("stats: frees", stats.allocs, stats.frees);
			rig_same("stats: refused", 0, stats.refused);
		}
		mpdemo_pool_destroy(fill_pool);
	}
	bitmap_free(seen);
}

int fill_init(struct fill *fill)
{
	fill->nr = 0;
	fill->blocks = kvcalloc(fill_most + 1, sizeof(*fill->blocks),
				GFP_KERNEL);
	return fill->blocks ? 0 : -ENOMEM;
}

void fill_exit(struct fill *fill)
{
	kvfree(fill->blocks);
	fill->blocks = NULL;
}

/* Allocate until there is nothing left, in addition to what is there. */
void fill_up(struct fill *fill)
{
	void *block;

	while (fill->nr <= fill_most &&
	       (block = mpdemo_pool_alloc(fill_pool, GFP_ATOMIC)))
		fill->blocks[fill->nr++] = block;
}

/* The newest first, so that the list is not always in the same order. */
void fill_empty(struct fill *fill)
{
	while (fill->nr)
		mpdemo_pool_free(fill_pool, fill->blocks[--fill->nr]);
}

static bool is_new(const void *block)
{
	unsigned int index = mpdemo_pool_index(fill_pool, block);

	if (index >= fill_most) {
		rig_fail_value("number of an allocated block, less than",
			       fill_most, index);
		return false;
	}
	if (__test_and_set_bit(index, seen)) {
		rig_fail_value("owners of a block, all of which are held", 1, 2);
		return false;
	}
	return true;
}

/**
 * fill_is_right() - whether a pool that is full has given what it must
 * @fills: all that has been allocated
 * @nr_fills: how many
 *
 * N blocks of an exact pool, N to N + S of one per CPU; and no block twice.
 *
 * Context: Task context, and nobody else uses the pool.
 * Return: whether it has; if not, that is taken down.
 */
bool fill_is_right(const struct fill *fills, unsigned int nr_fills)
{
	unsigned int total = 0, i, k;

	bitmap_zero(seen, fill_most);
	for (i = 0; i < nr_fills; i++) {
		total += fills[i].nr;
		for (k = 0; k < fills[i].nr; k++)
			if (!is_new(fills[i].blocks[k]))
				return false;
	}
	if (total < FILL_BLOCKS)
		rig_fail_value("blocks of a full pool, at least", FILL_BLOCKS,
			       total);
	else if (total > fill_most)
		rig_fail_value("blocks of a full pool, at most", fill_most,
			       total);
	return !rig_failed();
}
