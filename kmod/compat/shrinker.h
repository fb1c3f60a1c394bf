/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A shrinker that knows whose it is. Linux 6.7 has come to allocate them itself, and
 * has given them private data.
 */
#ifndef _MPDEMO_COMPAT_SHRINKER_H
#define _MPDEMO_COMPAT_SHRINKER_H

#include <linux/container_of.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

typedef unsigned long (*mpdemo_shrinker_fn)(struct shrinker *shrinker,
					    struct shrink_control *sc);

#ifdef SHRINKER_ALLOCATED

static inline struct shrinker *
mpdemo_shrinker_create(mpdemo_shrinker_fn count, mpdemo_shrinker_fn scan,
		       void *data, const char *name)
{
	struct shrinker *shrinker = shrinker_alloc(0, "mpdemo-%s", name);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker->private_data = data;
	shrinker_register(shrinker);
	return shrinker;
}

static inline void *mpdemo_shrinker_data(struct shrinker *shrinker)
{
	return shrinker->private_data;
}

/* Waits for those that run. NULL is fine. */
static inline void mpdemo_shrinker_destroy(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}

#else

struct mpdemo_shrinker {
	struct shrinker shrinker;
	void *data;
};

static inline struct shrinker *
mpdemo_shrinker_create(mpdemo_shrinker_fn count, mpdemo_shrinker_fn scan,
		       void *data, const char *name)
{
	struct mpdemo_shrinker *own = kzalloc_obj(*own, GFP_KERNEL);

	if (!own)
		return NULL;
	own->shrinker.count_objects = count;
	own->shrinker.scan_objects = scan;
	own->shrinker.seeks = DEFAULT_SEEKS;
	own->data = data;
	if (register_shrinker(&own->shrinker, "mpdemo-%s", name)) {
		kfree(own);
		return NULL;
	}
	return &own->shrinker;
}

static inline void *mpdemo_shrinker_data(struct shrinker *shrinker)
{
	return container_of(shrinker, struct mpdemo_shrinker, shrinker)->data;
}

static inline void mpdemo_shrinker_destroy(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct mpdemo_shrinker, shrinker));
}

#endif

#endif /* _MPDEMO_COMPAT_SHRINKER_H */
