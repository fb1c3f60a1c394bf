#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that no command of poolctl is without a promised answer: each that "poolctl help" lists
# has rows in the table below, for where it works, where it is refused and where there is nothing
# to tell, and says in JSON what they say.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

# CASE STATUS COMMAND LINE => FILTER, which is about all the documents that were printed, in $d, or
# "none", where there are to be none. COMMAND LINE is for a shell; its first word is the command.
#
#	works		there are a pool p of 10 blocks, of which 0.1 is kept, and an arena a
#	fails		as well
#	empty		there are no objects
#
# A command that has no such case says why not: "CASE - COMMAND => WHY".
table()
{
	cat <<- 'E'
	works 0 list => $d[0].objects | map(.name) == ["p", "a"]
	fails 1 list p => $d[0].error.status == 1
	empty 0 list => $d[0].objects == []

	works 0 stats p => $d[0].objects[0] | .in_use == 1 and .kept == 1
	fails 2 stats none => $d[0].error.errno == "ENOENT"
	empty 0 stats => $d[0].objects == []

	works 0 show p => $d[0].objects[0].name == "p"
	fails 2 show p none => $d[0].error.errno == "ENOENT"
	empty 2 show p => $d[0].error.errno == "ENOENT"

	works - monitor => what it tells is for poolctl_monitor.sh
	fails 1 monitor --event none => $d[0].error.status == 1
	empty - monitor => there is nothing to tell

	works 0 set p --quota 5 => $d[0].objects[0].quota == 5
	fails 2 set p --low 5 --high 4 => $d[0].error.errno == "ERANGE"
	empty 2 set p --quota 5 => $d[0].error.errno == "ENOENT"

	works 0 map p => $d[0] | .parts[0].map == "k........." and .parts[0].states.free == 9
	works 0 map a => $d[0].parts == []
	fails 2 map none => $d[0].error.errno == "ENOENT"
	empty 2 map p => $d[0].error.errno == "ENOENT"

	works 0 holders p => $d[0] | .kept == 1 and .holders == []
	fails 1 holders => $d[0].error.status == 1
	empty 2 holders p => $d[0].error.errno == "ENOENT"

	works 1 top --once => $d[0].error.message | contains("no JSON of it")
	fails 1 top p => $d[0].error.status == 1
	empty - top => it has no JSON

	works 0 reset-stats p => $d[0].objects[0].allocs == 0
	fails 2 reset-stats none => $d[0].error.errno == "ENOENT"
	empty 2 reset-stats p => $d[0].error.errno == "ENOENT"

	works 0 create pool q --block-size 8 --blocks 8 => $d[0].objects[0].name == "q"
	fails 2 create pool p --block-size 8 --blocks 8 => $d[0].error.errno == "EEXIST"
	empty 1 create pool => $d[0].error.errno == null

	works 0 destroy a p => $d[0].destroyed == ["a", "p"]
	fails 2 destroy p none a => $d[0].destroyed == ["p"] and $d[0].error.errno == "ENOENT"
	empty 2 destroy p => $d[0].destroyed == [] and $d[0].error.errno == "ENOENT"

	works 0 alloc p -N 2 => $d[0].handles | length == 2
	works 0 alloc a --size 8 => $d[0].offset == 0
	fails 2 alloc p -N 10 => $d[0].error.errno == "EAGAIN"
	empty 2 alloc p => $d[0].error.errno == "ENOENT"

	works 0 free p 0.1 => $d[0].freed == 1
	fails 2 free p 0.1 0.1 => $d[0].freed == 1 and $d[0].error.errno == "EALREADY"
	empty 2 free p 0.1 => $d[0].error.errno == "ENOENT"

	works 0 batch <<< $'take p 0.1\nkeep p 0.1' => $d[1] | .kept == 1 and .object == "p"
	fails 2 batch <<< 'keep p 0.1' => $d[0] | .kept == 0 and .error.errno == "EPERM"
	fails 1 keep p 0.1 => $d[0].error.status == 1
	empty 1 keep p 0.1 => $d[0].error.status == 1

	works 0 batch <<< 'take p 0.1' => $d[0] | .taken == 1 and .object == "p"
	fails 2 batch <<< 'take p 9.9' => $d[0] | .taken == 0 and .error.errno == "ENOENT"
	fails 1 take p 0.1 => $d[0].error.status == 1
	empty 1 take p 0.1 => $d[0].error.status == 1

	works 0 read p 0.1 -l 2 => $d[0] | .hex == "0000" and .length == 2
	works 0 read p 0.1 -o 24 => $d[0] | .hex == "" and .length == 0
	fails 2 read p 9.9 => $d[0].error.errno == "ENOENT"
	empty 2 read p 0.1 => $d[0].error.errno == "ENOENT"

	works 0 write p 0.1 text => $d[0] | .length == 4
	works 0 write p 0.1 => $d[0] | .length == 0
	fails 2 write p 0.1 -o 22 text => $d[0].error.errno == "ENOSPC"
	empty 2 write p 0.1 text => $d[0].error.errno == "ENOENT"

	works 0 exec p -N 2 -- true => none
	fails 127 exec p -- no-such-command => $d[0].error.status == 127
	empty 2 exec p -- true => $d[0].error.errno == "ENOENT"

	works 0 reset a => $d[0].freed_bytes == 0
	fails 2 reset p => $d[0].error.errno == "EOPNOTSUPP"
	empty 2 reset a => $d[0].error.errno == "ENOENT"

	works 0 bench bullets => $d[0].rows | length > 3
	fails 1 bench none => $d[0].error.status == 1
	fails 1 bench none --compare /dev/null => $d[0].error.status == 1
	empty - bench => it needs no objects

	works 1 metrics => $d[0].error.message | contains("no JSON")
	fails 1 metrics --format none => $d[0].error.status == 1
	empty - metrics => it has no JSON

	works 0 verify p => $d[0] | .problems == 0 and (.checks | length > 3)
	fails 2 verify none => $d[0].error.errno == "ENOENT"
	empty 2 verify p => $d[0].error.errno == "ENOENT"

	works 0 batch <<< $'alloc p\nlist' => ($d | map(.line) == [1, 2]) and $d[1].objects[0].in_use == 2
	fails 2 batch -f <<< $'free p 9.9\nlist' => $d[0].error.errno == "ENOENT" and $d[1].objects != []
	empty 0 batch < /dev/null => none

	works 0 doctor => $d[0] | .problems == 0 and (.checks | length > 5)
	fails 3 doctor -d /dev/null => $d[0].problems == 1
	empty 0 doctor => $d[0].problems == 0

	works 0 report => $d[0] | (.objects | length == 2) and .problems == 0
	fails 1 report p => $d[0].error.status == 1
	empty 0 report => $d[0].objects == []

	works 0 help => $d[0] | (.commands | map(.command) | contains(["list", "help"])) and (.options | length > 8)
	works 0 help list => $d[0] | .command == "list" and (.columns | length > 20)
	works 0 batch <<< $'help map\nversion' => $d | map(.line) == [1, 2] and .[0].command == "map"
	fails 1 help none => $d[0].error.status == 1
	empty 0 help help => $d[0] | .command == "help" and .arguments == "[COMMAND]"

	works 0 version => $d[0].version | length > 0
	fails 1 version 2 => $d[0].error.status == 1
	empty 0 version => $d[0].version | length > 0
	E
}

commands()
{
	poolctl help | sed -n '/^Commands:/,/^$/s/^ \([a-z][a-z-]*\) .*/\1/p'
}

# A row is of the command that it begins with, or that the only line of its batch does.
row_is_of()	# COMMAND LINE
{
	[[ $2 == "$1" || $2 == "$1 "* || $2 =~ ^batch\ .*(\'|\\n)$1\  ]]
}

# By one process, as each takes long.
prepare()	# CASE
{
	local lines=('destroy p' 'destroy a' 'destroy q')

	[ "$1" = empty ] || lines+=('create pool p --block-size 24 --blocks 10'
		'create arena a --size 4K' 'alloc p')
	printf '%s\n' "${lines[@]}" > "$tap_dir/batch"
	poolctl -f -b "$tap_dir/batch" > /dev/null 2>&1 || true
}

# One jq for all of a case, as it takes long to start.
run_case()	# CASE
{
	local case status line filter filters='' wrong i=0 ran=()

	clear_objects
	: > "$tap_dir/all"
	while read -r case status line <&3; do
		if [ "$case" != "$1" ] || [ "$status" = - ]; then
			continue
		fi
		# A whole suite takes minutes with KASAN, and its answer is the same.
		if [ "${MPDEMO_SLOW:-1}" -gt 3 ] && [[ $line == 'bench bullets '* ]]; then
			continue
		fi
		ran+=("$case $status $line")
		filter=${line#* => }
		line=${line% => *}
		prepare "$case"
		eval "status_of $status poolctl --json $line"
		printf '%s\n' "$stdout" '"end of a row"' >> "$tap_dir/all"
		# shellcheck disable=SC2016 # a variable of jq
		[ "$filter" != none ] || filter='($d == [])'
		filters+="${filters:+, }(\$all[$i] as \$d | all(\$d[]; .schema == 1) and ($filter))"
		i=$((i + 1))
	done 3< <(table)
	[ "$i" -gt 10 ]
	wrong=$(jq -rn "(reduce inputs as \$x ([[]];
			if \$x == \"end of a row\" then . + [[]] else .[-1] += [\$x] end)) as \$all |
		[$filters] | to_entries[] | select(.value != true) | .key" "$tap_dir/all") || {
		cat "$tap_dir/all"
		return 1
	}
	for i in $wrong; do
		echo "not so: ${ran[i]}"
	done
	[ -z "$wrong" ] || cat "$tap_dir/all"
	[ -z "$wrong" ]
}

test_all_have_rows()
{
	local command commands case rows line row found

	mapfile -t commands < <(commands)
	[ ${#commands[@]} -gt 15 ]
	mapfile -t rows < <(table)
	for command in "${commands[@]}"; do
		for case in works fails empty; do
			found=
			for row in "${rows[@]}"; do
				[[ $row == "$case "* ]] || continue
				line=${row#* * }
				! row_is_of "$command" "${line% => *}" || found=y
			done
			[ "$found" ] || {
				echo "no row: $case $command"
				return 1
			}
		done
	done
}

test_works()
{
	modprobe mempool_demo_bench
	# The figures mean nothing where a CPU is emulated, but they are figures.
	export POOLCTL_INSTRUMENT=instructions
	run_case works
	rmmod mempool_demo_bench
}

test_fails()
{
	run_case fails
}

test_empty()
{
	run_case empty
	clear_objects
}

tap_run
