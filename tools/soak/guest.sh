#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest, run by soak: all workloads of mempool_demo_torture for SECONDS in all, then those
# that count blocks FILLS times, then the servers of tools/examples for SECONDS, with NMIs and CPUs
# that come and go where there are such, and with memory that is short now and then.

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
workloads=(exact percpu marks shared sections heap wait reserve life grow)
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

# Have shrinkers run: of all memory, and of a memory cgroup that wants more than it is to have. No
# memory.max: there is no swap, so the hog would be killed, of which the log makes a lot.
press()
{
	while sleep 2; do
		echo 2 > /proc/sys/vm/drop_caches
	done
}

hog()		# CGROUP
{
	echo $BASHPID > "$1/cgroup.procs" || return
	while :; do
		# All of it is one line, which tail keeps.
		head -c 33554432 /dev/zero | tail -n 1 > /dev/null
		sleep 1
	done
}

# The folder of a cgroup for it, or why there is none.
hog_group()
{
	local root=/sys/fs/cgroup

	grep -qw memory $root/cgroup.controllers 2> /dev/null || {
		echo "the kernel has no memory cgroups"
		return 1
	}
	mkdir -p $root/hog && echo +memory > $root/cgroup.subtree_control &&
		echo 8388608 > $root/hog/memory.high && echo $root/hog
} 2>&1

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
others=($!)
press &
others+=($!)
if group=$(hog_group); then
	hog "$group" &
	others+=($!)
else
	skip "memory cgroup: $group"
fi

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
# And all of them stay online: the emulator, which is full of calls here, has started a CPU that ran
# already once more, at the trampoline (RIP 9a00:0x0), twice in 40 minutes.
hotplug_pause=
one race
one race-percpu
hotplug_pause=1
# Some 64 threads are woken in each.
echo $((fills / 2000 + 1)) > "$parameters/rounds"
one fifo

progress "examples"
(cd "$(dirname "$0")/selftests" && ../examples.sh "$seconds")
case $? in
0) passed=$((passed + 1)) ;;
4) skip "examples: the kernel has no TCP" ;;
*) failed=$((failed + 1)) ;;
esac

# A hog that is never over its limit presses nobody.
if [ -e "$group/memory.events" ]; then
	progress "memory cgroup: $(paste -sd ' ' "$group/memory.events")"
	! grep -qx 'high 0' "$group/memory.events" || failed=$((failed + 1))
fi
kill "${others[@]}"
rmmod mempool_demo_torture || failed=$((failed + 1))
[ ! -e "$torture_dir/hotplugs" ] || progress "CPUs went offline $(wc -l < "$torture_dir/hotplugs") times"
echo "$passed $failed $skipped" > "$OUT/counts"
[ $failed -eq 0 ]
