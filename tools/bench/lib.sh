#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How figures and verdicts are shown. Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this
bench_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What the guest does before it measures. Some seconds after the boot, when the kernel has done what
# it had put off: until then the checks whether GFP_KERNEL may sleep have work to do for RCU. Under
# --icount a second of the guest that nobody uses takes no time.
# shellcheck disable=SC2034 # used by the scripts that source this
bench_settle='modprobe mempool_demo_bench && sleep 5'

# Reads lines "column, allocator, variant, value", separated by tabs, and shows a line for each
# allocator and a column for each column, both in the order in which they come.
figures_table()	# DIGITS
{
	awk -F '\t' -v digits="$1" '
	!($1 in column) { column[$1] = ++columns; head[columns] = $1 }
	!(($2, $3) in row) { row[$2, $3] = ++rows; name[rows] = sprintf("%-12s %-22s", $2, $3) }
	{ value[row[$2, $3], column[$1]] = sprintf("%." digits "f", $4) }
	END {
		printf "%-12s %-22s", "ALLOCATOR", "VARIANT"
		for (c = 1; c <= columns; c++)
			printf " %9s", head[c]
		print ""
		for (r = 1; r <= rows; r++) {
			printf "%s", name[r]
			for (c = 1; c <= columns; c++)
				printf " %9s", (r, c) in value ? value[r, c] : "-"
			print ""
		}
	}'
}

# A suite of a document of "poolctl bench --save". Columns are batches; of the game, bullets alive.
figures()	# DOCUMENT SUITE
{
	jq -r --arg suite "$2" '.rows[] | select(.suite == $suite) |
		[.batch, .allocator, .variant, .net_min_per_operation // .gross_min_per_operation] | @tsv' \
		"$1" | figures_table 1
}

# Reads lines "verdict, figure, limit, target", separated by tabs, and shows them.
verdict_table()
{
	awk -F '\t' '
	function number(x) { return x !~ /^-?[0-9]+[.e]/ ? x : sprintf(x < 10 ? "%.2f" : "%.1f", x) }
	BEGIN { printf "%-8s %9s %9s  %s\n", "VERDICT", "FIGURE", "LIMIT", "TARGET" }
	{ printf "%-8s %9s %9s  %s\n", $1, number($2), $3, $4 }'
}

# Counts the verdicts in files of such lines, says so in a last line, fails if any target is missed.
verdict_count()	# FILE...
{
	local passed failed skipped

	passed=$(cat "$@" | grep -c '^ok')
	failed=$(cat "$@" | grep -c '^FAILED')
	skipped=$(cat "$@" | grep -c '^skipped')
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# The suites of poolctl, for a guest of two CPUs; as many operations in a round as make figures
# of instructions that do not change any more. The clock counts the instructions of all CPUs, so what
# runs on all of them would be counted as often as there are CPUs.
# shellcheck disable=SC2034,SC2016 # used by the scripts that source this, in the guest
bench_systems='for suite in bullets http connections chat sizes percpu micro remote; do
	case $suite in connections|percpu) cpus="--cpus 1" ;; *) cpus= ;; esac
	poolctl bench $suite $cpus --operations 20000 --memory --save $OUT/$suite.json > /dev/null || exit; done'

# Reads lines of up to seven fields, separated by tabs, and shows them below headings.
costs_table()	# FORMAT HEADINGS
{
	awk -F '\t' -v format="$1\n" -v headings="$2" '
	function row() { printf format, $1, $2, $3, $4, $5, $6, $7 }
	BEGIN { $0 = headings; row() }
	{
		for (i = 1; i <= NF; i++)
			if ($i ~ /^[0-9.]+$/)
				$i = sprintf("%.1f", $i)
		row()
	}'
}

# The table of the systems, from what $bench_systems has left.
systems_table()	# DOCUMENT...
{
	jq -rn -L "$bench_dir" -f "$bench_dir/systems.jq" "$@" |
		costs_table '%-12s %-31s %8s %8s %8s %6s  %s' \
			$'SYSTEM\tOPERATION\tKMALLOC\tSLAB\tOURS\tRATIO\tWHICH OF OURS'
}

# Which allocator for which need, from the same.
which_table()	# DOCUMENT
{
	jq -r -L "$bench_dir" -f "$bench_dir/which.jq" "$1" |
		costs_table '%-31s %-34s %8s %8s %8s %8s  %s' \
			$'NEED\tOURS\tOURS\tKMALLOC\tSLAB\tOBJPOOL\tLEAST'
}

# What memory the objects of a request take, from the same.
memory_table()	# DOCUMENT
{
	jq -r -L "$bench_dir" -f "$bench_dir/memory.jq" "$1" |
		costs_table '%-15s %-21s %9s %9s %9s' \
			$'ALLOCATOR\tVARIANT\tASKED KIB\tUSED KIB\tFOR EACH'
}

# The servers on both kinds of memory.
examples_table()	# DOCUMENT
{
	jq -r -f "$bench_dir/examples.jq" "$1" | column -t -s $'\t'
}
