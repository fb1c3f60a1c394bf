// SPDX-License-Identifier: GPL-2.0
/* Jobs of a benchmark, one after the other. */
#include <errno.h>
#include <poll.h>

#include "bench_job.h"
#include "bench_progress.h"
#include "signals.h"

/* Notifications may be lost: ask when there was none for so long. */
#define PATIENCE	((struct timespec){ .tv_sec = 2 })

/* A job that runs: requests go one way, notifications come the other. */
struct job {
	struct netlink requests;
	struct netlink events;
	struct bench_progress progress;
	struct bench_status status;
};

static int open_job(struct job *job, struct kernel_error *error)
{
	if (netlink_open(&job->requests, &bench_family, error))
		return -1;
	if (netlink_open(&job->events, &bench_family, error))
		goto close_requests;
	if (netlink_subscribe(&job->events, MEMPOOL_BENCH_MCGRP_PROGRESS,
			      NETLINK_BUFFER, error))
		goto close_events;
	return 0;
close_events:
	netlink_close(&job->events);
close_requests:
	netlink_close(&job->requests);
	return -1;
}

static void close_job(struct job *job)
{
	netlink_close(&job->events);
	netlink_close(&job->requests);
}

static int cancel(struct job *job, struct kernel_error *error)
{
	int result = bench_cancel(&job->requests, job->status.job, error);

	/* ESRCH: it has ended meanwhile, and its last state is to be read. */
	return result && error->error != ESRCH ? -1 : 0;
}

static int read_news(struct job *job, int ready, struct kernel_error *error)
{
	if (ready)
		return bench_read_progress(&job->events, &job->status, error);
	return bench_read_status(&job->requests, job->status.job, &job->status,
			       error);
}

/* Until the job has ended, in whatever state. */
static int wait_for_end(struct job *job, const sigset_t *signals,
			struct kernel_error *error)
{
	struct pollfd events = {
		.fd = nl_socket_get_fd(job->events.socket),
		.events = POLLIN,
	};
	bool cancelled = false;

	while (job->status.state == MPDEMO_BENCH_STATE_RUNNING) {
		int ready;

		bench_progress_show(&job->progress, &job->status);
		ready = ppoll(&events, 1, &PATIENCE, signals);
		if (ready < 0)
			ready = 0;	/* a signal */
		if (signals_caught && !cancelled) {
			cancelled = true;
			if (cancel(job, error))
				return -1;
		}
		if (read_news(job, ready, error))
			return -1;
	}
	return 0;
}

static int run_job(struct job *job, const struct bench_request *request,
		   const sigset_t *signals, struct bench_rows *rows,
		   struct kernel_error *error)
{
	if (bench_run(&job->requests, request, &job->status, error) ||
	    wait_for_end(job, signals, error) ||
	    bench_read_rows(&job->requests, job->status.job, rows, error))
		return -1;
	for (size_t i = rows->count; i && rows->rows[i - 1].job == job->status.job; i--)
		rows->rows[i - 1].size_given = request->size;
	return 0;
}

int bench_run_plan(const struct bench_plan *plan, struct bench_report *report,
		   struct kernel_error *error)
{
	struct job job = { .progress.jobs = plan->count };
	sigset_t before;
	int result = 0;

	if (open_job(&job, error))
		return -1;
	signals_catch(&before);
	for (size_t i = 0; i < plan->count && !result; i++) {
		job.progress.job = i;
		job.progress.request = &plan->requests[i];
		result = run_job(&job, &plan->requests[i], &before,
				 &report->rows, error);
		report->status = job.status;
		if (job.status.state != MPDEMO_BENCH_STATE_DONE)
			break;
	}
	bench_progress_end();
	close_job(&job);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
