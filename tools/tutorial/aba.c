// SPDX-License-Identifier: MIT
/*
 * Two CPUs take from one free list without a lock, in the one order of events that breaks it.
 * What a CPU does between reading the head of the list and the compare-and-swap is what any other
 * CPU can do meanwhile; here it is written down, so that it happens each time.
 *
 * aba        the head is the number of the first free block
 * aba tag    the head has a tag beside that number, which each change advances
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCKS	4
#define NONE	BLOCKS

static uint32_t next[BLOCKS];	/* of a free block: the one after it */
static uint64_t head;		/* tag in the upper half, number of a block in the lower one */
static bool tagged;

static uint32_t block_of(uint64_t h)
{
	return (uint32_t)h;
}

/* The head with another block, as of the next change if there are tags. */
static uint64_t with(uint64_t h, uint32_t block)
{
	uint64_t tag = h >> 32;

	return (tagged ? tag + 1 : 0) << 32 | block;
}

static bool compare_and_swap(uint64_t *at, uint64_t expected, uint64_t value)
{
	return __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static uint32_t take(void)
{
	uint64_t h = head;

	while (!compare_and_swap(&head, h, with(h, next[block_of(h)])))
		h = head;
	return block_of(h);
}

static void give(uint32_t block)
{
	uint64_t h = head;

	do {
		h = head;
		next[block] = block_of(h);
	} while (!compare_and_swap(&head, h, with(h, block)));
}

static void show(const char *what)
{
	printf("%-46s free:", what);
	for (uint32_t i = block_of(head), n = 0; i != NONE && n < BLOCKS; i = next[i], n++)
		printf(" %u", i);
	printf("\n");
}

int main(int argc, char **argv)
{
	uint64_t seen;
	uint32_t after, a, b;

	tagged = argc == 2 && !strcmp(argv[1], "tag");
	if (argc > 2 || (argc == 2 && !tagged))
		return fprintf(stderr, "usage: aba [tag]\n"), 2;
	for (uint32_t i = 0; i < BLOCKS; i++)
		next[i] = i + 1;
	show("at first");

	/* CPU 1 begins to take a block, and is interrupted. */
	seen = head;
	after = next[block_of(seen)];
	printf("CPU 1 reads: the first is %u, after it comes %u\n", block_of(seen), after);

	a = take();
	b = take();
	show("CPU 2 takes two blocks");
	give(a);
	show("CPU 2 gives the first of them back");

	if (compare_and_swap(&head, seen, with(seen, after))) {
		show("CPU 1 compares, finds what it read, and swaps");
		printf("CPU 1 has block %u. CPU 2 has block %u, and so will who comes next: %u\n",
		       block_of(seen), b, take());
	} else {
		show("CPU 1 compares, finds another tag, begins anew");
		printf("CPU 1 has block %u. CPU 2 has block %u\n", take(), b);
		show("and nothing is lost");
	}
	return 0;
}
