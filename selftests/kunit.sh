#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the KUnit suites of mempool_demo_test.ko, by loading it, and tells each of their cases as
# one of its own. Which cases there are it knows from their source, see the Makefile: one that did
# not run has failed.
#
# LIMIT: 150 seconds, as there are many.

# check() calls functions by their names.
# shellcheck disable=SC2317,SC2329

# kselftest takes other statuses for something else.
trap '[ $? -eq 0 ] || exit 1' EXIT

dir=$(cd "$(dirname "$0")" && pwd) || exit 1
module=mempool_demo_test
kunit=/sys/kernel/debug/kunit
number=0 failed=0

result()	# ok|"not ok" TEXT
{
	number=$((number + 1))
	echo "$1 $number $2"
	[ "$1" = ok ] || failed=1
}

# Allocations that may sleep, and single pages, fail on demand too; and a failure prints a line
# but no trace. What was set is put back.
failures()	# set|restore
{
	local file setting

	for setting in failslab/{ignore-gfp-wait=N,verbose=1} \
		       fail_page_alloc/{ignore-gfp-wait=N,min-order=0,verbose=1}; do
		file=/sys/kernel/debug/${setting%=*}
		[ -e "$file" ] || continue
		if [ "$1" = set ]; then
			saved[$file]=$(< "$file")
			echo "${setting#*=}" > "$file"
		else
			echo "${saved[$file]}" > "$file"
		fi
	done
}

# The line of a case, as KTAP has it inside of its suite.
line_of()	# SUITE CASE
{
	grep -sE "^    (not )?ok [0-9]+ $2( # .*)?$" "$kunit/$1/results"
}

tell()		# SUITE CASE
{
	local line

	line=$(line_of "$1" "$2")
	case $line in
	'')
		result "not ok" "$1.$2 did not run"
		;;
	'    ok '*' # SKIP'*)
		result ok "$1.$2 # SKIP${line#* # SKIP}"
		;;
	'    ok '*)
		result ok "$1.$2"
		;;
	*)
		sed 's/^/# /' "$kunit/$1/results"
		result "not ok" "$1.$2"
		;;
	esac
}

# Nothing has failed but what a line above tells, and nothing has run that nobody waited for.
nothing_else()
{
	local suite suites ran

	mapfile -t suites < <(cut -d ' ' -f 1 "$dir/kunit-cases" | sort -u)
	for suite in "${suites[@]}"; do
		if grep -qsE "^not ok 1 $suite" "$kunit/$suite/results" &&
		   ! grep -qE '^    not ok ' "$kunit/$suite/results"; then
			echo "# suite $suite has failed as a whole"
			return 1
		fi
	done
	ran=$(for suite in "${suites[@]}"; do
		cat "$kunit/$suite/results"
	done | grep -cE '^    (not )?ok ')
	[ "$ran" -eq "$(wc -l < "$dir/kunit-cases")" ] || {
		echo "# $ran cases ran"
		return 1
	}
}

# The module can go, and so can the one that it has tested.
unload()
{
	rmmod "$module" || return
	[ ! -d /sys/module/mempool_demo_bench ] || rmmod mempool_demo_bench || return
	rmmod mempool_demo && modprobe mempool_demo
}

check()		# FUNCTION
{
	if "$1" 2>&1; then
		result ok "$1"
	else
		result "not ok" "$1"
	fi
}

declare -A saved=()
[ ! -d /sys/module/$module ] || rmmod $module || exit
echo "TAP version 13"
failures set
if ! modprobe $module 2> /dev/null && [ ! -d /sys/module/kunit ]; then
	failures restore
	echo "1..0 # SKIP this kernel has no KUnit"
	exit 0
fi
failures restore
echo "1..$(($(wc -l < "$dir/kunit-cases") + 2))"
while read -r suite case; do
	tell "$suite" "$case"
done < "$dir/kunit-cases"
check nothing_else
check unload
exit $failed
