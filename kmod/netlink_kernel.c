// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that kernel code has created for itself, for the administrator: what each one
 * does, and of one that is tracked, who holds blocks. They can be looked at, and nothing
 * else: who has created one alone may change or destroy it.
 *
 * As with holders.c, whether he asks is decided once, when a dump begins.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

#include <mempool_demo/guard.h>

#include "generated/netlink_policy.h"
#include "guard.h"
#include "objectnl.h"
#include "pool.h"
#include "pool_list.h"

/* Where a dump has got to, in the memory that netlink has for it. */
struct place {
	unsigned long next;	/* pool, or block of one */
	bool begun;
};

static_assert(sizeof(struct place) <= sizeof_field(struct netlink_callback, ctx));

/* Whether a number is one of a pool of kernel code, if it is one at all. */
bool objectnl_is_pool(const struct nlattr *id)
{
	return id && nla_get_u32(id) >= POOL_LIST_MIN;
}

/* There may be none any more when this returns. */
bool objectnl_has_pool(const struct nlattr *id)
{
	struct mpdemo_pool *pool = NULL;

	if (objectnl_is_pool(id))
		pool = mpdemo_pool_list_get(nla_get_u32(id));
	if (pool)
		mpdemo_pool_list_put(pool);
	return pool;
}

int objectnl_get_pool(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_pool *pool;
	struct sk_buff *reply;
	int ret;

	if (!info->attrs[MPDEMO_A_ID] || info->attrs[MPDEMO_A_NAME])
		return objectnl_refuse(info, -EINVAL, MPDEMO_A_KERNEL,
				       "a pool of kernel code is asked for by its id alone, as others may have its name");
	ret = objectnl_check_admin(skb, info);
	if (ret)
		return ret;
	/* First: while it is looked at nothing waits for memory. */
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	pool = mpdemo_pool_list_get(nla_get_u32(info->attrs[MPDEMO_A_ID]));
	if (!pool) {
		nlmsg_free(reply);
		return objectnl_refuse(info, -ENOENT, MPDEMO_A_ID,
				       "there is no such object; it would be a pool of kernel code");
	}
	ret = objectnl_put_pool(reply, pool, objectnl_put_reply(reply, info));
	mpdemo_pool_list_put(pool);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	return genlmsg_reply(reply, info);
}

static int begin(struct netlink_callback *cb, struct place *place)
{
	if (!objectnl_dumps_as_admin(cb->skb)) {
		NL_SET_ERR_MSG(cb->extack,
			       "this needs CAP_SYS_ADMIN in the initial user namespace");
		return -EPERM;
	}
	place->begun = true;
	return 0;
}

int objectnl_dump_pools(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct place *place = (struct place *)cb->ctx;
	struct mpdemo_pool *pool;
	int ret;

	ret = place->begun ? 0 : begin(cb, place);
	if (ret)
		return ret;
	/* As in a dump of objects. */
	cb->seq = mpdemo_pool_list_generation();
	for (; (pool = mpdemo_pool_list_next(&place->next)); place->next++) {
		void *hdr = objectnl_put_multi(skb, cb);

		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		ret = objectnl_put_pool(skb, pool, hdr);
		mpdemo_pool_list_put(pool);
		if (ret)
			break;
	}
	return skb->len;
}

/* The number of a task is told to whom it means something. */
static bool is_seen(const struct mpdemo_holder *holder)
{
	return holder->context == MPDEMO_HOLDER_TASK &&
	       task_active_pid_ns(current) == &init_pid_ns;
}

static int put_holder(struct sk_buff *skb, void *hdr, u32 id, u32 index,
		      const struct mpdemo_holder *holder)
{
	u64 now = ktime_get_mono_fast_ns();
	char caller[128];

	BUILD_BUG_ON((int)MPDEMO_CONTEXT_TASK != (int)MPDEMO_HOLDER_TASK);
	BUILD_BUG_ON((int)MPDEMO_CONTEXT_SOFTIRQ != (int)MPDEMO_HOLDER_SOFTIRQ);
	BUILD_BUG_ON((int)MPDEMO_CONTEXT_HARDIRQ != (int)MPDEMO_HOLDER_HARDIRQ);
	BUILD_BUG_ON((int)MPDEMO_CONTEXT_NMI != (int)MPDEMO_HOLDER_NMI);

	if (!hdr)
		return -EMSGSIZE;
	scnprintf(caller, sizeof(caller), "%pS", (void *)holder->caller);
	if (nla_put_u32(skb, MPDEMO_A_ID, id) ||
	    nla_put_flag(skb, MPDEMO_A_KERNEL) ||
	    nla_put_u32(skb, MPDEMO_A_FIRST, index) ||
	    nla_put_string(skb, MPDEMO_A_CALLER, caller) ||
	    nla_put_u32(skb, MPDEMO_A_CONTEXT, holder->context) ||
	    (is_seen(holder) && nla_put_u32(skb, MPDEMO_A_PID, holder->pid)) ||
	    nla_put_u64_64bit(skb, MPDEMO_A_AGE,
			      now > holder->since ? now - holder->since : 0,
			      MPDEMO_A_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void fill(struct sk_buff *skb, struct netlink_callback *cb, u32 id,
		 struct mpdemo_pool *pool, struct place *place)
{
	struct mpdemo_holder holder;
	u32 index = place->next;

	for (; mpdemo_pool_next_holder(pool, &index, &holder); index++)
		if (put_holder(skb, objectnl_put_multi(skb, cb), id, index, &holder))
			break;
	place->next = index;
}

static int begin_holders(struct netlink_callback *cb, struct mpdemo_pool *pool,
			 struct place *place)
{
	if (nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_NAME) ||
	    nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_HOLDER)) {
		NL_SET_ERR_MSG(cb->extack, "a pool of kernel code is asked for by its id alone");
		return -EINVAL;
	}
	if (!mpdemo_pool_is_tracked(pool)) {
		NL_SET_ERR_MSG(cb->extack,
			       "who holds its blocks is not known, as it is not tracked");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Blocks that are allocated behind the one that was told last are told as well. */
int objectnl_dump_pool_holders(struct sk_buff *skb, struct netlink_callback *cb)
{
	u32 id = nla_get_u32(nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_ID));
	struct place *place = (struct place *)cb->ctx;
	bool begins = !place->begun;
	struct mpdemo_pool *pool;
	int ret;

	ret = begins ? begin(cb, place) : 0;
	if (ret)
		return ret;
	pool = mpdemo_pool_list_get(id);
	if (!pool) {
		NL_SET_ERR_MSG(cb->extack, "there is no such pool of kernel code, or not any more");
		return -ENOENT;
	}
	if (begins)
		ret = begin_holders(cb, pool, place);
	if (!ret)
		fill(skb, cb, id, pool, place);
	mpdemo_pool_list_put(pool);
	return ret ?: skb->len;
}
