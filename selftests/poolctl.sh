#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves that poolctl does its work from a shell: pools and arenas are created,
# used by handles that are just words, looked at, and destroyed.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

test_bullets()
{
	local handles rest

	clear_objects
	works poolctl create pool bullets --block-size 24 --blocks 1000
	works poolctl alloc bullets -N 3
	mapfile -t handles < "$out"
	same 3 "${#handles[@]}" "number of handles"
	same 3 "$(sort -u "$out" | grep -cE '^[0-9]+\.[0-9]+$')" "different handles"
	same 3 "$(stat_of bullets in-use)" in_use
	same 3 "$(stat_of bullets kept)" kept
	works poolctl stats bullets
	[[ $stdout =~ in-use\ +3$'\n' ]]

	works poolctl free bullets "${handles[1]}"
	same 2 "$(stat_of bullets in-use)" in_use
	refused EALREADY poolctl free bullets "${handles[1]}"
	stderr_has 'free already'
	same 2 "$(stat_of bullets in-use)" in_use

	# More than there is in all, and more than there is now: nothing is taken.
	refused ENOSPC poolctl alloc bullets -N 2000
	refused EAGAIN poolctl alloc bullets -N 999
	same 2 "$(stat_of bullets in-use)" in_use
	same 3 "$(stat_of bullets allocs)" allocs

	works poolctl alloc bullets -N 998
	mapfile -t rest < "$out"
	same 998 "${#rest[@]}" "number of handles"
	refused EAGAIN poolctl alloc bullets
	same 1000 "$(stat_of bullets in-use)" in_use
	works poolctl free bullets "${rest[@]}" "${handles[0]}" "${handles[2]}"
	same 0 "$(stat_of bullets in-use)" in_use
	same 1000 "$(stat_of bullets peak)" peak
	same 1001 "$(stat_of bullets frees)" frees
	works poolctl destroy bullets
	refused ENOENT poolctl stats bullets
}

test_stale_handle()
{
	local first second

	clear_objects
	works poolctl create pool one --block-size 8 --blocks 1
	first=$(poolctl alloc one)
	works poolctl free one "$first"
	second=$(poolctl alloc one)
	same "${first%.*}" "${second%.*}" "index of the only block"
	[ "$first" != "$second" ]
	refused ESTALE poolctl free one "$first"
	refused ENOENT poolctl free one "${second%.*}.4000000"
	refused ENOENT poolctl free one 7.1
	refused ENOENT poolctl free one 0.0
	works poolctl free one "$second"
	works poolctl destroy one
}

# Several handles: those before the bad one are freed, those behind it are not.
test_free_stops()
{
	local h

	clear_objects
	works poolctl create pool stop --block-size 8 --blocks 10
	works poolctl alloc stop -N 4
	mapfile -t h < "$out"
	works poolctl free stop "${h[2]}"
	refused EALREADY poolctl free stop "${h[0]}" "${h[1]}" "${h[2]}" "${h[3]}"
	stderr_has "${h[2]}"
	same 1 "$(stat_of stop in-use)" in_use
	works poolctl free stop "${h[3]}"
	works poolctl destroy stop
}

test_arena()
{
	clear_objects
	works poolctl create arena scratch --size 64K
	works poolctl alloc scratch --size 100
	same 0 "$(cat "$out")" "first offset"
	works poolctl alloc scratch --size 1K --align 4096
	same 4096 "$(cat "$out")" "aligned offset"
	same 5120 "$(stat_of scratch in-use)" in_use
	refused ENOSPC poolctl alloc scratch --size 64K
	same 5120 "$(stat_of scratch in-use)" in_use
	works poolctl reset scratch
	same 0 "$(stat_of scratch in-use)" in_use
	works poolctl alloc scratch --size 64K
	refused ENOSPC poolctl alloc scratch --size 1
	same 65536 "$(stat_of scratch peak)" peak
	works poolctl reset scratch
	works poolctl destroy scratch
}

test_create()
{
	clear_objects
	works poolctl create pool grows --block-size 64 --blocks 64 --max-blocks 256 \
		--chunk-blocks 64 --quota 100 --owner 12 --group 34 --mode 0640
	json 0 '.objects[0] | .blocks == 64 and .max_blocks == 256 and .chunk_blocks == 64 and
		.present == 64 and .quota == 100 and .uid == 12 and .gid == 34 and
		.mode == 416 and .level == "normal" and .poison == 0 and
		(has("fine") or has("bytes") | not)' poolctl stats grows --json
	works poolctl alloc grows -N 256
	same 256 "$(stat_of grows present)" present
	works poolctl create heap any --blocks 100 --large 1M --steps 4
	json 0 '.objects[0] | .kind == "heap" and .blocks == 100 and .fine == true and
		.large_bytes == 1048576 and .bytes > 1048576' poolctl stats any --json
	works poolctl stats any
	[[ $stdout =~ large-bytes\ +1M ]]
	works poolctl create heap coarse --large 4K --steps 1
	json 0 '.objects[0] | has("fine") | not' poolctl stats coarse --json
	works poolctl list
	[[ $stdout =~ \ any\ +heap\  ]]
	works poolctl destroy grows any coarse
}

test_wrong_kind()
{
	clear_objects
	works poolctl create pool p --block-size 8 --blocks 10
	works poolctl create arena a --size 4096
	refused EOPNOTSUPP poolctl alloc a -N 3
	refused EOPNOTSUPP poolctl alloc p --size 8
	refused EOPNOTSUPP poolctl free a 0.1
	refused EOPNOTSUPP poolctl reset p
	works poolctl destroy p a
}

test_list()
{
	clear_objects
	json 0 '.objects == []' poolctl list --json
	works poolctl list
	works poolctl create pool p --block-size 8 --blocks 10
	works poolctl create arena a --size 4096
	works poolctl list
	[[ $stdout =~ \ p\ +pool\  ]]
	[[ $stdout =~ \ a\ +arena\  ]]
	works poolctl
	works poolctl destroy p a
	works poolctl list
	[[ ! $stdout =~ \ (p +pool|a +arena)\  ]]
}

# debugfs, netlink and ioctls tell the same.
test_debugfs_agrees()
{
	local id

	clear_objects
	works poolctl create pool seen --block-size 24 --blocks 100
	works poolctl alloc seen -N 42
	id=$(stat_of seen id)
	grep -qE '\bseen\b.*\b42\b' /sys/kernel/debug/mempool_demo/summary
	grep -qE '^in-use +42$' "/sys/kernel/debug/mempool_demo/$id/stats"
	works poolctl destroy seen
	[ ! -e "/sys/kernel/debug/mempool_demo/$id" ]
	not grep -q '\bseen\b' /sys/kernel/debug/mempool_demo/summary
}

# As in the file metrics.prom, which "make check" has promtool look at. Numbers and
# footprints of objects are not always the same.
test_metrics()
{
	local line text

	clear_objects
	works poolctl metrics --format openmetrics
	same $'mempool_demo_objects 0\n# EOF' "${stdout##*gauge$'\n'}" "OpenMetrics of nothing"
	works poolctl metrics
	same 'mempool_demo_objects 0' "${stdout##*$'\n'}" "metrics of nothing"
	works poolctl create pool 'bul"lets' --block-size 24 --blocks 1000
	works poolctl create arena 're{que}s=,#t' --size 64K
	works poolctl alloc 'bul"lets' -N 3
	works poolctl alloc 're{que}s=,#t' --size 100
	refused EAGAIN poolctl alloc 'bul"lets' -N 998
	works poolctl metrics
	same "$(tail -n +2 metrics.prom)" "$(sed -E 's/id="[0-9]+"/id="1"/
		s/^(mempool_demo_footprint_bytes.*) [1-9][0-9]+$/\1 100000/' "$out")" metrics

	# OpenMetrics differs in the names of families of counters, and in its end.
	works poolctl metrics
	text=$stdout
	works poolctl metrics --format openmetrics
	same '# EOF' "${stdout##*$'\n'}" "the last line of OpenMetrics"
	grep -qx '# TYPE mempool_demo_allocs counter' "$out"
	grep -q '^mempool_demo_allocs_total{.*} 3$' "$out"
	same "$text" "$(sed -E '$d; /^# (HELP|TYPE) .*_(allocs|frees|failures|refused|reclaimed|corrupted) /s//&_total /
		s/ _total/_total/' "$out")" "OpenMetrics as text"
	misused poolctl metrics --format xml

	# Of one that grows, what it may have, of which none can use more.
	works poolctl create pool grows --block-size 64 --blocks 64 --max-blocks 256
	works poolctl set grows --low 1 --high 2
	works poolctl alloc grows -N 256
	works poolctl metrics
	for line in 'capacity_blocks 256' 'present_blocks 256' 'used_blocks 256' 'level 1'; do
		grep -qE "^mempool_demo_${line% *}\{.*\"grows\".*\} ${line#* }$" "$out"
	done
	works poolctl destroy grows
	json_error 1 null poolctl metrics --json
	works poolctl destroy 'bul"lets' 're{que}s=,#t'
}

# Every answer is one document, of which each number is a number.
test_json()
{
	clear_objects
	json 0 '.objects | length == 1 and .[0].name == "p" and .[0].kind == "pool"' \
		poolctl create pool p --block-size 24 --blocks 1000 --mode 0640 --json
	json 0 '.objects[0] | .kind == "arena" and .bytes == 65536' \
		poolctl create arena a --size 64K --json
	json 0 '.object == "p" and (.handles | length == 3 and all(type == "string"))' \
		poolctl alloc p -N 3 --json
	json 0 '.handles | length == 1' poolctl alloc p --json
	json 0 '.object == "a" and .offset == 0 and .bytes == 100' \
		poolctl alloc a --size 100 --json
	json 0 '[.objects[] | select(.name == "p")][0] |
		[.id, .blocks, .in_use, .peak, .failures] | all(type == "number")' \
		poolctl list --json
	json 0 '.objects[0] | .in_use == 4 and .kept == 4 and .blocks == 1000 and
		.block_size == 24 and .mode == 416 and .uid == 0 and .dying == false and
		([.footprint, .stride, .allocs, .frees, .failures, .refused, .reclaimed,
		  .open_files, .gid, .id] | all(type == "number"))' poolctl stats p --json
	json 0 '.objects[0] | .in_use == 100 and .bytes == 65536' poolctl stats a --json
	json 0 '.objects | length == 2' poolctl stats --json
	json 0 '.objects | length == 2' poolctl stats --json --pretty
	json 0 '.freed == 1' poolctl free p "$(poolctl alloc p)" --json
	json 0 '.freed_bytes == 100' poolctl reset a --json
	json 0 '.version | length > 0' poolctl version --json
	json 0 '.destroyed == ["p", "a"]' poolctl destroy p a --json
	json 0 '.objects == []' poolctl stats --json
}

# Two shells at once: none gets what the other has.
test_parallel()
{
	local i pids=()

	clear_objects
	works poolctl create pool shared --block-size 8 --blocks 80
	for i in 1 2 3 4; do
		for _ in 1 2 3 4 5; do
			poolctl alloc shared -N 4
		done > "$tap_dir/handles.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	same 80 "$(cat "$tap_dir"/handles.* | sort -u | wc -l)" "different handles"
	refused EAGAIN poolctl alloc shared
	works poolctl destroy shared
}

# A reader that has seen enough.
test_closed_pipe()
{
	clear_objects
	works poolctl create pool pipe --block-size 8 --blocks 1000
	poolctl alloc pipe -N 1000 2> "$err" | head -n 1 > "$out" || true
	[ -s "$out" ]
	same '' "$(cat "$err")" stderr
	works poolctl destroy pipe
}

tap_run
