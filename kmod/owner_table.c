// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds which block of a pool or heap that user space uses.
 *
 * The blocks of a pool have numbers, and so has all that a heap hands out, runs of
 * pages too: see heap_numbers.c. Each number has a word, so what is said of blocks
 * here is true of runs.
 *
 * Each block has one word {generation, owner id}, in memory that no user can
 * write. Everything that happens to a block from outside happens by one cmpxchg
 * of its word, so of two threads that free the same block one wins, and the
 * other is told; and only the winner touches the pool or heap.
 *
 *	{g, FREE}	free, and was last allocated as generation g
 *	{g, KEEPER}	the object itself holds it: kept
 *	{g, BUSY}	as before, but bytes of it are being copied, for a moment in
 *			which its holder does not change: everybody else waits
 *	{g, other}	the open file with that id holds it
 *
 * A handle is {index, generation}. It fits the word as long as that allocation
 * of the block lasts; after it, the word says what became of it.
 *
 * Order: a block leaves its word (FREE) before it goes back to the pool or heap, and
 * is taken from there before its word is set. Between the two nobody can reach
 * it, as every operation needs an owner in the word.
 */

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mempool_demo/pool.h>
#include <mempool_demo/reserve.h>
#include <uapi/linux/mempool_demo.h>

#include "heap.h"
#include "owner_table.h"
#include "pool.h"
#include "region.h"

/* Where the kinds of objects differ: in these. */

static unsigned int number_of(const struct mpdemo_owner_table *table,
			      const void *block)
{
	return table->heap ? mpdemo_heap_number(table->heap, block) :
			     mpdemo_pool_index(table->pool, block);
}

static size_t bytes_of(const struct mpdemo_owner_table *table, const void *block)
{
	return table->heap ? mpdemo_heap_usable_size(table->heap, block) :
			     table->block_size;
}

static void *memory_of(const struct mpdemo_owner_table *table, unsigned int number)
{
	return table->heap ? mpdemo_heap_memory(table->heap, number) :
			     mpdemo_pool_block(table->pool, number);
}

/* May sleep. */
static void give_back(const struct mpdemo_owner_table *table, unsigned int number)
{
	void *block = memory_of(table, number);

	if (table->heap)
		mpdemo_heap_put(table->heap, block);
	else
		mpdemo_pool_free(table->pool, block);
}

/* A block is not the owner's any more. */
static void hold_less(struct mpdemo_owner *owner)
{
	atomic_dec(&owner->held);
	mpdemo_owner_uncharge(owner, 1);
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

static int alloc_words(struct mpdemo_owner_table *table, unsigned int nr)
{
	table->words = kvcalloc(nr, sizeof(*table->words),
				GFP_KERNEL_ACCOUNT | MPDEMO_GFP_LARGE);
	if (!table->words)
		return -ENOMEM;
	table->nr = nr;
	table->keeper.id = OWNER_KEEPER;
	return 0;
}

/**
 * mpdemo_owner_table_init() - make the table of a pool without held blocks
 * @table: the table
 * @pool: the pool
 * @nr: number of its blocks; of a pool that grows, at its maximum
 * @block_size: bytes of each, to be zeroed before it is handed out
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpdemo_owner_table_init(struct mpdemo_owner_table *table,
			    struct mpdemo_pool *pool, unsigned int nr,
			    size_t block_size)
{
	table->pool = pool;
	table->block_size = block_size;
	return alloc_words(table, nr);
}

/**
 * mpdemo_owner_table_init_heap() - make the table of a heap of which nothing is held
 * @table: the table
 * @heap: the heap
 * @nr: its mpdemo_heap_numbers()
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpdemo_owner_table_init_heap(struct mpdemo_owner_table *table,
				 struct mpdemo_heap *heap, unsigned int nr)
{
	table->heap = heap;
	return alloc_words(table, nr);
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

/* A block that was just taken gets its owner, and its next generation. */
static u64 own(struct mpdemo_owner_table *table, struct mpdemo_owner *owner,
	       void *block)
{
	unsigned int index = number_of(table, block);
	atomic64_t *word = &table->words[index];
	u32 generation = word_generation(atomic64_read(word)) + 1;

	/* No handle is 0. */
	if (!generation)
		generation = 1;
	/*
	 * release: who sees the new word, if only by guessing the handle, sees
	 * the zeroed block. Pairs with the cmpxchg in try_change().
	 */
	atomic64_set_release(word, word_make(generation, owner->id));
	return MPDEMO_HANDLE(index, generation);
}

/**
 * mpdemo_owner_try_take() - try to take blocks that nobody owns yet
 * @table: the table of a pool
 * @n: how many, 1 or more
 * @handles: room for @n, for mpdemo_owner_give()
 *
 * Context: Any.
 * Return: 0; -ENOSPC: the pool has fewer blocks in all; -EAGAIN: fewer are free;
 * -EBUSY: other operations were faster; -ENOMEM: fewer are free, and the caller is to
 * try mpdemo_pool_grow_for().
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
 * mpdemo_owner_take_reserved() - take all blocks of a reservation
 * @table: the table
 * @reservation: of the table's pool; empty afterwards
 * @handles: as for mpdemo_owner_try_take()
 *
 * Context: Task context, may sleep.
 */
void mpdemo_owner_take_reserved(struct mpdemo_owner_table *table,
				struct mpdemo_reservation *reservation,
				u64 *handles)
{
	void **blocks = (void **)handles;

	while (mpdemo_reservation_left(reservation)) {
		/* No __GFP_ZERO: mpdemo_owner_give() clears. */
		*blocks++ = mpdemo_reservation_alloc(reservation, 0);
		cond_resched();
	}
}

/**
 * mpdemo_owner_give() - clear blocks that were taken, and let somebody own them
 * @table: the table
 * @owner: who shall hold them, charged for them; the table's keeper: they are born kept
 * @n: how many
 * @handles: the addresses of the blocks, as mpdemo_owner_try_take() or
 *	mpdemo_owner_take_reserved() left them; filled with handles
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
		mpdemo_region_clear(blocks[i], bytes_of(table, blocks[i]));
		handles[i] = own(table, owner, blocks[i]);
	}
}

/* Why the handle does not fit the word, or 0 where it does. */
static int why_refused(u64 word, u32 generation)
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

/**
 * struct change - how a block shall change hands
 * @handle: the block
 * @from: who must hold it
 * @or_kept: or else the keeper
 * @to_id: the owner it gets
 * @index: filled: the block, an index that no CPU takes for another one
 * @was: filled: who held it
 */
struct change {
	u64 handle;
	struct mpdemo_owner *from;
	bool or_kept;
	u32 to_id;

	u32 index;
	struct mpdemo_owner *was;
};

/*
 * Whether it can change hands, as its word is now.
 * Return: 0; -EBUSY: to be tried again, see wait_a_moment(); or why it is refused.
 */
static int look_up(struct mpdemo_owner_table *table, struct change *change,
		   u64 *word)
{
	u32 index = MPDEMO_HANDLE_INDEX(change->handle);
	int ret;

	if (index >= table->nr)
		return -ENOENT;
	change->index = array_index_nospec(index, table->nr);
	*word = atomic64_read(&table->words[change->index]);
	ret = why_refused(*word, MPDEMO_HANDLE_GENERATION(change->handle));
	if (ret)
		return ret;
	if (word_id(*word) == OWNER_BUSY)
		return -EBUSY;
	if (word_id(*word) == change->from->id)
		change->was = change->from;
	else if (change->or_kept && word_id(*word) == OWNER_KEEPER)
		change->was = &table->keeper;
	else
		return -EPERM;
	return 0;
}

/* Return: as look_up(). */
static int try_change(struct mpdemo_owner_table *table, struct change *change)
{
	u64 word;
	int ret;

	ret = look_up(table, change, &word);
	if (ret)
		return ret;
	/* Full order; pairs with the releases in own() and mpdemo_owner_copy(). */
	return atomic64_try_cmpxchg(&table->words[change->index], &word,
				    word_make(word_generation(word), change->to_id)) ?
	       0 : -EBUSY;
}

/*
 * Who has made it busy has preemption off, and copies a page at most; but there may
 * be others who copy in turn. So who waits is preemptible.
 */
static void wait_a_moment(void)
{
	cpu_relax();
	cond_resched();
}

static int change_hands(struct mpdemo_owner_table *table, struct change *change)
{
	int ret;

	while ((ret = try_change(table, change)) == -EBUSY)
		wait_a_moment();
	return ret;
}

/* Where there is no room for it: what is wrong with the handle no room would mend. */
static int why_not(struct mpdemo_owner_table *table, struct change *change, int otherwise)
{
	u64 word;
	int ret;

	while ((ret = look_up(table, change, &word)) == -EBUSY)
		wait_a_moment();
	return ret ?: otherwise;
}

static int count_refused(struct mpdemo_owner_table *table, int ret)
{
	if (ret)
		atomic64_inc(&table->refused);
	return ret;
}

/**
 * mpdemo_owner_wake_pollers() - have those who poll look again
 * @table: the table, which has a free block that it had not, or an owner who has room
 *
 * All of them: the first one may have no room in its quota. Where nobody polls, this is
 * a load.
 *
 * Context: Task context.
 */
void mpdemo_owner_wake_pollers(struct mpdemo_owner_table *table)
{
	/*
	 * What there is to be seen was done by an atomic operation: a push, or a
	 * change of a count. Pairs with the barrier in objectfd_poll().
	 */
	smp_mb__after_atomic();
	/* Who is not in the queue yet will see it, by those barriers. */
	if (waitqueue_active(table->pollers))
		wake_up_all(table->pollers);
}

/**
 * mpdemo_owner_free() - free a block
 * @table: the table
 * @owner: who asks; must hold the block, unless it is kept
 * @handle: the block
 *
 * Context: Task context, may sleep.
 * Return: 0, -ENOENT, -ESTALE, -EALREADY, or -EPERM, as the uAPI header says.
 */
int mpdemo_owner_free(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *owner, u64 handle)
{
	struct change change = {
		.handle = handle,
		.from = owner,
		.or_kept = true,
		.to_id = OWNER_FREE,
	};
	int ret;

	ret = change_hands(table, &change);
	if (ret)
		return count_refused(table, ret);
	hold_less(change.was);
	give_back(table, change.index);
	mpdemo_owner_wake_pollers(table);
	return 0;
}

/**
 * mpdemo_owner_move() - give a block to another owner
 * @table: the table
 * @from: who must hold it
 * @to: who shall hold it
 * @handle: the block, whose handle and content stay
 *
 * Context: Task context, may sleep.
 * Return: as mpdemo_owner_free(); -EDQUOT: it would be more than @to may hold.
 */
int mpdemo_owner_move(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *from, struct mpdemo_owner *to,
		      u64 handle)
{
	struct change change = {
		.handle = handle,
		.from = from,
		.to_id = to->id,
	};
	struct mpdemo_owner *loser;
	int ret;

	ret = mpdemo_owner_charge(to, 1);
	if (ret) {
		ret = why_not(table, &change, ret);
		return ret == -EDQUOT ? ret : count_refused(table, ret);
	}
	/* Counted before it is there, so that no count falls below zero. */
	atomic_inc(&to->held);
	ret = change_hands(table, &change);
	loser = ret ? to : change.was;
	hold_less(loser);
	if (loser->quota)
		mpdemo_owner_wake_pollers(table);
	return count_refused(table, ret);
}

/**
 * mpdemo_owner_at() - who holds a block
 * @table: the table
 * @index: the block, below @nr of the table
 *
 * Context: Any.
 * Return: the id of an owner; or OWNER_FREE, or OWNER_BUSY: some owner.
 */
u32 mpdemo_owner_at(const struct mpdemo_owner_table *table, unsigned int index)
{
	return word_id(atomic64_read(&table->words[index]));
}

/**
 * mpdemo_owner_handle() - the handle of a block
 * @table: the table
 * @index: the block, any
 *
 * Context: Any.
 * Return: that of its last allocation so far; 0: there was none, or no such block.
 */
u64 mpdemo_owner_handle(struct mpdemo_owner_table *table, unsigned int index)
{
	u32 generation;

	if (index >= table->nr)
		return 0;
	index = array_index_nospec(index, table->nr);
	generation = word_generation(atomic64_read(&table->words[index]));
	return generation ? MPDEMO_HANDLE(index, generation) : 0;
}

/* Preemption is off where it is done, as others wait until the block is free again. */
static int make_busy(struct mpdemo_owner_table *table, struct change *change)
{
	int ret;

	for (;;) {
		preempt_disable();
		ret = try_change(table, change);
		if (!ret)
			return 0;
		preempt_enable();
		if (ret != -EBUSY)
			return ret;
		wait_a_moment();
	}
}

/**
 * mpdemo_owner_copy() - copy bytes from or to a block
 * @table: the table
 * @owner: who asks; must hold the block, unless it is kept
 * @handle: the block
 * @pos: from which byte of it on
 * @buffer: to or from where
 * @bytes: how many, MPDEMO_OWNER_COPY_MAX at most
 * @to_block: to the block, not from it
 *
 * The block does not change hands meanwhile. So what was written can not get to the
 * next one who holds it, nor can anything be read that he wrote.
 *
 * Context: Task context, may sleep.
 * Return: how many bytes, fewer where the block ends, 0 behind its end; or as
 * mpdemo_owner_free().
 */
ssize_t mpdemo_owner_copy(struct mpdemo_owner_table *table,
			  struct mpdemo_owner *owner, u64 handle, size_t pos,
			  void *buffer, size_t bytes, bool to_block)
{
	struct change change = {
		.handle = handle,
		.from = owner,
		.or_kept = true,
		.to_id = OWNER_BUSY,
	};
	size_t end;
	void *block;
	int ret;

	ret = make_busy(table, &change);
	if (ret)
		return ret;
	block = memory_of(table, change.index);
	end = bytes_of(table, block);
	bytes = min(bytes, end - min(end, pos));
	if (to_block)
		memcpy(block + pos, buffer, bytes);
	else
		memcpy(buffer, block + pos, bytes);
	/* release: the copy is done. Pairs with the cmpxchg in try_change(). */
	atomic64_set_release(&table->words[change.index],
			     word_make(MPDEMO_HANDLE_GENERATION(handle),
				       change.was->id));
	preempt_enable();
	return bytes;
}

/*
 * Free a block if the owner holds it. Others may copy from it, or free it, if it is
 * the keeper's.
 */
static bool reclaim_one(struct mpdemo_owner_table *table,
			struct mpdemo_owner *owner, unsigned int index)
{
	atomic64_t *at = &table->words[index];
	u64 word;

	for (;;) {
		word = atomic64_read(at);
		if (word_id(word) == owner->id &&
		    atomic64_try_cmpxchg(at, &word, word_make(word_generation(word), OWNER_FREE)))
			break;
		if (word_id(word) != owner->id && word_id(word) != OWNER_BUSY)
			return false;
		wait_a_moment();
	}
	hold_less(owner);
	give_back(table, index);
	return true;
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
		freed += reclaim_one(table, owner, index);
		cond_resched();
	}
	if (freed)
		mpdemo_owner_wake_pollers(table);
	return freed;
}
