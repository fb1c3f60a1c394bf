/* SPDX-License-Identifier: GPL-2.0 */
/* The third part of an error: what to do. */
#ifndef POOLCTL_HINTS_H
#define POOLCTL_HINTS_H

#include "error.h"

/*
 * What to do about a refused netlink request, and about a refused ioctl, on
 * object @name; NULL where there is nothing to say. Valid until the next call.
 */
/* Of a command with --kernel. */
const char *hint_kernel(const struct kernel_error *error);

const char *hint_administer(const struct kernel_error *error, const char *name);
const char *hint_use(const struct kernel_error *error, const char *name);

/* What to do about pool @name without poison. Valid until the next call. */
const char *hint_poison(const char *name);

#endif /* POOLCTL_HINTS_H */
