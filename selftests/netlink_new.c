// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the netlink interface creates pools that grow, heaps, and objects of
 * other owners, tells all that they were created with, and says of what they cannot
 * be what is wrong.
 */
#include "nl_test.h"

#define NAME "selftest-new"

FIXTURE(new) {
	struct nlt nl;
	struct nlt_seen seen;
	int dev;
};

FIXTURE_SETUP(new)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	self->nl.each = nlt_see;
	self->nl.arg = &self->seen;
}

FIXTURE_TEARDOWN(new)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

#define VALUE(attr)	(self->seen.value[MPDEMO_A_##attr])
#define HAS(attr)	(self->seen.has[MPDEMO_A_##attr])

#define KIND(k)		NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_##k)
#define BLOCK_SIZE(s)	NLT_U64(MPDEMO_A_BLOCK_SIZE, s)
#define BLOCKS(n)	NLT_U64(MPDEMO_A_BLOCKS, n)
#define MAX_BLOCKS(n)	NLT_U64(MPDEMO_A_MAX_BLOCKS, n)
#define CHUNK_BLOCKS(n)	NLT_U64(MPDEMO_A_CHUNK_BLOCKS, n)
#define BYTES(n)	NLT_U64(MPDEMO_A_BYTES, n)
#define LARGE_BYTES(n)	NLT_U64(MPDEMO_A_LARGE_BYTES, n)
#define QUOTA(n)	NLT_U32(MPDEMO_A_QUOTA, n)
#define UID(n)		NLT_U32(MPDEMO_A_UID, n)
#define GID(n)		NLT_U32(MPDEMO_A_GID, n)
#define MODE(m)		NLT_U32(MPDEMO_A_MODE, m)
#define FINE		NLT_FLAG(MPDEMO_A_FINE)
#define POOL		KIND(POOL), BLOCK_SIZE(64), BLOCKS(64)
#define ARENA		KIND(ARENA), BYTES(4096)
#define HEAP		KIND(HEAP), BLOCKS(8)

#define NEW(...)	nlt_with(&self->nl, MPDEMO_CMD_NEW, NAME, __VA_ARGS__, 0)

TEST_F(new, growing_pool)
{
	__u64 h[256];
	int fd;

	ASSERT_EQ(0, NEW(POOL, MAX_BLOCKS(256), CHUNK_BLOCKS(64)));
	EXPECT_EQ(64, VALUE(BLOCKS));
	EXPECT_EQ(256, VALUE(MAX_BLOCKS));
	EXPECT_EQ(64, VALUE(CHUNK_BLOCKS));
	EXPECT_EQ(64, VALUE(PRESENT));
	EXPECT_EQ(0, VALUE(QUOTA));
	EXPECT_EQ(0, VALUE(WAITERS));
	EXPECT_EQ(0, VALUE(RESERVED));
	EXPECT_EQ(0, VALUE(CORRUPTED));
	EXPECT_TRUE(HAS(QUOTA) && HAS(WAITERS) && HAS(RESERVED) && HAS(CORRUPTED));
	EXPECT_FALSE(HAS(BYTES) || HAS(LARGE_BYTES) || HAS(FINE));

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 256; i++)
		CHECK(0, pool_alloc(fd, &h[i]), "block %d", i);
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &h[0]));
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(256, VALUE(PRESENT));
	EXPECT_EQ(256, VALUE(IN_USE));
	EXPECT_EQ(64, VALUE(BLOCKS));
	close(fd);
}

/* A pool that does not grow has as many as it may, and no chunks. */
TEST_F(new, fixed_pool)
{
	ASSERT_EQ(0, NEW(POOL));
	EXPECT_EQ(64, VALUE(MAX_BLOCKS));
	EXPECT_EQ(64, VALUE(PRESENT));
	EXPECT_FALSE(HAS(CHUNK_BLOCKS));
}

TEST_F(new, heap)
{
	struct mpdemo_heap_alloc a = { .size = sizeof(a), .bytes = 24 };
	struct mpdemo_heap_class c = { .size = sizeof(c) };
	int fd;

	ASSERT_EQ(0, NEW(HEAP, LARGE_BYTES(65536), FINE, QUOTA(3), MODE(0640)));
	EXPECT_EQ(MPDEMO_KIND_HEAP, VALUE(KIND));
	EXPECT_EQ(8, VALUE(BLOCKS));
	EXPECT_EQ(65536, VALUE(LARGE_BYTES));
	EXPECT_LT(65536, VALUE(BYTES));
	EXPECT_TRUE(HAS(FINE));
	EXPECT_EQ(3, VALUE(QUOTA));
	EXPECT_EQ(0640, VALUE(MODE));
	EXPECT_FALSE(HAS(BLOCK_SIZE) || HAS(MAX_BLOCKS) || HAS(PRESENT));

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_STATS, &c));
	EXPECT_EQ(24, c.out_classes);
	EXPECT_EQ(8, c.out_blocks);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
		EXPECT_EQ(24, a.out_bytes);
	}
	EXPECT_EQ(-1, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	EXPECT_EQ(EDQUOT, errno);
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(3 * 24, VALUE(IN_USE));
	EXPECT_EQ(3, VALUE(ALLOCS));
	EXPECT_TRUE(HAS(KEPT) && HAS(RECLAIMED) && HAS(REFUSED));
	close(fd);
}

/* Without any of what may be left out. */
TEST_F(new, plain_heap)
{
	ASSERT_EQ(0, NEW(KIND(HEAP), LARGE_BYTES(4096)));
	EXPECT_EQ(0, VALUE(BLOCKS));
	EXPECT_EQ(4096, VALUE(BYTES));
	EXPECT_FALSE(HAS(FINE));
	EXPECT_EQ(0, VALUE(QUOTA));
}

TEST_F(new, quota)
{
	__u64 h;
	int fd;

	ASSERT_EQ(0, NEW(POOL, QUOTA(2)));
	EXPECT_EQ(2, VALUE(QUOTA));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pool_alloc(fd, &h));
	EXPECT_EQ(0, pool_alloc(fd, &h));
	EXPECT_EQ(-EDQUOT, pool_alloc(fd, &h));
	close(fd);
}

static int open_as(int dev, uid_t uid, gid_t gid)
{
	pid_t pid = fork_child();

	if (!pid) {
		int err = become(uid, gid);

		exit_errno(err ? -127 : object_open(dev, NAME, RW));
	}
	return pid < 0 ? -1 : -wait_child(pid);
}

/* Created by root for somebody else. */
TEST_F(new, owner)
{
	ASSERT_EQ(0, NEW(ARENA, UID(NOBODY), GID(12345), MODE(0600)));
	EXPECT_EQ(NOBODY, VALUE(UID));
	EXPECT_EQ(12345, VALUE(GID));
	EXPECT_EQ(0, open_as(self->dev, NOBODY, NOBODY));
	EXPECT_EQ(-EACCES, open_as(self->dev, 12345, 12345));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));

	ASSERT_EQ(0, NEW(ARENA, UID(NOBODY), GID(12345), MODE(0060)));
	EXPECT_EQ(-EACCES, open_as(self->dev, NOBODY, NOBODY));
	EXPECT_EQ(0, open_as(self->dev, 12345, 12345));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));

	ASSERT_EQ(0, NEW(ARENA, GID(12345)));
	EXPECT_EQ(0, VALUE(UID));
	EXPECT_EQ(12345, VALUE(GID));
}

#define NO(want, attr, words, ...)					\
	REFUSED(&self->nl, want, MPDEMO_A_##attr, words,		\
		NEW(__VA_ARGS__), #__VA_ARGS__)

TEST_F(new, refused)
{
	NO(-ERANGE, MAX_BLOCKS, "the maximum must be", POOL, MAX_BLOCKS(63));
	NO(-ERANGE, MAX_BLOCKS, "the maximum must be", POOL,
	   MAX_BLOCKS(MPDEMO_BLOCKS_MAX + 1ULL));
	NO(-ERANGE, MAX_BLOCKS, "the maximum must be", POOL,
	   MAX_BLOCKS(1ULL << 32 | 128));
	NO(-EINVAL, CHUNK_BLOCKS, "has chunks", POOL, CHUNK_BLOCKS(64));
	NO(-ERANGE, CHUNK_BLOCKS, "1023", POOL, MAX_BLOCKS(1 << 20),
	   CHUNK_BLOCKS(1));
	NO(-ERANGE, MAX_BLOCKS, "64 GiB", KIND(POOL), BLOCK_SIZE(1 << 22),
	   BLOCKS(1), MAX_BLOCKS(1 << 15));
	NO(-ERANGE, QUOTA, "quota", POOL, QUOTA(MPDEMO_BLOCKS_MAX + 1ULL));
	NO(-EINVAL, LARGE_BYTES, "only a heap", POOL, LARGE_BYTES(4096));
	NO(-EINVAL, FINE, "only a heap", POOL, FINE);

	NO(-EINVAL, MAX_BLOCKS, "only a pool", ARENA, MAX_BLOCKS(1));
	NO(-EINVAL, CHUNK_BLOCKS, "only a pool", ARENA, CHUNK_BLOCKS(1));
	NO(-EINVAL, LARGE_BYTES, "only a heap", ARENA, LARGE_BYTES(4096));
	NO(-EINVAL, FINE, "only a heap", ARENA, FINE);
	NO(-EINVAL, QUOTA, "no quota", ARENA, QUOTA(1));

	NO(-EINVAL, BLOCK_SIZE, "only a pool", HEAP, BLOCK_SIZE(8));
	NO(-EINVAL, MAX_BLOCKS, "only a pool", HEAP, MAX_BLOCKS(8));
	NO(-EINVAL, BYTES, "large-bytes", HEAP, BYTES(4096));
	NO(-ERANGE, BLOCKS, "16777208", KIND(HEAP),
	   BLOCKS(MPDEMO_BLOCKS_MAX + 1ULL));
	NO(-ERANGE, BLOCKS, "16777208", KIND(HEAP), BLOCKS(1ULL << 32 | 8));
	NO(-ERANGE, LARGE_BYTES, "16 GiB", HEAP,
	   LARGE_BYTES(MPDEMO_HEAP_LARGE_MAX + 1ULL));
	NO(-ERANGE, QUOTA, "quota", HEAP, QUOTA(MPDEMO_BLOCKS_MAX + 1ULL));

	NO(-EINVAL, UID, "no such user", ARENA, UID(~0U));
	NO(-EINVAL, GID, "no such group", ARENA, GID(~0U));
	EXPECT_EQ(-ENOENT, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
}

/* It is about no attribute, as either would do. */
TEST_F(new, empty_heap)
{
	REFUSED(&self->nl, -ERANGE, 0, "must have blocks or bytes",
		NEW(KIND(HEAP)), "nothing");
	REFUSED(&self->nl, -ERANGE, MPDEMO_A_BLOCKS, "must have blocks or bytes",
		NEW(KIND(HEAP), BLOCKS(0), LARGE_BYTES(0)), "zeroes");
}

TEST_HARNESS_MAIN
