/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the pool share: pool.c, the list that all CPUs share;
 * magazine.c, the magazines in front of it; store.c, single free blocks, for all that
 * is not on a fast path: gate.c, what operations do now and then, wait.c, waiting,
 * reserve.c, reservations, level.c, watermarks, fault.c, faults on demand; chunks.c and
 * grow.c, pools that grow; pool_map.c, pages for user space; pool_lifetime.c, begin and
 * end; stats.c, counters; failure.c, the last failure.
 */
#ifndef _MPDEMO_POOL_H
#define _MPDEMO_POOL_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <mempool_demo/pool.h>

#include "failure.h"
#include "fault.h"
#include "freelist.h"
#include "level.h"
#include "pool_list.h"
#include "reaper.h"
#include "wait.h"

struct mpdemo_region;
struct page;
struct pool_chunks;
struct pool_guard;

/* Bits of pool.reported */
#define REPORTED_FREE	0
#define REPORTED_ZONE	1
#define REPORTED_POISON	2

/*
 * What neither the head of the freelist nor a magazine counts. Each of them is a sum
 * over the CPUs, of which some may be below zero.
 */
struct pool_counts {
	/*
	 * Past the magazines; of an exact pool, how many more blocks were handed
	 * out than popped: those granted, less those taken to be kept.
	 */
	unsigned long allocs;
	unsigned long frees;		/* past the magazines */
	unsigned long failures;
	unsigned long reserved;		/* now */
	unsigned long granted;		/* now, to those who wait */
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
	gfp_t gfp;			/* for what is allocated later */
	struct mpdemo_magazine __percpu *magazines;	/* NULL: exact */
	struct mpdemo_region *region;	/* NULL: in a place of somebody else's, or: */
	struct pool_chunks *chunks;	/* NULL: it does not grow */
	struct mpdemo_pool_place place;
	char *name;
	void (*ctor)(void *block, void *data);
	void *ctor_data;

	/* Written rarely: see level.c; and the smallest depth that a pop has found. */
	union pool_notice notice;
	unsigned int lowest_depth;

	/* Why the gate is shut, and what can be entered out of line: see gate.h. */
	unsigned long gate;
	struct mpdemo_magazine __percpu *entrance;
	/*
	 * Somebody may be inside who has no block: the memory must not be freed
	 * before a grace period has passed.
	 */
	bool has_guests;
	struct pool_wait wait;
	struct pool_level level;
	struct pool_guard *guard;	/* NULL until one is wanted, see guard.h */

	struct pool_listed listed;

	/* Written on misuse only. */
	unsigned long reported;
	atomic64_t refused;

	struct pool_last_failure last_failure;
	struct pool_fault fault;

	/* For the end of a pool that was destroyed with blocks in use. */
	struct mpdemo_reap reap;
};

static inline struct pool *to_pool(const struct mpdemo_pool *api)
{
	return container_of((struct mpdemo_pool *)api, struct pool, api);
}

static inline void pool_note_depth(struct pool *pool, unsigned int depth)
{
	if (depth < READ_ONCE(pool->notice.depth))
		level_note_depth(pool, depth);
}

/* pool.c */
void pool_come_home(struct pool *pool, unsigned int n);
void pool_push_chain(struct pool *pool, struct freelist_chain chain);
void pool_put_slowly(struct pool *pool, u32 first, unsigned int n);
void pool_alloc_failed(struct pool *pool, unsigned int n, unsigned long caller);
bool pool_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller);
int pool_try_take_bulk(struct pool *pool, unsigned int n, void **blocks,
		       unsigned long caller);
void pool_zero_bulk(struct pool *pool, unsigned int n, void **blocks);
void pool_zero_held(struct pool *pool, unsigned int n, void **blocks);
void pool_free_bulk(struct pool *pool, unsigned int n, void **blocks,
		    unsigned long caller);
void pool_refuse_free(struct pool *pool, const void *block, u64 index,
		      unsigned long caller);

/* What is with a block. */
enum pool_block_state {
	POOL_BLOCK_ABSENT,		/* of a pool that has not grown so far */
	POOL_BLOCK_FREE,
	POOL_BLOCK_CACHED,		/* in a magazine, or granted to who waits */
	POOL_BLOCK_RESERVED,
	POOL_BLOCK_HELD,
};

/* stats.c */
unsigned int pool_count_out(const struct pool *pool);
enum pool_block_state mpdemo_pool_state(const struct mpdemo_pool *pool,
					unsigned int index);
void pool_count_kept(const struct pool *pool, unsigned int *reserved,
		     unsigned int *granted);

/* pool_lifetime.c */
size_t pool_footprint(const struct pool *pool);
void pool_construct(struct pool *pool, u32 first, unsigned int n);

/* gate.c */
void *pool_hand_out(struct pool *pool, u32 index, gfp_t gfp,
		    unsigned long caller);

/* pool_lifetime.c */
size_t pool_stride_of(const struct mpdemo_pool_config *config);

/* magazine.c */
unsigned int magazines_close(struct pool *pool);

/* trace.c */
void pool_trace_alloc(struct pool *pool, const void *block, gfp_t gfp,
		      unsigned long caller);
void pool_trace_alloc_bulk(struct pool *pool, unsigned int n, void **blocks,
			   gfp_t gfp, unsigned long caller);
void pool_trace_free(struct pool *pool, const void *block,
		     unsigned long caller);
void pool_trace_free_bulk(struct pool *pool, unsigned int n, void **blocks,
			  unsigned long caller);
void pool_trace_refill(struct pool *pool, unsigned int n);
void pool_trace_flush(struct pool *pool, unsigned int n);

/* For the owners of blocks of user space. */
int mpdemo_pool_try_take_bulk(struct mpdemo_pool *pool, unsigned int n,
			      void **blocks);
void mpdemo_pool_end_waits(struct mpdemo_pool *pool);
bool mpdemo_pool_has_free(struct mpdemo_pool *pool);
int mpdemo_pool_grow_for(struct mpdemo_pool *pool, unsigned int n);
void mpdemo_pool_fit_pages(struct mpdemo_pool_config *config);

/* pool_map.c: for those who map objects of user space. */
size_t mpdemo_pool_map_bytes(const struct mpdemo_pool *pool);
struct page *mpdemo_pool_page(const struct mpdemo_pool *pool, unsigned long nr);
int mpdemo_pool_map(struct mpdemo_pool *pool);
void mpdemo_pool_map_again(struct mpdemo_pool *pool);
void mpdemo_pool_unmap(struct mpdemo_pool *pool);

/* For heaps. */
struct mpdemo_pool *
mpdemo_pool_create_at(const struct mpdemo_pool_config *config, gfp_t gfp,
		      const struct mpdemo_pool_place *place);
unsigned int mpdemo_pool_close(struct mpdemo_pool *pool);
void mpdemo_pool_end(struct mpdemo_pool *pool);
size_t mpdemo_pool_overhead(const struct mpdemo_pool_config *config);

#endif /* _MPDEMO_POOL_H */
