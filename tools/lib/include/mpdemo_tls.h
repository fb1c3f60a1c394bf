/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * Memory of one thread: the classic pool of small blocks, and temporary memory. Part of
 * <mpdemo.h>.
 */
#ifndef MPDEMO_TLS_H
#define MPDEMO_TLS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPDEMO_TLS_SMALL_BLOCKS	100
#define MPDEMO_TLS_SMALL_SIZE	64
#define MPDEMO_TLS_TEMP_BYTES	65536

/**
 * mpdemo_tls_alloc_small() - a block of 64 bytes from this thread's own 100
 *
 * The first call of a thread makes its pool; the exit of the thread ends it.
 *
 * Return: the block, of any content; NULL with errno: EAGAIN: all 100 are in use; EOWNERDEAD;
 * of the first call also those of mpdemo_device_open() and mpdemo_pool_create().
 */
void *mpdemo_tls_alloc_small(void);

/**
 * mpdemo_tls_free_small() - free such a block
 * @block: a block of this very thread; NULL: nothing happens
 *
 * Return: 0; -EINVAL: no block of this thread; -EALREADY: it is free; -EOWNERDEAD.
 */
int mpdemo_tls_free_small(void *block);

/**
 * mpdemo_tls_alloc_temp() - temporary memory from this thread's own 64 KiB
 * @bytes: how many, 1 or more, rounded up to 16, to which it is aligned
 *
 * The first call of a thread makes its arena; the exit of the thread ends it.
 *
 * Return: the bytes, of any content, until mpdemo_tls_reset_temp(); NULL with errno: ENOSPC:
 * so much is not left; ERANGE: @bytes is 0; EOWNERDEAD; of the first call also those of
 * mpdemo_device_open() and mpdemo_arena_create().
 */
void *mpdemo_tls_alloc_temp(size_t bytes);

/**
 * mpdemo_tls_reset_temp() - free all temporary memory of this thread
 *
 * No system call.
 */
void mpdemo_tls_reset_temp(void);

/**
 * mpdemo_tls_reopen() - use the memory of this thread in a forked child
 *
 * The child begins with none in use: the parent's is not there.
 */
void mpdemo_tls_reopen(void);

#ifdef __cplusplus
}
#endif

#endif /* MPDEMO_TLS_H */
