// SPDX-License-Identifier: GPL-2.0
/*
 * What all objects of user space together may take. Pools and arenas that
 * kernel code creates for itself do not count: it is trusted, and must not fail
 * because of what users do.
 */

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/spinlock.h>

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

/**
 * mpdemo_limits_charge() - account one object against the limits
 * @bytes: its footprint
 *
 * Context: Task context.
 * Return: 0, -ENFILE: too many objects, -ENOBUFS: too many bytes.
 */
int mpdemo_limits_charge(size_t bytes)
{
	unsigned long limit = READ_ONCE(max_bytes);
	int ret = 0;

	spin_lock(&lock);
	if (objects_charged >= READ_ONCE(max_objects)) {
		ret = -ENFILE;
	} else if (bytes > limit || bytes_charged > limit - bytes) {
		ret = -ENOBUFS;
	} else {
		objects_charged++;
		bytes_charged += bytes;
	}
	spin_unlock(&lock);
	return ret;
}

/**
 * mpdemo_limits_uncharge() - undo mpdemo_limits_charge()
 * @bytes: the same footprint
 *
 * Context: Task context.
 */
void mpdemo_limits_uncharge(size_t bytes)
{
	spin_lock(&lock);
	objects_charged--;
	bytes_charged -= bytes;
	spin_unlock(&lock);
}

/**
 * mpdemo_limits_init() - set the limit that hangs on the machine
 */
void mpdemo_limits_init(void)
{
	if (!max_bytes)
		max_bytes = (totalram_pages() / DEFAULT_SHARE) << PAGE_SHIFT;
}
