// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of whole pages out of one region, in any context; see bins.c for how they
 * are found. All that is known lies in a table with an entry per page, outside of
 * the pages, so an address leads to its entry without being followed.
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

#include <linux/errno.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "region.h"
#include "runs.h"

/* Runs that the irq_work frees before it lets other interrupts in. */
#define DRAIN_MAX	32

/* Pages that are looked at for the begin of a run before others get the CPU. */
#define FIND_AT_ONCE	1024

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

static void set_size(struct run_page *page, u32 pages, size_t bytes)
{
	/* As mpdemo_runs_covers() may read that of a run it does not hold. */
	WRITE_ONCE(page->pages, pages);
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
	u32 pages = pages_for(bytes), first = RUNS_NONE;
	unsigned long flags;

	if (in_nmi() || !fits_at_all(runs, bytes))
		return NULL;

	raw_spin_lock_irqsave(&runs->lock, flags);
	if (!runs->closed)
		first = runs_find_free(runs, pages);
	if (first != RUNS_NONE) {
		runs_take(runs, first, pages);
		set_size(&runs->page[first], pages, bytes);
		runs->allocs++;
		WRITE_ONCE(runs->page[first].state, RUN_HELD);
	}
	raw_spin_unlock_irqrestore(&runs->lock, flags);
	return first == RUNS_NONE ? NULL : (void *)(runs->addr + first * PAGE_SIZE);
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
 * mpdemo_runs_find() - find the run that a byte is in
 * @runs: the runs
 * @byte: any address in the region
 *
 * It is looked for page by page, downwards. Unless it is held by the caller, it may be
 * a free one, and be none any more by now.
 *
 * Context: Task context, may sleep.
 * Return: the begin of the run.
 */
void *mpdemo_runs_find(const struct mpdemo_runs *runs, const void *byte)
{
	const struct run_page *page = page_at(runs, byte);

	while (page > runs->page && READ_ONCE(page->state) == RUN_NONE) {
		page--;
		if (!((page - runs->page) % FIND_AT_ONCE))
			cond_resched();
	}
	return (void *)(runs->addr + (page - runs->page) * PAGE_SIZE);
}

/**
 * mpdemo_runs_covers() - whether a byte is in a run
 * @runs: the runs
 * @run: the begin of any page
 * @byte: any address in the region
 *
 * Context: Any.
 * Return: true if a run that is held began at @run, and the byte was in it.
 */
bool mpdemo_runs_covers(const struct mpdemo_runs *runs, const void *run,
			const void *byte)
{
	const struct run_page *page = page_at(runs, run);

	return byte >= run && READ_ONCE(page->state) == RUN_HELD &&
	       (size_t)(byte - run) < (size_t)READ_ONCE(page->pages) * PAGE_SIZE;
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
	if (runs->closed || !runs_is_free(runs, end) ||
	    runs->page[end].pages < more)
		return false;
	runs_take(runs, end, more);
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
		runs_give_back(runs, first + pages, old - pages);
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
	runs_give_back(runs, page - runs->page, page->pages);
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
 * mpdemo_runs_reset_peak() - begin anew to find the most pages in use
 * @runs: the runs
 *
 * Context: Any, but NMI.
 */
void mpdemo_runs_reset_peak(struct mpdemo_runs *runs)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&runs->lock, flags);
	runs->peak = runs->in_use;
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
	memset32(runs->bin, RUNS_NONE, RUNS_BINS);
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
	/* Nobody else is there yet, but runs_insert_free() wants it. */
	raw_spin_lock_irqsave(&runs->lock, flags);
	runs_insert_free(runs, 0, nr_pages);
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
