/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations, resizes and frees of a heap of libmpdemo at random, that find every byte as it
 * was written.
 */
#ifndef LIB_LOAD_H
#define LIB_LOAD_H

#include "lib_test.h"

#define PIECES	400

struct piece {
	unsigned char *p;
	size_t bytes;
	unsigned char seed;
};

struct load {
	struct mpdemo_heap *heap;
	struct piece pieces[PIECES];
	unsigned int random;
	unsigned int wrong, none;
	int rounds;
};

static inline unsigned int random_of(struct load *load)
{
	load->random = load->random * 1103515245 + 12345;
	return load->random >> 8;
}

/* Small ones mostly. */
static inline size_t random_size(struct load *load)
{
	unsigned int kind = random_of(load) % 16;

	if (kind < 10)
		return random_of(load) % 200;
	return kind < 15 ? random_of(load) % 3000 : random_of(load) % 40000;
}

static inline unsigned char byte_of(const struct piece *piece, size_t i)
{
	return piece->seed + i * 7 + i / 251;
}

static inline void load_fill(struct piece *piece, size_t from)
{
	for (; from < piece->bytes; from++)
		piece->p[from] = byte_of(piece, from);
}

static inline void load_check(struct load *load, const struct piece *piece, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (piece->p[i] != byte_of(piece, i)) {
			load->wrong++;
			return;
		}
	}
}

static inline void load_step(struct load *load)
{
	struct piece *piece = &load->pieces[random_of(load) % PIECES];
	size_t bytes = random_of(load) % 4 ? random_size(load) : 0;
	size_t kept = bytes < piece->bytes ? bytes : piece->bytes;
	unsigned char *p;

	if (piece->p)
		load_check(load, piece, piece->bytes);
	p = mpdemo_heap_hook(load->heap, piece->p, piece->bytes, bytes);
	if (!p && bytes) {
		load->none++;
		load->wrong += errno != EAGAIN || bytes <= piece->bytes;
		if (piece->p)
			load_check(load, piece, piece->bytes);
		return;
	}
	piece->p = p;
	piece->bytes = bytes;
	if (!p)
		return;
	load->wrong += (uintptr_t)p % 16 || mpdemo_heap_usable(load->heap, p) < bytes;
	load_check(load, piece, kept);
	if (!kept)
		piece->seed = random_of(load);
	load_fill(piece, kept);
}

static inline void *load_run(void *data)
{
	struct load *load = data;
	int i;

	for (i = 0; i < load->rounds; i++)
		load_step(load);
	for (i = 0; i < PIECES; i++) {
		struct piece *piece = &load->pieces[i];

		if (!piece->p)
			continue;
		load_check(load, piece, piece->bytes);
		load->wrong += mpdemo_heap_free(load->heap, piece->p) != 0;
	}
	return NULL;
}

#endif /* LIB_LOAD_H */
