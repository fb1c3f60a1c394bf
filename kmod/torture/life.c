// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "life": pools are created and destroyed while tasks wait for their blocks,
 * while reservations hold some, while they grow and shrink, and while they tell how low
 * they are, are made to fail, poisoned, and asked who holds what, see homes.c. What is
 * held of a pool that was destroyed is freed later, wherever it is found.
 *
 * What is checked, beside what living.c does: after the end of a pool nobody is told
 * how low it is. That nothing is left in the end is for others to see: the module can be
 * unloaded, and kmemleak finds nothing.
 */

#include <linux/atomic.h>
#include <linux/err.h>

#include <mempool_demo/fault.h>
#include <mempool_demo/guard.h>
#include <mempool_demo/grow.h>
#include <mempool_demo/level.h>
#include <mempool_demo/pool.h>
#include <mempool_demo/reserve.h>
#include <mempool_demo/wait.h>

#include "homes.h"
#include "living.h"
#include "tokens.h"
#include "waiters.h"

#define HOMES		3
#define FEW		4
#define HOLDERS		8

static struct home homes[HOMES];

static void alloc(struct home *home, struct rig_actor *actor)
{
	struct mpdemo_pool *pool = home->pool;
	void *block = mpdemo_pool_alloc(pool, actor->context == RIG_TASK ?
					GFP_KERNEL : GFP_ATOMIC);

	if (!block) {
		rig_count(actor, RIG_FULL, 1);
		return;
	}
	living_own(actor, pool, block);
	rig_count(actor, RIG_ALLOCS, 1);
	living_leave(actor, block);
}

static void reserve(struct home *home, struct rig_actor *actor)
{
	struct token *token = &tokens[rig_random(actor, TOKENS)];

	if (!token_grab(token, TOKEN_EMPTY))
		return;
	if (mpdemo_pool_reserve(home->pool, 1 + rig_random(actor, FEW),
				&token->reservation))
		rig_count(actor, RIG_FULL, 1);
	else
		rig_count(actor, RIG_RESERVATIONS, 1);
	token_put(token);
}

/* Of a pool that may have been destroyed. */
static void use(struct rig_actor *actor)
{
	struct token *token = &tokens[rig_random(actor, TOKENS)];
	struct mpdemo_pool *pool;
	void *block;

	if (!token_grab(token, TOKEN_FULL))
		return;
	pool = token->reservation.pool;
	block = token_alloc(token, GFP_ATOMIC);
	if (block) {
		living_own(actor, pool, block);
		living_leave(actor, block);
	}
	if (rig_one_in(actor, 4))
		token_release(token);
	token_put(token);
}

/* Inside; leaves. */
static void wait_inside(struct home *home, struct rig_actor *actor)
{
	struct mpdemo_pool *pool = home->pool;
	struct waiter_plan plan;
	void *block;

	/* From now on that counts. */
	atomic_inc(&home->waiting);
	home_leave(home);

	waiter_begin(actor, &plan);
	block = mpdemo_pool_alloc_wait(pool, GFP_KERNEL, plan.state,
				       plan.deadline);
	waiter_left(actor);
	if (!IS_ERR(block)) {
		living_own(actor, pool, block);
		rig_count(actor, RIG_WAITS, 1);
		living_leave(actor, block);
	} else if (PTR_ERR(block) == -ETIME) {
		rig_count(actor, RIG_TIMEOUTS, 1);
	} else if (PTR_ERR(block) == -EINTR) {
		rig_count(actor, RIG_INTERRUPTED, 1);
	} else {
		rig_same("errno of a wait", ESHUTDOWN, -PTR_ERR(block));
		rig_count(actor, RIG_SENT_AWAY, 1);
	}
	/* release: pairs with destroy(). */
	atomic_dec_return_release(&home->waiting);
}

static int change_guard(struct home *home, struct rig_actor *actor)
{
	struct mpdemo_pool_guard guard = {
		.flags = rig_one_in(actor, 2) ? MPDEMO_GUARD_POISON : 0,
		.sample = home->tracks ? rig_random(actor, 4) : 0,
	};

	return mpdemo_pool_set_guard(home->pool, &guard);
}

static void ask_holders(struct home *home)
{
	struct mpdemo_holder holders[HOLDERS];
	int n = mpdemo_pool_get_holders(home->pool, holders, HOLDERS);

	if (home->tracks && n < 0)
		rig_fail_value("errno of a question for holders", 0, -n);
}

static void change_settings(struct home *home, struct rig_actor *actor)
{
	struct mpdemo_pool_levels levels = {
		.low = rig_random(actor, 2),
		.notify = home_note_level,
		.data = home,
	};
	int ret = 0;

	levels.high = levels.low + 1 + rig_random(actor, 2);
	switch (rig_random(actor, 8)) {
	case 0:
		ret = mpdemo_pool_fail_every(home->pool,
					     2 + rig_random(actor, 20));
		break;
	case 1:
		ret = mpdemo_pool_fail_every(home->pool, 0);
		break;
	case 2:
		ret = mpdemo_pool_set_levels(home->pool, &levels);
		break;
	case 3 ... 5:
		ret = change_guard(home, actor);
		break;
	case 6:
		ask_holders(home);
		break;
	default:
		ret = mpdemo_pool_set_levels(home->pool, NULL);
		break;
	}
	rig_same("errno of a change", 0, -ret);
}

static void step_in_task(struct rig_actor *actor)
{
	struct home *home = &homes[rig_random(actor, HOMES)];

	switch (rig_random(actor, 8)) {
	case 0:
		home_renew(home, actor);
		break;
	case 1 ... 3:
		if (home_enter(home))
			wait_inside(home, actor);
		break;
	case 4:
		if (home_enter(home)) {
			change_settings(home, actor);
			home_leave(home);
		}
		break;
	case 5:
		if (home_enter(home)) {
			rig_count(actor, RIG_SHRUNK,
				  mpdemo_pool_shrink(home->pool));
			home_leave(home);
		}
		break;
	}
}

static bool step(struct rig_actor *actor)
{
	struct home *home = &homes[rig_random(actor, HOMES)];

	if (actor->context == RIG_TASK)
		step_in_task(actor);
	switch (rig_random(actor, 8)) {
	case 0 ... 2:
		if (!home_enter(home))
			break;
		if (rig_one_in(actor, 3))
			reserve(home, actor);
		else
			alloc(home, actor);
		home_leave(home);
		break;
	case 3 ... 4:
		use(actor);
		break;
	default:
		living_leave(actor, NULL);
		break;
	}
	return true;
}

static void free_all(void)
{
	unsigned int i;

	living_drain();
	for (i = 0; i < TOKENS; i++) {
		if (!token_grab(&tokens[i], TOKEN_FULL))
			continue;
		token_release(&tokens[i]);
		token_put(&tokens[i]);
	}
}

/* To destroy their pools ends all waits, also those that nobody wakes. */
static void watch(void)
{
	waiters_look();
	if (rig_must_stop())
		free_all();
}

static int begin(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);
	unsigned int i;

	living_begin(actor);
	tokens_begin();
	for (i = 0; i < HOMES; i++)
		home_begin(&homes[i]);
	rig_describe("block-size %zu homes %u", living_size, HOMES);
	return waiters_begin();
}

static void end(void)
{
	unsigned int i;

	for (i = 0; i < HOMES; i++)
		home_end(&homes[i]);
	free_all();
	waiters_end();
}

const struct rig_workload life_workload = {
	.name = "life",
	.begin = begin,
	.step = step,
	.watch = watch,
	.end = end,
};
