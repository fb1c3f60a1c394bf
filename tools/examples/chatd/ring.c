// SPDX-License-Identifier: MIT
/*
 * A ring of entries in the order in which they came. Each is in one piece, and has a header by
 * which it is found again. They may be freed in any order, but space is won back only from the
 * oldest one on: one that nobody frees stops the ring, as long as it is there.
 */
#include <assert.h>

#include "chatd.h"

#define ALIGN		16UL

struct entry {
	_Alignas(ALIGN) size_t size;	/* with this header */
	bool is_free;
	char bytes[];
};

static struct entry *entry_at(const struct ring *ring, size_t offset)
{
	return (struct entry *)(ring->bytes + offset);
}

static void win_back(struct ring *ring)
{
	while (ring->entries && entry_at(ring, ring->tail)->is_free) {
		ring->tail += entry_at(ring, ring->tail)->size;
		if (ring->tail == ring->size)
			ring->tail = 0;
		ring->entries--;
	}
	if (!ring->entries) {
		ring->head = 0;
		ring->tail = 0;
	}
}

/* What is left at the end is too small: an entry without use, so that the next begins at 0. */
static void skip_end(struct ring *ring)
{
	struct entry *entry = entry_at(ring, ring->head);

	entry->size = ring->size - ring->head;
	entry->is_free = true;
	ring->head = 0;
	ring->entries++;
}

/* Room for @most bytes, of which ring_end() says how many are used; NULL: there is none now. */
char *ring_begin(struct ring *ring, size_t most)
{
	size_t need = (sizeof(struct entry) + most + ALIGN - 1) & ~(ALIGN - 1);
	bool behind = ring->head > ring->tail || !ring->entries;

	if (behind && need > ring->size - ring->head && need <= ring->tail) {
		skip_end(ring);
		behind = false;
	}
	if (need > (behind ? ring->size : ring->tail) - ring->head)
		return NULL;
	return entry_at(ring, ring->head)->bytes;
}

void ring_end(struct ring *ring, char *bytes, size_t length)
{
	struct entry *entry = list_entry(bytes, struct entry, bytes);

	entry->size = (sizeof(*entry) + length + ALIGN - 1) & ~(ALIGN - 1);
	entry->is_free = false;
	ring->head += entry->size;
	if (ring->head == ring->size)
		ring->head = 0;
	ring->entries++;
}

void ring_free(struct ring *ring, char *bytes)
{
	struct entry *entry = list_entry(bytes, struct entry, bytes);

	assert(!entry->is_free);
	entry->is_free = true;
	win_back(ring);
}
