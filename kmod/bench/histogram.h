/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms of how long calls took: see histogram.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_HISTOGRAM_H
#define _MEMPOOL_DEMO_BENCH_HISTOGRAM_H

#include <linux/bits.h>
#include <linux/types.h>

/* Buckets of a power of two; the first ones are of a single nanosecond. */
#define BENCH_LINEAR_SHIFT	4
#define BENCH_LINEAR		BIT(BENCH_LINEAR_SHIFT)
/* A call longer than 2^40 ns, 18 minutes, counts as one of so long. */
#define BENCH_LOG_MAX		40
#define BENCH_BUCKETS							\
	((BENCH_LOG_MAX - BENCH_LINEAR_SHIFT + 1) * BENCH_LINEAR)

/**
 * struct bench_histogram - how long calls took
 * @counts: calls, by bucket
 * @max: nanoseconds of the longest one
 */
struct bench_histogram {
	u32 counts[BENCH_BUCKETS];
	u64 max;
};

/**
 * struct bench_latency - what a histogram says
 * @samples: calls
 * @p50: nanoseconds that half of them did not exceed, rounded up to the end of
 *	a bucket of the histogram; and likewise
 * @p90: 90 of 100,
 * @p99: 99 of 100, and
 * @p999: 999 of 1000
 * @max: nanoseconds of the longest one
 */
struct bench_latency {
	u64 samples;
	u64 p50;
	u64 p90;
	u64 p99;
	u64 p999;
	u64 max;
};

void bench_histogram_note(struct bench_histogram *histogram, u64 ns);
void bench_histogram_add(struct bench_histogram *sum,
			 const struct bench_histogram *other);
void bench_histogram_summarize(const struct bench_histogram *histogram,
			       struct bench_latency *latency);
u64 bench_bucket_least(unsigned int bucket);
u64 bench_bucket_longest(unsigned int bucket);

#endif /* _MEMPOOL_DEMO_BENCH_HISTOGRAM_H */
