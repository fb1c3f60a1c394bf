// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "grow": as "exact", and the pool grows and shrinks: tasks allocate so that it
 * grows at once, and have it shrink; all others leave it to grow in the
 * background. See holds.h for what is checked: never more than its maximum, and never
 * less than its floor. At the end it is small again.
 */

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "holds.h"

#define PATIENCE_MSECS	10000

static struct holds holds;
static struct mpdemo_pool_stats first;

static void alloc_sleeping(struct rig_actor *actor)
{
	void *block = holds_alloc_sleeping(&holds, actor);

	if (block)
		holds_leave(&holds, actor, block);
}

static bool step(struct rig_actor *actor)
{
	if (actor->context != RIG_TASK) {
		holds_step(&holds, actor);
		return true;
	}
	switch (rig_random(actor, 64)) {
	case 0:
		holds_shrink(&holds, actor);
		break;
	case 1:
		/* So that there is something to shrink. */
		holds_drain(&holds);
		break;
	case 2 ... 20:
		alloc_sleeping(actor);
		break;
	default:
		holds_step(&holds, actor);
		break;
	}
	return true;
}

static int begin(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);
	int ret;

	holds_choose(&holds, actor, "torture grow", 0);
	holds_grow(&holds, actor);
	ret = holds_begin(&holds, actor);
	if (!ret)
		mpdemo_pool_get_stats(holds.pool, &first);
	return ret;
}

/*
 * All is free: nothing but a chunk in reserve is left of what it has grown by, and
 * the same memory is accounted for as when it began.
 */
static void check_small(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MSECS);
	struct mpdemo_pool_stats stats;

	for (;;) {
		mpdemo_pool_shrink(holds.pool);
		mpdemo_pool_get_stats(holds.pool, &stats);
		if (stats.chunks <= first.chunks + 1)
			break;
		if (time_after(jiffies, end)) {
			rig_fail_value("chunks of a pool that has shrunk, at most",
				       first.chunks + 1, stats.chunks);
			return;
		}
		schedule_timeout_uninterruptible(1);
	}
	if (stats.chunks == first.chunks)
		rig_same("footprint of a pool that has shrunk",
			 first.footprint, stats.footprint);
}

static void end(void)
{
	if (!IS_ERR_OR_NULL(holds.pool) && !rig_must_stop()) {
		holds_check(&holds);
		check_small();
	}
	holds_end(&holds);
}

const struct rig_workload grow_workload = {
	.name = "grow",
	.begin = begin,
	.step = step,
	.end = end,
};
