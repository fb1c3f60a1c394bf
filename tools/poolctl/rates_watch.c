// SPDX-License-Identifier: GPL-2.0
/* poolctl stats --interval: a line for each object, again and again, as of vmstat(8). */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "cell.h"
#include "error.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "rates.h"
#include "signals.h"

/* On a terminal the heading comes again after so many lines. */
#define PAGE	22

static const struct {
	const char *heading;
	int width;	/* less than 0: to the left */
} columns[] = {
	{ "NAME", 0 },	   { "KIND", -5 },     { "IN-USE", 8 },
	{ "CAPACITY", 8 }, { "USE%", 4 },      { "ALLOCS/s", 11 },
	{ "FREES/s", 11 }, { "FAILURES/s", 10 },
};

#define NCOLUMNS	(sizeof(columns) / sizeof(columns[0]))
#define NAME_WIDTH	16	/* where no name is longer */

/*
 * struct page - what was printed so far
 * @lines: how many
 * @names: how wide the column of names is, that of the longest one so far
 */
struct page {
	size_t lines;
	int names;
};

static void print_line(const struct page *page, const char *const *texts)
{
	for (size_t i = 0; i < NCOLUMNS; i++)
		printf("%s%*s", i ? " " : "",
		       options.raw ? 0 : i ? columns[i].width : -page->names, texts[i]);
	putchar('\n');
}

static void print_heading(const struct page *page)
{
	const char *texts[NCOLUMNS];

	if (options.noheadings ||
	    (page->lines && (page->lines % PAGE || !isatty(STDOUT_FILENO))))
		return;
	for (size_t i = 0; i < NCOLUMNS; i++)
		texts[i] = columns[i].heading;
	print_line(page, texts);
}

static void print_rate(const struct page *page, const struct rate *rate)
{
	const struct object *object = &rate->object;
	struct cell used, capacity, use;
	char text[3][CELL_SIZE], rates[3][RATE_SIZE];

	used = cell_of_amount(object, object->value[MPDEMO_A_IN_USE]);
	capacity = cell_of_amount(object, object_capacity(object));
	use = cell_of_number(CELL_PERCENT, rate_use(object));
	print_line(page, (const char *const[]){
		object_title(object),
		object_kind_name(object->value[MPDEMO_A_KIND]),
		cell_format(&used, text[0]),
		cell_format(&capacity, text[1]),
		cell_format(&use, text[2]),
		rate_format(rate->allocs, rate->seconds, rates[0]),
		rate_format(rate->frees, rate->seconds, rates[1]),
		rate_format(rate->failures, rate->seconds, rates[2]),
	});
}

static void add_rate(struct json_object *json, const char *key,
		     const struct rate *rate, uint64_t count)
{
	json_add_real(json, key, rate_per_second(count, rate->seconds));
}

static struct json_object *rate_json(const struct rate *rate)
{
	static const int shown[] = {
		MPDEMO_A_ID, MPDEMO_A_NAME, MPDEMO_A_KIND, MPDEMO_A_IN_USE, MPDEMO_A_PEAK,
	};
	struct json_object *json = needed(json_object_new_object());

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct object_field *field = object_field(shown[i]);
		struct cell cell = cell_of_field(&rate->object, field);

		cell_add(json, field->name, &cell);
	}
	json_add_number(json, "capacity", object_capacity(&rate->object));
	json_add_real(json, "seconds", rate->seconds);
	json_object_object_add(json, "since_zero",
			       needed(json_object_new_boolean(rate->since_zero)));
	add_rate(json, "allocs_per_s", rate, rate->allocs);
	add_rate(json, "frees_per_s", rate, rate->frees);
	add_rate(json, "failures_per_s", rate, rate->failures);
	return json;
}

static void print_json(const struct rates *rates)
{
	struct json_object *document = json_document();
	struct json_object *array;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_add_number(document, "ts_ns",
			now.tv_sec * UINT64_C(1000000000) + now.tv_nsec);
	array = json_add_array(document, "objects");
	for (size_t i = 0; i < rates->count; i++)
		json_object_array_add(array, rate_json(&rates->rate[i]));
	json_print(document);
}

static void print_table(const struct rates *rates, struct page *page)
{
	for (size_t i = 0; i < rates->count; i++) {
		int length = strlen(object_title(&rates->rate[i].object));

		page->names = length > page->names ? length : page->names;
	}
	for (size_t i = 0; i < rates->count; i++) {
		print_heading(page);
		print_rate(page, &rates->rate[i]);
		page->lines++;
	}
}

static void print_rates(const struct rates *rates, struct page *page)
{
	if (options.json)
		print_json(rates);
	else
		print_table(rates, page);
	flush_stdout();
}

static double now_in_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Returns false where a signal came, or nobody reads what is printed. */
static bool sleep_until(double when, const sigset_t *signals)
{
	/* Only POLLERR: the other end of a pipe is closed. */
	struct pollfd output = { .fd = STDOUT_FILENO };

	for (;;) {
		double left = when - now_in_seconds();
		struct timespec timeout;

		if (signals_caught || ferror(stdout))
			return false;
		if (left <= 0)
			return true;
		timeout.tv_sec = left;
		timeout.tv_nsec = (left - timeout.tv_sec) * 1e9;
		if (ppoll(&output, 1, &timeout, signals) > 0)
			return false;
	}
}

/* Readings for which it is too late are left out: the others come when they are to. */
static int watch(struct netlink *netlink, const char *name, double seconds,
		 uint64_t rounds, const sigset_t *signals,
		 struct kernel_error *error)
{
	struct rates before = { 0 }, now;
	double next = now_in_seconds();
	struct page page = { .names = NAME_WIDTH };
	int result = 0;

	while (rounds--) {
		result = rates_read(netlink, name, &before, &now, error);
		rates_clear(&before);
		if (result)
			break;
		print_rates(&now, &page);
		before = now;
		do
			next += seconds;
		while (next < now_in_seconds());
		if (!rounds || !sleep_until(next, signals))
			break;
	}
	rates_clear(&before);
	return result;
}

int rates_watch(const char *name, const char *interval, const char *count)
{
	uint64_t rounds = UINT64_MAX;
	struct kernel_error error;
	struct netlink netlink;
	double seconds;
	sigset_t before;
	int result;

	if (!rates_interval("--interval", interval, 1, &seconds) ||
	    !argument_number("--count", count, UINT64_MAX, &rounds))
		return STATUS_USAGE;
	if (!rounds)
		return usage_error("--count: '0' is no number of reports");
	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		signals_catch(&before);
		result = watch(&netlink, name, seconds, rounds, &before, &error);
		netlink_close(&netlink);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	if (!result)
		return STATUS_OK;
	return refused(&error, hint_administer(&error, name), NULL, "stats%s%s",
		       name ? " " : "", name ? name : "");
}
