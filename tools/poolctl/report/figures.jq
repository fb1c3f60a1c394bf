# SPDX-License-Identifier: GPL-2.0
#
# Documents of "poolctl bench --save", as an array, to what is plotted: for each plot its series,
# "plot, series, x, y", separated by tabs. A plot of which nothing was measured has no line.

# What a row is called, where it is shown: not all variants are, so that lines can be told apart.
def series:
	{ "kmalloc GFP_KERNEL": "kmalloc",
	  "kmem_cache GFP_KERNEL": "kmem_cache",
	  "kmem_cache bulk GFP_KERNEL": "kmem_cache bulk",
	  "mempool_t kmem_cache GFP_KERNEL": "mempool_t",
	  "objpool inline": "objpool",
	  "pool called": "pool",
	  "pool bulk": "pool bulk",
	  "pool per CPU inline": "per-CPU pool",
	  "pool per CPU bulk": "per-CPU bulk",
	  "arena inline": "arena",
	  "heap called": "heap",
	  "pool + arena called": "pool",
	  "pool per CPU + arena per CPU inline": "per-CPU pool" }["\(.allocator) \(.variant)"];

# A job that was to have many CPUs may have had one.
def several($x): if (map(.[$x]) | unique | length) > 1 then .[] else empty end;

# They become part of a program for gnuplot.
def figure: if type == "number" then . else error("a figure is no number") end;

def line($plot; x; y): select(series != null) | [$plot, series, x, y] | select(.[3] != null)
	| .[2:] |= map(figure) | @tsv;

def cost($plot; $x): line($plot; .[$x]; .net_median_per_operation);

# Of so many calls that at least one took longer; as how many nines there are.
def quantiles($latency):
	$latency.samples as $n
	| (0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999)
	| select((1 - .) * $n >= 1)
	| . as $p
	| first(foreach $latency.buckets[] as $bucket (0; . + $bucket[2];
						       if . >= $p * $n then $bucket[1] else empty end))
	| {x: (-((1 - $p) | log10)), y: ([., $latency.max] | min)};

def latency($plot; $key):
	select(.[$key].samples > 0 and (.variant | startswith("bulk") | not))
	| series as $series | select($series != null)
	| quantiles(.[$key]) | [$plot, $series, (.x, .y | figure)] | @tsv;

[.[].rows[] | select(.context == "task")] as $rows
| ($rows | map(select(.suite == "micro"))) as $micro
| ($micro | map(select(.size_given | not))) as $plain
| ($plain | map(select(.cpus == 1)) | several("batch") | cost("outstanding"; "batch")),
  ($rows | map(select(.suite == "remote" and (.size_given | not))) | several("batch") | cost("remote"; "batch")),
  ($micro | map(select(.size_given and .cpus == 1 and .batch == 1000)) | several("object_size")
   | cost("size"; "object_size"),
     line("class"; .object_size; if .memory_handed_out then .memory_handed_out / .memory_requested else null end),
     # A heap has blocks of all its classes from the start: of one size that says nothing.
     (select(.allocator != "heap")
      | line("waste"; .object_size; if .memory_used then .memory_used / .memory_requested else null end))),
  ($plain | map(select(.batch == 32)) | several("cpus") | cost("cpus"; "cpus")),
  ($rows | map(select(.suite == "percpu")) | several("cpus") | cost("percpu"; "cpus")),
  ($plain | map(select(.batch == 100 and .cpus == 1))[]
   | latency("alloc"; "alloc_latency"), latency("free"; "free_latency"))
