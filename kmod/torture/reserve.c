// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "reserve": as "exact", and tasks reserve several blocks at once and wait
 * for them, some a few, some nearly all; others try without waiting. Whoever comes,
 * in whatever context, allocates from a reservation, and gives back what is left.
 *
 * Half of the pools grow, and tasks have them shrink.
 *
 * Nobody who waits holds a block: what was allocated is in slots, and what was reserved
 * in a table, for others. So all make progress. See holds.h and waiters.c for what is
 * checked; and a reservation gives as many blocks as it has.
 */

#include <linux/err.h>

#include <mempool_demo/reserve.h>

#include "tokens.h"
#include "waiters.h"

#define FEW		4

static struct holds holds;

static void give_back(struct token *token)
{
	unsigned int left = mpdemo_reservation_left(&token->reservation);

	atomic_sub(left, &holds.held);
	token_release(token);
}

static void alloc_from(struct token *token, struct rig_actor *actor)
{
	gfp_t gfp = holds_gfp(actor);
	void *block = token_alloc(token, gfp);

	if (!block)
		return;
	holds_acquire(&holds, actor, block, gfp);
	rig_count(actor, RIG_ALLOCS, 1);
	holds_leave(&holds, actor, block);
}

/* In any context. */
static void use(struct token *token, struct rig_actor *actor)
{
	unsigned int n = rig_random(actor, FEW + 1);

	if (!token_grab(token, TOKEN_FULL))
		return;
	while (n--)
		alloc_from(token, actor);
	if (rig_one_in(actor, 2))
		give_back(token);
	token_put(token);
}

static unsigned int choose_need(struct rig_actor *actor)
{
	unsigned int blocks = holds.nr;

	if (rig_one_in(actor, 4))
		return blocks - rig_random(actor, blocks / 4);
	return 1 + rig_random(actor, FEW);
}

static int try_reserve(struct token *token, struct rig_actor *actor,
		       unsigned int n)
{
	int ret = mpdemo_pool_reserve(holds.pool, n, &token->reservation);

	if (ret == -EAGAIN)
		rig_count(actor, RIG_FULL, 1);
	else if (ret)
		rig_fail_value("errno of a reservation", EAGAIN, -ret);
	return ret;
}

static int reserve_wait(struct token *token, struct rig_actor *actor,
			unsigned int n)
{
	struct waiter_plan plan;
	int ret;

	waiter_begin(actor, &plan);
	ret = mpdemo_pool_reserve_wait(holds.pool, n, plan.state, plan.deadline,
				       &token->reservation);
	waiter_end(actor, &plan, ret);
	if (!ret)
		rig_count(actor, RIG_WAITS, 1);
	return ret;
}

static void reserve(struct token *token, struct rig_actor *actor)
{
	unsigned int n = choose_need(actor);
	int ret;

	if (!token_grab(token, TOKEN_EMPTY))
		return;
	if (actor->context == RIG_TASK && !rig_one_in(actor, 4))
		ret = reserve_wait(token, actor, n);
	else
		ret = try_reserve(token, actor, n);
	rig_same("blocks of a reservation", ret ? 0 : n,
		 mpdemo_reservation_left(&token->reservation));
	if (!ret) {
		holds_note(&holds, n);
		rig_count(actor, RIG_RESERVATIONS, 1);
	}
	token_put(token);
}

/* More than there are, which takes nothing. */
static void reserve_too_many(struct rig_actor *actor)
{
	struct mpdemo_reservation reservation;
	unsigned int n = holds.nr + 1 + rig_random(actor, 100);

	rig_same("errno of a reservation of too many", ENOSPC,
		 -mpdemo_pool_reserve(holds.pool, n, &reservation));
}

static bool step(struct rig_actor *actor)
{
	struct token *token = &tokens[rig_random(actor, TOKENS)];

	switch (rig_random(actor, 16)) {
	case 0:
		reserve_too_many(actor);
		break;
	case 1 ... 4:
		reserve(token, actor);
		break;
	case 5 ... 10:
		use(token, actor);
		break;
	case 11:
		if (actor->context == RIG_TASK)
			holds_shrink(&holds, actor);
		break;
	default:
		holds_step(&holds, actor);
		break;
	}
	return true;
}

static void watch(void)
{
	unsigned int i;

	if (rig_must_stop()) {
		for (i = 0; i < TOKENS; i++) {
			if (!token_grab(&tokens[i], TOKEN_FULL))
				continue;
			give_back(&tokens[i]);
			token_put(&tokens[i]);
		}
	}
	waiters_watch(&holds);
}

static int begin(void)
{
	struct rig_actor *actor = rig_actor(RIG_TASK, 0);

	holds_choose(&holds, actor, "torture reserve", 0);
	holds.config.blocks = 8 + rig_random(actor, 24);
	if (rig_one_in(actor, 2))
		holds_grow(&holds, actor);
	tokens_begin();
	return waiters_begin() ?: holds_begin(&holds, actor);
}

static void end(void)
{
	unsigned int i;

	if (!IS_ERR_OR_NULL(holds.pool)) {
		for (i = 0; i < TOKENS; i++)
			if (mpdemo_reservation_left(&tokens[i].reservation))
				give_back(&tokens[i]);
		if (!rig_must_stop())
			holds_check(&holds);
	}
	holds_end(&holds);
	waiters_end();
}

const struct rig_workload reserve_workload = {
	.name = "reserve",
	.begin = begin,
	.step = step,
	.watch = watch,
	.end = end,
};
