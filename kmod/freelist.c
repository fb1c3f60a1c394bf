// SPDX-License-Identifier: GPL-2.0
/*
 * The rare operations of a freelist; see freelist.h for what it is.
 */

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "freelist.h"
#include "region.h"

/* Links are written this many at a time before the CPU is offered to others. */
#define RESCHED_LINKS	SZ_64K

/* How often freelist_depth() looks for an instant without another operation. */
#define DEPTH_TRIES	1000

/**
 * freelist_init() - make a list of all blocks, block 0 first
 * @list: the list
 * @nr: number of blocks
 * @gfp: how to allocate
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int freelist_init(struct freelist *list, unsigned int nr, gfp_t gfp)
{
	unsigned int i;

	list->links = kvmalloc_array(nr + 1, sizeof(*list->links),
				     gfp | MPDEMO_GFP_LARGE);
	if (!list->links)
		return -ENOMEM;
	list->nr = nr;

	for (i = 0; i < nr; i++) {
		list->links[i] = freelist_link(i + 1, nr - i);
		if (i % RESCHED_LINKS == 0)
			cond_resched();
	}
	list->links[freelist_end(list)] = freelist_link(freelist_end(list), 0);
	atomic64_set(&list->head, 0);
	return 0;
}

/**
 * freelist_exit() - free what freelist_init() allocated
 * @list: the list
 *
 * Context: Task context, may sleep.
 */
void freelist_exit(struct freelist *list)
{
	kvfree(list->links);
}

/**
 * freelist_depth() - how many blocks are free
 * @list: the list
 *
 * The number is that of one instant, of a head that did not change while its
 * depth was read. Where no such instant is met, the list changes all the time,
 * and the number is one that it had lately.
 *
 * Context: Any.
 * Return: that number; of a closed list, how many have come home.
 */
unsigned int freelist_depth(const struct freelist *list)
{
	u64 head = atomic64_read(&list->head), before;
	unsigned int index, depth, lately = 0, tries = 0;

	do {
		before = head;
		index = freelist_head_index(head);
		if (index == freelist_closed(list))
			return min_t(u64, head >> FREELIST_INDEX_BITS,
				     list->nr);
		depth = freelist_link_depth(READ_ONCE(list->links[index]));
		/* Pairs with the smp_store_release() in freelist_push(). */
		smp_rmb();
		head = atomic64_read(&list->head);
		/* LINK_HELD is a depth too, of a block popped meanwhile. */
		if (depth > list->nr)
			continue;
		lately = depth;
		if (head == before)
			break;
	} while (++tries < DEPTH_TRIES);
	return lately;
}

/**
 * freelist_close() - take all free blocks and let no more be taken
 * @list: the list
 *
 * From now on blocks are not pushed but counted, by freelist_come_home(). The
 * caller of this counts as one more block, which must come home as well; until
 * then the list, and what it is a part of, cannot end under its hands.
 *
 * Context: Any, once.
 * Return: how many blocks were free.
 */
unsigned int freelist_close(struct freelist *list)
{
	u64 head = atomic64_read(&list->head), link;

	do {
		link = READ_ONCE(list->links[freelist_head_index(head)]);
		/* Full order: see freelist_come_home(). */
	} while (!atomic64_try_cmpxchg(&list->head, &head,
			(u64)freelist_link_depth(link) << FREELIST_INDEX_BITS |
			freelist_closed(list)));
	return freelist_link_depth(link);
}

/**
 * freelist_come_home() - count blocks that come back to a closed list
 * @list: the list
 * @n: how many
 *
 * Unless this returns true, the list may be gone when it returns.
 *
 * Context: Any.
 * Return: whether these were the last ones.
 */
bool freelist_come_home(struct freelist *list, unsigned int n)
{
	/* Not to be read after the addition. */
	u64 all = (u64)READ_ONCE(list->nr) + 1;
	u64 head;

	/* Full order: who comes last sees all that the others did before. */
	head = atomic64_add_return((u64)n << FREELIST_INDEX_BITS, &list->head);
	return head >> FREELIST_INDEX_BITS == all;
}
