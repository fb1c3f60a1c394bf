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
 * @MPDEMO_BENCH_SUITE_CLASSIC: A million allocations and frees of 64 bytes, in
 *   batches of 1, 32 and 100. The arena is reset after 1000 of them, 800 in
 *   batches of 32.
 * @MPDEMO_BENCH_SUITE_BULLETS: A thousand frames of a game, each creates 100
 *   bullets of 24 bytes and destroys 100.
 * @MPDEMO_BENCH_SUITE_REMOTE: 10,000 objects of 64 bytes, allocated on one CPU
 *   and freed on another one, 1 to 1000 at a time. Not measured where only one
 *   CPU is online.
 */
enum mpdemo_bench_suite {
	MPDEMO_BENCH_SUITE_CLASSIC = 1,
	MPDEMO_BENCH_SUITE_BULLETS,
	MPDEMO_BENCH_SUITE_REMOTE,
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

	__MPDEMO_BENCH_A_MAX,
	MPDEMO_BENCH_A_MAX = (__MPDEMO_BENCH_A_MAX - 1)
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
