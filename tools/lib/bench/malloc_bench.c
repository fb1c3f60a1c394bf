// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * What an allocation of 64 bytes and its free cost in a program: through libmpdemo, and through
 * malloc(), which is that of the C library or of whatever LD_PRELOAD names.
 *
 *	malloc_bench NAME		only malloc(), called NAME in the output
 *	malloc_bench --mpdemo		only libmpdemo
 *
 * Prints lines of "allocator, variant, load, batch, figure", separated by tabs: the least of
 * several rounds, by pair, without the empty loop. The figure is nanoseconds, or instructions where
 * the clock counts these (tools/vm/run --icount).
 *
 * Loads: "same": a thread allocates a batch and frees it. "threads": several do, each its own.
 * "cross": one allocates a batch, another one frees it. With several threads the clock counts
 * what all of them do, switching between them included, hence batches of many pairs only.
 */
#include <mpdemo.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIZE	64
#define BATCH	100
#define PAIRS	20000
#define ROUNDS	9
#define THREADS	4
/* Allocated by one thread before the other one frees. */
#define CROSS	1000

static struct mpdemo_pool *pool;

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* As far as the compiler knows the block is used. */
#define USE(p)	__asm__ volatile("" : : "r"(p) : "memory")

struct run {
	unsigned int batch, pairs;
	void **blocks;
};

/*
 * One loop for each allocator, so that its inline functions are inlined. BEGIN is done once
 * for each run, as a program would.
 */
#define LOOPS(name, begin, alloc, free)						\
static void name##_pairs(const struct run *run)					\
{										\
	begin;									\
	for (unsigned int n = 0; n < run->pairs; n += run->batch) {		\
		for (unsigned int i = 0; i < run->batch; i++) {			\
			run->blocks[i] = alloc;					\
			USE(run->blocks[i]);					\
		}								\
		for (unsigned int i = 0; i < run->batch; i++)			\
			free;							\
	}									\
}										\
										\
static void name##_alloc(const struct run *run)					\
{										\
	begin;									\
	for (unsigned int i = 0; i < run->pairs; i++)				\
		run->blocks[i] = alloc;						\
}										\
										\
static void name##_free(const struct run *run)					\
{										\
	begin;									\
	for (unsigned int i = 0; i < run->pairs; i++)				\
		free;								\
}

#define CACHE	struct mpdemo_cache *cache = mpdemo_cache_get(pool)

LOOPS(empty, (void)0, (void *)&run, USE(run->blocks[i]))
LOOPS(inlined, CACHE, mpdemo_cache_alloc(cache), mpdemo_cache_free(cache, run->blocks[i]))
LOOPS(called, (void)0, mpdemo_pool_alloc(pool), mpdemo_pool_free(pool, run->blocks[i]))
LOOPS(libc, (void)0, malloc(SIZE), free(run->blocks[i]))

static struct mpdemo_heap *heap;

LOOPS(heap, (void)0, mpdemo_heap_alloc(heap, SIZE), mpdemo_heap_free(heap, run->blocks[i]))

struct allocator {
	const char *name, *variant;
	void (*pairs)(const struct run *run);
	void (*alloc)(const struct run *run);
	void (*free)(const struct run *run);
};

static const struct allocator empty = { "empty", "loop", empty_pairs, empty_alloc, empty_free };

static const struct allocator ours[] = {
	{ "libmpdemo", "inline", inlined_pairs, inlined_alloc, inlined_free },
	{ "libmpdemo", "called", called_pairs, called_alloc, called_free },
	{ "libmpdemo", "heap", heap_pairs, heap_alloc, heap_free },
};

struct load {
	const char *name;
	unsigned int batch;
	unsigned long long (*measure)(const struct allocator *a, unsigned int batch);
};

static unsigned long long least(const struct load *load, const struct allocator *a)
{
	unsigned long long min = ~0ULL, figure;

	for (int i = 0; i < ROUNDS; i++) {
		figure = load->measure(a, load->batch);
		min = figure < min ? figure : min;
	}
	return min;
}

static unsigned long long same(const struct allocator *a, unsigned int batch)
{
	static void *blocks[BATCH];
	const struct run run = { .batch = batch, .pairs = PAIRS, .blocks = blocks };
	unsigned long long begin = now();

	a->pairs(&run);
	return now() - begin;
}

struct worker {
	pthread_t thread;
	const struct allocator *a;
	struct run run;
	void *blocks[CROSS];
};

static pthread_barrier_t barrier;

static void *work(void *data)
{
	struct worker *worker = data;

	worker->a->pairs(&worker->run);
	pthread_barrier_wait(&barrier);
	/* Begins here, with what a thread's first use costs done. */
	pthread_barrier_wait(&barrier);
	worker->a->pairs(&worker->run);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static unsigned long long threads(const struct allocator *a, unsigned int batch)
{
	static struct worker workers[THREADS];
	unsigned long long begin;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		workers[i].a = a;
		workers[i].run = (struct run){
			.batch = batch, .pairs = PAIRS / THREADS, .blocks = workers[i].blocks,
		};
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	pthread_barrier_wait(&barrier);
	begin = now();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	begin = now() - begin;
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&barrier);
	return begin;
}

static void *free_of_others(void *data)
{
	struct worker *worker = data;

	for (int i = 0; i < PAIRS; i += CROSS) {
		pthread_barrier_wait(&barrier);
		worker->a->free(&worker->run);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static unsigned long long cross(const struct allocator *a, unsigned int batch)
{
	static struct worker worker;
	unsigned long long begin;

	worker.a = a;
	worker.run = (struct run){ .batch = batch, .pairs = batch, .blocks = worker.blocks };
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&worker.thread, NULL, free_of_others, &worker);
	begin = now();
	for (int i = 0; i < PAIRS; i += CROSS) {
		a->alloc(&worker.run);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	begin = now() - begin;
	pthread_join(worker.thread, NULL);
	pthread_barrier_destroy(&barrier);
	return begin;
}

static const struct load loads[] = {
	{ "same", 1, same },
	{ "same", BATCH, same },
	{ "threads", BATCH, threads },
	{ "cross", CROSS, cross },
};

#define LOADS	(sizeof(loads) / sizeof(*loads))

static void measure_all(const struct allocator *allocators, unsigned int count)
{
	double empties[LOADS], figures[3][LOADS];

	for (unsigned int i = 0; i < LOADS; i++)
		empties[i] = least(&loads[i], &empty);
	for (unsigned int n = 0; n < count; n++) {
		for (unsigned int i = 0; i < LOADS; i++)
			figures[n][i] = least(&loads[i], &allocators[n]);
	}
	/* Output would go on in the background of what is measured. */
	for (unsigned int n = 0; n < count; n++) {
		for (unsigned int i = 0; i < LOADS; i++) {
			printf("%s\t%s\t%s\t%u\t%.2f\n", allocators[n].name, allocators[n].variant,
			       loads[i].name, loads[i].batch, (figures[n][i] - empties[i]) / PAIRS);
		}
	}
}

int main(int argc, char **argv)
{
	struct allocator other = { argv[1], "malloc", libc_pairs, libc_alloc, libc_free };
	int dev;

	if (argc != 2) {
		fprintf(stderr, "usage: malloc_bench NAME|--mpdemo\n");
		return 1;
	}
	if (strcmp(argv[1], "--mpdemo")) {
		measure_all(&other, 1);
		return 0;
	}
	dev = mpdemo_device_open(NULL);
	pool = dev < 0 ? NULL : mpdemo_pool_create(dev, SIZE, 4 * CROSS, SIZE);
	heap = pool ? mpdemo_heap_create(dev, 32 << 20) : NULL;
	if (!heap) {
		fprintf(stderr, "malloc_bench: %s\n", strerror(dev < 0 ? -dev : errno));
		return 1;
	}
	measure_all(ours, 3);
	return 0;
}
