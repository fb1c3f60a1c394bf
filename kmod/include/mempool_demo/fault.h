/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on demand: allocations of a pool that fail though there are blocks, for those
 * who test what their code does then. Also of a kernel without CONFIG_FAULT_INJECTION,
 * and of this pool only.
 */
#ifndef _MEMPOOL_DEMO_FAULT_H
#define _MEMPOOL_DEMO_FAULT_H

struct mpdemo_pool;

int mpdemo_pool_fail_every(struct mpdemo_pool *pool, unsigned int n);

#endif /* _MEMPOOL_DEMO_FAULT_H */
