#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that bash completes what is written for poolctl: commands, options, what belongs to
# them, and the names of the objects that there are, which are never taken for code.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

# shellcheck source=tools/completion/poolctl
. "$(dirname "$0")/completion-poolctl"

# What does not change is asked for once.
poolctl()
{
	local cache="$tap_dir/${*//[^a-z]/_}"

	if [ "$1" != help ]; then
		command poolctl "$@"
	elif [ -e "$cache" ]; then
		printf '%s\n' "$(< "$cache")"
	else
		command poolctl "$@" | tee "$cache"
	fi
}

# As bash does it when somebody presses Tab at the end of the line.
completed()	# LINE WANTED...
{
	local line=$1

	shift
	COMP_LINE=$line
	COMP_POINT=${#line}
	COMPREPLY=()
	_poolctl poolctl "${line##* }"
	same "$*" "${COMPREPLY[*]}" "completions of '$line'"
}

test_registered()
{
	same 'complete -F _poolctl poolctl' "$(complete -p poolctl)" "what bash knows"
}

test_commands()
{
	local words

	completed 'poolctl mon' monitor
	completed 'poolctl -j --pretty mon' monitor
	completed 'poolctl -d /dev/null vers' version
	completed 'poolctl --device /dev/null mon' monitor
	completed 'poolctl nothing'
	completed 'poolctl nothing x'
	completed 'poolctl help mon' monitor
	completed 'poolctl help monitor x'
	mapfile -t words < <(poolctl help | sed -n '/^Commands:/,/^$/s/^ \([a-z-]*\) .*/\1/p')
	[ ${#words[@]} -gt 10 ]
	completed 'poolctl ' "${words[@]}"
}

test_options()
{
	completed 'poolctl --js' --json
	completed 'poolctl list --output' --output --output-all
	completed 'poolctl list --col' --color
	completed 'poolctl alloc x --al' --align
	completed 'poolctl set -j --po' --poison
	completed 'poolctl destroy --blo'
	# Behind this they are names.
	completed 'poolctl destroy -- --j'
}

test_values()
{
	completed 'poolctl create ' pool arena heap
	completed 'poolctl create a' arena
	completed 'poolctl set x --poison ' on off
	completed 'poolctl set x --poison=of' off
	completed 'poolctl set --owner nob' nobody
	completed 'poolctl list --color=' auto always never
	completed 'poolctl metrics --format o' openmetrics
	completed 'poolctl bench c' connections chat
	completed 'poolctl list -o CAP' CAPACITY
	completed 'poolctl list -o NAME,US' NAME,USE%
	completed 'poolctl stats --output +LE' +LEVEL
	completed 'poolctl list --output=NAME,LE' NAME,LEVEL
	completed 'poolctl list -s OPE'
	completed 'poolctl list -s -PE' -PEAK
	completed 'poolctl monitor -e ' created deleted changed low exhausted recovered reclaimed corruption
	completed 'poolctl monitor --event low,rec' low,recovered low,reclaimed
	completed 'poolctl -d /dev/mempool_d' /dev/mempool_demo
	completed 'poolctl alloc -N '
	completed 'poolctl top --sort ca' capacity
	completed 'poolctl top -s i' in-use id
	completed 'poolctl -b /dev/mempool_d' /dev/mempool_demo
	completed 'poolctl batch /dev/mempool_d' /dev/mempool_demo
	completed 'poolctl exec x -- modprob' modprobe
	completed 'poolctl exec x -N 3 -- poolctl /dev/mempool_d' /dev/mempool_demo
	completed 'poolctl batch -f /dev/mempool_d' /dev/mempool_demo
	completed 'poolctl exec -N 2 x -- poolct' poolctl
	completed 'poolctl exec x unam' uname
	completed 'poolctl read x 1.1 --hex' --hex
}

test_names()
{
	clear_objects
	completed 'poolctl destroy '
	works poolctl create pool bullets --block-size 8 --blocks 10
	works poolctl create pool bombs --block-size 8 --blocks 10
	works poolctl create arena basket --size 4K
	works poolctl create pool a:b=c --block-size 8 --blocks 10
	completed 'poolctl destroy b' bullets bombs basket
	completed 'poolctl destroy bullets bo' bombs
	completed 'poolctl stats bu' bullets
	completed 'poolctl stats bullets b'
	completed 'poolctl set --low 3 bu' bullets
	completed 'poolctl set bullets b'
	completed 'poolctl show -j bullets bul' bullets
	completed 'poolctl monitor -e low bul' bullets
	completed 'poolctl alloc -N 3 bul' bullets
	completed 'poolctl reset b' basket
	completed 'poolctl create pool b'
	# Of which bash gives the last part only, and wants that.
	completed 'poolctl show a' a:b=c
	completed 'poolctl show a:' b=c
	completed 'poolctl show a:b=' c
	clear_objects
}

# Names that a shell would take for something else.
test_evil_names()
{
	cd "$tap_dir"
	clear_objects
	# shellcheck disable=SC2016 # that is the point
	works poolctl create arena '$(echo>evil)' --size 64
	# shellcheck disable=SC2016
	works poolctl create arena '`echo>evil`' --size 64
	works poolctl create arena "a'b\"c;d" --size 64
	works poolctl create arena '*' --size 64
	# shellcheck disable=SC2016
	completed 'poolctl destroy ' '\$\(echo\>evil\)' '\`echo\>evil\`' "a\\'b\\\"c\\;d" '\*'
	completed "poolctl destroy a\\'b" "a\\'b\\\"c\\;d"
	[ ! -e evil ]
	clear_objects
}

tap_run
