// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Arenas, which others may share: each allocation is a system call.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib.h"

struct mpdemo_arena {
	struct mpdemo_object object;
	bool *alive;		/* wiped in a child */
};

/* Takes over @fd, or closes it. */
static struct mpdemo_arena *begin_arena(int fd)
{
	struct mpdemo_arena *arena;
	struct mpdemo_info info;
	int ret;

	if (fd < 0)
		return null_errno(fd);
	arena = calloc(1, sizeof(*arena));
	if (!arena) {
		ret = -ENOMEM;
		goto close_fd;
	}
	arena->alive = wiped_alloc(sizeof(*arena->alive));
	if (!arena->alive) {
		ret = -errno;
		goto free_arena;
	}
	ret = object_create(&arena->object, fd, MPDEMO_OBJECT_ARENA, NULL, 0, &info);
	if (ret)
		goto free_alive;
	*arena->alive = true;
	return arena;

free_alive:
	wiped_free(arena->alive, sizeof(*arena->alive));
free_arena:
	free(arena);
close_fd:
	close(fd);
	return null_errno(ret);
}

API struct mpdemo_arena *mpdemo_arena_create(int dev, size_t bytes)
{
	struct mpdemo_arena_create arg = { .size = sizeof(arg), .bytes = bytes };
	int ret = object_call(dev, MPDEMO_IOC_ARENA_CREATE, &arg);

	return begin_arena(ret ? ret : arg.out_fd);
}

API struct mpdemo_arena *mpdemo_arena_open(int dev, const char *name, uint32_t access)
{
	return begin_arena(object_open(dev, name, access));
}

API struct mpdemo_arena *mpdemo_arena_from_fd(int fd)
{
	struct mpdemo_info info;
	int ret = object_info(fd, &info);

	return begin_arena(ret ? ret : object_reopen(fd, info.out_access));
}

API void mpdemo_arena_close(struct mpdemo_arena *arena)
{
	if (!arena)
		return;
	if (*arena->alive)
		object_unmap(&arena->object);
	close(arena->object.fd);
	wiped_free(arena->alive, sizeof(*arena->alive));
	free(arena);
}

API int mpdemo_arena_reopen(struct mpdemo_arena *arena)
{
	struct mpdemo_object new;
	struct mpdemo_info info;
	int fd, ret;

	if (*arena->alive)
		return 0;
	fd = object_reopen(arena->object.fd, arena->object.access);
	if (fd < 0)
		return fd;
	ret = object_create(&new, fd, MPDEMO_OBJECT_ARENA, arena->object.base, 0,
			    &info);
	if (ret) {
		close(fd);
		return ret;
	}
	close(arena->object.fd);
	arena->object = new;
	*arena->alive = true;
	return 0;
}

API int mpdemo_arena_info(struct mpdemo_arena *arena, struct mpdemo_info *info)
{
	return *arena->alive ? object_info(arena->object.fd, info) : -EOWNERDEAD;
}

API int mpdemo_arena_fd(const struct mpdemo_arena *arena)
{
	return arena->object.fd;
}

API void *mpdemo_arena_alloc(struct mpdemo_arena *arena, size_t bytes, size_t align)
{
	struct mpdemo_arena_alloc arg = { .size = sizeof(arg), .bytes = bytes, .align = align };
	int ret;

	if (!*arena->alive)
		return null_errno(EOWNERDEAD);
	if (arg.align != align)
		return null_errno(ERANGE);
	ret = object_call(arena->object.fd, MPDEMO_IOC_ARENA_ALLOC, &arg);
	return ret ? null_errno(ret) : arena->object.base + arg.out_offset;
}

API uint64_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *p)
{
	return (const char *)p - arena->object.base;
}

API void *mpdemo_arena_address(const struct mpdemo_arena *arena, uint64_t offset)
{
	if (!*arena->alive)
		return null_errno(EOWNERDEAD);
	return offset < arena->object.map_bytes ? arena->object.base + offset : null_errno(ERANGE);
}

API int mpdemo_arena_mark(struct mpdemo_arena *arena, struct mpdemo_arena_place *mark)
{
	*mark = (struct mpdemo_arena_place){ .size = sizeof(*mark) };
	if (!*arena->alive)
		return -EOWNERDEAD;
	return object_call(arena->object.fd, MPDEMO_IOC_ARENA_MARK, mark);
}

API int mpdemo_arena_rollback(struct mpdemo_arena *arena, const struct mpdemo_arena_place *mark)
{
	struct mpdemo_arena_place arg = *mark;

	if (!*arena->alive)
		return -EOWNERDEAD;
	return object_call(arena->object.fd, MPDEMO_IOC_ARENA_ROLLBACK, &arg);
}

API int mpdemo_arena_reset(struct mpdemo_arena *arena)
{
	struct mpdemo_arena_reset arg = { .size = sizeof(arg) };

	if (!*arena->alive)
		return -EOWNERDEAD;
	return object_call(arena->object.fd, MPDEMO_IOC_ARENA_RESET, &arg);
}
