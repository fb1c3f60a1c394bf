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

unset POOLCTL_DEVICE POOLCTL_INSTRUMENT NO_COLOR

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
	$POOLCTL "$@" >"$out/stdout" 2>"$out/stderr" </dev/null
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

# Each line of each help, and JSON of it.
columns_of() {	# [COMMAND]
	$POOLCTL help "$@" >"$out/stdout" 2>"$out/stderr"
	awk 'length > 80 { print "# " $0; wide = 1 } END { exit wide }' "$out/stdout"
}
$POOLCTL help | sed -n '/^Commands:/,/^$/s/^ \([a-z-]*\) .*/\1/p' >"$out/commands"
columns_of
report $? "the help fits into 80 columns"
while read -r command; do
	columns_of "$command"
	report $? "that of $command fits into 80 columns"
	expect 0 '"option":"pretty"' help "$command" -j
done <"$out/commands"
expect 0 '"command":"destroy","arguments":"NAME..."' help -j
expect 0 '"column":"USE%"' list -h -j
expect 0 '"option":"device","argument":"PATH"' top --help -j
expect 0 '"option":"device","letter":"d"' list --help -j
for command in top list; do
	$POOLCTL help $command | grep -c -e '^ -d,' >"$out/stdout"
	report "$(($(cat "$out/stdout") != 1))" "$command has one -d"
done

expect 1 "did you mean 'destroy'" destory rx
expect 1 "did you mean 'list'" -j lsit
expect 1 "unknown command 'li'" li
expect 1 "unknown command ''" ""
expect 1 "unknown command" help nothing
expect 1 "Try 'poolctl --help'" help nothing -j
expect 1 "unknown option '-x'" -x
expect 1 "--bogus" list --bogus -j
expect 1 "'--json' takes no argument" list --json=yes
expect 1 "did you mean '--json'" --jsno list
expect 1 "did you mean '--block-size'" create pool rx --blocksize 8
expect 1 "ambiguous: '--block-size' or '--blocks'" create pool rx --block 8 -j
expect 1 "unknown option '--blobs'" create pool rx --blobs
expect 1 "unknown option '--$(printf %062d 0)'" list "--$(printf %0999d 0)"
expect 1 "did you mean 'failures'" top --once -s failure
expect 1 "there is no JSON" top -j
expect 1 "no number of events" monitor -c 0
expect 1 "the limit is 4096" exec rx -N 5000 -- true
expect 1 "none of its options" set rx
expect 1 "unknown option '-x'" exec rx -x -- true
expect 3 "exec rx" exec rx -d "$out/nothing" ls -x --bogus
expect 3 "exec rx" exec -d "$out/nothing" -- rx ls -x
expect 1 "too few" exec rx --
expect 1 "needs an argument" alloc rx -N
expect 1 "unexpected argument" list rx
expect 1 "too few" create pool
expect 1 "too few" destroy
expect 1 "too few" free rx

expect 1 "did you mean 'CAPACITY'" list -o name,capacty
expect 1 "no column 'nothing'" list -o +nothing -j
expect 1 "no column ''" stats -o NAME,
expect 1 "no column ''" stats -o ''
expect 1 "did you mean 'IN-USE'" stats --sort inuse
expect 1 "no column '-NAME'" list -s --NAME
expect 1 "exclude each other" list --output NAME --output-all
expect 1 "needs an argument" list -o
expect 1 "more than 64" list -o "id$(printf ',id%.0s' $(seq 64))"
expect 1 "--output-all=3" list --output-all=3
expect 1 "neither auto nor always nor never" list --color=sometimes -j
expect 1 "unknown option '-o'" create -o
expect 0 "USE%" help list

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

expect 1 "nothing to be changed" set rx -j
expect 1 "neither on nor off" set rx --poison maybe
expect 1 "neither a user" set rx --owner no:such -j
expect 1 "neither a group" create arena rx --size 4K --group -1
expect 1 "octal" set rx --mode 8
expect 1 "did you mean 'low'" monitor -e created,lwo -j
expect 1 "no event ''" monitor --event ''
expect 1 "not a number" monitor -c 1K
expect 1 "too large" monitor --buffer 2G
expect 1 "too few" show
expect 1 "unexpected argument 'two'" reset-stats one two
expect 1 "limit of one call is 65536" alloc rx -N 65537
expect 1 "least is 1" alloc rx -N 0
expect 1 "not a number" alloc rx --count x -j
expect 1 "not both" alloc rx -N 1 --size 64
expect 1 "needs --size" alloc rx --align 64
expect 1 "not a handle" free rx 0.1 7
expect 1 "not a handle" free rx 0.4294967296 -j
expect 1 "only in a batch" keep rx 0.1 -j
expect 1 "only in a batch" take rx 0.1
expect 1 "--hold: only in a batch" alloc rx --hold -j
expect 1 "too few" read rx
expect 1 "unexpected argument" write rx 0.1 a b
expect 1 "not a size" read rx 0.1 -o -
expect 1 "too few" exec rx
expect 1 "too few" verify
expect 1 "too few" map
expect 1 "too few" holders -j
expect 1 "either --svg or --json" map rx --svg - -j
expect 1 "not a number of seconds" stats -i 0 -j
expect 1 "not a number of seconds" stats rx -i nan
expect 1 "not a number of seconds" top --once -d 1s
expect 1 "is for --interval" stats -c 1
expect 1 "its own columns" stats -i 1 -o NAME -j
expect 1 "no number of reports" stats -i 1 -c 0
expect 1 "there is no order" top --once -s nothing
expect 1 "stats -i 1" top
expect 1 "unexpected argument" report rx
expect 0 "doctor" report
expect 0 '"problems"' report -j
expect 1 "cannot open" -b "$out/nothing"
expect 1 "in place of a command" -b /dev/null list
expect 1 "-f is for batches" -f list -j
printf 'version\n\n lsit # wrong\nversion\n' >"$out/batch"
expect 1 "Command failed $out/batch:3" batch "$out/batch"
printf '\357\273\277version\n' >"$out/batch"
expect 0 "poolctl " batch "$out/batch"
printf 'version\n\357\273\277version\n' >"$out/batch"
expect 1 "unknown command '\\xef\\xbb\\xbfversion'" batch "$out/batch"
printf 'version # fine \\\nversion \\\n-j\n' >"$out/batch"
expect 1 "no line goes on in the next one" batch "$out/batch"
expect 1 "Command failed $out/batch:2" batch "$out/batch"
printf 'help\nhelp list\nversion\n' >"$out/batch"
$POOLCTL batch -j "$out/batch" | python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert [line["line"] for line in lines] == [1, 2, 3]
assert lines[1]["command"] == "list"'
report $? "help within a batch in JSON is JSON"
expect 1 "there is no suite" bench modern
expect 1 "too large" bench --cpu 4294967296
expect 1 "there is no context" bench micro --context nmi
expect 1 "the least is 1" bench micro --outstanding 0
expect 1 "is for --compare" bench --fail-above 5%
expect 1 "either --report or --compare" bench --report "$out/page" --compare /dev/null
expect 1 "chooses suites" bench micro --sweep
expect 1 "chooses suites" bench --sweep --size 64
expect 1 "cannot read" bench --compare "$out/nothing"
expect 1 "it is no JSON" bench --compare /dev/null
expect 1 "measured already" bench "$out/nothing" --compare /dev/null --latency

expect 3 "there is no device" alloc rx -d "$out/nothing" -j
expect 3 "is not the device" read rx 0.1 -d /dev/null -j
expect 3 "is not the device" write rx 0.1 text -d /dev/null
expect 3 "is not the device" exec rx -d /dev/null -j -- true
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
	expect 3 "mempool-demo" show rx -j
	expect 3 "mempool-demo" set rx --low 1
	expect 3 "mempool-demo" reset-stats rx -j
	expect 3 "modprobe mempool_demo" monitor -j
	expect 3 "there is no device /dev/mempool_demo" alloc rx
	expect 3 "" bench -j
	expect 3 "mempool-demo" verify rx -j
	expect 3 "mempool-demo" map rx -j
	expect 3 "mempool-demo" holders rx -j
	expect 3 "mempool-demo" stats -i 1 -j
	expect 3 "mempool-demo" top --once
	expect 3 "mempool_demo is not loaded" doctor
	$POOLCTL doctor -j >"$out/stdout"
	python3 -c 'import json, sys
checks = json.load(sys.stdin)["checks"]
assert len(checks) > 4
assert all((check["hint"] is None) == (check["status"] == "ok") for check in checks)' \
		<"$out/stdout"
	report $? "the doctor says what to do about each problem"
fi

if [ -c /dev/full ]; then
	$POOLCTL help >/dev/full 2>"$out/stderr"
	[ $? -eq 2 ] && grep -q "No space left" "$out/stderr"
	report $? "a full disk gives 2"
fi

echo "1..$number"
[ $failures -eq 0 ]
