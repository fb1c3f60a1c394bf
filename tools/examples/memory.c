// SPDX-License-Identifier: MIT
/* The memory of an example: libmpdemo's, or the C library's with the same limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define ALIGN		16UL

/* Of an arena on the C library: what is to be freed by a reset. */
struct extent {
	struct extent *next;
	char bytes[] __attribute__((aligned(ALIGN)));
};

static int device = -1;
static struct list pools = LIST(pools), arena_sets = LIST(arena_sets);

static bool complain(const char *what, const char *name)
{
	fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
	return false;
}

bool memory_begin(bool from_malloc)
{
	int dev;

	if (from_malloc)
		return true;
	dev = mpdemo_device_open(NULL);
	if (dev < 0) {
		errno = -dev;
		return complain("open", "/dev/mempool_demo (--malloc does without it)");
	}
	device = dev;
	return true;
}

const char *memory_name(void)
{
	return device < 0 ? "malloc" : "mempool_demo";
}

static void figures_begin(struct memory_figures *figures, const char *name, size_t bytes,
			  size_t count, struct list *to)
{
	memset(figures, 0, sizeof(*figures));
	figures->name = name;
	figures->bytes = bytes;
	figures->count = count;
	list_add_tail(to, &figures->link);
}

static void raise_peak(struct memory_figures *figures, unsigned long now)
{
	unsigned long peak = atomic_load_explicit(&figures->peak, memory_order_relaxed);

	while (now > peak)
		if (atomic_compare_exchange_weak(&figures->peak, &peak, now))
			break;
}

static void *count_failure(struct memory_figures *figures)
{
	atomic_fetch_add(&figures->failures, 1);
	return NULL;
}

/* Pools */

bool pool_begin(struct pool *pool, const char *name, size_t bytes, size_t count,
		unsigned int cache)
{
	pool->kernel = NULL;
	if (device >= 0) {
		pool->kernel = mpdemo_pool_create(device, bytes, count, 0);
		if (!pool->kernel)
			return complain("create pool", name);
		mpdemo_pool_set_cache(pool->kernel, cache);
	}
	figures_begin(&pool->figures, name, bytes, count, &pools);
	return true;
}

/* The C library knows no end, so the count is what ends it. */
static void *malloc_block(struct memory_figures *figures)
{
	unsigned long before = atomic_load(&figures->in_use);

	do {
		if (before >= figures->count)
			return NULL;
	} while (!atomic_compare_exchange_weak(&figures->in_use, &before, before + 1));
	raise_peak(figures, before + 1);
	return malloc(figures->bytes);
}

void *pool_alloc(struct pool *pool)
{
	struct memory_figures *figures = &pool->figures;
	void *block;

	if (pool->kernel) {
		block = mpdemo_pool_alloc(pool->kernel);
		if (block)
			raise_peak(figures, atomic_fetch_add(&figures->in_use, 1) + 1);
	} else {
		block = malloc_block(figures);
	}
	if (!block)
		return count_failure(figures);
	atomic_fetch_add(&figures->allocs, 1);
	return block;
}

void pool_free(struct pool *pool, void *block)
{
	/* Before it is free: who gets it next counts it. */
	atomic_fetch_sub(&pool->figures.in_use, 1);
	if (pool->kernel)
		mpdemo_pool_free(pool->kernel, block);
	else
		free(block);
}

size_t pool_index(struct pool *pool, const void *block)
{
	return pool->kernel ? MPDEMO_HANDLE_INDEX(mpdemo_pool_handle(pool->kernel, block)) : 0;
}

/* Arenas */

static bool begin_kernel_arena(struct kernel_arena *kernel, size_t bytes)
{
	kernel->arena = mpdemo_arena_create(device, bytes);
	if (kernel->arena)
		kernel->bytes = mpdemo_arena_alloc(kernel->arena, bytes, ALIGN);
	return kernel->bytes;
}

bool arenas_begin(struct arenas *set, const char *name, size_t bytes, size_t count)
{
	set->kernel = NULL;
	if (device >= 0) {
		set->kernel = calloc(count, sizeof(*set->kernel));
		for (size_t i = 0; i < count; i++)
			if (!set->kernel || !begin_kernel_arena(&set->kernel[i], bytes))
				return complain("create arenas", name);
	}
	figures_begin(&set->figures, name, bytes, count, &arena_sets);
	return true;
}

void arena_begin(struct arena *arena, struct arenas *set, size_t index)
{
	memset(arena, 0, sizeof(*arena));
	arena->set = set;
	if (set->kernel)
		arena->bytes = set->kernel[index].bytes;
	arena_reset(arena);
}

static void *malloc_bytes(struct arena *arena, size_t bytes)
{
	struct extent *extent = malloc(sizeof(*extent) + bytes);

	if (!extent)
		return NULL;
	extent->next = arena->extents;
	arena->extents = extent;
	return extent->bytes;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	struct memory_figures *figures = &arena->set->figures;
	void *p;

	/* What is asked for may be so much that it does not survive to be rounded up. */
	if (bytes > figures->bytes - arena->used)
		return count_failure(figures);
	p = arena->bytes ? arena->bytes + arena->used : malloc_bytes(arena, bytes);
	if (!p)
		return count_failure(figures);
	arena->used += (bytes + ALIGN - 1) & ~(ALIGN - 1);
	atomic_fetch_add(&figures->allocs, 1);
	raise_peak(figures, arena->used);
	return p;
}

static void free_extents(struct arena *arena)
{
	struct extent *extent;

	while ((extent = arena->extents)) {
		arena->extents = extent->next;
		free(extent);
	}
}

void arena_reset(struct arena *arena)
{
	free_extents(arena);
	arena->used = 0;
	atomic_fetch_add(&arena->set->figures.resets, 1);
}

void arena_end(struct arena *arena)
{
	free_extents(arena);
}

/* Figures */

static int figures_json(char *text, size_t room, const struct memory_figures *figures,
			const char *kind, const char *separator)
{
	static const char what[] =
		"%s{\"name\":\"%s\",\"kind\":\"%s\",\"bytes\":%zu,\"count\":%zu";
	static const char used[] =
		",\"in_use\":%lu,\"peak\":%lu,\"allocs\":%lu,\"failures\":%lu,\"resets\":%lu}";
	int length;

	length = snprintf(text, room, what, separator, figures->name, kind, figures->bytes,
			  figures->count);
	if ((size_t)length < room)
		length += snprintf(text + length, room - length, used, figures->in_use,
				   figures->peak, figures->allocs, figures->failures,
				   figures->resets);
	return length;
}

int memory_json(char *text, size_t room)
{
	const struct list *const lists[] = { &pools, &arena_sets };
	const char *separator = "[";
	size_t length = 0;

	for (size_t i = 0; i < 2; i++) {
		for (struct list *l = lists[i]->next; l != lists[i]; l = l->next) {
			length += figures_json(text + length, room - length,
					       list_entry(l, struct memory_figures, link),
					       i ? "arena" : "pool", separator);
			separator = ",";
			if (length + 2 > room)
				return -1;
		}
	}
	strcpy(text + length, "]");
	return length + 1;
}

static bool pool_end(struct pool *pool)
{
	struct memory_figures *figures = &pool->figures;
	unsigned long bad_frees = 0;
	unsigned long left = figures->in_use;

	printf("%-12s %8zu %8zu %8lu %8lu %10lu %8lu        -\n", figures->name, figures->bytes,
	       figures->count, figures->in_use, figures->peak, figures->allocs, figures->failures);
	if (pool->kernel) {
		mpdemo_cache_flush(mpdemo_cache_get(pool->kernel));
		bad_frees = mpdemo_pool_bad_frees(pool->kernel);
		/* The kernel has counted as well. */
		left = mpdemo_pool_close(pool->kernel);
	}
	if (left || figures->in_use || bad_frees)
		fprintf(stderr, "pool %s: %lu blocks were not freed, %lu frees were wrong\n",
			figures->name, left, bad_frees);
	return !left && !figures->in_use && !bad_frees;
}

static void arenas_end(struct arenas *set)
{
	struct memory_figures *figures = &set->figures;

	printf("%-12s %8zu %8zu        - %8lu %10lu %8lu %8lu\n", figures->name, figures->bytes,
	       figures->count, figures->peak, figures->allocs, figures->failures,
	       figures->resets);
	for (size_t i = 0; set->kernel && i < figures->count; i++)
		mpdemo_arena_close(set->kernel[i].arena);
	free(set->kernel);
}

bool memory_end(void)
{
	bool clean = true;

	printf("%-12s %8s %8s %8s %8s %10s %8s %8s\n", "MEMORY", "BYTES", "COUNT", "IN-USE",
	       "PEAK", "ALLOCS", "FAILURES", "RESETS");
	for (struct list *l = pools.next; l != &pools; l = l->next)
		clean &= pool_end(list_entry(l, struct pool, figures.link));
	for (struct list *l = arena_sets.next; l != &arena_sets; l = l->next)
		arenas_end(list_entry(l, struct arenas, figures.link));
	if (device >= 0)
		close(device);
	return clean;
}
