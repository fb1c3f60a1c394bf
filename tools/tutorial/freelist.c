// SPDX-License-Identifier: MIT
/*
 * The pool of the textbooks: blocks of one size, the free ones in a list whose links lie in the
 * blocks themselves. It is as fast as an allocator can be, and trusts whoever uses it.
 *
 * freelist            allocate, free, allocate: the last one freed is the first one used
 * freelist double     free a block twice
 * freelist scribble   write to a block after it was freed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS	8

union block {
	union block *next;	/* while it is free */
	char data[64];		/* while somebody has it */
};

static union block blocks[BLOCKS];
static union block *first;

static void pool_init(void)
{
	for (int i = 0; i < BLOCKS; i++)
		blocks[i].next = i + 1 < BLOCKS ? &blocks[i + 1] : NULL;
	first = blocks;
}

static void *pool_alloc(void)
{
	union block *block = first;

	if (block)
		first = block->next;
	return block;
}

static void pool_free(void *p)
{
	union block *block = p;

	block->next = first;
	first = block;
}

/* What a pool could say of a pointer if it looked. This one never does. */
static const char *name_of(const void *p)
{
	static char name[4][16];
	static int turn;
	char *to = name[turn++ % 4];
	size_t offset = (const char *)p - (const char *)blocks;

	if (offset >= sizeof(blocks) || offset % sizeof(blocks[0]))
		return "an address that is no block";
	snprintf(to, sizeof(name[0]), "block %zu", offset / sizeof(blocks[0]));
	return to;
}

static void in_order(void)
{
	void *a = pool_alloc(), *b = pool_alloc();

	printf("allocated %s and %s\n", name_of(a), name_of(b));
	pool_free(a);
	printf("freed     %s\n", name_of(a));
	printf("allocated %s\n", name_of(pool_alloc()));
}

static void twice(void)
{
	char *a = pool_alloc(), *mine, *yours;

	pool_free(a);
	pool_free(a);
	mine = pool_alloc();
	yours = pool_alloc();
	printf("mine is %s, yours is %s\n", name_of(mine), name_of(yours));
	strcpy(mine, "my secret");
	printf("you read: %s\n", yours);
}

static void late(void)
{
	char *a = pool_alloc();

	pool_free(a);
	memset(a, 0x41, 8);
	printf("allocated %s\n", name_of(pool_alloc()));
	printf("next is   %s\n", name_of(first));
}

int main(int argc, char **argv)
{
	pool_init();
	if (argc == 1)
		in_order();
	else if (argc == 2 && !strcmp(argv[1], "double"))
		twice();
	else if (argc == 2 && !strcmp(argv[1], "scribble"))
		late();
	else
		return fprintf(stderr, "usage: freelist [double|scribble]\n"), 2;
	return 0;
}
