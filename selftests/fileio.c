// SPDX-License-Identifier: GPL-2.0
/*
 * Proves what read() and write() of objects do: bytes of blocks that one holds, and
 * nothing else; of arenas, what is in use.
 */
#include "mpdemo_test.h"

#include <pthread.h>

#define BLOCK	6001
#define STRIDE	6008
#define BLOCKS	4

FIXTURE(fileio) {
	int dev, pool, other, arena;
	__u64 handle;
	off_t offset;
	unsigned char *out, *in;
};

FIXTURE_SETUP(fileio)
{
	size_t i;

	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, self->pool);
	self->other = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->other);
	self->arena = arena_create(self->dev, 10000);
	ASSERT_LE(0, self->arena);
	ASSERT_EQ(STRIDE, info_of(self->pool).out_stride);
	ASSERT_EQ(0, pool_alloc(self->pool, &self->handle));
	self->offset = (off_t)MPDEMO_HANDLE_INDEX(self->handle) * STRIDE;
	self->out = malloc(2 * STRIDE);
	self->in = calloc(1, 2 * STRIDE);
	for (i = 0; i < 2 * STRIDE; i++)
		self->out[i] = i * 7 + i / 256 + 1;
}

FIXTURE_TEARDOWN(fileio)
{
	free(self->in);
	free(self->out);
	close(self->arena);
	close(self->other);
	close(self->pool);
	close(self->dev);
}

static int try_pread(int fd, void *buffer, size_t bytes, off_t offset)
{
	ssize_t ret = pread(fd, buffer, bytes, offset);

	return ret < 0 ? -errno : ret;
}

static int try_pwrite(int fd, const void *buffer, size_t bytes, off_t offset)
{
	ssize_t ret = pwrite(fd, buffer, bytes, offset);

	return ret < 0 ? -errno : ret;
}

TEST_F(fileio, one_block)
{
	/* Not beyond its end, however much is asked for. */
	EXPECT_EQ(BLOCK, try_pwrite(self->pool, self->out, 2 * STRIDE, self->offset));
	EXPECT_EQ(BLOCK, try_pread(self->pool, self->in, 2 * STRIDE, self->offset));
	EXPECT_EQ(0, memcmp(self->in, self->out, BLOCK));
	EXPECT_EQ(10, try_pread(self->pool, self->in, 10, self->offset + 5000));
	EXPECT_EQ(0, memcmp(self->in, self->out + 5000, 10));
	EXPECT_EQ(1, try_pread(self->pool, self->in, 10, self->offset + BLOCK - 1));
	EXPECT_EQ(self->out[BLOCK - 1], self->in[0]);
	EXPECT_EQ(3, try_pwrite(self->pool, "abc", 3, self->offset + 4095));
	EXPECT_EQ(5, try_pread(self->pool, self->in, 5, self->offset + 4094));
	EXPECT_EQ(0, memcmp(self->in + 1, "abc", 3));
	EXPECT_EQ(self->out[4094], self->in[0]);
	EXPECT_EQ(self->out[4098], self->in[4]);
}

TEST_F(fileio, same_as_mapped)
{
	size_t bytes = info_of(self->pool).out_map_bytes;
	unsigned char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
				 self->pool, 0);

	ASSERT_NE(MAP_FAILED, (void *)at);
	memset(at, 0, bytes);
	EXPECT_EQ(BLOCK, try_pwrite(self->pool, self->out, 2 * STRIDE, self->offset));
	EXPECT_EQ(0, memcmp(at + self->offset, self->out, BLOCK));
	/* Not a byte beside it. */
	EXPECT_EQ(0, at[self->offset + BLOCK]);
	EXPECT_EQ(0, at[(self->offset + STRIDE) % (BLOCKS * STRIDE)]);
	at[self->offset + 1] ^= 0xff;
	EXPECT_EQ(1, try_pread(self->pool, self->in, 1, self->offset + 1));
	EXPECT_EQ(at[self->offset + 1], self->in[0]);
	munmap(at, bytes);
}

TEST_F(fileio, whose_block)
{
	__u64 kept, freed;
	off_t kept_at;

	EXPECT_EQ(-EPERM, try_pread(self->other, self->in, 1, self->offset));
	EXPECT_EQ(-EPERM, try_pwrite(self->other, self->out, 1, self->offset));

	ASSERT_EQ(0, pool_alloc_flags(self->pool, MPDEMO_ALLOC_KEEP, &kept));
	kept_at = (off_t)MPDEMO_HANDLE_INDEX(kept) * STRIDE;
	EXPECT_EQ(5, try_pwrite(self->other, "hello", 5, kept_at));
	EXPECT_EQ(5, try_pread(self->pool, self->in, 5, kept_at));
	EXPECT_EQ(0, memcmp(self->in, "hello", 5));
	/* It is still kept, and can be had. */
	EXPECT_EQ(1, info_of(self->pool).out_kept);
	EXPECT_EQ(0, pool_take(self->pool, kept));
	EXPECT_EQ(-EPERM, try_pread(self->other, self->in, 1, kept_at));
	EXPECT_EQ(5, try_pread(self->pool, self->in, 5, kept_at));
	EXPECT_EQ(0, memcmp(self->in, "hello", 5));

	freed = self->handle;
	ASSERT_EQ(0, pool_free(self->pool, freed));
	EXPECT_EQ(-EALREADY, try_pread(self->pool, self->in, 1, self->offset));
	EXPECT_EQ(-EALREADY, try_pwrite(self->pool, self->out, 1, self->offset));
	/* What was refused, or copied, is counted nowhere. */
	EXPECT_EQ(0, info_of(self->pool).out_refused);
	EXPECT_EQ(1, info_of(self->pool).out_held);
}

TEST_F(fileio, no_block)
{
	off_t end = BLOCKS * STRIDE, huge = INT64_MAX;
	int i;

	for (i = 0; i < BLOCKS; i++)
		if (i * STRIDE != self->offset) {
			CHECK(-ENOENT, try_pread(self->pool, self->in, 1, i * STRIDE),
			      "block %d", i);
			CHECK(-ENOENT, try_pwrite(self->pool, self->out, 1, i * STRIDE),
			      "block %d", i);
		}
	/* Between two, and behind the last one. */
	EXPECT_EQ(-ERANGE, try_pread(self->pool, self->in, 1, self->offset + BLOCK));
	EXPECT_EQ(-ERANGE, try_pwrite(self->pool, self->out, 1, self->offset + BLOCK));
	EXPECT_EQ(-ERANGE, try_pread(self->pool, self->in, 1, end));
	EXPECT_EQ(-ERANGE, try_pwrite(self->pool, self->out, 1, end));
	EXPECT_EQ(-ERANGE, try_pread(self->pool, self->in, 1, huge - 1));
	EXPECT_EQ(-EINVAL, try_pread(self->pool, self->in, 1, -1));
}

TEST_F(fileio, nothing)
{
	EXPECT_EQ(0, try_pread(self->pool, self->in, 0, self->offset));
	EXPECT_EQ(0, try_pwrite(self->pool, self->out, 0, self->offset));
	EXPECT_EQ(0, try_pwrite(self->other, self->out, 0, self->offset));
	EXPECT_EQ(0, try_pwrite(self->pool, self->out, 0, BLOCKS * STRIDE));
}

TEST_F(fileio, access)
{
	int ro = object_reopen(self->pool, MPDEMO_ACCESS_READ);
	int wo = object_reopen(self->pool, MPDEMO_ACCESS_WRITE);
	__u64 kept;
	off_t at;

	ASSERT_EQ(0, pool_alloc_flags(wo, MPDEMO_ALLOC_KEEP, &kept));
	at = (off_t)MPDEMO_HANDLE_INDEX(kept) * STRIDE;
	EXPECT_EQ(3, try_pwrite(wo, "abc", 3, at));
	EXPECT_EQ(-EBADF, try_pread(wo, self->in, 3, at));
	EXPECT_EQ(3, try_pread(ro, self->in, 3, at));
	EXPECT_EQ(0, memcmp(self->in, "abc", 3));
	EXPECT_EQ(-EBADF, try_pwrite(ro, "def", 3, at));
	close(wo);
	close(ro);
}

TEST_F(fileio, half_a_buffer)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)two);
	munmap(two + page, page);
	memset(two, 0x42, page);
	EXPECT_EQ(BLOCK, try_pwrite(self->pool, self->out, BLOCK, self->offset));
	/* What could be copied was, and is told. */
	EXPECT_EQ(100, try_pwrite(self->pool, two + page - 100, 5000, self->offset));
	EXPECT_EQ(BLOCK, try_pread(self->pool, self->in, BLOCK, self->offset));
	EXPECT_EQ(0x42, self->in[0]);
	EXPECT_EQ(0x42, self->in[99]);
	EXPECT_EQ(0, memcmp(self->in + 100, self->out + 100, BLOCK - 100));
	EXPECT_EQ((int)page, try_pwrite(self->pool, two, 6000, self->offset));
	EXPECT_EQ(-EFAULT, try_pwrite(self->pool, two + page, 100, self->offset));
	EXPECT_EQ(100, try_pread(self->pool, two + page - 100, 5000, self->offset));
	EXPECT_EQ(-EFAULT, try_pread(self->pool, two + page, 100, self->offset));
	munmap(two, page);
}

TEST_F(fileio, position)
{
	size_t bytes = info_of(self->pool).out_map_bytes;

	EXPECT_EQ((off_t)bytes, lseek(self->pool, 0, SEEK_END));
	EXPECT_EQ(-1, lseek(self->pool, 1, SEEK_END));
	EXPECT_EQ(-1, lseek(self->pool, -1, SEEK_SET));
	EXPECT_EQ(self->offset, lseek(self->pool, self->offset, SEEK_SET));
	EXPECT_EQ(3, write(self->pool, "abc", 3));
	EXPECT_EQ(3, write(self->pool, "def", 3));
	EXPECT_EQ(self->offset + 6, lseek(self->pool, 0, SEEK_CUR));
	EXPECT_EQ(self->offset + 1, lseek(self->pool, -5, SEEK_CUR));
	EXPECT_EQ(4, read(self->pool, self->in, 4));
	EXPECT_EQ(0, memcmp(self->in, "bcde", 4));
	/* pread() leaves it alone. */
	EXPECT_EQ(1, try_pread(self->pool, self->in, 1, self->offset));
	EXPECT_EQ(self->offset + 5, lseek(self->pool, 0, SEEK_CUR));
}

TEST_F(fileio, arena)
{
	__u64 offset;

	/* Nothing is in use. */
	EXPECT_EQ(0, try_pread(self->arena, self->in, 10, 0));
	EXPECT_EQ(-ENOSPC, try_pwrite(self->arena, self->out, 10, 0));
	ASSERT_EQ(0, arena_alloc(self->arena, 5000, 0, &offset));
	EXPECT_EQ(5000, try_pwrite(self->arena, self->out, 8000, 0));
	EXPECT_EQ(5000, try_pread(self->arena, self->in, 8000, 0));
	EXPECT_EQ(0, memcmp(self->in, self->out, 5000));
	EXPECT_EQ(1, try_pread(self->arena, self->in, 8000, 4999));
	EXPECT_EQ(0, try_pread(self->arena, self->in, 8000, 5000));
	EXPECT_EQ(-ENOSPC, try_pwrite(self->arena, self->out, 1, 5000));
	EXPECT_EQ(0, try_pread(self->arena, self->in, 1, INT64_MAX - 1));
	EXPECT_EQ(-ENOSPC, try_pwrite(self->arena, self->out, 1, INT64_MAX - 1));
	ASSERT_EQ(0, arena_reset(self->arena, NULL));
	EXPECT_EQ(0, try_pread(self->arena, self->in, 1, 0));
}

TEST_F(fileio, append)
{
	int flags = fcntl(self->pool, F_GETFL);

	ASSERT_EQ(0, fcntl(self->pool, F_SETFL, flags | O_APPEND));
	EXPECT_EQ(-EINVAL, try_pwrite(self->pool, "abc", 3, self->offset));
	EXPECT_EQ(3, try_pread(self->pool, self->in, 3, self->offset));
	ASSERT_EQ(0, fcntl(self->pool, F_SETFL, flags));
	EXPECT_EQ(3, try_pwrite(self->pool, "abc", 3, self->offset));
}

static void check_piece(struct __test_metadata *_metadata,
			FIXTURE_DATA(fileio) *self, int heap, __u64 bytes)
{
	struct mpdemo_heap_alloc got;
	int other = object_reopen(heap, RW), usable;
	off_t at, end;
	__u64 handle;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, bytes, &handle, &got));
	at = got.out_offset;
	usable = got.out_bytes;
	end = at + usable;

	/* All that is usable, from anywhere in it, and nothing beyond. */
	EXPECT_EQ(usable, try_pwrite(heap, self->out, 2 * STRIDE, at));
	EXPECT_EQ(usable, try_pread(heap, self->in, 2 * STRIDE, at));
	EXPECT_EQ(0, memcmp(self->in, self->out, usable));
	EXPECT_EQ(usable / 2, try_pread(heap, self->in, 2 * STRIDE, end - usable / 2));
	EXPECT_EQ(0, memcmp(self->in, self->out + usable - usable / 2, usable / 2));
	EXPECT_EQ(1, try_pwrite(heap, self->out, 10, end - 1));

	EXPECT_EQ(-EPERM, try_pread(other, self->in, 1, at));
	EXPECT_EQ(-EPERM, try_pwrite(other, self->in, 1, end - 1));
	EXPECT_EQ(0, pool_keep(heap, handle));
	EXPECT_EQ(1, try_pread(other, self->in, 10, end - 1));
	EXPECT_EQ(self->out[0], self->in[0]);
	EXPECT_EQ(0, pool_free(other, handle));
	EXPECT_EQ(-EALREADY, try_pread(heap, self->in, 1, at));
	EXPECT_EQ(-EALREADY, try_pwrite(other, self->in, 1, at));
	close(other);
}

/* As pools: by any offset within what one holds. */
TEST_F(fileio, heap)
{
	int heap = heap_create(self->dev, 4, 1 << 20);
	size_t bytes = info_of(heap).out_map_bytes;

	ASSERT_LE(0, heap);
	EXPECT_EQ(-ENOENT, try_pread(heap, self->in, 1, 0));
	EXPECT_EQ(-ENOENT, try_pread(heap, self->in, 1, bytes - 1));
	EXPECT_EQ(-ERANGE, try_pread(heap, self->in, 1, bytes));
	EXPECT_EQ(-ERANGE, try_pwrite(heap, self->in, 1, INT64_MAX - 1));
	/* Behind the few blocks of the smallest class. */
	EXPECT_EQ(-ERANGE, try_pread(heap, self->in, 1, sysconf(_SC_PAGESIZE) - 1));
	check_piece(_metadata, self, heap, 10);
	check_piece(_metadata, self, heap, 100);
	check_piece(_metadata, self, heap, 4096);
	check_piece(_metadata, self, heap, 2 * 4096 - 100);
	EXPECT_EQ(0, info_of(heap).out_held);
	close(heap);
}

/* What is freed and becomes the middle of another one is no piece any more. */
TEST_F(fileio, runs_of_a_heap)
{
	int heap = heap_create(self->dev, 0, 16 * 4096);
	static unsigned char big[16 * 4096];
	struct mpdemo_heap_alloc a, b, all;
	__u64 first, second, third;

	ASSERT_LE(0, heap);
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, 3 * 4096, &first, &a));
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, 3 * 4096, &second, &b));
	EXPECT_EQ(3, try_pwrite(heap, "abc", 3, b.out_offset + 4096));
	EXPECT_EQ(0, pool_free(heap, second));
	EXPECT_EQ(0, pool_free(heap, first));
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, 16 * 4096, &third, &all));
	EXPECT_EQ(5, try_pread(heap, self->in, 5, b.out_offset + 4096));
	EXPECT_EQ(0, memcmp(self->in, "\0\0\0\0\0", 5));
	EXPECT_EQ(2 * STRIDE, try_pwrite(heap, self->out, 2 * STRIDE, 0));
	EXPECT_EQ(1, try_pread(heap, self->in, 2, 16 * 4096 - 1));

	/* Nor does the kernel go by where it found the last one, once that is gone. */
	EXPECT_EQ(0, pool_free(heap, third));
	EXPECT_EQ(-EALREADY, try_pread(heap, self->in, 1, 5 * 4096));
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, 4096, &first, &a));
	ASSERT_EQ(0, heap_alloc_flags(heap, 0, 4 * 4096, &second, &b));
	EXPECT_EQ(4096, a.out_bytes);
	EXPECT_EQ(4 * 4096, try_pread(heap, big, sizeof(big), b.out_offset));
	EXPECT_EQ(1, try_pwrite(heap, "x", 1, b.out_offset + 4 * 4096 - 1));
	EXPECT_EQ(1, try_pread(heap, self->in, 1, a.out_offset));
	EXPECT_EQ(1, try_pread(heap, self->in, 2, b.out_offset + 4 * 4096 - 1));
	EXPECT_EQ('x', self->in[0]);
	close(heap);
}

/* Threads of 32-bit programs need a futex() of theirs, which newer kernels may lack. */
#ifdef __LP64__

struct race {
	int mine, other;
	bool stop;
	unsigned long writes;
};

static void *come_and_go(void *arg)
{
	struct race *race = arg;
	__u64 handle;

	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
		if (!pool_alloc(race->mine, &handle))
			pool_free(race->mine, handle);
		sched_yield();
	}
	return NULL;
}

static void *write_over(void *arg)
{
	static const unsigned char bytes[4096] = { [0 ... 4095] = 0xcc };
	struct race *race = arg;

	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED))
		if (pwrite(race->mine, bytes, sizeof(bytes), 0) > 0)
			__atomic_add_fetch(&race->writes, 1, __ATOMIC_RELAXED);
	return NULL;
}

#define WRITES	20000

struct writers {
	int pool;
	pthread_barrier_t begin;
	int written;
};

static void *write_one_by_one(void *arg)
{
	struct writers *writers = arg;
	int i;

	pthread_barrier_wait(&writers->begin);
	for (i = 0; i < WRITES; i++)
		if (write(writers->pool, "x", 1) == 1)
			__atomic_add_fetch(&writers->written, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* No two threads write() to the same place. */
TEST_F(fileio, threads_share_a_position)
{
	struct writers writers = { .pool = pool_create(self->dev, 3 * WRITES, 1) };
	char *in = calloc(1, 3 * WRITES);
	pthread_t a, b;
	__u64 handle;

	ASSERT_LE(0, writers.pool);
	ASSERT_EQ(0, pool_alloc(writers.pool, &handle));
	pthread_barrier_init(&writers.begin, NULL, 2);
	ASSERT_EQ(0, pthread_create(&a, NULL, write_one_by_one, &writers));
	ASSERT_EQ(0, pthread_create(&b, NULL, write_one_by_one, &writers));
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	EXPECT_EQ(2 * WRITES, writers.written);
	EXPECT_EQ(2 * WRITES, lseek(writers.pool, 0, SEEK_CUR));
	EXPECT_EQ(3 * WRITES, try_pread(writers.pool, in, 3 * WRITES, 0));
	EXPECT_EQ(in + 2 * WRITES, memchr(in, 0, 3 * WRITES));
	pthread_barrier_destroy(&writers.begin);
	free(in);
	close(writers.pool);
}

/* Who writes to a block that another thread frees does not write to the next one's. */
TEST_F(fileio, not_to_the_next_holder)
{
	struct race race = { .mine = pool_create(self->dev, 4096, 1) };
	static unsigned char seen[4096], zero[4096];
	int got = 0, dirty = 0;
	__u64 end, handle;
	pthread_t a, b;

	ASSERT_LE(0, race.mine);
	race.other = object_reopen(race.mine, RW);
	ASSERT_EQ(0, pthread_create(&a, NULL, come_and_go, &race));
	ASSERT_EQ(0, pthread_create(&b, NULL, write_over, &race));
	/* Longer where there is one CPU for all: until the others have had their turn. */
	for (end = now_ms() + 2000;
	     now_ms() < end || (!__atomic_load_n(&race.writes, __ATOMIC_RELAXED) &&
				now_ms() < end + 20000);
	     sched_yield()) {
		if (pool_alloc(race.other, &handle))
			continue;
		got++;
		if (pread(race.other, seen, sizeof(seen), 0) != sizeof(seen) ||
		    memcmp(seen, zero, sizeof(seen)))
			dirty++;
		pool_free(race.other, handle);
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	TH_LOG("%d blocks, %lu writes", got, race.writes);
	EXPECT_LT(0, got);
	EXPECT_LT(0, race.writes);
	EXPECT_EQ(0, dirty);
	EXPECT_EQ(0, info_of(race.mine).out_in_use);
	close(race.other);
	close(race.mine);
}

#endif /* __LP64__ */

TEST_HARNESS_MAIN
