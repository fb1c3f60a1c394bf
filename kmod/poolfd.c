// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on open files of pools: blocks, one by one and in bulk. Those that take
 * handles are for heaps too.
 */

#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <mempool_demo/reserve.h>

#include "commands.h"
#include "object.h"
#include "owner_table.h"
#include "pool.h"

/* Attempts to allocate side by side with others, see take_alone(). */
#define TRIES		8

#define ALLOC_FLAGS	(MPDEMO_ALLOC_KEEP | MPDEMO_ALLOC_WAIT)

/**
 * objectfd_new_owner() - who shall hold what is about to be allocated
 * @ofd: the open file
 * @flags: 0 or MPDEMO_ALLOC_KEEP
 *
 * Context: Any.
 * Return: the open file, or the object.
 */
struct mpdemo_owner *objectfd_new_owner(struct objectfd *ofd, u32 flags)
{
	return flags & MPDEMO_ALLOC_KEEP ? &ofd->object->owners.keeper :
					   &ofd->owner;
}

/*
 * To take many blocks is to lose to those who take one over and over. So after
 * some attempts it is done with all others shut out who allocate without waiting, or
 * keep. Those who free can disturb only as often as they hold blocks; those who wait
 * have to wait for us once they have got what they wait for.
 */
static int take_alone(struct mpdemo_object *object, unsigned int n,
		      u64 *handles)
{
	int ret;

	ret = mpdemo_object_enter_alone(object);
	if (ret)
		return ret;
	do {
		ret = mpdemo_owner_try_take(&object->owners, n, handles);
		cond_resched();
	} while (ret == -EBUSY && !fatal_signal_pending(current));
	mpdemo_object_leave_alone(object);
	return ret == -EBUSY ? -EINTR : ret;
}

static int take_present(struct mpdemo_object *object, unsigned int n,
			u64 *handles)
{
	int ret, tries;

	for (tries = 0; tries < TRIES; tries++) {
		ret = mpdemo_object_enter(object);
		if (ret)
			return ret;
		ret = mpdemo_owner_try_take(&object->owners, n, handles);
		mpdemo_object_leave(object);
		if (ret != -EBUSY)
			return ret;
	}
	return take_alone(object, n, handles);
}

/*
 * A pool grows at once for who finds too few blocks, but with the object left: to
 * wait for memory may take long, and who deletes the object shuts all others out
 * meanwhile. What has grown may be taken by others before. Each round means that some
 * of them got on, and it ends at the maximum, or with the task.
 */
static int take(struct mpdemo_object *object, unsigned int n, u64 *handles)
{
	int ret, err;

	for (;;) {
		ret = take_present(object, n, handles);
		if (ret != -ENOMEM)
			return ret;
		err = mpdemo_pool_grow_for(object->pool, n);
		if (fatal_signal_pending(current))
			return -EINTR;
		if (err)
			return err;
		cond_resched();
	}
}

/* A deadline is absolute, so a call that a signal has interrupted may begin anew. */
static int reserve(struct mpdemo_object *object, unsigned int n, u64 deadline,
		   struct mpdemo_reservation *reservation)
{
	ktime_t until = min_t(u64, deadline, KTIME_MAX);
	int ret;

	ret = mpdemo_pool_reserve_wait(object->pool, n, TASK_INTERRUPTIBLE,
				       until, reservation);
	switch (ret) {
	case -ETIME:
		return -ETIMEDOUT;
	case -EINTR:
		return -ERESTARTSYS;
	default:
		return ret;
	}
}

/*
 * The object is not entered: who turns it dying must not have to wait, and sends us
 * away. Who was granted blocks before that may have them, as who took them before.
 */
static int take_waiting(struct mpdemo_object *object, unsigned int n,
			u64 deadline, u64 *handles)
{
	struct mpdemo_reservation reservation;
	int ret;

	if (READ_ONCE(object->dying))
		return -ESHUTDOWN;
	ret = reserve(object, n, deadline, &reservation);
	if (ret)
		return ret;
	/* With init_on_alloc=1 they are cleared, which takes long. */
	mpdemo_owner_take_reserved(&object->owners, &reservation, handles);
	return 0;
}

static int do_alloc(struct objectfd *ofd, u32 flags, u64 deadline,
		    unsigned int n, u64 *handles)
{
	struct mpdemo_owner_table *owners = &ofd->object->owners;
	struct mpdemo_owner *owner = objectfd_new_owner(ofd, flags);
	int ret;

	ret = mpdemo_owner_charge(owner, n);
	if (ret)
		return ret;
	/* What can never be had is not waited for, and fails as for who does not wait. */
	ret = flags & MPDEMO_ALLOC_WAIT && n <= owners->nr ?
		take_waiting(ofd->object, n, deadline, handles) :
		take(ofd->object, n, handles);
	if (ret)
		mpdemo_owner_uncharge(owner, n);
	else
		mpdemo_object_give(ofd->object, owner, n, handles);
	/*
	 * Who polled meanwhile has seen the room in the quota taken; or a block that
	 * was granted to us, and is free, or another one, which came in the same turn.
	 */
	if ((ret && owner->quota) || flags & MPDEMO_ALLOC_WAIT)
		mpdemo_owner_wake_pollers(owners);
	return ret;
}

static int check_flags(u32 flags, u32 known, u64 deadline)
{
	if (deadline && !(flags & MPDEMO_ALLOC_WAIT))
		return -EINVAL;
	return mpdemo_ioctl_check_reserved(flags, known, 0);
}

int objectfd_alloc(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_alloc *arg = &call->arg.alloc;
	struct objectfd *ofd = call->data;
	u64 handle;
	int ret;

	ret = check_flags(arg->flags, ALLOC_FLAGS, arg->deadline) ?:
	      objectfd_check_use(ofd, MPDEMO_OBJECT_POOL) ?:
	      do_alloc(ofd, arg->flags, arg->deadline, 1, &handle);
	if (ret)
		return ret;
	arg->out_handle = handle;
	call->copy_back = true;
	return 0;
}

/* Nobody was told of the block. Who guessed its handle may have it. */
void objectfd_undo_alloc(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;

	mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
			  call->arg.alloc.out_handle);
}

/**
 * objectfd_may_give() - whether an allocation may succeed
 * @ofd: an open file
 *
 * What is left of an arena or a heap may be enough, or not: that hangs on the size.
 *
 * Context: Task context.
 * Return: true if so.
 */
bool objectfd_may_give(const struct objectfd *ofd)
{
	struct mpdemo_pool *pool = ofd->object->pool;

	return mpdemo_owner_has_room(&ofd->owner) &&
	       (!pool || mpdemo_pool_has_free(pool));
}

/* A dying object is freed to as any other. */
int objectfd_free(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_free *arg = &call->arg.free;
	struct objectfd *ofd = call->data;

	return mpdemo_ioctl_check_reserved(arg->flags, 0, 0) ?:
	       objectfd_check_blocks(ofd) ?:
	       mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
				 arg->handle);
}

/* From here on the caller is told how many were done, be it none; but if @check failed. */
static int begin_bulk(struct mpdemo_ioctl_call *call, u32 known_flags, int check)
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	int ret;

	ret = check_flags(arg->flags, known_flags, arg->deadline) ?: check;
	if (ret)
		return ret;
	if (!arg->count || arg->count > MPDEMO_BULK_MAX)
		return -ERANGE;
	arg->out_done = 0;
	call->copy_back = true;
	return 0;
}

void objectfd_undo_alloc_bulk(struct mpdemo_ioctl_call *call)
{
	struct objectfd *ofd = call->data;
	u32 i;

	for (i = 0; i < call->arg.bulk.count; i++) {
		mpdemo_owner_free(&ofd->object->owners, &ofd->owner,
				  call->handles[i]);
		cond_resched();
	}
}

int objectfd_alloc_bulk(struct mpdemo_ioctl_call *call)
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	size_t bytes = arg->count * sizeof(u64);
	int ret;

	ret = begin_bulk(call, ALLOC_FLAGS,
			 objectfd_check_use(call->data, MPDEMO_OBJECT_POOL));
	if (ret)
		return ret;
	call->handles = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!call->handles)
		return -ENOMEM;
	ret = do_alloc(call->data, arg->flags, arg->deadline, arg->count,
		       call->handles);
	if (ret)
		return ret;
	if (copy_to_user(u64_to_user_ptr(arg->handles), call->handles, bytes)) {
		objectfd_undo_alloc_bulk(call);
		return -EFAULT;
	}
	arg->out_done = arg->count;
	return 0;
}

static int free_one(struct objectfd *ofd, u64 handle)
{
	return mpdemo_owner_free(&ofd->object->owners, &ofd->owner, handle);
}

static int move_one(struct objectfd *ofd, struct mpdemo_owner *from,
		    struct mpdemo_owner *to, u64 handle)
{
	int ret;

	ret = mpdemo_object_enter(ofd->object);
	if (ret)
		return ret;
	ret = mpdemo_owner_move(&ofd->object->owners, from, to, handle);
	mpdemo_object_leave(ofd->object);
	return ret;
}

static int keep_one(struct objectfd *ofd, u64 handle)
{
	return move_one(ofd, &ofd->owner, &ofd->object->owners.keeper, handle);
}

static int take_one(struct objectfd *ofd, u64 handle)
{
	return move_one(ofd, &ofd->object->owners.keeper, &ofd->owner, handle);
}

/* Stops at the first handle that is refused, and tells how many were done. */
static int do_handles(struct mpdemo_ioctl_call *call,
		      int (*fn)(struct objectfd *ofd, u64 handle))
{
	struct mpdemo_bulk *arg = &call->arg.bulk;
	size_t bytes = arg->count * sizeof(u64);
	int ret;

	ret = begin_bulk(call, 0, objectfd_check_blocks(call->data));
	if (ret)
		return ret;
	call->handles = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!call->handles)
		return -ENOMEM;
	if (copy_from_user(call->handles, u64_to_user_ptr(arg->handles), bytes))
		return -EFAULT;

	for (; arg->out_done < arg->count; arg->out_done++) {
		ret = fn(call->data, call->handles[arg->out_done]);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

int objectfd_free_bulk(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, free_one);
}

int objectfd_keep(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, keep_one);
}

int objectfd_take(struct mpdemo_ioctl_call *call)
{
	return do_handles(call, take_one);
}
