// SPDX-License-Identifier: GPL-2.0
/*
 * The suite percpu: all CPUs do the same at the same time, and need nothing of each
 * other. A step is a pass: 100 blocks of 64 bytes and 100 pieces of scratch memory of
 * 512 bytes, which is what 64 KiB have room for; each is written to, then all of it is
 * freed.
 *
 * The rows "arena per CPU" allocate the scratch memory in a section on one arena that
 * has a part for each CPU, and cannot be preempted then; the rows "arena" give each
 * thread an arena of its own.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/sizes.h>

#include "allocators.h"

#define BLOCKS		100
#define OBJECT_SIZE	64
#define PIECE_SIZE	512
#define STEPS		100

enum { BLOCK, PIECE };

static const struct bench_site percpu_sites[] = {
	[BLOCK]	= { .size = OBJECT_SIZE, .objects = BLOCKS },
	[PIECE]	= { .size = PIECE_SIZE, .objects = BLOCKS, .scratch = true },
};

/* As many pieces as there were, each noted in its block. */
static __always_inline unsigned int get_pieces(const struct bench_ops *ops,
					       enum bench_how how,
					       struct bench_run *run,
					       void *arena, void **blocks)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		u64 *piece = bench_scratch(ops, how, run, arena,
					   run->handles[PIECE], PIECE_SIZE);

		if (unlikely(!piece))
			break;
		*piece = i;
		*(u64 **)blocks[i] = piece;
	}
	return i;
}

static __always_inline int use_pieces(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run,
				      void **blocks)
{
	void *arena = ops->scratch ? run->arenas[0] : NULL;
	struct mpdemo_arena_scope scope;
	unsigned int nr, i;

	if (ops->enter)
		arena = ops->enter(arena, &scope);
	nr = get_pieces(ops, how, run, arena, blocks);
	for (i = 0; i < nr && !ops->scratch; i++)
		bench_scratch_free(ops, how, run, run->handles[PIECE],
				   *(void **)blocks[i], PIECE_SIZE);
	if (ops->enter)
		bench_leave(ops, how, run, arena, &scope);
	else
		bench_reset(ops, how, run, arena);
	return likely(nr == BLOCKS) ? 0 : -ENOMEM;
}

static __always_inline int percpu_step(const struct bench_ops *ops,
				       enum bench_how how,
				       struct bench_run *run)
{
	void *handle = run->handles[BLOCK], **blocks = run->slots;
	int ret;

	if (unlikely(!bench_alloc_group(ops, how, run, handle, OBJECT_SIZE,
					BLOCKS, blocks)))
		return -ENOMEM;
	ret = use_pieces(ops, how, run, blocks);
	bench_free_group(ops, how, run, handle, OBJECT_SIZE, BLOCKS, blocks);
	return ret;
}

BENCH_KINDS(percpu, BENCH_SECTIONS);

static unsigned int percpu_steps(unsigned int batch)
{
	return STEPS;
}

static unsigned int percpu_operations(unsigned int batch)
{
	return BLOCKS;
}

static const unsigned int percpu_batches[] = { BLOCKS, 0 };

const struct bench_suite bench_percpu = {
	.id = MPDEMO_BENCH_SUITE_PERCPU,
	.unit = "block with a piece",
	.size = OBJECT_SIZE,
	.sites = percpu_sites,
	.nr_sites = ARRAY_SIZE(percpu_sites),
	.arenas = 1,
	.arena_bytes = SZ_64K,
	.batches = percpu_batches,
	.steps = percpu_steps,
	.operations = percpu_operations,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.everywhere = true,
	.kinds = percpu_kinds,
};
