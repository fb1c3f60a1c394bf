// SPDX-License-Identifier: GPL-2.0
/*
 * What heaps of mempool_demo are made from, whose classes are pools that all CPUs
 * share; and the size classes of the classic text: eight pools of 8 to 1024 bytes, the
 * i-th one of 1000/(i+1) blocks, or as many as are outstanding where that is more, and
 * an arena of 10 MiB for what is larger. That has one owner, so each CPU has its own,
 * and a free of what is larger does nothing until the arena is reset.
 */

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <mempool_demo/heap.h>

#include "allocators.h"
#include "arena_make.h"

/* Each class has blocks for all objects that it may get; so have runs. */
static void *make_heap(const char *name, unsigned int flags,
		       const struct bench_site *sites, unsigned int nr)
{
	struct mpdemo_heap_config config = {
		.name = name,
		.flags = flags,
	};
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (sites[i].size <= MPDEMO_HEAP_SMALL_MAX)
			config.blocks += sites[i].objects;
		else
			config.large_bytes += PAGE_ALIGN(sites[i].size) *
					      sites[i].objects;
		/* Any size up to that. */
		if (sites[i].size > MPDEMO_HEAP_SMALL_MAX && nr == 1)
			config.blocks += sites[i].objects;
	}
	return mpdemo_heap_create(&config, GFP_KERNEL);
}

static void *heap_create(const struct bench_site *sites, unsigned int nr)
{
	return make_heap("bench_heap", 0, sites, nr);
}

static void *heap_fine_create(const struct bench_site *sites, unsigned int nr)
{
	return make_heap("bench_heap_fine", MPDEMO_HEAP_FINE, sites, nr);
}

static void heap_destroy(void *handle)
{
	mpdemo_heap_destroy(handle);
}

static size_t heap_footprint(void *handle)
{
	struct mpdemo_heap_stats stats;

	mpdemo_heap_get_stats(handle, &stats);
	return stats.footprint;
}

static size_t heap_usable(void *handle, const void *object)
{
	return mpdemo_heap_usable_size(handle, object);
}

const struct bench_allocator bench_heap = {
	.name = "heap",
	.variant = "called",
	.contexts = BENCH_ANYWHERE,
	.whole = true,
	.create = heap_create,
	.destroy = heap_destroy,
	.footprint = heap_footprint,
	.usable = heap_usable,
};

const struct bench_allocator bench_heap_fine = {
	.name = "heap",
	.variant = "called, fine classes",
	.contexts = BENCH_ANYWHERE,
	.whole = true,
	.create = heap_fine_create,
	.destroy = heap_destroy,
	.footprint = heap_footprint,
	.usable = heap_usable,
};

static void classes_destroy(void *handle)
{
	struct bench_classes *classes = handle;
	unsigned int i;

	for (i = 0; i < BENCH_CLASSES; i++)
		mpdemo_pool_destroy(classes->pools[i]);
	mpdemo_arena_destroy(classes->large);
	kfree(classes);
}

static void *classes_create(const struct bench_site *sites, unsigned int nr)
{
	struct bench_classes *classes = kzalloc_obj(*classes, GFP_KERNEL);
	struct mpdemo_pool *pool;
	void *arena;
	unsigned int i;
	int ret;

	if (!classes)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < BENCH_CLASSES; i++) {
		const struct mpdemo_pool_config config = {
			.name = "bench_class",
			.block_size = BIT(BENCH_CLASS_SHIFT + i),
			.blocks = max(1000 / (i + 1), sites->held),
		};

		pool = mpdemo_pool_create(&config, GFP_KERNEL);
		if (IS_ERR(pool)) {
			ret = PTR_ERR(pool);
			goto destroy;
		}
		classes->pools[i] = pool;
	}
	arena = bench_arena_create(10 * SZ_1M);
	if (IS_ERR(arena)) {
		ret = PTR_ERR(arena);
		goto destroy;
	}
	classes->large = arena;
	return classes;

destroy:
	classes_destroy(classes);
	return ERR_PTR(ret);
}

static size_t classes_footprint(void *handle)
{
	struct bench_classes *classes = handle;
	size_t bytes = bench_arena_footprint(classes->large);
	struct mpdemo_pool_stats stats;
	unsigned int i;

	for (i = 0; i < BENCH_CLASSES; i++) {
		mpdemo_pool_get_stats(classes->pools[i], &stats);
		bytes += stats.footprint;
	}
	return bytes;
}

const struct bench_allocator bench_classes = {
	.name = "pools + arena",
	.variant = "eight classes",
	.contexts = BENCH_ANYWHERE,
	.own = true,
	.create = classes_create,
	.destroy = classes_destroy,
	.footprint = classes_footprint,
};
