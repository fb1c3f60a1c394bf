// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that know their pool, so that they can be freed when nobody else does any more:
 * it may have been destroyed. They are stamped, and whole when they are freed.
 */

#include "living.h"

#define SLOTS		64

/* In each block. */
struct living {
	struct mpdemo_pool *pool;
	u64 stamp;
	u8 rest[];
};

size_t living_size;			/* of all blocks */
static void *slots[SLOTS];

/* A block was allocated: make it the actor's. */
void living_own(struct rig_actor *actor, struct mpdemo_pool *pool, void *block)
{
	struct living *living = block;

	living->pool = pool;
	living->stamp = rig_stamp(actor);
	rig_fill(living->rest, living_size - sizeof(*living), living->stamp);
	rig_count(actor, RIG_BLOCKS, 1);
}

/* @block may be NULL, and so may @actor. Its pool may have been destroyed. */
void living_free(struct rig_actor *actor, void *block)
{
	struct living *living = block;
	u64 found;

	if (!living)
		return;
	if (!rig_verify(living->rest, living_size - sizeof(*living),
			living->stamp, &found))
		rig_fail_owner("overwritten: block of bytes", living_size,
			       living->stamp, found);
	if (actor && rig_stamp_is_foreign(living->stamp, actor))
		rig_count(actor, RIG_FOREIGN, 1);
	/* The next owner writes his stamp, and whoever is late shows. */
	living->stamp = 0;
	mpdemo_pool_free(living->pool, living);
	if (actor)
		rig_count(actor, RIG_FREES, 1);
}

/* Put a block, or none, into a slot, and free what was there. */
void living_leave(struct rig_actor *actor, void *block)
{
	living_free(actor, xchg(&slots[rig_random(actor, SLOTS)], block));
}

/* Free all that is in slots, while others may put more there. */
void living_drain(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		living_free(NULL, xchg(&slots[i], NULL));
}

/* There is none. */
void living_begin(struct rig_actor *actor)
{
	living_size = sizeof(struct living) + 8 + rig_random(actor, 100);
}
