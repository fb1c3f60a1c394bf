// SPDX-License-Identifier: MIT
/*
 * An arena: memory and one number, how much of it is used. To allocate is to round that number up
 * and to add to it, and there is no free.
 *
 * bump REQUEST...   what becomes of each request, one after the other:
 *   SIZE            so many bytes, aligned to 8
 *   SIZE@ALIGN      aligned to ALIGN, a power of two
 *   mark            remember how much is used
 *   back            go back to what was marked last
 *   reset           go back to the beginning
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES	4096UL

static unsigned char memory[BYTES];
static size_t used, peak, marked;

static void *arena_alloc(size_t size, size_t align)
{
	size_t at = (used + align - 1) & ~(align - 1);

	/* Not at + size > BYTES: the sum of two large numbers may be a small one. */
	if (at > BYTES || size > BYTES - at)
		return NULL;
	used = at + size;
	if (used > peak)
		peak = used;
	return memory + at;
}

static bool request(const char *text)
{
	size_t size, align = 8, before = used;
	char *end;
	unsigned char *at;

	if (!strcmp(text, "mark")) {
		marked = used;
	} else if (!strcmp(text, "back")) {
		used = marked;
	} else if (!strcmp(text, "reset")) {
		used = 0;
		marked = 0;
	} else {
		size = strtoul(text, &end, 0);
		if (*end == '@')
			align = strtoul(end + 1, &end, 0);
		if (end == text || *end || !align || align & (align - 1))
			return false;
		at = arena_alloc(size, align);
		if (at)
			printf("%-14s at %4zu, %2zu bytes of padding before it; %4zu used\n", text,
			       (size_t)(at - memory), (size_t)(at - memory) - before, used);
		else
			printf("%-14s no room: %zu of %zu are used\n", text, used, BYTES);
		return true;
	}
	printf("%-14s %zu used\n", text, used);
	return true;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!request(argv[i])) {
			fprintf(stderr, "bump: not a request: %s\n", argv[i]);
			return 2;
		}
	}
	printf("peak %zu\n", peak);
	return 0;
}
