/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_bench.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_MEMPOOL_BENCH_GEN_H
#define _LINUX_MEMPOOL_BENCH_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/mempool_demo_bench.h>

extern const struct nla_policy mempool_bench_run_nl_policy[MPDEMO_BENCH_A_WANT_MEMORY + 1];

extern const struct nla_policy mempool_bench_cancel_nl_policy[MPDEMO_BENCH_A_JOB + 1];

extern const struct nla_policy mempool_bench_get_nl_policy[MPDEMO_BENCH_A_JOB + 1];

/* Ops table for mempool_bench */
extern const struct genl_ops mempool_bench_nl_ops[3];

int mempool_bench_nl_run_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_bench_nl_cancel_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_bench_nl_get_doit(struct sk_buff *skb, struct genl_info *info);
int mempool_bench_nl_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

enum {
	MEMPOOL_BENCH_NLGRP_PROGRESS,
};

#endif /* _LINUX_MEMPOOL_BENCH_GEN_H */
