# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What the tests of poolctl share: to run a command and look at all three of its
# answers, the exit status, stdout and stderr. Programs of the shell itself where
# that is possible, as each process costs some 20 ms in an emulated machine.

out=$tap_dir/stdout
err=$tap_dir/stderr

run()		# PROGRAM [ARGUMENT]...
{
	status=0
	"$@" > "$out" 2> "$err" || status=$?
	contents_of "$out" stdout
	contents_of "$err" stderr
}

# As $(< FILE), which is a process, and up to the first NUL.
contents_of()	# FILE VARIABLE
{
	local -n into=$2

	IFS= read -r -d '' into < "$1" || true
	while [[ $into == *$'\n' ]]; do
		into=${into%$'\n'}
	done
}

status_of()	# WANTED PROGRAM [ARGUMENT]...
{
	local wanted=$1 status

	shift
	run "$@"
	[ "$status" -eq "$wanted" ] ||
		wrong "wanted exit status $wanted, got $status: $*"
}

wrong()		# TEXT
{
	printf '%.300s\n' "$1" "stdout: $stdout" "stderr: $stderr"
	return 1
}

# Success, and nothing on stderr that looks like an error.
works()		# PROGRAM [ARGUMENT]...
{
	status_of 0 "$@"
	[[ ! $stderr =~ error|refused|cannot ]] || wrong "an error"
}

no_stdout()
{
	[ -z "$stdout" ] || wrong "there is something on stdout"
}

stderr_has()	# REGULAR-EXPRESSION
{
	[[ $stderr =~ $1 ]] || wrong "stderr has no '$1'"
}

# The kernel refused: three parts, what was asked, what the kernel said, and
# what to do.
refused()	# ERRNO PROGRAM [ARGUMENT]...
{
	local errno=$1

	shift
	status_of 2 "$@"
	is_refusal "$errno"
}

is_refusal()	# ERRNO
{
	local errno=$1

	no_stdout
	stderr_has "(^|"$'\n'")poolctl: [^"$'\n'"]*$errno"
	stderr_has $'\n  kernel: .....'
	stderr_has $'\n  try: .....'
	printable
}

# Wrong usage: what is wrong, and where help is. Nothing was sent.
misused()	# PROGRAM [ARGUMENT]...
{
	status_of 1 "$@"
	is_usage_error
}

is_usage_error()
{
	no_stdout
	stderr_has '^poolctl: .....'
	stderr_has $'\n'"Try 'poolctl .*--help' for more information\.$"
	printable
}

# Whatever was given as an argument, no terminal is driven mad by the answer.
printable()
{
	local LC_ALL=C

	[[ ! $stderr =~ [^[:print:]$'\n'] ]] ||
		wrong "stderr has bytes that are not printable"
	[ ${#stderr} -lt 4096 ] || wrong "stderr is ${#stderr} bytes long"
}

# One JSON document on stdout, of the schema, for which the filter is true. jq
# takes a third of a second to start, so it looks at all of a test case at once.
json_filters=()
json_calls=()

json()		# STATUS FILTER PROGRAM [ARGUMENT]...
{
	local status=$1 filter=$2

	shift 2
	status_of "$status" "$@"
	[ ${#json_filters[@]} -gt 0 ] || : > "$tap_dir/json"
	printf '%s\n' "$stdout" >> "$tap_dir/json"
	json_filters+=("($filter)")
	json_calls+=("$*")
}

tap_after()
{
	local i filters='' wrong

	[ ${#json_filters[@]} -gt 0 ] || return 0
	for i in "${!json_filters[@]}"; do
		filters+="${filters:+, }(\$d[$i] | .schema == 1 and ${json_filters[$i]})"
	done
	wrong=$(jq -nr "[inputs] as \$d |
		if (\$d | length) != ${#json_filters[@]} then \"number of documents\" else
		[$filters] | to_entries[] | select(.value != true) | .key end" "$tap_dir/json")
	for i in $wrong; do
		echo "JSON: $i ${json_calls[$i]-}: not ${json_filters[$i]-}"
	done
	[ -z "$wrong" ] || {
		cat "$tap_dir/json"
		return 1
	}
}

# The same in the form of an error, which is on stderr as well.
json_error()	# STATUS ERRNO PROGRAM [ARGUMENT]...
{
	local status=$1 errno=$2

	shift 2
	json "$status" ".error.status == $status and (.error.message | length) > 5 and
		.error.errno == $errno" "$@"
	stderr_has '^poolctl: .....'
}

# A counter of an object.
stat_of()	# NAME FIELD
{
	local field value

	poolctl stats "$1" --noheadings --raw --bytes |
		while read -r field value; do
			[ "$field" != "$2" ] || echo "$value"
		done
}

no_objects()
{
	same '' "$(poolctl list --noheadings)" "poolctl list"
}

# Nothing of earlier test cases. Deleted ones, which somebody has open, have no name.
clear_objects()
{
	local name names=()

	while read -r name; do
		case $name in
		'(deleted)'|'(anonymous)') ;;
		*) names+=("$name") ;;
		esac
	done < <(poolctl list --noheadings --raw --output NAME 2> /dev/null)
	[ ${#names[@]} -eq 0 ] || poolctl --quiet destroy "${names[@]}"
}

# For 50 ms, without a process.
mkfifo "$tap_dir/never"
exec 7<> "$tap_dir/never"
pause()
{
	read -r -t 0.05 -u 7 || true
}
