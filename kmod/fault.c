// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand; see <mempool_demo/fault.h>.
 *
 * While there are any, the gate is shut, so that the fast paths need not ask. Which
 * allocation is to fail is counted in one word with how often: it is exact whatever the
 * CPUs do, and a new number begins a new count.
 */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/percpu.h>

#include "failure.h"
#include "fault.h"
#include "gate.h"
#include "pool.h"
#include "store.h"

/**
 * fault_count() - count an allocation, and see whether it is to fail
 * @pool: the pool
 * @n: how many blocks are wanted
 * @caller: by whom
 *
 * Context: Any.
 * Return: whether it is; then it is accounted for.
 */
bool fault_count(struct pool *pool, unsigned int n, unsigned long caller)
{
	union fault_plan old = { .word = READ_ONCE(pool->fault.plan.word) }, new;
	bool hit;

	do {
		if (!old.every)
			return false;
		new = old;
		hit = ++new.count >= new.every;
		if (hit)
			new.count = 0;
	} while (!try_cmpxchg(&pool->fault.plan.word, &old.word, new.word));
	if (!hit)
		return false;
	atomic64_inc(&pool->fault.injected);
	this_cpu_inc(pool->counts->failures);
	failure_note(pool, n, caller, MPDEMO_FAILURE_INJECTED);
	return true;
}

/* Whoever changes the plan sees to it that the gate fits, see settle() in gate.c. */
static void settle(struct pool *pool)
{
	bool any;

	do {
		any = READ_ONCE(pool->fault.plan.every);
		if (any)
			gate_shut(pool, GATE_FAULTS);
		else
			gate_open(pool, GATE_FAULTS);
		/* Pairs with itself, and with the one behind the plan. */
		smp_mb();
	} while (any != !!READ_ONCE(pool->fault.plan.every));
}

/**
 * mpdemo_pool_fail_every() - have each n-th allocation of a pool fail
 * @api: the pool
 * @n: the first to fail is the n-th from now on; 1: all fail; 0: none
 *
 * Counted is each call that allocates: of a block, or of several, which fails as a
 * whole; to reserve blocks, too, but not to allocate them from the reservation. Who
 * waits with a deadline fails with -ETIME, without waiting; who waits without one is
 * not counted, as that cannot fail. Calls under way may not be counted yet.
 *
 * The pool is not exhausted by that: its level does not change.
 *
 * Context: Any. Until the next call, allocations and frees are slower.
 * Return: 0; -ESHUTDOWN: the pool is being destroyed.
 */
int mpdemo_pool_fail_every(struct mpdemo_pool *api, unsigned int n)
{
	union fault_plan plan = { .every = n };
	struct pool *pool = to_pool(api);

	if (store_is_closed(pool))
		return -ESHUTDOWN;
	WRITE_ONCE(pool->fault.plan.word, plan.word);
	/* Pairs with the one in settle(). */
	smp_mb();
	settle(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_fail_every);
