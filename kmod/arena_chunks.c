// SPDX-License-Identifier: GPL-2.0
/*
 * The chunks of an arena: those in use, from the first to the current one; behind
 * them spare ones, for later; and dropped ones, which are about to be freed.
 *
 * What is dropped is dropped in any context, and freed in a task: by a work item
 * soon, or by whoever needs the room before that. Until it is freed it counts as
 * taken, so an arena never takes more memory than it may.
 *
 * There is no lock. Only the owner of the arena drops and takes; the work item
 * takes what was dropped off a lock-free list, as the owner does.
 */

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>

#include "arena.h"
#include "chunk.h"
#include "trace.h"

static size_t room(const struct arena *arena)
{
	return arena->bytes - atomic_long_read(&arena->taken);
}

/* Go on in a chunk, at a position. */
void arena_use_chunk(struct arena *arena, struct mpdemo_chunk *chunk,
		     unsigned long pos, size_t before)
{
	WRITE_ONCE(arena->current_chunk, chunk);
	WRITE_ONCE(arena->before, before);
	arena_set_pos(&arena->api, pos);
	arena_set_end(&arena->api, chunk->end);
}

/* Task context, may sleep. */
static void free_dropped(struct arena *arena)
{
	struct llist_node *node = llist_del_all(&arena->dropped);

	while (node) {
		struct mpdemo_chunk *chunk =
			container_of(node, struct mpdemo_chunk, dropped);
		size_t bytes = mpdemo_chunk_bytes(chunk);

		node = node->next;
		mpdemo_chunk_destroy(chunk);
		atomic_long_sub(bytes, &arena->taken);
	}
}

static void reap_dropped(struct mpdemo_reap *reap)
{
	free_dropped(container_of(reap, struct arena, reap));
}

/* Begin with the first chunk of a new arena. */
void arena_start(struct arena *arena, struct mpdemo_chunk *first)
{
	arena->first = first;
	atomic_long_set(&arena->taken, mpdemo_chunk_bytes(first));
	arena->nr_chunks = 1;
	init_llist_head(&arena->dropped);
	mpdemo_reap_init(&arena->reap, reap_dropped);
	arena_use_chunk(arena, first, first->base, 0);
}

/* Free all chunks. Task context, may sleep; nothing else is under way. */
void arena_free_chunks(struct arena *arena)
{
	struct mpdemo_chunk *chunk;

	if (!arena->first)
		return;
	mpdemo_reap_wait(&arena->reap);
	free_dropped(arena);
	while ((chunk = arena->first)) {
		arena->first = chunk->next;
		mpdemo_chunk_destroy(chunk);
	}
}

/* Drop spare chunks but @keep of them. In any context. */
void arena_drop_spares(struct arena *arena, unsigned int keep)
{
	struct mpdemo_chunk **link = &arena->current_chunk->next;
	struct mpdemo_chunk *chunk;

	while (*link && keep--)
		link = &(*link)->next;
	if (likely(!*link))
		return;
	while ((chunk = *link)) {
		*link = chunk->next;
		WRITE_ONCE(arena->nr_chunks, arena->nr_chunks - 1);
		trace_mpdemo_arena_shrink(arena_name(&arena->api),
					  mpdemo_chunk_bytes(chunk),
					  arena->nr_chunks);
		llist_add(&chunk->dropped, &arena->dropped);
	}
	mpdemo_reap(&arena->reap);
}

/* Take a spare chunk that is large enough out of the list. */
static struct mpdemo_chunk *take_spare(struct arena *arena, size_t size)
{
	struct mpdemo_chunk **link = &arena->current_chunk->next;
	struct mpdemo_chunk *chunk;

	while ((chunk = *link) && mpdemo_chunk_bytes(chunk) < size)
		link = &chunk->next;
	if (chunk)
		*link = chunk->next;
	return chunk;
}

/* Free what is not in use, and what the work item has in its hands just now. */
static void make_room(struct arena *arena)
{
	arena_drop_spares(arena, 0);
	free_dropped(arena);
	mpdemo_reap_wait(&arena->reap);
}

static struct mpdemo_chunk *new_chunk(struct arena *arena, size_t size)
{
	size_t bytes = max(arena->chunk_bytes, PAGE_ALIGN(size));
	size_t in_use = arena->before + mpdemo_chunk_bytes(arena->current_chunk);
	struct mpdemo_chunk *chunk;

	/* What will never fit shall not cost the spare ones. */
	if (size > arena->bytes - in_use)
		return NULL;
	/* Those, none of which is large enough, must not be in the way. */
	if (room(arena) < bytes)
		make_room(arena);
	bytes = min(bytes, room(arena));
	if (bytes < size)
		return NULL;
	chunk = mpdemo_chunk_create(bytes, arena->gfp, NUMA_NO_NODE);
	if (!chunk)
		return NULL;
	atomic_long_add(bytes, &arena->taken);
	WRITE_ONCE(arena->nr_chunks, arena->nr_chunks + 1);
	trace_mpdemo_arena_grow(arena_name(&arena->api), bytes,
				arena->nr_chunks);
	return chunk;
}

/* Go on in a chunk with room for @size, and leave the rest of the current one. */
bool arena_next_chunk(struct arena *arena, size_t size, gfp_t gfp)
{
	struct mpdemo_chunk *current_chunk = arena->current_chunk, *chunk;

	chunk = take_spare(arena, size);
	/* No less than GFP_KERNEL: mapping pages allocates with that. */
	if (!chunk && arena->chunk_bytes && (gfp & GFP_KERNEL) == GFP_KERNEL)
		chunk = new_chunk(arena, size);
	if (!chunk)
		return false;

	chunk->next = current_chunk->next;
	current_chunk->next = chunk;
	current_chunk->used_to = arena_pos(&arena->api);
	arena_use_chunk(arena, chunk, chunk->base,
			arena->before + mpdemo_chunk_bytes(current_chunk));
	return true;
}
