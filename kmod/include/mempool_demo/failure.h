/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why an allocation failed: each pool remembers its last failure, and where its blocks
 * were at that time.
 */
#ifndef _MEMPOOL_DEMO_FAILURE_H
#define _MEMPOOL_DEMO_FAILURE_H

#include <linux/types.h>

struct mpdemo_pool;

/**
 * enum mpdemo_failure - why an allocation failed
 * @MPDEMO_FAILURE_EXHAUSTED: too few blocks were free
 * @MPDEMO_FAILURE_TOO_MANY: more were wanted than the pool can ever have
 * @MPDEMO_FAILURE_MAXIMUM: too few were free, and it has grown to its maximum
 * @MPDEMO_FAILURE_NO_MEMORY: too few were free, and there is no memory for more
 * @MPDEMO_FAILURE_INJECTED: somebody asked for it, by mpdemo_pool_fail_every()
 * @MPDEMO_FAILURE_DYING: the pool has been destroyed
 */
enum mpdemo_failure {
	MPDEMO_FAILURE_EXHAUSTED,
	MPDEMO_FAILURE_TOO_MANY,
	MPDEMO_FAILURE_MAXIMUM,
	MPDEMO_FAILURE_NO_MEMORY,
	MPDEMO_FAILURE_INJECTED,
	MPDEMO_FAILURE_DYING,
};

/**
 * struct mpdemo_pool_failure - an allocation that failed
 * @when: as by ktime_get_mono_fast_ns()
 * @caller: who wanted blocks, an address in code
 * @wanted: how many
 * @why: the reason
 * @free: blocks that were free; also 0 where that changed all the time
 * @held: blocks that were held, or inside of a call
 * @reserved: blocks that were in reservations
 * @granted: blocks on their way to those who wait
 * @cached: free blocks in the magazines of CPUs
 * @skipped: failures so far that are not remembered, as another was being written
 *	down at the same time
 *
 * The numbers of blocks are not of one instant, if the pool is in use.
 */
struct mpdemo_pool_failure {
	u64 when;
	unsigned long caller;
	unsigned int wanted;
	enum mpdemo_failure why;
	unsigned int free;
	unsigned int held;
	unsigned int reserved;
	unsigned int granted;
	unsigned int cached;
	u64 skipped;
};

bool mpdemo_pool_last_failure(const struct mpdemo_pool *pool,
			      struct mpdemo_pool_failure *failure);
int mpdemo_pool_failure_text(const struct mpdemo_pool_failure *failure, char *text,
			     size_t size);

#endif /* _MEMPOOL_DEMO_FAILURE_H */
