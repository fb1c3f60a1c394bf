// SPDX-License-Identifier: GPL-2.0
/*
 * Proves what a mapping of an object is: all of Documentation/user-memory.rst that is
 * about mmap().
 */
#include "mpdemo_test.h"

#include <pthread.h>
#include <sys/uio.h>

#define BLOCK	1000
#define BLOCKS	16

static size_t page;
/* 0 or -errno; nothing stays mapped. */
static int try_map(int fd, size_t bytes, int prot, int flags, off_t offset)
{
	void *at = mmap(NULL, bytes, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, bytes);
	return 0;
}

static bool is_mapped(void *at)
{
	return !msync(at, page, MS_ASYNC);
}

FIXTURE(map) {
	int dev, pool, arena;
	size_t bytes;
	unsigned char *at;
};

FIXTURE_SETUP(map)
{
	page = sysconf(_SC_PAGESIZE);
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, BLOCK, BLOCKS);
	ASSERT_LE(0, self->pool);
	self->arena = arena_create(self->dev, 3 * page);
	ASSERT_LE(0, self->arena);
	self->bytes = info_of(self->pool).out_map_bytes;
	self->at = map_all(self->pool, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
}

FIXTURE_TEARDOWN(map)
{
	munmap(self->at, self->bytes);
	close(self->arena);
	close(self->pool);
	close(self->dev);
}

TEST_F(map, blocks_are_at_their_offsets)
{
	int other = object_reopen(self->pool, RW), i;
	unsigned char *at = map_all(other, PROT_READ);
	struct mpdemo_info info = info_of(self->pool);
	__u64 handle;

	ASSERT_NE(MAP_FAILED, (void *)at);
	EXPECT_EQ(4 * page, info.out_map_bytes);
	EXPECT_EQ(BLOCKS, info.out_max_blocks);
	EXPECT_EQ(BLOCKS, info.out_present);
	EXPECT_EQ(8, info.out_align);
	for (i = 0; i < BLOCKS; i++) {
		size_t offset;

		ASSERT_EQ(0, pool_alloc(self->pool, &handle));
		offset = MPDEMO_HANDLE_INDEX(handle) * info.out_stride;
		EXPECT_TRUE(all_are(self->at + offset, 0, BLOCK));
		memset(self->at + offset, 1 + i, BLOCK);
		EXPECT_TRUE(all_are(at + offset, 1 + i, BLOCK));
	}
	/* What is behind the last block. */
	EXPECT_TRUE(all_are(at + BLOCKS * info.out_stride, 0,
			    info.out_map_bytes - BLOCKS * info.out_stride));
	munmap(at, info.out_map_bytes);
	close(other);
}

TEST_F(map, fresh_blocks_are_zero)
{
	__u64 handle;
	int i;

	for (i = 0; i < 3 * BLOCKS; i++) {
		ASSERT_EQ(0, pool_alloc(self->pool, &handle));
		EXPECT_TRUE(all_are(self->at + MPDEMO_HANDLE_INDEX(handle) * BLOCK, 0,
				    BLOCK));
		ASSERT_EQ(0, pool_free(self->pool, handle));
		/* Also of what is free. */
		memset(self->at, 0xaa, self->bytes);
	}
}

TEST_F(map, arena)
{
	unsigned char *at = map_all(self->arena, PROT_READ | PROT_WRITE);
	__u64 offset;

	ASSERT_NE(MAP_FAILED, (void *)at);
	EXPECT_EQ(3 * page, info_of(self->arena).out_map_bytes);
	memset(at, 0xaa, 3 * page);
	ASSERT_EQ(0, arena_alloc(self->arena, 100, 64, &offset));
	EXPECT_TRUE(all_are(at + offset, 0, 100));
	memset(at + offset, 0xbb, 100);
	ASSERT_EQ(0, arena_reset(self->arena, NULL));
	ASSERT_EQ(0, arena_alloc(self->arena, 3 * page, 0, &offset));
	EXPECT_TRUE(all_are(at + offset, 0, 3 * page));
	munmap(at, 3 * page);
}

TEST_F(map, what_is_refused)
{
	int rw = PROT_READ | PROT_WRITE, ret;

	EXPECT_EQ(-EINVAL, try_map(self->pool, page, rw, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, try_map(self->pool, page, PROT_READ, MAP_PRIVATE, 0));
	/* EPERM: of kernels that keep programs off such files altogether. */
	ret = try_map(self->pool, page, PROT_READ | PROT_EXEC, MAP_SHARED, 0);
	EXPECT_TRUE(ret == -EINVAL || ret == -EPERM);
	EXPECT_EQ(-EINVAL, try_map(self->pool, 0, rw, MAP_SHARED, 0));
	EXPECT_EQ(0, try_map(self->pool, page, rw, MAP_SHARED, 3 * page));
	EXPECT_EQ(-EINVAL, try_map(self->pool, page, rw, MAP_SHARED, 4 * page));
	EXPECT_EQ(-EINVAL, try_map(self->pool, page, rw, MAP_SHARED, 5 * page));
	EXPECT_EQ(-EINVAL, try_map(self->pool, 2 * page, rw, MAP_SHARED, 3 * page));
	EXPECT_EQ(-EINVAL, try_map(self->pool, 5 * page, rw, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->pool, page, rw, MAP_SHARED, 1));
	EXPECT_EQ(-EINVAL, try_map(self->arena, 4 * page, rw, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->pool, page, rw, MAP_SHARED, 1LL << 42));
	/* Where the sum wraps, and just before. */
	ret = try_map(self->pool, 2 * page, rw, MAP_SHARED, -(off_t)page);
	EXPECT_TRUE(ret == -EINVAL || ret == -EOVERFLOW);
	ret = try_map(self->pool, page, rw, MAP_SHARED, INT64_MAX & -(off_t)page);
	EXPECT_TRUE(ret == -EINVAL || ret == -EOVERFLOW);
}

TEST_F(map, access)
{
	int ro = object_reopen(self->pool, MPDEMO_ACCESS_READ);
	int wo = object_reopen(self->pool, MPDEMO_ACCESS_WRITE);
	unsigned char *at;

	ASSERT_LE(0, ro);
	ASSERT_LE(0, wo);
	at = map_all(ro, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)at);
	self->at[5] = 55;
	EXPECT_EQ(55, at[5]);
	EXPECT_EQ(-EACCES, try_map(ro, page, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	EXPECT_EQ(-1, mprotect(at, page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(at, page, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(self->at, page, PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-EACCES, try_map(wo, page, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(-EACCES, try_map(wo, page, PROT_WRITE, MAP_SHARED, 0));
	munmap(at, self->bytes);
	close(wo);
	close(ro);
}

/* A debugger writes where the program may, and no further. */
TEST_F(map, proc_mem)
{
	int ro = object_reopen(self->pool, MPDEMO_ACCESS_READ);
	unsigned char *at = map_all(ro, PROT_READ), c = 77;
	int mem = open("/proc/self/mem", O_RDWR);

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_LE(0, mem);
	EXPECT_EQ(1, pwrite(mem, &c, 1, (off_t)(uintptr_t)self->at));
	EXPECT_EQ(77, at[0]);
	c = 78;
	EXPECT_EQ(-1, pwrite(mem, &c, 1, (off_t)(uintptr_t)at));
	EXPECT_EQ(77, at[0]);
	munmap(at, self->bytes);
	close(mem);
	close(ro);
}

TEST_F(map, no_way_through_proc)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->pool);
	EXPECT_EQ(-1, open(path, O_RDWR));
	EXPECT_EQ(ENXIO, errno);
}

TEST_F(map, fork)
{
	pid_t child;

	self->at[0] = 1;
	child = fork_child();
	if (!child)
		_exit(is_mapped(self->at));
	EXPECT_EQ(0, wait_child(child));
	EXPECT_TRUE(is_mapped(self->at));

	/* Who insists has it shared with the child, or is refused by newer kernels. */
	if (madvise(self->at, self->bytes, MADV_DOFORK)) {
		ASSERT_EQ(EINVAL, errno);
		return;
	}
	child = fork_child();
	if (!child) {
		self->at[0]++;
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(child));
	EXPECT_EQ(2, self->at[0]);
}

TEST_F(map, mremap)
{
	unsigned char *to = mmap(NULL, self->bytes, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	self->at[page] = 12;
	EXPECT_EQ(MAP_FAILED, mremap(self->at, self->bytes, self->bytes + page,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* A second one beside it. */
	EXPECT_EQ(MAP_FAILED, mremap(self->at, 0, self->bytes, MREMAP_MAYMOVE));
	ASSERT_EQ(to, mremap(self->at, self->bytes, self->bytes,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	EXPECT_FALSE(is_mapped(self->at));
	self->at = to;
	EXPECT_EQ(12, self->at[page]);
	/* To shrink it. */
	ASSERT_EQ(to, mremap(to, self->bytes, 2 * page, 0));
	EXPECT_FALSE(is_mapped(to + 2 * page));
	EXPECT_EQ(12, self->at[page]);
}

TEST_F(map, partial_munmap)
{
	memset(self->at, 3, self->bytes);
	ASSERT_EQ(0, munmap(self->at + page, page));
	EXPECT_EQ(3, self->at[0]);
	EXPECT_FALSE(is_mapped(self->at + page));
	EXPECT_TRUE(all_are(self->at + 2 * page, 3, 2 * page));
}

TEST_F(map, madvise)
{
	int ret;

	memset(self->at, 4, self->bytes);
	EXPECT_EQ(0, madvise(self->at, self->bytes, MADV_DONTNEED));
	EXPECT_TRUE(all_are(self->at, 4, self->bytes));
	EXPECT_EQ(-1, madvise(self->at, page, MADV_REMOVE));
	EXPECT_EQ(-1, madvise(self->at, page, MADV_FREE));
	EXPECT_EQ(-1, madvise(self->at, page, MADV_WIPEONFORK));
	EXPECT_EQ(-1, madvise(self->at, page, MADV_DODUMP));
	/* Nothing, or EINVAL of a kernel without KSM. */
	ret = madvise(self->at, page, MADV_MERGEABLE);
	EXPECT_TRUE(!ret || errno == EINVAL);
	EXPECT_TRUE(all_are(self->at, 4, self->bytes));
}

TEST_F(map, outlives_the_descriptor)
{
	int other = object_reopen(self->pool, RW);
	unsigned char *at = map_all(other, PROT_READ | PROT_WRITE);
	__u64 handle;

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, pool_alloc(other, &handle));
	close(other);
	EXPECT_EQ(1, info_of(self->pool).out_in_use);
	EXPECT_EQ(-EPERM, pool_free(self->pool, handle));
	/* As long as any part of it is mapped. */
	munmap(at, page);
	munmap(at + 2 * page, self->bytes - 2 * page);
	at[page] = 1;
	EXPECT_EQ(1, info_of(self->pool).out_in_use);
	munmap(at + page, page);
	EXPECT_TRUE(POLL_UNTIL(!info_of(self->pool).out_in_use));
	EXPECT_EQ(1, info_of(self->pool).out_reclaimed);
}

TEST_F(map, outlives_all_descriptors)
{
	int pool = pool_create(self->dev, page, 4), next;
	unsigned char *at = map_all(pool, PROT_READ | PROT_WRITE), *fresh;

	ASSERT_NE(MAP_FAILED, (void *)at);
	memset(at, 0x5a, 2 * page);
	close(pool);
	next = pool_create(self->dev, page, 4);
	fresh = map_all(next, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)fresh);
	EXPECT_TRUE(all_are(fresh, 0, 4 * page));
	memset(fresh, 0xa5, 4 * page);
	EXPECT_TRUE(all_are(at, 0x5a, 2 * page));
	EXPECT_TRUE(all_are(at + 2 * page, 0, 2 * page));
	munmap(fresh, 4 * page);
	close(next);
	munmap(at, 4 * page);
}

TEST_F(map, nothing_is_left_for_others)
{
	int round;

	for (round = 0; round < 8; round++) {
		int pool = pool_create(self->dev, BLOCK, 256);
		int arena = arena_create(self->dev, 300000);
		size_t pool_bytes = info_of(pool).out_map_bytes;
		size_t arena_bytes = info_of(arena).out_map_bytes;
		unsigned char *p = map_all(pool, PROT_READ | PROT_WRITE);
		unsigned char *a = map_all(arena, PROT_READ | PROT_WRITE);

		ASSERT_NE(MAP_FAILED, (void *)p);
		ASSERT_NE(MAP_FAILED, (void *)a);
		EXPECT_TRUE(all_are(p, 0, pool_bytes));
		EXPECT_TRUE(all_are(a, 0, arena_bytes));
		memset(p, 0xee, pool_bytes);
		memset(a, 0xdd, arena_bytes);
		munmap(p, pool_bytes);
		munmap(a, arena_bytes);
		close(pool);
		close(arena);
	}
}

TEST_F(map, process_vm)
{
	unsigned char seen[16] = {};
	struct iovec local = { seen, sizeof(seen) };
	struct iovec remote = { self->at + 8, sizeof(seen) };
	pid_t parent = getpid(), child;

	memset(self->at + 8, 9, sizeof(seen));
	child = fork_child();
	if (!child) {
		if (process_vm_readv(parent, &local, 1, &remote, 1, 0) != sizeof(seen))
			_exit(errno);
		_exit(all_are(seen, 9, sizeof(seen)) ? 0 : EIO);
	}
	child = wait_child(child);
	if (child == ENOSYS)
		SKIP(return, "this kernel has no process_vm_readv()");
	EXPECT_EQ(0, child);
}

/* A pipe has a reference to the page itself, and reads it later. */
TEST_F(map, page_in_a_pipe)
{
	int pool = pool_create(self->dev, page, 4), pipes[2], others[8], i;
	unsigned char *at = map_all(pool, PROT_READ | PROT_WRITE), *seen;
	struct iovec vec = { at, page };

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, pipe(pipes));
	memset(at, 0x77, page);
	ASSERT_EQ((ssize_t)page, vmsplice(pipes[1], &vec, 1, 0));
	/* It is no copy. */
	at[0] = 0x78;
	munmap(at, 4 * page);
	close(pool);
	for (i = 0; i < 8; i++) {
		others[i] = pool_create(self->dev, page, 64);
		at = map_all(others[i], PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)at);
		memset(at, 0x11, 64 * page);
		munmap(at, 64 * page);
	}
	seen = malloc(page);
	ASSERT_EQ((ssize_t)page, read(pipes[0], seen, page));
	EXPECT_EQ(0x78, seen[0]);
	EXPECT_TRUE(all_are(seen + 1, 0x77, page - 1));
	free(seen);
	for (i = 0; i < 8; i++)
		close(others[i]);
	close(pipes[0]);
	close(pipes[1]);
}

/* Threads of 32-bit programs need a futex() of theirs, which newer kernels may lack. */
#ifdef __LP64__

#define SCRIBBLERS	4
#define USERS		2
#define MSECS		1000

struct scribble {
	int pool;
	unsigned char *at;
	size_t bytes;
	__u64 end;
	bool stop;
	int failures;
	unsigned int rounds;
};

static void *scribble(void *arg)
{
	struct scribble *s = arg;
	unsigned int c = 0;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		memset(s->at, c++, s->bytes);
		sched_yield();
	}
	return NULL;
}

static void *use(void *arg)
{
	struct scribble *s = arg;
	__u64 handles[3];

	do {
		if (pool_alloc_bulk(s->pool, 3, handles) ||
		    pool_free_bulk(s->pool, 3, handles) ||
		    pool_free(s->pool, handles[0]) == 0)
			__atomic_add_fetch(&s->failures, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&s->rounds, 1, __ATOMIC_RELAXED);
	} while (now_ms() < s->end);
	return NULL;
}

TEST_F(map, scribble)
{
	struct scribble s = { .pool = self->pool, .at = self->at,
			      .bytes = self->bytes, .end = now_ms() + MSECS };
	pthread_t scribblers[SCRIBBLERS], users[USERS];
	struct mpdemo_info info;
	__u64 handles[BLOCKS], one;
	int i;

	for (i = 0; i < SCRIBBLERS; i++)
		ASSERT_EQ(0, pthread_create(&scribblers[i], NULL, scribble, &s));
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, pthread_create(&users[i], NULL, use, &s));
	for (i = 0; i < USERS; i++)
		pthread_join(users[i], NULL);
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < SCRIBBLERS; i++)
		pthread_join(scribblers[i], NULL);

	EXPECT_EQ(0, s.failures);
	info = info_of(self->pool);
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(3 * s.rounds, info.out_allocs);
	EXPECT_EQ(info.out_allocs, info.out_frees);
	EXPECT_EQ(0, info.out_failures);
	EXPECT_EQ(s.rounds, info.out_refused);
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS, handles));
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &one));
	EXPECT_EQ(0, pool_free_bulk(self->pool, BLOCKS, handles));
}

#endif /* __LP64__ */

TEST_HARNESS_MAIN
