// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a heap keeps every byte of every piece through allocations, resizes and frees of
 * all sizes at random; that it ends at its size; and that it serves as a lua_Alloc and for
 * SQLite's methods.
 */
#include "lib_load.h"

#define BYTES	(2 << 20)

FIXTURE(lib_heap) {
	int dev;
	struct mpdemo_heap *heap;
};

FIXTURE_SETUP(lib_heap)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->heap = mpdemo_heap_create(self->dev, BYTES);
	ASSERT_NE(NULL, self->heap);
}

FIXTURE_TEARDOWN(lib_heap)
{
	mpdemo_heap_close(self->heap);
	close(self->dev);
}

TEST_F(lib_heap, random_pattern)
{
	static struct load load;

	load = (struct load){ .heap = self->heap, .random = 1, .rounds = rounds(30000) };
	load_run(&load);
	EXPECT_EQ(0, load.wrong);
	EXPECT_EQ(0, load.none);
}

/*
 * Each size by itself, to the last piece; never memory from elsewhere. Where the kernel is slow,
 * of a smaller heap.
 */
TEST_F_TIMEOUT(lib_heap, exhaustion, 240)
{
	const size_t bytes = rounds(BYTES / 4096) * 4096;
	const size_t sizes[] = { 1, 16, 64, 100, 129, 2048, 2049, 100000, bytes / 2 };
	struct mpdemo_heap *heap = mpdemo_heap_create(self->dev, bytes);
	static void *pieces[BYTES / 16];
	unsigned int i, n, before;

	ASSERT_NE(NULL, heap);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (before = ~0U;; before = n) {
			for (n = 0; (pieces[n] = mpdemo_heap_alloc(heap, sizes[i])); n++)
				memset(pieces[n], n, sizes[i]);
			CHECK(EAGAIN, errno, "size %zu", sizes[i]);
			for (unsigned int j = 0; j < n; j++) {
				CHECK(j & 255, *(unsigned char *)pieces[j], "piece %u of size %zu",
				      j, sizes[i]);
				CHECK(0, mpdemo_heap_free(heap, pieces[j]), "piece %u", j);
			}
			if (before != ~0U)
				break;
		}
		/* All came back. */
		CHECK(before, n, "size %zu", sizes[i]);
		EXPECT_LT(0, n);
	}
	EXPECT_NO(ENOSPC, mpdemo_heap_alloc(heap, bytes / 2 + 1));
	EXPECT_NO(ENOSPC, mpdemo_heap_alloc(heap, SIZE_MAX));
	mpdemo_heap_close(heap);
}

TEST_F(lib_heap, sizes)
{
	size_t bytes, usable, last = 0;
	void *p;

	for (bytes = 0; bytes < 5000; bytes++) {
		p = mpdemo_heap_alloc(self->heap, bytes);
		usable = mpdemo_heap_usable(self->heap, p);
		CHECK(mpdemo_heap_roundup(bytes), usable, "%zu bytes", bytes);
		CHECK(1, usable >= bytes && usable >= last, "%zu bytes", bytes);
		/* A quarter is wasted at most, or the grain, or the unit. */
		CHECK(1, usable <= bytes + 16 || usable <= bytes + bytes / 4 ||
		      (bytes > 2048 && usable < bytes + 1024), "%zu bytes", bytes);
		CHECK(0, mpdemo_heap_free(self->heap, p), "%zu bytes", bytes);
		last = usable;
	}
}

TEST_F(lib_heap, realloc_rules)
{
	char *p, *q, outside;

	/* As Lua does, which gives a kind in place of the old size of nothing. */
	EXPECT_EQ(NULL, mpdemo_heap_hook(self->heap, NULL, 5, 0));
	p = mpdemo_heap_hook(self->heap, NULL, 5, 10);
	ASSERT_NE(NULL, p);
	strcpy(p, "123456789");
	EXPECT_EQ(p, mpdemo_heap_hook(self->heap, p, 10, 16));
	/* An old size that is too large is not believed. */
	q = mpdemo_heap_realloc(self->heap, p, SIZE_MAX, 30000);
	ASSERT_NE(NULL, q);
	EXPECT_STREQ("123456789", q);
	/* Larger and smaller where it is. */
	EXPECT_EQ(q, mpdemo_heap_realloc(self->heap, q, 30000, 60000));
	EXPECT_EQ(q, mpdemo_heap_realloc(self->heap, q, 60000, 3000));
	EXPECT_EQ(3072, mpdemo_heap_usable(self->heap, q));
	EXPECT_NO(ENOSPC, mpdemo_heap_realloc(self->heap, q, 3000, BYTES));
	EXPECT_STREQ("123456789", q);
	p = mpdemo_heap_realloc(self->heap, q, 3000, 10);
	ASSERT_NE(NULL, p);
	EXPECT_NE(q, p);
	EXPECT_STREQ("123456789", p);
	EXPECT_NO(EINVAL, mpdemo_heap_realloc(self->heap, &outside, 1, 2));
	EXPECT_EQ(NULL, mpdemo_heap_realloc(self->heap, p, 10, 0));
	EXPECT_EQ(0, mpdemo_heap_free(self->heap, NULL));
}

TEST_F(lib_heap, bad_frees)
{
	char *p = mpdemo_heap_alloc(self->heap, 5000), outside;

	EXPECT_EQ(-EINVAL, mpdemo_heap_free(self->heap, p + 1));
	EXPECT_EQ(-EINVAL, mpdemo_heap_free(self->heap, p + 1024));
	EXPECT_EQ(-EINVAL, mpdemo_heap_free(self->heap, &outside));
	EXPECT_EQ(0, mpdemo_heap_free(self->heap, p));
	EXPECT_EQ(-EALREADY, mpdemo_heap_free(self->heap, p));
	EXPECT_EQ(0, mpdemo_heap_usable(self->heap, &outside));
}

TEST(refused)
{
	int dev, fds;

	DEV_OPEN_OR_SKIP(dev);
	fds = fd_count();
	EXPECT_NO(ERANGE, mpdemo_heap_create(dev, 1000));
	EXPECT_NO(EBADF, mpdemo_heap_create(-1, BYTES));
	EXPECT_NO(ENOTTY, mpdemo_heap_create(0, BYTES));
	/* More than the module gives to programs. */
	EXPECT_NO(ENOBUFS, mpdemo_heap_create(dev, 1ULL << 34));
	EXPECT_EQ(fds, fd_count());
	mpdemo_heap_close(NULL);
	close(dev);
}

TEST_HARNESS_MAIN
