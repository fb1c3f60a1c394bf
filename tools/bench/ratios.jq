# SPDX-License-Identifier: GPL-2.0
#
# How many times as long as kmem_cache each allocator takes, of a document of several runs of the
# suite micro; for figures_table: lines "batch, allocator, variant, ratio", separated by tabs.

include "cost";
include "verdict";

# objpool and heap turn interrupts off in each call.
[.rows[] | select(.suite == "micro" and (.allocator | IN("empty", "objpool", "heap") | not))]
| group_by(.batch)[]
| (map(select(.allocator == "kmem_cache" and .variant == "GFP_KERNEL") | cost) | median) as $slab
| group_by([.allocator, .variant])[]
| [.[0].batch, .[0].allocator, .[0].variant, (map(cost) | median) / $slab]
| @tsv
