#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl refuses what is wrong with the right exit status and with
# words that help: 1 for wrong usage, 2 where the kernel refused, 3 where there
# is no module; in JSON too, if asked for.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

as_nobody=$(cd "$(dirname "$0")" && pwd)/as_nobody

# Bytes, as often as wanted.
repeat()	# BYTES TIMES
{
	local spaces

	printf -v spaces '%*s' "$2" ''
	echo "${spaces// /$1}"
}

test_usage()
{
	clear_objects
	misused poolctl destory p
	stderr_has 'destroy'
	misused poolctl --no-such-option
	misused poolctl create
	misused poolctl create pool
	misused poolctl create pond x --block-size 8 --blocks 8
	misused poolctl create pool x
	misused poolctl create pool x --block-size 8
	misused poolctl create pool x --blocks 8
	misused poolctl create pool x --size 8
	misused poolctl create pool x y --block-size 8 --blocks 8
	misused poolctl create arena x
	misused poolctl create arena x --blocks 8
	misused poolctl create arena x --size 8 --quota 8
	misused poolctl create heap x
	misused poolctl create heap x --blocks 8 --size 8
	misused poolctl create heap x --blocks 8 --block-size 8
	misused poolctl create heap x --blocks 8 --steps 2
	misused poolctl create heap x --blocks 8 --steps 8
	misused poolctl create pool x --block-size 8 --blocks 8 --large 4K
	misused poolctl create pool x --block-size 8 --blocks 8 --quota 4294967296
	misused poolctl create pool x --block-size 8 --blocks 8 --owner nosuchuser
	misused poolctl alloc
	misused poolctl alloc x -N
	misused poolctl alloc x -N 1 --size 8
	misused poolctl free x
	misused poolctl free x 3
	misused poolctl free x 3.
	misused poolctl free x .3
	misused poolctl free x -- -1.1
	misused poolctl free x 1.1.1
	misused poolctl free x 4294967296.1
	misused poolctl free x a.b
	misused poolctl destroy
	misused poolctl reset
	no_objects
}

test_numbers()
{
	local bad

	clear_objects
	for bad in -1 -8 '' ' ' 8x 0x 1e3 1.5.2 18446744073709551616 99999999999999999999 16E \
		$'8\n' '8 8' nan; do
		misused poolctl create pool x --block-size "$bad" --blocks 8
	done
	for bad in -1 '' 8x 18446744073709551616; do
		misused poolctl create pool x --block-size 8 --blocks "$bad"
		misused poolctl create arena x --size "$bad"
		misused poolctl alloc x -N "$bad"
		misused poolctl alloc x --size "$bad"
	done
	misused poolctl alloc x -N 0
	misused poolctl alloc x -N 65537
	misused poolctl create pool x --block-size 8 --blocks 8 --mode 8
	misused poolctl create pool x --block-size 8 --blocks 8 --mode rw
	no_objects
}

# Numbers that are numbers, and that the kernel has limits for.
test_limits()
{
	local size

	clear_objects
	for size in 0 4194305 9223372036854775808 18446744073709551615; do
		refused ERANGE poolctl create pool x --block-size "$size" --blocks 8
		refused ERANGE poolctl create arena x --size "${size/4194305/68719476737}"
	done
	for size in 0 16777209 9223372036854775808 18446744073709551615; do
		refused ERANGE poolctl create pool x --block-size 8 --blocks "$size"
	done
	refused ERANGE poolctl create pool x --block-size 8 --blocks 8 --align 3
	refused ERANGE poolctl create pool x --block-size 8 --blocks 8 --max-blocks 4
	refused EINVAL poolctl create pool x --block-size 8 --blocks 8 --chunk-blocks 4
	refused ERANGE poolctl create heap x --blocks 16777209
	refused ERANGE poolctl create heap x --large 17G
	refused ERANGE poolctl create heap x --blocks 0
	refused ERANGE poolctl create heap x --blocks 8 --quota 16777209
	refused EINVAL poolctl create arena x --size 8 --owner 4294967295
	refused ENOBUFS poolctl create arena x --size 64G
	no_objects

	works poolctl create arena x --size 4096
	refused ERANGE poolctl alloc x --size 0
	stderr_has 'try: a size from 1 on'
	refused ERANGE poolctl alloc x --size 8 --align 3
	refused ENOSPC poolctl alloc x --size 9223372036854775808
	works poolctl destroy x
}

test_names()
{
	local name

	clear_objects
	for name in '' / ../../etc .hidden 'a b' 'a\b' $'a\nb' $'a\e[31mb' $'\xff\xfe' ä; do
		misused_or_refused poolctl create pool "$name" --block-size 8 --blocks 8
		misused_or_refused poolctl alloc "$name"
	done
	for name in / $'a\e[31mb'; do
		misused_or_refused poolctl free "$name" 0.1
		misused_or_refused poolctl stats "$name"
		misused_or_refused poolctl destroy "$name"
	done
	for name in "$(repeat n 64)" "$(repeat n 4096)" "$(repeat / 4096)" "$(repeat $'\x01' 300)"; do
		misused poolctl create pool "$name" --block-size 8 --blocks 8
		misused poolctl alloc "$name"
	done
	name=$(repeat n 4096)
	misused poolctl create arena "$name" --size 8
	misused poolctl free "$name" 0.1
	misused poolctl reset "$name"
	misused poolctl stats "$name"
	misused poolctl destroy "$name"
	no_objects

	name=$(repeat n 63)
	works poolctl create pool "$name" --block-size 8 --blocks 8
	works poolctl alloc "$name"
	works poolctl destroy "$name"
}

# A malformed name: poolctl may see that by itself, or the kernel does.
misused_or_refused()
{
	local status

	run "$@"
	case $status in
	1) is_usage_error ;;
	2) is_refusal '(EINVAL|ENOENT)' ;;
	*) wrong "exit status $status: $*" ;;
	esac
}

test_no_such_object()
{
	clear_objects
	refused ENOENT poolctl alloc nothing
	refused ENOENT poolctl alloc nothing --size 8
	refused ENOENT poolctl free nothing 0.1
	refused ENOENT poolctl reset nothing
	refused ENOENT poolctl stats nothing
	refused ENOENT poolctl destroy nothing
	works poolctl create pool there --block-size 8 --blocks 8
	refused EEXIST poolctl create pool there --block-size 8 --blocks 8
	refused EEXIST poolctl create arena there --size 8
	refused ENOENT poolctl destroy there nothing
	no_objects
}

test_json_errors()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	json_error 1 null poolctl destory --json
	json_error 1 null poolctl create pool x --json
	json_error 1 null poolctl --json create pool x --block-size -1 --blocks 8
	json_error 1 null poolctl alloc p -N 0 --json
	json_error 1 null poolctl free p x --json
	json_error 1 null poolctl stats "$(repeat n 4096)" --json
	json_error 2 '"ENOENT"' poolctl stats nothing --json
	json_error 2 '"ENOENT"' poolctl stats $'a\e"\\b' --json
	json_error 2 '"ENOENT"' poolctl destroy nothing --json
	json_error 2 '"EEXIST"' poolctl create pool p --block-size 8 --blocks 8 --json
	json_error 2 '"ERANGE"' poolctl create pool x --block-size 0 --blocks 8 --json
	json_error 2 '"ENOENT"' poolctl free p 0.1 --json
	json 2 '.error.errno == "ENOENT" and .freed == 0' poolctl free p 0.1 --json
	json_error 2 '"ENOENT"' poolctl reset nothing --json
	json_error 2 '"EOPNOTSUPP"' poolctl reset p --json
	json_error 2 '"ENOSPC"' poolctl alloc p -N 9 --json
	json_error 2 '"EOPNOTSUPP"' poolctl alloc p --size 9 --json
	works poolctl destroy p
}

# What was probably meant, of the objects that there are.
test_did_you_mean()
{
	local command

	clear_objects
	works poolctl create pool bullets --block-size 8 --blocks 8
	works poolctl create arena an-arena-with-a-long-name --size 4K
	for command in 'stats bulets' 'show bulelts' 'map bullet' 'holders bullest' 'alloc Bullets' \
		'free bulles 0.1' 'destroy bullletts' 'set bulletz --low 1 --high 2' 'verify bulets' \
		'read bulets 0.1 --hex' 'exec bulets true' 'stats bulets -i 1'; do
		# shellcheck disable=SC2086 # several words
		refused ENOENT poolctl $command
		stderr_has "try: did you mean 'bullets'\? 'poolctl list' shows"
	done
	refused ENOENT poolctl reset an-arena-with-long-name
	stderr_has "did you mean 'an-arena-with-a-long-name'"
	json 2 '.error.hint | test("^did you mean .bullets.")' poolctl stats bulets --json
	refused ENOENT poolctl stats rockets
	stderr_has "try: 'poolctl list' shows"
	# A handle is no name.
	refused ENOENT poolctl free bullets 7.7
	stderr_has "try: use a handle that"
	works poolctl destroy bullets an-arena-with-a-long-name
}

# What fits to this kind of object.
test_hint_of_kind()
{
	local name

	clear_objects
	works poolctl create arena a --size 4K
	works poolctl create heap h --blocks 8
	for name in a h; do
		refused EOPNOTSUPP poolctl alloc "$name"
		stderr_has 'kernel: the object is no pool'
		stderr_has 'try: --size SIZE'
		refused EOPNOTSUPP poolctl alloc "$name" -N 2
		stderr_has 'try: --size in place of -N'
		refused EOPNOTSUPP poolctl exec "$name" -N 2 -- true
		stderr_has 'try: no -N'
	done
	refused EOPNOTSUPP poolctl free a 0.1
	stderr_has "try: 'poolctl reset'"
	refused EOPNOTSUPP poolctl reset h
	stderr_has 'kernel: the object is no arena'
	stderr_has "try: 'poolctl free'"
	refused ERANGE poolctl alloc h --size 0
	stderr_has 'try: a size from 1 on'
	works poolctl destroy a h
}

# What stands behind the program belongs to it.
test_exec_options()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	works poolctl exec p echo -n -x --json
	same '-x --json' "$stdout" "arguments of the program"
	# shellcheck disable=SC2016 # a variable of what is run
	works poolctl exec -N 2 p sh -c 'echo $MPDEMO_HANDLES'
	same '0.1 1.1' "$stdout" handles
	# shellcheck disable=SC2016
	works poolctl exec p -N 1 -- sh -c 'echo $MPDEMO_HANDLES'
	[[ $stdout =~ ^[01]\.2$ ]]
	misused poolctl exec p -x -- true
	misused poolctl exec p --
	works poolctl destroy p
}

test_no_permission()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8 --mode 0666
	refused EPERM "$as_nobody" poolctl create pool x --block-size 8 --blocks 8
	refused EPERM "$as_nobody" poolctl destroy p
	refused EACCES "$as_nobody" poolctl alloc p
	refused EACCES "$as_nobody" poolctl free p 0.1
	json_error 2 '"EPERM"' "$as_nobody" poolctl destroy p --json
	json_error 2 '"EACCES"' "$as_nobody" poolctl alloc p --json
	# Looking is for everybody.
	json 0 '.objects[0].name == "p"' "$as_nobody" poolctl list --json
	json 0 '.objects[0].in_use == 0' "$as_nobody" poolctl stats p --json
	works poolctl destroy p
}

test_wrong_device()
{
	status_of 3 poolctl alloc p --device /dev/no-such-device
	stderr_has '^poolctl: .* no device /dev/no-such-device, but module mempool_demo is loaded'
	stderr_has $'\n  try: --device '
	status_of 3 poolctl alloc p --device /dev/null
	stderr_has '^poolctl: .....'
	status_of 3 env POOLCTL_DEVICE=/dev/zero poolctl alloc p
}

# What is wrong with objects, and with who asks.
test_doctor()
{
	local max

	clear_objects
	max=$(< /sys/module/mempool_demo/parameters/max_objects)
	works poolctl doctor
	[[ ! $stdout =~ (^|$'\n')problem ]]
	[[ ! $stdout =~ objects\ .*fail ]]
	works poolctl create pool p --block-size 8 --blocks 8
	refused ENOENT poolctl free p 0.1
	works poolctl alloc p -N 8
	refused EAGAIN poolctl alloc p
	echo 1 > /sys/module/mempool_demo/parameters/max_objects
	status_of 0 poolctl doctor
	echo "$max" > /sys/module/mempool_demo/parameters/max_objects
	[[ $stdout =~ p:\ 1\ allocation\ failed.*try: ]]
	[[ $stdout =~ p:\ 1\ handle\ was\ refused ]]
	[[ $stdout =~ note\ *limits\ *1\ of\ max_objects=1 ]]
	json 0 '.problems == 0 and (.checks | length > 6 and
		all((.hint == null) == (.status == "ok"))) and
		([.checks[] | select(.check == "objects")] | length == 2)' poolctl doctor --json
	status_of 0 "$as_nobody" poolctl doctor
	[[ $stdout =~ note\ *rights ]]
	[[ $stdout =~ note\ *device ]]
	works poolctl destroy p
	json 0 '[.checks[] | select(.check == "objects")] == []' poolctl doctor --json
	status_of 3 poolctl doctor --device /dev/null
	[[ $stdout =~ problem\ *device ]]
}

# Without the module: its own exit status, and how to load it.
absent()	# PROGRAM [ARGUMENT]...
{
	status_of 3 "$@"
	no_stdout
	stderr_has '^poolctl: .*not loaded'
	stderr_has $'\n  try: .*modprobe mempool_demo'
}

unload()
{
	# Not everywhere is it loaded.
	rmmod mempool_demo_bench 2> /dev/null || true
	rmmod mempool_demo
}

# While the kernel cannot load modules by itself.
test_without_module()
{
	local loader

	loader=$(cat /proc/sys/kernel/modprobe)
	clear_objects
	unload
	# shellcheck disable=SC2064 # at its end the function has no variables
	trap "echo '$loader' > /proc/sys/kernel/modprobe; modprobe mempool_demo" EXIT
	echo > /proc/sys/kernel/modprobe
	absent poolctl list
	absent poolctl stats
	absent poolctl stats p
	absent poolctl create pool p --block-size 8 --blocks 8
	absent poolctl create arena a --size 8
	absent poolctl destroy p
	absent poolctl alloc p
	absent poolctl alloc p --size 8
	absent poolctl free p 0.1
	absent poolctl reset p
	json_error 3 '"ENOENT"' poolctl list --json
	json_error 3 '"ENOENT"' poolctl alloc p --json
	status_of 3 poolctl doctor
	[[ $stdout =~ problem\ *module\ *mempool_demo\ is\ not\ loaded.*try:.*modprobe ]]
	[[ $stdout =~ problem\ *device ]]
	json 3 '.problems == 2' poolctl doctor --json
	[ ! -e /sys/module/mempool_demo ]
	misused poolctl alloc p -N 0
	works poolctl version
	works poolctl help
	works poolctl --help
}

# Where the kernel loads it on demand, it does so for root, and names are gone.
test_loads_on_demand()
{
	local status=0

	unload
	trap 'modprobe mempool_demo' EXIT
	"$as_nobody" poolctl list > "$out" 2> "$err" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	status=0
	poolctl list --noheadings > "$out" 2> "$err" || status=$?
	case $status in
	0) [ -e /sys/module/mempool_demo ] && [ ! -s "$out" ] ;;
	3) [ ! -e /sys/module/mempool_demo ] ;;
	*) return 1 ;;
	esac
}

# Every command that has something to say.
cannot_print()	# WHY HANDLE [FILE]: where to, or nowhere: stdout is closed
{
	local command status

	for command in stats 'stats p' 'stats p -j' 'show p' 'map p' 'map p --svg -' 'holders p' \
		'top --once' "read p $2" 'verify p' metrics doctor report help 'help list' version; do
		status=0
		# shellcheck disable=SC2086 # several words
		if [ $# -gt 2 ]; then
			poolctl $command > "$3" 2> "$err" || status=$?
		else
			poolctl $command >&- 2> "$err" || status=$?
		fi
		same 2 "$status" "exit status of $command"
		grep -q "^poolctl: .*$1" "$err" || wrong "$command: no '$1' in $(< "$err")"
	done
}

# What cannot be written was not done, or is at least not called a success.
test_full_disk()
{
	local status=0

	[ -c /dev/full ]
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	poolctl list > /dev/full 2> "$err" || status=$?
	same 2 "$status" "exit status"
	grep -q '^poolctl: .*No space left' "$err"
	status=0
	poolctl alloc p -N 3 > /dev/full 2> "$err" || status=$?
	same 2 "$status" "exit status"
	same 0 "$(stat_of p in-use)" "blocks whose handles nobody has"
	status=0
	poolctl stats p -i 1 -c 1 > /dev/full 2> "$err" || status=$?
	same 2 "$status" "exit status"
	grep -q '^poolctl: .*No space left' "$err"
	works poolctl alloc p
	cannot_print 'No space left' "$stdout" /dev/full
	works poolctl destroy p
}

# What is opened, an object or a socket, does not become stdout or stderr.
test_closed_streams()
{
	local status=0

	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	works poolctl alloc p
	works poolctl write p 0.1 unharmed
	poolctl stats p -i 1 -c 1 >&- 2> "$err" || status=$?
	same 2 "$status" "exit status of stats"
	grep -q 'cannot write the output: Bad file descriptor' "$err"
	status=0
	poolctl batch <<< 'alloc p --hold' >&- 2> "$err" || status=$?
	same 2 "$status" "exit status of batch"
	status=0
	poolctl --json batch <<< $'alloc p --hold\nfree p 7.7' > /dev/null 2>&- || status=$?
	same 2 "$status" "exit status of batch without stderr"
	works poolctl read p 0.1
	same unharmed "$(cat "$out")" "block of somebody else"
	cannot_print 'Bad file descriptor' 0.1
	works poolctl destroy p
}

# A hint says how much room there is.
test_hint_of_offset()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	works poolctl alloc p
	refused ERANGE poolctl read p 0.1 --offset 9
	stderr_has "try: --offset 8 at most"
	refused ERANGE poolctl write p 0.1 text --offset 9
	stderr_has "try: --offset 8 at most"
	refused ENOSPC poolctl write p 0.1 'nine byte'
	stderr_has 'try: 8 bytes at most: a block has 8$'
	refused ENOSPC poolctl write p 0.1 aa --offset 7
	stderr_has 'try: 1 byte at most: a block has 8, of which --offset skips some$'
	works poolctl write p 0.1 'all eigh'
	stderr_has 'wrote 8 bytes$'
	works poolctl write p 0.1 a --offset 7
	stderr_has 'wrote 1 byte$'
	works poolctl verify p
	grep -q "try: 'poolctl set p --poison on'" "$out"
	works poolctl destroy p
}

tap_run
