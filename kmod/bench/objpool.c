// SPDX-License-Identifier: GPL-2.0
/*
 * What objpool is made from, for kernels that have it.
 */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "objpool.h"

static void *objpool_create(const struct bench_site *sites, unsigned int nr)
{
	struct objpool_head *pool = kzalloc_obj(*pool, GFP_KERNEL);
	int ret;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	ret = objpool_init(pool, sites->objects, sites->size, GFP_KERNEL, NULL,
			   NULL, NULL);
	if (ret) {
		kfree(pool);
		return ERR_PTR(ret);
	}
	return pool;
}

static void objpool_destroy(void *handle)
{
	objpool_fini(handle);
	kfree(handle);
}

/*
 * It does not say; this is what it asks for: of each CPU whole pages, as they are of
 * vmalloc(), for its part of the objects.
 */
static size_t objpool_footprint(void *handle)
{
	const struct objpool_head *pool = handle;
	size_t slot = sizeof(struct objpool_slot) +
		      pool->capacity * sizeof(void *);
	unsigned int cpus = pool->nr_possible_cpus;
	size_t bytes = cpus * sizeof(void *);
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		size_t objects = pool->nr_objs / cpus +
				 (i < pool->nr_objs % cpus);

		bytes += PAGE_ALIGN(slot + objects * pool->obj_size);
	}
	return bytes;
}

const struct bench_allocator bench_objpool = {
	.name = "objpool",
	.variant = "inline",
	.contexts = BENCH_ANYWHERE,
	.create = objpool_create,
	.destroy = objpool_destroy,
	.footprint = objpool_footprint,
};
