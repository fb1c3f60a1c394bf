// SPDX-License-Identifier: GPL-2.0
/* The figures of a benchmark as tables. */
#include <inttypes.h>
#include <stdio.h>

#include "bench_figures.h"
#include "bench_report.h"
#include "options.h"
#include "table.h"

static bool any_row(const struct bench_rows *rows,
		    bool (*is)(const struct bench_row *row))
{
	for (size_t i = 0; i < rows->count; i++)
		if (is(&rows->rows[i]))
			return true;
	return false;
}

static bool has_latency(const struct bench_row *row)
{
	return row->alloc.samples || row->free.samples;
}

static bool has_memory(const struct bench_row *row)
{
	return row->has_memory;
}

static bool has_many_cpus(const struct bench_row *row)
{
	return row->cpus > 1;
}

static bool has_failures(const struct bench_row *row)
{
	return row->failures;
}

/* What is the same in all rows, where it is not what one would expect. */
static void print_params(const struct bench_rows *rows)
{
	const struct bench_row *row = rows->rows;

	if (!rows->count)
		return;
	if (row->sizes > MPDEMO_BENCH_SIZES_CONSTANT)
		printf("# %s sizes, up to BYTES\n", bench_sizes_name(row->sizes));
	if (row->context > MPDEMO_BENCH_CONTEXT_TASK)
		printf("# context %s\n", bench_context_name(row->context));
	if (row->zero)
		printf("# all objects are zeroed\n");
}

static void print_header(const struct bench_report *report)
{
	const struct machine *machine = &report->machine;
	int init = machine->init_on_alloc;

	printf("# %s, Linux %s, %s, hypervisor %s, CPU %u\n",
	       report->instrument, machine->kernel, machine->cpu,
	       machine->hypervisor, report->status.cpu);
	printf("# init_on_alloc %s\n",
	       init < 0 ? "not on the kernel command line (the kernel's default)" :
	       init ? "1" : "0");
	print_params(&report->rows);
	printf("# MIN and MEDIAN of the rounds: %s of one UNIT, an object with its free,\n",
	       report->instrument);
	printf("# without the empty loop, whose own rows show it; less is better\n");
	printf("# VS-KMEM_CACHE: median against that of kmem_cache GFP_KERNEL in\n");
	printf("# the same suite and batch\n");
}

enum {
	SUITE, BYTES, ALLOCATOR, VARIANT, BATCH, CPUS, UNIT, MIN, MEDIAN,
	VS_KMEM_CACHE
};

static void put_row(struct libscols_line *line, const struct bench_rows *rows,
		    const struct bench_row *row)
{
	struct bench_figures figures;
	double value;

	table_text(line, SUITE, bench_suite_name(row->suite));
	table_number(line, BYTES, row->object_size);
	table_text(line, ALLOCATOR, row->allocator);
	table_text(line, VARIANT, *row->variant ? row->variant : "-");
	table_number(line, BATCH, row->batch);
	table_number(line, CPUS, row->cpus);
	table_text(line, UNIT, *row->unit ? row->unit : "-");

	/* Gross figures among the net ones would be taken for net ones. */
	if (bench_net(rows, row, &figures) || bench_is_empty(row)) {
		table_printf(line, MIN, "%.1f", figures.min);
		table_printf(line, MEDIAN, "%.1f", figures.median);
	} else {
		table_text(line, MIN, "-");
		table_text(line, MEDIAN, "-");
	}
	if (bench_ratio(rows, row, &value))
		table_printf(line, VS_KMEM_CACHE, "%.2fx", value);
	else
		table_text(line, VS_KMEM_CACHE, "-");
}

static void print_costs(const struct bench_report *report)
{
	static const struct table_column columns[] = {
		{ "SUITE", false },   { "BYTES", true }, { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true }, { "CPUS", true },
		{ "UNIT", false },    { "MIN", true },   { "MEDIAN", true },
		{ "VS-KMEM_CACHE", true },
		{ NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	for (size_t i = 0; i < report->rows.count; i++)
		put_row(table_line(table), &report->rows,
			&report->rows.rows[i]);
	table_print(table);
}

/* The first columns of a further table, which say which row it is. */
enum { R_SUITE, R_ALLOCATOR, R_VARIANT, R_BATCH, R_OWN };

static struct libscols_line *row_line(struct libscols_table *table,
				      const struct bench_row *row)
{
	struct libscols_line *line = table_line(table);

	table_text(line, R_SUITE, bench_suite_name(row->suite));
	table_text(line, R_ALLOCATOR, row->allocator);
	table_text(line, R_VARIANT, *row->variant ? row->variant : "-");
	table_number(line, R_BATCH, row->batch);
	return line;
}

static void print_throughput(const struct bench_rows *rows)
{
	static const struct table_column columns[] = {
		{ "SUITE", false }, { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true }, { "CPUS", true }, { "UNITS/S", true },
		{ "FAILURES", true }, { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	if (!options.noheadings)
		printf("\n# UNITS/S: of all CPUs together, in a second of the clock, the empty\n"
		       "# loop included; FAILURES: allocations that found it full\n");
	for (size_t i = 0; i < rows->count; i++) {
		struct libscols_line *line = row_line(table, &rows->rows[i]);

		table_number(line, R_OWN, rows->rows[i].cpus);
		if (rows->rows[i].median)
			table_printf(line, R_OWN + 1, "%.0f",
				     bench_throughput(&rows->rows[i]));
		else
			table_text(line, R_OWN + 1, "-");
		table_number(line, R_OWN + 2, rows->rows[i].failures);
	}
	table_print(table);
}

static void put_latency(struct libscols_table *table,
			const struct bench_row *row, const char *call,
			const struct bench_latency *latency)
{
	struct libscols_line *line;

	if (!latency->samples)
		return;
	line = row_line(table, row);
	table_text(line, R_OWN, call);
	table_number(line, R_OWN + 1, latency->p50);
	table_number(line, R_OWN + 2, latency->p90);
	table_number(line, R_OWN + 3, latency->p99);
	table_number(line, R_OWN + 4, latency->p999);
	table_number(line, R_OWN + 5, latency->max);
}

static void print_latencies(const struct bench_report *report)
{
	static const struct table_column columns[] = {
		{ "SUITE", false }, { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true }, { "CALL", false },
		{ "P50", true }, { "P90", true },
		{ "P99", true }, { "P99.9", true }, { "MAX", true },
		{ NULL, false },
	};
	struct libscols_table *table = table_new(columns);
	const struct bench_rows *rows = &report->rows;

	if (!options.noheadings)
		printf("\n# %s of a call, rounded up by a sixteenth at the most; %" PRIu64
		       " of each are the\n# clock, whose shortest step was %" PRIu64 "\n",
		       report->instrument, rows->rows[0].clock,
		       rows->rows[0].clock_step);
	for (size_t i = 0; i < rows->count; i++) {
		const struct bench_row *row = &rows->rows[i];

		put_latency(table, row, "alloc", &row->alloc);
		put_latency(table, row, "free", &row->free);
	}
	table_print(table);
}

static void print_memory(const struct bench_rows *rows)
{
	static const struct table_column columns[] = {
		{ "SUITE", false }, { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true }, { "REQUESTED", true }, { "USED", true },
		{ "WASTED", true }, { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	if (!options.noheadings)
		printf("\n# bytes held when most were, and what the allocator had for that on one\n"
		       "# CPU: of slab, pages in use; of others all, free and metadata included\n");
	for (size_t i = 0; i < rows->count; i++) {
		const struct bench_row *row = &rows->rows[i];
		struct libscols_line *line;

		if (!row->used)
			continue;
		line = row_line(table, row);
		table_number(line, R_OWN, row->requested);
		table_number(line, R_OWN + 1, row->used);
		table_printf(line, R_OWN + 2, "%" PRId64,
			     (int64_t)(row->used - row->requested));
	}
	table_print(table);
}

void bench_report_table(const struct bench_report *report)
{
	const struct bench_rows *rows = &report->rows;

	if (!options.noheadings)
		print_header(report);
	print_costs(report);
	if (any_row(rows, has_many_cpus) || any_row(rows, has_failures))
		print_throughput(rows);
	if (any_row(rows, has_latency))
		print_latencies(report);
	if (any_row(rows, has_memory))
		print_memory(rows);
}
