// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of objpool, for kernels that have it.
 */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/objpool.h>

#include "classic.h"
#include "remote.h"

/* One is enough: one job runs at a time, and that measures row after row. */
static struct objpool_head objpool;

static void *objpool_create(void)
{
	int ret;

	ret = objpool_init(&objpool, BENCH_POOL_BLOCKS, CLASSIC_SIZE,
			   GFP_KERNEL, NULL, NULL, NULL);
	return ret ? ERR_PTR(ret) : &objpool;
}

static void objpool_destroy(void *handle)
{
	objpool_fini(handle);
}

static __always_inline void *objpool_alloc(void *handle)
{
	return objpool_pop(handle);
}

static __always_inline void objpool_release(void *handle, void *object)
{
	objpool_push(object, handle);
}

static const struct bench_ops objpool_ops = {
	.alloc = objpool_alloc,
	.free = objpool_release,
};

CLASSIC_KIND(objpool, objpool_ops, .allocator = "objpool", .variant = "inline",
	     .create = objpool_create, .destroy = objpool_destroy);
REMOTE_KIND(objpool, objpool_ops, .allocator = "objpool", .variant = "inline",
	    .create = objpool_create, .destroy = objpool_destroy);
