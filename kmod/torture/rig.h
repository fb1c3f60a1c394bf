/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rig: what makes the steps of a workload in all contexts at the same time,
 * counts them, and takes down what is wrong.
 *
 * A step is a few operations on the objects of the workload, made by an actor.
 * An actor is a number in a context, and one at a time uses it; so it may have
 * counters, random numbers and objects of its own without a lock.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_RIG_H
#define _MEMPOOL_DEMO_TORTURE_RIG_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/prandom.h>
#include <linux/types.h>

/* Where a step is made. */
enum rig_context {
	RIG_TASK,		/* may sleep */
	RIG_PREEMPT_OFF,
	RIG_RAW_LOCK,		/* under a raw spinlock, interrupts off */
	RIG_SOFTIRQ,
	RIG_HARDIRQ,		/* on PREEMPT_RT as well */
	RIG_NMI,
	RIG_NR_CONTEXTS,
};

/* What is counted; report.c has the names. */
enum rig_count {
	RIG_ALLOCS,		/* single allocations that succeeded */
	RIG_BULK_ALLOCS,
	RIG_BLOCKS,		/* blocks allocated in all */
	RIG_FREES,
	RIG_BULK_FREES,
	RIG_FOREIGN,		/* freed where others have allocated them */
	RIG_MARKS,
	RIG_ROLLBACKS,
	RIG_RESETS,
	RIG_SECTIONS,
	RIG_NESTED,
	RIG_FULL,		/* allocations for which there was no room */
	RIG_FILLS,
	RIG_CONTENDED,		/* fills that several CPUs have shared */
	RIG_WAITS,		/* blocks that were waited for, if need be */
	RIG_RESERVATIONS,
	RIG_TIMEOUTS,
	RIG_INTERRUPTED,	/* waits ended by a signal */
	RIG_SENT_AWAY,		/* waits ended by the end of the pool */
	RIG_SIGNALS,
	RIG_ROUNDS,
	RIG_LIVES,		/* objects created and destroyed */
	RIG_SHRUNK,		/* chunks given back */
	RIG_NR_COUNTS,
};

/**
 * struct rig_actor - who makes steps
 * @context: where
 * @number: tells those of one context apart
 * @sequence: of the newest stamp
 * @random: state of rig_random()
 * @counts: by &enum rig_count; written by the actor alone, read at any time
 * @data: for the workload; NULL at the begin of a run
 */
struct rig_actor {
	enum rig_context context;
	unsigned int number;
	u32 sequence;
	struct rnd_state random;
	u64 counts[RIG_NR_COUNTS];
	void *data;
} ____cacheline_aligned_in_smp;

/**
 * struct rig_workload - what is done to which objects
 * @name: by which it is started
 * @alone: made by a single actor, of number 0 in RIG_TASK, until a step
 *	returns false; else by all actors, until the time is up
 * @begin: create the objects. What it has created when it fails, @end destroys
 * @step: in any context but those that @alone rules out, so short, and NMI-safe
 *	where the actor is; returns false where nothing is left to do
 * @watch: called now and then while steps are made, and after the last one has begun
 *	until all are over, by somebody who may sleep and is no actor: looks for those
 *	who wait too long, and frees what those who wait at the end wait for; or NULL
 * @end: all is quiet: check the rest, unless rig_must_stop() tells that a check
 *	has failed, and destroy the objects
 */
struct rig_workload {
	const char *name;
	bool alone;
	int (*begin)(void);
	bool (*step)(struct rig_actor *actor);
	void (*watch)(void);
	void (*end)(void);
};

extern const struct rig_workload blocks_exact, blocks_percpu;
extern const struct rig_workload capacity_exact, capacity_percpu;
extern const struct rig_workload race_exact, race_percpu;
extern const struct rig_workload marks_workload, shared_workload;
extern const struct rig_workload sections_workload, heap_workload;
extern const struct rig_workload wait_workload, reserve_workload;
extern const struct rig_workload fifo_workload, life_workload, grow_workload;

/* run.c */

/**
 * struct rig_settings - what a run shall be
 * @seed: of all random numbers; not 0
 * @msecs: how long, unless the workload is made alone
 * @rounds: how often, if it is
 */
struct rig_settings {
	u32 seed;
	unsigned int msecs;
	unsigned int rounds;
};

int rig_init(void);
void rig_exit(void);
int rig_run(const struct rig_workload *workload,
	    const struct rig_settings *settings);

struct rig_actor *rig_actor(enum rig_context context, unsigned int number);
struct rig_actor *rig_actor_at(unsigned int i);
unsigned int rig_rounds(void);
bool rig_must_stop(void);
bool rig_failed(void);
u64 rig_sum(enum rig_count what);

/* All that there may be. */
#define rig_for_each_actor(actor, i) \
	for ((i) = 0; ((actor) = rig_actor_at(i)); (i)++)

static inline void rig_count(struct rig_actor *actor, enum rig_count what,
			     unsigned int n)
{
	/* Those who look at the results read it meanwhile. */
	WRITE_ONCE(actor->counts[what], actor->counts[what] + n);
}

/* A random number below @end. */
static inline u32 rig_random(struct rig_actor *actor, u32 end)
{
	return (u64)prandom_u32_state(&actor->random) * end >> 32;
}

/* True once in @n times. */
static inline bool rig_one_in(struct rig_actor *actor, u32 n)
{
	return !rig_random(actor, n);
}

/* context.c */
unsigned int rig_random_cpu(struct rig_actor *actor);
void rig_go_to(unsigned int cpu);
bool rig_signal(unsigned int number, int signal);

/* place.c */
enum rig_context rig_do_somewhere(struct rig_actor *actor,
				  void (*function)(void *data), void *data);

/* stamp.c */
const char *rig_context_name(enum rig_context context);
u64 rig_stamp(struct rig_actor *actor);
bool rig_stamp_is_foreign(u64 stamp, const struct rig_actor *actor);
int rig_stamp_print(char *buffer, size_t size, u64 stamp);
void rig_fill(void *memory, size_t size, u64 stamp);
bool rig_verify(const void *memory, size_t size, u64 stamp, u64 *found);

/* report.c */
__printf(1, 2) void rig_describe(const char *format, ...);
void rig_fail_owner(const char *what, u64 where, u64 owner, u64 other);
void rig_fail_value(const char *what, u64 want, u64 got);

/* Whether a value is as it should be; takes it down if it is not. */
static inline bool rig_same(const char *what, u64 want, u64 got)
{
	if (likely(want == got))
		return true;
	rig_fail_value(what, want, got);
	return false;
}

#endif /* _MEMPOOL_DEMO_TORTURE_RIG_H */
