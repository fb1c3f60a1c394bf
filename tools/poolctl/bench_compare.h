/* SPDX-License-Identifier: GPL-2.0 */
/* Two documents of a benchmark, row by row. */
#ifndef POOLCTL_BENCH_COMPARE_H
#define POOLCTL_BENCH_COMPARE_H

#include <stdbool.h>
#include <json-c/json.h>

/*
 * struct bench_comparison - what is compared, and how
 * @before: the document of before
 * @after: that of now
 * @suite: only rows of this suite; NULL: all of them
 * @has_limit: there is a limit
 * @limit: percent that a row may cost more
 */
struct bench_comparison {
	struct json_object *before;
	struct json_object *after;
	const char *suite;
	bool has_limit;
	double limit;
};

/* Read a document that --save has written; NULL after a usage error. */
struct json_object *bench_document_read(const char *path);

/* Percent, as 5, 5% or 0.5%; false after a usage error. */
bool bench_limit_read(const char *text, double *limit);

/*
 * Print a table or JSON. Returns an exit status: that of a usage error where the two
 * cannot be compared, STATUS_FALSE where a row is above the limit, or where there is
 * no row that both have.
 */
int bench_compare(const struct bench_comparison *comparison);

#endif /* POOLCTL_BENCH_COMPARE_H */
