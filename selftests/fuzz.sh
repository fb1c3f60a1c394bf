#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A few seconds of the fuzzer, and all programs that have found something once.

# tap_run calls the functions by their names.
# shellcheck disable=SC2317,SC2329

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

# Those of past failures: each line is the PROGRAM of mpdemo_fuzz --replay.
test_replays()
{
	local program line=0

	while read -r program; do
		line=$((line + 1))
		case $program in
		'#'*|'') continue ;;
		esac
		./mpdemo_fuzz --replay "$program" || {
			echo "line $line of fuzz-replays"
			return 1
		}
	done < fuzz-replays
}

# A program that must be refused, so that a replay is known to be run at all.
test_replay_of_nothing()
{
	not ./mpdemo_fuzz --replay 0
}

test_random_calls()
{
	./mpdemo_fuzz --seconds 4 --seed "$RANDOM"
}

tap_run
