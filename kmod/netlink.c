// SPDX-License-Identifier: GPL-2.0
/*
 * The generic-netlink family that administers objects. What each command takes
 * and replies is in Documentation/netlink/specs/mempool_demo.yaml, from which
 * the policies and the table of operations are generated.
 *
 * The requests of different sockets run side by side (parallel_ops); what they
 * share is in the registry, which has its own locks.
 */

#include <linux/err.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "generated/netlink_policy.h"
#include "netlink.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

static struct genl_family family;

/* The header of the reply to a request. */
void *objectnl_put_reply(struct sk_buff *skb, struct genl_info *info)
{
	return genlmsg_put_reply(skb, info, &family, 0, info->genlhdr->cmd);
}

/* The header of a message of a dump. */
void *objectnl_put_multi(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);

	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &family, NLM_F_MULTI, request->cmd);
}

int objectnl_reply(struct genl_info *info, struct mpdemo_object *object)
{
	struct sk_buff *skb;
	void *hdr;
	int ret;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = objectnl_put_reply(skb, info);
	ret = objectnl_put(skb, object, hdr, NULL);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

static struct mpdemo_object *get_object(struct nlattr *id, struct nlattr *name,
					struct netlink_ext_ack *extack)
{
	struct mpdemo_object *object;

	if (!id == !name) {
		NL_SET_ERR_MSG(extack, "either an id or a name is needed");
		return ERR_PTR(-EINVAL);
	}
	object = id ? mpdemo_registry_get_by_id(nla_get_u32(id)) :
		      mpdemo_registry_get_by_name(nla_data(name));
	if (object)
		return object;
	if (objectnl_has_pool(id)) {
		NL_SET_ERR_MSG_ATTR(extack, id, "pools of kernel code can only be looked at");
		return ERR_PTR(-EOPNOTSUPP);
	}
	NL_SET_ERR_MSG_ATTR(extack, id ?: name, "there is no such object");
	return ERR_PTR(-ENOENT);
}

/* The object of a request, by id or by name, with a reference. */
struct mpdemo_object *objectnl_get_object(struct genl_info *info)
{
	return get_object(info->attrs[MPDEMO_A_ID], info->attrs[MPDEMO_A_NAME],
			  info->extack);
}

/*
 * The same for a dump about one object, each time that it goes on. The request is
 * looked at but once: its name may lead elsewhere by now.
 */
struct mpdemo_object *objectnl_get_dumped(struct netlink_callback *cb,
					  struct objectnl_dump *dump)
{
	struct mpdemo_object *object;

	if (dump->id) {
		object = mpdemo_registry_get_by_id(dump->id);
		if (object)
			return object;
		NL_SET_ERR_MSG(cb->extack, "the object has gone meanwhile");
		return ERR_PTR(-ENOENT);
	}
	object = get_object(nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_ID),
			    nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_NAME),
			    cb->extack);
	if (!IS_ERR(object))
		dump->id = object->id;
	return object;
}

int mempool_demo_nl_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	int ret;

	ret = objectnl_check_admin(skb, info);
	if (ret)
		return ret;
	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);

	ret = mpdemo_registry_delete(object);
	if (ret)
		GENL_SET_ERR_MSG(info, "it has no name, and goes away with its last open file");
	mpdemo_registry_put(object);
	return ret;
}

int mempool_demo_nl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	int ret;

	if (info->attrs[MPDEMO_A_KERNEL] ||
	    objectnl_is_pool(info->attrs[MPDEMO_A_ID]))
		return objectnl_get_pool(skb, info);
	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ret = objectnl_reply(info, object);
	mpdemo_registry_put(object);
	return ret;
}

/* cb->args[0] is where to go on: one more than the last id that was sent. */
int mempool_demo_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct mpdemo_object *object;

	if (nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_ID) ||
	    nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_NAME)) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no attributes but kernel");
		return -EINVAL;
	}
	if (nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_KERNEL))
		return objectnl_dump_pools(skb, cb);
	/* User space compares these; who sees a change reads again. */
	cb->seq = mpdemo_registry_generation();
	for (; (object = mpdemo_registry_get_next(&id)); id++) {
		void *hdr = objectnl_put_multi(skb, cb);
		int ret;

		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		ret = objectnl_put(skb, object, hdr, NULL);
		mpdemo_registry_put(object);
		if (ret)
			break;
	}
	cb->args[0] = id;
	return skb->len;
}

static const struct genl_multicast_group groups[] = {
	[MEMPOOL_DEMO_NLGRP_EVENTS] = { .name = MEMPOOL_DEMO_MCGRP_EVENTS },
};

static struct genl_family family __ro_after_init = {
	.name = MPDEMO_FAMILY_NAME,
	.version = MPDEMO_FAMILY_VERSION,
	.module = THIS_MODULE,
	.maxattr = MPDEMO_A_MAX,
	.parallel_ops = true,
	.ops = mempool_demo_nl_ops,
	.n_ops = ARRAY_SIZE(mempool_demo_nl_ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	/* No command may send what the header reserves. */
	.resv_start_op = 1,
};

int mpdemo_netlink_init(void)
{
	int ret;

	ret = genl_register_family(&family);
	if (ret)
		return ret;
	ret = objectnl_events_init(&family);
	if (ret)
		genl_unregister_family(&family);
	return ret;
}

void mpdemo_netlink_exit(void)
{
	objectnl_events_exit();
	genl_unregister_family(&family);
}
