#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# LIMIT: 300 seconds
#
# Proves that each suite of the benchmark can be measured, with each parameter that it has, and
# says what it promises to say; that what it does not have is refused with an errno and a text;
# and that a job can be cancelled. What the figures are is nothing for a test: rounds are as short
# as they can be.

# The functions test_* are called by their names.
# shellcheck disable=SC2317,SC2329
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=selftests/poolctl_test.sh
. "$(dirname "$0")/poolctl_test.sh"

as_nobody=$(cd "$(dirname "$0")" && pwd)/as_nobody
as_terminal=${as_nobody%/*}/on_terminal
cpus=$(grep -c "^processor" /proc/cpuinfo)
slow=${MPDEMO_SLOW:-1}
# On a machine that is emulated it measures nothing else.
export POOLCTL_INSTRUMENT=instructions

modprobe mempool_demo_bench || exit 1

quick()		# SUITE [ARGUMENT]...
{
	poolctl bench "$@" --operations 1
}

# What holds for any row. Where the clock is that of ticks, a round may take none.
row='.min >= 0 and .median >= .min and .operations > 0 and (.unit | length) > 2 and
	.rounds == 10 and .gross_min_per_operation >= 0 and (.throughput > 0 or .median == 0)'
rows=".state == \"done\" and (.rows | length) > 3 and all(.rows[]; $row)"

# All rows, and all allocators that a suite is about.
suite()		# SUITE ALLOCATOR...
{
	local suite=$1 filter=$rows allocator

	shift
	for allocator; do
		filter+=" and any(.rows[]; .allocator == \"$allocator\")"
	done
	json 0 "$filter and all(.rows[]; .suite == \"$suite\" and .context == \"task\" and
		.sizes == \"constant\" and .zero == false and has(\"clock\") == false and
		has(\"memory_requested\") == false)" quick "$suite" --json
}

test_micro()
{
	suite micro empty kmalloc kmem_cache mempool_t pool 'pool per CPU' arena heap
	json_filters[0]+=' and ([.rows[].batch] | unique == [1, 32, 100]) and
		all(.rows[]; .object_size == 64 and .cpus == 1)'
}

test_bullets()
{
	suite bullets empty kmalloc kmem_cache mempool_t pool 'pool per CPU' heap
}

test_remote()
{
	if [ "$cpus" -eq 1 ]; then
		refused EOPNOTSUPP quick remote
		stderr_has 'more CPUs than are online'
		return
	fi
	suite remote empty kmalloc kmem_cache pool 'pool per CPU' heap
	json_filters[0]+=' and ([.rows[].batch] | unique == [1, 10, 100, 1000])'
}

test_http()
{
	suite http empty kmalloc kmem_cache mempool_t pool 'pool per CPU' arena heap
}

test_connections()
{
	suite connections empty kmalloc kmem_cache 'pool + arena' 'pool per CPU + arena' heap
	json_filters[0]+=" and all(.rows[]; .cpus == $cpus)"
}

# Of 1100 messages each 16th is malformed, and 1000 there is room for: 32 are refused.
test_chat()
{
	suite chat empty kmalloc kmem_cache 'pool + arena' 'pool per CPU + arena' heap
	json_filters[0]+=' and all(.rows[]; if .allocator == "pool per CPU + arena"
		then .failures <= 320 else .failures == 320 end)'
}

test_sizes()
{
	suite sizes empty kmalloc 'pools + arena' heap
	json 0 "$rows and all(.rows[]; .batch == 1000)" quick sizes --outstanding 1000 --json
}

test_percpu()
{
	suite percpu empty kmalloc kmem_cache 'pool + arena' 'pool per CPU + arena per CPU' heap
	json_filters[0]+=" and all(.rows[]; .cpus == $cpus)"
	json 0 "$rows and all(.rows[]; .cpus == 1)" quick percpu --cpus 1 --json
}

test_parameters()
{
	json 0 "$rows and ([.rows[].batch] | unique == [7]) and all(.rows[]; .object_size == 200 and
		.sizes == \"random\" and .zero and .cpus == $cpus)" \
		quick micro --size 200 --outstanding 7 --random --zero --cpus "$cpus" --json
	json 0 "$rows and all(.rows[]; .object_size == 8 and .batch == 1)" \
		quick micro --size 8 --outstanding 1 --json
	json 0 "$rows and all(.rows[]; .object_size == 4096)" quick micro --size 4K --outstanding 2 --json
	# More than the least of steps, less than a round.
	json 0 "$rows and all(.rows[]; .operations == 200)" \
		poolctl bench bullets --operations 250 --json
}

test_outstanding()
{
	local most=$((32768 / slow))

	json 0 "$rows and all(.rows[]; .batch == $most and .operations == $most)" \
		quick micro --outstanding "$most" --json
	[ "$cpus" -gt 1 ] || return 0
	json 0 "$rows and all(.rows[]; .batch == $most and .operations == $most)" \
		quick remote --outstanding "$most" --json
}

# Calls of rows without a bulk: each operation is one, in each of ten rounds.
test_latency()
{
	local ordered='.p50 <= .p90 and .p90 <= .p99 and .p99 <= .p999 and .p999 <= .max'
	# Those of the histogram: all calls, in order, and none behind the longest one.
	# shellcheck disable=SC2016 # a variable of jq
	local buckets='. as $l | ($l.buckets | map(.[2]) | add) == $l.samples and
		all($l.buckets[]; .[0] <= .[1] and .[2] > 0 and .[0] <= $l.max) and
		($l.buckets | . == sort) and $l.buckets[-1][1] >= $l.max and
		any($l.buckets[]; .[1] >= $l.p50 and .[0] <= $l.p50)'

	json 0 "$rows and all(.rows[]; .clock >= 0 and .clock_step > 0 and
		(.alloc_latency | ($ordered) and ($buckets)) and
		(.free_latency | ($ordered) and ($buckets))) and
		all(.rows[] | select(.variant | startswith(\"bulk\") | not);
		    .alloc_latency.samples == .operations * 10)" quick micro --outstanding 10 --latency --json
	json 0 "$rows and all(.rows[]; .alloc_latency.samples > 0 and (.alloc_latency | ($ordered) and ($buckets)))" \
		quick http --latency --json
	works quick micro --outstanding 10 --latency
	[[ $stdout =~ P99.9 ]]
	[[ $stdout =~ micro\ *pool\ per\ CPU\ *inline\ *10\ *free\ *[0-9] ]]
}

# What is held is known; what it takes is no less. A pool says what it takes.
test_memory()
{
	json 0 "$rows and all(.rows[] | select(.allocator != \"empty\"); .memory_requested == 6400 and
		.memory_used >= 6400 and .memory_wasted == .memory_used - 6400)" \
		quick micro --size 64 --outstanding 100 --memory --json
	# Whole blocks of the size class, where there are such: 96 is one of kmalloc and not of heaps.
	json 0 "$rows and all(.rows[]; .memory_handed_out ==
		{kmalloc: 9600, heap: 12800}[.allocator])" \
		quick micro --size 96 --outstanding 100 --memory --json
	json 0 "$rows and all(.rows[] | select(.allocator == \"arena\" or .allocator == \"kmalloc\");
		.memory_requested == 14208) and any(.rows[]; .allocator == \"arena\" and .memory_used >= 65536)" \
		quick http --memory --json
	# Of arenas of each CPU in a section, and of several of one CPU.
	json 0 "$rows and all(.rows[]; .memory_requested == 57600)" quick percpu --memory --json
	json 0 "$rows and all(.rows[]; .memory_requested == 124928)" quick connections --memory --json
	works quick http --memory
	[[ $stdout =~ WASTED ]]
}

# GFP_KERNEL is not for interrupts; the slab allocator is not for those of PREEMPT_RT.
test_contexts()
{
	local suite suites='bullets connections'

	[ "$slow" -gt 1 ] || suites+=' micro http sizes percpu'
	for suite in $suites; do
		json 0 "$rows and all(.rows[]; .context == \"hardirq\" and
			(.variant | test(\"GFP_KERNEL\") | not)) and
			any(.rows[]; .allocator | startswith(\"pool\"))" quick "$suite" --context hardirq --json
	done
	for suite in sizes chat; do
		json 0 "$rows and all(.rows[]; .context == \"softirq\" and
			(.variant | test(\"GFP_KERNEL\") | not)) and
			any(.rows[]; .variant == \"GFP_ATOMIC\")" quick "$suite" --context softirq --json
	done
	json 0 "$rows" quick micro --context hardirq --latency --outstanding 1024 --zero --json
}

# TEXT is what the kernel says.
refuses()	# ERRNO TEXT ARGUMENT...
{
	local errno=$1 text=$2

	shift 2
	refused "$errno" poolctl bench "$@"
	stderr_has "$text"
}

test_refusals()
{
	refuses ERANGE 'out of range' micro --size 7
	refuses ERANGE 'out of range' micro --size 4097
	refuses ERANGE 'no more than 32768' micro --outstanding 32769
	refuses ERANGE 'fewer CPUs' micro --cpus $((cpus + 1))
	refuses ERANGE 'no CPU of this number' micro --cpu 4294967294
	refuses ERANGE 'no more than 1000' sizes --outstanding 1001
	refuses ERANGE 'no more than 1024' micro --outstanding 1025 --context hardirq
	refuses EOPNOTSUPP 'own sizes' http --size 64
	refuses EOPNOTSUPP 'own sizes' bullets --random
	refuses EOPNOTSUPP 'own number outstanding' chat --outstanding 10
	refuses EOPNOTSUPP 'in this context' remote --context softirq
	refuses EOPNOTSUPP 'in this context' chat --context hardirq
	[ "$cpus" -eq 1 ] || refuses EOPNOTSUPP 'own number of CPUs' remote --cpus 2
	refuses EINVAL 'those of a suite' --size 64
	refuses EINVAL 'those of a suite' --outstanding 3
	refuses EINVAL 'those of a suite' --cpus 1
	refuses EINVAL 'those of a suite' --random
	refuses EINVAL 'those of a suite' --context softirq
	refused EPERM "$as_nobody" poolctl bench micro
}

test_usage()
{
	misused poolctl bench modern
	misused poolctl bench micor
	stderr_has "did you mean 'micro'"
	: > "$tap_dir/file"
	misused poolctl bench "$tap_dir/file"
	stderr_has 'is no suite; files are for --compare'
	misused poolctl bench micro bullets
	misused poolctl bench micro --context nmi
	misused poolctl bench micro --outstanding 0
	misused poolctl bench micro --outstanding many
	misused poolctl bench micro --size 0
	misused poolctl bench micro --random yes
}

# While a job runs there is no other one; one that is cancelled has said so far as it came, and
# makes room for the next one.
test_cancel()
{
	local status=0 pid

	# Of many seconds; it has begun long before one is over.
	poolctl bench micro --json > "$tap_dir/cancelled" 2> "$tap_dir/progress" &
	pid=$!
	sleep 1
	refuses EBUSY 'a job is running already' bullets
	# A shell like this one starts what is in the background with SIGINT ignored.
	kill -TERM "$pid"
	wait "$pid" || status=$?
	same 143 "$status" 'exit status'
	same cancelled "$(jq -r .state "$tap_dir/cancelled")"
	works quick bullets
}

# The rows of a job, but with figures of ours: a round of one operation may take no time at all,
# of which there is nothing to compare. Then the same, but kmalloc costs more, and the last row
# is gone.
before_and_after()
{
	works quick micro --outstanding 10 --save "$tap_dir/measured.json"
	jq -c '.rows[].net_min_per_operation = 40' "$tap_dir/measured.json" > "$tap_dir/before.json"
	jq -c '(.rows | map(.allocator) | index("kmalloc")) as $i |
		.rows[$i].net_min_per_operation = 52 | del(.rows[-1])' \
		"$tap_dir/before.json" > "$tap_dir/after.json"
}

test_compare()
{
	before_and_after
	works poolctl bench "$tap_dir/before.json" --compare "$tap_dir/before.json" --fail-above 0
	[[ $stdout =~ ' 0 above the limit, 0 only on one side' ]]
	works poolctl bench "$tap_dir/after.json" --compare "$tap_dir/before.json"
	status_of 5 poolctl bench "$tap_dir/after.json" --compare "$tap_dir/before.json" --fail-above 5%
	[[ $stdout =~ kmalloc[^$'\n']*ABOVE ]]
	[[ $stdout =~ 'not any more' ]]
	[[ $stdout =~ ' 1 above the limit, 1 only on one side' ]]
	works poolctl bench "$tap_dir/before.json" --compare "$tap_dir/after.json" --fail-above 400
	[[ $stdout =~ 'not before' ]]
	json 5 '.above == 1 and .missing == 1 and .compared > 5 and .fail_above == 5 and
		.instrument == "instructions" and ([.comparison[] | select(.above)] | length == 1 and
		.[0].allocator == "kmalloc" and .[0].change_percent > 5) and
		([.comparison[] | select(has("after") | not)] | length == 1)' \
		poolctl bench "$tap_dir/after.json" --compare "$tap_dir/before.json" --fail-above 5% --json
	# What is measured now, with what was: the other suites of that are no loss.
	json 0 '.missing == 0 and .compared > 5 and has("fail_above") == false' \
		quick micro --outstanding 10 --compare "$tap_dir/before.json" --json
	# Nothing in common is no success.
	json 5 '.compared == 0 and .missing > 5' \
		quick bullets --compare "$tap_dir/before.json" --fail-above 5 --json
}

test_compare_refuses()
{
	local document='{"schema": 1, "instrument": "ns", "rows": []}'

	works quick bullets --save "$tap_dir/before.json"
	echo "$document" > "$tap_dir/ns.json"
	misused poolctl bench "$tap_dir/ns.json" --compare "$tap_dir/before.json"
	stderr_has 'cannot be compared'
	echo "${document/1/2}" > "$tap_dir/bad.json"
	misused poolctl bench "$tap_dir/bad.json" --compare "$tap_dir/before.json"
	echo '{"schema": 1, "instrument": "ns", "rows": 7}' > "$tap_dir/bad.json"
	misused poolctl bench "$tap_dir/bad.json" --compare "$tap_dir/before.json"
	echo 'no JSON' > "$tap_dir/bad.json"
	misused poolctl bench "$tap_dir/bad.json" --compare "$tap_dir/before.json"
	misused poolctl bench "$tap_dir/ns.json" --compare "$tap_dir/ns.json" --fail-above much
	misused poolctl bench "$tap_dir/ns.json" --compare "$tap_dir/ns.json" --fail-above -1
	# Rows that are none, and keys that are not what they should be.
	echo '{"schema": 1, "instrument": "ns", "rows": [7, null, {"suite": null, "batch": []}]}' > "$tap_dir/bad.json"
	status_of 5 poolctl bench "$tap_dir/bad.json" --compare "$tap_dir/ns.json"
}

# It is on the machine that has gnuplot; to measure first would be for nothing.
test_report()
{
	status_of 3 poolctl bench --report "$tap_dir/page.html"
	stderr_has 'poolctl-report'
	[ ! -e "$tap_dir/page.html" ]
}

# On a terminal only, and taken away again.
test_progress()
{
	works quick bullets
	[[ ! $stderr =~ bench: ]]
	works "$as_terminal" poolctl bench bullets --operations 1 --json
	[[ $stdout =~ bench:\ \[[#.]{24}\]\ *[0-9]+%\ \ bullets:\ [0-9]+\ of\ [0-9]+ ]]
	works "$as_terminal" poolctl bench bullets --operations 1 --json --quiet
	[[ ! $stdout =~ bench: ]]
}

# Many jobs as one document; which ones they are is tested where poolctl is built.
test_sweep()
{
	[ "$slow" -eq 1 ] || return 0
	json 0 "$rows and ([.rows[].job] | unique | length > 25) and
		([.rows[].suite] | unique | length >= 7) and
		([.rows[] | select(.size_given) | .object_size] | unique | length == 19) and
		([.rows[] | [.suite, .allocator, .variant, .object_size, .size_given, .batch, .cpus]]
		 | length == (unique | length))" poolctl bench --sweep --operations 1 --cpu 0 --json
}

tap_run
