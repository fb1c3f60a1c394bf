// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas per CPU: sections nest, also by interrupts, each ends with what it has
 * allocated, and who breaks the rules is told and breaks nothing else.
 *
 * In a section nothing may sleep, and so does no expectation stand in one.
 */

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "contexts.h"
#include "helpers.h"

#define BYTES	SZ_4K

static int percpu_init(struct kunit *test)
{
	const struct mpdemo_arena_config config = {
		.name = "percpu", .bytes = BYTES, .flags = MPDEMO_ARENA_PERCPU,
	};

	test->priv = mpdemo_test_arena(test, &config);
	return 0;
}

static struct mpdemo_arena_stats stats_of(struct kunit *test)
{
	return mpdemo_test_arena_stats(test->priv);
}

/* No section is under way, and the next one has all the memory. */
static void expect_clean(struct kunit *test)
{
	struct mpdemo_arena_scope scope;
	struct mpdemo_arena_stats stats = stats_of(test);
	struct mpdemo_arena *arena;
	void *all, *more;

	KUNIT_EXPECT_EQ(test, 0, stats.marks);
	KUNIT_EXPECT_EQ(test, 0, stats.in_use);
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		KUNIT_EXPECT_TRUE(test, preemptible());
	arena = mpdemo_arena_begin(test->priv, &scope);
	all = mpdemo_arena_alloc(arena, BYTES, GFP_ATOMIC);
	more = mpdemo_arena_alloc_aligned(arena, 1, 1, GFP_ATOMIC);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_NOT_NULL(test, all);
	KUNIT_EXPECT_NULL(test, more);
	KUNIT_EXPECT_EQ(test, stats.failures + 1, stats_of(test).failures);
	KUNIT_EXPECT_EQ(test, stats.refused, stats_of(test).refused);
	KUNIT_EXPECT_EQ(test, BYTES, stats_of(test).peak);
}

static void one_section(struct kunit *test)
{
	struct mpdemo_arena_stats inside;
	struct mpdemo_arena_scope scope;
	struct mpdemo_arena *arena;
	void *first, *second, *again;

	mpdemo_test_pin(test, raw_smp_processor_id());
	arena = mpdemo_arena_begin(test->priv, &scope);
	first = mpdemo_arena_alloc(arena, 100, GFP_ATOMIC);
	second = mpdemo_arena_alloc_aligned(arena, 10, 1024, GFP_ATOMIC);
	inside = stats_of(test);
	mpdemo_arena_end(&scope);

	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_EXPECT_PTR_EQ(test, second, first + 1024);
	KUNIT_EXPECT_EQ(test, 1, inside.marks);
	KUNIT_EXPECT_EQ(test, 1034, inside.in_use);
	KUNIT_EXPECT_EQ(test, 2, inside.allocs);
	KUNIT_EXPECT_EQ(test, 0, inside.resets);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).in_use);
	KUNIT_EXPECT_EQ(test, 1034, stats_of(test).peak);
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).resets);

	arena = mpdemo_arena_begin(test->priv, &scope);
	again = mpdemo_arena_alloc(arena, 100, GFP_ATOMIC);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_PTR_EQ(test, first, again);
	expect_clean(test);
}

#define DEPTH	10

static void nested(struct kunit *test)
{
	struct mpdemo_arena_scope scopes[DEPTH];
	struct mpdemo_arena *arena;
	unsigned int wrong = 0, i;
	u8 *pieces[DEPTH], *piece;

	mpdemo_test_pin(test, raw_smp_processor_id());
	for (i = 0; i < DEPTH; i++) {
		arena = mpdemo_arena_begin(test->priv, &scopes[i]);
		pieces[i] = mpdemo_arena_alloc(arena, 64, GFP_ATOMIC);
		if (!pieces[i])
			break;
		memset(pieces[i], i + 1, 64);
	}
	while (i--) {
		/* What the inner ones had can be had again; the outer stays. */
		piece = mpdemo_arena_alloc(arena, 64, GFP_ATOMIC);
		wrong += piece != pieces[i] + 64;
		if (piece)
			memset(piece, 0xff, 64);
		wrong += !!memchr_inv(pieces[i], i + 1, 64);
		wrong += stats_of(test).marks != i + 1;
		mpdemo_arena_end(&scopes[i]);
	}
	KUNIT_EXPECT_EQ(test, 0, wrong);
	KUNIT_EXPECT_EQ(test, 2 * DEPTH, stats_of(test).allocs);
	KUNIT_EXPECT_EQ(test, (DEPTH + 1) * 64, stats_of(test).peak);
	/* The outermost counts. */
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).resets);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).refused);
	expect_clean(test);
}

/* A whole section: what it gets is its own until it ends. */
struct section {
	struct mpdemo_arena *percpu;
	unsigned int wrong;
	unsigned int done;
};

static void use_section(void *data)
{
	struct section *s = data;
	struct mpdemo_arena_scope scope;
	struct mpdemo_arena *arena = mpdemo_arena_begin(s->percpu, &scope);
	u8 mark = in_task() ? 0x11 : 0xee, *pieces[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		pieces[i] = mpdemo_arena_alloc_aligned(arena, 20 + i, 1,
						       GFP_ATOMIC);
		if (pieces[i])
			memset(pieces[i], mark + i, 20 + i);
	}
	while (i--)
		s->wrong += !pieces[i] ||
			    memchr_inv(pieces[i], mark + i, 20 + i);
	s->done++;
	mpdemo_arena_end(&scope);
}

static void any_context(struct kunit *test)
{
	struct section s = { .percpu = test->priv };
	unsigned int context;

	for (context = 0; context < MPDEMO_TEST_CONTEXTS; context++) {
		KUNIT_EXPECT_TRUE_MSG(test,
				      mpdemo_test_run_in(context, use_section, &s),
				      "%s", mpdemo_test_context_names[context]);
		KUNIT_EXPECT_EQ_MSG(test, context + 1, s.done, "%s",
				    mpdemo_test_context_names[context]);
	}
	KUNIT_EXPECT_EQ(test, 0, s.wrong);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).refused);
	expect_clean(test);
}

static void interrupt_in_a_section(struct kunit *test)
{
	struct section s = { .percpu = test->priv };
	struct mpdemo_arena_scope scope;
	struct mpdemo_arena *arena;
	unsigned int wrong = 0;
	u8 *before, *behind;

	mpdemo_test_pin(test, raw_smp_processor_id());
	arena = mpdemo_arena_begin(test->priv, &scope);
	before = mpdemo_arena_alloc(arena, 64, GFP_ATOMIC);
	if (before)
		memset(before, 0x5a, 64);
	mpdemo_test_interrupt(use_section, &s);
	wrong += stats_of(test).marks != 1;
	behind = mpdemo_arena_alloc(arena, 64, GFP_ATOMIC);
	wrong += !before || memchr_inv(before, 0x5a, 64);
	mpdemo_arena_end(&scope);

	KUNIT_EXPECT_EQ(test, 1, s.done);
	KUNIT_EXPECT_EQ(test, 0, s.wrong + wrong);
	KUNIT_EXPECT_PTR_EQ(test, before + 64, behind);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).refused);
	expect_clean(test);
}

/* Interrupts that have sections, anywhere in what the task does. */
static void interrupts_anywhere(struct kunit *test)
{
	struct section task = { .percpu = test->priv };
	struct section irq = { .percpu = test->priv };
	unsigned int rounds = mpdemo_test_rounds(16000), blows, i;
	struct mpdemo_test_hammer *hammer;
	struct mpdemo_arena_stats stats;

	mpdemo_test_pin(test, raw_smp_processor_id());
	hammer = mpdemo_test_hammer(test, use_section, &irq);
	for (i = 0; i < rounds || !mpdemo_test_hammered(hammer); i++) {
		use_section(&task);
		cond_resched();
	}
	blows = mpdemo_test_hammer_end(hammer);
	KUNIT_EXPECT_EQ(test, blows, irq.done);
	KUNIT_EXPECT_EQ(test, i, task.done);
	KUNIT_EXPECT_EQ(test, 0, task.wrong);
	KUNIT_EXPECT_EQ(test, 0, irq.wrong);
	stats = stats_of(test);
	/* Exact where it is counted in one instruction, which KCSAN is in. */
	if (IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_KCSAN))
		KUNIT_EXPECT_EQ(test, 8 * (i + blows), stats.allocs);
	KUNIT_EXPECT_LE(test, stats.allocs, 8 * (i + blows));
	KUNIT_EXPECT_GE(test, stats.resets, i);
	KUNIT_EXPECT_LE(test, stats.resets, i + blows);
	KUNIT_EXPECT_EQ(test, 0, stats.refused);
	expect_clean(test);
}

struct everywhere {
	struct mpdemo_arena *percpu;
	unsigned int rounds;
	atomic_t wrong;
};

static void use_everywhere(void *data)
{
	struct everywhere *e = data;
	struct section s = { .percpu = e->percpu };
	unsigned int i;

	for (i = 0; i < e->rounds; i++) {
		use_section(&s);
		cond_resched();
	}
	atomic_add(s.wrong, &e->wrong);
}

static void all_cpus(struct kunit *test)
{
	struct everywhere e = {
		.percpu = test->priv, .rounds = mpdemo_test_rounds(4000),
	};
	unsigned int nr = mpdemo_test_run_on_all(test, use_everywhere, &e);

	KUNIT_EXPECT_EQ(test, 0, atomic_read(&e.wrong));
	KUNIT_EXPECT_EQ(test, nr * e.rounds * 8, stats_of(test).allocs);
	KUNIT_EXPECT_EQ(test, nr * e.rounds, stats_of(test).resets);
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).refused);
	expect_clean(test);
}

static void zeroing(struct kunit *test)
{
	struct mpdemo_arena_scope scope;
	bool kept, cleared, freed;
	struct mpdemo_arena *arena;
	u8 *piece;

	mpdemo_test_pin(test, raw_smp_processor_id());
	arena = mpdemo_arena_begin(test->priv, &scope);
	piece = mpdemo_arena_alloc(arena, 128, GFP_ATOMIC);
	if (piece)
		memset(piece, 0xa5, 128);
	mpdemo_arena_end(&scope);
	KUNIT_ASSERT_NOT_NULL(test, piece);
	/* Nobody has a section here, so it may be looked at, and written to. */
	freed = !memchr_inv(piece, 0, 128);
	memset(piece, 0xa5, 128);
	arena = mpdemo_arena_begin(test->priv, &scope);
	mpdemo_arena_alloc(arena, 64, GFP_ATOMIC);
	kept = !memchr_inv(piece, 0xa5, 64);
	mpdemo_arena_alloc(arena, 32, GFP_ATOMIC | __GFP_ZERO);
	cleared = !memchr_inv(piece + 64, 0, 32) &&
		  !memchr_inv(piece + 96, 0xa5, 32);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_EQ(test, want_init_on_free(), freed);
	KUNIT_EXPECT_EQ(test, want_init_on_alloc(GFP_ATOMIC), !kept);
	KUNIT_EXPECT_TRUE(test, cleared);
	expect_clean(test);
}

/* A rule was broken: counted, @said in the log once for the arena. */
static void expect_told(struct kunit *test, const struct mpdemo_test_log *log,
			unsigned int refused, const char *said)
{
	KUNIT_EXPECT_EQ(test, refused, stats_of(test).refused);
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, log,
					   "mempool_demo: arena percpu: %s, by ",
					   said));
	KUNIT_EXPECT_EQ(test, 1,
			mpdemo_test_logged(test, log, "mempool_demo: arena "));
}

static void allocation_outside(struct kunit *test)
{
	struct mpdemo_arena_scope scope;
	struct mpdemo_test_log log;
	struct mpdemo_arena *arena;

	mpdemo_test_pin(test, raw_smp_processor_id());
	mpdemo_test_log_begin(&log);
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(test->priv, 8, GFP_KERNEL));
	arena = mpdemo_arena_begin(test->priv, &scope);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_NULL(test, mpdemo_arena_alloc(arena, 8, GFP_KERNEL));
	preempt_disable();
	arena = mpdemo_arena_alloc(arena, 8, GFP_ATOMIC);
	preempt_enable();
	KUNIT_EXPECT_NULL(test, arena);
	expect_told(test, &log, 3, "allocation outside of a section");
	KUNIT_EXPECT_EQ(test, 0, stats_of(test).allocs);
	expect_clean(test);
}

static void no_reset_no_marks(struct kunit *test)
{
	struct mpdemo_arena_mark mark = {};
	struct mpdemo_arena_scope scope;
	struct mpdemo_test_log log;
	struct mpdemo_arena *arena;
	int errors[3];
	size_t bytes;

	mpdemo_test_log_begin(&log);
	KUNIT_EXPECT_EQ(test, 0, mpdemo_arena_reset(test->priv));
	arena = mpdemo_arena_begin(test->priv, &scope);
	mpdemo_arena_alloc(arena, 8, GFP_ATOMIC);
	bytes = mpdemo_arena_reset(arena);
	errors[0] = mpdemo_arena_mark(arena, &mark);
	errors[1] = mpdemo_arena_rollback(arena, &mark);
	errors[2] = mpdemo_arena_unmark(arena, &mark);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_EQ(test, 0, bytes);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, errors[0]);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, errors[1]);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, errors[2]);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, mpdemo_arena_mark(test->priv, &mark));
	expect_told(test, &log, 2, "reset refused: sections reset it");
	expect_clean(test);
}

static void ended_out_of_order(struct kunit *test)
{
	struct mpdemo_arena_scope outer, inner;
	unsigned int count, between, after;
	struct mpdemo_test_log log;
	size_t in_use;

	mpdemo_test_pin(test, raw_smp_processor_id());
	mpdemo_test_log_begin(&log);
	count = preempt_count();
	mpdemo_arena_alloc(mpdemo_arena_begin(test->priv, &outer), 8, GFP_ATOMIC);
	mpdemo_arena_alloc(mpdemo_arena_begin(test->priv, &inner), 8, GFP_ATOMIC);
	mpdemo_arena_end(&outer);
	/* It has ended the one inside of it as well. */
	in_use = stats_of(test).in_use;
	between = preempt_count();
	mpdemo_arena_end(&inner);
	after = preempt_count();

	KUNIT_EXPECT_EQ(test, 0, in_use);
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		KUNIT_EXPECT_EQ(test, count + 1, between);
		KUNIT_EXPECT_EQ(test, count, after);
	}
	expect_told(test, &log, 2, "sections ended out of order");
	expect_clean(test);
}

static void ended_twice(struct kunit *test)
{
	struct mpdemo_arena_scope scope;
	struct mpdemo_test_log log;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count preemption");
	mpdemo_test_pin(test, raw_smp_processor_id());
	mpdemo_test_log_begin(&log);
	mpdemo_arena_begin(test->priv, &scope);
	mpdemo_arena_end(&scope);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_TRUE(test, preemptible());
	expect_told(test, &log, 1, "section ended twice");
	expect_clean(test);
}

/* Neither the preemption of others nor the section of others is ended by it. */
static void ended_twice_inside(struct kunit *test)
{
	struct mpdemo_arena_scope scope, other;
	struct mpdemo_arena *arena;
	bool preemption_on;
	void *piece;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count preemption");
	preempt_disable();
	mpdemo_arena_begin(test->priv, &scope);
	mpdemo_arena_end(&scope);
	mpdemo_arena_end(&scope);
	preemption_on = preemptible();
	arena = mpdemo_arena_begin(test->priv, &other);
	mpdemo_arena_end(&scope);
	piece = mpdemo_arena_alloc(arena, 16, GFP_ATOMIC);
	mpdemo_arena_end(&other);
	preempt_enable();

	KUNIT_EXPECT_FALSE(test, preemption_on);
	KUNIT_EXPECT_NOT_NULL(test, piece);
	KUNIT_EXPECT_TRUE(test, preemptible());
	KUNIT_EXPECT_EQ(test, 2, mpdemo_test_arena_stats(test->priv).refused);
	expect_clean(test);
}

static void ended_on_another_cpu(struct kunit *test)
{
	unsigned int here, there;
	struct mpdemo_arena_scope scope;
	struct mpdemo_test_log log;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count preemption");
	here = raw_smp_processor_id();
	mpdemo_test_pin(test, here);
	there = mpdemo_test_other_cpu(test);
	mpdemo_test_log_begin(&log);
	mpdemo_arena_alloc(mpdemo_arena_begin(test->priv, &scope), 8, GFP_ATOMIC);
	/* The broken rule: from here on the section can move. */
	preempt_enable();
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).refused);

	mpdemo_test_pin(test, there);
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_EQ(test, 2, stats_of(test).refused);
	preempt_disable();
	mpdemo_arena_end(&scope);
	preempt_enable();
	expect_told(test, &log, 3, "section ended where it did not begin");
	KUNIT_EXPECT_EQ(test, 1, stats_of(test).marks);
	KUNIT_EXPECT_EQ(test, 8, stats_of(test).in_use);

	/* Back home it can end. */
	mpdemo_test_pin(test, here);
	preempt_disable();
	mpdemo_arena_end(&scope);
	KUNIT_EXPECT_EQ(test, 3, stats_of(test).refused);
	expect_clean(test);
}

/* A section of an arena that is not per CPU: nothing of it ends with it. */
static void section_of_another_kind(struct kunit *test)
{
	static const unsigned int kinds[] = { 0, MPDEMO_ARENA_SHARED };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct mpdemo_arena_config config = {
			.name = "unlike", .bytes = BYTES, .flags = kinds[i],
		};
		struct mpdemo_arena *arena = mpdemo_test_arena(test, &config);
		u8 *before = mpdemo_arena_alloc(arena, 64, GFP_KERNEL);
		unsigned int count, inside, after;
		struct mpdemo_arena_scope scope;
		struct mpdemo_arena_stats stats;
		struct mpdemo_test_log log;
		struct mpdemo_arena *section;
		u8 *piece;

		KUNIT_ASSERT_NOT_NULL(test, before);
		memset(before, 0x5a, 64);
		mpdemo_test_log_begin(&log);
		count = preempt_count();
		section = mpdemo_arena_begin(arena, &scope);
		inside = preempt_count();
		piece = mpdemo_arena_alloc(section, 64, GFP_ATOMIC);
		if (piece)
			memset(piece, 0xa5, 64);
		mpdemo_arena_end(&scope);
		after = preempt_count();

		KUNIT_EXPECT_PTR_EQ(test, arena, section);
		KUNIT_EXPECT_PTR_EQ(test, before + 64, piece);
		if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
			KUNIT_EXPECT_EQ(test, count + 1, inside);
		KUNIT_EXPECT_EQ(test, count, after);
		stats = mpdemo_test_arena_stats(arena);
		KUNIT_EXPECT_EQ(test, 1, stats.refused);
		KUNIT_EXPECT_EQ(test, 128, stats.in_use);
		KUNIT_EXPECT_EQ(test, 0, stats.marks);
		KUNIT_EXPECT_EQ(test, 0, stats.resets);
		KUNIT_EXPECT_NULL(test, memchr_inv(before, 0x5a, 64));
		KUNIT_EXPECT_NULL(test, memchr_inv(before + 64, 0xa5, 64));
		KUNIT_EXPECT_PTR_EQ(test, before + 128,
				    (u8 *)mpdemo_arena_alloc(arena, 8, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 1,
				mpdemo_test_logged(test, &log,
						   "arena unlike: %s, by ",
						   "section of an arena that is not per CPU"));
		mpdemo_test_arena_end(test, arena);
	}
}

/* With CONFIG_DEBUG_PREEMPT each allocation is looked at. */
static void allocation_with_preemption_on(struct kunit *test)
{
	void *preemptible_piece, *foreign_piece, *piece;
	unsigned int here, there;
	struct mpdemo_arena_scope scope;
	struct mpdemo_test_log log;
	struct mpdemo_arena *arena;

	if (!IS_ENABLED(CONFIG_DEBUG_PREEMPT))
		kunit_skip(test, "needs CONFIG_DEBUG_PREEMPT");
	here = raw_smp_processor_id();
	mpdemo_test_pin(test, here);
	there = mpdemo_test_other_cpu(test);
	mpdemo_test_log_begin(&log);
	arena = mpdemo_arena_begin(test->priv, &scope);
	preempt_enable();
	preemptible_piece = mpdemo_arena_alloc(arena, 8, GFP_ATOMIC);
	mpdemo_test_pin(test, there);
	preempt_disable();
	foreign_piece = mpdemo_arena_alloc(arena, 8, GFP_ATOMIC);
	preempt_enable();
	mpdemo_test_pin(test, here);
	preempt_disable();
	piece = mpdemo_arena_alloc(arena, 8, GFP_ATOMIC);
	mpdemo_arena_end(&scope);

	KUNIT_EXPECT_NULL(test, preemptible_piece);
	KUNIT_EXPECT_NULL(test, foreign_piece);
	KUNIT_EXPECT_NOT_NULL(test, piece);
	expect_told(test, &log, 2, "allocation outside of a section");
	expect_clean(test);
}

static struct kunit_case percpu_cases[] = {
	KUNIT_CASE(one_section),
	KUNIT_CASE(nested),
	KUNIT_CASE(any_context),
	KUNIT_CASE(interrupt_in_a_section),
	KUNIT_CASE(interrupts_anywhere),
	KUNIT_CASE(all_cpus),
	KUNIT_CASE(zeroing),
	KUNIT_CASE(allocation_outside),
	KUNIT_CASE(no_reset_no_marks),
	KUNIT_CASE(ended_out_of_order),
	KUNIT_CASE(ended_twice),
	KUNIT_CASE(ended_twice_inside),
	KUNIT_CASE(ended_on_another_cpu),
	KUNIT_CASE(section_of_another_kind),
	KUNIT_CASE(allocation_with_preemption_on),
	{}
};

static struct kunit_suite percpu_suite = {
	.name = "mpdemo_arena_percpu",
	.init = percpu_init,
	.test_cases = percpu_cases,
};

kunit_test_suite(percpu_suite);
