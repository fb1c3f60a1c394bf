/* SPDX-License-Identifier: GPL-2.0 */
/* What follows from the figures of a benchmark. */
#ifndef POOLCTL_BENCH_FIGURES_H
#define POOLCTL_BENCH_FIGURES_H

#include <stdbool.h>

#include "bench_request.h"

/* Figures for one operation. */
struct bench_figures {
	double min;
	double median;
};

bool bench_is_empty(const struct bench_row *row);
struct bench_figures bench_gross(const struct bench_row *row);
bool bench_net(const struct bench_rows *rows, const struct bench_row *row,
	       struct bench_figures *figures);
bool bench_ratio(const struct bench_rows *rows, const struct bench_row *row,
		 double *value);
/*
 * Operations in a second, of all CPUs together, in the median round; of a row whose
 * median is not 0, as it is where the clock is too coarse.
 */
double bench_throughput(const struct bench_row *row);

#endif /* POOLCTL_BENCH_FIGURES_H */
