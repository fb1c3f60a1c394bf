/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * What the files of the library share.
 *
 * Whatever must not survive a fork lies in memory that the kernel zeroes in the child
 * (MADV_WIPEONFORK): locks, caches, generations, lists. So zero has a meaning everywhere:
 * a lock is free, a cache is empty and takes nothing, a state is not alive. Nobody asks for a
 * pid, and it does not matter what other threads were doing.
 *
 * There is one lock for what is rare: begin and end of pools, threads and caches. It is
 * held while a cache is emptied by somebody else than its thread.
 */
#ifndef MPDEMO_LIB_H
#define MPDEMO_LIB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <mpdemo.h>

#define API		__attribute__((visibility("default")))
#define unlikely(x)	__builtin_expect(!!(x), 0)

/*
 * Whoever gets a block sees what was written to it before it was given back. That is the kernel's
 * doing, of which ThreadSanitizer knows nothing: it is told so of each block, and of no more.
 */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_release(block)	((void)(block))
#define __tsan_acquire(block)	((void)(block))
#endif

/* Pools that may be open at a time. */
#define MAX_POOLS	1024

/* Handles in one system call, from an array on the stack. */
#define BATCH		256

/**
 * struct tls_small - small blocks of a thread, all of them its own from the first use on
 * @base: the first one
 * @count: how many are free
 * @free: their indices
 * @in_use: those that are not
 */
struct tls_small {
	char *base;
	unsigned int count;
	uint8_t free[MPDEMO_TLS_SMALL_BLOCKS];
	bool in_use[MPDEMO_TLS_SMALL_BLOCKS];
};

/* Temporary memory of a thread: begin <= next <= end. */
struct tls_temp {
	char *begin, *next, *end;
};

/**
 * struct thread - what the library knows of a thread; wiped in a child
 * @alive: not wiped
 * @caches: its cache of each pool, by the slot of the pool
 * @small: see mpdemo_tls_alloc_small()
 * @temp: see mpdemo_tls_alloc_temp()
 */
struct thread {
	bool alive;
	struct tls_small small;
	struct tls_temp temp;
	struct mpdemo_cache *caches[MAX_POOLS];
};

/**
 * struct mpdemo_object - an open file that is mapped
 * @fd: the open file
 * @access: MPDEMO_ACCESS_*
 * @base: where it is mapped
 * @map_bytes: length of the mapping
 * @reserved: it lies in addresses that somebody has reserved, and gets back
 */
struct mpdemo_object {
	int fd;
	bool reserved;
	uint32_t access;
	char *base;
	size_t map_bytes;
};

/**
 * struct mapped - an object of which no more is known than that
 * @object: its open file
 * @alive: wiped in a child
 */
struct mapped {
	struct mpdemo_object object;
	bool *alive;
};

/**
 * struct cache - the cache of a thread for a pool; wiped in a child
 * @next: of the same pool; under the lock
 * @thread: whose it is
 * @bytes: length of its mapping
 * @user: what the user sees, and the addresses of blocks behind it
 */
struct cache {
	struct cache *next;
	struct thread *thread;
	size_t bytes;
	struct mpdemo_cache user;
};

/* Blocks that threads leave to each other without the kernel, in halves of their caches. */
#define DEPOT_HALVES	8

/**
 * struct depot - blocks that caches had too many of, for caches that have none
 * @lock: for the rest
 * @count: how many are there
 * @handles: of these
 *
 * So a block that one thread allocates and another one frees costs no system call.
 */
struct depot {
	_Atomic uint32_t lock;
	unsigned int count;
	uint64_t handles[DEPOT_HALVES * MPDEMO_CACHE_MAX / 2];
};

/**
 * struct pool_state - what must not survive a fork; wiped in a child
 * @bad_frees: see mpdemo_pool_bad_frees()
 * @alive: not wiped
 * @caches: of all threads; under the lock
 * @depot: see there
 * @generations: of each block that the kernel gave to this pool: that of its handle; else, and
 *	in the depot, 0
 */
struct pool_state {
	_Atomic uint64_t bad_frees;
	bool alive;
	struct cache *caches;
	struct depot depot;
	_Atomic uint32_t generations[];
};

/**
 * struct mpdemo_pool - a pool
 * @object: its open file
 * @slot: its number in this process
 * @blocks: number of blocks; of a pool that grows those it may have
 * @stride: bytes from one block to the next
 * @cache_size: blocks in a cache
 * @depot_size: blocks in the depot
 * @state: see there
 * @state_bytes: length of its mapping
 */
struct mpdemo_pool {
	struct mpdemo_object object;
	unsigned int slot;
	uint32_t blocks;
	size_t stride;
	unsigned int cache_size, depot_size;
	struct pool_state *state;
	size_t state_bytes;
};

/* thread.c */
void lock(void);
void unlock(void);
void word_lock(_Atomic uint32_t *word);
void word_unlock(_Atomic uint32_t *word);
void *wiped_alloc(size_t bytes);
void wiped_free(void *p, size_t bytes);
struct thread *thread_self(void);
/* Of this thread. In a child it leads to a struct that is not alive. */
extern __thread struct thread *self __attribute__((tls_model("initial-exec"),
						   visibility("hidden")));
int pool_slot_get(struct mpdemo_pool *pool);
void pool_slot_put(struct mpdemo_pool *pool);

/* Of any size that the kernel takes, which is a page at most. */
union sized_arg {
	struct mpdemo_pool_create pool_create;
	struct mpdemo_heap_create heap_create;
	char bytes[4096];
};

/* object.c */
int sized_arg(union sized_arg *arg, const uint32_t *how);
int object_create(struct mpdemo_object *object, int fd, uint32_t kind, void *at,
		  int map_flags, struct mpdemo_info *info);
int object_open(int dev, const char *name, uint32_t access);
int object_reopen(int fd, uint32_t access);
int object_again(int fd);
int object_move(int fd, unsigned int cmd, uint64_t handle);
void object_unmap(struct mpdemo_object *object);
int object_call(int fd, unsigned int cmd, void *arg);
int object_info(int fd, struct mpdemo_info *info);

/* mapped.c */
void *mapped_begin(int fd, uint32_t kind);
void mapped_end(struct mapped *mapped);
int mapped_reopen(struct mapped *mapped, uint32_t kind);
int mapped_call(const struct mapped *mapped, unsigned int cmd, void *arg);
void *mapped_address(const struct mapped *mapped, uint64_t offset);
uint64_t mapped_offset(const struct mapped *mapped, const void *p);

/* pool.c */
struct mpdemo_pool *pool_create_at(int dev, size_t block_size, size_t blocks, size_t align,
				   void *at);

/* block.c */
void *block_come(struct mpdemo_pool *pool, uint64_t handle);
bool block_is_out(const struct mpdemo_pool *pool, const void *block);
int block_give_up(struct mpdemo_pool *pool, const void *block, uint64_t *handle);

/* cache.c */
int cache_return(struct mpdemo_pool *pool, unsigned int count, void *const *blocks);
int cache_return_depot(struct mpdemo_pool *pool);
void cache_end(struct mpdemo_pool *pool, struct cache *cache);
struct cache *cache_of(struct mpdemo_cache *user);

/* depot.c */
int depot_put(struct mpdemo_pool *pool, unsigned int count, void **blocks, unsigned int *left);
unsigned int depot_take(struct mpdemo_pool *pool, unsigned int count, void **blocks);

/* runs.c */
struct runs *runs_create(char *base, size_t bytes);
void runs_destroy(struct runs *runs);
bool runs_alive(const struct runs *runs);
void *runs_alloc(struct runs *runs, size_t bytes);
int runs_free(struct runs *runs, const void *p);
size_t runs_bytes(struct runs *runs, const void *p);
bool runs_resize(struct runs *runs, const void *p, size_t bytes);

/* tls.c */
void tls_end(void);

static inline struct thread *thread_if_any(void)
{
	return self && self->alive ? self : NULL;
}

static inline bool pool_alive(const struct mpdemo_pool *pool)
{
	return pool->state->alive;
}

/*
 * What was wiped has no caches. In a child a pool may have the number of another one that was not
 * reopened yet.
 */
static inline struct mpdemo_cache *cache_if_any(const struct mpdemo_pool *pool)
{
	struct mpdemo_cache *cache = self ? self->caches[pool->slot] : NULL;

	return cache && cache->pool == pool ? cache : NULL;
}

/* The index of a block, or -1: it is none. */
static inline int64_t pool_index(const struct mpdemo_pool *pool, const void *block)
{
	size_t offset = (const char *)block - pool->object.base;
	size_t index = offset / pool->stride;

	return index < pool->blocks && offset % pool->stride == 0 ? (int64_t)index : -1;
}

static inline void *pool_block(const struct mpdemo_pool *pool, uint32_t index)
{
	return pool->object.base + index * pool->stride;
}

static inline void *null_errno(int err)
{
	errno = err < 0 ? -err : err;
	return NULL;
}

#endif /* MPDEMO_LIB_H */
