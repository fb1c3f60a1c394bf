// SPDX-License-Identifier: GPL-2.0
/* poolctl map: what is with each block, as letters, as JSON, as a picture. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cell.h"
#include "color.h"
#include "hints.h"
#include "json.h"
#include "map.h"
#include "map_svg.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "screen.h"

#define COLUMNS		64	/* of a row at most */
#define LABEL		9	/* columns of the number in front of it */
#define MOST_CELLS	4096	/* 64 rows: what a person can look through */

static const char *svg;

const struct command_option map_options[] = {
	{ "svg", 0, "FILE", &svg, "draw it into this file; -: on stdout" },
	{ 0 },
};

static void print_letter(char letter, int color, int *now)
{
	if (color_wanted() && color != *now) {
		printf("\033[%dm", color);
		*now = color;
	}
	putchar(letter);
}

static void end_color(int *now)
{
	if (*now)
		fputs("\033[0m", stdout);
	*now = 0;
}

static int color_of(struct map_cell cell)
{
	return cell.state < MAP_STATES ? map_states[cell.state].color : 34;
}

/* As many cells as a row has room for; a multiple of 8, so that its number is round. */
static size_t row_cells(void)
{
	int room = screen_width(LABEL + COLUMNS) - LABEL;

	return room >= COLUMNS ? COLUMNS : room < 16 ? 8 : room / 8 * 8;
}

static void print_row(const struct map_cell *cells, size_t n, size_t number)
{
	int color = 0;

	printf("%8zu ", number);
	for (size_t i = 0; i < n; i++)
		print_letter(map_letter(cells[i]), color_of(cells[i]), &color);
	end_color(&color);
	putchar('\n');
}

/* Rows like the one before are a "*", as hexdump(1) has it; the last one is shown. */
static void print_part(const struct map_part *part, size_t step)
{
	size_t cells = map_cells(part, step), columns = row_cells();
	struct map_cell row[2][COLUMNS];
	char title[MAP_TITLE_SIZE];
	bool starred = false;

	map_part_title(part, title);
	printf("%s, %" PRIu64 " in use\n", title, map_used(part));
	for (size_t i = 0; i < cells; i += columns) {
		size_t n = cells - i < columns ? cells - i : columns;
		bool last = i + n == cells;

		memset(row[0], 0, sizeof(row[0]));
		for (size_t j = 0; j < n; j++)
			row[0][j] = map_cell(part, i + j, step);
		if (i && !last && !memcmp(row[0], row[1], sizeof(row[0]))) {
			if (!starred)
				puts("       *");
			starred = true;
			continue;
		}
		print_row(row[0], n, part->first + i * step);
		memcpy(row[1], row[0], sizeof(row[0]));
		starred = false;
	}
}

/* Only what there is, and what a free block looks like. */
static void print_legend(const struct map *map, size_t step)
{
	int color = 0;

	for (int i = 0; i < MAP_STATES; i++) {
		uint64_t count = 0;

		for (size_t j = 0; j < map->nparts; j++)
			count += map->parts[j].counts[i];
		if (!count && i != MPDEMO_BLOCK_FREE)
			continue;
		print_letter(map_states[i].letter, map_states[i].color, &color);
		end_color(&color);
		printf(" %s: %" PRIu64 "\n", map_states[i].label, count);
	}
	if (step > 1)
		printf("A cell is %zu blocks; where they differ, 0 to 9 tenths are in use.\n",
		       step);
}

static const char *bytes(uint64_t value, char text[CELL_SIZE])
{
	struct cell cell = cell_of_number(CELL_BYTES, value);

	return cell_format(&cell, text);
}

static void print_arena_letter(int state, int *now)
{
	print_letter(map_arena_letter(state), map_states[state].color, now);
}

/* Only of what there is, as print_legend(). */
static void print_arena_legend(int state, const char *label, uint64_t value)
{
	char text[CELL_SIZE];
	int color = 0;

	print_arena_letter(state, &color);
	end_color(&color);
	printf(" %s: %s\n", label, bytes(value, text));
}

static void print_arena(const struct map *map)
{
	uint64_t size = map->object.value[MPDEMO_A_BYTES];
	uint64_t used = map->object.value[MPDEMO_A_IN_USE];
	uint64_t peak = map->object.value[MPDEMO_A_PEAK];
	char text[3][CELL_SIZE];
	size_t cells = row_cells();
	int color = 0;

	printf("%s, %s in use, %s at the peak\n%8d ", bytes(size, text[0]),
	       bytes(used, text[1]), bytes(peak, text[2]), 0);
	for (size_t i = 0; i < cells; i++)
		print_arena_letter(map_arena_state(map, i, cells), &color);
	end_color(&color);
	putchar('\n');
	print_arena_legend(MPDEMO_BLOCK_FREE, "free", size - used);
	if (used)
		print_arena_legend(MPDEMO_BLOCK_HELD, "in use", used);
	if (peak > used)
		print_arena_legend(MPDEMO_BLOCK_CACHED, "free, but in use at the peak",
				   peak - used);
}

static void print_map(const struct map *map)
{
	const struct object *object = &map->object;
	size_t step = map_step(map, MOST_CELLS);

	printf("%s %s, id %" PRIu64 "\n",
	       object_kind_name(object->value[MPDEMO_A_KIND]),
	       object_title(object), object->value[MPDEMO_A_ID]);
	if (!map->nparts) {
		print_arena(map);
		return;
	}
	for (size_t i = 0; i < map->nparts; i++)
		print_part(&map->parts[i], step);
	print_legend(map, step);
}

static struct json_object *part_json(const struct map_part *part)
{
	struct json_object *json = needed(json_object_new_object());
	struct json_object *states = needed(json_object_new_object());
	char *letters = needed(malloc(part->count + 1));

	for (size_t i = 0; i < part->count; i++)
		letters[i] = map_states[part->states[i]].letter;
	letters[part->count] = '\0';
	for (int i = 0; i < MAP_STATES; i++)
		json_add_number(states, map_states[i].name, part->counts[i]);

	json_add_number(json, "block_size", part->block_size);
	json_object_object_add(json, "pages",
			       needed(json_object_new_boolean(part->pages)));
	json_add_number(json, "first", part->first);
	json_add_number(json, "count", part->count);
	json_object_object_add(json, "states", states);
	json_add_string(json, "map", letters);
	free(letters);
	return json;
}

static struct json_object *map_json(const struct map *map)
{
	static const int identity[] = { MPDEMO_A_ID, MPDEMO_A_NAME, MPDEMO_A_KIND };
	static const int amounts[] = { MPDEMO_A_BYTES, MPDEMO_A_IN_USE, MPDEMO_A_PEAK };
	struct json_object *document = json_document();
	struct json_object *parts;

	for (int i = 0; i < 6; i++) {
		int attribute = i < 3 ? identity[i] : amounts[i - 3];
		const struct object_field *field = object_field(attribute);
		struct cell cell = cell_of_field(&map->object, field);

		if (i < 3 || !map->nparts)
			cell_add(document, field->name, &cell);
	}
	parts = json_add_array(document, "parts");
	for (size_t i = 0; i < map->nparts; i++)
		json_object_array_add(parts, part_json(&map->parts[i]));
	return document;
}

static int fail_file(struct kernel_error *error)
{
	*error = (struct kernel_error){ .error = errno };
	return -1;
}

/* What cannot be written as a whole is left as it is: the file may be a device, or somebody's. */
static int write_svg(const struct map *map, struct kernel_error *error)
{
	FILE *file;
	bool failed;

	if (!strcmp(svg, "-")) {
		map_svg(map, stdout);
		return 0;
	}
	file = fopen(svg, "w");
	if (!file)
		return fail_file(error);
	map_svg(map, file);
	failed = ferror(file);
	if (!fclose(file) && !failed)
		return 0;
	return fail_file(error);
}

static int read_map(const char *name, struct map *map, struct kernel_error *error)
{
	struct object_list list = { 0 };
	struct netlink netlink;
	int result;

	*map = (struct map){ 0 };
	if (netlink_open(&netlink, &object_family, error))
		return -1;
	result = object_read(&netlink, name, &list, error);
	if (!result)
		result = map_read(&netlink, &list.objects[0], map, error);
	netlink_close(&netlink);
	object_list_clear(&list);
	return result;
}

int map_main(int argc, char **argv)
{
	struct kernel_error error;
	struct map map;

	(void)argc;
	if (!argument_name(argv[0]))
		return STATUS_USAGE;
	if (svg && options.json)
		return usage_error("either --svg or --json");
	if (read_map(argv[0], &map, &error)) {
		map_clear(&map);
		return refused(&error, hint_administer(&error, argv[0]), NULL,
			       "map %s", argv[0]);
	}

	if (svg && write_svg(&map, &error)) {
		map_clear(&map);
		return refused(&error, "name a file that you may write", NULL,
			       "map %s --svg %s", argv[0], svg);
	}
	if (options.json)
		json_print(map_json(&map));
	else if (!svg)
		print_map(&map);
	map_clear(&map);
	return STATUS_OK;
}
