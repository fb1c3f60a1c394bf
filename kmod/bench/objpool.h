/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls of objpool; on kernels without it functions that nobody calls, as
 * bench_objpool says then that it is not there.
 */
#ifndef _MEMPOOL_DEMO_BENCH_OBJPOOL_H
#define _MEMPOOL_DEMO_BENCH_OBJPOOL_H

#include <linux/compiler.h>

#ifdef BENCH_HAS_OBJPOOL
#include <linux/objpool.h>
#else
struct objpool_head;

static inline void *objpool_pop(struct objpool_head *pool)
{
	return NULL;
}

static inline int objpool_push(void *object, struct objpool_head *pool)
{
	return 0;
}
#endif

#include "ops.h"

extern const struct bench_allocator bench_objpool;

/* It has no flags, and leaves it to its callers to zero. */
static __always_inline void *objpool_alloc(void *handle, size_t size,
					   gfp_t zero)
{
	void *object = objpool_pop(handle);

	if (zero && object)
		memset(object, 0, size);
	return object;
}

static __always_inline void objpool_release(void *handle, void *object,
					    size_t size)
{
	objpool_push(object, handle);
}

static const struct bench_ops __maybe_unused objpool_ops = {
	.alloc = objpool_alloc,
	.free = objpool_release,
};

#endif /* _MEMPOOL_DEMO_BENCH_OBJPOOL_H */
