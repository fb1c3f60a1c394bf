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

/* How often freelist_count() looks for an instant without another operation. */
#define DEPTH_TRIES	1000

/* How often freelist_depth() does. */
#define DEPTH_FEW_TRIES	16

/**
 * freelist_init() - make a list of all blocks, block 0 first
 * @list: the list
 * @nr: number of blocks
 * @gfp: how to allocate
 *
 * Context: Task context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int freelist_init(struct mpdemo_freelist *list, unsigned int nr, gfp_t gfp)
{
	union mpdemo_link *links;

	links = kvmalloc_array(nr + FREELIST_SPECIAL, sizeof(*links),
			       gfp | MPDEMO_GFP_LARGE);
	if (!links)
		return -ENOMEM;
	freelist_init_closed(list, links, nr);
	freelist_refill(list);
	return 0;
}

/**
 * freelist_init_closed() - make a list that is closed, and all of its blocks home
 * @list: the list
 * @links: for @nr blocks and FREELIST_SPECIAL more; the caller's unless they are from
 *	kvmalloc() and freed by freelist_exit()
 * @nr: number of blocks
 *
 * Context: Any.
 */
void freelist_init_closed(struct mpdemo_freelist *list,
			  union mpdemo_link *links, unsigned int nr)
{
	list->links = links;
	list->nr = nr;
	links[freelist_end(list)] = (union mpdemo_link) {
		.next = freelist_end(list),
	};
	links[freelist_closed(list)] = (union mpdemo_link) {
		.next = freelist_end(list),
		.depth = FREELIST_CLOSED_DEPTH,
	};
	links[freelist_watched(list)] = links[freelist_closed(list)];
	atomic64_set(&list->head, freelist_closed(list));
}

/**
 * freelist_refill() - open a closed list, with all of its blocks, block 0 first
 * @list: the list; nobody is inside of an operation that began when it was not closed
 *	yet, as tags begin anew
 *
 * Context: Task context, may sleep.
 */
void freelist_refill(struct mpdemo_freelist *list)
{
	unsigned int nr = list->nr, i;

	for (i = 0; i < nr; i++) {
		list->links[i] = (union mpdemo_link) {
			.next = i + 1,
			.depth = nr - i,
		};
		if (i % RESCHED_LINKS == 0)
			cond_resched();
	}
	atomic64_set(&list->half_wraps, 0);
	/* Who pops a block sees its link: pairs with the pops. */
	atomic64_set_release(&list->head, 0);
}

/**
 * freelist_exit() - free what freelist_init() allocated
 * @list: the list
 *
 * Context: Task context, may sleep.
 */
void freelist_exit(struct mpdemo_freelist *list)
{
	kvfree(list->links);
}

/* Out of line: once in 2^39 blocks. */
void freelist_note_half_wrap(struct mpdemo_freelist *list)
{
	atomic64_inc(&list->half_wraps);
}

/*
 * The tag is the low bits of the count, @half_wraps the bits from its highest
 * one on. Who moved that bit may not have counted it yet: then the two disagree
 * about it, and the tag is right.
 */
static u64 extend_tag(u64 tag, u64 half_wraps)
{
	u64 half = half_wraps + ((half_wraps ^ tag >> (FREELIST_TAG_BITS - 1)) & 1);

	return (half >> 1) << FREELIST_TAG_BITS | tag;
}

/**
 * freelist_count() - how many blocks are free, and how many were popped
 * @list: the list
 * @counts: where to put it
 *
 * The numbers are those of one instant, of a head that did not change while its
 * depth was read. Where no such instant is met, the list changes all the time,
 * and the depth is one that it had lately.
 *
 * Context: Any.
 */
void freelist_count(const struct mpdemo_freelist *list, struct freelist_counts *counts)
{
	u64 half_wraps = atomic64_read(&list->half_wraps);
	u64 head = atomic64_read(&list->head), before;
	unsigned int depth, tries = 0;

	counts->depth = 0;
	do {
		before = head;
		if (freelist_head_index(head) == freelist_closed(list)) {
			counts->depth = min_t(u64, head >> FREELIST_INDEX_BITS,
					      list->nr);
			counts->popped = 0;
			return;
		}
		/* Nothing is pushed to it: it is as long as at its end. */
		if (freelist_head_index(head) == freelist_watched(list))
			break;
		depth = READ_ONCE(list->links[freelist_head_index(head)].depth);
		/* Pairs with the full order of the pops. */
		smp_rmb();
		head = atomic64_read(&list->head);
		/* Of a block popped meanwhile it is anything. */
		if (depth > list->nr)
			continue;
		counts->depth = depth;
		if (head == before)
			break;
	} while (++tries < DEPTH_TRIES);
	counts->popped = extend_tag(before >> FREELIST_INDEX_BITS, half_wraps);
}

/**
 * freelist_depth() - how many blocks are free, without more ado
 * @list: the list
 * @depth: where to put it
 *
 * Context: Any.
 * Return: false if the list changes all the time, so that it can not be told.
 */
bool freelist_depth(const struct mpdemo_freelist *list, unsigned int *depth)
{
	unsigned int tries = DEPTH_FEW_TRIES, top;
	u64 head;

	while (tries--) {
		head = atomic64_read(&list->head);
		top = freelist_head_index(head);
		if (top >= list->nr) {
			*depth = 0;
			return true;
		}
		*depth = READ_ONCE(list->links[top].depth);
		/* Pairs with the full order of the pops. */
		smp_rmb();
		if (atomic64_read(&list->head) == head)
			return true;
	}
	return false;
}

/**
 * freelist_rechain() - link a chain to a head that has changed
 * @list: the list
 * @chain: the chain, with the head as it is now
 *
 * Context: Any.
 * Return: false if the list is closed or watched.
 */
bool freelist_rechain(struct mpdemo_freelist *list, struct freelist_chain *chain)
{
	unsigned int top = freelist_head_index(chain->head), index, i;
	union mpdemo_link *links = list->links, link;

	if (top > freelist_end(list))
		return false;
	/* Nonsense where the head is popped meanwhile, see freelist_push(). */
	link.depth = READ_ONCE(links[top].depth) + chain->nr;
	for (index = chain->first, i = chain->nr; i; i--, link.depth--) {
		link.next = i == 1 ? top : links[index].next;
		WRITE_ONCE(links[index].word, link.word);
		index = link.next;
	}
	return true;
}

/**
 * freelist_watch() - have an empty list tell who comes with a block
 * @list: the list, which is not closed
 *
 * Context: Any.
 * Return: false if it is not empty.
 */
bool freelist_watch(struct mpdemo_freelist *list)
{
	u64 head = atomic64_read(&list->head);
	u32 top;

	do {
		top = freelist_head_index(head);
		if (top == freelist_watched(list))
			return true;
		if (top != freelist_end(list))
			return false;
		/*
		 * A push that read the empty head before this fails, and finds
		 * the watched one; and a block pushed before it is found by the
		 * caller: full order, on this one word.
		 */
	} while (!atomic64_try_cmpxchg(&list->head, &head,
			freelist_head_pushed(head, top, freelist_watched(list))));
	return true;
}

/**
 * freelist_unwatch() - undo freelist_watch()
 * @list: the list; if it is not watched, nothing happens
 *
 * Context: Any.
 */
void freelist_unwatch(struct mpdemo_freelist *list)
{
	u64 head = atomic64_read(&list->head);
	u32 top;

	do {
		top = freelist_head_index(head);
		if (top != freelist_watched(list))
			return;
	} while (!atomic64_try_cmpxchg(&list->head, &head,
			freelist_head_pushed(head, top, freelist_end(list))));
}

/* Whether nothing can be taken any more. Context: Any. */
bool freelist_is_closed(const struct mpdemo_freelist *list)
{
	return freelist_head_index(atomic64_read(&list->head)) ==
	       freelist_closed(list);
}

/**
 * freelist_close() - take all free blocks and let no more be taken
 * @list: the list
 *
 * From now on blocks are not pushed but counted, by freelist_come_home(). The
 * caller of this counts as one more block, which must come home as well; until
 * then the list, and what it is a part of, cannot end under its hands.
 *
 * Context: Any, once; not watched.
 * Return: how many blocks were free.
 */
unsigned int freelist_close(struct mpdemo_freelist *list)
{
	u64 head = atomic64_read(&list->head);
	u32 depth;

	do {
		depth = READ_ONCE(list->links[freelist_head_index(head)].depth);
		/* Full order: see freelist_come_home(). */
	} while (!atomic64_try_cmpxchg(&list->head, &head,
			(u64)depth << FREELIST_INDEX_BITS |
			freelist_closed(list)));
	return depth;
}

/* Whether the list has all of its blocks, if it still has this head. */
static bool full_head(const struct mpdemo_freelist *list, u64 *head)
{
	*head = atomic64_read(&list->head);
	if (freelist_head_index(*head) >= list->nr)
		return false;
	/* Where the head has changed since, this may be anything. */
	return READ_ONCE(list->links[freelist_head_index(*head)].depth) ==
	       list->nr;
}

/* Whether all blocks are in the list, as of just now. Context: Any. */
bool freelist_is_full(const struct mpdemo_freelist *list)
{
	u64 head;

	return full_head(list, &head);
}

/**
 * freelist_close_full() - close a list if all of its blocks are in it
 * @list: the list
 *
 * Nothing can come home to it then. It can be opened by freelist_refill().
 *
 * Context: Any.
 * Return: whether it is closed; not if another operation got in between.
 */
bool freelist_close_full(struct mpdemo_freelist *list)
{
	u64 head;

	/* Full order: what follows comes after all that was done to the blocks. */
	return full_head(list, &head) &&
	       atomic64_try_cmpxchg(&list->head, &head, freelist_closed(list));
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
bool freelist_come_home(struct mpdemo_freelist *list, unsigned int n)
{
	/* Not to be read after the addition. */
	u64 all = (u64)READ_ONCE(list->nr) + 1;
	u64 head;

	/* Full order: who comes last sees all that the others did before. */
	head = atomic64_add_return((u64)n << FREELIST_INDEX_BITS, &list->head);
	return head >> FREELIST_INDEX_BITS == all;
}
