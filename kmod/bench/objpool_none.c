// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for objpool.c where the kernel has no objpool: kinds without
 * a round, of which no rows are made.
 */

#include "classic.h"
#include "remote.h"

const struct bench_kind classic_objpool = {};
const struct bench_kind remote_objpool = {};
