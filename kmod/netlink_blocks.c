// SPDX-License-Identifier: GPL-2.0
/*
 * The command that tells what is with each block.
 *
 * Between two messages nothing is kept of the object, not even a reference: who does
 * not read on keeps nobody from deleting it.
 */

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <net/genetlink.h>

#include <mempool_demo/arena.h>

#include "generated/netlink_policy.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

/* Blocks of a message, half as many bytes. So much is looked at without a pause. */
#define BLOCKS_MAX	2048

/* Where a dump has got to, in the memory that netlink has for it. */
struct place {
	struct objectnl_dump dump;
	unsigned int next;	/* block that is to be told of */
	u32 before;		/* state of the one before */
	bool begun;
	bool done;
};

static int put_states(struct sk_buff *skb, const struct mpdemo_object *object,
		      const struct mpdemo_part *part, unsigned int count,
		      struct place *place)
{
	struct nlattr *attr;
	unsigned int i;
	u8 *states;

	attr = nla_reserve(skb, MPDEMO_A_STATES, DIV_ROUND_UP(count, 2));
	if (!attr)
		return -EMSGSIZE;
	states = nla_data(attr);
	for (i = 0; i < count; i++) {
		place->before = mpdemo_object_state(object, part,
						    place->next + i,
						    place->before);
		if (i % 2)
			states[i / 2] |= place->before << 4;
		else
			states[i / 2] = place->before;
	}
	place->next += count;
	return 0;
}

/* The place is as it was if there is no room. */
static int put_piece(struct sk_buff *skb, const struct mpdemo_object *object,
		     const struct mpdemo_part *part, struct place *place)
{
	unsigned int count = min_t(unsigned int, BLOCKS_MAX,
				   part->first + part->nr - place->next);

	if (nla_put_u64_64bit(skb, MPDEMO_A_BLOCK_SIZE, part->block_size,
			      MPDEMO_A_PAD) ||
	    (!part->pool && nla_put_flag(skb, MPDEMO_A_PAGES)) ||
	    nla_put_u32(skb, MPDEMO_A_FIRST, place->next) ||
	    nla_put_u32(skb, MPDEMO_A_COUNT, count))
		return -EMSGSIZE;
	return put_states(skb, object, part, count, place);
}

/* Without arena_lock, as for the other commands. */
static int put_arena(struct sk_buff *skb, const struct mpdemo_object *object)
{
	struct mpdemo_arena_stats stats;

	mpdemo_arena_get_stats(object->arena, &stats);
	if (nla_put_u64_64bit(skb, MPDEMO_A_BYTES, stats.bytes, MPDEMO_A_PAD) ||
	    nla_put_u64_64bit(skb, MPDEMO_A_IN_USE, stats.in_use, MPDEMO_A_PAD) ||
	    nla_put_u64_64bit(skb, MPDEMO_A_PEAK, stats.peak, MPDEMO_A_PAD))
		return -EMSGSIZE;
	return 0;
}

/* One message; there is something to tell. */
static int put(struct sk_buff *skb, void *hdr, const struct mpdemo_object *object,
	       const struct mpdemo_part *part, struct place *place)
{
	int ret;

	if (!hdr)
		return -EMSGSIZE;
	ret = nla_put_u32(skb, MPDEMO_A_ID, object->id);
	if (!ret)
		ret = object->arena ? put_arena(skb, object) :
				      put_piece(skb, object, part, place);
	if (ret) {
		genlmsg_cancel(skb, hdr);
		return ret;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* From where on it is to be told. */
static int begin(const struct mpdemo_object *object, struct nlattr *first,
		 struct netlink_ext_ack *extack, struct place *place)
{
	struct mpdemo_part part;

	place->begun = true;
	if (object->arena) {
		if (!first)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, first, "an arena has no blocks, but bytes");
		return -EOPNOTSUPP;
	}
	place->next = first ? nla_get_u32(first) : 0;
	if (!mpdemo_object_part(object, place->next, &part)) {
		NL_SET_ERR_MSG_ATTR(extack, first, "it does not have so many blocks");
		return -ERANGE;
	}
	place->before = mpdemo_object_state_before(object, &part, place->next);
	return 0;
}

static int reply(struct genl_info *info, const struct mpdemo_object *object,
		 struct place *place)
{
	struct mpdemo_part part;
	struct sk_buff *skb;
	int ret;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	if (!object->arena)
		mpdemo_object_part(object, place->next, &part);
	ret = put(skb, objectnl_put_reply(skb, info), object, &part, place);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

int mempool_demo_nl_blocks_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	struct place place = {};
	int ret;

	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ret = begin(object, info->attrs[MPDEMO_A_FIRST], info->extack, &place);
	if (!ret)
		ret = reply(info, object, &place);
	mpdemo_registry_put(object);
	return ret;
}

static int put_multi(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct mpdemo_object *object,
		     const struct mpdemo_part *part, struct place *place)
{
	return put(skb, objectnl_put_multi(skb, cb), object, part, place);
}

/* As many messages as there is room for. */
static void fill(struct sk_buff *skb, struct netlink_callback *cb,
		 const struct mpdemo_object *object, struct place *place)
{
	struct mpdemo_part part;

	if (object->arena) {
		place->done = !put_multi(skb, cb, object, NULL, place);
		return;
	}
	while (mpdemo_object_part(object, place->next, &part)) {
		if (put_multi(skb, cb, object, &part, place))
			return;
		cond_resched();
	}
	place->done = true;
}

int mempool_demo_nl_blocks_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct place *place = (struct place *)cb->ctx;
	struct mpdemo_object *object;
	int ret = 0;

	BUILD_BUG_ON(sizeof(*place) > sizeof(cb->ctx));

	if (place->done)
		return 0;
	object = objectnl_get_dumped(cb, &place->dump);
	if (IS_ERR(object))
		return PTR_ERR(object);
	if (!place->begun)
		ret = begin(object, nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						    MPDEMO_A_FIRST),
			    cb->extack, place);
	if (!ret)
		fill(skb, cb, object, place);
	mpdemo_registry_put(object);
	return ret ?: skb->len;
}
