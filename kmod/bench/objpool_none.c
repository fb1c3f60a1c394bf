// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for objpool.c where the kernel has no objpool: kinds without
 * a round, of which no rows are made.
 */

#include "classic.h"

const struct bench_kind classic_objpool = {};
