// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds which block, and since when.
 *
 * A record is written by who has the block: the allocation before it hands it out,
 * the free before it puts it. So it has one writer at a time, each of which sees what
 * the last one did, and no writer ever waits. A reader looks whether the turn of the
 * record has changed meanwhile, and leaves out a block of which it never gets a record
 * in one piece: then it has just been allocated or freed.
 *
 * When none is tracked any more the gate may be open, and frees go by unseen. So what
 * is written down then is stale, and is neither told nor kept: see guard.c.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include <mempool_demo/guard.h>

#include "guard.h"
#include "pool.h"
#include "store.h"

#define SINCE_HELD	1

/* Attempts to read a record that changes. */
#define READ_TRIES	4

/* Records that are read before another task may run. */
#define RESCHED_RECORDS	1024

/* Lines of the log about who holds blocks of a pool that is destroyed. */
#define TOLD_MAX	4

static s32 who_is_here(void)
{
	if (in_nmi())
		return -MPDEMO_HOLDER_NMI;
	if (in_hardirq())
		return -MPDEMO_HOLDER_HARDIRQ;
	if (in_serving_softirq())
		return -MPDEMO_HOLDER_SOFTIRQ;
	return current->pid;
}

static void write_record(struct guard_record *record, unsigned long caller,
			 u64 held)
{
	u32 turn = READ_ONCE(record->turn);

	WRITE_ONCE(record->turn, turn + 1);
	/* Pairs with the smp_rmb() in read_record(). */
	smp_wmb();
	WRITE_ONCE(record->who, who_is_here());
	WRITE_ONCE(record->caller, caller);
	WRITE_ONCE(record->since, ktime_get_mono_fast_ns() << 1 | held);
	/* release: pairs with the acquire in read_record(). */
	smp_store_release(&record->turn, turn + 2);
}

/* Return: whether there is one, in one piece; @copy is filled then. */
static bool read_record(const struct guard_record *record,
			struct guard_record *copy)
{
	unsigned int tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		/* acquire: pairs with the release in write_record(). */
		copy->turn = smp_load_acquire(&record->turn);
		copy->who = READ_ONCE(record->who);
		copy->caller = READ_ONCE(record->caller);
		copy->since = READ_ONCE(record->since);
		/* Pairs with the smp_wmb() in write_record(). */
		smp_rmb();
		if (!(copy->turn & 1) && READ_ONCE(record->turn) == copy->turn)
			return copy->caller;
	}
	return false;
}

static bool is_chosen(struct pool_guard *guard, unsigned int sample)
{
	return sample == 1 ||
	       (unsigned int)atomic_inc_return(&guard->turns) % sample == 0;
}

/**
 * holders_note_alloc() - write down an allocation, if it is to be tracked
 * @guard: of the pool
 * @index: the block, which is the caller's
 * @caller: who gets it
 *
 * Context: Any, in an RCU read side section.
 */
void holders_note_alloc(struct pool_guard *guard, u32 index,
			unsigned long caller)
{
	/* acquire: pairs with the release in switch_guard(). */
	unsigned int sample = smp_load_acquire(&guard->sample);

	if (!sample)
		return;
	if (is_chosen(guard, sample))
		write_record(&guard->records[index], caller, SINCE_HELD);
	else if (READ_ONCE(guard->records[index].caller))
		/* Who freed it last time is not of interest any more. */
		write_record(&guard->records[index], 0, 0);
}

/**
 * holders_note_free() - write down who frees a block that was tracked
 * @guard: of the pool
 * @index: the block, which is the caller's
 * @caller: who frees it
 *
 * Context: Any, in an RCU read side section.
 */
void holders_note_free(struct pool_guard *guard, u32 index,
		       unsigned long caller)
{
	/* acquire: pairs with the release in switch_guard(). */
	if (smp_load_acquire(&guard->sample) &&
	    READ_ONCE(guard->records[index].since) & SINCE_HELD)
		write_record(&guard->records[index], caller, 0);
}

/**
 * holders_forget() - forget all records
 * @pool: the pool
 * @guard: its guard, while no allocation is tracked
 *
 * Context: Task context, may sleep.
 */
void holders_forget(struct pool *pool, struct pool_guard *guard)
{
	u32 index;

	lockdep_assert_held(&guard->lock);
	for (index = 0; index < store_size(pool); index++) {
		write_record(&guard->records[index], 0, 0);
		if (index % RESCHED_RECORDS == 0)
			cond_resched();
	}
}

/* Return: false if the block is not known to be held. */
static bool get_holder(struct pool *pool, const struct pool_guard *guard,
		       u32 index, struct mpdemo_holder *holder)
{
	struct guard_record record;
	void *block;

	if (!read_record(&guard->records[index], &record) ||
	    !(record.since & SINCE_HELD))
		return false;
	/* It may have been freed since, and have gone with its chunk. */
	block = store_address(pool, index);
	if (!block)
		return false;
	*holder = (struct mpdemo_holder) {
		.block = block,
		.caller = record.caller,
		.since = record.since >> 1,
		.pid = max(record.who, 0),
		.context = record.who < 0 ? -record.who : MPDEMO_HOLDER_TASK,
	};
	return true;
}

static void tell(const struct pool *pool, u32 index, const char *what,
		 unsigned long caller, s32 who, u64 since)
{
	static const char * const contexts[] = {
		[MPDEMO_HOLDER_SOFTIRQ] = "a softirq",
		[MPDEMO_HOLDER_HARDIRQ] = "a hardirq",
		[MPDEMO_HOLDER_NMI] = "an NMI",
	};
	u64 ago = div_u64(ktime_get_mono_fast_ns() - since, NSEC_PER_USEC);

	if (who < 0)
		pr_err("pool %s: block %u was %s by %pS in %s, %llu us ago\n",
		       pool->name, index, what, (void *)caller, contexts[-who],
		       ago);
	else
		pr_err("pool %s: block %u was %s by %pS in task %d, %llu us ago\n",
		       pool->name, index, what, (void *)caller, who, ago);
}

/**
 * holders_tell() - say in the kernel log what happened to a block last
 * @pool: the pool, tracked or not
 * @index: the block, anybody's
 *
 * Context: Any.
 */
void holders_tell(struct pool *pool, u32 index)
{
	struct pool_guard *guard = guard_of(pool);
	struct guard_record record;

	if (!guard || !READ_ONCE(guard->sample) ||
	    !read_record(&guard->records[index], &record))
		return;
	tell(pool, index, record.since & SINCE_HELD ? "allocated" : "freed",
	     record.caller, record.who, record.since >> 1);
}

struct old_holder {
	struct mpdemo_holder holder;
	u32 index;		/* of the block, which may be gone when it is told */
};

/* The oldest first; the youngest falls off at the end. */
static unsigned int insert(struct old_holder *oldest, unsigned int nr,
			   const struct old_holder *holder)
{
	unsigned int i = nr;

	while (i && oldest[i - 1].holder.since > holder->holder.since)
		i--;
	if (i == TOLD_MAX)
		return nr;
	nr = min_t(unsigned int, nr, TOLD_MAX - 1);
	memmove(&oldest[i + 1], &oldest[i], (nr - i) * sizeof(*oldest));
	oldest[i] = *holder;
	return nr + 1;
}

/**
 * holders_tell_oldest() - say in the kernel log who holds blocks for long
 * @pool: the pool, tracked or not, which is being destroyed
 *
 * Context: Task context, may sleep.
 */
void holders_tell_oldest(struct pool *pool)
{
	struct old_holder oldest[TOLD_MAX], holder;
	struct pool_guard *guard = guard_of(pool);
	unsigned int nr = 0, i;

	if (!guard || !guard->sample)
		return;
	for (holder.index = 0; holder.index < store_size(pool); holder.index++) {
		if (get_holder(pool, guard, holder.index, &holder.holder))
			nr = insert(oldest, nr, &holder);
		if (holder.index % RESCHED_RECORDS == 0)
			cond_resched();
	}
	for (i = 0; i < nr; i++) {
		const struct mpdemo_holder *old = &oldest[i].holder;

		tell(pool, oldest[i].index, "allocated", old->caller,
		     old->context ? -(s32)old->context : old->pid, old->since);
	}
}

/**
 * mpdemo_pool_is_tracked() - whether it may be known who holds blocks
 * @api: a pool
 *
 * Context: Any.
 * Return: whether it has MPDEMO_POOL_TRACK.
 */
bool mpdemo_pool_is_tracked(const struct mpdemo_pool *api)
{
	const struct pool_guard *guard = guard_of(to_pool(api));

	return guard && guard->records;
}

/**
 * mpdemo_pool_next_holder() - go through those who hold blocks
 * @api: a pool, tracked or not
 * @index: which block to begin with; set to the one that is told of
 * @holder: filled
 *
 * Not exported, for those who tell of one after the other.
 *
 * Context: Task context, may sleep.
 * Return: false if there is no further one that is known.
 */
bool mpdemo_pool_next_holder(struct mpdemo_pool *api, u32 *index,
			     struct mpdemo_holder *holder)
{
	struct pool *pool = to_pool(api);
	struct pool_guard *guard = guard_of(pool);
	bool found = false;

	if (!mpdemo_pool_is_tracked(api))
		return false;
	mutex_lock(&guard->lock);
	for (; guard->sample && *index < store_size(pool); (*index)++) {
		found = get_holder(pool, guard, *index, holder);
		if (found)
			break;
		if (*index % RESCHED_RECORDS == 0)
			cond_resched();
	}
	mutex_unlock(&guard->lock);
	return found;
}

/**
 * mpdemo_pool_get_holders() - learn who holds blocks, and since when
 * @api: a pool with MPDEMO_POOL_TRACK
 * @holders: filled with the first ones, in the order of their blocks
 * @n: how many there is room for; 0: @holders may be NULL
 *
 * Only what was tracked is known, see mpdemo_pool_set_guard(). Blocks may be
 * allocated and freed meanwhile: each that is told was held at one instant of the
 * call, by who is told, but not all at the same one.
 *
 * Context: Task context, may sleep.
 * Return: how many there are in all, maybe more than @n; -EOPNOTSUPP: the pool was
 * not created to be tracked.
 */
int mpdemo_pool_get_holders(struct mpdemo_pool *api,
			    struct mpdemo_holder *holders, unsigned int n)
{
	struct pool *pool = to_pool(api);
	struct pool_guard *guard = guard_of(pool);
	struct mpdemo_holder holder;
	unsigned int nr = 0;
	u32 index;

	might_sleep();
	if (!guard || !guard->records)
		return -EOPNOTSUPP;
	mutex_lock(&guard->lock);
	for (index = 0; guard->sample && index < store_size(pool); index++) {
		if (get_holder(pool, guard, index, &holder)) {
			if (nr < n)
				holders[nr] = holder;
			nr++;
		}
		if (index % RESCHED_RECORDS == 0)
			cond_resched();
	}
	mutex_unlock(&guard->lock);
	return nr;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_get_holders);
