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

# shellcheck source=selftests/page.sh
. "$(dirname "$0")/page.sh"

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
