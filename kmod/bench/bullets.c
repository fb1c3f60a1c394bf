// SPDX-License-Identifier: GPL-2.0
/*
 * The suite bullets: a game of a thousand frames. In each frame 100 bullets are
 * created, all that are alive move, and the oldest 100 are destroyed, once 500
 * are alive; at the end all the rest is. So a round creates 100,000 bullets and
 * destroys as many, with 400 to 500 alive nearly all of the time.
 *
 * The game itself, which writes each bullet and follows a pointer to move it,
 * costs the same instructions in each row. The rows "empty" are the game on an
 * array of its own, where the next bullet is just the next one in the array.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/slab.h>

#include <mempool_demo/pool.h>

#include "allocators.h"
#include "measure.h"
#include "ops.h"

#define FRAMES		1000
#define PER_FRAME	100
#define ALIVE_MAX	500

static_assert(ALIVE_MAX % PER_FRAME == 0);
static_assert(ALIVE_MAX <= BENCH_POOL_BLOCKS);
/* The ring of bullets is indexed by the remainder of a running number. */
static_assert(ALIVE_MAX <= BENCH_SLOTS);
static_assert((BENCH_SLOTS & (BENCH_SLOTS - 1)) == 0);

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
	void **ring;
	unsigned int created;
	unsigned int destroyed;
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

static __always_inline int create_bullets(const struct bench_ops *ops,
					  void *handle, struct game *game)
{
	unsigned int i;

	for (i = 0; i < PER_FRAME; i++) {
		struct bullet *bullet = ops->alloc(handle);

		if (unlikely(!bullet))
			return -ENOMEM;
		shoot(bullet, game->created);
		game->ring[game->created++ % BENCH_SLOTS] = bullet;
		barrier();
	}
	return 0;
}

/* Not inlined, so that moving is the same machine code in all rows. */
static noinline void move_bullets(void **ring, unsigned int oldest,
				  unsigned int end)
{
	unsigned int i;

	for (i = oldest; i != end; i++) {
		struct bullet *bullet = ring[i % BENCH_SLOTS];

		if (!bullet->active)
			continue;
		bullet->x += bullet->vx;
		bullet->y += bullet->vy;
	}
}

static __always_inline void destroy_bullets(const struct bench_ops *ops,
					    void *handle, struct game *game,
					    unsigned int n)
{
	while (n--) {
		struct bullet *bullet;

		bullet = game->ring[game->destroyed++ % BENCH_SLOTS];
		bullet->active = 0;
		ops->free(handle, bullet);
		barrier();
	}
}

static __always_inline int play(const struct bench_ops *ops,
				struct bench_run *run)
{
	struct game game = { .ring = run->slots };
	unsigned int alive_max = run->batch;
	void *handle = run->handle;
	unsigned int frame;
	int ret = 0;

	bench_run_start(run);
	for (frame = 0; frame < FRAMES; frame++) {
		ret = create_bullets(ops, handle, &game);
		if (unlikely(ret))
			break;
		move_bullets(game.ring, game.destroyed, game.created);
		if (alive(&game) >= alive_max)
			destroy_bullets(ops, handle, &game, PER_FRAME);
	}
	destroy_bullets(ops, handle, &game, alive(&game));
	bench_run_stop(run);
	return ret;
}

/* An array of the game's own: no allocator. */

struct array {
	unsigned int next;
	struct bullet bullets[BENCH_SLOTS];
};

static void *array_create(void)
{
	struct array *array = kzalloc_obj(*array, GFP_KERNEL);

	return array ?: ERR_PTR(-ENOMEM);
}

static void array_destroy(void *handle)
{
	kfree(handle);
}

static __always_inline void *array_alloc(void *handle)
{
	struct array *array = handle;
	void *bullet = &array->bullets[array->next++ % BENCH_SLOTS];

	OPTIMIZER_HIDE_VAR(bullet);
	return bullet;
}

static __always_inline void array_free(void *handle, void *object)
{
	barrier_data(object);
}

static const struct bench_ops array_ops = {
	.alloc = array_alloc,
	.free = array_free,
};

static __always_inline void *kmalloc_alloc(void *handle)
{
	return kmalloc(sizeof(struct bullet), GFP_KERNEL);
}

static const struct bench_ops kmalloc_ops = {
	.alloc = kmalloc_alloc,
	.free = kmalloc_free,
};

static void *cache_create(void)
{
	return bench_cache_create("mpdemo_bench_24", sizeof(struct bullet));
}

static const struct bench_ops cache_ops = {
	.alloc = cache_kernel_alloc,
	.free = cache_free,
};

static void *pool_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_bullets",
		.block_size = sizeof(struct bullet),
		.blocks = BENCH_POOL_BLOCKS,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static void *percpu_create(void)
{
	static const struct mpdemo_pool_config config = {
		.name = "bench_bullets_percpu",
		.block_size = sizeof(struct bullet),
		.blocks = BENCH_POOL_BLOCKS,
		.flags = MPDEMO_POOL_PERCPU,
	};

	return mpdemo_pool_create(&config, GFP_KERNEL);
}

static const struct bench_ops pool_ops = {
	.alloc = pool_alloc,
	.free = pool_free,
};

/* A kind and its round: the one place where the game is instantiated. */
#define BULLETS_KIND(_name, _ops, ...)					\
static int __flatten _name##_round(struct bench_run *run)		\
{									\
	return play(&(_ops), run);						\
}									\
									\
static const struct bench_kind _name##_kind = {				\
	.round = _name##_round,						\
	__VA_ARGS__							\
}

BULLETS_KIND(array, array_ops, .allocator = "empty", .variant = "array",
	     .create = array_create, .destroy = array_destroy);
BULLETS_KIND(kmalloc, kmalloc_ops, .allocator = "kmalloc", .variant = "GFP_KERNEL");
BULLETS_KIND(cache, cache_ops, .allocator = "kmem_cache", .variant = "GFP_KERNEL",
	     .create = cache_create, .destroy = cache_destroy);
BULLETS_KIND(pool, pool_ops, .allocator = "pool", .variant = "called",
	     .create = pool_create, .destroy = pool_destroy);
BULLETS_KIND(percpu, pool_ops, .allocator = "pool per CPU",
	     .variant = "inline",
	     .create = percpu_create, .destroy = pool_destroy);

static const struct bench_kind *const bullets_kinds[] = {
	&array_kind,
	&kmalloc_kind,
	&cache_kind,
	&pool_kind,
	&percpu_kind,
	NULL
};

/* The game has one batch, the bullets alive when the first one is destroyed. */
static const unsigned int bullets_batches[] = { ALIVE_MAX, 0 };

const struct bench_suite bench_bullets = {
	.id = MPDEMO_BENCH_SUITE_BULLETS,
	.object_size = sizeof(struct bullet),
	.operations = FRAMES * PER_FRAME,
	.cpus = 1,
	.batches = bullets_batches,
	.kinds = bullets_kinds,
};
