#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl-report makes one page of what was measured, which needs no other file and has
# each plot, and lets nothing of a document become a part of it that is more than text; and that it
# makes none of what is malformed.
#
# usage: report_test.sh POOLCTL, with poolctl-report beside it

set -u
poolctl=${1:?usage: report_test.sh POOLCTL}
report=${poolctl%/*}/poolctl-report
out=$(mktemp -d) || exit
trap 'rm -rf "$out"' EXIT
number=0
failures=0

ok()		# NAME COMMAND...
{
	local name=$1

	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		failures=$((failures + 1))
	fi
}

gives()		# STATUS TEXT COMMAND...
{
	local status=$1 text=$2 got=0

	shift 2
	"$@" >"$out/stdout" 2>"$out/stderr" || got=$?
	[ "$got" -eq "$status" ] && { [ -z "$text" ] || grep -qF -- "$text" "$out/stderr"; } && return
	sed "s/^/# $got: /" "$out/stderr"
	return 1
}

# All that is plotted, with figures that are none of any machine.
# shellcheck disable=SC2016 # variables of jq
document='
	def row($suite; $name; $batch; $size; $given; $cpus; $cost): {
		job: 1, suite: $suite, allocator: $name[0], variant: $name[1], object_size: $size, size_given: $given,
		batch: $batch, operations: 1000, rounds: 10, unit: "object", cpus: $cpus, sizes: "constant",
		context: "task", zero: false, gross_min_per_operation: ($cost + 9),
		net_min_per_operation: $cost, net_median_per_operation: $cost, clock: 20, clock_step: 1,
		memory_requested: 64000, memory_used: 70000, memory_handed_out: 65000,
		alloc_latency: {samples: 1000, max: 900, buckets: [[20, 21, 900], [40, 41, 90], [880, 911, 10]]},
		free_latency: {samples: 1000, max: 90, buckets: [[20, 21, 900], [40, 41, 90], [88, 91, 10]]} };
	["kmalloc", "GFP_KERNEL"] as $a | ["pool", "called"] as $b
	| {schema: 1, instrument: "ns", time: "2026-01-01T00:00:00Z",
	   machine: {kernel: "7.3", cpu_model: "a CPU", hypervisor: "none", cpus_online: 4,
		     clocksource: "tsc", init_on_alloc: null},
	   rows: [($a, $b) as $name
		  | row("micro"; $name; 1, 10, 32, 100, 1000; 64; false; 1; 20, 30),
		    row("remote"; $name; 1, 10; 64; false; 1; 40),
		    row("micro"; $name; 1000; 8, 64, 4096; true; 1; 50),
		    row("micro"; $name; 32; 64; false; 2, 4; 60),
		    row("percpu"; ["pool + arena", "called"]; 100; 64; false; 1, 4; 70)]}'
jq -n "$document" >"$out/good.json" || exit

# Only what a page has within it.
alone()
{
	! grep -qiE '(src|href)=["'"'"']?(https?:)?//|@import|<script|<link|<iframe|url\([^#]' "$1"
}

plots()		# of the page: each of them for a wide and for a narrow one
{
	[ "$(grep -c '<svg class="wide"' "$1")" -eq "$2" ] && [ "$(grep -c '<svg class="narrow"' "$1")" -eq "$2" ]
}

no_name_twice()
{
	[ -z "$(grep -oE "id=[\"'][^\"']*" "$1" | sort | uniq -d)" ]
}

# Each picture by itself is XML.
pictures()
{
	sed -n '/<svg/,/<\/svg>/p' "$1" | sed '1i <all>
		$a </all>' | xmllint --noout -
}

echo "KTAP version 1"
ok "a page" gives 0 "" "$report" --output "$out/page.html" "$out/good.json"
ok "has nine plots" plots "$out/page.html" 9
ok "has no figures that were not measured" [ "$(grep -c 'Not measured' "$out/page.html")" -eq 0 ]
ok "needs nothing else" alone "$out/page.html"
ok "has no name twice" no_name_twice "$out/page.html"
ok "has pictures that are XML" pictures "$out/page.html"
ok "names the lines" grep -q '>kmalloc<' "$out/page.html"
ok "by poolctl" gives 0 "" "$poolctl" bench "$out/good.json" --report "$out/other.html"
ok "is the same" cmp -s "$out/page.html" "$out/other.html"

jq '.rows |= map(select(.suite == "micro" and .cpus == 1 and (.size_given | not)) | del(.alloc_latency, .free_latency))' \
	"$out/good.json" >"$out/few.json"
ok "a page of little" gives 0 "" "$report" --output "$out/few.html" "$out/few.json"
ok "has one plot" plots "$out/few.html" 1
ok "says what was not measured" [ "$(grep -c 'Not measured' "$out/few.html")" -eq 8 ]

# A document of somebody else.
jq '.machine.kernel = "<script>alert(1)</script>" | .machine.cpu_model = "\"><img onerror=x>"
	| .rows[0].allocator = "<b>" | .rows[0].unit = "<script>" | .rows[0].variant = "\"&<"' \
	"$out/good.json" >"$out/evil.json"
ok "a page of an evil document" gives 0 "" "$report" --output "$out/evil.html" "$out/evil.json"
ok "has its text as text" grep -q '&lt;script&gt;alert(1)' "$out/evil.html"
ok "has no element of it" [ "$(grep -ciE '<(script|img|b)[ >]' "$out/evil.html")" -eq 0 ]
jq '.rows |= (to_entries | map(.value.batch = "\(.key)) \n set output \"x\"" | .value))' "$out/good.json" >"$out/evil.json"
ok "numbers that are none" gives 1 "malformed" "$report" --output "$out/none.html" "$out/evil.json"
ok "give no page" [ ! -e "$out/none.html" ]

for wrong in '' 'no JSON' '[]' '{}' '{"schema": 2}' '{"schema": 1, "instrument": "ns", "rows": [], "machine": 3}'; do
	echo "$wrong" >"$out/wrong.json"
	ok "no page of '$wrong'" gives 1 "cannot read" "$report" --output "$out/none.html" "$out/wrong.json"
done
jq '.instrument = "instructions"' "$out/good.json" >"$out/instructions.json"
ok "no page of two instruments" gives 1 "cannot read" "$report" "$out/good.json" "$out/instructions.json"
ok "no page of no file" gives 1 "cannot read" "$report" "$out/nothing"
ok "no page where it cannot be written" gives 1 "cannot write" "$report" --output "$out/no/page" "$out/good.json"
ok "all is there" gives 0 "" "$report" --check
mkdir "$out/bin"
for tool in bash jq; do
	ln -s "$(command -v $tool)" "$out/bin/"
done
ok "without gnuplot" gives 3 "package gnuplot-nox" env "PATH=$out/bin" "$report" --check
rm "$out/bin/jq"
ok "without jq" gives 3 "package jq" env "PATH=$out/bin" "$report" --check
echo "1..$number"
[ "$failures" -eq 0 ]
