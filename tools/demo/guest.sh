#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a user does with the module, each command shown before it runs. Runs in the VM.

set -eEu
trap 'echo "demo: stopped at line $LINENO" >&2; exit 1' ERR

run()
{
	echo "# $*"
	eval "$*"
}

# For those that shall be refused: shown all the same, and a success would be an error.
refused()
{
	echo "# $*"
	! eval "$*" 2>&1
}

run insmod "/lib/modules/\$(uname -r)/extra/mempool_demo.ko"
run poolctl create pool bullets --block-size 64 --blocks 1000
run poolctl create arena scratch --size 64K
echo
run poolctl alloc bullets -N 3
echo '# poolctl alloc bullets'
handle=$(poolctl alloc bullets)
echo "$handle"
run poolctl free bullets "$handle"
refused poolctl free bullets "$handle"
refused poolctl alloc bullets -N 2000
echo
run poolctl alloc scratch --size 1000
run poolctl reset scratch
echo
run poolctl list
echo
run cat /sys/kernel/debug/mempool_demo/summary
echo
run cat /sys/kernel/debug/mempool_demo/by-name/bullets/stats
echo
run poolctl stats bullets --json
run poolctl destroy bullets scratch
run rmmod mempool_demo
