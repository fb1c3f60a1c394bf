// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that numbers outside of their limits, names that are none, and commands
 * that do not exist are refused with the errno that the header gives to that
 * cause, and that whatever else is done to the files does no harm.
 */
#include "mpdemo_test.h"

#include <poll.h>
#include <sys/uio.h>

FIXTURE(values) {
	int dev, pool, arena, heap, fds;
};

FIXTURE_SETUP(values)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, 8);
	ASSERT_LE(0, self->pool);
	self->arena = arena_create(self->dev, 4096);
	ASSERT_LE(0, self->arena);
	self->heap = heap_create(self->dev, 4, 8192);
	ASSERT_LE(0, self->heap);
	self->fds = fd_count();
}

FIXTURE_TEARDOWN(values)
{
	close(self->pool);
	close(self->arena);
	close(self->heap);
	close(self->dev);
}

TEST_F(values, pool_ranges)
{
	static const struct {
		__u64 block_size, blocks;
		__u32 align;
	} bad[] = {
		{ 0, 1, 0 },
		{ MPDEMO_BLOCK_SIZE_MAX + 1ULL, 1, 0 },
		{ 1ULL << 32, 1, 0 },
		{ (1ULL << 32) + 24, 1, 0 },
		{ 1ULL << 63, 1, 0 },
		{ ~0ULL, 1, 0 },
		{ 24, 0, 0 },
		{ 24, MPDEMO_BLOCKS_MAX + 1ULL, 0 },
		{ 24, 1ULL << 32, 0 },
		{ 24, (1ULL << 32) + 1, 0 },
		{ 24, 1ULL << 63, 0 },
		{ 24, ~0ULL, 0 },
		{ ~0ULL, ~0ULL, 0 },
		{ MPDEMO_BLOCK_SIZE_MAX,
		  MPDEMO_POOL_BYTES_MAX / MPDEMO_BLOCK_SIZE_MAX + 1, 0 },
		{ MPDEMO_BLOCK_SIZE_MAX, MPDEMO_BLOCKS_MAX, 0 },
		{ MPDEMO_POOL_BYTES_MAX / MPDEMO_BLOCKS_MAX + 1,
		  MPDEMO_BLOCKS_MAX, 0 },
		{ 1, MPDEMO_BLOCKS_MAX, MPDEMO_ALIGN_MAX * 2 },
		{ 24, 1, 3 },
		{ 24, 1, 24 },
		{ 24, 1, 2 * MPDEMO_ALIGN_MAX },
		{ 24, 1, MPDEMO_ALIGN_MAX + 1 },
		{ 24, 1, 1U << 31 },
		{ 24, 1, ~0U },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mpdemo_pool_create a = {
			.size = sizeof(a), .block_size = bad[i].block_size,
			.blocks = bad[i].blocks, .align = bad[i].align,
		};

		CHECK(-ERANGE, call(self->dev, MPDEMO_IOC_POOL_CREATE, &a),
		      "row %zu", i);
	}
	EXPECT_EQ(self->fds, fd_count());
}

/* Each limit itself is allowed, and all powers of two as alignments. */
TEST_F(values, pool_limits)
{
	for (__u32 align = 1; align <= MPDEMO_ALIGN_MAX; align *= 2) {
		struct mpdemo_pool_create a = {
			.size = sizeof(a), .block_size = 24, .blocks = 3,
			.align = align,
		};
		struct mpdemo_info info;

		ASSERT_EQ(0, call(self->dev, MPDEMO_IOC_POOL_CREATE, &a));
		info = info_of(a.out_fd);
		EXPECT_EQ(24, info.out_block_size);
		EXPECT_EQ(3, info.out_capacity);
		EXPECT_LE(24, info.out_stride);
		EXPECT_EQ(0, info.out_stride % align);
		close(a.out_fd);
	}
	for (__u64 size = MPDEMO_BLOCK_SIZE_MIN; size <= MPDEMO_BLOCK_SIZE_MAX;
	     size = size == 1 ? MPDEMO_BLOCK_SIZE_MAX : size + 1) {
		int fd = pool_create(self->dev, size, 1);
		struct mpdemo_info info;
		__u64 handle;

		ASSERT_LE(0, fd);
		info = info_of(fd);
		EXPECT_EQ(size, info.out_block_size);
		EXPECT_LE(size, info.out_stride);
		EXPECT_LE(info.out_stride, info.out_footprint);
		EXPECT_EQ(0, pool_alloc(fd, &handle));
		close(fd);
	}
}

/* Within the limits of an object, and more than this machine has. */
TEST_F(values, too_much_memory)
{
	int err = pool_create(self->dev, MPDEMO_BLOCK_SIZE_MAX,
			      MPDEMO_POOL_BYTES_MAX / MPDEMO_BLOCK_SIZE_MAX);

	EXPECT_TRUE(err == -ENOBUFS || err == -ENOMEM)
		TH_LOG("pool: %d", err);
	err = arena_create(self->dev, MPDEMO_ARENA_BYTES_MAX);
	EXPECT_TRUE(err == -ENOBUFS || err == -ENOMEM)
		TH_LOG("arena: %d", err);
	err = heap_create(self->dev, MPDEMO_BLOCKS_MAX, MPDEMO_HEAP_LARGE_MAX);
	EXPECT_TRUE(err == -ENOBUFS || err == -ENOMEM)
		TH_LOG("heap: %d", err);
	EXPECT_EQ(self->fds, fd_count());
}

TEST_F(values, arena_ranges)
{
	static const __u64 bytes[] = {
		0, MPDEMO_ARENA_BYTES_MAX + 1, 1ULL << 63, ~0ULL,
	};
	static const __u32 align[] = { 3, 24, 4097, 8192, 1U << 31, ~0U };
	struct mpdemo_info before = info_of(self->arena), after;
	__u64 offset;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		CHECK(-ERANGE, arena_create(self->dev, bytes[i]),
		      "%#llx bytes", bytes[i]);
	EXPECT_EQ(-ERANGE, arena_alloc(self->arena, 0, 0, &offset));
	for (size_t i = 0; i < ARRAY_SIZE(align); i++)
		CHECK(-ERANGE, arena_alloc(self->arena, 8, align[i], &offset),
		      "align %u", align[i]);
	after = info_of(self->arena);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(self->fds, fd_count());

	fd = arena_create(self->dev, MPDEMO_ARENA_BYTES_MIN);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, arena_alloc(fd, 1, 1, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(fd, 1, 1, &offset));
}

TEST_F(values, heap_ranges)
{
	static const struct {
		__u32 flags, blocks;
		__u64 large;
	} bad[] = {
		{ 0, 0, 0 },
		{ 0, MPDEMO_BLOCKS_MAX + 1U, 0 },
		{ 0, ~0U, 0 },
		{ 0, 1, MPDEMO_HEAP_LARGE_MAX + 1 },
		{ 0, 1, 1ULL << 63 },
		{ 0, 1, ~0ULL },
		{ MPDEMO_HEAP_CREATE_FINE, 0, 0 },
		/* Each of both fits, and not all together. */
		{ MPDEMO_HEAP_CREATE_FINE, MPDEMO_BLOCKS_MAX, 0 },
	};
	static const __u32 class[] = { 9, 25, 1U << 31, ~0U };
	struct mpdemo_info before = info_of(self->heap), after;
	struct mpdemo_heap_create quota = {
		.size = sizeof(quota), .blocks = 1,
		.quota = MPDEMO_BLOCKS_MAX + 1,
	};
	__u64 handle;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(-ERANGE, heap_create_flags(self->dev, bad[i].flags,
						 bad[i].blocks, bad[i].large),
		      "row %zu", i);
	EXPECT_EQ(-ERANGE, call(self->dev, MPDEMO_IOC_HEAP_CREATE, &quota));
	EXPECT_EQ(-ERANGE, heap_alloc(self->heap, 0, &handle));
	for (size_t i = 0; i < ARRAY_SIZE(class); i++) {
		struct mpdemo_heap_class a = {
			.size = sizeof(a), .number = class[i],
		};

		CHECK(-ERANGE, call(self->heap, MPDEMO_IOC_HEAP_STATS, &a),
		      "class %u", class[i]);
	}
	after = info_of(self->heap);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(self->fds, fd_count());
}

TEST_F(values, bulk_ranges)
{
	static const unsigned int cmd[] = {
		MPDEMO_IOC_ALLOC_BULK, MPDEMO_IOC_FREE_BULK,
		MPDEMO_IOC_KEEP, MPDEMO_IOC_TAKE,
	};
	static const __u32 count[] = { 0, MPDEMO_BULK_MAX + 1, 1U << 31, ~0U };
	struct mpdemo_info before = info_of(self->pool), after;
	__u64 handles[8] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cmd); i++)
		for (size_t j = 0; j < ARRAY_SIZE(count); j++)
			CHECK(-ERANGE, pool_bulk(self->pool, cmd[i], 0,
						 count[j], handles, NULL),
			      "command %zu count %u", i, count[j]);
	after = info_of(self->pool);
	EXPECT_TRUE(info_same(&before, &after));
}

TEST_F(values, names)
{
	static const char * const malformed[] = {
		"", "/", "a/b", "../x", ".hidden", "-x", "a b", " ", "a\tb",
		"a\nb", "\x7f", "\xc3\xa4", "\x01",
	};
	struct mpdemo_open a = { .size = sizeof(a), .flags = RW };

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		CHECK(-EINVAL, object_open(self->dev, malformed[i], RW),
		      "name %zu", i);
	EXPECT_EQ(-ENOENT, object_open(self->dev, "selftest-no-such", RW));

	/* 63 bytes are a name, 64 have no end. */
	memset(a.name, 'n', sizeof(a.name));
	EXPECT_EQ(-EINVAL, call(self->dev, MPDEMO_IOC_OPEN, &a));
	a.name[MPDEMO_NAME_SIZE - 1] = 0;
	EXPECT_EQ(-ENOENT, call(self->dev, MPDEMO_IOC_OPEN, &a));

	/* Something behind the end. */
	memset(a.name, 0, sizeof(a.name));
	a.name[0] = 'n';
	a.name[MPDEMO_NAME_SIZE - 1] = 'n';
	EXPECT_EQ(-EINVAL, call(self->dev, MPDEMO_IOC_OPEN, &a));
	a.name[MPDEMO_NAME_SIZE - 1] = 0;
	a.name[2] = 1;
	EXPECT_EQ(-EINVAL, call(self->dev, MPDEMO_IOC_OPEN, &a));
	EXPECT_EQ(self->fds, fd_count());
}

TEST_F(values, no_such_command)
{
	int files[] = { self->dev, self->pool, self->arena, self->heap };
	char arg[256] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		for (unsigned int nr = 0; nr < 256; nr++) {
			bool known = files[i] == self->dev ?
				nr <= _IOC_NR(MPDEMO_IOC_HEAP_CREATE) :
				nr >= _IOC_NR(MPDEMO_IOC_REOPEN) &&
				nr <= _IOC_NR(MPDEMO_IOC_HEAP_STATS);

			if (known)
				continue;
			CHECK(-ENOTTY, call(files[i], _IO(MPDEMO_IOC_TYPE, nr),
					    arg),
			      "file %zu command %#x", i, nr);
		}
		EXPECT_EQ(-ENOTTY, call(files[i], 0, arg));
		EXPECT_EQ(-ENOTTY, call(files[i], ~0U, arg));
	}
}

/* New files are close-on-exec, and nobody wrote to descriptors 0 to 2. */
TEST_F(values, descriptors)
{
	int reopened = object_reopen(self->pool, RW);
	int files[] = { self->pool, self->arena, self->heap, reopened };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_LT(2, files[i]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(files[i], F_GETFD));
		EXPECT_EQ(O_RDWR, fcntl(files[i], F_GETFL) & O_ACCMODE);
	}
}

/* What the interface does not have gives an error and does no harm. */
TEST_F(values, other_system_calls)
{
	int files[] = { self->dev, self->pool, self->arena, self->heap };
	struct mpdemo_info before = info_of(self->pool), after;
	char buf[64] = { 0 };
	struct iovec iov = { buf, sizeof(buf) };
	__u64 handle;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct pollfd p = { .fd = files[i], .events = ~0 };
		/* Behind the end of an arena there is nothing, as with files. */
		int far = files[i] == self->arena ? 0 : -1;
		void *map;

		EXPECT_EQ(far, read(files[i], buf, sizeof(buf)));
		EXPECT_EQ(-1, write(files[i], buf, sizeof(buf)));
		EXPECT_EQ(far, readv(files[i], &iov, 1));
		EXPECT_EQ(-1, writev(files[i], &iov, 1));
		EXPECT_EQ(far, pread(files[i], buf, sizeof(buf), 1LL << 62));
		EXPECT_EQ(-1, pwrite(files[i], buf, sizeof(buf), 1LL << 62));
		EXPECT_EQ(-1, ftruncate(files[i], 4096));
		lseek(files[i], 1LL << 62, SEEK_SET);
		EXPECT_LE(0, poll(&p, 1, 0));
		EXPECT_EQ(0, p.revents & POLLNVAL);
		map = mmap(NULL, 1UL << 30, PROT_READ | PROT_EXEC, MAP_SHARED,
			   files[i], 0);
		EXPECT_EQ(MAP_FAILED, map);
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			   files[i], 0);
		EXPECT_EQ(MAP_FAILED, map);
	}
	after = info_of(self->pool);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(0, pool_alloc(self->pool, &handle));
	EXPECT_EQ(0, pool_free(self->pool, handle));
}

/* Access 0 is no access; more than this file has is not given. */
TEST_F(values, access)
{
	struct mpdemo_info info;
	int ro, wo;
	__u64 handle;

	EXPECT_EQ(-EINVAL, object_reopen(self->pool, 0));
	ro = object_reopen(self->pool, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, ro);
	info = info_of(ro);
	EXPECT_EQ(MPDEMO_ACCESS_READ, info.out_access);
	EXPECT_EQ(-EBADF, object_reopen(ro, RW));
	EXPECT_EQ(-EBADF, object_reopen(ro, MPDEMO_ACCESS_WRITE));
	EXPECT_EQ(-EBADF, pool_alloc(ro, &handle));
	EXPECT_LE(0, object_reopen(ro, MPDEMO_ACCESS_READ));

	wo = object_reopen(self->pool, MPDEMO_ACCESS_WRITE);
	ASSERT_LE(0, wo);
	EXPECT_EQ(0, pool_alloc(wo, &handle));
	EXPECT_EQ(0, pool_free(wo, handle));
}

TEST_HARNESS_MAIN
