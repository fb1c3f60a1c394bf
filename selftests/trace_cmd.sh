#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that trace-cmd records the tracepoints, filters them, and reads what it has recorded, as
# Documentation/tracing.rst shows. That each event tells what it should is for trace.c.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

# The one that was put beside this script, or that of the machine.
PATH=$(cd "$(dirname "$0")" && pwd):$PATH

lines()		# NUMBER REGULAR-EXPRESSION
{
	same "$1" "$(grep -cE "$2" "$out")" "lines with '$2'" || {
		cat "$out" "$err"
		return 1
	}
}

use_pools()
{
	poolctl -q alloc rx -N 2
	poolctl -q free rx 1.1
	# Too many at once, too many now; and what the filter leaves out.
	poolctl -q alloc rx -N 9
	poolctl -q alloc rx -N 4
	poolctl -q alloc other -N 9
	poolctl -q alloc other -N 2
	:
} > /dev/null 2>&1

# In one recording: trace-cmd takes seconds to begin and to end one.
test_record_and_report()
{
	command -v trace-cmd > /dev/null || skip "built without trace-cmd"
	# Mounted or not.
	mount -t tracefs tracefs /sys/kernel/tracing 2> /dev/null || :
	[ -d /sys/kernel/tracing/events/mempool_demo ] || skip "this kernel has no tracepoints"
	clear_objects
	works poolctl create pool rx --block-size 256 --blocks 4
	works poolctl create pool other --block-size 64 --blocks 8

	export -f use_pools
	works trace-cmd record -q -o "$tap_dir/data" -e mempool_demo:mpdemo_pool_alloc \
		-f 'bytes > 64' -e mempool_demo:mpdemo_pool_free \
		-e mempool_demo:mpdemo_pool_fail -f 'name == "rx" && wanted > 3' bash -c use_pools
	works trace-cmd report -i "$tap_dir/data"

	lines 2 '^ *poolctl-[0-9]+ .* mpdemo_pool_alloc: '
	lines 1 ': +name=rx index=0 ptr=[^ ]+ bytes=256 gfp_flags=[^ ]+ caller=[a-z_]+[+]0x'
	lines 1 'alloc: +name=rx index=1 '
	lines 1 'free: +name=rx index=1 ptr=[^ ]+ bytes=256 caller=[a-z_]+[+]0x'
	lines 1 'fail: +name=rx wanted=9 bytes=256 why=too-many '
	lines 1 'fail: +name=rx wanted=4 bytes=256 why=exhausted '
	lines 5 ' mpdemo_'
	lines 0 'FAILED TO PARSE'
	clear_objects
}

tap_run
