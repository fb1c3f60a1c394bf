/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_FAILURE_H
#define _MPDEMO_FAILURE_H

#include <linux/atomic.h>
#include <linux/types.h>

#include <mempool_demo/failure.h>

struct pool;

/**
 * struct pool_last_failure - the last allocation that failed
 * @busy: somebody writes one down
 * @nr: how many were written down; the last one is in records[nr % 2], and the next
 *	one is written to the other
 * @skipped: how many were not, as it was @busy
 * @records: as said above
 */
struct pool_last_failure {
	atomic_t busy;
	unsigned long nr;
	atomic64_t skipped;
	struct mpdemo_pool_failure records[2];
};

void failure_note(struct pool *pool, unsigned int n, unsigned long caller,
		  enum mpdemo_failure why);

#endif /* _MPDEMO_FAILURE_H */
