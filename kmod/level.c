// SPDX-License-Identifier: GPL-2.0
/*
 * The level of a pool; see <mempool_demo/level.h>.
 *
 * How it falls is learned from what pops look at anyway: whether they found fewer
 * blocks than anybody before. That threshold is raised where a low pool is to be
 * known. How it rises is learned from frees, which look at nothing; but as long as the
 * level is not normal the gate is shut, and the frees of the careful way look at how
 * many blocks there are after they have put theirs.
 *
 * A free that has passed the gate before it was shut does not look. If it is the one
 * to reach the high mark, and no free follows it, nobody would know. So while the
 * level is not normal the work comes back once a second and looks; it is deferrable,
 * which means that it wakes no idle CPU.
 *
 * The level is part of a word that is changed by cmpxchg, from any context. Whoever
 * changes it has read the word first, then the marks and the number of free blocks; if
 * anything has changed the word meanwhile, a failed allocation or new marks, he looks
 * again. After each change he looks again as well: what others did since he looked at
 * the number of free blocks, and before they could see the new level, is his to find.
 *
 *	CPU 0				CPU 1
 *	push: enough are free now	pop: too few are free now
 *	see that they are enough	note it: level is LOW, fine
 *	level = NORMAL
 *	look again: LOW
 *
 * Both a pop and a change of the level are fully ordered, so of the two CPUs one at
 * least sees what the other one has done.
 *
 * All of this happens in RCU read side sections: level_close() waits for them.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "freelist.h"
#include "gate.h"
#include "level.h"
#include "pool.h"
#include "reaper.h"
#include "store.h"

/* How often a level that is not normal is looked at by the work. */
#define LOOK_AGAIN	HZ

/* How many levels the work tells in one go; more would keep others out for long. */
#define TELL_BATCH	4

/* What somebody knows to have happened, however the pool is by now. */
enum event {
	NOTHING,
	FELL,			/* to that many free blocks */
	FAILED,			/* an allocation */
};

static enum mpdemo_level level_of(u64 state)
{
	return state & LEVEL_MASK;
}

static u64 at_level(u64 state, enum mpdemo_level level)
{
	return (state & ~LEVEL_MASK) | level;
}

/* Return: the state that follows; the same one, if nothing does. */
static u64 next_state(struct pool *pool, u64 state, union level_marks marks,
		      enum event event, unsigned int nr_free)
{
	enum mpdemo_level level = level_of(state);

	if (event == FAILED)
		return level == MPDEMO_LEVEL_EXHAUSTED ? state :
		       at_level(state, MPDEMO_LEVEL_EXHAUSTED) |
		       LEVEL_UNTOLD_EXHAUSTED;
	if (event == NOTHING && !store_count(pool, &nr_free))
		return state;
	if (level == MPDEMO_LEVEL_NORMAL && nr_free <= marks.low)
		return at_level(state, MPDEMO_LEVEL_LOW) | LEVEL_UNTOLD_LOW;
	/* That it fell tells nothing about what it rose to since. */
	if (level != MPDEMO_LEVEL_NORMAL && nr_free >= marks.high &&
	    event == NOTHING)
		return at_level(state, MPDEMO_LEVEL_NORMAL) & ~LEVEL_UNTOLD_LOW;
	return state;
}

/*
 * Whoever changes the level sees to it that the gate fits: the last one to move the
 * gate has seen, after that, a level that it fits.
 */
static void settle(struct pool *pool)
{
	bool low;

	do {
		low = level_is_low(&pool->level);
		if (low)
			gate_shut(pool, GATE_LOW);
		else
			gate_open(pool, GATE_LOW);
		/* Pairs with itself, and with the cmpxchg of the state. */
		smp_mb();
	} while (low != level_is_low(&pool->level));
}

/* What is to be done about a new level, from any context. */
static void level_changed(struct pool *pool, unsigned int high)
{
	settle(pool);
	irq_work_queue(&pool->level.kick);
	/* Rather now than when there is no block left. */
	if (pool->chunks && level_is_low(&pool->level))
		chunks_grow_ahead(pool->chunks, high);
}

static void look(struct pool *pool, enum event event, unsigned int nr_free)
{
	struct pool_level *level = &pool->level;
	union level_marks marks;
	u64 old, new;

	for (;;) {
		/* Before the marks: those who set new ones change it after that. */
		old = atomic64_read_acquire(&level->state);
		marks.word = READ_ONCE(level->marks.word);
		if (!marks.high)
			return;
		new = next_state(pool, old, marks, event, nr_free);
		/* A failure that changes nothing still stops who is about to rise. */
		if (new == old && event != FAILED)
			return;
		if (!atomic64_try_cmpxchg(&level->state, (s64 *)&old,
					  new + LEVEL_STEP))
			continue;
		if (level_of(new) != level_of(old))
			level_changed(pool, marks.high);
		event = NOTHING;
	}
}

/**
 * level_look() - see whether the number of free blocks makes a new level
 * @pool: the pool
 *
 * Context: Any, in an RCU read side section where blocks were given back before.
 */
void level_look(struct pool *pool)
{
	rcu_read_lock();
	look(pool, NOTHING, 0);
	rcu_read_unlock();
}

/**
 * level_note_failure() - an allocation has found too few free blocks
 * @pool: the pool
 *
 * Context: Any.
 */
void level_note_failure(struct pool *pool)
{
	rcu_read_lock();
	look(pool, FAILED, 0);
	rcu_read_unlock();
}

/*
 * It is no matter if the lowest depth is read before somebody lowers it: the next pop
 * tells. But level_forget_depths() raises it, and a threshold that is too low would
 * stay so. Hence it is read again after each change.
 */
static void set_notice(struct pool *pool, bool watch, u32 watched)
{
	union pool_notice old = { .word = READ_ONCE(pool->notice.word) }, new;

	for (;;) {
		new.watched = watch ? watched : old.watched;
		new.depth = max(READ_ONCE(pool->lowest_depth), new.watched);
		if (new.word == old.word)
			return;
		/* Full order: pairs with the barrier in level_forget_depths(). */
		if (try_cmpxchg(&pool->notice.word, &old.word, new.word))
			old = new;
	}
}

static void note_lowest(struct pool *pool, unsigned int depth)
{
	unsigned int lowest = READ_ONCE(pool->lowest_depth);

	while (depth < lowest &&
	       !try_cmpxchg(&pool->lowest_depth, &lowest, depth))
		;
}

/**
 * level_forget_depths() - begin anew to find the lowest depth
 * @pool: the pool
 *
 * Pops that are under way may note a depth that was before this.
 *
 * Context: Any.
 */
void level_forget_depths(struct pool *pool)
{
	WRITE_ONCE(pool->lowest_depth, store_size(pool) + 1);
	/* Who has read what it was before, and sets the threshold later, reads again. */
	smp_mb();
	set_notice(pool, false, 0);
	/* Who holds blocks now counts as well. */
	note_lowest(pool, store_size(pool) + 1 - pool_count_out(pool));
}

/**
 * level_note_depth() - a pop found fewer blocks than the threshold
 * @pool: the pool
 * @depth: how many there were before it; of many, before the last one of them
 *
 * Context: Any.
 */
void level_note_depth(struct pool *pool, unsigned int depth)
{
	note_lowest(pool, depth);
	set_notice(pool, false, 0);
	/* @depth is not about those that are free, see level_note_taken(). */
	if (pool->chunks)
		return;
	rcu_read_lock();
	look(pool, FELL, depth - 1);
	rcu_read_unlock();
}

/**
 * level_note_taken() - blocks of a pool that grows were taken
 * @pool: the pool
 *
 * How many are free says nothing about how many were taken, so there is no threshold
 * that would tell: it is looked at each time, if there are watermarks.
 *
 * Context: Any, in an RCU read side section.
 */
void level_note_taken(struct pool *pool)
{
	if (READ_ONCE(pool->level.marks.word))
		look(pool, NOTHING, 0);
}

/*
 * Levels that @notify was not told are told in the order in which the pool comes to
 * them. Where it came to one twice, it has been normal in between.
 *
 * Return: whether @tell is to be told.
 */
static bool next_to_tell(struct pool_level *level, enum mpdemo_level *tell)
{
	u64 old = atomic64_read(&level->state), new;

	lockdep_assert_held(&level->lock);
	do {
		new = old;
		if (old & LEVEL_UNTOLD_LOW) {
			*tell = MPDEMO_LEVEL_LOW;
			new &= ~LEVEL_UNTOLD_LOW;
		} else if (old & LEVEL_UNTOLD_EXHAUSTED) {
			*tell = MPDEMO_LEVEL_EXHAUSTED;
			new &= ~LEVEL_UNTOLD_EXHAUSTED;
		} else {
			*tell = level_of(old);
		}
		if (*tell == level->told && new == old)
			return false;
		/* The other one stays untold until next time. */
		if (*tell <= level->told) {
			*tell = MPDEMO_LEVEL_NORMAL;
			return true;
		}
	} while (!atomic64_try_cmpxchg(&level->state, (s64 *)&old,
				       new + LEVEL_STEP));
	return true;
}

static void tell(struct pool *pool)
{
	struct pool_level *level = &pool->level;
	unsigned int budget = TELL_BATCH;
	enum mpdemo_level next;

	lockdep_assert_held(&level->lock);
	WRITE_ONCE(level->teller, current);
	while (budget && next_to_tell(level, &next)) {
		level->told = next;
		level->notify(&pool->api, next, level->data);
		budget--;
	}
	WRITE_ONCE(level->teller, NULL);
	if (!budget)
		mpdemo_reaper_queue(&level->work, 0);
	else if (level_is_low(level))
		mpdemo_reaper_queue(&level->work, LOOK_AGAIN);
}

static void level_work(struct work_struct *work)
{
	struct pool *pool = container_of(to_delayed_work(work), struct pool,
					 level.work);

	mutex_lock(&pool->level.lock);
	if (pool->level.notify) {
		level_look(pool);
		tell(pool);
	}
	mutex_unlock(&pool->level.lock);
}

static void kick_irq_work(struct irq_work *irq_work)
{
	struct pool *pool = container_of(irq_work, struct pool, level.kick);

	mpdemo_reaper_queue(&pool->level.work, 0);
}

/**
 * level_init() - prepare a pool to have a level
 * @pool: the pool, with its list
 *
 * Context: Task context.
 */
void level_init(struct pool *pool)
{
	struct pool_level *level = &pool->level;

	/* So that the first pop is below it. */
	pool->lowest_depth = store_size(pool) + 1;
	pool->notice.depth = pool->lowest_depth;
	atomic64_set(&level->state, MPDEMO_LEVEL_NORMAL);
	level->kick = IRQ_WORK_INIT_HARD(kick_irq_work);
	INIT_DEFERRABLE_WORK(&level->work, level_work);
	mutex_init(&level->lock);
}

/* Whatever was and will be told: the level is normal, and nobody is told. */
static void forget(struct pool *pool)
{
	struct pool_level *level = &pool->level;
	u64 old = atomic64_read(&level->state);

	lockdep_assert_held(&level->lock);
	WRITE_ONCE(level->marks.word, 0);
	/* Full order: pairs with the acquire in look(). */
	while (!atomic64_try_cmpxchg(&level->state, (s64 *)&old,
				     (old | (LEVEL_STEP - 1)) + 1))
		;
	settle(pool);
	set_notice(pool, true, 0);
	level->notify = NULL;
	level->told = MPDEMO_LEVEL_NORMAL;
}

/**
 * level_close() - have nobody told any more
 * @pool: the pool, which is about to be closed, or end
 *
 * Context: Task context, may sleep.
 */
void level_close(struct pool *pool)
{
	struct pool_level *level = &pool->level;

	if (!level->used)
		return;
	mutex_lock(&level->lock);
	forget(pool);
	mutex_unlock(&level->lock);
	/* Those who have seen marks, and may kick. */
	synchronize_rcu();
	irq_work_sync(&level->kick);
	cancel_delayed_work_sync(&level->work);
}

/**
 * mpdemo_pool_set_levels() - have somebody told how much a pool has left
 * @api: the pool
 * @levels: when to tell whom, copied; NULL: nobody
 *
 * Replaces what was set before. When this returns, the callback set before does not
 * run, and will not. The new one may have run already: if the pool is low now, it is
 * told so.
 *
 * Context: Task context, may sleep; not under a lock that the callback set before
 * takes.
 * Return: 0; -EINVAL: the marks are not in order, or there is nobody to be told;
 * -EDEADLK: called by the callback; -ESHUTDOWN: the pool is being destroyed.
 */
int mpdemo_pool_set_levels(struct mpdemo_pool *api,
			   const struct mpdemo_pool_levels *levels)
{
	struct pool *pool = to_pool(api);
	struct pool_level *level = &pool->level;
	union level_marks marks;

	if (levels && (!levels->notify || levels->low >= levels->high ||
		       levels->high > pool->blocks))
		return -EINVAL;
	if (READ_ONCE(level->teller) == current)
		return -EDEADLK;
	if (store_is_closed(pool))
		return -ESHUTDOWN;

	mutex_lock(&level->lock);
	forget(pool);
	if (levels) {
		level->used = true;
		/* Before anybody can find the level low: see level_is_low(). */
		WRITE_ONCE(pool->has_guests, true);
		level->notify = levels->notify;
		level->data = levels->data;
		marks.low = levels->low;
		marks.high = levels->high;
		/* To have more than @low free before it, and not after it. */
		set_notice(pool, true, marks.low + 2);
		WRITE_ONCE(level->marks.word, marks.word);
		/*
		 * Pairs with the full order of pops: one that has not found the
		 * new threshold has come before, and is seen now.
		 */
		smp_mb();
		level_look(pool);
	}
	mutex_unlock(&level->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_set_levels);

/**
 * mpdemo_pool_level() - how much a pool has left
 * @api: the pool
 *
 * Context: Any.
 * Return: its level; MPDEMO_LEVEL_NORMAL where nobody has asked to be told.
 */
enum mpdemo_level mpdemo_pool_level(const struct mpdemo_pool *api)
{
	return level_of(atomic64_read(&to_pool(api)->level.state));
}
EXPORT_SYMBOL_GPL(mpdemo_pool_level);
