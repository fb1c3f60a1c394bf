/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arenas as the scratch memory of workloads: see arena.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_ARENA_MAKE_H
#define _MEMPOOL_DEMO_BENCH_ARENA_MAKE_H

#include <linux/types.h>

void *bench_arena_create(size_t bytes);
void *bench_arena_percpu_create(size_t bytes);
void bench_arena_destroy(void *arena);
size_t bench_arena_footprint(void *arena);

#endif /* _MEMPOOL_DEMO_BENCH_ARENA_MAKE_H */
