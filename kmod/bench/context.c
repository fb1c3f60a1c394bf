// SPDX-License-Identifier: GPL-2.0
/*
 * What the steps of a round run in.
 *
 * In task context the clock is read around a whole round. In an interrupt there is
 * one for each step, and the clock is read around the step: so interrupts are not
 * off, and nothing else of the CPU waits, for longer than one. The interrupt is that of a timer of
 * the CPU, the softirq what such a timer asks for; on PREEMPT_RT the latter is a thread
 * with bottom halves off, and the former still is an interrupt.
 */

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "../compat/hrtimer.h"
#include "measure.h"

struct interrupt {
	struct hrtimer timer;
	struct completion done;
	const struct bench_kind *kind;
	struct bench_run *run;
	int ret;
};

static enum hrtimer_restart interrupt_step(struct hrtimer *timer)
{
	struct interrupt *interrupt;
	struct bench_run *run;

	interrupt = container_of(timer, struct interrupt, timer);
	run = interrupt->run;
	bench_run_start(run);
	interrupt->ret = interrupt->kind->step[run->how](run);
	bench_run_stop(run);
	complete(&interrupt->done);
	return HRTIMER_NORESTART;
}

static int round_in_interrupts(const struct bench_kind *kind,
			       struct bench_run *run, enum hrtimer_mode mode)
{
	struct interrupt interrupt = { .kind = kind, .run = run };

	init_completion(&interrupt.done);
	hrtimer_setup_on_stack(&interrupt.timer, interrupt_step,
			       CLOCK_MONOTONIC, mode);
	for (run->step = 0; run->step < run->steps && !interrupt.ret;
	     run->step++) {
		reinit_completion(&interrupt.done);
		hrtimer_start(&interrupt.timer, 0, mode);
		wait_for_completion(&interrupt.done);
	}
	/* Waits until the function has returned, which lies on this stack. */
	hrtimer_cancel(&interrupt.timer);
	destroy_hrtimer_on_stack(&interrupt.timer);
	return interrupt.ret;
}

static int round_in_task(const struct bench_suite *suite,
			 const struct bench_kind *kind, struct bench_run *run)
{
	int (*step)(struct bench_run *run) = kind->step[run->how];
	bool own_clock = suite->cpus > 1;
	int ret = 0;

	if (!own_clock)
		bench_run_start(run);
	for (run->step = 0; run->step < run->steps && likely(!ret); run->step++)
		ret = step(run);
	if (!own_clock)
		bench_run_stop(run);
	return ret;
}

/**
 * bench_round() - do all steps of a round
 * @suite: the workload
 * @kind: the allocator in it
 * @run: what the steps work with; its clock is advanced by what they took
 * @context: what they are to run in
 *
 * Context: A kthread that is bound to the CPU of @run.
 * Return: 0, or the error of a step.
 */
int bench_round(const struct bench_suite *suite, const struct bench_kind *kind,
		struct bench_run *run, enum mpdemo_bench_context context)
{
	switch (context) {
	case MPDEMO_BENCH_CONTEXT_SOFTIRQ:
		return round_in_interrupts(kind, run,
					   HRTIMER_MODE_REL_PINNED_SOFT);
	case MPDEMO_BENCH_CONTEXT_HARDIRQ:
		/*
		 * An interrupt in both cases. Lockdep takes _HARD for a promise that
		 * no spinlock is taken, which only PREEMPT_RT needs: there is no
		 * row of slab there.
		 */
		return round_in_interrupts(kind, run,
					   IS_ENABLED(CONFIG_PREEMPT_RT) ?
					   HRTIMER_MODE_REL_PINNED_HARD :
					   HRTIMER_MODE_REL_PINNED);
	default:
		return round_in_task(suite, kind, run);
	}
}
