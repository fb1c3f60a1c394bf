#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl monitor tells each event that there is, says when some were lost, and
# ends as it should.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

here=$(cd "$(dirname "$0")" && pwd)
client=$here/poolctl_client
events=$tap_dir/events

# Up to some ten seconds, of which most are for slow kernels.
until_true()	# COMMAND [ARGUMENT]...
{
	local i

	for ((i = 0; i < 100; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	echo "never true: $*"
	cat "$events"
	return 1
}

heard()		# LINES-AT-LEAST
{
	local lines

	mapfile -t lines < "$events"
	[ ${#lines[@]} -ge "$1" ]
}

# A socket of that program, which its number begins with, is a member of a group of the first 32:
# of that of the family of families, which it joins last.
listens()
{
	local id groups

	while read -r _ _ id groups _; do
		[[ $id =~ ^[0-9]+$ && ! $groups =~ ^0+$ ]] || continue
		[ $((id & 0x3fffff)) -ne "$monitor" ] || return 0
	done < /proc/net/netlink
	return 1
}

listen()	# ARGUMENT...
{
	: > "$events"
	# A job of its own, as otherwise it would be started so that it ignores SIGINT.
	set -m
	poolctl monitor "$@" > "$events" 2> "$tap_dir/remarks" &
	monitor=$!
	set +m
	trap 'kill -CONT $monitor; kill $monitor' EXIT
	until_true listens
}

# It is dead, if perhaps not buried.
is_gone()
{
	local state

	state=$(cat "/proc/$monitor/stat" 2> /dev/null) || return 0
	[[ $state == *') Z '* ]]
}

# Ends by itself, or by a signal.
ends()		# STATUS [SIGNAL]
{
	local status=0

	[ $# -eq 1 ] || kill "-$2" "$monitor"
	until_true is_gone
	trap - EXIT
	wait "$monitor" || status=$?
	same "$1" "$status" "exit status of the monitor"
}

# What was told of events, without numbers of objects, as one line.
told()		# WANTED
{
	local text

	text=$(sed -E 's/ [0-9]+, / N, /; s/  +/ /' "$events")
	same "$1" "${text//$'\n'/ | }" events
}

test_events()
{
	local handles

	clear_objects
	listen
	grep -q '^poolctl: waiting for events$' "$tap_dir/remarks"
	works poolctl create pool p --block-size 64 --blocks 8
	works poolctl set p --low 2 --high 4 --poison on
	works poolctl alloc p -N 6
	mapfile -t handles < "$out"
	until_true heard 3
	refused EAGAIN poolctl alloc p -N 3
	until_true heard 4
	works poolctl free p "${handles[@]:0:2}"
	until_true heard 5
	works "$client" hold p
	until_true heard 6
	works "$client" corrupt p
	until_true heard 8
	works poolctl create arena a --size 4K
	works poolctl destroy p a
	until_true heard 11
	ends 0 INT
	# Which of the two that the last program has caused is told first is not promised.
	sed -E 's/^(reclaimed|corruption) .*/\1/' "$events" > "$tap_dir/short"
	{
		sed -n 1,6p "$tap_dir/short"
		sed -n 7,8p "$tap_dir/short" | sort
		sed -n '9,$p' "$tap_dir/short"
	} > "$events"
	told "created p, pool N, 0 of 8 in use | changed p, pool N, 0 of 8 in use |\
 low p, pool N, 6 of 8 in use | exhausted p, pool N, 6 of 8 in use |\
 recovered p, pool N, 4 of 8 in use | reclaimed | corruption | reclaimed |\
 created a, arena N, 0B of 4K in use | deleted p, pool N, 4 of 8 in use |\
 deleted a, arena N, 0B of 4K in use"
}

test_chosen()
{
	clear_objects
	listen one two -e created --event deleted,changed -e low
	works poolctl create pool three --block-size 8 --blocks 10
	works poolctl create pool one --block-size 8 --blocks 10
	works poolctl set one --low 1 --high 2
	refused ENOSPC poolctl alloc one -N 11
	works poolctl destroy one three
	works poolctl create pool two --block-size 8 --blocks 10
	until_true heard 4
	ends 0 TERM
	told "created one, pool N, 0 of 10 in use | changed one, pool N, 0 of 10 in use |\
 deleted one, pool N, 0 of 10 in use | created two, pool N, 0 of 10 in use"
	works poolctl destroy two
}

test_count_and_time()
{
	local begin end seen

	clear_objects
	printf -v begin '%(%FT%T)T'
	listen -c 2 -t
	works poolctl create arena a --size 4K
	works poolctl destroy a
	works poolctl create arena b --size 4K
	ends 0
	printf -v end '%(%FT%T)T'
	seen=$(< "$events")
	[[ $seen =~ ^([-0-9]+T[:0-9]+)\.[0-9]{3}\ created\ +a,\ .*$'\n'([-0-9]+T[:0-9]+)\.[0-9]{3}\ deleted\ +a, ]]
	[[ ! ${BASH_REMATCH[1]} < $begin && ! ${BASH_REMATCH[2]} < ${BASH_REMATCH[1]} &&
		! ${BASH_REMATCH[2]} > $end && ! $seen =~ ' b,' ]]
	misused poolctl monitor -c 0
	works poolctl destroy b
}

test_json()
{
	clear_objects
	listen --json -c 3
	works poolctl create pool p --block-size 64 --blocks 8
	# Each line is there at once.
	until_true heard 1
	works poolctl set p --low 2 --high 4
	until_true heard 2
	works poolctl destroy p
	ends 0
	same 3 "$(wc -l < "$events")" lines
	jq -e . "$events" > /dev/null
	jq -e -s 'all(.schema == 1 and .name == "p" and .kind == "pool" and .blocks == 8 and
			(.id | type) == "number" and .ts_ns > 1000000000000000000) and
		[.[].event] == ["created", "changed", "deleted"] and
		.[0].ts_ns <= .[2].ts_ns and .[0].high == 0 and .[1].high == 4' "$events" > /dev/null
}

# Stopped, it reads nothing, and its buffer is as small as it can be.
lose()		# ARGUMENT...
{
	local i

	clear_objects
	listen --buffer 1 "$@"
	works poolctl create arena first --size 4K
	until_true heard 1
	kill -STOP "$monitor"
	for ((i = 0; i < 14; i++)); do
		works poolctl create arena "a$i" --size 64
	done
	kill -CONT "$monitor"
	until_true grep -q lost "$events"
	works poolctl create arena last --size 4K
	until_true grep -qw last "$events"
}

test_lost()
{
	lose
	ends 0 INT
	grep -q "^lost  *events: 'poolctl list' shows how it is now$" "$events"
	[ "$(grep -c '^created' "$events")" -lt 16 ]
}

test_lost_json()
{
	lose --json --event deleted --event created
	ends 0 TERM
	jq -e -s 'all(.schema == 1) and length < 17 and
		([.[] | select(.event == "lost")] | length >= 1 and
			all(has("name") | not) and all(.ts_ns > 0))' "$events" > /dev/null
}

# With a buffer that is large enough none is.
test_none_lost()
{
	local i

	clear_objects
	listen -c 28 --buffer 4M
	kill -STOP "$monitor"
	for ((i = 0; i < 14; i++)); do
		works poolctl create arena "a$i" --size 64
		works poolctl destroy "a$i"
	done
	kill -CONT "$monitor"
	ends 0
	same 14 "$(grep -c '^created' "$events")" created
	same 14 "$(grep -c '^deleted' "$events")" deleted
}

# What it was told to ignore when it was started does not end it.
test_ignored_signal()
{
	clear_objects
	trap '' INT
	listen
	trap - INT
	kill -INT "$monitor"
	works poolctl create arena a --size 64
	until_true heard 1
	ends 0 TERM
	works poolctl destroy a
}

test_misused()
{
	clear_objects
	misused poolctl monitor --event
	misused poolctl monitor --event craeted
	stderr_has "did you mean 'created'"
	misused poolctl monitor -e low,
	misused poolctl monitor -e lost
	misused poolctl monitor -c x
	misused poolctl monitor --buffer 3G
	misused poolctl monitor "$(printf '%0100d' 0)"
	json_error 1 null poolctl monitor -e nothing --json
}

# head(1) has seen enough, and goes: so does the monitor, before there is one more event.
test_closed_pipe()
{
	local line

	clear_objects
	{ poolctl monitor --json 2> /dev/null; echo $? > "$tap_dir/status"; } |
		head -n 1 > "$events" &
	until_true pipe_heard
	until_true test -s "$tap_dir/status"
	line=$(< "$tap_dir/status")
	same 0 "$line" "exit status"
}

pipe_heard()
{
	works poolctl create arena a --size 64
	works poolctl destroy a
	heard 1
}

# Who listens keeps nobody from unloading the module, and is told.
test_module_goes()
{
	clear_objects
	listen
	rmmod mempool_demo_bench 2> /dev/null || true
	rmmod mempool_demo
	ends 3
	grep -q '^poolctl: monitor: .*mempool_demo is not loaded$' "$tap_dir/remarks"
	grep -q '^  try: ' "$tap_dir/remarks"
	modprobe mempool_demo
	listen --json
	rmmod mempool_demo
	ends 3
	jq -e '.schema == 1 and .error.status == 3 and .error.command == "monitor"' "$events" > /dev/null
	modprobe mempool_demo
}

tap_run
