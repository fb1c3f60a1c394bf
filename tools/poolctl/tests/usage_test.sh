#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage errors of poolctl, and what it says where there is no module. KTAP on
# stdout. $POOLCTL is the program; put "valgrind -q --error-exitcode=99
# --leak-check=full" in front of it to look for leaks.

POOLCTL=${POOLCTL:-poolctl}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
number=0
failures=0

unset POOLCTL_DEVICE POOLCTL_INSTRUMENT

report() {	# STATUS WHAT
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failures=$((failures + 1))
	fi
}

# Run poolctl; expect an exit status, and a text on stderr (or stdout). With
# --json the answer has to be one JSON document of the right schema.
expect() {	# STATUS TEXT ARGUMENTS...
	status=$1
	text=$2
	shift 2
	$POOLCTL "$@" >"$out/stdout" 2>"$out/stderr"
	got=$?
	[ $got -eq "$status" ] && cat "$out/stderr" "$out/stdout" |
		grep -qF -- "$text"
	good=$?
	report $good "'$(printf %.60s "$*" | tr -d '\000-\037')' gives $status"
	[ $good -eq 0 ] || sed "s/^/# $got: /" "$out/stderr"

	case " $* " in
	*" -j "*)
		python3 -c 'import json, sys
answer = json.load(sys.stdin)
assert answer["schema"] == 1
sys.exit(("error" in answer) != (int(sys.argv[1]) != 0))' \
			"$status" <"$out/stdout" 2>"$out/stderr"
		report $? "... in JSON"
		;;
	esac
}

echo "KTAP version 1"

expect 0 "Usage: poolctl" --help
expect 0 "Usage: poolctl" help
expect 0 "Usage: poolctl create" help create
expect 0 "Usage: poolctl create" create --help
expect 0 "Usage: poolctl alloc" -h alloc
expect 0 "poolctl " version
expect 0 "poolctl " --version
expect 0 "version" version -j
expect 0 "version" -j version

expect 1 "did you mean 'destroy'" destory rx
expect 1 "did you mean 'list'" -j lsit
expect 1 "unknown command 'li'" li
expect 1 "unknown command ''" ""
expect 1 "unknown command" help nothing
expect 1 "unknown option '-x'" -x
expect 1 "--bogus" list --bogus -j
expect 1 "--json" list --json=yes
expect 1 "needs an argument" alloc rx -N
expect 1 "unexpected argument" list rx
expect 1 "too few" create pool
expect 1 "too few" destroy
expect 1 "too few" free rx

expect 1 "no kind of object" create pond rx
expect 1 "needs --blocks or --large" create heap rx
expect 1 "is for arenas" create heap rx --blocks 3 --size 4K
expect 1 "is for heaps" create arena rx --size 4K --large 4K
expect 1 "1 and 4" create heap rx --blocks 3 --steps 3
expect 1 "needs --block-size" create pool rx --blocks 5
expect 1 "needs --blocks" create pool rx --block-size 64
expect 1 "needs --size" create arena rx
expect 1 "--size is for arenas" create pool rx --size 4K
expect 1 "for pools" create arena rx --size 4K --blocks 3
expect 1 "negative" create pool rx --block-size -64 --blocks 5 -j
expect 1 "64 bits" create arena rx --size 16E
expect 1 "64 bits" create pool rx --block-size 64 --blocks 18446744073709551616
expect 1 "empty" create arena rx --size ''
expect 1 "not a size" create arena rx --size 64Q
expect 1 "not a number" create pool rx --block-size 64 --blocks 4K
expect 1 "too large" create pool rx --block-size 64 --blocks 4 --align 4G
expect 1 "octal" create arena rx --size 64 --mode 0888
expect 1 "limit is 63" stats "$(printf '%04096d' 0)" -j

expect 1 "limit of one call is 65536" alloc rx -N 65537
expect 1 "least is 1" alloc rx -N 0
expect 1 "not a number" alloc rx --count x -j
expect 1 "exclude each other" alloc rx -N 1 --size 64
expect 1 "needs --size" alloc rx --align 64
expect 1 "not a handle" free rx 0.1 7
expect 1 "not a handle" free rx 0.4294967296 -j
expect 1 "there is no suite" bench modern
expect 1 "too large" bench --cpu 4294967296
expect 1 "there is no context" bench micro --context nmi
expect 1 "the least is 1" bench micro --outstanding 0

expect 3 "there is no device" alloc rx -d "$out/nothing" -j
expect 3 "is not the device" free rx 0.1 -d /dev/null -j
expect 3 "is not the device" reset rx -d "$out"
expect 3 "\\x1b[31m" reset "$(printf '\033[31m')" -d /dev/null

POOLCTL_INSTRUMENT=hours
export POOLCTL_INSTRUMENT
expect 1 "POOLCTL_INSTRUMENT" bench
unset POOLCTL_INSTRUMENT

if ! [ -d /sys/module/mempool_demo ]; then
	expect 3 "modprobe mempool_demo" -j
	expect 3 "mempool-demo" list
	expect 3 "mempool-demo" stats rx -j
	expect 3 "mempool-demo" create arena rx --size 4K -j
	expect 3 "mempool-demo" destroy rx
	expect 3 "there is no device /dev/mempool_demo" alloc rx
	expect 3 "" bench -j
	expect 3 "mempool_demo is not loaded" doctor
fi

if [ -c /dev/full ]; then
	$POOLCTL help >/dev/full 2>"$out/stderr"
	[ $? -eq 2 ] && grep -q "No space left" "$out/stderr"
	report $? "a full disk gives 2"
fi

echo "1..$number"
[ $failures -eq 0 ]
