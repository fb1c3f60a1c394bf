/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_ARENA_H
#define _MPDEMO_ARENA_H

#include <linux/types.h>

struct mpdemo_arena;

/**
 * struct mpdemo_arena_piece - what an allocation did to an arena
 * @from: the position before it
 * @to: the position behind it
 * @resets: how often the arena had been reset
 */
struct mpdemo_arena_piece {
	unsigned long from;
	unsigned long to;
	u64 resets;
};

void *mpdemo_arena_take(struct mpdemo_arena *arena, size_t size, size_t align,
			struct mpdemo_arena_piece *piece);
void mpdemo_arena_take_back(struct mpdemo_arena *arena,
			    const struct mpdemo_arena_piece *piece);
size_t mpdemo_arena_reset_slowly(struct mpdemo_arena *arena);

#endif /* _MPDEMO_ARENA_H */
