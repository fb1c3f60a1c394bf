/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * libmpdemo: pools, arenas and heaps of the kernel module mempool_demo, for programs.
 */
#ifndef MPDEMO_H
#define MPDEMO_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo.h>

#ifdef __cplusplus
extern "C" {
#endif

#if UINTPTR_MAX < UINT64_MAX
#error "libmpdemo is for 64-bit programs"
#endif

/**
 * DOC: rules for all calls
 *
 * Errors: a function that returns int returns 0 or more, or -errno. A function that
 * returns a pointer returns NULL and sets errno. The kernel's errnos mean what
 * <linux/mempool_demo.h> says; those of the library's own are said at each function.
 *
 * Threads: all functions may be called by any thread at any time, except that nobody
 * may use an object while, or after, it is closed, and that a struct mpdemo_cache
 * belongs to the thread that got it. No function may be called by a signal handler.
 *
 * Fork: the child has none of the mappings, and its blocks are its parent's. So in the
 * child all calls on an object give EOWNERDEAD until it is reopened there
 * (mpdemo_pool_reopen() and so on) or closed. This needs no handler and sees every
 * kind of fork, clone() without CLONE_VM included; whatever other threads did at that
 * moment, the child never waits for them. The parent notices nothing.
 *
 * Trust: who else has an object open may write to all of it. The library keeps all that it
 * goes by in memory of its own.
 *
 * Sizes: a structure of <linux/mempool_demo.h> that a caller passes has its size in its first
 * member, and the rest zeroed, as for the kernel: = { .size = sizeof(...) }. So programs and
 * the library may be built with different headers. -EINVAL: the size is less than ever was.
 *
 * C++: some functions are named as a structure of <linux/mempool_demo.h>, so write the
 * word struct before those: struct mpdemo_pool_create how = {};
 *
 * Memory: what this library hands out is from its objects, never from malloc(). Only the
 * structures of pools, arenas and heaps themselves are, when these are made.
 */

/* Read and write */
#define MPDEMO_ACCESS_RW	(MPDEMO_ACCESS_READ | MPDEMO_ACCESS_WRITE)

/* Blocks that the cache of a thread holds at most, unless it is told otherwise; but no more
 * than a quarter of the pool. Half of it goes in one system call.
 */
#define MPDEMO_CACHE_DEFAULT	256
#define MPDEMO_CACHE_MAX	1024

struct mpdemo_pool;
struct mpdemo_arena;
struct mpdemo_heap;

/**
 * mpdemo_device_open() - open the device
 * @path: its name, or NULL: /dev/mempool_demo
 *
 * Only to create objects, and to open named ones; these do not need it any more later.
 *
 * Return: a file descriptor, close-on-exec, to be closed with close(); or the
 * -errno of open().
 */
int mpdemo_device_open(const char *path);

/* Pools */

/**
 * mpdemo_pool_create() - create an anonymous pool, and map it
 * @dev: the device
 * @block_size: bytes of a block
 * @blocks: number of blocks
 * @align: alignment of each block, a power of two up to 4096; 0: 8
 *
 * Return: the pool, to be closed with mpdemo_pool_close(). NULL with errno of the
 * kernel, of mmap(), or EUSERS: this process has 1024 pools open.
 */
struct mpdemo_pool *mpdemo_pool_create(int dev, size_t block_size, size_t blocks, size_t align);

/**
 * mpdemo_pool_create_as() - create an anonymous pool that grows, or has a quota, and map it
 * @dev: the device
 * @how: as the kernel takes it, with its own size
 *
 * Return: as mpdemo_pool_create().
 */
struct mpdemo_pool *mpdemo_pool_create_as(int dev, const struct mpdemo_pool_create *how);

/**
 * mpdemo_pool_open() - open a named pool, and map it
 * @dev: the device
 * @name: its name
 * @access: MPDEMO_ACCESS_READ or MPDEMO_ACCESS_RW; with READ alone blocks can be looked
 *	at by their handles, and nothing else
 *
 * Return: as mpdemo_pool_create(); EOPNOTSUPP: this is no pool; ENAMETOOLONG; EACCES: its
 * mode does not allow that, or MPDEMO_ACCESS_WRITE alone, which cannot be mapped.
 */
struct mpdemo_pool *mpdemo_pool_open(int dev, const char *name, uint32_t access);

/**
 * mpdemo_pool_from_fd() - open the pool of a file descriptor once more, and map it
 * @fd: an open file of a pool, as it came from another process; stays the caller's
 *
 * The new pool is an owner of its own: it holds no block that was allocated through @fd.
 *
 * Return: as mpdemo_pool_open().
 */
struct mpdemo_pool *mpdemo_pool_from_fd(int fd);

/**
 * mpdemo_pool_set_cache() - set how many blocks the cache of a thread may hold
 * @pool: the pool
 * @blocks: up to MPDEMO_CACHE_MAX; 0: all goes to the kernel at once, which suits
 *	pools on whose blocks somebody waits
 *
 * While no thread has a cache: before the first allocation, or when all have ended that
 * made one.
 *
 * Return: 0; -ERANGE; -EBUSY: there is a cache already; -EOWNERDEAD.
 */
int mpdemo_pool_set_cache(struct mpdemo_pool *pool, unsigned int blocks);

/**
 * mpdemo_pool_close() - close a pool
 * @pool: the pool, which is gone afterwards, whatever is returned; or NULL
 *
 * Caches of all threads are emptied; a thread may be exiting at the same time. Blocks that
 * are still allocated are taken back by the kernel, and their addresses are invalid.
 *
 * Return: how many blocks were still allocated; 0 in a child that did not reopen it.
 */
int mpdemo_pool_close(struct mpdemo_pool *pool);

/**
 * mpdemo_pool_reopen() - use a pool in a forked child
 * @pool: the pool
 *
 * The child becomes an owner of its own, that holds nothing. The pool is mapped where it
 * was in the parent if nothing else is there by now: mpdemo_pool_address() tells. What
 * mpdemo_cache_get() gave in the parent goes on to give EOWNERDEAD in the child; get it again.
 *
 * By one thread, while no other uses the pool.
 *
 * Return: 0, also where there was nothing to do; or -errno, and the pool is as before.
 */
int mpdemo_pool_reopen(struct mpdemo_pool *pool);

/**
 * mpdemo_pool_info() - ask the kernel about a pool
 * @pool: the pool
 * @info: with its own size; filled in; blocks in caches count as in use and as held
 *
 * Return: 0 or -errno.
 */
int mpdemo_pool_info(struct mpdemo_pool *pool, struct mpdemo_info *info);

/**
 * mpdemo_pool_fd() - the open file of a pool
 * @pool: the pool
 *
 * To be sent to another process (SCM_RIGHTS), which makes its own of it with
 * mpdemo_pool_from_fd(). Not to be closed.
 *
 * Return: the file descriptor.
 */
int mpdemo_pool_fd(const struct mpdemo_pool *pool);

/**
 * mpdemo_pool_bad_frees() - frees that were refused after the fact
 * @pool: the pool
 *
 * A free goes into a cache without being looked at. When the cache gives its blocks to others
 * or to the kernel, addresses that are no block of the pool, and blocks that were given back
 * already, are found, dropped and counted; the call that did it returns the errno of the
 * first one.
 *
 * Return: how many so far.
 */
uint64_t mpdemo_pool_bad_frees(const struct mpdemo_pool *pool);

/**
 * mpdemo_pool_alloc() - allocate a block, from the cache of this thread
 * @pool: the pool
 *
 * Caches of other threads may hold as many as their size each (see
 * mpdemo_pool_set_cache()) while this fails; they give them back when these threads exit
 * or call mpdemo_cache_flush(). From other processes this one may keep four times the size of a
 * cache besides, a quarter of the pool at most, which its caches leave to each other; not from
 * its own threads.
 *
 * Return: a block of any content, to be freed by whatever thread. NULL, with errno of the
 * kernel, EAGAIN above all: no block is free; EOWNERDEAD.
 */
void *mpdemo_pool_alloc(struct mpdemo_pool *pool);

/**
 * mpdemo_pool_alloc_until() - allocate a block, and wait for one
 * @pool: the pool
 * @deadline: until when, in ns of CLOCK_MONOTONIC, or MPDEMO_NO_DEADLINE
 *
 * Who waits is served by the kernel. What others free goes into caches first: where somebody
 * waits, mpdemo_pool_set_cache() with 0 keeps blocks out of these.
 *
 * Return: as mpdemo_pool_alloc(); NULL with ETIMEDOUT, ESHUTDOWN or EINTR in place of EAGAIN.
 * EINTR: of a signal whose handler has no SA_RESTART (glibc's signal() sets it): else it goes on.
 */
void *mpdemo_pool_alloc_until(struct mpdemo_pool *pool, uint64_t deadline);

/**
 * mpdemo_pool_free() - free a block, to the cache of this thread
 * @pool: the pool
 * @block: the block; NULL: nothing happens
 *
 * Return: 0; -EALREADY, -EINVAL: see mpdemo_pool_bad_frees(), which may be about other blocks
 * than this; a block of somebody else, or of this process before it reopened the pool, is
 * -EALREADY too, as this pool does not hold it. -EOWNERDEAD; or another errno of the kernel,
 * where blocks that could not go back stay allocated until the pool is closed.
 */
int mpdemo_pool_free(struct mpdemo_pool *pool, void *block);

/**
 * mpdemo_pool_alloc_bulk() - allocate many blocks at once, or none
 * @pool: the pool
 * @count: how many, 1 to MPDEMO_BULK_MAX
 * @blocks: room for @count addresses
 *
 * From the kernel, by one system call; caches of threads are left alone. All bytes are zero.
 *
 * Return: 0 or -errno.
 */
int mpdemo_pool_alloc_bulk(struct mpdemo_pool *pool, unsigned int count, void **blocks);

/**
 * mpdemo_pool_free_bulk() - free many blocks at once
 * @pool: the pool
 * @count: how many; 0: nothing happens
 * @blocks: their addresses
 *
 * To the kernel; caches are left alone. All that can be freed is freed.
 *
 * Return: 0; or of the first that could not: -EINVAL: no block of this pool; -EALREADY: it is
 * free, or somebody else's; -EOWNERDEAD; or another errno of the kernel, such as -ENOMEM, and
 * those that were not freed stay allocated.
 */
int mpdemo_pool_free_bulk(struct mpdemo_pool *pool, unsigned int count, void *const *blocks);

/* Handles, and blocks for other processes */

/**
 * mpdemo_pool_handle() - the handle of a block
 * @pool: the pool
 * @block: a block that was allocated by or is taken to this pool
 *
 * Return: the handle; 0 with errno: EINVAL: no block of this pool; EALREADY: it is free, or
 * somebody else's; EOWNERDEAD.
 */
uint64_t mpdemo_pool_handle(struct mpdemo_pool *pool, const void *block);

/**
 * mpdemo_pool_address() - where the block of a handle is
 * @pool: the pool
 * @handle: the handle, from wherever; may be of a block that somebody else holds
 *
 * Return: its address in this process; NULL with ENOENT or EOWNERDEAD.
 */
void *mpdemo_pool_address(struct mpdemo_pool *pool, uint64_t handle);

/**
 * mpdemo_pool_keep() - give a block to the pool itself, for another process to take
 * @pool: the pool
 * @block: the block, no more to be used here
 * @handle: where to put its handle
 *
 * The kernel's KEEP: whoever may write to the pool may take or free it, and it
 * outlives this process. What was written to it is seen by who takes it.
 *
 * Return: 0; -EINVAL, -EALREADY, -EOWNERDEAD, or an errno of the kernel, and the block stays ours.
 */
int mpdemo_pool_keep(struct mpdemo_pool *pool, void *block, uint64_t *handle);

/**
 * mpdemo_pool_take() - take a block that somebody gave to the pool
 * @pool: the pool
 * @handle: its handle
 *
 * Return: the block, to be freed, with what was written to it; NULL with errno.
 */
void *mpdemo_pool_take(struct mpdemo_pool *pool, uint64_t handle);

/* Caches: one for each thread and pool, made when needed */

/**
 * struct mpdemo_cache - blocks at hand for one thread; for the functions here only
 * @count: how many there are
 * @size: how many fit; 0 in a forked child, where all this memory is zeroed by the kernel
 * @pool: of which pool; NULL in a forked child
 *
 * The addresses of the blocks follow it.
 */
struct mpdemo_cache {
	uint32_t count;
	uint32_t size;
	struct mpdemo_pool *pool;
};

/**
 * mpdemo_cache_get() - the cache of this thread for a pool
 * @pool: the pool
 *
 * It lasts until the thread exits, which empties it, or the pool is closed.
 *
 * Return: the cache, the same one each time; NULL with errno: ENOMEM; EOWNERDEAD.
 */
struct mpdemo_cache *mpdemo_cache_get(struct mpdemo_pool *pool);

/**
 * mpdemo_cache_flush() - give all blocks of a cache back to the kernel
 * @cache: the cache
 *
 * And those that caches of this process have left to each other.
 *
 * Return: as mpdemo_pool_free().
 */
int mpdemo_cache_flush(struct mpdemo_cache *cache);

/* Where the addresses are. C++ has no arrays without a length. */
static inline void **mpdemo_cache_blocks(struct mpdemo_cache *cache)
{
	return (void **)(cache + 1);
}

/* The slow halves of what follows. */
void *mpdemo_cache_alloc_slow(struct mpdemo_cache *cache);
int mpdemo_cache_free_slow(struct mpdemo_cache *cache, void *block);

/**
 * mpdemo_cache_alloc() - mpdemo_pool_alloc() where the cache is known
 * @cache: of this thread
 *
 * Return: as mpdemo_pool_alloc().
 */
static inline void *mpdemo_cache_alloc(struct mpdemo_cache *cache)
{
	uint32_t count = cache->count;

	if (__builtin_expect(!count, 0))
		return mpdemo_cache_alloc_slow(cache);
	cache->count = --count;
	return mpdemo_cache_blocks(cache)[count];
}

/**
 * mpdemo_cache_free() - mpdemo_pool_free() where the cache is known
 * @cache: of this thread
 * @block: the block, not NULL
 *
 * Return: as mpdemo_pool_free().
 */
static inline int mpdemo_cache_free(struct mpdemo_cache *cache, void *block)
{
	uint32_t count = cache->count;

	if (__builtin_expect(count == cache->size, 0))
		return mpdemo_cache_free_slow(cache, block);
	mpdemo_cache_blocks(cache)[count] = block;
	cache->count = count + 1;
	return 0;
}

/* Arenas */

/**
 * mpdemo_arena_create() - create an anonymous arena, and map it
 * @dev: the device
 * @bytes: its capacity
 *
 * Return: the arena, to be closed with mpdemo_arena_close(); NULL with errno of the kernel or of
 * mmap().
 */
struct mpdemo_arena *mpdemo_arena_create(int dev, size_t bytes);

/**
 * mpdemo_arena_open() - open a named arena, and map it
 * @dev: the device
 * @name: its name
 * @access: MPDEMO_ACCESS_READ or MPDEMO_ACCESS_RW
 *
 * Return: as mpdemo_arena_create(); EOPNOTSUPP: this is no arena; ENAMETOOLONG.
 */
struct mpdemo_arena *mpdemo_arena_open(int dev, const char *name, uint32_t access);

/**
 * mpdemo_arena_from_fd() - open the arena of a file descriptor once more, and map it
 * @fd: an open file of an arena; stays the caller's
 *
 * Return: as mpdemo_arena_open().
 */
struct mpdemo_arena *mpdemo_arena_from_fd(int fd);

/**
 * mpdemo_arena_close() - close an arena
 * @arena: the arena, whose addresses are invalid afterwards; or NULL
 */
void mpdemo_arena_close(struct mpdemo_arena *arena);

/**
 * mpdemo_arena_reopen() - use an arena in a forked child
 * @arena: the arena, which is shared with the parent then
 *
 * Return: as mpdemo_pool_reopen().
 */
int mpdemo_arena_reopen(struct mpdemo_arena *arena);

/**
 * mpdemo_arena_info() - ask the kernel about an arena
 * @arena: the arena
 * @info: with its own size; filled in
 *
 * Return: 0 or -errno.
 */
int mpdemo_arena_info(struct mpdemo_arena *arena, struct mpdemo_info *info);

/**
 * mpdemo_arena_fd() - the open file of an arena
 * @arena: the arena
 *
 * Return: the file descriptor, not to be closed.
 */
int mpdemo_arena_fd(const struct mpdemo_arena *arena);

/**
 * mpdemo_arena_alloc() - allocate from an arena, by one system call
 * @arena: the arena, maybe shared with other processes
 * @bytes: how many, 1 or more
 * @align: a power of two up to 4096; 0: 8
 *
 * Return: the bytes, all zero, which live until the next reset, by whomever; NULL with errno,
 * ENOSPC above all; ERANGE: @bytes is 0; EOWNERDEAD.
 */
void *mpdemo_arena_alloc(struct mpdemo_arena *arena, size_t bytes, size_t align);

/**
 * mpdemo_arena_offset() - what to tell another process about a piece
 * @arena: the arena
 * @p: an address in it
 *
 * Return: the offset, for mpdemo_arena_address() there.
 */
uint64_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *p);

/**
 * mpdemo_arena_address() - where a piece is in this process
 * @arena: the arena
 * @offset: of the piece, from wherever
 *
 * Return: its address; NULL with ERANGE or EOWNERDEAD.
 */
void *mpdemo_arena_address(const struct mpdemo_arena *arena, uint64_t offset);

/**
 * mpdemo_arena_mark() - remember how much of an arena is in use
 * @arena: the arena
 * @mark: with its own size; filled in; may be sent to other processes
 *
 * Return: 0; -ENOSPC: there are MPDEMO_ARENA_MARKS; or another -errno.
 */
int mpdemo_arena_mark(struct mpdemo_arena *arena, struct mpdemo_arena_place *mark);

/**
 * mpdemo_arena_rollback() - free what was allocated since a mark, by whomever
 * @arena: the arena
 * @mark: the mark, which stays live
 *
 * Return: 0; -ESTALE: the mark is not live any more, or none of this arena; or another -errno.
 */
int mpdemo_arena_rollback(struct mpdemo_arena *arena, const struct mpdemo_arena_place *mark);

/**
 * mpdemo_arena_reset() - free all that was allocated from an arena
 * @arena: the arena
 *
 * Return: 0 or -errno.
 */
int mpdemo_arena_reset(struct mpdemo_arena *arena);

/* Heaps: any size, for one process alone, from caches of its threads */

/**
 * mpdemo_heap_create() - create a heap
 * @dev: the device
 * @bytes: memory for all its blocks, 256 KiB..64 GiB: half of it for sizes up to 2 KiB, the
 *	same for each of the 24 classes, half for larger ones, and for small ones when
 *	their classes are empty
 *
 * It takes 26 file descriptors, and 25 of the module's objects.
 *
 * Return: the heap, to be closed with mpdemo_heap_close(); NULL with errno: ERANGE, and those of
 * mpdemo_pool_create() and mpdemo_arena_create().
 */
struct mpdemo_heap *mpdemo_heap_create(int dev, size_t bytes);

/**
 * mpdemo_heap_close() - close a heap, and free all that was allocated from it
 * @heap: the heap, or NULL
 */
void mpdemo_heap_close(struct mpdemo_heap *heap);

/**
 * mpdemo_heap_reopen() - use a heap in a forked child
 * @heap: the heap, which is empty in the child, and shares nothing with the parent's
 *
 * Return: 0, also where there was nothing to do; or the -errno of mpdemo_heap_create(), and the
 * heap is as before.
 */
int mpdemo_heap_reopen(struct mpdemo_heap *heap);

/**
 * mpdemo_heap_alloc() - allocate any size
 * @heap: the heap
 * @bytes: how many; 0 is 1
 *
 * Return: the bytes, of any content, aligned to 16, to be freed by whatever thread; NULL with
 * errno: EAGAIN: not so many are free in one piece; ENOSPC: nor ever will be; EOWNERDEAD.
 */
void *mpdemo_heap_alloc(struct mpdemo_heap *heap, size_t bytes);

/**
 * mpdemo_heap_free() - free what mpdemo_heap_alloc() gave
 * @heap: the heap
 * @p: what it gave; NULL: nothing happens
 *
 * Return: as mpdemo_pool_free(); of large sizes it is always about @p.
 */
int mpdemo_heap_free(struct mpdemo_heap *heap, void *p);

/**
 * mpdemo_heap_realloc() - make a piece larger or smaller
 * @heap: the heap
 * @p: what it gave; NULL: allocate
 * @old_bytes: how many of its bytes are to be preserved, if more than @bytes: @bytes; ignored
 *	if @p is NULL. SIZE_MAX: all
 * @bytes: the new size; 0: free, and return NULL
 *
 * What gets smaller always succeeds.
 *
 * Return: where it is now; NULL with the errno of mpdemo_heap_alloc(), or EINVAL: it is none
 * of this heap; then @p is as before.
 */
void *mpdemo_heap_realloc(struct mpdemo_heap *heap, void *p, size_t old_bytes, size_t bytes);

/**
 * mpdemo_heap_usable() - how many bytes there really are
 * @heap: the heap
 * @p: what it gave
 *
 * Return: as many as asked for, or more; 0: it is none of this heap.
 */
size_t mpdemo_heap_usable(struct mpdemo_heap *heap, const void *p);

/**
 * mpdemo_heap_roundup() - how many bytes there will be
 * @bytes: to be allocated, less than SIZE_MAX / 2
 *
 * Return: what mpdemo_heap_usable() will say, unless it is taken from a larger class.
 */
size_t mpdemo_heap_roundup(size_t bytes);

/**
 * mpdemo_heap_hook() - mpdemo_heap_realloc() for libraries that take an allocator
 * @heap: a struct mpdemo_heap; the context pointer
 * @p: see there
 * @old_bytes: see there
 * @bytes: see there
 *
 * It is a lua_Alloc: lua_newstate(mpdemo_heap_hook, heap).
 *
 * Return: see there.
 */
void *mpdemo_heap_hook(void *heap, void *p, size_t old_bytes, size_t bytes);

#ifdef __cplusplus
}
#endif

#include <mpdemo_shared.h>
#include <mpdemo_tls.h>

#endif /* MPDEMO_H */
