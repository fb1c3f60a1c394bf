// SPDX-License-Identifier: GPL-2.0
/*
 * mempool_demo_bench: workloads that compare the allocators of mempool_demo
 * with those of the kernel, run on request over generic netlink.
 *
 * The map, from the top down:
 *
 *	bench_netlink.c	the family mempool-bench: requests, replies, progress
 *	job.c		the one job: its thread, its state, its results
 *	measure.c	one row: rounds, clock, minimum and median
 *	classic.c	suite classic: a million objects of 64 bytes
 *	bullets.c	suite bullets: a game of a thousand frames
 *	remote.c	suite remote: objects that are freed on another CPU
 *	pools.c		rows of pools; arena.c, of arenas; heap.c, of heaps;
 *			objpool.c, of objpool, where the kernel has it
 *
 * Loading the module measures nothing, and nothing of it is a stable interface
 * but the netlink family.
 */

#include <linux/module.h>

#include "bench_netlink.h"
#include "job.h"

static int __init bench_init(void)
{
	return bench_netlink_init();
}

/*
 * The family goes first: from then on nobody can start a job, so the one that
 * bench_job_exit() stops is the last one.
 */
static void __exit bench_exit(void)
{
	bench_netlink_exit();
	bench_job_exit();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_AUTHOR("mempool_demo developers");
MODULE_DESCRIPTION("Benchmarks of mempool_demo and of kernel allocators");
MODULE_LICENSE("GPL");
