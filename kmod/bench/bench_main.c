// SPDX-License-Identifier: GPL-2.0
/*
 * mempool_demo_bench: workloads that compare the allocators of mempool_demo
 * with those of the kernel, run on request over generic netlink.
 *
 * The map, from the top down:
 *
 *	bench_netlink.c	the family mempool-bench: requests, replies, progress
 *	bench_put.c	what its messages say
 *	job.c		the one job: its thread, its state, its results
 *	rows.c		which suites and rows there are, and what may be asked of them
 *	measure.c	one row: threads, rounds, clock, minimum and median
 *	context.c	one round: in task context or in interrupts
 *	crew.c		what the CPUs of a row work with
 *	probe.c		latencies of calls, and memory
 *	histogram.c	what the former are counted in
 *	micro.c ...	the suites: micro, bullets, remote, http, connections, chat (and
 *			json.c), sizes, percpu; each one text for all allocators, by ops.h
 *	allocators.h	the table of allocators: what is called
 *	slab.c ...	what is made ahead of that: slab.c pools.c arena.c heap.c, and
 *			objpool.c where the kernel has it
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
