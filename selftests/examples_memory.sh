#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that the examples bullets, sizes and threads give the same answers on objects of the module
# and on the C library, count right, get what they use from the kernel, and leave nothing there; and
# that all examples refuse what they cannot do, and say so.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
PATH=$PWD/examples:$PATH

# On the module and on the C library; sets $ours and $theirs, the files of what they print.
both()		# PROGRAM [OPTION]...
{
	ours=$tap_dir/ours theirs=$tap_dir/theirs
	"$@" > "$ours" 2>&1 || {
		cat "$ours"
		return 1
	}
	"$@" --malloc > "$theirs" 2>&1
	cat "$ours"
	# The name alone, or the program would be the same one twice.
	grep -qw mempool_demo "$ours"
	grep -qw malloc "$theirs"
	not grep -qw malloc "$ours"
}

# Of both, by a filter: the same, which is printed.
agree()		# COMMAND...
{
	local answer

	answer=$("$@" < "$ours")
	[ -n "$answer" ]
	same "$("$@" < "$theirs")" "$answer" "answer" >&2
	echo "$answer"
}

# The table of memory without its head, one space between words.
memory_of()
{
	sed '1,/^MEMORY /d' | tr -s ' '
}

test_bullets()
{
	both bullets
	same "100500 bullets fired, 0 misfires, 96863 hits, damage 532163, 500 left" "$(agree grep fired)"
	same "bullets 24 1000 0 600 100500 0 -" "$(agree memory_of)"
}

# There are 75 and come 100, of 150 in all: 25 misfires in the first frame. After that there are 50.
test_bullets_misfire()
{
	both bullets --bullets 150 --frames 10
	same "1050 25 50" "$(agree sed -n 's/^\([0-9]*\) .*fired, \([0-9]*\) .*, \([0-9]*\) left/\1 \2 \3/p')"
	same "bullets 24 150 0 150 1050 25 -" "$(agree memory_of)"
}

# How many cells of each picture have a bullet.
marks()
{
	awk '/^frame / { n++ } /^ *[0-9]+ [.#o]+$/ { marks[n] += gsub(/[#o]/, "") }
		END { for (i = 1; i <= n; i++) print marks[i] }' | uniq -c | tr -s ' '
}

test_bullets_map()
{
	both bullets --map --frames 20
	same " 20 500" "$(agree marks)" "pictures, and bullets in them"
	# Side by side: no picture is larger than the pool, and each cell is a block.
	same 20 "$(awk '/^frame / && $6 <= 24000 && $10 == 24' "$ours" | wc -l)" "pictures of blocks"
	grep -q '^ *[0-9]* [.#]*o' "$ours"
}

# While it plays, poolctl sees its pool, with those bullets in use that are there in each frame.
test_bullets_are_in_a_pool()
{
	local player tries=50 in_use

	same 0 "$(poolctl list --json | jq '.objects | length')" "objects before"
	bullets --map --frames 1000000 > "$tap_dir/out" &
	player=$!
	until in_use=$(poolctl list --json | jq '.objects[] | select(.block_size == 24) |
			.in_use') && [ "${in_use:-0}" -ge 500 ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			kill "$player"
			poolctl list
			return 1
		}
		sleep 0.1
	done
	kill "$player"
	wait "$player" || true
	same 0 "$(poolctl list --json | jq '.objects | length')" "objects after"
}

report_of()
{
	sed 's/ on [a-z_]*$//; /^$/,$d'
}

test_sizes()
{
	local blocks=1000 bytes=8 i

	both sizes
	agree report_of > "$tap_dir/report"
	grep -q '^100000 pieces, 0 could not be, 0 damaged,$' "$tap_dir/report"
	same 100000 "$(awk '$1 ~ /-bytes$/ || $1 == "larger" { n += $2 } END { print n }' "$tap_dir/report")" \
		"allocations of all classes"
	[ "$(awk '$1 ~ /-bytes$/ { n += $4 } END { print n }' "$tap_dir/report")" -gt 0 ]
	agree memory_of > "$tap_dir/memory"
	# Name, bytes, count, and none in use.
	for i in {1..8}; do
		blocks=$((1000 / i))
		same "$bytes-bytes $bytes $blocks 0" "$(sed -n "${i}p" "$tap_dir/memory" | cut -d ' ' -f 1-4)"
		bytes=$((bytes * 2))
	done
	same "larger 10485760 1 -" "$(sed -n 9p "$tap_dir/memory" | cut -d ' ' -f 1-4)"
}

# More than there is: the last class and the arena are used up, and who asks is told.
test_sizes_used_up()
{
	both sizes --alive 10000 --pieces 120000
	agree report_of > "$tap_dir/report"
	[ "$(sed -n 's/^120000 pieces, \([0-9]*\) could not be, 0 damaged,$/\1/p' "$tap_dir/report")" -gt 1000 ]
	same 120000 "$(awk '$1 ~ /-bytes$/ || $1 == "larger" { n += $2 } / could not be/ { n += $3 }
		END { print n }' "$tap_dir/report")" "pieces, and those that could not be"
	same "0 0 0 0 0 0 0 0 -" "$(agree memory_of | cut -d ' ' -f 4 | paste -sd ' ')" "in use at the end"
}

counts_of()
{
	sed '1,/^THREADS /d' | awk '{ print $1, $2, $3, $4 }'
}

# Four lines have 47 words of 176 letters. No pool and no arena is left.
test_threads()
{
	both threads --threads 4 --lines 1000
	same $'1 11750 44000 0\n2 23500 88000 0\n4 47000 176000 0' "$(agree counts_of)"
}

refused()	# MESSAGE PROGRAM [OPTION]...
{
	local status=0

	"${@:2}" > "$tap_dir/out" 2> "$tap_dir/error" || status=$?
	same 1 "$status" "exit status of ${*:2}"
	same '' "$(cat "$tap_dir/out")" "output of ${*:2}"
	same "$2: $1" "$(head -n 1 "$tap_dir/error")"
	grep -q "^usage: $2 .*--help" "$tap_dir/error"
}

test_bad_options()
{
	local program

	for program in bullets sizes threads httpd chatd chatload; do
		refused '--wrong: there is no such option' "$program" --wrong
		refused 'word: all is said by options' "$program" word
		same "$program" "$("$program" --help | sed -n '1s/^usage: \([a-z]*\) .*/\1/p')" "usage"
	done
	for program in bullets sizes threads; do
		refused '--malloc=yes: there is no such option' "$program" --malloc=yes
	done
	refused '--frames needs a value' bullets --frames
	refused '--frames 0: must be a number from 1 to 1000000' bullets --frames 0
	refused '--bullets -1: must be a number from 1 to 100000' bullets --bullets -1
	refused '--alive 10001: must be a number from 1 to 10000' sizes --alive 10001
	refused '--pieces 1x: must be a number from 1 to 10000000' sizes --pieces 1x
	refused '--threads 65: must be a number from 1 to 64' threads --threads 65
	refused '--lines : must be a number from 1 to 100000000' threads --lines ''
	refused '--threads 0: must be a number from 1 to 64' httpd --threads 0
	refused '--port 65536: must be a number from 0 to 65535' httpd --port 65536
	refused '--clients 18446744073709551617: must be a number from 1 to 100000' \
		chatd --clients 18446744073709551617
	refused '--ring 7: must be a number from 8 to 1048576' chatd --ring 7
	refused 'which --port is it?' chatload
	refused '1 --steady clients are too few for 2 --rooms' chatload --port 1 --steady 1 --rooms 2
}

# What --help shows are the defaults, whatever stands before it.
test_help()
{
	bullets --frames 5 --help > "$tap_dir/out"
	grep -q -- '--frames N .*(default 1000)' "$tap_dir/out"
	grep -q -- '--malloc ' "$tap_dir/out"
}

test_no_device()
{
	local program status

	for program in bullets sizes threads; do
		status=0
		./as_nobody "examples/$program" > "$tap_dir/out" 2>&1 || status=$?
		same 1 "$status" "exit status of $program"
		same 'open /dev/mempool_demo (--malloc does without it): Permission denied' "$(cat "$tap_dir/out")"
	done
	./as_nobody examples/threads --malloc --lines 10 > "$tap_dir/out"
}

tap_run
