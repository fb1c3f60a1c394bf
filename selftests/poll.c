// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that who polls an object is told when an allocation may succeed, and when
 * the object is deleted; by poll, select and epoll, also where that tells of changes
 * only, and whatever the free came from. No wake-up is missed, though those who wait
 * in the kernel come first.
 */
#include "nl_test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define NAME		"selftest-poll"
#define ARENA_NAME	"selftest-poll-arena"
#define BLOCKS		4
#define POLLERS		32

/* Longer than any wake-up takes. */
#define LONG_MS		10000

/* All blocks of a named pool are held, by an open file of their own. */
FIXTURE(poll) {
	struct nlt nl;
	int dev, pool, holder;
	__u64 h[BLOCKS];
};

FIXTURE_SETUP(poll)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	nlt_del_name(&self->nl, ARENA_NAME);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, BLOCKS, 0600));
	self->pool = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, self->pool);
	self->holder = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->holder);
	ASSERT_EQ(0, pool_alloc_bulk(self->holder, BLOCKS, self->h));
}

FIXTURE_TEARDOWN(poll)
{
	nlt_del_name(&self->nl, NAME);
	nlt_del_name(&self->nl, ARENA_NAME);
	nlt_close(&self->nl);
	close(self->holder);
	close(self->pool);
	close(self->dev);
}

/* What poll() says; 0 where it was not woken, though it looks again at its end. */
static int events(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };
	__u64 begin = now_ms();

	if (poll(&p, 1, timeout_ms) != 1)
		return 0;
	return timeout_ms && now_ms() - begin >= (__u64)timeout_ms ? 0 : p.revents;
}

static bool epoll_is_woken(int ep)
{
	struct epoll_event e;
	__u64 begin = now_ms();

	return epoll_wait(ep, &e, 1, LONG_MS) == 1 && now_ms() - begin < LONG_MS;
}

TEST_F(poll, levels)
{
	int read_only = object_reopen(self->pool, MPDEMO_ACCESS_READ);
	int arena = arena_create(self->dev, 8);
	__u64 handle;

	EXPECT_EQ(0, events(self->pool, 0));
	EXPECT_EQ(0, events(self->holder, 10));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(POLLIN, events(self->pool, 0));
	EXPECT_EQ(POLLIN, events(self->holder, 0));
	/* It could not allocate. */
	EXPECT_EQ(0, events(read_only, 0));
	ASSERT_EQ(0, pool_alloc(self->pool, &handle));
	EXPECT_EQ(0, events(self->pool, 0));

	EXPECT_EQ(POLLIN, events(arena, 0));
	ASSERT_EQ(0, arena_alloc(arena, 8, 1, &handle));
	EXPECT_EQ(POLLIN, events(arena, 0));
	/* No object but the device. */
	EXPECT_EQ(POLLIN | POLLOUT, events(self->dev, 0));
}

/* A heap may always have something, but not for who has reached the quota. */
TEST_F(poll, quota_of_a_heap)
{
	struct mpdemo_heap_create a = {
		.size = sizeof(a), .blocks = 4, .quota = 1, .out_fd = -1,
	};
	int heap, other;
	__u64 handle;

	ASSERT_EQ(0, call(self->dev, MPDEMO_IOC_HEAP_CREATE, &a));
	heap = a.out_fd;
	other = object_reopen(heap, RW);
	ASSERT_LE(0, other);
	EXPECT_EQ(POLLIN, events(heap, 0));
	ASSERT_EQ(0, heap_alloc(heap, 10, &handle));
	EXPECT_EQ(0, events(heap, 0));
	EXPECT_EQ(POLLIN, events(other, 0));
	ASSERT_EQ(0, pool_keep(heap, handle));
	EXPECT_EQ(POLLIN, events(heap, 0));
	ASSERT_EQ(0, pool_take(heap, handle));
	EXPECT_EQ(0, events(heap, 0));
	ASSERT_EQ(0, pool_free(heap, handle));
	EXPECT_EQ(POLLIN, events(heap, 0));
	close(other);
	close(heap);
}

TEST_F(poll, select)
{
	struct timeval none = { 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(self->pool, &set);
	EXPECT_EQ(0, select(self->pool + 1, &set, NULL, NULL, &none));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	FD_SET(self->pool, &set);
	EXPECT_EQ(1, select(self->pool + 1, &set, NULL, NULL, &none));
}

/* A thread that sleeps in poll(). */
struct poller {
	pthread_t thread;
	int fd, events;
	bool returned;
};

static void *poller(void *arg)
{
	struct poller *p = arg;

	p->events = events(p->fd, LONG_MS);
	__atomic_store_n(&p->returned, true, __ATOMIC_RELEASE);
	return NULL;
}

/* It sleeps, until @action, and is woken by that. */
#define EXPECT_WOKEN(_fd, _events, action)				\
do {									\
	struct poller p_ = { .fd = (_fd) };				\
									\
	ASSERT_EQ(0, pthread_create(&p_.thread, NULL, poller, &p_));	\
	usleep(30000);							\
	EXPECT_FALSE(__atomic_load_n(&p_.returned, __ATOMIC_ACQUIRE));	\
	EXPECT_EQ(0, action);						\
	pthread_join(p_.thread, NULL);					\
	EXPECT_EQ(_events, p_.events);					\
} while (0)

TEST_F(poll, free_wakes)
{
	EXPECT_WOKEN(self->pool, POLLIN, pool_free(self->holder, self->h[0]));
	ASSERT_EQ(0, pool_alloc(self->holder, &self->h[0]));
	EXPECT_WOKEN(self->pool, POLLIN,
		     pool_free_bulk(self->holder, 2, self->h));
}

TEST_F(poll, free_of_kept_wakes)
{
	ASSERT_EQ(0, pool_keep(self->holder, self->h[0]));
	EXPECT_EQ(0, events(self->pool, 0));
	EXPECT_WOKEN(self->pool, POLLIN, pool_free(self->pool, self->h[0]));
}

TEST_F(poll, close_wakes)
{
	EXPECT_WOKEN(self->pool, POLLIN, close(self->holder));
	self->holder = -1;
}

TEST_F(poll, kill_wakes)
{
	pid_t pid = fork_child();

	if (!pid) {
		/* The last one that has it open. */
		pause();
		_exit(1);
	}
	close(self->holder);
	self->holder = -1;
	EXPECT_WOKEN(self->pool, POLLIN, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

/* Who had waited for more than there was leaves a block behind. */
TEST_F(poll, end_of_wait_wakes)
{
	pid_t pid = fork_child();

	if (!pid)
		exit_errno(pool_alloc_bulk_wait(object_reopen(self->pool, RW), 0,
						MPDEMO_NO_DEADLINE, 2, self->h));
	ASSERT_TRUE(POLL_UNTIL(info_of(self->pool).out_waiters == 1));
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	/* It may have to take the block yet, where it has just come. */
	ASSERT_TRUE(POLL_UNTIL(!events(self->pool, 0)));
	EXPECT_WOKEN(self->pool, POLLIN, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

TEST_F(poll, quota)
{
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = 24, .blocks = BLOCKS,
		.quota = 2,
	};
	__u64 h[2];
	int pool, other;

	ASSERT_EQ(0, call(self->dev, MPDEMO_IOC_POOL_CREATE, &a));
	pool = a.out_fd;
	other = object_reopen(pool, RW);
	EXPECT_EQ(POLLIN, events(pool, 0));
	ASSERT_EQ(0, pool_alloc_bulk(pool, 2, h));
	EXPECT_EQ(0, events(pool, 0));
	EXPECT_EQ(POLLIN, events(other, 0));

	EXPECT_WOKEN(pool, POLLIN, pool_keep(pool, h[0]));
	ASSERT_EQ(0, pool_take(pool, h[0]));
	EXPECT_EQ(0, events(pool, 0));
	EXPECT_WOKEN(pool, POLLIN, pool_free(pool, h[0]));
}

TEST_F(poll, deleted)
{
	int arena, read_only = object_reopen(self->pool, MPDEMO_ACCESS_READ);

	ASSERT_EQ(0, nlt_new_arena(&self->nl, ARENA_NAME, 100, 0600));
	arena = object_open(self->dev, ARENA_NAME, RW);
	EXPECT_EQ(POLLIN, events(arena, 0));
	EXPECT_WOKEN(self->pool, POLLHUP, nlt_del_name(&self->nl, NAME));
	EXPECT_EQ(POLLHUP, events(self->holder, 0));
	EXPECT_EQ(POLLHUP, events(read_only, 0));
	/* Also when a block is free, which nobody can get. */
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	EXPECT_EQ(POLLHUP, events(self->pool, 0));
	ASSERT_EQ(0, nlt_del_name(&self->nl, ARENA_NAME));
	EXPECT_EQ(POLLHUP, events(arena, 0));
}

/* All who poll are woken, whichever comes first. */
TEST_F(poll, many)
{
	pid_t pid[POLLERS];

	for (int i = 0; i < POLLERS; i++) {
		pid[i] = fork_child();
		if (!pid[i]) {
			int fd = object_reopen(self->pool, RW);
			int seen = events(fd, LONG_MS);

			_exit(seen == POLLIN ? 0 : 1);
		}
	}
	usleep(100000);
	ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
	for (int i = 0; i < POLLERS; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
}

/* Each free is a change of its own, each one is told. */
TEST_F(poll, edges)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->pool, &e));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, pool_free(self->holder, self->h[0]));
		ASSERT_EQ(1, epoll_wait(ep, &e, 1, LONG_MS));
		EXPECT_EQ(EPOLLIN, e.events);
		EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
		ASSERT_EQ(0, pool_free(self->holder, self->h[1]));
		ASSERT_EQ(1, epoll_wait(ep, &e, 1, LONG_MS));
		ASSERT_EQ(0, pool_alloc_bulk(self->holder, 2, self->h));
		EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	}
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	ASSERT_EQ(1, epoll_wait(ep, &e, 1, 0));
	EXPECT_EQ(EPOLLHUP, e.events);
}

/*
 * The free races with the poll. In each round the giver, who holds the only block, lets
 * the taker begin, and frees it a moment later, once. A third one waits in the kernel
 * for about as long, so that the block is granted to him now and then, or comes when he
 * has just left.
 */
FIXTURE(race) {
	int dev, pool;
};

FIXTURE_VARIANT(race) {
	bool epoll;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(race, poll) {
};

FIXTURE_VARIANT_ADD(race, epoll) {
	.epoll = true,
};

FIXTURE_VARIANT_ADD(race, epoll_edge) {
	.epoll = true, .flags = EPOLLET,
};

FIXTURE_SETUP(race)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, 1);
	ASSERT_LE(0, self->pool);
}

FIXTURE_TEARDOWN(race)
{
	close(self->pool);
	close(self->dev);
}

struct taker {
	pthread_t thread;
	int fd, begin, done;
	bool epoll;
	unsigned int flags;
	long missed, wrong;
};

static void *taker(void *arg)
{
	struct taker *t = arg;
	struct epoll_event e = { .events = EPOLLIN | t->flags };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	char c;

	t->wrong += epoll_ctl(ep, EPOLL_CTL_ADD, t->fd, &e) != 0;
	while (read(t->begin, &c, 1) == 1 && c) {
		__u64 handle;
		int err;

		while ((err = pool_alloc(t->fd, &handle)) == -EAGAIN) {
			if (t->epoll ? epoll_is_woken(ep) :
				       events(t->fd, LONG_MS) != 0)
				continue;
			t->missed++;
			break;
		}
		if (!err)
			err = pool_free(t->fd, handle);
		t->wrong += err && err != -EAGAIN;
		t->wrong += write(t->done, &c, 1) != 1;
	}
	close(ep);
	return NULL;
}

struct third {
	pthread_t thread;
	int fd, begin;
	long got, timed_out;
};

static void *third(void *arg)
{
	struct third *t = arg;
	unsigned char c;

	while (read(t->begin, &c, 1) == 1 && c) {
		__u64 handle;

		if (pool_alloc_wait(t->fd, 0, now_ns() + c * 4000ULL, &handle)) {
			t->timed_out++;
			continue;
		}
		t->got++;
		pool_free(t->fd, handle);
	}
	return NULL;
}

TEST_F(race, free)
{
	struct taker t = { .epoll = variant->epoll, .flags = variant->flags };
	struct third w = { 0 };
	int begin[2], done[2], also[2];
	__u64 end = now_ms() + 2000;
	unsigned int seed = 1;
	long rounds;
	char c;

	ASSERT_EQ(0, pipe(begin));
	ASSERT_EQ(0, pipe(done));
	ASSERT_EQ(0, pipe(also));
	t.fd = object_reopen(self->pool, RW);
	t.begin = begin[0];
	t.done = done[1];
	w.fd = object_reopen(self->pool, RW);
	w.begin = also[0];
	ASSERT_EQ(0, pthread_create(&t.thread, NULL, taker, &t));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, third, &w));

	for (rounds = 0; !t.missed && now_ms() < end; rounds++) {
		unsigned char about = 1 + rand_r(&seed) % 200;
		__u64 handle, until;

		/* The third one may be late with the last round. */
		ASSERT_EQ(0, pool_alloc_wait(self->pool, 0, MPDEMO_NO_DEADLINE,
					     &handle));
		ASSERT_EQ(1, write(begin[1], "x", 1));
		if (rounds % 4)
			ASSERT_EQ(1, write(also[1], &about, 1));
		until = now_ns() + rand_r(&seed) % (about * 8000);
		while (now_ns() < until)
			;
		ASSERT_EQ(0, pool_free(self->pool, handle));
		ASSERT_EQ(1, read(done[0], &c, 1));
	}
	ASSERT_EQ(1, write(begin[1], "", 1));
	ASSERT_EQ(1, write(also[1], "", 1));
	pthread_join(t.thread, NULL);
	pthread_join(w.thread, NULL);
	EXPECT_EQ(0, t.missed);
	EXPECT_EQ(0, t.wrong);
	EXPECT_LT(10, rounds);
	TH_LOG("%ld rounds, the third one got %ld, and left %ld times", rounds,
	       w.got, w.timed_out);
}

TEST_HARNESS_MAIN
