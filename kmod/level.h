/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_LEVEL_H
#define _MPDEMO_LEVEL_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <mempool_demo/level.h>

struct pool;
struct task_struct;

/**
 * union pool_notice - the depth below which a pop must tell the one that it has found
 * @word: both, to be changed at once
 * @depth: the threshold: the lowest depth so far, so that the peak is exact, or
 *	@watched if that is more. It may be too high for a moment, never too low.
 * @watched: what the watermarks ask for; 0: nothing
 */
union pool_notice {
	u64 word;
	struct {
		u32 depth;
		u32 watched;
	};
};

/* Watermarks, to be read at once; @high is 0 where there are none. */
union level_marks {
	u64 word;
	struct {
		u32 low;
		u32 high;
	};
};

/**
 * struct pool_level - how much a pool has left, and who wants to know
 * @marks: the watermarks
 * @state: the level, what of it is untold, and a number that each change increments
 * @kick: the way out of any context
 * @work: tells the level, and looks again while it is not normal
 * @lock: protects what follows, and is held while @notify runs
 * @told: what @notify was told last
 * @teller: the task in which @notify runs
 * @notify: as in struct mpdemo_pool_levels
 * @data: as in struct mpdemo_pool_levels
 * @used: there were watermarks once
 */
struct pool_level {
	union level_marks marks;
	atomic64_t state;
	struct irq_work kick;
	struct delayed_work work;

	struct mutex lock;	/* protects what follows */
	enum mpdemo_level told;
	struct task_struct *teller;
	void (*notify)(struct mpdemo_pool *pool, enum mpdemo_level level, void *data);
	void *data;
	bool used;
};

/* Bits of pool_level.state */
#define LEVEL_MASK		3ULL
#define LEVEL_UNTOLD_LOW	4ULL
#define LEVEL_UNTOLD_EXHAUSTED	8ULL
#define LEVEL_STEP		16ULL

void level_init(struct pool *pool);
void level_close(struct pool *pool);
void level_forget_depths(struct pool *pool);
void level_note_depth(struct pool *pool, unsigned int depth);
void level_note_taken(struct pool *pool);
void level_note_failure(struct pool *pool);
void level_look(struct pool *pool);

/*
 * Whether who gives blocks back is to call level_look() after that.
 *
 * Context: Any. It may be true only if the pool has_guests.
 */
static inline bool level_is_low(const struct pool_level *level)
{
	return atomic64_read(&level->state) & LEVEL_MASK;
}

#endif /* _MPDEMO_LEVEL_H */
