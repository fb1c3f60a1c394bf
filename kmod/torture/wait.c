// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "wait": as "exact", with few blocks, and tasks wait for them; half of the
 * pools grow, and tasks have them shrink. See holds.h
 * and waiters.c for what is checked.
 */

#include <linux/err.h>

#include <mempool_demo/wait.h>

#include "waiters.h"

#define MOST_BLOCKS	8

static struct holds holds;

static void wait_for_block(struct rig_actor *actor)
{
	gfp_t gfp = holds_gfp(actor);
	struct waiter_plan plan;
	void *block;

	waiter_begin(actor, &plan);
	block = mpdemo_pool_alloc_wait(holds.pool, gfp, plan.state, plan.deadline);
	waiter_end(actor, &plan, PTR_ERR_OR_ZERO(block));
	if (IS_ERR(block))
		return;
	holds_note(&holds, 1);
	holds_acquire(&holds, actor, block, gfp);
	rig_count(actor, RIG_WAITS, 1);
	holds_leave(&holds, actor, block);
}

static bool step(struct rig_actor *actor)
{
	if (actor->context == RIG_TASK && rig_one_in(actor, 64))
		holds_shrink(&holds, actor);
	else if (actor->context == RIG_TASK && rig_one_in(actor, 2))
		wait_for_block(actor);
	else
		holds_step(&holds, actor);
	return true;
}

static void watch(void)
{
	waiters_watch(&holds);
}

static int begin(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	holds_choose(&holds, actor, "torture wait", 0);
	holds.config.blocks = 1 + rig_random(actor, MOST_BLOCKS);
	if (rig_one_in(actor, 2))
		holds_grow(&holds, actor);
	return waiters_begin() ?: holds_begin(&holds, actor);
}

static void end(void)
{
	if (!IS_ERR_OR_NULL(holds.pool) && !rig_must_stop())
		holds_check(&holds);
	holds_end(&holds);
	waiters_end();
}

const struct rig_workload wait_workload = {
	.name = "wait",
	.begin = begin,
	.step = step,
	.watch = watch,
	.end = end,
};
