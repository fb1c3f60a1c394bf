// SPDX-License-Identifier: GPL-2.0
/* Objects that are open. */
#include <linux/mempool_demo.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "files.h"
#include "memory.h"
#include "options.h"
#include "units.h"

static struct file *files;

/* Another file may have that number by now, and answers of its own to ioctls. */
static bool is_object(int fd)
{
	static const char object[] = "anon_inode:[mempool_demo]";
	char path[64], target[sizeof(object)];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target));
	return length == sizeof(object) - 1 && !memcmp(target, object, length);
}

/* The open file that 'poolctl exec' has left us, if it is of this object; or -1. */
static int find_inherited(const char *name)
{
	const char *text = getenv(FILE_VARIABLE);
	struct kernel_error error;
	struct mpdemo_info info;
	uint64_t fd;

	if (!text || units_parse_number(text, INT32_MAX, &fd) || !is_object(fd) ||
	    device_info(fd, &info, &error) ||
	    strncmp((const char *)info.out_name, name, sizeof(info.out_name)))
		return -1;
	return fd;
}

static struct file *find(const char *name)
{
	for (struct file *file = files; file; file = file->next) {
		if (!strcmp(file->name, name) &&
		    !strcmp(file->device, options.device))
			return file;
	}
	return NULL;
}

/* It has no name any more. */
static bool was_deleted(const struct file *file)
{
	struct kernel_error error;
	struct mpdemo_info info;

	return !device_info(file->fd, &info, &error) && !*info.out_name;
}

struct file *file_open(const char *name, struct kernel_error *error)
{
	struct file *file = find(name);
	int inherited, fd;

	if (file && !was_deleted(file))
		return file;
	inherited = find_inherited(name);
	fd = inherited >= 0 ? inherited :
			      device_open(options.device, name, error);
	/* What is held of one that was deleted can be used until there is another one. */
	if (fd < 0)
		return file;
	if (file)
		file_forget(name);

	file = needed(calloc(1, sizeof(*file)));
	*file = (struct file){
		.fd = fd,
		.inherited = inherited >= 0,
		.next = files,
		.device = needed(strdup(options.device)),
		.name = needed(strdup(name)),
	};
	files = file;
	return file;
}

void file_forget(const char *name)
{
	struct file **link = &files;

	while (*link) {
		struct file *file = *link;

		if (strcmp(file->name, name)) {
			link = &file->next;
			continue;
		}
		*link = file->next;
		close(file->fd);
		tdestroy(file->held, free);
		free(file->device);
		free(file->name);
		free(file);
	}
}

const char file_alone[] =
	"only in a batch, or in what 'poolctl exec' runs: alone it would free them as it ends";

bool file_lasts(const char *name)
{
	return options.batch_line || find_inherited(name) >= 0;
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

void file_add(struct file *file, const uint64_t *handles, size_t count)
{
	for (size_t i = 0; i < count && !file->inherited; i++) {
		uint64_t *handle = needed(malloc(sizeof(*handle)));

		*handle = handles[i];
		if (*(uint64_t **)needed(tsearch(handle, &file->held, compare)) != handle)
			free(handle);
	}
}

void file_remove(struct file *file, const uint64_t *handles, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t **found = tfind(&handles[i], &file->held, compare);
		uint64_t *handle = found ? *found : NULL;

		tdelete(&handles[i], &file->held, compare);
		free(handle);
	}
}

bool file_holds(const struct file *file, uint64_t handle)
{
	return tfind(&handle, &file->held, compare);
}
