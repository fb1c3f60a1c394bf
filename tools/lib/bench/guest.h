/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * What sqlite_load and lua_bench share: where their memory comes from, the clock, the line of
 * output, and the exit status: 0, GUEST_NO_MEMORY, or GUEST_WRONG for all that is wrong otherwise.
 */
#ifndef GUEST_H
#define GUEST_H

#include <mpdemo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GUEST_NO_MEMORY	1
#define GUEST_WRONG	2

/* The first one also pays for what is touched for the first time. */
#define GUEST_ROUNDS	3

/**
 * struct guest - a program on a heap
 * @name: of the program, for its messages
 * @memory: "--malloc", or how many KiB the heap has
 * @heap: where it takes its memory, or NULL: from the C library
 * @result: of the last round
 * @rounds: how many are done
 * @least: the cost of the cheapest one
 */
struct guest {
	const char *name;
	const char *memory;
	struct mpdemo_heap *heap;
	char result[128];
	unsigned int rounds;
	unsigned long long least;
};

static inline int guest_wrong(const struct guest *guest, const char *what)
{
	fprintf(stderr, "%s: %s\n", guest->name, what);
	return GUEST_WRONG;
}

static inline int guest_no_memory(const struct guest *guest)
{
	fprintf(stderr, "%s: out of memory\n", guest->name);
	return GUEST_NO_MEMORY;
}

static inline int guest_begin(struct guest *guest)
{
	unsigned long kib;
	char *end;
	int dev;

	if (!strcmp(guest->memory, "--malloc"))
		return 0;
	kib = strtoul(guest->memory, &end, 10);
	if (end == guest->memory || *end)
		return guest_wrong(guest, "neither --malloc nor a number of KiB");
	dev = mpdemo_device_open(NULL);
	if (dev < 0)
		return guest_wrong(guest, strerror(-dev));
	guest->heap = mpdemo_heap_create(dev, kib << 10);
	if (!guest->heap)
		guest_wrong(guest, strerror(errno));
	close(dev);
	return guest->heap ? 0 : GUEST_WRONG;
}

static inline unsigned long long guest_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* A round has ended. All must have the same result. */
static inline int guest_round(struct guest *guest, unsigned long long cost, const char *result)
{
	if (guest->rounds && strcmp(result, guest->result))
		return guest_wrong(guest, "the result of this round is not that of the one before");
	snprintf(guest->result, sizeof(guest->result), "%s", result);
	if (!guest->rounds++ || cost < guest->least)
		guest->least = cost;
	return 0;
}

static inline void guest_print(const struct guest *guest, const char *what)
{
	printf("%s\t%s\t%s\t%llu\n", what, guest->heap ? guest->memory : "malloc", guest->result,
	       guest->least);
}

#endif /* GUEST_H */
