#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest, run by guest.sh: the servers of tools/examples for SECONDS, with clients who are
# killed, do not read or send rubbish, and with more of them than there is memory for. It passes if
# no acknowledged message was lost, if after each round all memory is free again, and if
# the servers do not grow.

set -u -o pipefail

usage()
{
	echo "usage: examples.sh SECONDS   in the folder selftests; exit status 4: this kernel has no TCP"
}

[ $# -eq 1 ] || {
	usage >&2
	exit 2
}
seconds=$1
[ -e /proc/net/tcp ] || exit 4
# tap_dir, same() and what else the tests have.
# shellcheck source=selftests/tap.sh
. ./tap.sh
# shellcheck source=selftests/examples_test.sh
. ./examples_test.sh

round_seconds=10

# What a server may grow by from the end of the first round on, in kB, beside its objects, whose size
# is fixed: caches of the libraries.
may_grow=256

anonymous()	# PROCESS
{
	sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# Of httpd, by the way. Is empty while it refuses.
http_in_use()
{
	curl -s -m 10 "$url/stats" | jq -r '.memory[] | select(.kind == "pool").in_use' 2> /dev/null |
		paste -sd ' '
}

killed()	# COMMAND...: again and again, until the round is over
{
	local client

	while [ ! -e "$tap_dir/over" ]; do
		"$@" > /dev/null 2>&1 &
		client=$!
		sleep 1.5
		kill -9 $client
		wait $client
	done 2> /dev/null
}

round()
{
	local status=0 others=()

	rm -f "$tap_dir/over"
	killed chatload --port "$port" --steady 60 --vanishing 10 --seconds 1000 &
	others+=($!)
	killed wrk -t 2 -c 100 -d 1000 "$url/headers" &
	others+=($!)
	chatload --port "$port" --steady 100 --slow 5 --wild 10 --vanishing 10 --seconds $round_seconds > \
		"$tap_dir/load" 2>&1 || status=$?
	touch "$tap_dir/over"
	wait "${others[@]}"
	cat "$tap_dir/load"
	same 0 $status "exit status of chatload" || return
	await_empty || return
	for _ in {1..100}; do
		# Who asks has a connection.
		[ "$(http_in_use)" != "1 0 0" ] || return 0
		sleep 0.1
	done
	same "1 0 0" "$(http_in_use)" "in use of httpd"
}

serve httpd --connections 64 --buffers 128 --threads 4 --timeout 2000 || exit 1
httpd=$server http_url=$url
serve chatd --messages 200 --backlog 128 --patience 2000 || exit 1
chatd=$server url=$http_url
trap 'kill -9 $httpd $chatd 2> /dev/null' EXIT

before=
while :; do
	round || exit 1
	after="$(anonymous "$httpd") $(anonymous "$chatd")"
	: "${before:=$after}"
	echo "memory beside objects: httpd ${after% *} kB, chatd ${after#* } kB"
	[ "$SECONDS" -lt "$seconds" ] || break
done
for i in "${before% *} ${after% *} httpd" "${before#* } ${after#* } chatd"; do
	read -r from to program <<< "$i"
	[ "$to" -le $((from + may_grow)) ] || {
		echo "$program: has grown from $from to $to kB"
		exit 1
	}
done
stop httpd "$httpd" && stop chatd "$chatd"
