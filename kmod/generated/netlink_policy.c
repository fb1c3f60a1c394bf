// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_demo.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_policy.h"

#include <uapi/linux/mempool_demo_netlink.h>

/* MPDEMO_CMD_NEW - do */
const struct nla_policy mempool_demo_new_nl_policy[MPDEMO_A_QUOTA + 1] = {
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[MPDEMO_A_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[MPDEMO_A_BLOCK_SIZE] = { .type = NLA_U64, },
	[MPDEMO_A_BLOCKS] = { .type = NLA_U64, },
	[MPDEMO_A_ALIGN] = { .type = NLA_U32, },
	[MPDEMO_A_BYTES] = { .type = NLA_U64, },
	[MPDEMO_A_MODE] = { .type = NLA_U32, },
	[MPDEMO_A_UID] = { .type = NLA_U32, },
	[MPDEMO_A_GID] = { .type = NLA_U32, },
	[MPDEMO_A_MAX_BLOCKS] = { .type = NLA_U64, },
	[MPDEMO_A_CHUNK_BLOCKS] = { .type = NLA_U64, },
	[MPDEMO_A_LARGE_BYTES] = { .type = NLA_U64, },
	[MPDEMO_A_FINE] = { .type = NLA_FLAG, },
	[MPDEMO_A_QUOTA] = { .type = NLA_U32, },
};

/* MPDEMO_CMD_DEL - do */
const struct nla_policy mempool_demo_del_nl_policy[MPDEMO_A_NAME + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* MPDEMO_CMD_GET - do */
const struct nla_policy mempool_demo_get_nl_policy[MPDEMO_A_KERNEL + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[MPDEMO_A_KERNEL] = { .type = NLA_FLAG, },
};

/* MPDEMO_CMD_SET - do */
const struct nla_policy mempool_demo_set_nl_policy[MPDEMO_A_POISON + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[MPDEMO_A_MODE] = { .type = NLA_U32, },
	[MPDEMO_A_UID] = { .type = NLA_U32, },
	[MPDEMO_A_GID] = { .type = NLA_U32, },
	[MPDEMO_A_MAX_BLOCKS] = { .type = NLA_U64, },
	[MPDEMO_A_QUOTA] = { .type = NLA_U32, },
	[MPDEMO_A_LOW] = { .type = NLA_U32, },
	[MPDEMO_A_HIGH] = { .type = NLA_U32, },
	[MPDEMO_A_POISON] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* MPDEMO_CMD_RESET_STATS - do */
const struct nla_policy mempool_demo_reset_stats_nl_policy[MPDEMO_A_NAME + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* MPDEMO_CMD_BLOCKS - do */
const struct nla_policy mempool_demo_blocks_nl_policy[MPDEMO_A_FIRST + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[MPDEMO_A_FIRST] = { .type = NLA_U32, },
};

/* MPDEMO_CMD_HOLDERS - do */
const struct nla_policy mempool_demo_holders_nl_policy[MPDEMO_A_HOLDER + 1] = {
	[MPDEMO_A_ID] = { .type = NLA_U32, },
	[MPDEMO_A_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[MPDEMO_A_HOLDER] = { .type = NLA_U32, },
};

/* Ops table for mempool_demo */
const struct genl_ops mempool_demo_nl_ops[7] = {
	{
		.cmd		= MPDEMO_CMD_NEW,
		.doit		= mempool_demo_nl_new_doit,
		.policy		= mempool_demo_new_nl_policy,
		.maxattr	= MPDEMO_A_QUOTA,
	},
	{
		.cmd		= MPDEMO_CMD_DEL,
		.doit		= mempool_demo_nl_del_doit,
		.policy		= mempool_demo_del_nl_policy,
		.maxattr	= MPDEMO_A_NAME,
	},
	{
		.cmd		= MPDEMO_CMD_GET,
		.doit		= mempool_demo_nl_get_doit,
		.dumpit		= mempool_demo_nl_get_dumpit,
		.policy		= mempool_demo_get_nl_policy,
		.maxattr	= MPDEMO_A_KERNEL,
	},
	{
		.cmd		= MPDEMO_CMD_SET,
		.doit		= mempool_demo_nl_set_doit,
		.policy		= mempool_demo_set_nl_policy,
		.maxattr	= MPDEMO_A_POISON,
	},
	{
		.cmd		= MPDEMO_CMD_RESET_STATS,
		.doit		= mempool_demo_nl_reset_stats_doit,
		.policy		= mempool_demo_reset_stats_nl_policy,
		.maxattr	= MPDEMO_A_NAME,
	},
	{
		.cmd		= MPDEMO_CMD_BLOCKS,
		.doit		= mempool_demo_nl_blocks_doit,
		.dumpit		= mempool_demo_nl_blocks_dumpit,
		.policy		= mempool_demo_blocks_nl_policy,
		.maxattr	= MPDEMO_A_FIRST,
	},
	{
		.cmd		= MPDEMO_CMD_HOLDERS,
		.doit		= mempool_demo_nl_holders_doit,
		.dumpit		= mempool_demo_nl_holders_dumpit,
		.policy		= mempool_demo_holders_nl_policy,
		.maxattr	= MPDEMO_A_HOLDER,
	},
};

static const struct genl_multicast_group mempool_demo_nl_mcgrps[] = {
	[MEMPOOL_DEMO_NLGRP_EVENTS] = { "events", },
};
