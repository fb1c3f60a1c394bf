#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that SQLite and Lua do on a heap of libmpdemo what they do on the C library, and that a
# heap that is too small for them is an error that they report, and nothing worse.
# LIMIT: 120 seconds

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

# Where one was built the other one was.
if [ -x ./sqlite_load ] || [ -x ./lua_bench ]; then
	built=y
fi

guest()		# PROGRAM MEMORY
{
	case $1 in
	sqlite_load) ./sqlite_load "$2" ;;
	lua_bench) ./lua_bench "$2" lua_bench.lua ;;
	esac
}

# With and without: the same hash, which is one.
same_result()	# PROGRAM
{
	local how with without

	[ -n "${built-}" ] || skip built without SQLite and Lua
	IFS=$'\t' read -r _ how without _ < <(guest "$1" --malloc)
	same malloc "$how" "without a heap"
	[[ $without =~ ^[0-9a-f]{16}$ ]]
	IFS=$'\t' read -r _ how with _ < <(guest "$1" 65536)
	same 65536 "$how" "with a heap"
	same "$without" "$with" result
}

# From one that has hardly room to begin to one that serves for most of it.
no_memory()	# PROGRAM
{
	local kib status

	[ -n "${built-}" ] || skip built without SQLite and Lua
	for kib in 256 512 1024 2048 4096; do
		status=0
		guest "$1" "$kib" > "$tap_dir/out" 2> "$tap_dir/err" || status=$?
		same 1 "$status" "exit status on $kib KiB"
		same "$1: out of memory" "$(< "$tap_dir/err")" "stderr on $kib KiB"
		same '' "$(< "$tap_dir/out")" "stdout on $kib KiB"
	done
	# What they had is gone with them.
	same '' "$(poolctl list --noheadings)" "objects afterwards"
}

test_sqlite()
{
	same_result sqlite_load
}

test_lua()
{
	same_result lua_bench
}

test_sqlite_no_memory()
{
	no_memory sqlite_load
}

test_lua_no_memory()
{
	no_memory lua_bench
}

tap_run
