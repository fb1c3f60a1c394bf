/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of the family "mempool-bench". */
#ifndef POOLCTL_BENCH_REQUEST_H
#define POOLCTL_BENCH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo_bench.h>

#include "error.h"
#include "netlink.h"

extern const struct netlink_family bench_family;

/* struct bench_status - where a job stands; see the specification */
struct bench_status {
	uint32_t job;
	uint32_t state;
	uint32_t error;
	uint32_t cpu;
	uint32_t rows_done;
	uint32_t rows_total;
};

/* struct bench_latency - how long calls took; no samples: nobody asked */
struct bench_latency {
	uint64_t samples;
	uint64_t p50;
	uint64_t p90;
	uint64_t p99;
	uint64_t p999;
	uint64_t max;
};

/* struct bench_bucket - calls that took about as long, of one kind of them */
struct bench_bucket {
	uint32_t call;
	uint64_t least;
	uint64_t longest;
	uint64_t samples;
};

/*
 * struct bench_row - one allocator in one workload; see the specification
 * @job: number of its job
 * @size_given: its size was asked for, so that it was no constant
 * @has_memory: memory was looked at; @used and @handed_out are 0 where they are not
 *	known
 * @buckets: of both histograms, where latencies were asked for
 */
struct bench_row {
	uint32_t job;
	bool size_given;
	uint32_t suite;
	char allocator[32];
	char variant[32];
	uint32_t object_size;
	uint32_t batch;
	uint64_t operations;
	uint32_t rounds;
	uint64_t min;
	uint64_t median;
	char unit[32];
	uint32_t cpus;
	uint32_t sizes;
	uint32_t context;
	bool zero;
	uint64_t failures;
	uint64_t clock;
	uint64_t clock_step;
	struct bench_latency alloc;
	struct bench_latency free;
	bool has_memory;
	uint64_t requested;
	uint64_t used;
	uint64_t handed_out;
	struct bench_bucket *buckets;
	size_t bucket_count;
};

/*
 * struct bench_rows - rows of jobs
 * @kept: so many of them are of jobs before
 */
struct bench_rows {
	struct bench_row *rows;
	size_t count;
	size_t kept;
};

/*
 * What to run; a negative CPU is the current one, suite 0 is all of them, and any
 * other 0 is what the suite has by itself.
 */
struct bench_request {
	uint32_t suite;
	int64_t cpu;
	uint32_t size;
	uint32_t outstanding;
	uint32_t operations;
	uint32_t cpus;
	uint32_t sizes;
	uint32_t context;
	bool zero;
	bool latency;
	bool memory;
};

/* "unknown" where this program is older than the module. */
const char *bench_suite_name(uint32_t suite);
const char *bench_state_name(uint32_t state);
const char *bench_context_name(uint32_t context);
const char *bench_sizes_name(uint32_t sizes);

/* 0 if there is none of this name. */
uint32_t bench_suite_number(const char *name);
uint32_t bench_context_number(const char *name);

/* The suite that was probably meant, or NULL. */
const char *bench_suite_nearest(const char *name);

/* All of these return 0 or fill @error and return -1. */

int bench_run(struct netlink *netlink, const struct bench_request *request,
	      struct bench_status *status, struct kernel_error *error);
int bench_cancel(struct netlink *netlink, uint32_t job,
		 struct kernel_error *error);
int bench_read_status(struct netlink *netlink, uint32_t job,
		      struct bench_status *status, struct kernel_error *error);

/* Append the rows of the newest job, which has this number. */
int bench_read_rows(struct netlink *netlink, uint32_t job,
		    struct bench_rows *rows, struct kernel_error *error);
void bench_free_rows(struct bench_rows *rows);

/* Read the notifications there are; those about other jobs are passed over. */
int bench_read_progress(struct netlink *netlink, struct bench_status *status,
			struct kernel_error *error);

#endif /* POOLCTL_BENCH_REQUEST_H */
