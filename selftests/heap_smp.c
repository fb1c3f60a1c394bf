// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that what a program held of a heap comes back when it is killed, at any moment,
 * and that threads which use one heap together do not get in each other's way.
 */
#include "heap_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* Blocks and pages of whoever is killed come back, and are counted. */
TEST_F(heap, holder_killed)
{
	int pipefd[2];
	pid_t pid;

	ASSERT_EQ(0, heap_alloc(self->heap, 300, &self->h[0]));
	ASSERT_EQ(0, pipe(pipefd));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = object_reopen(self->heap, RW), err = fd < 0;

		close(self->heap);
		for (int i = 0; i < 5; i++)
			err |= heap_alloc(fd, 10 << i * 2, &self->h[i]);
		err |= heap_alloc(fd, 9000, &self->h[5]);
		err |= heap_alloc_flags(fd, MPDEMO_ALLOC_KEEP, 9000, &self->h[6],
					NULL);
		if (err || write(pipefd[1], &self->h[6], sizeof(__u64)) != 8)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(8, read(pipefd[0], &self->h[1], sizeof(__u64)));
	EXPECT_EQ(1, info_of(self->heap).out_held);
	EXPECT_LT(2 * 12288, IN_USE());
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(IN_USE() == 512 + 12288));
	EXPECT_EQ(6, info_of(self->heap).out_reclaimed);
	EXPECT_EQ(1, info_of(self->heap).out_kept);
	EXPECT_EQ(0, pool_free_bulk(self->heap, 2, self->h));
	EXPECT_EQ(0, IN_USE());
	close(pipefd[0]);
	close(pipefd[1]);
}

/* At whatever point of whatever call. */
TEST_F(heap, killed_at_any_moment)
{
	unsigned int seed = 815;

	/* On a slow machine the first ones are killed before they begin: later, then. */
	for (int i = 0; i < 25 || (i < 250 && info_of(self->heap).out_allocs < 100); i++) {
		struct timespec delay = {
			.tv_nsec = rand_r(&seed) % (4000000 * (1 + i / 25)),
		};
		pid_t pid = fork_child();

		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = object_reopen(self->heap, RW), n = 0;

			close(self->heap);
			munmap(self->map, MAPPED);
			for (;;)
				if (n < 8 && rand_r(&seed) % 2)
					n += !heap_alloc(fd, 1 + rand_r(&seed) % 9000,
							 &self->h[n]);
				else if (n)
					n -= !pool_free(fd, self->h[n - 1]);
		}
		nanosleep(&delay, NULL);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, wait_child(pid));
		ASSERT_TRUE(POLL_UNTIL(!IN_USE()));
	}
	EXPECT_LE(100, info_of(self->heap).out_allocs);
	EXPECT_EQ(0, info_of(self->heap).out_refused);
	/* All pages are one run again. */
	EXPECT_EQ(0, heap_alloc(self->heap, LARGE, &self->h[0]));
}

/* Threads that free one handle at the same moment: one is served. */
#define THREADS	4
#define ROUNDS	400

struct race {
	int fd;
	pthread_barrier_t barrier;
	__u64 handle;		/* written ahead of a barrier, read behind it */
	atomic_int won, refused, wrong;
};

static void *racer(void *arg)
{
	struct race *race = arg;

	for (int i = 0; i < ROUNDS; i++) {
		int err;

		pthread_barrier_wait(&race->barrier);
		err = pool_free(race->fd, race->handle);
		if (!err)
			atomic_fetch_add(&race->won, 1);
		else if (err == -EALREADY)
			atomic_fetch_add(&race->refused, 1);
		else
			atomic_fetch_add(&race->wrong, 1);
		pthread_barrier_wait(&race->barrier);
	}
	return NULL;
}

TEST_F(heap, one_free_wins)
{
	struct race race = { .fd = self->heap };
	pthread_t thread[THREADS];

	ASSERT_EQ(0, pthread_barrier_init(&race.barrier, NULL, THREADS + 1));
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, racer, &race));
	for (int i = 0; i < ROUNDS; i++) {
		/* Blocks and runs in turn. */
		EXPECT_EQ(0, heap_alloc(self->heap, i % 2 ? 24 : 12000,
					&race.handle));
		pthread_barrier_wait(&race.barrier);
		pthread_barrier_wait(&race.barrier);
		CHECK(i + 1, atomic_load(&race.won), "round %d", i);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(ROUNDS, atomic_load(&race.won));
	EXPECT_EQ(ROUNDS * (THREADS - 1), atomic_load(&race.refused));
	EXPECT_EQ(0, atomic_load(&race.wrong));
	EXPECT_EQ(0, IN_USE());
	EXPECT_EQ(0, info_of(self->heap).out_held);
	EXPECT_EQ(ROUNDS * (THREADS - 1), info_of(self->heap).out_refused);
}

/* Who holds a piece writes all of it; nobody else may have had it meanwhile. */
struct worker {
	pthread_t thread;
	int fd, id;
	unsigned char *map;
	unsigned int seed;
	long pieces, stray, overwritten, errors;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct mpdemo_heap_alloc got[6] = { 0 };
	__u64 end = now_ms() + 1500;

	while (now_ms() < end) {
		struct mpdemo_heap_alloc *g = &got[rand_r(&w->seed) % 6];
		__u64 handle = g->out_handle, bytes;
		int err;

		if (handle) {
			if (!all_are(w->map + g->out_offset, w->id, g->out_bytes))
				w->overwritten++;
			w->errors += !!pool_free(w->fd, handle);
			g->out_handle = 0;
			continue;
		}
		bytes = 1 + rand_r(&w->seed) % (rand_r(&w->seed) % 4 ? 1024 : 9000);
		err = heap_alloc_flags(w->fd, 0, bytes, &handle, g);
		if (err) {
			w->errors += err != -EAGAIN;
			g->out_handle = 0;
			continue;
		}
		w->pieces++;
		if (!all_are(w->map + g->out_offset, 0, g->out_bytes))
			w->stray++;
		memset(w->map + g->out_offset, w->id, g->out_bytes);
	}
	return NULL;
}

TEST_F(heap, all_cpus)
{
	struct worker w[THREADS] = { 0 };

	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .id = i + 1, .seed = i, .map = self->map };
		w[i].fd = object_reopen(self->heap, RW);
		ASSERT_LE(0, w[i].fd);
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_LT(100, w[i].pieces);
		EXPECT_EQ(0, w[i].stray);
		EXPECT_EQ(0, w[i].overwritten);
		EXPECT_EQ(0, w[i].errors);
		ASSERT_EQ(0, close(w[i].fd));
	}
	EXPECT_TRUE(POLL_UNTIL(!IN_USE()));
	EXPECT_EQ(info_of(self->heap).out_allocs, info_of(self->heap).out_frees);
	for (__u32 i = 0; i <= CLASSES; i++)
		EXPECT_EQ(0, heap_class(self->heap, i).out_requested);
}

TEST_HARNESS_MAIN
