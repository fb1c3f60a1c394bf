// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting of task actors; see waiters.h. They wait in all states, with deadlines from
 * long past to none, and send signals to each other.
 *
 * What is checked: a wait ends with an error only for the reason that it tells: not
 * before the deadline, and by a signal only where there is one that the state lets
 * through. And nobody waits for long: blocks are freed all the time, and at the end
 * all of them, so whoever still waits is one whose wake-up was lost.
 */

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

#include "waiters.h"

/* A wait that takes longer will last for ever. */
#define PATIENCE_MSECS	20000

/* Polls after a failure, before those who still wait are sent away. */
#define POLLS_TO_SETTLE	50

static u64 *since;			/* begin of the wait, by actor; 0: none */
static unsigned int polls;

/* Before the objects are created. If it fails, waiters_end() has to follow. */
int waiters_begin(void)
{
	polls = 0;
	since = kvcalloc(nr_cpu_ids, sizeof(*since), GFP_KERNEL);
	return since ? 0 : -ENOMEM;
}

void waiters_end(void)
{
	kvfree(since);
}

static ktime_t choose_deadline(struct rig_actor *actor)
{
	ktime_t now = ktime_get();

	switch (rig_random(actor, 5)) {
	case 0:
		return KTIME_MAX;
	case 1:
		return ktime_sub_ns(now, rig_random(actor, NSEC_PER_MSEC));
	case 2:
		return ktime_add_ns(now, rig_random(actor, 200 * NSEC_PER_USEC));
	case 3:
		return ktime_add_ns(now, (1 + rig_random(actor, 3)) * TICK_NSEC);
	default:
		return ktime_add_ms(now, PATIENCE_MSECS);
	}
}

static void send_signal(struct rig_actor *actor)
{
	unsigned int number = rig_random(actor, nr_cpu_ids);

	if (rig_signal(number, rig_one_in(actor, 2) ? SIGKILL : SIGUSR1))
		rig_count(actor, RIG_SIGNALS, 1);
}

/* The actor is going to wait, in a way that is chosen here. */
void waiter_begin(struct rig_actor *actor, struct waiter_plan *plan)
{
	static const unsigned int states[] = {
		TASK_UNINTERRUPTIBLE, TASK_KILLABLE, TASK_INTERRUPTIBLE,
	};

	/* The first time. */
	if (!actor->data) {
		allow_signal(SIGKILL);
		allow_signal(SIGUSR1);
		actor->data = actor;
	}
	if (!rig_one_in(actor, 8))
		flush_signals(current);
	if (rig_one_in(actor, 8))
		send_signal(actor);
	plan->state = states[rig_random(actor, ARRAY_SIZE(states))];
	plan->deadline = choose_deadline(actor);
	WRITE_ONCE(since[actor->number], ktime_get_ns());
}

static void check_interrupted(const struct waiter_plan *plan)
{
	if (plan->state == TASK_UNINTERRUPTIBLE)
		rig_fail_value("interrupted: a wait that nothing interrupts", 0, 1);
	else if (!signal_pending_state(plan->state, current))
		rig_fail_value("interrupted: signals", 1, 0);
}

/* As waiter_end(), and the caller judges what it came to. */
void waiter_left(struct rig_actor *actor)
{
	WRITE_ONCE(since[actor->number], 0);
}

/* The wait has ended, with 0 or a negative errno. */
void waiter_end(struct rig_actor *actor, const struct waiter_plan *plan, int ret)
{
	ktime_t now = ktime_get();

	waiter_left(actor);
	switch (ret) {
	case 0:
		break;
	case -ETIME:
		if (ktime_before(now, plan->deadline))
			rig_fail_value("timed out at, by the deadline",
				       plan->deadline, now);
		rig_count(actor, RIG_TIMEOUTS, 1);
		break;
	case -EINTR:
		check_interrupted(plan);
		rig_count(actor, RIG_INTERRUPTED, 1);
		break;
	default:
		/* Those who are sent away after a failure. */
		if (!rig_failed())
			rig_fail_value("errno of a wait", 0, -ret);
	}
}

/* Look for those who wait for ever. Context: Any. */
void waiters_look(void)
{
	u64 now = ktime_get_ns(), begin;
	unsigned int i;

	for (i = 0; i < nr_cpu_ids && !rig_failed(); i++) {
		begin = READ_ONCE(since[i]);
		if (begin && (s64)(now - begin) >
			     (s64)PATIENCE_MSECS * NSEC_PER_MSEC)
			rig_fail_value("milliseconds that somebody waits, at most",
				       PATIENCE_MSECS,
				       div_u64(now - begin, NSEC_PER_MSEC));
	}
}

/* As of struct rig_workload. What is not in slots, the workload frees. */
void waiters_watch(struct holds *holds)
{
	waiters_look();
	if (!rig_must_stop())
		return;
	holds_drain(holds);
	/* No step is under way but those who wait. */
	if (rig_failed() && polls++ == POLLS_TO_SETTLE)
		holds_abandon(holds);
}
