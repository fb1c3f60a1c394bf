/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the pool share: pool.c, the list that all CPUs share;
 * magazine.c, the magazines in front of it; pool_lifetime.c, begin and end.
 */
#ifndef _MPDEMO_POOL_H
#define _MPDEMO_POOL_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <mempool_demo/pool.h>

#include "freelist.h"
#include "reaper.h"

struct mpdemo_region;

/* Bits of pool.reported */
#define REPORTED_FREE	0

/* What neither the head of the freelist nor a magazine counts. */
struct pool_counts {
	unsigned long allocs;		/* past the magazines */
	unsigned long frees;		/* past the magazines */
	unsigned long failures;
};

/*
 * Where the pool of a heap is, and what is called when it is closed and all of its
 * blocks are home: in task context, once. The heap ends the pool some time later.
 */
struct mpdemo_pool_place {
	void *addr;			/* for blocks * stride bytes */
	void (*home)(void *data);
	void *data;
};

struct pool {
	struct mpdemo_pool api;

	/* Constant after creation. */
	struct pool_counts __percpu *counts;
	unsigned int block_size;
	unsigned int blocks;		/* those of the slack not included */
	unsigned int magazine;		/* blocks of a full one, or 0 */
	struct mpdemo_region *region;	/* NULL: in a place of somebody else's */
	struct mpdemo_pool_place place;
	char *name;

	/* Written rarely: the smallest depth that a pop has found. */
	unsigned int low_depth;

	/* Written on misuse only. */
	unsigned long reported;
	atomic64_t refused;

	/* For the end of a pool that was destroyed with blocks in use. */
	struct mpdemo_reap reap;
};

static inline struct pool *to_pool(const struct mpdemo_pool *api)
{
	return container_of((struct mpdemo_pool *)api, struct pool, api);
}

static inline void pool_note_depth(struct pool *pool, unsigned int depth)
{
	unsigned int low = READ_ONCE(pool->low_depth);

	while (depth < low && !try_cmpxchg(&pool->low_depth, &low, depth))
		;
}

/* pool.c */
void pool_come_home(struct pool *pool, unsigned int n);
void pool_push_chain(struct pool *pool, struct freelist_chain chain);
bool pool_take_bulk(struct pool *pool, unsigned int n, void **blocks);
void pool_zero_bulk(struct pool *pool, unsigned int n, void **blocks);
void pool_zero_held(struct pool *pool, unsigned int n, void **blocks);
void pool_free_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller);
void pool_refuse_free(struct pool *pool, const void *block, u64 index,
		      unsigned long caller);

/* magazine.c */
unsigned int magazines_close(struct pool *pool);

/* For the owners of blocks of user space. */
int mpdemo_pool_try_take_bulk(struct mpdemo_pool *pool, unsigned int n,
			      void **blocks);

/* For heaps. */
struct mpdemo_pool *
mpdemo_pool_create_at(const struct mpdemo_pool_config *config, gfp_t gfp,
		      const struct mpdemo_pool_place *place);
unsigned int mpdemo_pool_close(struct mpdemo_pool *pool);
void mpdemo_pool_end(struct mpdemo_pool *pool);
size_t mpdemo_pool_overhead(const struct mpdemo_pool_config *config);

#endif /* _MPDEMO_POOL_H */
