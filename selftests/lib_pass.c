// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that processes pass each other blocks by handles over a socket, by keep and take, with
 * what is in them; and that a block on its way is not lost when its sender is killed. This
 * program is linked with the shared library.
 */
#include "lib_socket.h"

#define BLOCKS	256
#define SIZE	128

FIXTURE(lib_pass) {
	int dev, sockets[2];
	struct mpdemo_pool *pool;
};

FIXTURE_SETUP(lib_pass)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = mpdemo_pool_create(self->dev, SIZE, BLOCKS, 0);
	ASSERT_NE(NULL, self->pool);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, self->sockets));
}

FIXTURE_TEARDOWN(lib_pass)
{
	mpdemo_pool_close(self->pool);
	close(self->sockets[0]);
	close(self->sockets[1]);
	close(self->dev);
}

static bool send_handle(int socket, uint64_t handle)
{
	return send(socket, &handle, sizeof(handle), 0) == sizeof(handle);
}

static uint64_t receive_handle(int socket)
{
	uint64_t handle;

	return recv(socket, &handle, sizeof(handle), 0) == sizeof(handle) ? handle : 0;
}

static bool is_filled(const char *block, int with)
{
	for (int i = 0; i < SIZE; i++) {
		if (block[i] != (char)with)
			return false;
	}
	return true;
}

/* Of the child, by a file that came over the socket; what it had of its parent's is closed. */
static struct mpdemo_pool *child_pool(struct mpdemo_pool *parents, int socket)
{
	struct mpdemo_pool *pool;
	int fd = receive_fd(socket);

	mpdemo_pool_close(parents);
	pool = mpdemo_pool_from_fd(fd);
	CHILD_CHECK(pool);
	close(fd);
	return pool;
}

/* Each message comes back with every byte one higher, in the same block. */
TEST_F(lib_pass, round_trips)
{
	int i, n = rounds(1000);
	uint64_t handle;
	pid_t pid = fork_child();
	char *block;

	if (!pid) {
		struct mpdemo_pool *pool = child_pool(self->pool, self->sockets[1]);

		close(self->sockets[0]);
		for (i = 0; i < n; i++) {
			block = mpdemo_pool_take(pool, receive_handle(self->sockets[1]));
			CHILD_CHECK(block && is_filled(block, i));
			memset(block, i + 1, SIZE);
			CHILD_CHECK(mpdemo_pool_keep(pool, block, &handle) == 0);
			CHILD_CHECK(send_handle(self->sockets[1], handle));
		}
		CHILD_CHECK(mpdemo_pool_close(pool) == 0);
		_exit(0);
	}
	ASSERT_TRUE(send_fd(self->sockets[0], mpdemo_pool_fd(self->pool)));
	for (i = 0; i < n; i++) {
		uint64_t there, back;

		block = mpdemo_pool_alloc(self->pool);
		ASSERT_NE(NULL, block);
		memset(block, i, SIZE);
		there = mpdemo_pool_handle(self->pool, block);
		EXPECT_EQ(block, mpdemo_pool_address(self->pool, there));
		ASSERT_EQ(0, mpdemo_pool_keep(self->pool, block, &handle));
		EXPECT_EQ(there, handle);
		ASSERT_TRUE(send_handle(self->sockets[0], handle));
		back = receive_handle(self->sockets[0]);
		ASSERT_EQ(there, back);
		ASSERT_EQ(block, mpdemo_pool_take(self->pool, back));
		EXPECT_TRUE(is_filled(block, i + 1));
		EXPECT_EQ(0, mpdemo_pool_free(self->pool, block));
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, mpdemo_cache_flush(mpdemo_cache_get(self->pool)));
	EXPECT_EQ(0, lib_in_use(self->pool));
	EXPECT_EQ(0, mpdemo_pool_bad_frees(self->pool));
}

/* Produced here, freed there; each side has a cache. */
TEST_F(lib_pass, one_way)
{
	int i, n = rounds(3000);
	pid_t pid = fork_child();
	uint64_t handle;
	char *block;

	if (!pid) {
		struct mpdemo_pool *pool = child_pool(self->pool, self->sockets[1]);

		close(self->sockets[0]);
		for (i = 0; i < n; i++) {
			block = mpdemo_pool_take(pool, receive_handle(self->sockets[1]));
			CHILD_CHECK(block && is_filled(block, i));
			CHILD_CHECK(mpdemo_pool_free(pool, block) == 0);
		}
		CHILD_CHECK(mpdemo_pool_bad_frees(pool) == 0);
		CHILD_CHECK(mpdemo_pool_close(pool) == 0);
		_exit(0);
	}
	ASSERT_TRUE(send_fd(self->sockets[0], mpdemo_pool_fd(self->pool)));
	for (i = 0; i < n; i++) {
		while (!(block = mpdemo_pool_alloc(self->pool)))
			sched_yield();
		memset(block, i, SIZE);
		ASSERT_EQ(0, mpdemo_pool_keep(self->pool, block, &handle));
		ASSERT_TRUE(send_handle(self->sockets[0], handle));
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, mpdemo_cache_flush(mpdemo_cache_get(self->pool)));
	EXPECT_EQ(0, lib_in_use(self->pool));
}

TEST_F(lib_pass, killed_sender)
{
	pid_t pid = fork_child();
	uint64_t handle;
	char *block;

	if (!pid) {
		struct mpdemo_pool *pool = child_pool(self->pool, self->sockets[1]);

		block = mpdemo_pool_alloc(pool);
		memset(block, 42, SIZE);
		CHILD_CHECK(mpdemo_pool_keep(pool, block, &handle) == 0);
		CHILD_CHECK(send_handle(self->sockets[1], handle));
		kill(getpid(), SIGKILL);
	}
	ASSERT_TRUE(send_fd(self->sockets[0], mpdemo_pool_fd(self->pool)));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	/* Its cache went with it, the message did not. */
	EXPECT_TRUE(POLL_UNTIL(lib_in_use(self->pool) == 1));
	block = mpdemo_pool_take(self->pool, receive_handle(self->sockets[0]));
	ASSERT_NE(NULL, block);
	EXPECT_TRUE(is_filled(block, 42));
	EXPECT_EQ(0, mpdemo_pool_free(self->pool, block));
}

TEST_F(lib_pass, refused)
{
	struct mpdemo_pool *other = mpdemo_pool_from_fd(mpdemo_pool_fd(self->pool));
	uint64_t handle, same;
	char *block, byte;

	ASSERT_NE(NULL, other);
	block = mpdemo_pool_alloc(self->pool);
	ASSERT_NE(NULL, block);
	handle = mpdemo_pool_handle(self->pool, block);
	EXPECT_NE(0, handle);
	/* Not kept yet; not theirs. */
	EXPECT_NO(EPERM, mpdemo_pool_take(other, handle));
	EXPECT_NO(EALREADY, mpdemo_pool_handle(other, mpdemo_pool_address(other, handle)));
	EXPECT_EQ(-EALREADY, mpdemo_pool_keep(other, mpdemo_pool_address(other, handle), &same));
	EXPECT_NO(EINVAL, mpdemo_pool_handle(self->pool, block + 1));
	EXPECT_NO(EINVAL, mpdemo_pool_handle(self->pool, &byte));
	EXPECT_EQ(-EINVAL, mpdemo_pool_keep(self->pool, block + 1, &same));
	EXPECT_NO(ENOENT, mpdemo_pool_address(self->pool, BLOCKS | 1ULL << 32));
	EXPECT_NO(ENOENT, mpdemo_pool_address(self->pool, 1));

	ASSERT_EQ(0, mpdemo_pool_keep(self->pool, block, &same));
	EXPECT_EQ(handle, same);
	EXPECT_EQ(-EALREADY, mpdemo_pool_keep(self->pool, block, &same));
	ASSERT_NE(NULL, mpdemo_pool_take(other, handle));
	EXPECT_NO(EPERM, mpdemo_pool_take(self->pool, handle));
	EXPECT_EQ(1, mpdemo_pool_close(other));
	EXPECT_TRUE(POLL_UNTIL(lib_in_use(self->pool) == 31));
	EXPECT_NO(EALREADY, mpdemo_pool_take(self->pool, handle));
}

TEST_HARNESS_MAIN
