// SPDX-License-Identifier: GPL-2.0
/*
 * The one job: a thread bound to a CPU that measures the rows of a table in
 * turn, with threads of other CPUs where a row is of several, and the results of the newest job.
 *
 * Lock order:
 *
 *	1. job_lock
 *	2. cpu_hotplug_lock, for reading, while a job is started; and by
 *	   itself while the threads of other CPUs are, and in a round of the
 *	   suite remote
 *
 * job_lock protects the state and the results. It is not held while a row is
 * measured, so whoever asks for either of them never waits for a measurement;
 * nor while the job notifies.
 *
 * The thread ends by itself. The reference on its task is kept until the next
 * job or the end of the module, and kthread_stop() is called on it then: this
 * waits until the thread is out of this module, however short it was before.
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "job.h"
#include "measure.h"

static DEFINE_MUTEX(job_lock);

/*
 * Protected by job_lock. The thread also reads without it what does not change
 * while it lives: its CPU, what was asked for, the number of its rows, all of a row but
 * the result, and whom to notify. @cancel and @owner are written under the lock and read
 * without it.
 */
static struct {
	struct bench_status status;
	struct bench_params params;
	struct bench_row *rows;
	struct task_struct *task;
	void (*notify)(const struct bench_status *status);
	u32 owner;
	bool cancel;
} job = {
	.status.state = MPDEMO_BENCH_STATE_IDLE,
};

static bool job_must_stop(void)
{
	return kthread_should_stop() || READ_ONCE(job.cancel);
}

static void job_add_result(const struct bench_result *result)
{
	struct bench_status status;

	mutex_lock(&job_lock);
	job.rows[job.status.rows_done].result = *result;
	job.status.rows_done++;
	status = job.status;
	mutex_unlock(&job_lock);

	job.notify(&status);
}

static void job_end(int err)
{
	struct bench_status status;

	mutex_lock(&job_lock);
	if (!err) {
		job.status.state = MPDEMO_BENCH_STATE_DONE;
	} else if (err == -ECANCELED) {
		job.status.state = MPDEMO_BENCH_STATE_CANCELLED;
	} else {
		job.status.state = MPDEMO_BENCH_STATE_FAILED;
		job.status.error = -err;
	}
	status = job.status;
	mutex_unlock(&job_lock);

	/*
	 * From here on bench_job_start() may wait for the thread to end while
	 * it holds job_lock.
	 */
	job.notify(&status);
}

static int job_thread(void *data)
{
	unsigned int rows = job.status.rows_total;
	unsigned int cpu = job.status.cpu;
	struct bench_result result;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < rows && !ret; i++) {
		ret = bench_row_measure(&job.rows[i], &job.params, cpu,
					job_must_stop, &result);
		if (!ret)
			job_add_result(&result);
	}
	job_end(ret);
	return 0;
}

/* Stop a thread, once only, and wait until it has left this module. */
static void job_join(struct task_struct *task)
{
	if (!task)
		return;
	kthread_stop(task);
	put_task_struct(task);
}

static int job_start(const struct bench_request *request)
{
	struct task_struct *task;
	struct bench_row *rows;
	unsigned int nr;

	lockdep_assert_held(&job_lock);

	rows = bench_rows_create(&request->params, &nr);
	if (!rows)
		return -ENOMEM;
	if (!nr) {
		bench_rows_destroy(rows, 0);
		return -EOPNOTSUPP;
	}

	/* A CPU that is online stays so until the thread was woken on it. */
	cpus_read_lock();
	if (cpu_online(request->cpu))
		task = kthread_create_on_cpu(job_thread, NULL, request->cpu,
					     "mpdemo_bench/%u");
	else
		task = ERR_PTR(-ENODEV);
	if (IS_ERR(task)) {
		cpus_read_unlock();
		bench_rows_destroy(rows, 0);
		return PTR_ERR(task);
	}

	/*
	 * Nothing fails from here on; the job before keeps its results if
	 * anything did. Its thread has notified or is about to: the lock is not
	 * what it still waits for.
	 */
	job_join(job.task);
	bench_rows_destroy(job.rows, job.status.rows_done);
	job.rows = rows;
	job.params = request->params;
	job.task = get_task_struct(task);
	job.notify = request->notify;
	WRITE_ONCE(job.owner, request->owner);
	WRITE_ONCE(job.cancel, false);
	job.status = (struct bench_status) {
		.job = job.status.job + 1,
		.state = MPDEMO_BENCH_STATE_RUNNING,
		.cpu = request->cpu,
		.rows_total = nr,
	};
	wake_up_process(task);
	cpus_read_unlock();
	return 0;
}

static int refuse(struct bench_refusal *refusal, u32 attr, const char *why,
		  int err)
{
	*refusal = (struct bench_refusal){ .attr = attr, .why = why };
	return err;
}

/**
 * bench_job_start() - start a job
 * @request: what it shall be
 * @status: where its state at the start is put
 * @refusal: where it is put why there is none, if there is a text for it
 *
 * The results of the job before are dropped if this one starts.
 *
 * Context: Task context, may sleep. Takes job_lock.
 * Return: 0; -EBUSY where a job is running, -ERANGE for a CPU that cannot be,
 * -ENODEV for one that is offline, -EOPNOTSUPP where no row is left to measure, an
 * error of bench_params_check(), -ENOMEM, or -EINTR where the caller is being
 * killed.
 */
int bench_job_start(const struct bench_request *request,
		    struct bench_status *status, struct bench_refusal *refusal)
{
	int ret;

	*refusal = (struct bench_refusal){};
	if (request->cpu >= nr_cpu_ids || !cpu_possible(request->cpu))
		return refuse(refusal, MPDEMO_BENCH_A_CPU,
			      "there is no CPU of this number", -ERANGE);
	ret = bench_params_check(&request->params, &refusal->attr,
				 &refusal->why);
	if (ret)
		return ret;

	mutex_lock(&job_lock);
	if (job.status.state == MPDEMO_BENCH_STATE_RUNNING)
		ret = refuse(refusal, 0, "a job is running already", -EBUSY);
	else
		ret = job_start(request);
	*status = job.status;
	mutex_unlock(&job_lock);

	if (ret == -ENODEV)
		refuse(refusal, MPDEMO_BENCH_A_CPU, "the CPU is offline", ret);
	if (ret == -EOPNOTSUPP)
		refuse(refusal, MPDEMO_BENCH_A_SUITE,
		       "the suite has no row for this", ret);
	return ret;
}

/**
 * bench_job_cancel() - ask a job to stop
 * @number: its number
 *
 * It stops after the round it is in, which this does not wait for.
 *
 * Context: Task context, may sleep. Takes job_lock.
 * Return: 0, or -ESRCH where it does not run.
 */
int bench_job_cancel(u32 number)
{
	int ret = -ESRCH;

	mutex_lock(&job_lock);
	if (number == job.status.job &&
	    job.status.state == MPDEMO_BENCH_STATE_RUNNING) {
		WRITE_ONCE(job.cancel, true);
		ret = 0;
	}
	mutex_unlock(&job_lock);
	return ret;
}

/**
 * bench_job_abandon() - ask the job of somebody who is gone to stop
 * @owner: who is gone
 *
 * Context: Task context, may sleep. Takes job_lock where it may be his job.
 */
void bench_job_abandon(u32 owner)
{
	/* Many come along here. Who has started the job has seen what he wrote. */
	if (READ_ONCE(job.owner) != owner)
		return;
	mutex_lock(&job_lock);
	if (job.owner == owner)
		WRITE_ONCE(job.cancel, true);
	mutex_unlock(&job_lock);
}

/**
 * bench_job_get_status() - read the state of the newest job
 * @status: where it is put
 *
 * Context: Task context, may sleep. Takes job_lock.
 */
void bench_job_get_status(struct bench_status *status)
{
	mutex_lock(&job_lock);
	*status = job.status;
	mutex_unlock(&job_lock);
}

/**
 * bench_job_get_row() - read a row of the newest job
 * @index: which one, from 0 on
 * @row: where it is put, without its calls
 * @params: where it is put what was asked for
 * @alloc: where it is put how long allocations took; no samples where nobody asked
 * @free: where it is put how long frees took
 * @number: where the number of the job is put, also if there is no row
 *
 * Context: Task context, may sleep. Takes job_lock.
 * Return: true, or false where this row is not measured (yet).
 */
bool bench_job_get_row(unsigned int index, struct bench_row *row,
		       struct bench_params *params, struct bench_latency *alloc,
		       struct bench_latency *free, u32 *number)
{
	const struct bench_calls *calls;
	bool there;

	*alloc = (struct bench_latency){};
	*free = (struct bench_latency){};
	mutex_lock(&job_lock);
	*number = job.status.job;
	there = index < job.status.rows_done;
	if (there) {
		*row = job.rows[index];
		*params = job.params;
		calls = row->result.calls;
		if (calls) {
			bench_histogram_summarize(&calls->alloc, alloc);
			bench_histogram_summarize(&calls->free, free);
		}
		/* The next job frees them. */
		row->result.calls = NULL;
	}
	mutex_unlock(&job_lock);
	return there;
}

/**
 * bench_job_get_bucket() - read the next bucket of a row that is not empty
 * @index: which row, from 0 on
 * @from: the bucket to begin at: those of allocations come first
 * @samples: where it is put how many calls were counted in it
 * @number: where the number of the job is put, also if there is no bucket
 *
 * Context: Task context, may sleep. Takes job_lock.
 * Return: the bucket, or 2 * BENCH_BUCKETS where there is none.
 */
unsigned int bench_job_get_bucket(unsigned int index, unsigned int from,
				  u32 *samples, u32 *number)
{
	const struct bench_calls *calls = NULL;
	unsigned int i = from;

	*samples = 0;
	mutex_lock(&job_lock);
	*number = job.status.job;
	if (index < job.status.rows_done)
		calls = job.rows[index].result.calls;
	for (; calls && i < BENCH_BUCKETS && !*samples; i++)
		*samples = calls->alloc.counts[i];
	for (; calls && i < 2 * BENCH_BUCKETS && !*samples; i++)
		*samples = calls->free.counts[i - BENCH_BUCKETS];
	mutex_unlock(&job_lock);
	return *samples ? i - 1 : 2 * BENCH_BUCKETS;
}

/**
 * bench_job_exit() - stop the job, if there is one, and drop all results
 *
 * The caller sees to it that none can be started any more.
 *
 * Context: Task context; waits for the round that is being measured.
 */
void bench_job_exit(void)
{
	struct task_struct *task;

	mutex_lock(&job_lock);
	task = job.task;
	job.task = NULL;
	mutex_unlock(&job_lock);

	/* Not under the lock, which a thread that is at work needs to end. */
	job_join(task);
	bench_rows_destroy(job.rows, job.status.rows_done);
	job.rows = NULL;
}
