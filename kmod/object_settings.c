// SPDX-License-Identifier: GPL-2.0
/*
 * What can be changed of an object as long as it has a name: who may open it, what an
 * open file may hold, when somebody is told that few blocks are left, and whether
 * blocks are looked at.
 *
 * A change is all that was asked for, or nothing. So what can be refused comes first,
 * then what may find too little memory, and last what cannot fail.
 */

#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>

#include <mempool_demo/guard.h>
#include <mempool_demo/level.h>
#include <mempool_demo/pool.h>
#include <mempool_demo/refusal.h>

#include "guard.h"
#include "object.h"

/**
 * mpdemo_object_check_quota() - whether a quota is one
 * @quota: the quota
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0 or -ERANGE.
 */
int mpdemo_object_check_quota(u32 quota, struct mpdemo_refusal *refusal)
{
	if (quota <= MPDEMO_BLOCKS_MAX)
		return 0;
	return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_QUOTA,
			     "a quota must be 16777208 blocks at most, or 0");
}

static int check_levels(const struct mpdemo_object *object, u32 low, u32 high,
			struct mpdemo_refusal *refusal)
{
	struct mpdemo_pool_stats stats;

	if (!low && !high)
		return 0;
	if (low >= high)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_LOW,
				     "the low watermark must be less than the high one, or both 0");
	mpdemo_pool_get_stats(object->pool, &stats);
	if (high > stats.blocks)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_HIGH,
				     "the high watermark must not be more than the blocks of the pool");
	return 0;
}

static bool has_new_levels(const struct mpdemo_object *object,
			   const struct mpdemo_settings *wanted)
{
	return wanted->low != object->settings.low ||
	       wanted->high != object->settings.high;
}

static int check(const struct mpdemo_object *object,
		 const struct mpdemo_settings *wanted,
		 struct mpdemo_refusal *refusal)
{
	int ret;

	/* Who deletes it makes it dying before he ends its levels. */
	if (READ_ONCE(object->dying))
		return mpdemo_refuse(refusal, -ESHUTDOWN, MPDEMO_SETTING_NONE,
				     "it was deleted");
	ret = mpdemo_object_check_quota(wanted->quota, refusal);
	if (!ret && has_new_levels(object, wanted))
		ret = check_levels(object, wanted->low, wanted->high, refusal);
	return ret;
}

/* What it takes stays with the pool, so it is charged the first time. */
static int set_poison(struct mpdemo_object *object, bool poison,
		      struct mpdemo_refusal *refusal)
{
	const struct mpdemo_pool_guard guard = {
		.flags = poison ? MPDEMO_GUARD_POISON : 0,
	};
	int ret;

	if (poison == object->settings.poison)
		return 0;
	if (poison) {
		ret = mpdemo_limits_charge_more(&object->charge,
						guard_missing(object->pool),
						refusal);
		if (ret)
			return ret;
	}
	ret = mpdemo_pool_set_guard(object->pool, &guard);
	/* Some of it may be there all the same. */
	if (ret)
		mpdemo_limits_uncharge_some(&object->charge,
					    guard_missing(object->pool));
	return ret;
}

static void assign(struct mpdemo_settings *settings,
		   const struct mpdemo_settings *wanted)
{
	settings->uid = wanted->uid;
	settings->gid = wanted->gid;
	settings->mode = wanted->mode;
	/* Who opens the object reads it without the lock. */
	WRITE_ONCE(settings->quota, wanted->quota);
	settings->low = wanted->low;
	settings->high = wanted->high;
	settings->poison = wanted->poison;
}

/**
 * mpdemo_object_set() - change the settings of an object
 * @object: the object, with its set_lock
 * @wanted: all of them, as they shall be
 * @notify: told each new level of a pool that has watermarks, with the object as data;
 *	see struct mpdemo_pool_levels
 * @refusal: filled where there is more to say than the errno; may be NULL
 *
 * Context: Task context, may sleep.
 * Return: 0; -ERANGE: a number is out of range; -ESHUTDOWN: the object is dying;
 * -ENOBUFS, -ENOLCK: a limit, see limits.c; -ENOMEM. Where it is not 0 nothing was changed.
 */
int mpdemo_object_set(struct mpdemo_object *object,
		      const struct mpdemo_settings *wanted,
		      void (*notify)(struct mpdemo_pool *pool,
				     enum mpdemo_level level, void *data),
		      struct mpdemo_refusal *refusal)
{
	struct mpdemo_pool_levels levels = {
		.low = wanted->low,
		.high = wanted->high,
		.notify = notify,
		.data = object,
	};
	int ret;

	lockdep_assert_held(&object->set_lock);
	ret = check(object, wanted, refusal) ?:
	      set_poison(object, wanted->poison, refusal);
	if (ret)
		return ret;
	/* Checked before, and the pool is not destroyed before the object ends. */
	if (has_new_levels(object, wanted))
		WARN_ON(mpdemo_pool_set_levels(object->pool,
					       wanted->high ? &levels : NULL));
	mutex_lock(&object->settings_lock);
	assign(&object->settings, wanted);
	mutex_unlock(&object->settings_lock);
	return 0;
}

/**
 * mpdemo_object_end_levels() - have nobody told any more how much a pool has left
 * @object: an object that is dying, with its set_lock
 *
 * When this returns, what was given to mpdemo_object_set() does not run, and will not.
 *
 * Context: Task context, may sleep; not under a lock that it takes.
 */
void mpdemo_object_end_levels(struct mpdemo_object *object)
{
	lockdep_assert_held(&object->set_lock);
	if (object->settings.high)
		mpdemo_pool_set_levels(object->pool, NULL);
	mutex_lock(&object->settings_lock);
	object->settings.low = 0;
	object->settings.high = 0;
	mutex_unlock(&object->settings_lock);
}
