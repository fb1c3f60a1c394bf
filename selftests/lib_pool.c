// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that pools of libmpdemo are exact through the caches of threads, whatever those who
 * share them write to the blocks; that caches go back when threads exit or pools are closed; and
 * that what is freed twice is found.
 */
#include "lib_test.h"

#define BLOCKS	1024
#define CACHE	256
#define SIZE	64

FIXTURE(lib_pool) {
	int dev;
	struct mpdemo_pool *pool;
};

FIXTURE_SETUP(lib_pool)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = mpdemo_pool_create(self->dev, SIZE, BLOCKS, 0);
	ASSERT_NE(NULL, self->pool);
}

FIXTURE_TEARDOWN(lib_pool)
{
	mpdemo_pool_close(self->pool);
	close(self->dev);
}

TEST_F(lib_pool, one)
{
	char *block = mpdemo_pool_alloc(self->pool), *again;

	ASSERT_NE(NULL, block);
	memset(block, 0x5a, SIZE);
	EXPECT_EQ(0, mpdemo_pool_free(self->pool, block));
	EXPECT_EQ(0, mpdemo_pool_free(self->pool, NULL));
	again = mpdemo_pool_alloc(self->pool);
	EXPECT_EQ(block, again);
	EXPECT_EQ(0x5a, again[SIZE - 1]);
}

/* One call to the kernel for half a cache, and none for what is freed and allocated again. */
TEST_F(lib_pool, batches)
{
	struct mpdemo_cache *cache = mpdemo_cache_get(self->pool);
	void *blocks[BLOCKS];
	int i;

	ASSERT_NE(NULL, cache);
	EXPECT_EQ(cache, mpdemo_cache_get(self->pool));
	for (i = 0; i < BLOCKS; i++) {
		blocks[i] = mpdemo_cache_alloc(cache);
		CHECK(i / 128 * 128 + 128, lib_in_use(self->pool), "allocation %d", i);
	}
	for (i = 0; i < BLOCKS; i++) {
		EXPECT_EQ(0, mpdemo_cache_free(cache, blocks[i]));
		/* The cache takes 256, the threads of this process another 256. */
		CHECK(i < 512 ? BLOCKS : BLOCKS - (i - 512) / 128 * 128 - 128,
		      lib_in_use(self->pool), "free %d", i);
	}
	for (i = 0; i < 512; i++)
		EXPECT_NE(NULL, mpdemo_cache_alloc(cache));
	EXPECT_EQ(512, lib_in_use(self->pool));
	EXPECT_NE(NULL, mpdemo_cache_alloc(cache));
	EXPECT_EQ(640, lib_in_use(self->pool));
	EXPECT_EQ(0, mpdemo_cache_flush(cache));
	EXPECT_EQ(513, lib_in_use(self->pool));
}

/* Found before a block that is free twice gets to two threads. */
TEST_F(lib_pool, twice_between_threads)
{
	struct mpdemo_cache *cache = mpdemo_cache_get(self->pool);
	void *blocks[CACHE + 1];
	int i;

	ASSERT_NE(NULL, cache);
	for (i = 0; i < CACHE; i++)
		blocks[i] = mpdemo_cache_alloc(cache);
	EXPECT_EQ(0, mpdemo_cache_free(cache, blocks[0]));
	for (i = 0; i < CACHE - 1; i++)
		EXPECT_EQ(0, mpdemo_cache_free(cache, blocks[i]));
	EXPECT_EQ(-EALREADY, mpdemo_cache_free(cache, blocks[i]));
	EXPECT_EQ(1, mpdemo_pool_bad_frees(self->pool));
	/* Each once. */
	EXPECT_EQ(0, mpdemo_cache_flush(cache));
	EXPECT_EQ(0, lib_in_use(self->pool));
}

static int by_address(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* All blocks, each once, and then no more; though every byte was written to before. */
TEST_F(lib_pool, exact)
{
	void *blocks[BLOCKS];
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < BLOCKS; i++) {
			blocks[i] = mpdemo_pool_alloc(self->pool);
			ASSERT_NE(NULL, blocks[i]);
		}
		EXPECT_NO(EAGAIN, mpdemo_pool_alloc(self->pool));
		qsort(blocks, BLOCKS, sizeof(*blocks), by_address);
		for (i = 1; i < BLOCKS; i++)
			CHECK(SIZE, (char *)blocks[i] - (char *)blocks[i - 1], "block %d", i);
		for (i = 0; i < BLOCKS; i++)
			EXPECT_EQ(0, mpdemo_pool_free(self->pool, blocks[i]));
		memset(blocks[0], 0xff << round, BLOCKS * SIZE);
	}
	EXPECT_EQ(0, mpdemo_pool_bad_frees(self->pool));
}

TEST_F(lib_pool, bulk)
{
	void *blocks[BLOCKS + 1];
	char *block;
	int i, j;

	EXPECT_EQ(-ENOSPC, mpdemo_pool_alloc_bulk(self->pool, BLOCKS + 1, blocks));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mpdemo_pool_alloc_bulk(self->pool, BLOCKS, blocks));
		EXPECT_EQ(BLOCKS, lib_in_use(self->pool));
		EXPECT_EQ(-EAGAIN, mpdemo_pool_alloc_bulk(self->pool, 1, blocks + BLOCKS));
		for (j = 0; j < BLOCKS; j++) {
			block = blocks[j];
			CHECK(0, block[0] | block[SIZE - 1], "block %d", j);
			memset(block, 0xa5, SIZE);
		}
		EXPECT_EQ(0, mpdemo_pool_free_bulk(self->pool, BLOCKS, blocks));
		EXPECT_EQ(0, lib_in_use(self->pool));
	}
	EXPECT_EQ(-EALREADY, mpdemo_pool_free_bulk(self->pool, BLOCKS, blocks));
	EXPECT_EQ(BLOCKS, mpdemo_pool_bad_frees(self->pool));
	EXPECT_EQ(-ERANGE, mpdemo_pool_alloc_bulk(self->pool, 0, blocks));
}

/* Where the kernel refuses a call as a whole no block is refused, nor lost. */
TEST_F(lib_pool, refused_as_a_whole)
{
	struct mpdemo_reopen read_only = {
		.size = sizeof(read_only), .flags = MPDEMO_ACCESS_READ,
	};
	int fd = mpdemo_pool_fd(self->pool), saved = dup(fd);
	void *blocks[3];

	ASSERT_LE(0, saved);
	ASSERT_EQ(0, mpdemo_pool_alloc_bulk(self->pool, 3, blocks));
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_REOPEN, &read_only));
	ASSERT_EQ(fd, dup2(read_only.out_fd, fd));
	EXPECT_EQ(-EBADF, mpdemo_pool_free_bulk(self->pool, 3, blocks));
	EXPECT_EQ(-EBADF, mpdemo_pool_free_bulk(self->pool, 1, blocks));
	EXPECT_EQ(0, mpdemo_pool_bad_frees(self->pool));
	EXPECT_NE(0, mpdemo_pool_handle(self->pool, blocks[2]));
	ASSERT_EQ(fd, dup2(saved, fd));
	EXPECT_EQ(0, mpdemo_pool_free_bulk(self->pool, 3, blocks));
	EXPECT_EQ(0, lib_in_use(self->pool));
	EXPECT_EQ(0, mpdemo_pool_free_bulk(self->pool, 0, blocks));
	close(read_only.out_fd);
	close(saved);
}

/* One wrong address does not keep the others from being freed. */
TEST_F(lib_pool, bad_frees)
{
	struct mpdemo_cache *cache = mpdemo_cache_get(self->pool);
	char *a = mpdemo_cache_alloc(cache), *b = mpdemo_cache_alloc(cache), outside;

	EXPECT_EQ(0, mpdemo_cache_free(cache, a));
	EXPECT_EQ(0, mpdemo_cache_free(cache, a));
	EXPECT_EQ(0, mpdemo_cache_free(cache, b));
	EXPECT_EQ(-EALREADY, mpdemo_cache_flush(cache));
	EXPECT_EQ(1, mpdemo_pool_bad_frees(self->pool));
	EXPECT_EQ(0, lib_in_use(self->pool));

	a = mpdemo_cache_alloc(cache);
	EXPECT_EQ(0, mpdemo_cache_free(cache, a + 1));
	EXPECT_EQ(0, mpdemo_cache_free(cache, &outside));
	EXPECT_EQ(0, mpdemo_cache_free(cache, a));
	EXPECT_EQ(-EINVAL, mpdemo_cache_flush(cache));
	EXPECT_EQ(3, mpdemo_pool_bad_frees(self->pool));
	EXPECT_EQ(0, lib_in_use(self->pool));
}

TEST_F(lib_pool, close_with_outstanding)
{
	struct mpdemo_pool *other = mpdemo_pool_from_fd(mpdemo_pool_fd(self->pool));
	struct mpdemo_info info = { .size = sizeof(info) };
	void *blocks[3];

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, mpdemo_pool_alloc_bulk(other, 2, blocks));
	ASSERT_NE(NULL, mpdemo_pool_alloc(other));
	EXPECT_EQ(2 + CACHE / 2, lib_in_use(self->pool));
	/* What was in the cache is not outstanding. */
	EXPECT_EQ(3, mpdemo_pool_close(other));
	EXPECT_TRUE(POLL_UNTIL(!lib_in_use(self->pool)));
	ASSERT_EQ(0, mpdemo_pool_info(self->pool, &info));
	EXPECT_EQ(3, info.out_reclaimed);
	EXPECT_EQ(0, mpdemo_pool_close(NULL));
}

TEST_F(lib_pool, no_cache)
{
	void *block;

	EXPECT_EQ(-ERANGE, mpdemo_pool_set_cache(self->pool, MPDEMO_CACHE_MAX + 1));
	ASSERT_EQ(0, mpdemo_pool_set_cache(self->pool, 0));
	block = mpdemo_pool_alloc(self->pool);
	ASSERT_NE(NULL, block);
	EXPECT_EQ(1, lib_in_use(self->pool));
	EXPECT_EQ(0, mpdemo_pool_free(self->pool, block));
	EXPECT_EQ(0, lib_in_use(self->pool));
	EXPECT_EQ(-EALREADY, mpdemo_pool_free(self->pool, block));
	EXPECT_EQ(-EBUSY, mpdemo_pool_set_cache(self->pool, 2));
}

TEST_F(lib_pool, refused)
{
	char name[MPDEMO_NAME_SIZE + 1];
	struct mpdemo_arena *arena;
	int fds = fd_count();

	memset(name, 'x', MPDEMO_NAME_SIZE);
	name[MPDEMO_NAME_SIZE] = '\0';
	EXPECT_NO(ERANGE, mpdemo_pool_create(self->dev, 0, 1, 0));
	EXPECT_NO(ERANGE, mpdemo_pool_create(self->dev, 8, 1, 1ULL << 32));
	EXPECT_NO(ENAMETOOLONG, mpdemo_pool_open(self->dev, name, MPDEMO_ACCESS_RW));
	EXPECT_NO(ENOENT, mpdemo_pool_open(self->dev, "nobody", MPDEMO_ACCESS_RW));
	EXPECT_NO(EBADF, mpdemo_pool_create(-1, 8, 1, 0));
	EXPECT_NO(ENOTTY, mpdemo_pool_from_fd(self->dev));
	EXPECT_EQ(-ENOTDIR, mpdemo_device_open("/dev/null/x"));
	arena = mpdemo_arena_create(self->dev, 4096);
	ASSERT_NE(NULL, arena);
	EXPECT_NO(EOPNOTSUPP, mpdemo_pool_from_fd(mpdemo_arena_fd(arena)));
	mpdemo_arena_close(arena);
	EXPECT_EQ(fds, fd_count());
}

TEST_F(lib_pool, arena)
{
	struct mpdemo_arena *arena = mpdemo_arena_create(self->dev, 65536), *other;
	struct mpdemo_info info = { .size = sizeof(info) };
	char *a, *b;

	ASSERT_NE(NULL, arena);
	other = mpdemo_arena_from_fd(mpdemo_arena_fd(arena));
	ASSERT_NE(NULL, other);
	a = mpdemo_arena_alloc(arena, 100, 0);
	b = mpdemo_arena_alloc(other, 100, 256);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(0, (uintptr_t)b % 256);
	/* The same memory at two addresses. */
	a[0] = 1;
	EXPECT_EQ(1, b[-256]);
	EXPECT_EQ(mpdemo_arena_offset(arena, a) + 256, mpdemo_arena_offset(other, b));
	EXPECT_EQ(b - 256, mpdemo_arena_address(other, mpdemo_arena_offset(arena, a)));
	EXPECT_NO(ERANGE, mpdemo_arena_address(arena, 65536));
	EXPECT_NO(ENOSPC, mpdemo_arena_alloc(arena, 65536, 0));
	EXPECT_NO(ERANGE, mpdemo_arena_alloc(arena, 0, 0));
	EXPECT_NO(ERANGE, mpdemo_arena_alloc(arena, 8, 1ULL << 32));
	ASSERT_EQ(0, mpdemo_arena_info(arena, &info));
	EXPECT_EQ(356, info.out_in_use);
	EXPECT_EQ(0, mpdemo_arena_reset(other));
	EXPECT_EQ(a, mpdemo_arena_alloc(arena, 65536, 0));
	EXPECT_EQ(0, a[0]);
	mpdemo_arena_close(other);
	mpdemo_arena_close(arena);
}

static void *free_later(void *data)
{
	struct mpdemo_pool *pool = ((void **)data)[0];

	while (!mpdemo_pool_info(pool, ((void **)data)[2]) &&
	       !((struct mpdemo_info *)((void **)data)[2])->out_waiters)
		sched_yield();
	mpdemo_pool_free_bulk(pool, 1, (void **)data + 1);
	return NULL;
}

TEST_F(lib_pool, deadline)
{
	void *blocks[BLOCKS];
	struct mpdemo_info info = { .size = sizeof(info) };
	void *data[3] = { self->pool, NULL, &info };
	pthread_t thread;
	__u64 begin;

	ASSERT_EQ(0, mpdemo_pool_alloc_bulk(self->pool, BLOCKS, blocks));
	begin = now_ms();
	EXPECT_NO(ETIMEDOUT, mpdemo_pool_alloc_until(self->pool, (begin + 50) * 1000000));
	EXPECT_LE(begin + 50, now_ms());
	data[1] = blocks[7];
	ASSERT_EQ(0, pthread_create(&thread, NULL, free_later, data));
	EXPECT_EQ(blocks[7], mpdemo_pool_alloc_until(self->pool, MPDEMO_NO_DEADLINE));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, mpdemo_pool_free(self->pool, blocks[7]));
	EXPECT_EQ(blocks[7], mpdemo_pool_alloc_until(self->pool, 1));
}

TEST_F(lib_pool, grows_with_quota)
{
	struct mpdemo_pool_create how = {
		.size = sizeof(how), .block_size = SIZE, .blocks = 64, .max_blocks = 4096,
		.chunk_blocks = 64, .quota = 1000,
	};
	struct mpdemo_pool *pool = mpdemo_pool_create_as(self->dev, &how);
	char *blocks[1000];
	int i;

	ASSERT_NE(NULL, pool);
	for (i = 0; i < 1000; i++) {
		blocks[i] = mpdemo_pool_alloc(pool);
		ASSERT_NE(NULL, blocks[i]);
		memset(blocks[i], i, SIZE);
	}
	EXPECT_NO(EDQUOT, mpdemo_pool_alloc(pool));
	for (i = 0; i < 1000; i++) {
		CHECK((char)i, blocks[i][SIZE - 1], "block %d", i);
		EXPECT_EQ(0, mpdemo_pool_free(pool, blocks[i]));
	}
	EXPECT_EQ(0, mpdemo_pool_close(pool));
}

TEST_F(lib_pool, arena_marks)
{
	struct mpdemo_arena *arena = mpdemo_arena_create(self->dev, 65536);
	struct mpdemo_arena_place mark = { .size = sizeof(mark) };
	void *piece;

	ASSERT_NE(NULL, arena);
	ASSERT_NE(NULL, mpdemo_arena_alloc(arena, 100, 0));
	ASSERT_EQ(0, mpdemo_arena_mark(arena, &mark));
	piece = mpdemo_arena_alloc(arena, 100, 0);
	ASSERT_NE(NULL, piece);
	EXPECT_EQ(0, mpdemo_arena_rollback(arena, &mark));
	EXPECT_EQ(piece, mpdemo_arena_alloc(arena, 100, 0));
	EXPECT_EQ(0, mpdemo_arena_reset(arena));
	EXPECT_EQ(-ESTALE, mpdemo_arena_rollback(arena, &mark));
	mpdemo_arena_close(arena);
}

static bool is_untouched(const void *p, size_t bytes)
{
	const unsigned char *byte = p;

	while (bytes && byte[bytes - 1] == 0x5a)
		bytes--;
	return !bytes;
}

/* Whoever was built with an older header has the shorter structure of then. */
TEST_F(lib_pool, older_callers)
{
	const size_t old = offsetof(struct mpdemo_info, out_map_bytes);
	struct mpdemo_arena *arena = mpdemo_arena_create(self->dev, 4096);
	struct mpdemo_pool_create how;
	struct mpdemo_info info;
	struct mpdemo_pool *pool;

	ASSERT_NE(NULL, arena);
	memset(&info, 0x5a, sizeof(info));
	info.size = old;
	info.flags = 0;
	EXPECT_EQ(0, mpdemo_pool_info(self->pool, &info));
	EXPECT_EQ(MPDEMO_OBJECT_POOL, info.out_kind);
	EXPECT_EQ(BLOCKS, info.out_capacity);
	EXPECT_EQ(0, mpdemo_arena_info(arena, &info));
	EXPECT_EQ(MPDEMO_OBJECT_ARENA, info.out_kind);
	EXPECT_EQ(4096, info.out_capacity);
	EXPECT_EQ(old, info.size);
	EXPECT_TRUE(is_untouched((char *)&info + old, sizeof(info) - old));
	info.size = old - 8;
	EXPECT_EQ(-EINVAL, mpdemo_pool_info(self->pool, &info));
	EXPECT_EQ(-EINVAL, mpdemo_arena_info(arena, &info));
	mpdemo_arena_close(arena);

	memset(&how, 0x5a, sizeof(how));
	how.size = offsetof(struct mpdemo_pool_create, max_blocks);
	how.flags = 0;
	how.align = 0;
	how.block_size = 8;
	how.blocks = 8;
	pool = mpdemo_pool_create_as(self->dev, &how);
	EXPECT_NE(NULL, pool);
	EXPECT_EQ(0, mpdemo_pool_close(pool));
	how.size -= 8;
	EXPECT_NO(EINVAL, mpdemo_pool_create_as(self->dev, &how));
	how.size = 3;
	EXPECT_NO(EINVAL, mpdemo_pool_create_as(self->dev, &how));
}

/* And with a newer one a longer structure; what it wants of the kernel beyond is refused. */
TEST_F(lib_pool, newer_callers)
{
	struct mpdemo_arena *arena = mpdemo_arena_create(self->dev, 4096);
	struct {
		struct mpdemo_arena_place place;
		__u64 more;
	} mark = { .place.size = sizeof(mark) };
	struct {
		struct mpdemo_pool_create how;
		__u64 more;
	} create = {
		.how = { .size = sizeof(create), .block_size = 8, .blocks = 8 },
	};
	struct mpdemo_pool *pool;

	ASSERT_NE(NULL, arena);
	EXPECT_EQ(0, mpdemo_arena_mark(arena, &mark.place));
	EXPECT_EQ(sizeof(mark), mark.place.size);
	EXPECT_EQ(0, mpdemo_arena_rollback(arena, &mark.place));
	mark.more = 1;
	EXPECT_EQ(-E2BIG, mpdemo_arena_mark(arena, &mark.place));
	EXPECT_EQ(-E2BIG, mpdemo_arena_rollback(arena, &mark.place));
	mark.place.size = sizeof(mark.place) - 8;
	EXPECT_EQ(-EINVAL, mpdemo_arena_mark(arena, &mark.place));
	EXPECT_EQ(-EINVAL, mpdemo_arena_rollback(arena, &mark.place));
	mpdemo_arena_close(arena);

	pool = mpdemo_pool_create_as(self->dev, &create.how);
	EXPECT_NE(NULL, pool);
	EXPECT_EQ(0, mpdemo_pool_close(pool));
	create.more = 1;
	EXPECT_NO(E2BIG, mpdemo_pool_create_as(self->dev, &create.how));
	create.how.size = 1U << 20;
	EXPECT_NO(E2BIG, mpdemo_pool_create_as(self->dev, &create.how));
}

TEST_HARNESS_MAIN
