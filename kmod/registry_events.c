// SPDX-License-Identifier: GPL-2.0
/*
 * Events of named objects that may come too often to be told one by one: that a pool is
 * low, exhausted or normal again, that blocks were reclaimed, and that damage was found.
 *
 * An event is noted with the object, and told by a work: at once, if nothing was told
 * of this object for a while, or else when that while is over. What was noted several
 * times until then is told once. So whoever makes many events makes others hear of six
 * in a while at most, and the last one they hear is what became of it in the end.
 *
 * Objects with events that are not told yet are in a tree, by when they may be. Only
 * those that have their name are in there, and it has a reference; who takes the name
 * away has the rest told before that, and nothing noted after it. What happens to an
 * object while subscribers are yet to hear that there is one waits until they have.
 *
 * Lock order: the registry's changes, telling, the chain of subscribers, and then what
 * those take. Who notes an event may hold locks of a pool: pending_lock is innermost.
 */

#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <mempool_demo/guard.h>
#include <mempool_demo/level.h>

#include "object.h"
#include "reaper.h"
#include "registry.h"

/* Between what is told of one object and what is told of it next. */
#define WHILE		(HZ / 4)

static void tell_work(struct work_struct *work);

/* Held by who tells, of one object at a time; protects told_level of each. */
static DEFINE_MUTEX(telling);

/* Protects pending; and untold, untold_node, tell_after, announced and quiet of each. */
static DEFINE_SPINLOCK(pending_lock);
static struct rb_root_cached pending = RB_ROOT_CACHED;

static DECLARE_DELAYED_WORK(work, tell_work);

/**
 * mpdemo_events_init() - prepare an object to have events
 * @object: the object, which nobody else sees yet
 *
 * Context: Any.
 */
void mpdemo_events_init(struct mpdemo_object *object)
{
	RB_CLEAR_NODE(&object->untold_node);
	/* Nobody but its creator knows an anonymous one. */
	object->quiet = !object->name[0];
	object->tell_after = jiffies;
}

static struct mpdemo_object *to_object(const struct rb_node *node)
{
	return rb_entry_safe(node, struct mpdemo_object, untold_node);
}

/* Neither changes while it is in the tree. */
static bool is_sooner(struct rb_node *a, const struct rb_node *b)
{
	return time_before(to_object(a)->tell_after, to_object(b)->tell_after);
}

/* Have it told what is noted of an object, if anything is and that may be told. */
static void enlist(struct mpdemo_object *object)
{
	unsigned long now = jiffies;

	lockdep_assert_held(&pending_lock);
	/* If it is in the tree, the work knows of it. */
	if (!object->untold || !object->announced ||
	    !RB_EMPTY_NODE(&object->untold_node))
		return;
	/* One from long ago would look like one to come, once jiffies are half way round. */
	if (!time_in_range(object->tell_after, now, now + WHILE))
		object->tell_after = now;
	rb_add_cached(&object->untold_node, &pending, is_sooner);
	mpdemo_reaper_queue(&work, 0);
}

/**
 * mpdemo_events_begin() - tell what is noted of an object from now on
 * @object: the object, of which subscribers have been told that there is one
 *
 * Context: Task context.
 */
void mpdemo_events_begin(struct mpdemo_object *object)
{
	spin_lock(&pending_lock);
	object->announced = true;
	enlist(object);
	spin_unlock(&pending_lock);
}

/**
 * mpdemo_events_note() - have subscribers told of an event, soon
 * @object: the object
 * @event: MPDEMO_EVENT_LOW and up
 *
 * Context: Task context, under any lock but spinlocks that are taken in interrupts.
 */
void mpdemo_events_note(struct mpdemo_object *object, enum mpdemo_event event)
{
	spin_lock(&pending_lock);
	if (!object->quiet) {
		object->untold |= BIT(event);
		enlist(object);
	}
	spin_unlock(&pending_lock);
}

/* Tell what leads from the level that was told last to @level. */
static void tell_level(struct mpdemo_object *object, enum mpdemo_level level)
{
	if (object->told_level != MPDEMO_LEVEL_NORMAL &&
	    level <= object->told_level)
		mpdemo_registry_tell(MPDEMO_EVENT_RECOVERED, object);
	if (level == MPDEMO_LEVEL_LOW)
		mpdemo_registry_tell(MPDEMO_EVENT_LOW, object);
	else if (level == MPDEMO_LEVEL_EXHAUSTED)
		mpdemo_registry_tell(MPDEMO_EVENT_EXHAUSTED, object);
	object->told_level = level;
}

/* The worst of what has happened, and then what the level is now. */
static void tell_levels(struct mpdemo_object *object, unsigned long events)
{
	bool again = events & BIT(MPDEMO_EVENT_RECOVERED);
	enum mpdemo_level worst = MPDEMO_LEVEL_NORMAL, now;

	now = mpdemo_pool_level(object->pool);
	if (events & BIT(MPDEMO_EVENT_EXHAUSTED))
		worst = MPDEMO_LEVEL_EXHAUSTED;
	else if (events & BIT(MPDEMO_EVENT_LOW))
		worst = MPDEMO_LEVEL_LOW;
	if (worst > object->told_level ||
	    (again && worst == object->told_level &&
	     worst != MPDEMO_LEVEL_NORMAL))
		tell_level(object, worst);
	if (now != object->told_level)
		tell_level(object, now);
}

static void tell_events(struct mpdemo_object *object, unsigned long events)
{
	lockdep_assert_held(&telling);
	if (events & (BIT(MPDEMO_EVENT_LOW) | BIT(MPDEMO_EVENT_EXHAUSTED) |
		      BIT(MPDEMO_EVENT_RECOVERED)))
		tell_levels(object, events);
	if (events & BIT(MPDEMO_EVENT_RECLAIMED))
		mpdemo_registry_tell(MPDEMO_EVENT_RECLAIMED, object);
	if (events & BIT(MPDEMO_EVENT_CORRUPTION))
		mpdemo_registry_tell(MPDEMO_EVENT_CORRUPTION, object);
}

/* Take an object out of the tree, if it is there. Return: what was noted of it. */
static unsigned long take_events(struct mpdemo_object *object)
{
	unsigned long events = object->untold;

	lockdep_assert_held(&pending_lock);
	object->untold = 0;
	if (!RB_EMPTY_NODE(&object->untold_node)) {
		rb_erase_cached(&object->untold_node, &pending);
		RB_CLEAR_NODE(&object->untold_node);
	}
	object->tell_after = jiffies + WHILE;
	return events;
}

/*
 * Return: the object whose time has come first, if it had by @now, with what is to be
 * told in @events; or NULL, and in @next when it will have, if there is any: see @more.
 */
static struct mpdemo_object *next_to_tell(unsigned long now,
					  unsigned long *events,
					  unsigned long *next, bool *more)
{
	struct mpdemo_object *object;

	lockdep_assert_held(&telling);
	spin_lock(&pending_lock);
	object = to_object(rb_first_cached(&pending));
	*more = object;
	if (object && time_after_eq(now, object->tell_after)) {
		*events = take_events(object);
	} else if (object) {
		*next = object->tell_after;
		object = NULL;
	}
	spin_unlock(&pending_lock);
	return object;
}

/*
 * Each object once at most, as its next time is later than @begin: however many events
 * there are, this ends. Whoever ends an object waits for what is told of one.
 */
static void tell_work(struct work_struct *unused)
{
	unsigned long begin = jiffies, events, next, now;
	struct mpdemo_object *object;
	bool more;

	do {
		mutex_lock(&telling);
		object = next_to_tell(begin, &events, &next, &more);
		if (object)
			tell_events(object, events);
		mutex_unlock(&telling);
		cond_resched();
	} while (object);

	now = jiffies;
	if (more)
		mpdemo_reaper_queue(&work, time_after(next, now) ? next - now : 0);
}

/**
 * mpdemo_events_end() - tell what is noted of an object, and no more after that
 * @object: the object, which is about to lose its name
 *
 * Context: Task context, may sleep.
 */
void mpdemo_events_end(struct mpdemo_object *object)
{
	unsigned long events;

	mutex_lock(&telling);
	spin_lock(&pending_lock);
	object->quiet = true;
	events = take_events(object);
	spin_unlock(&pending_lock);
	tell_events(object, events);
	mutex_unlock(&telling);
}

/**
 * mpdemo_events_exit() - end the work
 *
 * No object has a name any more.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_events_exit(void)
{
	cancel_delayed_work_sync(&work);
}
