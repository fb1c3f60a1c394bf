// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * What caches of a process leave to each other. Blocks in a depot are allocated as far as the
 * kernel knows. Other than in a cache they have given up their generation: so one that comes
 * back twice is found, be it the second time to here or to the kernel.
 */
#include "lib.h"

/*
 * As many as there is room for; those @left to the caller are moved to the front.
 * Return: 0, or what is wrong with the first that cannot be free, all of which are dropped.
 */
int depot_put(struct mpdemo_pool *pool, unsigned int count, void **blocks, unsigned int *left)
{
	unsigned int i, bad = 0;
	struct depot *depot = &pool->state->depot;
	int first = 0, ret;

	word_lock(&depot->lock);
	for (i = 0; i < count && depot->count < pool->depot_size; i++) {
		ret = block_give_up(pool, blocks[i], &depot->handles[depot->count]);
		if (ret) {
			bad++;
			first = first ? first : ret;
		} else {
			depot->count++;
		}
	}
	word_unlock(&depot->lock);

	if (bad)
		atomic_fetch_add_explicit(&pool->state->bad_frees, bad, memory_order_relaxed);
	for (*left = 0; i < count; i++)
		blocks[(*left)++] = blocks[i];
	return first;
}

/* Up to @count. Return: how many. */
unsigned int depot_take(struct mpdemo_pool *pool, unsigned int count, void **blocks)
{
	struct depot *depot = &pool->state->depot;
	unsigned int i;

	word_lock(&depot->lock);
	for (i = 0; i < count && depot->count; i++)
		blocks[i] = block_come(pool, depot->handles[--depot->count]);
	word_unlock(&depot->lock);
	return i;
}
