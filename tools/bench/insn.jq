# SPDX-License-Identifier: GPL-2.0
#
# The targets of "make bench-insn" for one kernel. Input: {"plain": figures with init_on_alloc=0,
# "zeroing": those with 1, "remote": the suite remote, "memory": pools of user space, "keys":
# static keys in the fast paths}.

include "verdict";

def net($document; $suite; $allocator; $variant; $batch):
	figure($document; $suite; $allocator; $variant; $batch; "net_min_per_operation");

def plain($allocator; $variant; $batch): net(.plain; "micro"; $allocator; $variant; $batch);
def zeroing($allocator; $variant; $batch): net(.zeroing; "micro"; $allocator; $variant; $batch);
def remote($allocator; $variant; $batch): net(.remote; "remote"; $allocator; $variant; $batch);

def has_objpool: any(.plain.rows[]; .allocator == "objpool");

# In the magazine; how much one holds is chosen at creation, and should be more than is held at a time.
def in_magazine($batch):
	plain("pool per CPU"; if $batch > 32 then "inline, magazine 256" else "inline" end; $batch);

def fewer_than_objpool($batch):
	"pool per CPU, inline, batch \($batch): fewer than objpool" as $target
	| if has_objpool
	  then less(plain("objpool"; "inline"; $batch); in_magazine($batch); $target)
	  else skip("this kernel has no objpool"; $target) end;

# What a block costs that goes through the list, half a magazine at a time.
def past_magazine:
	at_most(80; plain("pool per CPU"; "inline"; 100);
		"pool per CPU, inline, batch 100, magazine of 64: refilled and flushed each time");

def singles:
	at_most(58; plain("pool per CPU"; "inline, stride 72"; 1);
		"pool per CPU, inline, stride 72, batch 1"),
	((1, 100) as $b
	| at_most(58; in_magazine($b); "pool per CPU, inline, batch \($b)"),
	  fewer_than_objpool($b),
	  at_most(85; plain("pool"; "called"; $b); "pool, called, batch \($b)"),
	  at_most(12; plain("arena"; "inline"; $b); "arena, inline, batch \($b)"));

# A pool is faster than the slab allocator, also where both have to zero what they give.
def against_slab:
	(1, 100) as $b
	| less(plain("kmem_cache"; "GFP_KERNEL"; $b); plain("pool"; "called"; $b);
	       "pool, called, batch \($b): fewer than kmem_cache"),
	  less(zeroing("kmem_cache"; "GFP_KERNEL"; $b); zeroing("pool"; "called"; $b);
	       "pool, called, batch \($b), init_on_alloc=1: fewer than kmem_cache"),
	  less(zeroing("kmem_cache"; "GFP_KERNEL"; $b); zeroing("pool per CPU"; "inline"; $b);
	       "pool per CPU, inline, batch \($b), init_on_alloc=1: fewer than kmem_cache");

# A bulk of n costs fixed + slope * n: two sizes give both.
def bulk_call($allocator; $variant; $n):
	plain($allocator; $variant; $n) as $each | if $each == null then null else $each * $n end;

def line_of_bulk($allocator; $variant):
	bulk_call($allocator; $variant; 32) as $small | bulk_call($allocator; $variant; 100) as $large
	| if $small == null or $large == null then {}
	  else (($large - $small) / 68) as $slope | {slope: $slope, fixed: ($small - 32 * $slope)} end;

# Twelve instructions an object were hoped for, and three times fewer than kmem_cache bulk. Six of 24 are
# the check of each block that is freed, some more its number, and kmem_cache bulk, which checks nothing, has
# become cheaper since: Documentation/fast-path.rst has them one by one.
def bulk_of($allocator; $variant; $slope; $fixed; $of_32; $of_100):
	line_of_bulk($allocator; $variant) as $line | "\($allocator), \($variant)" as $name
	| at_most($slope; $line.slope; "\($name): a further object"),
	  at_most($fixed; $line.fixed; "\($name): fixed cost of a call and its free"),
	  (([32, $of_32], [100, $of_100]) as [$n, $least]
	   | at_least($least; times(plain("kmem_cache"; "bulk GFP_KERNEL"; $n);
				    plain($allocator; $variant; $n));
		      "\($name) of \($n): times fewer than kmem_cache bulk"));

def bulks:
	bulk_of("pool per CPU"; "bulk, magazine 256"; 24.5; 135; 2.3; 3),
	bulk_of("pool"; "bulk"; 41; 130; 1.4; 1.8);

# How much more than the cheapest number outstanding the dearest one costs.
def remote_cliff($allocator; $variant):
	[(1, 10, 100, 1000) as $n | remote($allocator; $variant; $n)]
	| at_most(1.25; if any(. == null) then null else times(max; min) end;
		  "\($allocator), freed on another CPU, 1 to 1000 outstanding: dearest to cheapest");

def keys:
	.keys as $jumps | ("percpu_called_alloc", "percpu_called_free", "mpdemo_pool_alloc_shared",
			    "mpdemo_pool_free_shared", "micro_arena") as $function
	| if $jumps == null then skip("this kernel has no jump labels"; "static keys in \($function)")
	  else at_most(1; $jumps[$function]; "static keys in \($function), but for those of zeroing") end;

singles, past_magazine, against_slab, bulks, remote_cliff("pool"; "called"), remote_cliff("pool per CPU"; "inline"), keys,
at_most(24; .memory; "bytes of metadata of a block of user space: pool 8, owner and handle 16")
