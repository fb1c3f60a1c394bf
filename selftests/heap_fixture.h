/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heap that heap.c and heap_smp.c try.
 */
#ifndef HEAP_FIXTURE_H
#define HEAP_FIXTURE_H

#include "mpdemo_test.h"

#define BLOCKS		16
#define CLASSES		8
#define PAGES		32
#define LARGE		(PAGES * 4096)
#define CAPACITY	(BLOCKS * (2048 - 8) + LARGE)
/* Each class begins on a page of its own. */
#define MAPPED		(4096 * (6 + 2 + 4) + LARGE)
/* All blocks, and all pages as runs of one page each */
#define MOST		(BLOCKS * CLASSES + PAGES)

FIXTURE(heap) {
	int dev, heap;
	unsigned char *map;
	__u64 h[MOST];
};

FIXTURE_SETUP(heap)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->heap = heap_create(self->dev, BLOCKS, LARGE);
	ASSERT_LE(0, self->heap);
	self->map = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->heap, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->map);
}

FIXTURE_TEARDOWN(heap)
{
	munmap(self->map, MAPPED);
	close(self->heap);
	close(self->dev);
}

#define IN_USE()	(info_of(self->heap).out_in_use)

#endif /* HEAP_FIXTURE_H */
