# SPDX-License-Identifier: GPL-2.0
#
# Which allocator is the cheapest one for what is needed, from a document of all suites. Lines
# "need, ours, cost of ours, kmalloc, slab, objpool, cheapest", separated by tabs.

include "cost";

# need, suite, batch, allocator of ours, what its variant and that of slab begin with; of several
# the cheapest one. Only the suite sizes has sizes that are not known ahead.
def needs: [
	["one size, a known number", "micro", 100, "pool", "called", "GFP_"],
	["the same, with magazines", "micro", 100, "pool per CPU", "inline", "GFP_"],
	["one size, many at once", "micro", 100, "pool per CPU", "bulk", "bulk "],
	["one size, freed by another CPU", "remote", 100, "pool", "called", "GFP_"],
	["pieces that end together", "micro", 100, "arena", "inline", "GFP_"],
	["one size, from a heap", "micro", 100, "heap", "called", "GFP_"],
	["sizes at random, from a heap", "sizes", null, "heap", "called", "GFP_"]
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
| row($suite; $batch; "objpool"; "") as $objpool
| ([$ours, $kmalloc, $slab, $objpool] | map(select(. != null)) | least) as $cheapest
| [$need, "\($allocator), \($ours.variant // $variant)", ($ours | figure), ($kmalloc | figure), ($slab | figure),
   ($objpool | figure), ($cheapest | if . == null then "-" else .allocator end)]
| @tsv
