// SPDX-License-Identifier: GPL-2.0
/*
 * What messages of the family mempool-bench say: the state of a job, a row, a bucket
 * of its histograms. All of these return 0, or -EMSGSIZE where there is no room.
 */

#include <linux/errno.h>
#include <net/netlink.h>

#include "bench_put.h"

/**
 * bench_put_status() - say where a job is
 * @skb: the message
 * @status: where it is
 *
 * Context: Any.
 * Return: 0, or -EMSGSIZE.
 */
int bench_put_status(struct sk_buff *skb, const struct bench_status *status)
{
	if (nla_put_u32(skb, MPDEMO_BENCH_A_JOB, status->job) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_STATE, status->state) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ERROR, status->error) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CPU, status->cpu) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ROWS_DONE, status->rows_done) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ROWS_TOTAL, status->rows_total))
		return -EMSGSIZE;
	return 0;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_BENCH_A_PAD);
}

static int put_latency_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_BENCH_LATENCY_A_PAD);
}

static int put_latency(struct sk_buff *skb, int attr,
		       const struct bench_latency *latency)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest)
		return -EMSGSIZE;
	if (put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_SAMPLES,
			    latency->samples) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P50, latency->p50) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P90, latency->p90) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P99, latency->p99) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P999, latency->p999) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_LONGEST, latency->max))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What the row is of. */
static int put_work(struct sk_buff *skb, unsigned int index,
		    const struct bench_row *row,
		    const struct bench_params *params)
{
	const struct bench_suite *suite = row->suite;
	u64 operations = (u64)row->steps * suite->operations(row->batch);

	if (nla_put_u32(skb, MPDEMO_BENCH_A_ROW, index) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_SUITE, suite->id) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_ALLOCATOR,
			   row->kind->allocator->name) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_VARIANT,
			   row->kind->allocator->variant) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_OBJECT_SIZE, row->size) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_BATCH, row->batch) ||
	    put_u64(skb, MPDEMO_BENCH_A_OPERATIONS, operations) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_UNIT, suite->unit) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CPUS, row->cpus) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_SIZES, params->sizes) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CONTEXT, params->context) ||
	    (params->zero && nla_put_flag(skb, MPDEMO_BENCH_A_ZERO)))
		return -EMSGSIZE;
	return 0;
}

static int put_latencies(struct sk_buff *skb, const struct bench_result *result,
			 const struct bench_latency *alloc,
			 const struct bench_latency *free)
{
	if (put_u64(skb, MPDEMO_BENCH_A_CLOCK, result->clock) ||
	    put_u64(skb, MPDEMO_BENCH_A_CLOCK_STEP, result->clock_step) ||
	    put_latency(skb, MPDEMO_BENCH_A_ALLOC_LATENCY, alloc) ||
	    put_latency(skb, MPDEMO_BENCH_A_FREE_LATENCY, free))
		return -EMSGSIZE;
	return 0;
}

static int put_result(struct sk_buff *skb, const struct bench_result *result,
		      const struct bench_params *params)
{
	if (nla_put_u32(skb, MPDEMO_BENCH_A_ROUNDS, BENCH_ROUNDS) ||
	    put_u64(skb, MPDEMO_BENCH_A_MIN, result->min) ||
	    put_u64(skb, MPDEMO_BENCH_A_MEDIAN, result->median) ||
	    put_u64(skb, MPDEMO_BENCH_A_FAILURES, result->failures))
		return -EMSGSIZE;
	if (params->memory && put_u64(skb, MPDEMO_BENCH_A_MEMORY_REQUESTED,
				      result->requested))
		return -EMSGSIZE;
	if (result->used &&
	    put_u64(skb, MPDEMO_BENCH_A_MEMORY_USED, result->used))
		return -EMSGSIZE;
	if (result->handed_out &&
	    put_u64(skb, MPDEMO_BENCH_A_MEMORY_HANDED_OUT, result->handed_out))
		return -EMSGSIZE;
	return 0;
}

/**
 * bench_put_row() - say what a row is of, and what was measured
 * @skb: the message
 * @index: number of the row in its job
 * @row: the row
 * @params: what was asked for
 * @alloc: how long allocations took, if that was asked for
 * @free: how long frees took
 *
 * Context: Any.
 * Return: 0, or -EMSGSIZE.
 */
int bench_put_row(struct sk_buff *skb, unsigned int index,
		  const struct bench_row *row,
		  const struct bench_params *params,
		  const struct bench_latency *alloc,
		  const struct bench_latency *free)
{
	if (put_work(skb, index, row, params) ||
	    put_result(skb, &row->result, params))
		return -EMSGSIZE;
	return params->latency ? put_latencies(skb, &row->result, alloc, free) :
				 0;
}

/**
 * bench_put_bucket() - say how many calls were counted in a bucket
 * @skb: the message
 * @index: number of the row in its job
 * @bucket: the bucket: those of allocations come first
 * @samples: how many
 *
 * Context: Any.
 * Return: 0, or -EMSGSIZE.
 */
int bench_put_bucket(struct sk_buff *skb, unsigned int index,
		     unsigned int bucket, u32 samples)
{
	u32 call = MPDEMO_BENCH_CALL_ALLOC;

	if (bucket >= BENCH_BUCKETS) {
		bucket -= BENCH_BUCKETS;
		call = MPDEMO_BENCH_CALL_FREE;
	}
	if (nla_put_u32(skb, MPDEMO_BENCH_A_ROW, index) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CALL, call) ||
	    put_u64(skb, MPDEMO_BENCH_A_BUCKET_LEAST,
		    bench_bucket_least(bucket)) ||
	    put_u64(skb, MPDEMO_BENCH_A_BUCKET_LONGEST,
		    bench_bucket_longest(bucket)) ||
	    put_u64(skb, MPDEMO_BENCH_A_BUCKET_SAMPLES, samples))
		return -EMSGSIZE;
	return 0;
}
