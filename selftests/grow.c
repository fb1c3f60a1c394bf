// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a pool of user space grows as far as was agreed, at once or for those who
 * wait, that what comes shows up in mappings that are there already, and that it
 * shrinks again, but never beneath a mapping.
 */
#include "mpdemo_test.h"

#include <setjmp.h>
#include <sys/stat.h>

static size_t page;
static sigjmp_buf on_sigbus;

static void sigbus(int sig __attribute__((unused)))
{
	siglongjmp(on_sigbus, 1);
}

/* The byte that is there, or -1: SIGBUS. */
static int peek(const volatile unsigned char *at)
{
	struct sigaction action = { .sa_handler = sigbus }, old;
	volatile int seen = -1;

	sigaction(SIGBUS, &action, &old);
	if (!sigsetjmp(on_sigbus, 1))
		seen = *at;
	sigaction(SIGBUS, &old, NULL);
	return seen;
}

/* Have all shrinkers called. */
static void shrink_all(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "2", 1) != 1)
			perror("drop_caches");
		close(fd);
	}
}

FIXTURE(grow) {
	int dev;
};

FIXTURE_SETUP(grow)
{
	page = sysconf(_SC_PAGESIZE);
	DEV_OPEN_OR_SKIP(self->dev);
}

FIXTURE_TEARDOWN(grow)
{
	close(self->dev);
}

TEST_F(grow, grows_while_mapped)
{
	int pool = pool_create_growing(self->dev, page, 1, 8, 1);
	unsigned char *at = map_all(pool, PROT_READ | PROT_WRITE);
	__u64 handle, i;

	ASSERT_LE(0, pool);
	ASSERT_NE(MAP_FAILED, (void *)at);
	EXPECT_EQ(8 * page, info_of(pool).out_map_bytes);
	EXPECT_EQ(8, info_of(pool).out_max_blocks);
	EXPECT_EQ(1, info_of(pool).out_present);
	EXPECT_EQ(0, peek(at));
	for (i = 1; i <= 8; i++) {
		ASSERT_EQ(0, pool_alloc(pool, &handle));
		EXPECT_EQ(i, info_of(pool).out_present);
		EXPECT_EQ(0, peek(at + (i - 1) * page));
		memset(at + MPDEMO_HANDLE_INDEX(handle) * page, i, page);
		if (i < 8)
			EXPECT_EQ(-1, peek(at + i * page));
	}
	EXPECT_EQ(-EAGAIN, pool_alloc(pool, &handle));
	EXPECT_EQ(1, info_of(pool).out_failures);
	munmap(at, 8 * page);
	close(pool);
}

/* Whatever parts of whichever mapping there are. */
TEST_F(grow, does_not_shrink_while_mapped)
{
	int pool = pool_create_growing(self->dev, page, 1, 8, 1);
	unsigned char *at = map_all(pool, PROT_READ | PROT_WRITE);
	__u64 handles[8];

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, pool_alloc_bulk(pool, 8, handles));
	memset(at, 6, 8 * page);
	ASSERT_EQ(0, pool_free_bulk(pool, 8, handles));
	shrink_all();
	EXPECT_EQ(8, info_of(pool).out_present);
	EXPECT_TRUE(all_are(at, 6, 8 * page));
	ASSERT_EQ(0, munmap(at + 2 * page, page));
	ASSERT_EQ(0, munmap(at, 2 * page));
	shrink_all();
	EXPECT_EQ(8, info_of(pool).out_present);
	EXPECT_EQ(6, peek(at + 7 * page));
	ASSERT_EQ(0, munmap(at + 3 * page, 5 * page));
	EXPECT_TRUE(POLL_UNTIL((shrink_all(), info_of(pool).out_present < 8)));
	/* And grows again, with pages of its own. */
	at = map_all(pool, PROT_READ | PROT_WRITE);
	ASSERT_EQ(0, pool_alloc_bulk(pool, 8, handles));
	EXPECT_TRUE(all_are(at, 0, 8 * page));
	munmap(at, 8 * page);
	close(pool);
}

TEST_F(grow, chunks_are_whole_pages)
{
	int pool = pool_create_growing(self->dev, 24, 10, 5000, 100), i;
	static __u64 handles[5001];
	unsigned char *at;

	ASSERT_LE(0, pool);
	/* 512 blocks of 24 bytes are three pages. */
	EXPECT_EQ(512, info_of(pool).out_capacity);
	EXPECT_EQ(5000, info_of(pool).out_max_blocks);
	EXPECT_EQ(30 * page, info_of(pool).out_map_bytes);
	at = map_all(pool, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)at);
	EXPECT_EQ(-ENOSPC, pool_alloc_bulk(pool, 5001, handles));
	ASSERT_EQ(0, pool_alloc_bulk(pool, 5000, handles));
	EXPECT_EQ(5000, info_of(pool).out_present);
	EXPECT_EQ(-EAGAIN, pool_alloc(pool, &handles[5000]));
	EXPECT_TRUE(all_are(at, 0, 30 * page));
	for (i = 0; i < 5000; i++)
		memcpy(at + MPDEMO_HANDLE_INDEX(handles[i]) * 24, &handles[i], 8);
	for (i = 0; i < 5000; i++)
		if (memcmp(at + MPDEMO_HANDLE_INDEX(handles[i]) * 24, &handles[i], 8))
			break;
	EXPECT_EQ(5000, i);
	EXPECT_EQ(0, pool_free_bulk(pool, 5000, handles));
	munmap(at, 30 * page);
	close(pool);

	/* A floor that reaches the maximum. */
	pool = pool_create_growing(self->dev, 24, 10, 100, 0);
	ASSERT_LE(0, pool);
	EXPECT_EQ(100, info_of(pool).out_capacity);
	EXPECT_EQ(100, info_of(pool).out_max_blocks);
	EXPECT_EQ(100, info_of(pool).out_present);
	close(pool);
}

TEST_F(grow, what_cannot_grow)
{
	EXPECT_EQ(-EINVAL, pool_create_growing(self->dev, 24, 10, 0, 1));
	EXPECT_EQ(-EINVAL, pool_create_growing(self->dev, 24, 10, 10, 1));
	EXPECT_EQ(-ERANGE, pool_create_growing(self->dev, 24, 10, 9, 0));
	EXPECT_EQ(-ERANGE, pool_create_growing(self->dev, 24, 10, UINT64_MAX, 0));
	EXPECT_EQ(-ERANGE, pool_create_growing(self->dev, 24, 10, 1ULL << 32, 0));
	EXPECT_EQ(-ERANGE, pool_create_growing(self->dev, 24, UINT64_MAX, 100, 0));
	EXPECT_EQ(-ERANGE, pool_create_growing(self->dev, 8, 1, 10000, 1));
}

/* Who waits has it grow as well. */
TEST_F(grow, waited_for)
{
	int pool = pool_create_growing(self->dev, 24, 10, 5000, 5);
	static __u64 handles[5000];

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pool_alloc_bulk_wait(pool, 0, in_ms(20000), 5000,
					  handles));
	EXPECT_EQ(5000, info_of(pool).out_present);
	EXPECT_EQ(-ETIMEDOUT, pool_alloc_wait(pool, 0, in_ms(10),
					      handles));
	close(pool);
}

/* Memory of the group of whoever created it, not of whoever has it grow. */
static int group_write(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_TRUNC), err = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

#define GROUP	"/sys/fs/cgroup/mpdemo-grow"

/*
 * The group has no memory for the pool to grow: who waits, waits. Later it has, and the
 * pool tries again by itself.
 */
TEST_F(grow, when_there_is_memory_again)
{
	const __u64 size = 1 << 20;
	__u64 handle, start;
	char pid[16];
	pid_t child;
	int fd;

	sprintf(pid, "%d", getpid());
	if (group_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory") ||
	    (mkdir(GROUP, 0700) && errno != EEXIST) ||
	    group_write(GROUP "/cgroup.procs", pid))
		SKIP(return, "no memory cgroups here");
	fd = pool_create_growing(self->dev, size, 1, 8, 1);
	EXPECT_EQ(0, group_write("/sys/fs/cgroup/cgroup.procs", pid));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_alloc(fd, &handle));
	EXPECT_EQ(0, group_write(GROUP "/memory.max", "1500000"));
	EXPECT_EQ(-ENOMEM, pool_alloc(fd, &handle));
	EXPECT_EQ(1, info_of(fd).out_present);
	child = fork_child();
	if (!child)
		exit_errno(pool_alloc_wait(fd, 0, in_ms(20000), &handle));
	EXPECT_TRUE(POLL_UNTIL(info_of(fd).out_waiters == 1));
	usleep(300000);
	EXPECT_EQ(1, info_of(fd).out_waiters);
	EXPECT_EQ(0, group_write(GROUP "/memory.max", "max"));
	start = now_ms();
	EXPECT_EQ(0, wait_child(child));
	EXPECT_GT(10000, now_ms() - start);
	close(fd);
	rmdir(GROUP);
}

TEST_HARNESS_MAIN
