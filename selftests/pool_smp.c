// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the promise of a pool holds while all CPUs use it at the same
 * time: whoever asks for no more than there is never fails, no block has two
 * owners, a bulk that fails has taken nothing, and the counters add up.
 */
#include "mpdemo_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS		4
#define BLOCKS		64
#define HOLD		(BLOCKS / THREADS)

/*
 * A thread cannot stop the test, so it counts what is wrong, and the main
 * thread judges.
 */
struct worker {
	struct shared *shared;
	pthread_t thread;
	int id, fd, rounds;
	unsigned int seed;
	__u64 held[HOLD];
	int n;
	__u64 allocs, frees;
};

struct shared {
	_Atomic int owner[BLOCKS];	/* worker id + 1 */
	atomic_long failed, two_owners, wrong_free, stray;
	atomic_bool go;
	struct worker worker[THREADS];
};

FIXTURE(smp) {
	int dev, pool;
	struct shared *s;
};

FIXTURE_SETUP(smp)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, self->pool);
	self->s = calloc(1, sizeof(*self->s));
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(smp)
{
	free(self->s);
	close(self->pool);
	close(self->dev);
}

static void own(struct worker *w, __u64 handle)
{
	__u32 index = MPDEMO_HANDLE_INDEX(handle);
	struct shared *s = w->shared;

	if (index >= BLOCKS)
		atomic_fetch_add(&s->stray, 1);
	else if (atomic_exchange(&s->owner[index], w->id + 1))
		atomic_fetch_add(&s->two_owners, 1);
	w->allocs++;
}

static void disown(struct worker *w, __u64 handle)
{
	__u32 index = MPDEMO_HANDLE_INDEX(handle);
	struct shared *s = w->shared;

	if (index < BLOCKS &&
	    atomic_exchange(&s->owner[index], 0) != w->id + 1)
		atomic_fetch_add(&s->two_owners, 1);
	w->frees++;
}

static void take(struct worker *w, int count)
{
	int err;

	if (count == 1)
		err = pool_alloc(w->fd, &w->held[w->n]);
	else
		err = pool_alloc_bulk(w->fd, count, &w->held[w->n]);
	if (err) {
		atomic_fetch_add(&w->shared->failed, 1);
		return;
	}
	while (count--)
		own(w, w->held[w->n++]);
}

static void give(struct worker *w, int count)
{
	int err;

	for (int i = 1; i <= count; i++)
		disown(w, w->held[w->n - i]);
	w->n -= count;
	if (count == 1)
		err = pool_free(w->fd, w->held[w->n]);
	else
		err = pool_free_bulk(w->fd, count, &w->held[w->n]);
	if (err)
		atomic_fetch_add(&w->shared->wrong_free, 1);
}

static void worker_begin(struct worker *w)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	run_on_cpu(w->id % cpus);
	while (!atomic_load(&w->shared->go))
		sched_yield();
}

/* Up and down between nothing and all that this thread may hold. */
static void *single_worker(void *arg)
{
	struct worker *w = arg;

	worker_begin(w);
	while (w->rounds-- > 0) {
		if (w->n < HOLD && (!w->n || rand_r(&w->seed) & 1))
			take(w, 1);
		else
			give(w, 1);
	}
	while (w->n)
		give(w, 1);
	return NULL;
}

static void *bulk_worker(void *arg)
{
	struct worker *w = arg;

	worker_begin(w);
	while (w->rounds-- > 0) {
		int count = 1 + rand_r(&w->seed) % HOLD;

		if (w->n + count <= HOLD)
			take(w, count);
		else
			give(w, 1 + rand_r(&w->seed) % w->n);
	}
	if (w->n)
		give(w, w->n);
	return NULL;
}

/* Run @fn in all threads, each with an open file of its own if @reopen. */
static int run_workers(struct shared *s, int pool, void *(*fn)(void *),
		       int rounds, bool reopen)
{
	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &s->worker[i];

		w->shared = s;
		w->id = i;
		w->seed = 12345 + i;
		w->rounds = rounds;
		w->fd = reopen ? object_reopen(pool, RW) : pool;
		if (w->fd < 0 || pthread_create(&w->thread, NULL, fn, w))
			return -1;
	}
	atomic_store(&s->go, true);
	return 0;
}

static void join_workers(struct shared *s, int pool)
{
	for (int i = 0; i < THREADS; i++)
		pthread_join(s->worker[i].thread, NULL);
	/* Not before: some use those of others. */
	for (int i = 0; i < THREADS; i++)
		if (s->worker[i].fd != pool)
			close(s->worker[i].fd);
}

static __u64 total_allocs(const struct shared *s)
{
	__u64 sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += s->worker[i].allocs;
	return sum;
}

#define EXPECT_CLEAN()							\
do {									\
	struct mpdemo_info i_ = info_of(self->pool);			\
									\
	EXPECT_EQ(0, atomic_load(&self->s->failed));			\
	EXPECT_EQ(0, atomic_load(&self->s->two_owners));		\
	EXPECT_EQ(0, atomic_load(&self->s->wrong_free));		\
	EXPECT_EQ(0, atomic_load(&self->s->stray));			\
	EXPECT_EQ(total_allocs(self->s), i_.out_allocs);		\
	EXPECT_LT(THREADS * 500, i_.out_allocs);			\
	EXPECT_EQ(i_.out_allocs, i_.out_frees);				\
	EXPECT_EQ(0, i_.out_in_use + i_.out_held);			\
	EXPECT_EQ(0, i_.out_failures);					\
	EXPECT_EQ(0, i_.out_refused + i_.out_reclaimed);		\
	EXPECT_GE(BLOCKS, i_.out_peak);					\
} while (0)

/* THREADS * HOLD == BLOCKS: nobody may ever see the pool empty. */
TEST_F(smp, no_false_failure)
{
	ASSERT_EQ(0, run_workers(self->s, self->pool, single_worker, 5000,
				 false));
	join_workers(self->s, self->pool);
	EXPECT_CLEAN();
}

TEST_F(smp, no_false_failure_own_files)
{
	ASSERT_EQ(0, run_workers(self->s, self->pool, single_worker, 5000,
				 true));
	join_workers(self->s, self->pool);
	EXPECT_CLEAN();
}

TEST_F(smp, no_false_failure_bulk)
{
	ASSERT_EQ(0, run_workers(self->s, self->pool, bulk_worker, 2000,
				 true));
	join_workers(self->s, self->pool);
	EXPECT_CLEAN();
}

/* Bulks of more than is left, against a watcher: a failing one is not seen. */
static void *hopeless_worker(void *arg)
{
	struct worker *w = arg;
	__u64 h[BLOCKS];

	worker_begin(w);
	while (w->rounds-- > 0) {
		int err = pool_alloc_bulk(w->fd, BLOCKS, h);

		if (err != -EAGAIN)
			atomic_fetch_add(&w->shared->failed, 1);
		w->allocs++;
	}
	return NULL;
}

TEST_F(smp, failing_bulk_takes_nothing)
{
	long moved = 0;
	struct mpdemo_info info;
	__u64 handle;

	ASSERT_EQ(0, pool_alloc(self->pool, &handle));
	ASSERT_EQ(0, run_workers(self->s, self->pool, hopeless_worker, 1500,
				 true));
	/* In between a single allocation always finds one. */
	for (int i = 0; i < 1500; i++) {
		__u64 other;

		moved += info_of(self->pool).out_in_use != 1;
		ASSERT_EQ(0, pool_alloc(self->pool, &other));
		ASSERT_EQ(0, pool_free(self->pool, other));
	}
	join_workers(self->s, self->pool);
	EXPECT_EQ(0, moved);
	EXPECT_EQ(0, atomic_load(&self->s->failed));
	info = info_of(self->pool);
	EXPECT_EQ(1, info.out_in_use);
	EXPECT_EQ(2, info.out_peak);
	EXPECT_EQ(1501, info.out_allocs);
	EXPECT_EQ(1500, info.out_frees);
	EXPECT_EQ(THREADS * 1500, info.out_failures);
}

/*
 * Bulks of half the pool from all threads: most fail, and those that do not
 * hold disjoint halves. The sum of all successes is the sum of the counters.
 */
static void *half_worker(void *arg)
{
	struct worker *w = arg;
	__u64 h[BLOCKS / 2];

	worker_begin(w);
	while (w->rounds-- > 0) {
		int err = pool_alloc_bulk(w->fd, BLOCKS / 2, h);

		if (err == -EAGAIN)
			continue;
		if (err)
			atomic_fetch_add(&w->shared->failed, 1);
		for (int i = 0; i < BLOCKS / 2; i++)
			own(w, h[i]);
		for (int i = 0; i < BLOCKS / 2; i++)
			disown(w, h[i]);
		if (pool_free_bulk(w->fd, BLOCKS / 2, h))
			atomic_fetch_add(&w->shared->wrong_free, 1);
	}
	return NULL;
}

TEST_F(smp, bulk_storm)
{
	struct mpdemo_info info;

	ASSERT_EQ(0, run_workers(self->s, self->pool, half_worker, 700, true));
	join_workers(self->s, self->pool);
	info = info_of(self->pool);
	EXPECT_EQ(0, atomic_load(&self->s->failed));
	EXPECT_EQ(0, atomic_load(&self->s->two_owners));
	EXPECT_EQ(0, atomic_load(&self->s->wrong_free));
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(total_allocs(self->s), info.out_allocs);
	EXPECT_EQ(info.out_allocs, info.out_frees);
	EXPECT_EQ(THREADS * 700 - info.out_allocs / (BLOCKS / 2),
		  info.out_failures);
}

/* Two frees of one handle at the same time: one wins, and only one. */
static void *double_free_worker(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->shared;

	worker_begin(w);
	for (int i = 0; i < BLOCKS; i++) {
		int err = pool_free(w->fd, s->worker[0].held[i % HOLD]);

		if (!err)
			w->frees++;
		else if (err != -EALREADY)
			atomic_fetch_add(&s->wrong_free, 1);
	}
	return NULL;
}

TEST_F(smp, racing_double_free)
{
	for (int round = 0; round < 40; round++) {
		__u64 frees = 0, before = info_of(self->pool).out_refused;
		struct mpdemo_info info;

		memset(self->s, 0, sizeof(*self->s));
		ASSERT_EQ(0, pool_alloc_bulk(self->pool, HOLD,
					     self->s->worker[0].held));
		ASSERT_EQ(0, run_workers(self->s, self->pool,
					 double_free_worker, 0, false));
		join_workers(self->s, self->pool);
		for (int i = 0; i < THREADS; i++)
			frees += self->s->worker[i].frees;
		ASSERT_EQ(HOLD, frees);
		EXPECT_EQ(0, atomic_load(&self->s->wrong_free));
		info = info_of(self->pool);
		ASSERT_EQ(0, info.out_in_use);
		EXPECT_EQ(before + THREADS * BLOCKS - HOLD, info.out_refused);
	}
}

/* Handles go round: one thread allocates and keeps, another takes and frees. */
static void *passing_worker(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->shared;

	worker_begin(w);
	for (int i = 0; i < w->rounds; i++) {
		__u64 handle;

		if (pool_alloc(w->fd, &handle) || pool_keep(w->fd, handle) ||
		    pool_take(s->worker[(w->id + 1) % THREADS].fd, handle)) {
			atomic_fetch_add(&s->failed, 1);
			continue;
		}
		if (pool_free(w->fd, handle) != -EPERM)
			atomic_fetch_add(&s->wrong_free, 1);
		if (pool_free(s->worker[(w->id + 1) % THREADS].fd, handle))
			atomic_fetch_add(&s->wrong_free, 1);
		w->allocs++;
	}
	return NULL;
}

TEST_F(smp, passing_on)
{
	ASSERT_EQ(0, run_workers(self->s, self->pool, passing_worker, 700,
				 true));
	join_workers(self->s, self->pool);
	EXPECT_EQ(0, atomic_load(&self->s->failed));
	EXPECT_EQ(0, atomic_load(&self->s->wrong_free));
	EXPECT_EQ(THREADS * 700, info_of(self->pool).out_frees);
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
}

TEST_HARNESS_MAIN
