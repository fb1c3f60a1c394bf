/* SPDX-License-Identifier: GPL-2.0 */
/* The progress of a benchmark, for people. */
#ifndef POOLCTL_BENCH_PROGRESS_H
#define POOLCTL_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench_request.h"

/*
 * struct bench_progress - how far it is
 * @request: of the job that runs
 * @job: which one that is, from 0 on
 * @jobs: how many there are
 */
struct bench_progress {
	const struct bench_request *request;
	size_t job;
	size_t jobs;
};

/* On a terminal; into a file there is nothing, as each line costs instructions too. */
void bench_progress_show(const struct bench_progress *progress,
			 const struct bench_status *status);

/* Take away what was shown. */
void bench_progress_end(void);

/* "micro, 64 bytes, 100 outstanding, 2 CPUs", what was asked for. */
void bench_request_text(const struct bench_request *request, char *text,
			size_t size);

#endif /* POOLCTL_BENCH_PROGRESS_H */
