/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools that grow: mpdemo_pool_config.max_blocks. They have their floor, @blocks, from
 * the beginning and for ever, and get more memory up to the maximum as it is needed:
 *
 * - by a caller of mpdemo_pool_alloc() who may sleep and finds no block;
 * - in the background, where the caller may not: it gets NULL, and a later one finds
 *   blocks;
 * - in the background, where somebody waits, see <mempool_demo/wait.h>, or blocks could
 *   not be reserved, see <mempool_demo/reserve.h>;
 * - in the background, where it runs low, if watermarks are set, see
 *   <mempool_demo/level.h>.
 *
 * When memory is short they give back what is above the floor and not in use: memory of
 * the machine, as a module cannot be asked by a memory cgroup alone. All chunks are
 * charged to the cgroup of who created the pool with GFP_KERNEL_ACCOUNT.
 *
 * Where memory is too short to grow, those who wait go on to wait, for a block that is
 * freed or for memory: twice a second the pool tries again.
 *
 * Each operation costs more than one of an exact pool of a fixed size.
 */
#ifndef _MEMPOOL_DEMO_GROW_H
#define _MEMPOOL_DEMO_GROW_H

struct mpdemo_pool;

unsigned int mpdemo_pool_shrink(struct mpdemo_pool *pool);

#endif /* _MEMPOOL_DEMO_GROW_H */
