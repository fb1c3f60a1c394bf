// SPDX-License-Identifier: GPL-2.0
/*
 * Proves who owns a block: the open file that allocated it, however many
 * descriptors and processes share that, until it keeps, frees or loses it; and
 * that what it holds comes back when it is closed.
 */
#include "mpdemo_test.h"

#include <sys/socket.h>

#define BLOCKS 32

FIXTURE(owner) {
	int dev, pool, other;
	__u64 h[BLOCKS];
};

FIXTURE_SETUP(owner)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, self->pool);
	self->other = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(owner)
{
	close(self->other);
	close(self->pool);
	close(self->dev);
}

#define IN_USE(fd)	(info_of(fd).out_in_use)

TEST_F(owner, close_takes_back)
{
	struct mpdemo_info info;

	ASSERT_EQ(0, pool_alloc(self->other, &self->h[0]));
	ASSERT_EQ(0, pool_alloc_bulk(self->other, 5, self->h + 1));
	ASSERT_EQ(0, pool_alloc(self->pool, &self->h[6]));
	ASSERT_EQ(0, close(self->other));
	EXPECT_TRUE(POLL_UNTIL(IN_USE(self->pool) == 1));
	info = info_of(self->pool);
	EXPECT_EQ(6, info.out_reclaimed);
	EXPECT_EQ(6, info.out_frees);
	EXPECT_EQ(1, info.out_held);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(-EALREADY, pool_free(self->pool, self->h[i]));
	EXPECT_EQ(0, pool_free(self->pool, self->h[6]));
}

/* A new open file is a new owner, though the object is the same. */
TEST_F(owner, reopen_is_another)
{
	EXPECT_EQ(info_of(self->pool).out_id, info_of(self->other).out_id);
	ASSERT_EQ(0, pool_alloc(self->pool, &self->h[0]));
	EXPECT_EQ(-EPERM, pool_free(self->other, self->h[0]));
	EXPECT_EQ(-EPERM, pool_keep(self->other, self->h[0]));
	EXPECT_EQ(-EPERM, pool_take(self->other, self->h[0]));
	EXPECT_EQ(0, pool_free(self->pool, self->h[0]));
}

/* The pool lives as long as one of its open files does. */
TEST_F(owner, object_outlives_its_creator)
{
	ASSERT_EQ(0, pool_alloc(self->other, &self->h[0]));
	ASSERT_EQ(0, close(self->pool));
	ASSERT_EQ(0, close(self->dev));
	EXPECT_EQ(0, pool_alloc(self->other, &self->h[1]));
	EXPECT_EQ(2, IN_USE(self->other));
	EXPECT_EQ(0, pool_free_bulk(self->other, 2, self->h));
}

TEST_F(owner, dup_is_the_same)
{
	int copy = dup(self->pool);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, pool_alloc(self->pool, &self->h[0]));
	ASSERT_EQ(0, pool_alloc(copy, &self->h[1]));
	EXPECT_EQ(2, info_of(copy).out_held);
	EXPECT_EQ(0, pool_free(copy, self->h[0]));
	ASSERT_EQ(0, close(self->pool));
	EXPECT_EQ(1, IN_USE(self->other));
	EXPECT_EQ(0, info_of(self->other).out_reclaimed);
	ASSERT_EQ(0, close(copy));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE(self->other)));
	EXPECT_EQ(1, info_of(self->other).out_reclaimed);
}

/* Parent and child are one owner; the last close of both takes back. */
TEST_F(owner, fork_shares)
{
	pid_t pid;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 4, self->h));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		__u64 handle;
		int err = pool_free(self->pool, self->h[0]);

		if (!err)
			err = pool_alloc(self->pool, &handle);
		close(self->pool);
		exit_errno(err);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(4, IN_USE(self->pool));
	EXPECT_EQ(4, info_of(self->pool).out_held);
	EXPECT_EQ(0, info_of(self->pool).out_reclaimed);
	EXPECT_EQ(0, pool_free(self->pool, self->h[1]));
}

TEST_F(owner, last_close_is_the_childs)
{
	int done[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, self->h));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(done[1]);
		_exit(read(done[0], &c, 1) != 0);
	}
	ASSERT_EQ(0, close(self->pool));
	EXPECT_EQ(3, IN_USE(self->other));
	close(done[1]);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE(self->other)));
	EXPECT_EQ(3, info_of(self->other).out_reclaimed);
}

/* Close-on-exec is on by default, so a program that is started holds nothing. */
TEST_F(owner, exec_does_not_inherit)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		int own = object_reopen(self->pool, RW);

		if (own < 0 || pool_alloc_bulk(own, 3, self->h))
			_exit(99);
		execl("/bin/sh", "sh", "-c", "exit 7", NULL);
		_exit(98);
	}
	EXPECT_EQ(7, wait_child(pid));
	EXPECT_EQ(0, IN_USE(self->pool));
	EXPECT_EQ(3, info_of(self->pool).out_reclaimed);
}

TEST_F(owner, keep_survives_close)
{
	ASSERT_EQ(0, pool_alloc_bulk(self->other, 3, self->h));
	ASSERT_EQ(0, pool_keep(self->other, self->h[0]));
	ASSERT_EQ(0, pool_alloc_flags(self->other, MPDEMO_ALLOC_KEEP,
				      &self->h[3]));
	EXPECT_EQ(2, info_of(self->other).out_held);
	ASSERT_EQ(0, close(self->other));
	EXPECT_TRUE(POLL_UNTIL(IN_USE(self->pool) == 2));
	EXPECT_EQ(2, info_of(self->pool).out_kept);
	EXPECT_EQ(2, info_of(self->pool).out_reclaimed);

	/* Anybody who may write frees it, or takes it and owns it then. */
	EXPECT_EQ(0, pool_free(self->pool, self->h[0]));
	EXPECT_EQ(-EALREADY, pool_free(self->pool, self->h[0]));
	EXPECT_EQ(0, pool_take(self->pool, self->h[3]));
	EXPECT_EQ(1, info_of(self->pool).out_held);
	EXPECT_EQ(0, info_of(self->pool).out_kept);
}

TEST_F(owner, take_makes_an_owner)
{
	int third = object_reopen(self->pool, RW);

	ASSERT_LE(0, third);
	ASSERT_EQ(0, pool_alloc_flags(self->pool, MPDEMO_ALLOC_KEEP,
				      &self->h[0]));
	ASSERT_EQ(0, pool_take(self->other, self->h[0]));
	EXPECT_EQ(-EPERM, pool_take(third, self->h[0]));
	EXPECT_EQ(-EPERM, pool_free(third, self->h[0]));
	EXPECT_EQ(-EPERM, pool_free(self->pool, self->h[0]));
	EXPECT_EQ(0, pool_keep(self->other, self->h[0]));
	EXPECT_EQ(0, pool_take(third, self->h[0]));
	ASSERT_EQ(0, close(third));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE(self->pool)));
}

TEST_F(owner, what_cannot_be_taken)
{
	int reader = object_reopen(self->pool, MPDEMO_ACCESS_READ);

	ASSERT_LE(0, reader);
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, self->h));
	EXPECT_EQ(-EPERM, pool_take(self->other, self->h[0]));
	ASSERT_EQ(0, pool_free(self->pool, self->h[1]));
	EXPECT_EQ(-EALREADY, pool_take(self->other, self->h[1]));
	EXPECT_EQ(-EALREADY, pool_keep(self->pool, self->h[1]));
	ASSERT_EQ(0, pool_keep(self->pool, self->h[2]));
	EXPECT_EQ(-EBADF, pool_take(reader, self->h[2]));
	EXPECT_EQ(-EBADF, pool_free(reader, self->h[2]));
	EXPECT_EQ(1, info_of(self->pool).out_held);
	EXPECT_EQ(1, info_of(self->pool).out_kept);
}

/* A reader that goes takes nothing back from anybody. */
TEST_F(owner, reader_closes)
{
	int reader = object_reopen(self->pool, MPDEMO_ACCESS_READ);

	ASSERT_LE(0, reader);
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, self->h));
	ASSERT_EQ(0, close(reader));
	EXPECT_EQ(3, IN_USE(self->pool));
	EXPECT_EQ(0, info_of(self->pool).out_reclaimed);
}

/* The descriptor, and a handle with it. */
static int send_fd(int sock, int fd, __u64 handle)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = &handle, .iov_len = sizeof(handle) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == sizeof(handle) ? 0 : -errno;
}

static int receive_fd(int sock, __u64 *handle)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = handle, .iov_len = sizeof(*handle) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != sizeof(*handle) ||
	    !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Passing a descriptor passes the share of an owner, also while under way. */
TEST_F(owner, passed_through_a_socket)
{
	int sock[2], fd;
	pid_t pid;
	char c;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		__u64 handle;

		close(self->pool);
		fd = receive_fd(sock[1], &handle);
		if (fd < 0 || info_of(fd).out_held != 3 ||
		    pool_free(fd, handle))
			_exit(1);
		/* The parent has closed it, so this is the last one. */
		if (write(sock[1], "x", 1) != 1 || read(sock[1], &c, 1) != 1)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, self->h));
	ASSERT_EQ(0, send_fd(sock[0], self->pool, self->h[0]));
	ASSERT_EQ(0, close(self->pool));
	EXPECT_LE(2, IN_USE(self->other));
	EXPECT_EQ(1, read(sock[0], &c, 1));
	EXPECT_EQ(2, IN_USE(self->other));
	EXPECT_EQ(1, write(sock[0], "x", 1));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(!IN_USE(self->other)));
	EXPECT_EQ(2, info_of(self->other).out_reclaimed);

	/* One that nobody ever receives. */
	fd = object_reopen(self->other, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_alloc_bulk(fd, 2, self->h));
	ASSERT_EQ(0, send_fd(sock[0], fd, 0));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(2, IN_USE(self->other));
	close(sock[0]);
	close(sock[1]);
	EXPECT_TRUE(POLL_UNTIL(!IN_USE(self->other)));
	EXPECT_EQ(4, info_of(self->other).out_reclaimed);
}

TEST_HARNESS_MAIN
