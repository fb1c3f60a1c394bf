// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on open files of arenas.
 */

#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/mutex.h>

#include <mempool_demo/arena.h>

#include "arena.h"
#include "commands.h"
#include "object.h"

int objectfd_arena_alloc(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_alloc *arg = &call->arg.arena_alloc;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	u32 align = arg->align ?: MPDEMO_ALIGN_MIN;
	void *piece;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;
	if (!arg->bytes || !is_power_of_2(align) || align > MPDEMO_ALIGN_MAX)
		return -ERANGE;

	/* Killable, as who is in there may have much to clear. */
	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	if (READ_ONCE(object->dying)) {
		ret = -ESHUTDOWN;
		goto unlock;
	}
	piece = mpdemo_arena_take(object->arena, arg->bytes, align,
				  &call->bumped);
	if (!piece) {
		ret = -ENOSPC;
		goto unlock;
	}
	arg->out_offset = mpdemo_arena_offset(object->arena, piece);
	call->copy_back = true;
unlock:
	mutex_unlock(&object->arena_lock);
	return ret;
}

void objectfd_undo_arena_alloc(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;

	mutex_lock(&ofd->object->arena_lock);
	mpdemo_arena_take_back(ofd->object->arena, &call->bumped);
	mutex_unlock(&ofd->object->arena_lock);
}

int objectfd_arena_reset(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_reset *arg = &call->arg.arena_reset;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, 0) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;

	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	arg->out_bytes = mpdemo_arena_reset_slowly(object->arena);
	mutex_unlock(&object->arena_lock);
	call->copy_back = true;
	return 0;
}

int objectfd_arena_mark(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_arena_place *arg = &call->arg.arena_place;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	struct mpdemo_arena_mark mark;
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;

	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	if (READ_ONCE(object->dying))
		ret = -ESHUTDOWN;
	else if (mpdemo_arena_mark(object->arena, &mark))
		ret = -ENOSPC;
	mutex_unlock(&object->arena_lock);
	if (ret)
		return ret;
	arg->serial = mark.serial;
	arg->depth = mark.depth;
	call->copy_back = true;
	return 0;
}

/* A token is any numbers that a user came up with, until it is found to be live. */
static struct mpdemo_arena_mark mark_of(const struct mpdemo_arena_place *place,
					struct mpdemo_arena *arena)
{
	return (struct mpdemo_arena_mark) {
		.arena = arena,
		.serial = place->serial,
		.depth = place->depth,
	};
}

void objectfd_undo_arena_mark(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	struct mpdemo_arena_mark mark = mark_of(&call->arg.arena_place,
						object->arena);

	mutex_lock(&object->arena_lock);
	mpdemo_arena_unmark_youngest(object->arena, &mark);
	mutex_unlock(&object->arena_lock);
}

/* It frees, as a reset does, so a dying arena is rolled back too. */
int objectfd_arena_rollback(struct mpdemo_ioctl_call *call)
{
	const struct mpdemo_arena_place *arg = &call->arg.arena_place;
	struct objectfd *ofd = call->data;
	struct mpdemo_object *object = ofd->object;
	struct mpdemo_arena_mark mark = mark_of(arg, object->arena);
	int ret;

	ret = mpdemo_ioctl_check_reserved(arg->flags, 0, arg->reserved) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_ARENA);
	if (ret)
		return ret;

	if (mutex_lock_killable(&object->arena_lock))
		return -EINTR;
	ret = mpdemo_arena_rollback_slowly(object->arena, &mark);
	mutex_unlock(&object->arena_lock);
	return ret;
}
