/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the CPUs of a row work with: see crew.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_CREW_H
#define _MEMPOOL_DEMO_BENCH_CREW_H

#include "measure.h"

/**
 * struct bench_crew - the runs of all CPUs of a row, and what they share
 * @row: the row
 * @params: what was asked for
 * @nr: number of runs
 * @sizes: sizes of objects to come
 * @runs: the runs, the first one that of the thread of the job
 */
struct bench_crew {
	const struct bench_row *row;
	const struct bench_params *params;
	unsigned int nr;
	u16 sizes[BENCH_SIZES];
	struct bench_run runs[] __counted_by(nr);
};

struct bench_crew *bench_crew_create(const struct bench_row *row,
				     const struct bench_params *params,
				     unsigned int nr);
void bench_crew_destroy(struct bench_crew *crew);
size_t bench_crew_footprint(const struct bench_crew *crew);

#endif /* _MEMPOOL_DEMO_BENCH_CREW_H */
