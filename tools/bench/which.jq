# SPDX-License-Identifier: GPL-2.0
#
# Which allocator is the cheapest one for what is needed, from a document of all suites. Lines
# "need, ours, cost of ours, kmalloc, slab, cheapest", separated by tabs.

include "cost";

# need, suite, batch, allocator of ours, its variant, variant of slab
def needs: [
	["one size, a known number", "micro", 100, "pool", "called", "GFP_KERNEL"],
	["the same, by many CPUs", "micro", 100, "pool per CPU", "inline", "GFP_KERNEL"],
	["one size, many at once", "micro", 100, "pool per CPU", "bulk", "bulk GFP_KERNEL"],
	["one size, freed by another CPU", "remote", 100, "pool", "called", "GFP_KERNEL"],
	["pieces that end together", "micro", 100, "arena", "inline", "GFP_KERNEL"],
	["any size, each freed by itself", "micro", 100, "heap", "called", "GFP_KERNEL"],
	["the same, sizes at random", "sizes", null, "heap", "called", "GFP_KERNEL"]
];

.rows as $rows
| def row($suite; $batch; $allocator; $variant):
	[$rows[] | select(.suite == $suite and ($batch == null or .batch == $batch)
			  and .allocator == $allocator
			  and (.variant | startswith($variant)))] | least;
needs[] as [$need, $suite, $batch, $allocator, $variant, $slab_variant]
| row($suite; $batch; $allocator; $variant) as $ours
| row($suite; $batch; "kmalloc"; "") as $kmalloc
| row($suite; $batch; "kmem_cache"; $slab_variant) as $slab
| ([$ours, $kmalloc, $slab] | map(select(. != null)) | least) as $cheapest
| [$need, "\($allocator), \($variant)", ($ours | figure), ($kmalloc | figure), ($slab | figure),
   ($cheapest | if . == null then "-" else .allocator end)]
| @tsv
