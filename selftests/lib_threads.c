// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that threads may free what others allocated, that no block is ever in two hands, and that
 * a thread that exits gives back what its cache holds, also while the pool is being closed.
 */
#include "lib_test.h"

#define THREADS	4
#define RING	64

static struct mpdemo_pool *pool;
static pthread_barrier_t barrier;
static unsigned int clashes, refused;

/* What thread number i passes to number i + 1. */
static struct {
	void *slots[RING];
} rings[THREADS];

struct job {
	pthread_t thread;
	int number;
};

/* Who has a block writes its own name to it, and finds that it stays. */
static void *pass_on(void *data)
{
	struct job *job = data;
	void **from = rings[job->number].slots;
	void **to = rings[(job->number + 1) % THREADS].slots;
	int i, n = rounds(20000);

	for (i = 0; i < n; i++) {
		unsigned long *block = mpdemo_pool_alloc(pool), *other;
		unsigned long mark = job->number * 1000000UL + i;

		if (!block) {
			if (errno != EAGAIN)
				__atomic_add_fetch(&clashes, 1, __ATOMIC_RELAXED);
			continue;
		}
		block[0] = mark;
		block[7] = ~mark;
		if (i % 64 == 0)
			sched_yield();
		if (block[0] != mark || block[7] != ~mark)
			__atomic_add_fetch(&clashes, 1, __ATOMIC_RELAXED);
		other = __atomic_exchange_n(&to[i % RING], block, __ATOMIC_ACQ_REL);
		if (other && mpdemo_pool_free(pool, other))
			__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
		other = __atomic_exchange_n(&from[(i * 7) % RING], NULL, __ATOMIC_ACQ_REL);
		if (!other)
			continue;
		if (other[0] != ~other[7])
			__atomic_add_fetch(&clashes, 1, __ATOMIC_RELAXED);
		if (mpdemo_pool_free(pool, other))
			__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST(cross_free)
{
	struct job jobs[THREADS];
	int dev, i, j;

	DEV_OPEN_OR_SKIP(dev);
	/* Fewer than all caches could hold: now and then there is none. */
	pool = mpdemo_pool_create(dev, 64, 500, 0);
	ASSERT_NE(NULL, pool);
	for (i = 0; i < THREADS; i++) {
		jobs[i].number = i;
		ASSERT_EQ(0, pthread_create(&jobs[i].thread, NULL, pass_on, &jobs[i]));
	}
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_join(jobs[i].thread, NULL));
	for (i = j = 0; i < THREADS * RING; i++)
		j += !!rings[i / RING].slots[i % RING];
	EXPECT_NE(0, j);
	EXPECT_EQ(0, clashes);
	EXPECT_EQ(0, refused);
	EXPECT_EQ(0, mpdemo_pool_bad_frees(pool));
	/* Nobody flushed their caches. This is for what they left to each other. */
	EXPECT_EQ(0, mpdemo_cache_get(pool)->count);
	EXPECT_EQ(0, mpdemo_cache_flush(mpdemo_cache_get(pool)));
	EXPECT_EQ((unsigned int)j, lib_in_use(pool));
	EXPECT_EQ(j, mpdemo_pool_close(pool));
	close(dev);
}

static void *use_and_exit(void *data)
{
	void *block = mpdemo_pool_alloc(data);

	if (!block || mpdemo_pool_free(data, block))
		__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&barrier);
	return NULL;
}

TEST(exit_while_closing)
{
	int dev, i, j, n = rounds(60);

	DEV_OPEN_OR_SKIP(dev);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (i = 0; i < n; i++) {
		struct mpdemo_pool *mine = mpdemo_pool_create(dev, 64, 1000, 0);
		struct mpdemo_pool *other;
		pthread_t threads[THREADS];

		ASSERT_NE(NULL, mine);
		other = mpdemo_pool_from_fd(mpdemo_pool_fd(mine));
		ASSERT_NE(NULL, other);
		for (j = 0; j < THREADS; j++)
			ASSERT_EQ(0, pthread_create(&threads[j], NULL, use_and_exit, mine));
		pthread_barrier_wait(&barrier);
		CHECK(0, mpdemo_pool_close(mine), "round %d", i);
		for (j = 0; j < THREADS; j++)
			ASSERT_EQ(0, pthread_join(threads[j], NULL));
		CHECK(0, lib_in_use(other), "round %d", i);
		mpdemo_pool_close(other);
	}
	EXPECT_EQ(0, refused);
	close(dev);
}

/* A thread that has nothing gets what the cache of another one gives back. */
static void *take_all(void *data)
{
	struct mpdemo_cache *cache = mpdemo_cache_get(data);
	void *block;

	block = mpdemo_cache_alloc(cache);
	mpdemo_cache_free(cache, block);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	mpdemo_cache_flush(cache);
	pthread_barrier_wait(&barrier);
	return NULL;
}

TEST(other_cache)
{
	struct mpdemo_pool *mine;
	void *blocks[64];
	pthread_t thread;
	int dev, i;

	DEV_OPEN_OR_SKIP(dev);
	mine = mpdemo_pool_create(dev, 64, 64, 0);
	ASSERT_NE(NULL, mine);
	ASSERT_EQ(0, mpdemo_pool_set_cache(mine, 128));
	pthread_barrier_init(&barrier, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_all, mine));
	pthread_barrier_wait(&barrier);
	EXPECT_NO(EAGAIN, mpdemo_pool_alloc(mine));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 64; i++) {
		blocks[i] = mpdemo_pool_alloc(mine);
		EXPECT_NE(NULL, blocks[i]);
	}
	EXPECT_EQ(0, mpdemo_pool_free_bulk(mine, 64, blocks));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, mpdemo_pool_close(mine));
	close(dev);
}

/* What comes back twice, once to the depot and once to the kernel, is found all the same. */
static void *free_twice(void *data)
{
	void *blocks[5];
	int i;

	(void)data;
	if (mpdemo_pool_alloc_bulk(pool, 4, blocks))
		return "no blocks";
	/* The cache has room for four: with the fifth free two of them go on to the depot. */
	blocks[4] = blocks[0];
	for (i = 0; i < 5; i++)
		mpdemo_pool_free(pool, blocks[i]);
	return NULL;
}

static unsigned int index_of(struct mpdemo_pool *of, const void *block)
{
	return MPDEMO_HANDLE_INDEX(mpdemo_pool_handle(of, block));
}

TEST(twice_across_the_depot)
{
	void *blocks[64], *error = NULL;
	struct mpdemo_pool *peer;
	bool seen[64] = { false };
	pthread_t thread;
	int dev, n = 0;

	DEV_OPEN_OR_SKIP(dev);
	pool = mpdemo_pool_create(dev, 64, 64, 0);
	ASSERT_NE(NULL, pool);
	ASSERT_EQ(0, mpdemo_pool_set_cache(pool, 4));
	ASSERT_EQ(0, pthread_create(&thread, NULL, free_twice, NULL));
	ASSERT_EQ(0, pthread_join(thread, &error));
	ASSERT_EQ(NULL, error);
	EXPECT_EQ(1, mpdemo_pool_bad_frees(pool));
	/* What another owner gets we do not get as well. */
	peer = mpdemo_pool_from_fd(mpdemo_pool_fd(pool));
	ASSERT_NE(NULL, peer);
	ASSERT_EQ(0, mpdemo_pool_set_cache(peer, 0));
	while (n < 64 && (blocks[n] = mpdemo_pool_alloc(peer)))
		seen[index_of(peer, blocks[n++])] = true;
	while (n < 64 && (blocks[n] = mpdemo_pool_alloc(pool)))
		EXPECT_FALSE(seen[index_of(pool, blocks[n++])]);
	EXPECT_EQ(64, n);
	mpdemo_pool_close(peer);
	mpdemo_pool_close(pool);
	close(dev);
}

TEST_HARNESS_MAIN
