/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of commands on open files of objects share: objectfd.c, begin, end
 * and what fits all objects; poolfd.c, arenafd.c and heapfd.c, the others; map.c,
 * mmap(); fileio.c, read() and write(). A command is what a struct mpdemo_ioctl runs.
 */
#ifndef _MPDEMO_COMMANDS_H
#define _MPDEMO_COMMANDS_H

#include <linux/types.h>

#include "ioctl.h"
#include "object.h"
#include "owner.h"

struct file;
struct iov_iter;
struct kiocb;
struct mpdemo_object;
struct vm_area_struct;

/**
 * struct objectfd - an open file of an object
 * @object: with a reference
 * @access: MPDEMO_ACCESS_*
 * @owner: holds blocks of a pool or heap
 * @last: of a heap, the number that the last read() or write() was about
 * @file: what the object knows of it
 */
struct objectfd {
	struct mpdemo_object *object;
	u32 access;
	u32 last;
	struct mpdemo_owner owner;
	struct mpdemo_object_file file;
};

/* objectfd.c */
int objectfd_check_use(const struct objectfd *ofd, u32 kind);
int objectfd_check_blocks(const struct objectfd *ofd);

/* poolfd.c */
bool objectfd_may_give(const struct objectfd *ofd);
struct mpdemo_owner *objectfd_new_owner(struct objectfd *ofd, u32 flags);
int objectfd_alloc(struct mpdemo_ioctl_call *call);
void objectfd_undo_alloc(struct mpdemo_ioctl_call *call);
int objectfd_free(struct mpdemo_ioctl_call *call);
void objectfd_undo_alloc_bulk(struct mpdemo_ioctl_call *call);
int objectfd_alloc_bulk(struct mpdemo_ioctl_call *call);
int objectfd_free_bulk(struct mpdemo_ioctl_call *call);
int objectfd_keep(struct mpdemo_ioctl_call *call);
int objectfd_take(struct mpdemo_ioctl_call *call);

/* arenafd.c */
int objectfd_arena_alloc(struct mpdemo_ioctl_call *call);
void objectfd_undo_arena_alloc(struct mpdemo_ioctl_call *call);
int objectfd_arena_reset(struct mpdemo_ioctl_call *call);
int objectfd_arena_mark(struct mpdemo_ioctl_call *call);
void objectfd_undo_arena_mark(struct mpdemo_ioctl_call *call);
int objectfd_arena_rollback(struct mpdemo_ioctl_call *call);

/* heapfd.c */
int objectfd_heap_alloc(struct mpdemo_ioctl_call *call);
void objectfd_undo_heap_alloc(struct mpdemo_ioctl_call *call);
int objectfd_heap_stats(struct mpdemo_ioctl_call *call);

/* map.c */
size_t objectfd_map_bytes(const struct mpdemo_object *object);
int objectfd_mmap(struct file *file, struct vm_area_struct *vma);

/* fileio.c */
loff_t objectfd_llseek(struct file *file, loff_t offset, int whence);
ssize_t objectfd_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t objectfd_write_iter(struct kiocb *iocb, struct iov_iter *from);

#endif /* _MPDEMO_COMMANDS_H */
