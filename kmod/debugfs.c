// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/mempool_demo: for people who look. Nothing here is an ABI.
 *
 *	summary			one line per object
 *	kernel-pools		one line per pool that kernel code has created
 *	ID/stats		the counters of one object
 *	ID/holders		who holds what of it
 *	ID/classes		of a heap, the counters of its size classes
 *	ID/occupancy		a map of its blocks
 *	by-name/NAME		a link to its folder
 *
 * What is in them is told here and in debugfs_files.c.
 *
 * summary: BLOCK, bytes of a block; CAPACITY, IN-USE and PEAK, in blocks of a pool, else
 * in bytes; FAILED, calls that did not get what they asked for; OPEN, open files.
 *
 * kernel-pools: the same in blocks, of pools that belong to kernel code; FOOTPRINT is in
 * bytes. There is nothing else of them here: poolctl tells more.
 *
 * stats: a line for each counter, its name and its value; a counter that an object does
 * not have has no line.
 *
 * The folder of an object is removed before the object is freed, and removal
 * waits for those who read: so a reader needs no reference.
 *
 * Files are read-only, else kernel lockdown would hide them. Errors of debugfs
 * are ignored, as its makers ask for: nothing depends on it.
 */

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "debugfs.h"
#include "object.h"
#include "pool.h"
#include "pool_list.h"
#include "registry.h"

/* What an object has here. */
struct object_entries {
	struct dentry *folder;
	struct dentry *link;
};

static struct dentry *root;
static struct dentry *by_name;
static DEFINE_XARRAY(entries_by_id);

static const char *kind_name(u32 kind)
{
	switch (kind) {
	case MPDEMO_OBJECT_POOL:
		return "pool";
	case MPDEMO_OBJECT_ARENA:
		return "arena";
	default:
		return "heap";
	}
}

static const char *shown_name(const struct mpdemo_info *info)
{
	if (info->out_name[0])
		return info->out_name;
	return info->out_state & MPDEMO_STATE_DYING ? "(deleted)" : "(anonymous)";
}

static int summary_show(struct seq_file *m, void *unused)
{
	struct mpdemo_object *object;
	unsigned long id = 0;

	seq_printf(m, "%4s %-16s %-5s %10s %12s %12s %12s %8s %5s\n",
		   "ID", "NAME", "KIND", "BLOCK", "CAPACITY", "IN-USE", "PEAK",
		   "FAILED", "OPEN");
	for (; (object = mpdemo_registry_get_next(&id)); id++) {
		struct mpdemo_info info;

		mpdemo_object_get_info(object, &info);
		seq_printf(m, "%4u %-16s %-5s %10llu %12llu %12llu %12llu %8llu %5d\n",
			   info.out_id, shown_name(&info),
			   kind_name(info.out_kind), info.out_block_size,
			   info.out_capacity, info.out_in_use, info.out_peak,
			   info.out_failures, atomic_read(&object->open_files));
		mpdemo_registry_put(object);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

static int kernel_pools_show(struct seq_file *m, void *unused)
{
	struct mpdemo_pool *pool;
	unsigned long id = 0;

	seq_printf(m, "%10s %-16s %10s %12s %12s %12s %8s %12s\n", "ID", "NAME",
		   "BLOCK", "CAPACITY", "IN-USE", "PEAK", "FAILED", "FOOTPRINT");
	for (; (pool = mpdemo_pool_list_next(&id)); id++) {
		struct mpdemo_pool_stats stats;

		mpdemo_pool_get_stats(pool, &stats);
		seq_printf(m, "%10lu %-16s %10zu %12u %12u %12u %8llu %12zu\n",
			   id, to_pool(pool)->name, stats.block_size,
			   stats.max_blocks, stats.in_use, stats.peak,
			   stats.failures, stats.footprint);
		mpdemo_pool_list_put(pool);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kernel_pools);

static int stats_show(struct seq_file *m, void *unused)
{
	struct mpdemo_object *object = m->private;
	struct mpdemo_info info;
	bool pool, arena;

	mpdemo_object_get_info(object, &info);
	pool = info.out_kind == MPDEMO_OBJECT_POOL;
	arena = info.out_kind == MPDEMO_OBJECT_ARENA;

	seq_printf(m, "name        %s\n", shown_name(&info));
	seq_printf(m, "kind        %s\n", kind_name(info.out_kind));
	if (pool) {
		seq_printf(m, "block-size  %llu\n", info.out_block_size);
		seq_printf(m, "stride      %llu\n", info.out_stride);
	}
	seq_printf(m, "%-11s %llu\n", pool ? "blocks" : "bytes",
		   info.out_capacity);
	seq_printf(m, "footprint   %llu\n", info.out_footprint);
	seq_printf(m, "in-use      %llu\n", info.out_in_use);
	seq_printf(m, "peak        %llu\n", info.out_peak);
	seq_printf(m, "allocs      %llu\n", info.out_allocs);
	seq_printf(m, "%-11s %llu\n", arena ? "resets" : "frees",
		   info.out_frees);
	seq_printf(m, "failures    %llu\n", info.out_failures);
	if (!arena) {
		seq_printf(m, "refused     %llu\n", info.out_refused);
		seq_printf(m, "kept        %llu\n", info.out_kept);
		seq_printf(m, "reclaimed   %llu\n", info.out_reclaimed);
	}
	seq_printf(m, "open-files  %d\n", atomic_read(&object->open_files));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void object_added(struct mpdemo_object *object)
{
	struct object_entries *entries;
	char id[16], target[24];

	entries = kzalloc_obj(*entries, GFP_KERNEL);
	if (!entries)
		return;
	if (xa_is_err(xa_store(&entries_by_id, object->id, entries,
			       GFP_KERNEL))) {
		kfree(entries);
		return;
	}
	snprintf(id, sizeof(id), "%u", object->id);
	entries->folder = debugfs_create_dir(id, root);
	debugfs_create_file("stats", 0400, entries->folder, object,
			    &stats_fops);
	debugfs_add_files(entries->folder, object);
	if (object->name[0]) {
		snprintf(target, sizeof(target), "../%s", id);
		entries->link = debugfs_create_symlink(object->name, by_name,
						       target);
	}
}

static void object_unnamed(struct mpdemo_object *object)
{
	struct object_entries *entries = xa_load(&entries_by_id, object->id);

	if (entries) {
		debugfs_remove(entries->link);
		entries->link = NULL;
	}
}

static void object_gone(struct mpdemo_object *object)
{
	struct object_entries *entries = xa_erase(&entries_by_id, object->id);

	if (entries)
		debugfs_remove(entries->folder);
	kfree(entries);
}

static int registry_event(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	switch (event) {
	case MPDEMO_EVENT_ADDED:
		object_added(data);
		break;
	case MPDEMO_EVENT_UNNAMED:
		object_unnamed(data);
		break;
	case MPDEMO_EVENT_GONE:
		object_gone(data);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block subscriber = {
	.notifier_call = registry_event,
};

int mpdemo_debugfs_init(void)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
	by_name = debugfs_create_dir("by-name", root);
	debugfs_create_file("summary", 0400, root, NULL, &summary_fops);
	debugfs_create_file("kernel-pools", 0400, root, NULL, &kernel_pools_fops);
	return mpdemo_registry_subscribe(&subscriber);
}

/* Ahead of the registry's end: no reader may have a reference then. */
void mpdemo_debugfs_exit(void)
{
	struct object_entries *entries;
	unsigned long id;

	mpdemo_registry_unsubscribe(&subscriber);
	debugfs_remove(root);
	xa_for_each(&entries_by_id, id, entries)
		kfree(entries);
	xa_destroy(&entries_by_id);
}
