# SPDX-License-Identifier: GPL-2.0
#
# The seven systems in one table, from documents of "poolctl bench --save": of each suite what an
# operation costs on kmalloc, on the slab allocator, and on what of ours does best there.
# Lines "system, operation, kmalloc, slab, ours, slab / ours, which of ours", separated by tabs.

include "cost";

# What an operation of a suite is. The plain question comes last.
def systems: [
	["bullets", "create and destroy a bullet"],
	["http", "all memory of a request"],
	["connections", "acquire, read, release"],
	["chat", "all memory of a message"],
	["sizes", "allocate and free any size"],
	["percpu", "a small and a temporary object"],
	["micro", "allocate and free 64 bytes"]
];

# Of several batches that one which does as much at a time as there is.
def largest: (map(.batch) | max) as $batch | map(select(.batch == $batch));

[inputs.rows[]] as $rows
| systems[] as [$suite, $what]
| ($rows | map(select(.suite == $suite)) | largest) as $all
| ($all | map(select(.allocator == "kmalloc")) | least) as $kmalloc
| ($all | map(select(.allocator == "kmem_cache")) | least) as $slab
| ($all | map(select(.allocator | test("pool|arena|heap"))
	       | select(.allocator | test("mempool_t|objpool") | not)
	       # An arena frees none of the objects that all others free one by one.
	       | select($suite != "micro" or .allocator != "arena")) | least) as $ours
| select($ours != null)
| [$suite, $what, ($kmalloc | figure), ($slab | figure), ($ours | figure),
   (($slab // $kmalloc) | if . == null then "-" else cost / ($ours | cost) * 10 | round / 10 end),
   "\($ours.allocator), \($ours.variant)"]
| @tsv
