// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: what kernel code does is told once each, with its values, in each context;
 * and a pool per CPU uses its magazines also while it is traced. (selftests/trace.c has
 * what programs do, and what is to be read.)
 */

#include <linux/err.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include <mempool_demo/heap.h>
#include <mempool_demo/reserve.h>

#include "../trace.h"
#include "contexts.h"
#include "helpers.h"

#define NAME		"traced"
#define SIZE		32
#define BLOCKS		40
#define MAGAZINE	8
#define MOST		12

/* What was told; of NAME alone, as others may use pools too. */
struct told {
	unsigned int allocs, frees, refused, refills, flushes, moved;
	const void *ptr;
	unsigned int index;
	size_t bytes, bytes_alloc;
	gfp_t gfp;
	unsigned long caller;
};

static bool is_ours(const char *name)
{
	return !strcmp(name, NAME);
}

static void pool_alloc_probe(void *data, const char *name, const void *ptr,
			     unsigned int index, size_t bytes, gfp_t gfp,
			     unsigned long caller)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->allocs++;
	told->ptr = ptr;
	told->index = index;
	told->bytes = bytes;
	told->gfp = gfp;
	told->caller = caller;
}

static void pool_free_probe(void *data, const char *name, const void *ptr,
			    unsigned int index, size_t bytes, unsigned long caller)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->frees++;
	told->ptr = ptr;
}

static void pool_refuse_probe(void *data, const char *name, const void *ptr,
			      unsigned int index, size_t bytes,
			      unsigned long caller)
{
	struct told *told = data;

	if (is_ours(name))
		told->refused++;
}

static void pool_refill_probe(void *data, const char *name, unsigned int blocks)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->refills++;
	told->moved += blocks;
}

static void pool_flush_probe(void *data, const char *name, unsigned int blocks)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->flushes++;
	told->moved += blocks;
}

static void heap_probe(void *data, const char *name, const void *ptr,
		       size_t bytes_req, size_t bytes_alloc, gfp_t gfp,
		       unsigned long caller)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->allocs++;
	told->ptr = ptr;
	told->bytes = bytes_req;
	told->bytes_alloc = bytes_alloc;
}

static void heap_free_probe(void *data, const char *name, const void *ptr,
			    size_t bytes_alloc, unsigned long caller)
{
	struct told *told = data;

	if (!is_ours(name))
		return;
	told->frees++;
	told->ptr = ptr;
	told->bytes_alloc = bytes_alloc;
}

static int trace_init(struct kunit *test)
{
	struct told *told = kunit_kzalloc(test, sizeof(*told), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, told);
	test->priv = told;
	if (register_trace_mpdemo_pool_alloc(pool_alloc_probe, told))
		kunit_skip(test, "this kernel has no tracepoints");
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_pool_free(pool_free_probe, told));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_pool_refuse(pool_refuse_probe, told));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_pool_refill(pool_refill_probe, told));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_pool_flush(pool_flush_probe, told));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_heap_alloc(heap_probe, told));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mpdemo_heap_free(heap_free_probe, told));
	return 0;
}

static void trace_exit(struct kunit *test)
{
	struct told *told = test->priv;

	unregister_trace_mpdemo_pool_alloc(pool_alloc_probe, told);
	unregister_trace_mpdemo_pool_free(pool_free_probe, told);
	unregister_trace_mpdemo_pool_refuse(pool_refuse_probe, told);
	unregister_trace_mpdemo_pool_refill(pool_refill_probe, told);
	unregister_trace_mpdemo_pool_flush(pool_flush_probe, told);
	unregister_trace_mpdemo_heap_alloc(heap_probe, told);
	unregister_trace_mpdemo_heap_free(heap_free_probe, told);
	tracepoint_synchronize_unregister();
}

static struct mpdemo_pool *traced_pool(struct kunit *test, unsigned int flags)
{
	const struct mpdemo_pool_config config = {
		.name = NAME, .block_size = SIZE, .blocks = BLOCKS, .flags = flags,
		.magazine = flags & MPDEMO_POOL_PERCPU ? MAGAZINE : 0,
	};

	return mpdemo_test_pool(test, &config);
}

/* By halves of a magazine, as ever. */
static void test_percpu(struct kunit *test)
{
	struct mpdemo_pool *pool = traced_pool(test, MPDEMO_POOL_PERCPU);
	struct told *told = test->priv;
	void *blocks[MOST];
	unsigned int i;

	mpdemo_test_pin(test, 0);
	for (i = 0; i < MOST; i++) {
		blocks[i] = mpdemo_pool_alloc(pool, GFP_ATOMIC);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_EQ(test, i + 1, told->allocs);
		KUNIT_EXPECT_PTR_EQ(test, (const void *)blocks[i], told->ptr);
		KUNIT_EXPECT_EQ(test, mpdemo_pool_index(pool, blocks[i]), told->index);
	}
	KUNIT_EXPECT_EQ(test, (size_t)SIZE, told->bytes);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)GFP_ATOMIC,
			(__force unsigned int)told->gfp);
	KUNIT_EXPECT_EQ(test, 3, told->refills);
	KUNIT_EXPECT_EQ(test, 12, told->moved);
	KUNIT_EXPECT_EQ(test, 0, told->flushes);

	for (i = 0; i < MOST; i++) {
		mpdemo_pool_free(pool, blocks[i]);
		KUNIT_EXPECT_PTR_EQ(test, (const void *)blocks[i], told->ptr);
	}
	KUNIT_EXPECT_EQ(test, MOST, told->frees);
	KUNIT_EXPECT_EQ(test, 1, told->flushes);
	KUNIT_EXPECT_EQ(test, 16, told->moved);
	KUNIT_EXPECT_EQ(test, MOST, told->allocs);
	KUNIT_EXPECT_EQ(test, 0, told->refused);
}

static void try_bulk(struct kunit *test, unsigned int flags)
{
	struct mpdemo_pool *pool = traced_pool(test, flags);
	struct told *told = test->priv;
	void *blocks[4];

	KUNIT_ASSERT_TRUE(test, mpdemo_pool_alloc_bulk(pool, GFP_KERNEL, 3, blocks));
	KUNIT_EXPECT_EQ(test, 3, told->allocs);
	/* Refused is what is freed already, and what never was a block. */
	mpdemo_pool_free(pool, blocks[0]);
	KUNIT_EXPECT_EQ(test, 1, told->frees);
	mpdemo_pool_free(pool, blocks[0]);
	blocks[3] = &told;
	mpdemo_pool_free_bulk(pool, 4, blocks);
	KUNIT_EXPECT_EQ(test, 3, told->frees);
	KUNIT_EXPECT_EQ(test, 3, told->refused);
	KUNIT_EXPECT_EQ(test, 3, told->allocs);
	mpdemo_test_expect_counts(test, pool, 0, 0, 3);
}

static void test_bulk(struct kunit *test)
{
	try_bulk(test, 0);
}

static void test_bulk_percpu(struct kunit *test)
{
	try_bulk(test, MPDEMO_POOL_PERCPU);
}

/* When they are allocated, not when they are reserved. */
static void test_reservation(struct kunit *test)
{
	struct mpdemo_pool *pool = traced_pool(test, 0);
	struct mpdemo_reservation reservation;
	struct told *told = test->priv;
	void *block;

	KUNIT_ASSERT_EQ(test, 0, mpdemo_pool_reserve(pool, 2, &reservation));
	KUNIT_EXPECT_EQ(test, 0, told->allocs);
	block = mpdemo_reservation_alloc(&reservation, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 1, told->allocs);
	mpdemo_reservation_release(&reservation);
	KUNIT_EXPECT_EQ(test, 0, told->frees);
	mpdemo_pool_free(pool, block);
	KUNIT_EXPECT_EQ(test, 1, told->frees);
}

static void alloc_and_free(void *data)
{
	struct mpdemo_pool *pool = data;

	mpdemo_pool_free(pool, mpdemo_pool_alloc(pool, GFP_ATOMIC));
}

static void test_contexts(struct kunit *test)
{
	struct mpdemo_pool *pools[] = {
		traced_pool(test, 0), traced_pool(test, MPDEMO_POOL_PERCPU),
	};
	struct told *told = test->priv;
	unsigned int context, i, n = 0;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		for (i = 0; i < ARRAY_SIZE(pools); i++) {
			if (!mpdemo_test_run_in(context, alloc_and_free, pools[i]))
				continue;
			n++;
			KUNIT_EXPECT_EQ_MSG(test, n, told->allocs, "%s",
					    mpdemo_test_context_names[context]);
			KUNIT_EXPECT_EQ_MSG(test, n, told->frees, "%s",
					    mpdemo_test_context_names[context]);
		}
	}
	KUNIT_EXPECT_NE(test, 0, n);
}

/* Who moves is allocated and freed; what a class does is not told besides. */
static void test_heap(struct kunit *test)
{
	const struct mpdemo_heap_config config = {
		.name = NAME, .blocks = 2, .large_bytes = 4 * PAGE_SIZE,
	};
	struct mpdemo_heap *heap = mpdemo_heap_create(&config, GFP_KERNEL);
	struct told *told = test->priv;
	void *memory, *moved;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	memory = mpdemo_heap_alloc(heap, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 1, told->allocs);
	KUNIT_EXPECT_EQ(test, (size_t)100, told->bytes);
	KUNIT_EXPECT_EQ(test, (size_t)128, told->bytes_alloc);
	moved = mpdemo_heap_realloc(heap, memory, PAGE_SIZE + 1, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 2, told->allocs);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE + 1, told->bytes);
	KUNIT_EXPECT_EQ(test, 1, told->frees);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)memory, told->ptr);
	mpdemo_heap_free(heap, moved);
	KUNIT_EXPECT_EQ(test, 2, told->frees);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, told->bytes_alloc);
	/* Refused */
	mpdemo_heap_free(heap, memory);
	KUNIT_EXPECT_EQ(test, 2, told->frees);
	mpdemo_heap_destroy(heap);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(test_percpu),
	KUNIT_CASE(test_bulk),
	KUNIT_CASE(test_bulk_percpu),
	KUNIT_CASE(test_reservation),
	KUNIT_CASE(test_contexts),
	KUNIT_CASE(test_heap),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "mpdemo_trace",
	.init = trace_init,
	.exit = trace_exit,
	.test_cases = trace_cases,
};

kunit_test_suite(trace_suite);
