// SPDX-License-Identifier: GPL-2.0
/*
 * How a pool grows and shrinks, by chunks; see chunks.c for what they are.
 *
 * It grows where a block was not to be had: at once, in the hands of a caller who may
 * sleep; else in the background, for those that come later, and for those that wait.
 * A pool that has nobody to grow it is as it would be at its maximum.
 *
 * It shrinks when memory is short, or somebody asks for it. Of chunks above the floor
 * those go whose blocks are all free, the last one first. Of those that are mostly
 * free the blocks are set aside: they are taken only where there are no others, and
 * when the last one has come home the chunk goes. Should they be needed after all,
 * the chunk is as any other again. So a pool can hold its maximum at all times, as a
 * block that is set aside is not lost.
 *
 * A pool that is mapped by user space does not shrink, as whatever was to be seen in a
 * mapping stays there; it grows in it.
 *
 * Some free blocks are kept, half a chunk or half of the floor, so that a pool that
 * has shrunk does not grow again with the next allocation.
 *
 * All memory is charged to whoever has created the pool, if that was to be charged,
 * also what others have made it grow by.
 *
 * Lock order: pool_chunks.lock, then whatever allocations take, reclaim included.
 * So the shrinker and callers that must not wait for reclaim take it by trylock, or
 * leave it alone. Interrupts take no lock here, they kick.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <mempool_demo/grow.h>

#include "chunks.h"
#include "compat/shrinker.h"
#include "freelist.h"
#include "pool.h"
#include "region.h"
#include "trace.h"

/* How long callers that cannot grow a pool leave it alone when that has failed. */
#define RETRY_AFTER	(HZ / 10)

static size_t region_bytes(const struct pool_chunks *chunks,
			   const struct pool_chunk *chunk)
{
	return chunk->free.nr * chunks->stride.bytes;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct chunk_range *left = a, *right = b;

	if (left->begin == right->begin)
		return 0;
	return left->begin < right->begin ? -1 : 1;
}

/* Of all chunks that are there, and one that is to come. */
static int replace_map(struct pool_chunks *chunks, unsigned int added,
		       const void *base)
{
	struct chunk_map *old, *map;
	unsigned int slot;

	lockdep_assert_held(&chunks->lock);
	map = kvmalloc(struct_size(map, ranges, chunks->nr_slots), chunks->gfp);
	if (!map)
		return -ENOMEM;
	map->nr = 0;
	for (slot = 0; slot < chunks->nr_slots; slot++) {
		const void *begin = slot == added ? base :
						    chunks->slots[slot].base;

		if (begin)
			map->ranges[map->nr++] = (struct chunk_range) {
				.begin = (unsigned long)begin,
				.slot = slot,
			};
	}
	sort(map->ranges, map->nr, sizeof(map->ranges[0]), compare_ranges, NULL);
	old = rcu_replace_pointer(chunks->map, map,
				  lockdep_is_held(&chunks->lock));
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/*
 * Who has the map before this one, if anybody, is in a section that the grace period
 * for the slot waits for, as is who has read the slot here.
 */
static void blot_out(struct pool_chunks *chunks, unsigned int slot)
{
	struct chunk_map *map = rcu_dereference_protected(chunks->map,
				lockdep_is_held(&chunks->lock));
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (map->ranges[i].slot == slot)
			WRITE_ONCE(map->ranges[i].slot, CHUNK_NONE);
}

static void account(struct pool_chunks *chunks, struct pool_chunk *chunk,
		    int sign)
{
	size_t bytes = mpdemo_region_footprint(region_bytes(chunks, chunk));

	lockdep_assert_held(&chunks->lock);
	WRITE_ONCE(chunks->present,
		   chunks->present + sign * (int)chunk->free.nr);
	WRITE_ONCE(chunks->nr_present, chunks->nr_present + sign);
	WRITE_ONCE(chunks->bytes, chunks->bytes + sign * (ssize_t)bytes);
}

/* Into the first slot that is not taken. */
static int add_chunk(struct pool_chunks *chunks)
{
	struct mpdemo_region *region;
	struct pool_chunk *chunk;
	unsigned int slot = 0;

	lockdep_assert_held(&chunks->lock);
	while (chunks->slots[slot].region)
		slot++;
	chunk = &chunks->slots[slot];
	region = mpdemo_region_create(region_bytes(chunks, chunk), chunks->gfp,
				      chunks->node);
	if (!region)
		return -ENOMEM;
	/* Nobody is inside any more who has seen the last chunk of this slot. */
	cond_synchronize_rcu(chunk->gone);
	if (replace_map(chunks, slot, region->addr)) {
		mpdemo_region_destroy(region);
		return -ENOMEM;
	}
	/* release: who maps its pages sees zeroes. Pairs with mpdemo_pool_page(). */
	smp_store_release(&chunk->region, region);
	WRITE_ONCE(chunk->base, region->addr);
	account(chunks, chunk, 1);
	if (chunks->pool->ctor || chunks->pool->guard)
		pool_construct(chunks->pool, chunk->first, chunk->free.nr);
	freelist_refill(&chunk->free);
	set_bit(slot, chunks->open);
	chunks_add(chunks, chunk->free.nr);
	trace_mpdemo_pool_grow(chunks->pool->name, chunk->free.nr,
			       chunks->present, chunks->max);
	if (level_is_low(&chunks->pool->level))
		level_look(chunks->pool);
	return 0;
}

/*
 * Let a chunk go that is home. A pool that is closing has nobody any more who has
 * taken a block and not popped it.
 */
static bool retire(struct pool_chunks *chunks, unsigned int slot)
{
	struct pool_chunk *chunk = &chunks->slots[slot];
	unsigned int nr = chunk->free.nr;
	struct mpdemo_region *region;

	lockdep_assert_held(&chunks->lock);
	if (!chunk->region || !freelist_is_full(&chunk->free))
		return false;
	/* Nobody maps it for the first time as long as the lock is held. */
	if (!chunks->closing && (atomic_read(&chunks->mapped) ||
				 !chunks_withdraw(chunks, nr, chunks->keep))) {
		/* It is needed. */
		clear_bit(slot, chunks->retiring);
		set_bit(slot, chunks->open);
		return false;
	}
	if (!freelist_close_full(&chunk->free)) {
		/* A block is out again. While it closes, that one will kick. */
		if (!chunks->closing)
			chunks_add(chunks, nr);
		return false;
	}
	clear_bit(slot, chunks->retiring);
	clear_bit(slot, chunks->open);
	blot_out(chunks, slot);
	WRITE_ONCE(chunk->base, NULL);
	chunk->gone = get_state_synchronize_rcu();
	region = chunk->region;
	WRITE_ONCE(chunk->region, NULL);
	account(chunks, chunk, -1);
	trace_mpdemo_pool_shrink(chunks->pool->name, nr, chunks->present,
				 chunks->max);
	mpdemo_region_destroy(region);
	/*
	 * Who has found no block meanwhile, and no room for a chunk, may be waiting
	 * already. Pairs with chunks_watch().
	 */
	smp_mb();
	if (atomic64_read(&chunks->word) & CHUNKS_WATCHED)
		chunks_kick(chunks, 1);
	return true;
}

/*
 * Set the blocks of a chunk aside, unless there would be too few left. When the last
 * one comes home, there will be a kick.
 */
static void retire_later(struct pool_chunks *chunks, unsigned int slot)
{
	struct pool_chunk *chunk = &chunks->slots[slot];
	unsigned int aside = 0, other;
	struct freelist_counts counts;

	lockdep_assert_held(&chunks->lock);
	if (!chunk->region || test_bit(slot, chunks->retiring))
		return;
	freelist_count(&chunk->free, &counts);
	if (counts.depth < chunk->free.nr / 2)
		return;
	aside = counts.depth;
	for_each_hinted_slot(other, chunks, chunks->retiring) {
		freelist_count(&chunks->slots[other].free, &counts);
		aside += counts.depth;
	}
	if (chunks_free_in(atomic64_read(&chunks->word)) < aside + chunks->keep)
		return;
	set_bit(slot, chunks->retiring);
	/* Pairs with the one in note_free(). */
	smp_mb__after_atomic();
	clear_bit(slot, chunks->open);
	/* The last one may have come before it was retiring. */
	if (freelist_is_full(&chunk->free))
		chunks_kick(chunks, 0);
}

/* Return: how many chunks went, @max at most. */
static unsigned int shrink(struct pool_chunks *chunks, unsigned int max)
{
	unsigned int slot, gone = 0;

	lockdep_assert_held(&chunks->lock);
	if (atomic_read(&chunks->mapped))
		return 0;
	for (slot = chunks->nr_slots - 1; slot && gone < max; slot--) {
		if (retire(chunks, slot))
			gone++;
		else
			retire_later(chunks, slot);
	}
	return gone;
}

/* Return: whether there are as many free blocks, at last. */
static bool grow_to(struct pool_chunks *chunks, unsigned int n)
{
	struct mem_cgroup *old;
	bool failed = false, enough;
	u64 word;

	/* Killable, as who is in there may wait for memory. */
	if (mutex_lock_killable(&chunks->lock))
		return false;
	old = set_active_memcg(chunks->memcg);
	for (;;) {
		word = atomic64_read(&chunks->word);
		enough = chunks_free_in(word) >= n;
		if (enough || failed || (word & CHUNKS_CLOSED) ||
		    chunks->present == chunks->max ||
		    n > chunks_most_free(chunks, word))
			break;
		failed = add_chunk(chunks);
		/* Who is killed over it need not have found that there is none. */
		if (failed && fatal_signal_pending(current))
			break;
		WRITE_ONCE(chunks->no_memory, failed);
		if (failed)
			WRITE_ONCE(chunks->retry_at, jiffies + RETRY_AFTER);
	}
	set_active_memcg(old);
	mutex_unlock(&chunks->lock);
	return enough;
}

/**
 * pool_grow() - have a pool grow, as some blocks could not be had
 * @pool: the pool
 * @n: how many
 * @gfp: whether the caller may sleep, and wait for reclaim of any kind; else the pool
 *	grows in the background
 *
 * Context: Any that fits @gfp, in one RCU read side section, which may end and begin
 * anew.
 * Return: whether to try again. If not, and the caller may sleep, there was an instant
 * at which the pool could not grow and fewer were free; or memory is short; or the task
 * is being killed.
 */
bool pool_grow(struct pool *pool, unsigned int n, gfp_t gfp)
{
	const gfp_t all = __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS;
	struct pool_chunks *chunks = pool->chunks;
	unsigned int most;
	bool enough;

	if (!chunks)
		return false;
	/* What it can not have it does not grow for. */
	most = chunks_most_free(chunks, atomic64_read(&chunks->word));
	if ((current_gfp_context(gfp) & all) != all) {
		if (n <= most &&
		    READ_ONCE(chunks->present) < chunks->max &&
		    time_after_eq(jiffies, READ_ONCE(chunks->retry_at)))
			chunks_kick(chunks, n);
		return false;
	}
	/* A pool that is dying may end meanwhile. */
	if (!refcount_inc_not_zero(&chunks->users))
		return false;
	rcu_read_unlock();
	enough = grow_to(chunks, n);
	rcu_read_lock();
	chunks_drop_user(chunks);
	return enough;
}

/**
 * mpdemo_pool_grow_for() - have a pool grow that has too few free blocks
 * @api: a pool that grows, which the caller keeps from being destroyed
 * @n: how many are wanted
 *
 * Context: Task context, may sleep: for as long as memory of any size takes.
 * Return: 0: try again; -EAGAIN: it could not grow, and fewer were free, or the task
 * is being killed; -ENOMEM: memory is short. Of the latter two the allocation is
 * accounted for as failed.
 */
int mpdemo_pool_grow_for(struct mpdemo_pool *api, unsigned int n)
{
	struct pool *pool = to_pool(api);
	int ret = 0;

	rcu_read_lock();
	if (!pool_grow(pool, n, GFP_KERNEL)) {
		ret = chunks_why_failed(pool->chunks) == MPDEMO_FAILURE_NO_MEMORY ?
		      -ENOMEM : -EAGAIN;
		pool_alloc_failed(pool, n, _RET_IP_);
	}
	rcu_read_unlock();
	return ret;
}

/* In task context. The pool may be gone afterwards. */
static void kicked(struct mpdemo_reap *kick)
{
	struct pool_chunks *chunks = container_of(kick, struct pool_chunks, kick);
	unsigned int slot, wanted;

	clear_bit(0, &chunks->kicked);
	/* What comes from now on kicks again. Pairs with chunks_kick(). */
	smp_mb__after_atomic();
	wanted = atomic_xchg(&chunks->wanted, 0);

	mutex_lock(&chunks->lock);
	for_each_hinted_slot(slot, chunks, chunks->retiring)
		retire(chunks, slot);
	mutex_unlock(&chunks->lock);
	/*
	 * What was to be had when it was kicked for may not be any more. Others may
	 * have kicked for less since, and wait; they kick for the next one themselves.
	 */
	if (wanted && !grow_to(chunks, wanted))
		grow_to(chunks, 1);
	chunks_drop_user(chunks);
}

/**
 * mpdemo_pool_shrink() - give back what memory a pool can do without now
 * @api: a pool that grows; of any other one there is nothing to be given back
 *
 * What happens by itself when memory is short: each chunk goes of which all blocks
 * are free, if enough others are. One that is mostly free will go when its last
 * block is freed.
 *
 * Context: Task context, may sleep.
 * Return: how many chunks went.
 */
unsigned int mpdemo_pool_shrink(struct mpdemo_pool *api)
{
	struct pool_chunks *chunks = to_pool(api)->chunks;
	unsigned int gone;

	might_sleep();
	if (!chunks)
		return 0;
	mutex_lock(&chunks->lock);
	gone = shrink(chunks, chunks->nr_slots);
	mutex_unlock(&chunks->lock);
	return gone;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_shrink);

static unsigned long pages_of_chunk(const struct pool_chunks *chunks)
{
	return PFN_UP((size_t)chunks->chunk_blocks * chunks->stride.bytes);
}

/* In pages: a guess, at no cost. */
static unsigned long count_objects(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	struct pool_chunks *chunks = mpdemo_shrinker_data(shrinker);
	unsigned int nr = chunks_free_in(atomic64_read(&chunks->word));

	if (atomic_read(&chunks->mapped))
		return SHRINK_EMPTY;
	nr -= min(nr, chunks->keep);
	nr = min(nr / chunks->chunk_blocks, READ_ONCE(chunks->nr_present) - 1);
	return nr ? nr * pages_of_chunk(chunks) : SHRINK_EMPTY;
}

static unsigned long scan_objects(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	struct pool_chunks *chunks = mpdemo_shrinker_data(shrinker);
	unsigned long pages = pages_of_chunk(chunks);
	unsigned int gone;

	/* Who holds it may be the one that reclaims. */
	if (!mutex_trylock(&chunks->lock))
		return SHRINK_STOP;
	gone = shrink(chunks, DIV_ROUND_UP(sc->nr_to_scan, pages));
	mutex_unlock(&chunks->lock);
	return gone ? gone * pages : SHRINK_STOP;
}

/* All slots, without chunks. */
static int init_slots(struct pool_chunks *chunks)
{
	union mpdemo_link *links;
	unsigned int slot, nr;
	u32 first = 0;

	links = kvcalloc(chunks->max + chunks->nr_slots * FREELIST_SPECIAL,
			 sizeof(*links), chunks->gfp | MPDEMO_GFP_LARGE);
	if (!links)
		return -ENOMEM;
	chunks->links = links;
	for (slot = 0; slot < chunks->nr_slots; slot++) {
		struct pool_chunk *chunk = &chunks->slots[slot];

		nr = slot ? min(chunks->chunk_blocks, chunks->max - first) :
			    chunks->floor;
		freelist_init_closed(&chunk->free, links, nr);
		chunk->first = first;
		chunk->gone = get_state_synchronize_rcu();
		first += nr;
		links += nr + FREELIST_SPECIAL;
	}
	return 0;
}

/**
 * chunks_create() - give a pool that grows room for its chunks
 * @pool: the pool; on failure it has what is for chunks_destroy()
 * @config: a valid configuration
 * @gfp: how to allocate, now and later
 * @overhead: bytes that the pool takes beside its blocks
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int chunks_create(struct pool *pool, const struct mpdemo_pool_config *config,
		  gfp_t gfp, size_t overhead)
{
	unsigned int nr_slots = chunks_slots(config);
	struct pool_chunks *chunks;

	chunks = kvzalloc(struct_size(chunks, slots, nr_slots), gfp);
	if (!chunks)
		return -ENOMEM;
	pool->chunks = chunks;
	chunks->pool = pool;
	chunks->nr_slots = nr_slots;
	chunks->floor = config->blocks;
	chunks->chunk_blocks = chunks_blocks(config);
	chunks->max = config->max_blocks;
	chunks->keep = DIV_ROUND_UP(min(chunks->chunk_blocks, chunks->floor), 2);
	chunks->gfp = gfp;
	chunks->node = config->flags & MPDEMO_POOL_NODE ? config->node :
							  NUMA_NO_NODE;
	mpdemo_stride_init(&chunks->stride, NULL, pool_stride_of(config));
	refcount_set(&chunks->users, 1);
	chunks->retry_at = jiffies;
	mpdemo_reap_init_allocating(&chunks->kick, kicked);
	mutex_init(&chunks->lock);
	chunks->bytes = overhead;
	if (gfp & __GFP_ACCOUNT)
		chunks->memcg = get_mem_cgroup_from_mm(NULL);

	return init_slots(chunks);
}

/**
 * chunks_start() - give a new pool the blocks of its floor
 * @chunks: the chunks of the pool, which has its guard already
 * @name: of the pool
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int chunks_start(struct pool_chunks *chunks, const char *name)
{
	int ret;

	mutex_lock(&chunks->lock);
	ret = add_chunk(chunks);
	mutex_unlock(&chunks->lock);
	if (ret)
		return ret;
	chunks->shrinker = mpdemo_shrinker_create(count_objects, scan_objects,
						  chunks, name);
	return chunks->shrinker ? 0 : -ENOMEM;
}

/**
 * chunks_close() - have a pool neither give blocks nor grow or shrink any more
 * @chunks: the chunks of a pool that is not waited for any more
 *
 * From now on a chunk goes when its blocks are home, be it the floor.
 *
 * Context: Task context, may sleep, for as long as it grows or shrinks.
 * Return: how many blocks are held. Then chunks_end() is to be called.
 */
unsigned int chunks_close(struct pool_chunks *chunks)
{
	unsigned int held, slot;

	mpdemo_shrinker_destroy(chunks->shrinker);
	chunks->shrinker = NULL;
	mutex_lock(&chunks->lock);
	held = chunks_close_word(chunks);
	mutex_unlock(&chunks->lock);
	/*
	 * Those who have taken blocks before have popped them when this returns.
	 * Until then no chunk goes, as none can be withdrawn: in a list that is
	 * full may be the block that somebody is to find.
	 */
	synchronize_rcu();
	mutex_lock(&chunks->lock);
	chunks->closing = true;
	for (slot = 0; slot < chunks->nr_slots; slot++)
		set_bit(slot, chunks->retiring);
	/* Pairs with the one in note_free(). */
	smp_mb__after_atomic();
	for (slot = 0; slot < chunks->nr_slots; slot++)
		retire(chunks, slot);
	mutex_unlock(&chunks->lock);
	/* What was begun before. */
	mpdemo_reap_wait(&chunks->kick);
	return held;
}

/**
 * chunks_destroy() - free the chunks of a pool that has ended
 * @chunks: the chunks, complete or not; NULL is fine
 *
 * Context: Task context, may sleep.
 */
void chunks_destroy(struct pool_chunks *chunks)
{
	unsigned int slot;

	if (!chunks)
		return;
	mpdemo_shrinker_destroy(chunks->shrinker);
	for (slot = 0; slot < chunks->nr_slots; slot++)
		mpdemo_region_destroy(chunks->slots[slot].region);
	kvfree(rcu_dereference_protected(chunks->map, true));
	kvfree(chunks->links);
	mem_cgroup_put(chunks->memcg);
	mutex_destroy(&chunks->lock);
	kvfree(chunks);
}
