// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation that a creation makes fails once: the first one, then the
 * second one, and so on, until a creation is done before its turn. Whatever
 * failed, the answer is -ENOMEM, or an object made in another way, and no memory
 * is lost.
 *
 * Slabs and pages count among them only where debugfs says so, which is off:
 * selftests/kunit.sh writes N to ignore-gfp-wait and 0 to min-order.
 */

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <mempool_demo/grow.h>
#include <mempool_demo/heap.h>

#include "helpers.h"

#define INJECTED	(IS_ENABLED(CONFIG_FAULT_INJECTION) &&		\
			 IS_ENABLED(CONFIG_FAILSLAB) &&			\
			 IS_ENABLED(CONFIG_FAIL_PAGE_ALLOC))

/* Far more than any of them needs. */
#define SWEEP_MAX	2000

static void fail_nth(unsigned int n)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, n);
#endif
}

/* Return: whether the failure is still to come. */
static bool fail_nth_end(void)
{
	bool to_come = false;

#ifdef CONFIG_FAULT_INJECTION
	to_come = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return to_come;
}

static int faults_init(struct kunit *test)
{
	if (!INJECTED)
		kunit_skip(test, "needs FAULT_INJECTION, FAILSLAB and FAIL_PAGE_ALLOC");
	return 0;
}

static unsigned long free_pages_now(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return info.freeram;
}

/* How it went, of all rounds but the last one, in which nothing failed. */
struct sweep {
	unsigned int failed;
	unsigned int survived;
};

static void expect_real(struct kunit *test, const struct sweep *sweep,
			unsigned int failed)
{
	KUNIT_EXPECT_GE_MSG(test, sweep->failed, failed,
			    "too few failures: is ignore-gfp-wait N and min-order 0?");
	kunit_info(test, "%u failures, and %u that did not matter\n",
		   sweep->failed, sweep->survived);
}

/* Objects that are swept: @create gives one or an ERR_PTR(). */
struct kind {
	void *(*create)(const void *config);
	void (*destroy)(void *object);
};

static void *create_pool(const void *config)
{
	return mpdemo_pool_create(config, GFP_KERNEL);
}

static void destroy_pool(void *pool)
{
	mpdemo_pool_destroy(pool);
}

static void *create_arena(const void *config)
{
	return mpdemo_arena_create(config, GFP_KERNEL);
}

static void destroy_arena(void *arena)
{
	mpdemo_arena_destroy(arena);
}

static void *create_heap(const void *config)
{
	return mpdemo_heap_create(config, GFP_KERNEL);
}

static void destroy_heap(void *heap)
{
	mpdemo_heap_destroy(heap);
}

static const struct kind pools = { create_pool, destroy_pool };
static const struct kind arenas = { create_arena, destroy_arena };
static const struct kind heaps = { create_heap, destroy_heap };

/* @failed of the failures at least must be told, else they were not real. */
static void sweep(struct kunit *test, const struct kind *kind,
		  const void *config, unsigned int failed)
{
	int refs = mpdemo_test_module_refs_quiet(test);
	struct sweep sweep = {};
	bool to_come = false;
	unsigned int n;

	for (n = 1; n <= SWEEP_MAX && !to_come; n++) {
		void *object;

		fail_nth(n);
		object = kind->create(config);
		to_come = fail_nth_end();
		if (IS_ERR(object)) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, PTR_ERR(object));
			KUNIT_EXPECT_FALSE(test, to_come);
			sweep.failed++;
			continue;
		}
		kind->destroy(object);
		sweep.survived += !to_come;
	}
	KUNIT_EXPECT_TRUE(test, to_come);
	KUNIT_EXPECT_EQ(test, refs, mpdemo_test_module_refs(test));
	expect_real(test, &sweep, failed);
}

static void exact_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "faults", .block_size = 64, .blocks = 1000,
	};

	/* The pool, its name, and its region with 16 pages. */
	sweep(test, &pools, &config, 19);
}

static void percpu_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "faults", .block_size = 64, .blocks = 1000,
		.flags = MPDEMO_POOL_PERCPU,
	};

	sweep(test, &pools, &config, 19);
}

/* A page that is lost each time would be missed: 128 of them, in 128 rounds. */
static void no_page_is_lost(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "faults", .block_size = SZ_4K, .blocks = 128,
	};
	unsigned long before = free_pages_now();

	sweep(test, &pools, &config, 128);
	/* Half of what it would be; the rest of the kernel is at work, too. */
	KUNIT_EXPECT_LT(test, before, free_pages_now() + 128 * 128 / 4);
}

static void single_arena(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "faults", .bytes = SZ_64K,
	};

	sweep(test, &arenas, &config, 19);
}

static void shared_arena(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "faults", .bytes = SZ_64K, .flags = MPDEMO_ARENA_SHARED,
	};

	sweep(test, &arenas, &config, 19);
}

static void percpu_arena(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "faults", .bytes = SZ_16K, .flags = MPDEMO_ARENA_PERCPU,
	};

	sweep(test, &arenas, &config, 2 + 4 * num_possible_cpus());
}

static void chunked_arena(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "faults", .bytes = SZ_1M, .chunk = SZ_16K,
	};

	sweep(test, &arenas, &config, 7);
}

static void heap(struct kunit *test)
{
	struct mpdemo_heap_config config = {
		.name = "faults", .blocks = 40, .large_bytes = SZ_64K,
	};

	/* A pool for each class, and pages for their blocks and large sizes. */
	sweep(test, &heaps, &config, MPDEMO_HEAP_CLASSES + 16);
	config.flags = MPDEMO_HEAP_FINE;
	sweep(test, &heaps, &config, MPDEMO_HEAP_CLASSES_FINE + 16);
}

/* A chunk that cannot be had: NULL, and the arena is as it was. */
static void growth(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "faults", .bytes = SZ_1M, .chunk = SZ_16K,
	};
	struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);
	size_t one = mpdemo_test_arena_stats(arena).footprint;
	struct mpdemo_arena_stats before, now;
	struct sweep sweep = {};
	bool to_come = false;
	unsigned int n;
	u8 *first;

	first = mpdemo_arena_alloc(arena, SZ_16K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	memset(first, 0x5a, SZ_16K);
	for (n = 1; n <= SWEEP_MAX && !to_come; n++) {
		struct mpdemo_arena_mark mark;
		void *piece;

		/* What the last rollback has dropped counts until it is freed. */
		KUNIT_ASSERT_TRUE(test, mpdemo_test_footprint_falls(arena, one + 1));
		KUNIT_ASSERT_EQ(test, 0, mpdemo_arena_mark(arena, &mark));
		before = mpdemo_test_arena_stats(arena);
		fail_nth(n);
		piece = mpdemo_arena_alloc(arena, SZ_16K, GFP_KERNEL);
		to_come = fail_nth_end();
		now = mpdemo_test_arena_stats(arena);
		if (piece) {
			memset(piece, 0xa5, SZ_16K);
			sweep.survived += !to_come;
			KUNIT_EXPECT_EQ(test, before.chunks + 1, now.chunks);
		} else {
			sweep.failed++;
			KUNIT_EXPECT_FALSE(test, to_come);
			KUNIT_EXPECT_EQ(test, before.chunks, now.chunks);
			KUNIT_EXPECT_EQ(test, before.in_use, now.in_use);
			KUNIT_EXPECT_EQ(test, before.footprint, now.footprint);
			KUNIT_EXPECT_EQ(test, before.failures + 1, now.failures);
		}
		KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_rollback(arena, &mark));
		KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_unmark(arena, &mark));
	}
	KUNIT_EXPECT_TRUE(test, to_come);
	KUNIT_EXPECT_NULL(test, memchr_inv(first, 0x5a, SZ_16K));
	expect_real(test, &sweep, 6);
}

static void growing_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "faults", .block_size = SZ_4K, .blocks = 16,
		.max_blocks = 64, .chunk_blocks = 16,
	};

	/* The pool, its name, its chunks and their map, and 16 pages. */
	sweep(test, &pools, &config, 20);
}

/* A chunk that cannot be had: NULL, and the pool is as it was. */
static void growth_of_a_pool(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "faults", .block_size = SZ_4K, .blocks = 16,
		.max_blocks = 32, .chunk_blocks = 16,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);
	struct mpdemo_pool_stats before, now;
	struct sweep sweep = {};
	bool to_come = false;
	void *blocks[16];
	unsigned int n;

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 16,
						       blocks));
	for (n = 1; n <= SWEEP_MAX && !to_come; n++) {
		void *block;

		before = mpdemo_test_pool_stats(pool);
		fail_nth(n);
		block = mpdemo_pool_alloc(pool, GFP_KERNEL);
		to_come = fail_nth_end();
		now = mpdemo_test_pool_stats(pool);
		if (!block) {
			sweep.failed++;
			KUNIT_EXPECT_FALSE(test, to_come);
			KUNIT_EXPECT_EQ(test, 1, now.chunks);
			KUNIT_EXPECT_EQ(test, 16, now.in_use);
			KUNIT_EXPECT_EQ(test, before.footprint, now.footprint);
			KUNIT_EXPECT_EQ(test, before.failures + 1, now.failures);
			continue;
		}
		memset(block, 0xa5, SZ_4K);
		sweep.survived += !to_come;
		KUNIT_EXPECT_EQ(test, 2, now.chunks);
		/* Back to where it was; it shrinks only where enough is free. */
		mpdemo_pool_free(pool, block);
		mpdemo_pool_free_bulk(pool, 16, blocks);
		KUNIT_EXPECT_EQ(test, 1, mpdemo_pool_shrink(pool));
		KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL,
							       16, blocks));
	}
	KUNIT_EXPECT_TRUE(test, to_come);
	mpdemo_pool_free_bulk(pool, 16, blocks);
	/* The region, and its pages. */
	expect_real(test, &sweep, 17);
}

static struct kunit_case faults_cases[] = {
	KUNIT_CASE(exact_pool),
	KUNIT_CASE(percpu_pool),
	KUNIT_CASE(no_page_is_lost),
	KUNIT_CASE(single_arena),
	KUNIT_CASE(shared_arena),
	KUNIT_CASE(percpu_arena),
	KUNIT_CASE(chunked_arena),
	KUNIT_CASE(heap),
	KUNIT_CASE(growth),
	KUNIT_CASE(growing_pool),
	KUNIT_CASE(growth_of_a_pool),
	{}
};

static struct kunit_suite faults_suite = {
	.name = "mpdemo_faults",
	.init = faults_init,
	.test_cases = faults_cases,
};

kunit_test_suite(faults_suite);
