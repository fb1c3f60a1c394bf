// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that counters of all kinds of objects can be reset by those who may: what has
 * happened is forgotten, what is in use is not, and peaks are found anew.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define NAME	"selftest-stats"
#define BLOCKS	64

FIXTURE(stats) {
	struct nlt nl;
	struct nlt_seen seen;
	int dev;
};

FIXTURE_SETUP(stats)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	self->nl.each = nlt_see;
	self->nl.arg = &self->seen;
}

FIXTURE_TEARDOWN(stats)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

#define VALUE(attr)	(self->seen.value[MPDEMO_A_##attr])
#define RESET()		nlt_by_name(&self->nl, MPDEMO_CMD_RESET_STATS, NAME)
#define GET()		nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME)

#define COUNTED(in_use, peak, allocs, frees, failures)			\
do {									\
	CHECK(in_use, VALUE(IN_USE), "in_use, line %d", __LINE__);	\
	CHECK(peak, VALUE(PEAK), "peak, line %d", __LINE__);		\
	CHECK(allocs, VALUE(ALLOCS), "allocs, line %d", __LINE__);	\
	CHECK(frees, VALUE(FREES), "frees, line %d", __LINE__);		\
	CHECK(failures, VALUE(FAILURES), "failures, line %d", __LINE__);	\
} while (0)

static void test_pool(struct __test_metadata *_metadata,
		      FIXTURE_DATA(stats) *self, __u64 max_blocks)
{
	__u64 h[256], none, before = now_ns(), most = max_blocks ?: BLOCKS;
	int fd, other;

	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_NEW, NAME,
			      NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_POOL),
			      NLT_U64(MPDEMO_A_BLOCK_SIZE, 64),
			      NLT_U64(MPDEMO_A_BLOCKS, BLOCKS),
			      NLT_U64(MPDEMO_A_MAX_BLOCKS, max_blocks), 0));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	other = object_open(self->dev, NAME, RW);
	ASSERT_EQ(0, pool_alloc(other, &h[0]));
	close(other);
	EXPECT_TRUE(POLL_UNTIL(!info_of(fd).out_in_use));
	for (__u64 i = 0; i < most; i++)
		ASSERT_EQ(0, pool_alloc(fd, &h[i]));
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &none));
	for (__u64 i = 3; i < most; i++)
		ASSERT_EQ(0, pool_free(fd, h[i]));
	EXPECT_EQ(-EALREADY, pool_free(fd, h[3]));
	ASSERT_EQ(0, GET());
	COUNTED(3, most, most + 1, most - 2, 1);
	EXPECT_EQ(1, VALUE(REFUSED));
	EXPECT_EQ(1, VALUE(RECLAIMED));
	EXPECT_LE(before, now_ns() - VALUE(AGE));

	/* On some kernels the clock goes by ticks. */
	usleep(20000);
	before = now_ns();
	ASSERT_EQ(0, RESET());
	EXPECT_LE(before, now_ns() - VALUE(AGE));
	EXPECT_EQ(1, self->nl.replies);
	COUNTED(3, 3, 0, 0, 0);
	EXPECT_EQ(0, VALUE(REFUSED));
	EXPECT_EQ(0, VALUE(RECLAIMED));
	EXPECT_EQ(0, info_of(fd).out_allocs);

	/* The peak stays when what is in use does not. */
	ASSERT_EQ(0, pool_free(fd, h[0]));
	ASSERT_EQ(0, GET());
	COUNTED(2, 3, 0, 1, 0);
	ASSERT_EQ(0, pool_alloc(fd, &h[0]));
	ASSERT_EQ(0, pool_alloc(fd, &h[3]));
	ASSERT_EQ(0, pool_free(fd, h[3]));
	ASSERT_EQ(0, GET());
	COUNTED(3, 4, 2, 2, 0);
	close(fd);
}

TEST_F(stats, pool)
{
	test_pool(_metadata, self, 0);
}

TEST_F(stats, growing_pool)
{
	test_pool(_metadata, self, 256);
}

TEST_F(stats, arena)
{
	__u64 offset;
	int fd;

	ASSERT_EQ(0, nlt_new_arena(&self->nl, NAME, 4096, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, arena_alloc(fd, 4096, 0, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(fd, 8, 0, &offset));
	ASSERT_EQ(0, arena_reset(fd, NULL));
	ASSERT_EQ(0, arena_alloc(fd, 64, 0, &offset));
	ASSERT_EQ(0, GET());
	COUNTED(64, 4096, 2, 1, 1);
	ASSERT_EQ(0, RESET());
	COUNTED(64, 64, 0, 0, 0);
	ASSERT_EQ(0, arena_alloc(fd, 64, 0, &offset));
	ASSERT_EQ(0, arena_reset(fd, NULL));
	ASSERT_EQ(0, GET());
	COUNTED(0, 128, 1, 1, 0);
	close(fd);
}

TEST_F(stats, heap)
{
	struct mpdemo_heap_alloc a = { .size = sizeof(a) };
	__u64 small, large;
	int fd;

	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_NEW, NAME,
			      NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_HEAP),
			      NLT_U64(MPDEMO_A_BLOCKS, 8),
			      NLT_U64(MPDEMO_A_LARGE_BYTES, 65536), 0));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	a.bytes = 64;
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	small = a.out_handle;
	a.bytes = 8192;
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	large = a.out_handle;
	a.bytes = 65536;
	ASSERT_EQ(-1, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	ASSERT_EQ(0, pool_free(fd, large));
	ASSERT_EQ(0, GET());
	COUNTED(64, 64 + 8192, 2, 1, 1);
	ASSERT_EQ(0, RESET());
	COUNTED(64, 64, 0, 0, 0);
	a.bytes = 4096;
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	ASSERT_EQ(0, pool_free(fd, a.out_handle));
	ASSERT_EQ(0, pool_free(fd, small));
	ASSERT_EQ(0, GET());
	COUNTED(0, 64 + 4096, 1, 2, 0);
	close(fd);
}

TEST_F(stats, by_id_and_of_anonymous_ones)
{
	int fd = pool_create(self->dev, 24, 8);
	__u64 h;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_alloc(fd, &h));
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_RESET_STATS,
			       info_of(fd).out_id));
	EXPECT_EQ(0, info_of(fd).out_allocs);
	EXPECT_EQ(1, info_of(fd).out_in_use);
	close(fd);
}

TEST_F(stats, refused)
{
	struct nlt nl, *mine = &self->nl;
	__u64 h;
	pid_t pid;
	int fd, err;

	REFUSED(mine, -ENOENT, MPDEMO_A_NAME, "no such object", RESET(), "none");
	REFUSED(mine, -EINVAL, 0, "either",
		nlt_with(mine, MPDEMO_CMD_RESET_STATS, NULL, 0), "neither");
	ASSERT_EQ(0, nlt_new_pool(mine, NAME, 24, 8, 0666));
	REFUSED(mine, -EINVAL, MPDEMO_A_QUOTA, "",
		nlt_with(mine, MPDEMO_CMD_RESET_STATS, NAME,
			 NLT_U32(MPDEMO_A_QUOTA, 1), 0), "a quota");
	fd = object_open(self->dev, NAME, RW);
	ASSERT_EQ(0, pool_alloc(fd, &h));

	/* Who may use it may not do so, as that would deceive others. */
	for (int owner = 0; owner < 2; owner++) {
		if (owner)
			ASSERT_EQ(0, nlt_with(mine, MPDEMO_CMD_SET, NAME,
					      NLT_U32(MPDEMO_A_UID, NOBODY), 0));
		pid = fork_child();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (become(NOBODY, NOBODY) || nlt_open(&nl))
				_exit(101);
			err = nlt_by_name(&nl, MPDEMO_CMD_RESET_STATS, NAME);
			if (err && (!strstr(nl.text, "CAP_SYS_ADMIN") ||
				    nl.bad_attr))
				_exit(102);
			exit_errno(err);
		}
		CHECK(owner ? 0 : EPERM, wait_child(pid), "owner: %d", owner);
		CHECK(!owner, info_of(fd).out_allocs, "owner: %d", owner);
	}
	close(fd);
}

/* Of a pool that is used and reset all the time, nothing is counted that was not. */
struct user {
	pthread_t thread;
	int fd;
	atomic_bool stop;
	long failed;
};

static void *use(void *arg)
{
	struct user *user = arg;
	__u64 h[8];

	while (!atomic_load(&user->stop)) {
		user->failed += !!pool_alloc_bulk(user->fd, 8, h);
		for (int i = 0; i < 8; i++)
			user->failed += !!pool_free(user->fd, h[i]);
	}
	return NULL;
}

TEST_F(stats, while_it_is_used)
{
	struct user user[2] = { 0 };
	__u64 h[BLOCKS];
	int fd;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 64, BLOCKS, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 2; i++) {
		user[i].fd = fd;
		ASSERT_EQ(0, pthread_create(&user[i].thread, NULL, use,
					    &user[i]));
	}
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, RESET());
		EXPECT_GE(16, VALUE(PEAK));
		EXPECT_GE(VALUE(PEAK), VALUE(IN_USE));
		/* Far from what a difference of the wrong sign would be. */
		EXPECT_GT(1 << 20, VALUE(ALLOCS));
		EXPECT_GT(1 << 20, VALUE(FREES));
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&user[i].stop, true);
		pthread_join(user[i].thread, NULL);
		EXPECT_EQ(0, user[i].failed);
	}
	/* However those raced, the peak is found. */
	ASSERT_EQ(0, RESET());
	for (int n = 1; n <= BLOCKS; n++) {
		ASSERT_EQ(0, pool_alloc(fd, &h[n - 1]));
		ASSERT_EQ(0, GET());
		CHECK(n, VALUE(PEAK), "block %d", n);
	}
	close(fd);
}

TEST_HARNESS_MAIN
