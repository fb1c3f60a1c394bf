// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that each tracepoint tells of what was done, with the right values and as often
 * as it was done, of no more than is asked for, and that to trace changes nothing.
 *
 * In an instance of its own, so that nothing else is in its buffer; and only what this
 * program does.
 */
#include "mpdemo_test.h"

#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/mpdemo_test"
#define EVENTS		INSTANCE "/events/mempool_demo"

#define BLOCK		40
#define BLOCKS		8

FIXTURE(trace) {
	int dev;
	char *text;
};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int set_filter(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return write_file(EVENTS "/filter", text);
}

FIXTURE_SETUP(trace)
{
	DEV_OPEN_OR_SKIP(self->dev);
	/* Mounted or not. */
	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "/events/mempool_demo", F_OK))
		SKIP(return, "this kernel has no tracepoints");
	rmdir(INSTANCE);
	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, set_filter("common_pid == %d", getpid()));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	self->text = NULL;
}

FIXTURE_TEARDOWN(trace)
{
	write_file(EVENTS "/enable", "0");
	rmdir(INSTANCE);
	free(self->text);
	close(self->dev);
}

/* What there is in the buffer so far; its lines are cut at their ends. */
static const char *read_trace(FIXTURE_DATA(trace) *self)
{
	size_t size = 1 << 20, length = 0;
	int fd = open(INSTANCE "/trace", O_RDONLY);
	ssize_t got = 0;

	free(self->text);
	self->text = calloc(1, size);
	while (fd >= 0 && self->text && length < size - 1 &&
	       (got = read(fd, self->text + length, size - 1 - length)) > 0)
		length += got;
	close(fd);
	return self->text && got >= 0 ? self->text : "";
}

/* Events that have both texts in their line. */
static int count(FIXTURE_DATA(trace) *self, const char *one, const char *other)
{
	const char *line = read_trace(self), *end;
	int n = 0;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		const char *a = strstr(line, one), *b = strstr(line, other);

		if (*line != '#' && a && a < end && b && b < end)
			n++;
	}
	return n;
}

static int count_all(FIXTURE_DATA(trace) *self)
{
	return count(self, "mpdemo_", "");
}

/* Each block by itself, also of a bulk, and what is taken back at the end. */
TEST_F(trace, pool)
{
	__u64 handles[BLOCKS];
	char text[64];
	int pool;

	pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, pool);
	EXPECT_EQ(0, count_all(self));

	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pool_alloc(pool, &handles[i]));
	ASSERT_EQ(0, pool_alloc_bulk(pool, 2, handles + 3));
	ASSERT_EQ(0, pool_alloc_wait(pool, 0, in_ms(1000), handles + 5));
	EXPECT_EQ(6, count(self, "mpdemo_pool_alloc: name=anonymous index=",
			   " bytes=40 gfp_flags=none caller="));
	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), " index=%u ptr=", MPDEMO_HANDLE_INDEX(handles[i]));
		CHECK(1, count(self, "mpdemo_pool_alloc:", text), "block %d", i);
	}

	ASSERT_EQ(0, pool_free(pool, handles[0]));
	ASSERT_EQ(0, pool_free_bulk(pool, 2, handles + 1));
	EXPECT_EQ(3, count(self, "mpdemo_pool_free: name=anonymous index=",
			   " bytes=40 caller="));
	/* The handle is refused; the pool does not get to see it. */
	EXPECT_EQ(-EALREADY, pool_free(pool, handles[0]));
	EXPECT_EQ(3, count(self, "mpdemo_pool_free:", ""));

	close(pool);
	EXPECT_EQ(6, count(self, "mpdemo_pool_free:", ""));
	EXPECT_EQ(6, count(self, "mpdemo_pool_alloc:", ""));
	EXPECT_EQ(12, count_all(self));
}

TEST_F(trace, pool_fail)
{
	__u64 handles[BLOCKS + 1];
	int pool;

	pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, pool);
	EXPECT_EQ(-ENOSPC, pool_alloc_bulk(pool, BLOCKS + 1, handles));
	EXPECT_EQ(1, count(self, "mpdemo_pool_fail: name=anonymous wanted=9 bytes=40",
			   " why=too-many caller="));
	ASSERT_EQ(0, pool_alloc_bulk(pool, BLOCKS, handles));
	EXPECT_EQ(-EAGAIN, pool_alloc(pool, handles + BLOCKS));
	EXPECT_EQ(-EAGAIN, pool_alloc_bulk(pool, 2, handles));
	EXPECT_EQ(-ETIMEDOUT, pool_alloc_wait(pool, 0, in_ms(1), handles));
	EXPECT_EQ(2, count(self, "mpdemo_pool_fail:", " wanted=1 bytes=40 why=exhausted"));
	EXPECT_EQ(1, count(self, "mpdemo_pool_fail:", " wanted=2 bytes=40 why=exhausted"));
	EXPECT_EQ(4, count(self, "mpdemo_pool_fail:", ""));
	close(pool);
}

TEST_F(trace, pool_grow_and_shrink)
{
	__u64 handles[3 * BLOCKS], none;
	int pool;

	/* In pages, so that no number is rounded up to fill one. */
	pool = pool_create_growing(self->dev, 4096, BLOCKS, 3 * BLOCKS, BLOCKS);
	ASSERT_LE(0, pool);
	EXPECT_EQ(1, count(self, "mpdemo_pool_grow:", " blocks=8 present=8 max=24"));
	ASSERT_EQ(0, pool_alloc_bulk(pool, 3 * BLOCKS, handles));
	EXPECT_EQ(1, count(self, "mpdemo_pool_grow: name=anonymous blocks=8",
			   " present=24 max=24"));
	EXPECT_EQ(24, count(self, "mpdemo_pool_alloc:", ""));
	EXPECT_EQ(-EAGAIN, pool_alloc(pool, &none));
	EXPECT_EQ(1, count(self, "mpdemo_pool_fail:", " why=maximum"));

	ASSERT_EQ(0, pool_free_bulk(pool, 3 * BLOCKS, handles));
	EXPECT_EQ(0, count(self, "mpdemo_pool_shrink:", ""));
	/* Whoever asks for it is who shrinks. */
	ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "2"));
	EXPECT_LE(1, count(self, "mpdemo_pool_shrink: name=anonymous blocks=8",
			   " max=24"));
	close(pool);
}

TEST_F(trace, arena)
{
	struct mpdemo_arena_place place;
	__u64 offset;
	int arena;

	arena = arena_create(self->dev, 4096);
	ASSERT_LE(0, arena);
	ASSERT_EQ(0, arena_alloc(arena, 100, 8, &offset));
	EXPECT_EQ(1, count(self, "mpdemo_arena_alloc: name=anonymous ptr=",
			   " bytes=100 align=8 gfp_flags=none caller="));
	EXPECT_EQ(-ENOSPC, arena_alloc(arena, 4000, 16, &offset));
	EXPECT_EQ(1, count(self, "mpdemo_arena_fail: name=anonymous",
			   " bytes=4000 align=16"));
	ASSERT_EQ(0, arena_mark(arena, &place));
	ASSERT_EQ(0, arena_alloc(arena, 50, 1, &offset));
	ASSERT_EQ(0, arena_rollback(arena, &place));
	EXPECT_EQ(1, count(self, "mpdemo_arena_rollback: name=anonymous bytes=50 ", ""));
	ASSERT_EQ(0, arena_reset(arena, NULL));
	EXPECT_EQ(1, count(self, "mpdemo_arena_reset: name=anonymous bytes=100 ", ""));
	/* That is dead. */
	EXPECT_EQ(-ESTALE, arena_rollback(arena, &place));
	EXPECT_EQ(1, count(self, "mpdemo_arena_rollback:", ""));
	EXPECT_EQ(5, count_all(self));
	close(arena);
}

TEST_F(trace, heap)
{
	__u64 small, large, none;
	int heap;

	heap = heap_create(self->dev, BLOCKS, 65536);
	ASSERT_LE(0, heap);
	ASSERT_EQ(0, heap_alloc(heap, 100, &small));
	ASSERT_EQ(0, heap_alloc(heap, 5000, &large));
	EXPECT_EQ(1, count(self, "mpdemo_heap_alloc: name=anonymous ptr=",
			   " bytes_req=100 bytes_alloc=128 gfp_flags=none caller="));
	EXPECT_EQ(1, count(self, "mpdemo_heap_alloc: name=anonymous ptr=",
			   " bytes_req=5000 bytes_alloc=8192 gfp_flags=none caller="));
	EXPECT_EQ(-EAGAIN, heap_alloc(heap, 65536, &none));
	EXPECT_EQ(1, count(self, "mpdemo_heap_fail: name=anonymous bytes_req=65536 ", ""));
	ASSERT_EQ(0, pool_free(heap, small));
	ASSERT_EQ(0, pool_free(heap, large));
	EXPECT_EQ(1, count(self, "mpdemo_heap_free:", " bytes_alloc=128 "));
	EXPECT_EQ(1, count(self, "mpdemo_heap_free:", " bytes_alloc=8192 "));
	/* What a class does is the heap's, and not told twice. */
	EXPECT_EQ(5, count_all(self));
	close(heap);
}

TEST_F(trace, filter)
{
	int pool[2], arena;
	__u64 handle;

	ASSERT_EQ(0, write_file(EVENTS "/mpdemo_pool_alloc/filter",
				"name == \"anonymous\" && bytes > 40 && index < 2"));
	EXPECT_EQ(-EINVAL, write_file(EVENTS "/mpdemo_pool_alloc/filter", "colour == 1"));
	ASSERT_EQ(0, write_file(EVENTS "/mpdemo_pool_alloc/filter",
				"name == \"anonymous\" && bytes > 40 && index < 2"));
	ASSERT_EQ(0, write_file(EVENTS "/mpdemo_arena_alloc/filter",
				"name == \"another\""));
	for (int i = 0; i < 2; i++) {
		pool[i] = pool_create(self->dev, BLOCK + 8 * i, BLOCKS);
		ASSERT_LE(0, pool[i]);
		for (int j = 0; j < BLOCKS; j++)
			ASSERT_EQ(0, pool_alloc(pool[i], &handle));
	}
	arena = arena_create(self->dev, 4096);
	ASSERT_LE(0, arena);
	ASSERT_EQ(0, arena_alloc(arena, 100, 8, &handle));
	EXPECT_EQ(2, count(self, "mpdemo_pool_alloc:", " bytes=48 "));
	EXPECT_EQ(2, count_all(self));
	close(arena);
	close(pool[0]);
	close(pool[1]);
}

TEST_F(trace, off)
{
	__u64 handle;
	int pool;

	pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, pool);
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	ASSERT_EQ(0, pool_alloc(pool, &handle));
	ASSERT_EQ(0, pool_free(pool, handle));
	EXPECT_EQ(0, count_all(self));
	ASSERT_EQ(0, write_file(EVENTS "/mpdemo_pool_free/enable", "1"));
	ASSERT_EQ(0, pool_alloc(pool, &handle));
	ASSERT_EQ(0, pool_free(pool, handle));
	EXPECT_EQ(1, count(self, "mpdemo_pool_free:", ""));
	EXPECT_EQ(1, count_all(self));
	close(pool);
}

/* Switched on and off under those who allocate and free: no block is lost or had twice. */
TEST_F(trace, switched_in_use)
{
	__u64 handles[BLOCKS];
	pid_t children[2];
	int pool;

	pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, pool);
	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (children[i])
			continue;
		for (;;) {
			if (!pool_alloc(pool, handles) && pool_free(pool, handles[0]))
				_exit(1);
			if (!pool_alloc_bulk(pool, 2, handles) &&
			    pool_free_bulk(pool, 2, handles))
				_exit(1);
		}
	}
	/* That is none. */
	ASSERT_EQ(0, set_filter("0"));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	for (int i = 0; i < 5; i++) {
		const char *to = i % 2 ? "0" : "1";

		ASSERT_EQ(0, write_file(EVENTS "/mpdemo_pool_alloc/enable", to));
		ASSERT_EQ(0, write_file(EVENTS "/mpdemo_pool_free/enable", to));
	}
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGTERM);
		CHECK(128 + SIGTERM, wait_child(children[i]), "child %d", i);
	}
	EXPECT_LT(0, count_all(self));
	/* Those that a child held when it ended are the open file's still. */
	EXPECT_EQ(info_of(pool).out_held, info_of(pool).out_in_use);
	EXPECT_EQ(info_of(pool).out_allocs - info_of(pool).out_frees,
		  info_of(pool).out_in_use);
	close(pool);
}

TEST_HARNESS_MAIN
