// SPDX-License-Identifier: GPL-2.0
/*
 * For workloads that are made alone: something is done at a place chosen at random,
 * on this CPU or another one, as a task, in the interrupt of a call from another CPU
 * or in that of a timer.
 */

#include <linux/completion.h>
#include <linux/ktime.h>
#include <linux/smp.h>

#include "../compat/hrtimer.h"

#include "rig.h"

/* One place in so many is reached by a timer, or by going there. */
#define RARELY	64

/* On the stack of who waits for it. */
struct visit {
	struct hrtimer hrtimer;
	struct completion done;
	void (*function)(void *data);
	void *data;
};

static enum hrtimer_restart timer_expired(struct hrtimer *hrtimer)
{
	struct visit *visit = container_of(hrtimer, struct visit, hrtimer);

	visit->function(visit->data);
	complete(&visit->done);
	return HRTIMER_NORESTART;
}

static void do_by_timer(void (*function)(void *data), void *data)
{
	struct visit visit = { .function = function, .data = data };

	init_completion(&visit.done);
	hrtimer_setup_on_stack(&visit.hrtimer, timer_expired, CLOCK_MONOTONIC,
			       HRTIMER_MODE_REL_HARD);
	hrtimer_start(&visit.hrtimer, ns_to_ktime(NSEC_PER_USEC),
		      HRTIMER_MODE_REL_HARD);
	wait_for_completion(&visit.done);
	/* Its function may not have returned yet. */
	hrtimer_cancel(&visit.hrtimer);
	destroy_hrtimer_on_stack(&visit.hrtimer);
}

/**
 * rig_do_somewhere() - call a function, and wait for its end
 * @actor: who is made alone
 * @function: to be called in any context but NMI
 * @data: for it
 *
 * Context: Task context, may sleep.
 * Return: the context it was called in. As the actor is alone, those of interrupts
 * are at its disposal.
 */
enum rig_context rig_do_somewhere(struct rig_actor *actor,
				  void (*function)(void *data), void *data)
{
	if (rig_one_in(actor, RARELY)) {
		do_by_timer(function, data);
		return RIG_HARDIRQ;
	}
	if (rig_one_in(actor, RARELY))
		rig_go_to(rig_random_cpu(actor));
	/* Fails if the CPU has gone. */
	if (rig_one_in(actor, 2) &&
	    !smp_call_function_single(rig_random_cpu(actor), function, data, true))
		return RIG_HARDIRQ;
	function(data);
	return RIG_TASK;
}
