// SPDX-License-Identifier: GPL-2.0
/*
 * What the CPUs of a row work with: for each a run, with the handles of the allocator.
 * Those are shared by all CPUs, with objects for all of them, unless the allocator is of one CPU.
 */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "crew.h"
#include "probe.h"

/* Sites as the row has them, for a number of CPUs. */
static void fill_sites(const struct bench_row *row, unsigned int cpus,
		       struct bench_site *sites)
{
	const struct bench_suite *suite = row->suite;
	unsigned int i;

	for (i = 0; i < suite->nr_sites; i++) {
		struct bench_site *site = &sites[i];

		*site = suite->sites[i];
		if (!site->size)
			site->size = row->size;
		site->held = site->objects ?: row->batch;
		if (!site->objects)
			site->objects = max_t(unsigned int, row->batch,
					      BENCH_POOL_BLOCKS);
		site->objects *= cpus;
	}
}

/* Sites that an arena serves have no handle. */
static bool has_handle(const struct bench_allocator *allocator,
		       const struct bench_site *site)
{
	return allocator->create &&
	       !(site->scratch && allocator->arena_create);
}

static int make_handles(const struct bench_allocator *allocator,
			const struct bench_site *sites, unsigned int nr,
			struct bench_run *run)
{
	unsigned int i;
	void *handle;

	for (i = 0; i < nr; i++) {
		if (!has_handle(allocator, &sites[i]))
			continue;
		if (allocator->whole && i) {
			run->handles[i] = run->handles[0];
			continue;
		}
		handle = allocator->create(&sites[i], allocator->whole ? nr : 1);
		if (IS_ERR(handle))
			return PTR_ERR(handle);
		run->handles[i] = handle;
	}
	return 0;
}

static void destroy_handles(const struct bench_allocator *allocator,
			    unsigned int nr, struct bench_run *run)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (run->handles[i] && (!allocator->whole || !i))
			allocator->destroy(run->handles[i]);
	}
}

static int make_arenas(const struct bench_allocator *allocator,
		       const struct bench_suite *suite, struct bench_run *run)
{
	unsigned int i;
	void *arena;

	run->arenas = kcalloc(suite->arenas, sizeof(*run->arenas), GFP_KERNEL);
	if (!run->arenas)
		return -ENOMEM;
	for (i = 0; i < suite->arenas; i++) {
		arena = allocator->arena_create(suite->arena_bytes);
		if (IS_ERR(arena))
			return PTR_ERR(arena);
		run->arenas[i] = arena;
	}
	return 0;
}

static void destroy_arenas(const struct bench_allocator *allocator,
			   const struct bench_suite *suite,
			   struct bench_run *run)
{
	unsigned int i;

	for (i = 0; run->arenas && i < suite->arenas; i++) {
		if (run->arenas[i])
			allocator->arena_destroy(run->arenas[i]);
	}
	kfree(run->arenas);
}

/* Whether what is in the first run is all that there is. */
static bool shares_handles(const struct bench_allocator *allocator,
			   unsigned int number)
{
	return number && !allocator->own;
}

static bool shares_arenas(const struct bench_allocator *allocator,
			  unsigned int number)
{
	return number && allocator->arena_shared;
}

static int make_run(struct bench_crew *crew, unsigned int number)
{
	const struct bench_allocator *allocator = crew->row->kind->allocator;
	const struct bench_suite *suite = crew->row->suite;
	struct bench_run *run = &crew->runs[number];
	struct bench_site sites[BENCH_SITES];
	int ret = 0;

	run->sizes = crew->sizes;
	run->outstanding = crew->row->batch;
	run->steps = crew->row->steps;
	run->zero = crew->params->zero ? __GFP_ZERO : 0;
	run->slots = kvcalloc(run->outstanding, sizeof(*run->slots),
			      GFP_KERNEL);
	if (!run->slots)
		return -ENOMEM;

	fill_sites(crew->row, allocator->own ? 1 : crew->nr, sites);
	if (shares_handles(allocator, number))
		memcpy(run->handles, crew->runs[0].handles,
		       sizeof(run->handles));
	else
		ret = make_handles(allocator, sites, suite->nr_sites, run);
	if (ret || !allocator->arena_create || !suite->arenas)
		return ret;
	if (shares_arenas(allocator, number))
		run->arenas = crew->runs[0].arenas;
	else
		ret = make_arenas(allocator, suite, run);
	return ret;
}

static void destroy_run(struct bench_crew *crew, unsigned int number)
{
	const struct bench_allocator *allocator = crew->row->kind->allocator;
	const struct bench_suite *suite = crew->row->suite;
	struct bench_run *run = &crew->runs[number];

	if (suite->end && run->state)
		suite->end(run);
	if (!shares_arenas(allocator, number))
		destroy_arenas(allocator, suite, run);
	if (!shares_handles(allocator, number))
		destroy_handles(allocator, suite->nr_sites, run);
	bench_probe_destroy(run->probe);
	kvfree(run->slots);
}

static void choose_sizes(const struct bench_row *row,
			 const struct bench_params *params, u16 *sizes)
{
	unsigned int i;
	u32 state = 1;

	if (row->suite->fill_sizes) {
		row->suite->fill_sizes(sizes);
		return;
	}
	for (i = 0; i < BENCH_SIZES; i++) {
		sizes[i] = row->size;
		if (params->sizes != MPDEMO_BENCH_SIZES_RANDOM)
			continue;
		/* The generator of a textbook: the same in all runs. */
		state = state * 1664525 + 1013904223;
		sizes[i] = 1 + (state >> 8) % row->size;
	}
}

/**
 * bench_crew_create() - make what a row works with
 * @row: the row
 * @params: what was asked for
 * @nr: CPUs; which ones is for the caller to write into the runs
 *
 * Context: Task context, may sleep.
 * Return: the crew, or an ERR_PTR().
 */
struct bench_crew *bench_crew_create(const struct bench_row *row,
				     const struct bench_params *params,
				     unsigned int nr)
{
	struct bench_crew *crew;
	unsigned int i;
	int ret = 0;

	crew = kvzalloc(struct_size(crew, runs, nr), GFP_KERNEL);
	if (!crew)
		return ERR_PTR(-ENOMEM);
	crew->nr = nr;
	crew->row = row;
	crew->params = params;
	choose_sizes(row, params, crew->sizes);
	for (i = 0; i < nr && !ret; i++) {
		ret = make_run(crew, i);
		if (!ret && row->suite->begin)
			ret = row->suite->begin(&crew->runs[i]);
	}
	if (!ret)
		return crew;
	bench_crew_destroy(crew);
	return ERR_PTR(ret);
}

/**
 * bench_crew_destroy() - free that again
 * @crew: the crew, which nobody uses any more
 *
 * Context: Task context, may sleep.
 */
void bench_crew_destroy(struct bench_crew *crew)
{
	unsigned int i = crew->nr;

	/* What the others share with the first one goes with that, last. */
	while (i--)
		destroy_run(crew, i);
	kvfree(crew);
}

/**
 * bench_crew_footprint() - memory of the allocator
 * @crew: the crew
 *
 * Context: Task context.
 * Return: bytes, as the allocator says for the first CPU and what all share; 0 where
 * it does not say.
 */
size_t bench_crew_footprint(const struct bench_crew *crew)
{
	const struct bench_allocator *allocator = crew->row->kind->allocator;
	const struct bench_suite *suite = crew->row->suite;
	const struct bench_run *run = &crew->runs[0];
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; allocator->footprint && i < suite->nr_sites; i++) {
		if (run->handles[i] && (!allocator->whole || !i))
			bytes += allocator->footprint(run->handles[i]);
	}
	for (i = 0; run->arenas && i < suite->arenas; i++)
		bytes += allocator->arena_footprint(run->arenas[i]);
	return bytes;
}
