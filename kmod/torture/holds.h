/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool that all actors use, which are never done with what they have: blocks go
 * into slots that all share, and whoever finds one there frees it, on whatever CPU
 * and in whatever context. What the workloads of pools share.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_HOLDS_H
#define _MEMPOOL_DEMO_TORTURE_HOLDS_H

#include <linux/atomic.h>
#include <linux/gfp.h>

#include <mempool_demo/grow.h>
#include <mempool_demo/pool.h>

#include "rig.h"

/**
 * struct holds - a pool, and who holds which block
 * @pool: NULL, or an ERR_PTR(): there is none
 * @config: of the pool
 * @nr: blocks that can be held at most
 * @owners: stamp of who has a block, or 0
 * @slots: blocks that whoever comes may free
 * @nr_slots: more of them than blocks
 * @held: blocks that somebody holds, or a little more
 * @most_held: at one time
 * @abandoned: the pool is dying, or gone where no block is held
 */
struct holds {
	struct mpdemo_pool *pool;
	struct mpdemo_pool_config config;
	unsigned int nr;
	atomic64_t *owners;
	void **slots;
	unsigned int nr_slots;
	atomic_t held, most_held;
	bool abandoned;
};

void holds_choose(struct holds *holds, struct rig_actor *actor,
		  const char *name, unsigned int flags);
void holds_grow(struct holds *holds, struct rig_actor *actor);
int holds_begin(struct holds *holds, struct rig_actor *actor);
void holds_end(struct holds *holds);

gfp_t holds_gfp(struct rig_actor *actor);
void holds_note(struct holds *holds, unsigned int n);
void holds_acquire(struct holds *holds, struct rig_actor *actor, void *block,
		   gfp_t gfp);
void *holds_alloc(struct holds *holds, struct rig_actor *actor);
void *holds_alloc_sleeping(struct holds *holds, struct rig_actor *actor);
void holds_free(struct holds *holds, struct rig_actor *actor, void *block);
void holds_leave(struct holds *holds, struct rig_actor *actor, void *block);
void holds_step(struct holds *holds, struct rig_actor *actor);
void holds_shrink(struct holds *holds, struct rig_actor *actor);
void holds_drain(struct holds *holds);
void holds_abandon(struct holds *holds);
void holds_check(struct holds *holds);

#endif /* _MEMPOOL_DEMO_TORTURE_HOLDS_H */
