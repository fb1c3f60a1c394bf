// SPDX-License-Identifier: GPL-2.0
/*
 * The last failure of a pool; see <mempool_demo/failure.h>.
 *
 * Allocations fail anywhere, in an NMI too, that interrupts one who fails. So nobody
 * waits: who finds that another failure is being written down leaves it at that. And
 * nobody who reads waits for one who writes, as that one may have been interrupted by
 * the one who reads: there are two records, and the one that can be read is not the one
 * that is written.
 *
 *	write					read
 *	busy = 1				n = nr
 *	mb					copy records[n % 2]
 *	write records[(nr + 1) % 2]		rmb
 *	nr = nr + 1 (release)			again, if nr != n
 *	busy = 0 (release)
 *
 * What is copied can be overwritten only by the next but one, which begins after nr was
 * changed.
 */

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>

#include "failure.h"
#include "pool.h"
#include "store.h"
#include "trace.h"

static unsigned int count_cached(const struct pool *pool)
{
	unsigned int nr = 0;
	int cpu;

	if (!pool->magazine)
		return 0;
	for_each_possible_cpu(cpu)
		nr += READ_ONCE(per_cpu_ptr(pool->magazines, cpu)->nr);
	return nr;
}

static void count_blocks(const struct pool *pool,
			 struct mpdemo_pool_failure *failure)
{
	unsigned int all = store_present(pool), others;

	if (!store_count(pool, &failure->free))
		failure->free = 0;
	failure->cached = count_cached(pool);
	pool_count_kept(pool, &failure->reserved, &failure->granted);
	others = failure->free + failure->cached + failure->reserved +
		 failure->granted;
	failure->held = all - min(all, others);
}

/**
 * failure_note() - write down an allocation that has failed
 * @pool: the pool
 * @n: how many blocks were wanted
 * @caller: by whom
 * @why: why
 *
 * It looks at the counters of each possible CPU; one CPU at a time does.
 *
 * Context: Any.
 */
void failure_note(struct pool *pool, unsigned int n, unsigned long caller,
		  enum mpdemo_failure why)
{
	struct pool_last_failure *last = &pool->last_failure;
	struct mpdemo_pool_failure *failure;

	trace_mpdemo_pool_fail(pool->name, n, pool->block_size, why, caller);
	if (atomic_xchg(&last->busy, 1)) {
		atomic64_inc(&last->skipped);
		return;
	}
	/* Not before @nr was changed the last time: pairs with the smp_rmb() below. */
	smp_mb();
	failure = &last->records[(last->nr + 1) % 2];
	failure->when = ktime_get_mono_fast_ns();
	failure->caller = caller;
	failure->wanted = n;
	failure->why = why;
	failure->skipped = atomic64_read(&last->skipped);
	count_blocks(pool, failure);
	/* release: pairs with the acquire below. */
	smp_store_release(&last->nr, last->nr + 1);
	/* release: pairs with the xchg of the next one. */
	atomic_set_release(&last->busy, 0);
}

/**
 * mpdemo_pool_last_failure() - get the last failure of a pool
 * @api: the pool
 * @failure: where to put it
 *
 * Context: Any.
 * Return: false if no allocation has failed yet.
 */
bool mpdemo_pool_last_failure(const struct mpdemo_pool *api,
			      struct mpdemo_pool_failure *failure)
{
	const struct pool_last_failure *last = &to_pool(api)->last_failure;
	unsigned long nr;

	do {
		/* acquire: pairs with the release in failure_note(). */
		nr = smp_load_acquire(&last->nr);
		if (!nr)
			return false;
		/* Nonsense if two more are written down meanwhile. */
		data_race(*failure = last->records[nr % 2]);
		/* Pairs with the smp_mb() in failure_note(). */
		smp_rmb();
	} while (READ_ONCE(last->nr) != nr);
	return true;
}
EXPORT_SYMBOL_GPL(mpdemo_pool_last_failure);

/**
 * mpdemo_pool_failure_text() - a failure in words
 * @failure: what has failed
 * @text: where to put it, without an end of line
 * @size: room in there
 *
 * Context: Any.
 * Return: the length of the text, cut to fit.
 */
int mpdemo_pool_failure_text(const struct mpdemo_pool_failure *failure, char *text,
			     size_t size)
{
	static const char * const why[] = {
		[MPDEMO_FAILURE_EXHAUSTED] = "too few are free",
		[MPDEMO_FAILURE_TOO_MANY] = "the pool never has as many",
		[MPDEMO_FAILURE_MAXIMUM] = "too few are free, and the pool is at its maximum",
		[MPDEMO_FAILURE_NO_MEMORY] = "too few are free, and there is no memory for more",
		[MPDEMO_FAILURE_INJECTED] = "this failure was asked for",
		[MPDEMO_FAILURE_DYING] = "the pool has been destroyed",
	};

	return scnprintf(text, size,
			 "%u wanted by %pS: %s; %u free, %u held, %u reserved, %u granted, %u in magazines",
			 failure->wanted, (void *)failure->caller,
			 why[failure->why], failure->free, failure->held,
			 failure->reserved, failure->granted, failure->cached);
}
EXPORT_SYMBOL_GPL(mpdemo_pool_failure_text);
