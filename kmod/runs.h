/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_RUNS_H
#define _MPDEMO_RUNS_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/*
 * Free runs are kept in bins by their length: one bin for each length below
 * 2 * RUNS_STEPS, then RUNS_STEPS bins per doubling.
 */
#define RUNS_STEPS_SHIFT	3
#define RUNS_STEPS		BIT(RUNS_STEPS_SHIFT)
#define RUNS_PAGES_SHIFT	22	/* 2^22 pages at most */
#define RUNS_BINS		((RUNS_PAGES_SHIFT - RUNS_STEPS_SHIFT + 2) * \
				 RUNS_STEPS)

struct runs_nmi;

/* Instead of a page number. */
#define RUNS_NONE		U32_MAX

enum run_state {
	RUN_NONE,		/* not the first page of a run */
	RUN_FREE,
	RUN_HELD,
	RUN_CLAIMED,		/* held, and about to be freed or resized */
};

/**
 * struct run_page - what is known about a page
 * @state: enum run_state; held ones change by cmpxchg, all others under the lock
 * @pages: of the first page of a run, how many it has
 * @next: of the first page of a free run, that of the next one in its bin
 * @prev: of the first page of a free run, that of the one before it in its bin
 * @deferred: of the first page of a run that was freed in an NMI, its place in
 *	the list of those
 * @first: of the last page of a free run, its first one. What is left here of an
 *	earlier run does no harm, as @state and @pages over there do not fit.
 * @unused: of the first page of a held run, bytes of it that nobody asked for
 */
struct run_page {
	u32 state;
	u32 pages;
	union {
		struct {
			u32 next;
			u32 prev;
		};
		struct llist_node deferred;
	};
	u32 first;
	u32 unused;
};

/**
 * struct mpdemo_runs - pages that are handed out in runs
 * @addr: of the first page
 * @nr_pages: number of pages
 * @page: what is known about each
 * @home: called once all runs are home after mpdemo_runs_close(), in any context
 *	but NMI
 * @nmi: for each CPU what its NMIs have freed
 * @lock: protects the following, and all of @page but the states
 * @bin: for each bin the first page of its first run
 * @bins: which bins have a run
 * @in_use: pages of runs that are held
 * @peak: the highest @in_use so far
 * @allocs: runs allocated so far
 * @frees: runs freed so far
 * @closed: nothing is allocated any more
 */
struct mpdemo_runs {
	unsigned long addr;
	unsigned int nr_pages;
	struct run_page *page;
	void (*home)(struct mpdemo_runs *runs);

	struct runs_nmi __percpu *nmi;

	raw_spinlock_t lock;	/* protects all below, see above */
	u32 bin[RUNS_BINS];
	DECLARE_BITMAP(bins, RUNS_BINS);
	unsigned int in_use;
	unsigned int peak;
	u64 allocs;
	u64 frees;
	bool closed;
};

/**
 * struct mpdemo_runs_stats - counters of runs
 * @in_use: see struct mpdemo_runs, as the following
 * @peak: pages
 * @allocs: runs
 * @frees: runs
 */
struct mpdemo_runs_stats {
	unsigned int in_use;
	unsigned int peak;
	u64 allocs;
	u64 frees;
};

/* bins.c, with the lock held */
void runs_insert_free(struct mpdemo_runs *runs, u32 first, u32 pages);
bool runs_is_free(const struct mpdemo_runs *runs, u32 first);
u32 runs_find_free(const struct mpdemo_runs *runs, u32 pages);
void runs_take(struct mpdemo_runs *runs, u32 first, u32 pages);
void runs_give_back(struct mpdemo_runs *runs, u32 first, u32 pages);

int mpdemo_runs_init(struct mpdemo_runs *runs, void *addr,
		     unsigned int nr_pages,
		     void (*home)(struct mpdemo_runs *runs), gfp_t gfp);
void mpdemo_runs_exit(struct mpdemo_runs *runs);
size_t mpdemo_runs_overhead(unsigned int nr_pages);
unsigned int mpdemo_runs_close(struct mpdemo_runs *runs);

void *mpdemo_runs_alloc(struct mpdemo_runs *runs, size_t bytes);
void *mpdemo_runs_find(const struct mpdemo_runs *runs, const void *byte);
bool mpdemo_runs_covers(const struct mpdemo_runs *runs, const void *run,
			const void *byte);
int mpdemo_runs_claim(struct mpdemo_runs *runs, const void *run);
void mpdemo_runs_unclaim(struct mpdemo_runs *runs, const void *run);
bool mpdemo_runs_resize(struct mpdemo_runs *runs, const void *run,
			size_t bytes);
void mpdemo_runs_free(struct mpdemo_runs *runs, const void *run);

bool mpdemo_runs_is_held(const struct mpdemo_runs *runs, const void *run);
size_t mpdemo_runs_size(const struct mpdemo_runs *runs, const void *run);
size_t mpdemo_runs_usable_size(const struct mpdemo_runs *runs, const void *run);
void mpdemo_runs_reset_peak(struct mpdemo_runs *runs);
void mpdemo_runs_get_stats(struct mpdemo_runs *runs,
			   struct mpdemo_runs_stats *stats);

#endif /* _MPDEMO_RUNS_H */
