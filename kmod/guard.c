// SPDX-License-Identifier: GPL-2.0
/*
 * Red zones and poison; and how a guard is switched on and off while the pool is used.
 *
 * What is looked at belongs to who looks: a block that was taken and not yet handed
 * out, or is claimed by its free and not yet put. So there is no lock, and it is done
 * in any context, NMI included.
 *
 * Whether a free block has poison in it is told by a bit. It is set by the free that
 * has filled the block, before the put; so who takes the block sees both. The bit is
 * of use only if the block was not used by somebody who does not know it, in between:
 * one who looked at the gate before it was shut. Take the block that is freed and
 * filled here. Such a straggler may allocate it, and leave the bit set. But it has
 * taken the block from a list to which that was put by who found the gate shut: so it
 * frees it later than that, finds the gate shut as well, and the block is filled anew.
 *
 * A bit is stale once the gate was open. So all bits are cleared when poison is
 * switched on, and that in four steps:
 *
 *	shut the gate
 *	wait for a grace period: careful operations that saw poison when it was on the
 *		last time, and may be about to set a bit, are over, and so is an
 *		opening of the gate for another reason, that was decided before
 *	clear the bits: nobody sets one now, and what is freed from now on by those
 *		who do not see the gate shut was allocated before, and has none
 *	switch poison on (release)
 *
 * and who allocates looks whether poison is on (acquire) first, and at the bit next.
 * The other way round it could read a stale bit, be late, and find poison on.
 *
 * Records of holders are stale in the same way, and are forgotten in the same step.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/poison.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/guard.h>

#include "gate.h"
#include "guard.h"
#include "pool.h"
#include "region.h"
#include "store.h"

/* What is in a red zone; not what is in poison, in zeroes, or in text. */
#define RED_ZONE	SLUB_RED_INACTIVE

/* Words that are cleared before another task may run. */
#define RESCHED_WORDS	1024

static struct pool_guard *make(gfp_t gfp)
{
	struct pool_guard *guard = kzalloc_obj(*guard, gfp);

	if (guard)
		mutex_init(&guard->lock);
	return guard;
}

static void unmake(struct pool_guard *guard)
{
	if (!guard)
		return;
	kvfree(guard->poisoned);
	kvfree(guard->records);
	mutex_destroy(&guard->lock);
	kfree(guard);
}

/**
 * guard_create() - give a new pool the guard that its configuration asks for
 * @pool: the pool, which nobody else sees yet, with its magazines set
 * @config: a valid configuration
 * @gfp: GFP_KERNEL or GFP_KERNEL_ACCOUNT
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM; guard_destroy() is to be called in any case.
 */
int guard_create(struct pool *pool, const struct mpdemo_pool_config *config,
		 gfp_t gfp)
{
	struct pool_guard *guard;

	if (!(config->flags & (MPDEMO_POOL_RED_ZONE | MPDEMO_POOL_TRACK)))
		return 0;
	guard = make(gfp);
	if (!guard)
		return -ENOMEM;
	pool->guard = guard;
	if (config->flags & MPDEMO_POOL_RED_ZONE)
		guard->zone = pool->api.stride.bytes - pool->block_size;
	if (config->flags & MPDEMO_POOL_TRACK) {
		guard->records = kvcalloc(store_size(pool),
					  sizeof(*guard->records),
					  gfp | MPDEMO_GFP_LARGE);
		if (!guard->records)
			return -ENOMEM;
		guard->sample = 1;
	}
	gate_shut(pool, GATE_GUARD);
	return 0;
}

/* Context: Task context, may sleep. Nobody uses the pool any more. */
void guard_destroy(struct pool *pool)
{
	unmake(pool->guard);
}

static size_t bitmap_bytes(size_t blocks)
{
	return BITS_TO_LONGS(blocks) * sizeof(unsigned long);
}

/**
 * guard_footprint() - memory of the guard of a pool at its creation
 * @config: a valid configuration
 * @blocks: all that it will have
 *
 * Context: Any.
 * Return: bytes; red zones, which are between the blocks, not included.
 */
size_t guard_footprint(const struct mpdemo_pool_config *config, size_t blocks)
{
	size_t bytes = 0;

	if (config->flags & (MPDEMO_POOL_RED_ZONE | MPDEMO_POOL_TRACK))
		bytes += sizeof(struct pool_guard);
	if (config->flags & MPDEMO_POOL_TRACK)
		bytes += blocks * sizeof(struct guard_record);
	return bytes;
}

/**
 * guard_missing() - memory that it takes to switch poison on
 * @api: a pool
 *
 * Context: Any.
 * Return: bytes, 0 if it was switched on before.
 */
size_t guard_missing(const struct mpdemo_pool *api)
{
	const struct pool *pool = to_pool(api);
	const struct pool_guard *guard = guard_of(pool);
	size_t bytes = 0;

	if (!guard)
		bytes += sizeof(*guard);
	if (!guard || !READ_ONCE(guard->poisoned))
		bytes += bitmap_bytes(store_size(pool));
	return bytes;
}

/* Add to @stats what the guard knows, and its memory. Context: Any. */
void guard_get_stats(const struct pool *pool, struct mpdemo_pool_stats *stats)
{
	struct pool_guard *guard = guard_of(pool);

	if (!guard)
		return;
	stats->corrupted = atomic64_read(&guard->corrupted);
	stats->footprint += sizeof(*guard);
	if (guard->records)
		stats->footprint += store_size(pool) * sizeof(*guard->records);
	if (READ_ONCE(guard->poisoned))
		stats->footprint += bitmap_bytes(store_size(pool));
}

/* Of a block of new memory, not yet in a list. Context: Task context. */
void guard_construct(struct pool *pool, u32 index)
{
	struct pool_guard *guard = guard_of(pool);
	unsigned long *poisoned;

	if (!guard)
		return;
	if (guard->zone)
		memset(store_address(pool, index) + pool->block_size, RED_ZONE,
		       guard->zone);
	/* The block of that number went with its chunk, and its poison with it. */
	poisoned = READ_ONCE(guard->poisoned);
	if (poisoned)
		clear_bit(index, poisoned);
}

/* Once per pool and kind: what does it will do it again. */
static noinline void report(struct pool *pool, struct pool_guard *guard,
			    unsigned int kind, u32 index, const u8 *found,
			    const char *when, unsigned long caller)
{
	size_t offset = found - (u8 *)store_address(pool, index);
	bool zone = kind == REPORTED_ZONE;

	atomic64_inc(&guard->corrupted);
	if (test_and_set_bit(kind, &pool->reported))
		return;
	pr_err("pool %s: block %u was written to %s: byte %zu is 0x%02x and not 0x%02x, found at its %s by %pS\n",
	       pool->name, index, zone ? "past its end" : "after its free", offset,
	       *found, zone ? RED_ZONE : POISON_FREE, when, (void *)caller);
	holders_tell(pool, index);
}

static void check_zone(struct pool *pool, struct pool_guard *guard, u32 index,
		       const char *when, unsigned long caller)
{
	u8 *zone = store_address(pool, index) + pool->block_size, *found;

	if (!guard->zone)
		return;
	found = memchr_inv(zone, RED_ZONE, guard->zone);
	if (likely(!found))
		return;
	report(pool, guard, REPORTED_ZONE, index, found, when, caller);
	memset(zone, RED_ZONE, guard->zone);
}

static void check_poison(struct pool *pool, struct pool_guard *guard, u32 index,
			 unsigned long caller)
{
	u8 *found;

	/* acquire: pairs with the release in switch_guard(). Before the bit: see above. */
	if (!smp_load_acquire(&guard->poison) ||
	    !test_and_clear_bit(index, guard->poisoned))
		return;
	found = memchr_inv(store_address(pool, index), POISON_FREE,
			   pool->block_size);
	if (unlikely(found))
		report(pool, guard, REPORTED_POISON, index, found, "allocation",
		       caller);
}

/* guard_alloc() of a pool that has a guard */
void guard_look_at_alloc(struct pool *pool, struct pool_guard *guard, u32 index,
			 unsigned long caller)
{
	/* Whoever switches the guard waits for those inside: also for waiters. */
	rcu_read_lock();
	check_zone(pool, guard, index, "allocation", caller);
	check_poison(pool, guard, index, caller);
	holders_note_alloc(guard, index, caller);
	rcu_read_unlock();
}

/* guard_free() of a pool that has a guard */
bool guard_look_at_free(struct pool *pool, struct pool_guard *guard, u32 index,
			unsigned long caller)
{
	check_zone(pool, guard, index, "free", caller);
	holders_note_free(guard, index, caller);
	/* acquire: pairs with the release in switch_guard(), for the bitmap. */
	if (!smp_load_acquire(&guard->poison))
		return false;
	memset(store_address(pool, index), POISON_FREE, pool->block_size);
	/* Seen by who takes the block, as the put that follows is a release. */
	set_bit(index, guard->poisoned);
	return true;
}

/* Those who allocate may clear bits as well. */
static void clear_bits(unsigned long *bitmap, size_t bits)
{
	size_t i;

	for (i = 0; i < BITS_TO_LONGS(bits); i++) {
		WRITE_ONCE(bitmap[i], 0);
		if (i % RESCHED_WORDS == 0)
			cond_resched();
	}
}

static int check_wanted(const struct pool *pool, const struct pool_guard *guard,
			const struct mpdemo_pool_guard *wanted)
{
	if (wanted->flags & ~MPDEMO_GUARD_FLAGS)
		return -EINVAL;
	/* It would take away what the constructor has made. */
	if (wanted->flags & MPDEMO_GUARD_POISON && pool->ctor)
		return -EINVAL;
	if (wanted->sample && !(guard && guard->records))
		return -EINVAL;
	return store_is_closed(pool) ? -ESHUTDOWN : 0;
}

/* A guard once made stays with the pool. Two may make one at the same time. */
static struct pool_guard *publish(struct pool *pool)
{
	struct pool_guard *guard = make(pool->gfp), *old;

	if (!guard)
		return NULL;
	/* release: pairs with the address dependency behind guard_of(). */
	old = cmpxchg_release(&pool->guard, NULL, guard);
	if (!old)
		return guard;
	unmake(guard);
	return old;
}

static void switch_guard(struct pool *pool, struct pool_guard *guard,
			 const struct mpdemo_pool_guard *wanted)
{
	bool poison = wanted->flags & MPDEMO_GUARD_POISON;
	bool forget = wanted->sample && !guard->sample;
	bool clear = poison && !guard->poison;

	lockdep_assert_held(&guard->lock);
	if (clear || forget) {
		gate_shut(pool, GATE_GUARD);
		synchronize_rcu();
		if (clear)
			clear_bits(guard->poisoned, store_size(pool));
		if (forget)
			holders_forget(pool, guard);
	}
	/* release: who sees it on sees that nothing is stale. */
	smp_store_release(&guard->poison, poison);
	/* release: as well, of the records. */
	smp_store_release(&guard->sample, wanted->sample);
	if (!poison && !wanted->sample && !guard->zone)
		gate_open(pool, GATE_GUARD);
}

/**
 * mpdemo_pool_set_guard() - switch what a pool is guarded against
 * @api: the pool
 * @wanted: all that it shall be guarded against from now on, red zones aside
 *
 * Blocks may be held, and the pool may be used, by any context, meanwhile; an
 * operation that is under way may go by unseen.
 *
 * Poison takes a bit for each block, which stays from when it was first switched on. Of a
 * pool that was created with GFP_KERNEL_ACCOUNT who switches it on is charged for that.
 *
 * Context: Task context, may sleep.
 * Return: 0; -EINVAL: there is no such flag, the pool has a constructor and cannot be
 * poisoned, or it was not created to be tracked; -ESHUTDOWN: the pool is being destroyed;
 * -ENOMEM: then nothing was changed.
 */
int mpdemo_pool_set_guard(struct mpdemo_pool *api,
			  const struct mpdemo_pool_guard *wanted)
{
	struct pool *pool = to_pool(api);
	struct pool_guard *guard = guard_of(pool);
	int ret;

	might_sleep();
	ret = check_wanted(pool, guard, wanted);
	if (ret)
		return ret;
	if (!guard && !wanted->flags)
		return 0;
	if (!guard)
		guard = publish(pool);
	if (!guard)
		return -ENOMEM;

	mutex_lock(&guard->lock);
	if (wanted->flags & MPDEMO_GUARD_POISON && !guard->poisoned) {
		WRITE_ONCE(guard->poisoned,
			   kvcalloc(BITS_TO_LONGS(store_size(pool)),
				    sizeof(unsigned long),
				    pool->gfp | MPDEMO_GFP_LARGE));
		ret = guard->poisoned ? 0 : -ENOMEM;
	}
	if (!ret)
		switch_guard(pool, guard, wanted);
	mutex_unlock(&guard->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_set_guard);

/**
 * mpdemo_pool_corrupted() - how often damage was found
 * @api: the pool
 *
 * Context: Any.
 * Return: as mpdemo_pool_stats.corrupted.
 */
u64 mpdemo_pool_corrupted(const struct mpdemo_pool *api)
{
	const struct pool_guard *guard = guard_of(to_pool(api));

	return guard ? atomic64_read(&guard->corrupted) : 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_corrupted);
