/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small pool that is filled and emptied, to see how many blocks it gives: what
 * capacity.c and race.c share.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_FILL_H
#define _MEMPOOL_DEMO_TORTURE_FILL_H

#include <mempool_demo/pool.h>

#include "rig.h"

#define FILL_BLOCKS	16

/**
 * struct fill - blocks that somebody has
 * @nr: how many
 * @blocks: room for one more than there can be
 */
struct fill {
	unsigned int nr;
	void **blocks;
};

extern struct mpdemo_pool *fill_pool;
extern unsigned int fill_most;		/* what can be held at most */

int fill_begin(const char *name, unsigned int flags);
void fill_end(void);
int fill_init(struct fill *fill);
void fill_exit(struct fill *fill);
void fill_up(struct fill *fill);
void fill_empty(struct fill *fill);
bool fill_is_right(const struct fill *fills, unsigned int nr_fills);

#endif /* _MEMPOOL_DEMO_TORTURE_FILL_H */
