// SPDX-License-Identifier: GPL-2.0
/*
 * What is refused at creation: which setting, which errno, and nothing else is.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "helpers.h"

struct pool_case {
	const char *what;
	struct mpdemo_pool_config config;
	int error;
	enum mpdemo_setting setting;
};

#define POOL(_what, _error, _setting, ...)				\
	{								\
		.what = (_what),					\
		.config = { .name = "config", __VA_ARGS__ },		\
		.error = (_error),					\
		.setting = MPDEMO_SETTING_##_setting,			\
	}

static const struct pool_case pool_cases[] = {
	{
		.what = "no name",
		.config = { .block_size = 8, .blocks = 1 },
		.error = -EINVAL,
		.setting = MPDEMO_SETTING_NAME,
	},
	POOL("no size", -ERANGE, BLOCK_SIZE, .block_size = 0, .blocks = 1),
	POOL("size too large", -ERANGE, BLOCK_SIZE,
	     .block_size = MPDEMO_BLOCK_SIZE_MAX + 1, .blocks = 1),
	POOL("size of all ones", -ERANGE, BLOCK_SIZE,
	     .block_size = SIZE_MAX, .blocks = 1),
	POOL("no blocks", -ERANGE, BLOCKS, .block_size = 8, .blocks = 0),
	POOL("too many blocks", -ERANGE, BLOCKS,
	     .block_size = 1, .blocks = MPDEMO_BLOCKS_MAX + 1),
	POOL("blocks of all ones", -ERANGE, BLOCKS,
	     .block_size = 1, .blocks = SIZE_MAX),
	POOL("more than 64 GiB", -ERANGE, BLOCKS,
	     .block_size = SZ_4M, .blocks = SZ_16K + 1),
	POOL("more than 64 GiB by alignment", -ERANGE, BLOCKS,
	     .block_size = SZ_4K + 1, .blocks = SZ_8M + 1, .align = SZ_4K),
	POOL("alignment of no power of two", -ERANGE, ALIGN,
	     .block_size = 8, .blocks = 1, .align = 24),
	POOL("alignment too large", -ERANGE, ALIGN,
	     .block_size = 8, .blocks = 1, .align = SZ_8K),
	POOL("unknown flag", -EINVAL, FLAGS,
	     .block_size = 8, .blocks = 1, .flags = MPDEMO_POOL_FLAGS + 1),
	POOL("highest flag", -EINVAL, FLAGS,
	     .block_size = 8, .blocks = 1, .flags = 1U << 31),
	POOL("magazine of an exact pool", -EINVAL, MAGAZINE,
	     .block_size = 8, .blocks = 1, .magazine = 16),
	POOL("magazine of one", -ERANGE, MAGAZINE, .block_size = 8, .blocks = 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = MPDEMO_MAGAZINE_MIN - 1),
	POOL("magazine too large", -ERANGE, MAGAZINE, .block_size = 8, .blocks = 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = MPDEMO_MAGAZINE_MAX + 1),
	POOL("node without the flag", -EINVAL, NODE,
	     .block_size = 8, .blocks = 1, .node = 1),
	POOL("no node without the flag", -EINVAL, NODE,
	     .block_size = 8, .blocks = 1, .node = NUMA_NO_NODE),
	POOL("node below zero", -ERANGE, NODE, .block_size = 8, .blocks = 1,
	     .flags = MPDEMO_POOL_NODE, .node = NUMA_NO_NODE),
	POOL("node too large", -ERANGE, NODE, .block_size = 8, .blocks = 1,
	     .flags = MPDEMO_POOL_NODE, .node = MAX_NUMNODES),
	POOL("too many with the slack", -ERANGE, BLOCKS, .block_size = 1,
	     .blocks = MPDEMO_BLOCKS_MAX - MPDEMO_MAGAZINE_MIN + 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = MPDEMO_MAGAZINE_MIN),
	POOL("more than 64 GiB by red zones", -ERANGE, BLOCKS,
	     .block_size = SZ_4M, .blocks = SZ_16K, .flags = MPDEMO_POOL_RED_ZONE),
	POOL("data without a constructor", -EINVAL, CTOR,
	     .block_size = 8, .blocks = 1, .ctor_data = (void *)&pool_cases),
};

static void pool_refused(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pool_cases); i++) {
		const struct pool_case *c = &pool_cases[i];
		struct mpdemo_refusal refusal = {};
		struct mpdemo_pool *pool;

		KUNIT_EXPECT_EQ_MSG(test, c->error,
				    mpdemo_pool_check(&c->config, &refusal),
				    "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->setting, refusal.setting, "%s",
				    c->what);
		KUNIT_EXPECT_NOT_NULL_MSG(test, refusal.why, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->error,
				    mpdemo_pool_check(&c->config, NULL), "%s",
				    c->what);
		pool = mpdemo_pool_create(&c->config, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, c->error, PTR_ERR_OR_ZERO(pool), "%s",
				    c->what);
		if (!IS_ERR(pool))
			mpdemo_pool_destroy(pool);
	}
}

/* Of these only those are created that take little memory. */
static const struct pool_case pools_allowed[] = {
	POOL("smallest", 0, NONE, .block_size = 1, .blocks = 1),
	POOL("largest block", 0, NONE, .block_size = SZ_4M, .blocks = 1),
	POOL("each alignment", 0, NONE, .block_size = 1, .blocks = 3, .align = 1),
	POOL("largest alignment", 0, NONE,
	     .block_size = 1, .blocks = 3, .align = SZ_4K),
	POOL("smallest magazine", 0, NONE, .block_size = 1, .blocks = 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = MPDEMO_MAGAZINE_MIN),
	POOL("largest magazine", 0, NONE, .block_size = 1, .blocks = 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = MPDEMO_MAGAZINE_MAX),
	POOL("odd magazine", 0, NONE, .block_size = 1, .blocks = 1,
	     .flags = MPDEMO_POOL_PERCPU, .magazine = 7),
};

static void pool_allowed(struct kunit *test)
{
	struct mpdemo_pool_config large = { .name = "large" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pools_allowed); i++) {
		const struct mpdemo_pool_config *config = &pools_allowed[i].config;
		struct mpdemo_pool *pool = mpdemo_test_pool(test, config);
		struct mpdemo_pool_stats stats = mpdemo_test_pool_stats(pool);

		KUNIT_EXPECT_EQ(test, config->blocks, stats.blocks);
		KUNIT_EXPECT_EQ(test, config->block_size, stats.block_size);
		KUNIT_EXPECT_EQ(test, config->magazine, stats.magazine);
		KUNIT_EXPECT_EQ(test, config->magazine * num_possible_cpus(),
				stats.slack);
		KUNIT_EXPECT_EQ(test, mpdemo_pool_footprint(config),
				stats.footprint);
		KUNIT_EXPECT_GE(test, stats.footprint,
				(stats.blocks + stats.slack) * stats.stride);
	}

	large.block_size = SZ_4M;
	large.blocks = SZ_16K;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&large, NULL));
	large.block_size = 1;
	large.blocks = MPDEMO_BLOCKS_MAX;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&large, NULL));
	large.flags = MPDEMO_POOL_PERCPU;
	large.blocks -= num_possible_cpus() * MPDEMO_MAGAZINE_DEFAULT;
	KUNIT_EXPECT_EQ(test, 0, mpdemo_pool_check(&large, NULL));
	large.blocks++;
	KUNIT_EXPECT_EQ(test, -ERANGE, mpdemo_pool_check(&large, NULL));
}

static void pool_on_a_node(struct kunit *test)
{
	struct mpdemo_pool_config config = {
		.name = "node", .block_size = PAGE_SIZE, .blocks = 20,
		.flags = MPDEMO_POOL_NODE,
	};
	struct mpdemo_refusal refusal = {};
	unsigned int i;

	for (config.node = 0; config.node < MAX_NUMNODES; config.node++) {
		struct mpdemo_pool *pool;

		if (!node_possible(config.node)) {
			KUNIT_EXPECT_EQ(test, -EINVAL,
					mpdemo_pool_check(&config, &refusal));
			KUNIT_EXPECT_EQ(test, MPDEMO_SETTING_NODE, refusal.setting);
		}
		if (!node_state(config.node, N_MEMORY))
			continue;
		pool = mpdemo_test_pool(test, &config);
		for (i = 0; i < config.blocks; i++) {
			void *block = mpdemo_pool_block(pool, i);

			KUNIT_EXPECT_EQ(test, config.node,
					page_to_nid(vmalloc_to_page(block)));
		}
	}
}

static void pool_default_magazine(struct kunit *test)
{
	const struct mpdemo_pool_config config = {
		.name = "default", .block_size = 8, .blocks = 1,
		.flags = MPDEMO_POOL_PERCPU,
	};
	struct mpdemo_pool *pool = mpdemo_test_pool(test, &config);

	KUNIT_EXPECT_EQ(test, MPDEMO_MAGAZINE_DEFAULT,
			mpdemo_test_pool_stats(pool).magazine);
}

struct arena_case {
	const char *what;
	struct mpdemo_arena_config config;
	int error;
	enum mpdemo_setting setting;
};

#define ARENA(_what, _error, _setting, ...)				\
	{								\
		.what = (_what),					\
		.config = { .name = "config", __VA_ARGS__ },		\
		.error = (_error),					\
		.setting = MPDEMO_SETTING_##_setting,			\
	}

static const struct arena_case arena_cases[] = {
	ARENA("no bytes", -ERANGE, BYTES, .bytes = 0),
	ARENA("too many bytes", -ERANGE, BYTES,
	      .bytes = MPDEMO_ARENA_BYTES_MAX + 1),
	ARENA("bytes of all ones", -ERANGE, BYTES, .bytes = SIZE_MAX),
	ARENA("chunk larger than all", -ERANGE, CHUNK,
	      .bytes = SZ_4K, .chunk = SZ_4K + 1),
	ARENA("chunk smaller than a page", -ERANGE, CHUNK,
	      .bytes = SZ_64K, .chunk = PAGE_SIZE - 1),
	ARENA("chunk of one byte", -ERANGE, CHUNK, .bytes = SZ_64K, .chunk = 1),
	ARENA("unknown flag", -EINVAL, FLAGS,
	      .bytes = SZ_4K, .flags = MPDEMO_ARENA_FLAGS + 1),
	ARENA("both kinds", -EINVAL, FLAGS,
	      .bytes = SZ_4K, .flags = MPDEMO_ARENA_FLAGS),
	ARENA("shared, in chunks", -EOPNOTSUPP, CHUNK, .bytes = SZ_64K,
	      .chunk = SZ_4K, .flags = MPDEMO_ARENA_SHARED),
	ARENA("per CPU, in chunks", -EOPNOTSUPP, CHUNK, .bytes = SZ_64K,
	      .chunk = SZ_4K, .flags = MPDEMO_ARENA_PERCPU),
	ARENA("retains of one chunk", -EINVAL, CHUNK,
	      .bytes = SZ_4K, .retain = 1),
};

static void arena_refused(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arena_cases); i++) {
		const struct arena_case *c = &arena_cases[i];
		struct mpdemo_refusal refusal = {};
		struct mpdemo_arena *arena;

		KUNIT_EXPECT_EQ_MSG(test, c->error,
				    mpdemo_arena_check(&c->config, &refusal),
				    "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->setting, refusal.setting, "%s",
				    c->what);
		KUNIT_EXPECT_NOT_NULL_MSG(test, refusal.why, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->error,
				    mpdemo_arena_check(&c->config, NULL), "%s",
				    c->what);
		arena = mpdemo_arena_create(&c->config, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, c->error, PTR_ERR_OR_ZERO(arena), "%s",
				    c->what);
		if (!IS_ERR(arena))
			mpdemo_arena_destroy(arena);
	}
}

static const struct arena_case arenas_allowed[] = {
	ARENA("smallest", 0, NONE, .bytes = 1),
	ARENA("one chunk that is all", 0, NONE, .bytes = SZ_8K, .chunk = SZ_8K),
	ARENA("smallest chunk", 0, NONE,
	      .bytes = 2 * PAGE_SIZE, .chunk = PAGE_SIZE, .retain = 3),
	ARENA("shared", 0, NONE, .bytes = SZ_8K, .flags = MPDEMO_ARENA_SHARED),
	ARENA("per CPU", 0, NONE, .bytes = SZ_8K, .flags = MPDEMO_ARENA_PERCPU),
};

static void arena_allowed(struct kunit *test)
{
	const struct mpdemo_arena_config large = {
		.bytes = MPDEMO_ARENA_BYTES_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arenas_allowed); i++) {
		const struct mpdemo_arena_config *config =
			&arenas_allowed[i].config;
		struct mpdemo_arena *arena = mpdemo_test_arena(test, config);
		struct mpdemo_arena_stats stats = mpdemo_test_arena_stats(arena);
		unsigned int parts = 1;

		if (config->flags & MPDEMO_ARENA_PERCPU)
			parts = num_possible_cpus();
		KUNIT_EXPECT_EQ(test, config->bytes * parts, stats.bytes);
		KUNIT_EXPECT_EQ(test, parts, stats.chunks);
		KUNIT_EXPECT_EQ(test, mpdemo_arena_footprint(config),
				stats.footprint);
		KUNIT_EXPECT_GE(test, stats.footprint,
				(config->chunk ?: stats.bytes));
	}
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_check(&large, NULL));
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(pool_refused),
	KUNIT_CASE(pool_allowed),
	KUNIT_CASE(pool_on_a_node),
	KUNIT_CASE(pool_default_magazine),
	KUNIT_CASE(arena_refused),
	KUNIT_CASE(arena_allowed),
	{}
};

static struct kunit_suite config_suite = {
	.name = "mpdemo_config",
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);
