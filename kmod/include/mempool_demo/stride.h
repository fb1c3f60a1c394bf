/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the number of a block and its address, one multiplication each way.
 *
 * A part of <mempool_demo/pool.h>, whose inline functions need it; not for use
 * by itself.
 */
#ifndef _MEMPOOL_DEMO_STRIDE_H
#define _MEMPOOL_DEMO_STRIDE_H

#include <linux/bitops.h>
#include <linux/types.h>

/* private: bytes from one block to the next, ready for division */
struct mpdemo_stride {
	unsigned long base;	/* address of block 0 */
	u64 inverse;		/* of the odd part of bytes, modulo 2^64 */
	unsigned int shift;	/* log2 of the rest of bytes */
	unsigned int bytes;
};

/* The inverse of an odd number modulo 2^64, by Newton's method: the number
 * itself is right in 3 bits, and each step doubles them.
 */
static inline u64 mpdemo_stride_inverse(u64 odd)
{
	u64 inverse = odd;
	int i;

	for (i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

static inline void mpdemo_stride_init(struct mpdemo_stride *stride, void *base,
				      unsigned int bytes)
{
	stride->base = (unsigned long)base;
	stride->bytes = bytes;
	stride->shift = __ffs(bytes);
	stride->inverse = mpdemo_stride_inverse(bytes >> stride->shift);
}

static inline void *mpdemo_stride_address(const struct mpdemo_stride *stride,
					  unsigned int index)
{
	return (void *)(stride->base + (size_t)index * stride->bytes);
}

/*
 * The number of the block at an address, or a number that no block has where
 * there is none. Nothing is dereferenced.
 *
 * This divides by the stride, odd << shift, without a remainder: the product
 * with the inverse of odd is offset / odd modulo 2^64, and the rotation undoes
 * the shift. A result q that is the number of a block means that
 * offset = q * stride modulo 2^64, and as that product does not overflow, that
 * it is so. Hence whatever is no block, misaligned or outside, gives no such
 * number.
 */
static inline u64 mpdemo_stride_index(const struct mpdemo_stride *stride,
				      const void *address)
{
	u64 offset = (unsigned long)address - stride->base;

	return ror64(offset * stride->inverse, stride->shift);
}

#endif /* _MEMPOOL_DEMO_STRIDE_H */
