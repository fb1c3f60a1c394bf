#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest, run by soak: all workloads of mempool_demo_torture for SECONDS in all, then those
# that count blocks FILLS times, with NMIs and CPUs that come and go where there are such.

set -u -o pipefail

usage()
{
	echo "usage: guest.sh SECONDS FILLS   leaves \"PASSED FAILED SKIPPED\" in \$OUT/counts"
}

[ $# -eq 2 ] || {
	usage >&2
	exit 2
}
seconds=$1 fills=$2
torture_dir=$(mktemp -d) || exit 1
# shellcheck source=selftests/torture_run.sh
. "$(dirname "$0")/selftests/torture_run.sh"
# Read by torture().
# shellcheck disable=SC2034
nmi_pause=10 hotplug_pause=1
workloads=(exact percpu marks shared sections heap)
passed=0 failed=0 skipped=0

progress()
{
	printf '[%5d s] %s\n' "$SECONDS" "$*"
}

# What is under way, now and then.
watch()
{
	local verdict workload

	while sleep 30; do
		{ read -r _ verdict && read -r _ workload; } < "$results"
		[ "$verdict" != running ] || progress "$workload: $(grep -E '^(task|hardirq):' "$results" | tr '\n' ' ')"
	done
}

# A run, and the line that tells of it.
one()		# WORKLOAD
{
	if torture "$1"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		sed 's/^/    /' "$torture_dir/error"
		grep -E '^(failure|objects|more|errno)' "$torture_dir/$1" | sed 's/^/    /'
	fi
	progress "$1: $(sed -n 's/^verdict //p; s/^seed /seed /p; s/^msecs .*/&/p' "$torture_dir/$1" | paste -sd ' ')"
	grep -E '^[a-z-]+: ' "$torture_dir/$1" | grep -v '^failure' | sed 's/^/    /'
}

skip()		# REASON
{
	skipped=$((skipped + 1))
	progress "skipped: $*"
}

modprobe mempool_demo_torture || exit 1
probe_nmi
has_nmi || skip "NMIs: $(cat "$torture_dir/no-nmi")"
hotplug_files > /dev/null || skip "CPU hotplug: no CPU can go offline"
watch &
watcher=$!

# Each run has other objects, so many short ones tell more than a long one.
slice=$((seconds / ${#workloads[@]}))
[ $slice -le 20 ] || slice=20
echo $((slice ? slice * 1000 : 1000)) > "$parameters/msecs"
while :; do
	for workload in "${workloads[@]}"; do
		one "$workload"
	done
	[ "$SECONDS" -lt "$seconds" ] || break
done

echo "$fills" > "$parameters/rounds"
one capacity
one capacity-percpu
# Calls to other CPUs take their time, so these are fewer.
echo $((fills / 10 + 1)) > "$parameters/rounds"
one race
one race-percpu

kill $watcher
rmmod mempool_demo_torture || failed=$((failed + 1))
[ ! -e "$torture_dir/hotplugs" ] || progress "CPUs went offline $(wc -l < "$torture_dir/hotplugs") times"
echo "$passed $failed $skipped" > "$OUT/counts"
[ $failed -eq 0 ]
