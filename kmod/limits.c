// SPDX-License-Identifier: GPL-2.0
/*
 * What all objects of user space together may take. Pools and arenas that
 * kernel code creates for itself do not count: it is trusted, and must not fail
 * because of what users do.
 */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "limits.h"

/* Of the memory of the machine, where the parameter does not say else. */
#define DEFAULT_SHARE	4

static unsigned long max_bytes;
module_param(max_bytes, ulong, 0644);
MODULE_PARM_DESC(max_bytes,
		 "Memory of all objects together, in bytes (default: a quarter of the machine's)");

static unsigned int max_objects = 1024;
module_param(max_objects, uint, 0644);
MODULE_PARM_DESC(max_objects, "Number of objects (default: 1024)");

static atomic64_t bytes_charged;
static atomic_t objects_charged;

/**
 * mpdemo_limits_charge() - account one object against the limits
 * @bytes: its footprint
 *
 * Context: Any.
 * Return: 0, -ENFILE: too many objects, -ENOBUFS: too many bytes.
 */
int mpdemo_limits_charge(size_t bytes)
{
	if (atomic_inc_return(&objects_charged) > READ_ONCE(max_objects)) {
		atomic_dec(&objects_charged);
		return -ENFILE;
	}
	if (atomic64_add_return(bytes, &bytes_charged) > READ_ONCE(max_bytes)) {
		mpdemo_limits_uncharge(bytes);
		return -ENOBUFS;
	}
	return 0;
}

/**
 * mpdemo_limits_uncharge() - undo mpdemo_limits_charge()
 * @bytes: the same footprint
 *
 * Context: Any.
 */
void mpdemo_limits_uncharge(size_t bytes)
{
	atomic64_sub(bytes, &bytes_charged);
	atomic_dec(&objects_charged);
}

/**
 * mpdemo_limits_init() - set the limit that hangs on the machine
 */
void mpdemo_limits_init(void)
{
	if (!max_bytes)
		max_bytes = (totalram_pages() / DEFAULT_SHARE) << PAGE_SHIFT;
}
