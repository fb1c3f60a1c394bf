// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the limits of the module hold: max_objects and max_bytes stop
 * whoever wants more, take nothing from who is stopped, nor from anybody else,
 * and let on again as soon as there is room.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define PARAMETERS	"/sys/module/mempool_demo/parameters/"
#define NAME		"selftest-limits"
#define MANY		64

FIXTURE(limits) {
	struct nlt nl;
	int dev, fds;
	unsigned long long max_objects, max_bytes;
	int fd[MANY];
};

static int read_parameter(const char *name, unsigned long long *value)
{
	char path[128];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	n = fscanf(f, "%llu", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

static int write_parameter(const char *name, unsigned long long value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "w");
	if (!f)
		return -errno;
	fprintf(f, "%llu\n", value);
	return fclose(f) ? -errno : 0;
}

FIXTURE_SETUP(limits)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, read_parameter("max_objects", &self->max_objects));
	ASSERT_EQ(0, read_parameter("max_bytes", &self->max_bytes));
	self->fds = fd_count();
}

FIXTURE_TEARDOWN(limits)
{
	EXPECT_EQ(0, write_parameter("max_objects", self->max_objects));
	EXPECT_EQ(0, write_parameter("max_bytes", self->max_bytes));
	nlt_close(&self->nl);
	close(self->dev);
}

/* Create pools until one is refused: how many, and why in @err. */
static int create_all(FIXTURE_DATA(limits) *self, __u64 block_size,
		      __u64 blocks, int *err)
{
	int n;

	for (n = 0; n < MANY; n++) {
		self->fd[n] = pool_create(self->dev, block_size, blocks);
		if (self->fd[n] < 0) {
			*err = self->fd[n];
			return n;
		}
	}
	*err = 0;
	return n;
}

static void close_all(FIXTURE_DATA(limits) *self, int n)
{
	while (n--)
		close(self->fd[n]);
}

TEST_F(limits, objects)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);

	ASSERT_EQ(0, write_parameter("max_objects", before.objects + 5));
	for (int round = 0; round < 3; round++) {
		int err;

		ASSERT_EQ(5, create_all(self, 24, 4, &err));
		EXPECT_EQ(-ENFILE, err);
		EXPECT_EQ(-ENFILE, arena_create(self->dev, 100));
		REFUSED(&self->nl, -ENFILE, 0, "max_objects",
			nlt_new_pool(&self->nl, NAME, 8, 1, 0600), "one too many");
		EXPECT_EQ(self->fds + 5, fd_count());

		/* More open files are no more objects. */
		err = object_reopen(self->fd[0], RW);
		EXPECT_LE(0, err);
		close(err);

		/* One goes, one comes. */
		close(self->fd[4]);
		EXPECT_TRUE(POLL_UNTIL((self->fd[4] =
					arena_create(self->dev, 100)) >= 0));
		close_all(self, 5);
		EXPECT_TRUE(POLL_UNTIL(nlt_sum_up(&self->nl).objects ==
				       before.objects));
	}
	EXPECT_EQ(self->fds, fd_count());
}

/* Named ones count as well, and no longer once they are deleted. */
TEST_F(limits, named_objects)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);

	ASSERT_EQ(0, write_parameter("max_objects", before.objects + 1));
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 8, 1, 0600));
	EXPECT_EQ(-ENFILE, pool_create(self->dev, 8, 1));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	self->fd[0] = pool_create(self->dev, 8, 1);
	EXPECT_LE(0, self->fd[0]);
}

TEST_F(limits, nothing_allowed)
{
	ASSERT_EQ(0, write_parameter("max_objects", 0));
	EXPECT_EQ(-ENFILE, pool_create(self->dev, 8, 1));
	EXPECT_EQ(-ENFILE, arena_create(self->dev, 8));
	ASSERT_EQ(0, write_parameter("max_objects", self->max_objects));
	ASSERT_EQ(0, write_parameter("max_bytes", 1));
	EXPECT_EQ(-ENOBUFS, pool_create(self->dev, 8, 1));
	EXPECT_EQ(-ENOBUFS, arena_create(self->dev, 8));
	EXPECT_EQ(self->fds, fd_count());
}

/* What the objects say of themselves is what is counted. */
TEST_F(limits, bytes)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);
	__u64 footprint;
	int fd, n, err;

	fd = pool_create(self->dev, 65536, 4);
	ASSERT_LE(0, fd);
	footprint = info_of(fd).out_footprint;
	EXPECT_LE(4 * 65536, footprint);
	EXPECT_EQ(before.footprint + footprint, nlt_sum_up(&self->nl).footprint);
	close(fd);
	ASSERT_TRUE(POLL_UNTIL(nlt_sum_up(&self->nl).footprint == before.footprint));

	ASSERT_EQ(0, write_parameter("max_bytes",
				     before.footprint + 3 * footprint));
	for (int round = 0; round < 3; round++) {
		n = create_all(self, 65536, 4, &err);
		EXPECT_EQ(3, n);
		EXPECT_EQ(-ENOBUFS, err);
		EXPECT_EQ(-ENOBUFS, arena_create(self->dev, 1 << 20));
		REFUSED(&self->nl, -ENOBUFS, 0, "max_bytes",
			nlt_new_pool(&self->nl, NAME, 65536, 4, 0600), "too much");
		close_all(self, n);
		EXPECT_TRUE(POLL_UNTIL(nlt_sum_up(&self->nl).footprint ==
				       before.footprint));
	}
	ASSERT_EQ(0, write_parameter("max_bytes",
				     before.footprint + 3 * footprint - 1));
	EXPECT_EQ(2, create_all(self, 65536, 4, &err));
	EXPECT_EQ(-ENOBUFS, err);
	close_all(self, 2);
}

/* What it takes to poison a pool counts from when it is first done, until the pool ends. */
TEST_F(limits, poison)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);
	const unsigned int bitmap = 65536 / 8;
	struct nlt_seen seen = { 0 };
	__u64 unpoisoned;

#define SET_POISON(n)	nlt_with(&self->nl, MPDEMO_CMD_SET, NAME,	\
				 NLT_U32(MPDEMO_A_POISON, n), 0)
#define FOOTPRINT	seen.value[MPDEMO_A_FOOTPRINT]
	self->nl.each = nlt_see;
	self->nl.arg = &seen;
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 8, 65536, 0600));
	unpoisoned = FOOTPRINT;
	ASSERT_EQ(0, write_parameter("max_bytes",
				     before.footprint + unpoisoned + bitmap - 1));
	for (int round = 0; round < 3; round++)
		REFUSED(&self->nl, -ENOBUFS, 0, "max_bytes", SET_POISON(1), "poison");
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(0, seen.value[MPDEMO_A_POISON]);
	EXPECT_EQ(unpoisoned, FOOTPRINT);

	ASSERT_EQ(0, write_parameter("max_bytes",
				     before.footprint + unpoisoned + bitmap + 1024));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, SET_POISON(1));
		EXPECT_LE(unpoisoned + bitmap, FOOTPRINT);
		EXPECT_GT(unpoisoned + bitmap + 1024, FOOTPRINT);
		ASSERT_EQ(0, SET_POISON(0));
		EXPECT_LE(unpoisoned + bitmap, FOOTPRINT);
	}
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_TRUE(POLL_UNTIL(nlt_sum_up(&self->nl).footprint == before.footprint));
	/* And counts no more: there is room for as much again. */
	self->nl.each = NULL;
	EXPECT_EQ(0, nlt_new_pool(&self->nl, NAME, 8, 65536, 0600));
	EXPECT_EQ(0, SET_POISON(1));
	EXPECT_EQ(0, nlt_del_name(&self->nl, NAME));
}

/* A thousand refusals use nothing up. */
TEST_F(limits, refusals_hold_nothing)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);
	int fd;

	ASSERT_EQ(0, write_parameter("max_bytes", before.footprint + (1 << 20)));
	for (int i = 0; i < 500; i++) {
		ASSERT_EQ(-ENOBUFS, pool_create(self->dev, 1 << 20, 64));
		ASSERT_EQ(-ENOBUFS, arena_create(self->dev, 1ULL << 30));
	}
	ASSERT_EQ(0, write_parameter("max_objects", before.objects + 1));
	fd = pool_create(self->dev, 1 << 16, 8);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 500; i++)
		ASSERT_EQ(-ENFILE, pool_create(self->dev, 8, 1));
	close(fd);
	fd = pool_create(self->dev, 1 << 16, 8);
	EXPECT_LE(0, fd);
	EXPECT_EQ(before.objects + 1, nlt_sum_up(&self->nl).objects);
}

/* Nor do they get into the way of those for whom there is room. */
struct greedy {
	pthread_t thread;
	int dev;
	atomic_bool *stop;
	atomic_int *started;
	long wrong;
};

static void *greedy(void *arg)
{
	struct greedy *g = arg;

	atomic_fetch_add(g->started, 1);
	while (!atomic_load(g->stop))
		g->wrong += arena_create(g->dev, MPDEMO_ARENA_BYTES_MAX) !=
			    -ENOBUFS;
	return NULL;
}

/* Enough to be sure, in a part of the 30 s that a test has on a slow kernel. */
#define DISTURBED_MS	10000
#define DISTURBED_MIN	50
#define DISTURBED_MAX	2000

TEST_F(limits, refusals_disturb_nobody)
{
	struct greedy g[3] = { 0 };
	atomic_bool stop = false;
	atomic_int started = 0;
	long failed = 0;
	int created = 0;
	__u64 end;

	for (size_t i = 0; i < ARRAY_SIZE(g); i++) {
		g[i].dev = self->dev;
		g[i].stop = &stop;
		g[i].started = &started;
		ASSERT_EQ(0, pthread_create(&g[i].thread, NULL, greedy, &g[i]));
	}
	EXPECT_TRUE(POLL_UNTIL(atomic_load(&started) == 3));
	end = now_ms() + DISTURBED_MS;
	while (created + failed < DISTURBED_MAX && now_ms() < end) {
		int fd = pool_create(self->dev, 24, 4);

		if (fd < 0) {
			failed++;
			continue;
		}
		created++;
		close(fd);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(g); i++) {
		pthread_join(g[i].thread, NULL);
		EXPECT_EQ(0, g[i].wrong);
	}
	EXPECT_EQ(0, failed);
	EXPECT_LE(DISTURBED_MIN, created);
}

/* A process that may not open more files gets EMFILE, and loses nothing. */
TEST_F(limits, descriptors)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);
	int pool = pool_create(self->dev, 8, 1);
	int files[1024], n = 0;

	ASSERT_LE(0, pool);
	while (n < 1024 && (files[n] = dup(self->dev)) >= 0)
		n++;
	if (n == 1024)
		TH_LOG("the process may open more than 1024 files");
	else
		for (int i = 0; i < 50; i++) {
			EXPECT_EQ(-EMFILE, pool_create(self->dev, 8, 1));
			EXPECT_EQ(-EMFILE, arena_create(self->dev, 8));
			EXPECT_EQ(-EMFILE, object_reopen(pool, RW));
		}
	while (n--)
		close(files[n]);
	close(pool);
	EXPECT_TRUE(POLL_UNTIL(nlt_sum_up(&self->nl).objects == before.objects));
	EXPECT_EQ(before.footprint, nlt_sum_up(&self->nl).footprint);
}

TEST_HARNESS_MAIN
