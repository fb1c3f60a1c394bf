// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites for what mempool_demo promises to other modules, through the API
 * that those have. Loading this module runs them all; the results are in the
 * kernel log and in /sys/kernel/debug/kunit.
 *
 * The map:
 *
 *	contexts.c	where code can run: contexts, CPUs, interrupts
 *	helpers.c	objects that end with their test case; the kernel log
 *	config_test.c	what is refused at creation, of all kinds
 *	pool_*_test.c	pools, exact and per CPU
 *	arena_*_test.c	arenas: single owner, shared, per CPU
 *	heap_*_test.c	heaps
 *	faults_test.c	each allocation at creation fails once
 *
 * Other threads and interrupts report to the test case by what they write down:
 * only the case itself expects, as an expectation that fails may sleep.
 */

#include <linux/module.h>

MODULE_AUTHOR("The mempool_demo developers");
MODULE_DESCRIPTION("KUnit tests of mempool_demo");
MODULE_LICENSE("GPL");
