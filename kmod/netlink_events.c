// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to objects, told to whoever listens to the group "events". How often
 * something is told is limited by the registry.
 */

#include <linux/errno.h>
#include <linux/notifier.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "generated/netlink_policy.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

static struct genl_family *family;

static int send(struct mpdemo_object *object, u8 cmd, const char *name)
{
	struct sk_buff *skb;
	int ret;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	ret = objectnl_put(skb, object, genlmsg_put(skb, 0, 0, family, 0, cmd),
			   name);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	/* Those who have no room for it learn that, and nobody may listen at all. */
	genlmsg_multicast(family, skb, 0, MEMPOOL_DEMO_NLGRP_EVENTS, GFP_KERNEL);
	return 0;
}

static int registry_event(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	static const u8 cmds[] = {
		[MPDEMO_EVENT_ADDED] = MPDEMO_CMD_CREATED_NTF,
		[MPDEMO_EVENT_CHANGED] = MPDEMO_CMD_CHANGED_NTF,
		[MPDEMO_EVENT_UNNAMED] = MPDEMO_CMD_DELETED_NTF,
		[MPDEMO_EVENT_LOW] = MPDEMO_CMD_LOW_NTF,
		[MPDEMO_EVENT_EXHAUSTED] = MPDEMO_CMD_EXHAUSTED_NTF,
		[MPDEMO_EVENT_RECOVERED] = MPDEMO_CMD_RECOVERED_NTF,
		[MPDEMO_EVENT_RECLAIMED] = MPDEMO_CMD_RECLAIMED_NTF,
		[MPDEMO_EVENT_CORRUPTION] = MPDEMO_CMD_CORRUPTION_NTF,
	};
	struct mpdemo_object *object = data;

	/* Anonymous ones come and go as their users like, and are nobody else's. */
	if (!object->name[0] || event == MPDEMO_EVENT_GONE ||
	    !genl_has_listeners(family, &init_net, MEMPOOL_DEMO_NLGRP_EVENTS))
		return NOTIFY_OK;
	/* Whoever listens has lost an event, as if there were no room in his socket. */
	if (send(object, cmds[event], object->name))
		genl_set_err(family, &init_net, 0, MEMPOOL_DEMO_NLGRP_EVENTS,
			     -ENOBUFS);
	return NOTIFY_OK;
}

static struct notifier_block subscriber = {
	.notifier_call = registry_event,
};

int objectnl_events_init(struct genl_family *of)
{
	family = of;
	return mpdemo_registry_subscribe(&subscriber);
}

void objectnl_events_exit(void)
{
	mpdemo_registry_unsubscribe(&subscriber);
}
