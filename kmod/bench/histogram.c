// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms of latencies. They are linear within a power of two: 16 buckets
 * for each, so what a percentile is rounded up by is no more than a sixteenth of it.
 * The longest one is kept as it is.
 */

#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "histogram.h"

static unsigned int bucket_of(u64 ns)
{
	unsigned int log;

	if (ns < BENCH_LINEAR)
		return ns;
	log = fls64(ns) - 1;
	if (log >= BENCH_LOG_MAX)
		return BENCH_BUCKETS - 1;
	return (log - BENCH_LINEAR_SHIFT + 1) * BENCH_LINEAR +
	       ((ns >> (log - BENCH_LINEAR_SHIFT)) & (BENCH_LINEAR - 1));
}

/**
 * bench_bucket_least() - the shortest call that is counted in a bucket
 * @bucket: the bucket
 *
 * Context: Any.
 * Return: nanoseconds.
 */
u64 bench_bucket_least(unsigned int bucket)
{
	return bucket ? bench_bucket_longest(bucket - 1) + 1 : 0;
}

/**
 * bench_bucket_longest() - the longest call that is counted in a bucket
 * @bucket: the bucket; in the last one longer ones are counted as well
 *
 * Context: Any.
 * Return: nanoseconds.
 */
u64 bench_bucket_longest(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < BENCH_LINEAR)
		return bucket;
	shift = bucket / BENCH_LINEAR - 1;
	return ((u64)(BENCH_LINEAR + bucket % BENCH_LINEAR + 1) << shift) - 1;
}

/**
 * bench_histogram_note() - count a call
 * @histogram: where
 * @ns: how long it took
 *
 * Context: Any; one at a time.
 */
void bench_histogram_note(struct bench_histogram *histogram, u64 ns)
{
	histogram->counts[bucket_of(ns)]++;
	if (ns > histogram->max)
		histogram->max = ns;
}

/**
 * bench_histogram_add() - count the calls of a histogram in another one as well
 * @sum: the other one
 * @other: the histogram
 *
 * Context: Any; nobody counts.
 */
void bench_histogram_add(struct bench_histogram *sum,
			 const struct bench_histogram *other)
{
	unsigned int i;

	for (i = 0; i < BENCH_BUCKETS; i++)
		sum->counts[i] += other->counts[i];
	sum->max = max(sum->max, other->max);
}

/* The end of the bucket that holds the sample of this rank, from 1 on. */
static u64 value_at(const struct bench_histogram *histogram, u64 rank)
{
	unsigned int i;
	u64 seen = 0;

	for (i = 0; i < BENCH_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen >= rank)
			return min(bench_bucket_longest(i), histogram->max);
	}
	return histogram->max;
}

/**
 * bench_histogram_summarize() - see what a histogram says
 * @histogram: the histogram
 * @latency: where it is put
 *
 * Context: Any; nobody counts.
 */
void bench_histogram_summarize(const struct bench_histogram *histogram,
			       struct bench_latency *latency)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < BENCH_BUCKETS; i++)
		n += histogram->counts[i];
	*latency = (struct bench_latency){ .samples = n };
	if (!n)
		return;
	latency->p50 = value_at(histogram, div_u64(n * 500 + 999, 1000));
	latency->p90 = value_at(histogram, div_u64(n * 900 + 999, 1000));
	latency->p99 = value_at(histogram, div_u64(n * 990 + 999, 1000));
	latency->p999 = value_at(histogram, div_u64(n * 999 + 999, 1000));
	latency->max = histogram->max;
}
