// SPDX-License-Identifier: GPL-2.0
/*
 * What is known about an object: one view of pools, arenas and heaps, the same for all
 * interfaces.
 *
 * Allocators count for ever. Counters that were reset are what they count, less what
 * they had counted then.
 */

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/guard.h>
#include <mempool_demo/heap.h>
#include <mempool_demo/pool.h>

#include "object.h"

/**
 * mpdemo_pool_info() - read what is known about a pool, an object's or not
 * @pool: the pool
 * @info: where to put it
 * @details: likewise; @corrupted is that of all the time
 *
 * Context: Task context, may sleep.
 */
void mpdemo_pool_info(struct mpdemo_pool *pool, struct mpdemo_info *info,
		      struct mpdemo_object_details *details)
{
	struct mpdemo_pool_stats stats;

	mpdemo_pool_get_stats(pool, &stats);
	info->out_footprint = stats.footprint;
	info->out_block_size = stats.block_size;
	info->out_stride = stats.stride;
	info->out_capacity = stats.blocks;
	info->out_max_blocks = stats.max_blocks;
	info->out_present = stats.present ?: stats.blocks;
	info->out_in_use = stats.in_use;
	info->out_peak = stats.peak;
	info->out_allocs = stats.allocs;
	info->out_frees = stats.frees;
	info->out_failures = stats.failures;
	info->out_refused = stats.refused;
	info->out_waiters = stats.waiters;
	details->chunk_blocks = stats.chunk_blocks;
	details->reserved = stats.reserved;
	details->level = mpdemo_pool_level(pool);
	details->corrupted = stats.corrupted;
}

static void pool_info(struct mpdemo_object *object, struct mpdemo_info *info)
{
	struct mpdemo_object_details unused;

	mpdemo_pool_info(object->pool, info, &unused);
	info->out_refused += atomic64_read(&object->owners.refused);
	info->out_align = object->align;
}

static void heap_info(struct mpdemo_object *object, struct mpdemo_info *info)
{
	struct mpdemo_heap_stats stats;

	mpdemo_heap_get_stats(object->heap, &stats);
	info->out_capacity = stats.bytes;
	info->out_in_use = stats.handed_out;
	info->out_peak = stats.peak_bytes;
	info->out_allocs = stats.allocs;
	info->out_frees = stats.frees;
	info->out_failures = stats.failures;
	info->out_refused = stats.refused +
			    atomic64_read(&object->owners.refused);
}

static void arena_info(struct mpdemo_object *object, struct mpdemo_info *info)
{
	struct mpdemo_arena_stats stats;

	/* Without arena_lock, which may be held for as long as memory is cleared. */
	mpdemo_arena_get_stats(object->arena, &stats);

	info->out_capacity = stats.bytes;
	info->out_in_use = stats.in_use;
	info->out_peak = stats.peak;
	info->out_allocs = stats.allocs;
	info->out_frees = stats.resets;
	info->out_failures = stats.failures;
}

static void count(struct mpdemo_object *object, struct mpdemo_info *info)
{
	switch (object->kind) {
	case MPDEMO_OBJECT_POOL:
		pool_info(object, info);
		break;
	case MPDEMO_OBJECT_ARENA:
		arena_info(object, info);
		break;
	case MPDEMO_OBJECT_HEAP:
		heap_info(object, info);
		break;
	}
	if (mpdemo_object_has_blocks(object)) {
		info->out_kept = atomic_read(&object->owners.keeper.held);
		info->out_reclaimed = atomic64_read(&object->owners.reclaimed);
		info->out_quota = READ_ONCE(object->settings.quota);
	}
}

/* They are read one by one, and may have been read before they were reset. */
static u64 since(u64 now, u64 zero)
{
	return now > zero ? now - zero : 0;
}

static void count_from_zero(struct mpdemo_object *object,
			    struct mpdemo_info *info)
{
	struct mpdemo_counters zero;

	spin_lock(&object->zero_lock);
	zero = object->zero;
	spin_unlock(&object->zero_lock);
	info->out_allocs = since(info->out_allocs, zero.allocs);
	info->out_frees = since(info->out_frees, zero.frees);
	info->out_failures = since(info->out_failures, zero.failures);
	info->out_refused = since(info->out_refused, zero.refused);
	info->out_reclaimed = since(info->out_reclaimed, zero.reclaimed);
}

/**
 * mpdemo_object_get_info() - read what is known about an object
 * @object: the object
 * @info: where to put it; what hangs on an open file is left zero
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_get_info(struct mpdemo_object *object,
			    struct mpdemo_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->out_kind = object->kind;
	info->out_id = object->id;
	if (READ_ONCE(object->dying))
		info->out_state |= MPDEMO_STATE_DYING;
	else
		strscpy(info->out_name, object->name, sizeof(info->out_name));
	count(object, info);
	/* Of a pool that grows, what it may take. */
	info->out_footprint = READ_ONCE(object->charge.bytes);
	count_from_zero(object, info);
}

/**
 * mpdemo_object_get_details() - read what else is known about an object
 * @object: the object
 * @details: where to put it; what its kind does not have is 0
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_get_details(struct mpdemo_object *object,
			       struct mpdemo_object_details *details)
{
	struct mpdemo_counters zero;
	struct mpdemo_info info;

	memset(details, 0, sizeof(*details));
	mutex_lock(&object->settings_lock);
	details->settings = object->settings;
	mutex_unlock(&object->settings_lock);
	spin_lock(&object->zero_lock);
	zero = object->zero;
	spin_unlock(&object->zero_lock);
	details->age = ktime_to_ns(ktime_sub(ktime_get(), zero.since));
	if (object->kind != MPDEMO_OBJECT_POOL)
		return;
	mpdemo_pool_info(object->pool, &info, details);
	details->corrupted = since(details->corrupted, zero.corrupted);
}

static void reset_peaks(struct mpdemo_object *object)
{
	switch (object->kind) {
	case MPDEMO_OBJECT_POOL:
		mpdemo_pool_reset_peak(object->pool);
		break;
	case MPDEMO_OBJECT_ARENA:
		/* Without arena_lock, as for the counters. */
		mpdemo_arena_reset_peak(object->arena);
		break;
	case MPDEMO_OBJECT_HEAP:
		mpdemo_heap_reset_peaks(object->heap);
		break;
	}
}

/**
 * mpdemo_object_reset_stats() - count from 0 on, and find new peaks
 * @object: the object
 *
 * What is in use is as before, so from now on it need not be what was allocated less
 * what was freed. Counters of single classes of a heap go on; their peaks do not.
 *
 * Of two at the same time the later one may be undone: then what was counted in
 * between is counted still.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_reset_stats(struct mpdemo_object *object)
{
	struct mpdemo_counters zero = {};
	struct mpdemo_pool_stats stats;
	struct mpdemo_info info = {};

	reset_peaks(object);
	count(object, &info);
	if (object->kind == MPDEMO_OBJECT_POOL) {
		mpdemo_pool_get_stats(object->pool, &stats);
		zero.corrupted = stats.corrupted;
	}
	zero.allocs = info.out_allocs;
	zero.frees = info.out_frees;
	zero.failures = info.out_failures;
	zero.refused = info.out_refused;
	zero.reclaimed = info.out_reclaimed;
	zero.since = ktime_get();
	spin_lock(&object->zero_lock);
	object->zero = zero;
	spin_unlock(&object->zero_lock);
}

/**
 * mpdemo_object_finds_damage() - whether new damage was found
 * @object: the object
 *
 * To be asked after each use of it, so it looks at little.
 *
 * Context: Any.
 * Return: true once for what was found since it was true last.
 */
bool mpdemo_object_finds_damage(struct mpdemo_object *object)
{
	u64 corrupted, seen = READ_ONCE(object->seen_corrupted);

	if (!object->pool)
		return false;
	corrupted = mpdemo_pool_corrupted(object->pool);
	/* If somebody else is faster, he tells. */
	return corrupted != seen &&
	       try_cmpxchg(&object->seen_corrupted, &seen, corrupted);
}
