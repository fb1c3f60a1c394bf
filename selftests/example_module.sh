#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The example of a module that uses pools and arenas, tools/examples/module: it tells who opens
# files, while it is loaded, and leaves nothing behind.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

module=mempool_demo_opens

# How many files the program of that name has opened, as far as that was told.
opens_of()	# NAME
{
	dmesg | awk -v name="$1" '
		/mempool_demo_opens: / && $0 ~ ": " name " has opened " { sum += $(NF - 1) }
		END { print sum + 0 }'
}

opened()	# HOW OFTEN
{
	local end=$((SECONDS + 10))

	until [ "$(opens_of opens-a-lot)" -ge "$1" ]; do
		[ "$SECONDS" -lt "$end" ] || {
			dmesg | tail -n 20
			return 1
		}
		sleep 0.1
	done
}

# In all more often than there are blocks: those of the first time are used again.
test_it_counts()
{
	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	dmesg -c > /dev/null
	modprobe "$module"
	# shellcheck disable=SC2016 # it is that script that is to expand it
	printf '%s\n' '#!/bin/bash' 'for ((i = 0; i < 2500; i++)); do : < "$0"; done' \
		> "$tap_dir/opens-a-lot"
	chmod +x "$tap_dir/opens-a-lot"
	"$tap_dir/opens-a-lot"
	opened 2500
	"$tap_dir/opens-a-lot"
	opened 5000
}

# Exit status, then what the JSON is to be.
json()		# STATUS FILTER COMMAND...
{
	local wanted=$1 filter=$2 status=0

	shift 2
	"$@" > "$tap_dir/json" 2> "$tap_dir/stderr" || status=$?
	same "$wanted" "$status" "exit status of $*"
	jq -e "$filter" "$tap_dir/json" > /dev/null || {
		echo "$filter: $(cat "$tap_dir/json")"
		return 1
	}
}

as_nobody=$(cd "$(dirname "$0")" && pwd)/as_nobody

test_poolctl_shows_its_pool()
{
	local id

	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	json 0 '.schema == 1 and ([.objects[] | select(.name == "opens")] |
		length == 1 and (.[0] | .kernel and .kind == "pool" and .blocks == 4096))' \
		poolctl list --kernel --json
	id=$(jq '.objects[] | select(.name == "opens").id' "$tap_dir/json")
	json 0 '.objects[0] | .allocs >= 5000 and .frees <= .allocs and .refused == 0 and
		(has("owner") or has("uid") or has("kept") | not)' \
		poolctl stats --kernel opens --json
	json 0 ".objects[0].id == $id" poolctl show --kernel "$id" --json
	poolctl show --kernel opens | grep "^opens: pool of kernel code, id $id$"
	poolctl list -K --noheadings --raw --output NAME,OWNER,KERNEL | grep '^opens - yes$'
	poolctl top --once --kernel | grep -w opens
	# It is none of the objects of programs.
	json 0 '[.objects[].name] | index("opens") == null' poolctl list --json
	json 2 '.error' poolctl show opens --json
	json 2 '.error' poolctl show --kernel opens-not --json
	json 2 '.error' "$as_nobody" poolctl list --kernel --json
	# It is not tracked.
	json 2 '.error' poolctl holders --kernel opens --json
}

test_poolctl_tells_who_holds_blocks()
{
	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	rmmod "$module"
	modprobe "$module" track=1
	# Whoever counts them may be faster.
	for ((i = 0; i < 20; i++)); do
		poolctl holders --kernel opens --json > "$tap_dir/json"
		[ "$(jq '.holders | length' "$tap_dir/json")" = 0 ] || break
	done
	jq -e '.schema == 1 and .kernel and (.holders | length > 0 and
		all(.caller | startswith("opened+")) and
		([.[].age] | . == (sort | reverse)))' "$tap_dir/json"
	poolctl holders --kernel opens > "$tap_dir/table"
	grep '^BLOCK *CONTEXT *PID *AGE *CALLER' "$tap_dir/table"
}

# The same for people, in debugfs.
test_debugfs_shows_its_pool()
{
	local debugfs=/sys/kernel/debug/mempool_demo

	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	[ -e "$debugfs" ] || skip "this kernel has no debugfs"
	grep -E '^1[0-9]{9} opens +[0-9]+ +4096 ' "$debugfs/kernel-pools"
	not grep opens "$debugfs/summary"
}

# What would keep the module loaded, or the pool alive, is a block that was not given back.
test_nothing_is_left()
{
	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	rmmod "$module"
	not grep -q "^$module " /proc/modules
	not grep '^<[0-4]>.*mempool' <(dmesg -r)
	# Nobody uses mempool_demo any more.
	same 0 "$(awk '$1 == "mempool_demo" { print $3 }' /proc/modules)" users
}

tap_run
