/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks of named objects, through /dev/mempool_demo. */
#ifndef POOLCTL_DEVICE_H
#define POOLCTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo.h>

#include "error.h"

/* Whether the module has made its device, whatever that is called in /dev. */
bool device_exists(void);

/* All of these return 0 (or what is said) or fill @error and return -1. */

/* Whether the device can be opened, and is the one. */
int device_probe(const char *path, struct kernel_error *error);

/*
 * Open the named object to change it, and to read it where that is allowed;
 * returns a file descriptor.
 */
int device_open(const char *path, const char *name, struct kernel_error *error);
int device_open_to_read(const char *path, const char *name,
			struct kernel_error *error);

int device_info(int fd, struct mpdemo_info *info, struct kernel_error *error);

/* @number is below @class->out_classes, or the same: large sizes. */
int device_heap_class(int fd, unsigned int number,
		      struct mpdemo_heap_class *class, struct kernel_error *error);

/*
 * Allocate @count blocks, all or none; with @keep they outlive the open file,
 * else it holds them.
 */
int device_alloc(int fd, uint64_t *handles, uint32_t count, bool keep,
		 struct kernel_error *error);

/*
 * Free blocks, give them from the open file to the object, or the other way
 * round: one after the other up to the first that is refused; @done is how many
 * were not.
 */
int device_free(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error);
int device_keep(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error);
int device_take(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error);

/*
 * Read or write @count bytes, no fewer. The kernel looks whether the open file
 * may reach the block that is there, not whether it is still the one that was
 * meant: see content.c.
 */
int device_copy(int fd, uint64_t offset, void *bytes, size_t count,
		bool to_object, struct kernel_error *error);

/*
 * struct heap_piece - a piece of a heap
 * @bytes: how many are wanted, and then how many it has
 * @handle: the piece
 * @offset: where it begins in the heap
 */
struct heap_piece {
	uint64_t bytes;
	uint64_t handle;
	uint64_t offset;
};

/* @keep as of device_alloc(). */
int device_heap_alloc(int fd, struct heap_piece *piece, bool keep,
		      struct kernel_error *error);

int device_arena_alloc(int fd, uint64_t bytes, uint32_t align, uint64_t *offset,
		       struct kernel_error *error);

/* @bytes is how many were in use. */
int device_arena_reset(int fd, uint64_t *bytes, struct kernel_error *error);

/* What an errno of an ioctl means, or NULL. */
const char *device_meaning(int error);

#endif /* POOLCTL_DEVICE_H */
