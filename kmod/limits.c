// SPDX-License-Identifier: GPL-2.0
/*
 * What all objects of user space together may take, and those of one user. Pools and
 * arenas that kernel code creates for itself do not count: it is trusted, and must not
 * fail because of what users do.
 *
 * Objects are memory that is never swapped out. So they count as locked memory of the
 * user who has created them, in one sum with what the same user has given to io_uring
 * and others, and for as long as they live: others who have one open keep it alive
 * at his cost. The memory cgroup is charged as well, by the allocations themselves.
 */

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/spinlock.h>

#include <mempool_demo/refusal.h>

#include "limits.h"

/* Of the memory of the machine, where the parameter does not say else. */
#define DEFAULT_SHARE	4

static unsigned long max_bytes;
module_param(max_bytes, ulong, 0644);
MODULE_PARM_DESC(max_bytes,
		 "Memory of all objects together, in bytes (0 when loaded: a quarter of the machine's)");

static unsigned int max_objects = 1024;
module_param(max_objects, uint, 0644);
MODULE_PARM_DESC(max_objects, "Number of objects (default: 1024)");

/*
 * Protects both sums. They are looked at before they are changed, under one
 * lock, so that who is refused is never in the way of who is not.
 */
static DEFINE_SPINLOCK(lock);
static unsigned long bytes_charged;
static unsigned int objects_charged;

static unsigned long pages_of(size_t bytes)
{
	return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* Only CAP_IPC_LOCK of the initial user namespace: anybody can have that of another one. */
static unsigned long lockable_pages(void)
{
	return capable(CAP_IPC_LOCK) ? LONG_MAX :
				       rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

/* Others change the sum as well, who do not take our lock. */
static int charge_user(struct user_struct *user, unsigned long pages,
		       unsigned long limit)
{
	long locked = atomic_long_read(&user->locked_vm);

	do {
		if (pages > limit || locked > limit - pages)
			return -ENOLCK;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &locked,
					  locked + pages));
	return 0;
}

/* @lockable: pages that the user may lock in all */
static int charge_more(struct mpdemo_charge *charge, size_t bytes,
		       unsigned long lockable)
{
	unsigned long limit = READ_ONCE(max_bytes), pages;
	int ret = 0;

	lockdep_assert_held(&lock);
	if (bytes > limit || bytes_charged > limit - bytes)
		return -ENOBUFS;
	pages = pages_of(charge->bytes + bytes) - pages_of(charge->bytes);
	if (charge->user && pages)
		ret = charge_user(charge->user, pages, lockable);
	if (ret)
		return ret;
	bytes_charged += bytes;
	/* Who looks at an object reads it without a lock. */
	WRITE_ONCE(charge->bytes, charge->bytes + bytes);
	return 0;
}

static int charge_object(struct mpdemo_charge *charge, size_t bytes,
			 unsigned long lockable)
{
	int ret;

	lockdep_assert_held(&lock);
	if (objects_charged >= READ_ONCE(max_objects))
		return -ENFILE;
	ret = charge_more(charge, bytes, lockable);
	if (!ret)
		objects_charged++;
	return ret;
}

static int refuse(int error, struct mpdemo_refusal *refusal)
{
	const char *why;

	switch (error) {
	case 0:
		return 0;
	case -ENFILE:
		why = "there are max_objects objects already";
		break;
	case -ENOBUFS:
		why = "all objects together would take more than max_bytes";
		break;
	default:
		why = "its user may not lock that much memory (RLIMIT_MEMLOCK)";
	}
	return mpdemo_refuse(refusal, error, MPDEMO_SETTING_NONE, why);
}

/**
 * mpdemo_limits_charge() - account one object against the limits
 * @charge: filled, for mpdemo_limits_uncharge()
 * @bytes: the footprint of the object
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Task context of who creates the object. Who has CAP_IPC_LOCK has no limit
 * of his own, and none of it is his.
 * Return: 0, -ENFILE: too many objects, -ENOBUFS: too many bytes, -ENOLCK: too many
 * for this user.
 */
int mpdemo_limits_charge(struct mpdemo_charge *charge, size_t bytes,
			 struct mpdemo_refusal *refusal)
{
	unsigned long lockable = lockable_pages();
	int ret;

	charge->bytes = 0;
	charge->user = capable(CAP_IPC_LOCK) ? NULL : get_uid(current_user());

	spin_lock(&lock);
	ret = charge_object(charge, bytes, lockable);
	spin_unlock(&lock);
	if (ret && charge->user)
		free_uid(charge->user);
	return refuse(ret, refusal);
}

/**
 * mpdemo_limits_charge_more() - account more memory of an object
 * @charge: what the object is accounted for, which nobody else changes meanwhile
 * @bytes: how much more; may be 0
 * @refusal: filled where it is refused; may be NULL
 *
 * It is locked memory of the user whose object it is, within the limit of who asks.
 *
 * Context: Task context of who asks for it.
 * Return: 0, -ENOBUFS or -ENOLCK, as of mpdemo_limits_charge().
 */
int mpdemo_limits_charge_more(struct mpdemo_charge *charge, size_t bytes,
			      struct mpdemo_refusal *refusal)
{
	unsigned long lockable = lockable_pages();
	int ret;

	spin_lock(&lock);
	ret = charge_more(charge, bytes, lockable);
	spin_unlock(&lock);
	return refuse(ret, refusal);
}

/**
 * mpdemo_limits_uncharge_some() - undo mpdemo_limits_charge_more()
 * @charge: what the object is accounted for, which nobody else changes meanwhile
 * @bytes: how much less
 *
 * Context: Task context.
 */
void mpdemo_limits_uncharge_some(struct mpdemo_charge *charge, size_t bytes)
{
	unsigned long pages;

	spin_lock(&lock);
	bytes_charged -= bytes;
	pages = pages_of(charge->bytes) - pages_of(charge->bytes - bytes);
	WRITE_ONCE(charge->bytes, charge->bytes - bytes);
	spin_unlock(&lock);
	if (charge->user)
		atomic_long_sub(pages, &charge->user->locked_vm);
}

/**
 * mpdemo_limits_uncharge() - undo mpdemo_limits_charge()
 * @charge: as that has filled it
 *
 * Context: Task context.
 */
void mpdemo_limits_uncharge(const struct mpdemo_charge *charge)
{
	spin_lock(&lock);
	objects_charged--;
	bytes_charged -= charge->bytes;
	spin_unlock(&lock);
	if (charge->user) {
		atomic_long_sub(pages_of(charge->bytes),
				&charge->user->locked_vm);
		free_uid(charge->user);
	}
}

/**
 * mpdemo_limits_init() - set the limit that hangs on the machine
 */
void mpdemo_limits_init(void)
{
	if (!max_bytes)
		max_bytes = (totalram_pages() / DEFAULT_SHARE) << PAGE_SHIFT;
}
