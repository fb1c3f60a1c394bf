/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is noted of each call of an allocator, in rounds that are there for nothing
 * else: see probe.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_PROBE_H
#define _MEMPOOL_DEMO_BENCH_PROBE_H

#include <linux/ktime.h>
#include <linux/types.h>

#include "measure.h"

struct bench_probe;

static __always_inline u64 bench_probe_start(enum bench_how how)
{
	return how == BENCH_HOW_PROBED ? ktime_get_ns() : 0;
}

void bench_probe_alloc(struct bench_probe *probe, u64 start, void *object,
		       size_t size);
void bench_probe_alloc_bulk(struct bench_probe *probe, u64 start,
			    void **objects, unsigned int n, size_t size);
void bench_probe_scratch(struct bench_probe *probe, u64 start, void *arena,
			 void *piece, size_t size);
void bench_probe_forget(struct bench_probe *probe, void *object);
void bench_probe_forget_bulk(struct bench_probe *probe, void **objects,
			     unsigned int n);
void bench_probe_free(struct bench_probe *probe, u64 start);
void bench_probe_reset(struct bench_probe *probe, u64 start, void *arena);

struct bench_probe *bench_probe_create(void);
void bench_probe_destroy(struct bench_probe *probe);
void bench_probe_calls(const struct bench_probe *probe,
		       struct bench_calls *calls);
u64 bench_probe_clock(void);
u64 bench_probe_clock_step(void);
void bench_probe_watch_memory(struct bench_probe *probe,
			      const struct bench_allocator *allocator,
			      void *handle);
int bench_probe_memory(const struct bench_probe *probe,
		       struct bench_result *result);

#endif /* _MEMPOOL_DEMO_BENCH_PROBE_H */
