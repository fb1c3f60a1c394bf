// SPDX-License-Identifier: GPL-2.0
/*
 * Two documents of a benchmark, row by row. What is compared is the round that was
 * disturbed least, without the empty loop where that was measured.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_compare.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"
#include "table.h"

/* What tells a row from all others of a document. */
static const char *const keys[] = {
	"suite", "allocator", "variant", "object_size", "size_given", "batch",
	"cpus", "sizes", "context", "zero",
};

#define KEYS	(sizeof(keys) / sizeof(*keys))

/* struct pair - a row, in one document or in both of them */
struct pair {
	struct json_object *before;
	struct json_object *after;
	double cost_before;
	double cost_after;
	double change;		/* in percent */
	bool comparable;
	bool above;
};

struct pairs {
	struct pair *pairs;
	size_t count;
	size_t compared;
	size_t above;
	size_t missing;
};

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value;

	/* Of null there is none. */
	if (!json_object_object_get_ex(row, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static double cost_of(struct json_object *row)
{
	struct json_object *value;

	if (!json_object_object_get_ex(row, "net_min_per_operation", &value) &&
	    !json_object_object_get_ex(row, "gross_min_per_operation", &value))
		return 0;
	return json_object_get_double(value);
}

static bool same_row(struct json_object *a, struct json_object *b)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(text_of(a, keys[i]), text_of(b, keys[i])))
			return false;
	return true;
}

/* The loop is no allocator, and is in the figures of none. */
static bool is_compared(const struct bench_comparison *comparison,
			struct json_object *row)
{
	return json_object_is_type(row, json_type_object) &&
	       strcmp(text_of(row, "allocator"), "empty") &&
	       (!comparison->suite ||
		!strcmp(text_of(row, "suite"), comparison->suite));
}

static struct json_object *rows_of(struct json_object *document)
{
	return json_object_object_get(document, "rows");
}

static struct pair *add_pair(struct pairs *pairs)
{
	struct pair *pair;

	pairs->pairs = needed(realloc(pairs->pairs, (pairs->count + 1) *
						    sizeof(*pair)));
	pair = &pairs->pairs[pairs->count++];
	*pair = (struct pair){ 0 };
	return pair;
}

/* A pair that lacks its second row, so that no row is used twice. */
static struct pair *find_half(const struct pairs *pairs,
			      struct json_object *row)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct pair *pair = &pairs->pairs[i];

		if (pair->before && !pair->after && same_row(pair->before, row))
			return pair;
	}
	return NULL;
}

static void make_pairs(const struct bench_comparison *comparison,
		       struct pairs *pairs)
{
	struct json_object *rows = rows_of(comparison->before), *row;
	struct pair *pair;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (is_compared(comparison, row))
			add_pair(pairs)->before = row;
	}
	rows = rows_of(comparison->after);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (!is_compared(comparison, row))
			continue;
		pair = find_half(pairs, row);
		if (!pair)
			pair = add_pair(pairs);
		pair->after = row;
	}
}

/* What costs no more than the loop, by the clock, costs no percent of anything. */
static void judge(const struct bench_comparison *comparison,
		  struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct pair *pair = &pairs->pairs[i];

		if (!pair->before || !pair->after) {
			pairs->missing++;
			continue;
		}
		pair->cost_before = cost_of(pair->before);
		pair->cost_after = cost_of(pair->after);
		if (pair->cost_before <= 0)
			continue;
		pair->comparable = true;
		pair->change = (pair->cost_after / pair->cost_before - 1) * 100;
		pair->above = comparison->has_limit &&
			      pair->change > comparison->limit;
		pairs->compared++;
		pairs->above += pair->above;
	}
}

static void put_key(struct libscols_line *line, struct json_object *row)
{
	static const char *const columns[] = {
		"suite", "object_size", "allocator", "variant", "batch", "cpus"
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		const char *text = text_of(row, columns[i]);

		table_text(line, i, *text ? text : "-");
	}
}

static void put_pair(struct libscols_line *line, const struct pair *pair)
{
	enum { BEFORE = 6, AFTER, CHANGE, VERDICT };

	put_key(line, pair->before ? pair->before : pair->after);
	table_text(line, BEFORE, "-");
	table_text(line, AFTER, "-");
	table_text(line, CHANGE, "-");
	if (pair->before)
		table_printf(line, BEFORE, "%.1f", cost_of(pair->before));
	if (pair->after)
		table_printf(line, AFTER, "%.1f", cost_of(pair->after));
	if (pair->comparable)
		table_printf(line, CHANGE, "%+.1f%%", pair->change);
	if (!pair->before)
		table_text(line, VERDICT, "not before");
	else if (!pair->after)
		table_text(line, VERDICT, "not any more");
	else if (!pair->comparable)
		table_text(line, VERDICT, "nothing to compare with");
	else
		table_text(line, VERDICT, pair->above ? "ABOVE" : "");
	if (pair->above)
		table_color(line, VERDICT, "red");
}

static const char *instrument_of(struct json_object *document)
{
	return text_of(document, "instrument");
}

static const char *machine_text(struct json_object *document, const char *key)
{
	struct json_object *machine;

	if (!json_object_object_get_ex(document, "machine", &machine))
		return "";
	return text_of(machine, key);
}

static void print_table(const struct bench_comparison *comparison,
			const struct pairs *pairs)
{
	static const struct table_column columns[] = {
		{ "SUITE", false }, { "BYTES", true }, { "ALLOCATOR", false },
		{ "VARIANT", false }, { "BATCH", true }, { "CPUS", true },
		{ "BEFORE", true }, { "AFTER", true }, { "CHANGE", true },
		{ "VERDICT", false }, { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	if (!options.noheadings)
		printf("# %s of one unit, the least of all rounds, without the empty loop\n",
		       instrument_of(comparison->after));
	for (size_t i = 0; i < pairs->count; i++)
		put_pair(table_line(table), &pairs->pairs[i]);
	table_print(table);
	printf("%zu compared, %zu above the limit, %zu only on one side\n",
	       pairs->compared, pairs->above, pairs->missing);
}

static void add_copy(struct json_object *json, const char *key,
		     struct json_object *from)
{
	struct json_object *value;

	if (json_object_object_get_ex(from, key, &value))
		json_object_object_add(json, key, json_object_get(value));
}

static struct json_object *pair_json(const struct pair *pair)
{
	struct json_object *json = needed(json_object_new_object());
	struct json_object *row = pair->before ? pair->before : pair->after;

	for (size_t i = 0; i < KEYS; i++)
		add_copy(json, keys[i], row);
	if (pair->before)
		json_add_real(json, "before", cost_of(pair->before));
	if (pair->after)
		json_add_real(json, "after", cost_of(pair->after));
	if (pair->comparable)
		json_add_real(json, "change_percent", pair->change);
	json_object_object_add(json, "above",
			       needed(json_object_new_boolean(pair->above)));
	return json;
}

static void print_json(const struct bench_comparison *comparison,
		       const struct pairs *pairs)
{
	struct json_object *document = json_document();
	struct json_object *array;

	json_add_string(document, "instrument",
			instrument_of(comparison->after));
	if (comparison->has_limit)
		json_add_real(document, "fail_above", comparison->limit);
	json_add_number(document, "compared", pairs->compared);
	json_add_number(document, "above", pairs->above);
	json_add_number(document, "missing", pairs->missing);
	array = json_add_array(document, "comparison");
	for (size_t i = 0; i < pairs->count; i++)
		json_object_array_add(array, pair_json(&pairs->pairs[i]));
	json_print(document);
}

/* What else may be the reason for a difference. */
static void remark_machines(const struct bench_comparison *comparison)
{
	static const char *const facts[] = {
		"kernel", "cpu_model", "hypervisor", "cpus_online",
		"init_on_alloc",
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *before = machine_text(comparison->before, facts[i]);
		const char *after = machine_text(comparison->after, facts[i]);

		if (strcmp(before, after))
			remark("%s was '%s', and is '%s'", facts[i], before,
			       after);
	}
}

int bench_compare(const struct bench_comparison *comparison)
{
	struct pairs pairs = { 0 };
	int status = STATUS_OK;

	if (strcmp(instrument_of(comparison->before),
		   instrument_of(comparison->after)))
		return usage_error("%s cannot be compared with %s",
				   instrument_of(comparison->before),
				   instrument_of(comparison->after));
	remark_machines(comparison);
	make_pairs(comparison, &pairs);
	judge(comparison, &pairs);
	if (options.json)
		print_json(comparison, &pairs);
	else
		print_table(comparison, &pairs);
	if (!pairs.compared)
		remark("there is no row that both have");
	if (!pairs.compared || pairs.above)
		status = STATUS_FALSE;
	free(pairs.pairs);
	return status;
}
