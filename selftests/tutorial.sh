#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that Documentation/tutorial.rst can be followed: runs its commands and compares what they
# print, the figures of instructions included. Not a test of run.sh, as these are to be counted:
# "make test-tutorial" boots a machine that does.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/page.sh
. "$(dirname "$0")/page.sh"

# The least number of commands, so that the page does not lose them unseen.
test_tutorial()
{
	[ "${POOLCTL_INSTRUMENT-}" = instructions ]
	ln -s "$PWD/programs" /root/programs
	run_page tutorial 60
}

tap_run
