/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * Heaps that processes share: any size, each allocation by one system call. Part of
 * <mpdemo.h>.
 */
#ifndef MPDEMO_SHARED_H
#define MPDEMO_SHARED_H

#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpdemo_shared_heap;

/**
 * mpdemo_shared_heap_create() - create an anonymous heap that others may open, and map it
 * @dev: the device
 * @how: as the kernel takes it, with its own size
 *
 * Return: the heap, to be closed with mpdemo_shared_heap_close(); NULL with errno of the kernel
 * or of mmap().
 */
struct mpdemo_shared_heap *mpdemo_shared_heap_create(int dev,
						     const struct mpdemo_heap_create *how);

/**
 * mpdemo_shared_heap_from_fd() - open the heap of a file descriptor once more, and map it
 * @fd: an open file of a heap, as it came from another process; stays the caller's
 *
 * The new heap is an owner of its own: it holds nothing that was allocated through @fd.
 *
 * Return: as mpdemo_shared_heap_create(); EOPNOTSUPP: this is no heap.
 */
struct mpdemo_shared_heap *mpdemo_shared_heap_from_fd(int fd);

/**
 * mpdemo_shared_heap_close() - close a heap
 * @heap: the heap, whose addresses are invalid afterwards; or NULL
 *
 * What was allocated by it or taken to it, and not freed or kept, is taken back by the kernel.
 */
void mpdemo_shared_heap_close(struct mpdemo_shared_heap *heap);

/**
 * mpdemo_shared_heap_reopen() - use a heap in a forked child
 * @heap: the heap, which is shared with the parent then
 *
 * Return: as mpdemo_pool_reopen().
 */
int mpdemo_shared_heap_reopen(struct mpdemo_shared_heap *heap);

/**
 * mpdemo_shared_heap_info() - ask the kernel about a heap
 * @heap: the heap
 * @info: with its own size; filled in
 *
 * Return: 0 or -errno.
 */
int mpdemo_shared_heap_info(struct mpdemo_shared_heap *heap, struct mpdemo_info *info);

/**
 * mpdemo_shared_heap_fd() - the open file of a heap
 * @heap: the heap
 *
 * To be sent to another process (SCM_RIGHTS), which makes its own of it with
 * mpdemo_shared_heap_from_fd(). Not to be closed.
 *
 * Return: the file descriptor.
 */
int mpdemo_shared_heap_fd(const struct mpdemo_shared_heap *heap);

/**
 * mpdemo_shared_heap_alloc() - allocate any size
 * @heap: the heap
 * @bytes: how many, 1 or more
 * @handle: set to the handle, by which it is freed, kept and taken
 *
 * Return: the bytes, all zero; NULL with errno: EAGAIN: not so many are free in one piece;
 * ENOSPC: nor ever will be; ERANGE: @bytes is 0; EDQUOT; EOWNERDEAD; or another errno of
 * the kernel.
 */
void *mpdemo_shared_heap_alloc(struct mpdemo_shared_heap *heap, size_t bytes,
			       uint64_t *handle);

/**
 * mpdemo_shared_heap_free() - free what was allocated
 * @heap: the heap, which holds it; or it is kept
 * @handle: its handle
 *
 * Return: 0; -EALREADY: it is free; -ESTALE: and allocated again; -EPERM: somebody else
 * holds it; -ENOENT: no such handle was ever given; -EOWNERDEAD; -EBADF.
 */
int mpdemo_shared_heap_free(struct mpdemo_shared_heap *heap, uint64_t handle);

/**
 * mpdemo_shared_heap_offset() - what to tell another process beside the handle
 * @heap: the heap
 * @p: an address in it
 *
 * Return: the offset, for mpdemo_shared_heap_address() there.
 */
uint64_t mpdemo_shared_heap_offset(const struct mpdemo_shared_heap *heap, const void *p);

/**
 * mpdemo_shared_heap_address() - where a piece is in this process
 * @heap: the heap
 * @offset: of the piece, from wherever; how long it is its sender must say
 *
 * Return: its address; NULL with ERANGE: not in this heap; or EOWNERDEAD.
 */
void *mpdemo_shared_heap_address(const struct mpdemo_shared_heap *heap, uint64_t offset);

/**
 * mpdemo_shared_heap_keep() - give a piece to the heap itself, for another process to take
 * @heap: the heap
 * @handle: of the piece, no more to be used here
 *
 * Whoever may write to the heap may take or free it, and it outlives this process. What was
 * written to it is seen by who takes it.
 *
 * Return: 0 or an -errno as of mpdemo_shared_heap_free(), and the piece stays ours.
 */
int mpdemo_shared_heap_keep(struct mpdemo_shared_heap *heap, uint64_t handle);

/**
 * mpdemo_shared_heap_take() - take a piece that somebody gave to the heap
 * @heap: the heap
 * @handle: its handle
 *
 * Return: 0, and it is to be freed by us; or an -errno as of mpdemo_shared_heap_free().
 */
int mpdemo_shared_heap_take(struct mpdemo_shared_heap *heap, uint64_t handle);

#ifdef __cplusplus
}
#endif

#endif /* MPDEMO_SHARED_H */
