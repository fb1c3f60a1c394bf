# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# TAP for tests in bash. A test case is a function; it fails with its first
# command that fails, as with "set -e", which is what makes each line of it an
# assertion:
#
#	test_that_it_works()
#	{
#		[ "$(work)" = done ]
#		refused 2 work --badly
#	}
#	tap_run		# runs all functions test_*, from top to bottom
#
# A function tap_after, if there is one, ends each test case that did not fail.
#
# kselftest takes exit status 2 as an expected failure and 4 as a skip: so a
# script exits with 0 or 1 only, whatever a program in it exits with.

set -u -o pipefail

tap_dir=$(mktemp -d "${TMPDIR:-/tmp}/selftest.XXXXXX") || exit 1
trap tap_exit EXIT

tap_exit()
{
	local status=$?

	rm -rf "$tap_dir"
	[ $status -eq 0 ] || exit 1
}

# In a test case: it cannot be run here.
skip()		# REASON
{
	echo "$*" > "$tap_dir/skip"
	exit 0
}

# Say what was compared, and fail.
same()		# WANTED SEEN [WHAT]
{
	[ "$1" = "$2" ] || {
		echo "${3:-value}: wanted '$1', got '$2'"
		return 1
	}
}

# "! COMMAND" would not fail a test case, whatever COMMAND does: bash makes an
# exception of it.
not()		# COMMAND [ARGUMENT]...
{
	if "$@"; then
		echo "succeeded: $*"
		return 1
	fi
}

tap_case()	# FUNCTION
{
	(
		set -eE
		trap 'tap_failed $? "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}" $LINENO' ERR
		"$1"
		if declare -F tap_after > /dev/null; then
			tap_after
		fi
	) < /dev/null > "$tap_dir/output" 2>&1
}

tap_failed()	# STATUS COMMAND FILE LINE
{
	echo "$3:$4: exit status $1 of: $2"
}

tap_run()
{
	local cases case status number=0 failed=0

	mapfile -t cases < <(declare -F | awk '$3 ~ /^test_/ { print $3 }' |
		while read -r case; do
			shopt -s extdebug
			# NAME LINE FILE
			declare -F "$case"
		done | sort -n -k 2 | cut -d ' ' -f 1)
	echo "TAP version 13"
	echo "1..${#cases[@]}"
	for case in "${cases[@]}"; do
		number=$((number + 1))
		rm -f "$tap_dir/skip"
		# Not in an "if", where set -e would have no effect.
		tap_case "$case"
		status=$?
		if [ $status -ne 0 ]; then
			sed 's/^/# /' "$tap_dir/output"
			echo "not ok $number ${case#test_}"
			failed=1
		elif [ -e "$tap_dir/skip" ]; then
			echo "ok $number ${case#test_} # SKIP $(cat "$tap_dir/skip")"
		else
			echo "ok $number ${case#test_}"
		fi
	done
	exit $failed
}
