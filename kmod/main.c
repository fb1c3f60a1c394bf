// SPDX-License-Identifier: GPL-2.0
/*
 * mempool_demo: pools, arenas and heaps on kernel pages.
 *
 * The parts, lowest first; each one uses only those that come before it:
 *
 *	reaper		gives back in task context what ends anywhere
 *	region		memory: single pages at contiguous addresses
 *	freelist	a lock-free list of block numbers
 *	stride		the address of a block from its number, and back
 *	magazine	free blocks that a CPU has for itself
 *	store gate	what is not on a fast path
 *	wait		waiting for a block
 *	reserve		blocks taken now to be allocated later
 *	level		who is told how much is left
 *	failure fault	what failed last, and what is to fail
 *	chunks grow	blocks of pools that grow
 *	pool_map	pages of pools, for user space
 *	pool_list	pools of kernel code, for those who look
 *	bins runs	pages in a row, for the large sizes of heaps
 *	pool arena heap	the allocators, exported to other modules
 *	owner		who holds which block of a pool of user space
 *	limits		what user space may take in all
 *	object		a pool or an arena of user space
 *	registry	all objects, by number and by name
 *	object_blocks	what is with each block, for those who look
 *	debugfs netlink chardev objectfd ioctl		the interfaces
 */

#include <linux/init.h>
#include <linux/module.h>

#include "chardev.h"
#include "debugfs.h"
#include "limits.h"
#include "netlink.h"
#include "reaper.h"
#include "registry.h"

static int __init mempool_demo_init(void)
{
	int ret;

	mpdemo_limits_init();
	ret = mpdemo_reaper_init();
	if (ret)
		return ret;
	ret = mpdemo_debugfs_init();
	if (ret)
		goto exit_reaper;
	ret = mpdemo_netlink_init();
	if (ret)
		goto exit_debugfs;
	ret = mpdemo_chardev_init();
	if (ret)
		goto exit_netlink;
	return 0;

exit_netlink:
	mpdemo_netlink_exit();
exit_debugfs:
	mpdemo_debugfs_exit();
	/* Netlink may have created objects since it was there. */
	mpdemo_registry_exit();
exit_reaper:
	mpdemo_reaper_exit();
	return ret;
}

static void __exit mempool_demo_exit(void)
{
	mpdemo_chardev_exit();
	mpdemo_netlink_exit();
	mpdemo_debugfs_exit();
	mpdemo_registry_exit();
	mpdemo_reaper_exit();
}

module_init(mempool_demo_init);
module_exit(mempool_demo_exit);

MODULE_DESCRIPTION("Memory pools, arenas and heaps on kernel pages");
MODULE_AUTHOR("The mempool_demo developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
/*
 * No MODULE_ALIAS_GENL_FAMILY: it would let every user load the module, whose
 * device is for root alone.
 */
