/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_ARENA_H
#define _MPDEMO_ARENA_H

#include <linux/types.h>

struct mpdemo_arena;

size_t mpdemo_arena_rewind(struct mpdemo_arena *arena);

#endif /* _MPDEMO_ARENA_H */
