// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Begin and end of objects of which nothing is known here but where they are mapped: arenas and
 * shared heaps.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib.h"

/*
 * Takes over @fd, or closes it; a negative one is an errno. Return: a struct mapped, which is all
 * that the structure of an arena or a shared heap has in it; NULL with errno.
 */
void *mapped_begin(int fd, uint32_t kind)
{
	struct mapped *mapped;
	struct mpdemo_info info;
	int ret;

	if (fd < 0)
		return null_errno(fd);
	mapped = calloc(1, sizeof(*mapped));
	if (!mapped) {
		ret = -ENOMEM;
		goto close_fd;
	}
	mapped->alive = wiped_alloc(sizeof(*mapped->alive));
	if (!mapped->alive) {
		ret = -errno;
		goto free_mapped;
	}
	ret = object_create(&mapped->object, fd, kind, NULL, 0, &info);
	if (ret)
		goto free_alive;
	*mapped->alive = true;
	return mapped;

free_alive:
	wiped_free(mapped->alive, sizeof(*mapped->alive));
free_mapped:
	free(mapped);
close_fd:
	close(fd);
	return null_errno(ret);
}

void mapped_end(struct mapped *mapped)
{
	if (*mapped->alive)
		object_unmap(&mapped->object);
	close(mapped->object.fd);
	wiped_free(mapped->alive, sizeof(*mapped->alive));
	free(mapped);
}

/* In a child. */
int mapped_reopen(struct mapped *mapped, uint32_t kind)
{
	struct mpdemo_object new;
	struct mpdemo_info info;
	int fd, ret;

	if (*mapped->alive)
		return 0;
	fd = object_reopen(mapped->object.fd, mapped->object.access);
	if (fd < 0)
		return fd;
	ret = object_create(&new, fd, kind, mapped->object.base, 0, &info);
	if (ret) {
		close(fd);
		return ret;
	}
	close(mapped->object.fd);
	mapped->object = new;
	*mapped->alive = true;
	return 0;
}

int mapped_call(const struct mapped *mapped, unsigned int cmd, void *arg)
{
	return *mapped->alive ? object_call(mapped->object.fd, cmd, arg) : -EOWNERDEAD;
}

/* NULL with ERANGE or EOWNERDEAD. */
void *mapped_address(const struct mapped *mapped, uint64_t offset)
{
	if (!*mapped->alive)
		return null_errno(EOWNERDEAD);
	return offset < mapped->object.map_bytes ? mapped->object.base + offset :
						   null_errno(ERANGE);
}

uint64_t mapped_offset(const struct mapped *mapped, const void *p)
{
	return (const char *)p - mapped->object.base;
}
