// SPDX-License-Identifier: GPL-2.0
/*
 * How a row is measured.
 *
 * The clock is read around a whole round, or around parts of it that are much
 * longer than that takes; a suite that cannot do so has an empty row that pays
 * for the clock as well. A row is one round to warm up (caches, slabs, branch
 * prediction) and BENCH_ROUNDS that count. Between rounds a thread yields and
 * looks whether it shall stop; within a round it does neither, but it can be
 * preempted and interrupted as any thread: the minimum is the round that was
 * disturbed least.
 *
 * With several CPUs each has a thread of its own, and they meet ahead of each
 * round, so that all do theirs at the same time. What a round took is what it took on the
 * slowest of them.
 *
 * Calls are timed one by one in further rounds, and memory is looked at in a last one,
 * both only where they are asked for: neither has a part in what is said of
 * the rounds above.
 */

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>

#include "crew.h"
#include "probe.h"

#define ROUNDS_PLAIN	(1 + BENCH_ROUNDS)
#define ROUNDS_TIMED	BENCH_ROUNDS

/* The thread of a CPU. */
struct worker {
	struct measurement *measurement;
	struct bench_run *run;
	struct task_struct *task;	/* NULL: that of the job */
	u64 ns[ROUNDS_PLAIN];
	u64 failures;
};

/*
 * @arrived counts how often any thread has arrived where all meet; @error is set
 * once, by the first one that fails, and is then what all of them read at the next such place.
 */
struct measurement {
	struct bench_crew *crew;
	bool (*must_stop)(void);
	atomic_t arrived;
	int error;
	struct worker workers[];
};

static void fail(struct measurement *measurement, int err)
{
	cmpxchg(&measurement->error, 0, err);
}

/* Wait until all threads are here. None waits in vain: all go all the way. */
static void meet(struct measurement *measurement)
{
	int nr = measurement->crew->nr;
	int all = roundup(atomic_inc_return(&measurement->arrived), nr);

	while (atomic_read_acquire(&measurement->arrived) < all) {
		cond_resched();
		cpu_relax();
	}
}

static int round_on_cpu(const struct bench_crew *crew, struct bench_run *run)
{
	int ret;

	run->ns = 0;
	ret = bench_round(crew->row->suite, crew->row->kind, run,
			  crew->params->context);
	if (ret)
		return ret;

	/*
	 * A thread whose CPU goes offline is moved to another one and stays
	 * there. What it measures then is not what was asked for.
	 */
	return raw_smp_processor_id() == run->cpu ? 0 : -ENODEV;
}

static void one_round(struct worker *worker)
{
	struct measurement *measurement = worker->measurement;
	int ret;

	cond_resched();
	if (!worker->task && measurement->must_stop())
		fail(measurement, -ECANCELED);
	meet(measurement);
	if (READ_ONCE(measurement->error))
		return;
	ret = round_on_cpu(measurement->crew, worker->run);
	if (ret)
		fail(measurement, ret);
}

/* Whether nobody asked for anything that a constant would not be. */
static bool is_default(const struct bench_params *params)
{
	return !params->size && !params->zero &&
	       params->sizes == MPDEMO_BENCH_SIZES_CONSTANT;
}

static void all_rounds(struct worker *worker)
{
	const struct bench_params *params = worker->measurement->crew->params;
	struct bench_run *run = worker->run;
	unsigned int i;

	run->how = is_default(params) ? BENCH_HOW_DEFAULT : BENCH_HOW_GENERAL;
	for (i = 0; i < ROUNDS_PLAIN; i++) {
		one_round(worker);
		worker->ns[i] = run->ns;
		/* Those of the round to warm up do not count. */
		if (!i)
			run->failures = 0;
	}
	/* Nor do those of the rounds that follow. */
	worker->failures = run->failures;
	if (!params->latency)
		return;
	run->how = BENCH_HOW_PROBED;
	for (i = 0; i < ROUNDS_TIMED; i++)
		one_round(worker);
}

static int worker_thread(void *data)
{
	all_rounds(data);
	return 0;
}

/* The CPUs of the others: those online behind that of the job, in turn. */
static unsigned int next_cpu(unsigned int cpu)
{
	cpu = cpumask_next(cpu, cpu_online_mask);
	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

static int start_worker(struct worker *worker, unsigned int cpu)
{
	struct task_struct *task;

	task = kthread_create_on_cpu(worker_thread, worker, cpu,
				     "mpdemo_bench/%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	worker->run->cpu = cpu;
	worker->task = get_task_struct(task);
	return 0;
}

static void stop_workers(struct measurement *measurement, unsigned int nr)
{
	unsigned int i;

	/* Waits until each has left this module, or, if it never ran, ends it. */
	for (i = 1; i < nr; i++) {
		kthread_stop(measurement->workers[i].task);
		put_task_struct(measurement->workers[i].task);
	}
}

/* None of them runs yet; the CPUs stay online until all were woken. */
static int start_workers(struct measurement *measurement)
{
	struct bench_crew *crew = measurement->crew;
	unsigned int cpu = crew->runs[0].cpu;
	unsigned int i;
	int ret = 0;

	cpus_read_lock();
	if (crew->nr > num_online_cpus())
		ret = -ENODEV;
	for (i = 1; i < crew->nr && !ret; i++) {
		cpu = next_cpu(cpu);
		ret = start_worker(&measurement->workers[i], cpu);
		if (ret)
			stop_workers(measurement, i);
	}
	for (i = 1; i < crew->nr && !ret; i++)
		wake_up_process(measurement->workers[i].task);
	cpus_read_unlock();
	return ret;
}

static int compare_ns(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void collect(const struct measurement *measurement,
		    struct bench_result *result)
{
	const struct bench_crew *crew = measurement->crew;
	u64 ns[BENCH_ROUNDS];
	unsigned int i, j;

	for (i = 0; i < BENCH_ROUNDS; i++) {
		ns[i] = 0;
		for (j = 0; j < crew->nr; j++)
			ns[i] = max(ns[i], measurement->workers[j].ns[i + 1]);
	}
	sort(ns, BENCH_ROUNDS, sizeof(*ns), compare_ns, NULL);
	result->min = ns[0];
	/* A round there was: of an even number the slower of the two. */
	result->median = ns[BENCH_ROUNDS / 2];
	for (j = 0; j < crew->nr; j++)
		result->failures += measurement->workers[j].failures;
}

static int collect_latencies(const struct bench_crew *crew,
			     struct bench_result *result)
{
	unsigned int i;

	result->calls = kvzalloc_obj(*result->calls, GFP_KERNEL);
	if (!result->calls)
		return -ENOMEM;
	for (i = 0; i < crew->nr; i++)
		bench_probe_calls(crew->runs[i].probe, result->calls);
	result->clock = bench_probe_clock();
	result->clock_step = bench_probe_clock_step();
	return 0;
}

static int make_probes(struct bench_crew *crew)
{
	unsigned int i;

	for (i = 0; i < crew->nr; i++) {
		crew->runs[i].probe = bench_probe_create();
		if (!crew->runs[i].probe)
			return -ENOMEM;
	}
	return 0;
}

static int measure_crew(struct bench_crew *crew, bool (*must_stop)(void),
			struct bench_result *result)
{
	struct measurement *measurement;
	unsigned int i;
	int ret;

	measurement = kvzalloc(struct_size(measurement, workers, crew->nr),
			       GFP_KERNEL);
	if (!measurement)
		return -ENOMEM;
	measurement->crew = crew;
	measurement->must_stop = must_stop;
	for (i = 0; i < crew->nr; i++) {
		measurement->workers[i].measurement = measurement;
		measurement->workers[i].run = &crew->runs[i];
	}

	ret = start_workers(measurement);
	if (!ret) {
		all_rounds(&measurement->workers[0]);
		stop_workers(measurement, crew->nr);
		ret = measurement->error;
	}
	if (!ret)
		collect(measurement, result);
	if (!ret && crew->params->latency)
		ret = collect_latencies(crew, result);
	kvfree(measurement);
	return ret;
}

static int measure_time(const struct bench_row *row,
			const struct bench_params *params, unsigned int cpu,
			bool (*must_stop)(void), struct bench_result *result)
{
	struct bench_crew *crew = bench_crew_create(row, params, row->cpus);
	int ret;

	if (IS_ERR(crew))
		return PTR_ERR(crew);
	crew->runs[0].cpu = cpu;
	ret = params->latency ? make_probes(crew) : 0;
	if (!ret)
		ret = measure_crew(crew, must_stop, result);
	bench_crew_destroy(crew);
	return ret;
}

/* On one CPU and in task context, whatever else was asked for. */
static int watch_round(struct bench_crew *crew, struct bench_result *result)
{
	const struct bench_allocator *allocator = crew->row->kind->allocator;
	struct bench_run *run = &crew->runs[0];
	int ret;

	bench_probe_watch_memory(run->probe, allocator, run->handles[0]);
	run->how = BENCH_HOW_PROBED;
	ret = bench_round(crew->row->suite, crew->row->kind, run,
			  MPDEMO_BENCH_CONTEXT_TASK);
	if (!ret)
		ret = bench_probe_memory(run->probe, result);
	if (!ret && !allocator->slab)
		result->used = bench_crew_footprint(crew);
	return ret;
}

static int measure_memory(const struct bench_row *row,
			  const struct bench_params *params, unsigned int cpu,
			  struct bench_result *result)
{
	struct bench_crew *crew = bench_crew_create(row, params, 1);
	int ret;

	if (IS_ERR(crew))
		return PTR_ERR(crew);
	crew->runs[0].cpu = cpu;
	ret = make_probes(crew);
	if (!ret)
		ret = watch_round(crew, result);
	bench_crew_destroy(crew);
	return ret;
}

/**
 * bench_row_measure() - measure a row
 * @row: the row; its result is not changed
 * @params: what was asked for
 * @cpu: the CPU that the caller is bound to
 * @must_stop: whether to give up; asked before each round
 * @result: where the result is put, with calls that are the caller's then
 *
 * Context: A kthread bound to @cpu.
 * Return: 0; -ECANCELED where @must_stop said so, -ENODEV where a thread does
 * not run on its CPU any more, or too few are online, or the error of the allocator.
 */
int bench_row_measure(const struct bench_row *row,
		      const struct bench_params *params, unsigned int cpu,
		      bool (*must_stop)(void), struct bench_result *result)
{
	int ret;

	*result = (struct bench_result){};
	ret = measure_time(row, params, cpu, must_stop, result);
	if (!ret && params->memory)
		ret = measure_memory(row, params, cpu, result);
	if (ret) {
		kvfree(result->calls);
		result->calls = NULL;
	}
	return ret;
}
