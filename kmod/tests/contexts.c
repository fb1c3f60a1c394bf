// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a function where a test case wants it: in a context, on a CPU, on all of
 * them, or as an interrupt that comes at any moment.
 */

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "contexts.h"

const char * const mpdemo_test_context_names[MPDEMO_TEST_CONTEXTS] = {
	[IN_TASK] = "task",
	[IN_PREEMPT_OFF] = "preemption off",
	[IN_RAW_LOCK] = "raw spinlock",
	[IN_IRQS_OFF] = "interrupts off",
	[IN_SOFTIRQ] = "softirq",
	[IN_HARDIRQ] = "hardirq",
};

static DEFINE_RAW_SPINLOCK(raw_lock);

struct call {
	mpdemo_test_fn fn;
	void *data;
	enum mpdemo_test_context context;
	bool right;		/* it was the context that was asked for */
	bool done;
	struct irq_work irq_work;
	struct tasklet_struct tasklet;
};

static bool is_in(enum mpdemo_test_context context)
{
	switch (context) {
	case IN_TASK:
		return preemptible() || !IS_ENABLED(CONFIG_PREEMPT_COUNT);
	case IN_PREEMPT_OFF:
	case IN_RAW_LOCK:
		return in_task() && !preemptible();
	case IN_IRQS_OFF:
		return in_task() && irqs_disabled();
	case IN_SOFTIRQ:
		return in_serving_softirq();
	case IN_HARDIRQ:
		return in_hardirq();
	default:
		return false;
	}
}

static void make_call(struct call *call)
{
	call->right = is_in(call->context);
	call->fn(call->data);
	WRITE_ONCE(call->done, true);
}

static void call_in_hardirq(struct irq_work *irq_work)
{
	make_call(container_of(irq_work, struct call, irq_work));
}

/*
 * With preemption off the interrupt comes to this CPU, and is over when this
 * goes on. User-mode Linux has none of its own for that, but takes the next tick.
 */
static void interrupt(struct call *call)
{
	lockdep_assert_preemption_disabled();
	call->context = IN_HARDIRQ;
	call->irq_work = IRQ_WORK_INIT_HARD(call_in_hardirq);
	irq_work_queue(&call->irq_work);
	while (!READ_ONCE(call->done))
		cpu_relax();
}

/* With preemption off: run @fn in a hardirq that lands right here. */
void mpdemo_test_interrupt(mpdemo_test_fn fn, void *data)
{
	struct call call = { .fn = fn, .data = data };

	interrupt(&call);
}

static void call_in_softirq(struct tasklet_struct *tasklet)
{
	make_call(container_of(tasklet, struct call, tasklet));
}

static void run_in_softirq(struct call *call)
{
	tasklet_setup(&call->tasklet, call_in_softirq);
	tasklet_schedule(&call->tasklet);
	while (!READ_ONCE(call->done))
		cond_resched();
	tasklet_kill(&call->tasklet);
}

/* Return: whether it really was that context. */
bool mpdemo_test_run_in(enum mpdemo_test_context context, mpdemo_test_fn fn,
			void *data)
{
	struct call call = { .fn = fn, .data = data, .context = context };
	unsigned long flags;

	switch (context) {
	case IN_PREEMPT_OFF:
		preempt_disable();
		make_call(&call);
		preempt_enable();
		break;
	case IN_RAW_LOCK:
		raw_spin_lock(&raw_lock);
		make_call(&call);
		raw_spin_unlock(&raw_lock);
		break;
	case IN_IRQS_OFF:
		local_irq_save(flags);
		make_call(&call);
		local_irq_restore(flags);
		break;
	case IN_SOFTIRQ:
		run_in_softirq(&call);
		break;
	case IN_HARDIRQ:
		preempt_disable();
		interrupt(&call);
		preempt_enable();
		break;
	default:
		make_call(&call);
		break;
	}
	return call.right;
}

/* The rest of the test case runs on @cpu; its thread ends with the case. */
void mpdemo_test_pin(struct kunit *test, unsigned int cpu)
{
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
	KUNIT_ASSERT_EQ(test, cpu, raw_smp_processor_id());
}

/* An online CPU that is not this one; there are none but 0 where this is 0. */
unsigned int mpdemo_test_other_cpu(struct kunit *test)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id())
			return cpu;
	kunit_skip(test, "this machine has one CPU");
}

static int call_on_cpu(void *data)
{
	make_call(data);
	return 0;
}

/* Run @fn in task context on @cpu, and wait for it. */
void mpdemo_test_run_on(struct kunit *test, unsigned int cpu,
			mpdemo_test_fn fn, void *data)
{
	struct call call = { .fn = fn, .data = data };

	KUNIT_ASSERT_EQ(test, 0, smp_call_on_cpu(cpu, call_on_cpu, &call, false));
}

/* What the threads of mpdemo_test_run_on_all() share. */
struct crowd {
	mpdemo_test_fn fn;
	void *data;
	atomic_t missing;	/* threads that have not come to the start yet */
	atomic_t running;
	struct completion all_done;
};

static void wait_for_stop(void)
{
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
}

static int crowd_thread(void *data)
{
	struct crowd *crowd = data;

	atomic_dec(&crowd->missing);
	while (atomic_read(&crowd->missing) > 0)
		cond_resched();
	crowd->fn(crowd->data);
	if (atomic_dec_and_test(&crowd->running))
		complete(&crowd->all_done);
	wait_for_stop();
	return 0;
}

/**
 * mpdemo_test_run_on_all() - run a function on all CPUs at the same time
 * @test: the test case
 * @fn: in a thread of each online CPU, beginning when all are there
 * @data: for each of them
 *
 * Return: how many there were.
 */
unsigned int mpdemo_test_run_on_all(struct kunit *test, mpdemo_test_fn fn,
				    void *data)
{
	unsigned int nr = num_online_cpus(), cpu, i = 0, started = 0;
	struct crowd crowd = { .fn = fn, .data = data };
	struct task_struct **threads;

	threads = kunit_kcalloc(test, nr, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	atomic_set(&crowd.missing, nr);
	atomic_set(&crowd.running, nr);
	init_completion(&crowd.all_done);
	for_each_online_cpu(cpu) {
		threads[i] = kthread_run_on_cpu(crowd_thread, &crowd, cpu,
						"mpdemo_test/%u");
		if (IS_ERR(threads[i])) {
			atomic_dec(&crowd.missing);
			if (atomic_dec_and_test(&crowd.running))
				complete(&crowd.all_done);
		} else {
			started++;
		}
		i++;
	}
	/* Not earlier: a thread that is stopped before it begins never does. */
	wait_for_completion(&crowd.all_done);
	for (i = 0; i < nr; i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
	KUNIT_ASSERT_EQ(test, nr, started);
	return nr;
}

/* On a busy machine the first one may take its time. */
#define BLOWS	100

struct mpdemo_test_hammer {
	struct call call;
	unsigned int cpu;
	unsigned int blows;
	struct task_struct *thread;
};

static void blow(void *data)
{
	make_call(data);
}

static int hammer_thread(void *data)
{
	struct mpdemo_test_hammer *hammer = data;

	while (!kthread_should_stop()) {
		smp_call_function_single(hammer->cpu, blow, &hammer->call, 1);
		/* An idle CPU may be polling for calls, and needs no interrupt. */
		if (hammer->call.right)
			WRITE_ONCE(hammer->blows, hammer->blows + 1);
		cond_resched();
	}
	return 0;
}

/**
 * mpdemo_test_hammer() - have this CPU interrupted all the time
 * @test: the test case, which is pinned to this CPU
 * @fn: runs in a hardirq, whatever this CPU is doing
 * @data: for it
 *
 * Each interrupt comes from another CPU when the last one is over, so they
 * leave this CPU some time.
 *
 * Return: for mpdemo_test_hammer_end().
 */
struct mpdemo_test_hammer *mpdemo_test_hammer(struct kunit *test,
					      mpdemo_test_fn fn, void *data)
{
	unsigned int other = mpdemo_test_other_cpu(test);
	struct mpdemo_test_hammer *hammer;

	hammer = kunit_kzalloc(test, sizeof(*hammer), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hammer);
	hammer->call = (struct call) {
		.fn = fn, .data = data, .context = IN_HARDIRQ,
	};
	hammer->cpu = raw_smp_processor_id();
	hammer->thread = kthread_run_on_cpu(hammer_thread, hammer, other,
					    "mpdemo_hammer/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(hammer->thread));
	return hammer;
}

/* Return: whether there were so many that a test has seen what it is for. */
bool mpdemo_test_hammered(const struct mpdemo_test_hammer *hammer)
{
	return READ_ONCE(hammer->blows) >= BLOWS;
}

/* Return: how many interrupts there were. */
unsigned int mpdemo_test_hammer_end(struct mpdemo_test_hammer *hammer)
{
	kthread_stop(hammer->thread);
	return hammer->blows;
}
