/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock-free LIFO of block numbers, exact in what it says about itself.
 *
 *   head	one 64-bit word {tag, index}, moved by cmpxchg. @index is the
 *		first free block, or a special index beyond those of blocks. The
 *		tag counts the blocks popped so far.
 *   links[i]	one 64-bit word per block. While block i is free: {depth, next},
 *		@next the block behind it and @depth the length of the list from
 *		block i on, itself included. While it is held, or in a magazine:
 *		MPDEMO_LINK_HELD or MPDEMO_LINK_CACHED for a depth.
 *
 * With blocks 0 to 3, of which 1 is held and 2 was freed last:
 *
 *	head {tag 7, 2}
 *	links[2] {depth 3, next 0}
 *	links[0] {depth 2, next 3}
 *	links[3] {depth 1, next 4}	4: the end of the list
 *	links[1] {LINK_HELD, next 0}	left over; nobody follows it
 *
 * The links that make the list also tell a free block from a held one, and how
 * many blocks are free: at the head a bulk pop knows whether the list is long
 * enough, and each pop knows the low-water mark, at no further atomic operation.
 *
 * Why it is linearizable, that is, why every operation takes effect at one
 * instant between its begin and its end: a pop succeeds only if the head did not
 * change since it was read. That the same index is first again would not do, as
 * another block may be behind it by now (the ABA problem); but every way back to
 * the same index goes through a pop, and each pop changes the tag. So an
 * unchanged head means an unchanged list. The tag wraps after 2^40 blocks; an
 * operation would have to be interrupted for hours, and go on after exactly that
 * many. A pop fails only on a head that says that the list is too short.
 *
 * @next is at all times an index that links[] has, whatever became of the block.
 * So who follows links that change meanwhile is led astray, but not out of the
 * table, and need not look where he goes: his cmpxchg will fail.
 *
 * No lock is taken and neither interrupts nor preemption are touched: all but
 * init and exit may be called anywhere, NMI included. The loops are lock-free,
 * not wait-free: an operation starts again where another one succeeded. For a
 * single block that is one out of a few instructions. To take n blocks is to
 * follow n links first, so whoever takes many can lose to those who take one
 * over and over; it is left to the caller how long to try.
 *
 * What is not caught: two frees of one block that race each other, as both see
 * it held.
 */
#ifndef _MPDEMO_FREELIST_H
#define _MPDEMO_FREELIST_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <mempool_demo/pool.h>

/* Below the tag; MPDEMO_BLOCKS_MAX leaves room for the special indices. */
#define FREELIST_INDEX_BITS	24
#define FREELIST_SPECIAL	3
#define FREELIST_INDEX_MASK	(BIT_ULL(FREELIST_INDEX_BITS) - 1)
#define FREELIST_TAG_BITS	(64 - FREELIST_INDEX_BITS)

/* Blocks in a chain that is pushed: a bound for the work of one attempt. */
#define FREELIST_PUSH_MAX	32

/*
 * The depth of the links of a closed and a watched list, from which no list is long
 * enough; and one more of it is negative still, which is how a push comes to look
 * closer.
 */
#define FREELIST_CLOSED_DEPTH	(BIT(31) | BIT(30))

/**
 * struct freelist_counts - what a freelist says of itself
 * @depth: free blocks; of a closed list, those that have come home
 * @popped: blocks popped so far; not of a closed list
 */
struct freelist_counts {
	unsigned int depth;
	u64 popped;
};

/**
 * struct freelist_chain - blocks on their way to be pushed
 * @head: the head when the chain was begun
 * @first: the block that will be the head; of none, the one that is
 * @depth: of @first, if @head is still the head
 * @nr: blocks in the chain
 */
struct freelist_chain {
	u64 head;
	u32 first;
	u32 depth;
	unsigned int nr;
};

int freelist_init(struct mpdemo_freelist *list, unsigned int nr, gfp_t gfp);
void freelist_exit(struct mpdemo_freelist *list);
void freelist_init_closed(struct mpdemo_freelist *list,
			  union mpdemo_link *links, unsigned int nr);
void freelist_refill(struct mpdemo_freelist *list);
void freelist_count(const struct mpdemo_freelist *list,
		    struct freelist_counts *counts);
bool freelist_depth(const struct mpdemo_freelist *list, unsigned int *depth);
void freelist_note_half_wrap(struct mpdemo_freelist *list);
bool freelist_rechain(struct mpdemo_freelist *list, struct freelist_chain *chain);
bool freelist_watch(struct mpdemo_freelist *list);
void freelist_unwatch(struct mpdemo_freelist *list);
bool freelist_is_closed(const struct mpdemo_freelist *list);
unsigned int freelist_close(struct mpdemo_freelist *list);
bool freelist_is_full(const struct mpdemo_freelist *list);
bool freelist_close_full(struct mpdemo_freelist *list);
bool freelist_come_home(struct mpdemo_freelist *list, unsigned int n);

/* The special indices. */
static inline unsigned int freelist_end(const struct mpdemo_freelist *list)
{
	return list->nr;
}

/* A closed list gives nothing and only counts what comes back, in place of the
 * tag.
 */
static inline unsigned int freelist_closed(const struct mpdemo_freelist *list)
{
	return list->nr + 1;
}

/*
 * A watched list is an empty one to which nothing is pushed: who comes with a block
 * learns that somebody waits for it. The tag goes on as it was.
 */
static inline unsigned int freelist_watched(const struct mpdemo_freelist *list)
{
	return list->nr + 2;
}

static inline unsigned int freelist_head_index(u64 head)
{
	return head & FREELIST_INDEX_MASK;
}

/* Or closed, or watched. */
static inline bool freelist_is_empty(const struct mpdemo_freelist *list)
{
	return freelist_head_index(atomic64_read(&list->head)) >= list->nr;
}

/* @top is the index in @head; @next is one as well, so it fits. */
static inline u64 freelist_head_popped(u64 head, u32 top, u32 next,
				       unsigned int n)
{
	return head - top + next + ((u64)n << FREELIST_INDEX_BITS);
}

static inline u64 freelist_head_pushed(u64 head, u32 top, u32 index)
{
	return head - top + index;
}

/*
 * The tag alone is too narrow for a counter. But whoever moves its highest bit
 * counts that, by freelist_note_half_wrap(), so the number of blocks popped can
 * be told in 64 bits.
 */
static inline bool freelist_is_half_wrap(u64 head, u64 popped)
{
	return (s64)(head ^ popped) < 0;
}

/* From here on the block is held. What is behind it stays as it was. */
static inline void freelist_hold(union mpdemo_link *links, unsigned int index)
{
	WRITE_ONCE(links[index].depth, MPDEMO_LINK_HELD);
}

/**
 * freelist_pop() - take the first block
 * @list: the list
 * @index: where to put its number
 * @depth: where to put how long the list was before
 * @half_wrap: where to put whether the caller must call
 *	freelist_note_half_wrap(); left to it, as it can do so at its very end
 *
 * Return: false if the list is empty or closed.
 */
static __always_inline bool freelist_pop(struct mpdemo_freelist *list,
					 unsigned int *index,
					 unsigned int *depth, bool *half_wrap)
{
	/* In locals, as the cmpxchg makes the compiler forget all memory. */
	union mpdemo_link *links = list->links, link;
	u64 head = atomic64_read(&list->head), popped;

	do {
		*index = freelist_head_index(head);
		if (unlikely(*index >= list->nr))
			return false;
		/*
		 * Another CPU may pop the block meanwhile and push it again;
		 * then this reads something else, and the cmpxchg fails.
		 */
		link.word = READ_ONCE(links[*index].word);
		popped = freelist_head_popped(head, *index, link.next, 1);
		/*
		 * Full order. Acquire: pairs with the release in
		 * freelist_push(). And whatever is written to this link from
		 * now on, by whichever CPU, comes behind the new head: pairs
		 * with the smp_rmb() behind reads of a depth.
		 */
	} while (!atomic64_try_cmpxchg(&list->head, &head, popped));

	freelist_hold(links, *index);
	*depth = link.depth;
	*half_wrap = freelist_is_half_wrap(head, popped);
	return true;
}

/*
 * Take many at one instant: begin with the head as it is; follow the links with
 * freelist_next() from @first on, n times; and end, which takes what was met on
 * the way, or nothing. Then each of them must be marked by freelist_hold().
 */
struct freelist_take {
	u64 head;
	u32 first;	/* block */
	u32 depth;	/* blocks in the list */
};

/**
 * freelist_take_begin() - see whether the list is long enough
 * @list: the list
 * @n: how many are to be taken, 1 or more
 * @take: filled
 *
 * Return: 0; -EAGAIN: the list is too short, or closed; -EBUSY: another
 * operation got in between.
 */
static __always_inline int freelist_take_begin(struct mpdemo_freelist *list,
					       unsigned int n,
					       struct freelist_take *take)
{
	take->head = atomic64_read(&list->head);
	take->first = freelist_head_index(take->head);
	take->depth = READ_ONCE(list->links[take->first].depth);
	/* Signed, see FREELIST_CLOSED_DEPTH. */
	if (likely((s64)(s32)take->depth >= (s64)n))
		return 0;
	/*
	 * Too short, if that depth is the one of the head. It is not if CPU 1 has
	 * popped the block since and is on its way to push it back: what it
	 * writes first may be any depth, one taken from a head that moves under
	 * it, and is put right only by its next turn. To see that link and yet
	 * the old head would be to fail without cause. Pairs with the full order
	 * of the pop of CPU 1.
	 */
	smp_rmb();
	return atomic64_read(&list->head) == take->head ? -EAGAIN : -EBUSY;
}

/* The block behind @index; whatever became of that one, an index of links[]. */
static __always_inline u32 freelist_next(const union mpdemo_link *links,
					 u32 index)
{
	return READ_ONCE(links[index].next);
}

/**
 * freelist_take_end() - take the first @n blocks
 * @list: the list
 * @n: how many
 * @take: what was begun
 * @next: the block behind them
 *
 * Return: 0; -EBUSY: another operation got in between, nothing was taken, and
 * what was met on the way is nonsense.
 */
static __always_inline int freelist_take_end(struct mpdemo_freelist *list,
					     unsigned int n,
					     struct freelist_take *take,
					     u32 next)
{
	u64 head = take->head;
	u64 popped = freelist_head_popped(head, take->first, next, n);

	/* Full order: as in freelist_pop(). */
	if (unlikely(!atomic64_try_cmpxchg(&list->head, &head, popped)))
		return -EBUSY;
	if (unlikely(freelist_is_half_wrap(head, popped)))
		freelist_note_half_wrap(list);
	return 0;
}

/**
 * freelist_push() - push a single block
 * @list: the list
 * @index: the block
 *
 * Once this has returned true the list may be gone: a closed one ends with the
 * last push, which may be another CPU's.
 *
 * Return: false if the list is closed or watched; the block then does not count as
 * home, and is the caller's still.
 */
static __always_inline bool freelist_push(struct mpdemo_freelist *list,
					  unsigned int index)
{
	union mpdemo_link *links = list->links, link;
	u64 head = atomic64_read(&list->head);
	u32 top, depth;

	do {
		top = freelist_head_index(head);
		/*
		 * Where the head is popped meanwhile this depth is nonsense, and
		 * the cmpxchg fails.
		 */
		depth = READ_ONCE(links[top].depth) + 1;
		link.next = top;
		link.depth = depth;
		WRITE_ONCE(links[index].word, link.word);
		if (unlikely((s32)depth < 0) && top > freelist_end(list))
			return false;
		/*
		 * release: who pops a block sees its link, and all that its
		 * last holder did to it. Pairs with the acquire of the pops.
		 */
	} while (!atomic64_try_cmpxchg_release(&list->head, &head,
				freelist_head_pushed(head, top, index)));
	return true;
}

/*
 * Push many at one instant. They are linked to the head as it is when the chain
 * is begun; freelist_chain_push() links them anew where it has changed since,
 * which is why a chain is short.
 */
static __always_inline void
freelist_chain_begin(const struct mpdemo_freelist *list,
		     struct freelist_chain *chain)
{
	chain->head = atomic64_read(&list->head);
	chain->first = freelist_head_index(chain->head);
	chain->depth = READ_ONCE(list->links[chain->first].depth);
	chain->nr = 0;
}

/* From here on the block counts as free, also for who is given it twice. */
static __always_inline void freelist_chain_add(union mpdemo_link *links,
					       struct freelist_chain *chain,
					       u32 index)
{
	union mpdemo_link link = {
		.next = chain->first,
		.depth = ++chain->depth,
	};

	WRITE_ONCE(links[index].word, link.word);
	chain->first = index;
	chain->nr++;
}

/* As freelist_push(); @chain has a block at least. */
static __always_inline bool freelist_chain_push(struct mpdemo_freelist *list,
						struct freelist_chain *chain)
{
	do {
		u32 top = freelist_head_index(chain->head);
		u64 pushed = freelist_head_pushed(chain->head, top,
						  chain->first);

		if (unlikely(top > freelist_end(list)))
			return false;
		/* release: as in freelist_push() */
		if (likely(atomic64_try_cmpxchg_release(&list->head,
							&chain->head, pushed)))
			return true;
	} while (freelist_rechain(list, chain));
	return false;
}

#endif /* _MPDEMO_FREELIST_H */
