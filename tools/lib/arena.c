// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Arenas, which others may share: each allocation is a system call.
 */
#include "lib.h"

struct mpdemo_arena {
	struct mapped mapped;
};

API struct mpdemo_arena *mpdemo_arena_create(int dev, size_t bytes)
{
	struct mpdemo_arena_create arg = { .size = sizeof(arg), .bytes = bytes };
	int ret = object_call(dev, MPDEMO_IOC_ARENA_CREATE, &arg);

	return mapped_begin(ret ? ret : arg.out_fd, MPDEMO_OBJECT_ARENA);
}

API struct mpdemo_arena *mpdemo_arena_open(int dev, const char *name, uint32_t access)
{
	return mapped_begin(object_open(dev, name, access), MPDEMO_OBJECT_ARENA);
}

API struct mpdemo_arena *mpdemo_arena_from_fd(int fd)
{
	return mapped_begin(object_again(fd), MPDEMO_OBJECT_ARENA);
}

API void mpdemo_arena_close(struct mpdemo_arena *arena)
{
	if (arena)
		mapped_end(&arena->mapped);
}

API int mpdemo_arena_reopen(struct mpdemo_arena *arena)
{
	return mapped_reopen(&arena->mapped, MPDEMO_OBJECT_ARENA);
}

API int mpdemo_arena_info(struct mpdemo_arena *arena, struct mpdemo_info *info)
{
	return mapped_call(&arena->mapped, MPDEMO_IOC_INFO, info);
}

API int mpdemo_arena_fd(const struct mpdemo_arena *arena)
{
	return arena->mapped.object.fd;
}

API void *mpdemo_arena_alloc(struct mpdemo_arena *arena, size_t bytes, size_t align)
{
	struct mpdemo_arena_alloc arg = { .size = sizeof(arg), .bytes = bytes, .align = align };
	int ret;

	if (arg.align != align)
		return null_errno(ERANGE);
	ret = mapped_call(&arena->mapped, MPDEMO_IOC_ARENA_ALLOC, &arg);
	return ret ? null_errno(ret) : mapped_address(&arena->mapped, arg.out_offset);
}

API uint64_t mpdemo_arena_offset(const struct mpdemo_arena *arena, const void *p)
{
	return mapped_offset(&arena->mapped, p);
}

API void *mpdemo_arena_address(const struct mpdemo_arena *arena, uint64_t offset)
{
	return mapped_address(&arena->mapped, offset);
}

API int mpdemo_arena_mark(struct mpdemo_arena *arena, struct mpdemo_arena_place *mark)
{
	return mapped_call(&arena->mapped, MPDEMO_IOC_ARENA_MARK, mark);
}

API int mpdemo_arena_rollback(struct mpdemo_arena *arena, const struct mpdemo_arena_place *mark)
{
	/* It writes nothing. */
	return mapped_call(&arena->mapped, MPDEMO_IOC_ARENA_ROLLBACK, (void *)mark);
}

API int mpdemo_arena_reset(struct mpdemo_arena *arena)
{
	struct mpdemo_arena_reset arg = { .size = sizeof(arg) };

	return mapped_call(&arena->mapped, MPDEMO_IOC_ARENA_RESET, &arg);
}
