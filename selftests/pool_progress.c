// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a large bulk comes to an end while others keep the pool busy with
 * single blocks: else whoever may allocate could hold a CPU in the kernel for as
 * long as he likes, where no signal ends it.
 */
#include "mpdemo_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS		3
/* Much longer than a bulk has to wait for a CPU on a machine that has other work. */
#define BUSY_MS		10000
#define SPARE		64

struct busy {
	pthread_t thread;
	int fd;
	atomic_bool *stop;
	__u64 rounds, failed;
};

/* It ends by itself, so that a bulk that waits for that ends too. */
static void *busy(void *arg)
{
	__u64 end = now_ms() + BUSY_MS;
	struct busy *b = arg;

	while (!atomic_load(b->stop) && now_ms() < end) {
		for (int i = 0; i < 50; i++) {
			__u64 handle;

			b->failed += pool_alloc(b->fd, &handle) ||
				     pool_free(b->fd, handle);
			b->rounds++;
		}
	}
	return NULL;
}

FIXTURE(progress) {
	int dev, pool;
	atomic_bool stop;
	struct busy busy[THREADS];
	__u64 *h;
};

FIXTURE_SETUP(progress)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 8, MPDEMO_BULK_MAX + SPARE);
	ASSERT_LE(0, self->pool);
	self->h = calloc(MPDEMO_BULK_MAX, sizeof(*self->h));
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(progress)
{
	free(self->h);
	close(self->pool);
	close(self->dev);
}

static int alloc(int pool, bool wait, __u64 *handles)
{
	return wait ? pool_alloc_bulk_wait(pool, 0, MPDEMO_NO_DEADLINE,
					   MPDEMO_BULK_MAX, handles) :
		      pool_alloc_bulk(pool, MPDEMO_BULK_MAX, handles);
}

static void check_bulk(struct __test_metadata *_metadata,
		       FIXTURE_DATA(progress) *self, bool wait)
{
	__u64 start, longest = 0, rounds = 0;
	int done = 0;

	for (int i = 0; i < THREADS; i++) {
		struct busy *b = &self->busy[i];

		b->stop = &self->stop;
		b->fd = object_reopen(self->pool, RW);
		ASSERT_LE(0, b->fd);
		ASSERT_EQ(0, pthread_create(&b->thread, NULL, busy, b));
	}
	ASSERT_TRUE(POLL_UNTIL(info_of(self->pool).out_allocs > 1000));

	for (done = 0; done < 5 && longest < BUSY_MS / 2; done++) {
		start = now_ms();
		EXPECT_EQ(0, alloc(self->pool, wait, self->h));
		start = now_ms() - start;
		if (start > longest)
			longest = start;
		EXPECT_EQ(0, pool_free_bulk(self->pool, MPDEMO_BULK_MAX,
					    self->h));
	}
	atomic_store(&self->stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(self->busy[i].thread, NULL);
		EXPECT_EQ(0, self->busy[i].failed);
		rounds += self->busy[i].rounds;
	}
	EXPECT_LT(longest, BUSY_MS / 2)
		TH_LOG("the longest call took %llu ms, against %llu others",
		       longest, rounds);
	EXPECT_EQ(5, done);
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
}

TEST_F_TIMEOUT(progress, largest_bulk, 60)
{
	check_bulk(_metadata, self, false);
}

/* Who may wait does not spin instead. */
TEST_F_TIMEOUT(progress, largest_bulk_waiting, 60)
{
	check_bulk(_metadata, self, true);
}

TEST_HARNESS_MAIN
