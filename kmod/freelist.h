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

#include <mempool_demo/pool.h>

/* Below the tag; MPDEMO_BLOCKS_MAX leaves room for the special indices. */
#define FREELIST_INDEX_BITS	24
#define FREELIST_INDEX_MASK	(BIT_ULL(FREELIST_INDEX_BITS) - 1)
#define FREELIST_TAG_BITS	(64 - FREELIST_INDEX_BITS)

/* Blocks in a chain that is pushed: a bound for the work of one attempt. */
#define FREELIST_PUSH_MAX	32

/**
 * struct freelist - the free ones of @nr blocks
 * @links: @nr + 2 words; the last two belong to the special indices and have a
 *	depth of 0, so that those need no test where a depth is read
 * @nr: number of blocks
 * @half_wraps: how often the tag has passed 0 or the middle of its range
 * @head: see above; on a cache line of its own, as all CPUs write to it
 */
struct freelist {
	union mpdemo_link *links;
	unsigned int nr;
	atomic64_t half_wraps;
	atomic64_t head ____cacheline_aligned_in_smp;
};

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
 * @last: the first block that was put into the chain, hence its last
 * @depth: of @first, if @head is still the head
 * @nr: blocks in the chain
 */
struct freelist_chain {
	u64 head;
	unsigned int first;
	unsigned int last;
	unsigned int depth;
	unsigned int nr;
};

int freelist_init(struct freelist *list, unsigned int nr, gfp_t gfp);
void freelist_exit(struct freelist *list);
void freelist_count(const struct freelist *list,
		    struct freelist_counts *counts);
void freelist_note_half_wrap(struct freelist *list);
bool freelist_rechain(struct freelist *list, struct freelist_chain *chain);
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

/* @next is not masked: it is an index, which fits. */
static inline u64 freelist_head_popped(u64 head, u32 next, unsigned int n)
{
	return ((head & ~FREELIST_INDEX_MASK) +
		((u64)n << FREELIST_INDEX_BITS)) | next;
}

static inline u64 freelist_head_pushed(u64 head, unsigned int index)
{
	return (head & ~FREELIST_INDEX_MASK) | index;
}

/*
 * The tag alone is too narrow for a counter. But whoever moves its highest bit
 * counts that, so the number of blocks popped can be told in 64 bits.
 */
static __always_inline void
freelist_note_popped(struct freelist *list, u64 head, u64 popped)
{
	if (unlikely((s64)(head ^ popped) < 0))
		freelist_note_half_wrap(list);
}

/* From here on the block is held. What is behind it stays as it was. */
static inline void freelist_hold(union mpdemo_link *links, unsigned int index)
{
	WRITE_ONCE(links[index].depth, MPDEMO_LINK_HELD);
}

/* Whether block @index is held. Only its holder gets an answer that lasts. */
static inline bool freelist_is_held(const struct freelist *list,
				    unsigned int index)
{
	return READ_ONCE(list->links[index].depth) == MPDEMO_LINK_HELD;
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
	union mpdemo_link *links = list->links, link;
	u64 head = atomic64_read(&list->head), popped;

	do {
		*index = freelist_head_index(head);
		if (unlikely(*index >= freelist_end(list)))
			return false;
		/*
		 * Another CPU may pop the block meanwhile and push it again;
		 * then this reads something else, and the cmpxchg fails.
		 */
		link.word = READ_ONCE(links[*index].word);
		popped = freelist_head_popped(head, link.next, 1);
		/* acquire: pairs with the release in freelist_push() */
	} while (!atomic64_try_cmpxchg_acquire(&list->head, &head, popped));

	freelist_hold(links, *index);
	*depth = link.depth;
	freelist_note_popped(list, head, popped);
	return true;
}

/* Follow the list from @index on, @n times. */
static inline u32 freelist_walk(const union mpdemo_link *links, u32 index,
				unsigned int n)
{
	while (n--)
		index = READ_ONCE(links[index].next);
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
	*depth = READ_ONCE(list->links[*first].depth);
	if (unlikely(*depth < n)) {
		/*
		 * Too short, if that depth is the one of the head. It is not if
		 * CPU 1 has popped the block since and is on its way to push it
		 * back: what it writes first may be any depth, one taken from a
		 * head that moves under it, and is put right only by its next
		 * turn. To see that link and yet the old head would be to fail
		 * without cause. Pairs with the smp_store_release() of links,
		 * which come behind the pop of CPU 1.
		 */
		smp_rmb();
		return atomic64_read(&list->head) == head ?
			FREELIST_TOO_SHORT : FREELIST_CHANGED;
	}
	popped = freelist_head_popped(head,
				      freelist_walk(list->links, *first, n), n);
	/* acquire: pairs with the release in freelist_push() */
	if (!atomic64_try_cmpxchg_acquire(&list->head, &head, popped))
		return FREELIST_CHANGED;
	freelist_note_popped(list, head, popped);
	return FREELIST_POPPED;
}

/**
 * freelist_take_next() - mark a block of a taken chain as held
 * @links: those of the list
 * @index: the block
 *
 * Return: the block behind it.
 */
static inline unsigned int freelist_take_next(union mpdemo_link *links,
					      unsigned int index)
{
	unsigned int next = links[index].next;

	freelist_hold(links, index);
	return next;
}

/**
 * freelist_push() - push a single block
 * @list: the list
 * @index: the block
 *
 * Once this has returned true the list may be gone: a closed one ends with the
 * last push, which may be another CPU's.
 *
 * Return: false if the list is closed; the block then does not count as home.
 */
static __always_inline bool freelist_push(struct freelist *list,
					  unsigned int index)
{
	union mpdemo_link *links = list->links, link;
	u64 head = atomic64_read(&list->head);

	do {
		link.next = freelist_head_index(head);
		/*
		 * Where the head is popped meanwhile this depth is nonsense, and
		 * the cmpxchg fails.
		 */
		link.depth = READ_ONCE(links[link.next].depth) + 1;
		/* Pairs with the smp_rmb() behind reads of a depth. */
		smp_store_release(&links[index].word, link.word);
		if (unlikely(link.next == freelist_closed(list)))
			return false;
		/*
		 * release: who pops a block sees its link, and all that its
		 * last holder did to it. Pairs with the acquire of the pops.
		 */
	} while (!atomic64_try_cmpxchg_release(&list->head, &head,
					freelist_head_pushed(head, index)));
	return true;
}

/*
 * Push many at one instant. They are linked to the head as it is when the chain
 * is begun; freelist_chain_push() links them anew where it has changed since,
 * which is why a chain is short.
 */
static __always_inline void freelist_chain_begin(const struct freelist *list,
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
					       unsigned int index)
{
	union mpdemo_link link = {
		.next = chain->first,
		.depth = ++chain->depth,
	};

	/* Pairs with the smp_rmb() behind reads of a depth. */
	smp_store_release(&links[index].word, link.word);
	chain->first = index;
	if (!chain->nr++)
		chain->last = index;
}

/* As freelist_push(); @chain has a block at least. */
static __always_inline bool freelist_chain_push(struct freelist *list,
						struct freelist_chain *chain)
{
	do {
		if (unlikely(freelist_head_index(chain->head) ==
			     freelist_closed(list)))
			return false;
		/* release: as in freelist_push() */
		if (likely(atomic64_try_cmpxchg_release(&list->head, &chain->head,
				freelist_head_pushed(chain->head, chain->first))))
			return true;
	} while (freelist_rechain(list, chain));
	return false;
}

#endif /* _MPDEMO_FREELIST_H */
