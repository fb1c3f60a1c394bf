/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_TEST_HELPERS_H
#define _MPDEMO_TEST_HELPERS_H

#include <kunit/test.h>
#include <linux/kmsg_dump.h>
#include <linux/types.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/pool.h>

/* Objects that end with the test case, or by their _end(). */
struct mpdemo_pool *
mpdemo_test_pool(struct kunit *test, const struct mpdemo_pool_config *config);
void mpdemo_test_pool_end(struct kunit *test, struct mpdemo_pool *pool);
struct mpdemo_arena *
mpdemo_test_arena(struct kunit *test, const struct mpdemo_arena_config *config);
void mpdemo_test_arena_end(struct kunit *test, struct mpdemo_arena *arena);

struct mpdemo_pool_stats mpdemo_test_pool_stats(const struct mpdemo_pool *pool);
bool mpdemo_test_in_use_becomes(const struct mpdemo_pool *pool, unsigned int n);
void mpdemo_test_expect_counts(struct kunit *test, const struct mpdemo_pool *pool,
			       unsigned int held, unsigned int reserved,
			       u64 allocs);
struct mpdemo_arena_stats
mpdemo_test_arena_stats(const struct mpdemo_arena *arena);
bool mpdemo_test_footprint_falls(const struct mpdemo_arena *arena, size_t bytes);

/* What the kernel log says from here on. */
struct mpdemo_test_log {
	struct kmsg_dump_iter iter;
};

void mpdemo_test_log_begin(struct mpdemo_test_log *log);
__printf(3, 4) unsigned int
mpdemo_test_logged(struct kunit *test, const struct mpdemo_test_log *log,
		   const char *fmt, ...);

int mpdemo_test_module_refs(struct kunit *test);
int mpdemo_test_module_refs_quiet(struct kunit *test);
bool mpdemo_test_module_refs_become(struct kunit *test, int refs);

#endif /* _MPDEMO_TEST_HELPERS_H */
