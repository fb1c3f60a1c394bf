#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that tools/examples/chatd loses no message that it has acknowledged, tells each client what
# is wrong or used up, and loses no block to clients who send rubbish, do not read or vanish: on
# objects of the module, and on the C library. Its clients are tools/examples/chatload, hundreds
# of them, who check what they get. In the end the kernel counts as well.
# LIMIT: 300 seconds

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

# shellcheck source=selftests/examples_test.sh
. "$(dirname "$0")/examples_test.sh"

hears()		# DESCRIPTOR LINE...
{
	local line wanted

	for wanted in "${@:2}"; do
		read -r -t 10 line <&"$1"
		same "$wanted" "$line" line
	done
}

# Runs chatload; sets $acknowledged, $busy, $told and $slow of what it prints.
load()		# OPTION...
{
	chatload --port "$port" "$@" > "$tap_dir/load" 2>&1 || {
		cat "$tap_dir/load"
		return 1
	}
	acknowledged=$(sed -n 's/^\([0-9]*\) acknowledged,.*/\1/p' "$tap_dir/load")
	busy=$(sed -n 's/.* \([0-9]*\) busy,.*/\1/p' "$tap_dir/load")
	told=$(sed -n 's/^\([0-9]*\) told to be slow,.*/\1/p' "$tap_dir/load")
	slow=$((told + $(sed -n 's/.* \([0-9]*\) cut off,.*/\1/p' "$tap_dir/load")))
}

talk()
{
	local a b long wanted=${memory:-mempool_demo}

	same "${wanted#--}" "$(chat_stats | jq -r .memory_from)" memory
	connect a
	connect b
	say "$a" '{"op":"say","id":1,"text":"x"}' '{"op":"leave"}' 'rubbish'
	hears "$a" '{"error":"join a room first","id":1}' '{"error":"you are in no room"}' \
		'{"error":"lexical error: invalid char in json text."}'
	say "$a" '{"op":"join","room":"r","name":"ann"}'
	hears "$a" '{"joined":"r"}'
	say "$b" '{"op":"join","room":"r","name":"bob"}'
	hears "$b" '{"joined":"r"}'
	say "$a" '{"op":"say","id":7,"text":"h\u00e9 \"you\""}'
	hears "$a" '{"ack":7}' '{"room":"r","seq":1,"from":"ann","text":"hé \"you\""}'
	hears "$b" '{"room":"r","seq":1,"from":"ann","text":"hé \"you\""}'
	# The longest text, and one that is longer; the longest line, and one that is longer.
	long=$(head -c 1024 /dev/zero | tr '\0' x)
	say "$b" "{\"op\":\"say\",\"id\":8,\"text\":\"$long\"}"
	hears "$b" '{"ack":8}' "{\"room\":\"r\",\"seq\":2,\"from\":\"bob\",\"text\":\"$long\"}"
	say "$b" "{\"op\":\"say\",\"id\":9,\"text\":\"x$long\"}"
	hears "$b" '{"error":"say needs text, of up to 1024 bytes, and id","id":9}'
	long=$(head -c 4060 /dev/zero | tr '\0' x)
	say "$b" "{\"op\":\"nothing\",\"text\":\"$long\",\"id\":123}" "{\"op\":\"nothing\",\"text\":\"x$long\",\"id\":123}"
	hears "$b" '{"error":"op is none of join, say, leave, stats","id":123}' \
		'{"error":"a line is longer than 4095 bytes"}'
	say "$b" '{"op":"leave"}'
	hears "$b" '{"left":"r"}'
	hang_up "$b"
	hang_up "$a"
	await_empty
}

test_talk()
{
	with_both chatd talk
}

# Hundreds, of all kinds.
crowd()
{
	load --steady 200 --rooms 20 --slow 4 --wild 20 --vanishing 20 --messages 5
	[ "$acknowledged" -ge 1000 ]
	await_empty
}

test_crowd()
{
	with_both chatd crowd
}

# Who does not read is told so, and gets that when he reads.
too_slow()
{
	load --steady 20 --rooms 1 --slow 4 --messages 25
	same 4 "$told" "told that they are too slow"
	await_empty
}

test_too_slow()
{
	with_both chatd too_slow --backlog 16
}

# Who does not read holds all messages, until he is given up. Others are told meanwhile.
no_message()
{
	load --steady 20 --rooms 1 --slow 4 --messages 25
	[ "$busy" -gt 0 ]
	[ "$slow" -gt 0 ]
	[ "$acknowledged" -ge 500 ]
	await_empty
}

test_no_message()
{
	with_both chatd no_message --messages 20 --patience 4000
}

# The same with the ring, and with the scratch arena, to which refers what waits for the ring.
no_ring()
{
	load --steady 20 --rooms 1 --slow 4 --messages 25
	[ "$busy" -gt 0 ]
	[ "$slow" -gt 0 ]
	[ "$acknowledged" -ge 500 ]
	[ "$(chat_stat resets)" -gt 10 ]
	await_empty
}

test_no_ring()
{
	with_both chatd no_ring --ring 16 --scratch 64 --patience 4000
}

# Hundreds at a time, of whom the kernel closes all sockets, whatever was under way.
killed()
{
	local client

	chatload --port "$port" --steady 200 --rooms 40 --vanishing 20 --seconds 60 > /dev/null &
	client=$!
	until [ "$(chat_stat acked)" -gt 100 ]; do
		sleep 0.1
	done
	kill -9 "$client"
	wait "$client" || true
	await_empty
}

test_killed()
{
	with_both chatd killed
}

# No place, and no room.
full()
{
	local a b c

	connect a
	connect b
	say "$a" '{"op":"join","room":"r","name":"ann"}'
	hears "$a" '{"joined":"r"}'
	say "$b" '{"op":"join","room":"s","name":"bob"}'
	hears "$b" '{"error":"all rooms are in use, try again later","busy":true}'
	connect c
	hears "$c" '{"error":"all places are taken, try again later","busy":true}'
	hang_up "$c"
	hang_up "$a"
	until say "$b" '{"op":"join","room":"s","name":"bob"}' && hears "$b" '{"joined":"s"}' > /dev/null; do
		sleep 0.05
	done
	hang_up "$b"
}

test_full()
{
	with_both chatd full --clients 2 --rooms 1
}

# Without the device it says so, and with --malloc it does not ask for it.
test_no_device()
{
	local status=0

	./as_nobody examples/chatd > "$tap_dir/out" 2>&1 || status=$?
	same 1 "$status" "exit status"
	grep -q 'open /dev/mempool_demo (--malloc does without it): Permission denied' "$tap_dir/out"
}

tap_run
