// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a named object lives from its creation to its deletion, opens for
 * those whom its mode allows, and that one that was deleted gives nothing more
 * while those who have it open can still finish.
 */
#include "nl_test.h"

#define NAME "selftest-named"

FIXTURE(named) {
	struct nlt nl;
	int dev;
};

FIXTURE_SETUP(named)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
}

FIXTURE_TEARDOWN(named)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

TEST_F(named, open_by_name)
{
	struct mpdemo_info info;
	__u64 handle;
	int a, b;

	EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 10, 0600));
	a = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, a);
	b = object_open(self->dev, NAME, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, b);
	info = info_of(a);
	EXPECT_STREQ(NAME, (char *)info.out_name);
	EXPECT_EQ(MPDEMO_OBJECT_POOL, info.out_kind);
	EXPECT_EQ(24, info.out_block_size);
	EXPECT_EQ(10, info.out_capacity);
	EXPECT_EQ(info.out_id, info_of(b).out_id);
	EXPECT_EQ(MPDEMO_ACCESS_READ, info_of(b).out_access);
	EXPECT_EQ(FD_CLOEXEC, fcntl(a, F_GETFD));
	EXPECT_EQ(0, pool_alloc(a, &handle));
	EXPECT_EQ(-EBADF, pool_alloc(b, &handle));
}

/* The name keeps the object, and a kept block, while nobody has it open. */
TEST_F(named, lives_without_open_files)
{
	__u64 handle, other;
	int fd;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 10, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_alloc_flags(fd, MPDEMO_ALLOC_KEEP, &handle));
	ASSERT_EQ(0, pool_alloc(fd, &other));
	ASSERT_EQ(0, close(fd));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, info_of(fd).out_in_use);
	EXPECT_EQ(1, info_of(fd).out_kept);
	EXPECT_EQ(-EALREADY, pool_free(fd, other));
	EXPECT_EQ(0, pool_free(fd, handle));
}

/*
 * What a child without privileges gets for READ, WRITE and both, through a
 * device that root opened for it.
 */
static int open_as(int dev, uid_t uid, gid_t gid, __u32 access)
{
	pid_t pid = fork_child();

	if (!pid) {
		int err = become(uid, gid);

		exit_errno(err ? -127 : object_open(dev, NAME, access));
	}
	return pid < 0 ? -1 : -wait_child(pid);
}

TEST_F(named, mode)
{
	static const struct {
		__u32 mode;
		gid_t gid;
		int read, write, both;
	} rows[] = {
		{ 0600, NOBODY, -EACCES, -EACCES, -EACCES },
		{ 0600, 0, -EACCES, -EACCES, -EACCES },
		{ 0660, NOBODY, -EACCES, -EACCES, -EACCES },
		{ 0660, 0, 0, 0, 0 },
		{ 0640, 0, 0, -EACCES, -EACCES },
		{ 0620, 0, -EACCES, 0, -EACCES },
		{ 0604, NOBODY, 0, -EACCES, -EACCES },
		{ 0602, NOBODY, -EACCES, 0, -EACCES },
		{ 0606, NOBODY, 0, 0, 0 },
		{ 0666, NOBODY, 0, 0, 0 },
		/* A group that has less than others is held to that. */
		{ 0606, 0, -EACCES, -EACCES, -EACCES },
		{ 0646, 0, 0, -EACCES, -EACCES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		gid_t gid = rows[i].gid;

		ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 4,
					  rows[i].mode));
		CHECK(rows[i].read, open_as(self->dev, NOBODY, gid,
					    MPDEMO_ACCESS_READ),
		      "row %zu, read", i);
		CHECK(rows[i].write, open_as(self->dev, NOBODY, gid,
					     MPDEMO_ACCESS_WRITE),
		      "row %zu, write", i);
		CHECK(rows[i].both, open_as(self->dev, NOBODY, gid, RW),
		      "row %zu, both", i);
		/* Who created it is its owner. */
		EXPECT_EQ(0, open_as(self->dev, 0, 0, RW));
		ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	}
}

/* The device itself is for root. */
TEST_F(named, device_mode)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (become(NOBODY, NOBODY))
			_exit(127);
		exit_errno(dev_open());
	}
	EXPECT_EQ(EACCES, wait_child(pid));
}

TEST_F(named, deleted_pool)
{
	struct mpdemo_info info;
	__u64 held[3], kept[2], handle;
	__u32 done = 99, id;
	int fd, reader;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 10, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	reader = object_open(self->dev, NAME, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, reader);
	id = info_of(fd).out_id;
	ASSERT_EQ(0, pool_alloc_bulk(fd, 3, held));
	ASSERT_EQ(0, pool_bulk(fd, MPDEMO_IOC_ALLOC_BULK, MPDEMO_ALLOC_KEEP, 2,
			       kept, NULL));

	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	info = info_of(fd);
	EXPECT_EQ(MPDEMO_STATE_DYING, info.out_state);
	EXPECT_EQ(0, info.out_name[0]);
	EXPECT_EQ(id, info.out_id);
	/* Kept blocks are gone, held ones are not. */
	EXPECT_EQ(0, info.out_kept);
	EXPECT_EQ(3, info.out_in_use);
	EXPECT_EQ(3, info.out_held);
	EXPECT_EQ(-EALREADY, pool_free(fd, kept[0]));

	EXPECT_EQ(-ESHUTDOWN, pool_alloc(fd, &handle));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc_flags(fd, MPDEMO_ALLOC_KEEP, &handle));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc_bulk(fd, 2, kept));
	EXPECT_EQ(-ESHUTDOWN, pool_keep(fd, held[0]));
	EXPECT_EQ(-ESHUTDOWN, pool_take(fd, held[0]));
	EXPECT_EQ(-ESHUTDOWN, object_reopen(fd, RW));
	EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
	EXPECT_EQ(-ENOENT, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(-ENOENT, nlt_del_name(&self->nl, NAME));

	/* The number still tells about it. */
	EXPECT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_GET, id));
	EXPECT_EQ(1, self->nl.replies);

	EXPECT_EQ(0, pool_free(fd, held[0]));
	EXPECT_EQ(0, pool_bulk(fd, MPDEMO_IOC_FREE_BULK, 0, 1, held + 1,
			       &done));
	EXPECT_EQ(1, done);
	EXPECT_EQ(1, info_of(fd).out_in_use);
	EXPECT_EQ(-ESHUTDOWN, pool_alloc(fd, &handle));

	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(POLL_UNTIL(!info_of(reader).out_in_use));
	EXPECT_EQ(1, info_of(reader).out_reclaimed);
	ASSERT_EQ(0, close(reader));
	EXPECT_TRUE(POLL_UNTIL(nlt_by_id(&self->nl, MPDEMO_CMD_GET, id) ==
			       -ENOENT));
}

TEST_F(named, deleted_arena)
{
	__u64 offset;
	int fd;

	ASSERT_EQ(0, nlt_new_arena(&self->nl, NAME, 4096, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, arena_alloc(fd, 100, 0, &offset));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_EQ(MPDEMO_STATE_DYING, info_of(fd).out_state);
	EXPECT_EQ(-ESHUTDOWN, arena_alloc(fd, 100, 0, &offset));
	EXPECT_EQ(100, info_of(fd).out_in_use);
	EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
}

/* A new object of the name has nothing of the old one, which lives on. */
TEST_F(named, name_is_free_at_once)
{
	int first, second;
	__u64 handle;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 10, 0600));
	first = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, first);
	ASSERT_EQ(0, pool_alloc(first, &handle));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 48, 20, 0600));
	second = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, second);
	EXPECT_NE(info_of(first).out_id, info_of(second).out_id);
	EXPECT_EQ(0, info_of(second).out_in_use);
	EXPECT_EQ(48, info_of(second).out_block_size);
	EXPECT_EQ(-ENOENT, pool_free(second, handle));
	EXPECT_EQ(0, pool_free(first, handle));
	EXPECT_EQ(0, pool_alloc(second, &handle));
	EXPECT_EQ(-ESHUTDOWN, pool_alloc(first, &handle));
}

/* Deleted while others allocate: each gets a block or ESHUTDOWN, not both. */
TEST_F(named, deleted_under_load)
{
	for (int round = 0; round < 20; round++) {
		pid_t pid[3];
		int fd;

		ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 64, 0600));
		fd = object_open(self->dev, NAME, RW);
		ASSERT_LE(0, fd);
		for (int i = 0; i < 3; i++) {
			pid[i] = fork_child();
			ASSERT_LE(0, pid[i]);
			if (pid[i])
				continue;
			for (;;) {
				__u64 h;
				int err = pool_alloc(fd, &h);

				if (err)
					exit_errno(err);
				err = pool_free(fd, h);
				if (err)
					exit_errno(err);
			}
		}
		EXPECT_TRUE(POLL_UNTIL(info_of(fd).out_allocs > 10));
		EXPECT_EQ(0, nlt_del_name(&self->nl, NAME));
		for (int i = 0; i < 3; i++)
			EXPECT_EQ(ESHUTDOWN, wait_child(pid[i]));
		EXPECT_EQ(0, info_of(fd).out_in_use);
		EXPECT_EQ(info_of(fd).out_allocs, info_of(fd).out_frees);
		close(fd);
	}
}

/* What is mapped stays as it was, and the block in it held, until it is unmapped. */
TEST_F(named, deleted_while_mapped)
{
	unsigned char *at;
	__u64 handle;
	int fd, ro;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 10, 0600));
	fd = object_open(self->dev, NAME, RW);
	ro = object_open(self->dev, NAME, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, ro);
	ASSERT_EQ(0, pool_alloc(fd, &handle));
	at = mmap(NULL, 240, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)at);
	close(fd);
	at[3] = 33;
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
	EXPECT_EQ(33, at[3]);
	at[4] = 44;
	EXPECT_EQ(MPDEMO_STATE_DYING, info_of(ro).out_state);
	EXPECT_EQ(1, info_of(ro).out_in_use);
	munmap(at, 240);
	EXPECT_TRUE(POLL_UNTIL(!info_of(ro).out_in_use));
	close(ro);
}

TEST_HARNESS_MAIN
