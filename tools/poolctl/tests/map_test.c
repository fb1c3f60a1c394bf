// SPDX-License-Identifier: GPL-2.0
/*
 * Maps and lines of poolctl top, without a module. KTAP on stdout; and one picture of each
 * kind of object into the folder that is given, to be looked at by others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "map_svg.h"
#include "memory.h"
#include "rates.h"
#include "top.h"

static int number, failures;

static void report(bool passed, const char *what)
{
	number++;
	failures += !passed;
	printf("%s %d %s\n", passed ? "ok" : "not ok", number, what);
}

static void set(struct object *object, int attribute, uint64_t value)
{
	object->value[attribute] = value;
	object->present |= UINT64_C(1) << attribute;
}

static struct object make_object(const char *name, uint64_t kind)
{
	struct object object = { 0 };

	snprintf(object.name, sizeof(object.name), "%s", name);
	set(&object, MPDEMO_A_ID, 7);
	set(&object, MPDEMO_A_KIND, kind);
	return object;
}

/* @text has a letter of map_states for each block. */
static bool add(struct map *map, uint64_t block_size, bool pages, uint32_t first,
		const char *text)
{
	size_t count = strlen(text);
	unsigned char *states = needed(calloc(1, count / 2 + 1));
	bool good;

	for (size_t i = 0; i < count; i++) {
		int state = 0;

		while (map_states[state].letter != text[i])
			state++;
		states[i / 2] |= state << (i % 2 ? 4 : 0);
	}
	good = map_add(map, block_size, pages, first, count, states);
	free(states);
	return good;
}

/* How often @text is in what is drawn, which is kept as @name if that is not NULL. */
static int drawn(const struct map *map, const char *folder, const char *name,
		 const char *text)
{
	char *svg = NULL, path[512];
	int count = 0;
	size_t size;
	FILE *file;

	file = needed(open_memstream(&svg, &size));
	map_svg(map, file);
	fclose(file);
	for (const char *at = svg; (at = strstr(at, text)); at++)
		count++;
	if (name) {
		snprintf(path, sizeof(path), "%s/%s.svg", folder, name);
		file = needed(fopen(path, "w"));
		fputs(svg, file);
		fclose(file);
	}
	free(svg);
	return count;
}

static void letters_are(const struct map_part *part, size_t step, const char *wanted)
{
	char seen[256] = "";
	size_t cells = map_cells(part, step);

	for (size_t i = 0; i < cells; i++)
		seen[i] = map_letter(map_cell(part, i, step));
	report(!strcmp(seen, wanted), wanted);
}

static void test_pool(const char *folder)
{
	struct map map = { .object = make_object("a<b&\"c\">", MPDEMO_KIND_POOL) };
	unsigned char wrong = 0x0f;

	report(add(&map, 64, false, 0, ".mrhk+-"), "one of each");
	report(add(&map, 64, false, 7, "h..."), "and more");
	report(map.nparts == 1 && map.parts[0].count == 11, "are one part");
	report(map_used(&map.parts[0]) == 6, "of which six are in use");
	report(map.parts[0].counts[MPDEMO_BLOCK_HELD] == 2, "two of them held");
	report(!add(&map, 64, false, 12, "h"), "no gap");
	report(!map_add(&map, 64, false, 11, 1, &wrong), "no unknown state");
	letters_are(&map.parts[0], 1, ".mrhk+-h...");
	/* Two in a cell: a digit where they differ. What is absent does not count. */
	letters_are(&map.parts[0], 2, "5999..");
	report(drawn(&map, folder, "pool", "<use ") == 11 + MAP_STATES, "cells and legend");
	report(drawn(&map, folder, NULL, "a&lt;b&amp;\"c\"&gt;") == 2, "its name");
	map_clear(&map);
}

/* Half of the first cell, all of the second, little of the third, nothing of others. */
static void test_large_pool(const char *folder)
{
	struct map map = { .object = make_object("large", MPDEMO_KIND_POOL) };
	static char text[1000001];
	char *end = text + sizeof(text) - 1;
	size_t step;

	memset(text, '.', end - text);
	memset(text, 'k', 32);
	memset(text + 64, 'k', 64);
	text[130] = 'h';
	memset(end - 64, '-', 64);
	report(add(&map, 8, false, 0, text), "many blocks");
	step = map_step(&map, MAP_SVG_CELLS);
	report(step == 64 && map_count(&map) == 1000000, "share cells");
	report(map_letter(map_cell(&map.parts[0], 0, step)) == '5', "half of it");
	report(map_letter(map_cell(&map.parts[0], 1, step)) == 'k', "all of it");
	report(map_letter(map_cell(&map.parts[0], 2, step)) == '1', "little of it");
	report(map_letter(map_cell(&map.parts[0], 3, step)) == '.', "nothing of it");
	report(map_letter(map_cell(&map.parts[0], 15624, step)) == '-', "not there");
	report(drawn(&map, folder, "large", "<use ") == 15625 + MAP_STATES + 10,
	       "cells, legend, and tenths");
	map_clear(&map);
}

static void test_heap(const char *folder)
{
	struct map map = { .object = make_object("heap", MPDEMO_KIND_HEAP) };
	char title[MAP_TITLE_SIZE];

	report(add(&map, 8, false, 0, "h...") && add(&map, 16, false, 4, "kk..") &&
	       add(&map, 4096, true, 8, "hhh.."), "two sizes and pages");
	report(map.nparts == 3 && map.parts[2].first == 8, "are three parts");
	report(map_step(&map, 2) == 8, "each has a cell at least");
	map_part_title(&map.parts[2], title);
	report(!strcmp(title, "5 pages of 4K"), title);
	report(drawn(&map, folder, "heap", "<g class='cells'>") == 3, "three grids");
	map_clear(&map);
}

static void test_arena(const char *folder)
{
	struct map map = { .object = make_object("arena", MPDEMO_KIND_ARENA) };

	set(&map.object, MPDEMO_A_BYTES, 65536);
	set(&map.object, MPDEMO_A_IN_USE, 16384);
	set(&map.object, MPDEMO_A_PEAK, 32768);
	report(drawn(&map, folder, "arena", "16K of 64K in use (25.0 %)") == 1, "an arena");
	report(map_arena_state(&map, 15, 64) == MPDEMO_BLOCK_HELD &&
	       map_arena_state(&map, 16, 64) == MPDEMO_BLOCK_CACHED &&
	       map_arena_state(&map, 31, 64) == MPDEMO_BLOCK_CACHED &&
	       map_arena_state(&map, 32, 64) == MPDEMO_BLOCK_FREE, "its cells");
	set(&map.object, MPDEMO_A_IN_USE, 1);
	report(map_arena_state(&map, 0, 64) == MPDEMO_BLOCK_HELD, "one byte is in use");
	map_clear(&map);
}

/* As on a terminal of that width which shows nothing else. */
static void lay_out(const struct rate *rate, int width, char heading[TOP_WIDTH],
		    char line[TOP_WIDTH])
{
	struct top top = { .rates = { .rate = (struct rate *)rate, .count = 1 } };
	struct top_layout layout = top_lay_out(&top, width);

	top_heading(&layout, heading);
	top_line(rate, &layout, line);
}

static bool marked(const struct rate *rate, const char *marks)
{
	char heading[TOP_WIDTH], line[TOP_WIDTH];
	size_t column;

	lay_out(rate, 200, heading, line);
	column = strstr(heading, "MARKS") - heading;
	return !strcmp(strlen(line) > column ? line + column : "", marks);
}

static void looks(const struct rate *rate, int width, const char *heading, const char *line)
{
	char seen[2][TOP_WIDTH];

	lay_out(rate, width, seen[0], seen[1]);
	report(!strcmp(seen[0], heading), seen[0]);
	report(!strcmp(seen[1], line), seen[1]);
}

/* What matters most is seen also where there is little room, and what is cut off says so. */
static void test_columns(void)
{
	static const char name[] = "a-pool-of-a-name-that-is-longer-than-most";
	struct rate rate = {
		.object = make_object(name, MPDEMO_KIND_POOL),
		.seconds = 2,
		.allocs = 7,
		.failures = 3,
	};
	char heading[TOP_WIDTH], line[TOP_WIDTH];
	bool fits = true;

	set(&rate.object, MPDEMO_A_BLOCKS, 16777208);
	set(&rate.object, MPDEMO_A_IN_USE, 12582906);
	looks(&rate, 39,
	      "  ID NAME             IN-USE USE% MARKS",
	      "   7 a-pool-of-a-n+ 12582906  75% E");
	looks(&rate, 79,
	      "  ID NAME         IN-USE CAPACITY USE% BAR      ALLOCS/s  FREES/s FAILS/s MARKS",
	      "   7 a-pool-of+ 12582906 16777208  75% [#####.]     3.50        0    1.50 E");
	looks(&rate, 99,
	      "  ID NAME                     KIND    IN-USE CAPACITY USE% BAR      ALLOCS/s  FREES/s FAILS/s MARKS",
	      "   7 a-pool-of-a-name-that-i+ pool  12582906 16777208  75% [#####.]     3.50        0    1.50 E");
	looks(&rate, 120,
	      "  ID NAME                                      KIND    IN-USE CAPACITY USE% BAR          ALLOCS/s  FREES/s FAILS/s MARKS",
	      "   7 a-pool-of-a-name-that-is-longer-than-most pool  12582906 16777208  75% [########..]     3.50        0    1.50 E");
	looks(&rate, TOP_ANY_WIDTH,
	      "  ID NAME                                      KIND    IN-USE CAPACITY USE% BAR      ALLOCS/s  FREES/s FAILS/s MARKS",
	      "   7 a-pool-of-a-name-that-is-longer-than-most pool  12582906 16777208  75% [#####.]     3.50        0    1.50 E");
	for (int width = 1; width < 300; width++) {
		lay_out(&rate, width, heading, line);
		fits = fits && (int)strlen(line) <= width && (int)strlen(heading) <= width;
	}
	report(fits, "a line is not longer than the screen is wide");
}

static void test_marks(void)
{
	struct rate rate = {
		.object = make_object("pool", MPDEMO_KIND_POOL),
		.seconds = 2,
		.allocs = 7,
	};

	set(&rate.object, MPDEMO_A_BLOCKS, 50);
	set(&rate.object, MPDEMO_A_IN_USE, 25);
	report(marked(&rate, ""), "no marks");
	rate.failures = 1;
	report(marked(&rate, "E"), "a failure");
	rate.since_zero = true;
	report(marked(&rate, ""), "that may be long ago");
	set(&rate.object, MPDEMO_A_LEVEL, MPDEMO_NL_LEVEL_EXHAUSTED);
	report(marked(&rate, "E"), "or by its level");
	set(&rate.object, MPDEMO_A_LEVEL, MPDEMO_NL_LEVEL_LOW);
	set(&rate.object, MPDEMO_A_WAITERS, 1);
	rate.since_zero = false;
	rate.reclaimed = 1;
	rate.corrupted = 1;
	rate.failures = 0;
	report(marked(&rate, "LRCW"), "others");
	set(&rate.object, MPDEMO_A_DYING, 1);
	report(marked(&rate, "LRCWD"), "and one more");
}

static void test_orders(void)
{
	report(top_find_sort("n") == top_find_sort("NAME") && top_find_sort("n") >= 0,
	       "an order by key and by name");
	report(top_find_sort("x") < 0 && top_find_sort("") < 0 &&
	       top_find_sort("nam") < 0, "and no other");
}

int main(int argc, char **argv)
{
	puts("KTAP version 1");
	report(argc == 2, "a folder on the command line");
	if (argc == 2) {
		test_pool(argv[1]);
		test_large_pool(argv[1]);
		test_heap(argv[1]);
		test_arena(argv[1]);
	}
	test_marks();
	test_columns();
	test_orders();
	printf("1..%d\n", number);
	return failures != 0;
}
