// SPDX-License-Identifier: GPL-2.0
/*
 * Who may hold blocks, and how many. What they hold is in the tables of
 * owner_table.c.
 */

#include <linux/errno.h>
#include <linux/idr.h>

#include "owner.h"

static DEFINE_IDA(owner_ids);

/**
 * mpdemo_owner_init() - make an owner that holds nothing
 * @owner: the owner
 * @quota: how many blocks it may hold, or 0: any number
 *
 * Context: Task context, may sleep.
 * Return: 0, -ENOMEM, or -ENFILE: there are too many owners.
 */
int mpdemo_owner_init(struct mpdemo_owner *owner, u32 quota)
{
	int id = ida_alloc_min(&owner_ids, OWNER_FIRST, GFP_KERNEL);

	if (id < 0)
		return id == -ENOSPC ? -ENFILE : id;
	owner->id = id;
	owner->quota = quota;
	atomic_set(&owner->held, 0);
	atomic_set(&owner->charged, 0);
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
 * mpdemo_owner_charge() - make room for blocks in the quota of an owner
 * @owner: the owner
 * @n: how many it is about to get
 *
 * Before they are taken, so that threads which take at the same time do not together
 * get more. To be undone by mpdemo_owner_uncharge(), or by giving up the blocks.
 *
 * Context: Any.
 * Return: 0 or -EDQUOT.
 */
int mpdemo_owner_charge(struct mpdemo_owner *owner, unsigned int n)
{
	int charged;

	if (!owner->quota)
		return 0;
	charged = atomic_read(&owner->charged);
	do {
		if (n > owner->quota || charged > owner->quota - n)
			return -EDQUOT;
	} while (!atomic_try_cmpxchg(&owner->charged, &charged, charged + n));
	return 0;
}

/**
 * mpdemo_owner_uncharge() - undo mpdemo_owner_charge()
 * @owner: the owner
 * @n: of how many blocks
 *
 * Context: Any.
 */
void mpdemo_owner_uncharge(struct mpdemo_owner *owner, unsigned int n)
{
	if (owner->quota)
		atomic_sub(n, &owner->charged);
}

/**
 * mpdemo_owner_has_room() - whether the quota leaves room for a block
 * @owner: the owner
 *
 * Context: Any.
 * Return: true if so.
 */
bool mpdemo_owner_has_room(const struct mpdemo_owner *owner)
{
	return !owner->quota || atomic_read(&owner->charged) < owner->quota;
}
