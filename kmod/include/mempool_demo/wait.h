/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for a block of a pool that has none: until another one is freed, until a
 * deadline, or until a signal comes. Only exact pools are waited for: in one per CPU
 * a free block may be in the magazine of another CPU, which wakes nobody.
 */
#ifndef _MEMPOOL_DEMO_WAIT_H
#define _MEMPOOL_DEMO_WAIT_H

#include <linux/gfp.h>
#include <linux/ktime.h>

struct mpdemo_pool;

void *mpdemo_pool_alloc_wait(struct mpdemo_pool *pool, gfp_t gfp,
			     unsigned int state, ktime_t deadline);

#endif /* _MEMPOOL_DEMO_WAIT_H */
