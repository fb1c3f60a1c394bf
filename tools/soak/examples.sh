#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest, run by guest.sh: the servers of tools/examples for SECONDS, with clients who are
# killed, do not read or send rubbish, and with more of them than there is memory for. It passes if
#
#   no acknowledged message was lost, and no answer was of another request;
#   all memory is free again after each round, as the servers count and as the kernel counts;
#   the servers do not grow;
#   and each of those troubles was there, as else none of this means anything.

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

http_stats()
{
	curl -s -m 10 "$url/stats"
}

# Of httpd, by the way. Is empty while it refuses.
http_in_use()
{
	http_stats | jq -r '.memory[] | select(.kind == "pool").in_use' 2> /dev/null | paste -sd ' '
}

under_way()
{
	[ ! -e "$tap_dir/over" ]
}

# A client of many, again and again, each time until it is killed. Then others have a chance.
killed()	# COMMAND...
{
	local client

	while under_way; do
		"$@" > /dev/null 2>&1 &
		client=$!
		sleep 1.5
		kill -9 $client
		wait $client
		sleep 0.5
	done 2> /dev/null
}

http_client()	# VARIABLE: a descriptor; fails while there is no place
{
	eval "exec {$1}<> /dev/tcp/127.0.0.1/${url##*:}"
}

# Clients of httpd who send what is no request, or half of one, and wait; or read nothing of many
# answers, until they are killed.
rude()
{
	local rubbish half greedy i client

	while under_way; do
		http_client rubbish && printf 'rubbish\r\n\r\n' >&"$rubbish" && cat <&"$rubbish"
		http_client half && printf 'POST /echo HTTP/1.1\r\nHo' >&"$half"
		http_client greedy && {
			for i in {1..10000}; do
				printf 'GET /stats HTTP/1.1\r\nHost: %d\r\n\r\n' "$i"
			done >&"$greedy" &
			client=$!
			sleep 2.5
			kill -9 $client
			wait $client
		}
		exec {rubbish}>&- {half}>&- {greedy}>&-
	done > /dev/null 2>&1
}

# Who sends something else each time and must get just that, unless all connections or buffers are
# in use. A byte for each time that he got it.
honest()
{
	local code

	while under_way; do
		echo "$RANDOM$RANDOM$RANDOM" > "$tap_dir/sent"
		code=$(curl -s -m 10 -o "$tap_dir/got" -w '%{http_code}' --data-binary "@$tap_dir/sent" "$url/echo")
		case $code in
		200)
			cmp "$tap_dir/sent" "$tap_dir/got" > "$tap_dir/wrong" 2>&1 || return
			printf . >> "$tap_dir/served"
			;;
		# And 000: closed at once, as there are too many farewells.
		503|000) ;;
		*)
			echo "an answer of $code" > "$tap_dir/wrong"
			return 1
			;;
		esac
		sleep 0.1
	done
	rm -f "$tap_dir/wrong"
}

round()
{
	local status=0 others=() guest

	rm -f "$tap_dir/over"
	killed chatload --port "$port" --steady 100 --vanishing 10 --seconds 1000 &
	others+=($!)
	killed wrk -t 2 -c 100 -d 1000 "$url/headers" &
	others+=($!)
	rude &
	others+=($!)
	honest &
	guest=$!
	# Tolerant, as on a fast kernel the server is ahead of its clients by more than "unread".
	chatload --port "$port" --rooms 4 --steady 40 --slow 4 --wild 4 --vanishing 8 --tolerant \
		--seconds $round_seconds > "$tap_dir/load" 2>&1 || status=$?
	touch "$tap_dir/over"
	wait "${others[@]}"
	cat "$tap_dir/load"
	same 0 $status "exit status of chatload" || return
	wait $guest || {
		cat "$tap_dir/wrong"
		return 1
	}
	await_empty || return
	for _ in {1..100}; do
		# Who asks has a connection.
		[ "$(http_in_use)" != "1 0 0" ] || return 0
		sleep 0.1
	done
	same "1 0 0" "$(http_in_use)" "in use of httpd"
}

# What there was of troubles, in all rounds.
troubles()
{
	local http name

	http=$(http_stats)
	for name in refused timeouts 4xx 5xx; do
		printf 'httpd %s %d\n' "$name" "$(sed -n "s/.*\"$name\":\([0-9]*\).*/\1/p" <<< "$http")"
	done
	for name in busy slow acked malformed; do
		printf 'chatd %s %d\n' "$name" "$(chat_stat "$name")"
	done
	echo "httpd echoes $(wc -c < "$tap_dir/served")"
}

serve httpd --connections 64 --buffers 24 --threads 4 --timeout 2000 || exit 1
httpd=$server http_url=$url
# Little of all, so that the debug kernel, which is slow, comes to the end of it within a round.
serve chatd --messages 40 --backlog 16 --unread 4 --patience 2000 || exit 1
chatd=$server url=$http_url
trap 'kill -9 $httpd $chatd 2> /dev/null' EXIT

before=
rounds=0
while :; do
	round || exit 1
	rounds=$((rounds + 1))
	after="$(anonymous "$httpd") $(anonymous "$chatd")"
	: "${before:=$after}"
	echo "round $rounds: memory beside objects: httpd ${after% *} kB, chatd ${after#* } kB"
	[ "$SECONDS" -lt "$seconds" ] || break
done
for i in "${before% *} ${after% *} httpd" "${before#* } ${after#* } chatd"; do
	read -r from to program <<< "$i"
	[ "$to" -le $((from + may_grow)) ] || {
		echo "$program: has grown from $from to $to kB"
		exit 1
	}
done
troubles | tee "$tap_dir/troubles"
! grep ' 0$' "$tap_dir/troubles" > "$tap_dir/missing" || {
	sed 's/^/there was none: /' "$tap_dir/missing"
	exit 1
}
stop httpd "$httpd" && stop chatd "$chatd" || exit 1
same 0 "$(poolctl list --json | jq '.objects | length')" "objects that are left in the kernel"
