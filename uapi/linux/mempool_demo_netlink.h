/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_demo.yaml */
/* YNL-GEN uapi header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _UAPI_LINUX_MEMPOOL_DEMO_NETLINK_H
#define _UAPI_LINUX_MEMPOOL_DEMO_NETLINK_H

#define MPDEMO_FAMILY_NAME	"mempool-demo"
#define MPDEMO_FAMILY_VERSION	1

/**
 * enum mpdemo_kind - Kinds of objects, the same numbers as MPDEMO_OBJECT_* of
 *   the ioctls.
 * @MPDEMO_KIND_POOL: Blocks of one size.
 * @MPDEMO_KIND_ARENA: Bump allocation of any size, freed all at once.
 * @MPDEMO_KIND_HEAP: Memory of any size, freed piece by piece.
 */
enum mpdemo_kind {
	MPDEMO_KIND_POOL = 1,
	MPDEMO_KIND_ARENA,
	MPDEMO_KIND_HEAP,
};

/**
 * enum mpdemo_nl_level - How much a pool that has watermarks has left.
 * @MPDEMO_NL_LEVEL_NORMAL: Enough, or it has no watermarks.
 * @MPDEMO_NL_LEVEL_LOW: It had low free blocks or fewer, and has not had high
 *   since.
 * @MPDEMO_NL_LEVEL_EXHAUSTED: An allocation failed, and it has not had high
 *   free blocks since.
 */
enum mpdemo_nl_level {
	MPDEMO_NL_LEVEL_NORMAL,
	MPDEMO_NL_LEVEL_LOW,
	MPDEMO_NL_LEVEL_EXHAUSTED,
};

/**
 * enum mpdemo_block_state - What is with a block.
 * @MPDEMO_BLOCK_FREE: Nobody has it.
 * @MPDEMO_BLOCK_CACHED: In a magazine, or on its way to somebody who waits.
 * @MPDEMO_BLOCK_RESERVED: Set aside for a call that is to get several at once.
 * @MPDEMO_BLOCK_HELD: By an open file.
 * @MPDEMO_BLOCK_KEPT: The object itself holds it.
 * @MPDEMO_BLOCK_MOVING: On its way into or out of somebody's hands.
 * @MPDEMO_BLOCK_ABSENT: The pool has not grown so far.
 */
enum mpdemo_block_state {
	MPDEMO_BLOCK_FREE,
	MPDEMO_BLOCK_CACHED,
	MPDEMO_BLOCK_RESERVED,
	MPDEMO_BLOCK_HELD,
	MPDEMO_BLOCK_KEPT,
	MPDEMO_BLOCK_MOVING,
	MPDEMO_BLOCK_ABSENT,
};

/**
 * enum mpdemo_context - Where kernel code has allocated a block.
 * @MPDEMO_CONTEXT_TASK: In a task.
 * @MPDEMO_CONTEXT_SOFTIRQ: In a softirq.
 * @MPDEMO_CONTEXT_HARDIRQ: In a hardirq.
 * @MPDEMO_CONTEXT_NMI: In an NMI.
 */
enum mpdemo_context {
	MPDEMO_CONTEXT_TASK,
	MPDEMO_CONTEXT_SOFTIRQ,
	MPDEMO_CONTEXT_HARDIRQ,
	MPDEMO_CONTEXT_NMI,
};

enum mpdemo_attr {
	MPDEMO_A_PAD = 1,
	MPDEMO_A_ID,
	MPDEMO_A_NAME,
	MPDEMO_A_KIND,
	MPDEMO_A_BLOCK_SIZE,
	MPDEMO_A_BLOCKS,
	MPDEMO_A_ALIGN,
	MPDEMO_A_BYTES,
	MPDEMO_A_MODE,
	MPDEMO_A_UID,
	MPDEMO_A_GID,
	MPDEMO_A_STRIDE,
	MPDEMO_A_FOOTPRINT,
	MPDEMO_A_IN_USE,
	MPDEMO_A_PEAK,
	MPDEMO_A_ALLOCS,
	MPDEMO_A_FREES,
	MPDEMO_A_FAILURES,
	MPDEMO_A_REFUSED,
	MPDEMO_A_KEPT,
	MPDEMO_A_RECLAIMED,
	MPDEMO_A_OPEN_FILES,
	MPDEMO_A_DYING,
	MPDEMO_A_MAX_BLOCKS,
	MPDEMO_A_CHUNK_BLOCKS,
	MPDEMO_A_PRESENT,
	MPDEMO_A_LARGE_BYTES,
	MPDEMO_A_FINE,
	MPDEMO_A_QUOTA,
	MPDEMO_A_RESERVED,
	MPDEMO_A_WAITERS,
	MPDEMO_A_CORRUPTED,
	MPDEMO_A_LOW,
	MPDEMO_A_HIGH,
	MPDEMO_A_LEVEL,
	MPDEMO_A_POISON,
	MPDEMO_A_FIRST,
	MPDEMO_A_COUNT,
	MPDEMO_A_STATES,
	MPDEMO_A_PAGES,
	MPDEMO_A_HOLDER,
	MPDEMO_A_PID,
	MPDEMO_A_GONE,
	MPDEMO_A_COMM,
	MPDEMO_A_ACCESS,
	MPDEMO_A_HELD,
	MPDEMO_A_AGE,
	MPDEMO_A_KERNEL,
	MPDEMO_A_CALLER,
	MPDEMO_A_CONTEXT,

	__MPDEMO_A_MAX,
	MPDEMO_A_MAX = (__MPDEMO_A_MAX - 1)
};

enum mpdemo_cmd {
	MPDEMO_CMD_NEW = 1,
	MPDEMO_CMD_DEL,
	MPDEMO_CMD_GET,
	MPDEMO_CMD_SET,
	MPDEMO_CMD_RESET_STATS,
	MPDEMO_CMD_CREATED_NTF,
	MPDEMO_CMD_DELETED_NTF,
	MPDEMO_CMD_CHANGED_NTF,
	MPDEMO_CMD_LOW_NTF,
	MPDEMO_CMD_EXHAUSTED_NTF,
	MPDEMO_CMD_RECOVERED_NTF,
	MPDEMO_CMD_RECLAIMED_NTF,
	MPDEMO_CMD_CORRUPTION_NTF,
	MPDEMO_CMD_BLOCKS,
	MPDEMO_CMD_HOLDERS,

	__MPDEMO_CMD_MAX,
	MPDEMO_CMD_MAX = (__MPDEMO_CMD_MAX - 1)
};

#define MEMPOOL_DEMO_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_MEMPOOL_DEMO_NETLINK_H */
