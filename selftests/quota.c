// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that no open file ever holds more blocks than the quota of its pool, however
 * it comes to them, and however many threads try: EDQUOT, and nothing is taken.
 */
#include "mpdemo_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define BLOCKS	64
#define QUOTA	5

FIXTURE(quota) {
	int dev, pool, other;
	__u64 h[BLOCKS];
};

static int create(int dev, __u32 quota)
{
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = 24, .blocks = BLOCKS,
		.quota = quota, .out_fd = -1,
	};
	int err = call(dev, MPDEMO_IOC_POOL_CREATE, &a);

	return err ? err : a.out_fd;
}

FIXTURE_SETUP(quota)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = create(self->dev, QUOTA);
	ASSERT_LE(0, self->pool);
	self->other = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(quota)
{
	close(self->other);
	close(self->pool);
	close(self->dev);
}

#define HELD()	(info_of(self->pool).out_held)

/* The quota is reached: nobody gets into it, by no command, and nothing changes. */
#define EXPECT_FULL()							\
do {									\
	struct mpdemo_info before_ = info_of(self->pool), after_;	\
	__u64 h_[BLOCKS];						\
									\
	EXPECT_EQ(QUOTA, before_.out_held);				\
	EXPECT_EQ(-EDQUOT, pool_alloc(self->pool, h_));			\
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk(self->pool, 1, h_));		\
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk(self->pool, BLOCKS, h_));	\
	EXPECT_EQ(-EDQUOT, pool_alloc_wait(self->pool, 0,		\
					   MPDEMO_NO_DEADLINE, h_));	\
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk_wait(self->pool, 0,		\
						MPDEMO_NO_DEADLINE, 2, h_));\
	after_ = info_of(self->pool);					\
	EXPECT_TRUE(info_same(&before_, &after_));			\
	EXPECT_EQ(before_.out_failures, after_.out_failures);		\
} while (0)

TEST_F(quota, told)
{
	int none = create(self->dev, 0), most = create(self->dev,
						       MPDEMO_BLOCKS_MAX);

	EXPECT_EQ(QUOTA, info_of(self->pool).out_quota);
	EXPECT_EQ(QUOTA, info_of(self->other).out_quota);
	EXPECT_EQ(0, info_of(none).out_quota);
	EXPECT_EQ(MPDEMO_BLOCKS_MAX, info_of(most).out_quota);
	EXPECT_EQ(0, pool_alloc_bulk(none, BLOCKS, self->h));
	EXPECT_EQ(0, pool_alloc_bulk(most, BLOCKS, self->h));
	EXPECT_EQ(-ERANGE, create(self->dev, MPDEMO_BLOCKS_MAX + 1));
	EXPECT_EQ(-ERANGE, create(self->dev, ~0U));
	close(none);
	close(most);
}

TEST_F(quota, singles)
{
	for (int i = 0; i < QUOTA; i++)
		ASSERT_EQ(0, pool_alloc(self->pool, &self->h[i]));
	EXPECT_FULL();
	/* Another open file has its own. */
	EXPECT_EQ(0, pool_alloc_bulk(self->other, QUOTA, self->h + QUOTA));
	EXPECT_EQ(-EDQUOT, pool_alloc(self->other, &self->h[2 * QUOTA]));

	ASSERT_EQ(0, pool_free(self->pool, self->h[0]));
	ASSERT_EQ(0, pool_alloc(self->pool, &self->h[0]));
	EXPECT_FULL();
}

TEST_F(quota, bulk)
{
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk(self->pool, QUOTA + 1, self->h));
	EXPECT_EQ(0, HELD());
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, QUOTA - 1, self->h));
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk(self->pool, 2, self->h + QUOTA));
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 1, self->h + QUOTA - 1));
	EXPECT_FULL();
	ASSERT_EQ(0, pool_free_bulk(self->pool, 2, self->h));
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 2, self->h));
	EXPECT_FULL();
}

/* To keep makes room, and what is born kept needs none. */
TEST_F(quota, keep_and_take)
{
	__u64 kept[BLOCKS];
	__u32 done;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, QUOTA, self->h));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pool_alloc_flags(self->pool, MPDEMO_ALLOC_KEEP,
					      &kept[i]));
	EXPECT_EQ(-EDQUOT, pool_take(self->pool, kept[0]));
	/* What is wrong with the handle is said first: no room would mend it. */
	EXPECT_EQ(0, info_of(self->pool).out_refused);
	EXPECT_EQ(-EPERM, pool_take(self->pool, self->h[0]));
	EXPECT_EQ(-ENOENT, pool_take(self->pool, kept[0] + (1ULL << 40)));
	EXPECT_EQ(2, info_of(self->pool).out_refused);
	EXPECT_FULL();
	ASSERT_EQ(0, pool_keep(self->pool, self->h[0]));
	ASSERT_EQ(0, pool_keep(self->pool, self->h[1]));
	EXPECT_EQ(QUOTA - 2, HELD());

	/* Up to the quota, and then no further. */
	EXPECT_EQ(-EDQUOT, pool_bulk(self->pool, MPDEMO_IOC_TAKE, 0, 3, kept,
				     &done));
	EXPECT_EQ(2, done);
	EXPECT_EQ(3, info_of(self->pool).out_kept);
	EXPECT_FULL();

	/* To free what is kept makes no room. */
	ASSERT_EQ(0, pool_free(self->pool, kept[2]));
	EXPECT_FULL();
	ASSERT_EQ(0, pool_free(self->pool, kept[0]));
	ASSERT_EQ(0, pool_take(self->pool, self->h[0]));
	EXPECT_FULL();
}

/* Whatever is refused uses nothing of the quota up. */
TEST_F(quota, refusals)
{
	__u64 h[QUOTA], none[QUOTA];

	for (int i = 0; i < 3 * QUOTA; i++) {
		EXPECT_EQ(-ENOENT, pool_take(self->pool, MPDEMO_HANDLE(1, 77)));
		EXPECT_EQ(-EFAULT, pool_alloc_bulk(self->pool, 2, (void *)8));
		EXPECT_EQ(-EFAULT, call(self->pool, MPDEMO_IOC_ALLOC, (void *)8));
	}
	for (int i = 0; i < BLOCKS / QUOTA; i++)
		ASSERT_EQ(0, pool_alloc_bulk(object_reopen(self->pool, RW),
					     QUOTA, h));
	ASSERT_EQ(0, pool_alloc_bulk(self->other, BLOCKS % QUOTA, h));
	for (int i = 0; i < 3 * QUOTA; i++) {
		EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, none));
		EXPECT_EQ(-EAGAIN, pool_alloc_bulk(self->pool, QUOTA, none));
		EXPECT_EQ(-ETIMEDOUT, pool_alloc_wait(self->pool, 0, 1, none));
		EXPECT_EQ(-ETIMEDOUT, pool_alloc_bulk_wait(self->pool, 0,
							   in_ms(1), 2, none));
	}
	ASSERT_EQ(0, pool_free_bulk(self->other, BLOCKS % QUOTA, h));
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS % QUOTA, h));
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, none));
}

/* The blocks that somebody waits for count. */
TEST_F(quota, waiting_counts)
{
	int fd[BLOCKS / QUOTA], hog;
	__u64 h[QUOTA];
	pid_t pid;

	for (int i = 0; i < BLOCKS / QUOTA; i++) {
		fd[i] = object_reopen(self->pool, RW);
		ASSERT_EQ(0, pool_alloc_bulk(fd[i], QUOTA, h));
	}
	hog = object_reopen(self->pool, RW);
	ASSERT_EQ(0, pool_alloc_bulk(hog, BLOCKS % QUOTA, h));

	pid = fork_child();
	if (!pid)
		exit_errno(pool_alloc_bulk_wait(self->pool, 0,
						MPDEMO_NO_DEADLINE, QUOTA - 1, h));
	ASSERT_TRUE(POLL_UNTIL(info_of(self->pool).out_waiters == 1));
	EXPECT_EQ(0, HELD());
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk_wait(self->pool, 0,
						MPDEMO_NO_DEADLINE, 2, h));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(-ETIMEDOUT, pool_alloc_bulk_wait(self->pool, 0, 1, QUOTA, h));
}

/* Threads that take, wait, keep, and free in one open file. */
struct worker {
	pthread_t thread;
	int fd;
	unsigned int seed;
	atomic_bool *stop;
	long allowed, refused, wrong;
};

static void *worker(void *arg)
{
	struct worker *w = arg;
	__u64 h[QUOTA];

	while (!atomic_load(w->stop)) {
		unsigned int n = 1 + rand_r(&w->seed) % QUOTA;
		int err;

		if (rand_r(&w->seed) % 2)
			err = pool_alloc_bulk(w->fd, n, h);
		else
			err = pool_alloc_bulk_wait(w->fd, 0, in_ms(10), n, h);
		if (err == -EDQUOT) {
			w->refused++;
			continue;
		}
		w->allowed++;
		w->wrong += err != 0;
		if (err)
			continue;
		if (rand_r(&w->seed) % 2)
			w->wrong += pool_bulk(w->fd, MPDEMO_IOC_KEEP, 0, n, h,
					      NULL) != 0;
		w->wrong += pool_free_bulk(w->fd, n, h) != 0;
	}
	return NULL;
}

TEST_F(quota, threads)
{
	struct worker w[8] = { 0 };
	long allowed = 0, refused = 0, over = 0;
	atomic_bool stop = false;
	__u64 end = now_ms() + 2000;

	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		w[i].fd = self->pool;
		w[i].seed = i + 1;
		w[i].stop = &stop;
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, worker, &w[i]));
	}
	while (now_ms() < end)
		over += HELD() > QUOTA;
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].wrong);
		allowed += w[i].allowed;
		refused += w[i].refused;
	}
	EXPECT_EQ(0, over);
	EXPECT_LT(0, allowed);
	EXPECT_LT(0, refused);
	TH_LOG("%ld allowed, %ld refused", allowed, refused);

	/* Nothing of it is used up. */
	EXPECT_EQ(0, HELD());
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, QUOTA, self->h));
	EXPECT_FULL();
}

/* A run of pages is one, as a block is. */
TEST_F(quota, of_a_heap)
{
	struct mpdemo_heap_create a = {
		.size = sizeof(a), .blocks = 8, .large_bytes = 1 << 20,
		.quota = 2, .out_fd = -1,
	};
	__u64 block, run, other;
	int heap;

	ASSERT_EQ(0, call(self->dev, MPDEMO_IOC_HEAP_CREATE, &a));
	heap = a.out_fd;
	EXPECT_EQ(2, info_of(heap).out_quota);
	ASSERT_EQ(0, heap_alloc(heap, 10, &block));
	ASSERT_EQ(0, heap_alloc(heap, 100000, &run));
	EXPECT_EQ(-EDQUOT, heap_alloc(heap, 10, &other));
	EXPECT_EQ(2, info_of(heap).out_held);
	/* What does not fit takes no room. */
	EXPECT_EQ(0, pool_free(heap, run));
	EXPECT_EQ(-ENOSPC, heap_alloc(heap, 1 << 30, &other));
	EXPECT_EQ(0, heap_alloc(heap, 100000, &run));
	EXPECT_EQ(0, pool_keep(heap, run));
	EXPECT_EQ(0, heap_alloc(heap, 10, &other));
	EXPECT_EQ(-EDQUOT, pool_take(heap, run));
	EXPECT_EQ(0, pool_free(heap, block));
	EXPECT_EQ(0, pool_take(heap, run));
	close(heap);
}

TEST_HARNESS_MAIN
