// SPDX-License-Identifier: GPL-2.0
/*
 * Begin and end of arenas, and what there is to read in between.
 */

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "arena.h"
#include "chunk.h"

/* Marks of an arena that is gone must not fit another one at its address. */
static atomic64_t serials = ATOMIC64_INIT(0);
#define SERIALS_PER_ARENA	BIT_ULL(32)

static int check_kind(const struct mpdemo_arena_config *config,
		      struct mpdemo_refusal *refusal)
{
	if (config->flags & ~MPDEMO_ARENA_FLAGS)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_FLAGS,
				     "there is no such flag of an arena");
	if (config->flags == MPDEMO_ARENA_FLAGS)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_FLAGS,
				     "an arena is shared or per CPU, not both");
	if (config->chunk && config->flags)
		return mpdemo_refuse(refusal, -EOPNOTSUPP, MPDEMO_SETTING_CHUNK,
				     "an arena that is shared or per CPU is one chunk");
	if (config->chunk && config->chunk < PAGE_SIZE)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_CHUNK,
				     "a chunk must have a page at least");
	if (config->retain && !config->chunk)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_CHUNK,
				     "an arena of one chunk has none to retain");
	return 0;
}

/**
 * mpdemo_arena_check() - whether an arena can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0; -ERANGE: a size is out of range; -EINVAL: a flag is unknown, or
 * settings do not fit together; -EOPNOTSUPP: chunks for a kind that has none.
 */
int mpdemo_arena_check(const struct mpdemo_arena_config *config,
		       struct mpdemo_refusal *refusal)
{
	if (config->bytes < MPDEMO_ARENA_BYTES_MIN ||
	    config->bytes > MPDEMO_ARENA_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BYTES,
				     "the size of an arena must be from 1 byte to 64 GiB");
	if (config->chunk > config->bytes)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_CHUNK,
				     "a chunk must not be larger than the arena");
	return check_kind(config, refusal);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_check);

static size_t footprint(unsigned int flags, size_t bytes)
{
	size_t all = sizeof(struct arena);

	if (flags & MPDEMO_ARENA_PERCPU)
		return all + num_possible_cpus() *
		       (sizeof(struct cpu_arena) + mpdemo_chunk_footprint(bytes));
	if (flags & MPDEMO_ARENA_SHARED)
		all += num_possible_cpus() * sizeof(unsigned long);
	return all + mpdemo_chunk_footprint(bytes);
}

/**
 * mpdemo_arena_footprint() - memory that an arena will take in all
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, metadata included; of an arena in chunks, those it begins with.
 */
size_t mpdemo_arena_footprint(const struct mpdemo_arena_config *config)
{
	return footprint(config->flags, config->chunk ?: config->bytes);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_footprint);

static int create_parts(struct arena *arena,
			const struct mpdemo_arena_config *config)
{
	struct mpdemo_chunk *chunk;

	if (config->name) {
		arena->name = kstrdup(config->name, arena->gfp);
		if (!arena->name)
			return -ENOMEM;
	}
	if (arena->api.kind == ARENA_PERCPU)
		return cpu_arenas_create(arena);

	chunk = mpdemo_chunk_create(config->chunk ?: config->bytes, arena->gfp,
				    NUMA_NO_NODE);
	if (!chunk)
		return -ENOMEM;
	arena_start(arena, chunk);
	if (arena->api.kind == ARENA_SINGLE)
		return 0;

	/* The fast path shall find no room; the position is another one. */
	arena_set_end(&arena->api, arena_pos(&arena->api));
	atomic_long_set(&arena->shared_pos, chunk->base);
	arena->shared_allocs = alloc_percpu_gfp(unsigned long, arena->gfp);
	return arena->shared_allocs ? 0 : -ENOMEM;
}

/**
 * mpdemo_arena_create() - create an arena
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * Context: Task context, may sleep.
 * Return: the arena, owned by the caller, or an ERR_PTR(): -ERANGE, -EINVAL and
 * -EOPNOTSUPP as of mpdemo_arena_check(), -ENOMEM.
 */
struct mpdemo_arena *
mpdemo_arena_create(const struct mpdemo_arena_config *config, gfp_t gfp)
{
	struct arena *arena;
	int ret;

	ret = mpdemo_arena_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);

	arena = kzalloc_obj(*arena, gfp);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	arena->bytes = config->bytes;
	arena->chunk_bytes = config->chunk;
	arena->retain = config->retain;
	arena->gfp = gfp;
	arena->serial = atomic64_add_return(SERIALS_PER_ARENA, &serials);
	if (config->flags & MPDEMO_ARENA_SHARED)
		arena->api.kind = ARENA_SHARED;
	else if (config->flags & MPDEMO_ARENA_PERCPU)
		arena->api.kind = ARENA_PERCPU;

	ret = create_parts(arena, config);
	if (ret) {
		mpdemo_arena_destroy(&arena->api);
		return ERR_PTR(ret);
	}
	return &arena->api;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_create);

/**
 * mpdemo_arena_destroy() - free an arena and all that was allocated from it
 * @api: the arena; NULL is fine
 *
 * Context: Task context, may sleep. No other call may be under way or follow.
 */
void mpdemo_arena_destroy(struct mpdemo_arena *api)
{
	struct arena *arena = to_arena(api);

	if (!api)
		return;
	arena_free_chunks(arena);
	cpu_arenas_destroy(arena);
	free_percpu(arena->shared_allocs);
	kfree(arena->name);
	kfree(arena);
}
EXPORT_SYMBOL_GPL(mpdemo_arena_destroy);

/**
 * mpdemo_arena_offset() - where a piece begins in its arena
 * @api: an arena of one chunk
 * @piece: what was allocated from it
 *
 * Context: Any.
 * Return: bytes from the begin of the arena; SIZE_MAX for one per CPU.
 */
size_t mpdemo_arena_offset(const struct mpdemo_arena *api, const void *piece)
{
	const struct mpdemo_chunk *chunk = to_arena(api)->first;

	return chunk ? (unsigned long)piece - chunk->base : SIZE_MAX;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_offset);

static void shared_get_stats(const struct arena *arena,
			     struct mpdemo_arena_stats *stats)
{
	int cpu;

	stats->bytes = arena->bytes;
	stats->in_use = atomic_long_read(&arena->shared_pos) -
			arena->first->base;
	stats->peak = max(READ_ONCE(arena->peak), stats->in_use);
	stats->chunks = 1;
	stats->resets = READ_ONCE(arena->resets);
	for_each_possible_cpu(cpu)
		stats->allocs +=
			READ_ONCE(*per_cpu_ptr(arena->shared_allocs, cpu));
}

static void single_get_stats(const struct arena *arena,
			     struct mpdemo_arena_stats *stats)
{
	stats->bytes = arena->bytes;
	stats->in_use = arena_in_use(arena);
	stats->peak = arena_peak(arena);
	stats->chunks = READ_ONCE(arena->nr_chunks);
	stats->marks = READ_ONCE(arena->nr_marks);
	stats->allocs = READ_ONCE(arena->api.allocs);
	stats->resets = READ_ONCE(arena->resets);
}

/**
 * mpdemo_arena_get_stats() - read the counters of an arena
 * @api: the arena
 * @stats: where to put them
 *
 * Context: Any, also while the arena is used; then each number is one that it
 * had lately, and they need not fit together. Where the arena is in chunks, only
 * its owner may call this.
 */
void mpdemo_arena_get_stats(const struct mpdemo_arena *api,
			    struct mpdemo_arena_stats *stats)
{
	const struct arena *arena = to_arena(api);

	memset(stats, 0, sizeof(*stats));
	stats->failures = atomic64_read(&arena->failures);
	stats->refused = atomic64_read(&arena->refused);

	switch ((enum arena_kind)api->kind) {
	case ARENA_SINGLE:
		single_get_stats(arena, stats);
		stats->footprint = footprint(0, atomic_long_read(&arena->taken)) +
			(stats->chunks - 1) * mpdemo_chunk_footprint(0);
		return;
	case ARENA_SHARED:
		shared_get_stats(arena, stats);
		stats->footprint = footprint(MPDEMO_ARENA_SHARED, arena->bytes);
		return;
	case ARENA_PERCPU:
		cpu_arenas_get_stats(arena, stats);
		stats->footprint = footprint(MPDEMO_ARENA_PERCPU, arena->bytes);
		return;
	case ARENA_CPU:
		mpdemo_arena_get_stats(&to_cpu_arena(api)->arena->api, stats);
		return;
	}
}
EXPORT_SYMBOL_GPL(mpdemo_arena_get_stats);

/**
 * mpdemo_arena_reset_peak() - begin anew to find the highest in_use
 * @api: the arena
 *
 * Context: Any, also while others use the arena.
 */
void mpdemo_arena_reset_peak(struct mpdemo_arena *api)
{
	struct arena *arena = to_arena(api);

	switch ((enum arena_kind)api->kind) {
	case ARENA_SINGLE:
	case ARENA_SHARED:
		/* It is no less than what is in use, for all who read it. */
		WRITE_ONCE(arena->peak, 0);
		return;
	case ARENA_PERCPU:
		cpu_arenas_reset_peak(arena);
		return;
	case ARENA_CPU:
		cpu_arenas_reset_peak(to_cpu_arena(api)->arena);
		return;
	}
}
EXPORT_SYMBOL_GPL(mpdemo_arena_reset_peak);
