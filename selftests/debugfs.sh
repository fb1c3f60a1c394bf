#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that debugfs shows each object, in a line of the summary and in a folder
# of its own, and that reading is safe while objects come and go.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

debugfs=/sys/kernel/debug/mempool_demo

test_empty()
{
	clear_objects
	same 1 "$(wc -l < "$debugfs/summary")" "lines of the summary: its heading"
	not compgen -G "$debugfs/[0-9]*"
}

test_summary()
{
	clear_objects
	works poolctl create pool first --block-size 24 --blocks 1000
	works poolctl create arena second --size 64K
	works poolctl alloc first -N 7
	works poolctl alloc second --size 100
	same 3 "$(wc -l < "$debugfs/summary")" "lines of the summary"
	grep -qE '\bfirst +pool +24 +1000 +7 +7\b' "$debugfs/summary"
	grep -qE '\bsecond +arena\b.* 65536 +100 +100\b' "$debugfs/summary"
	works poolctl destroy first second
	same 1 "$(wc -l < "$debugfs/summary")" "lines of the summary"
}

test_stats()
{
	local id field

	clear_objects
	works poolctl create pool p --block-size 24 --blocks 1000
	works poolctl alloc p -N 7
	id=$(stat_of p id)
	for field in 'name +p' 'kind +pool' 'in-use +7' 'peak +7' 'allocs +7' 'frees +0' \
		'failures +0' 'kept +7' 'open-files +0' 'block-size +24' 'blocks +1000'; do
		grep -qE "^$field$" "$debugfs/$id/stats" || {
			echo "no '$field'"
			cat "$debugfs/$id/stats"
			return 1
		}
	done
	same "$(stat_of p footprint)" "$(awk '$1 == "footprint" { print $2 }' "$debugfs/$id/stats")"
	# Whoever has it open when it goes reads the end, not memory of others.
	exec 5< "$debugfs/$id/stats"
	works poolctl destroy p
	[ ! -e "$debugfs/$id" ]
	if cat <&5 > "$out" 2> "$err" && [ -s "$out" ]; then
		grep -q '^name ' "$out"
	fi
	exec 5<&-
}

test_by_name()
{
	local id

	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10
	id=$(stat_of p id)
	[ -e "$debugfs/by-name/p/stats" ]
	cmp "$debugfs/by-name/p/stats" "$debugfs/$id/stats"
	works poolctl destroy p
	[ ! -L "$debugfs/by-name/p" ]
}

test_for_root_only()
{
	not "$(dirname "$0")/as_nobody" cat "$debugfs/summary" 2> /dev/null
}

test_read_only()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10
	same 0 "$(find "$debugfs" -type f -perm /222 | wc -l)" "files that can be written"
	works poolctl destroy p
}

# Names that would be something else in a file system or in a table.
test_names()
{
	local name

	clear_objects
	for name in summary stats by-name 1 0 '%s%n' '*' \$x 'a^b' '|' '"'; do
		works poolctl create pool "$name" --block-size 8 --blocks 8
		grep -qF -e "$name" "$debugfs/summary"
		cat "$debugfs/summary" "$debugfs"/[0-9]*/stats > /dev/null
		works poolctl destroy "$name"
	done
}

# Readers all the time, while objects are created and destroyed.
test_while_objects_come_and_go()
{
	local i reader bad=

	clear_objects
	works poolctl create pool stable --block-size 24 --blocks 10
	(
		while [ ! -e "$tap_dir/stop" ]; do
			cat "$debugfs/summary" > "$tap_dir/seen"
			[ "$(grep -cE '\bstable +pool\b' "$tap_dir/seen")" = 1 ] ||
				cat "$tap_dir/seen" >> "$tap_dir/bad"
			# One may be gone by then.
			cat "$debugfs"/[0-9]*/stats > /dev/null 2>&1 || true
			echo >> "$tap_dir/rounds"
		done
	) &
	reader=$!
	for i in $(seq 15); do
		poolctl create pool "churn-$i" --block-size 8 --blocks 8 2> /dev/null
		poolctl create arena "arena-$i" --size 64 2> /dev/null
		poolctl destroy "churn-$i" "arena-$i" 2> /dev/null
	done
	: > "$tap_dir/stop"
	wait "$reader"
	[ ! -e "$tap_dir/bad" ] || bad=$(< "$tap_dir/bad")
	same '' "$bad" "a summary without the stable pool"
	[ "$(wc -l < "$tap_dir/rounds")" -ge 3 ]
	works poolctl destroy stable
	same 1 "$(wc -l < "$debugfs/summary")" "lines of the summary"
}

tap_run
