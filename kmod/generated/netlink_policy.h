/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_demo.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_MEMPOOL_DEMO_GEN_H
#define _LINUX_MEMPOOL_DEMO_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/mempool_demo_netlink.h>

extern const struct nla_policy mempool_demo_new_nl_policy[MPDEMO_A_QUOTA + 1];

extern const struct nla_policy mempool_demo_del_nl_policy[MPDEMO_A_NAME + 1];

extern const struct nla_policy mempool_demo_get_nl_policy[MPDEMO_A_KERNEL + 1];

extern const struct nla_policy mempool_demo_set_nl_policy[MPDEMO_A_POISON + 1];

extern const struct nla_policy mempool_demo_reset_stats_nl_policy[MPDEMO_A_NAME + 1];

extern const struct nla_policy mempool_demo_blocks_nl_policy[MPDEMO_A_FIRST + 1];

extern const struct nla_policy mempool_demo_holders_nl_policy[MPDEMO_A_HOLDER + 1];

/* Ops table for mempool_demo */
extern const struct genl_ops mempool_demo_nl_ops[7];

int mempool_demo_nl_new_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_del_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_get_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int mempool_demo_nl_set_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_reset_stats_doit(struct sk_buff *skb,
				     struct genl_info *info);
int mempool_demo_nl_blocks_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_blocks_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int mempool_demo_nl_holders_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_demo_nl_holders_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);

enum {
	MEMPOOL_DEMO_NLGRP_EVENTS,
};

#endif /* _LINUX_MEMPOOL_DEMO_GEN_H */
