/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock-free LIFO of block numbers, exact in what it says about itself.
 *
 *   head	one 64-bit word {tag, index}, moved by cmpxchg. @index is the
 *		first free block, or a special index beyond those of blocks. The
 *		tag advances with each pop.
 *   links[i]	one 64-bit word per block. While block i is free: {depth, next},
 *		@next the block behind it and @depth the length of the list from
 *		block i on, itself included. While it is held: LINK_HELD.
 *
 * With blocks 0 to 3, of which 1 is held and 2 was freed last:
 *
 *	head {tag 7, 2}
 *	links[2] {depth 3, next 0}
 *	links[0] {depth 2, next 3}
 *	links[3] {depth 1, next 4}	4: the end of the list
 *	links[1] LINK_HELD
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
 * unchanged head means an unchanged list. The tag wraps after 2^40 pops; an
 * operation would have to be interrupted for hours, and go on after exactly that
 * many. A pop fails only on a head that says that the list is too short.
 *
 * No lock is taken and neither interrupts nor preemption are touched: all but
 * init and exit may be called anywhere, NMI included. The loops are lock-free,
 * not wait-free: an operation starts again where another one succeeded. For a
 * single block that is one out of a few instructions. To take n blocks is to
 * follow n links first, so whoever takes many can lose to those who take one
 * over and over; freelist_try_pop_chain() leaves it to its caller how long to
 * try.
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
#include <linux/types.h>

/* Below the tag; MPDEMO_BLOCKS_MAX leaves room for the special indices. */
#define FREELIST_INDEX_BITS	24
#define FREELIST_INDEX_MASK	(BIT_ULL(FREELIST_INDEX_BITS) - 1)
#define FREELIST_TAG_ONE	BIT_ULL(FREELIST_INDEX_BITS)

/* Blocks in a chain that is pushed: a bound for the work of one attempt. */
#define FREELIST_PUSH_MAX	32

#define FREELIST_LINK_HELD	U64_MAX
#define FREELIST_DEPTH_SHIFT	32

/**
 * struct freelist - the free ones of @nr blocks
 * @links: @nr + 1 words; the last belongs to the end of the list and has a depth
 *	of 0, so that the end needs no test where a depth is read
 * @nr: number of blocks
 * @head: see above; on a cache line of its own, as all CPUs write to it
 */
struct freelist {
	u64 *links;
	unsigned int nr;
	atomic64_t head ____cacheline_aligned_in_smp;
};

int freelist_init(struct freelist *list, unsigned int nr, gfp_t gfp);
void freelist_exit(struct freelist *list);
unsigned int freelist_depth(const struct freelist *list);
unsigned int freelist_close(struct freelist *list);
bool freelist_come_home(struct freelist *list, unsigned int n);

/* The special indices. */
static inline unsigned int freelist_end(const struct freelist *list)
{
	return list->nr;
}

/* A closed list gives nothing and only counts what comes back, in place of the
 * tag.
 */
static inline unsigned int freelist_closed(const struct freelist *list)
{
	return list->nr + 1;
}

static inline unsigned int freelist_head_index(u64 head)
{
	return head & FREELIST_INDEX_MASK;
}

/* @next is not masked: it is an index, unless the head has changed since, and
 * then the cmpxchg fails.
 */
static inline u64 freelist_head_popped(u64 head, u32 next)
{
	return ((head & ~FREELIST_INDEX_MASK) + FREELIST_TAG_ONE) | next;
}

static inline u64 freelist_head_pushed(u64 head, unsigned int index)
{
	return (head & ~FREELIST_INDEX_MASK) | index;
}

static inline u64 freelist_link(unsigned int next, unsigned int depth)
{
	return (u64)depth << FREELIST_DEPTH_SHIFT | next;
}

static inline u32 freelist_link_next(u64 link)
{
	return (u32)link;
}

static inline u32 freelist_link_depth(u64 link)
{
	return link >> FREELIST_DEPTH_SHIFT;
}

/* Whether block @index is held. Only its holder gets an answer that lasts. */
static inline bool freelist_is_held(const struct freelist *list,
				    unsigned int index)
{
	return READ_ONCE(list->links[index]) == FREELIST_LINK_HELD;
}

/**
 * freelist_pop() - take the first block
 * @list: the list
 * @index: where to put its number
 * @depth: where to put how long the list was before
 *
 * Return: false if the list is empty or closed.
 */
static __always_inline bool freelist_pop(struct freelist *list,
					 unsigned int *index,
					 unsigned int *depth)
{
	/* In locals, as the cmpxchg makes the compiler forget all memory. */
	u64 head = atomic64_read(&list->head), link, *links = list->links;

	do {
		*index = freelist_head_index(head);
		if (unlikely(*index >= freelist_end(list)))
			return false;
		/*
		 * Another CPU may pop the block meanwhile and push it again;
		 * then this reads LINK_HELD or a later link, and the cmpxchg
		 * fails.
		 */
		link = READ_ONCE(links[*index]);
		/* acquire: pairs with the release in freelist_push() */
	} while (!atomic64_try_cmpxchg_acquire(&list->head, &head,
			freelist_head_popped(head, freelist_link_next(link))));

	WRITE_ONCE(links[*index], FREELIST_LINK_HELD);
	*depth = freelist_link_depth(link);
	return true;
}

/*
 * Follow the list from @index on, @n times. Where it changes under the walk
 * this leads anywhere: every index is checked before it is used, and whatever
 * comes out is thrown away when the cmpxchg fails.
 */
static inline u32 freelist_walk(const struct freelist *list, u32 index,
				unsigned int n)
{
	while (n-- && index < freelist_end(list))
		index = freelist_link_next(READ_ONCE(list->links[index]));
	return index;
}

/* What freelist_try_pop_chain() came to. */
enum freelist_popped {
	FREELIST_POPPED,
	FREELIST_TOO_SHORT,
	FREELIST_CHANGED,
};

/**
 * freelist_try_pop_chain() - take the first @n blocks at one instant, or none
 * @list: the list
 * @n: how many, 1 or more
 * @first: where to put the number of the first one
 * @depth: where to put how long the list was before
 *
 * The blocks taken are still linked; the caller goes through them with
 * freelist_take_next().
 *
 * Return: FREELIST_TOO_SHORT: too short, or closed; FREELIST_CHANGED: another
 * operation got in between, nothing was taken.
 */
static inline enum freelist_popped
freelist_try_pop_chain(struct freelist *list, unsigned int n,
		       unsigned int *first, unsigned int *depth)
{
	u64 head = atomic64_read(&list->head), popped;

	*first = freelist_head_index(head);
	if (unlikely(*first > freelist_end(list)))
		return FREELIST_TOO_SHORT;
	*depth = freelist_link_depth(READ_ONCE(list->links[*first]));
	if (unlikely(*depth < n)) {
		/*
		 * Too short, if that depth is the one of the head. It is not if
		 * CPU 1 has popped the block since and is on its way to push it
		 * back: what it writes first may be any depth, 0 by
		 * freelist_chain() or one taken from a head that moves under
		 * it, and is put right only by its next turn. To see that link
		 * and yet the old head would be to fail without cause. Pairs
		 * with the smp_store_release() of both, which come behind the
		 * pop of CPU 1.
		 */
		smp_rmb();
		return atomic64_read(&list->head) == head ?
			FREELIST_TOO_SHORT : FREELIST_CHANGED;
	}
	popped = freelist_head_popped(head, freelist_walk(list, *first, n));
	/* acquire: pairs with the release in freelist_push() */
	return atomic64_try_cmpxchg_acquire(&list->head, &head, popped) ?
		FREELIST_POPPED : FREELIST_CHANGED;
}

/**
 * freelist_take_next() - mark a block of a taken chain as held
 * @list: the list
 * @index: the block
 *
 * Return: the block behind it.
 */
static inline unsigned int freelist_take_next(struct freelist *list,
					      unsigned int index)
{
	unsigned int next = freelist_link_next(list->links[index]);

	WRITE_ONCE(list->links[index], FREELIST_LINK_HELD);
	return next;
}

/**
 * freelist_chain() - put a held block in front of a chain that is to be pushed
 * @list: the list
 * @index: the block, which counts as free from here on
 * @next: the chain; anything for the first block of it
 */
static inline void freelist_chain(struct freelist *list, unsigned int index,
				  unsigned int next)
{
	/* Pairs with the smp_rmb() behind reads of a depth. */
	smp_store_release(&list->links[index], freelist_link(next, 0));
}

/**
 * freelist_push() - push a chain of blocks at one instant
 * @list: the list
 * @first: the block that will be the head
 * @last: the last one of the chain
 * @n: how many, FREELIST_PUSH_MAX at most
 *
 * All but a single block are linked by freelist_chain(); the depths are set
 * here, as they depend on what is in the list already, and anew each time the
 * head has moved. That is why a chain is short.
 *
 * Once this has returned true the list may be gone: a closed one ends with the
 * last push, which may be another CPU's.
 *
 * Return: false if the list is closed; the blocks then do not count as home.
 */
static __always_inline bool freelist_push(struct freelist *list,
					  unsigned int first, unsigned int last,
					  unsigned int n)
{
	u64 head = atomic64_read(&list->head), *links = list->links;

	do {
		unsigned int top = freelist_head_index(head), depth, index, i;

		if (unlikely(top > freelist_end(list))) {
			freelist_chain(list, last, top);
			return false;
		}
		/*
		 * Where @top is popped meanwhile this depth is nonsense, and the
		 * cmpxchg fails.
		 */
		depth = freelist_link_depth(READ_ONCE(links[top]));
		for (index = first, i = n; i > 1; i--) {
			u32 next = freelist_link_next(links[index]);

			/* Pairs with the smp_rmb() behind reads of a depth. */
			smp_store_release(&links[index],
					  freelist_link(next, depth + i));
			index = next;
		}
		/* Pairs with the same. */
		smp_store_release(&links[last],
				  freelist_link(top, depth + 1));
		/*
		 * release: who pops a block sees its link, and all that its
		 * last holder did to it. Pairs with the acquire of the pops.
		 */
	} while (!atomic64_try_cmpxchg_release(&list->head, &head,
					freelist_head_pushed(head, first)));
	return true;
}

#endif /* _MPDEMO_FREELIST_H */
