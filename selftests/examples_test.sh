# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of tools/examples need: servers, which are in the folder examples, and clients of
# chatd.

: "${tap_dir:?is a folder for temporary files}"
PATH=$PWD/examples:$PATH

# Begin a server; sets $server, $port and $url.
serve()		# PROGRAM [OPTION]...
{
	local program=$1

	[ -e /proc/net/tcp ] || skip this kernel has no TCP
	# One that a test leaves behind when it fails.
	trap 'kill -9 "$server" 2> /dev/null || true' EXIT
	# It is the program who makes its file new, and not at once.
	rm -f "$tap_dir/$program"
	"$@" > "$tap_dir/$program" 2>&1 &
	server=$!
	until port=$(sed -n "s/^$program: 127.0.0.1:\([0-9]*\), on .*/\1/p" "$tap_dir/$program" 2> /dev/null) &&
		[ -n "$port" ]; do
		kill -0 "$server" 2> /dev/null || {
			cat "$tap_dir/$program"
			return 1
		}
		sleep 0.02
	done
	# Not all need it.
	# shellcheck disable=SC2034
	url=http://127.0.0.1:$port
}

# End it. What it prints is judged: the last block of each pool is back.
stop()		# PROGRAM [PROCESS]
{
	local process=${2:-$server} status=0

	kill "$process"
	wait "$process" || status=$?
	cat "$tap_dir/$1"
	same 0 "$status" "exit status of $1"
	same "0 0 0" "$(awk '/^(connections|buffers|farewells|clients|rooms|messages) / { print $4 }' \
		"$tap_dir/$1" | paste -sd ' ')" "blocks in use at the end"
}

# On objects of the module, and on the C library: then $memory is the option for that.
with_both()	# PROGRAM FUNCTION [OPTION]...
{
	for memory in '' --malloc; do
		serve "$1" ${memory:+"$memory"} "${@:3}"
		"$2"
		stop "$1"
	done
}

# A client of chatd is a descriptor.
connect()	# NAME-OF-VARIABLE
{
	eval "exec {$1}<> /dev/tcp/127.0.0.1/$port"
}

hang_up()	# DESCRIPTOR
{
	eval "exec $1>&-"
}

say()		# DESCRIPTOR LINE...
{
	printf '%s\n' "${@:2}" >&"$1"
}

chat_stats()
{
	local fd line

	connect fd
	say "$fd" '{"op":"stats"}'
	read -r -t 10 line <&"$fd"
	hang_up "$fd"
	echo "$line"
}

chat_stat()	# NAME
{
	chat_stats | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

# Until only who asks is there.
await_empty()
{
	local tries=200

	until [[ $(chat_stats) == *'"clients":1,"rooms":0,"messages":0,"ring":0,'* ]]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			same empty "$(chat_stats)"
			return 1
		}
		sleep 0.05
	done
}
