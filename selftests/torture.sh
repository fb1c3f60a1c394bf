#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs every workload of mempool_demo_torture for a short time, with NMIs and with
# CPUs that go offline, and proves that each context had its part in it; and that
# a run can be started, ended and refused as it should. "make soak" is the same for
# hours.
# LIMIT: 120 seconds

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

# shellcheck source=selftests/torture_run.sh
. "$(dirname "$0")/torture_run.sh"

torture_dir=$tap_dir
# NMIs need a moment to begin, longer where the kernel is slow.
msecs=$((500 + 250 * ${MPDEMO_SLOW:-1}))
rounds=$((2000 / ${MPDEMO_SLOW:-1}))
races=200
fifos=$((6 / ${MPDEMO_SLOW:-1} + 2))

is_over()
{
	not is_running > /dev/null
}

# The last run was ended from outside.
was_stopped()
{
	grep -qx 'verdict stopped' "$results" || {
		cat "$results"
		return 1
	}
}

# What each context has counted at least: who waits leaves others little to allocate.
least_of()	# WORKLOAD
{
	[ "$1" = wait ] && echo full || echo allocs
}

# A run that several test cases look at.
torture_once()	# WORKLOAD
{
	local status=0

	[ ! -e "$tap_dir/$1" ] || return 0
	torture "$1" || status=$?
	# On a busy host no NMI may have got through in so short a time. One that is made alone has none.
	if [ "$status" -eq 0 ] && has_nmi && grep -q '^softirq:' "$tap_dir/$1" &&
	   [ -z "$(count_of "$1" nmi "$(least_of "$1")")" ]; then
		echo $((20 * msecs)) > "$parameters/msecs"
		torture "$1" || status=$?
		echo "$msecs" > "$parameters/msecs"
	fi
	cat "$tap_dir/error" "$tap_dir/$1"
	return "$status"
}

counted()	# WORKLOAD CONTEXT COUNT
{
	[ "$(count_of "$@")" -gt 0 ] 2> /dev/null || {
		echo "$1: no $3 in context $2"
		cat "$tap_dir/$1"
		return 1
	}
}

test_load()
{
	modprobe mempool_demo_torture
	echo "$msecs" > "$parameters/msecs"
	echo "$rounds" > "$parameters/rounds"
	same 'verdict none' "$(< "$results")" "results before the first run"
	probe_nmi
}

test_refused()
{
	same 'Invalid argument' "$(error_of no-such-workload)"
	same 'Invalid argument' "$(error_of '')"
	same 'Invalid argument' "$(error_of exact-and-more)"
	echo 0 > "$parameters/msecs"
	same 'Numerical result out of range' "$(error_of exact)"
	echo "$msecs" > "$parameters/msecs"
	echo 0 > "$parameters/rounds"
	same 'Numerical result out of range' "$(error_of capacity)"
	echo "$rounds" > "$parameters/rounds"
	same 'verdict none' "$(< "$results")" "results"
}

# A short run on a slow kernel or a busy machine need not come to all that a workload does.
counted_at_last()	# WORKLOAD CONTEXT COUNT
{
	local tries=20

	while [ -z "$(count_of "$@")" ] && [ "$tries" -gt 0 ]; do
		torture "$1" || return
		tries=$((tries - 1))
	done
	counted "$@"
}

# For each workload of all contexts a test case that runs it, and one for each
# context. A case of a context may come first; then it is the one that runs it.
contexts='task preempt-off raw-lock softirq hardirq nmi'

check_context()	# WORKLOAD CONTEXT
{
	if [ "$2" = nmi ] && ! has_nmi; then
		skip "no NMIs here"
	fi
	torture_once "$1" > /dev/null
	counted_at_last "$1" "$2" "$(least_of "$1")"
	case $1 in
	exact|percpu)
		counted_at_last "$1" "$2" frees
		counted_at_last "$1" "$2" bulk-allocs
		counted_at_last "$1" "$2" bulk-frees
		counted_at_last "$1" "$2" foreign
		;;
	reserve|life|grow) counted_at_last "$1" "$2" foreign ;;
	marks) counted_at_last "$1" "$2" marks ;;
	sections) counted_at_last "$1" "$2" nested ;;
	esac
}

for workload in exact percpu marks shared sections heap wait reserve life grow; do
	eval "test_$workload() { torture_once $workload; }"
	for context in $contexts; do
		eval "test_${workload}_in_${context/-/_}() { check_context $workload $context; }"
	done
done

test_full()
{
	local workload

	for workload in exact percpu shared; do
		torture_once "$workload" > /dev/null
		counted_at_last "$workload" task full
	done
	counted_at_last marks task rollbacks
	counted_at_last shared task resets
}

test_shrunk()
{
	torture_once grow > /dev/null
	counted_at_last grow task shrunk
	counted_at_last grow task full
}

test_waited()
{
	local workload count

	for workload in wait reserve; do
		torture_once "$workload" > /dev/null
		for count in waits timeouts signals; do
			counted_at_last "$workload" task "$count"
		done
	done
	counted_at_last wait task interrupted
	counted_at_last reserve task reservations
}

module_users()
{
	awk '$1 == "mempool_demo" { print $3 }' /proc/modules
}

# By the torture itself.
is_used_once()
{
	[ "$(module_users)" -eq 1 ]
}

# Pools that were destroyed in use have all ended, whoever has freed their last block.
test_nothing_is_left()
{
	local count

	torture_once life > /dev/null
	# In a short run nobody may have waited just then.
	for count in lives waits sent-away; do
		counted_at_last life task "$count"
	done
	wait_for 10 is_used_once
}

# In order, and how late timeouts are.
test_fifo()
{
	echo "$fifos" > "$parameters/rounds"
	torture_once fifo
	echo "$rounds" > "$parameters/rounds"
	same "$fifos" "$(count_of fifo task rounds)" rounds
	counted fifo task waits
	counted fifo task timeouts
	counted fifo hardirq frees
	# How late timeouts were is told in microseconds.
	grep -q 'timeouts late: median [0-9]* us' "$tap_dir/fifo"
}

# The pool to itself: it gives exactly what it has, wherever it is asked.
test_capacity()
{
	torture_once capacity
	counted capacity task fills
	counted capacity hardirq fills
	same "$rounds" $(($(count_of capacity task fills) + $(count_of capacity hardirq fills))) fills
}

test_capacity_percpu()
{
	torture_once capacity-percpu
	counted capacity-percpu task fills
	counted capacity-percpu hardirq fills
}

# Where the machine is busy with others, its CPUs seldom meet: so more than once,
# if need be. Calls to other CPUs take their time, so rounds are few.
check_race()	# WORKLOAD
{
	local tries=10

	[ "$(nproc)" -gt 1 ] || skip "one CPU only"
	echo "$races" > "$parameters/rounds"
	while [ "$tries" -gt 0 ]; do
		rm -f "$tap_dir/$1"
		torture_once "$1"
		same "$races" "$(count_of "$1" hardirq fills)" fills
		[ -z "$(count_of "$1" hardirq contended)" ] || break
		tries=$((tries - 1))
	done
	counted "$1" hardirq contended
	echo "$rounds" > "$parameters/rounds"
}

test_race()
{
	check_race race
}

test_race_percpu()
{
	check_race race-percpu
}

test_cpus_went_offline()
{
	hotplug_files > /dev/null || skip "no CPU can go offline"
	# Once for each workload, to say the least.
	[ "$(wc -l < "$tap_dir/hotplugs")" -ge 9 ]
	same "$(cat /sys/devices/system/cpu/possible)" "$(cat /sys/devices/system/cpu/online)" "CPUs online"
}

# The seed makes the same objects again; without one they are others.
test_seed()
{
	echo 20 > "$parameters/msecs"
	echo 4711 > "$parameters/seed"
	run percpu
	grep -qx 'seed 4711' "$results"
	grep '^objects' "$results" > "$tap_dir/objects"
	run percpu
	same "$(< "$tap_dir/objects")" "$(grep '^objects' "$results")"
	echo 0 > "$parameters/seed"
	run percpu
	not grep -qx 'seed 4711' "$results"
	echo "$msecs" > "$parameters/msecs"
}

test_one_at_a_time()
{
	local runner

	echo 60000 > "$parameters/msecs"
	echo exact > "$parameters/run" &
	runner=$!
	wait_for 10 is_running
	same 'Device or resource busy' "$(error_of shared)"
	# Results and parameters do not wait for the end.
	grep -qx 'workload exact' "$results"
	same 60000 "$(cat "$parameters/msecs")"
	kill "$runner"
	wait_for 10 is_over
	was_stopped
	echo "$msecs" > "$parameters/msecs"
}

# Of those that count rounds too.
test_signal()
{
	local workload runner

	echo 1000000000 > "$parameters/rounds"
	for workload in capacity race fifo; do
		echo "$workload" > "$parameters/run" &
		runner=$!
		wait_for 10 is_running
		# The second one, if the first one was not enough.
		kill -INT "$runner"
		kill "$runner" 2> /dev/null || :
		wait_for 10 is_over
		was_stopped
	done
	echo "$rounds" > "$parameters/rounds"
}

test_unload_in_the_middle()
{
	local runner

	echo 60000 > "$parameters/msecs"
	run exact &
	runner=$!
	wait_for 10 is_running
	rmmod mempool_demo_torture
	not wait "$runner"
	grep -q 'Interrupted system call' "$tap_dir/error"
	[ ! -e "$parameters" ]
	[ ! -e "$results" ]
}

tap_run
