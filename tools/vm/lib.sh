#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What every script of this folder needs: where things are, how to say something, and
# which kernel a word on the command line means. Sourced, never run.
#
# MPDEMO_CACHE   folder of what is fetched (default ~/.cache/mempool_demo); shared by all checkouts

# Exit statuses of tools/vm/run beside those of the command itself. Above 119, so that no
# test program uses them, and below 126, where the shell's own begin.
# shellcheck disable=SC2034 # used by the scripts that source this
readonly EXIT_USAGE=2 EXIT_SPLAT=120 EXIT_BOOT=121 EXIT_HANG=122 EXIT_HARNESS=123

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=${vm_dir%/*/*}
# shellcheck disable=SC2034
vm_build=$top/build/vm
cache=${MPDEMO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mempool_demo}

# stdout belongs to results (a path, the guest's output), so all talk goes to stderr.
say()
{
	echo "vm: $*" >&2
}

die()
{
	say "$*"
	exit "$EXIT_HARNESS"
}

# /dev/kvm can exist, and open, where no kernel boots on it: ask the processor as well.
kvm_usable()
{
	grep -qwE 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]
}

# kernel_select SERIES|TREE: sets what the other scripts want to know about a kernel
#   kernel_headers  folder for "make -C"
#   kernel_arch     x86_64, or um: the kernel is a program of this machine
#   kernel_image    what QEMU boots, or that program
#   kernel_release  what uname -r will say
#   kernel_modules  folder with the kernel's own modules, empty if there are none
#   kernel_config   its configuration
#   kernel_name     a folder name that tells two kernels of one release apart
#   kernel_about    for people
kernel_select()
{
	local dir version

	case $1 in
	*/*|.|..)
		dir=$(realpath -e -- "$1" 2>/dev/null) || die "no such kernel tree: $1"
		kernel_headers=$dir
		kernel_config=$dir/.config
		kernel_image=$dir/arch/x86/boot/bzImage
		[ -f "$kernel_image" ] || kernel_image=$dir/vmlinux
		! is_uml "$kernel_config" || kernel_image=$dir/linux
		kernel_modules=
		for version in "$kernel_image" "$kernel_config" "$dir/Module.symvers" \
			       "$dir/include/config/kernel.release"; do
			[ -f "$version" ] || die "$dir is not a finished kernel build: no ${version#"$dir"/}"
		done
		kernel_release=$(cat "$dir/include/config/kernel.release")
		kernel_name=$kernel_release-$(cksum <<< "$dir" | cut -d' ' -f1)
		kernel_about="$kernel_release ($dir)"
		;;
	*)
		dir=$("$vm_dir/fetch" kernel "$1") || exit
		kernel_image=$(echo "$dir"/boot/vmlinuz-*)
		kernel_release=${kernel_image##*/vmlinuz-}
		kernel_config=$dir/boot/config-$kernel_release
		kernel_headers=$dir/usr/src/linux-headers-$kernel_release
		kernel_modules=$dir/lib/modules/$kernel_release
		kernel_name=$kernel_release
		version=${dir##*_}
		kernel_about="$kernel_release ($version)"
		;;
	esac
	kernel_arch=x86_64
	! is_uml "$kernel_config" || kernel_arch=um
}

is_uml()	# CONFIG
{
	grep -qs '^CONFIG_UML=y' "$1"
}
