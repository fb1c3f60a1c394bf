# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs the commands of the examples of a page, one after the other as a reader would, and compares
# what they print with what the page shows. For man.sh and tutorial.sh; Documentation/testing.rst
# says how examples are written. FIGURES_TO=FOLDER: figures go there, and are not compared.

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
		printf -v line '%q' "${text%%...*}"
		pattern+=$line'*'
		text=${text#*...}
	done
	printf -v line '%q' "$text"
	pattern+=$line
}

# Say so, and fail.
differs()	# COMMAND STATUS OUTPUT [LINE]...
{
	echo "shown for: $1"
	[ $# -eq 3 ] || printf '    %s\n' "${@:4}"
	echo "seen, with exit status $2:"
	printf '    %s\n' "${3//$'\n'/$'\n    '}"
	return 1
}

# What was shown for a command, and what came of it. A command that fails and shows nothing is
# one that the page takes for a success.
compare()	# COMMAND STATUS OUTPUT [LINE]...
{
	local command=$1 status=$2 output=$3 pattern

	shift 3
	if [ "$status" -ne 0 ] && [ $# -eq 0 ]; then
		echo "exit status $status, which is not shown: $command"
		return 1
	fi
	pattern_of "$@"
	eval "[[ \$output == $pattern ]]" ||
		differs "$command" "$status" "$output" "$@"
}

# Figures of a measurement: words as they are, but any number for a number. How often the slab
# allocator has to look for memory depends on who was there before; what figures must be is judged
# by "make bench-insn".
compare_figures()	# COMMAND STATUS OUTPUT [LINE]...
{
	local command=$1 status=$2 output=$3

	shift 3
	if [ "$status" -ne 0 ] || [ $# -eq 0 ]; then
		differs "$command" "$status" "$output" "$@"
		return
	fi
	printf '%s\n' "$@" | awk -v output="$output" '
	BEGIN { seen = split(output, other) }
	{
		for (i = 1; i <= NF; i++) {
			n++
			if ($i != other[n] && !($i ~ /[0-9]/ && other[n] ~ /[0-9]/))
				bad = bad " " $i "," other[n]
		}
	}
	END {
		if (n != seen)
			bad = bad " " n " words," seen
		if (bad)
			print "shown, and seen:" bad
		exit bad != ""
	}' || differs "$command" "$status" "$output" "$@"
}

# In this shell, so that a variable that an example sets is there for the next command.
run_page()	# PAGE COMMANDS
{
	local example_lines=() example_line example_shown=() example_count=0 example_next
	local example_command example_output example_status=0 example_kind=''

	fresh
	trap fresh EXIT
	cd "$pages" || return
	mapfile -t example_lines < "$1.sh"
	for ((example_next = 0; example_next < ${#example_lines[@]}; )); do
		example_command=${example_lines[example_next++]}
		if [[ $example_command == '#: '* ]]; then
			example_kind=${example_command#'#: '}
			continue
		fi
		[[ $example_command == '# '* ]] || {
			echo "no command: $example_command"
			return 1
		}
		example_command=${example_command#'# '}
		example_shown=()
		while [ "$example_next" -lt ${#example_lines[@]} ]; do
			example_line=${example_lines[example_next]}
			[[ $example_line != '# '* && $example_line != '#: '* ]] || break
			example_shown+=("$example_line")
			example_next=$((example_next + 1))
		done
		run_command
		example_count=$((example_count + 1))
		# What says where something was measured looks as a command does, and differs.
		[ "$example_kind" != figures ] || example_output=$(sed '/^#/d' <<< "$example_output")
		if [ "$example_kind" = figures ] && [ -n "${FIGURES_TO-}" ]; then
			# They will be what the page shows: by their numbers among its commands.
			printf '%s\n' "$example_output" > "$FIGURES_TO/$1.$example_count"
		elif [ "$example_kind" = figures ]; then
			compare_figures "$example_command" "$example_status" "$example_output" \
				"${example_shown[@]}"
		else
			compare "$example_command" "$example_status" "$example_output" \
				"${example_shown[@]}"
		fi
	done
	[ "$example_count" -ge "$2" ] || {
		echo "$example_count commands in $1, and not $2"
		return 1
	}
}

# $? of an example is that of the command before it.
ended_with()	# STATUS
{
	return "$1"
}

run_command()
{
	local status=$example_status

	example_status=0
	# shellcheck disable=SC2154 # of tap.sh
	eval "ended_with $status; $example_command" > "$tap_dir/shown" 2>&1 || example_status=$?
	example_output=$(< "$tap_dir/shown")
}
