// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads "capacity" and "capacity-percpu": a pool is filled until it gives no
 * more, and emptied, each at a place chosen at random: this CPU or another one, as
 * a task, in the interrupt of a call from another CPU or in that of a timer. Each
 * time it must give all its blocks, wherever they were freed the time before. CPUs
 * may go offline and come back meanwhile.
 */

#include "fill.h"

static struct fill fill;
static unsigned int round;

static void called(void *function)
{
	((void (*)(struct fill *fill))function)(&fill);
}

/* Return: the context it was done in. */
static enum rig_context do_somewhere(struct rig_actor *actor,
				     void (*function)(struct fill *fill))
{
	return rig_do_somewhere(actor, called, function);
}

/* After some blocks one by one, all that must be left at once. */
static void fill_by_bulk(struct fill *filled)
{
	unsigned int all = FILL_BLOCKS - filled->nr;
	void **rest = &filled->blocks[filled->nr];

	/* There may be more already than there are. An end from outside is no reason. */
	if (rig_failed())
		return;
	if (mpdemo_pool_alloc_bulk(fill_pool, GFP_ATOMIC, all, rest))
		filled->nr += all;
	else
		rig_fail_value("blocks of a bulk of all that are left", all, 0);
	fill_up(filled);
}

static void take_some(struct rig_actor *actor)
{
	unsigned int n = rig_random(actor, FILL_BLOCKS + 1);
	void *block;

	while (fill.nr < n &&
	       (block = mpdemo_pool_alloc(fill_pool, GFP_ATOMIC)))
		fill.blocks[fill.nr++] = block;
}

/* What is asked for in bulk and is not there changes nothing. */
static void try_too_many(struct rig_actor *actor)
{
	unsigned int n = fill_most + 1 - fill.nr;

	if (mpdemo_pool_alloc_bulk(fill_pool, GFP_ATOMIC, n,
				   &fill.blocks[fill.nr])) {
		fill.nr += n;
		rig_fail_value("blocks of a bulk, less than", n, n);
	}
	rig_count(actor, RIG_FULL, 1);
}

static void empty_by_bulk(struct fill *filled)
{
	mpdemo_pool_free_bulk(fill_pool, filled->nr, filled->blocks);
	filled->nr = 0;
}

static bool step(struct rig_actor *actor)
{
	enum rig_context context;

	if (rig_one_in(actor, 4)) {
		take_some(actor);
		try_too_many(actor);
		context = do_somewhere(actor, fill_by_bulk);
	} else {
		context = do_somewhere(actor, fill_up);
	}
	/* This actor is alone, so those of interrupts are at its disposal. */
	rig_count(rig_actor(context, 0), RIG_FILLS, 1);
	fill_is_right(&fill, 1);
	do_somewhere(actor, rig_one_in(actor, 2) ? fill_empty : empty_by_bulk);
	return ++round < rig_rounds();
}

static int begin(const char *name, unsigned int flags)
{
	int ret = fill_begin(name, flags);

	round = 0;
	fill.blocks = NULL;
	return ret ?: fill_init(&fill);
}

static int begin_exact(void)
{
	return begin("torture capacity", 0);
}

static int begin_percpu(void)
{
	return begin("torture capacity-percpu", MPDEMO_POOL_PERCPU);
}

static void end(void)
{
	fill_end();
	fill_exit(&fill);
}

const struct rig_workload capacity_exact = {
	.name = "capacity",
	.alone = true,
	.begin = begin_exact,
	.step = step,
	.end = end,
};

const struct rig_workload capacity_percpu = {
	.name = "capacity-percpu",
	.alone = true,
	.begin = begin_percpu,
	.step = step,
	.end = end,
};
