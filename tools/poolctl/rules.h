/* SPDX-License-Identifier: GPL-2.0 */
/* What is always true of the numbers of an object. */
#ifndef POOLCTL_RULES_H
#define POOLCTL_RULES_H

#include "object.h"

/*
 * What is broken, or NULL. Where the object is used meanwhile its numbers are not
 * of one instant: only what stays broken is.
 */
const char *rules_broken(const struct object *object);
const char *rules_broken_class(const struct mpdemo_heap_class *class);

#endif /* POOLCTL_RULES_H */
