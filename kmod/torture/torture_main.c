// SPDX-License-Identifier: GPL-2.0
/*
 * mempool_demo_torture: the allocators of mempool_demo, used in all contexts on
 * all CPUs at the same time, with checks of what they promise. Loading the module
 * does nothing; a run is started by writing the name of a workload:
 *
 *	cd /sys/module/mempool_demo_torture/parameters
 *	echo 60000 > msecs
 *	echo exact > run
 *	cat /sys/kernel/debug/mempool_demo_torture/results
 *
 * The write returns when the run is over, with EIO where a check has failed, and
 * a signal (Ctrl-C) ends it. So does rmmod, which does not wait for the time to be
 * up. A run can be made again with the seed that it tells.
 *
 * The map, from the top down:
 *
 *	torture_main.c	parameters, results
 *	run.c		a run from begin to end
 *	context.c nmi.c	threads, timers and NMIs in which steps are made
 *	place.c		other places for a workload that is made alone
 *	report.c	checks that failed, counts, and how they are told
 *	stamp.c		who has which memory
 *
 * Workloads that are made by all contexts:
 *
 *	blocks.c	blocks of a pool, exact and per CPU
 *	wait.c		tasks wait for blocks of a pool
 *	reserve.c	tasks wait for several of them
 *	life.c		pools come and go
 *	grow.c		a pool that grows and shrinks
 *	marks.c		arenas of a single owner
 *	shared.c	a shared arena
 *	sections.c	an arena per CPU
 *	heap.c		a heap
 *
 * Those that need the pool for themselves, to count how many blocks it gives:
 *
 *	capacity.c	filled here, emptied there
 *	race.c		filled by all CPUs at once
 *	fifo.c		waited for by many, in order
 */

#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "rig.h"
#include "run.h"

static const struct rig_workload * const workloads[] = {
	&blocks_exact,
	&blocks_percpu,
	&marks_workload,
	&shared_workload,
	&sections_workload,
	&heap_workload,
	&wait_workload,
	&reserve_workload,
	&life_workload,
	&grow_workload,
	&capacity_exact,
	&capacity_percpu,
	&race_exact,
	&race_percpu,
	&fifo_workload,
};

static unsigned int msecs = 10000;
module_param(msecs, uint, 0644);
MODULE_PARM_DESC(msecs, "Milliseconds of a run, but for those with rounds (default 10000)");

static unsigned int rounds = 1000000;
module_param(rounds, uint, 0644);
MODULE_PARM_DESC(rounds, "Rounds of capacity, race and fifo (default 1000000)");

static unsigned int seed;
module_param(seed, uint, 0644);
MODULE_PARM_DESC(seed, "Seed of random numbers (default 0: a new one for each run)");

static const struct rig_workload *find_workload(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		if (sysfs_streq(name, workloads[i]->name))
			return workloads[i];
	return NULL;
}

static int run_set(const char *value, const struct kernel_param *param)
{
	const struct rig_workload *workload = find_workload(value);
	struct rig_settings settings = {
		.seed = READ_ONCE(seed) ?: get_random_u32() ?: 1,
		.msecs = READ_ONCE(msecs),
		.rounds = READ_ONCE(rounds),
	};
	int ret;

	if (!workload)
		return -EINVAL;
	if (!settings.msecs || !settings.rounds)
		return -ERANGE;

	/* The other parameters shall not wait for the end of the run. */
	kernel_param_unlock(THIS_MODULE);
	ret = rig_run(workload, &settings);
	kernel_param_lock(THIS_MODULE);
	return ret;
}

static int run_get(char *buffer, const struct kernel_param *param)
{
	int length = 0, i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		length += sysfs_emit_at(buffer, length, "%s%s", i ? " " : "",
					workloads[i]->name);
	return length + sysfs_emit_at(buffer, length, "\n");
}

static const struct kernel_param_ops run_ops = {
	.set = run_set,
	.get = run_get,
};
module_param_cb(run, &run_ops, NULL, 0644);
MODULE_PARM_DESC(run, "Write the name of a workload to run it; read for their names");

static int results_show(struct seq_file *m, void *unused)
{
	struct run_status status;

	run_get_status(&status);
	report_show(m, &status);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static struct dentry *root;

static int __init torture_init(void)
{
	int ret = rig_init();

	if (ret)
		return ret;
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0400, root, NULL, &results_fops);
	return 0;
}

/* A run may be started until the last moment: rig_exit() ends it. */
static void __exit torture_exit(void)
{
	debugfs_remove(root);
	rig_exit();
}

module_init(torture_init);
module_exit(torture_exit);

MODULE_AUTHOR("The mempool_demo developers");
MODULE_DESCRIPTION("Torture of mempool_demo in all contexts");
MODULE_LICENSE("GPL");
