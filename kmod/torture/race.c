// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads "race" and "race-percpu": some CPUs are called, wait a moment for
 * each other, and allocate until the pool gives no more, all at once. However they
 * share them, together they must have all its blocks. Then they free them, again
 * all at once. CPUs may go offline and come back meanwhile.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/processor.h>
#include <linux/smp.h>

#include "fill.h"

/*
 * A CPU that is on its way offline, or not run by a hypervisor, does not come. Not
 * a time, as the clock may be the one that waits here.
 */
#define PATIENCE	10000

static struct fill *fills;		/* by CPU */
static unsigned int round;
static cpumask_var_t racers;
static atomic_t missing;		/* racers on their way */
static atomic_t next;			/* fill to be emptied */
static atomic_t full;			/* somebody has got no block */

static void meet(void)
{
	unsigned int turns = PATIENCE;

	atomic_dec(&missing);
	while (atomic_read(&missing) > 0 && turns--)
		cpu_relax();
}

/*
 * As fill_up(). And nobody frees: so once an exact pool has said to somebody that it
 * has no block left, it has none for anybody who asks later.
 */
static void race_to_fill(void *unused)
{
	struct fill *fill = &fills[smp_processor_id()];
	bool late = false;
	void *block;

	meet();
	while (fill->nr <= fill_most &&
	       (block = mpdemo_pool_alloc(fill_pool, GFP_ATOMIC))) {
		fill->blocks[fill->nr++] = block;
		if (late && fill_most == FILL_BLOCKS)
			rig_fail_value("blocks of a pool that had none left", 0,
				       1);
		/* Pairs with the atomic_set_release() below. */
		late = atomic_read_acquire(&full);
	}
	atomic_set_release(&full, true);
}

/* Whoever is first takes the fill of CPU 0, whoever it is. */
static void race_to_empty(void *unused)
{
	unsigned int cpu;

	meet();
	while ((cpu = atomic_inc_return(&next) - 1) < nr_cpu_ids)
		fill_empty(&fills[cpu]);
}

static void race(void (*function)(void *unused))
{
	atomic_set(&missing, cpumask_weight(racers));
	atomic_set(&next, 0);
	atomic_set(&full, false);
	on_each_cpu_mask(racers, function, NULL, true);
}

/* Not all of them each time: the fewer they are, the closer is the finish. */
static void choose_racers(struct rig_actor *actor)
{
	unsigned int cpu;

	cpumask_clear(racers);
	for_each_online_cpu(cpu)
		if (rig_one_in(actor, 2))
			cpumask_set_cpu(cpu, racers);
	cpumask_set_cpu(raw_smp_processor_id(), racers);
}

static bool step(struct rig_actor *actor)
{
	struct rig_actor *hardirq = rig_actor(RIG_HARDIRQ, 0);
	unsigned int cpu, cpus = 0;

	choose_racers(actor);
	race(race_to_fill);
	rig_count(hardirq, RIG_FILLS, 1);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cpus += fills[cpu].nr > 0;
	if (cpus > 1)
		rig_count(hardirq, RIG_CONTENDED, 1);
	fill_is_right(fills, nr_cpu_ids);

	race(race_to_empty);
	/* All racers may have gone offline, or this thread to another CPU. */
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		fill_empty(&fills[cpu]);
	return ++round < rig_rounds();
}

static int begin(const char *name, unsigned int flags)
{
	unsigned int cpu;
	int ret;

	round = 0;
	fills = kvcalloc(nr_cpu_ids, sizeof(*fills), GFP_KERNEL);
	ret = fill_begin(name, flags);
	if (!zalloc_cpumask_var(&racers, GFP_KERNEL) || !fills)
		ret = -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids && !ret; cpu++)
		ret = fill_init(&fills[cpu]);
	return ret;
}

static int begin_exact(void)
{
	return begin("torture race", 0);
}

static int begin_percpu(void)
{
	return begin("torture race-percpu", MPDEMO_POOL_PERCPU);
}

static void end(void)
{
	unsigned int cpu;

	fill_end();
	for (cpu = 0; cpu < nr_cpu_ids && fills; cpu++)
		fill_exit(&fills[cpu]);
	kvfree(fills);
	free_cpumask_var(racers);
}

const struct rig_workload race_exact = {
	.name = "race",
	.alone = true,
	.begin = begin_exact,
	.step = step,
	.end = end,
};

const struct rig_workload race_percpu = {
	.name = "race-percpu",
	.alone = true,
	.begin = begin_percpu,
	.step = step,
	.end = end,
};
