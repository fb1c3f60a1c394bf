#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl top is what a person at a terminal wants it to be: drives it by keys in a
# tmux of its own, and compares what is on the screen.
#
# LIMIT: 120 seconds

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

here=$PWD
export TERMINFO=$here/terminfo TMUX_TMPDIR=$tap_dir
unset TMUX NO_COLOR COLUMNS LINES

tmux_()
{
	# It insists on a locale with UTF-8.
	LOCPATH=$TERMINFO LC_ALL=C.UTF-8 "$here/tmux" -L top -f "$tap_dir/tmux.conf" "$@"
}

echo 'set -g default-terminal screen' > "$tap_dir/tmux.conf"
trap 'tmux_ kill-server 2> /dev/null; tap_exit' EXIT

screen()
{
	tmux_ capture-pane -p
}

# Until the screen matches, or for so long that it never will.
wait_for()	# REGULAR-EXPRESSION
{
	local tries shown

	for ((tries = 0; tries < 100; tries++)); do
		shown=$(screen)
		[[ ! $shown =~ $1 ]] || return 0
		pause
	done
	printf '%s\n' "no '$1' on the screen:" "$shown"
	return 1
}

keys()		# KEY...
{
	tmux_ send-keys "$@"
}

# A shell on a terminal of that size.
begin()
{
	local shell="PS1='\$ ' bash --norc --noprofile"

	[ -x "$here/tmux" ] || skip "there is no tmux"
	# One server for all test cases, and whatever was on its screen is gone.
	if ! tmux_ respawn-pane -k "$shell" 2> /dev/null; then
		tmux_ new-session -d -x 100 -y 24 "$shell"
	fi
	tmux_ resize-window -x 100 -y 24
	tmux_ clear-history
	wait_for '^\$ *$'
}

# top in it, which reads anew only when it is asked to.
begin_top()
{
	begin
	keys 'stty -a > before; poolctl top -d 3600' Enter
	wait_for 'poolctl top - '
}

# Three pools, of which each is the first in another order.
make_pools()
{
	clear_objects
	works poolctl --quiet batch <<- 'END'
		create pool alpha --block-size 8 --blocks 100
		create pool beta --block-size 64 --blocks 50
		create pool gamma --block-size 16 --blocks 1000
		alloc alpha -N 10
		alloc beta -N 25
		alloc gamma -N 70
	END
}

# What does not depend on the time: rates are 0 after a second reading.
settled()
{
	keys Space
	wait_for "alpha[^"$'\n'"]* 0 +0 +0"
}

names()
{
	screen | sed -nE 's/^[> ] *[0-9]+ ([a-z0-9-]+)[+ ].*/\1/p' | tr '\n' ' '
}

# Without what is not always the same.
plain_screen()
{
	screen | sed -E '1s/[0-9:]{8},/TIME,/; 1s/, [0-9.]+[KM],/, SIZE,/
		5,$s/^([> ]) *[0-9]+ ([a-z])/\1   N \2/; s/ +$//'
}

plain_map()
{
	screen | sed -E '1s/id [0-9]+/id N/; s/ +$//'
}

wait_for_names()	# NAMES
{
	local tries

	for ((tries = 0; tries < 100; tries++)); do
		[ "$(names)" != "$1 " ] || return 0
		pause
	done
	same "$1 " "$(names)" order
}

test_screen()
{
	local want

	make_pools
	begin_top
	settled
	want='poolctl top - TIME, 3 objects, SIZE, every 3600 s, by use
0 allocs/s, 0 frees/s, 0 failures/s; Enter: map, h: help, q: quit

   ID NAME                     KIND    IN-USE CAPACITY USE% BAR      ALLOCS/s  FREES/s FAILS/s MARKS
>   N beta                     pool        25       50  50% [###...]        0        0       0
    N alpha                    pool        10      100  10% [#.....]        0        0       0
    N gamma                    pool        70     1000   7% [......]        0        0       0'
	same "$want" "$(plain_screen)" screen

	keys h
	wait_for 'Keys of poolctl top.*SPACE +read again now'
	keys '?'
	wait_for '3 objects'
	keys H
	wait_for 'Keys of poolctl top'
	keys Escape
	wait_for '3 objects'
	works poolctl destroy alpha beta gamma
}

# A narrow one has fewer columns, and of each what matters most.
test_narrow_and_tall()
{
	local want

	make_pools
	works poolctl --quiet batch <<- 'END'
		create arena a-long-name-of-an-arena --size 64K
		alloc a-long-name-of-an-arena --size 64K
		reset a-long-name-of-an-arena
		alloc a-long-name-of-an-arena --size 1
	END
	begin_top
	settled
	tmux_ resize-window -x 40 -y 14
	want='0 allocs/s, 0 frees/s, 0 failures/s; Ent

   ID NAME             IN-USE USE% MARKS
>   N beta                 25  50%
    N alpha                10  10%
    N gamma                70   7%
    N a-long-name-o+       1B   0%'
	wait_for 'USE% MARKS'
	# How much of the first line is seen depends on the numbers in it.
	same "$want" "$(plain_screen | sed 1d)" "40 columns"

	# Its map, and all of the legend.
	keys Enter
	want='pool beta, id N
Enter: back, q: quit

50 blocks of 64B, 25 in use
       0 kkkkkkkkkkkkkkkkkkkkkkkk
      24 k.......................
      48 ..





. free  m cached  r reserved  h held
k kept  + moving  - absent'
	wait_for 'absent'
	same "$want" "$(plain_map)" "map in 40 columns"
	keys Enter
	wait_for 'USE% MARKS'
	keys End Enter
	want='arena a-long-name-of-an-arena, id N
Enter: back, q: quit

1 of 65536 bytes in use, 65536 at the pe
         hppppppppppppppppppppppp

. free
h in use
p free, but in use at the peak'
	wait_for 'h in use'
	same "$want" "$(plain_map)" "map of an arena"
	keys Enter
	wait_for 'USE% MARKS'

	# More room than there is to show: all columns, whole names, and nothing is repeated.
	tmux_ resize-window -x 200 -y 100
	want='poolctl top - TIME, 4 objects, SIZE, every 3600 s, by use
0 allocs/s, 0 frees/s, 0 failures/s; Enter: map, h: help, q: quit

   ID NAME                     KIND    IN-USE CAPACITY USE% BAR                                        ALLOCS/s  FREES/s FAILS/s MARKS
    N beta                     pool        25       50  50% [####################....................]        0        0       0
    N alpha                    pool        10      100  10% [####....................................]        0        0       0
    N gamma                    pool        70     1000   7% [###.....................................]        0        0       0
>   N a-long-name-of-an-arena  arena       1B      64K   0% [........................................]        0        0       0'
	wait_for 'ALLOCS/s'
	same "$want" "$(plain_screen)" "200 columns"
	# As many as there is room for, from the first to the last.
	printf 'create arena many-%d --size 8\n' {1..40} | poolctl --quiet batch
	keys n Space
	wait_for 'many-1 .*many-40 .*many-9 '
	same 44 "$(names | wc -w)" "objects in 100 lines"
	tmux_ resize-window -x 60 -y 10
	keys Home
	wait_for '> *[0-9]+ a-long'
	same 6 "$(names | wc -w)" "objects in 10 lines"
	keys End
	wait_for 'many-9 '
	clear_objects
}

test_no_colors()
{
	make_pools
	begin
	keys 'poolctl top -d 3600' Enter
	wait_for 'poolctl top - '
	keys Enter
	wait_for 'beta, id'
	[[ $(tmux_ capture-pane -p -e) =~ $'\e'\[[0-9\;]*35m ]]
	keys q
	for how in 'NO_COLOR=1 poolctl top' 'poolctl top --color=never'; do
		keys C-l "clear; $how -d 3600" Enter
		wait_for 'poolctl top - '
		keys Enter
		wait_for 'beta, id'
		[[ ! $(tmux_ capture-pane -p -e) =~ $'\e'\[[0-9\;]*3[0-9]m ]]
		keys q
		wait_for '\$ *$'
	done
	clear_objects
}

test_orders()
{
	make_pools
	begin_top
	wait_for_names "beta alpha gamma"
	keys n
	wait_for_names "alpha beta gamma"
	wait_for ', by name'
	keys a
	wait_for_names "gamma beta alpha"
	keys O
	wait_for_names "gamma alpha beta"
	keys s
	wait_for_names "beta gamma alpha"
	keys u
	wait_for_names "beta alpha gamma"
	keys i
	wait_for_names "alpha beta gamma"
	refused EAGAIN poolctl alloc gamma -N 931
	keys f Space
	wait_for_names "gamma alpha beta"
	# And that it was exhausted is marked, until it was not for a while.
	wait_for "gamma[^"$'\n'"]* E *"$'\n'
	keys Space
	wait_for "gamma[^"$'\n'"]* 0 +0 +0 *(\$|"$'\n)'
	works poolctl destroy alpha beta gamma
}

# The same cells as of poolctl map, and the cursor stays with its object.
test_map_of_selected()
{
	local want

	make_pools
	works poolctl free alpha 3.1
	begin_top
	keys n Up
	wait_for '> *[0-9]+ alpha'
	want='100 blocks of 8B, 9 in use
       0 kkk.kkkkkk..............................................................................
      88 ............'
	keys Enter
	wait_for 'pool alpha, id'
	same "$want" "$(screen | sed -n 4,6p)" "map of alpha"
	wait_for '\. free  m cached  r reserved  h held  k kept  \+ moving  - absent'
	works poolctl free alpha 0.1
	keys Space
	wait_for '       0 \.kk\.kk'
	keys m
	wait_for 'by name'
	keys Down m
	wait_for 'pool beta, id'
	wait_for '25 in use'
	keys Escape
	wait_for '> *[0-9]+ beta'
	keys i
	wait_for '> *[0-9]+ beta'
	# It goes away while its map is shown.
	keys Enter
	wait_for 'pool beta, id'
	works poolctl destroy beta
	keys Space
	wait_for 'it is gone'
	keys Enter
	wait_for '2 objects'
	works poolctl destroy alpha gamma
	keys Space
	wait_for 'there are no objects'
}

test_reclaimed()
{
	make_pools
	# Ahead of the pipe, which it would keep open.
	begin_top
	mkfifo "$tap_dir/hold"
	poolctl exec beta -N 5 -- sh -c 'echo held; read -r' < "$tap_dir/hold" > "$tap_dir/held" &
	exec 9> "$tap_dir/hold"
	until [ -s "$tap_dir/held" ]; do
		pause
	done
	keys Space
	wait_for 'beta +pool +30 '
	keys Enter
	wait_for '       0 k{25}h{5}\.{20}'
	keys Enter
	exec 9>&-
	wait
	keys Space
	wait_for 'beta +pool +25 .* R *'$'\n'
	keys Space
	wait_for 'beta +pool +25 .* 0 *'$'\n'
	works poolctl destroy alpha beta gamma
}

# A window of any size, in which no line is broken.
test_resize()
{
	local size line

	make_pools
	begin_top
	for size in '80 24' '40 6' '20 3' '1 1' '160 12' '100 24'; do
		# shellcheck disable=SC2086 # two words
		set -- $size
		tmux_ resize-window -x "$1" -y "$2"
		keys Space m Space h h
		sleep 0.1
		while IFS= read -r line; do
			[ ${#line} -le "$1" ]
		done < <(screen)
	done
	wait_for '3 objects'
	wait_for 'beta .*alpha '
	works poolctl destroy alpha beta gamma
}

# However it ends, the terminal is as it was.
restored()
{
	wait_for '\$ *$'
	same '0 1' "$(tmux_ display -p '#{alternate_on} #{cursor_flag}')" "screen and cursor"
	keys 'stty -a | cmp - before && echo the same as it was' Enter
	wait_for $'\n''the same as it was'
}

test_end()
{
	local signal

	make_pools
	cd "$tap_dir"
	begin_top
	same '1 0' "$(tmux_ display -p '#{alternate_on} #{cursor_flag}')" "screen and cursor"
	keys q
	restored
	for signal in TERM HUP QUIT; do
		keys C-l 'clear; poolctl top -d 3600; echo status $?' Enter
		wait_for 'poolctl top - '
		kill -"$signal" "$(pidof poolctl)"
		wait_for 'status 0'
		restored
	done
	keys C-l 'clear; poolctl top -d 3600; echo status $?' Enter
	wait_for 'poolctl top - '
	keys C-c
	wait_for 'status 0'
	restored
	works poolctl destroy alpha beta gamma
}

test_it_reads_by_itself()
{
	make_pools
	begin
	keys 'poolctl top --delay 0.2 -s name' Enter
	wait_for ', by name'
	wait_for 'alpha +pool +10 '
	works poolctl alloc alpha -N 20
	wait_for 'alpha +pool +30 '
	works poolctl destroy gamma
	wait_for '2 objects'
	works poolctl destroy alpha beta
	wait_for 'there are no objects'
}

test_module_goes_away()
{
	clear_objects
	begin
	keys 'poolctl top -d 0.2; echo status $?' Enter
	wait_for '0 objects'
	rmmod mempool_demo
	wait_for 'module mempool_demo is not loaded.*status 3'
	modprobe mempool_demo
}

test_no_terminal()
{
	clear_objects
	misused poolctl top
	stderr_has 'stats -i 1'
	json_error 1 null poolctl top --json
	misused poolctl top --once -s nothing
	misused poolctl top --once -d 0
	works poolctl top --once
	stderr_has 'there are no objects'
	make_pools
	works poolctl top --once -s name
	[[ $stdout =~ ^\ +ID\ NAME.*MARKS$'\n'.*\ alpha\ .*\ beta\ .*\ gamma\  ]]
	works poolctl top --once --noheadings
	[[ ! $stdout =~ NAME ]]
	[[ $stdout =~ \ beta\ .*\ alpha\ .*\ gamma\  ]]
	works poolctl top --once -r -B
	[[ $stdout =~ ^ID\ NAME\ KIND\ IN-USE\ CAPACITY\ USE%\ BAR\ ALLOCS/s\ FREES/s\ FAILS/s\ MARKS$'\n'[0-9]+\ beta\ pool\ 25\ 50\ 50%\ \[###\.\.\.\]\  ]]
	works poolctl create arena "$(printf 'a%062d' 0)" --size 8
	works poolctl top --once
	[[ $stdout =~ \ a0{62}\ arena\  ]]
	COLUMNS=50 works poolctl top --once
	[[ $stdout =~ \ a0+\+\  ]]
	not grep -E '.{51}' "$out"
	begin
	keys 'TERM=nosuch poolctl top; echo status $?' Enter
	wait_for "no such terminal as 'nosuch'.*status 1"
	clear_objects
}

tap_run
