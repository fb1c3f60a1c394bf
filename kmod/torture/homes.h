/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Places where pools come and go; see homes.c.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_HOMES_H
#define _MEMPOOL_DEMO_TORTURE_HOMES_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <mempool_demo/level.h>
#include <mempool_demo/pool.h>

#include "rig.h"

/* Of a pool at most. */
#define HOME_BLOCKS	16

/**
 * struct home - where a pool may be
 * @lock: taken to create and to destroy it
 * @pool: NULL: there is none; read by those who are counted
 * @users: who uses it; negative: nobody may
 * @waiting: inside of a call that waits
 * @kept: a block of it; more of them when it is about to be destroyed
 * @nr_kept: how many
 * @born: when, in jiffies
 * @told: that its callback may be called
 * @tracks: as of MPDEMO_POOL_TRACK
 */
struct home {
	struct mutex lock;	/* to create and destroy */
	struct mpdemo_pool *pool;
	atomic_t users;
	atomic_t waiting;
	void *kept[HOME_BLOCKS];
	unsigned int nr_kept;
	unsigned long born;
	bool told;
	bool tracks;
};

void home_begin(struct home *home);
bool home_enter(struct home *home);
void home_leave(struct home *home);
void home_note_level(struct mpdemo_pool *pool, enum mpdemo_level level,
		     void *data);
void home_renew(struct home *home, struct rig_actor *actor);
void home_end(struct home *home);

#endif /* _MEMPOOL_DEMO_TORTURE_HOMES_H */
