// SPDX-License-Identifier: GPL-2.0
/* poolctl top: the objects as lines of text, and in which order they are. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cell.h"
#include "top.h"
#include "units.h"

/* Keys are those of slabtop(1) where it has such a thing. */
const struct top_sort top_sorts[] = {
	{ 'u', "use" },	     { 'a', "in-use" },	    { 'o', "capacity" },
	{ 's', "size" },     { 'c', "memory" },	    { 'n', "name" },
	{ 'r', "allocs" },   { 'f', "failures" },   { 'i', "id" },
	{ 0, NULL },
};

int top_find_sort(const char *word)
{
	for (int i = 0; top_sorts[i].key; i++) {
		if (!strcasecmp(word, top_sorts[i].name) ||
		    (tolower((unsigned char)word[0]) == top_sorts[i].key && !word[1]))
			return i;
	}
	return -1;
}

/* What is compared, but for names. */
static double weight(const struct rate *rate, char key)
{
	const uint64_t *value = rate->object.value;

	switch (key) {
	case 'u':
		return rate_use(&rate->object);
	case 'a':
		return value[MPDEMO_A_IN_USE];
	case 'o':
		return object_capacity(&rate->object);
	case 's':
		return value[MPDEMO_A_BLOCK_SIZE];
	case 'c':
		return value[MPDEMO_A_FOOTPRINT];
	case 'r':
		return rate_per_second(rate->allocs, rate->seconds);
	case 'f':
		return rate_per_second(rate->failures, rate->seconds);
	default:
		return -(double)value[MPDEMO_A_ID];
	}
}

static int compare(const void *a, const void *b, void *key)
{
	const struct rate *one = a, *two = b;
	double left, right;
	int names;

	if (*(char *)key == 'n') {
		names = strcmp(object_title(&one->object), object_title(&two->object));
		if (names)
			return names;
	}
	left = weight(one, *(char *)key);
	right = weight(two, *(char *)key);
	if (left != right)
		return left < right ? 1 : -1;
	return one->object.value[MPDEMO_A_ID] < two->object.value[MPDEMO_A_ID] ? -1 : 1;
}

void top_order(struct top *top)
{
	char key = top_sorts[top->sort].key;

	if (top->rates.count)
		qsort_r(top->rates.rate, top->rates.count, sizeof(struct rate),
			compare, &key);
}

bool top_is_exhausted(const struct rate *rate)
{
	return rate->object.value[MPDEMO_A_LEVEL] == MPDEMO_NL_LEVEL_EXHAUSTED ||
	       (!rate->since_zero && rate->failures);
}

bool top_is_low(const struct rate *rate)
{
	return rate->object.value[MPDEMO_A_LEVEL] == MPDEMO_NL_LEVEL_LOW;
}

/* What has happened since the last reading, or is so. */
static void marks_of(const struct rate *rate, char marks[8])
{
	const struct object *object = &rate->object;
	int n = 0;

	if (top_is_exhausted(rate))
		marks[n++] = 'E';
	if (top_is_low(rate))
		marks[n++] = 'L';
	if (!rate->since_zero && rate->reclaimed)
		marks[n++] = 'R';
	if (!rate->since_zero && rate->corrupted)
		marks[n++] = 'C';
	if (object->value[MPDEMO_A_WAITERS])
		marks[n++] = 'W';
	if (object->value[MPDEMO_A_DYING])
		marks[n++] = 'D';
	marks[n] = '\0';
}

static void put_bar(unsigned int percent, int width, char *out)
{
	int full = (percent * width + 50) / 100;

	out[0] = '[';
	for (int i = 0; i < width; i++)
		out[1 + i] = i < full ? '#' : '.';
	strcpy(out + 1 + width, "]");
}

/*
 * Columns of numbers are as wide as they are; a name has what is left of 80 columns, and
 * the bar what is left of more.
 */
static int name_width(int width)
{
	int left = width - 76;

	return left < 8 ? 8 : left > 24 ? 24 : left;
}

static int bar_width(int width)
{
	int left = width - 76 - 24 + 6;

	return left < 6 ? 6 : left > 40 ? 40 : left;
}

/* Cut off at the width of the screen. */
static void finish(int width, char out[TOP_WIDTH])
{
	if (width < TOP_WIDTH)
		out[width < 0 ? 0 : width] = '\0';
}

void top_heading(int width, char out[TOP_WIDTH])
{
	snprintf(out, TOP_WIDTH, "%4s %-*s %-5s %7s %7s %4s %-*s %8s %8s %7s %s", "ID",
		 name_width(width), "NAME", "KIND", "IN-USE", "SIZE", "USE%",
		 bar_width(width) + 2, "", "ALLOCS/s", "FREES/s", "FAILS/s", "MARKS");
	finish(width, out);
}

void top_line(const struct rate *rate, int width, char out[TOP_WIDTH])
{
	const struct object *object = &rate->object;
	struct cell used = cell_of_amount(object, object->value[MPDEMO_A_IN_USE]);
	struct cell capacity = cell_of_amount(object, object_capacity(object));
	char text[2][CELL_SIZE], rates[3][RATE_SIZE], bar[64], marks[8];
	unsigned int use = rate_use(object);

	put_bar(use > 100 ? 100 : use, bar_width(width), bar);
	marks_of(rate, marks);
	snprintf(out, TOP_WIDTH,
		 "%4" PRIu64 " %-*.*s %-5s %7s %7s %3u%% %s %8s %8s %7s %s",
		 object->value[MPDEMO_A_ID], name_width(width), name_width(width),
		 object_title(object),
		 object_kind_name(object->value[MPDEMO_A_KIND]),
		 cell_format(&used, text[0]), cell_format(&capacity, text[1]), use,
		 bar, rate_format(rate->allocs, rate->seconds, rates[0]),
		 rate_format(rate->frees, rate->seconds, rates[1]),
		 rate_format(rate->failures, rate->seconds, rates[2]), marks);
	finish(width, out);
}

static void sums(const struct top *top, double *allocs, double *frees,
		 double *failures, uint64_t *bytes)
{
	*allocs = *frees = *failures = 0;
	*bytes = 0;
	for (size_t i = 0; i < top->rates.count; i++) {
		const struct rate *rate = &top->rates.rate[i];

		*allocs += rate_per_second(rate->allocs, rate->seconds);
		*frees += rate_per_second(rate->frees, rate->seconds);
		*failures += rate_per_second(rate->failures, rate->seconds);
		*bytes += rate->object.value[MPDEMO_A_FOOTPRINT];
	}
}

void top_summary(const struct top *top, int line, int width, char out[TOP_WIDTH])
{
	double allocs, frees, failures;
	char memory[UNITS_SIZE], clock[16];
	time_t now = time(NULL);
	uint64_t bytes;
	struct tm parts;

	sums(top, &allocs, &frees, &failures, &bytes);
	localtime_r(&now, &parts);
	strftime(clock, sizeof(clock), "%T", &parts);
	if (line == 0)
		snprintf(out, TOP_WIDTH, "poolctl top - %s, %zu object%s, %s, every %g s, by %s",
			 clock, top->rates.count, top->rates.count == 1 ? "" : "s",
			 units_format_size(bytes, memory), top->delay,
			 top_sorts[top->sort].name);
	else
		snprintf(out, TOP_WIDTH, "%.0f allocs/s, %.0f frees/s, %.0f failures/s; %s",
			 allocs, frees, failures, "Enter: map, h: help, q: quit");
	finish(width, out);
}
