/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of the family "mempool-bench". */
#ifndef POOLCTL_BENCH_REQUEST_H
#define POOLCTL_BENCH_REQUEST_H

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

/* struct bench_row - one allocator in one workload; see the specification */
struct bench_row {
	uint32_t suite;
	char allocator[32];
	char variant[32];
	uint32_t object_size;
	uint32_t batch;
	uint64_t operations;
	uint32_t rounds;
	uint64_t min;
	uint64_t median;
};

struct bench_rows {
	struct bench_row *rows;
	size_t count;
};

/* What to run; a negative CPU is the current one, suite 0 is all of them. */
struct bench_request {
	uint32_t suite;
	int64_t cpu;
};

const char *bench_suite_name(uint32_t suite);
const char *bench_state_name(uint32_t state);

/* All of these return 0 or fill @error and return -1. */

int bench_run(struct netlink *netlink, const struct bench_request *request,
	      struct bench_status *status, struct kernel_error *error);
int bench_cancel(struct netlink *netlink, uint32_t job,
		 struct kernel_error *error);
int bench_read_status(struct netlink *netlink, uint32_t job,
		      struct bench_status *status, struct kernel_error *error);
int bench_read_rows(struct netlink *netlink, struct bench_rows *rows,
		    struct kernel_error *error);

/* Read the notifications there are; those about other jobs are passed over. */
int bench_read_progress(struct netlink *netlink, struct bench_status *status,
			struct kernel_error *error);

#endif /* POOLCTL_BENCH_REQUEST_H */
