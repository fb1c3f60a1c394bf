// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl metrics: all objects in the text format that Prometheus scrapes, or as
 * OpenMetrics. Names of metrics and labels are a promise, as keys of JSON are.
 *
 * The two differ in counters: there the family of x_total is x, here it is x_total.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "hints.h"
#include "json.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"

static const char *format;

const struct command_option metrics_options[] = {
	{ "format", 0, "FORMAT", &format, "text (default), or openmetrics" },
	{ 0 },
};

enum whose { OF_POOLS, OF_BYTES, OF_ALL };

/*
 * struct metric - what is told of each object
 * @name: without the prefix, and without the suffix of a counter
 * @attribute: where its value comes from
 * @whose: objects that have it: OF_BYTES, those that are measured in bytes
 * @counter: it only ever goes up, as long as the object lives
 * @help: one line
 */
static const struct metric {
	const char *name;
	int attribute;
	enum whose whose;
	bool counter;
	const char *help;
} metrics[] = {
	{ "capacity_blocks", MPDEMO_A_MAX_BLOCKS, OF_POOLS, false,
	  "Blocks that a pool may have." },
	{ "present_blocks", MPDEMO_A_PRESENT, OF_POOLS, false,
	  "Blocks that a pool has now." },
	{ "used_blocks", MPDEMO_A_IN_USE, OF_POOLS, false,
	  "Blocks of a pool that are not free." },
	{ "peak_blocks", MPDEMO_A_PEAK, OF_POOLS, false,
	  "The most blocks that were in use." },
	{ "kept_blocks", MPDEMO_A_KEPT, OF_ALL, false,
	  "Blocks that the object itself holds." },
	{ "capacity_bytes", MPDEMO_A_BYTES, OF_BYTES, false,
	  "Bytes that an arena or a heap has." },
	{ "used_bytes", MPDEMO_A_IN_USE, OF_BYTES, false,
	  "Bytes of an arena or a heap that are not free." },
	{ "peak_bytes", MPDEMO_A_PEAK, OF_BYTES, false,
	  "The most bytes that were in use." },
	{ "footprint_bytes", MPDEMO_A_FOOTPRINT, OF_ALL, false,
	  "Memory that the object takes, metadata included." },
	{ "level", MPDEMO_A_LEVEL, OF_POOLS, false,
	  "By the watermarks of a pool: 0 normal, 1 low, 2 exhausted." },
	{ "waiters", MPDEMO_A_WAITERS, OF_POOLS, false,
	  "Calls that wait for blocks." },
	{ "open_files", MPDEMO_A_OPEN_FILES, OF_ALL, false,
	  "Open files that refer to the object." },
	{ "allocs", MPDEMO_A_ALLOCS, OF_ALL, true,
	  "Blocks or pieces that were allocated." },
	{ "frees", MPDEMO_A_FREES, OF_ALL, true,
	  "Blocks that were freed, resets of an arena." },
	{ "failures", MPDEMO_A_FAILURES, OF_ALL, true,
	  "Allocations that failed for want of room." },
	{ "refused", MPDEMO_A_REFUSED, OF_ALL, true,
	  "Frees, keeps and takes that were refused for their handle." },
	{ "reclaimed", MPDEMO_A_RECLAIMED, OF_ALL, true,
	  "Blocks taken back from programs that ended with them." },
	{ "corrupted", MPDEMO_A_CORRUPTED, OF_POOLS, true,
	  "Free blocks that were found written to." },
};

static bool has(const struct object *object, const struct metric *metric)
{
	if (metric->whose == OF_POOLS && !object_is_pool(object))
		return false;
	if (metric->whose == OF_BYTES && object_is_pool(object))
		return false;
	return object_has(object, metric->attribute);
}

/* No name has a '\' or a control character in it, so only '"' has to be escaped. */
static void print_label(const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			putchar('\\');
		putchar(*text);
	}
}

static void print_sample(const struct object *object, const struct metric *metric)
{
	printf("mempool_demo_%s%s{id=\"%" PRIu64 "\",name=\"", metric->name,
	       metric->counter ? "_total" : "", object->value[MPDEMO_A_ID]);
	print_label(object->name);
	printf("\",kind=\"%s\"} %" PRIu64 "\n",
	       object_kind_name(object->value[MPDEMO_A_KIND]),
	       object->value[metric->attribute]);
}

static void print_head(const char *name, bool counter, bool open, const char *help)
{
	const char *suffix = counter && !open ? "_total" : "";

	printf("# HELP mempool_demo_%s%s %s\n", name, suffix, help);
	printf("# TYPE mempool_demo_%s%s %s\n", name, suffix,
	       counter ? "counter" : "gauge");
}

static void print_metrics(const struct object_list *list, bool open)
{
	print_head("objects", false, open, "Objects that there are.");
	printf("mempool_demo_objects %zu\n", list->count);

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		bool first = true;

		for (size_t j = 0; j < list->count; j++) {
			if (!has(&list->objects[j], &metrics[i]))
				continue;
			if (first)
				print_head(metrics[i].name, metrics[i].counter,
					   open, metrics[i].help);
			first = false;
			print_sample(&list->objects[j], &metrics[i]);
		}
	}
	if (open)
		puts("# EOF");
}

/* Nothing is printed before all is read: half a file would be taken for true. */
int metrics_main(int argc, char **argv)
{
	struct object_list list = { 0 };
	struct kernel_error error;
	bool open = format && !strcmp(format, "openmetrics");
	int result;

	(void)argc;
	(void)argv;
	if (format && !open && strcmp(format, "text"))
		return usage_error("--format: '%s' is neither text nor openmetrics",
				   format);
	if (options.json)
		return usage_error("metrics are no JSON; 'poolctl stats --json' is");

	result = object_look(NULL, &list, &error);
	if (!result)
		print_metrics(&list, open);
	object_list_clear(&list);
	return result ? refused(&error, hint_administer(&error, NULL), NULL,
				"metrics") : STATUS_OK;
}
