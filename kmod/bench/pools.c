// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of the pools of mempool_demo: exact, and with magazines per CPU.
 *
 * Their blocks are as large as the objects, so from one to the next it is a power
 * of two; but for the row "stride 72", where the same objects lie in blocks of
 * 72 bytes.
 *
 * The rows "called" of the pool per CPU are its inline functions, wrapped: what
 * those cost who does not want them at each place of use. In the wrappers each
 * is by itself, so they are also what is looked at to see which code they are.
 */

#include <linux/compiler.h>

#include <mempool_demo/pool.h>

#include "allocators.h"
#include "classic.h"
#include "remote.h"

#define OTHER_STRIDE	72

/* A magazine that the largest batch fits into; into the default it does not. */
#define LARGE_MAGAZINE	256

static void *pool_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_exact",
		.block_size = CLASSIC_SIZE,
		.blocks = BENCH_POOL_BLOCKS,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_percpu",
		.block_size = CLASSIC_SIZE,
		.blocks = BENCH_POOL_BLOCKS,
		.flags = MPDEMO_POOL_PERCPU,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_stride_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_percpu_stride",
		.block_size = OTHER_STRIDE,
		.blocks = BENCH_POOL_BLOCKS,
		.flags = MPDEMO_POOL_PERCPU,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_large_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_percpu_large",
		.block_size = CLASSIC_SIZE,
		.blocks = BENCH_POOL_BLOCKS,
		.flags = MPDEMO_POOL_PERCPU,
		.magazine = LARGE_MAGAZINE,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

/* Which kind of pool it is the inline functions find out. */
static const struct bench_ops pool_ops = {
	.alloc = pool_alloc,
	.free = pool_free,
};

static noinline void *percpu_called_alloc(void *handle)
{
	return mpdemo_pool_alloc(handle, GFP_KERNEL);
}

static noinline void percpu_called_free(void *handle, void *object)
{
	mpdemo_pool_free(handle, object);
}

static const struct bench_ops percpu_called_ops = {
	.alloc = percpu_called_alloc,
	.free = percpu_called_free,
};

static __always_inline bool pool_alloc_bulk(void *handle, unsigned int n,
					    void **objects)
{
	return mpdemo_pool_alloc_bulk(handle, GFP_KERNEL, n, objects);
}

static __always_inline void pool_free_bulk(void *handle, unsigned int n,
					   void **objects)
{
	mpdemo_pool_free_bulk(handle, n, objects);
}

static const struct bench_ops pool_bulk_ops = {
	.alloc_bulk = pool_alloc_bulk,
	.free_bulk = pool_free_bulk,
};

CLASSIC_KIND(pool, pool_ops, .allocator = "pool", .variant = "called",
	     .create = pool_create, .destroy = pool_destroy);
CLASSIC_KIND(pool_bulk, pool_bulk_ops, .allocator = "pool", .variant = "bulk",
	     .bulk = true, .create = pool_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu, pool_ops, .allocator = "pool per CPU",
	     .variant = "inline",
	     .create = percpu_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu_stride, pool_ops, .allocator = "pool per CPU",
	     .variant = "inline, stride 72",
	     .create = percpu_stride_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu_large, pool_ops, .allocator = "pool per CPU",
	     .variant = "inline, magazine 256",
	     .create = percpu_large_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu_called, percpu_called_ops, .allocator = "pool per CPU",
	     .variant = "called",
	     .create = percpu_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu_bulk, pool_bulk_ops, .allocator = "pool per CPU",
	     .variant = "bulk", .bulk = true,
	     .create = percpu_create, .destroy = pool_destroy);
CLASSIC_KIND(percpu_bulk_large, pool_bulk_ops, .allocator = "pool per CPU",
	     .variant = "bulk, magazine 256", .bulk = true,
	     .create = percpu_large_create, .destroy = pool_destroy);

REMOTE_KIND(pool, pool_ops, .allocator = "pool", .variant = "called",
	    .create = pool_create, .destroy = pool_destroy);
REMOTE_KIND(percpu, pool_ops, .allocator = "pool per CPU", .variant = "inline",
	    .create = percpu_create, .destroy = pool_destroy);
