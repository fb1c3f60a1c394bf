/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_POOL_LIST_H
#define _MPDEMO_POOL_LIST_H

#include <linux/completion.h>
#include <linux/ktime.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct mpdemo_pool;
struct pool;

/* The lowest number of one, so that none is that of an object of user space. */
#define POOL_LIST_MIN	1000000000

/**
 * struct pool_listed - what the list has of a pool
 * @id: its number; 0: it is not in the list
 * @users: the list, and each who looks
 * @unused: that was the last of them
 * @created: when, by CLOCK_MONOTONIC
 */
struct pool_listed {
	u32 id;
	refcount_t users;
	struct completion unused;
	ktime_t created;
};

int pool_list_add(struct pool *pool);
void pool_list_remove(struct pool *pool);

struct mpdemo_pool *mpdemo_pool_list_get(u32 id);
struct mpdemo_pool *mpdemo_pool_list_next(unsigned long *id);
void mpdemo_pool_list_put(struct mpdemo_pool *pool);
unsigned int mpdemo_pool_list_generation(void);

#endif /* _MPDEMO_POOL_LIST_H */
