// SPDX-License-Identifier: GPL-2.0
/*
 * The suite remote: objects of 64 bytes are allocated on one CPU and freed on
 * another one, 1 to 1000 at a time, as a producer and a consumer do it. What is
 * freed does not go back to where it was allocated, so no cache per CPU serves
 * the next allocation by itself.
 *
 * The two take turns: while one works the other sleeps. Only the allocations and
 * the frees are timed, each by the clock of its CPU, and neither waiting nor waking
 * up. So this is what it costs to move objects from CPU to CPU, cold caches
 * included where there are real ones; it is not what contention costs.
 *
 * The rows "empty" are the two loops with nothing in them, and two readings of
 * the clock for each turn, which in turns of one object is most of it.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/slab.h>

#include "allocators.h"
#include "remote.h"

#define REMOTE_SIZE		64
/* The most that are outstanding. */
#define REMOTE_BATCH_MAX	1000

static_assert(REMOTE_BATCH_MAX <= BENCH_SLOTS);
static_assert(REMOTE_BATCH_MAX <= BENCH_POOL_BLOCKS);
static_assert(REMOTE_OPERATIONS % REMOTE_BATCH_MAX == 0);

static __always_inline void *kmalloc_kernel_alloc(void *handle)
{
	return kmalloc(REMOTE_SIZE, GFP_KERNEL);
}

static const struct bench_ops kmalloc_ops = {
	.alloc = kmalloc_kernel_alloc,
	.free = kmalloc_free,
};

static void *cache_create(void)
{
	return bench_cache_create("mpdemo_bench_64", REMOTE_SIZE);
}

static const struct bench_ops cache_ops = {
	.alloc = cache_kernel_alloc,
	.free = cache_free,
};

static const struct bench_ops empty_ops = {
	.alloc = empty_alloc,
	.free = empty_free,
};

REMOTE_KIND(empty, empty_ops, .allocator = "empty", .variant = "loop");
REMOTE_KIND(kmalloc, kmalloc_ops, .allocator = "kmalloc",
	    .variant = "GFP_KERNEL");
REMOTE_KIND(cache, cache_ops, .allocator = "kmem_cache",
	    .variant = "GFP_KERNEL",
	    .create = cache_create, .destroy = cache_destroy);

static const struct bench_kind *const remote_kinds[] = {
	&remote_empty,
	&remote_kmalloc,
	&remote_cache,
	&remote_objpool,
	&remote_pool,
	&remote_percpu,
	NULL
};

static const unsigned int remote_batches[] = {
	1, 10, 100, REMOTE_BATCH_MAX, 0
};

const struct bench_suite bench_remote = {
	.id = MPDEMO_BENCH_SUITE_REMOTE,
	.object_size = REMOTE_SIZE,
	.operations = REMOTE_OPERATIONS,
	.cpus = 2,
	.batches = remote_batches,
	.kinds = remote_kinds,
};
