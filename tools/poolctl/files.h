/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that are open: one open file of each, for as long as poolctl runs, so
 * that what one command of a batch holds is there for the next one.
 */
#ifndef POOLCTL_FILES_H
#define POOLCTL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* What 'poolctl exec' tells the command that it runs. */
#define FILE_VARIABLE		"MPDEMO_FD"
#define HANDLES_VARIABLE	"MPDEMO_HANDLES"

/*
 * struct file - an open file of a named object
 * @fd: its descriptor
 * @inherited: it is that of 'poolctl exec', which others have too
 */
struct file {
	int fd;
	bool inherited;

	/* private: */
	struct file *next;
	char *device;
	char *name;
	void *held;
};

/* Returns NULL where it fills @error. */
struct file *file_open(const char *name, struct kernel_error *error);

/* Close what is open of the object, as it was deleted. */
void file_forget(const char *name);

/*
 * Whether the open file of the object outlives this command: in a batch, and in
 * what 'poolctl exec' runs.
 */
bool file_lasts(const char *name);

/* What to say where it does not. */
extern const char file_alone[];

/*
 * Remember which blocks the open file holds, as the kernel does not tell. Of an
 * inherited one it is not known: others may have changed it.
 */
void file_add(struct file *file, const uint64_t *handles, size_t count);
void file_remove(struct file *file, const uint64_t *handles, size_t count);
bool file_holds(const struct file *file, uint64_t handle);

#endif /* POOLCTL_FILES_H */
