/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one job that may run: see job.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_JOB_H
#define _MEMPOOL_DEMO_BENCH_JOB_H

#include <linux/types.h>

#include <uapi/linux/mempool_demo_bench.h>

#include "measure.h"

/**
 * struct bench_status - what is to be told about the newest job
 * @job: its number, from 1 on; 0 before the first one
 * @state: where it is
 * @error: positive errno of a job that failed, else 0
 * @cpu: the CPU it was to run on
 * @rows_done: rows measured so far
 * @rows_total: rows it has
 */
struct bench_status {
	u32 job;
	enum mpdemo_bench_state state;
	u32 error;
	u32 cpu;
	u32 rows_done;
	u32 rows_total;
};

/**
 * struct bench_request - what a job shall be
 * @params: what to measure
 * @cpu: the CPU to run on
 * @owner: who asks for it, for bench_job_abandon(); not 0
 * @notify: called in the thread of the job after each row and at the end,
 *	without a lock; must not wait for the job
 */
struct bench_request {
	struct bench_params params;
	u32 cpu;
	u32 owner;
	void (*notify)(const struct bench_status *status);
};

/**
 * struct bench_refusal - why there is no job
 * @attr: the attribute that is wrong, of enum mpdemo_bench_attr; 0: none
 * @why: a text about it; NULL: the error says all
 */
struct bench_refusal {
	u32 attr;
	const char *why;
};

int bench_job_start(const struct bench_request *request,
		    struct bench_status *status, struct bench_refusal *refusal);
int bench_job_cancel(u32 number);
void bench_job_abandon(u32 owner);
void bench_job_get_status(struct bench_status *status);
bool bench_job_get_row(unsigned int index, struct bench_row *row,
		       struct bench_params *params, struct bench_latency *alloc,
		       struct bench_latency *free, u32 *number);
unsigned int bench_job_get_bucket(unsigned int index, unsigned int from,
				  u32 *samples, u32 *number);
void bench_job_exit(void);

#endif /* _MEMPOOL_DEMO_BENCH_JOB_H */
