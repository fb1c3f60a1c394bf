// SPDX-License-Identifier: GPL-2.0
/* The figures of a benchmark as JSON. */
#include "bench_figures.h"
#include "bench_report.h"
#include "json.h"
#include "memory.h"

/* [least, longest, samples] of each: there are many of them. */
static void add_buckets(struct json_object *json, const struct bench_row *row,
			uint32_t call)
{
	struct json_object *array = json_add_array(json, "buckets");

	for (size_t i = 0; i < row->bucket_count; i++) {
		const struct bench_bucket *bucket = &row->buckets[i];
		const uint64_t numbers[] = {
			bucket->least, bucket->longest, bucket->samples
		};
		struct json_object *own, *number;

		if (bucket->call != call)
			continue;
		own = needed(json_object_new_array());
		for (size_t j = 0; j < sizeof(numbers) / sizeof(*numbers); j++) {
			number = needed(json_object_new_uint64(numbers[j]));
			json_object_array_add(own, number);
		}
		json_object_array_add(array, own);
	}
}

static void add_latency(struct json_object *json, const char *key,
			const struct bench_row *row, uint32_t call,
			const struct bench_latency *latency)
{
	struct json_object *own = needed(json_object_new_object());

	json_add_number(own, "samples", latency->samples);
	json_add_number(own, "p50", latency->p50);
	json_add_number(own, "p90", latency->p90);
	json_add_number(own, "p99", latency->p99);
	json_add_number(own, "p999", latency->p999);
	json_add_number(own, "max", latency->max);
	add_buckets(own, row, call);
	json_object_object_add(json, key, own);
}

static void add_wanted(struct json_object *json, const struct bench_row *row)
{
	if (row->alloc.samples || row->free.samples) {
		json_add_number(json, "clock", row->clock);
		json_add_number(json, "clock_step", row->clock_step);
		add_latency(json, "alloc_latency", row,
			    MPDEMO_BENCH_CALL_ALLOC, &row->alloc);
		add_latency(json, "free_latency", row, MPDEMO_BENCH_CALL_FREE,
			    &row->free);
	}
	if (!row->has_memory)
		return;
	json_add_number(json, "memory_requested", row->requested);
	if (row->handed_out)
		json_add_number(json, "memory_handed_out", row->handed_out);
	if (!row->used)
		return;
	json_add_number(json, "memory_used", row->used);
	json_object_object_add(json, "memory_wasted",
			       needed(json_object_new_int64(row->used -
							    row->requested)));
}

static struct json_object *row_json(const struct bench_rows *rows,
				    const struct bench_row *row)
{
	struct json_object *json = needed(json_object_new_object());
	struct bench_figures figures = bench_gross(row);
	double value;

	json_add_number(json, "job", row->job);
	json_add_string(json, "suite", bench_suite_name(row->suite));
	json_add_string(json, "allocator", row->allocator);
	json_add_string(json, "variant", row->variant);
	json_add_number(json, "object_size", row->object_size);
	json_object_object_add(json, "size_given",
			       needed(json_object_new_boolean(row->size_given)));
	json_add_number(json, "batch", row->batch);
	json_add_number(json, "operations", row->operations);
	json_add_number(json, "rounds", row->rounds);
	json_add_number(json, "min", row->min);
	json_add_number(json, "median", row->median);
	json_add_string(json, "unit", row->unit);
	json_add_number(json, "cpus", row->cpus);
	json_add_string(json, "sizes", bench_sizes_name(row->sizes));
	json_add_string(json, "context", bench_context_name(row->context));
	json_object_object_add(json, "zero",
			       needed(json_object_new_boolean(row->zero)));
	json_add_number(json, "failures", row->failures);
	if (row->median)
		json_add_real(json, "throughput", bench_throughput(row));

	json_add_real(json, "gross_min_per_operation", figures.min);
	json_add_real(json, "gross_median_per_operation", figures.median);
	if (bench_net(rows, row, &figures)) {
		json_add_real(json, "net_min_per_operation", figures.min);
		json_add_real(json, "net_median_per_operation",
			      figures.median);
	}
	if (bench_ratio(rows, row, &value))
		json_add_real(json, "ratio_to_kmem_cache", value);
	add_wanted(json, row);
	return json;
}

static struct json_object *machine_json(const struct machine *machine)
{
	struct json_object *json = needed(json_object_new_object());

	json_add_string(json, "kernel", machine->kernel);
	json_add_string(json, "cpu_model", machine->cpu);
	json_add_string(json, "hypervisor", machine->hypervisor);
	json_add_number(json, "cpus_online", machine->cpus);
	json_add_string(json, "clocksource", machine->clocksource);
	if (machine->init_on_alloc >= 0)
		json_add_number(json, "init_on_alloc", machine->init_on_alloc);
	else
		json_object_object_add(json, "init_on_alloc", NULL);
	return json;
}

struct json_object *bench_report_json(const struct bench_report *report)
{
	struct json_object *document = json_document();
	struct json_object *array;

	json_add_number(document, "job", report->status.job);
	json_add_string(document, "state",
			bench_state_name(report->status.state));
	json_add_number(document, "cpu", report->status.cpu);
	json_add_string(document, "instrument", report->instrument);
	json_add_string(document, "time", report->time);
	json_object_object_add(document, "machine",
			       machine_json(&report->machine));
	array = json_add_array(document, "rows");
	for (size_t i = 0; i < report->rows.count; i++)
		json_object_array_add(array,
				      row_json(&report->rows,
					       &report->rows.rows[i]));
	return document;
}
