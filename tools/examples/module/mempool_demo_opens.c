// SPDX-License-Identifier: GPL-2.0
/*
 * Who opens files? A probe takes a block of a pool for each open, where nothing may sleep and
 * kmalloc() is out of the question. Twice a second a work item counts them by name in an arena,
 * and resets that when it is done, so that none of those pieces is freed one by one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/pool.h>

struct opening {
	struct llist_node node;
	char comm[TASK_COMM_LEN];
};

struct total {
	struct total *next;
	const char *comm;
	unsigned int opens;
};

static bool track;
module_param(track, bool, 0444);
MODULE_PARM_DESC(track, "Have \"poolctl holders --kernel opens\" tell who has opened what is not counted yet");

static struct mpdemo_pool *pool;
static struct mpdemo_arena *arena;
static LLIST_HEAD(openings);

/* Where the pool has no block left, this opening is not counted. */
static int opened(struct kprobe *probe, struct pt_regs *regs)
{
	struct opening *opening = mpdemo_pool_alloc(pool, GFP_NOWAIT);

	if (opening) {
		strscpy(opening->comm, current->comm, sizeof(opening->comm));
		llist_add(&opening->node, &openings);
	}
	return 0;
}

static struct kprobe probe = { .symbol_name = "do_filp_open", .pre_handler = opened };

static struct total *find(struct total **totals, const char *comm)
{
	struct total *total;

	for (total = *totals; total; total = total->next)
		if (!strcmp(total->comm, comm))
			return total;
	total = mpdemo_arena_alloc(arena, sizeof(*total), GFP_KERNEL);
	if (total) {
		*total = (struct total){ .next = *totals, .comm = comm };
		*totals = total;
	}
	return total;
}

static void report(struct work_struct *work)
{
	struct llist_node *batch = llist_del_all(&openings);
	struct opening *opening, *next;
	struct total *total, *totals = NULL;

	llist_for_each_entry(opening, batch, node) {
		total = find(&totals, opening->comm);
		if (total)
			total->opens++;
	}
	for (total = totals; total; total = total->next)
		pr_info("%s has opened %u files\n", total->comm, total->opens);
	mpdemo_arena_reset(arena);
	llist_for_each_entry_safe(opening, next, batch, node)
		mpdemo_pool_free(pool, opening);
	schedule_delayed_work(to_delayed_work(work), HZ / 2);
}

static DECLARE_DELAYED_WORK(reporter, report);

/* First no more blocks are taken, then all are given back, then both can end. */
static void opens_exit(void)
{
	unregister_kprobe(&probe);
	flush_delayed_work(&reporter);
	cancel_delayed_work_sync(&reporter);
	mpdemo_arena_destroy(arena);
	mpdemo_pool_destroy(pool);
}
module_exit(opens_exit);

static int __init opens_init(void)
{
	int ret;

	pool = mpdemo_pool_create(&(struct mpdemo_pool_config){
		.name = "opens", .block_size = sizeof(struct opening), .blocks = 4096,
		.flags = MPDEMO_POOL_PERCPU | (track ? MPDEMO_POOL_TRACK : 0) }, GFP_KERNEL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	arena = mpdemo_arena_create(&(struct mpdemo_arena_config){
		.name = "opens", .bytes = SZ_64K }, GFP_KERNEL);
	ret = PTR_ERR_OR_ZERO(arena) ?: register_kprobe(&probe);
	if (ret) {
		if (!IS_ERR(arena))
			mpdemo_arena_destroy(arena);
		mpdemo_pool_destroy(pool);
		return ret;
	}
	schedule_delayed_work(&reporter, HZ / 2);
	return 0;
}
module_init(opens_init);

MODULE_DESCRIPTION("Example for mempool_demo: who opens files");
MODULE_LICENSE("GPL");
