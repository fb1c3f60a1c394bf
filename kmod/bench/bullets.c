// SPDX-License-Identifier: GPL-2.0
/*
 * The suite bullets: a game of a thousand frames. In each frame 100 bullets are
 * created, all that are alive move, and the oldest 100 are destroyed, once 500
 * are alive; at the end all the rest is. So a round creates 100,000 bullets and
 * destroys as many, with 400 to 500 alive nearly all of the time. A step is a frame.
 *
 * The game itself, which writes each bullet and follows a pointer to move it,
 * costs the same instructions in each row. The rows "empty" are the game on an
 * array of its own, where the next bullet is just the next one in the array.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "allocators.h"

#define FRAMES		1000
#define PER_FRAME	100
#define ALIVE_MAX	500
/* Bullets in the ring, which is indexed by the remainder of a running number. */
#define RING		1024

static_assert(ALIVE_MAX % PER_FRAME == 0);
static_assert(ALIVE_MAX <= BENCH_POOL_BLOCKS);
static_assert(ALIVE_MAX <= RING && (RING & (RING - 1)) == 0);

/* Positions and speeds are in 1/256 of a unit: no floating point here. */
struct bullet {
	s32 x;
	s32 y;
	s32 vx;
	s32 vy;
	u32 damage;
	u32 active;
};

static_assert(sizeof(struct bullet) == 24);

/*
 * The bullets that are alive, from the oldest to the newest. Both ends are
 * running numbers: those of the bullets created and destroyed so far.
 */
struct game {
	unsigned int created;
	unsigned int destroyed;
	void *new[PER_FRAME];
	void *ring[RING];
};

static __always_inline unsigned int alive(const struct game *game)
{
	return game->created - game->destroyed;
}

static __always_inline void shoot(struct bullet *bullet, unsigned int number)
{
	bullet->x = 0;
	bullet->y = number % 200 << 8;
	bullet->vx = 256 + (number & 63);
	bullet->vy = (s32)(number & 31) - 16;
	bullet->damage = 1 + (number & 7);
	bullet->active = 1;
}

static __always_inline bool create_bullets(const struct bench_ops *ops,
					   enum bench_how how,
					   struct bench_run *run,
					   struct game *game)
{
	unsigned int i;

	if (unlikely(!bench_alloc_group(ops, how, run, run->handles[0],
					sizeof(struct bullet), PER_FRAME,
					game->new)))
		return false;
	for (i = 0; i < PER_FRAME; i++) {
		struct bullet *bullet = game->new[i];

		shoot(bullet, game->created);
		game->ring[game->created++ % RING] = bullet;
	}
	return true;
}

/* Not inlined, so that moving is the same machine code in all rows. */
static noinline void move_bullets(void **ring, unsigned int oldest,
				  unsigned int end)
{
	unsigned int i;

	for (i = oldest; i != end; i++) {
		struct bullet *bullet = ring[i % RING];

		if (!bullet->active)
			continue;
		bullet->x += bullet->vx;
		bullet->y += bullet->vy;
	}
}

static __always_inline void destroy_bullets(const struct bench_ops *ops,
					    enum bench_how how,
					    struct bench_run *run,
					    struct game *game)
{
	unsigned int i;

	for (i = 0; i < PER_FRAME; i++) {
		struct bullet *bullet = game->ring[game->destroyed++ % RING];

		bullet->active = 0;
		game->new[i] = bullet;
	}
	bench_free_group(ops, how, run, run->handles[0], sizeof(struct bullet),
			 PER_FRAME, game->new);
}

static __always_inline int bullets_step(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run)
{
	bool last = run->step + 1 == run->steps;
	struct game *game = run->state;
	bool made;

	made = create_bullets(ops, how, run, game);
	if (likely(made))
		move_bullets(game->ring, game->destroyed, game->created);
	if (alive(game) >= run->outstanding)
		destroy_bullets(ops, how, run, game);
	while (unlikely(last || !made) && alive(game))
		destroy_bullets(ops, how, run, game);
	return likely(made) ? 0 : -ENOMEM;
}

BENCH_KINDS(bullets, BENCH_OBJECTS);

static int bullets_begin(struct bench_run *run)
{
	run->state = kzalloc_obj(struct game, GFP_KERNEL);
	return run->state ? 0 : -ENOMEM;
}

static void bullets_end(struct bench_run *run)
{
	kfree(run->state);
}

static unsigned int bullets_steps(unsigned int batch)
{
	return FRAMES;
}

static unsigned int bullets_operations(unsigned int batch)
{
	return PER_FRAME;
}

static const struct bench_site bullets_sites[] = { {} };

/* The game has one batch, the bullets alive when the first one is destroyed. */
static const unsigned int bullets_batches[] = { ALIVE_MAX, 0 };

const struct bench_suite bench_bullets = {
	.id = MPDEMO_BENCH_SUITE_BULLETS,
	.unit = "bullet",
	.size = sizeof(struct bullet),
	.sites = bullets_sites,
	.nr_sites = ARRAY_SIZE(bullets_sites),
	.batches = bullets_batches,
	.steps = bullets_steps,
	.operations = bullets_operations,
	.begin = bullets_begin,
	.end = bullets_end,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.kinds = bullets_kinds,
};
