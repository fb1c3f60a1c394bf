/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OWNER_TABLE_H
#define _MPDEMO_OWNER_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "owner.h"

struct mpdemo_heap;
struct mpdemo_pool;
struct mpdemo_reservation;

/* Bytes of a block that are copied at a time, see mpdemo_owner_copy(). */
#define MPDEMO_OWNER_COPY_MAX	4096

/**
 * struct mpdemo_owner_table - who holds each block of a pool or heap of user space
 * @pool: the pool, or NULL
 * @heap: the heap, or NULL
 * @nr: number of blocks; of a pool that grows, at its maximum; of a heap, of all that
 *	has a number, see heap_numbers.c
 * @block_size: bytes of a block; of a heap, whose blocks are of many sizes, 0
 * @words: one {generation, owner id} per block, see owner_table.c
 * @keeper: holds the blocks that were kept
 * @reclaimed: blocks taken back from owners that went away
 * @refused: frees, keeps and takes that were refused for what their handle is
 * @pollers: of the object, woken where there may be a block for them
 */
struct mpdemo_owner_table {
	struct mpdemo_pool *pool;
	struct mpdemo_heap *heap;
	unsigned int nr;
	size_t block_size;
	atomic64_t *words;
	struct mpdemo_owner keeper;
	atomic64_t reclaimed;
	atomic64_t refused;
	wait_queue_head_t *pollers;
};

size_t mpdemo_owner_table_footprint(unsigned int nr);
int mpdemo_owner_table_init(struct mpdemo_owner_table *table,
			    struct mpdemo_pool *pool, unsigned int nr,
			    size_t block_size);
int mpdemo_owner_table_init_heap(struct mpdemo_owner_table *table,
				 struct mpdemo_heap *heap, unsigned int nr);
void mpdemo_owner_table_exit(struct mpdemo_owner_table *table);

int mpdemo_owner_try_take(struct mpdemo_owner_table *table, unsigned int n,
			  u64 *handles);
void mpdemo_owner_take_reserved(struct mpdemo_owner_table *table,
				struct mpdemo_reservation *reservation,
				u64 *handles);
void mpdemo_owner_give(struct mpdemo_owner_table *table,
		       struct mpdemo_owner *owner, unsigned int n,
		       u64 *handles);
int mpdemo_owner_free(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *owner, u64 handle);
int mpdemo_owner_move(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *from, struct mpdemo_owner *to,
		      u64 handle);
u32 mpdemo_owner_at(const struct mpdemo_owner_table *table, unsigned int index);
u64 mpdemo_owner_handle(struct mpdemo_owner_table *table, unsigned int index);
ssize_t mpdemo_owner_copy(struct mpdemo_owner_table *table,
			  struct mpdemo_owner *owner, u64 handle, size_t pos,
			  void *buffer, size_t bytes, bool to_block);
unsigned int mpdemo_owner_reclaim(struct mpdemo_owner_table *table,
				  struct mpdemo_owner *owner);
void mpdemo_owner_wake_pollers(struct mpdemo_owner_table *table);

#endif /* _MPDEMO_OWNER_TABLE_H */
