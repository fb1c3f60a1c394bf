// SPDX-License-Identifier: GPL-2.0
/*
 * What is noted of each call: how long it took, or what it means for memory.
 *
 * Latencies go into histograms, see histogram.c. A latency has the reading of the
 * clock in it, see bench_probe_clock(); that of a bulk is of the whole call. Frees of an
 * arena do nothing and are not timed: in their place are its resets.
 *
 * Memory is looked at in a round of its own, in task context on one CPU: for each
 * object its size, and for each page of slab how many of them are in it. What slab
 * uses are the pages that objects of the workload lie in when they ask for
 * most, whole pages though others may have objects there. Pools, arenas
 * and heaps say by themselves what they take.
 */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/xarray.h>

#include "probe.h"

/* Memory that is allocated from an arena. */
struct pieces {
	const void *arena;
	unsigned long bytes;	/* 0: of no arena, as none is in use */
};

struct bench_probe {
	struct bench_calls calls;
	const struct bench_allocator *allocator;	/* NULL: not of memory */
	void *handle;
	/* There was no memory to note something: nothing is known. */
	bool lost;
	struct xarray objects;	/* sizes, by address */
	struct xarray pages;	/* objects in it, by number of its first one */
	struct pieces pieces[BENCH_ARENAS];
	u64 requested;
	u64 slab;
	u64 handed_out;
	u64 most_requested;
	u64 most_slab;		/* @slab when @requested was @most_requested */
	u64 most_handed_out;	/* likewise */
};

static void note_latency(struct bench_histogram *histogram, u64 start)
{
	bench_histogram_note(histogram, ktime_get_ns() - start);
}

/**
 * bench_probe_calls() - add up how long calls took
 * @probe: the probe
 * @calls: what they are added to
 *
 * Context: Task context; nobody uses the probe.
 */
void bench_probe_calls(const struct bench_probe *probe,
		       struct bench_calls *calls)
{
	bench_histogram_add(&calls->alloc, &probe->calls.alloc);
	bench_histogram_add(&calls->free, &probe->calls.free);
}

static int compare_ns(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_probe_clock() - see what a latency has in it beside the call
 *
 * Context: Any.
 * Return: nanoseconds from one reading of the clock to the next one, the median
 * of some.
 */
u64 bench_probe_clock(void)
{
	u64 ns[31];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ns); i++) {
		u64 start = ktime_get_ns();

		ns[i] = ktime_get_ns() - start;
	}
	sort(ns, ARRAY_SIZE(ns), sizeof(*ns), compare_ns, NULL);
	return ns[ARRAY_SIZE(ns) / 2];
}

/* Steps that are looked at, and how long at the most: some ticks. */
#define CLOCK_STEPS	8
#define CLOCK_WAIT_MS	100

/**
 * bench_probe_clock_step() - see how exact a latency is
 *
 * Context: Task context; waits for the clock to advance some times.
 * Return: nanoseconds of the shortest step that was seen, or 0 where there was none.
 */
u64 bench_probe_clock_step(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(CLOCK_WAIT_MS);
	u64 before = ktime_get_ns(), shortest = 0;
	unsigned int steps = 0;

	while (steps < CLOCK_STEPS && time_before(jiffies, end)) {
		u64 now = ktime_get_ns();

		if (now != before) {
			u64 step = now - before;

			shortest = shortest ? min(shortest, step) : step;
			steps++;
		}
		before = now;
		cond_resched();
	}
	return shortest;
}

/* Memory */

static unsigned long page_key(const void *object)
{
	return page_to_pfn(virt_to_head_page(object));
}

static void page_add(struct bench_probe *probe, const void *object)
{
	unsigned long key = page_key(object);
	void *entry = xa_load(&probe->pages, key);
	unsigned long nr = entry ? xa_to_value(entry) : 0;

	if (!nr)
		probe->slab += page_size(virt_to_head_page(object));
	if (xa_is_err(xa_store(&probe->pages, key, xa_mk_value(nr + 1),
			       GFP_ATOMIC | __GFP_NOWARN)))
		probe->lost = true;
}

static void page_remove(struct bench_probe *probe, const void *object)
{
	unsigned long key = page_key(object);
	void *entry = xa_load(&probe->pages, key);
	unsigned long nr = entry ? xa_to_value(entry) : 0;

	if (nr > 1) {
		/* In place of one that is there: that needs no memory. */
		xa_store(&probe->pages, key, xa_mk_value(nr - 1), GFP_ATOMIC);
		return;
	}
	xa_erase(&probe->pages, key);
	probe->slab -= page_size(virt_to_head_page(object));
}

static void more_requested(struct bench_probe *probe, size_t size)
{
	probe->requested += size;
	if (probe->requested > probe->most_requested) {
		probe->most_requested = probe->requested;
		probe->most_slab = probe->slab;
		probe->most_handed_out = probe->handed_out;
	}
}

/* Of the block that an object is in, where there are classes of them. */
static size_t usable_size(const struct bench_probe *probe, const void *object)
{
	if (!probe->allocator->usable)
		return 0;
	return probe->allocator->usable(probe->handle, object);
}

static void remember(struct bench_probe *probe, void *object, size_t size)
{
	void *before;

	if (!probe->allocator || !object)
		return;
	before = xa_store(&probe->objects, (unsigned long)object,
			  xa_mk_value(size), GFP_ATOMIC | __GFP_NOWARN);
	if (xa_is_err(before)) {
		probe->lost = true;
	} else if (before) {
		/* All objects of the rows "empty" are at one address. */
		probe->requested -= xa_to_value(before);
		more_requested(probe, size);
		return;
	}
	if (probe->allocator->slab)
		page_add(probe, object);
	probe->handed_out += usable_size(probe, object);
	more_requested(probe, size);
}

/* Return: those of the arena, or NULL if none of it are in use. */
static struct pieces *find_pieces(struct bench_probe *probe, const void *arena)
{
	unsigned int i;

	for (i = 0; i < BENCH_ARENAS; i++) {
		if (probe->pieces[i].bytes && probe->pieces[i].arena == arena)
			return &probe->pieces[i];
	}
	return NULL;
}

static struct pieces *unused_pieces(struct bench_probe *probe)
{
	unsigned int i;

	for (i = 0; i < BENCH_ARENAS; i++) {
		if (!probe->pieces[i].bytes)
			return &probe->pieces[i];
	}
	return NULL;
}

/*
 * No page of slab, nor is it freed as an object. In a section on an arena preemption is
 * off: on PREEMPT_RT neither the lock of an xarray can be taken there, nor its memory.
 */
static void remember_piece(struct bench_probe *probe, void *arena, size_t size)
{
	struct pieces *pieces = find_pieces(probe, arena) ?: unused_pieces(probe);

	if (!pieces) {
		probe->lost = true;
		return;
	}
	pieces->arena = arena;
	pieces->bytes += size;
	more_requested(probe, size);
}

/**
 * bench_probe_forget() - note that an object is about to be freed
 * @probe: the probe
 * @object: the object
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_forget(struct bench_probe *probe, void *object)
{
	void *entry;

	if (!probe->allocator)
		return;
	entry = xa_erase(&probe->objects, (unsigned long)object);
	if (!entry)
		return;
	probe->requested -= xa_to_value(entry);
	probe->handed_out -= usable_size(probe, object);
	if (probe->allocator->slab)
		page_remove(probe, object);
}

/**
 * bench_probe_forget_bulk() - note that objects are about to be freed
 * @probe: the probe
 * @objects: the objects
 * @n: their number
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_forget_bulk(struct bench_probe *probe, void **objects,
			     unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_probe_forget(probe, objects[i]);
}

/**
 * bench_probe_alloc() - note an allocation
 * @probe: the probe
 * @start: the clock ahead of it
 * @object: what came of it, or NULL
 * @size: bytes that were asked for
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_alloc(struct bench_probe *probe, u64 start, void *object,
		       size_t size)
{
	note_latency(&probe->calls.alloc, start);
	remember(probe, object, size);
}

/**
 * bench_probe_alloc_bulk() - note an allocation of several objects
 * @probe: the probe
 * @start: the clock ahead of it
 * @objects: what came of it, or NULL
 * @n: number of objects
 * @size: bytes of each that were asked for
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_alloc_bulk(struct bench_probe *probe, u64 start,
			    void **objects, unsigned int n, size_t size)
{
	unsigned int i;

	note_latency(&probe->calls.alloc, start);
	for (i = 0; objects && i < n; i++)
		remember(probe, objects[i], size);
}

/**
 * bench_probe_scratch() - note an allocation that a reset will free
 * @probe: the probe
 * @start: the clock ahead of it
 * @arena: what it came from
 * @piece: what came of it, or NULL
 * @size: bytes that were asked for
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_scratch(struct bench_probe *probe, u64 start, void *arena,
			 void *piece, size_t size)
{
	note_latency(&probe->calls.alloc, start);
	if (probe->allocator && piece)
		remember_piece(probe, arena, size);
}

/**
 * bench_probe_free() - note a free
 * @probe: the probe
 * @start: the clock ahead of it
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_free(struct bench_probe *probe, u64 start)
{
	note_latency(&probe->calls.free, start);
}

/**
 * bench_probe_reset() - note that the pieces of an arena are free
 * @probe: the probe
 * @start: the clock ahead of it
 * @arena: the arena
 *
 * Context: Any that the workload runs in.
 */
void bench_probe_reset(struct bench_probe *probe, u64 start, void *arena)
{
	struct pieces *pieces;

	note_latency(&probe->calls.free, start);
	if (!probe->allocator)
		return;
	pieces = find_pieces(probe, arena);
	if (!pieces)
		return;
	probe->requested -= pieces->bytes;
	pieces->bytes = 0;
}

/**
 * bench_probe_watch_memory() - look at memory from now on
 * @probe: the probe
 * @allocator: whose objects they are
 * @handle: what it made for them, where that is one thing for all sites
 *
 * Context: Task context.
 */
void bench_probe_watch_memory(struct bench_probe *probe,
			      const struct bench_allocator *allocator,
			      void *handle)
{
	probe->allocator = allocator;
	probe->handle = handle;
}

/**
 * bench_probe_memory() - what was seen of memory
 * @probe: the probe
 * @result: where it is put: what was requested when that was most, what was handed
 *	out for that, and for objects of slab what its pages have
 *
 * Context: Task context.
 * Return: 0, or -ENOMEM where not all could be noted.
 */
int bench_probe_memory(const struct bench_probe *probe,
		       struct bench_result *result)
{
	if (probe->lost)
		return -ENOMEM;
	result->requested = probe->most_requested;
	result->handed_out = probe->most_handed_out;
	if (probe->allocator->slab)
		result->used = probe->most_slab;
	return 0;
}

/**
 * bench_probe_create() - make a probe that times calls
 *
 * Context: Task context, may sleep.
 * Return: the probe, or NULL.
 */
struct bench_probe *bench_probe_create(void)
{
	struct bench_probe *probe = kvzalloc(sizeof(*probe), GFP_KERNEL);

	if (!probe)
		return NULL;
	xa_init(&probe->objects);
	xa_init(&probe->pages);
	return probe;
}

/**
 * bench_probe_destroy() - free a probe; NULL is fine
 * @probe: the probe
 *
 * Context: Task context, may sleep.
 */
void bench_probe_destroy(struct bench_probe *probe)
{
	if (!probe)
		return;
	xa_destroy(&probe->objects);
	xa_destroy(&probe->pages);
	kvfree(probe);
}
