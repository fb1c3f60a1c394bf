/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_FAULT_H
#define _MPDEMO_FAULT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <mempool_demo/fault.h>

struct pool;

/* Which allocations fail, to be changed at once. */
union fault_plan {
	u64 word;
	struct {
		u32 every;		/* 0: none */
		u32 count;		/* since the last one that did */
	};
};

/**
 * struct pool_fault - allocations that are to fail
 * @plan: which
 * @injected: how many have failed
 */
struct pool_fault {
	union fault_plan plan;
	atomic64_t injected;
};

bool fault_count(struct pool *pool, unsigned int n, unsigned long caller);

/* The pool is not known here yet. */
#define fault_hits(pool, n, caller)					\
	(unlikely(READ_ONCE((pool)->fault.plan.every)) &&		\
	 fault_count(pool, n, caller))

#endif /* _MPDEMO_FAULT_H */
