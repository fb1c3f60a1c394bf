/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OWNER_H
#define _MPDEMO_OWNER_H

#include <linux/atomic.h>
#include <linux/types.h>

struct mpdemo_pool;

/**
 * struct mpdemo_owner - who may hold blocks: an open file, or the object itself
 * @id: unique among all owners that there are; OWNER_KEEPER for the object
 * @held: number of blocks it holds
 */
struct mpdemo_owner {
	u32 id;
	atomic_t held;
};

/**
 * struct mpdemo_owner_table - who holds each block of a pool of user space
 * @pool: the pool
 * @nr: number of its blocks
 * @block_size: bytes of a block
 * @words: one {generation, owner id} per block, see owner.c
 * @keeper: holds the blocks that were kept
 * @reclaimed: blocks taken back from owners that went away
 * @refused: frees, keeps and takes that were refused
 */
struct mpdemo_owner_table {
	struct mpdemo_pool *pool;
	unsigned int nr;
	size_t block_size;
	atomic64_t *words;
	struct mpdemo_owner keeper;
	atomic64_t reclaimed;
	atomic64_t refused;
};

int mpdemo_owner_init(struct mpdemo_owner *owner);
void mpdemo_owner_exit(struct mpdemo_owner *owner);

size_t mpdemo_owner_table_footprint(unsigned int nr);
int mpdemo_owner_table_init(struct mpdemo_owner_table *table,
			    struct mpdemo_pool *pool, unsigned int nr,
			    size_t block_size);
void mpdemo_owner_table_exit(struct mpdemo_owner_table *table);

int mpdemo_owner_try_take(struct mpdemo_owner_table *table, unsigned int n,
			  u64 *handles);
void mpdemo_owner_give(struct mpdemo_owner_table *table,
		       struct mpdemo_owner *owner, unsigned int n,
		       u64 *handles);
int mpdemo_owner_free(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *owner, u64 handle);
int mpdemo_owner_move(struct mpdemo_owner_table *table,
		      struct mpdemo_owner *from, struct mpdemo_owner *to,
		      u64 handle);
unsigned int mpdemo_owner_reclaim(struct mpdemo_owner_table *table,
				  struct mpdemo_owner *owner);

#endif /* _MPDEMO_OWNER_H */
