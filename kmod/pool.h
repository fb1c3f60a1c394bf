/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_POOL_H
#define _MPDEMO_POOL_H

#include <linux/types.h>

struct mpdemo_pool;

int mpdemo_pool_try_take_bulk(struct mpdemo_pool *pool, unsigned int n,
			      void **blocks);

int mpdemo_pool_init(void);
void mpdemo_pool_exit(void);

#endif /* _MPDEMO_POOL_H */
