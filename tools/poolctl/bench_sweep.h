/* SPDX-License-Identifier: GPL-2.0 */
/* What a report is about. */
#ifndef POOLCTL_BENCH_SWEEP_H
#define POOLCTL_BENCH_SWEEP_H

#include "bench_job.h"
#include "machine.h"

/*
 * All suites as they are, with latencies and memory, and then from one job to the next other
 * numbers outstanding, sizes and CPUs. @basis has what is the same in all jobs; the
 * caller frees the requests.
 */
struct bench_plan bench_sweep(const struct bench_request *basis,
			      const struct machine *machine, bool instructions);

#endif /* POOLCTL_BENCH_SWEEP_H */
