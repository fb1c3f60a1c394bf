// SPDX-License-Identifier: GPL-2.0
/* What follows from the figures of a benchmark. */
#include <string.h>

#include "bench_figures.h"

bool bench_is_empty(const struct bench_row *row)
{
	return !strcmp(row->allocator, "empty");
}

static bool same_work(const struct bench_row *a, const struct bench_row *b)
{
	return a->job == b->job && a->suite == b->suite &&
	       a->batch == b->batch && a->object_size == b->object_size;
}

/* The row of another allocator for the work of @row, NULL if there is none. */
static const struct bench_row *find(const struct bench_rows *rows,
				    const struct bench_row *row,
				    const char *allocator, const char *variant)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct bench_row *other = &rows->rows[i];

		if (same_work(row, other) &&
		    !strcmp(other->allocator, allocator) &&
		    !strcmp(other->variant, variant))
			return other;
	}
	return NULL;
}

static bool is_bulk(const struct bench_row *row)
{
	return !strncmp(row->variant, "bulk", 4);
}

/*
 * The loop around the calls of @row alone, NULL if it was not measured. Bulk
 * calls have a loop of their own.
 */
static const struct bench_row *find_loop(const struct bench_rows *rows,
					 const struct bench_row *row)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct bench_row *other = &rows->rows[i];

		if (bench_is_empty(other) && same_work(row, other) &&
		    is_bulk(row) == is_bulk(other))
			return other;
	}
	return NULL;
}

struct bench_figures bench_gross(const struct bench_row *row)
{
	double operations = row->operations ? row->operations : 1;

	return (struct bench_figures){
		.min = row->min / operations,
		.median = row->median / operations,
	};
}

/*
 * Without the loop around the calls; false where that was not measured. The
 * loop's best round is taken off both figures: what disturbed its others has
 * nothing to do with this row, and the median stays no less than the minimum.
 */
bool bench_net(const struct bench_rows *rows, const struct bench_row *row,
	       struct bench_figures *figures)
{
	const struct bench_row *loop = find_loop(rows, row);
	struct bench_figures without;

	*figures = bench_gross(row);
	if (!loop || bench_is_empty(row))
		return false;
	without = bench_gross(loop);
	figures->min -= without.min;
	figures->median -= without.min;
	return true;
}

/* Median against that of kmem_cache with GFP_KERNEL; false if unknown. */
bool bench_ratio(const struct bench_rows *rows, const struct bench_row *row,
		 double *value)
{
	const struct bench_row *slab = find(rows, row, "kmem_cache",
					    "GFP_KERNEL");
	struct bench_figures figures, base;

	if (!slab || !bench_net(rows, slab, &base) || !bench_net(rows, row, &figures) ||
	    base.median <= 0)
		return false;
	*value = figures.median / base.median;
	return true;
}

double bench_throughput(const struct bench_row *row)
{
	return row->operations * 1e9 * row->cpus / row->median;
}
