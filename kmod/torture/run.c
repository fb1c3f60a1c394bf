// SPDX-License-Identifier: GPL-2.0
/*
 * A run: the objects of a workload, all contexts at work on them for a time, and
 * what is left when they are quiet again. There is one at a time.
 *
 * Lock order:
 *
 *	1. run_lock, for the whole of a run
 *	2. status_lock
 *
 * Who starts a run waits for its end, and ends it by a signal; so does the end of
 * the module. Actors live as long as the module: so results can be read at any
 * time.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "rig.h"
#include "run.h"

/* How often a run looks whether it is to end. */
#define POLL_MSECS	20

static DEFINE_MUTEX(run_lock);

/* Protected by run_lock, and read by those who make steps. */
static struct rig_actor *actors;
static struct rig_settings settings;
static bool stop;

/* Written once; the module is on its way out. */
static bool leaving;

/* Protects the status. */
static DEFINE_MUTEX(status_lock);
static struct run_status newest;

struct rig_actor *rig_actor(enum rig_context context, unsigned int number)
{
	return &actors[context * nr_cpu_ids + number];
}

/* One of all actors, or NULL behind the last one. */
struct rig_actor *rig_actor_at(unsigned int i)
{
	return i < RIG_NR_CONTEXTS * nr_cpu_ids ? &actors[i] : NULL;
}

/* How often a workload that is made alone is to do it. */
unsigned int rig_rounds(void)
{
	return settings.rounds;
}

/* Whether a step is to do no more than it must. */
bool rig_must_stop(void)
{
	return READ_ONCE(stop) || rig_failed();
}

void run_get_status(struct run_status *status)
{
	mutex_lock(&status_lock);
	*status = newest;
	mutex_unlock(&status_lock);
}

static void set_status(const struct run_status *status)
{
	mutex_lock(&status_lock);
	newest = *status;
	mutex_unlock(&status_lock);
}

static void seed_actors(void)
{
	struct rig_actor *actor;
	unsigned int i;

	rig_for_each_actor(actor, i) {
		actor->context = i / nr_cpu_ids;
		actor->number = i % nr_cpu_ids;
		actor->sequence = 0;
		actor->data = NULL;
		prandom_seed_state(&actor->random,
				   (u64)settings.seed << 32 | i);
	}
}

/* Return: false if it was ended from outside. */
static bool wait_for_end(const struct rig_workload *workload)
{
	unsigned long end = jiffies + msecs_to_jiffies(settings.msecs);

	while (!rig_failed() && !contexts_done() &&
	       (workload->alone || time_before(jiffies, end))) {
		if (signal_pending(current) || READ_ONCE(leaving))
			return false;
		if (workload->watch)
			workload->watch();
		schedule_timeout_interruptible(msecs_to_jiffies(POLL_MSECS));
	}
	return true;
}

/* All contexts, until the run is at its end, or without one that cannot be had. */
static int make_steps(const struct rig_workload *workload, bool *ended)
{
	int ret = nmi_start(workload);

	if (ret)
		return ret;
	ret = contexts_start(workload);
	if (!ret)
		*ended = wait_for_end(workload);
	WRITE_ONCE(stop, true);
	nmi_stop();
	contexts_stop(POLL_MSECS);
	WRITE_ONCE(stop, false);
	return ret;
}

/* Return: errno of what could not be had, or 0. */
static int do_run(const struct rig_workload *workload,
		  enum run_verdict *verdict)
{
	bool ended = true;
	int ret;

	ret = workload->begin();
	if (!ret)
		ret = make_steps(workload, &ended);
	workload->end();

	if (rig_failed())
		*verdict = RUN_FAILED;
	else if (!ended || (ret && signal_pending(current)))
		/* Who is about to be killed gets neither threads nor memory. */
		*verdict = RUN_STOPPED;
	else
		*verdict = ret ? RUN_ERROR : RUN_PASSED;
	return *verdict == RUN_ERROR ? ret : 0;
}

static int verdict_errno(const struct run_status *status)
{
	switch (status->verdict) {
	case RUN_PASSED:
		return 0;
	case RUN_STOPPED:
		return -EINTR;
	case RUN_ERROR:
		return -status->error;
	default:
		return -EIO;
	}
}

/**
 * rig_run() - make a run
 * @workload: what to do
 * @wanted: how
 *
 * Context: Task context, may sleep; returns soon after a signal.
 * Return: 0; -EIO: a check has failed; -EINTR: ended by a signal or by the end of
 * the module, and no check has failed until then; -EBUSY: a run is under way;
 * -ENODEV: the module is not there yet, or on its way out; -ENOMEM.
 */
int rig_run(const struct rig_workload *workload,
	    const struct rig_settings *wanted)
{
	struct run_status status = {
		.workload = workload,
		.settings = *wanted,
		.verdict = RUN_RUNNING,
	};
	ktime_t start = ktime_get();

	if (!mutex_trylock(&run_lock))
		return -EBUSY;
	if (!actors || leaving) {
		mutex_unlock(&run_lock);
		return -ENODEV;
	}
	settings = *wanted;
	report_clear();
	seed_actors();
	set_status(&status);

	status.error = -do_run(workload, &status.verdict);
	status.msecs = ktime_ms_delta(ktime_get(), start);
	set_status(&status);
	report_log(&status);
	mutex_unlock(&run_lock);
	return verdict_errno(&status);
}

int rig_init(void)
{
	struct rig_actor *all;

	all = kvcalloc(RIG_NR_CONTEXTS * nr_cpu_ids, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	mutex_lock(&run_lock);
	actors = all;
	mutex_unlock(&run_lock);
	return 0;
}

/* Ends the run that may be under way; no other one begins. */
void rig_exit(void)
{
	WRITE_ONCE(leaving, true);
	mutex_lock(&run_lock);
	kvfree(actors);
	actors = NULL;
	mutex_unlock(&run_lock);
}
