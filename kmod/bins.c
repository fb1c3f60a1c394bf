// SPDX-License-Identifier: GPL-2.0
/*
 * Free runs of pages, in bins by length: all that happens under the lock of runs.c.
 *
 * To allocate is to look for the first bin all of whose runs are long enough, by a
 * bitmap, and to split what is left over off its first run. To free is to join a run
 * with the free ones on both sides of it. Of the table of pages that needs
 *
 *	first page of a run	its state and its length
 *	last page of a free run	where the run begins, for the join from behind
 *	any other page		RUN_NONE
 *
 * so the work is bounded, whatever the number of pages and runs.
 */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>

#include "runs.h"

/* Runs that are looked at in the one bin where some may be too short. */
#define LOOK_MAX	16

/* The bin for runs of a length. */
static unsigned int bin_of(u32 pages)
{
	unsigned int shift;

	if (pages < 2 * RUNS_STEPS)
		return pages;
	shift = __fls(pages) - RUNS_STEPS_SHIFT;
	return shift * RUNS_STEPS + (pages >> shift);
}

/* The first bin all of whose runs are long enough. */
static unsigned int bin_from(u32 pages)
{
	if (pages < 2 * RUNS_STEPS)
		return pages;
	return bin_of(pages + BIT(__fls(pages) - RUNS_STEPS_SHIFT) - 1);
}

void runs_insert_free(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	struct run_page *page = runs->page;
	unsigned int bin = bin_of(pages);
	u32 next = runs->bin[bin];

	lockdep_assert_held(&runs->lock);
	WRITE_ONCE(page[first].state, RUN_FREE);
	page[first].pages = pages;
	page[first].prev = RUNS_NONE;
	page[first].next = next;
	page[first + pages - 1].first = first;
	if (next != RUNS_NONE)
		page[next].prev = first;
	runs->bin[bin] = first;
	__set_bit(bin, runs->bins);
}

/* Return: how many pages it has. */
static u32 remove_free(struct mpdemo_runs *runs, u32 first)
{
	struct run_page *page = runs->page;
	u32 pages = page[first].pages;
	u32 next = page[first].next, prev = page[first].prev;
	unsigned int bin = bin_of(pages);

	lockdep_assert_held(&runs->lock);
	WRITE_ONCE(page[first].state, RUN_NONE);
	if (next != RUNS_NONE)
		page[next].prev = prev;
	if (prev != RUNS_NONE) {
		page[prev].next = next;
		return pages;
	}
	runs->bin[bin] = next;
	if (next == RUNS_NONE)
		__clear_bit(bin, runs->bins);
	return pages;
}

/* Whether a free run begins at page @first. */
bool runs_is_free(const struct mpdemo_runs *runs, u32 first)
{
	return first < runs->nr_pages &&
	       READ_ONCE(runs->page[first].state) == RUN_FREE;
}

/* The first page of the free run that ends before page @end, or RUNS_NONE. */
static u32 free_before(const struct mpdemo_runs *runs, u32 end)
{
	const struct run_page *page = runs->page;
	u32 first;

	if (!end)
		return RUNS_NONE;
	first = page[end - 1].first;
	if (first < end && runs_is_free(runs, first) &&
	    first + page[first].pages == end)
		return first;
	return RUNS_NONE;
}

/* The first page of a free run of @pages at least, or RUNS_NONE. */
u32 runs_find_free(const struct mpdemo_runs *runs, u32 pages)
{
	unsigned int bin, looked;
	u32 first;

	lockdep_assert_held(&runs->lock);
	bin = find_next_bit(runs->bins, RUNS_BINS, bin_from(pages));
	if (bin < RUNS_BINS)
		return runs->bin[bin];
	/* The last hope: a bin of which some runs are long enough. */
	first = runs->bin[bin_of(pages)];
	for (looked = 0; first != RUNS_NONE && looked < LOOK_MAX; looked++) {
		if (runs->page[first].pages >= pages)
			return first;
		first = runs->page[first].next;
	}
	return RUNS_NONE;
}

static void count_pages(struct mpdemo_runs *runs, int pages)
{
	lockdep_assert_held(&runs->lock);
	runs->in_use += pages;
	runs->peak = max(runs->peak, runs->in_use);
}

/* Pages that belong to no run become a free one, joined with its neighbours. */
void runs_give_back(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	u32 before = free_before(runs, first);

	count_pages(runs, -(int)pages);
	if (runs_is_free(runs, first + pages))
		pages += remove_free(runs, first + pages);
	if (before != RUNS_NONE) {
		pages += remove_free(runs, before);
		first = before;
	}
	runs_insert_free(runs, first, pages);
}

/* Take the first @pages out of a free run. */
void runs_take(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	u32 rest = remove_free(runs, first) - pages;

	count_pages(runs, pages);
	if (rest)
		runs_insert_free(runs, first + pages, rest);
}
