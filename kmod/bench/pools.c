// SPDX-License-Identifier: GPL-2.0
/*
 * What pools of mempool_demo are made from: exact, and with magazines per CPU; and
 * beside arenas.
 *
 * Their blocks are as large as the objects, so with objects of 64 bytes from one to
 * the next it is a power of two; but for the row "stride 72", where the same objects
 * lie in blocks that are 8 bytes larger.
 *
 * The rows "called" of the pool per CPU are its inline functions, wrapped: what
 * those cost who does not want them at each place of use. In the wrappers each
 * is by itself, so they are also what is looked at to see which code they are.
 */

#include <linux/compiler.h>

#include <mempool_demo/pool.h>

#include "allocators.h"
#include "arena_make.h"

/* A magazine that a batch of 100 fits into; into the default it does not. */
#define LARGE_MAGAZINE	256

static void *pool_create(const struct bench_site *sites, unsigned int nr)
{
	const struct mpdemo_pool_config config = {
		.name = "bench_exact",
		.block_size = sites->size,
		.blocks = sites->objects,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_create(const struct bench_site *sites, unsigned int nr)
{
	const struct mpdemo_pool_config config = {
		.name = "bench_percpu",
		.block_size = sites->size,
		.blocks = sites->objects,
		.flags = MPDEMO_POOL_PERCPU,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_stride_create(const struct bench_site *sites,
				  unsigned int nr)
{
	const struct mpdemo_pool_config config = {
		.name = "bench_percpu_stride",
		.block_size = sites->size + 8,
		.blocks = sites->objects,
		.flags = MPDEMO_POOL_PERCPU,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_large_create(const struct bench_site *sites,
				 unsigned int nr)
{
	const struct mpdemo_pool_config config = {
		.name = "bench_percpu_large",
		.block_size = sites->size,
		.blocks = sites->objects,
		.flags = MPDEMO_POOL_PERCPU,
		.magazine = LARGE_MAGAZINE,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void pool_destroy(void *handle)
{
	mpdemo_pool_destroy(handle);
}

static size_t pool_footprint(void *handle)
{
	struct mpdemo_pool_stats stats;

	mpdemo_pool_get_stats(handle, &stats);
	return stats.footprint;
}

noinline void *percpu_called_alloc(void *handle)
{
	return mpdemo_pool_alloc(handle, GFP_KERNEL);
}

noinline void *percpu_called_zalloc(void *handle)
{
	return mpdemo_pool_alloc(handle, GFP_KERNEL | __GFP_ZERO);
}

noinline void percpu_called_free(void *handle, void *object)
{
	mpdemo_pool_free(handle, object);
}

/* How a pool is used, by its name and what it is made by. */
#define POOL(_create)							\
	.contexts = BENCH_ANYWHERE,					\
	.create = _create, .destroy = pool_destroy, .footprint = pool_footprint

#define ARENA(_create)							\
	.arena_create = _create, .arena_destroy = bench_arena_destroy,	\
	.arena_footprint = bench_arena_footprint

const struct bench_allocator bench_pool = {
	.name = "pool", .variant = "called", POOL(pool_create),
};

const struct bench_allocator bench_pool_bulk = {
	.name = "pool", .variant = "bulk", .bulk = true, POOL(pool_create),
};

const struct bench_allocator bench_percpu_pool = {
	.name = "pool per CPU", .variant = "inline", POOL(percpu_create),
};

const struct bench_allocator bench_percpu_stride = {
	.name = "pool per CPU", .variant = "inline, stride 72",
	POOL(percpu_stride_create),
};

const struct bench_allocator bench_percpu_large = {
	.name = "pool per CPU", .variant = "inline, magazine 256",
	POOL(percpu_large_create),
};

const struct bench_allocator bench_percpu_called = {
	.name = "pool per CPU", .variant = "called", POOL(percpu_create),
};

const struct bench_allocator bench_percpu_bulk = {
	.name = "pool per CPU", .variant = "bulk", .bulk = true,
	POOL(percpu_create),
};

const struct bench_allocator bench_percpu_bulk_large = {
	.name = "pool per CPU", .variant = "bulk, magazine 256", .bulk = true,
	POOL(percpu_large_create),
};

const struct bench_allocator bench_pool_arena = {
	.name = "pool + arena", .variant = "called",
	POOL(pool_create), ARENA(bench_arena_create),
};

const struct bench_allocator bench_pool_bulk_arena = {
	.name = "pool + arena", .variant = "bulk", .bulk = true,
	POOL(pool_create), ARENA(bench_arena_create),
};

const struct bench_allocator bench_percpu_arena = {
	.name = "pool per CPU + arena", .variant = "inline",
	POOL(percpu_create), ARENA(bench_arena_create),
};

const struct bench_allocator bench_percpu_bulk_arena = {
	.name = "pool per CPU + arena", .variant = "bulk", .bulk = true,
	POOL(percpu_create), ARENA(bench_arena_create),
};

const struct bench_allocator bench_percpu_section = {
	.name = "pool per CPU + arena per CPU", .variant = "inline",
	.arena_shared = true,
	POOL(percpu_create), ARENA(bench_arena_percpu_create),
};

const struct bench_allocator bench_percpu_bulk_section = {
	.name = "pool per CPU + arena per CPU", .variant = "bulk",
	.bulk = true, .arena_shared = true,
	POOL(percpu_create), ARENA(bench_arena_percpu_create),
};
