/* SPDX-License-Identifier: GPL-2.0 */
/* The figures of a benchmark as a table and as JSON. */
#ifndef POOLCTL_BENCH_REPORT_H
#define POOLCTL_BENCH_REPORT_H

#include <json-c/json.h>

#include "machine.h"
#include "bench_request.h"

/*
 * struct bench_report - all that is reported
 * @instrument: what the clock of the machine counts: "ns" or "instructions"
 * @time: when it began, as ISO 8601 has it
 * @status: of the newest job
 */
struct bench_report {
	const char *instrument;
	char time[32];
	struct machine machine;
	struct bench_status status;
	struct bench_rows rows;
};

void bench_report_table(const struct bench_report *report);
struct json_object *bench_report_json(const struct bench_report *report);

#endif /* POOLCTL_BENCH_REPORT_H */
