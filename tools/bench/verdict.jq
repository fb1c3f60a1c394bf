# SPDX-License-Identifier: GPL-2.0
#
# Verdicts: lines "verdict, figure, limit, target" for verdict_table in lib.sh. A figure that is
# missing is a failure: what is not measured must say so by skip().

def line($verdict; $figure; $limit; $target):
	[$verdict, $figure // "missing", $limit, $target] | map(tostring) | join("\t");

def judge($good; $figure; $limit; $target):
	line(if $figure != null and $good then "ok" else "FAILED" end; $figure; $limit; $target);

def at_most($limit; $figure; $target):
	judge($figure != null and $figure <= $limit; $figure; "<= \($limit)"; $target);

def at_least($limit; $figure; $target):
	judge($figure != null and $figure >= $limit; $figure; ">= \($limit)"; $target);

# Less than another figure.
def less($other; $figure; $target):
	judge($figure != null and $other != null and $figure < $other; $figure;
	      "< \(($other // 0) * 10 | round / 10)"; $target);

def skip($why; $target): line("skipped"; "-"; "-"; "\($target): not measured: \($why)");

# How many times as much one figure is than another; null where one of them is missing.
def times($a; $b): if $a == null or $b == null or $b <= 0 then null else $a / $b end;

# The figure of a row in a document of "poolctl bench --save", null if there is none.
def figure($document; $suite; $allocator; $variant; $batch; $which):
	first($document.rows[] | select(.suite == $suite and .allocator == $allocator and
		.variant == $variant and .batch == $batch) | .[$which]) // null;

def median: sort | if length == 0 then null else .[length / 2 | floor] end;
