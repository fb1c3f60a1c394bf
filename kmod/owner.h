/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OWNER_H
#define _MPDEMO_OWNER_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Whom a block can belong to. */
enum mpdemo_owner_id {
	OWNER_FREE,
	OWNER_KEEPER,
	OWNER_BUSY,
	OWNER_FIRST,		/* of an open file */
};

/**
 * struct mpdemo_owner - who may hold blocks: an open file, or the object itself
 * @id: unique among all owners that there are; OWNER_KEEPER for the object
 * @held: number of blocks it holds
 * @quota: how many it may hold, or 0: any number
 * @charged: where there is a quota, those it holds and those it is about to get
 */
struct mpdemo_owner {
	u32 id;
	atomic_t held;
	u32 quota;
	atomic_t charged;
};

/* What is known of a block, see owner_table.c: a generation, and the id of an owner. */

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

int mpdemo_owner_init(struct mpdemo_owner *owner, u32 quota);
void mpdemo_owner_exit(struct mpdemo_owner *owner);

int mpdemo_owner_charge(struct mpdemo_owner *owner, unsigned int n);
void mpdemo_owner_uncharge(struct mpdemo_owner *owner, unsigned int n);
bool mpdemo_owner_has_room(const struct mpdemo_owner *owner);

#endif /* _MPDEMO_OWNER_H */
