// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that who waits for blocks gets them in order, or leaves at the deadline, by
 * a signal, or when the object is deleted; and that however he leaves, no block is
 * lost.
 */
#include "nl_test.h"

#include <sys/time.h>

#define NAME		"selftest-wait"
#define BLOCKS		8
#define FOREVER		MPDEMO_NO_DEADLINE
#define MANY		64
#define KILLED		100

/* How late a waiter may be: a tick of the slowest clock, and scheduling. */
#define LATE_MS		20

/* All blocks of a named pool are held, by an open file of their own. */
FIXTURE(wait) {
	struct nlt nl;
	int dev, pool, holder;
	__u64 h[BLOCKS];
};

FIXTURE_SETUP(wait)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, BLOCKS, 0600));
	self->pool = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, self->pool);
	self->holder = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->holder);
	ASSERT_EQ(0, pool_alloc_bulk(self->holder, BLOCKS, self->h));
}

FIXTURE_TEARDOWN(wait)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->holder);
	close(self->pool);
	close(self->dev);
}

#define WAITERS()	(info_of(self->pool).out_waiters)

/* Nobody waits, nothing is held but by the holder, and all can be taken. */
#define EXPECT_WHOLE(held)						\
do {									\
	__u64 h_[BLOCKS];						\
									\
	EXPECT_TRUE(POLL_UNTIL(info_of(self->pool).out_in_use == (held)));\
	EXPECT_EQ(0, WAITERS());					\
	EXPECT_EQ(0, info_of(self->pool).out_kept);			\
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS - (held), h_));	\
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &(__u64){ 0 }));	\
	ASSERT_EQ(0, pool_free_bulk(self->pool, BLOCKS - (held), h_));	\
} while (0)

/* A child with an open file of its own that waits for one block. */
static pid_t waiter(int pool, __u64 deadline)
{
	pid_t pid = fork_child();

	if (!pid) {
		__u64 handle;

		exit_errno(pool_alloc_wait(object_reopen(pool, RW), 0, deadline,
					   &handle));
	}
	return pid;
}

static pid_t bulk_waiter(int pool, __u64 deadline, __u32 count)
{
	pid_t pid = fork_child();

	if (!pid) {
		__u64 h[BLOCKS];

		exit_errno(pool_alloc_bulk_wait(object_reopen(pool, RW), 0,
						deadline, count, h));
	}
	return pid;
}

TEST_F(wait, deadline_in_the_past)
{
	__u64 past[] = { 0, 1, now_ns() - 1, now_ns() }, handle, h[BLOCKS];
	__u64 failures = info_of(self->pool).out_failures;

	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		EXPECT_EQ(-ETIMEDOUT, pool_alloc_wait(self->pool, 0, past[i],
						      &handle));
		EXPECT_EQ(-ETIMEDOUT, pool_alloc_bulk_wait(self->pool, 0,
							   past[i], 3, h));
	}
	EXPECT_EQ(failures + 2 * ARRAY_SIZE(past),
		  info_of(self->pool).out_failures);

	/* One try is made. */
	ASSERT_EQ(0, pool_free_bulk(self->holder, 4, self->h));
	EXPECT_EQ(-ETIMEDOUT, pool_alloc_bulk_wait(self->pool, 0, 1, 5, h));
	EXPECT_EQ(0, pool_alloc_wait(self->pool, 0, 1, &handle));
	EXPECT_EQ(0, pool_alloc_bulk_wait(self->pool, 0, 1, 3, h));
	EXPECT_EQ(4, info_of(self->pool).out_held);
	EXPECT_EQ(0, pool_free(self->pool, handle));
	EXPECT_EQ(0, pool_free_bulk(self->pool, 3, h));
	EXPECT_WHOLE(4);
}

/* Never early; and of some tries one at least is not disturbed by other work. */
TEST_F(wait, deadline)
{
	__u64 best = ~0ULL, handle;

	for (int i = 0; i < 8; i++) {
		__u64 deadline = in_ms(30), late;
		int err = i % 2 ?
			pool_alloc_wait(self->pool, 0, deadline, &handle) :
			pool_alloc_bulk_wait(self->pool, 0, deadline, 1, &handle);

		late = now_ns() - deadline;
		EXPECT_EQ(-ETIMEDOUT, err);
		EXPECT_LE(0, (__s64)late);
		if (late < best)
			best = late;
	}
	TH_LOG("%llu us late at best", (unsigned long long)best / 1000);
	EXPECT_GT(LATE_MS * 1000000ULL, best);
	ASSERT_EQ(0, pool_free_bulk(self->holder, BLOCKS, self->h));
	EXPECT_WHOLE(0);
}

/* Nothing but with the flag; without it no bit of the deadline may be set. */
TEST_F(wait, deadline_without_flag)
{
	struct mpdemo_info before, after;

	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	before = info_of(self->pool);
	for (int bit = 0; bit < 64; bit++) {
		struct mpdemo_alloc a = {
			.size = sizeof(a), .deadline = 1ULL << bit,
		};
		struct mpdemo_bulk b = {
			.size = sizeof(b), .deadline = 1ULL << bit, .count = 1,
			.handles = PTR(&self->h[1]),
		};

		CHECK(-EINVAL, call(self->pool, MPDEMO_IOC_ALLOC, &a),
		      "bit %d", bit);
		for (unsigned int cmd = MPDEMO_IOC_ALLOC_BULK;
		     cmd <= MPDEMO_IOC_TAKE; cmd++)
			CHECK(-EINVAL, call(self->holder, cmd, &b),
			      "command %#x bit %d", cmd, bit);
	}
	after = info_of(self->pool);
	EXPECT_TRUE(info_same(&before, &after));
}

/* Who does not know of deadlines, but of the flag, makes one try. */
TEST_F(wait, short_structure)
{
	struct mpdemo_alloc a = {
		.size = offsetof(struct mpdemo_alloc, deadline),
		.flags = MPDEMO_ALLOC_WAIT, .deadline = ~0ULL,
	};

	EXPECT_EQ(-ETIMEDOUT, call(self->pool, MPDEMO_IOC_ALLOC, &a));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(0, call(self->pool, MPDEMO_IOC_ALLOC, &a));
}

TEST_F(wait, more_than_there_are)
{
	__u64 h[BLOCKS + 1];

	EXPECT_EQ(-ENOSPC, pool_alloc_bulk_wait(self->pool, 0, FOREVER,
						BLOCKS + 1, h));
	/* A failure as without waiting. */
	EXPECT_EQ(1, info_of(self->pool).out_failures);
	EXPECT_EQ(-ENOSPC, pool_alloc_bulk(self->pool, BLOCKS + 1, h));
	EXPECT_EQ(2, info_of(self->pool).out_failures);
	EXPECT_EQ(0, WAITERS());
}

TEST_F(wait, free_wakes)
{
	pid_t one = waiter(self->pool, FOREVER);
	pid_t three;

	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(0, wait_child(one));

	/* Its block went back when it ended. */
	three = bulk_waiter(self->pool, FOREVER, 3);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	ASSERT_EQ(0, pool_free_bulk(self->holder, 2, self->h + 1));
	EXPECT_EQ(0, wait_child(three));
	EXPECT_WHOLE(BLOCKS - 3);
}

/* The blocks of an owner that is closed, or killed, are given to who waits. */
TEST_F(wait, close_wakes)
{
	pid_t pid = fork_child();

	if (!pid) {
		/* It is to be closed by the other one for good. */
		close(self->holder);
		exit_errno(pool_alloc_bulk_wait(object_reopen(self->pool, RW), 0,
						FOREVER, BLOCKS, self->h));
	}
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	close(self->holder);
	EXPECT_EQ(0, wait_child(pid));
	self->holder = -1;
	EXPECT_WHOLE(0);
}

TEST_F(wait, born_kept)
{
	__u64 h[2] = { 0 };

	ASSERT_EQ(0, pool_free_bulk(self->holder, 3, self->h));
	EXPECT_EQ(0, pool_alloc_wait(self->pool, MPDEMO_ALLOC_KEEP, FOREVER, h));
	EXPECT_EQ(1, info_of(self->pool).out_kept);
	EXPECT_EQ(0, pool_free(self->holder, h[0]));
	EXPECT_EQ(0, pool_alloc_bulk_wait(self->pool, MPDEMO_ALLOC_KEEP, FOREVER,
					  2, h));
	EXPECT_EQ(2, info_of(self->pool).out_kept);
	EXPECT_EQ(0, info_of(self->pool).out_held);
	EXPECT_EQ(0, pool_free_bulk(self->holder, 2, h));
	EXPECT_WHOLE(BLOCKS - 3);
}

/* Each is in the queue before the next one comes, and frees what it got. */
TEST_F(wait, order)
{
	pid_t pid[MANY];
	int order[2];

	ASSERT_EQ(0, pipe(order));
	for (int i = 0; i < MANY; i++) {
		pid[i] = fork_child();
		if (!pid[i]) {
			int fd = object_reopen(self->pool, RW);
			__u64 handle;
			int err = pool_alloc_wait(fd, 0, FOREVER, &handle);

			if (!err && write(order[1], &i, sizeof(i)) != sizeof(i))
				err = -EIO;
			exit_errno(err ?: pool_free(fd, handle));
		}
		ASSERT_TRUE(POLL_UNTIL(WAITERS() == (__u64)i + 1));
	}
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	for (int i = 0; i < MANY; i++) {
		int who = -1;

		ASSERT_EQ(sizeof(who), read(order[0], &who, sizeof(who)));
		EXPECT_EQ(i, who);
	}
	for (int i = 0; i < MANY; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_WHOLE(BLOCKS - 1);
}

/* Who wants many is not overtaken by who wants one. */
TEST_F(wait, many_before_one)
{
	pid_t many, one;

	many = bulk_waiter(self->pool, FOREVER, 4);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	one = waiter(self->pool, FOREVER);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 2));
	ASSERT_EQ(0, pool_free_bulk(self->holder, 3, self->h));
	usleep(20000);
	EXPECT_EQ(2, WAITERS());

	/* When it leaves, what it had got is for the next one. */
	ASSERT_EQ(0, kill(many, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(many));
	EXPECT_EQ(0, wait_child(one));
	EXPECT_WHOLE(BLOCKS - 3);
}

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

/* The child's: how it waits with a handler of these flags. */
static pid_t signalled(int pool, int flags, __u64 deadline, unsigned int every_us)
{
	pid_t pid = fork_child();

	if (!pid) {
		struct sigaction action = {
			.sa_handler = count_signal, .sa_flags = flags,
		};
		struct itimerval timer = {
			.it_interval.tv_usec = every_us,
			.it_value.tv_usec = every_us,
		};
		__u64 handle;
		int err;

		signals = 0;
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &timer, NULL);
		err = pool_alloc_wait(object_reopen(pool, RW), 0, deadline,
				      &handle);
		exit_errno(signals ? err : -ENOMSG);
	}
	return pid;
}

TEST_F(wait, signal)
{
	EXPECT_EQ(EINTR, wait_child(signalled(self->pool, 0, FOREVER, 10000)));
	EXPECT_TRUE(POLL_UNTIL(!WAITERS()));
	EXPECT_EQ(BLOCKS, info_of(self->pool).out_in_use);
}

TEST_F(wait, signal_restarts)
{
	pid_t pid = signalled(self->pool, SA_RESTART, FOREVER, 10000);

	usleep(100000);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_WHOLE(BLOCKS - 1);
}

/* However often it is restarted, the deadline stays where it is. */
TEST_F(wait, restarted_until_the_deadline)
{
	__u64 deadline = in_ms(150);
	pid_t pid = signalled(self->pool, SA_RESTART, deadline, 10000);

	EXPECT_EQ(ETIMEDOUT, wait_child(pid));
	EXPECT_LE(deadline, now_ns());
	EXPECT_GT(deadline + 2000000000ULL, now_ns());
}

/* A hundred processes are killed as they wait, and as blocks are granted. */
TEST_F(wait, killed)
{
	pid_t pid[KILLED];
	int killed = 0;

	for (int i = 0; i < KILLED; i++) {
		pid[i] = i % 3 ? waiter(self->pool, FOREVER) :
				 bulk_waiter(self->pool, FOREVER, 1 + i % BLOCKS);
		ASSERT_LE(0, pid[i]);
	}
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == KILLED));
	for (int i = 0; i < KILLED; i++) {
		if (i % 10 == 5 && i / 10 < BLOCKS)
			ASSERT_EQ(0, pool_free(self->holder, self->h[i / 10]));
		kill(pid[i], SIGKILL);
	}
	for (int i = 0; i < KILLED; i++) {
		int status = wait_child(pid[i]);

		CHECK(true, !status || status == 128 + SIGKILL, "status %d",
		      status);
		killed += status != 0;
	}
	EXPECT_LE(KILLED / 2, killed);
	EXPECT_WHOLE(0);
}

/* All are told at once, nobody comes in any more, and blocks can be freed. */
TEST_F(wait, deleted)
{
	pid_t pid[MANY];
	__u64 handle;

	for (int i = 0; i < MANY; i++)
		pid[i] = i % 2 ? waiter(self->pool, FOREVER) :
				 bulk_waiter(self->pool, in_ms(1000000), 2);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == MANY));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_EQ(0, WAITERS());
	for (int i = 0; i < MANY; i++)
		EXPECT_EQ(ESHUTDOWN, wait_child(pid[i]));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc_wait(self->pool, 0, FOREVER, &handle));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc_bulk_wait(self->pool, 0, 0, 2, &handle));
	EXPECT_EQ(0, pool_free_bulk(self->holder, BLOCKS, self->h));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc_wait(self->pool, 0, FOREVER, &handle));
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
}

/* Blocks are granted, and taken by those who only try, while it is deleted. */
TEST_F(wait, deleted_while_granted)
{
	for (int round = 0; round < 10; round++) {
		pid_t pid[2 * BLOCKS], freer;

		for (int i = 0; i < 2 * BLOCKS; i++)
			pid[i] = waiter(self->pool, FOREVER);
		ASSERT_TRUE(POLL_UNTIL(WAITERS() == 2 * BLOCKS));
		freer = fork_child();
		if (!freer) {
			for (int i = 0; i < round * 300; i++)
				sched_yield();
			exit_errno(pool_free_bulk(self->holder, BLOCKS, self->h));
		}
		ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
		EXPECT_EQ(0, wait_child(freer));
		for (int i = 0; i < 2 * BLOCKS; i++) {
			int status = wait_child(pid[i]);

			CHECK(true, !status || status == ESHUTDOWN,
			      "status %d", status);
		}
		EXPECT_TRUE(POLL_UNTIL(!info_of(self->pool).out_in_use));
		EXPECT_EQ(info_of(self->pool).out_allocs,
			  info_of(self->pool).out_frees);

		close(self->holder);
		close(self->pool);
		ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, BLOCKS, 0600));
		self->pool = object_open(self->dev, NAME, RW);
		self->holder = object_reopen(self->pool, RW);
		ASSERT_EQ(0, pool_alloc_bulk(self->holder, BLOCKS, self->h));
	}
}

/* What was granted but cannot be told goes to the next one. */
TEST_F(wait, not_told)
{
	struct mpdemo_alloc *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t mute, next;

	ASSERT_NE(MAP_FAILED, (void *)a);
	*a = (struct mpdemo_alloc){
		.size = sizeof(*a), .flags = MPDEMO_ALLOC_WAIT,
		.deadline = FOREVER,
	};
	ASSERT_EQ(0, mprotect(a, 4096, PROT_READ));
	mute = fork_child();
	if (!mute)
		exit_errno(call(self->pool, MPDEMO_IOC_ALLOC, a));
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 1));
	next = waiter(self->pool, FOREVER);
	ASSERT_TRUE(POLL_UNTIL(WAITERS() == 2));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(EFAULT, wait_child(mute));
	EXPECT_EQ(0, wait_child(next));
	EXPECT_EQ(0, info_of(self->pool).out_held);
	EXPECT_WHOLE(BLOCKS - 1);
}

TEST_HARNESS_MAIN
