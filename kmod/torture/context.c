// SPDX-License-Identifier: GPL-2.0
/*
 * Who makes steps: a thread for each CPU, and two timers for each thread, one that
 * expires in softirq and one that expires in hardirq, also on PREEMPT_RT.
 *
 * A thread makes steps as a task, with preemption off and under a raw spinlock in
 * turn. It begins on its CPU, and goes to another one and back now and then, with
 * its timers: so it does not matter whether a CPU is there, and one that went
 * offline is at work again when it comes back.
 *
 * A timer takes a small part of the time of a CPU, however slow the CPU is: it
 * expires again after many times as long as its step has taken.
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../compat/hrtimer.h"

#include "rig.h"
#include "run.h"

/* Between two expiries of a timer at least, and on average half of it more. */
#define TIMER_PERIOD	(300 * NSEC_PER_USEC)
#define TIMER_SHARE	16

/* In how many turns of a thread it goes elsewhere, and rests. */
#define TURNS_HERE	512
#define TURNS_AWAKE	128

struct timer {
	struct hrtimer hrtimer;
	enum hrtimer_mode mode;
	struct rig_actor *actor;
};

struct thread {
	struct task_struct *task;	/* with a reference; NULL: not there yet */
	unsigned int cpu;
	struct timer timers[2];
	raw_spinlock_t lock;	/* nobody else's; it is for what it turns off */
	bool done;
};

/* All of it is constant while threads are there. */
static const struct rig_workload *workload;
static struct thread *threads;
static unsigned int nr_threads;

static enum hrtimer_restart timer_expired(struct hrtimer *hrtimer)
{
	struct timer *timer = container_of(hrtimer, struct timer, hrtimer);
	struct rig_actor *actor = timer->actor;
	ktime_t begin = ktime_get();
	u64 next;

	if (rig_must_stop())
		return HRTIMER_NORESTART;
	workload->step(actor);
	next = max_t(u64, TIMER_PERIOD,
		     TIMER_SHARE * ktime_to_ns(ktime_sub(ktime_get(), begin)));
	hrtimer_forward_now(hrtimer, next + rig_random(actor, TIMER_PERIOD));
	return HRTIMER_RESTART;
}

static void thread_timers_init(struct thread *thread)
{
	static const struct {
		enum rig_context context;
		enum hrtimer_mode mode;
	} kinds[] = {
		{ RIG_SOFTIRQ, HRTIMER_MODE_REL_PINNED_SOFT },
		{ RIG_HARDIRQ, HRTIMER_MODE_REL_PINNED_HARD },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct timer *timer = &thread->timers[i];

		timer->mode = kinds[i].mode;
		timer->actor = rig_actor(kinds[i].context, thread->cpu);
		hrtimer_setup(&timer->hrtimer, timer_expired, CLOCK_MONOTONIC,
			      timer->mode);
	}
}

static void thread_timers_cancel(struct thread *thread)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(thread->timers); i++)
		hrtimer_cancel(&thread->timers[i].hrtimer);
}

/* On the CPU where the thread is. */
static void thread_timers_start(struct thread *thread)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(thread->timers); i++)
		hrtimer_start(&thread->timers[i].hrtimer,
			      ns_to_ktime(TIMER_PERIOD),
			      thread->timers[i].mode);
}

/*
 * Go to a CPU, if it is online until we are there: who asks for one that goes
 * offline just then is left on one that he may not be on, and PREEMPT_RT warns of
 * that. The CPU may go offline later; then this thread is elsewhere, and stays.
 */
void rig_go_to(unsigned int cpu)
{
	cpus_read_lock();
	if (cpu_online(cpu))
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
	cpus_read_unlock();
}

static void go_to(struct thread *thread, unsigned int cpu)
{
	thread_timers_cancel(thread);
	rig_go_to(cpu);
	thread_timers_start(thread);
}

/**
 * rig_signal() - send a signal to the thread of an actor
 * @number: of the actor, in RIG_TASK
 * @signal: one that the actor has allowed
 *
 * Context: A step in RIG_TASK.
 * Return: false if there is no such thread now.
 */
bool rig_signal(unsigned int number, int signal)
{
	/* Pairs with the one in thread_start(). */
	struct task_struct *task = smp_load_acquire(&threads[number].task);

	return task && !send_sig(signal, task, 1);
}

/* One that is online, unless it goes offline just now. */
unsigned int rig_random_cpu(struct rig_actor *actor)
{
	int before = (int)rig_random(actor, nr_cpu_ids) - 1;
	unsigned int cpu = cpumask_next(before, cpu_online_mask);

	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

static void go_elsewhere(struct thread *thread, struct rig_actor *actor)
{
	unsigned int cpu = thread->cpu;

	if (rig_one_in(actor, 2))
		cpu = rig_random_cpu(actor);
	go_to(thread, cpu);
}

static void turn(struct thread *thread, struct rig_actor *task)
{
	struct rig_actor *actor;
	unsigned long flags;

	switch (rig_random(task, 4)) {
	case 0:
		actor = rig_actor(RIG_PREEMPT_OFF, thread->cpu);
		preempt_disable();
		workload->step(actor);
		preempt_enable();
		break;
	case 1:
		actor = rig_actor(RIG_RAW_LOCK, thread->cpu);
		raw_spin_lock_irqsave(&thread->lock, flags);
		workload->step(actor);
		raw_spin_unlock_irqrestore(&thread->lock, flags);
		break;
	default:
		workload->step(task);
		break;
	}
	cond_resched();
	if (rig_one_in(task, TURNS_HERE))
		go_elsewhere(thread, task);
	if (rig_one_in(task, TURNS_AWAKE))
		usleep_range(20, 200);
}

static void work_with_others(struct thread *thread, struct rig_actor *task)
{
	go_to(thread, thread->cpu);
	while (!rig_must_stop())
		turn(thread, task);
	thread_timers_cancel(thread);
}

static void work_alone(struct rig_actor *task)
{
	while (!rig_must_stop() && workload->step(task))
		cond_resched();
}

static int thread_function(void *data)
{
	struct thread *thread = data;
	struct rig_actor *task = rig_actor(RIG_TASK, thread->cpu);

	if (workload->alone)
		work_alone(task);
	else
		work_with_others(thread, task);
	/* release: nothing that it has begun is under way. */
	smp_store_release(&thread->done, true);

	for (;;) {
		/* With one pending nobody sleeps. */
		flush_signals(current);
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int thread_start(unsigned int cpu)
{
	struct thread *thread = &threads[nr_threads];
	struct task_struct *task;

	thread->cpu = cpu;
	raw_spin_lock_init(&thread->lock);
	thread_timers_init(thread);
	task = kthread_run(thread_function, thread, "mpdemo_torture/%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	/* release: pairs with the one in rig_signal(). */
	smp_store_release(&thread->task, task);
	nr_threads++;
	return 0;
}

/**
 * contexts_start() - let steps be made
 * @wanted: the workload
 *
 * Context: Task context, may sleep.
 * Return: 0 or a negative errno; what has been started is at work all the same,
 * until contexts_stop().
 */
int contexts_start(const struct rig_workload *wanted)
{
	unsigned int cpu;
	int ret = 0;

	threads = kvcalloc(nr_cpu_ids, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	workload = wanted;
	if (workload->alone)
		return thread_start(0);
	for_each_online_cpu(cpu) {
		ret = thread_start(cpu);
		if (ret)
			break;
	}
	return ret;
}

/* Whether a workload that is made alone has come to its end. */
bool contexts_done(void)
{
	/* Pairs with thread_function(). */
	return workload->alone && smp_load_acquire(&threads[0].done);
}

static bool all_are_done(void)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		/* Pairs with thread_function(). */
		if (!smp_load_acquire(&threads[i].done))
			return false;
	return true;
}

/* No step is made any more when this returns. rig_must_stop() has to say so. */
void contexts_stop(unsigned int poll_msecs)
{
	unsigned int i;

	while (workload && workload->watch && !all_are_done()) {
		workload->watch();
		msleep(poll_msecs);
	}
	for (i = 0; i < nr_threads; i++)
		kthread_stop(threads[i].task);
	/* They may send signals to each other until the last one has ended. */
	while (nr_threads)
		put_task_struct(threads[--nr_threads].task);
	kvfree(threads);
	threads = NULL;
}
