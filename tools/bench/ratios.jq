# SPDX-License-Identifier: GPL-2.0
#
# How many times as long as kmem_cache each allocator takes, of a document of several runs of the
# suite micro; for figures_table: lines "batch, allocator, variant, ratio", separated by tabs.

include "cost";
include "verdict";

[.rows[] | select(.suite == "micro" and .allocator != "empty")]
| group_by(.batch)[]
| (map(select(.allocator == "kmem_cache" and .variant == "GFP_KERNEL") | cost) | median) as $slab
| group_by([.allocator, .variant])[]
| [.[0].batch, .[0].allocator, .[0].variant, (map(cost) | median) / $slab]
| @tsv
