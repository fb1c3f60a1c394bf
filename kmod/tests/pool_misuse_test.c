// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong frees, on purpose, of both kinds of pools: each is refused and counted,
 * changes nothing, and is reported once per pool, with the block named.
 */

#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define SIZE	24
#define BLOCKS	12
#define MAGAZINE 4

static struct mpdemo_pool *pool_of_kind(struct kunit *test, const char *name,
					unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = name, .block_size = SIZE, .blocks = BLOCKS,
		.flags = flags, .magazine = flags ? MAGAZINE : 0,
	};

	return mpdemo_test_pool(test, &config);
}

/* What is wrong with a free, so that each test knows what to look for. */
struct report {
	struct kunit *test;
	struct mpdemo_pool *pool;
	struct mpdemo_pool_stats before;
	struct mpdemo_test_log log;
};

static void report_begin(struct report *r, struct kunit *test,
			 struct mpdemo_pool *pool)
{
	r->test = test;
	r->pool = pool;
	r->before = mpdemo_test_pool_stats(pool);
	mpdemo_test_log_begin(&r->log);
}

/* @refused frees more were refused, and that is all that has changed. */
static void report_check(struct report *r, unsigned int refused)
{
	struct mpdemo_pool_stats now = mpdemo_test_pool_stats(r->pool);

	KUNIT_EXPECT_EQ(r->test, r->before.refused + refused, now.refused);
	KUNIT_EXPECT_EQ(r->test, r->before.in_use, now.in_use);
	KUNIT_EXPECT_EQ(r->test, r->before.allocs, now.allocs);
	KUNIT_EXPECT_EQ(r->test, r->before.frees, now.frees);
	KUNIT_EXPECT_EQ(r->test, r->before.cached, now.cached);
}

/* So many reports, each with the caller, which kallsyms turns into our module. */
static void reported(struct report *r, unsigned int times, const char *name)
{
	KUNIT_EXPECT_EQ(r->test, times,
			mpdemo_test_logged(r->test, &r->log,
					   "mempool_demo: pool %s: free of ",
					   name));
	if (IS_ENABLED(CONFIG_KALLSYMS))
		KUNIT_EXPECT_EQ(r->test, times,
				mpdemo_test_logged(r->test, &r->log,
						   "[" KBUILD_MODNAME "]"));
}

/* The one report names the block. */
static void named(struct report *r, const char *name, void *block)
{
	KUNIT_EXPECT_EQ(r->test, 1,
			mpdemo_test_logged(r->test, &r->log,
					   "pool %s: free of block %u %s, by ",
					   name, mpdemo_pool_index(r->pool, block),
					   "refused: it is free already"));
	reported(r, 1, name);
}

/* Each of them is still there once, whatever was tried. */
static void expect_whole(struct kunit *test, struct mpdemo_pool *pool,
			 unsigned int held)
{
	struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);
	unsigned int all = stats.blocks + stats.slack, n = 0, i;
	unsigned long *seen;
	void **blocks;

	blocks = kunit_kcalloc(test, all, sizeof(*blocks), GFP_KERNEL);
	seen = kunit_kcalloc(test, BITS_TO_LONGS(all), sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_EXPECT_EQ(test, held, stats.in_use);
	while (n < all) {
		blocks[n] = mpdemo_pool_alloc(pool, GFP_KERNEL);
		if (!blocks[n])
			break;
		i = mpdemo_pool_index(pool, blocks[n++]);
		KUNIT_ASSERT_LT(test, i, all);
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(i, seen));
	}
	KUNIT_EXPECT_GE(test, n + held, stats.blocks);
	KUNIT_EXPECT_LE(test, n + held, all);
	if (!stats.slack)
		KUNIT_EXPECT_EQ(test, n + held, all);
	while (n)
		mpdemo_pool_free(pool, blocks[--n]);
	KUNIT_EXPECT_EQ(test, held, mpdemo_test_pool_stats(pool).in_use);
}

static void check_double_free(struct kunit *test, const char *name,
			      unsigned int flags)
{
	struct mpdemo_pool *pool = pool_of_kind(test, name, flags);
	void *first = mpdemo_pool_alloc(pool, GFP_KERNEL);
	void *second = mpdemo_pool_alloc(pool, GFP_KERNEL);
	struct report r;

	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	mpdemo_pool_free(pool, first);
	report_begin(&r, test, pool);
	mpdemo_pool_free(pool, first);
	report_check(&r, 1);
	named(&r, name, first);

	/* Once per pool; counted each time, in bulk as well. */
	mpdemo_pool_free(pool, first);
	mpdemo_pool_free_bulk(pool, 1, &first);
	report_check(&r, 3);
	reported(&r, 1, name);
	expect_whole(test, pool, 1);

	/* The one beside it is not affected. */
	mpdemo_pool_free(pool, second);
	KUNIT_EXPECT_EQ(test, r.before.refused + 3,
			mpdemo_test_pool_stats(pool).refused);
	expect_whole(test, pool, 0);
}

static void double_free(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_double_free(test, "twice-exact", 0);
	check_double_free(test, "twice-percpu", MPDEMO_POOL_PERCPU);
}

static void check_never_allocated(struct kunit *test, const char *name,
				  unsigned int flags)
{
	struct mpdemo_pool *pool = pool_of_kind(test, name, flags);
	unsigned int last = BLOCKS - 1;
	struct report r;

	report_begin(&r, test, pool);
	mpdemo_pool_free(pool, mpdemo_pool_block(pool, last));
	report_check(&r, 1);
	named(&r, name, mpdemo_pool_block(pool, last));
	expect_whole(test, pool, 0);
}

static void free_of_what_was_never_allocated(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_never_allocated(test, "never-exact", 0);
	check_never_allocated(test, "never-percpu", MPDEMO_POOL_PERCPU);
}

static void check_no_block(struct kunit *test, const char *name,
			   unsigned int flags)
{
	struct mpdemo_pool *pool = pool_of_kind(test, name, flags);
	struct mpdemo_pool *other = pool_of_kind(test, "other", flags);
	void *held = mpdemo_pool_alloc(pool, GFP_KERNEL);
	void *of_other = mpdemo_pool_alloc(other, GFP_KERNEL);
	struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);
	unsigned int all = stats.blocks + stats.slack, i, on_stack;
	void *of_slab = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	void *base = mpdemo_pool_block(pool, 0);
	void *no_blocks[] = {
		of_other, of_slab, &on_stack, held + 1, held + 8, held + SIZE - 1,
		base - 1, base - SIZE, base + all * stats.stride,
		base + all * stats.stride + 1, (void *)1, (void *)-1L,
		(void *)LONG_MIN, (void *)LONG_MAX, ERR_PTR(-ENOMEM),
		base + (1UL << 32), base - (1UL << 32) * stats.stride,
		base + (1UL << 32) * stats.stride,
	};
	struct report r;

	KUNIT_ASSERT_NOT_NULL(test, held);
	KUNIT_ASSERT_NOT_NULL(test, of_other);
	report_begin(&r, test, pool);
	for (i = 0; i < ARRAY_SIZE(no_blocks); i++)
		mpdemo_pool_free(pool, no_blocks[i]);
	report_check(&r, ARRAY_SIZE(no_blocks));
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, &r.log,
					   "pool %s: free of %p %s, by ", name,
					   of_other,
					   "refused: no block of this pool"));
	reported(&r, 1, name);
	mpdemo_pool_free_bulk(pool, ARRAY_SIZE(no_blocks), no_blocks);
	report_check(&r, 2 * ARRAY_SIZE(no_blocks));
	reported(&r, 1, name);

	/* As for kfree(), nothing is nothing. */
	mpdemo_pool_free(pool, NULL);
	report_check(&r, 2 * ARRAY_SIZE(no_blocks));

	expect_whole(test, pool, 1);
	expect_whole(test, other, 1);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_test_pool_stats(other).refused);
	mpdemo_pool_free(pool, held);
	mpdemo_pool_free(other, of_other);
	expect_whole(test, pool, 0);
	expect_whole(test, other, 0);
}

static void free_of_no_block(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_no_block(test, "foreign-exact", 0);
	check_no_block(test, "foreign-percpu", MPDEMO_POOL_PERCPU);
}

static void check_bulk(struct kunit *test, const char *name, unsigned int flags,
		       unsigned int n)
{
	struct mpdemo_pool *pool = pool_of_kind(test, name, flags);
	void *blocks[BLOCKS + 4];
	struct report r;

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, n,
						       blocks));
	/* First and last once more, something foreign, and nothing. */
	blocks[n] = blocks[0];
	blocks[n + 1] = &r;
	blocks[n + 2] = blocks[n - 1];
	blocks[n + 3] = NULL;
	report_begin(&r, test, pool);
	mpdemo_pool_free_bulk(pool, n + 4, blocks);

	KUNIT_EXPECT_EQ(test, 3, mpdemo_test_pool_stats(pool).refused);
	KUNIT_EXPECT_EQ(test, r.before.frees + n,
			mpdemo_test_pool_stats(pool).frees);
	named(&r, name, blocks[0]);
	expect_whole(test, pool, 0);
}

/* Of a size that goes into a magazine, and of one that goes past it. */
static void duplicate_in_a_bulk(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_bulk(test, "bulk-exact", 0, BLOCKS);
	check_bulk(test, "bulk-one-exact", 0, 1);
	check_bulk(test, "bulk-percpu", MPDEMO_POOL_PERCPU, BLOCKS);
	check_bulk(test, "bulk-one-percpu", MPDEMO_POOL_PERCPU, 1);
}

/* In a magazine a duplicate is found out as well: two and their doubles fit. */
static void duplicate_in_a_magazine(struct kunit *test)
{
	struct mpdemo_pool *pool;
	void *blocks[4];
	struct report r;

	mpdemo_test_pin(test, raw_smp_processor_id());
	pool = pool_of_kind(test, "magazine", MPDEMO_POOL_PERCPU);
	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 2,
						       blocks));
	blocks[2] = blocks[1];
	blocks[3] = blocks[0];
	report_begin(&r, test, pool);
	mpdemo_pool_free_bulk(pool, 4, blocks);
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_pool_stats(pool).refused);
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_pool_stats(pool).frees);
	reported(&r, 1, "magazine");
	expect_whole(test, pool, 0);
}

struct wrong_use {
	struct mpdemo_pool *pool;
	void *block;
};

static void free_wrongly(void *data)
{
	struct wrong_use *use = data;

	mpdemo_pool_free(use->pool, use->block);
	mpdemo_pool_free_bulk(use->pool, 1, &use->block);
}

static void check_contexts(struct kunit *test, const char *name,
			   unsigned int flags)
{
	struct wrong_use use = { .pool = pool_of_kind(test, name, flags) };
	unsigned int context;
	struct report r;

	use.block = mpdemo_pool_alloc(use.pool, GFP_KERNEL);
	mpdemo_pool_free(use.pool, use.block);
	report_begin(&r, test, use.pool);
	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE(test, mpdemo_test_run_in(context, free_wrongly,
							   &use));
		report_check(&r, 2 * (context + 1));
	}
	reported(&r, 1, name);
	expect_whole(test, use.pool, 0);
}

static void refused_in_any_context(struct kunit *test)
{
	mpdemo_test_pin(test, raw_smp_processor_id());
	check_contexts(test, "contexts-exact", 0);
	check_contexts(test, "contexts-percpu", MPDEMO_POOL_PERCPU);
}

/* A report of one pool is not in the way of that of the next. */
static void each_pool_reports(struct kunit *test)
{
	struct mpdemo_pool *one = pool_of_kind(test, "reports-one", 0);
	struct mpdemo_pool *two = pool_of_kind(test, "reports-two", 0);
	struct mpdemo_test_log log;

	mpdemo_test_log_begin(&log);
	mpdemo_pool_free(one, mpdemo_pool_block(one, 3));
	mpdemo_pool_free(two, mpdemo_pool_block(two, 5));
	mpdemo_pool_free(one, mpdemo_pool_block(one, 4));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log,
						    "pool reports-one: free of block 3 "));
	KUNIT_EXPECT_EQ(test, 1, mpdemo_test_logged(test, &log,
						    "pool reports-two: free of block 5 "));
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_logged(test, &log, "pool reports-"));
}

/* A block that another CPU has in its magazine is free. */
static void freed_on_another_cpu(struct kunit *test)
{
	struct wrong_use use;
	unsigned int other;
	struct report r;

	mpdemo_test_pin(test, raw_smp_processor_id());
	other = mpdemo_test_other_cpu(test);
	use.pool = pool_of_kind(test, "remote", MPDEMO_POOL_PERCPU);
	use.block = mpdemo_pool_alloc(use.pool, GFP_KERNEL);
	mpdemo_pool_free(use.pool, use.block);
	report_begin(&r, test, use.pool);
	mpdemo_test_run_on(test, other, free_wrongly, &use);
	report_check(&r, 2);
	reported(&r, 1, "remote");
	expect_whole(test, use.pool, 0);
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(double_free),
	KUNIT_CASE(free_of_what_was_never_allocated),
	KUNIT_CASE(free_of_no_block),
	KUNIT_CASE(duplicate_in_a_bulk),
	KUNIT_CASE(duplicate_in_a_magazine),
	KUNIT_CASE(refused_in_any_context),
	KUNIT_CASE(each_pool_reports),
	KUNIT_CASE(freed_on_another_cpu),
	{}
};

static struct kunit_suite misuse_suite = {
	.name = "mpdemo_pool_misuse",
	.test_cases = misuse_cases,
};

kunit_test_suite(misuse_suite);
