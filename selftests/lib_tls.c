// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that each thread has 100 small blocks and 64 KiB of temporary memory of its own, from
 * when it first asks until it exits.
 */
#include "lib_test.h"

#define BLOCKS	MPDEMO_TLS_SMALL_BLOCKS
#define THREADS	4

#define REQUIRE_DEVICE()						\
do {									\
	int dev_;							\
									\
	DEV_OPEN_OR_SKIP(dev_);						\
	close(dev_);							\
} while (0)

TEST(small)
{
	char *blocks[BLOCKS], *first, outside;
	int i, round, fds;

	REQUIRE_DEVICE();
	fds = fd_count();
	EXPECT_EQ(-EINVAL, mpdemo_tls_free_small(&outside));
	EXPECT_EQ(0, mpdemo_tls_free_small(NULL));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < BLOCKS; i++) {
			blocks[i] = mpdemo_tls_alloc_small();
			ASSERT_NE(NULL, blocks[i]);
			CHECK(0, (uintptr_t)blocks[i] % MPDEMO_TLS_SMALL_SIZE, "block %d", i);
			memset(blocks[i], i, MPDEMO_TLS_SMALL_SIZE);
		}
		EXPECT_NO(EAGAIN, mpdemo_tls_alloc_small());
		for (i = 0; i < BLOCKS; i++) {
			CHECK(i, blocks[i][0], "first byte of %d", i);
			CHECK(i, blocks[i][MPDEMO_TLS_SMALL_SIZE - 1], "last byte of %d", i);
			EXPECT_EQ(0, mpdemo_tls_free_small(blocks[i]));
			EXPECT_EQ(-EALREADY, mpdemo_tls_free_small(blocks[i]));
		}
	}
	EXPECT_EQ(fds + 1, fd_count());
	first = mpdemo_tls_alloc_small();
	EXPECT_EQ(-EINVAL, mpdemo_tls_free_small(first + 1));
	EXPECT_EQ(-EINVAL, mpdemo_tls_free_small(first + BLOCKS * MPDEMO_TLS_SMALL_SIZE));
	EXPECT_EQ(-EINVAL, mpdemo_tls_free_small(&outside));
}

TEST(temp)
{
	char *a, *b;
	int round;

	REQUIRE_DEVICE();
	mpdemo_tls_reset_temp();
	/* Also the first call, which makes the arena. */
	EXPECT_NO(ERANGE, mpdemo_tls_alloc_temp(0));
	for (round = 0; round < 3; round++) {
		a = mpdemo_tls_alloc_temp(1);
		b = mpdemo_tls_alloc_temp(17);
		ASSERT_NE(NULL, a);
		EXPECT_EQ(0, (uintptr_t)a % 16);
		EXPECT_EQ(a + 16, b);
		EXPECT_NO(ERANGE, mpdemo_tls_alloc_temp(0));
		EXPECT_NO(ENOSPC, mpdemo_tls_alloc_temp(MPDEMO_TLS_TEMP_BYTES - 47));
		EXPECT_NO(ENOSPC, mpdemo_tls_alloc_temp(SIZE_MAX));
		b = mpdemo_tls_alloc_temp(MPDEMO_TLS_TEMP_BYTES - 48);
		ASSERT_EQ(a + 48, b);
		memset(a, round, MPDEMO_TLS_TEMP_BYTES);
		EXPECT_NO(ENOSPC, mpdemo_tls_alloc_temp(1));
		EXPECT_NO(ERANGE, mpdemo_tls_alloc_temp(0));
		mpdemo_tls_reset_temp();
	}
	EXPECT_EQ(a, mpdemo_tls_alloc_temp(1));
}

static pthread_barrier_t barrier;
static char *addresses[THREADS];
static int wrong;

static void *own(void *data)
{
	long number = (long)data;
	char *block, *temp;
	int i;

	for (i = 0; i < BLOCKS; i++) {
		block = mpdemo_tls_alloc_small();
		if (!block)
			wrong++;
	}
	temp = mpdemo_tls_alloc_temp(MPDEMO_TLS_TEMP_BYTES);
	if (!temp)
		wrong++;
	memset(temp, number, MPDEMO_TLS_TEMP_BYTES);
	addresses[number] = block;
	pthread_barrier_wait(&barrier);
	/* Another thread's block is not ours. */
	if (mpdemo_tls_free_small(addresses[(number + 1) % THREADS]) != -EINVAL)
		wrong++;
	for (i = 0; i < MPDEMO_TLS_TEMP_BYTES; i++) {
		if (temp[i] != number)
			wrong++;
	}
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* What threads had is gone with them. */
TEST(threads)
{
	int round, fds, n = rounds(20);
	pthread_t threads[THREADS];
	long i;

	REQUIRE_DEVICE();
	fds = fd_count();
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (round = 0; round < n; round++) {
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, own, (void *)i));
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(fds, fd_count());
}

static pthread_key_t key;

static void late(void *data)
{
	(void)data;
	if (!mpdemo_tls_alloc_small())
		wrong++;
}

static void *use_late(void *data)
{
	pthread_setspecific(key, &key);
	return mpdemo_tls_alloc_small() ? data : NULL;
}

/* A thread that, while it exits, asks once more. */
TEST(exit_late)
{
	pthread_t thread;
	int fds;

	REQUIRE_DEVICE();
	fds = fd_count();
	wrong = 0;
	/* Later than the library's, which is called first. */
	ASSERT_EQ(0, pthread_key_create(&key, late));
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_late, &key));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(fds, fd_count());
}

TEST_HARNESS_MAIN
