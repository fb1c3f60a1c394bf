#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that tools/examples/httpd serves real clients, tells each one what is wrong, and loses no
# block and no connection to those who send rubbish, stall, do not read or vanish: on objects of
# the module, and on the C library. In the end it counts its blocks itself, and so does the kernel.
# LIMIT: 300 seconds

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

# shellcheck source=selftests/examples_test.sh
. "$(dirname "$0")/examples_test.sh"

get()		# ARGUMENT...
{
	curl -s -m 10 "$@"
}

# What comes back when these bytes are sent, until the server closes.
raw()		# BYTES
{
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	printf '%b' "$1" >&9
	timeout 10 cat <&9
	exec 9>&-
}

# The status alone. As here, curl is left out where it is not needed: to start it takes long.
code()		# METHOD PATH [HEADER]
{
	raw "$1 $2 HTTP/1.1\r\nHost: a\r\n${3+$3\r\n}Connection: close\r\n\r\n" |
		sed -n '1s/^HTTP.1.1 \([0-9]*\) .*/\1/p'
}

first_line()
{
	sed -n '1s/\r$//p'
}

stats()
{
	raw 'GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | tail -n 1
}

# Of the server itself, or of a pool.
stat_of()	# NAME
{
	stats | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

in_use()	# POOL
{
	stats | sed -n "s/.*\"name\":\"$1\"[^}]*\"in_use\":\([0-9]*\).*/\1/p"
}

# Wait until that many are in use; the one of who asks is among the connections.
await()		# POOL COUNT
{
	local tries=200

	until [ "$(in_use "$1")" = "$2" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || same "$2" "$(in_use "$1")" "$1 in use"
		sleep 0.02
	done
}

long()		# LENGTH
{
	head -c "$1" /dev/zero | tr '\0' x
}

answers()
{
	local out=$tap_dir/out wanted=${memory:-mempool_demo}

	same "${wanted#--}" "$(get "$url/stats" | jq -r .memory_from)" memory
	get -i "$url/" > "$out"
	grep -q '^HTTP/1.1 200 OK' "$out"
	grep -q '^<!doctype html>' "$out"
	same $'Hello, J x!\na=1' "$(get "$url/hello/J%20x?a=1")" greeting
	# Two requests of one connection.
	same "1 2" "$(get "$url/headers" "$url/headers" | sed -n 's/^request \([12]\) of .*/\1/p' | paste -sd ' ')"
	same "Some: thing" "$(get -H 'Some: thing' "$url/headers" | grep ^Some)"
	head -c 4096 /dev/urandom > "$out"
	get --data-binary "@$out" "$url/echo" | cmp - "$out"
	get -H 'Transfer-Encoding: chunked' --data-binary "@$out" "$url/echo" | cmp - "$out"
	get -I "$url/" > "$out"
	grep -q '^Content-Length: [1-9]' "$out"
	same "404 405 405" "$(code GET /nothing) $(code DELETE /) $(code GET /echo)"
}

test_answers()
{
	with_both httpd answers
}

# What is no request, or too much of one.
rubbish()
{
	same "HTTP/1.1 400 Bad Request" "$(raw 'rubbish\r\n\r\n' | first_line)"
	same "HTTP/1.1 400 Bad Request" "$(raw 'GET / HTTP/1.1\r\n\r\n' | first_line)" "without Host"
	same "HTTP/1.1 400 Bad Request" \
		"$(raw 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n' | first_line)"
	long 4097 > "$tap_dir/long"
	same 413 "$(get -o /dev/null -w '%{http_code}' --data-binary "@$tap_dir/long" "$url/echo")" "a long body"
	same 413 "$(get -o /dev/null -w '%{http_code}' --data-binary "@$tap_dir/long" \
		-H 'Transfer-Encoding: chunked' "$url/echo")" "in chunks"
	same 431 "$(code GET / "X: $(long 1024)")" "a long header"
	same 414 "$(code GET "/$(long 255)")" "a long URL"
	same "404 400" "$(code GET "/$(long 63)") $(code GET "/$(long 64)")" "a long token"
	same "404 400" "$(code GET /1/2/3/4/5/6/7/8/9/0) $(code GET /1/2/3/4/5/6/7/8/9/0/1)" "many tokens"
	same "400 400" "$(code GET /hello/%0g) $(code GET /hello/%00)" "wrong encoding"
	same 417 "$(code GET / 'Expect: miracles')"
	same 200 "$(code GET /)" afterwards
}

test_rubbish()
{
	with_both httpd rubbish
}

# Many requests in one piece, and one request byte by byte.
pieces()
{
	local many='' request='GET /hello/NUMBER HTTP/1.1\r\nHost: a\r\n\r\n' i

	for i in {1..99}; do
		many+=${request/NUMBER/$i}
	done
	many+='GET /hello/100 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
	same "$(seq 100)" "$(raw "$many" | sed -n 's/^Hello, \(.*\)!.*/\1/p')" "answers"

	exec 9<> "/dev/tcp/127.0.0.1/$port"
	request=$'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde'
	for ((i = 0; i < ${#request}; i++)); do
		printf '%s' "${request:i:1}" >&9
	done
	same abcde "$(timeout 10 tail -n 1 <&9)" "the body"
	exec 9>&-

	# A body that is sent only when the server wants it.
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	printf 'POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n' >&9
	read -r -t 10 request <&9
	same $'HTTP/1.1 100 Continue\r' "$request"
	exec 9>&-
}

test_pieces()
{
	with_both httpd pieces
}

# As many clients as there are connections, and one more.
all_in_use()
{
	local fds=() fd

	# They are accepted in their order.
	for _ in 1 2 3 4; do
		exec {fd}<> "/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
	done
	get -i "$url/" > "$tap_dir/out"
	grep -q '^HTTP/1.1 503 Service Unavailable' "$tap_dir/out"
	grep -q '^Retry-After: 1' "$tap_dir/out"
	grep -q '^503 All 4 connections are in use' "$tap_dir/out"
	exec {fd}>&-
	until [ "$(code GET /)" = 200 ]; do
		sleep 0.02
	done
	[ "$(stat_of refused)" -gt 0 ]
	for fd in "${fds[@]:0:3}"; do
		exec {fd}>&-
	done
}

test_all_connections_in_use()
{
	with_both httpd all_in_use --connections 4 --threads 1
}

greedy()	# FIRST REQUEST
{
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	printf '%s' "$1" >&9
	for _ in {1..1000}; do
		printf '%s' "$2" >&9
	done
}

# A client who sends requests and reads nothing holds the only buffer; others are told, until he
# ends. No request of his ends where a buffer does: he would hold none just then.
no_buffers()
{
	local first request client=

	printf -v first '%b' 'GET /stats HTTP/1.1\r\nHost: 12\r\n\r\n'
	same 33 ${#first} "bytes of the first request"
	request=${first/2/}
	for _ in {1..10}; do
		request+=$request
	done
	until [ "$(code GET /)" = 503 ]; do
		# It may be the one who is told, while curl has the buffer; then it ends, and begins anew.
		kill -0 "$client" 2> /dev/null || {
			greedy "$first" "$request" 2> /dev/null &
			client=$!
		}
		sleep 0.02
	done
	kill -9 "$client"
	wait "$client" || true
	until [ "$(code GET /)" = 200 ]; do
		sleep 0.02
	done
	same 0 "$(in_use buffers)" "buffers in use"
}

test_no_buffers()
{
	with_both httpd no_buffers --buffers 1 --threads 1 --timeout 100000
}

# Half a request, and none at all.
too_slow()
{
	same "HTTP/1.1 408 Request Timeout" "$(raw 'GET / HTTP/1.1\r\nHost' | first_line)"
	same '' "$(raw '')" "without a request"
	same 1 "$(stat_of timeouts)" timeouts
	same 1 "$(in_use connections)" "connections in use"
}

test_too_slow()
{
	with_both httpd too_slow --timeout 200
}

# Many clients at a time; then such as are killed, with more of them than there are connections.
load()
{
	local client

	wrk -t 2 -c 16 -d 1 "$url/hello/you" > "$tap_dir/out"
	cat "$tap_dir/out"
	not grep -E 'Non-2xx|Socket errors' "$tap_dir/out"
	[ "$(stat_of 2xx)" -gt 100 ]
	for _ in 1 2 3; do
		wrk -t 2 -c 48 -d 10 "$url/headers" > /dev/null &
		client=$!
		sleep 0.3
		kill -9 "$client"
		wait "$client" || true
	done
	await connections 1
	same 0 "$(in_use buffers)" "buffers in use"
}

test_load()
{
	with_both httpd load --connections 24 --threads 4
}

# Without the device it says so, and with --malloc it does not ask for it.
test_no_device()
{
	local status=0

	./as_nobody examples/httpd > "$tap_dir/out" 2>&1 || status=$?
	same 1 "$status" "exit status"
	grep -q 'open /dev/mempool_demo (--malloc does without it): Permission denied' "$tap_dir/out"
}

tap_run
