/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How task actors wait for blocks, and whether it went as it must: what wait.c and
 * reserve.c share.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_WAITERS_H
#define _MEMPOOL_DEMO_TORTURE_WAITERS_H

#include <linux/ktime.h>

#include "holds.h"

/**
 * struct waiter_plan - how an actor is going to wait
 * @state: as of mpdemo_pool_alloc_wait()
 * @deadline: the same
 */
struct waiter_plan {
	unsigned int state;
	ktime_t deadline;
};

int waiters_begin(void);
void waiters_end(void);
void waiter_begin(struct rig_actor *actor, struct waiter_plan *plan);
void waiter_end(struct rig_actor *actor, const struct waiter_plan *plan, int ret);
void waiter_left(struct rig_actor *actor);
void waiters_look(void);
void waiters_watch(struct holds *holds);

#endif /* _MEMPOOL_DEMO_TORTURE_WAITERS_H */
