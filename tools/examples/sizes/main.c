// SPDX-License-Identifier: MIT
/*
 * sizes: a size-class allocator made of pools.
 *
 * A pool has blocks of one size. Eight pools of 8, 16 and so on to 1024 bytes, with 1000 / (i +
 * 1) blocks, take any size up to that: what is asked for is rounded up to the next class, which
 * wastes the rest of the block. Who frees says what class it was, so that a block needs no
 * header. What is larger comes from an arena of 10 MiB, and is never freed. It shows how much
 * each class wastes, and what happens when one is used up: try --alive 1000, and then 3000.
 *
 * Read take() and give() first, then run(). The heap of libmpdemo is the real thing: it needs no
 * class to free, and takes large pieces back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "../options.h"

#define CLASSES		8
#define SMALLEST	8UL
#define LARGEST		(SMALLEST << (CLASSES - 1))
#define MOST_BLOCKS	1000
#define LARGE_BYTES	(10UL << 20)
#define MOST_ALIVE	10000

struct class {
	struct pool pool;
	char name[16];
	unsigned long asked;	/* bytes, of all allocations so far */
	unsigned long spilled;	/* were for this class, and got something larger */
};

struct piece {
	unsigned char *at;	/* NULL: there is none */
	size_t bytes;
	unsigned int class;	/* CLASSES: of the arena */
	unsigned char content;
};

static unsigned long alive = 1500, pieces = 100000;
static bool from_malloc;

static const struct options options = {
	.program = "sizes",
	.needs = "",
	.about = "Allocates and frees pieces of 1 byte to 2 KiB, from eight pools and an arena,\n"
		 "and prints what became of them in each class.\n",
	.end = "\nExit status: 1 if it could not begin, or if a piece was damaged or not freed.\n",
	.rows = (const struct option_row[]){
		{ "alive", "N", "pieces at a time", .number = &alive, .least = 1,
		  .most = MOST_ALIVE },
		{ "pieces", "N", "to allocate in all", .number = &pieces, .least = 1,
		  .most = 10000000 },
		{ "malloc", NULL, "memory of the C library in place of mempool_demo's",
		  .flag = &from_malloc },
		{ }
	},
};

static struct class classes[CLASSES];
static struct arenas large_set;
static struct arena large;
static unsigned long n_large, failures, damaged;

static unsigned int class_of(size_t bytes)
{
	unsigned int i = 0;

	while (i < CLASSES && SMALLEST << i < bytes)
		i++;
	return i;
}

/* A class that has no block left is served by the next one: waste is better than failure. */
static bool take(struct piece *piece, size_t bytes)
{
	unsigned int first = class_of(bytes), i;

	piece->bytes = bytes;
	for (i = first; i < CLASSES; i++) {
		piece->at = pool_alloc(&classes[i].pool);
		if (piece->at)
			break;
	}
	piece->class = i;
	if (i == CLASSES)
		piece->at = arena_alloc(&large, bytes);
	if (!piece->at)
		return false;
	if (i < CLASSES)
		classes[i].asked += bytes;
	else
		n_large++;
	if (first < i)
		classes[first].spilled++;
	return true;
}

/* Of the arena nothing is freed before all is: that is what an arena is. */
static void give(struct piece *piece)
{
	if (piece->class < CLASSES)
		pool_free(&classes[piece->class].pool, piece->at);
	piece->at = NULL;
}

/* Small ones are asked for most, as in most programs; one in a hundred is large. */
static size_t random_bytes(void)
{
	if (rand() % 100 == 0)
		return LARGEST + 1 + (size_t)rand() % LARGEST;
	return 1 + (size_t)rand() % (SMALLEST << rand() % CLASSES);
}

/* Whoever uses memory that is somebody else's as well is found here. */
static void check(const struct piece *piece)
{
	for (size_t i = 0; i < piece->bytes; i++) {
		if (piece->at[i] != piece->content) {
			damaged++;
			return;
		}
	}
}

static void run(void)
{
	static struct piece all[MOST_ALIVE];

	for (unsigned long i = 0; i < pieces; i++) {
		struct piece *piece = &all[(unsigned long)rand() % alive];

		if (piece->at) {
			check(piece);
			give(piece);
		}
		if (!take(piece, random_bytes())) {
			failures++;
			continue;
		}
		piece->content = i;
		memset(piece->at, piece->content, piece->bytes);
	}
	for (unsigned long i = 0; i < alive; i++) {
		if (all[i].at) {
			check(&all[i]);
			give(&all[i]);
		}
	}
}

static bool begin(void)
{
	for (unsigned int i = 0; i < CLASSES; i++) {
		struct class *class = &classes[i];

		snprintf(class->name, sizeof(class->name), "%zu-bytes", SMALLEST << i);
		if (!pool_begin(&class->pool, class->name, SMALLEST << i, MOST_BLOCKS / (i + 1),
				64))
			return false;
	}
	if (!arenas_begin(&large_set, "larger", LARGE_BYTES, 1))
		return false;
	arena_begin(&large, &large_set, 0);
	return true;
}

/* Waste: how much of the blocks that were given out was not asked for. */
static void report(void)
{
	printf("%-12s %8s %8s %8s\n", "CLASS", "ALLOCS", "WASTE", "SPILLED");
	for (unsigned int i = 0; i < CLASSES; i++) {
		const struct class *class = &classes[i];
		unsigned long allocs = class->pool.figures.allocs;
		unsigned long given = allocs * (SMALLEST << i);

		printf("%-12s %8lu %7.1f%% %8lu\n", class->name, allocs,
		       given ? 100.0 * (given - class->asked) / given : 0, class->spilled);
	}
	printf("%-12s %8lu        -        -\n", "larger", n_large);
	printf("%lu pieces, %lu could not be, %lu damaged, on %s\n\n", pieces, failures, damaged,
	       memory_name());
}

int main(int argc, char **argv)
{
	options_parse(&options, argc, argv);
	if (!memory_begin(from_malloc) || !begin())
		return 1;
	run();
	report();
	arena_end(&large);
	return memory_end() && !damaged ? 0 : 1;
}
