/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * ioctl interface of /dev/mempool_demo: pools and arenas on kernel pages.
 *
 * The generic-netlink interface, which administers named objects, is in
 * <linux/mempool_demo_netlink.h>.
 */
#ifndef _UAPI_LINUX_MEMPOOL_DEMO_H
#define _UAPI_LINUX_MEMPOOL_DEMO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: ioctl format
 *
 * Every command takes a pointer to a structure whose first member, @size, is
 * the size of that structure as the caller was compiled. So structures may
 * grow: a kernel that knows less than the caller accepts it as long as what it
 * does not know is zero, a kernel that knows more takes what is missing as
 * zero. The command numbers are plain _IO() numbers for the same reason. The
 * type code is not registered with the kernel, as a module outside the tree
 * cannot register one.
 *
 * Members named out_* are written by the kernel, all others are read only.
 * @flags must hold known flags only, reserved members must be zero.
 *
 * One errno means one cause, for all commands:
 *
 *  - ENOTTY: there is no such command, or not on this kind of file (a device
 *    command on an object, or the other way round)
 *  - EFAULT: a pointer does not lead to memory of the caller
 *  - EINVAL: @size is too small, an unknown flag, a reserved member that is
 *    not zero, or a malformed name
 *  - E2BIG: @size is larger than the kernel knows and the rest is not zero, or
 *    it is larger than a page
 *  - EOPNOTSUPP: the command does not fit this kind of object
 *  - EBADF: the open file was not opened for writing
 *  - ERANGE: a number is outside of its limits, which are given below
 *  - ENOSPC: it does not fit into this object: more blocks than the pool has
 *    in all, more bytes than the arena has left before its next reset
 *  - EAGAIN: the pool has not enough free blocks now
 *  - EALREADY: the block of this handle is free already
 *  - ESTALE: the block of this handle was freed and allocated again since
 *  - ENOENT: this handle, or this name, never existed or exists no more
 *  - EPERM: somebody else holds the block
 *  - EACCES: the mode of the named object does not allow this access
 *  - ESHUTDOWN: the object was deleted; it can only be freed to and closed
 *  - ENFILE: the module's limit of objects (max_objects) is reached, or the
 *    system's of open files
 *  - ENOBUFS: the module's limit of bytes (max_bytes) is reached
 *  - EINTR: the process is being killed
 *  - EMFILE: the process has too many open files
 *  - ENOMEM: the kernel is out of memory
 */

/* Limits of a single object; the module's own limits may be lower. */
#define MPDEMO_BLOCK_SIZE_MIN	1
#define MPDEMO_BLOCK_SIZE_MAX	(1U << 22)
#define MPDEMO_BLOCKS_MIN	1
#define MPDEMO_BLOCKS_MAX	((1U << 24) - 8)	/* indices fit into 24 bits */
#define MPDEMO_ALIGN_MIN	8	/* less is rounded up */
#define MPDEMO_ALIGN_MAX	4096
#define MPDEMO_ARENA_BYTES_MIN	1
#define MPDEMO_ARENA_BYTES_MAX	(1ULL << 36)

/* Blocks times the size of a block, rounded up to its alignment, at most. */
#define MPDEMO_POOL_BYTES_MAX	(1ULL << 36)

/* Handles in one bulk command, at most. */
#define MPDEMO_BULK_MAX		65536

/* Bytes of a name, its terminating NUL included. */
#define MPDEMO_NAME_SIZE	64

/**
 * DOC: handles
 *
 * A handle names one use of one block: the index of the block and the
 * generation that the block had when it was allocated. The generation advances
 * with each allocation of the block, so an old handle never reaches a new use.
 * A generation is never 0, so no handle is 0. It wraps after 2^32 allocations of
 * one block; of two generations the later one is that which is less than 2^31
 * steps ahead.
 */
#define MPDEMO_HANDLE(index, generation) \
	((__u64)(generation) << 32 | (__u32)(index))
#define MPDEMO_HANDLE_INDEX(handle)		((__u32)(handle))
#define MPDEMO_HANDLE_GENERATION(handle)	((__u32)((handle) >> 32))

#define MPDEMO_IOC_TYPE		0xBD

/*
 * Commands on the device: 0x00 and up. Commands on an object: 0x40 and up.
 */
#define MPDEMO_IOC_POOL_CREATE	_IO(MPDEMO_IOC_TYPE, 0x00)
#define MPDEMO_IOC_ARENA_CREATE	_IO(MPDEMO_IOC_TYPE, 0x01)
#define MPDEMO_IOC_OPEN		_IO(MPDEMO_IOC_TYPE, 0x02)

#define MPDEMO_IOC_REOPEN	_IO(MPDEMO_IOC_TYPE, 0x40)
#define MPDEMO_IOC_INFO		_IO(MPDEMO_IOC_TYPE, 0x41)
#define MPDEMO_IOC_ALLOC	_IO(MPDEMO_IOC_TYPE, 0x42)
#define MPDEMO_IOC_FREE		_IO(MPDEMO_IOC_TYPE, 0x43)
#define MPDEMO_IOC_ALLOC_BULK	_IO(MPDEMO_IOC_TYPE, 0x44)
#define MPDEMO_IOC_FREE_BULK	_IO(MPDEMO_IOC_TYPE, 0x45)
#define MPDEMO_IOC_KEEP		_IO(MPDEMO_IOC_TYPE, 0x46)
#define MPDEMO_IOC_TAKE		_IO(MPDEMO_IOC_TYPE, 0x47)
#define MPDEMO_IOC_ARENA_ALLOC	_IO(MPDEMO_IOC_TYPE, 0x48)
#define MPDEMO_IOC_ARENA_RESET	_IO(MPDEMO_IOC_TYPE, 0x49)

/**
 * struct mpdemo_pool_create - MPDEMO_IOC_POOL_CREATE
 * @size: sizeof(struct mpdemo_pool_create)
 * @flags: must be 0
 * @block_size: bytes of a block, MPDEMO_BLOCK_SIZE_MIN..MAX
 * @blocks: number of blocks, MPDEMO_BLOCKS_MIN..MAX
 * @align: alignment of each block, a power of two up to MPDEMO_ALIGN_MAX;
 *	0: MPDEMO_ALIGN_MIN
 * @out_fd: the new pool, open for reading and writing, close-on-exec
 *
 * Create an anonymous pool. It lives as long as it is open.
 */
struct mpdemo_pool_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 block_size;
	__aligned_u64 blocks;
	__u32 align;
	__s32 out_fd;
};

/**
 * struct mpdemo_arena_create - MPDEMO_IOC_ARENA_CREATE
 * @size: sizeof(struct mpdemo_arena_create)
 * @flags: must be 0
 * @bytes: capacity, MPDEMO_ARENA_BYTES_MIN..MAX
 * @reserved: must be 0
 * @out_fd: the new arena, open for reading and writing, close-on-exec
 *
 * Create an anonymous arena. It lives as long as it is open.
 */
struct mpdemo_arena_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__u32 reserved;
	__s32 out_fd;
};

/* Access that an open file has. Everything that changes the object needs
 * MPDEMO_ACCESS_WRITE.
 */
#define MPDEMO_ACCESS_READ	(1U << 0)
#define MPDEMO_ACCESS_WRITE	(1U << 1)

/**
 * struct mpdemo_open - MPDEMO_IOC_OPEN
 * @size: sizeof(struct mpdemo_open)
 * @flags: MPDEMO_ACCESS_READ, MPDEMO_ACCESS_WRITE, or both
 * @reserved: must be 0
 * @out_fd: the object, close-on-exec
 * @name: name of the object, with a terminating NUL, zeroes behind it
 *
 * Open a named object. The new open file is an owner of its own.
 */
struct mpdemo_open {
	__u32 size;
	__u32 flags;
	__u32 reserved;
	__s32 out_fd;
	__u8 name[MPDEMO_NAME_SIZE];
};

/**
 * struct mpdemo_reopen - MPDEMO_IOC_REOPEN
 * @size: sizeof(struct mpdemo_reopen)
 * @flags: as in &struct mpdemo_open; no more than this open file has
 * @reserved: must be 0
 * @out_fd: the same object, close-on-exec
 *
 * Open the object of this open file once more. Other than with dup(), the new
 * open file is an owner of its own.
 */
struct mpdemo_reopen {
	__u32 size;
	__u32 flags;
	__u32 reserved;
	__s32 out_fd;
};

/* The object holds the new blocks, not the open file: as with MPDEMO_IOC_KEEP,
 * but at once.
 */
#define MPDEMO_ALLOC_KEEP	(1U << 0)

/**
 * struct mpdemo_alloc - MPDEMO_IOC_ALLOC
 * @size: sizeof(struct mpdemo_alloc)
 * @flags: 0 or MPDEMO_ALLOC_KEEP
 * @out_handle: the block; its bytes are zero
 *
 * Allocate a block of a pool. Never sleeps for one: EAGAIN.
 */
struct mpdemo_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_handle;
};

/**
 * struct mpdemo_free - MPDEMO_IOC_FREE
 * @size: sizeof(struct mpdemo_free)
 * @flags: must be 0
 * @handle: a block that this open file holds, or that is kept
 *
 * Free a block of a pool.
 */
struct mpdemo_free {
	__u32 size;
	__u32 flags;
	__aligned_u64 handle;
};

/**
 * struct mpdemo_bulk - MPDEMO_IOC_ALLOC_BULK, _FREE_BULK, _KEEP and _TAKE
 * @size: sizeof(struct mpdemo_bulk)
 * @flags: MPDEMO_IOC_ALLOC_BULK: 0 or MPDEMO_ALLOC_KEEP; else must be 0
 * @count: number of handles, 1..MPDEMO_BULK_MAX
 * @out_done: how many of them were done, from the first on
 * @handles: address of an array of @count handles (__u64); ALLOC_BULK writes
 *	it, the others read it
 *
 * ALLOC_BULK is all or nothing: where too few blocks are free nothing is taken,
 * not even for a moment, and where the caller cannot be told all is given back.
 * The others work through the array and stop at the first handle that is
 * refused; the errno is about handle number @out_done.
 *
 * KEEP moves blocks from this open file to the object, where they stay when the
 * open file is closed. TAKE moves kept blocks to this open file.
 */
struct mpdemo_bulk {
	__u32 size;
	__u32 flags;
	__u32 count;
	__u32 out_done;
	__aligned_u64 handles;
};

/**
 * struct mpdemo_arena_alloc - MPDEMO_IOC_ARENA_ALLOC
 * @size: sizeof(struct mpdemo_arena_alloc)
 * @flags: must be 0
 * @bytes: how many, 1 or more
 * @align: a power of two up to MPDEMO_ALIGN_MAX; 0: MPDEMO_ALIGN_MIN
 * @reserved: must be 0
 * @out_offset: where the bytes begin in the arena; they are zero
 *
 * Allocate from an arena. What is allocated belongs to the arena, not to the
 * open file, and lives until the next reset.
 */
struct mpdemo_arena_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__u32 align;
	__u32 reserved;
	__aligned_u64 out_offset;
};

/**
 * struct mpdemo_arena_reset - MPDEMO_IOC_ARENA_RESET
 * @size: sizeof(struct mpdemo_arena_reset)
 * @flags: must be 0
 * @out_bytes: how many bytes were in use
 *
 * Free all that was allocated from an arena.
 */
struct mpdemo_arena_reset {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_bytes;
};

/* Kinds of objects; the same numbers as in the netlink interface. */
#define MPDEMO_OBJECT_POOL	1
#define MPDEMO_OBJECT_ARENA	2

/* Bits of mpdemo_info.out_state */
#define MPDEMO_STATE_DYING	(1U << 0)

/**
 * struct mpdemo_info - MPDEMO_IOC_INFO
 * @size: sizeof(struct mpdemo_info)
 * @flags: must be 0
 * @out_kind: MPDEMO_OBJECT_*
 * @out_id: number of the object, as netlink and debugfs show it
 * @out_access: MPDEMO_ACCESS_* of this open file
 * @out_state: MPDEMO_STATE_*
 * @out_name: name with a terminating NUL; empty: anonymous or deleted
 * @out_block_size: pool: bytes of a block as asked for; arena: 0
 * @out_stride: pool: bytes from one block to the next; arena: 0
 * @out_capacity: pool: blocks; arena: bytes
 * @out_in_use: pool: blocks not free; arena: bytes used, padding included
 * @out_peak: the highest @out_in_use so far
 * @out_allocs: blocks or pieces allocated so far
 * @out_frees: pool: blocks freed so far; arena: resets so far
 * @out_failures: allocations that failed for want of room, each call once
 * @out_refused: frees that were refused: free already, or not of this pool
 * @out_kept: pool: blocks that the object holds
 * @out_held: pool: blocks that this open file holds
 * @out_reclaimed: pool: blocks taken back from open files that were closed
 * @out_footprint: bytes of memory of the object in all, metadata included
 *
 * The counters are not read at one instant while others use the object.
 */
struct mpdemo_info {
	__u32 size;
	__u32 flags;
	__u32 out_kind;
	__u32 out_id;
	__u32 out_access;
	__u32 out_state;
	__u8 out_name[MPDEMO_NAME_SIZE];
	__aligned_u64 out_block_size;
	__aligned_u64 out_stride;
	__aligned_u64 out_capacity;
	__aligned_u64 out_in_use;
	__aligned_u64 out_peak;
	__aligned_u64 out_allocs;
	__aligned_u64 out_frees;
	__aligned_u64 out_failures;
	__aligned_u64 out_refused;
	__aligned_u64 out_kept;
	__aligned_u64 out_held;
	__aligned_u64 out_reclaimed;
	__aligned_u64 out_footprint;
};

#endif /* _UAPI_LINUX_MEMPOOL_DEMO_H */
