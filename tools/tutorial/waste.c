// SPDX-License-Identifier: MIT
/*
 * What size classes waste: for requests of all sizes from 1 to 1024 bytes, each as likely as any
 * other, with more and more classes between one power of two and the next.
 *
 * waste          the table
 * waste SIZE     which class serves this size, and what is left over
 */
#include <stdio.h>
#include <stdlib.h>

#define SMALLEST	8UL
#define LARGEST		1024UL

/* The least class that is large enough, of @steps classes per doubling, all multiples of 8. */
static size_t class_of(size_t size, size_t steps)
{
	size_t power = SMALLEST;

	while (power < size)
		power *= 2;
	/* Between power / 2 and power: in equal steps, none of them less than 8 bytes. */
	for (size_t i = 1; i <= steps; i++) {
		size_t class = (power / 2 + power / 2 * i / steps + 7) & ~7UL;

		if (class >= size)
			return class;
	}
	return power;
}

static unsigned int classes(size_t steps)
{
	unsigned int n = 0;

	for (size_t size = 1, last = 0; size <= LARGEST; size++) {
		if (class_of(size, steps) != last)
			n++;
		last = class_of(size, steps);
	}
	return n;
}

static void row(size_t steps)
{
	size_t asked = 0, given = 0, worst = 0;

	for (size_t size = 1; size <= LARGEST; size++) {
		size_t class = class_of(size, steps);

		asked += size;
		given += class;
		/* Of small sizes the 8 bytes are what is wasted, whatever the classes are. */
		if (size > 64 && 100 * (class - size) / class > worst)
			worst = 100 * (class - size) / class;
	}
	printf("%5zu %8u %9.1f%% %9zu%%\n", steps, classes(steps),
	       100.0 * (double)(given - asked) / (double)given, worst);
}

int main(int argc, char **argv)
{
	size_t size = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;

	if (argc == 1) {
		printf("STEPS  CLASSES  AVERAGE WORST > 64\n");
		for (size_t steps = 1; steps <= 8; steps *= 2)
			row(steps);
		return 0;
	}
	if (argc > 2 || !size || size > LARGEST)
		return fprintf(stderr, "usage: waste [SIZE]   of 1 to %lu bytes\n", LARGEST), 2;
	for (size_t steps = 1; steps <= 8; steps *= 2)
		printf("%zu per doubling: %4zu, of which %3zu are left over\n", steps,
		       class_of(size, steps), class_of(size, steps) - size);
	return 0;
}
