// SPDX-License-Identifier: GPL-2.0
/*
 * An object of user space: a pool, an arena or a heap, and what the kernel must know
 * about it because user space uses it: owner, permission, who holds which block.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <mempool_demo/arena.h>
#include <mempool_demo/pool.h>

#include "heap.h"
#include "object.h"
#include "pool.h"

/* Permission bits, as those of files. */
#define MAY_READ_BIT	04
#define MAY_WRITE_BIT	02

static struct mpdemo_pool_config
pool_config(const struct mpdemo_object_config *config)
{
	return (struct mpdemo_pool_config) {
		.name = config->name ?: "anonymous",
		.block_size = config->block_size,
		.blocks = config->blocks,
		.align = config->align,
		.max_blocks = config->max_blocks,
		.chunk_blocks = config->chunk_blocks,
	};
}

static struct mpdemo_arena_config
arena_config(const struct mpdemo_object_config *config)
{
	return (struct mpdemo_arena_config) {
		.name = config->name ?: "anonymous",
		.bytes = config->bytes,
	};
}

static struct mpdemo_heap_config
heap_config(const struct mpdemo_object_config *config)
{
	return (struct mpdemo_heap_config) {
		.name = config->name ?: "anonymous",
		.flags = config->heap_flags,
		.blocks = config->blocks,
		.large_bytes = config->bytes,
	};
}

/* All that there may ever be. */
static size_t all_blocks(const struct mpdemo_object_config *config)
{
	return config->max_blocks ?: config->blocks;
}

/* Of 64 bits a heap would see the lower ones only. */
static int check_class(const struct mpdemo_object_config *config,
		       struct mpdemo_refusal *refusal)
{
	if (config->blocks <= MPDEMO_BLOCKS_MAX)
		return 0;
	return mpdemo_refuse(refusal, -ERANGE, MPDEMO_SETTING_BLOCKS,
			     "the blocks of a class must be 16777208 at most");
}

/*
 * Check @config and find out what the object will take. A pool that grows is charged
 * for its maximum from the beginning: so it can not be refused later what it was
 * promised, and what is left for others is known at any time.
 */
static int object_size(const struct mpdemo_object_config *config,
		       size_t *footprint, struct mpdemo_refusal *refusal)
{
	struct mpdemo_arena_config arena = arena_config(config);
	struct mpdemo_pool_config pool = pool_config(config);
	struct mpdemo_heap_config heap = heap_config(config);
	int ret;

	*footprint = sizeof(struct mpdemo_object);
	switch (config->kind) {
	case MPDEMO_OBJECT_POOL:
		ret = mpdemo_pool_check(&pool, refusal);
		if (ret)
			return ret;
		mpdemo_pool_fit_pages(&pool);
		*footprint += mpdemo_pool_footprint(&pool) +
			mpdemo_owner_table_footprint(all_blocks(config));
		return 0;
	case MPDEMO_OBJECT_ARENA:
		ret = mpdemo_arena_check(&arena, refusal);
		if (!ret)
			*footprint += mpdemo_arena_footprint(&arena);
		return ret;
	case MPDEMO_OBJECT_HEAP:
		ret = check_class(config, refusal) ?:
		      mpdemo_heap_check(&heap, refusal);
		if (!ret)
			*footprint += mpdemo_heap_footprint(&heap) +
				mpdemo_owner_table_footprint(mpdemo_heap_numbers(&heap));
		return ret;
	default:
		return mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_KIND,
				     "there is no such kind of object");
	}
}

static int object_init_pool(struct mpdemo_object *object,
			    const struct mpdemo_object_config *config)
{
	struct mpdemo_pool_config pool = pool_config(config);
	int ret;

	mpdemo_pool_fit_pages(&pool);
	/* Not in the list of those of kernel code. */
	object->pool = mpdemo_pool_create_at(&pool, GFP_KERNEL_ACCOUNT, NULL);
	if (IS_ERR(object->pool))
		return PTR_ERR(object->pool);
	ret = mpdemo_owner_table_init(&object->owners, object->pool,
				      all_blocks(config), config->block_size);
	if (ret)
		mpdemo_pool_destroy(object->pool);
	return ret;
}

static int object_init_arena(struct mpdemo_object *object,
			     const struct mpdemo_object_config *config)
{
	struct mpdemo_arena_config arena = arena_config(config);

	object->arena = mpdemo_arena_create(&arena, GFP_KERNEL_ACCOUNT);
	return PTR_ERR_OR_ZERO(object->arena);
}

static int object_init_heap(struct mpdemo_object *object,
			    const struct mpdemo_object_config *config)
{
	struct mpdemo_heap_config heap = heap_config(config);
	int ret;

	object->heap = mpdemo_heap_create(&heap, GFP_KERNEL_ACCOUNT);
	if (IS_ERR(object->heap))
		return PTR_ERR(object->heap);
	ret = mpdemo_owner_table_init_heap(&object->owners, object->heap,
					   mpdemo_heap_numbers(&heap));
	if (ret)
		mpdemo_heap_destroy(object->heap);
	return ret;
}

static int object_init(struct mpdemo_object *object,
		       const struct mpdemo_object_config *config)
{
	switch (config->kind) {
	case MPDEMO_OBJECT_POOL:
		return object_init_pool(object, config);
	case MPDEMO_OBJECT_ARENA:
		return object_init_arena(object, config);
	default:
		return object_init_heap(object, config);
	}
}

static void init_settings(struct mpdemo_object *object,
			  const struct mpdemo_object_config *config)
{
	struct mpdemo_settings *settings = &object->settings;

	if (config->has_owner) {
		settings->uid = config->uid;
		settings->gid = config->gid;
	} else {
		current_fsuid_fsgid(&settings->uid, &settings->gid);
	}
	settings->mode = config->mode;
	settings->quota = config->quota;
}

/**
 * mpdemo_object_create() - create an object
 * @config: what it shall be
 * @refusal: filled where there is more to say than the errno; may be NULL
 *
 * Context: Task context, may sleep.
 * Return: the object with one reference, not yet in the registry; or an
 * ERR_PTR(): -EINVAL, -ERANGE, -ENFILE, -ENOBUFS, -ENOLCK, -ENOMEM.
 */
struct mpdemo_object *
mpdemo_object_create(const struct mpdemo_object_config *config,
		     struct mpdemo_refusal *refusal)
{
	struct mpdemo_object *object;
	struct mpdemo_charge charge;
	size_t footprint;
	int ret;

	ret = mpdemo_object_check_quota(config->quota, refusal) ?:
	      object_size(config, &footprint, refusal);
	if (ret)
		return ERR_PTR(ret);
	ret = mpdemo_limits_charge(&charge, footprint, refusal);
	if (ret)
		return ERR_PTR(ret);

	object = kzalloc_obj(*object, GFP_KERNEL_ACCOUNT);
	if (!object) {
		ret = -ENOMEM;
		goto uncharge;
	}
	init_waitqueue_head(&object->pollers);
	object->owners.pollers = &object->pollers;
	ret = object_init(object, config);
	if (ret)
		goto free_object;

	kref_init(&object->ref);
	object->kind = config->kind;
	if (config->name)
		strscpy(object->name, config->name, sizeof(object->name));
	init_settings(object, config);
	object->align = max_t(u32, config->align, MPDEMO_ALIGN_MIN);
	if (config->kind == MPDEMO_OBJECT_HEAP) {
		object->heap_flags = config->heap_flags;
		object->heap_blocks = config->blocks;
		object->large_bytes = config->bytes;
	}
	object->charge = charge;
	init_rwsem(&object->lock);
	mutex_init(&object->arena_lock);
	mutex_init(&object->set_lock);
	mutex_init(&object->settings_lock);
	spin_lock_init(&object->zero_lock);
	mutex_init(&object->files_lock);
	object->files = RB_ROOT;
	object->files_changes = 1;
	object->zero.since = ktime_get();
	return object;

free_object:
	kfree(object);
uncharge:
	mpdemo_limits_uncharge(&charge);
	return ERR_PTR(ret);
}

/**
 * mpdemo_object_free() - free an object that nobody refers to any more
 * @object: the object
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_free(struct mpdemo_object *object)
{
	/* All open files are closed; what is left was kept. */
	mpdemo_object_free_kept(object);
	if (object->pool)
		mpdemo_pool_destroy(object->pool);
	mpdemo_arena_destroy(object->arena);
	mpdemo_heap_destroy(object->heap);
	if (mpdemo_object_has_blocks(object))
		mpdemo_owner_table_exit(&object->owners);
	mpdemo_limits_uncharge(&object->charge);
	kfree(object);
}

/**
 * mpdemo_object_enter() - begin to hand out or move blocks or bytes
 * @object: the object
 *
 * Context: Task context, may sleep. Do not touch memory of user space until
 * mpdemo_object_leave(): a page fault takes locks that come before this one.
 * Return: 0, or -ESHUTDOWN if the object is dying.
 */
int mpdemo_object_enter(struct mpdemo_object *object)
{
	down_read(&object->lock);
	if (!object->dying)
		return 0;
	up_read(&object->lock);
	return -ESHUTDOWN;
}

/**
 * mpdemo_object_leave() - end what mpdemo_object_enter() began
 * @object: the object
 *
 * Context: Task context.
 */
void mpdemo_object_leave(struct mpdemo_object *object)
{
	up_read(&object->lock);
}

/**
 * mpdemo_object_enter_alone() - as mpdemo_object_enter(), with all others out
 * @object: the object
 *
 * Context: Task context, may sleep; for short.
 * Return: 0, -ESHUTDOWN, or -EINTR if the task is being killed.
 */
int mpdemo_object_enter_alone(struct mpdemo_object *object)
{
	if (down_write_killable(&object->lock))
		return -EINTR;
	if (!object->dying)
		return 0;
	up_write(&object->lock);
	return -ESHUTDOWN;
}

/**
 * mpdemo_object_leave_alone() - end what mpdemo_object_enter_alone() began
 * @object: the object
 *
 * Context: Task context.
 */
void mpdemo_object_leave_alone(struct mpdemo_object *object)
{
	up_write(&object->lock);
}

/**
 * mpdemo_object_kill() - let an object give nothing any more
 * @object: the object
 *
 * What open files hold stays theirs until they free it or are closed. Who waits for
 * blocks is sent away, and who polls is woken.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_kill(struct mpdemo_object *object)
{
	down_write(&object->lock);
	WRITE_ONCE(object->dying, true);
	up_write(&object->lock);
	if (object->pool)
		mpdemo_pool_end_waits(object->pool);
	/* With the lock of the queue, so who polls now sees what was written above. */
	wake_up_all(&object->pollers);
}

/**
 * mpdemo_object_give() - let blocks or memory that were taken have an owner
 * @object: a pool or a heap
 * @owner: who shall hold them: an open file, or the keeper of the object
 * @n: how many
 * @handles: as for mpdemo_owner_give()
 *
 * The object need not be entered: what was taken from it before it was dying may be
 * held after it. But not be kept, or nobody would free it before the last open file.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_give(struct mpdemo_object *object, struct mpdemo_owner *owner,
			unsigned int n, u64 *handles)
{
	mpdemo_owner_give(&object->owners, owner, n, handles);
	if (owner != &object->owners.keeper)
		return;
	/* To give it comes before to look. Pairs with mpdemo_object_free_kept(). */
	smp_mb();
	if (READ_ONCE(object->dying))
		mpdemo_object_free_kept(object);
}

/**
 * mpdemo_object_free_kept() - free the blocks that a dying object holds itself
 * @object: the object
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_free_kept(struct mpdemo_object *object)
{
	if (!mpdemo_object_has_blocks(object))
		return;
	/* It is dying before what is kept is looked for. Pairs with mpdemo_object_give(). */
	smp_mb();
	mpdemo_owner_reclaim(&object->owners, &object->owners.keeper);
}

/**
 * mpdemo_object_allows() - whether the current task may open an object
 * @object: the object
 * @access: MPDEMO_ACCESS_*
 *
 * The rules are those of files: the bits of the owner for the owner, else those
 * of the group for its members, else those of others.
 *
 * Context: Task context, may sleep.
 * Return: true if so.
 */
bool mpdemo_object_allows(struct mpdemo_object *object, u32 access)
{
	const struct mpdemo_settings *settings = &object->settings;
	umode_t granted, wanted = 0;

	if (access & MPDEMO_ACCESS_READ)
		wanted |= MAY_READ_BIT;
	if (access & MPDEMO_ACCESS_WRITE)
		wanted |= MAY_WRITE_BIT;

	mutex_lock(&object->settings_lock);
	granted = settings->mode;
	if (uid_eq(current_fsuid(), settings->uid))
		granted >>= 6;
	else if (in_group_p(settings->gid))
		granted >>= 3;
	mutex_unlock(&object->settings_lock);

	return !(wanted & ~granted) || capable(CAP_DAC_OVERRIDE);
}
