// SPDX-License-Identifier: GPL-2.0
/* What is with each block of an object: read, and put together to cells. */
#include <errno.h>
#include <inttypes.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "map.h"
#include "memory.h"

/* Letters, so that the map can be read without colors; they are those of debugfs. */
const struct map_state map_states[MAP_STATES] = {
	[MPDEMO_BLOCK_FREE] = { '.', "free", "free", 90 },
	[MPDEMO_BLOCK_CACHED] = { 'm', "cached", "in a magazine, or granted", 36 },
	[MPDEMO_BLOCK_RESERVED] = { 'r', "reserved", "reserved", 33 },
	[MPDEMO_BLOCK_HELD] = { 'h', "held", "held by a program", 34 },
	[MPDEMO_BLOCK_KEPT] = { 'k', "kept", "kept by the object", 35 },
	[MPDEMO_BLOCK_MOVING] = { '+', "moving", "changing hands", 31 },
	[MPDEMO_BLOCK_ABSENT] = { '-', "absent", "not there yet", 90 },
};

static struct map_part *part_of(struct map *map, uint64_t block_size, bool pages,
				uint32_t first)
{
	struct map_part *part = map->nparts ? &map->parts[map->nparts - 1] : NULL;

	if (part && part->block_size == block_size && part->pages == pages)
		return part;
	map->parts = needed(realloc(map->parts,
				    (map->nparts + 1) * sizeof(*map->parts)));
	part = &map->parts[map->nparts++];
	*part = (struct map_part){
		.block_size = block_size,
		.pages = pages,
		.first = first,
	};
	return part;
}

bool map_add(struct map *map, uint64_t block_size, bool pages, uint32_t first,
	     size_t count, const unsigned char *states)
{
	struct map_part *part = part_of(map, block_size, pages, first);

	if (!count || first != part->first + part->count)
		return false;
	part->states = needed(realloc(part->states, part->count + count));
	for (size_t i = 0; i < count; i++) {
		unsigned char state = states[i / 2] >> (i % 2 ? 4 : 0) & 15;

		if (state >= MAP_STATES)
			return false;
		part->states[part->count++] = state;
		part->counts[state]++;
	}
	return true;
}

static void ask(struct nl_msg *message, void *data)
{
	const struct map *map = data;

	needed(nla_put_u32(message, MPDEMO_A_ID, map->object.value[MPDEMO_A_ID]) ?
	       NULL : message);
}

static void begin(void *data)
{
	struct map *map = data;
	struct object object = map->object;

	map_clear(map);
	map->object = object;
}

static bool read_arena(struct map *map, struct nlattr **tb)
{
	static const int amounts[] = {
		MPDEMO_A_BYTES, MPDEMO_A_IN_USE, MPDEMO_A_PEAK,
	};

	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		if (!tb[amounts[i]])
			return false;
		map->object.value[amounts[i]] = nla_get_u64(tb[amounts[i]]);
	}
	return true;
}

static bool read_piece(struct nlmsghdr *header, void *data)
{
	static const struct nla_policy policy[MPDEMO_A_MAX + 1] = {
		[MPDEMO_A_BYTES] = { .type = NLA_U64 },
		[MPDEMO_A_IN_USE] = { .type = NLA_U64 },
		[MPDEMO_A_PEAK] = { .type = NLA_U64 },
		[MPDEMO_A_BLOCK_SIZE] = { .type = NLA_U64 },
		[MPDEMO_A_FIRST] = { .type = NLA_U32 },
		[MPDEMO_A_COUNT] = { .type = NLA_U32 },
	};
	struct nlattr *tb[MPDEMO_A_MAX + 1];
	struct map *map = data;
	uint32_t count;

	if (genlmsg_parse(header, 0, tb, MPDEMO_A_MAX,
			  (struct nla_policy *)policy) < 0)
		return false;
	if (map->object.value[MPDEMO_A_KIND] == MPDEMO_KIND_ARENA)
		return read_arena(map, tb);
	if (!tb[MPDEMO_A_BLOCK_SIZE] || !tb[MPDEMO_A_FIRST] ||
	    !tb[MPDEMO_A_COUNT] || !tb[MPDEMO_A_STATES])
		return false;
	count = nla_get_u32(tb[MPDEMO_A_COUNT]);
	if ((uint64_t)nla_len(tb[MPDEMO_A_STATES]) != (count + UINT64_C(1)) / 2)
		return false;
	return map_add(map, nla_get_u64(tb[MPDEMO_A_BLOCK_SIZE]),
		       tb[MPDEMO_A_PAGES], nla_get_u32(tb[MPDEMO_A_FIRST]),
		       count, nla_data(tb[MPDEMO_A_STATES]));
}

int map_read(struct netlink *netlink, const struct object *object,
	     struct map *map, struct kernel_error *error)
{
	struct netlink_reader reader = { begin, read_piece, map };

	*map = (struct map){ .object = *object };
	return netlink_dump_about(netlink, MPDEMO_CMD_BLOCKS, ask, &reader,
				  error);
}

void map_clear(struct map *map)
{
	for (size_t i = 0; i < map->nparts; i++)
		free(map->parts[i].states);
	free(map->parts);
	*map = (struct map){ 0 };
}

uint64_t map_count(const struct map *map)
{
	uint64_t count = 0;

	for (size_t i = 0; i < map->nparts; i++)
		count += map->parts[i].count;
	return count;
}

uint64_t map_used(const struct map_part *part)
{
	return part->count - part->counts[MPDEMO_BLOCK_FREE] -
	       part->counts[MPDEMO_BLOCK_ABSENT];
}

size_t map_cells(const struct map_part *part, size_t step)
{
	return (part->count + step - 1) / step;
}

size_t map_step(const struct map *map, size_t most)
{
	size_t step = 1, cells;

	/* A part has one cell at least. */
	for (;; step *= 2) {
		cells = 0;
		for (size_t i = 0; i < map->nparts; i++)
			cells += map_cells(&map->parts[i], step);
		if (cells <= most || cells == map->nparts)
			return step;
	}
}

struct map_cell map_cell(const struct map_part *part, size_t cell, size_t step)
{
	size_t begin = cell * step, end = begin + step;
	struct map_cell result = { .state = part->states[begin] };
	size_t used = 0, there = 0;

	if (end > part->count)
		end = part->count;
	for (size_t i = begin; i < end; i++) {
		unsigned char state = part->states[i];

		if (state != result.state)
			result.state = MAP_STATES;
		there += state != MPDEMO_BLOCK_ABSENT;
		used += state != MPDEMO_BLOCK_ABSENT && state != MPDEMO_BLOCK_FREE;
	}
	if (result.state < MAP_STATES)
		return result;
	result.tenths = used * 10 / there;
	if (used && !result.tenths)
		result.tenths = 1;
	if (result.tenths > 9)
		result.tenths = 9;
	return result;
}

int map_arena_state(const struct map *map, size_t cell, size_t cells)
{
	const uint64_t *value = map->object.value;
	uint64_t begin = (long double)value[MPDEMO_A_BYTES] * cell / cells;

	if (begin < value[MPDEMO_A_IN_USE])
		return MPDEMO_BLOCK_HELD;
	return begin < value[MPDEMO_A_PEAK] ? MPDEMO_BLOCK_CACHED : MPDEMO_BLOCK_FREE;
}

char map_arena_letter(int state)
{
	return state == MPDEMO_BLOCK_CACHED ? 'p' : map_states[state].letter;
}

char map_letter(struct map_cell cell)
{
	return cell.state < MAP_STATES ? map_states[cell.state].letter :
					 MAP_TENTHS[cell.tenths];
}

void map_part_title(const struct map_part *part, char out[MAP_TITLE_SIZE])
{
	struct cell size = cell_of_number(CELL_BYTES, part->block_size);
	char text[CELL_SIZE];

	snprintf(out, MAP_TITLE_SIZE, "%zu %s%s of %s", part->count,
		 part->pages ? "page" : "block", part->count == 1 ? "" : "s",
		 cell_format(&size, text));
}
