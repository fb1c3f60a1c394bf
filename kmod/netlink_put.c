// SPDX-License-Identifier: GPL-2.0
/*
 * An object as a message.
 */

#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include <mempool_demo/heap.h>

#include <uapi/linux/mempool_demo_netlink.h>

#include "guard.h"
#include "object.h"
#include "objectnl.h"
#include "pool.h"

static int put_identity(struct sk_buff *skb, struct mpdemo_object *object,
			const struct mpdemo_info *info,
			const struct mpdemo_settings *settings)
{
	return nla_put_u32(skb, MPDEMO_A_ID, info->out_id) ||
	       (info->out_name[0] &&
		nla_put_string(skb, MPDEMO_A_NAME, info->out_name)) ||
	       nla_put_u32(skb, MPDEMO_A_KIND, info->out_kind) ||
	       nla_put_u32(skb, MPDEMO_A_MODE, settings->mode) ||
	       nla_put_u32(skb, MPDEMO_A_UID,
			   from_kuid_munged(&init_user_ns, settings->uid)) ||
	       nla_put_u32(skb, MPDEMO_A_GID,
			   from_kgid_munged(&init_user_ns, settings->gid)) ||
	       nla_put_u32(skb, MPDEMO_A_OPEN_FILES,
			   atomic_read(&object->open_files)) ||
	       (info->out_state & MPDEMO_STATE_DYING &&
		nla_put_flag(skb, MPDEMO_A_DYING));
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_A_PAD);
}

static int put_counters(struct sk_buff *skb, const struct mpdemo_info *info,
			u64 age)
{
	return put_u64(skb, MPDEMO_A_FOOTPRINT, info->out_footprint) ||
	       put_u64(skb, MPDEMO_A_AGE, age) ||
	       put_u64(skb, MPDEMO_A_IN_USE, info->out_in_use) ||
	       put_u64(skb, MPDEMO_A_PEAK, info->out_peak) ||
	       put_u64(skb, MPDEMO_A_ALLOCS, info->out_allocs) ||
	       put_u64(skb, MPDEMO_A_FREES, info->out_frees) ||
	       put_u64(skb, MPDEMO_A_FAILURES, info->out_failures);
}

static int put_held(struct sk_buff *skb, const struct mpdemo_info *info)
{
	return put_u64(skb, MPDEMO_A_REFUSED, info->out_refused) ||
	       put_u64(skb, MPDEMO_A_KEPT, info->out_kept) ||
	       put_u64(skb, MPDEMO_A_RECLAIMED, info->out_reclaimed) ||
	       nla_put_u32(skb, MPDEMO_A_QUOTA, info->out_quota);
}

static int put_watch(struct sk_buff *skb,
		     const struct mpdemo_object_details *details)
{
	BUILD_BUG_ON((int)MPDEMO_NL_LEVEL_NORMAL != (int)MPDEMO_LEVEL_NORMAL);
	BUILD_BUG_ON((int)MPDEMO_NL_LEVEL_LOW != (int)MPDEMO_LEVEL_LOW);
	BUILD_BUG_ON((int)MPDEMO_NL_LEVEL_EXHAUSTED != (int)MPDEMO_LEVEL_EXHAUSTED);

	return nla_put_u32(skb, MPDEMO_A_LOW, details->settings.low) ||
	       nla_put_u32(skb, MPDEMO_A_HIGH, details->settings.high) ||
	       nla_put_u32(skb, MPDEMO_A_LEVEL, details->level) ||
	       nla_put_u32(skb, MPDEMO_A_POISON, details->settings.poison);
}

static int put_blocks(struct sk_buff *skb, const struct mpdemo_info *info,
		      const struct mpdemo_object_details *details)
{
	return put_u64(skb, MPDEMO_A_BLOCK_SIZE, info->out_block_size) ||
	       put_u64(skb, MPDEMO_A_BLOCKS, info->out_capacity) ||
	       put_u64(skb, MPDEMO_A_MAX_BLOCKS, info->out_max_blocks) ||
	       (details->chunk_blocks &&
		put_u64(skb, MPDEMO_A_CHUNK_BLOCKS, details->chunk_blocks)) ||
	       put_u64(skb, MPDEMO_A_PRESENT, info->out_present) ||
	       put_u64(skb, MPDEMO_A_STRIDE, info->out_stride) ||
	       put_u64(skb, MPDEMO_A_RESERVED, details->reserved) ||
	       put_u64(skb, MPDEMO_A_WAITERS, info->out_waiters) ||
	       put_u64(skb, MPDEMO_A_CORRUPTED, details->corrupted);
}

static int put_pool(struct sk_buff *skb, const struct mpdemo_info *info,
		    const struct mpdemo_object_details *details)
{
	return put_blocks(skb, info, details) ||
	       nla_put_u32(skb, MPDEMO_A_ALIGN, info->out_align) ||
	       put_watch(skb, details);
}

static int put_heap(struct sk_buff *skb, const struct mpdemo_object *object,
		    const struct mpdemo_info *info)
{
	return put_u64(skb, MPDEMO_A_BYTES, info->out_capacity) ||
	       put_u64(skb, MPDEMO_A_BLOCKS, object->heap_blocks) ||
	       put_u64(skb, MPDEMO_A_LARGE_BYTES, object->large_bytes) ||
	       (object->heap_flags & MPDEMO_HEAP_FINE &&
		nla_put_flag(skb, MPDEMO_A_FINE));
}

static int put_of_kind(struct sk_buff *skb, const struct mpdemo_object *object,
		       const struct mpdemo_info *info,
		       const struct mpdemo_object_details *details)
{
	switch (info->out_kind) {
	case MPDEMO_OBJECT_POOL:
		return put_pool(skb, info, details);
	case MPDEMO_OBJECT_HEAP:
		return put_heap(skb, object, info);
	default:
		return put_u64(skb, MPDEMO_A_BYTES, info->out_capacity);
	}
}

/*
 * One message about one object; the same for all that tell of it. @name is what it is
 * to be called where it has lost its name; NULL: it has none then.
 */
int objectnl_put(struct sk_buff *skb, struct mpdemo_object *object, void *hdr,
		 const char *name)
{
	struct mpdemo_object_details details;
	struct mpdemo_info info;
	int err;

	if (!hdr)
		return -EMSGSIZE;
	mpdemo_object_get_info(object, &info);
	if (name)
		strscpy(info.out_name, name, sizeof(info.out_name));
	mpdemo_object_get_details(object, &details);
	err = put_identity(skb, object, &info, &details.settings) ||
	      put_counters(skb, &info, details.age) ||
	      put_of_kind(skb, object, &info, &details) ||
	      (mpdemo_object_has_blocks(object) && put_held(skb, &info));
	if (err) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* What an object has in its settings. */
static void get_watch(const struct pool *pool, struct mpdemo_settings *settings)
{
	const union level_marks marks = {
		.word = READ_ONCE(pool->level.marks.word),
	};
	const struct pool_guard *guard = guard_of(pool);

	settings->low = marks.low;
	settings->high = marks.high;
	settings->poison = guard && READ_ONCE(guard->poison);
}

/* One message about a pool of kernel code, with what there is to be told of it. */
int objectnl_put_pool(struct sk_buff *skb, struct mpdemo_pool *pool, void *hdr)
{
	const struct pool_listed *listed = &to_pool(pool)->listed;
	u64 age = ktime_to_ns(ktime_sub(ktime_get(), listed->created));
	struct mpdemo_object_details details = {};
	struct mpdemo_info info = {};

	if (!hdr)
		return -EMSGSIZE;
	mpdemo_pool_info(pool, &info, &details);
	get_watch(to_pool(pool), &details.settings);
	strscpy(info.out_name, to_pool(pool)->name, sizeof(info.out_name));
	if (nla_put_u32(skb, MPDEMO_A_ID, listed->id) ||
	    nla_put_flag(skb, MPDEMO_A_KERNEL) ||
	    nla_put_string(skb, MPDEMO_A_NAME, info.out_name) ||
	    nla_put_u32(skb, MPDEMO_A_KIND, MPDEMO_KIND_POOL) ||
	    put_counters(skb, &info, age) ||
	    put_blocks(skb, &info, &details) ||
	    put_u64(skb, MPDEMO_A_REFUSED, info.out_refused) ||
	    put_watch(skb, &details)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}
