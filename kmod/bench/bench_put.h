/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What messages of the family mempool-bench say: see bench_put.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_PUT_H
#define _MEMPOOL_DEMO_BENCH_PUT_H

#include <linux/skbuff.h>

#include "job.h"
#include "measure.h"

int bench_put_status(struct sk_buff *skb, const struct bench_status *status);
int bench_put_row(struct sk_buff *skb, unsigned int index,
		  const struct bench_row *row,
		  const struct bench_params *params,
		  const struct bench_latency *alloc,
		  const struct bench_latency *free);
int bench_put_bucket(struct sk_buff *skb, unsigned int index,
		     unsigned int bucket, u32 samples);

#endif /* _MEMPOOL_DEMO_BENCH_PUT_H */
