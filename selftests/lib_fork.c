// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a forked child, however it was made, has nothing of its parent's until it reopens
 * it, that the parent notices nothing, and that no lock that another thread held at
 * that moment is held in the child.
 */
#include "lib_test.h"

#include <sys/syscall.h>

#define BLOCKS	1024
#define HALF	128

FIXTURE(lib_fork) {
	int dev;
	struct mpdemo_pool *pool;
	struct mpdemo_cache *cache;
	struct mpdemo_arena *arena;
	struct mpdemo_heap *heap;
	void *block, *piece, *small, *large, *tls, *temp;
	uint64_t handle, offset;
};

FIXTURE_VARIANT(lib_fork) {
	bool raw;
};

FIXTURE_VARIANT_ADD(lib_fork, fork) {
	.raw = false,
};

FIXTURE_VARIANT_ADD(lib_fork, clone) {
	.raw = true,
};

FIXTURE_SETUP(lib_fork)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = mpdemo_pool_create(self->dev, 64, BLOCKS, 0);
	ASSERT_NE(NULL, self->pool);
	self->arena = mpdemo_arena_create(self->dev, 65536);
	ASSERT_NE(NULL, self->arena);
	self->heap = mpdemo_heap_create(self->dev, 1 << 20);
	ASSERT_NE(NULL, self->heap);
	self->cache = mpdemo_cache_get(self->pool);
	ASSERT_NE(NULL, self->cache);
	self->block = mpdemo_cache_alloc(self->cache);
	self->piece = mpdemo_arena_alloc(self->arena, 64, 0);
	self->small = mpdemo_heap_alloc(self->heap, 64);
	self->large = mpdemo_heap_alloc(self->heap, 10000);
	self->tls = mpdemo_tls_alloc_small();
	self->temp = mpdemo_tls_alloc_temp(100);
	ASSERT_TRUE(self->block && self->piece && self->small && self->large && self->tls &&
		    self->temp);
	self->handle = mpdemo_pool_handle(self->pool, self->block);
	self->offset = mpdemo_arena_offset(self->arena, self->piece);
	strcpy(self->block, "block");
	strcpy(self->piece, "piece");
	strcpy(self->small, "small");
	strcpy(self->large, "large");
	strcpy(self->tls, "tls");
	strcpy(self->temp, "temp");
}

FIXTURE_TEARDOWN(lib_fork)
{
	mpdemo_heap_close(self->heap);
	mpdemo_arena_close(self->arena);
	mpdemo_pool_close(self->pool);
	close(self->dev);
}

static pid_t make_child(bool raw)
{
	return raw ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
}

static void child_has_nothing(FIXTURE_DATA(lib_fork) *self)
{
	struct mpdemo_info info = { .size = sizeof(info) };
	void *blocks[4];
	uint64_t handle;
	int i;

	for (i = 0; i < 2; i++) {
		CHILD_NO(EOWNERDEAD, mpdemo_cache_alloc(self->cache));
		CHILD_CHECK(mpdemo_cache_free(self->cache, self->block) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_cache_flush(self->cache) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_cache_get(self->pool));
		CHILD_NO(EOWNERDEAD, mpdemo_pool_alloc(self->pool));
		CHILD_CHECK(mpdemo_pool_free(self->pool, self->block) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_pool_alloc_bulk(self->pool, 4, blocks) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_pool_free_bulk(self->pool, 1, &self->block) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_pool_handle(self->pool, self->block));
		CHILD_NO(EOWNERDEAD, mpdemo_pool_address(self->pool, 1ULL << 32));
		CHILD_CHECK(mpdemo_pool_keep(self->pool, self->block, &handle) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_pool_take(self->pool, 1ULL << 32));
		CHILD_CHECK(mpdemo_pool_info(self->pool, &info) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_pool_set_cache(self->pool, 2) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_arena_alloc(self->arena, 8, 0));
		CHILD_NO(EOWNERDEAD, mpdemo_arena_address(self->arena, self->offset));
		CHILD_CHECK(mpdemo_arena_reset(self->arena) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_arena_info(self->arena, &info) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_heap_alloc(self->heap, 64));
		CHILD_NO(EOWNERDEAD, mpdemo_heap_alloc(self->heap, 10000));
		CHILD_CHECK(mpdemo_heap_free(self->heap, self->small) == -EOWNERDEAD);
		CHILD_CHECK(mpdemo_heap_free(self->heap, self->large) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_heap_realloc(self->heap, self->small, 64, 65));
		CHILD_NO(EOWNERDEAD, mpdemo_heap_realloc(self->heap, self->large, 64, 65));
		CHILD_NO(EOWNERDEAD, mpdemo_tls_alloc_small());
		CHILD_CHECK(mpdemo_tls_free_small(self->tls) == -EOWNERDEAD);
		CHILD_NO(EOWNERDEAD, mpdemo_tls_alloc_temp(1));
		mpdemo_tls_reset_temp();
	}
}

static void child_reopens(FIXTURE_DATA(lib_fork) *self)
{
	struct mpdemo_cache *cache;
	void *block, *parents;
	__u64 before;
	char *p;

	CHILD_CHECK(mpdemo_pool_reopen(self->pool) == 0);
	CHILD_CHECK(mpdemo_pool_reopen(self->pool) == 0);
	/* What is shared is there again, but is the parent's. */
	parents = mpdemo_pool_address(self->pool, self->handle);
	CHILD_CHECK(!strcmp(parents, "block"));
	CHILD_CHECK(mpdemo_pool_free_bulk(self->pool, 1, &parents) == -EALREADY);
	before = lib_in_use(self->pool);
	block = mpdemo_pool_alloc(self->pool);
	CHILD_CHECK(block && block != parents);
	CHILD_CHECK(lib_in_use(self->pool) == before + HALF);
	CHILD_NO(EOWNERDEAD, mpdemo_cache_alloc(self->cache));
	cache = mpdemo_cache_get(self->pool);
	CHILD_CHECK(cache && cache != self->cache);
	CHILD_CHECK(mpdemo_cache_free(cache, block) == 0);

	CHILD_CHECK(mpdemo_arena_reopen(self->arena) == 0);
	p = mpdemo_arena_address(self->arena, self->offset);
	CHILD_CHECK(!strcmp(p, "piece"));
	CHILD_CHECK((char *)mpdemo_arena_alloc(self->arena, 64, 0) > p);

	CHILD_CHECK(mpdemo_heap_reopen(self->heap) == 0);
	p = mpdemo_heap_alloc(self->heap, 64);
	CHILD_CHECK(p && strcmp(p, "small"));
	p = mpdemo_heap_realloc(self->heap, p, 64, 10000);
	CHILD_CHECK(p && strcmp(p, "large"));
	CHILD_CHECK(mpdemo_heap_free(self->heap, p) == 0);

	mpdemo_tls_reopen();
	p = mpdemo_tls_alloc_small();
	CHILD_CHECK(p && strcmp(p, "tls"));
	CHILD_CHECK(mpdemo_tls_free_small(p) == 0);
	p = mpdemo_tls_alloc_temp(10);
	CHILD_CHECK(p && strcmp(p, "temp"));
}

#define EXPECT_PARENT_HAS_ALL(self)						\
do {										\
	EXPECT_STREQ("block", (self)->block);					\
	EXPECT_STREQ("piece", (self)->piece);					\
	EXPECT_STREQ("small", (self)->small);					\
	EXPECT_STREQ("large", (self)->large);					\
	EXPECT_STREQ("tls", (self)->tls);					\
	EXPECT_STREQ("temp", (self)->temp);					\
	/* All that the child had is back. */					\
	EXPECT_TRUE(POLL_UNTIL(lib_in_use((self)->pool) == HALF));		\
	EXPECT_EQ(HALF - 1, (self)->cache->count);						\
	EXPECT_EQ(0, mpdemo_cache_free((self)->cache, (self)->block));		\
	EXPECT_EQ((self)->block, mpdemo_cache_alloc((self)->cache));		\
	EXPECT_EQ(0, mpdemo_heap_free((self)->heap, (self)->small));		\
	EXPECT_EQ(0, mpdemo_heap_free((self)->heap, (self)->large));		\
	EXPECT_EQ(0, mpdemo_tls_free_small((self)->tls));			\
} while (0)

TEST_F(lib_fork, reopens)
{
	pid_t pid = make_child(variant->raw);

	if (!pid) {
		child_has_nothing(self);
		child_reopens(self);
		/* Its own child is one as well. */
		pid = make_child(variant->raw);
		if (!pid) {
			child_has_nothing(self);
			child_reopens(self);
			_exit(0);
		}
		CHILD_CHECK(wait_child(pid) == 0);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_PARENT_HAS_ALL(self);
}

/* Also where it never reopens. */
TEST_F(lib_fork, closes)
{
	int fds = fd_count();
	pid_t pid = make_child(variant->raw);

	if (!pid) {
		CHILD_CHECK(mpdemo_pool_close(self->pool) == 0);
		mpdemo_arena_close(self->arena);
		mpdemo_heap_close(self->heap);
		mpdemo_tls_reopen();
		/* The pool, the arena, the heap's 26, the thread's two. */
		CHILD_CHECK(fd_count() == fds - 30);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_PARENT_HAS_ALL(self);
}

static volatile bool stop;

static void *begin_and_end(void *data)
{
	int dev = *(int *)data;

	while (!stop) {
		struct mpdemo_pool *pool = mpdemo_pool_create(dev, 64, 200, 0);

		mpdemo_pool_free(pool, mpdemo_pool_alloc(pool));
		mpdemo_pool_close(pool);
	}
	return NULL;
}

static void *alloc_and_free(void *data)
{
	while (!stop)
		mpdemo_heap_free(data, mpdemo_heap_alloc(data, 10000));
	return NULL;
}

/* The locks of the library are held most of the time. */
TEST_F(lib_fork, locks)
{
	int i, n = rounds(50);
	pthread_t threads[3];

	stop = false;
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, begin_and_end, &self->dev));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, begin_and_end, &self->dev));
	ASSERT_EQ(0, pthread_create(&threads[2], NULL, alloc_and_free, self->heap));
	for (i = 0; i < n; i++) {
		pid_t pid = make_child(variant->raw);

		if (!pid) {
			alarm(10);
			CHILD_CHECK(mpdemo_pool_reopen(self->pool) == 0);
			CHILD_CHECK(mpdemo_pool_alloc(self->pool));
			CHILD_NO(EOWNERDEAD, mpdemo_heap_alloc(self->heap, 10000));
			CHILD_CHECK(mpdemo_heap_free(self->heap, self->large) == -EOWNERDEAD);
			_exit(0);
		}
		CHECK(0, wait_child(pid), "child %d", i);
	}
	stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void *use(void *data)
{
	void *block = mpdemo_pool_alloc(data);

	return block && !mpdemo_pool_free(data, block) ? data : NULL;
}

/* Threads of the child come and go as those of any process. */
TEST(child_threads)
{
	struct mpdemo_pool *pool;
	void *result = NULL;
	pthread_t thread;
	pid_t pid;
	int dev;

	DEV_OPEN_OR_SKIP(dev);
	pool = mpdemo_pool_create(dev, 64, BLOCKS, 0);
	ASSERT_NE(NULL, pool);
	ASSERT_NE(NULL, mpdemo_pool_alloc(pool));
	pid = fork_child();
	if (!pid) {
		CHILD_CHECK(mpdemo_pool_reopen(pool) == 0);
		CHILD_CHECK(!pthread_create(&thread, NULL, use, pool));
		CHILD_CHECK(!pthread_join(thread, &result));
		CHILD_CHECK(result);
		/* Its cache is empty, the parent's is not. */
		CHILD_CHECK(lib_in_use(pool) == HALF);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(1, mpdemo_pool_close(pool));
	close(dev);
}

TEST_HARNESS_MAIN
