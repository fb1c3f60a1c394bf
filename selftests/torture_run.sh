# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs of mempool_demo_torture, with all that can happen at the same time: for
# torture.sh, and for tools/soak. Who sources this sets torture_dir, a folder for
# what is left of runs.

parameters=/sys/module/mempool_demo_torture/parameters
results=/sys/kernel/debug/mempool_demo_torture/results

# Milliseconds between two NMIs, seconds between two CPUs that go offline; empty: none does.
nmi_pause=3
hotplug_pause=0.05

# Start a run and wait for its end; what the shell says of it is for error_of.
run()		# WORKLOAD
{
	# In a process of its own, as an error of echo is no error of a shell.
	bash -c 'echo "$1" > "$2"' - "$1" "$parameters/run" 2> "$torture_dir/error"
}

# The errno that a run ends with, as text; nothing where it passes.
error_of()	# WORKLOAD
{
	run "$1" || sed 's/.*: //' "$torture_dir/error"
}

wait_for()	# SECONDS COMMAND...
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "waited in vain: $*"
			return 1
		}
		sleep 0.05
	done
}

# Without one: outside of a run the kernel wonders about it. Why there are none is
# left in the file no-nmi.
probe_nmi()
{
	vm-nmi 0 2> "$torture_dir/no-nmi" || [ -s "$torture_dir/no-nmi" ]
}

has_nmi()
{
	[ ! -s "$torture_dir/no-nmi" ]
}

# Without a process, which may take as long as a run.
is_running()
{
	local lines

	mapfile -t lines < "$results"
	[[ " ${lines[*]} " == *' verdict running '* ]]
} 2> /dev/null

# Send NMIs from when a run is on, as only then they are taken for its own.
send_nmis()
{
	until is_running; do
		[ ! -e "$torture_dir/quiet" ] || return 0
		sleep 0.01
	done
	# No process more, so that one signal ends it.
	exec vm-nmi 100000000 "$nmi_pause"
}

# CPUs that can go offline.
hotplug_files()
{
	compgen -G '/sys/devices/system/cpu/cpu[0-9]*/online'
}

# Send a CPU offline and back, until the file "quiet" is there.
hotplug()
{
	local files file

	mapfile -t files < <(hotplug_files)
	while [ ! -e "$torture_dir/quiet" ]; do
		file=${files[RANDOM % ${#files[@]}]}
		if echo 0 > "$file" && echo 1 > "$file"; then
			echo >> "$torture_dir/hotplugs"
		fi 2> /dev/null
		sleep "$hotplug_pause"
	done
}

# Make a run among NMIs and CPUs that come and go, and keep its results in the file
# WORKLOAD.
torture()	# WORKLOAD
{
	local nmi='' hotplug='' status=0

	rm -f "$torture_dir/quiet"
	if has_nmi; then
		send_nmis &
		nmi=$!
	fi
	if [ -n "$hotplug_pause" ] && hotplug_files > /dev/null; then
		hotplug &
		hotplug=$!
	fi
	run "$1" || status=$?
	: > "$torture_dir/quiet"
	if [ -n "$nmi" ]; then
		kill "$nmi" 2> /dev/null || :
		wait "$nmi" || :
	fi
	[ -z "$hotplug" ] || wait "$hotplug"
	cp "$results" "$torture_dir/$1"
	return "$status"
}

# What a context has counted in a workload.
count_of()	# WORKLOAD CONTEXT COUNT
{
	local line

	while read -r line; do
		if [[ $line == "$2:"* && $line =~ " $3 "([0-9]+) ]]; then
			echo "${BASH_REMATCH[1]}"
		fi
	done < "$torture_dir/$1"
}
