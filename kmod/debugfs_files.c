// SPDX-License-Identifier: GPL-2.0
/*
 * What the folder of an object has in debugfs beside its stats, see debugfs.c.
 *
 * A reader has no reference and no lock but that of the list of open files, for as long
 * as it takes to print a page: so whoever closes waits for a page at the most. Nothing
 * is of one instant but a line.
 *
 * holders, of pools and heaps: who holds what. A line for each open file, in the order in
 * which they were opened:
 *
 *	OWNER	number of this holder of blocks, unique among those that there are
 *	PID	process that has opened it; it may have passed the file on, and be gone
 *	COMM	name of the thread that did
 *	ACCESS	r, w or rw
 *	HELD	blocks that it holds
 *	QUOTA	how many it may hold, or -
 *
 * and one for the object itself, which holds what was kept: "kept - - - HELD -".
 *
 * classes, of heaps: a line for each size class, and one for large sizes, in pages. WASTE
 * is what was handed out and not asked for, in percent.
 *
 * occupancy, of pools and heaps: a line for each 64 blocks, the number of the first one
 * and a character for each:
 *
 *	.	free
 *	h	held by an open file
 *	k	kept
 *	r	reserved
 *	m	in a magazine, or on its way to somebody who waits
 *	+	on its way into or out of somebody's hands
 *	-	not there: the pool has not grown so far
 *
 * Of a heap the lines begin anew with each class, after "class SIZE"; and runs of pages
 * are told behind "pages", a line each: the number of the first page, how many they are,
 * and one of these characters.
 */

#include <linux/compiler.h>
#include <linux/debugfs.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include <mempool_demo/pool.h>

#include "debugfs.h"
#include "heap.h"
#include "object.h"
#include "pool.h"
#include "store.h"

/* Blocks of a line of the map. */
#define ROW	64

/*
 * A position is the serial of a file, so that those that stay are told once, whoever
 * comes and goes between two pages.
 */
static void *holders_start(struct seq_file *m, loff_t *pos)
{
	struct mpdemo_object *object = m->private;

	mutex_lock(&object->files_lock);
	if (!*pos)
		return SEQ_START_TOKEN;
	return (void *)mpdemo_object_file_after(object, *pos - 1);
}

static void *holders_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct mpdemo_object *object = m->private;
	const struct mpdemo_object_file *file;

	file = v == SEQ_START_TOKEN ? mpdemo_object_file_after(object, 0) :
				      mpdemo_object_next_file(object, v);
	*pos = file ? file->serial : *pos + 1;
	return (void *)file;
}

static void holders_stop(struct seq_file *m, void *v)
{
	struct mpdemo_object *object = m->private;

	mutex_unlock(&object->files_lock);
}

static int holders_show(struct seq_file *m, void *v)
{
	static const char * const access[] = {
		[MPDEMO_ACCESS_READ] = "r",
		[MPDEMO_ACCESS_WRITE] = "w",
		[MPDEMO_ACCESS_READ | MPDEMO_ACCESS_WRITE] = "rw",
	};
	struct mpdemo_object *object = m->private;
	const struct mpdemo_object_file *file = v;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%8s %8s %-15s %-6s %10s %10s\n", "OWNER", "PID",
			   "COMM", "ACCESS", "HELD", "QUOTA");
		seq_printf(m, "%8s %8s %-15s %-6s %10u %10s\n", "kept", "-", "-",
			   "-", atomic_read(&object->owners.keeper.held), "-");
		return 0;
	}
	seq_printf(m, "%8u %8d ", file->owner->id, pid_nr(file->pid));
	/* Whatever a task calls itself: one word, and nothing that terminals obey. */
	seq_escape_str(m, file->comm, ESCAPE_OCTAL | ESCAPE_NAP | ESCAPE_APPEND,
		       " \\");
	seq_printf(m, "%*s %-6s %10u ",
		   max(0, 15 - (int)strlen(file->comm)), "",
		   access[file->access], atomic_read(&file->owner->held));
	if (file->owner->quota)
		seq_printf(m, "%10u\n", file->owner->quota);
	else
		seq_printf(m, "%10s\n", "-");
	return 0;
}

static const struct seq_operations holders_sops = {
	.start = holders_start,
	.next = holders_next,
	.stop = holders_stop,
	.show = holders_show,
};
DEFINE_SEQ_ATTRIBUTE(holders);

static unsigned int waste(const struct mpdemo_heap_class_stats *stats)
{
	u64 requested = min(stats->requested, stats->handed_out);

	if (!stats->handed_out)
		return 0;
	return div64_u64((stats->handed_out - requested) * 100, stats->handed_out);
}

static int classes_show(struct seq_file *m, void *unused)
{
	struct mpdemo_object *object = m->private;
	struct mpdemo_heap_class_stats stats;
	unsigned int number;

	seq_printf(m, "%5s %10s %10s %10s %5s %12s %12s %10s %10s\n", "SIZE",
		   "BLOCKS", "IN-USE", "PEAK", "WASTE", "ALLOCS", "FREES",
		   "SPILLED", "FAILED");
	for (number = 0; !mpdemo_heap_get_class_stats(object->heap, number, &stats);
	     number++)
		seq_printf(m, "%5zu %10u %10u %10u %4u%% %12llu %12llu %10llu %10llu\n",
			   stats.size, stats.blocks, stats.in_use, stats.peak,
			   waste(&stats), stats.allocs, stats.frees,
			   stats.spilled, stats.failures);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(classes);

static char state_char(u32 state)
{
	static const char chars[] = {
		[MPDEMO_BLOCK_FREE] = '.',
		[MPDEMO_BLOCK_CACHED] = 'm',
		[MPDEMO_BLOCK_RESERVED] = 'r',
		[MPDEMO_BLOCK_HELD] = 'h',
		[MPDEMO_BLOCK_KEPT] = 'k',
		[MPDEMO_BLOCK_MOVING] = '+',
		[MPDEMO_BLOCK_ABSENT] = '-',
	};

	return chars[state];
}

/* @first is the first block of its size, and @row counts from there on. */
static void show_row(struct seq_file *m, unsigned int first, unsigned int row)
{
	const struct mpdemo_object *object = m->private;
	unsigned int index = row * ROW, end;
	struct mpdemo_part part;

	mpdemo_object_part(object, first, &part);
	end = min(index + ROW, part.nr);
	seq_printf(m, "%8u ", index);
	for (; index < end; index++)
		seq_putc(m, state_char(mpdemo_object_state(object, &part,
							   first + index, 0)));
	seq_putc(m, '\n');
}

static unsigned int rows_of(const struct mpdemo_pool *pool)
{
	return pool ? DIV_ROUND_UP(store_size(to_pool(pool)), ROW) : 0;
}

/* A run, or what is one no more. */
static int show_run(struct seq_file *m, u32 first)
{
	const struct mpdemo_object *object = m->private;
	const struct mpdemo_heap *heap = object->heap;
	struct mpdemo_part part;
	u32 state;

	if (!first)
		seq_puts(m, "pages\n");
	mpdemo_object_part(object, heap->nr_blocks + first, &part);
	/* No page is absent but one that begins no run, for which that is handed back. */
	state = mpdemo_object_state(object, &part, part.first + first,
				    MPDEMO_BLOCK_ABSENT);
	if (state == MPDEMO_BLOCK_ABSENT)
		return first ? SEQ_SKIP : 0;
	/* It may be of another run by now, see occupancy_next(). */
	seq_printf(m, "%8u %8u %c\n", first, data_race(heap->runs.page[first].pages),
		   state_char(state));
	return 0;
}

/* Positions of a heap: rows, class by class, and then pages. */
static unsigned int heap_rows(const struct mpdemo_heap *heap)
{
	unsigned int rows = 0, number;

	for (number = 0; number < heap->nr_classes; number++)
		rows += rows_of(heap->class[number].pool);
	return rows;
}

static int show_heap(struct seq_file *m, loff_t pos)
{
	const struct mpdemo_object *object = m->private;
	const struct mpdemo_heap *heap = object->heap;
	unsigned int number, base = 0;

	for (number = 0; number < heap->nr_classes; number++) {
		const struct heap_class *class = &heap->class[number];
		unsigned int rows = rows_of(class->pool);

		if (pos < rows) {
			if (!pos)
				seq_printf(m, "class %u\n", class->size);
			show_row(m, base, pos);
			return 0;
		}
		pos -= rows;
		if (rows)
			base += store_size(to_pool(class->pool));
	}
	return show_run(m, pos);
}

static loff_t positions(const struct mpdemo_object *object)
{
	if (object->pool)
		return rows_of(object->pool);
	return (loff_t)heap_rows(object->heap) + object->heap->runs.nr_pages;
}

static void *occupancy_start(struct seq_file *m, loff_t *pos)
{
	return *pos < positions(m->private) ? pos : NULL;
}

static void *occupancy_next(struct seq_file *m, void *v, loff_t *pos)
{
	const struct mpdemo_object *object = m->private;
	loff_t step = 1, page;

	if (object->heap) {
		page = *pos - heap_rows(object->heap);
		/*
		 * Behind the run, if it is one still. Else it is a step too long or
		 * too short, and some pages are left out, or told as a part of a run.
		 */
		if (page >= 0)
			/* As said above. */
			step = max(1U, data_race(object->heap->runs.page[page].pages));
	}
	*pos += step;
	return occupancy_start(m, pos);
}

static void occupancy_stop(struct seq_file *m, void *v)
{
}

static int occupancy_show(struct seq_file *m, void *v)
{
	const struct mpdemo_object *object = m->private;
	loff_t *pos = v;

	if (object->heap)
		return show_heap(m, *pos);
	show_row(m, 0, *pos);
	return 0;
}

static const struct seq_operations occupancy_sops = {
	.start = occupancy_start,
	.next = occupancy_next,
	.stop = occupancy_stop,
	.show = occupancy_show,
};
DEFINE_SEQ_ATTRIBUTE(occupancy);

/**
 * debugfs_add_files() - fill the folder of an object
 * @folder: the folder, which is removed before the object is freed
 * @object: the object
 *
 * Context: Task context, may sleep.
 */
void debugfs_add_files(struct dentry *folder, struct mpdemo_object *object)
{
	if (!mpdemo_object_has_blocks(object))
		return;
	debugfs_create_file("holders", 0400, folder, object, &holders_fops);
	debugfs_create_file("occupancy", 0400, folder, object, &occupancy_fops);
	if (object->heap)
		debugfs_create_file("classes", 0400, folder, object, &classes_fops);
}
