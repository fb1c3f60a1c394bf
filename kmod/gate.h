/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gate of a pool: while it is shut, every allocation and every free goes the
 * careful way, through gate.c, which does what the fast paths have no instruction
 * for: fail now and then, look for damage, write down who holds what, notice that
 * a pool recovers, find the chunk of a block.
 *
 * How it costs nothing while it is open: the fast paths look at the magazines of
 * the pool anyway, and go out of line where one cannot be entered. A shut pool,
 * exact or per CPU, has magazines that nobody can ever enter.
 *
 * Who has looked at the magazines just before the gate is shut still goes the fast
 * way. So whatever a reason is there for must bear a few operations that it does
 * not see. A block that was allocated or freed by one that went the careful way is
 * handed on only after that, so its next operation goes the careful way as well.
 */
#ifndef _MPDEMO_GATE_H
#define _MPDEMO_GATE_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <mempool_demo/pool.h>

struct pool;

/* Why it is shut; bits of pool.gate. */
enum gate_reason {
	GATE_CHUNKS,		/* a pool that grows: always */
	GATE_GUARD,
	GATE_FAULTS,
	GATE_LOW,		/* until it recovers */
	GATE_CTOR,		/* where the kernel zeroes all, but not what is constructed */
};

DECLARE_PER_CPU(struct mpdemo_magazine, mpdemo_gate_magazine);

void gate_shut(struct pool *pool, enum gate_reason reason);
void gate_open(struct pool *pool, enum gate_reason reason);

/* Context: Any. As of just now. */
static inline bool gate_is_shut(const struct mpdemo_pool *api)
{
	return READ_ONCE(api->magazines) == &mpdemo_gate_magazine;
}

/*
 * What those who were sent out of line enter: never NULL, as the gate may be opened
 * before they look at it, that of an exact pool too.
 */
#define gate_entrance(pool) ((pool)->magazines ?: &mpdemo_gate_magazine)

void *gate_alloc(struct pool *pool, gfp_t gfp, unsigned long caller);
void gate_free(struct pool *pool, void *block, unsigned long caller);
bool gate_alloc_bulk(struct pool *pool, gfp_t gfp, unsigned int n,
		     void **blocks, unsigned long caller);
int gate_try_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		       unsigned long caller);
void gate_free_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller);

#endif /* _MPDEMO_GATE_H */
