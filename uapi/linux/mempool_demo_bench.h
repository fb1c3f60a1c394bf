/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_bench.yaml */
/* YNL-GEN uapi header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _UAPI_LINUX_MEMPOOL_DEMO_BENCH_H
#define _UAPI_LINUX_MEMPOOL_DEMO_BENCH_H

#define MPDEMO_BENCH_FAMILY_NAME	"mempool-bench"
#define MPDEMO_BENCH_FAMILY_VERSION	1

/**
 * enum mpdemo_bench_suite
 * @MPDEMO_BENCH_SUITE_MICRO: A million allocations and frees of 64 bytes, in
 *   batches of 1, 32 and 100. Arenas are reset after 1000 of them, 992 in
 *   batches of 32.
 * @MPDEMO_BENCH_SUITE_BULLETS: A thousand frames of a game, each creates 100
 *   bullets of 24 bytes and destroys 100.
 * @MPDEMO_BENCH_SUITE_REMOTE: 10,000 objects of 64 bytes, allocated on one CPU
 *   and freed on another one, 1 to 1000 at a time. Not measured where only one
 *   CPU is online.
 * @MPDEMO_BENCH_SUITE_HTTP: Requests to a server, each with a URL of 256
 *   bytes, headers of 1024, a body of 4096, a response of 8192, and ten tokens
 *   of 64.
 * @MPDEMO_BENCH_SUITE_CONNECTIONS: A connection manager on all CPUs. Each
 *   connection has ten buffers of 256 bytes, and scratch memory of 32 KiB.
 * @MPDEMO_BENCH_SUITE_CHAT: Bursts of 1100 messages in JSON for a room of
 *   1000, with scratch memory of 1 MiB and a ring of 10 MiB to broadcast from.
 * @MPDEMO_BENCH_SUITE_SIZES: Objects of all sizes from 5 to 2048 bytes.
 * @MPDEMO_BENCH_SUITE_PERCPU: 100 blocks of 64 bytes and 100 pieces of 512, on
 *   all CPUs at the same time.
 */
enum mpdemo_bench_suite {
	MPDEMO_BENCH_SUITE_MICRO = 1,
	MPDEMO_BENCH_SUITE_BULLETS,
	MPDEMO_BENCH_SUITE_REMOTE,
	MPDEMO_BENCH_SUITE_HTTP,
	MPDEMO_BENCH_SUITE_CONNECTIONS,
	MPDEMO_BENCH_SUITE_CHAT,
	MPDEMO_BENCH_SUITE_SIZES,
	MPDEMO_BENCH_SUITE_PERCPU,
};

/**
 * enum mpdemo_bench_context
 * @MPDEMO_BENCH_CONTEXT_TASK: A thread that may sleep.
 * @MPDEMO_BENCH_CONTEXT_SOFTIRQ: One softirq for each step of a round. What
 *   may sleep is not measured.
 * @MPDEMO_BENCH_CONTEXT_HARDIRQ: One interrupt for each step of a round. What
 *   may sleep, or takes spinlocks of PREEMPT_RT there, is not measured.
 */
enum mpdemo_bench_context {
	MPDEMO_BENCH_CONTEXT_TASK = 1,
	MPDEMO_BENCH_CONTEXT_SOFTIRQ,
	MPDEMO_BENCH_CONTEXT_HARDIRQ,
};

/**
 * enum mpdemo_bench_sizes
 * @MPDEMO_BENCH_SIZES_CONSTANT: All objects have the size of an object.
 * @MPDEMO_BENCH_SIZES_RANDOM: Any size up to that, the same ones in each row.
 *   Allocators of one size have the largest.
 */
enum mpdemo_bench_sizes {
	MPDEMO_BENCH_SIZES_CONSTANT = 1,
	MPDEMO_BENCH_SIZES_RANDOM,
};

/**
 * enum mpdemo_bench_call
 * @MPDEMO_BENCH_CALL_ALLOC: Allocations, one by one or of a bulk.
 * @MPDEMO_BENCH_CALL_FREE: Frees, likewise, and resets.
 */
enum mpdemo_bench_call {
	MPDEMO_BENCH_CALL_ALLOC = 1,
	MPDEMO_BENCH_CALL_FREE,
};

/**
 * enum mpdemo_bench_state
 * @MPDEMO_BENCH_STATE_IDLE: No job was run since the module was loaded.
 * @MPDEMO_BENCH_STATE_FAILED: The job stopped by an error; rows measured
 *   before are kept.
 */
enum mpdemo_bench_state {
	MPDEMO_BENCH_STATE_IDLE = 1,
	MPDEMO_BENCH_STATE_RUNNING,
	MPDEMO_BENCH_STATE_DONE,
	MPDEMO_BENCH_STATE_FAILED,
	MPDEMO_BENCH_STATE_CANCELLED,
};

enum mpdemo_bench_attr {
	MPDEMO_BENCH_A_PAD = 1,
	MPDEMO_BENCH_A_JOB,
	MPDEMO_BENCH_A_SUITE,
	MPDEMO_BENCH_A_CPU,
	MPDEMO_BENCH_A_STATE,
	MPDEMO_BENCH_A_ERROR,
	MPDEMO_BENCH_A_ROWS_DONE,
	MPDEMO_BENCH_A_ROWS_TOTAL,
	MPDEMO_BENCH_A_ALLOCATOR,
	MPDEMO_BENCH_A_VARIANT,
	MPDEMO_BENCH_A_OBJECT_SIZE,
	MPDEMO_BENCH_A_BATCH,
	MPDEMO_BENCH_A_OPERATIONS,
	MPDEMO_BENCH_A_ROUNDS,
	MPDEMO_BENCH_A_MIN,
	MPDEMO_BENCH_A_MEDIAN,
	MPDEMO_BENCH_A_CPUS,
	MPDEMO_BENCH_A_SIZES,
	MPDEMO_BENCH_A_CONTEXT,
	MPDEMO_BENCH_A_ZERO,
	MPDEMO_BENCH_A_WANT_LATENCY,
	MPDEMO_BENCH_A_WANT_MEMORY,
	MPDEMO_BENCH_A_UNIT,
	MPDEMO_BENCH_A_FAILURES,
	MPDEMO_BENCH_A_CLOCK,
	MPDEMO_BENCH_A_CLOCK_STEP,
	MPDEMO_BENCH_A_ALLOC_LATENCY,
	MPDEMO_BENCH_A_FREE_LATENCY,
	MPDEMO_BENCH_A_MEMORY_REQUESTED,
	MPDEMO_BENCH_A_MEMORY_USED,
	MPDEMO_BENCH_A_ROW,
	MPDEMO_BENCH_A_CALL,
	MPDEMO_BENCH_A_BUCKET_LEAST,
	MPDEMO_BENCH_A_BUCKET_LONGEST,
	MPDEMO_BENCH_A_BUCKET_SAMPLES,
	MPDEMO_BENCH_A_MEMORY_HANDED_OUT,

	__MPDEMO_BENCH_A_MAX,
	MPDEMO_BENCH_A_MAX = (__MPDEMO_BENCH_A_MAX - 1)
};

enum mpdemo_bench_latency_attr {
	MPDEMO_BENCH_LATENCY_A_PAD = 1,
	MPDEMO_BENCH_LATENCY_A_SAMPLES,
	MPDEMO_BENCH_LATENCY_A_P50,
	MPDEMO_BENCH_LATENCY_A_P90,
	MPDEMO_BENCH_LATENCY_A_P99,
	MPDEMO_BENCH_LATENCY_A_P999,
	MPDEMO_BENCH_LATENCY_A_LONGEST,

	__MPDEMO_BENCH_LATENCY_A_MAX,
	MPDEMO_BENCH_LATENCY_A_MAX = (__MPDEMO_BENCH_LATENCY_A_MAX - 1)
};

enum mpdemo_bench_cmd {
	MPDEMO_BENCH_CMD_RUN = 1,
	MPDEMO_BENCH_CMD_CANCEL,
	MPDEMO_BENCH_CMD_GET,
	MPDEMO_BENCH_CMD_PROGRESS_NTF,

	__MPDEMO_BENCH_CMD_MAX,
	MPDEMO_BENCH_CMD_MAX = (__MPDEMO_BENCH_CMD_MAX - 1)
};

#define MEMPOOL_BENCH_MCGRP_PROGRESS	"progress"

#endif /* _UAPI_LINUX_MEMPOOL_DEMO_BENCH_H */
