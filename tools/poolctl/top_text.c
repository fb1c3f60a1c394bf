// SPDX-License-Identifier: GPL-2.0
/* poolctl top: the objects as lines of text, and in which order they are. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cell.h"
#include "options.h"
#include "top.h"
#include "units.h"

/* Keys are those of slabtop(1) where it has such a thing. */
const struct top_sort top_sorts[TOP_SORTS + 1] = {
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

enum column { ID, NAME, KIND, IN_USE, CAPACITY, USE, BAR, ALLOCS, FREES, FAILS, MARKS };

/*
 * What there is, from left to right.
 * @width: of the column at least; less than 0: to the left
 * @order: those of higher numbers go first where there is no room; 0: never
 */
static const struct {
	const char *heading;
	int width;
	int order;
} columns[TOP_COLUMNS] = {
	[ID] = { "ID", 4, 0 },
	[NAME] = { "NAME", -8, 0 },
	[KIND] = { "KIND", -5, 8 },
	[IN_USE] = { "IN-USE", 8, 1 },
	[CAPACITY] = { "CAPACITY", 8, 4 },
	[USE] = { "USE%", 4, 0 },
	[BAR] = { "BAR", -8, 6 },
	[ALLOCS] = { "ALLOCS/s", 8, 5 },
	[FREES] = { "FREES/s", 8, 7 },
	[FAILS] = { "FAILS/s", 7, 3 },
	[MARKS] = { "MARKS", -5, 2 },
};

#define LAST_ORDER	8
#define NAME_AT_FIRST	24	/* also where no name is so long, so that the screen is quiet */
#define BAR_MOST	42

/* Cut off at the width of the screen. */
static void finish(int width, char out[TOP_WIDTH])
{
	if (width < TOP_WIDTH)
		out[width < 0 ? 0 : width] = '\0';
}

static int total(const struct top_layout *layout)
{
	int sum = -1;

	for (int i = 0; i < TOP_COLUMNS; i++)
		sum += layout->columns[i] ? layout->columns[i] + 1 : 0;
	return sum;
}

static int longest_name(const struct top *top)
{
	int longest = 0;

	for (size_t i = 0; i < top->rates.count; i++) {
		int length = strlen(object_title(&top->rates.rate[i].object));

		longest = length > longest ? length : longest;
	}
	return longest;
}

/* Up to as much as is wanted, of what room there is. */
static void widen(struct top_layout *layout, enum column column, int wanted)
{
	int room = layout->width - total(layout);
	int more = wanted - layout->columns[column];

	if (layout->columns[column] && room > 0 && more > 0)
		layout->columns[column] += more < room ? more : room;
}

struct top_layout top_lay_out(const struct top *top, int width)
{
	struct top_layout layout = { .width = width };
	int longest = longest_name(top);

	for (int i = 0; i < TOP_COLUMNS; i++)
		layout.columns[i] = abs(columns[i].width);
	if (width == TOP_ANY_WIDTH) {
		layout.columns[NAME] = longest > NAME_AT_FIRST ? longest : NAME_AT_FIRST;
		layout.width = total(&layout);
		width = layout.width;
	}
	for (int order = LAST_ORDER; order && total(&layout) > width; order--) {
		for (int i = 0; i < TOP_COLUMNS; i++) {
			if (columns[i].order == order)
				layout.columns[i] = 0;
		}
	}
	widen(&layout, NAME, longest > NAME_AT_FIRST ? longest : NAME_AT_FIRST);
	widen(&layout, BAR, BAR_MOST);
	return layout;
}

/* A line of these texts. A name that is cut off ends with a +, as in top(1). */
static void put_columns(const struct top_layout *layout,
			const char *const texts[TOP_COLUMNS], char out[TOP_WIDTH])
{
	int used = 0;

	for (int i = 0; i < TOP_COLUMNS; i++) {
		int width = layout->columns[i], length = strlen(texts[i]);

		if (!width)
			continue;
		used += snprintf(out + used, TOP_WIDTH - used, "%s%*.*s", used ? " " : "",
				 options.raw ? 0 : columns[i].width < 0 ? -width : width,
				 i == NAME ? width : length, texts[i]);
		if (i == NAME && length > width)
			out[used - 1] = '+';
	}
	while (used && out[used - 1] == ' ')
		out[--used] = '\0';
	finish(layout->width, out);
}

void top_heading(const struct top_layout *layout, char out[TOP_WIDTH])
{
	const char *texts[TOP_COLUMNS];

	for (int i = 0; i < TOP_COLUMNS; i++)
		texts[i] = columns[i].heading;
	put_columns(layout, texts, out);
}

static const char *bar_of(unsigned int percent, int width, char out[BAR_MOST + 1])
{
	int most = width - 2, full = ((percent < 100 ? percent : 100) * most + 50) / 100;

	*out = '\0';
	if (!width)
		return out;
	out[0] = '[';
	for (int i = 0; i < most; i++)
		out[1 + i] = i < full ? '#' : '.';
	strcpy(out + 1 + most, "]");
	return out;
}

void top_line(const struct rate *rate, const struct top_layout *layout,
	      char out[TOP_WIDTH])
{
	const struct object *object = &rate->object;
	struct cell id = cell_of_number(CELL_NUMBER, object->value[MPDEMO_A_ID]);
	struct cell used = cell_of_amount(object, object->value[MPDEMO_A_IN_USE]);
	struct cell capacity = cell_of_amount(object, object_capacity(object));
	struct cell use = cell_of_number(CELL_PERCENT, rate_use(object));
	char text[4][CELL_SIZE], rates[3][RATE_SIZE], bar[BAR_MOST + 1], marks[8];
	const char *const texts[TOP_COLUMNS] = {
		[ID] = cell_format(&id, text[0]),
		[NAME] = object_title(object),
		[KIND] = object_kind_name(object->value[MPDEMO_A_KIND]),
		[IN_USE] = cell_format(&used, text[1]),
		[CAPACITY] = cell_format(&capacity, text[2]),
		[USE] = cell_format(&use, text[3]),
		[BAR] = bar_of(rate_use(object), layout->columns[BAR], bar),
		[ALLOCS] = rate_format(rate->allocs, rate->seconds, rates[0]),
		[FREES] = rate_format(rate->frees, rate->seconds, rates[1]),
		[FAILS] = rate_format(rate->failures, rate->seconds, rates[2]),
		[MARKS] = marks,
	};

	marks_of(rate, marks);
	put_columns(layout, texts, out);
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
