// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a client that is killed loses nothing for the others: whatever it
 * held comes back, at whatever point of whatever call it was.
 */
#include "mpdemo_test.h"

#include <pthread.h>

#define BLOCKS	64
#define KILLS	50

FIXTURE(kill) {
	int dev, pool;
	__u64 h[BLOCKS];
};

FIXTURE_SETUP(kill)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, self->pool);
}

FIXTURE_TEARDOWN(kill)
{
	close(self->pool);
	close(self->dev);
}

#define IN_USE()	(info_of(self->pool).out_in_use)

/* All blocks are there, once each, and each of them can be used. */
#define EXPECT_WHOLE()							\
do {									\
	struct mpdemo_info i_;						\
									\
	EXPECT_TRUE(POLL_UNTIL(!IN_USE()));				\
	i_ = info_of(self->pool);					\
	EXPECT_EQ(i_.out_allocs, i_.out_frees);				\
	EXPECT_EQ(0, i_.out_held);					\
	EXPECT_EQ(0, i_.out_kept);					\
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS, self->h));	\
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &(__u64){ 0 }));	\
	ASSERT_EQ(0, pool_free_bulk(self->pool, BLOCKS, self->h));	\
} while (0)

/* A child with an open file of its own that holds @count blocks, and waits. */
static pid_t holder(int pool, int count, bool bulk, int *ready)
{
	int pipefd[2];
	pid_t pid;

	if (pipe(pipefd))
		return -1;
	pid = fork_child();
	if (!pid) {
		int fd = object_reopen(pool, RW), err = fd < 0;
		__u64 h[BLOCKS];

		close(pool);
		if (bulk)
			err |= pool_alloc_bulk(fd, count, h);
		else
			for (int i = 0; i < count; i++)
				err |= pool_alloc(fd, &h[i]);
		if (err || write(pipefd[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipefd[1]);
	*ready = pipefd[0];
	return pid;
}

TEST_F(kill, holder_of_singles)
{
	int ready;
	pid_t pid = holder(self->pool, 7, false, &ready);
	char c;

	ASSERT_LE(0, pid);
	ASSERT_EQ(1, read(ready, &c, 1));
	EXPECT_EQ(7, IN_USE());
	EXPECT_EQ(0, info_of(self->pool).out_held);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE()));
	EXPECT_EQ(7, info_of(self->pool).out_reclaimed);
	EXPECT_WHOLE();
}

TEST_F(kill, holder_of_all)
{
	int ready;
	pid_t pid = holder(self->pool, BLOCKS, true, &ready);
	char c;

	ASSERT_LE(0, pid);
	ASSERT_EQ(1, read(ready, &c, 1));
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &self->h[0]));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE()));
	EXPECT_EQ(BLOCKS, info_of(self->pool).out_reclaimed);
	EXPECT_WHOLE();
}

/* All that a client may do, in a loop without end; nothing stays kept. */
static void __attribute__((noreturn)) busy_client(int pool, unsigned int seed)
{
	int fd = object_reopen(pool, RW);
	__u64 h[16];
	int n = 0;

	close(pool);
	for (;;) {
		int count = 1 + rand_r(&seed) % 8;

		switch (rand_r(&seed) % 4) {
		case 0:
			if (n < 16)
				n += !pool_alloc(fd, &h[n]);
			break;
		case 1:
			if (n + count <= 16 && !pool_alloc_bulk(fd, count, h + n))
				n += count;
			break;
		case 2:
			if (n)
				n -= !pool_free(fd, h[n - 1]);
			break;
		case 3:
			if (count <= n && !pool_free_bulk(fd, count, h + n - count))
				n -= count;
			break;
		}
	}
}

/*
 * The moment shall be any one, so there is nothing to wait for but time: more of it where
 * a client was killed before it had a block, as machines differ in how long that takes.
 */
TEST_F(kill, at_any_moment)
{
	__u64 before = 0, longest_ns = 4000000;
	unsigned int seed = 4711;
	int begun = 0;

	for (int i = 0; i < 10 * KILLS && begun < KILLS; i++) {
		struct timespec delay = {
			.tv_nsec = rand_r(&seed) % longest_ns,
		};
		pid_t pid = fork_child();
		__u64 after;

		ASSERT_LE(0, pid);
		if (!pid)
			busy_client(self->pool, i);
		nanosleep(&delay, NULL);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, wait_child(pid));
		ASSERT_TRUE(POLL_UNTIL(!IN_USE()));
		after = info_of(self->pool).out_allocs;
		if (after != before)
			begun++;
		else if (longest_ns < 500000000)
			longest_ns += longest_ns / 4;
		before = after;
	}
	EXPECT_EQ(KILLS, begun);
	EXPECT_EQ(0, info_of(self->pool).out_refused);
	EXPECT_WHOLE();
}

/* Four at a time, and threads inside them that share one open file. */
static void *busy_thread(void *arg)
{
	busy_client(*(int *)arg, (unsigned int)(uintptr_t)&arg);
}

TEST_F(kill, many_with_threads)
{
	for (int round = 0; round < 5; round++) {
		struct timespec delay = { .tv_nsec = 5000000 };
		pid_t pid[4];

		for (int i = 0; i < 4; i++) {
			pid[i] = fork_child();
			ASSERT_LE(0, pid[i]);
			if (pid[i])
				continue;
			for (int j = 0; j < 2; j++) {
				int *copy = malloc(sizeof(*copy));
				pthread_t thread;

				*copy = dup(self->pool);
				if (pthread_create(&thread, NULL, busy_thread,
						   copy))
					_exit(1);
			}
			busy_client(dup(self->pool), i);
		}
		nanosleep(&delay, NULL);
		for (int i = 0; i < 4; i++)
			ASSERT_EQ(0, kill(pid[i], SIGKILL));
		for (int i = 0; i < 4; i++)
			ASSERT_EQ(128 + SIGKILL, wait_child(pid[i]));
		ASSERT_TRUE(POLL_UNTIL(!IN_USE()));
	}
	EXPECT_LT(0, info_of(self->pool).out_allocs);
	EXPECT_WHOLE();
}

/*
 * A kill while blocks go to the object and back: each is kept, held by somebody
 * who lives, or free, and what is kept can be freed by those who remain.
 */
TEST_F(kill, while_keeping)
{
	unsigned int seed = 42;
	struct mpdemo_info info;

	for (int i = 0; i < 20; i++) {
		struct timespec delay = {
			.tv_nsec = rand_r(&seed) % 3000000,
		};
		pid_t pid = fork_child();

		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = object_reopen(self->pool, RW);

			close(self->pool);
			for (;;) {
				__u64 h[4];

				if (pool_alloc_bulk(fd, 4, h))
					continue;
				pool_bulk(fd, MPDEMO_IOC_KEEP, 0, 4, h, NULL);
				pool_bulk(fd, MPDEMO_IOC_TAKE, 0, 4, h, NULL);
				pool_free_bulk(fd, 4, h);
			}
		}
		nanosleep(&delay, NULL);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, wait_child(pid));
		info = info_of(self->pool);
		ASSERT_EQ(info.out_kept, info.out_in_use);
		ASSERT_GE(BLOCKS, info.out_kept);
	}
	/* Handles of kept blocks are found by asking for each generation. */
	for (__u32 index = 0; index < BLOCKS; index++)
		for (__u32 g = 1; g < 1000000 && IN_USE(); g++)
			if (pool_free(self->pool, MPDEMO_HANDLE(index, g)) ==
			    -ENOENT)
				break;
	EXPECT_WHOLE();
}

TEST_HARNESS_MAIN
