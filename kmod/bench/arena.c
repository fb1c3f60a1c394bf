// SPDX-License-Identifier: GPL-2.0
/*
 * What arenas of mempool_demo are made from, by themselves; pools.c has them beside
 * pools. An arena has one owner: each CPU has its own.
 */

#include <mempool_demo/arena.h>

#include "allocators.h"
#include "arena_make.h"

/* Until it is reset it has room for all objects of the sites. */
static void *arena_create_for(const struct bench_site *sites, unsigned int nr)
{
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		bytes += ALIGN(sites[i].size, MPDEMO_ALIGN_MIN) *
			 sites[i].objects;
	return bench_arena_create(bytes);
}

const struct bench_allocator bench_arena = {
	.name = "arena",
	.variant = "inline",
	.contexts = BENCH_ANYWHERE,
	.own = true,
	.whole = true,
	.create = arena_create_for,
	.destroy = bench_arena_destroy,
	.footprint = bench_arena_footprint,
	.arena_create = bench_arena_create,
	.arena_destroy = bench_arena_destroy,
	.arena_footprint = bench_arena_footprint,
};

/* As scratch memory */

void *bench_arena_create(size_t bytes)
{
	const struct mpdemo_arena_config config = {
		.name = "bench_arena",
		.bytes = bytes,
	};

	return mpdemo_arena_create(&config, GFP_KERNEL);
}

void *bench_arena_percpu_create(size_t bytes)
{
	const struct mpdemo_arena_config config = {
		.name = "bench_arena_percpu",
		.bytes = bytes,
		.flags = MPDEMO_ARENA_PERCPU,
	};

	return mpdemo_arena_create(&config, GFP_KERNEL);
}

void bench_arena_destroy(void *arena)
{
	mpdemo_arena_destroy(arena);
}

size_t bench_arena_footprint(void *arena)
{
	struct mpdemo_arena_stats stats;

	mpdemo_arena_get_stats(arena, &stats);
	return stats.footprint;
}
