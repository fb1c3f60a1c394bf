// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas per CPU: temporary memory between mpdemo_arena_begin() and _end().
 *
 * Preemption is off in between, so a section has the memory of its CPU to itself
 * but for what interrupts it: softirq, hardirq, NMI. Those may have sections of
 * their own. They end before the interrupted one goes on, and each end puts back
 * exactly what its begin has found: the position, the end and the depth. So what
 * was interrupted, be it in the middle of an allocation, sees no change; and what
 * an interrupt wrote lay in memory that was free.
 *
 * Rules, and what tells that one is broken:
 *  - nothing sleeps in a section (CONFIG_DEBUG_ATOMIC_SLEEP)
 *  - an allocation outside of every section fails, is counted and reported:
 *    there, position and end are equal, so the fast path leads here
 *  - an allocation with preemption on, or on another CPU, from what a begin has
 *    returned: the same, with CONFIG_DEBUG_PREEMPT, which looks before each one
 *  - sections end on the CPU, and in the reverse order, that they began: counted
 *    and reported where they do not. The end of an outer section ends those
 *    inside of it.
 */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "arena.h"
#include "chunk.h"

static noinline struct mpdemo_arena *refuse_begin(struct mpdemo_arena *api,
						  unsigned long caller)
{
	arena_refuse(arena_of(api), "section of an arena that is not per CPU",
		     caller);
	return api;
}

/**
 * mpdemo_arena_begin() - begin a section on this CPU's part of an arena
 * @api: an arena per CPU
 * @scope: for mpdemo_arena_end(), on the stack of the caller
 *
 * Turns preemption off until mpdemo_arena_end(). On an arena that is not per CPU
 * this is misuse, which is counted and reported: then that arena is returned, and
 * mpdemo_arena_end() frees nothing.
 *
 * Context: Any, NMI included.
 * Return: what to allocate from, in this section only; not NULL.
 */
struct mpdemo_arena *mpdemo_arena_begin(struct mpdemo_arena *api,
					struct mpdemo_arena_scope *scope)
{
	struct cpu_arena *cpu_arena;

	preempt_disable();
	scope->percpu = api;
	if (unlikely(api->kind != ARENA_PERCPU)) {
		scope->arena = NULL;
		return refuse_begin(api, _RET_IP_);
	}
	cpu_arena = this_cpu_ptr(to_arena(api)->cpus);
	scope->arena = &cpu_arena->api;
	scope->pos_up = READ_ONCE(cpu_arena->api.pos_up);
	scope->end_up = READ_ONCE(cpu_arena->api.end_up);
	scope->depth = READ_ONCE(cpu_arena->depth);

	WRITE_ONCE(cpu_arena->depth, scope->depth + 1);
	arena_set_end(&cpu_arena->api, cpu_arena->limit);
	return &cpu_arena->api;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_begin);

/*
 * Return: whether the section may end all the same, and that includes to turn
 * preemption on where its begin has turned it off.
 */
static noinline bool end_is_wrong(struct mpdemo_arena_scope *scope,
				  unsigned long caller)
{
	struct cpu_arena *cpu_arena = to_cpu_arena(scope->arena);
	struct arena *arena = cpu_arena->arena;

	if (preemptible() || cpu_arena != this_cpu_ptr(arena->cpus)) {
		arena_refuse(arena, "section ended where it did not begin",
			     caller);
		return false;
	}
	arena_refuse(arena, "sections ended out of order", caller);
	if (READ_ONCE(cpu_arena->depth) > scope->depth)
		return true;
	/* It has ended already, with one around it. */
	scope->percpu = NULL;
	preempt_enable();
	return false;
}

/* It never was one, or is one no more; preemption is as its begin has left it. */
static noinline void end_no_section(struct mpdemo_arena_scope *scope,
				    unsigned long caller)
{
	if (!scope->percpu) {
		if (scope->arena)
			arena_refuse(to_cpu_arena(scope->arena)->arena,
				     "section ended twice", caller);
		return;
	}
	scope->percpu = NULL;
	preempt_enable();
}

/**
 * mpdemo_arena_end() - end a section, and free all that it has allocated
 * @scope: what mpdemo_arena_begin() has filled
 *
 * A section that does not end where it began, or not in order, is counted and
 * reported in the kernel log, once per arena.
 *
 * Context: as its mpdemo_arena_begin(), and on the same CPU.
 */
void mpdemo_arena_end(struct mpdemo_arena_scope *scope)
{
	struct cpu_arena *cpu_arena;
	unsigned long pos, begin;

	if (unlikely(!scope->arena || !scope->percpu)) {
		end_no_section(scope, _RET_IP_);
		return;
	}
	cpu_arena = to_cpu_arena(scope->arena);
	if (unlikely(preemptible() ||
		     cpu_arena != this_cpu_ptr(to_arena(scope->percpu)->cpus) ||
		     READ_ONCE(cpu_arena->depth) != scope->depth + 1) &&
	    !end_is_wrong(scope, _RET_IP_))
		return;

	pos = arena_pos(&cpu_arena->api);
	if (unlikely(pos - cpu_arena->base > READ_ONCE(cpu_arena->peak)))
		arena_note_peak(&cpu_arena->peak, pos - cpu_arena->base);
	/* Of sections that ended out of order, an outer one may begin behind. */
	begin = scope->pos_up - MPDEMO_ARENA_UP;
	if (want_init_on_free() && pos > begin)
		memset((void *)begin, 0, pos - begin);

	/* All use of the memory comes before it is free again. */
	barrier();
	/* As long as this is a section, those of interrupts are not outermost. */
	if (!scope->depth)
		WRITE_ONCE(cpu_arena->resets, cpu_arena->resets + 1);
	WRITE_ONCE(cpu_arena->api.pos_up, scope->pos_up);
	WRITE_ONCE(cpu_arena->api.end_up, scope->end_up);
	WRITE_ONCE(cpu_arena->depth, scope->depth);
	/* Ended. Whoever ends it again shall not turn on preemption of others. */
	scope->percpu = NULL;
	preempt_enable();
}
EXPORT_SYMBOL_GPL(mpdemo_arena_end);

/* Of no kind but the one of a CPU anything is asked. */
bool mpdemo_arena_in_section(struct mpdemo_arena *api)
{
	struct arena *arena;

	if (api->kind != ARENA_CPU)
		return true;
	arena = to_cpu_arena(api)->arena;
	if (!preemptible() && to_cpu_arena(api) == this_cpu_ptr(arena->cpus))
		return true;
	arena_refuse(arena, "allocation outside of a section", _RET_IP_);
	return false;
}
EXPORT_SYMBOL_GPL(mpdemo_arena_in_section);

/* Return: false if an allocation was made outside of every section. */
bool cpu_arena_has_section(struct cpu_arena *cpu_arena, unsigned long caller)
{
	if (READ_ONCE(cpu_arena->depth))
		return true;
	arena_refuse(cpu_arena->arena, "allocation outside of a section",
		     caller);
	return false;
}

/* On failure, the parts that there are will be freed by cpu_arenas_destroy(). */
int cpu_arenas_create(struct arena *arena)
{
	int cpu;

	arena->cpus = alloc_percpu_gfp(struct cpu_arena, arena->gfp);
	if (!arena->cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct cpu_arena *cpu_arena = per_cpu_ptr(arena->cpus, cpu);
		struct mpdemo_chunk *chunk;

		chunk = mpdemo_chunk_create(arena->bytes, arena->gfp,
					    cpu_to_node(cpu));
		if (!chunk)
			return -ENOMEM;
		cpu_arena->chunk = chunk;
		cpu_arena->arena = arena;
		cpu_arena->base = chunk->base;
		cpu_arena->limit = chunk->end;
		cpu_arena->api.kind = ARENA_CPU;
		arena_set_pos(&cpu_arena->api, chunk->base);
		arena_set_end(&cpu_arena->api, chunk->base);
	}
	return 0;
}

void cpu_arenas_destroy(struct arena *arena)
{
	int cpu;

	if (!arena->cpus)
		return;
	for_each_possible_cpu(cpu) {
		struct mpdemo_chunk *chunk =
			per_cpu_ptr(arena->cpus, cpu)->chunk;

		if (chunk)
			mpdemo_chunk_destroy(chunk);
	}
	free_percpu(arena->cpus);
}

void cpu_arenas_get_stats(const struct arena *arena,
			  struct mpdemo_arena_stats *stats)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct cpu_arena *cpu_arena =
			per_cpu_ptr(arena->cpus, cpu);
		size_t in_use = arena_pos(&cpu_arena->api) - cpu_arena->base;

		stats->bytes += cpu_arena->limit - cpu_arena->base;
		stats->in_use += in_use;
		stats->peak = max3(stats->peak, in_use,
				   READ_ONCE(cpu_arena->peak));
		stats->chunks++;
		stats->marks += READ_ONCE(cpu_arena->depth);
		stats->allocs += READ_ONCE(cpu_arena->api.allocs);
		stats->resets += READ_ONCE(cpu_arena->resets);
	}
}

void cpu_arenas_reset_peak(struct arena *arena)
{
	int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(arena->cpus, cpu)->peak, 0);
}
