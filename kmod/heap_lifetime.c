// SPDX-License-Identifier: GPL-2.0
/*
 * Begin and end of heaps, and what there is to read in between.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <uapi/linux/mempool_demo.h>

#include "heap.h"
#include "pool.h"
#include "region.h"

/* heap_class.unused, and the bins of runs */
static_assert(MPDEMO_HEAP_SMALL_MAX <= U16_MAX);
static_assert(MPDEMO_HEAP_LARGE_MAX >> PAGE_SHIFT <= BIT(RUNS_PAGES_SHIFT));

/**
 * mpdemo_heap_nr_classes() - how many size classes a heap has
 * @flags: its MPDEMO_HEAP_* flags
 *
 * Context: Any.
 * Return: the number of classes, that of large sizes not included.
 */
unsigned int mpdemo_heap_nr_classes(unsigned int flags)
{
	return flags & MPDEMO_HEAP_FINE ? MPDEMO_HEAP_CLASSES_FINE :
					  MPDEMO_HEAP_CLASSES;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_nr_classes);

/**
 * mpdemo_heap_class_size() - bytes of a block of a class
 * @flags: the MPDEMO_HEAP_* flags of the heap
 * @number: of the class, from 0 on
 *
 * Context: Any.
 * Return: bytes; 0 if there is no such class.
 */
size_t mpdemo_heap_class_size(unsigned int flags, unsigned int number)
{
	if (number >= mpdemo_heap_nr_classes(flags))
		return 0;
	if (!(flags & MPDEMO_HEAP_FINE))
		return 8 << number;
	if (number < 8)
		return 8 * (number + 1);
	/* From 5 to 8 quarters of 64, 128, 256 and 512. */
	return (number % 4 + 5) << (number / 4 + 2);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_class_size);

static unsigned int blocks_of(const struct mpdemo_heap_config *config,
			      unsigned int number)
{
	return config->class_blocks ? config->class_blocks[number] :
				      config->blocks;
}

/* Each class begins on a page of its own. */
static size_t class_bytes(const struct mpdemo_heap_config *config,
			  unsigned int number)
{
	return PAGE_ALIGN(mpdemo_heap_class_size(config->flags, number) *
			  blocks_of(config, number));
}

static size_t small_bytes(const struct mpdemo_heap_config *config)
{
	unsigned int number;
	size_t bytes = 0;

	for (number = 0; number < mpdemo_heap_nr_classes(config->flags); number++)
		bytes += class_bytes(config, number);
	return bytes;
}

static size_t all_bytes(const struct mpdemo_heap_config *config)
{
	return small_bytes(config) + PAGE_ALIGN(config->large_bytes);
}

static size_t all_blocks(const struct mpdemo_heap_config *config)
{
	unsigned int number;
	size_t blocks = 0;

	for (number = 0; number < mpdemo_heap_nr_classes(config->flags); number++)
		blocks += blocks_of(config, number);
	return blocks;
}

/**
 * mpdemo_heap_numbers() - how many numbers a heap has
 * @config: a valid configuration
 *
 * Not exported: for the owners of memory of user space, see heap_numbers.c.
 *
 * Context: Any.
 * Return: how many; they begin at 0.
 */
size_t mpdemo_heap_numbers(const struct mpdemo_heap_config *config)
{
	return all_blocks(config) + (PAGE_ALIGN(config->large_bytes) >> PAGE_SHIFT);
}

/**
 * mpdemo_heap_check() - whether a heap can be made as it is asked for
 * @config: what is asked for
 * @refusal: filled where it is refused; may be NULL
 *
 * Context: Any.
 * Return: 0; -ERANGE: a size or number is out of range; -EINVAL: it has no name, or
 * a flag is unknown.
 */
int mpdemo_heap_check(const struct mpdemo_heap_config *config,
		      struct mpdemo_refusal *refusal)
{
	unsigned int number;

	if (!config->name)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_NAME,
				     "a heap needs a name");
	if (config->flags & ~MPDEMO_HEAP_FLAGS)
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_FLAGS,
				     "there is no such flag of a heap");
	for (number = 0; number < mpdemo_heap_nr_classes(config->flags); number++)
		if (blocks_of(config, number) > MPDEMO_BLOCKS_MAX)
			return mpdemo_refuse(refusal, -ERANGE,
					     MPDEMO_SETTING_BLOCKS,
					     "the blocks of a class must be 16777208 at most");
	if (config->large_bytes > MPDEMO_HEAP_LARGE_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BYTES,
				     "the bytes for large sizes must be 16 GiB at most");
	if (!all_bytes(config))
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "a heap must have blocks or bytes for large sizes");
	if (all_bytes(config) > MPDEMO_HEAP_BYTES_MAX)
		return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
				     "all that a heap hands out must fit into 64 GiB");
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_check);

static struct mpdemo_pool_config
pool_config(const struct mpdemo_heap_config *config, unsigned int number)
{
	return (struct mpdemo_pool_config) {
		.name = config->name,
		.block_size = mpdemo_heap_class_size(config->flags, number),
		.blocks = blocks_of(config, number),
	};
}

/**
 * mpdemo_heap_footprint() - memory that a heap will take in all
 * @config: a valid configuration
 *
 * Context: Any.
 * Return: bytes, metadata included.
 */
size_t mpdemo_heap_footprint(const struct mpdemo_heap_config *config)
{
	size_t bytes = sizeof(struct mpdemo_heap) +
		num_possible_cpus() * sizeof(struct heap_counts) +
		mpdemo_region_footprint(all_bytes(config)) +
		(small_bytes(config) >> PAGE_SHIFT) * sizeof(u8) +
		all_blocks(config) * sizeof(u16) +
		mpdemo_runs_overhead(PAGE_ALIGN(config->large_bytes) >> PAGE_SHIFT);
	unsigned int number;

	for (number = 0; number < mpdemo_heap_nr_classes(config->flags); number++) {
		struct mpdemo_pool_config pool = pool_config(config, number);

		if (pool.blocks)
			bytes += mpdemo_pool_overhead(&pool);
	}
	return bytes;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_footprint);

/* All that there is; of a heap that has become no further, that much. */
static void free_parts(struct mpdemo_heap *heap)
{
	unsigned int number;

	for (number = 0; number < heap->nr_classes; number++)
		mpdemo_pool_end(heap->class[number].pool);
	mpdemo_runs_exit(&heap->runs);
	mpdemo_region_destroy(heap->region);
	kvfree(heap->page_class);
	kvfree(heap->unused);
	free_percpu(heap->counts);
	kfree(heap->name);
	kfree(heap);
}

static void put_part(struct mpdemo_heap *heap)
{
	if (!refcount_dec_and_test(&heap->parts))
		return;
	free_parts(heap);
	/* Pairs with __module_get() in mpdemo_heap_destroy(). */
	module_put(THIS_MODULE);
}

static void pool_home(void *data)
{
	put_part(data);
}

static void runs_home(struct mpdemo_runs *runs)
{
	mpdemo_reap(&container_of(runs, struct mpdemo_heap, runs)->reap);
}

static void heap_reap(struct mpdemo_reap *reap)
{
	put_part(container_of(reap, struct mpdemo_heap, reap));
}

/* One class after the other, from the begin of the region on. */
static int create_classes(struct mpdemo_heap *heap,
			  const struct mpdemo_heap_config *config, gfp_t gfp)
{
	struct mpdemo_pool_place place = {
		.addr = heap->region->addr,
		.home = pool_home,
		.data = heap,
	};
	u8 *page_class = heap->page_class;
	u16 *unused = heap->unused;
	unsigned int number;

	for (number = 0; number < heap->nr_classes; number++) {
		struct mpdemo_pool_config pool_of = pool_config(config, number);
		struct heap_class *class = &heap->class[number];
		size_t bytes = class_bytes(config, number);
		struct mpdemo_pool *pool;

		class->size = pool_of.block_size;
		if (!pool_of.blocks)
			continue;
		pool = mpdemo_pool_create_at(&pool_of, gfp, &place);
		if (IS_ERR(pool))
			return PTR_ERR(pool);
		class->pool = pool;
		class->unused = unused;
		memset(page_class, number, bytes >> PAGE_SHIFT);
		refcount_inc(&heap->parts);

		unused += pool_of.blocks;
		page_class += bytes >> PAGE_SHIFT;
		place.addr += bytes;
	}
	return 0;
}

/* Whatever it came to is freed by free_parts(). */
static int create_parts(struct mpdemo_heap *heap,
			const struct mpdemo_heap_config *config, gfp_t gfp)
{
	size_t small = small_bytes(config), all = all_bytes(config);
	int ret;

	heap->name = kstrdup(config->name, gfp);
	heap->counts = alloc_percpu_gfp(struct heap_counts, gfp);
	heap->page_class = kvmalloc(small >> PAGE_SHIFT, gfp | MPDEMO_GFP_LARGE);
	heap->unused = kvmalloc_array(all_blocks(config), sizeof(*heap->unused),
				      gfp | MPDEMO_GFP_LARGE);
	heap->region = mpdemo_region_create(all, gfp, NUMA_NO_NODE);
	if (!heap->name || !heap->counts || !heap->page_class || !heap->unused ||
	    !heap->region)
		return -ENOMEM;

	heap->base = (unsigned long)heap->region->addr;
	heap->small_pages = small >> PAGE_SHIFT;
	heap->nr_pages = all >> PAGE_SHIFT;
	ret = create_classes(heap, config, gfp);
	if (ret)
		return ret;
	return mpdemo_runs_init(&heap->runs, heap->region->addr + small,
				heap->nr_pages - heap->small_pages, runs_home,
				gfp);
}

/**
 * mpdemo_heap_create() - create a heap
 * @config: what it shall be
 * @gfp: GFP_KERNEL, or GFP_KERNEL_ACCOUNT to charge the memory to the caller
 *
 * All memory is taken here; the heap never grows.
 *
 * Context: Task context, may sleep.
 * Return: the heap, owned by the caller, or an ERR_PTR(): -ERANGE and -EINVAL as
 * of mpdemo_heap_check(), -ENOMEM.
 */
struct mpdemo_heap *mpdemo_heap_create(const struct mpdemo_heap_config *config,
				       gfp_t gfp)
{
	struct mpdemo_heap *heap;
	int ret;

	ret = mpdemo_heap_check(config, NULL);
	if (ret)
		return ERR_PTR(ret);

	heap = kzalloc_obj(*heap, gfp);
	if (!heap)
		return ERR_PTR(-ENOMEM);
	heap->flags = config->flags;
	heap->nr_classes = mpdemo_heap_nr_classes(config->flags);
	heap->nr_blocks = all_blocks(config);
	heap->footprint = mpdemo_heap_footprint(config);
	/* That of the runs, and that of mpdemo_heap_destroy(). */
	refcount_set(&heap->parts, 2);
	mpdemo_reap_init(&heap->reap, heap_reap);
	ret = create_parts(heap, config, gfp);
	if (ret) {
		free_parts(heap);
		return ERR_PTR(ret);
	}
	return heap;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_create);

/**
 * mpdemo_heap_destroy() - destroy a heap
 * @heap: the heap; NULL is fine
 *
 * Memory that is still held stays valid and must still be freed. Then the heap is
 * dying, which the kernel log tells: the last free of it gives all memory back, and
 * the module cannot be unloaded before.
 *
 * Context: Task context, may sleep. No call but mpdemo_heap_free() may be under way
 * or follow.
 */
void mpdemo_heap_destroy(struct mpdemo_heap *heap)
{
	unsigned int number, blocks = 0, pages;

	if (!heap)
		return;
	/* The caller is linked to this module, so the module is alive. */
	__module_get(THIS_MODULE);

	for (number = 0; number < heap->nr_classes; number++)
		if (heap->class[number].pool)
			blocks += mpdemo_pool_close(heap->class[number].pool);
	pages = mpdemo_runs_close(&heap->runs);
	if (!pages)
		put_part(heap);
	if (blocks || pages)
		pr_warn("heap %s: destroyed with %u blocks and %u pages in use, by %pS\n",
			heap->name, blocks, pages, (void *)_RET_IP_);
	put_part(heap);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_destroy);

/* Sum up what CPUs have counted. Only all of them together make sense. */
static void sum_counts(const struct mpdemo_heap *heap, unsigned int number,
		       struct mpdemo_heap_class_stats *stats)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct heap_class_counts *counts =
			&per_cpu_ptr(heap->counts, cpu)->class[number];

		stats->requested += READ_ONCE(counts->requested);
		stats->spilled += READ_ONCE(counts->spilled);
		stats->failures += READ_ONCE(counts->failures);
	}
}

static void count_blocks(const struct heap_class *class,
			 struct mpdemo_heap_class_stats *stats)
{
	struct mpdemo_pool_stats pool;

	stats->size = class->size;
	if (!class->pool)
		return;
	mpdemo_pool_get_stats(class->pool, &pool);
	stats->blocks = pool.blocks;
	stats->in_use = pool.in_use;
	stats->peak = pool.peak;
	stats->allocs = pool.allocs;
	stats->frees = pool.frees;
}

static void count_pages(struct mpdemo_runs *runs,
			struct mpdemo_heap_class_stats *stats)
{
	struct mpdemo_runs_stats pages;

	mpdemo_runs_get_stats(runs, &pages);
	stats->size = PAGE_SIZE;
	stats->blocks = runs->nr_pages;
	stats->in_use = pages.in_use;
	stats->peak = pages.peak;
	stats->allocs = pages.allocs;
	stats->frees = pages.frees;
}

/**
 * mpdemo_heap_get_class_stats() - read the counters of a class
 * @heap: the heap
 * @number: of the class, from 0 on; mpdemo_heap_nr_classes(): that of large sizes
 * @stats: where to put them
 *
 * Context: Any but NMI, also while the heap is used; then each number is one that
 * it had lately, and they need not fit together.
 * Return: 0; -EINVAL: there is no such class.
 */
int mpdemo_heap_get_class_stats(struct mpdemo_heap *heap, unsigned int number,
				struct mpdemo_heap_class_stats *stats)
{
	if (number > heap->nr_classes)
		return -EINVAL;
	memset(stats, 0, sizeof(*stats));
	if (number < heap->nr_classes)
		count_blocks(&heap->class[number], stats);
	else
		count_pages(&heap->runs, stats);
	stats->handed_out = (u64)stats->in_use * stats->size;
	stats->peak_bytes = (u64)stats->peak * stats->size;
	sum_counts(heap, number, stats);
	/* Where calls are under way, the sum may be off, even below 0. */
	stats->requested = (s64)stats->requested < 0 ? 0 :
		min(stats->requested, stats->handed_out);
	return 0;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_get_class_stats);

/**
 * mpdemo_heap_get_stats() - read the counters of a heap
 * @heap: the heap
 * @stats: where to put them
 *
 * Context: Any but NMI, see mpdemo_heap_get_class_stats().
 */
void mpdemo_heap_get_stats(struct mpdemo_heap *heap,
			   struct mpdemo_heap_stats *stats)
{
	struct mpdemo_heap_class_stats class;
	unsigned int number;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	stats->classes = heap->nr_classes;
	for (number = 0; number <= heap->nr_classes; number++) {
		mpdemo_heap_get_class_stats(heap, number, &class);
		stats->bytes += class.size * class.blocks;
		stats->requested += class.requested;
		stats->handed_out += class.handed_out;
		stats->peak_bytes += class.peak_bytes;
		stats->allocs += class.allocs;
		stats->frees += class.frees;
	}
	for_each_possible_cpu(cpu)
		stats->failures +=
			READ_ONCE(per_cpu_ptr(heap->counts, cpu)->failures);
	stats->refused = atomic64_read(&heap->refused);
	stats->footprint = heap->footprint;
}
EXPORT_SYMBOL_GPL(mpdemo_heap_get_stats);

/**
 * mpdemo_heap_reset_peaks() - begin anew to find how much of each class is used
 * @heap: the heap
 *
 * Context: Any but NMI. Operations that are under way may be taken for ones that come
 * later.
 */
void mpdemo_heap_reset_peaks(struct mpdemo_heap *heap)
{
	unsigned int number;

	for (number = 0; number < heap->nr_classes; number++)
		if (heap->class[number].pool)
			mpdemo_pool_reset_peak(heap->class[number].pool);
	mpdemo_runs_reset_peak(&heap->runs);
}
EXPORT_SYMBOL_GPL(mpdemo_heap_reset_peaks);
