// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite mpdemo_heap_context: heaps in interrupts, in many threads at once, and
 * at their end.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "heap_test.h"

/* One that a test destroys while some of it is held */
static const struct mpdemo_heap_config mortal = {
	.name = "mortal",
	.blocks = 4,
	.large_bytes = 8 * PAGE_SIZE,
};

/* Whether the memory of a heap goes away soon. */
static bool is_unmapped(const void *memory)
{
	unsigned int i;

	for (i = 0; i < 250 && vmalloc_to_page(memory); i++)
		msleep(20);
	return !vmalloc_to_page(memory);
}

/* What is held of a heap that is destroyed stays, until the last of it is freed. */
static void heap_dying_test(struct kunit *test)
{
	static const size_t sizes[][2] = {
		{ 64, 64 }, { 8, 1024 }, { 3 * PAGE_SIZE, 2 * PAGE_SIZE },
		{ 64, 2 * PAGE_SIZE }, { 2 * PAGE_SIZE, 64 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mpdemo_heap *heap = make_mortal(test, &mortal);
		void *first = mpdemo_heap_alloc(heap, sizes[i][0], GFP_KERNEL);
		void *last = mpdemo_heap_alloc(heap, sizes[i][1], GFP_KERNEL);
		void *home = mpdemo_heap_alloc(heap, 512, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, first);
		KUNIT_ASSERT_NOT_NULL(test, last);
		mpdemo_heap_free(heap, home);
		memset(first, 1, sizes[i][0]);
		memset(last, 2, sizes[i][1]);
		mpdemo_heap_destroy(heap);
		KUNIT_EXPECT_TRUE(test, is_filled(first, 1, sizes[i][0]));
		mpdemo_heap_free(heap, first);
		/* Whatever was to free something has had the time for it. */
		msleep(20);
		KUNIT_ASSERT_NOT_NULL(test, vmalloc_to_page(last));
		KUNIT_EXPECT_TRUE(test, is_filled(last, 2, sizes[i][1]));
		/* Bad frees are refused, also in a class that has come home. */
		mpdemo_heap_free(heap, home);
		mpdemo_heap_free(heap, first);
		KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 2);
		KUNIT_EXPECT_NOT_NULL(test, vmalloc_to_page(last));
		mpdemo_heap_free(heap, last);
		KUNIT_EXPECT_TRUE(test, is_unmapped(last));
	}
}

static void heap_destroy_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_mortal(test, &mortal);
	void *small = mpdemo_heap_alloc(heap, 8, GFP_KERNEL);
	void *large = pages_of(heap, 8);

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	mpdemo_heap_free(heap, small);
	mpdemo_heap_free(heap, large);
	mpdemo_heap_destroy(heap);
	KUNIT_EXPECT_TRUE(test, is_unmapped(large));
	mpdemo_heap_destroy(NULL);
}

/* Something that is done in a hard interrupt, once */
struct in_irq {
	struct irq_work work;
	struct completion done;
	struct mpdemo_heap *heap;
	void *small;
	void *large;
	bool was_hardirq;
};

static void use_in_irq(struct irq_work *work)
{
	struct in_irq *irq = container_of(work, struct in_irq, work);

	irq->was_hardirq = in_hardirq();
	mpdemo_heap_free(irq->heap, irq->small);
	mpdemo_heap_free(irq->heap, irq->large);
	irq->small = mpdemo_heap_alloc(irq->heap, 100, GFP_ATOMIC);
	irq->large = mpdemo_heap_alloc(irq->heap, 3 * PAGE_SIZE, GFP_ATOMIC);
	complete(&irq->done);
}

static void run_in_irq(struct kunit *test, struct in_irq *irq)
{
	irq->work = IRQ_WORK_INIT_HARD(use_in_irq);
	init_completion(&irq->done);
	irq_work_queue(&irq->work);
	wait_for_completion(&irq->done);
	irq_work_sync(&irq->work);
	KUNIT_EXPECT_TRUE(test, irq->was_hardirq);
}

static void heap_hardirq_test(struct kunit *test)
{
	struct in_irq *irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	struct mpdemo_heap *heap = make_heap(test, 0, 1, 4);

	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->heap = heap;
	irq->small = mpdemo_heap_alloc(heap, 128, GFP_KERNEL);
	irq->large = pages_of(heap, 4);
	KUNIT_ASSERT_NOT_NULL(test, irq->small);
	KUNIT_ASSERT_NOT_NULL(test, irq->large);
	run_in_irq(test, irq);
	KUNIT_EXPECT_NOT_NULL(test, irq->small);
	KUNIT_EXPECT_NOT_NULL(test, irq->large);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 100 + 3 * PAGE_SIZE);
	mpdemo_heap_free(heap, irq->small);
	mpdemo_heap_free(heap, irq->large);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 0);
	expect_empty(test, heap);
}

/* A dying heap ends in a hard interrupt. */
static void heap_dying_in_hardirq_test(struct kunit *test)
{
	struct in_irq *irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	void *large;

	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->heap = make_mortal(test, &mortal);
	irq->small = mpdemo_heap_alloc(irq->heap, 128, GFP_KERNEL);
	large = pages_of(irq->heap, 4);
	irq->large = large;
	KUNIT_ASSERT_NOT_NULL(test, irq->small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	mpdemo_heap_destroy(irq->heap);
	run_in_irq(test, irq);
	KUNIT_EXPECT_TRUE(test, is_unmapped(large));
}

/*
 * As good as an NMI, for all that asks in_nmi(). Interrupts are off, so nothing else
 * on this CPU sees it.
 */
static void begin_nmi(void)
{
	lockdep_assert_irqs_disabled();
	__preempt_count_add(NMI_OFFSET);
}

static void end_nmi(void)
{
	__preempt_count_sub(NMI_OFFSET);
}

static bool comes_home(struct mpdemo_heap *heap)
{
	unsigned int i;

	for (i = 0; i < 250 && heap_stats(heap).handed_out; i++)
		msleep(20);
	return !heap_stats(heap).handed_out;
}

/* More runs than are freed at a time. */
static void heap_nmi_test(struct kunit *test)
{
	enum { RUNS = 100 };
	struct mpdemo_heap *heap = make_heap(test, 0, 2, RUNS + 8);
	void *small, *large, *in_nmi[2], *run[RUNS];
	struct mpdemo_heap_class_stats stats;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < RUNS; i++) {
		run[i] = pages_of(heap, 1);
		KUNIT_ASSERT_NOT_NULL(test, run[i]);
	}
	small = mpdemo_heap_alloc(heap, 1000, GFP_KERNEL);
	large = run[0];

	local_irq_save(flags);
	begin_nmi();
	mpdemo_heap_free(heap, small);
	small = mpdemo_heap_alloc(heap, 900, GFP_ATOMIC);
	in_nmi[0] = mpdemo_heap_alloc(heap, 2 * PAGE_SIZE, GFP_ATOMIC);
	in_nmi[1] = mpdemo_heap_realloc(heap, large, 1, GFP_ATOMIC);
	for (i = 0; i < RUNS; i++)
		mpdemo_heap_free(heap, run[i]);
	/* It is not free yet, and still not to be freed twice. */
	mpdemo_heap_free(heap, large);
	end_nmi();
	mpdemo_heap_get_class_stats(heap, MPDEMO_HEAP_CLASSES, &stats);
	local_irq_restore(flags);

	/* As long as interrupts were off, the runs could not come home. */
	KUNIT_EXPECT_EQ(test, stats.in_use, RUNS);
	KUNIT_EXPECT_NOT_NULL(test, small);
	KUNIT_EXPECT_NULL(test, in_nmi[0]);
	KUNIT_EXPECT_NULL(test, in_nmi[1]);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).refused, 1);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).failures, 2);
	KUNIT_EXPECT_EQ(test, heap_stats(heap).requested, 900);
	mpdemo_heap_free(heap, small);
	KUNIT_EXPECT_TRUE(test, comes_home(heap));
	large = pages_of(heap, RUNS + 8);
	KUNIT_EXPECT_NOT_NULL(test, large);
	mpdemo_heap_free(heap, large);
	expect_empty(test, heap);
}

static void heap_dying_in_nmi_test(struct kunit *test)
{
	struct mpdemo_heap *heap = make_mortal(test, &mortal);
	void *small = mpdemo_heap_alloc(heap, 1000, GFP_KERNEL);
	void *run[2] = { pages_of(heap, 1), pages_of(heap, 3) };
	unsigned long flags;

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, run[0]);
	KUNIT_ASSERT_NOT_NULL(test, run[1]);
	mpdemo_heap_destroy(heap);
	local_irq_save(flags);
	begin_nmi();
	mpdemo_heap_free(heap, run[0]);
	mpdemo_heap_free(heap, small);
	mpdemo_heap_free(heap, run[1]);
	end_nmi();
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, is_unmapped(run[1]));
}

/* Threads that do the same at the same time */
struct crew {
	struct mpdemo_heap *heap;
	void **slot;
	unsigned int rounds;
	atomic_t next_id;
	atomic_t met;
	atomic_t errors;
	struct completion done;
};

enum { CREW = 4, HELD = 12, BATCH = 32 };

static void run_crew(struct kunit *test, struct crew *crew,
		     int (*work)(void *crew))
{
	unsigned int i, nr = 0;

	init_completion(&crew->done);
	for (i = 0; i < CREW; i++) {
		/* Each on a CPU of its own, as far as there are any. */
		unsigned int cpu = cpumask_nth(i % num_online_cpus(),
					       cpu_online_mask);

		if (!IS_ERR(kthread_run_on_cpu(work, crew, cpu, "heap_test/%u")))
			nr++;
		else	/* The others shall not wait for it. */
			atomic_add(INT_MAX / 2, &crew->met);
	}
	for (i = 0; i < nr; i++)
		wait_for_completion(&crew->done);
	KUNIT_EXPECT_EQ(test, nr, CREW);
}

/* All go on at the same time, for the @nth time. */
static void crew_meet(struct crew *crew, unsigned int nth)
{
	unsigned int turns = 0;

	atomic_inc(&crew->met);
	while (atomic_read(&crew->met) < (int)(CREW * nth)) {
		/* Whoever sleeps comes late. */
		if (++turns % 10000)
			cpu_relax();
		else
			cond_resched();
	}
}

/* What each holds is filled with a byte of its own. */
static int crew_stamps(void *data)
{
	struct crew *crew = data;
	unsigned int id = atomic_inc_return(&crew->next_id), i;
	size_t size[HELD] = {};
	void *held[HELD] = {};
	struct rnd_state random;

	prandom_seed_state(&random, id);
	crew_meet(crew, 1);
	for (i = 0; i < crew->rounds; i++) {
		unsigned int n = prandom_u32_state(&random) % HELD;
		u32 dice = prandom_u32_state(&random);
		size_t new_size = dice % 3 ? dice / 8 % 1024 : dice / 8 % (4 * PAGE_SIZE);
		int byte = id * HELD + n;
		void *new;

		if (held[n] && !is_filled(held[n], byte, size[n]))
			atomic_inc(&crew->errors);
		if (dice & 4) {
			mpdemo_heap_free(crew->heap, held[n]);
			held[n] = NULL;
			size[n] = 0;
			continue;
		}
		new = mpdemo_heap_realloc(crew->heap, held[n], new_size, GFP_KERNEL);
		if (!new)
			continue;
		if (!is_filled(new, byte, min(new_size, size[n])))
			atomic_inc(&crew->errors);
		held[n] = new_size ? new : NULL;
		size[n] = new_size;
		if (new_size)
			memset(new, byte, new_size);
	}
	for (i = 0; i < HELD; i++)
		mpdemo_heap_free(crew->heap, held[i]);
	kthread_complete_and_exit(&crew->done, 0);
}

static void heap_threads_test(struct kunit *test)
{
	struct crew *crew = kunit_kzalloc(test, sizeof(*crew), GFP_KERNEL);
	void *all;

	KUNIT_ASSERT_NOT_NULL(test, crew);
	/* Too little for a single one even, so they meet in larger classes. */
	crew->heap = make_heap(test, 0, 3, 32);
	crew->rounds = 4000;
	run_crew(test, crew, crew_stamps);
	KUNIT_EXPECT_EQ(test, atomic_read(&crew->errors), 0);
	KUNIT_EXPECT_EQ(test, heap_stats(crew->heap).refused, 0);
	KUNIT_EXPECT_GT(test, class_stats(test, crew->heap,
					  MPDEMO_HEAP_CLASSES).spilled, 0);
	expect_empty(test, crew->heap);
	all = pages_of(crew->heap, 32);
	KUNIT_EXPECT_NOT_NULL(test, all);
	mpdemo_heap_free(crew->heap, all);
}

static int crew_free_one(void *data)
{
	struct crew *crew = data;
	unsigned int i;

	for (i = 0; i < crew->rounds; i++) {
		if (i % BATCH == 0)
			crew_meet(crew, i / BATCH + 1);
		mpdemo_heap_free(crew->heap, crew->slot[i]);
	}
	kthread_complete_and_exit(&crew->done, 0);
}

/* Of several frees of one run at the same time, one succeeds. */
static void heap_racing_frees_test(struct kunit *test)
{
	enum { ROUNDS = 64 * BATCH };
	struct crew *crew = kunit_kzalloc(test, sizeof(*crew), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, crew);
	crew->heap = make_heap(test, 0, 0, ROUNDS);
	crew->rounds = ROUNDS;
	crew->slot = kunit_kcalloc(test, ROUNDS, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, crew->slot);
	for (i = 0; i < ROUNDS; i++) {
		crew->slot[i] = pages_of(crew->heap, 1);
		KUNIT_ASSERT_NOT_NULL(test, crew->slot[i]);
	}
	run_crew(test, crew, crew_free_one);
	KUNIT_EXPECT_EQ(test, heap_stats(crew->heap).refused, ROUNDS * (CREW - 1));
	KUNIT_EXPECT_EQ(test, heap_stats(crew->heap).frees, ROUNDS);
	expect_empty(test, crew->heap);
}

static struct kunit_case heap_context_cases[] = {
	KUNIT_CASE(heap_destroy_test),
	KUNIT_CASE(heap_dying_test),
	KUNIT_CASE(heap_hardirq_test),
	KUNIT_CASE(heap_dying_in_hardirq_test),
	KUNIT_CASE(heap_nmi_test),
	KUNIT_CASE(heap_dying_in_nmi_test),
	KUNIT_CASE_SLOW(heap_threads_test),
	KUNIT_CASE_SLOW(heap_racing_frees_test),
	{}
};

static struct kunit_suite heap_context_suite = {
	.name = "mpdemo_heap_context",
	.test_cases = heap_context_cases,
};

kunit_test_suite(heap_context_suite);
