// SPDX-License-Identifier: GPL-2.0
/*
 * What several suites need: objects that end with their test case, the kernel
 * log, and who holds a reference to the module.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "helpers.h"

static void end_pool(void *pool)
{
	mpdemo_pool_destroy(pool);
}

struct mpdemo_pool *
mpdemo_test_pool(struct kunit *test, const struct mpdemo_pool_config *config)
{
	struct mpdemo_pool *pool = mpdemo_pool_create(config, GFP_KERNEL);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "pool %s: %pe", config->name,
			       pool);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, end_pool, pool));
	return pool;
}

void mpdemo_test_pool_end(struct kunit *test, struct mpdemo_pool *pool)
{
	kunit_release_action(test, end_pool, pool);
}

static void end_arena(void *arena)
{
	mpdemo_arena_destroy(arena);
}

struct mpdemo_arena *
mpdemo_test_arena(struct kunit *test, const struct mpdemo_arena_config *config)
{
	struct mpdemo_arena *arena = mpdemo_arena_create(config, GFP_KERNEL);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(arena), "arena: %pe", arena);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, end_arena, arena));
	return arena;
}

void mpdemo_test_arena_end(struct kunit *test, struct mpdemo_arena *arena)
{
	kunit_release_action(test, end_arena, arena);
}

struct mpdemo_pool_stats mpdemo_test_pool_stats(const struct mpdemo_pool *pool)
{
	struct mpdemo_pool_stats stats;

	mpdemo_pool_get_stats(pool, &stats);
	return stats;
}

/* What is granted and too many is put soon. Return: whether @n blocks are in use. */
bool mpdemo_test_in_use_becomes(const struct mpdemo_pool *pool, unsigned int n)
{
	unsigned int tries = 1000;

	while (mpdemo_test_pool_stats(pool).in_use != n && tries--)
		msleep(20);
	return mpdemo_test_pool_stats(pool).in_use == n;
}

/* Of an exact pool. */
void mpdemo_test_expect_counts(struct kunit *test, const struct mpdemo_pool *pool,
			       unsigned int held, unsigned int reserved,
			       u64 allocs)
{
	struct mpdemo_pool_stats stats;

	KUNIT_EXPECT_TRUE(test, mpdemo_test_in_use_becomes(pool, held + reserved));
	stats = mpdemo_test_pool_stats(pool);
	KUNIT_EXPECT_EQ(test, reserved, stats.reserved);
	KUNIT_EXPECT_EQ(test, allocs, stats.allocs);
	KUNIT_EXPECT_EQ(test, allocs - held, stats.frees);
}

struct mpdemo_arena_stats
mpdemo_test_arena_stats(const struct mpdemo_arena *arena)
{
	struct mpdemo_arena_stats stats;

	mpdemo_arena_get_stats(arena, &stats);
	return stats;
}

/* What an arena drops is freed soon. Return: whether less than @bytes are left. */
bool mpdemo_test_footprint_falls(const struct mpdemo_arena *arena, size_t bytes)
{
	unsigned int tries = 1000;

	while (mpdemo_test_arena_stats(arena).footprint >= bytes && tries--)
		msleep(20);
	return mpdemo_test_arena_stats(arena).footprint < bytes;
}

/* Read to its end; what comes after that is what mpdemo_test_logged() reads. */
void mpdemo_test_log_begin(struct mpdemo_test_log *log)
{
	size_t length;

	kmsg_dump_rewind(&log->iter);
	while (kmsg_dump_get_line(&log->iter, false, NULL, 0, &length))
		;
}

/* Return: how many lines since then have this text in them. */
unsigned int mpdemo_test_logged(struct kunit *test,
				const struct mpdemo_test_log *log,
				const char *fmt, ...)
{
	struct kmsg_dump_iter iter = log->iter;
	const size_t room = 1024;
	unsigned int nr = 0;
	char *text, *line;
	size_t length;
	va_list args;

	line = kunit_kzalloc(test, room, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	va_start(args, fmt);
	text = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	KUNIT_ASSERT_NOT_NULL(test, text);

	while (kmsg_dump_get_line(&iter, false, line, room - 1, &length)) {
		line[length] = 0;
		if (strstr(line, text))
			nr++;
	}
	kfree(text);
	kunit_kfree(test, line);
	return nr;
}

/* References to the module under test, which this one is linked to: it stays. */
int mpdemo_test_module_refs(struct kunit *test)
{
	int refs = -1;
#if defined(CONFIG_MODULE_UNLOAD) && defined(CONFIG_SYSFS)
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset,
					     "mempool_demo");

	KUNIT_ASSERT_NOT_NULL(test, kobj);
	refs = module_refcount(container_of(kobj, struct module_kobject,
					    kobj)->mod);
	kobject_put(kobj);
#else
	kunit_skip(test, "this kernel unloads no modules");
#endif
	return refs;
}

/*
 * The same when all is quiet: what earlier cases have left may be on its way, and
 * may have a grace period to wait for.
 */
int mpdemo_test_module_refs_quiet(struct kunit *test)
{
	int refs = mpdemo_test_module_refs(test), now;
	unsigned int same = 0;

	while (same < 3) {
		synchronize_rcu();
		msleep(20);
		now = mpdemo_test_module_refs(test);
		same = now == refs ? same + 1 : 0;
		refs = now;
	}
	return refs;
}

/* What ends in the background ends soon. Return: whether it has. */
bool mpdemo_test_module_refs_become(struct kunit *test, int refs)
{
	unsigned int tries = 1000;

	while (mpdemo_test_module_refs(test) > refs && tries--)
		msleep(20);
	return mpdemo_test_module_refs(test) <= refs;
}
