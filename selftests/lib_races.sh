#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that no two threads race in libmpdemo, nor for the blocks that it hands out, as far as
# ThreadSanitizer sees it: it watches every access of two of the library's tests.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

dir=$(dirname "$0")
# Watched they take so much longer that a part has to do, as on the slowest kernel.
export MPDEMO_SLOW=8

watched()	# TEST
{
	local status=0

	[ -e "$dir/$1_tsan" ] || skip "the compiler had no ThreadSanitizer"
	"$dir/$1_tsan" > "$tap_dir/$1" 2>&1 || status=$?
	if grep '^FATAL: ThreadSanitizer' "$tap_dir/$1"; then
		skip "ThreadSanitizer finds no room in these addresses"
	fi
	# Of the calls that led to an access not the harness's.
	grep -v 'kselftest_harness.h' "$tap_dir/$1"
	same 0 "$status" "exit status of $1"
}

test_pool_and_caches()
{
	watched lib_threads
}

test_heap()
{
	watched lib_heap_smp
}

tap_run
