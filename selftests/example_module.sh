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

# What would keep the module loaded, or the pool alive, is a block that was not given back.
test_nothing_is_left()
{
	[ -e /sys/kernel/debug/kprobes ] || skip "this kernel has no kprobes"
	rmmod "$module"
	not grep -q "^$module " /proc/modules
	not grep '^<[0-4]>' <(dmesg -r)
	# Nobody uses mempool_demo any more.
	same 0 "$(awk '$1 == "mempool_demo" { print $3 }' /proc/modules)" users
}

tap_run
