/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_IOCTL_H
#define _MPDEMO_IOCTL_H

#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include <uapi/linux/mempool_demo.h>

#include "arena.h"

/* The structure of any command; all of them begin with their size. */
union mpdemo_ioctl_arg {
	__u32 size;
	struct mpdemo_pool_create pool_create;
	struct mpdemo_arena_create arena_create;
	struct mpdemo_heap_create heap_create;
	struct mpdemo_open open;
	struct mpdemo_reopen reopen;
	struct mpdemo_info info;
	struct mpdemo_alloc alloc;
	struct mpdemo_free free;
	struct mpdemo_bulk bulk;
	struct mpdemo_arena_alloc arena_alloc;
	struct mpdemo_arena_reset arena_reset;
	struct mpdemo_arena_place arena_place;
	struct mpdemo_heap_alloc heap_alloc;
	struct mpdemo_heap_class heap_class;
};

/**
 * struct mpdemo_ioctl_call - one call under way
 * @data: private_data of the file
 * @arg: the structure, as the caller wrote it; written back where @copy_back
 * @copy_back: there are results in @arg, also where the call failed
 * @new_file: a file that the call opened; installed if all went well, else put
 * @new_fd: the descriptor that is reserved for it
 * @handles: copy of the caller's array of handles; freed after the call
 * @bumped: what was taken from an arena
 */
struct mpdemo_ioctl_call {
	void *data;
	union mpdemo_ioctl_arg arg;
	bool copy_back;
	struct file *new_file;
	int new_fd;
	u64 *handles;
	struct mpdemo_arena_piece bumped;
};

/**
 * struct mpdemo_ioctl - one command
 * @cmd: MPDEMO_IOC_*; zero: there is none of this number
 * @size: size of its structure as this kernel knows it
 * @min_size: up to the end of what the first version of it had
 * @run: does it
 * @undo: takes back what @run did, as its results could not be told; optional
 */
struct mpdemo_ioctl {
	unsigned int cmd;
	size_t size;
	size_t min_size;
	int (*run)(struct mpdemo_ioctl_call *call);
	void (*undo)(struct mpdemo_ioctl_call *call);
};

/* An entry of a table of commands; @last is the last member that was there from
 * the beginning.
 */
#define MPDEMO_IOCTL(_cmd, _struct, _last, _run, _undo)			\
	[_IOC_NR(_cmd) % MPDEMO_IOCTL_BASE] = {				\
		.cmd = (_cmd),						\
		.size = sizeof(_struct) +				\
			BUILD_BUG_ON_ZERO(offsetof(_struct, size)) +	\
			BUILD_BUG_ON_ZERO(sizeof(_struct) % 8),		\
		.min_size = offsetofend(_struct, _last),		\
		.run = (_run),						\
		.undo = (_undo),					\
	}

/* Commands on objects begin at this number, those on the device at 0. */
#define MPDEMO_IOCTL_BASE	0x40

long mpdemo_ioctl(const struct mpdemo_ioctl *table, unsigned int nr,
		  void *data, unsigned int cmd, unsigned long uptr);
int mpdemo_ioctl_check_reserved(u32 flags, u32 known, u32 reserved);
int mpdemo_ioctl_open(struct mpdemo_ioctl_call *call, struct file *file,
		      __s32 *out_fd);

#endif /* _MPDEMO_IOCTL_H */
