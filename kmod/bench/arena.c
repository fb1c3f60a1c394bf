// SPDX-License-Identifier: GPL-2.0
/*
 * The row of the arena of mempool_demo. It is reset when its 64,000 bytes may be
 * used up, and its free does nothing.
 */

#include <linux/compiler.h>

#include <mempool_demo/arena.h>

#include "classic.h"

static void *arena_create(void)
{
	static const struct mpdemo_arena_config config = {
		.bytes = CLASSIC_SIZE * CLASSIC_RESET,
	};

	return mpdemo_arena_create(&config, GFP_KERNEL);
}

static void arena_destroy(void *handle)
{
	mpdemo_arena_destroy(handle);
}

static __always_inline void *arena_alloc(void *handle)
{
	return mpdemo_arena_alloc(handle, CLASSIC_SIZE, GFP_KERNEL);
}

static __always_inline void arena_free(void *handle, void *object)
{
	barrier_data(object);
}

static __always_inline void arena_reset(void *handle)
{
	mpdemo_arena_reset(handle);
}

static const struct bench_ops arena_ops = {
	.alloc = arena_alloc,
	.free = arena_free,
	.reset = arena_reset,
};

CLASSIC_KIND(arena, arena_ops, .allocator = "arena", .variant = "inline",
	     .create = arena_create, .destroy = arena_destroy);
