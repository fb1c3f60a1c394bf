// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a pool holds exactly the number of blocks that it was made for,
 * on and across all CPUs, and that a handle says exactly one use of one block.
 */
#include "mpdemo_test.h"

FIXTURE(exact) {
	int dev, pool;
	__u64 *handle;
};

FIXTURE_VARIANT(exact) {
	__u64 block_size, blocks;
};

#define SIZES(s, n)							\
	FIXTURE_VARIANT_ADD(exact, size_##s##_blocks_##n)		\
	{								\
		.block_size = s, .blocks = n				\
	}

SIZES(1, 1);
SIZES(24, 1000);
SIZES(64, 7);
SIZES(100, 65);
SIZES(4095, 33);
SIZES(4097, 5);
SIZES(65537, 3);

FIXTURE_SETUP(exact)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, variant->block_size,
				 variant->blocks);
	ASSERT_LE(0, self->pool);
	self->handle = calloc(variant->blocks + 1, sizeof(__u64));
	ASSERT_NE(NULL, self->handle);
}

FIXTURE_TEARDOWN(exact)
{
	free(self->handle);
	close(self->pool);
	close(self->dev);
}

/* All blocks, each once; one more fails at once and is counted once. */
TEST_F(exact, n_and_one_more)
{
	unsigned char *seen = calloc(variant->blocks, 1);
	struct mpdemo_info info;
	__u64 extra;

	ASSERT_NE(NULL, seen);
	for (__u64 i = 0; i < variant->blocks; i++) {
		__u32 index;

		ASSERT_EQ(0, pool_alloc(self->pool, &self->handle[i]));
		index = MPDEMO_HANDLE_INDEX(self->handle[i]);
		ASSERT_LT(index, variant->blocks);
		ASSERT_EQ(0, seen[index]);
		seen[index] = 1;
		EXPECT_NE(0, MPDEMO_HANDLE_GENERATION(self->handle[i]));
	}
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));
	info = info_of(self->pool);
	EXPECT_EQ(variant->blocks, info.out_capacity);
	EXPECT_EQ(variant->blocks, info.out_in_use);
	EXPECT_EQ(variant->blocks, info.out_held);
	EXPECT_EQ(variant->blocks, info.out_peak);
	EXPECT_EQ(variant->blocks, info.out_allocs);
	EXPECT_EQ(1, info.out_failures);

	/* One back, one again, and none more. */
	ASSERT_EQ(0, pool_free(self->pool, self->handle[0]));
	ASSERT_EQ(0, pool_alloc(self->pool, &self->handle[0]));
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));

	for (__u64 i = 0; i < variant->blocks; i++)
		ASSERT_EQ(0, pool_free(self->pool, self->handle[i]));
	info = info_of(self->pool);
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(variant->blocks, info.out_peak);
	EXPECT_EQ(variant->blocks + 1, info.out_allocs);
	EXPECT_EQ(info.out_allocs, info.out_frees);
	EXPECT_EQ(2, info.out_failures);
	EXPECT_EQ(0, info.out_refused);
	free(seen);
}

/* The same in bulk: all, one more at a time, one more in all. */
TEST_F(exact, bulk_of_n_and_one_more)
{
	struct mpdemo_info before, after;
	__u64 extra;

	before = info_of(self->pool);
	EXPECT_EQ(-ENOSPC, pool_alloc_bulk(self->pool, variant->blocks + 1,
					   self->handle));
	after = info_of(self->pool);
	EXPECT_TRUE(info_same(&before, &after));

	ASSERT_EQ(0, pool_alloc(self->pool, &extra));
	before = info_of(self->pool);
	EXPECT_EQ(-EAGAIN, pool_alloc_bulk(self->pool, variant->blocks,
					   self->handle));
	after = info_of(self->pool);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_LT(before.out_failures, after.out_failures);
	ASSERT_EQ(0, pool_free(self->pool, extra));

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, variant->blocks,
				     self->handle));
	EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));
	EXPECT_EQ(variant->blocks, info_of(self->pool).out_in_use);
	ASSERT_EQ(0, pool_free_bulk(self->pool, variant->blocks,
				    self->handle));
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
}

/* Fill on one CPU, free on the next, fill there: no CPU keeps blocks back. */
TEST_F(exact, every_cpu)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	__u64 extra;

	for (int cpu = 0; cpu < cpus; cpu++) {
		ASSERT_EQ(0, run_on_cpu(cpu));
		for (__u64 i = 0; i < variant->blocks; i++)
			ASSERT_EQ(0, pool_alloc(self->pool, &self->handle[i]));
		EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));

		ASSERT_EQ(0, run_on_cpu((cpu + 1) % cpus));
		EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));
		for (__u64 i = 0; i < variant->blocks; i++)
			ASSERT_EQ(0, pool_free(self->pool, self->handle[i]));

		ASSERT_EQ(0, run_on_cpu(cpu));
		ASSERT_EQ(0, pool_alloc_bulk(self->pool, variant->blocks,
					     self->handle));
		EXPECT_EQ(-EAGAIN, pool_alloc(self->pool, &extra));
		ASSERT_EQ(0, run_on_cpu((cpu + 1) % cpus));
		ASSERT_EQ(0, pool_free_bulk(self->pool, variant->blocks,
					    self->handle));
		EXPECT_EQ(0, info_of(self->pool).out_in_use);
	}
}

FIXTURE(handle) {
	int dev, pool, other;
};

FIXTURE_SETUP(handle)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 24, 1);
	ASSERT_LE(0, self->pool);
	self->other = object_reopen(self->pool, RW);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(handle)
{
	close(self->other);
	close(self->pool);
	close(self->dev);
}

TEST_F(handle, already_free)
{
	__u64 handle;

	ASSERT_EQ(0, pool_alloc(self->pool, &handle));
	ASSERT_EQ(0, pool_free(self->pool, handle));
	for (__u64 i = 1; i <= 3; i++) {
		EXPECT_EQ(-EALREADY, pool_free(self->pool, handle));
		EXPECT_EQ(i, info_of(self->pool).out_refused);
	}
	EXPECT_EQ(-EALREADY, pool_free(self->other, handle));
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
	EXPECT_EQ(1, info_of(self->pool).out_frees);
}

TEST_F(handle, stale)
{
	__u64 first, second;

	ASSERT_EQ(0, pool_alloc(self->pool, &first));
	ASSERT_EQ(0, pool_free(self->pool, first));
	ASSERT_EQ(0, pool_alloc(self->pool, &second));
	EXPECT_EQ(MPDEMO_HANDLE_INDEX(first), MPDEMO_HANDLE_INDEX(second));
	EXPECT_NE(first, second);
	EXPECT_EQ(-ESTALE, pool_free(self->pool, first));
	EXPECT_EQ(-ESTALE, pool_keep(self->pool, first));
	EXPECT_EQ(-ESTALE, pool_take(self->pool, first));
	EXPECT_EQ(1, info_of(self->pool).out_in_use);

	/* Also if somebody else has it now. */
	ASSERT_EQ(0, pool_free(self->pool, second));
	ASSERT_EQ(0, pool_alloc(self->other, &second));
	EXPECT_EQ(-ESTALE, pool_free(self->pool, first));
	EXPECT_EQ(0, pool_free(self->other, second));
}

/* No handle comes back, however often its block does. */
TEST_F(handle, generations_differ)
{
	enum { ROUNDS = 2000 };
	__u64 first = 0, last = 0;

	for (int i = 0; i < ROUNDS; i++) {
		__u64 handle;

		ASSERT_EQ(0, pool_alloc(self->pool, &handle));
		ASSERT_NE(last, handle);
		ASSERT_NE(first, handle);
		if (!i)
			first = handle;
		last = handle;
		ASSERT_EQ(0, pool_free(self->pool, handle));
	}
	EXPECT_LT(MPDEMO_HANDLE_GENERATION(first),
		  MPDEMO_HANDLE_GENERATION(last));
}

TEST_F(handle, somebody_elses)
{
	__u64 handle;

	ASSERT_EQ(0, pool_alloc(self->pool, &handle));
	EXPECT_EQ(-EPERM, pool_free(self->other, handle));
	EXPECT_EQ(-EPERM, pool_keep(self->other, handle));
	EXPECT_EQ(-EPERM, pool_take(self->other, handle));
	EXPECT_EQ(1, info_of(self->pool).out_held);
	EXPECT_EQ(0, info_of(self->other).out_held);
	EXPECT_EQ(0, pool_free(self->pool, handle));
}

TEST_F(handle, never_existed)
{
	__u64 handle, bad[9];

	ASSERT_EQ(0, pool_alloc(self->pool, &handle));
	bad[0] = 0;
	bad[1] = MPDEMO_HANDLE(1, 1);
	bad[2] = MPDEMO_HANDLE(1, MPDEMO_HANDLE_GENERATION(handle));
	bad[3] = MPDEMO_HANDLE(0, 0);
	bad[4] = MPDEMO_HANDLE(~0U, 1);
	bad[5] = ~0ULL;
	bad[6] = MPDEMO_HANDLE(1U << 31, MPDEMO_HANDLE_GENERATION(handle));
	bad[7] = MPDEMO_HANDLE(0, MPDEMO_HANDLE_GENERATION(handle) + 1);
	bad[8] = MPDEMO_HANDLE(1U << 24, 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(-ENOENT, pool_free(self->pool, bad[i]), "free %#llx",
		      bad[i]);
		CHECK(-ENOENT, pool_keep(self->pool, bad[i]), "keep %#llx",
		      bad[i]);
		CHECK(-ENOENT, pool_take(self->pool, bad[i]), "take %#llx",
		      bad[i]);
	}
	EXPECT_EQ(1, info_of(self->pool).out_in_use);
	EXPECT_EQ(0, pool_free(self->pool, handle));
}

/* A handle of another pool, where the index exists and the use does not. */
TEST_F(handle, of_another_pool)
{
	int other_pool = pool_create(self->dev, 24, 100);
	__u64 handles[100];

	ASSERT_LE(0, other_pool);
	ASSERT_EQ(0, pool_alloc_bulk(other_pool, 100, handles));
	for (int i = 0; i < 100; i++)
		CHECK(-ENOENT, pool_free(self->pool, handles[i]), "block %d", i);
	EXPECT_EQ(0, info_of(self->pool).out_frees);
	EXPECT_EQ(0, info_of(self->pool).out_in_use);
	EXPECT_EQ(100, info_of(other_pool).out_in_use);
}

TEST_HARNESS_MAIN
