/* SPDX-License-Identifier: GPL-2.0 */
/* What is with each block of an object, to be drawn. */
#ifndef POOLCTL_MAP_H
#define POOLCTL_MAP_H

#include "netlink.h"
#include "object.h"

#define MAP_STATES	7	/* MPDEMO_BLOCK_* */

/* Beside the letters of states: a cell of several blocks that are not all in one state. */
#define MAP_TENTHS	"0123456789"

/*
 * struct map_state - how a state is shown
 * @letter: in text
 * @name: in JSON
 * @label: in a legend
 * @color: on a terminal, as SGR takes it
 */
struct map_state {
	char letter;
	const char *name;
	const char *label;
	int color;
};

extern const struct map_state map_states[MAP_STATES];

/*
 * struct map_part - blocks of one size
 * @block_size: bytes
 * @pages: they are pages for large sizes
 * @first: number of the first one, as in handles
 * @count: how many they are
 * @states: MPDEMO_BLOCK_* of each
 * @counts: how many are in each state
 */
struct map_part {
	uint64_t block_size;
	bool pages;
	uint32_t first;
	size_t count;
	unsigned char *states;
	uint64_t counts[MAP_STATES];
};

/*
 * struct map - all of them
 * @object: as it was just before; of an arena, all there is
 * @parts: of a pool one, of a heap one for each size, of an arena none
 * @nparts: how many there are
 */
struct map {
	struct object object;
	struct map_part *parts;
	size_t nparts;
};

/* Read that of @object. Returns 0, or fills @error and returns -1. */
int map_read(struct netlink *netlink, const struct object *object,
	     struct map *map, struct kernel_error *error);
void map_clear(struct map *map);

/* Append @count blocks of which @states has two in a byte; false: that cannot be. */
bool map_add(struct map *map, uint64_t block_size, bool pages, uint32_t first,
	     size_t count, const unsigned char *states);

/* All blocks, and those that are not free, of those that there are. */
uint64_t map_count(const struct map *map);
uint64_t map_used(const struct map_part *part);

/* How many blocks a cell is to stand for, so that there are at most @most cells. */
size_t map_step(const struct map *map, size_t most);
size_t map_cells(const struct map_part *part, size_t step);

/*
 * struct map_cell - what is drawn for some blocks
 * @state: that of all of them, or MAP_STATES
 * @tenths: else, how many tenths of those that are there are not free; 1 to 9
 */
struct map_cell {
	unsigned char state;
	unsigned char tenths;
};

struct map_cell map_cell(const struct map_part *part, size_t cell, size_t step);

/* The letter of a cell. */
char map_letter(struct map_cell cell);

/*
 * Of an arena of which @cells cells are drawn: MPDEMO_BLOCK_HELD where a part of the cell is
 * in use, MPDEMO_BLOCK_CACHED where it was at the peak, else MPDEMO_BLOCK_FREE; and the
 * letter of each of these.
 */
int map_arena_state(const struct map *map, size_t cell, size_t cells);
char map_arena_letter(int state);

/* "64 blocks of 24B", "16 pages". */
#define MAP_TITLE_SIZE	96
void map_part_title(const struct map_part *part, char out[MAP_TITLE_SIZE]);

#endif /* POOLCTL_MAP_H */
