// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for objpool.c where the kernel has no objpool: no rows are made of it.
 */

#include "objpool.h"

const struct bench_allocator bench_objpool = {
	.absent = true,
};
