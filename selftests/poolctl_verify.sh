#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that "poolctl verify" finds what was written to a free block, and nothing where there is
# nothing; and that "poolctl report" has what a report needs, and nothing that is secret.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

here=$(cd "$(dirname "$0")" && pwd)
client=$here/poolctl_client

# A pool that is poisoned, of which ten blocks were freed since.
new_pool()	# [OPTION]...
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10 "$@"
	works poolctl set p --poison on
	works poolctl batch <<< 'alloc p --hold -N 10'
}

test_intact()
{
	new_pool
	works poolctl verify p
	[[ $stdout =~ ok\ +corrupted ]]
	works poolctl verify p --all
	[[ $stdout =~ 'all 10 were looked at' ]]
	same 0 "$(stat_of p in-use)" in-use
	same 10 "$(stat_of p reclaimed)" "reclaimed, as by the batch"
	same 20 "$(stat_of p frees)" frees
	works poolctl alloc p -N 3
	works poolctl verify p -a
	[[ $stdout =~ 'all 7 were looked at' ]]
	[[ $stdout =~ ok\ +blocks ]]
	works poolctl alloc p -N 7
	works poolctl verify p -a
	[[ $stdout =~ 'all 0 were looked at' ]]
	json 0 '.object == "p" and .problems == 0 and
		([.checks[] | .check] | contains(["corrupted", "poison", "frees", "numbers", "ioctl", "blocks"]))
		and all(.checks[]; .status == "ok")' poolctl verify p --json
	works poolctl destroy p
}

# One byte of a block, the last one.
test_damaged()
{
	new_pool
	works poolctl verify p -a
	"$client" scribble p 7
	works poolctl verify p
	status_of 5 poolctl verify p -a
	[[ $stdout =~ problem\ +free\ .*'of 10 free blocks that were looked at 1 were written to' ]]
	[[ $stdout =~ problem\ +corrupted\ .*\ 1\ times ]]
	# It is known from then on, and not found anew.
	status_of 5 poolctl verify p
	[[ $stdout =~ problem\ +corrupted ]]
	[[ ! $stdout =~ problem\ +free ]]
	status_of 5 poolctl verify p --all
	[[ $stdout =~ ok\ +free ]]
	"$client" scribble p 0
	"$client" scribble p 9
	json 5 '.problems == 2 and any(.checks[]; .check == "free" and .status == "problem" and
		(.text | contains("10 free blocks that were looked at 2 were written to")))' \
		poolctl verify p --all --json
	same 3 "$(stat_of p corrupted)" corrupted
	works poolctl destroy p
}

# As it is found by whoever allocates the block.
test_damage_found_by_others()
{
	new_pool
	"$client" scribble p 3
	works poolctl alloc p -N 10
	status_of 5 poolctl verify p
	works poolctl destroy p
}

# Blocks that are held or kept are their holders' to write to.
test_not_damaged()
{
	local handle

	new_pool
	handle=$(poolctl alloc p)
	works poolctl write p "$handle" 'all twenty-four bytes...'
	works poolctl verify p -a
	works poolctl free p "$handle"
	works poolctl verify p -a
	works poolctl destroy p
}

# A quota is one file's, and poolctl opens some.
test_quota()
{
	new_pool --quota 10
	works poolctl destroy p
	works poolctl create pool p --block-size 24 --blocks 100 --quota 3
	works poolctl set p --poison on
	works poolctl verify p -a
	[[ $stdout =~ 'all 100 were looked at' ]]
	works poolctl destroy p
	works poolctl create pool p --block-size 24 --blocks 100 --quota 1
	works poolctl set p --poison on
	works poolctl verify p -a
	[[ $stdout =~ note\ +free\ +'64 of 100 free blocks' ]]
	same 0 "$(stat_of p in-use)" in-use
	works poolctl destroy p
}

# What there is to say of others, and where nothing can be found.
test_other_objects()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10
	works poolctl verify p
	[[ $stdout =~ note\ +poison ]]
	works poolctl verify p --all
	[[ ! $stdout =~ looked\ at ]]
	works poolctl create arena a --size 4K
	works poolctl verify a
	works poolctl create heap h --blocks 10 --large 64K
	works poolctl verify h -a
	[[ $stdout =~ ok\ +classes ]]
	status_of 2 poolctl free p 3.3
	works poolctl verify p
	[[ $stdout =~ note\ +frees\ +1\  ]]
	refused ENOENT poolctl verify none
	json_error 2 '"ENOENT"' poolctl verify none --json
	misused poolctl verify
	misused poolctl verify p a
	# Who may not open it sees the numbers all the same.
	status_of 0 "$here/as_nobody" poolctl verify p
	[[ $stdout =~ note\ +ioctl ]]
	works poolctl destroy p a h
}

# While others use it.
test_busy()
{
	local i pids=() before

	new_pool
	for i in 1 2; do
		while :; do
			poolctl -f batch <<< $'alloc p --hold -N 4\nalloc p --hold\nfree p 99.9' || true
		done > "$tap_dir/busy.$i" 2>&1 &
		pids+=($!)
	done
	before=$(stat_of p allocs)
	for i in 1 2 3 4 5 6; do
		status_of 0 poolctl verify p
		[[ ! $stdout =~ problem ]]
	done
	[ "$(stat_of p allocs)" -gt "$before" ]
	kill "${pids[@]}"
	wait "${pids[@]}" || true
	works poolctl verify p
	works poolctl destroy p
}

# What is there to be seen by everybody.
test_report()
{
	local secret='what nobody is to see...'

	new_pool
	works poolctl write p "$(poolctl alloc p)" "$secret"
	"$client" scribble p 7
	status_of 5 poolctl verify p -a
	mkdir -p /boot
	printf '# CONFIG_KASAN is not set\nCONFIG_SMP=y\nCONFIG_SMP_X=m\nCONFIG_NR_CPUS=64\n' \
		> "/boot/config-$(uname -r)"
	hostname secret-host

	works poolctl report
	for line in 'poolctl 0' kernel module machine config doctor objects log 'object p'; do
		grep -q "^$line" "$out"
	done
	grep -q "^  release  *$(uname -r)$" "$out"
	grep -q '^  max_objects  *[0-9]' "$out"
	grep -q '^  SMP  *y$' "$out"
	grep -q '^  KASAN  *n$' "$out"
	grep -q '^corrupted  *1$' "$out"
	grep -q '^  .*pool p: block 7 was written to .*is \.\.\. and not \.\.\.' "$out"
	for line in "$secret" secret-host 'is 0x' "$(sed 's/ .*//' /proc/cmdline)"; do
		[ -z "$line" ] || not grep -qF -- "$line" "$out"
	done
	json 0 '(.poolctl | length > 0) and (.kernel.release | length > 0) and
		(.module.version | length > 0) and (.machine.cpus_online >= 1) and
		.config.SMP == "y" and .config.KASAN == "n" and .config.NR_CPUS == "64" and
		(.checks | length > 5) and .problems == 0 and .objects[0].name == "p" and
		.objects[0].corrupted == 1 and any(.log[]; contains("block 7"))' poolctl report -j
	misused poolctl report p
	works poolctl destroy p
}

test_report_of_little()
{
	clear_objects
	works poolctl report
	grep -q 'there are none$' "$out"
	echo 1 > /proc/sys/kernel/dmesg_restrict
	status_of 0 "$here/as_nobody" poolctl report
	grep -q 'it cannot be read: run it as root' "$out"
	json 0 '.log == null and .objects == []' "$here/as_nobody" poolctl report --json
	rm -f "/boot/config-$(uname -r)"
	[ ! -d /sys/module/mempool_demo_bench ] || rmmod mempool_demo_bench
	rmmod mempool_demo
	json 0 '.module == null and .objects == [] and .config == null and .problems > 0' \
		poolctl report --json
	works poolctl report
	grep -q '^  it is not loaded$' "$out"
	modprobe mempool_demo
}

tap_run
