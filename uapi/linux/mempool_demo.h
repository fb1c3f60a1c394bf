/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * ioctl interface of /dev/mempool_demo: pools, arenas and heaps on kernel pages.
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
 * Members named out_* are written by the kernel, all others are read only, but for the
 * two of struct mpdemo_arena_place.
 * @flags must hold known flags only, reserved members must be zero.
 *
 * An errno means the same for all commands:
 *
 *  - ENOTTY: there is no such command, or not on this kind of file (a device
 *    command on an object, or the other way round)
 *  - EFAULT: a pointer does not lead to memory of the caller
 *  - EINVAL: @size is too small, an unknown flag, a reserved member that is
 *    not zero, a malformed name, or a size of chunks of a pool that does not grow
 *  - E2BIG: @size is larger than the kernel knows and the rest is not zero, or
 *    it is larger than a page
 *  - EOPNOTSUPP: the command does not fit this kind of object
 *  - EBADF: the open file was not opened for writing, or not for what it is to be
 *    opened for again
 *  - ERANGE: a number is outside of its limits, which are given below
 *  - ENOSPC: it does not fit into this object: more blocks than the pool has
 *    in all, more bytes than the arena has left before its next reset, more marks
 *    than MPDEMO_ARENA_MARKS, more bytes than the heap can ever hand out in one piece
 *  - EAGAIN: the pool has not enough free blocks now, or the heap none that is
 *    large enough
 *  - ETIMEDOUT: it had not until the deadline
 *  - EDQUOT: this open file would hold more blocks than its quota; of an allocation,
 *    before it is looked whether there are as many
 *  - EALREADY: the block of this handle is free already
 *  - ESTALE: the block of this handle was freed and allocated again since; or the mark
 *    is not live: the arena was reset or rolled back to an earlier one since, or it is
 *    none of this arena
 *  - ENOENT: this handle, or this name, never existed or exists no more
 *  - EPERM: somebody else holds the block; it is kept already (KEEP); it is not kept
 *    (TAKE)
 *  - EACCES: the mode of the named object does not allow this access
 *  - ESHUTDOWN: the object was deleted: nothing is allocated, kept, taken, marked or
 *    opened any more, though what is held can be used and freed
 *  - ENFILE: the module's limit of objects (max_objects) is reached, or the
 *    system's of open files
 *  - ENOBUFS: the module's limit of bytes (max_bytes) is reached
 *  - ENOLCK: the user may not lock that much memory (RLIMIT_MEMLOCK)
 *  - EINTR: the process is being killed; or a signal came to a call that waits, and its
 *    handler has no SA_RESTART: with that, the call goes on up to the same deadline
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
/* Marks of an arena that can be live at one time */
#define MPDEMO_ARENA_MARKS	32

/* Sizes up to this come from a class of blocks of a heap, larger ones from its pages. */
#define MPDEMO_HEAP_SMALL_MAX	1024
/* Bytes of a heap for sizes above that, and all that it can hand out, at most. */
#define MPDEMO_HEAP_LARGE_MAX	(1ULL << 34)
#define MPDEMO_HEAP_BYTES_MAX	(1ULL << 36)

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
 *
 * What a heap hands out has handles too: each block of each class has an index, and
 * each page for large sizes; of pages in a row it is that of the first one. What is
 * said of blocks below is true of such pages as well, but where bytes are counted.
 */
#define MPDEMO_HANDLE(index, generation) \
	((__u64)(generation) << 32 | (__u32)(index))
#define MPDEMO_HANDLE_INDEX(handle)		((__u32)(handle))
#define MPDEMO_HANDLE_GENERATION(handle)	((__u32)((handle) >> 32))

/**
 * DOC: memory
 *
 * mmap() of an object, shared and not executable, maps its bytes: block I of a pool is
 * at I * mpdemo_info.out_stride, what an arena or a heap has handed out at its offset.
 * pread() and pwrite() at the same offsets reach blocks of a pool and pieces of a heap
 * that this open file holds or that are kept, and what is in use of an arena; one call
 * stays within one block. Documentation/user-memory.rst says what comes of all that can
 * be done with either, and what each errno of them means.
 */

#define MPDEMO_IOC_TYPE		0xBD

/*
 * Commands on the device: 0x00 and up. Commands on an object: 0x40 and up.
 */
#define MPDEMO_IOC_POOL_CREATE	_IO(MPDEMO_IOC_TYPE, 0x00)
#define MPDEMO_IOC_ARENA_CREATE	_IO(MPDEMO_IOC_TYPE, 0x01)
#define MPDEMO_IOC_OPEN		_IO(MPDEMO_IOC_TYPE, 0x02)
#define MPDEMO_IOC_HEAP_CREATE	_IO(MPDEMO_IOC_TYPE, 0x03)

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
#define MPDEMO_IOC_ARENA_MARK	_IO(MPDEMO_IOC_TYPE, 0x4a)
#define MPDEMO_IOC_ARENA_ROLLBACK _IO(MPDEMO_IOC_TYPE, 0x4b)
#define MPDEMO_IOC_HEAP_ALLOC	_IO(MPDEMO_IOC_TYPE, 0x4c)
#define MPDEMO_IOC_HEAP_STATS	_IO(MPDEMO_IOC_TYPE, 0x4d)

/**
 * struct mpdemo_pool_create - MPDEMO_IOC_POOL_CREATE
 * @size: sizeof(struct mpdemo_pool_create)
 * @flags: must be 0
 * @block_size: bytes of a block, MPDEMO_BLOCK_SIZE_MIN..MAX
 * @blocks: number of blocks, MPDEMO_BLOCKS_MIN..MAX
 * @align: alignment of each block, a power of two up to MPDEMO_ALIGN_MAX;
 *	0: MPDEMO_ALIGN_MIN
 * @out_fd: the new pool, open for reading and writing, close-on-exec
 * @max_blocks: more than @blocks: the pool grows when it has too few, up to as many,
 *	MPDEMO_BLOCKS_MAX at most; 0 or @blocks: it does not
 * @chunk_blocks: of a pool that grows, by how many at a time, so that it takes 1023
 *	times at most; 0: a sensible number. Else must be 0.
 * @quota: blocks that one open file may hold, up to MPDEMO_BLOCKS_MAX; 0: any number.
 *	Those that are kept do not count; those that it waits for do. A share among
 *	those who agree, no limit on those who do not: who has the object can keep
 *	blocks, and open it again.
 * @reserved2: must be 0
 *
 * Create an anonymous pool. It lives as long as it is open, or mapped.
 *
 * Of a pool that grows @blocks and @chunk_blocks are rounded up, until each of them
 * fills whole pages, so that a block lies at its index times the stride of a mapping,
 * see &struct mpdemo_info. It is charged to the module's limit of bytes with all that
 * it may ever take, and to the memory cgroup of who created it with what it takes. When
 * memory is short it gives back what is not in use, down to @blocks.
 *
 * The memory of an object is charged to the memory cgroup of its creator, and, unless
 * that has CAP_IPC_LOCK, to the memory that his user may lock (RLIMIT_MEMLOCK):
 * as long as the object lives, whoever else uses it.
 */
struct mpdemo_pool_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 block_size;
	__aligned_u64 blocks;
	__u32 align;
	__s32 out_fd;
	__aligned_u64 max_blocks;
	__aligned_u64 chunk_blocks;
	__u32 quota;
	__u32 reserved2;
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

/* Four classes of blocks per doubling instead of one: less is wasted, and there are
 * three times as many.
 */
#define MPDEMO_HEAP_CREATE_FINE	(1U << 0)

/**
 * struct mpdemo_heap_create - MPDEMO_IOC_HEAP_CREATE
 * @size: sizeof(struct mpdemo_heap_create)
 * @flags: 0 or MPDEMO_HEAP_CREATE_FINE
 * @large_bytes: bytes for sizes above MPDEMO_HEAP_SMALL_MAX, rounded up to whole
 *	pages; 0..MPDEMO_HEAP_LARGE_MAX
 * @blocks: blocks of each class, 0..MPDEMO_BLOCKS_MAX; there are classes of 8, 16, 32
 *	and so on up to MPDEMO_HEAP_SMALL_MAX bytes. Must not be 0 if @large_bytes is.
 * @quota: blocks that one open file may hold, as of &struct mpdemo_pool_create; whole
 *	pages that belong together count as one
 * @reserved: must be 0
 * @out_fd: the new heap, open for reading and writing, close-on-exec
 *
 * Create an anonymous heap. It lives as long as it is open.
 */
struct mpdemo_heap_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 large_bytes;
	__u32 blocks;
	__u32 quota;
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

/* Wait until there are enough free blocks, the deadline has passed, a signal comes
 * (see EINTR), or the object is deleted. Who waits is served in the order of arrival, however
 * many blocks it waits for; who does not wait may overtake. A deadline in the past
 * is to try, in vain too where others change the pool all the time or are giving many
 * back, or where it has to grow first: that happens while one waits. Two who wait with
 * blocks in their hands can wait for each other for ever: to wait for several at once
 * is what ALLOC_BULK is for.
 */
#define MPDEMO_ALLOC_WAIT	(1U << 1)

/* A deadline that never comes. */
#define MPDEMO_NO_DEADLINE	(~0ULL)

/**
 * struct mpdemo_alloc - MPDEMO_IOC_ALLOC
 * @size: sizeof(struct mpdemo_alloc)
 * @flags: MPDEMO_ALLOC_KEEP, MPDEMO_ALLOC_WAIT
 * @out_handle: the block; its bytes are zero
 * @deadline: with MPDEMO_ALLOC_WAIT: until when, in ns of CLOCK_MONOTONIC, that of
 *	the initial time namespace, or MPDEMO_NO_DEADLINE; else must be 0
 *
 * Allocate a block of a pool. Without MPDEMO_ALLOC_WAIT it never sleeps for one to be
 * freed: EAGAIN; but a pool that grows does so before that, or it fails with ENOMEM.
 */
struct mpdemo_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_handle;
	__aligned_u64 deadline;
};

/**
 * struct mpdemo_free - MPDEMO_IOC_FREE
 * @size: sizeof(struct mpdemo_free)
 * @flags: must be 0
 * @handle: a block that this open file holds, or that is kept
 *
 * Free a block of a pool or a heap.
 */
struct mpdemo_free {
	__u32 size;
	__u32 flags;
	__aligned_u64 handle;
};

/**
 * struct mpdemo_bulk - MPDEMO_IOC_ALLOC_BULK, _FREE_BULK, _KEEP and _TAKE
 * @size: sizeof(struct mpdemo_bulk)
 * @flags: MPDEMO_IOC_ALLOC_BULK: MPDEMO_ALLOC_KEEP, MPDEMO_ALLOC_WAIT; else must
 *	be 0
 * @count: number of handles, 1..MPDEMO_BULK_MAX
 * @out_done: how many of them were done, from the first on
 * @handles: address of an array of @count handles (__u64); ALLOC_BULK writes
 *	it, the others read it
 * @deadline: ALLOC_BULK: as in &struct mpdemo_alloc; else must be 0
 *
 * ALLOC_BULK is all or nothing: where too few blocks are free nothing is taken,
 * not even for a moment, and where the caller cannot be told all is given back.
 * The others work through the array and stop at the first handle that is
 * refused; the errno is about handle number @out_done.
 *
 * ALLOC_BULK is for pools, the others are for heaps too.
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
	__aligned_u64 deadline;
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
 * open file, and lives until the next reset, or rollback to a mark that is older.
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

/**
 * struct mpdemo_arena_place - MPDEMO_IOC_ARENA_MARK and _ROLLBACK
 * @size: sizeof(struct mpdemo_arena_place)
 * @flags: must be 0
 * @serial: number of the mark, of all that there ever were; MARK writes it, ROLLBACK
 *	reads it
 * @depth: how many older marks were live when it was made; as @serial
 * @reserved: must be 0
 *
 * MARK remembers how much of an arena is in use. ROLLBACK frees all that was allocated
 * since then, whoever did it. The mark stays live after it, younger ones do not; a
 * reset ends all of them. Marks belong to the arena, as what is allocated does, not to
 * the open file. Where the caller of MARK cannot be told, the mark is taken back, unless
 * there is a younger one by then.
 */
struct mpdemo_arena_place {
	__u32 size;
	__u32 flags;
	__aligned_u64 serial;
	__u32 depth;
	__u32 reserved;
};

/**
 * struct mpdemo_heap_alloc - MPDEMO_IOC_HEAP_ALLOC
 * @size: sizeof(struct mpdemo_heap_alloc)
 * @flags: 0 or MPDEMO_ALLOC_KEEP
 * @bytes: how many, 1 or more
 * @out_handle: the block, or the pages; to be freed by MPDEMO_IOC_FREE
 * @out_offset: where it begins in the heap, as it is mapped
 * @out_bytes: how many bytes it has, @bytes or more; they are zero
 *
 * Allocate from a heap: a block of the smallest class that is large enough and has one,
 * or else pages in a row. Never sleeps for them: EAGAIN.
 */
struct mpdemo_heap_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 out_handle;
	__aligned_u64 out_offset;
	__aligned_u64 out_bytes;
};

/**
 * struct mpdemo_heap_class - MPDEMO_IOC_HEAP_STATS
 * @size: sizeof(struct mpdemo_heap_class)
 * @flags: must be 0
 * @number: which one, from 0 on; @out_classes: the pages for large sizes
 * @out_classes: how many classes of blocks there are
 * @out_block_size: bytes of a block, or of a page
 * @out_blocks: blocks, or pages
 * @out_in_use: blocks, or pages, not free
 * @out_peak: the highest @out_in_use so far
 * @out_requested: bytes that were asked for of what is not free
 * @out_handed_out: bytes of what is not free
 * @out_peak_bytes: the highest @out_handed_out so far
 * @out_allocs: allocations so far
 * @out_frees: frees so far
 * @out_failures: times that the class was asked and had none; it may have come from a
 *	larger one then
 * @out_spilled: those of @out_allocs that were meant for a smaller class
 *
 * Read the counters of one class of a heap. They are not read at one instant while
 * others use it.
 */
struct mpdemo_heap_class {
	__u32 size;
	__u32 flags;
	__u32 number;
	__u32 out_classes;
	__aligned_u64 out_block_size;
	__aligned_u64 out_blocks;
	__aligned_u64 out_in_use;
	__aligned_u64 out_peak;
	__aligned_u64 out_requested;
	__aligned_u64 out_handed_out;
	__aligned_u64 out_peak_bytes;
	__aligned_u64 out_allocs;
	__aligned_u64 out_frees;
	__aligned_u64 out_failures;
	__aligned_u64 out_spilled;
};

/* Kinds of objects; the same numbers as in the netlink interface. */
#define MPDEMO_OBJECT_POOL	1
#define MPDEMO_OBJECT_ARENA	2
#define MPDEMO_OBJECT_HEAP	3

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
 * @out_block_size: pool: bytes of a block as asked for; else 0
 * @out_stride: pool: bytes from one block to the next; else 0
 * @out_capacity: pool: blocks, of one that grows those that it begins with; arena,
 *	heap: bytes
 * @out_in_use: pool: blocks not free; arena: bytes used, padding included; heap: bytes
 *	not free
 * @out_peak: the highest @out_in_use so far; heap: the sum of the peaks of its
 *	classes, which is no less
 * @out_allocs: blocks or pieces allocated so far
 * @out_frees: pool, heap: blocks freed so far; arena: resets so far
 * @out_failures: allocations that failed for want of room, each call once
 * @out_refused: pool, heap: frees, keeps and takes that were refused for their handle:
 *	-EALREADY, -ESTALE, -EPERM or -ENOENT
 * @out_kept: pool, heap: blocks that the object holds
 * @out_held: pool, heap: blocks that this open file holds
 * @out_reclaimed: pool, heap: blocks taken back from open files that were closed
 * @out_footprint: bytes of memory of the object in all, metadata included; of a pool
 *	that grows, at its maximum
 * @out_map_bytes: length of a mapping of all of it, whole pages; of a pool that grows,
 *	at its maximum
 * @out_max_blocks: pool: blocks that it may have
 * @out_present: pool: blocks that it has now
 * @out_align: pool: alignment of each block; else 0
 * @out_quota: pool, heap: blocks that this open file may hold; 0: any number
 * @out_waiters: pool: calls that wait for blocks now
 *
 * The counters are not read at one instant while others use the object. "So far" is
 * since it was created, or since they were reset by netlink.
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
	__aligned_u64 out_map_bytes;
	__aligned_u64 out_max_blocks;
	__aligned_u64 out_present;
	__u32 out_align;
	__u32 out_quota;
	__aligned_u64 out_waiters;
};

/**
 * DOC: poll
 *
 * An object can be polled. POLLIN is a hint that an allocation by this open file may
 * succeed: a block is free, and its quota leaves room for one; another one may be
 * faster. It comes when a block is freed, by whomever and in whatever way, and
 * when a block is kept and so makes room in the quota. An arena always has it, a heap
 * whenever the quota leaves room; an open file that is not open for writing never.
 * POLLHUP: the object was deleted.
 */

#endif /* _UAPI_LINUX_MEMPOOL_DEMO_H */
