/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks of named objects, through /dev/mempool_demo. */
#ifndef POOLCTL_DEVICE_H
#define POOLCTL_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/mempool_demo.h>

#include "error.h"

/* All of these return 0 (or what is said) or fill @error and return -1. */

/* Whether the device can be opened, and is the one. */
int device_probe(const char *path, struct kernel_error *error);

/* Open the named object to change it, or only to look; returns a file descriptor. */
int device_open(const char *path, const char *name, struct kernel_error *error);
int device_open_to_read(const char *path, const char *name,
			struct kernel_error *error);

/* Allocate @count blocks, all or none, that outlive this process. */
int device_alloc(int fd, uint64_t *handles, uint32_t count,
		 struct kernel_error *error);

/*
 * Free blocks one after the other up to the first that is refused; @done is
 * how many were freed.
 */
int device_free(int fd, const uint64_t *handles, size_t count, size_t *done,
		struct kernel_error *error);

int device_arena_alloc(int fd, uint64_t bytes, uint32_t align, uint64_t *offset,
		       struct kernel_error *error);

/* @bytes is how many were in use. */
int device_arena_reset(int fd, uint64_t *bytes, struct kernel_error *error);

/* One class of a heap, as @class->number says. */
int device_heap_class(int fd, struct mpdemo_heap_class *class,
		      struct kernel_error *error);

/* What an errno of an ioctl means, or NULL. */
const char *device_meaning(int error);

#endif /* POOLCTL_DEVICE_H */
