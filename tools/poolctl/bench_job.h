/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs of a benchmark, one after the other. */
#ifndef POOLCTL_BENCH_JOB_H
#define POOLCTL_BENCH_JOB_H

#include "bench_report.h"
#include "bench_request.h"
#include "error.h"

/* struct bench_plan - what is measured, job by job */
struct bench_plan {
	struct bench_request *requests;
	size_t count;
};

/*
 * Run all jobs, and put what they measured into @report. Ends with the first that does
 * not come to its end, whose state is in @report then; a signal cancels it. Returns
 * 0, or fills @error and returns -1; what was measured before stays in @report.
 */
int bench_run_plan(const struct bench_plan *plan, struct bench_report *report,
		   struct kernel_error *error);

#endif /* POOLCTL_BENCH_JOB_H */
