#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl shows what is with each block and who holds some: as text, as a picture,
# as JSON; and rates of all counters.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

# Somebody who holds blocks until end_holder. Sets $holder, its pid.
begin_holder()	# NAME COUNT
{
	rm -f "$tap_dir/hold" "$tap_dir/held"
	mkfifo "$tap_dir/hold"
	poolctl exec "$1" -N "$2" -- sh -c 'echo held; read -r' < "$tap_dir/hold" > "$tap_dir/held" &
	holder=$!
	exec 9> "$tap_dir/hold"
	until [ -s "$tap_dir/held" ]; do
		kill -0 "$holder"
		pause
	done
}

end_holder()
{
	exec 9>&-
	wait "$holder" || true
}

test_holders()
{
	clear_objects
	works poolctl create pool rx --block-size 64 --blocks 100
	works poolctl holders rx
	stderr_has 'nobody has rx open'
	json 0 '.name == "rx" and .kept == 0 and .holders == []' poolctl holders rx --json

	works poolctl alloc rx -N 7
	begin_holder rx 5
	works poolctl holders rx
	[[ $stdout =~ ^HOLDER\ +PID\ +COMM\ +ACCESS\ +HELD\ +QUOTA\ +OPEN ]]
	[[ $stdout =~ $'\n'\ +kept\ +-\ +-\ +-\ +7\ +-\ +- ]]
	[[ $stdout =~ $'\n'\ +[0-9]+\ +$holder\ poolctl\ rw\ +5\ +-\ +[0-9]+s ]]
	json 0 ".kept == 7 and (.holders | length == 1 and (.[0] | .pid == $holder and
		.comm == \"poolctl\" and .access == \"rw\" and .held == 5 and .quota == 0 and
		.gone == false and (.holder | type == \"number\") and .age > 0))" \
		poolctl holders rx -j
	works poolctl holders rx --noheadings --raw
	[[ $stdout =~ \ "$holder"\ poolctl\ rw\ 5\ -\ [0-9]+s$ ]]
	works poolctl holders rx --noheadings --raw --bytes
	[[ $stdout =~ \ "$holder"\ poolctl\ rw\ 5\ -\ [0-9]{7,}$ ]]
	end_holder
	json 0 '.holders == []' poolctl holders rx -j

	works poolctl create arena a --size 4K
	json 0 '.holders == [] and (has("kept") | not)' poolctl holders a -j
	works poolctl destroy rx a
	refused ENOENT poolctl holders rx
	json_error 2 '"ENOENT"' poolctl holders rx -j
	misused poolctl holders
}

# Who they are is not for everybody.
test_holders_of_others()
{
	clear_objects
	works poolctl create pool rx --block-size 64 --blocks 100 --mode 0666
	begin_holder rx 2
	works ./as_nobody poolctl holders rx
	[[ $stdout =~ $'\n'\ +[0-9]+\ +-\ -\ +rw\ +2\  ]]
	json 0 '.holders[0] | .held == 2 and (has("pid") or has("comm") or has("gone") | not)' \
		./as_nobody poolctl holders rx -j
	end_holder
	works poolctl destroy rx
}

test_map()
{
	local rows=() handles i row

	clear_objects
	works poolctl create pool bullets --block-size 24 --blocks 130
	works poolctl map bullets
	[[ $stdout =~ ^pool\ bullets,\ id\ [0-9]+$'\n'130\ blocks\ of\ 24B,\ 0\ in\ use$'\n' ]]
	works poolctl alloc bullets -N 66
	mapfile -t handles < "$out"
	begin_holder bullets 3
	works poolctl free bullets "${handles[@]:1:2}"
	works poolctl map bullets
	mapfile -t rows < "$out"
	printf -v row '%61s' ''
	same "       0 k..${row// /k}" "${rows[2]}" "first row"
	printf -v row '%59s' ''
	same "      64 kkhhh${row// /.}" "${rows[3]}" "second row"
	same "     128 .." "${rows[4]}" "third row"
	same ". free: 63" "${rows[5]}" legend
	same "h held by a program: 3" "${rows[6]}" legend
	same "k kept by the object: 64" "${rows[7]}" legend
	same 8 "${#rows[@]}" "number of lines"
	json 0 '.kind == "pool" and (.parts | length == 1 and (.[0] | .count == 130 and
		.block_size == 24 and .first == 0 and .pages == false and (.map | length == 130) and
		.map[:4] == "k..k" and .map[66:69] == "hhh" and .states.free == 63 and
		.states.held == 3 and .states.kept == 64 and ([.states[]] | add == 130)))' \
		poolctl map bullets -j

	# On a narrow terminal no row is broken.
	COLUMNS=40 works poolctl map bullets
	[[ $stdout =~ $'\n'\ {7}0\ k\.\.k{21}$'\n'\ {6}24\ k{24}$'\n' ]] || wrong "40 columns"
	COLUMNS=5 works poolctl map bullets
	[[ $stdout =~ $'\n       0 k..kkkkk\n       8 kkkkkkkk\n       *\n      64 kkhhh...\n' ]] || wrong "5 columns"

	# No colors in a pipe, and where somebody wants them the same letters.
	works poolctl map bullets --color=always
	[[ $stdout =~ $'\033'\[35mk$'\033'\[90m\.\. ]]
	same "$(printf '%s\n' "${rows[@]}")" "$(sed $'s/\033\\[[0-9]*m//g' "$out")" "without colors"
	end_holder
	works poolctl destroy bullets
}

test_map_of_others()
{
	local handles

	clear_objects
	works poolctl create arena a --size 64K
	works poolctl map a
	same $'64K, 0B in use, 0B at the peak\n       0 '"$(printf '%064d' 0 | tr 0 .)"$'\n. free: 64K' \
		"${stdout#*$'\n'}" "map of an arena that nobody uses"
	works poolctl alloc a --size 32K
	works poolctl reset a
	works poolctl alloc a --size 16K
	works poolctl map a
	[[ $stdout =~ $'\n'64K,\ 16K\ in\ use,\ 32K\ at\ the\ peak$'\n' ]]
	[[ $stdout =~ \ 0\ hhhhhhhhhhhhhhhhpppppppppppppppp\.{32}$'\n' ]]
	[[ $stdout =~ $'\n. free: 48K\nh in use: 16K\np free, but in use at the peak: 16K'$ ]]
	works poolctl map a --bytes
	[[ $stdout =~ 65536,\ 16384\ in\ use.*free:\ 49152$'\n' ]]
	json 0 '.kind == "arena" and .bytes == 65536 and .in_use == 16384 and .peak == 32768 and
		.parts == []' poolctl map a --json

	works poolctl create heap h --blocks 10 --large 64K
	works poolctl map h
	[[ $stdout =~ 10\ blocks\ of\ 8B,\ 0\ in\ use.*16\ pages\ of\ 4K,\ 0\ in\ use ]]
	json 0 '(.parts | length) == 9 and .parts[8].pages and .parts[8].map == "................"' \
		poolctl map h -j

	works poolctl create pool grows --block-size 64 --blocks 64 --max-blocks 128 --chunk-blocks 64
	json 0 '.parts[0].states | .free == 64 and .absent == 64' poolctl map grows -j

	# Several blocks in a cell: half of the first are in use, all of the second, and the rest
	# is free, of which one row is shown, and the last.
	works poolctl create pool large --block-size 8 --blocks 100000
	works poolctl alloc large -N 64
	mapfile -t handles < <(seq 0 2 31)
	works poolctl free large "${handles[@]/%/.1}"
	works poolctl map large
	[[ $stdout =~ $'\n'\ +0\ 5k\.{62}$'\n'\ +2048\ \.{64}$'\n'\ +\*$'\n'\ +98304\ \.{53}$'\n' ]]
	[[ $stdout =~ "A cell is 32 blocks" ]]
	works poolctl destroy a h grows large

	refused ENOENT poolctl map large
	json_error 2 '"ENOENT"' poolctl map large -j
	misused poolctl map
}

# As many cells as blocks, of which as many are kept as are.
test_svg()
{
	local svg=$tap_dir/map.svg

	clear_objects
	works poolctl create pool '<&">' --block-size 24 --blocks 1000
	works poolctl alloc '<&">' -N 37
	works poolctl map '<&">' --svg "$svg"
	no_stdout
	sed -n "/<g class='cells'>/,/<\/g>/p" "$svg" > "$tap_dir/cells"
	same 1000 "$(grep -c '^<use ' "$tap_dir/cells")" cells
	same 37 "$(grep -c "^<use href='#s-kept' " "$tap_dir/cells")" "kept cells"
	grep -qF '<title>&lt;&amp;"&gt;: map of a pool</title>' "$svg"
	# Complete in itself.
	not grep -qE 'href=.http|<script|<image|@import' "$svg"
	works poolctl map '<&">' --svg -
	same "$(< "$svg")" "$stdout" "on stdout"

	json_error 1 null poolctl map '<&">' --svg "$svg" --pretty
	status_of 2 poolctl map '<&">' --svg /nosuch/map.svg
	stderr_has 'No such file'
	stderr_has '  try: '
	status_of 2 poolctl map '<&">' --svg /dev/full
	[ -c /dev/full ]
	works poolctl destroy '<&">'
}

test_rates()
{
	clear_objects
	works poolctl stats -i 0.1 -c 1
	same '' "$stdout" "rates of nothing"
	json 0 '.objects == []' poolctl stats -i 0.1 -c 1 -j
	works poolctl create pool rx --block-size 8 --blocks 10
	works poolctl create arena a --size 4K
	works poolctl alloc rx -N 4
	works poolctl stats -i 0.2 -c 2
	mapfile -t lines < "$out"
	same 5 "${#lines[@]}" "heading, and two lines each time"
	[[ ${lines[0]} =~ ^NAME\ +KIND\ +IN-USE\ CAPACITY\ USE%\ +ALLOCS/s\ +FREES/s\ FAILURES/s$ ]]
	[[ ${lines[1]} =~ ^rx\ +pool\ +4\ +10\ +40%\ +[0-9.]*[1-9][0-9.]*\ +0\ +0$ ]]
	[[ ${lines[3]} =~ ^rx\ +pool\ +4\ +10\ +40%\ +0\ +0\ +0$ ]]
	[[ ${lines[4]} =~ ^a\ +arena\ +0B\ +4K\ +0%\ +0\ +0\ +0$ ]]
	works poolctl stats rx -i 0.1 -c 1 --noheadings --raw
	[[ $stdout =~ ^rx\ pool\ 4\ 10\ 40%\ [0-9.]+\ 0\ 0$ ]]
	# Columns are below each other, however long a name is.
	works poolctl create arena "a-long-name-$(printf %051d 0)" --size 4K
	works poolctl stats -i 0.1 -c 1
	[[ $stdout =~ ^NAME\ {60}KIND\ .*$'\nrx'\ {62}pool\ .*$'\na-'[^\ ]{61}\ arena\  ]] || wrong columns
	works poolctl destroy "a-long-name-$(printf %051d 0)"
	works poolctl destroy a

	# What happens between two reports is in the second, once.
	poolctl stats rx -i 1 -c 2 -j > "$tap_dir/reports" &
	until [ -s "$tap_dir/reports" ]; do
		pause
	done
	refused EAGAIN poolctl alloc rx -N 7
	works poolctl alloc rx -N 3
	wait $!
	same 2 "$(wc -l < "$tap_dir/reports")" reports
	json 0 '.objects[0] | .name == "rx" and .since_zero == false and .in_use == 7 and
		.capacity == 10 and .seconds > 0.5 and (.allocs_per_s * .seconds | round) == 3 and
		(.failures_per_s * .seconds | round) == 1 and .frees_per_s == 0' \
		tail -n 1 "$tap_dir/reports"
	json 0 '.objects[0].since_zero and .ts_ns > 0' head -n 1 "$tap_dir/reports"

	works poolctl destroy rx
	refused ENOENT poolctl stats rx -i 1
	json_error 2 '"ENOENT"' poolctl stats rx -i 1 -j
	misused poolctl stats -i 0
	misused poolctl stats -i nan
	misused poolctl stats -i 1x
	misused poolctl stats -i 1 -c 0
	misused poolctl stats -c 3
	misused poolctl stats -i 1 -o NAME
}

# Ctrl-C is its usual end.
test_rates_end()
{
	local signal

	clear_objects
	works poolctl create pool rx --block-size 8 --blocks 10
	for signal in TERM HUP; do
		: > "$tap_dir/reports"
		poolctl stats -i 60 > "$tap_dir/reports" &
		until [ -s "$tap_dir/reports" ]; do
			pause
		done
		kill -"$signal" $!
		wait $!
	done
	# Nobody reads on.
	works eval 'poolctl stats -i 0.1 | head -n 1'
	works poolctl destroy rx
}

tap_run
