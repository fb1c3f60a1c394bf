// SPDX-License-Identifier: GPL-2.0
/*
 * The pools that kernel code has created for itself, by number, for those who look.
 *
 * They belong to who has created them, who may destroy them at any time: for that he
 * need not know who looks. So a pool is taken out of the list before anything else is
 * done to end it, and who ends it waits for those who are looking at it just now. They
 * look for as long as it takes to fill a message, or a line; so each look-up comes with
 * its put, and in between nothing waits for user space, nor for memory.
 *
 * Pools of objects of user space, and those that heaps consist of, are not in the list:
 * the former are told by the registry.
 *
 * The lock of the xarray will do: it is a spinlock, and let go to allocate. So pools are
 * destroyed as before where memory is short, whoever waits for some to create one.
 */

#include <linux/atomic.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/xarray.h>

#include "pool.h"
#include "pool_list.h"

static DEFINE_XARRAY_ALLOC(pools);
static u32 next_id;		/* protected by the lock of pools */

/* Changes with each pool that comes or goes. */
static atomic_t generation = ATOMIC_INIT(1);

/**
 * pool_list_add() - have a pool seen by those who look
 * @pool: the pool, which is complete
 *
 * Context: Task context, may sleep.
 * Return: 0, -ENOMEM, or -EBUSY: there are too many.
 */
int pool_list_add(struct pool *pool)
{
	struct pool_listed *listed = &pool->listed;
	int ret;

	refcount_set(&listed->users, 1);
	init_completion(&listed->unused);
	listed->created = ktime_get();
	ret = xa_alloc_cyclic(&pools, &listed->id, pool,
			      XA_LIMIT(POOL_LIST_MIN, INT_MAX), &next_id,
			      GFP_KERNEL);
	if (ret >= 0)
		atomic_inc(&generation);
	else
		/* It may have got the number of one that it is not. */
		listed->id = 0;
	return min(ret, 0);
}

/**
 * pool_list_remove() - have a pool not be seen any more
 * @pool: the pool, in the list or not
 *
 * When this returns nobody looks at it.
 *
 * Context: Task context, may sleep, for as long as somebody looks.
 */
void pool_list_remove(struct pool *pool)
{
	struct pool_listed *listed = &pool->listed;

	if (!listed->id)
		return;
	xa_erase(&pools, listed->id);
	atomic_inc(&generation);
	if (!refcount_dec_and_test(&listed->users))
		wait_for_completion(&listed->unused);
}

/**
 * mpdemo_pool_list_get() - look a pool up by its number
 * @id: the number
 *
 * Context: Task context.
 * Return: the pool, which stays until mpdemo_pool_list_put(), or NULL.
 */
struct mpdemo_pool *mpdemo_pool_list_get(u32 id)
{
	struct pool *pool;

	xa_lock(&pools);
	pool = xa_load(&pools, id);
	/* The list has one, or it would not be in there. */
	if (pool)
		refcount_inc(&pool->listed.users);
	xa_unlock(&pools);
	return pool ? &pool->api : NULL;
}

/**
 * mpdemo_pool_list_next() - go through all pools
 * @id: where to begin, the lowest number; set to that of the pool
 *
 * Context: Task context.
 * Return: the pool, which stays until mpdemo_pool_list_put(), or NULL at the end.
 */
struct mpdemo_pool *mpdemo_pool_list_next(unsigned long *id)
{
	struct pool *pool;

	xa_lock(&pools);
	pool = xa_find(&pools, id, ULONG_MAX, XA_PRESENT);
	if (pool)
		refcount_inc(&pool->listed.users);
	xa_unlock(&pools);
	return pool ? &pool->api : NULL;
}

/**
 * mpdemo_pool_list_put() - end what a look-up has begun
 * @api: the pool, which may be gone when this returns
 *
 * Context: Task context.
 */
void mpdemo_pool_list_put(struct mpdemo_pool *api)
{
	struct pool_listed *listed = &to_pool(api)->listed;

	if (refcount_dec_and_test(&listed->users))
		complete(&listed->unused);
}

/**
 * mpdemo_pool_list_generation() - number of this state of the list
 *
 * Context: Any.
 * Return: never 0; the same number means that no pool came or went.
 */
unsigned int mpdemo_pool_list_generation(void)
{
	return atomic_read(&generation) ?: 1;
}
