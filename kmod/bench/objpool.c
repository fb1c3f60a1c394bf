// SPDX-License-Identifier: GPL-2.0
/*
 * The row of objpool in the suite classic, for kernels that have it.
 */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/objpool.h>

#include "classic.h"

/* One is enough: one job runs at a time, and that measures row after row. */
static struct objpool_head objpool;

static void *row_create(void)
{
	int ret;

	ret = objpool_init(&objpool, BENCH_POOL_BLOCKS, CLASSIC_SIZE,
			   GFP_KERNEL, NULL, NULL, NULL);
	return ret ? ERR_PTR(ret) : &objpool;
}

static void row_destroy(void *handle)
{
	objpool_fini(handle);
}

static __always_inline void *row_alloc(void *handle)
{
	return objpool_pop(handle);
}

static __always_inline void row_free(void *handle, void *object)
{
	objpool_push(object, handle);
}

static const struct bench_ops row_ops = {
	.alloc = row_alloc,
	.free = row_free,
};

static int row_round(void *handle, void **slots, unsigned int batch)
{
	return classic_round(&row_ops, handle, slots, batch);
}

const struct bench_kind classic_objpool = {
	.allocator = "objpool",
	.variant = "inline",
	.create = row_create,
	.destroy = row_destroy,
	.round = row_round,
};
