/* SPDX-License-Identifier: GPL-2.0 */
/* All about an object, in lines for people. */
#ifndef POOLCTL_DESCRIBE_H
#define POOLCTL_DESCRIBE_H

#include <linux/mempool_demo.h>

#include "object.h"

/*
 * struct heap_classes - the classes of a heap
 * @count: how many; 0 where they are not known
 * @classes: those of blocks, and behind them the pages for large sizes
 */
struct heap_classes {
	unsigned int count;
	struct mpdemo_heap_class *classes;
};

void describe(const struct object *object, const struct heap_classes *classes);

/* An array, or null where they are not known. */
struct json_object *describe_classes_json(const struct heap_classes *classes);

#endif /* POOLCTL_DESCRIBE_H */
