// SPDX-License-Identifier: GPL-2.0
/*
 * Places where pools come and go. Half of the pools grow.
 *
 * Who uses a pool is counted; to destroy it, its home lets no more come and waits for
 * the last one to leave. Only those who wait for a block may be inside, or come late:
 * for these the home keeps one block until they have left.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>

#include "homes.h"
#include "living.h"

/* Destroying one that is in use is told in the log, line by line. */
#define MSECS_TO_LIVE	20

/* There is no pool yet. */
void home_begin(struct home *home)
{
	*home = (struct home) { };
	mutex_init(&home->lock);
	atomic_set(&home->users, INT_MIN);
}

/* Return: false where there is none left, be it to fail. */
static bool keep(struct home *home, struct rig_actor *actor)
{
	void *block = NULL;

	if (home->nr_kept < HOME_BLOCKS)
		block = mpdemo_pool_alloc(home->pool, GFP_KERNEL);
	if (!block)
		return false;
	living_own(actor, home->pool, block);
	home->kept[home->nr_kept++] = block;
	return true;
}

/* Return: false where there is no pool. Else home_leave() has to follow. */
bool home_enter(struct home *home)
{
	return atomic_inc_unless_negative(&home->users);
}

void home_leave(struct home *home)
{
	/* release: pairs with close(). */
	atomic_dec_return_release(&home->users);
}

static void close(struct home *home)
{
	atomic_add(INT_MIN, &home->users);
	/* Pairs with home_leave(). */
	while (atomic_read_acquire(&home->users) != INT_MIN)
		usleep_range(20, 100);
}

/* The callback of all pools. */
void home_note_level(struct mpdemo_pool *pool, enum mpdemo_level level, void *data)
{
	struct home *home = data;

	if (!READ_ONCE(home->told))
		rig_fail_value("told the level of a pool that was destroyed", 0, 1);
}

static int create(struct home *home, struct rig_actor *actor)
{
	struct mpdemo_pool_config config = {
		.name = "torture life",
		.block_size = living_size,
		.blocks = 4 + rig_random(actor, HOME_BLOCKS - 3),
		.flags = rig_one_in(actor, 2) ? MPDEMO_POOL_TRACK : 0,
	};
	struct mpdemo_pool *pool;

	if (rig_one_in(actor, 2))
		config.flags |= MPDEMO_POOL_RED_ZONE;
	if (rig_one_in(actor, 2)) {
		config.blocks = 4 + rig_random(actor, 4);
		config.max_blocks = HOME_BLOCKS;
		config.chunk_blocks = rig_random(actor, 4);
	}
	pool = mpdemo_pool_create(&config, GFP_KERNEL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	home->pool = pool;
	home->nr_kept = 0;
	rig_same("the first block of a pool", 1, keep(home, actor));
	home->tracks = config.flags & MPDEMO_POOL_TRACK;
	home->born = jiffies;
	WRITE_ONCE(home->told, true);
	/* All of it before others come in: see home_enter(). */
	atomic_set_release(&home->users, 0);
	return 0;
}

static void destroy(struct home *home)
{
	close(home);
	mpdemo_pool_destroy(home->pool);
	WRITE_ONCE(home->told, false);
	while (atomic_read_acquire(&home->waiting))
		usleep_range(20, 100);
	home->pool = NULL;
}

/* Now and then there is another pool. In task context. */
void home_renew(struct home *home, struct rig_actor *actor)
{
	if (!mutex_trylock(&home->lock))
		return;
	if (!home->pool) {
		create(home, actor);
	} else if (time_after(jiffies, home->born +
				       msecs_to_jiffies(MSECS_TO_LIVE))) {
		/* So that there is somebody who waits. */
		while (keep(home, actor))
			;
		usleep_range(500, 1000);
		destroy(home);
		while (home->nr_kept)
			living_leave(actor, home->kept[--home->nr_kept]);
		rig_count(actor, RIG_LIVES, 1);
	}
	mutex_unlock(&home->lock);
}

/* Nobody else uses it any more. */
void home_end(struct home *home)
{
	if (!home->pool)
		return;
	destroy(home);
	while (home->nr_kept)
		living_free(NULL, home->kept[--home->nr_kept]);
}
