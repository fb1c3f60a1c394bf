// SPDX-License-Identifier: GPL-2.0
/* The figures of a benchmark as a table and as JSON. */
#include <stdio.h>
#include <string.h>

#include "bench_report.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "table.h"

/* Figures for one allocation and its free. */
struct figures {
	double min;
	double median;
};

static bool is_empty(const struct bench_row *row)
{
	return !strcmp(row->allocator, "empty");
}

static bool same_work(const struct bench_row *a, const struct bench_row *b)
{
	return a->suite == b->suite && a->batch == b->batch &&
	       a->object_size == b->object_size;
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

		if (is_empty(other) && same_work(row, other) &&
		    is_bulk(row) == is_bulk(other))
			return other;
	}
	return NULL;
}

static struct figures gross(const struct bench_row *row)
{
	double operations = row->operations ? row->operations : 1;

	return (struct figures){
		.min = row->min / operations,
		.median = row->median / operations,
	};
}

/*
 * Without the loop around the calls; false where that was not measured. The
 * loop's best round is taken off both figures: what disturbed its others has
 * nothing to do with this row, and the median stays no less than the minimum.
 */
static bool net(const struct bench_rows *rows, const struct bench_row *row,
		struct figures *figures)
{
	const struct bench_row *loop = find_loop(rows, row);
	struct figures without;

	*figures = gross(row);
	if (!loop || is_empty(row))
		return false;
	without = gross(loop);
	figures->min -= without.min;
	figures->median -= without.min;
	return true;
}

/* Median against that of kmem_cache with GFP_KERNEL; false if unknown. */
static bool ratio(const struct bench_rows *rows, const struct bench_row *row,
		  double *value)
{
	const struct bench_row *slab = find(rows, row, "kmem_cache",
					    "GFP_KERNEL");
	struct figures figures, base;

	if (!slab || !net(rows, slab, &base) || !net(rows, row, &figures) ||
	    base.median <= 0)
		return false;
	*value = figures.median / base.median;
	return true;
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
	printf("# MIN and MEDIAN of the rounds: %s of one allocation and its free,\n",
	       report->instrument);
	printf("# without the empty loop, whose own rows show it; less is better\n");
	printf("# VS-KMEM_CACHE: median against that of kmem_cache GFP_KERNEL in\n");
	printf("# the same suite and batch\n");
}

static void put_row(struct libscols_line *line, const struct bench_rows *rows,
		    const struct bench_row *row)
{
	struct figures figures;
	double value;

	table_text(line, 0, bench_suite_name(row->suite));
	table_number(line, 1, row->object_size);
	table_text(line, 2, row->allocator);
	table_text(line, 3, *row->variant ? row->variant : "-");
	table_number(line, 4, row->batch);

	/* Gross figures among the net ones would be taken for net ones. */
	if (net(rows, row, &figures) || is_empty(row)) {
		table_printf(line, 5, "%.1f", figures.min);
		table_printf(line, 6, "%.1f", figures.median);
	} else {
		table_text(line, 5, "-");
		table_text(line, 6, "-");
	}
	if (ratio(rows, row, &value))
		table_printf(line, 7, "%.2fx", value);
	else
		table_text(line, 7, "-");
}

void bench_report_table(const struct bench_report *report)
{
	static const struct table_column columns[] = {
		{ "SUITE", false },   { "BYTES", true },   { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true },   { "MIN", true },
		{ "MEDIAN", true },   { "VS-KMEM_CACHE", true },
		{ NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	if (!options.noheadings)
		print_header(report);
	for (size_t i = 0; i < report->rows.count; i++)
		put_row(table_line(table), &report->rows,
			&report->rows.rows[i]);
	table_print(table);
}

static struct json_object *row_json(const struct bench_rows *rows,
				    const struct bench_row *row)
{
	struct json_object *json = needed(json_object_new_object());
	struct figures figures = gross(row);
	double value;

	json_add_string(json, "suite", bench_suite_name(row->suite));
	json_add_string(json, "allocator", row->allocator);
	json_add_string(json, "variant", row->variant);
	json_add_number(json, "object_size", row->object_size);
	json_add_number(json, "batch", row->batch);
	json_add_number(json, "operations", row->operations);
	json_add_number(json, "rounds", row->rounds);
	json_add_number(json, "min", row->min);
	json_add_number(json, "median", row->median);

	json_add_real(json, "gross_min_per_operation", figures.min);
	json_add_real(json, "gross_median_per_operation", figures.median);
	if (net(rows, row, &figures)) {
		json_add_real(json, "net_min_per_operation", figures.min);
		json_add_real(json, "net_median_per_operation",
			      figures.median);
	}
	if (ratio(rows, row, &value))
		json_add_real(json, "ratio_to_kmem_cache", value);
	return json;
}

static struct json_object *machine_json(const struct machine *machine)
{
	struct json_object *json = needed(json_object_new_object());

	json_add_string(json, "kernel", machine->kernel);
	json_add_string(json, "cpu_model", machine->cpu);
	json_add_string(json, "hypervisor", machine->hypervisor);
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
	json_object_object_add(document, "machine",
			       machine_json(&report->machine));
	array = json_add_array(document, "rows");
	for (size_t i = 0; i < report->rows.count; i++)
		json_object_array_add(array,
				      row_json(&report->rows,
					       &report->rows.rows[i]));
	return document;
}
