// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads "exact" and "percpu": one pool for all actors, with so many slots that
 * there often is no block left; see holds.h.
 */

#include <linux/err.h>

#include "holds.h"

static struct holds holds;

static bool step(struct rig_actor *actor)
{
	holds_step(&holds, actor);
	return true;
}

static int begin(const char *name, unsigned int flags)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	holds_choose(&holds, actor, name, flags);
	return holds_begin(&holds, actor);
}

static int begin_exact(void)
{
	return begin("torture exact", 0);
}

static int begin_percpu(void)
{
	return begin("torture percpu", MPDEMO_POOL_PERCPU);
}

static void end(void)
{
	if (!IS_ERR_OR_NULL(holds.pool) && !rig_must_stop())
		holds_check(&holds);
	holds_end(&holds);
}

const struct rig_workload blocks_exact = {
	.name = "exact",
	.begin = begin_exact,
	.step = step,
	.end = end,
};

const struct rig_workload blocks_percpu = {
	.name = "percpu",
	.begin = begin_percpu,
	.step = step,
	.end = end,
};
