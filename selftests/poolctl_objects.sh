#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl shows all of an object, in the columns and the order that are asked for,
# changes what can be changed, and hands on what the kernel refuses.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

as_nobody=$(cd "$(dirname "$0")" && pwd)/as_nobody
on_terminal=${as_nobody%/*}/on_terminal

three_objects()
{
	clear_objects
	works poolctl create pool b --block-size 24 --blocks 10
	works poolctl create arena c --size 4K
	works poolctl create pool a --block-size 64 --blocks 100
	works poolctl alloc b -N 8
	works poolctl alloc a -N 30
}

# The lines of stdout, as one.
says()		# WANTED PROGRAM [ARGUMENT]...
{
	local wanted=$1

	shift
	works "$@"
	same "$wanted" "${stdout//$'\n'/ | }" "output of $*"
}

test_columns()
{
	local columns

	three_objects
	says 'NAME IN-USE | b 8 | c 0B | a 30' poolctl list --raw -o NAME,IN-USE
	says 'b 8 24 | c 0 - | a 30 64' poolctl list -n -r -B --output name,in-use,block-size
	works poolctl list -r -o +OWNER,LEVEL
	[[ $stdout == 'ID NAME KIND SIZE CAPACITY IN-USE PEAK USE% FAILURES OWNER LEVEL'$'\n'* ]]
	[[ $stdout == *' b pool 24B 10 8 8 80% 0 root -'$'\n'* ]]
	[[ $stdout == *' c arena - 4K 0B 0B 0% 0 root -'$'\n'* ]]
	says '[########..] 2 | [..........] 4K | [###.......] 70' poolctl list -nr -o BAR,FREE
	says '10 | 100 | -' poolctl stats -nr -o blocks -s -blocks
	says '100 30%' poolctl stats a -nr -o CAPACITY,USE%

	# All that the help knows.
	columns=$(poolctl help list | sed -n '/^Columns:/,/^$/s/^  \([^ ]*\) .*/\1/p')
	works poolctl list --raw --output-all
	same "${columns//$'\n'/ }" "${stdout%%$'\n'*}" "all columns"
	misused poolctl list -o NAME,USED
	misused poolctl list -o INUSE
	stderr_has "did you mean 'IN-USE'"
	misused poolctl list -o ''
	misused poolctl list -o NAME --output-all
	misused poolctl stats -s nothing
	clear_objects
	says '' poolctl list -o NAME
	stderr_has 'there are no objects'
}

test_order()
{
	three_objects
	says 'a | b | c' poolctl list -nr -o NAME -s in-use
	says 'c | b | a' poolctl list -nr -o NAME --sort -in-use
	says 'a | b | c' poolctl list -nr -o NAME -s NAME
	says 'c | b | a' poolctl stats -nr -o NAME -s -NAME
	says 'b | a | c' poolctl list -nr -o NAME -s USE%
	# What is not there comes last in either order.
	says 'a | b | c' poolctl list -nr -o NAME -s BLOCKS
	says 'b | a | c' poolctl list -nr -o NAME -s -BLOCKS
	# What is the same stays as it was. Who has no watermarks has no level, but in JSON.
	works poolctl set a --low 1 --high 2
	says 'a | b | c' poolctl list -nr -o NAME -s LEVEL
	says 'b - | c - | a normal' poolctl list -nr -o NAME,LEVEL
	works poolctl stats b -nr
	[[ $stdout == *$'\nlevel -\n'* ]] || wrong "no level"
	json 0 '[.objects[].level] == ["normal", null, "normal"]' poolctl stats -o LEVEL --json
	json 0 '[.objects[].name] == ["c", "b", "a"]' poolctl list -s -IN-USE --json
	json 0 '[.objects[].name] == ["a", "b", "c"]' poolctl stats -s name --json
	json 0 '.objects == [{"name": "b", "use_percent": 80, "owner": "root"},
		{"name": "c", "use_percent": 0, "owner": "root"},
		{"name": "a", "use_percent": 30, "owner": "root"}]' \
		poolctl list -o NAME,USE%,BAR,OWNER --json
	json 0 '.objects[0] | .name == "b" and .stride == 24 and .free == 2 and .mode == 384 and
		.dying == false and .group == "root"' poolctl list --output-all --json
	json 0 '.objects[0] == {"level": "normal"}' poolctl stats a -o LEVEL --json
	json_error 1 null poolctl list -o nothing --json
	json_error 1 null poolctl list --color=blue --json
	json_error 2 '"ENOENT"' poolctl stats nothing -o NAME --json
	clear_objects
	json 0 '.objects == []' poolctl list -o NAME -s NAME --json
}

# People read how long that is, and programs get all of it.
test_age()
{
	local age

	three_objects
	works poolctl list -nr -o AGE
	[[ $stdout =~ ^([0-9]+m)?[0-9]+s$'\n' ]] || wrong "no age"
	works poolctl list -nr -o AGE -B
	[[ $stdout =~ ^[0-9]{7,}$'\n' ]] || wrong "no nanoseconds"
	age=${stdout%%$'\n'*}
	json 0 ".objects[0].age > $age" poolctl list -o AGE --json
	works poolctl stats a -nr
	[[ $stdout =~ $'\nage '([0-9]+m)?[0-9]+s$'\n' ]] || wrong "no age"
}

test_colors()
{
	local red=$'\e''\[31m' yellow=$'\e''\[(1;)?33m'

	three_objects
	works poolctl list -o NAME,USE% --color=always
	[[ $stdout =~ 80% && ! $stdout =~ $'\e' ]]
	works poolctl set a --low 80 --high 90
	works poolctl alloc b -N 2
	works poolctl list -o NAME,USE% --color=always
	[[ $stdout =~ b\ *$red\ *100%.*a\ *$yellow\ *30% ]] || wrong "not in red and yellow"
	NO_COLOR=1 works poolctl list -o LEVEL --color
	[[ $stdout =~ ${yellow}low ]]
	# a is exhausted, if not full.
	refused EAGAIN poolctl alloc a -N 71
	works poolctl list -o LEVEL --color=always
	[[ $stdout =~ ${red}exhausted ]]
	# Unless somebody wants them, where there is a terminal that can have them.
	export TERM=xterm
	works poolctl list -o LEVEL
	[[ $stdout != *$'\e'* && $stdout == *exhausted* ]]
	works "$on_terminal" poolctl list -o LEVEL
	[[ $stdout =~ ${red}exhausted ]]
	works "$on_terminal" poolctl list -o LEVEL --color=never
	[[ $stdout != *$'\e'* && $stdout == *exhausted* ]]
	NO_COLOR=1 works "$on_terminal" poolctl list -o LEVEL
	[[ $stdout != *$'\e'* && $stdout == *exhausted* ]]
	NO_COLOR='' TERM=dumb works "$on_terminal" poolctl list -o LEVEL --color=auto
	[[ $stdout != *$'\e'* && $stdout == *exhausted* ]]
}

test_show()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 512 --max-blocks 1024 \
		--chunk-blocks 512 --owner 12 --group 34 --mode 0640
	works poolctl create arena a --size 64K
	works poolctl set p --low 2 --high 4 --quota 7 --poison on
	works poolctl alloc p -N 3
	works poolctl show p
	[[ $stdout =~ ^p:\ pool,\ id\ [0-9]+,\ owner\ 12,\ group\ 34,\ mode\ 0640,\ open\ files\ 0$'\n' ]]
	[[ $stdout =~ $'\n  memory '\ +512\ blocks\ of\ 24B,\ one\ every\ 24B,\ aligned\ to\ 8B ]]
	[[ $stdout =~ $'\n  grows '\ +from\ 512\ blocks\ to\ 1024,\ by\ 512$'\n' ]]
	[[ $stdout =~ $'\n  in use '\ +3\ of\ 1024\ \(0%\),\ at\ most\ 3\;\ kept\ 3,\ reserved\ 0,\ waiters\ 0 ]]
	[[ $stdout =~ $'\n  level '\ +normal\;\ low\ at\ 2\ free\ blocks,\ enough\ at\ 4$'\n' ]]
	[[ $stdout =~ $'\n  poison '\ +on$'\n' ]]
	[[ $stdout =~ $'\n  quota '\ +7\ blocks ]]
	[[ $stdout =~ $'\n  counted '\ +allocs\ 3,\ frees\ 0,\ failures\ 0,\ refused\ 0,\ reclaimed\ 0,\ corrupted\ 0$ ]]
	works poolctl show a p
	[[ $stdout =~ ^a:\ arena,.*$'\n  memory '\ +64K\;.*$'\np: pool,' ]]
	[[ $stdout =~ counted\ +allocs\ 0,\ frees\ 0,\ failures\ 0$'\np:' ]]
	works poolctl show a --bytes
	[[ $stdout =~ \ of\ 65536\ \(0%\) ]]

	misused poolctl show
	refused ENOENT poolctl show nothing
	refused ENOENT poolctl show p nothing
	json 0 '.objects | length == 1 and (.[0] | .low == 2 and .high == 4 and .quota == 7 and
		.poison == 1 and .owner == "12" and .group == "34" and .max_blocks == 1024 and
		.level == "normal" and .kept == 3)' poolctl show p --json
	json 0 '[.objects[].name] == ["a", "p"] and (.objects[0] | has("classes") | not)' \
		poolctl show a p --json
	json_error 2 '"ENOENT"' poolctl show p nothing --json
	json_error 1 null poolctl show --json
	works poolctl destroy p a
}

test_show_heap()
{
	clear_objects
	works poolctl create heap h --blocks 10 --large 64K
	works poolctl show h
	[[ $stdout =~ $'\n  memory '\ +10\ blocks\ of\ each\ class,\ 64K\ for\ larger\ sizes ]]
	[[ $stdout =~ $'\n'\ *CLASS\ +BLOCKS\ +IN-USE\ .*$'\n'\ *16B\ +10\ +0\ .*$'\n'\ *4K\ pages\ +16\  ]] ||
		wrong "no classes"
	# Who may not read it sees the rest.
	works "$as_nobody" poolctl show h
	stderr_has 'classes of h are not shown: '
	[[ $stdout == *memory* && $stdout != *CLASS* ]]
	json 0 '.objects[0] | .kind == "heap" and .blocks == 10 and .large_bytes == 65536 and
		(.classes | length > 3 and all(.blocks > 0 and .in_use == 0) and
		 .[-1].block_size == 4096 and .[-1].blocks == 16)' poolctl show h --json
	json 0 '.objects[0] | .name == "h" and .classes == null' "$as_nobody" poolctl show h --json
	works poolctl destroy h
}

test_set()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 100
	works poolctl create arena a --size 64K
	works poolctl set p --low 10 --high 20
	stderr_has '^poolctl: changed p$'
	no_stdout
	works poolctl set p --quota 5 --mode 0644 --owner nobody --group 77 --poison on
	says '10 20 normal 5 0644 nobody 77 1' poolctl stats p -nr \
		-o LOW,HIGH,LEVEL,QUOTA,MODE,OWNER,GID,POISON
	works "$as_nobody" poolctl set p --poison off --quota 0
	works poolctl set a --mode 0600 --owner 3
	json 0 '.objects | length == 1 and (.[0] | .name == "p" and .low == 0 and .high == 0 and
		.poison == 0 and .quota == 0 and .owner == "nobody" and .uid == 65534)' \
		poolctl set p --low 0 --high 0 --json

	# What was refused was not done in part either.
	refused ERANGE poolctl set p --quota 9 --low 9 --high 3
	stderr_has '\(attribute "low"\)'
	refused ERANGE poolctl set p --low 9 --high 101
	stderr_has '\(attribute "high"\)'
	same 0 "$(stat_of p quota)" quota
	refused ERANGE poolctl set p --quota 4294967295
	stderr_has '\(attribute "quota"\)'
	refused EINVAL poolctl set p --mode 0777
	refused EINVAL poolctl set p --owner 4294967295
	refused EOPNOTSUPP poolctl set a --low 1 --high 2
	stderr_has 'only a pool has watermarks'
	refused EOPNOTSUPP poolctl set a --quota 1
	refused EOPNOTSUPP poolctl set a --poison off
	refused EPERM "$as_nobody" poolctl set a --mode 0666
	refused EPERM "$as_nobody" poolctl set p --owner 0
	refused ENOENT poolctl set nothing --quota 1
	json_error 2 '"ERANGE" and .error.attribute == "low"' poolctl set p --low 9 --high 3 --json
	json_error 2 '"EPERM" and .error.hint != null' "$as_nobody" poolctl set a --quota 3 --json
	json_error 1 null poolctl set p --json

	misused poolctl set p
	misused poolctl set
	misused poolctl set p a --quota 1
	misused poolctl set p --poison 1
	misused poolctl set p --poison
	misused poolctl set p --low -1
	misused poolctl set p --high 4294967296
	misused poolctl set p --mode rw
	misused poolctl set p --owner nosuchuser
	misused poolctl set p --group nosuchgroup
	works poolctl destroy p a
}

test_reset_stats()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10
	works poolctl free p "$(poolctl alloc p)"
	works poolctl alloc p -N 3
	refused EAGAIN poolctl alloc p -N 9
	says '4 1 1 3' poolctl stats p -nr -o ALLOCS,FREES,FAILURES,PEAK
	works poolctl reset-stats p
	stderr_has '^poolctl: p counts from 0 on$'
	says '0 0 0 3' poolctl stats p -nr -o ALLOCS,FREES,FAILURES,PEAK
	same 3 "$(stat_of p in-use)" in_use
	refused ENOENT poolctl reset-stats nothing
	refused EPERM "$as_nobody" poolctl reset-stats p
	misused poolctl reset-stats
	misused poolctl reset-stats p q
	works poolctl alloc p
	json 0 '.objects[0] | .allocs == 0 and .in_use == 4 and .peak == 4' \
		poolctl reset-stats p --json
	json_error 2 '"ENOENT"' poolctl reset-stats nothing --json
	json_error 1 null poolctl reset-stats --json
	works poolctl destroy p
}

tap_run
