#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl passes blocks from hand to hand: batches and commands hold them and
# lose none, and what is read and written is the block of the handle, or nothing.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

here=$(cd "$(dirname "$0")" && pwd)
as_nobody=$here/as_nobody
batch=$tap_dir/batch

batch()		# LINE...
{
	printf '%s\n' "$@" > "$batch"
}

# The documents that a batch has printed, all of them in one array.
documents()	# FILTER
{
	jq -es "$1" "$out" > "$tap_dir/jq" 2>&1 || {
		cat "$tap_dir/jq"
		wrong "not $1"
	}
}

# A pool of 24 bytes, and the handle of a block that it keeps in $handle.
new_pool()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 10
	handle=$(poolctl alloc p)
}

# It holds until it ends what is held, and keeps what is kept.
test_batch()
{
	clear_objects
	batch '# a comment' '' $' \t ' "create pool 'a pool'" \
		'create pool "p" --block-size 24 --blocks 10' \
		'alloc p --hold --count 3 # held' "alloc 'p'" 'stats p --noheadings --raw'
	status_of 1 poolctl -f -b "$batch"
	stderr_has "Command failed $batch:4"$'\n'
	grep -qx 'in-use 4' "$out"
	grep -qx 'kept 1' "$out"
	grep -qx 'open-files 1' "$out"
	same 1 "$(stat_of p in-use)" in-use
	same 3 "$(stat_of p reclaimed)" reclaimed

	works poolctl batch <<< $'alloc p --hold -N 9\nfree p 1.2 2.2\nstats p -n -r -B'
	grep -qx 'in-use 8' "$out"
	same 1 "$(stat_of p in-use)" in-use
	works poolctl -b /dev/null
	works poolctl batch -
	same '' "$stdout" "answers of nothing"
	works poolctl destroy p
}

# At the first line that fails, or not; with its status.
test_batch_fails()
{
	clear_objects
	works poolctl create pool p --block-size 24 --blocks 20
	works poolctl alloc p
	batch 'alloc p' 'free p 9.9' 'destory p' 'alloc p'
	status_of 2 poolctl batch "$batch"
	stderr_has "ENOENT"
	stderr_has $'\n'"Command failed $batch:2$"
	same 2 "$(stat_of p allocs)" allocs
	for options in "-f -b $batch" "-b $batch --force" "batch -f $batch" "batch $batch --force" \
		"-f batch $batch"; do
		# shellcheck disable=SC2086 # words
		status_of 2 poolctl $options
		stderr_has "Command failed $batch:2"$'\n'
		stderr_has "did you mean 'destroy'"
		stderr_has "Command failed $batch:3$"
	done
	same 12 "$(stat_of p allocs)" allocs
	batch '' 'destory p' 'free p 9.9'
	status_of 1 poolctl -f -b "$batch"
	works poolctl destroy p
}

test_batch_misused()
{
	clear_objects
	misused poolctl -b
	misused poolctl -b /nothing/there
	misused poolctl -b "$tap_dir"
	misused poolctl -b /dev/null list
	misused poolctl batch a b
	misused poolctl -f list
	misused poolctl --force
	for line in "batch /dev/null" "-b /dev/null" "list 'a" 'list "a' "-f list"; do
		status_of 1 poolctl batch <<< "$line"
		stderr_has $'\n'"Command failed -:1$"
	done
	printf 'version\nlist \0\n' > "$batch"
	status_of 1 poolctl batch "$batch"
	stderr_has "NUL"
	stderr_has ":2$"
	no_objects
}

# One document of one line for each, which tells its line; options of a line are its own.
test_batch_json()
{
	clear_objects
	batch '# nothing' 'create pool p --block-size 24 --blocks 10' 'alloc p --hold -N 2' \
		'keep p 0.1' 'free p 0.1 1.1' 'free p 0.1' 'list'
	status_of 2 poolctl --json --force -b "$batch"
	same 6 "$(wc -l < "$out")" lines
	documents 'map(.line) == [2, 3, 4, 5, 6, 7] and all(.schema == 1)'
	documents '.[1].handles == ["0.1", "1.1"] and .[2].kept == 1 and .[3].freed == 2'
	documents '.[4].error.errno == "EALREADY" and .[4].error.status == 2'
	documents '.[5].objects[0].in_use == 0'
	works poolctl batch <<< $'version -j\nversion\nversion -j'
	same 2 "$(grep -c schema "$out")" documents
	same 3 "$(wc -l < "$out")" lines
	status_of 1 poolctl -j batch <<< "list 'a"
	documents '.[0].error.status == 1 and .[0].line == 1'
	works poolctl --json -b /dev/null
	no_stdout
	works poolctl destroy p
}

# The object of a name is the one that has it now.
test_batch_again()
{
	clear_objects
	works poolctl batch <<- E
		create pool p --block-size 24 --blocks 1
		alloc p --hold
		destroy p
		create pool p --block-size 24 --blocks 1
		alloc p --hold
		destroy p
	E
	no_objects
}

# Also where somebody else has given it that.
test_batch_somebody_else()
{
	new_pool
	status_of 2 poolctl -f batch <<- E
		alloc p --hold
		exec p -- poolctl destroy p
		alloc p --hold
		free p 1.1
		exec none -- true
	E
	stderr_has 'ESHUTDOWN'
	stderr_has 'freed 1 block'
	stderr_has ':3'$'\n'
	new_pool
	works poolctl batch <<- E
		alloc p --hold
		exec p -- bash -c 'poolctl destroy p; poolctl create pool p --block-size 8 --blocks 1'
		alloc p --hold
		stats p -n -r
	E
	grep -qx 'blocks 1' "$out"
	grep -qx 'in-use 1' "$out"
	works poolctl destroy p
	no_objects
}

# Not of one command of it alone.
test_batch_ended()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 8
	batch 'alloc p --hold' 'monitor --count 1' 'stats p -n -r' monitor 'alloc p' 'alloc p'
	poolctl -f -b "$batch" > "$out" 2>&1 &
	for (( ; ; )); do
		[ "$(grep -c 'waiting for events' "$out")" != 1 ] ||
			poolctl create arena a --size 64 2> /dev/null || poolctl destroy a
		[ "$(grep -c 'waiting for events' "$out")" != 2 ] || break
	done
	kill -TERM $!
	status_of 143 wait $!
	same 1 "$(stat_of p allocs)" allocs
	same 0 "$(stat_of p in-use)" in-use
	clear_objects
}

test_keep_take()
{
	new_pool
	works poolctl batch <<< "alloc p --hold -N 3
		keep p 1.1 2.1"
	stderr_has 'kept 2 blocks of p'
	same 3 "$(stat_of p kept)" kept
	works poolctl batch <<< "take p 1.1 2.1
		stats p -n -r
		keep p 2.1"
	grep -qx 'kept 1' "$out"
	same 2 "$(stat_of p kept)" kept
	same 2 "$(stat_of p in-use)" in-use

	# Stops at the first.
	status_of 2 poolctl batch <<< "take p 2.1 9.9 $handle"
	stderr_has 'ENOENT'
	stderr_has 'after 1 of 3 were taken'
	same 1 "$(stat_of p in-use)" in-use
	status_of 2 poolctl batch <<< "take p 2.1"
	stderr_has 'EALREADY'
	status_of 2 poolctl batch <<< "keep p $handle"
	stderr_has 'kept already'
	status_of 2 poolctl -f batch <<< "take p $handle
		take p $handle"
	stderr_has 'EPERM'
	stderr_has 'not kept'
	works poolctl destroy p
}

# Where nobody is who could hold them.
test_alone()
{
	new_pool
	misused poolctl alloc p --hold
	misused poolctl take p "$handle"
	misused poolctl keep p "$handle"
	misused poolctl keep p
	misused poolctl take p x
	MPDEMO_FD=0 misused poolctl take p "$handle"
	MPDEMO_FD=junk misused poolctl take p "$handle"
	json_error 1 null poolctl take p "$handle" --json
	same 1 "$(stat_of p kept)" kept
	works poolctl destroy p
}

test_read_write()
{
	new_pool
	works poolctl read p "$handle"
	same 24 "$(stat -c %s "$out")" "bytes of a block"
	cmp -n 24 "$out" /dev/zero
	works poolctl write p "$handle" 'hello, world'
	works poolctl read p "$handle" -l 5
	same hello "$stdout" "what was written"
	printf '\xff\0\n' > "$batch"
	status_of 0 poolctl write p "$handle" -o 21 < "$batch"
	works poolctl read p "$handle" --offset 21
	cmp "$out" "$batch"
	works poolctl read p "$handle" --hex
	same "00000000  68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 00 00 00 00  hello, world....
00000010  00 00 00 00 00 ff 00 0a                          ........" "$stdout" dump
	json 0 '.object == "p" and .offset == 19 and .length == 4 and .hex == "0000ff00" and
		.handle == "0.1"' poolctl read p "$handle" -o 19 -l 4 --json
	json 0 '.length == 0 and .hex == ""' poolctl read p "$handle" -o 24 -j
	json 0 '.length == 2 and .offset == 0' poolctl write p "$handle" -j no
	works poolctl write p "$handle" ''
	works poolctl read p "$handle" -l 6
	same 'nollo,' "$stdout" "what was written over"
	same 1 "$(stat_of p kept)" kept
	same 0 "$(stat_of p refused)" refused
	same 0 "$(stat_of p reclaimed)" reclaimed
	works poolctl destroy p
}

# All of it or nothing.
test_write_too_much()
{
	new_pool
	refused ENOSPC poolctl write p "$handle" 'these are 25 bytes, or so'
	refused ENOSPC poolctl write p "$handle" -o 24 x
	refused ERANGE poolctl write p "$handle" -o 25 ''
	refused ERANGE poolctl read p "$handle" -o 25
	refused ENOSPC poolctl write p "$handle" < /proc/cpuinfo
	works poolctl read p "$handle"
	cmp -n 24 "$out" /dev/zero
	works poolctl write p "$handle" 'these are 24 bytes, once'
	misused poolctl read p "$handle" -o -1
	misused poolctl read p "$handle" -l x
	misused poolctl read p
	misused poolctl write p "$handle" a b
	status_of 1 poolctl write p "$handle" < "$tap_dir"
	stderr_has 'cannot read stdin'
	json_error 2 '"ENOSPC"' poolctl write p "$handle" -o 20 12345 -j
	works poolctl destroy p
}

# The block is somebody else's now: neither its bytes nor ours are seen there.
test_stale()
{
	local new

	new_pool
	works poolctl write p "$handle" first
	works poolctl free p "$handle"
	refused EALREADY poolctl read p "$handle"
	refused EALREADY poolctl write p "$handle" junk
	new=$(poolctl alloc p)
	same "${handle%.*}" "${new%.*}" "index of the block"
	works poolctl write p "$new" second
	refused ESTALE poolctl read p "$handle"
	refused ESTALE poolctl write p "$handle" junk
	refused ENOENT poolctl read p 9.1
	refused ENOENT poolctl write p 4294967295.1 junk
	works poolctl read p "$new" -l 6
	same second "$stdout" "what is in the new block"
	works poolctl destroy p
}

# As "status_of", while a signal comes just when the bytes are copied.
status_with()	# SIGNAL WANTED PROGRAM [ARGUMENT]...
{
	local signal=$1 wanted=$2

	shift 2
	status_of "$wanted" env LD_PRELOAD="$here/signal_in_copy.so" SIGNAL="$signal" "$@"
}

# The block is nobody's loss: a signal waits until it is kept again, and one that does not wait
# frees it.
test_signals()
{
	new_pool
	status_with 0 0 poolctl write p "$handle" nothing
	status_with 15 143 poolctl write p "$handle" message
	same 1 "$(stat_of p kept)" kept
	works poolctl read p "$handle" -l 7
	same message "$stdout" "what was written"
	status_with 2 130 poolctl read p "$handle"
	same 1 "$(stat_of p kept)" kept

	status_with 9 137 poolctl read p "$handle"
	refused EALREADY poolctl read p "$handle"
	same 1 "$(stat_of p reclaimed)" reclaimed
	handle=$(poolctl alloc p)
	status_with 9 137 poolctl write p "$handle" half
	refused EALREADY poolctl read p "$handle"
	same 0 "$(stat_of p in-use)" in-use
	works poolctl destroy p
}

# What a batch holds, only it reaches.
test_held()
{
	new_pool
	works poolctl batch <<- E
		take p $handle
		write p $handle 'from the batch'
		read p $handle -l 14
		keep p $handle
		write p $handle 'F'
		stats p -n -r
	E
	same 'from the batch' "${stdout:0:14}" "what is in the block"
	grep -qx 'refused 0' "$out"
	works poolctl read p "$handle" -l 14
	same 'From the batch' "$stdout" "what is in the block"

	# What it has given away it reaches as everybody does.
	status_of 2 poolctl batch <<- E
		alloc p --hold
		keep p 1.1
		exec p -- poolctl free p 1.1
		exec p -- poolctl alloc p
		read p 1.1
	E
	stderr_has ESTALE
	works poolctl free p 1.2

	mkfifo "$tap_dir/fifo"
	poolctl batch < "$tap_dir/fifo" > /dev/null 2>&1 &
	exec 9> "$tap_dir/fifo"
	echo "take p $handle" >&9
	for (( ; ; )); do
		[ "$(stat_of p kept)" = 1 ] || break
	done
	refused EPERM poolctl read p "$handle"
	refused EPERM poolctl write p "$handle" junk
	refused EPERM poolctl free p "$handle"
	echo "keep p $handle" >&9
	exec 9>&-
	wait $!
	works poolctl read p "$handle" -l 14
	same 'From the batch' "$stdout" "what is in the block"

	# What the commands would read is the batch itself.
	status_of 1 poolctl batch <<< "write p $handle"
	stderr_has 'has to be an argument'
	works poolctl destroy p
}

test_heap()
{
	clear_objects
	works poolctl create heap h --blocks 2 --large 64K
	works poolctl alloc h --size 100
	handle=$stdout
	[[ $handle =~ ^[0-9]+\.1$ ]]
	json 0 '.object == "h" and .bytes == 8192 and .offset > 0 and
		(.handles | length == 1)' poolctl alloc h --size 5000 --json
	same 2 "$(stat_of h kept)" kept
	works poolctl batch <<- E
		alloc h --size 10 --hold
		take h $handle
		keep h $handle
		stats h -n -r
	E
	grep -qx 'kept 2' "$out"
	same 2 "$(stat_of h kept)" kept
	same 1 "$(stat_of h reclaimed)" reclaimed
	works poolctl free h "$handle"
	refused EALREADY poolctl free h "$handle"
	refused EAGAIN poolctl alloc h --size 60K
	refused ENOSPC poolctl alloc h --size 65K
	refused ERANGE poolctl alloc h --size 0
	refused EOPNOTSUPP poolctl alloc h
	misused poolctl alloc h --size 8 --align 8
	misused poolctl alloc h --size 8 --hold
	works poolctl create arena a --size 4K
	status_of 1 poolctl batch <<< 'alloc a --size 8 --hold'
	works poolctl destroy h a
}

test_read_elsewhere()
{
	new_pool
	works poolctl create arena a --size 4K
	works poolctl create heap h --blocks 10
	refused EOPNOTSUPP poolctl read a 0.1
	refused EOPNOTSUPP poolctl write a 0.1 junk
	refused EOPNOTSUPP poolctl read h 0.1
	refused EOPNOTSUPP poolctl exec a -N 1 -- true
	refused ENOENT poolctl read none 0.1
	refused ENOENT poolctl exec none -- true
	misused poolctl exec p
	misused poolctl exec p -N 4097 -- true
	misused poolctl exec p -l ls
	# As a file that may be written only.
	works poolctl create pool w --block-size 8 --blocks 8 --mode 0222
	works poolctl alloc w
	chmod 666 /dev/mempool_demo
	status_of 0 "$as_nobody" poolctl write w 0.1 quiet
	status_of 2 "$as_nobody" poolctl read w 0.1
	chmod 600 /dev/mempool_demo
	stderr_has 'EBADF'
	works poolctl read w 0.1
	works poolctl destroy a h p w
}

test_exec()
{
	new_pool
	# shellcheck disable=SC2016 # the shell inside
	works poolctl exec p -N 2 -- bash -c 'echo "$MPDEMO_HANDLES"; ls -l /proc/$$/fd/$MPDEMO_FD
		poolctl stats p -n -r'
	same '1.1 2.1' "${stdout%%$'\n'*}" MPDEMO_HANDLES
	[[ $stdout =~ anon_inode:.mempool_demo ]]
	grep -qx 'in-use 3' "$out"
	same 1 "$(stat_of p in-use)" in-use
	same 2 "$(stat_of p reclaimed)" reclaimed
	# shellcheck disable=SC2016 # the shell inside
	works poolctl exec p -- bash -c '[ -z "${MPDEMO_HANDLES-unset}" ] && [ -e /proc/self/fd/$MPDEMO_FD ]'

	status_of 42 poolctl exec p -- sh -c 'exit 42'
	status_of 127 poolctl exec p -- no-such-command
	stderr_has 'cannot run'
	status_of 126 poolctl exec p -- /dev
	# shellcheck disable=SC2016 # the shell inside
	status_of 143 bash -c 'poolctl exec p -- bash -c "kill \$\$"; exit $?'
	json_error 127 null poolctl exec p --json -- no-such-command
	json_error 2 '"EAGAIN"' poolctl exec p --json -N 10 -- true
	json 0 '.a == 1' poolctl exec p --json -- echo '{"schema": 1, "a": 1}'
	# shellcheck disable=SC2016 # the shell inside
	status_of 141 bash -c 'poolctl exec p -- yes | head -n 1; exit ${PIPESTATUS[0]}'
	works poolctl destroy p
}

# Whatever kills it.
test_exec_killed()
{
	new_pool
	poolctl exec p -N 3 -- sleep 100 &
	for (( ; ; )); do
		[ "$(stat_of p in-use)" != 4 ] || break
	done
	kill -KILL $!
	wait $! || true
	same 1 "$(stat_of p in-use)" in-use
	works poolctl destroy p
}

# poolctl in there has the same open file.
test_exec_inside()
{
	new_pool
	works poolctl write p "$handle" message
	# shellcheck disable=SC2016 # the shell inside
	works poolctl exec p -N 1 -- bash -ec '
		poolctl take p '"$handle"'
		poolctl alloc p --hold
		poolctl stats p -n -r
		poolctl keep p $MPDEMO_HANDLES
		poolctl write p $MPDEMO_HANDLES answer
		poolctl read p '"$handle"' && exit 1
		poolctl keep p '"$handle"
	grep -qx 'kept 0' "$out"
	grep -qx 'in-use 3' "$out"
	grep -qx 'open-files 1' "$out"
	stderr_has EPERM
	same 2 "$(stat_of p kept)" kept
	same 2 "$(stat_of p in-use)" in-use
	works poolctl read p 1.1 -l 6
	same answer "$stdout" "what is in the block"
	works poolctl read p "$handle" -l 7
	same message "$stdout" "what is in the block"

	# Of another object it is of no use.
	works poolctl create pool q --block-size 8 --blocks 1
	status_of 1 poolctl exec q -- poolctl take p "$handle"
	works poolctl exec q -N 1 -- poolctl free p "$handle"
	works poolctl destroy p q
}

test_exec_in_batch()
{
	new_pool
	batch 'alloc p --hold' 'exec p -N 1 -- sh -c "poolctl stats p -n -r; cat; exit 7"' \
		'exec p -- sh -c "exit 9"' 'stats p --json'
	# More than is read at once.
	printf '%0.s# exec\n' {1..2000} >> "$batch"
	status_of 7 poolctl -f batch - < "$batch"
	grep -qx 'in-use 3' "$out"
	stderr_has 'Command failed -:2'
	stderr_has 'Command failed -:3'
	[[ $stdout =~ '"line":4' ]]
	[[ ! $stdout =~ exec ]]
	works poolctl destroy p
}

tap_run
