// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that processes share a heap by its open file: what one allocates the other one finds by
 * its offset, and takes and frees by its handle; that nothing is lost or left when one of them is
 * killed; and that a forked child has nothing until it reopens. This program is linked with the
 * shared library.
 */
#include "lib_socket.h"

#define BLOCKS	64
#define LARGE	(1 << 20)

FIXTURE(lib_shared) {
	int dev, sockets[2];
	struct mpdemo_shared_heap *heap;
};

static struct mpdemo_shared_heap *new_heap(int dev, __u32 quota)
{
	struct mpdemo_heap_create how = {
		.size = sizeof(how), .large_bytes = LARGE, .blocks = BLOCKS, .quota = quota,
	};

	return mpdemo_shared_heap_create(dev, &how);
}

FIXTURE_SETUP(lib_shared)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->heap = new_heap(self->dev, 0);
	ASSERT_NE(NULL, self->heap);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, self->sockets));
}

FIXTURE_TEARDOWN(lib_shared)
{
	mpdemo_shared_heap_close(self->heap);
	close(self->sockets[0]);
	close(self->sockets[1]);
	close(self->dev);
}

static struct mpdemo_info info_of_heap(struct mpdemo_shared_heap *heap)
{
	struct mpdemo_info info = { .size = sizeof(info) };
	int ret = mpdemo_shared_heap_info(heap, &info);

	if (ret)
		info = (struct mpdemo_info){ .out_in_use = ret, .out_held = ret, .out_kept = ret };
	return info;
}

/* What one process tells another one of a piece. */
struct message {
	uint64_t handle, offset, bytes;
};

static bool send_message(int socket, struct message message)
{
	return send(socket, &message, sizeof(message), 0) == sizeof(message);
}

static struct message receive_message(int socket)
{
	struct message message;

	if (recv(socket, &message, sizeof(message), 0) != sizeof(message))
		message = (struct message){ 0 };
	return message;
}

static bool is_filled(const char *p, size_t bytes, int with)
{
	while (bytes && p[bytes - 1] == (char)with)
		bytes--;
	return !bytes;
}

/* Small ones and large ones. */
static size_t bytes_of(int i)
{
	return i % 3 ? 1 + i * 37 % 1500 : 1 + i * 7919 % 60000;
}

/* Of the child, by a file that came over the socket; what it had of its parent's is closed. */
static struct mpdemo_shared_heap *child_heap(struct mpdemo_shared_heap *parents, int socket)
{
	struct mpdemo_shared_heap *heap;
	int fd = receive_fd(socket);

	mpdemo_shared_heap_close(parents);
	heap = mpdemo_shared_heap_from_fd(fd);
	CHILD_CHECK(heap);
	close(fd);
	return heap;
}

/* Takes each piece, checks it, and gives a new one of the same size, filled with one more. */
static void answer(struct mpdemo_shared_heap *heap, int socket, int n)
{
	struct message message;
	char *p;

	for (int i = 0; i < n; i++) {
		message = receive_message(socket);
		CHILD_CHECK(mpdemo_shared_heap_take(heap, message.handle) == 0);
		p = mpdemo_shared_heap_address(heap, message.offset);
		CHILD_CHECK(p && is_filled(p, message.bytes, i));
		CHILD_CHECK(mpdemo_shared_heap_free(heap, message.handle) == 0);
		p = mpdemo_shared_heap_alloc(heap, message.bytes, &message.handle);
		CHILD_CHECK(p && is_filled(p, message.bytes, 0));
		memset(p, i + 1, message.bytes);
		message.offset = mpdemo_shared_heap_offset(heap, p);
		CHILD_CHECK(mpdemo_shared_heap_keep(heap, message.handle) == 0);
		CHILD_CHECK(send_message(socket, message));
	}
}

TEST_F(lib_shared, round_trips)
{
	pid_t pid = fork_child();
	struct message message;
	int i, n = rounds(500);
	char *p;

	if (!pid) {
		close(self->sockets[0]);
		answer(child_heap(self->heap, self->sockets[1]), self->sockets[1], n);
		_exit(0);
	}
	ASSERT_TRUE(send_fd(self->sockets[0], mpdemo_shared_heap_fd(self->heap)));
	for (i = 0; i < n; i++) {
		message.bytes = bytes_of(i);
		p = mpdemo_shared_heap_alloc(self->heap, message.bytes, &message.handle);
		ASSERT_NE(NULL, p);
		EXPECT_TRUE(is_filled(p, message.bytes, 0));
		memset(p, i, message.bytes);
		message.offset = mpdemo_shared_heap_offset(self->heap, p);
		ASSERT_EQ(p, mpdemo_shared_heap_address(self->heap, message.offset));
		ASSERT_EQ(0, mpdemo_shared_heap_keep(self->heap, message.handle));
		ASSERT_TRUE(send_message(self->sockets[0], message));
		message = receive_message(self->sockets[0]);
		ASSERT_EQ(bytes_of(i), message.bytes);
		ASSERT_EQ(0, mpdemo_shared_heap_take(self->heap, message.handle));
		p = mpdemo_shared_heap_address(self->heap, message.offset);
		ASSERT_NE(NULL, p);
		EXPECT_TRUE(is_filled(p, message.bytes, i + 1));
		EXPECT_EQ(0, mpdemo_shared_heap_free(self->heap, message.handle));
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, info_of_heap(self->heap).out_in_use);
	EXPECT_EQ(2ULL * n, info_of_heap(self->heap).out_frees);
}

/* What it held is taken back, what it has given away is not. */
TEST_F(lib_shared, killed_sender)
{
	pid_t pid = fork_child();
	struct message message;
	uint64_t held;
	char *p;

	if (!pid) {
		struct mpdemo_shared_heap *heap = child_heap(self->heap, self->sockets[1]);

		CHILD_CHECK(mpdemo_shared_heap_alloc(heap, 100000, &held));
		p = mpdemo_shared_heap_alloc(heap, 50000, &message.handle);
		CHILD_CHECK(p);
		memset(p, 42, 50000);
		message.offset = mpdemo_shared_heap_offset(heap, p);
		CHILD_CHECK(mpdemo_shared_heap_keep(heap, message.handle) == 0);
		CHILD_CHECK(send_message(self->sockets[1], message));
		kill(getpid(), SIGKILL);
	}
	ASSERT_TRUE(send_fd(self->sockets[0], mpdemo_shared_heap_fd(self->heap)));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(info_of_heap(self->heap).out_reclaimed == 1));
	EXPECT_EQ(1, info_of_heap(self->heap).out_kept);
	message = receive_message(self->sockets[0]);
	ASSERT_EQ(0, mpdemo_shared_heap_take(self->heap, message.handle));
	EXPECT_EQ(1, info_of_heap(self->heap).out_held);
	p = mpdemo_shared_heap_address(self->heap, message.offset);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(is_filled(p, 50000, 42));
	EXPECT_EQ(0, mpdemo_shared_heap_free(self->heap, message.handle));
	EXPECT_EQ(0, info_of_heap(self->heap).out_in_use);
}

TEST_F(lib_shared, refused)
{
	struct mpdemo_shared_heap *other, *small;
	uint64_t handle, unused;
	char *p;

	other = mpdemo_shared_heap_from_fd(mpdemo_shared_heap_fd(self->heap));
	ASSERT_NE(NULL, other);
	p = mpdemo_shared_heap_alloc(self->heap, 64, &handle);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EPERM, mpdemo_shared_heap_free(other, handle));
	EXPECT_EQ(-EPERM, mpdemo_shared_heap_take(other, handle));
	EXPECT_EQ(-EPERM, mpdemo_shared_heap_keep(other, handle));
	EXPECT_EQ(-ENOENT, mpdemo_shared_heap_free(self->heap, 0));
	/* Whoever may write may free what is kept. */
	EXPECT_EQ(0, mpdemo_shared_heap_keep(self->heap, handle));
	EXPECT_EQ(0, mpdemo_shared_heap_free(other, handle));
	EXPECT_EQ(-EALREADY, mpdemo_shared_heap_free(self->heap, handle));
	EXPECT_NO(ERANGE, mpdemo_shared_heap_alloc(self->heap, 0, &unused));
	EXPECT_NO(ENOSPC, mpdemo_shared_heap_alloc(self->heap, LARGE + 1, &unused));
	ASSERT_NE(NULL, mpdemo_shared_heap_alloc(other, LARGE, &unused));
	EXPECT_NO(EAGAIN, mpdemo_shared_heap_alloc(self->heap, 4096, &unused));
	EXPECT_NO(ERANGE, mpdemo_shared_heap_address(self->heap,
						     info_of_heap(other).out_map_bytes));
	/* Who closes gives back. */
	mpdemo_shared_heap_close(other);
	EXPECT_TRUE(POLL_UNTIL(!info_of_heap(self->heap).out_in_use));
	mpdemo_shared_heap_close(NULL);

	small = new_heap(self->dev, 1);
	ASSERT_NE(NULL, small);
	EXPECT_NE(NULL, mpdemo_shared_heap_alloc(small, 8, &handle));
	EXPECT_NO(EDQUOT, mpdemo_shared_heap_alloc(small, 8, &unused));
	mpdemo_shared_heap_close(small);
}

/* Of another kind, and of none; with the structure of an older header. */
TEST_F(lib_shared, kinds)
{
	struct mpdemo_pool *pool = mpdemo_pool_create(self->dev, 8, 8, 0);
	struct mpdemo_heap_create how = { .size = sizeof(how) - 8, .blocks = 1 };
	struct mpdemo_info info;
	const size_t old = offsetof(struct mpdemo_info, out_map_bytes);
	int fds = fd_count();

	ASSERT_NE(NULL, pool);
	EXPECT_NO(EOPNOTSUPP, mpdemo_shared_heap_from_fd(mpdemo_pool_fd(pool)));
	EXPECT_NO(EOPNOTSUPP, mpdemo_pool_from_fd(mpdemo_shared_heap_fd(self->heap)));
	EXPECT_NO(ENOTTY, mpdemo_shared_heap_from_fd(self->dev));
	EXPECT_NO(EBADF, mpdemo_shared_heap_from_fd(-1));
	EXPECT_NO(EINVAL, mpdemo_shared_heap_create(self->dev, &how));
	EXPECT_EQ(fds, fd_count());
	memset(&info, 0x5a, sizeof(info));
	info.size = old;
	info.flags = 0;
	EXPECT_EQ(0, mpdemo_shared_heap_info(self->heap, &info));
	EXPECT_EQ(MPDEMO_OBJECT_HEAP, info.out_kind);
	EXPECT_TRUE(is_filled((char *)&info + old, sizeof(info) - old, 0x5a));
	mpdemo_pool_close(pool);
}

TEST_F(lib_shared, forked_child)
{
	uint64_t handle, mine;
	char *p = mpdemo_shared_heap_alloc(self->heap, 5000, &handle), *q;
	uint64_t offset = mpdemo_shared_heap_offset(self->heap, p);
	struct mpdemo_info info = { .size = sizeof(info) };
	pid_t pid;

	ASSERT_NE(NULL, p);
	strcpy(p, "parent");
	pid = fork_child();
	if (!pid) {
		CHILD_NO(EOWNERDEAD, mpdemo_shared_heap_alloc(self->heap, 8, &mine));
		CHILD_NO(EOWNERDEAD, mpdemo_shared_heap_address(self->heap, offset));
		CHILD_CHECK(mpdemo_shared_heap_free(self->heap, handle) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_shared_heap_keep(self->heap, handle) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_shared_heap_take(self->heap, handle) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_shared_heap_info(self->heap, &info) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_shared_heap_reopen(self->heap) == 0);
		CHILD_CHECK(mpdemo_shared_heap_reopen(self->heap) == 0);
		q = mpdemo_shared_heap_address(self->heap, offset);
		CHILD_CHECK(q && !strcmp(q, "parent"));
		CHILD_CHECK(mpdemo_shared_heap_free(self->heap, handle) == -EPERM);
		q = mpdemo_shared_heap_alloc(self->heap, 5000, &mine);
		CHILD_CHECK(q && q != p);
		strcpy(q, "child");
		CHILD_CHECK(info_of_heap(self->heap).out_held == 1);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(info_of_heap(self->heap).out_reclaimed == 1));
	EXPECT_STREQ("parent", p);
	EXPECT_EQ(0, mpdemo_shared_heap_free(self->heap, handle));
	EXPECT_EQ(0, info_of_heap(self->heap).out_in_use);
}

TEST_HARNESS_MAIN
