// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds which block of a pool that user space uses.
 *
 * Each block has one word {generation, owner id}, in memory that no user can
 * write. Everything that happens to a block from outside happens by one cmpxchg
 * of its word, so of two threads that free the same block one wins, and the
 * other is told; and only the winner touches the pool.
 *
 *	{g, FREE}	free, and was last allocated as generation g
 *	{g, KEEPER}	the object itself holds it: kept
 *	{g, other}	the open file with that id holds it
 *
 * A handle is {index, generation}. It fits the word as long as that allocation
 * of the block lasts; after it, the word says what became of it.
 *
 * Order: a block leaves its word (FREE) before it is pushed to the pool, and is
 * popped from the pool before its word is set. Between the two nobody can reach
 * it, as every operation needs an owner in the word.
 */

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <mempool_demo/pool.h>
#include <uapi/linux/mempool_demo.h>

#include "owner.h"
#include "pool.h"
#include "region.h"

enum {
	OWNER_FREE,
	OWNER_KEEPER,
	OWNER_FIRST,		/* of an open file */
};

static DEFINE_IDA(owner_ids);

static inline u64 word_make(u32 generation, u32 id)
{
	return (u64)generation << 32 | id;
}

static inline u32 word_generation(u64 word)
{
	return word >> 32;
}

static inline u32 word_id(u64 word)
{
	return (u32)word;
}

/**
 * mpdemo_owner_init() - make an owner that holds nothing
 * @owner: the owner
 *
 * Context: Task context, may sleep.
 * Return: 0, -ENOMEM, or -ENFILE: there are too many owners.
 */
int mpdemo_owner_init(struct mpdemo_owner *owner)
{
	int id = ida_alloc_min(&owner_ids, OWNER_FIRST, GFP_KERNEL);

	if (id < 0)
		return id == -ENOSPC ? -ENFILE : id;
	owner->id = id;
	atomic_set(&owner->held, 0);
	return 0;
}

/**
 * mpdemo_owner_exit() - end an owner that holds nothing any more
 * @owner: the owner
 *
 * Context: Any.
 */
void mpdemo_owner_exit(struct mpdemo_owner *owner)
{
	ida_free(&owner_ids, owner->id);
}

/**
 * mpdemo_owner_table_footprint() - memory that a table takes beside its struct
 * @nr: number of blocks
 *
 * Return: bytes.
 */
size_t mpdemo_owner_table_footprint(unsigned int nr)
{
	return nr * sizeof(atomic64_t);
}

/**
 * mpdemo_owner_table_init() - make the table of a pool without held blocks
 * @table: the table
 * @pool: the pool
 * @nr: number of its blocks
 * @block_size: bytes of each, to be zeroed before it is handed out
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpdemo_owner_table_init(struct mpdemo_owner_table *table,
			    struct mpdemo_pool *pool, unsigned int nr,
			    size_t block_size)
{
	table->words = kvcalloc(nr, sizeof(*table->words),
				GFP_KERNEL_ACCOUNT | MPDEMO_GFP_LARGE);
	if (!table->words)
		return -ENOMEM;
	table->pool = pool;
	table->nr = nr;
	table->block_size = block_size;
	table->keeper.id = OWNER_KEEPER;
	return 0;
}

/**
 * mpdemo_owner_table_exit() - free what mpdemo_owner_table_init() allocated
 * @table: the table
 *
 * Context: Task context, may sleep.
 */
void mpdemo_owner_table_exit(struct mpdemo_owner_table *table)
{
	kvfree(table->words);
}

/* A block that was just popped gets its owner, and its next generation. */
static u64 own(struct mpdemo_owner_table *table, struct mpdemo_owner *owner,
	       void *block)
{
	unsigned int index = mpdemo_pool_index(table->pool, block);
	atomic64_t *word = &table->words[index];
	u32 generation = word_generation(atomic64_read(word)) + 1;

	/* No handle is 0. */
	if (!generation)
		generation = 1;
	/*
	 * release: who sees the new word, if only by guessing the handle, sees
	 * the zeroed block. Pairs with the cmpxchg in change().
	 */
	atomic64_set_release(word, word_make(generation, owner->id));
	return MPDEMO_HANDLE(index, generation);
}

/**
 * mpdemo_owner_try_take() - try to take blocks that nobody owns yet
 * @table: the table
 * @n: how many, 1 or more
 * @handles: room for @n, for mpdemo_owner_give()
 *
 * Context: Any.
 * Return: 0; -ENOSPC: the pool has fewer blocks in all; -EAGAIN: fewer are free;
 * -EBUSY: other operations were faster.
 */
int mpdemo_owner_try_take(struct mpdemo_owner_table *table, unsigned int n,
			  u64 *handles)
{
	int ret;

	/* Each address gives way to its handle later, in place. */
	static_assert(sizeof(void *) == sizeof(*handles));

	ret = mpdemo_pool_try_take_bulk(table->pool, n, (void **)handles);
	return ret == -EAGAIN && n > table->nr ? -ENOSPC : ret;
}

/**
 * mpdemo_owner_give() - clear blocks that were taken, and let somebody own them
 * @table: the table
 * @owner: who shall hold them; the table's keeper: they are born kept
 * @n: how many
 * @handles: as mpdemo_owner_try_take() left it; filled with handles
 *
 * Context: Task context, may sleep.
 */
void mpdemo_owner_give(struct mpdemo_owner_table *table,
		       struct mpdemo_owner *owner, unsigned int n, u64 *handles)
{
	void **blocks = (void **)handles;
	unsigned int i;

	/* Counted before they are there, so that no count falls below zero. */
	atomic_add(n, &owner->held);
	for (i = 0; i < n; i++) {
		mpdemo_region_clear(blocks[i], table->block_size);
		handles[i] = own(table, owner, blocks[i]);
	}
}

/* Why the handle does not fit the word, or 0 where it does. */
static int why_refused(const struct mpdemo_owner_table *table, u64 word,
		       u32 generation)
{
	/* The difference, as generations wrap. */
	s32 since = word_generation(word) - generation;

	/* A generation of 0: never allocated, whatever the difference says. */
	if (!generation || !word_generation(word) || since < 0)
		return -ENOENT;
	if (since > 0)
		return -ESTALE;
	if (word_id(word) == OWNER_FREE)
		return -EALREADY;
	return 0;
}

/*
 * Make @from, or where @or_kept the keeper, give up a block to owner @to_id.
 * Return: 0 and whose it was in @was; or why it is refused.
 */
static int change(struct mpdemo_owner_table *table, u64 handle,
		  struct mpdemo_owner *from, bool or_kept, u32 to_id,
		  struct mpdemo_owner **was)
{
	u32 index = MPDEMO_HANDLE_INDEX(handle);
	u32 generation = MPDEMO_HANDLE_GENERATION(handle);
	atomic64_t *at;
	u64 word;
	int ret;

	if (index >= table->nr)
		return -ENOENT;
	at = &table->words[array_index_nospec(index, table->nr)];
	word = atomic64_read(at);
	do {
		ret = why_refused(table, word, generation);
		if (ret)
			return ret;
		if (word_id(word) == from->id)
			*was = from;
		else if (or_kept && word_id(word) == OWNER_KEEPER)
			*was = &table->keeper;
		else
			return -EPERM;
		/* Full order; pairs with the release in own(). */
	} while (!atomic64_try_cmpxchg(at, &word,
				       word_make(generation, to_id)));
	return 0;
}

static int count_refused(struct mpdemo_owner_table *table, int ret)
{
	if (ret)
		atomic64_inc(&table->refused);
	return ret;
}

/**
 * mpdemo_owner_free() - free a block
 * @table: the table
 * @owner: who asks; must hold the block, unless it is kept
 * @handle: the block
 *
 * Context: Any.
 * Return: 0, -ENOENT, -ESTALE, -EALREADY, or -EPERM, as the uAPI header says.
 */
int mpdemo_owner_free(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *owner, u64 handle)
{
	u32 index = MPDEMO_HANDLE_INDEX(handle);
	struct mpdemo_owner *was;
	int ret;

	ret = change(table, handle, owner, true, OWNER_FREE, &was);
	if (ret)
		return count_refused(table, ret);
	atomic_dec(&was->held);
	mpdemo_pool_free(table->pool, mpdemo_pool_block(table->pool, index));
	return 0;
}

/**
 * mpdemo_owner_move() - give a block to another owner
 * @table: the table
 * @from: who must hold it
 * @to: who shall hold it
 * @handle: the block, whose handle and content stay
 *
 * Context: Any.
 * Return: as mpdemo_owner_free().
 */
int mpdemo_owner_move(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *from, struct mpdemo_owner *to,
		      u64 handle)
{
	struct mpdemo_owner *was;
	int ret;

	/* Counted before it is there, so that no count falls below zero. */
	atomic_inc(&to->held);
	ret = change(table, handle, from, false, to->id, &was);
	atomic_dec(ret ? &to->held : &was->held);
	return count_refused(table, ret);
}

/**
 * mpdemo_owner_reclaim() - free all that an owner holds
 * @table: the table
 * @owner: the owner, who gets no more blocks from here on
 *
 * Others may still free blocks of the keeper meanwhile.
 *
 * Context: Task context, may sleep.
 * Return: how many were freed.
 */
unsigned int mpdemo_owner_reclaim(struct mpdemo_owner_table *table,
				  struct mpdemo_owner *owner)
{
	unsigned int freed = 0, index;

	for (index = 0; index < table->nr && atomic_read(&owner->held);
	     index++) {
		atomic64_t *at = &table->words[index];
		u64 word = atomic64_read(at);
		u64 free = word_make(word_generation(word), OWNER_FREE);

		if (word_id(word) == owner->id &&
		    atomic64_try_cmpxchg(at, &word, free)) {
			atomic_dec(&owner->held);
			mpdemo_pool_free(table->pool,
					 mpdemo_pool_block(table->pool, index));
			freed++;
		}
		cond_resched();
	}
	return freed;
}
