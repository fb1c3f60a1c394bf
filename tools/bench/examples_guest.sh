#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest, run by examples: each load on each kind of memory, a line of figures for each round.
# What a server has had of the CPU it says itself, as nobody else can tell it from the clients.

set -u -o pipefail
cd "$(dirname "$0")/selftests" || exit 1
# tap_dir, same() and what else the tests have.
# shellcheck source=selftests/tap.sh
. ./tap.sh
# shellcheck source=selftests/examples_test.sh
. ./examples_test.sh

rounds=3

http_stat()	# NAME
{
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	printf 'GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&9
	tail -n 1 <&9 | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
	exec 9>&-
}

http()		# ARGUMENT...: of wrk
{
	wrk -t 1 -c 16 "$@" > "$tap_dir/load" 2>&1 && not grep -E 'Non-2xx|Socket errors' "$tap_dir/load"
}

keep_alive()
{
	http -d 1 "$url/hello/you"
}

# A connection and its arenas for each request.
one_request()
{
	http -d 1 -H 'Connection: close' "$url/hello/you"
}

# Ten in each room, who get all that is said.
rooms()
{
	chatload --port "$port" --steady 50 --rooms 5 --messages 100 > "$tap_dir/load" 2>&1
}

# More than there are messages for, so that some are told to try again.
busy_room()
{
	local before

	before=$(chat_stat busy)
	chatload --port "$port" --steady 50 --rooms 1 --messages 40 > "$tap_dir/load" 2>&1 &&
		[ "$(chat_stat busy)" -gt "$before" ]
}

# One round more than is counted: the first one fills caches.
measure()	# PROGRAM LOAD FUNCTION OPERATIONS-STAT STAT-FUNCTION
{
	local operations cpu before i

	for ((i = 0; i <= rounds; i++)); do
		operations=$("$5" "$4") before=$("$5" cpu_ns)
		"$3" || {
			cat "$tap_dir/load" >&2
			return 1
		}
		cpu=$("$5" cpu_ns)
		[ $i -eq 0 ] || printf '%s\t%s\t%s\t%d\t%d\n' "$1" "$2" "$kind" \
			$(($("$5" "$4") - operations)) $((cpu - before)) >> "$OUT/figures"
	done
}

sleep 3
for kind in mempool_demo malloc; do
	option=()
	[ $kind = mempool_demo ] || option=(--malloc)
	serve httpd --threads 1 "${option[@]}" || exit 1
	measure httpd "connections kept" keep_alive 2xx http_stat || exit 1
	measure httpd "a connection each" one_request 2xx http_stat || exit 1
	stop httpd || exit 1
	serve chatd "${option[@]}" || exit 1
	measure chatd "rooms of ten" rooms delivered chat_stat || exit 1
	stop chatd || exit 1
	serve chatd --messages 20 "${option[@]}" || exit 1
	measure chatd "too few messages" busy_room delivered chat_stat || exit 1
	stop chatd || exit 1
done
uname -r > "$OUT/release"
