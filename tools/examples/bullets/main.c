// SPDX-License-Identifier: MIT
/*
 * bullets: a pool in a game loop.
 *
 * A game fires 100 bullets a frame, moves all of them, and takes 100 away, 60 times a second:
 * objects of one size that come and go in no order, of which there is a most. That is what a
 * pool is for. With --map it draws where in memory the bullets lie while it plays: in a pool
 * side by side, at most as many blocks as there are bullets at a time, and a block that was
 * freed is the next to be used.
 *
 * Read fire() and hit() first, which are all that has to do with memory; then play(); then
 * draw().
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clock.h"
#include "../memory.h"
#include "../options.h"

#define MOST_BULLETS	100000
#define PER_FRAME	100
#define WIDTH		80	/* of the game */
#define HEIGHT		24
#define PICTURES	20
#define PICTURE_MS	40

/* Of the picture: rows as "poolctl map" has them. */
#define CELLS		64
#define ROWS		16

/* 24 bytes. */
struct bullet {
	float x, y, vx, vy;
	int damage;
	bool active;		/* on the screen */
};

static unsigned long most = 1000, frames = 1000;
static bool from_malloc, map;

static const struct options options = {
	.program = "bullets",
	.needs = "",
	.about = "Plays a game without a screen: each frame fires 100 bullets, moves all, and\n"
		 "takes 100 away. Prints what a frame took, and what became of the bullets.\n",
	.end = "\nExit status: 1 if it could not begin, or if a block was not freed.\n",
	.rows = (const struct option_row[]){
		{ "bullets", "N", "at a time; what is fired beyond that is a misfire",
		  .number = &most, .least = 1, .most = MOST_BULLETS },
		{ "frames", "N", "how long it plays", .number = &frames, .least = 1,
		  .most = 1000000 },
		{ "map", NULL, "draw where the bullets lie in memory, 20 times in all",
		  .flag = &map },
		{ "malloc", NULL, "memory of the C library in place of mempool_demo's",
		  .flag = &from_malloc },
		{ }
	},
};

static struct pool pool;
static struct bullet *bullets[MOST_BULLETS];
static unsigned long count, fired, misfires, hits, damage;

static float random_float(float below)
{
	return below * ((float)rand() / ((float)RAND_MAX + 1.0f));
}

/* Where the pool has no block left the game goes on without that bullet. */
static void fire(void)
{
	struct bullet *bullet = pool_alloc(&pool);

	if (!bullet) {
		misfires++;
		return;
	}
	*bullet = (struct bullet){
		.x = WIDTH / 2.0f, .y = HEIGHT / 2.0f,
		.vx = random_float(2) - 1, .vy = random_float(2) - 1,
		.damage = 1 + rand() % 10, .active = true,
	};
	bullets[count++] = bullet;
	fired++;
}

static void move(struct bullet *bullet)
{
	bullet->x += bullet->vx;
	bullet->y += bullet->vy;
	if (bullet->x < 0 || bullet->x >= WIDTH || bullet->y < 0 || bullet->y >= HEIGHT)
		bullet->active = false;
}

/* Any of them: so they are freed in another order than they were allocated. */
static void hit(void)
{
	unsigned long i = (unsigned long)rand() % count;
	struct bullet *bullet = bullets[i];

	if (bullet->active) {
		damage += bullet->damage;
		hits++;
	}
	bullets[i] = bullets[--count];
	pool_free(&pool, bullet);
}

static void play_frame(void)
{
	for (unsigned long i = 0; i < PER_FRAME; i++)
		fire();
	for (unsigned long i = 0; i < count; i++)
		move(bullets[i]);
	for (unsigned long i = 0; i < PER_FRAME && count; i++)
		hit();
}

/* The memory from the first bullet to the last; returns its length. */
static size_t find_span(uintptr_t *first)
{
	uintptr_t behind = 0;

	*first = UINTPTR_MAX;
	for (unsigned long i = 0; i < count; i++) {
		uintptr_t at = (uintptr_t)bullets[i];

		*first = at < *first ? at : *first;
		behind = at + sizeof(struct bullet) > behind ? at + sizeof(struct bullet) : behind;
	}
	return count ? behind - *first : 0;
}

/* A cell is a block, or as many bytes as it takes to get all on the picture. */
static void draw(unsigned long frame)
{
	char cells[ROWS * CELLS];
	size_t cell = sizeof(struct bullet);
	uintptr_t first;
	size_t span = find_span(&first);

	if (span > cell * sizeof(cells))
		cell = (span + sizeof(cells) - 1) / sizeof(cells);
	memset(cells, '.', sizeof(cells));
	for (unsigned long i = 0; i < count; i++)
		cells[((uintptr_t)bullets[i] - first) / cell] = bullets[i]->active ? '#' : 'o';

	/* Over the picture before, on a terminal. */
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	printf("frame %lu: %lu bullets in %zu bytes of %s, %zu in a cell\n", frame, count, span,
	       memory_name(), cell);
	for (size_t row = 0; row * CELLS * cell < span; row++)
		printf("%8zu %.*s\n", row * CELLS * cell, CELLS, &cells[row * CELLS]);
	puts("'#' is on the screen, 'o' has left it, '.' is no bullet\n");
	fflush(stdout);
	nanosleep(&(struct timespec){ .tv_nsec = PICTURE_MS * 1000000L }, NULL);
}

static void play(void)
{
	unsigned long every = frames < PICTURES ? 1 : frames / PICTURES;
	uint64_t spent = 0;

	for (unsigned long frame = 1; frame <= frames; frame++) {
		uint64_t start = clock_ns(CLOCK_MONOTONIC);

		play_frame();
		spent += clock_ns(CLOCK_MONOTONIC) - start;
		if (map && frame % every == 0)
			draw(frame);
	}
	printf("%lu frames, %.1f us each, on %s\n", frames, spent / 1e3 / frames, memory_name());
}

int main(int argc, char **argv)
{
	options_parse(&options, argc, argv);
	if (!memory_begin(from_malloc) ||
	    !pool_begin(&pool, "bullets", sizeof(struct bullet), most, 64))
		return 1;
	/* Half of them are there all the time, in the midst of which others come and go. */
	while (count < most / 2)
		fire();
	play();
	printf("%lu bullets fired, %lu misfires, %lu hits, damage %lu, %lu left\n", fired, misfires,
	       hits, damage, count);
	while (count)
		pool_free(&pool, bullets[--count]);
	return memory_end() ? 0 : 1;
}
