// SPDX-License-Identifier: GPL-2.0
/* Requests of the family "mempool-bench". */
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_request.h"
#include "memory.h"
#include "text.h"

static const char *attribute_name(unsigned int attribute)
{
	/* Those of requests; no other can be wrong. */
	switch (attribute) {
	case MPDEMO_BENCH_A_JOB:
		return "job";
	case MPDEMO_BENCH_A_SUITE:
		return "suite";
	case MPDEMO_BENCH_A_CPU:
		return "cpu";
	case MPDEMO_BENCH_A_OBJECT_SIZE:
		return "object-size";
	case MPDEMO_BENCH_A_BATCH:
		return "batch";
	case MPDEMO_BENCH_A_OPERATIONS:
		return "operations";
	case MPDEMO_BENCH_A_CPUS:
		return "cpus";
	case MPDEMO_BENCH_A_SIZES:
		return "sizes";
	case MPDEMO_BENCH_A_CONTEXT:
		return "context";
	default:
		return NULL;
	}
}

const struct netlink_family bench_family = {
	.name = MPDEMO_BENCH_FAMILY_NAME,
	.version = MPDEMO_BENCH_FAMILY_VERSION,
	.module = "mempool_demo_bench",
	.attribute_name = attribute_name,
};

static struct nla_policy policy[MPDEMO_BENCH_A_MAX + 1] = {
	[MPDEMO_BENCH_A_JOB] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_SUITE] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_CPU] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_STATE] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_ERROR] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_ROWS_DONE] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_ROWS_TOTAL] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_ALLOCATOR] = { .type = NLA_STRING },
	[MPDEMO_BENCH_A_VARIANT] = { .type = NLA_STRING },
	[MPDEMO_BENCH_A_OBJECT_SIZE] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_BATCH] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_OPERATIONS] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_ROUNDS] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_MIN] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_MEDIAN] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_UNIT] = { .type = NLA_STRING },
	[MPDEMO_BENCH_A_CPUS] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_SIZES] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_CONTEXT] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_ZERO] = { .type = NLA_FLAG },
	[MPDEMO_BENCH_A_FAILURES] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_CLOCK] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_CLOCK_STEP] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_ALLOC_LATENCY] = { .type = NLA_NESTED },
	[MPDEMO_BENCH_A_FREE_LATENCY] = { .type = NLA_NESTED },
	[MPDEMO_BENCH_A_MEMORY_REQUESTED] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_MEMORY_USED] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_ROW] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_CALL] = { .type = NLA_U32 },
	[MPDEMO_BENCH_A_BUCKET_LEAST] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_BUCKET_LONGEST] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_BUCKET_SAMPLES] = { .type = NLA_U64 },
	[MPDEMO_BENCH_A_MEMORY_HANDED_OUT] = { .type = NLA_U64 },
};

static struct nla_policy latency_policy[MPDEMO_BENCH_LATENCY_A_MAX + 1] = {
	[MPDEMO_BENCH_LATENCY_A_SAMPLES] = { .type = NLA_U64 },
	[MPDEMO_BENCH_LATENCY_A_P50] = { .type = NLA_U64 },
	[MPDEMO_BENCH_LATENCY_A_P90] = { .type = NLA_U64 },
	[MPDEMO_BENCH_LATENCY_A_P99] = { .type = NLA_U64 },
	[MPDEMO_BENCH_LATENCY_A_P999] = { .type = NLA_U64 },
	[MPDEMO_BENCH_LATENCY_A_LONGEST] = { .type = NLA_U64 },
};

/* By the numbers of the specification, from 1 on. */
static const char *const suites[] = {
	[MPDEMO_BENCH_SUITE_MICRO] = "micro",
	[MPDEMO_BENCH_SUITE_BULLETS] = "bullets",
	[MPDEMO_BENCH_SUITE_REMOTE] = "remote",
	[MPDEMO_BENCH_SUITE_HTTP] = "http",
	[MPDEMO_BENCH_SUITE_CONNECTIONS] = "connections",
	[MPDEMO_BENCH_SUITE_CHAT] = "chat",
	[MPDEMO_BENCH_SUITE_SIZES] = "sizes",
	[MPDEMO_BENCH_SUITE_PERCPU] = "percpu",
};

static const char *const contexts[] = {
	[MPDEMO_BENCH_CONTEXT_TASK] = "task",
	[MPDEMO_BENCH_CONTEXT_SOFTIRQ] = "softirq",
	[MPDEMO_BENCH_CONTEXT_HARDIRQ] = "hardirq",
};

static const char *const sizes[] = {
	[MPDEMO_BENCH_SIZES_CONSTANT] = "constant",
	[MPDEMO_BENCH_SIZES_RANDOM] = "random",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *name_of(const char *const *names, size_t count,
			   uint32_t number)
{
	return number < count && names[number] ? names[number] : "unknown";
}

static uint32_t number_of(const char *const *names, size_t count,
			  const char *name)
{
	for (size_t i = 1; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return 0;
}

const char *bench_suite_name(uint32_t suite)
{
	return name_of(suites, COUNT(suites), suite);
}

const char *bench_context_name(uint32_t context)
{
	return name_of(contexts, COUNT(contexts), context);
}

const char *bench_sizes_name(uint32_t number)
{
	return name_of(sizes, COUNT(sizes), number);
}

uint32_t bench_suite_number(const char *name)
{
	return number_of(suites, COUNT(suites), name);
}

uint32_t bench_context_number(const char *name)
{
	return number_of(contexts, COUNT(contexts), name);
}

const char *bench_suite_nearest(const char *name)
{
	const char *names[COUNT(suites)] = { NULL };

	memcpy(names, suites + 1, sizeof(suites) - sizeof(*suites));
	return text_nearest(name, names);
}

const char *bench_state_name(uint32_t state)
{
	switch (state) {
	case MPDEMO_BENCH_STATE_IDLE:
		return "idle";
	case MPDEMO_BENCH_STATE_RUNNING:
		return "running";
	case MPDEMO_BENCH_STATE_DONE:
		return "done";
	case MPDEMO_BENCH_STATE_FAILED:
		return "failed";
	case MPDEMO_BENCH_STATE_CANCELLED:
		return "cancelled";
	default:
		return "unknown";
	}
}

static uint32_t take_u32(struct nlattr **tb, int attribute)
{
	return tb[attribute] ? nla_get_u32(tb[attribute]) : 0;
}

static uint64_t take_u64(struct nlattr **tb, int attribute)
{
	return tb[attribute] ? nla_get_u64(tb[attribute]) : 0;
}

static void take_text(struct nlattr **tb, int attribute, char *out, size_t size)
{
	struct nlattr *text = tb[attribute];

	snprintf(out, size, "%.*s", text ? nla_len(text) : 0,
		 text ? (char *)nla_data(text) : "");
}

static void take_latency(struct nlattr *nest, struct bench_latency *latency)
{
	struct nlattr *tb[MPDEMO_BENCH_LATENCY_A_MAX + 1];

	if (!nest || nla_parse_nested(tb, MPDEMO_BENCH_LATENCY_A_MAX, nest,
				      latency_policy) < 0)
		return;
	latency->samples = take_u64(tb, MPDEMO_BENCH_LATENCY_A_SAMPLES);
	latency->p50 = take_u64(tb, MPDEMO_BENCH_LATENCY_A_P50);
	latency->p90 = take_u64(tb, MPDEMO_BENCH_LATENCY_A_P90);
	latency->p99 = take_u64(tb, MPDEMO_BENCH_LATENCY_A_P99);
	latency->p999 = take_u64(tb, MPDEMO_BENCH_LATENCY_A_P999);
	latency->max = take_u64(tb, MPDEMO_BENCH_LATENCY_A_LONGEST);
}

static bool read_status(struct nlmsghdr *header, void *data)
{
	struct nlattr *tb[MPDEMO_BENCH_A_MAX + 1];
	struct bench_status *status = data;

	if (genlmsg_parse(header, 0, tb, MPDEMO_BENCH_A_MAX, policy) < 0)
		return false;
	*status = (struct bench_status){
		.job = take_u32(tb, MPDEMO_BENCH_A_JOB),
		.state = take_u32(tb, MPDEMO_BENCH_A_STATE),
		.error = take_u32(tb, MPDEMO_BENCH_A_ERROR),
		.cpu = take_u32(tb, MPDEMO_BENCH_A_CPU),
		.rows_done = take_u32(tb, MPDEMO_BENCH_A_ROWS_DONE),
		.rows_total = take_u32(tb, MPDEMO_BENCH_A_ROWS_TOTAL),
	};
	return true;
}

static bool read_progress(struct nlmsghdr *header, void *data)
{
	struct bench_status *status = data, news;

	if (genlmsg_hdr(header)->cmd != MPDEMO_BENCH_CMD_PROGRESS_NTF)
		return true;
	if (!read_status(header, &news))
		return false;
	if (news.job == status->job)
		*status = news;
	return true;
}

static void drop_rows(struct bench_rows *rows, size_t kept)
{
	while (rows->count > kept)
		free(rows->rows[--rows->count].buckets);
}

void bench_free_rows(struct bench_rows *rows)
{
	drop_rows(rows, 0);
	free(rows->rows);
	*rows = (struct bench_rows){ 0 };
}

static void begin_rows(void *data)
{
	struct bench_rows *rows = data;

	drop_rows(rows, rows->kept);
}

/* Each follows its row, which is the last one. */
static bool read_bucket(struct nlattr **tb, struct bench_rows *rows)
{
	uint32_t number = take_u32(tb, MPDEMO_BENCH_A_ROW);
	struct bench_row *row;

	if (rows->count == rows->kept || rows->count - rows->kept - 1 != number)
		return false;
	row = &rows->rows[rows->count - 1];
	row->buckets = needed(realloc(row->buckets, (row->bucket_count + 1) *
						    sizeof(*row->buckets)));
	row->buckets[row->bucket_count++] = (struct bench_bucket){
		.call = take_u32(tb, MPDEMO_BENCH_A_CALL),
		.least = take_u64(tb, MPDEMO_BENCH_A_BUCKET_LEAST),
		.longest = take_u64(tb, MPDEMO_BENCH_A_BUCKET_LONGEST),
		.samples = take_u64(tb, MPDEMO_BENCH_A_BUCKET_SAMPLES),
	};
	return true;
}

static bool read_row(struct nlmsghdr *header, void *data)
{
	struct nlattr *tb[MPDEMO_BENCH_A_MAX + 1];
	struct bench_rows *rows = data;
	struct bench_row *row;

	if (genlmsg_parse(header, 0, tb, MPDEMO_BENCH_A_MAX, policy) < 0)
		return false;
	if (tb[MPDEMO_BENCH_A_CALL])
		return read_bucket(tb, rows);
	rows->rows = needed(realloc(rows->rows,
				    (rows->count + 1) * sizeof(*row)));
	row = &rows->rows[rows->count++];
	*row = (struct bench_row){
		.suite = take_u32(tb, MPDEMO_BENCH_A_SUITE),
		.object_size = take_u32(tb, MPDEMO_BENCH_A_OBJECT_SIZE),
		.batch = take_u32(tb, MPDEMO_BENCH_A_BATCH),
		.operations = take_u64(tb, MPDEMO_BENCH_A_OPERATIONS),
		.rounds = take_u32(tb, MPDEMO_BENCH_A_ROUNDS),
		.min = take_u64(tb, MPDEMO_BENCH_A_MIN),
		.median = take_u64(tb, MPDEMO_BENCH_A_MEDIAN),
		.cpus = take_u32(tb, MPDEMO_BENCH_A_CPUS),
		.sizes = take_u32(tb, MPDEMO_BENCH_A_SIZES),
		.context = take_u32(tb, MPDEMO_BENCH_A_CONTEXT),
		.zero = tb[MPDEMO_BENCH_A_ZERO],
		.failures = take_u64(tb, MPDEMO_BENCH_A_FAILURES),
		.clock = take_u64(tb, MPDEMO_BENCH_A_CLOCK),
		.clock_step = take_u64(tb, MPDEMO_BENCH_A_CLOCK_STEP),
		.has_memory = tb[MPDEMO_BENCH_A_MEMORY_REQUESTED],
		.requested = take_u64(tb, MPDEMO_BENCH_A_MEMORY_REQUESTED),
		.used = take_u64(tb, MPDEMO_BENCH_A_MEMORY_USED),
		.handed_out = take_u64(tb, MPDEMO_BENCH_A_MEMORY_HANDED_OUT),
	};
	take_text(tb, MPDEMO_BENCH_A_UNIT, row->unit, sizeof(row->unit));
	take_latency(tb[MPDEMO_BENCH_A_ALLOC_LATENCY], &row->alloc);
	take_latency(tb[MPDEMO_BENCH_A_FREE_LATENCY], &row->free);
	take_text(tb, MPDEMO_BENCH_A_ALLOCATOR, row->allocator,
		  sizeof(row->allocator));
	take_text(tb, MPDEMO_BENCH_A_VARIANT, row->variant,
		  sizeof(row->variant));
	return true;
}

static void put_u32(struct nl_msg *message, int attribute, uint32_t value)
{
	needed(nla_put_u32(message, attribute, value) ? NULL : message);
}

static void put_wish(struct nl_msg *message, int attribute, uint32_t value)
{
	if (value)
		put_u32(message, attribute, value);
}

static void put_flag(struct nl_msg *message, int attribute, bool value)
{
	if (value)
		needed(nla_put_flag(message, attribute) ? NULL : message);
}

int bench_run(struct netlink *netlink, const struct bench_request *request,
	      struct bench_status *status, struct kernel_error *error)
{
	struct nl_msg *message = netlink_message(netlink, MPDEMO_BENCH_CMD_RUN);
	struct netlink_reader reader = { NULL, read_status, status };

	put_wish(message, MPDEMO_BENCH_A_SUITE, request->suite);
	if (request->cpu >= 0)
		put_u32(message, MPDEMO_BENCH_A_CPU, request->cpu);
	put_wish(message, MPDEMO_BENCH_A_OBJECT_SIZE, request->size);
	put_wish(message, MPDEMO_BENCH_A_BATCH, request->outstanding);
	if (request->operations)
		needed(nla_put_u64(message, MPDEMO_BENCH_A_OPERATIONS,
				   request->operations) ? NULL : message);
	put_wish(message, MPDEMO_BENCH_A_CPUS, request->cpus);
	put_wish(message, MPDEMO_BENCH_A_SIZES, request->sizes);
	put_wish(message, MPDEMO_BENCH_A_CONTEXT, request->context);
	put_flag(message, MPDEMO_BENCH_A_ZERO, request->zero);
	put_flag(message, MPDEMO_BENCH_A_WANT_LATENCY, request->latency);
	put_flag(message, MPDEMO_BENCH_A_WANT_MEMORY, request->memory);
	return netlink_request(netlink, message, &reader, error);
}

int bench_cancel(struct netlink *netlink, uint32_t job,
		 struct kernel_error *error)
{
	struct nl_msg *message;

	message = netlink_message(netlink, MPDEMO_BENCH_CMD_CANCEL);
	put_u32(message, MPDEMO_BENCH_A_JOB, job);
	return netlink_request(netlink, message, NULL, error);
}

int bench_read_status(struct netlink *netlink, uint32_t job,
		      struct bench_status *status, struct kernel_error *error)
{
	struct nl_msg *message = netlink_message(netlink, MPDEMO_BENCH_CMD_GET);
	struct netlink_reader reader = { NULL, read_status, status };

	put_u32(message, MPDEMO_BENCH_A_JOB, job);
	return netlink_request(netlink, message, &reader, error);
}

int bench_read_rows(struct netlink *netlink, uint32_t job,
		    struct bench_rows *rows, struct kernel_error *error)
{
	struct netlink_reader reader = { begin_rows, read_row, rows };

	if (netlink_dump(netlink, MPDEMO_BENCH_CMD_GET, &reader, error))
		return -1;
	for (; rows->kept < rows->count; rows->kept++)
		rows->rows[rows->kept].job = job;
	return 0;
}

int bench_read_progress(struct netlink *netlink, struct bench_status *status,
			struct kernel_error *error)
{
	struct netlink_reader reader = { NULL, read_progress, status };

	/* Which rows are done is looked up in any case. */
	return netlink_receive(netlink, &reader, error) < 0 ? -1 : 0;
}
