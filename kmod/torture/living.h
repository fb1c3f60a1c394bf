/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks that know their pool; see living.c.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_LIVING_H
#define _MEMPOOL_DEMO_TORTURE_LIVING_H

#include <mempool_demo/pool.h>

#include "rig.h"

extern size_t living_size;

void living_begin(struct rig_actor *actor);
void living_own(struct rig_actor *actor, struct mpdemo_pool *pool, void *block);
void living_free(struct rig_actor *actor, void *block);
void living_leave(struct rig_actor *actor, void *block);
void living_drain(void);

#endif /* _MEMPOOL_DEMO_TORTURE_LIVING_H */
