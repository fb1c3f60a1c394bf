#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# LIMIT: 120 seconds
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

	json 0 "$rows and all(.rows[]; .clock >= 0 and .clock_step > 0 and
		(.alloc_latency | $ordered) and (.free_latency | $ordered)) and
		all(.rows[] | select(.variant | startswith(\"bulk\") | not);
		    .alloc_latency.samples == .operations * 10)" quick micro --outstanding 10 --latency --json
	json 0 "$rows and all(.rows[]; .alloc_latency.samples > 0 and (.alloc_latency | $ordered))" \
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
	json 0 "$rows and all(.rows[] | select(.allocator == \"arena\" or .allocator == \"kmalloc\");
		.memory_requested == 14208) and any(.rows[]; .allocator == \"arena\" and .memory_used >= 65536)" \
		quick http --memory --json
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
	refuses ERANGE 'out of range' micro --outstanding 32769
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

tap_run
