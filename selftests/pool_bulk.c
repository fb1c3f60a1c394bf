// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that ALLOC_BULK takes all or nothing whatever is wrong, and that the
 * other bulk commands stop at the first handle that is refused and say which.
 */
#include "mpdemo_test.h"

#define BLOCKS 16

FIXTURE(bulk) {
	int dev, pool, other;
	long page;
	__u64 *map;		/* two pages, and none behind them */
	__u64 h[BLOCKS];
};

FIXTURE_SETUP(bulk)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 40, BLOCKS);
	ASSERT_LE(0, self->pool);
	self->other = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->other);
	self->page = sysconf(_SC_PAGESIZE);
	self->map = mmap(NULL, 3 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->map);
	ASSERT_EQ(0, munmap((char *)self->map + 2 * self->page, self->page));
}

FIXTURE_TEARDOWN(bulk)
{
	close(self->other);
	close(self->pool);
	close(self->dev);
}

/* Nothing is lost: all blocks can be had at once. */
#define EXPECT_WHOLE()							\
do {									\
	struct mpdemo_info i_ = info_of(self->pool);			\
									\
	EXPECT_EQ(0, i_.out_in_use);					\
	EXPECT_EQ(i_.out_allocs, i_.out_frees);				\
	EXPECT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS, self->h));	\
	EXPECT_EQ(0, pool_free_bulk(self->pool, BLOCKS, self->h));	\
} while (0)

TEST_F(bulk, bad_array)
{
	__u64 *bad[] = {
		NULL, (__u64 *)1, (__u64 *)-8L,
		(__u64 *)(uintptr_t)0xffff888000000000ULL,
		(__u64 *)((char *)self->map + 2 * self->page),
		(__u64 *)((char *)self->map + 2 * self->page) - 1,
		(__u64 *)((char *)self->map + 2 * self->page) - 3,
		(__u64 *)((char *)self->map + 2 * self->page - 4 * 8 + 1),
	};
	static const unsigned int cmd[] = {
		MPDEMO_IOC_ALLOC_BULK, MPDEMO_IOC_FREE_BULK, MPDEMO_IOC_KEEP,
		MPDEMO_IOC_TAKE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mpdemo_info info;

		CHECK(-EFAULT, pool_alloc_bulk(self->pool, 4, bad[i]),
		      "array %zu", i);
		info = info_of(self->pool);
		EXPECT_EQ(0, info.out_in_use);
		EXPECT_EQ(0, info.out_held);
	}
	for (size_t i = 1; i < ARRAY_SIZE(cmd); i++)
		for (int j = 0; j < 5; j++)
			CHECK(-EFAULT, pool_bulk(self->pool, cmd[i], 0, 4,
						 bad[j], NULL),
			      "command %zu array %d", i, j);
	EXPECT_WHOLE();
}

/* Room for some of the handles, however many, is room for none. */
TEST_F(bulk, alloc_partly_writable)
{
	__u64 *end = self->map + 2 * self->page / sizeof(__u64);

	for (int fit = 0; fit < BLOCKS; fit++) {
		CHECK(-EFAULT, pool_alloc_bulk(self->pool, BLOCKS, end - fit),
		      "%d fit", fit);
		EXPECT_EQ(0, info_of(self->pool).out_in_use);
	}
	EXPECT_EQ(0, pool_alloc_bulk(self->pool, BLOCKS, end - BLOCKS));
	EXPECT_EQ(0, pool_free_bulk(self->pool, BLOCKS, end - BLOCKS));

	ASSERT_EQ(0, mprotect(self->map, 2 * self->page, PROT_READ));
	for (int i = 0; i < 200; i++)
		ASSERT_EQ(-EFAULT, pool_alloc_bulk(self->pool, BLOCKS,
						   self->map));
	EXPECT_WHOLE();
}

/* What was done is told, be it nothing, when the array ends too early. */
TEST_F(bulk, free_partly_readable)
{
	__u64 *end = self->map + 2 * self->page / sizeof(__u64);
	__u64 *array = end - 4;
	__u32 done = 99;
	__u32 left = 0;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 8, self->h));
	memcpy(array, self->h, 4 * sizeof(__u64));
	EXPECT_EQ(-EFAULT, pool_bulk(self->pool, MPDEMO_IOC_FREE_BULK, 0, 8,
				     array, &done));
	EXPECT_LE(done, 4);
	for (int i = 0; i < 8; i++)
		left += !pool_free(self->pool, self->h[i]);
	EXPECT_EQ(8 - done, left);
	EXPECT_WHOLE();
}

TEST_F(bulk, all_done)
{
	__u32 done = 99;

	EXPECT_EQ(0, pool_bulk(self->pool, MPDEMO_IOC_ALLOC_BULK, 0, 5,
			       self->h, &done));
	EXPECT_EQ(5, done);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++)
			EXPECT_NE(MPDEMO_HANDLE_INDEX(self->h[i]),
				  MPDEMO_HANDLE_INDEX(self->h[j]));
	EXPECT_EQ(0, pool_bulk(self->pool, MPDEMO_IOC_KEEP, 0, 5, self->h,
			       &done));
	EXPECT_EQ(5, done);
	EXPECT_EQ(5, info_of(self->pool).out_kept);
	EXPECT_EQ(0, pool_bulk(self->pool, MPDEMO_IOC_TAKE, 0, 5, self->h,
			       &done));
	EXPECT_EQ(5, done);
	EXPECT_EQ(5, info_of(self->pool).out_held);
	EXPECT_EQ(0, pool_bulk(self->pool, MPDEMO_IOC_FREE_BULK, 0, 5, self->h,
			       &done));
	EXPECT_EQ(5, done);
	EXPECT_WHOLE();
}

/* A bad handle at each place of the array, for each cause. */
TEST_F(bulk, stops_at_the_first)
{
	__u64 foreign, bad[4] = { 0 };
	int want[] = { -ENOENT, -EALREADY, -EPERM, -ESTALE };

	ASSERT_EQ(0, pool_alloc(self->other, &foreign));
	bad[0] = MPDEMO_HANDLE(BLOCKS, 1);
	bad[2] = foreign;

	for (size_t why = 0; why < ARRAY_SIZE(want); why++) {
		for (__u32 at = 0; at < 6; at++) {
			__u64 h[7], last;
			__u32 done = 99;

			ASSERT_EQ(0, pool_alloc_bulk(self->pool, 7, h));
			last = h[at];
			ASSERT_EQ(0, pool_free(self->pool, last));
			if (want[why] == -EALREADY) {
				bad[1] = last;
			} else if (want[why] == -ESTALE) {
				bad[3] = last;
				ASSERT_EQ(0, pool_alloc(self->pool, &last));
				ASSERT_EQ(MPDEMO_HANDLE_INDEX(bad[3]),
					  MPDEMO_HANDLE_INDEX(last));
			}
			h[at] = bad[why];
			CHECK(want[why], pool_bulk(self->pool,
						   MPDEMO_IOC_FREE_BULK, 0, 7,
						   h, &done),
			      "cause %zu at %u", why, at);
			EXPECT_EQ(at, done);
			for (__u32 i = 0; i < 7; i++)
				CHECK(i < at ? -EALREADY :
				      i == at ? want[why] : 0,
				      pool_free(self->pool, h[i]),
				      "block %u of a bulk that stopped at %u",
				      i, at);
			if (want[why] == -ESTALE)
				ASSERT_EQ(0, pool_free(self->pool, last));
		}
	}
	ASSERT_EQ(0, pool_free(self->other, foreign));
	EXPECT_WHOLE();
}

/* The same for KEEP and TAKE: what comes before is done, what follows is not */
TEST_F(bulk, keep_and_take_stop)
{
	__u32 done = 99;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 6, self->h));
	ASSERT_EQ(0, pool_free(self->pool, self->h[3]));
	EXPECT_EQ(-EALREADY, pool_bulk(self->pool, MPDEMO_IOC_KEEP, 0, 6,
				       self->h, &done));
	EXPECT_EQ(3, done);
	EXPECT_EQ(3, info_of(self->pool).out_kept);
	EXPECT_EQ(2, info_of(self->pool).out_held);

	/* h[4] is not kept but held by this open file. */
	self->h[3] = self->h[4];
	done = 99;
	EXPECT_EQ(-EPERM, pool_bulk(self->other, MPDEMO_IOC_TAKE, 0, 6,
				    self->h, &done));
	EXPECT_EQ(3, done);
	EXPECT_EQ(0, info_of(self->pool).out_kept);
	EXPECT_EQ(3, info_of(self->other).out_held);
	EXPECT_EQ(0, pool_free_bulk(self->other, 3, self->h));
	EXPECT_EQ(0, pool_free_bulk(self->pool, 2, self->h + 4));
	EXPECT_WHOLE();
}

/* One handle twice in one array is a double free like any other. */
TEST_F(bulk, duplicates)
{
	struct mpdemo_info info;
	__u32 done = 99;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 4, self->h));
	self->h[4] = self->h[1];
	EXPECT_EQ(-EALREADY, pool_bulk(self->pool, MPDEMO_IOC_FREE_BULK, 0, 5,
				       self->h, &done));
	EXPECT_EQ(4, done);
	info = info_of(self->pool);
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(4, info.out_frees);
	EXPECT_EQ(1, info.out_refused);

	ASSERT_EQ(0, pool_alloc(self->pool, &self->h[0]));
	self->h[1] = self->h[0];
	EXPECT_EQ(-EALREADY, pool_bulk(self->pool, MPDEMO_IOC_FREE_BULK, 0, 2,
				       self->h, &done));
	EXPECT_EQ(1, done);
	EXPECT_WHOLE();
}

/* The largest bulk there is, and one that is larger than the pool. */
TEST_F(bulk, largest)
{
	__u64 *h = calloc(MPDEMO_BULK_MAX, sizeof(*h));
	int pool = pool_create(self->dev, 8, MPDEMO_BULK_MAX + 1);
	__u32 done = 0;
	__u64 one[2];

	ASSERT_NE(NULL, h);
	ASSERT_LE(0, pool);
	EXPECT_EQ(-ENOSPC, pool_alloc_bulk(self->pool, MPDEMO_BULK_MAX, h));
	EXPECT_EQ(0, pool_alloc_bulk(pool, MPDEMO_BULK_MAX, h));
	EXPECT_EQ(-EAGAIN, pool_alloc_bulk(pool, 2, one));
	EXPECT_EQ(0, pool_alloc(pool, one));
	EXPECT_EQ(0, pool_bulk(pool, MPDEMO_IOC_FREE_BULK, 0, MPDEMO_BULK_MAX,
			       h, &done));
	EXPECT_EQ(MPDEMO_BULK_MAX, done);
	EXPECT_EQ(1, info_of(pool).out_in_use);
	EXPECT_WHOLE();
	free(h);
}

/* Blocks that the object holds from the start. */
TEST_F(bulk, alloc_kept)
{
	ASSERT_EQ(0, pool_bulk(self->pool, MPDEMO_IOC_ALLOC_BULK,
			       MPDEMO_ALLOC_KEEP, 6, self->h, NULL));
	EXPECT_EQ(6, info_of(self->pool).out_kept);
	EXPECT_EQ(0, info_of(self->pool).out_held);
	EXPECT_EQ(0, pool_free_bulk(self->other, 6, self->h));
	EXPECT_WHOLE();
}

TEST_HARNESS_MAIN
