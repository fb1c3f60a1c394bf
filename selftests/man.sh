#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that what the manual pages, libmpdemo.rst and examples.rst show is so: runs the commands of
# their examples, one after the other as a reader would, and compares what they print.
# Documentation/testing.rst says how examples are written.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

pages=$PWD/man
# Those of tools/examples.
PATH=$PWD/examples:$PATH

# As after booting: numbers of objects begin at 1, the device is root's, and nobody uses it, also where
# a page ended with a server in the background.
fresh()
{
	# shellcheck disable=SC2046 # a list of words
	kill $(jobs -p) 2> /dev/null && wait
	[ ! -d /sys/module/mempool_demo_bench ] || rmmod mempool_demo_bench
	[ ! -d /sys/module/mempool_demo ] || rmmod mempool_demo
	modprobe mempool_demo
	[ -c /dev/mempool_demo ]
}

# Sets $pattern to what matches the lines $@, in which "..." is any text.
pattern_of()
{
	local line text=

	for line; do
		text+=${text:+$'\n'}$line
	done
	pattern=
	while [[ $text == *...* ]]; do
		pattern+=$(printf '%q' "${text%%...*}")'*'
		text=${text#*...}
	done
	pattern+=$(printf '%q' "$text")
}

# What was shown for a command, and what came of it. A command that fails and shows nothing is
# one that the page takes for a success.
compare()	# COMMAND STATUS OUTPUT [LINE]...
{
	local command=$1 status=$2 output=$3 pattern line

	shift 3
	if [ "$status" -ne 0 ] && [ $# -eq 0 ]; then
		echo "exit status $status, which is not shown: $command"
		return 1
	fi
	pattern_of "$@"
	[ "$(eval "[[ \$output == $pattern ]] && echo y")" = y ] || {
		echo "shown for: $command"
		for line; do
			echo "    $line"
		done
		echo "seen, with exit status $status:"
		printf '    %s\n' "${output//$'\n'/$'\n    '}"
		return 1
	}
}

# In this shell, so that a variable that an example sets is there for the next command.
run_page()	# PAGE COMMANDS
{
	local example_lines=() example_line example_shown=() example_count=0 example_next
	local example_command example_output example_status=0

	fresh
	trap fresh EXIT
	cd "$pages"
	mapfile -t example_lines < "$1.sh"
	for ((example_next = 0; example_next < ${#example_lines[@]}; )); do
		example_command=${example_lines[example_next++]}
		[[ $example_command == '# '* ]] || {
			echo "no command: $example_command"
			return 1
		}
		example_command=${example_command#'# '}
		example_shown=()
		while [ "$example_next" -lt ${#example_lines[@]} ]; do
			example_line=${example_lines[example_next]}
			[[ $example_line != '# '* ]] || break
			example_shown+=("$example_line")
			example_next=$((example_next + 1))
		done
		run_command
		compare "$example_command" "$example_status" "$example_output" \
			"${example_shown[@]}"
		example_count=$((example_count + 1))
	done
	[ "$example_count" -ge "$2" ] || {
		echo "$example_count commands in $1, and not $2"
		return 1
	}
}

# $? of an example is that of the command before it.
run_command()
{
	local status=$example_status

	example_status=0
	eval "(exit $status); $example_command" > "$tap_dir/shown" 2>&1 || example_status=$?
	example_output=$(< "$tap_dir/shown")
}

# The least number of commands, so that a page does not lose them unseen.
test_poolctl()
{
	run_page poolctl.8 27
}

test_device()
{
	run_page mempool_demo.4 4
}

test_overview()
{
	run_page mempool_demo.7 13
}

test_library()
{
	run_page libmpdemo.3 6
}

test_two_processes()
{
	run_page libmpdemo 1
}

test_examples()
{
	[ -e /proc/net/tcp ] || skip this kernel has no TCP
	run_page examples 11
}

# That a page that lies is found.
test_lies()
{
	compare 'echo a' 0 a a
	compare 'echo a b' 0 'a b' 'a ...'
	compare seq 0 $'1\n2\n3\n4' 1 ... 4
	compare seq 0 $'*\n[a]' '*' '[a]'
	not compare 'echo a' 0 a b
	not compare 'echo a' 0 b '*'
	not compare 'echo a' 0 $'a\nb' a
	not compare 'echo a' 0 a
	not compare seq 0 $'1\n2\n3\n4' 1 ... 5
	not compare false 1 ''
	compare false 1 'no' 'no'
}

tap_run
