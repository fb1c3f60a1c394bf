// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of whole pages out of one region, found and freed in bounded time.
 *
 * Free runs are in bins by length. To allocate is to look for the first bin all
 * of whose runs are long enough, by a bitmap, and to split what is left over off
 * its first run; to free is to join a run with the free ones on both sides of it.
 * All that is known lies in a table with an entry per page, outside of the pages,
 * so an address leads to its entry without being followed:
 *
 *	first page of a run	its state and its length
 *	last page of a free run	where the run begins, for the join from behind
 *	any other page		RUN_NONE
 *
 * Lock order: runs.lock is the innermost lock, and a raw one, so that all but
 * init, exit and close may be called under any other. Interrupts are off while it
 * is held, for the time of a few list operations.
 *
 * An NMI may have interrupted the holder of the lock, so it never takes it. There
 * nothing is allocated and no run is resized, always, rather than now and then;
 * and a run that is freed there goes to a list of that CPU, which an irq_work empties
 * as soon as interrupts are on again.
 *
 * That a run is held is a word of its first page, RUN_HELD. Whoever frees or
 * resizes it first moves that word to RUN_CLAIMED by cmpxchg. So of two frees of
 * one run, at the same time even, one is refused; and what was claimed is the
 * claimer's own, also while it is cleared without the lock.
 */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "region.h"
#include "runs.h"

/* Instead of a page number. */
#define NONE		U32_MAX

/* Runs that are looked at in the one bin where some may be too short. */
#define LOOK_MAX	16

/* Runs that the irq_work frees before it lets other interrupts in. */
#define DRAIN_MAX	32

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
 * struct runs_nmi - what the NMIs of a CPU have freed
 * @deferred: runs, by run_page.deferred
 * @drain: frees them, on this CPU only. So it does not begin before the NMI that
 *	queues it has ended, and is not run by two CPUs at a time.
 * @runs: what they are runs of
 */
struct runs_nmi {
	struct llist_head deferred;
	struct irq_work drain;
	struct mpdemo_runs *runs;
};

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

static void insert_free(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	struct run_page *page = runs->page;
	unsigned int bin = bin_of(pages);
	u32 next = runs->bin[bin];

	lockdep_assert_held(&runs->lock);
	WRITE_ONCE(page[first].state, RUN_FREE);
	page[first].pages = pages;
	page[first].prev = NONE;
	page[first].next = next;
	page[first + pages - 1].first = first;
	if (next != NONE)
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
	if (next != NONE)
		page[next].prev = prev;
	if (prev != NONE) {
		page[prev].next = next;
		return pages;
	}
	runs->bin[bin] = next;
	if (next == NONE)
		__clear_bit(bin, runs->bins);
	return pages;
}

/* Whether a free run begins at page @first. */
static bool begins_free(const struct mpdemo_runs *runs, u32 first)
{
	return first < runs->nr_pages &&
	       READ_ONCE(runs->page[first].state) == RUN_FREE;
}

/* The first page of the free run that ends before page @end, or NONE. */
static u32 free_before(const struct mpdemo_runs *runs, u32 end)
{
	const struct run_page *page = runs->page;
	u32 first;

	if (!end)
		return NONE;
	first = page[end - 1].first;
	if (first < end && begins_free(runs, first) &&
	    first + page[first].pages == end)
		return first;
	return NONE;
}

/* The first page of a free run of @pages at least, or NONE. */
static u32 find_free(const struct mpdemo_runs *runs, u32 pages)
{
	unsigned int bin, looked;
	u32 first;

	lockdep_assert_held(&runs->lock);
	bin = find_next_bit(runs->bins, RUNS_BINS, bin_from(pages));
	if (bin < RUNS_BINS)
		return runs->bin[bin];
	/* The last hope: a bin of which some runs are long enough. */
	first = runs->bin[bin_of(pages)];
	for (looked = 0; first != NONE && looked < LOOK_MAX; looked++) {
		if (runs->page[first].pages >= pages)
			return first;
		first = runs->page[first].next;
	}
	return NONE;
}

static void count_pages(struct mpdemo_runs *runs, int pages)
{
	lockdep_assert_held(&runs->lock);
	runs->in_use += pages;
	runs->peak = max(runs->peak, runs->in_use);
}

/* Pages that belong to no run become a free one, joined with its neighbours. */
static void give_back(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	u32 before = free_before(runs, first);

	count_pages(runs, -(int)pages);
	if (begins_free(runs, first + pages))
		pages += remove_free(runs, first + pages);
	if (before != NONE) {
		pages += remove_free(runs, before);
		first = before;
	}
	insert_free(runs, first, pages);
}

/* Take the first @pages out of a free run. */
static void take(struct mpdemo_runs *runs, u32 first, u32 pages)
{
	u32 rest = remove_free(runs, first) - pages;

	count_pages(runs, pages);
	if (rest)
		insert_free(runs, first + pages, rest);
}

static void set_size(struct run_page *page, u32 pages, size_t bytes)
{
	page->pages = pages;
	page->unused = (size_t)pages * PAGE_SIZE - bytes;
}

static u32 pages_for(size_t bytes)
{
	return PAGE_ALIGN(bytes) >> PAGE_SHIFT;
}

static bool fits_at_all(const struct mpdemo_runs *runs, size_t bytes)
{
	return bytes <= (size_t)runs->nr_pages * PAGE_SIZE;
}

static struct run_page *page_at(const struct mpdemo_runs *runs, const void *run)
{
	return &runs->page[((unsigned long)run - runs->addr) >> PAGE_SHIFT];
}

/**
 * mpdemo_runs_alloc() - allocate a run
 * @runs: what to take it from
 * @bytes: how many, 1 or more
 *
 * Context: Any, but in an NMI always NULL.
 * Return: the address of the first page, or NULL: no free run is long enough. Of
 * runs that are longer than @bytes by less than an eighth, some are overlooked
 * where there are many.
 */
void *mpdemo_runs_alloc(struct mpdemo_runs *runs, size_t bytes)
{
	u32 pages = pages_for(bytes), first = NONE;
	unsigned long flags;

	if (in_nmi() || !fits_at_all(runs, bytes))
		return NULL;

	raw_spin_lock_irqsave(&runs->lock, flags);
	if (!runs->closed)
		first = find_free(runs, pages);
	if (first != NONE) {
		take(runs, first, pages);
		set_size(&runs->page[first], pages, bytes);
		runs->allocs++;
		WRITE_ONCE(runs->page[first].state, RUN_HELD);
	}
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	return first == NONE ? NULL : (void *)(runs->addr + first * PAGE_SIZE);
}

/**
 * mpdemo_runs_claim() - make sure that nobody else frees or resizes a run
 * @runs: what it may be a run of
 * @run: any address in the region
 *
 * Context: Any.
 * Return: 0; -EALREADY: a run that is free begins there; -EINVAL: no run does, or
 * somebody else has claimed it.
 */
int mpdemo_runs_claim(struct mpdemo_runs *runs, const void *run)
{
	struct run_page *page = page_at(runs, run);
	u32 state = RUN_HELD;

	if (!PAGE_ALIGNED((unsigned long)run))
		return -EINVAL;
	if (try_cmpxchg(&page->state, &state, RUN_CLAIMED))
		return 0;
	return state == RUN_FREE ? -EALREADY : -EINVAL;
}

/**
 * mpdemo_runs_unclaim() - hold a run as before
 * @runs: what it is a run of
 * @run: a run that the caller has claimed
 *
 * Context: Any.
 */
void mpdemo_runs_unclaim(struct mpdemo_runs *runs, const void *run)
{
	/* release: who claims it next sees how long it is. */
	smp_store_release(&page_at(runs, run)->state, RUN_HELD);
}

/* Take @more pages that follow a run. */
static bool grow(struct mpdemo_runs *runs, u32 end, u32 more)
{
	if (runs->closed || !begins_free(runs, end) ||
	    runs->page[end].pages < more)
		return false;
	take(runs, end, more);
	return true;
}

/**
 * mpdemo_runs_resize() - change the length of a run where it is
 * @runs: what it is a run of
 * @run: a run that the caller has claimed
 * @bytes: how many it shall have, 1 or more
 *
 * Context: Any but NMI.
 * Return: false if too few pages behind the run are free.
 */
bool mpdemo_runs_resize(struct mpdemo_runs *runs, const void *run, size_t bytes)
{
	struct run_page *page = page_at(runs, run);
	u32 first = page - runs->page, pages = pages_for(bytes), old;
	unsigned long flags;
	bool fits = true;

	if (!fits_at_all(runs, bytes))
		return false;

	raw_spin_lock_irqsave(&runs->lock, flags);
	old = page->pages;
	if (pages > old)
		fits = grow(runs, first + old, pages - old);
	else if (pages < old)
		give_back(runs, first + pages, old - pages);
	if (fits)
		set_size(page, pages, bytes);
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	return fits;
}

/* Return: whether this was the last one of closed runs. */
static bool free_claimed(struct mpdemo_runs *runs, struct run_page *page)
{
	lockdep_assert_held(&runs->lock);
	runs->frees++;
	WRITE_ONCE(page->state, RUN_NONE);
	give_back(runs, page - runs->page, page->pages);
	return runs->closed && !runs->in_use;
}

static void drain(struct irq_work *irq_work)
{
	struct runs_nmi *nmi = container_of(irq_work, struct runs_nmi, drain);
	struct mpdemo_runs *runs = nmi->runs;
	unsigned int i;

	for (i = 0; i < DRAIN_MAX; i++) {
		struct llist_node *node = llist_del_first(&nmi->deferred);
		unsigned long flags;
		bool last;

		if (!node)
			return;
		raw_spin_lock_irqsave(&runs->lock, flags);
		last = free_claimed(runs, container_of(node, struct run_page,
						       deferred));
		raw_spin_unlock_irqrestore(&runs->lock, flags);
		/* What frees all then waits until this function has returned. */
		if (last)
			runs->home(runs);
	}
	irq_work_queue(irq_work);
}

/* The run still counts as held, so nothing ends before this NMI has. */
static void free_in_nmi(struct mpdemo_runs *runs, struct run_page *page)
{
	struct runs_nmi *nmi = this_cpu_ptr(runs->nmi);

	llist_add(&page->deferred, &nmi->deferred);
	irq_work_queue(&nmi->drain);
}

/**
 * mpdemo_runs_free() - free a run
 * @runs: what it is a run of
 * @run: a run that the caller has claimed
 *
 * Unless something else is held, @runs may be gone when this returns.
 *
 * Context: Any; what is freed in an NMI is free soon after it.
 */
void mpdemo_runs_free(struct mpdemo_runs *runs, const void *run)
{
	struct run_page *page = page_at(runs, run);
	unsigned long flags;
	bool last;

	if (in_nmi()) {
		free_in_nmi(runs, page);
		return;
	}
	raw_spin_lock_irqsave(&runs->lock, flags);
	last = free_claimed(runs, page);
	/* From here on another CPU may be the last, and end all. */
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	if (last)
		runs->home(runs);
}

/**
 * mpdemo_runs_is_held() - whether a run that is held begins somewhere
 * @runs: what it may be a run of
 * @run: any address in the region
 *
 * Context: Any.
 * Return: whether; only its holder gets an answer that lasts.
 */
bool mpdemo_runs_is_held(const struct mpdemo_runs *runs, const void *run)
{
	return PAGE_ALIGNED((unsigned long)run) &&
	       READ_ONCE(page_at(runs, run)->state) == RUN_HELD;
}

/**
 * mpdemo_runs_usable_size() - bytes of the pages of a run
 * @runs: what it is a run of
 * @run: a run that the caller holds
 *
 * Context: Any.
 * Return: bytes.
 */
size_t mpdemo_runs_usable_size(const struct mpdemo_runs *runs, const void *run)
{
	return (size_t)page_at(runs, run)->pages * PAGE_SIZE;
}

/**
 * mpdemo_runs_size() - bytes that were asked for of a run
 * @runs: what it is a run of
 * @run: a run that the caller holds
 *
 * Context: Any.
 * Return: bytes.
 */
size_t mpdemo_runs_size(const struct mpdemo_runs *runs, const void *run)
{
	return mpdemo_runs_usable_size(runs, run) - page_at(runs, run)->unused;
}

/**
 * mpdemo_runs_get_stats() - read the counters of runs
 * @runs: the runs
 * @stats: where to put them
 *
 * Context: Any, but NMI.
 */
void mpdemo_runs_get_stats(struct mpdemo_runs *runs,
			   struct mpdemo_runs_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&runs->lock, flags);
	stats->in_use = runs->in_use;
	stats->peak = runs->peak;
	stats->allocs = runs->allocs;
	stats->frees = runs->frees;
	raw_spin_unlock_irqrestore(&runs->lock, flags);
}

/**
 * mpdemo_runs_overhead() - memory that mpdemo_runs_init() will take
 * @nr_pages: as there
 *
 * Context: Any.
 * Return: bytes, those of the pages not included.
 */
size_t mpdemo_runs_overhead(unsigned int nr_pages)
{
	if (!nr_pages)
		return 0;
	return nr_pages * sizeof(struct run_page) +
	       num_possible_cpus() * sizeof(struct runs_nmi);
}

static void init_nmi(struct runs_nmi *nmi, struct mpdemo_runs *runs)
{
	init_llist_head(&nmi->deferred);
	/* Not in a thread on PREEMPT_RT: it does little at a time. */
	nmi->drain = IRQ_WORK_INIT_HARD(drain);
	nmi->runs = runs;
}

/**
 * mpdemo_runs_init() - make one free run of all pages
 * @runs: to be initialised
 * @addr: of the first page
 * @nr_pages: how many, up to 2^RUNS_PAGES_SHIFT; may be 0
 * @home: see struct mpdemo_runs
 * @gfp: how to allocate
 *
 * Context: Task context, may sleep.
 * Return: 0, or -ENOMEM; mpdemo_runs_exit() is fine after either.
 */
int mpdemo_runs_init(struct mpdemo_runs *runs, void *addr,
		     unsigned int nr_pages,
		     void (*home)(struct mpdemo_runs *runs), gfp_t gfp)
{
	unsigned long flags;
	int cpu;

	memset(runs, 0, sizeof(*runs));
	memset32(runs->bin, NONE, RUNS_BINS);
	raw_spin_lock_init(&runs->lock);
	runs->addr = (unsigned long)addr;
	runs->home = home;
	if (!nr_pages)
		return 0;

	runs->page = kvcalloc(nr_pages, sizeof(*runs->page),
			      gfp | MPDEMO_GFP_LARGE);
	if (!runs->page)
		return -ENOMEM;
	runs->nmi = alloc_percpu_gfp(struct runs_nmi, gfp);
	if (!runs->nmi)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		init_nmi(per_cpu_ptr(runs->nmi, cpu), runs);
	runs->nr_pages = nr_pages;
	/* Nobody else is there yet, but insert_free() wants it. */
	raw_spin_lock_irqsave(&runs->lock, flags);
	insert_free(runs, 0, nr_pages);
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	return 0;
}

/* What NMIs have freed by now is free after this. */
static void wait_for_nmis(struct mpdemo_runs *runs)
{
	int cpu;

	if (!runs->nmi)
		return;
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(runs->nmi, cpu)->drain);
}

/**
 * mpdemo_runs_close() - let nothing be allocated any more
 * @runs: the runs
 *
 * Where some are held, @home is called once they are freed.
 *
 * Context: Task context, may sleep. No call but mpdemo_runs_claim() and
 * mpdemo_runs_free() may be under way or follow.
 * Return: how many pages are held.
 */
unsigned int mpdemo_runs_close(struct mpdemo_runs *runs)
{
	unsigned long flags;
	unsigned int held;

	wait_for_nmis(runs);
	raw_spin_lock_irqsave(&runs->lock, flags);
	runs->closed = true;
	held = runs->in_use;
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	return held;
}

/**
 * mpdemo_runs_exit() - free what mpdemo_runs_init() allocated
 * @runs: runs of which nothing is held
 *
 * Context: Task context, may sleep.
 */
void mpdemo_runs_exit(struct mpdemo_runs *runs)
{
	/* The one that has freed the last run may be at its end still. */
	wait_for_nmis(runs);
	free_percpu(runs->nmi);
	kvfree(runs->page);
}
