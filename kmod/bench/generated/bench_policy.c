// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mempool_bench.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "bench_policy.h"

#include <uapi/linux/mempool_demo_bench.h>

/* MPDEMO_BENCH_CMD_RUN - do */
const struct nla_policy mempool_bench_run_nl_policy[MPDEMO_BENCH_A_WANT_MEMORY + 1] = {
	[MPDEMO_BENCH_A_SUITE] = NLA_POLICY_RANGE(NLA_U32, 1, 8),
	[MPDEMO_BENCH_A_CPU] = { .type = NLA_U32, },
	[MPDEMO_BENCH_A_OBJECT_SIZE] = NLA_POLICY_RANGE(NLA_U32, 8, 4096),
	[MPDEMO_BENCH_A_BATCH] = NLA_POLICY_MIN(NLA_U32, 1),
	[MPDEMO_BENCH_A_OPERATIONS] = NLA_POLICY_MIN(NLA_U64, 1),
	[MPDEMO_BENCH_A_CPUS] = NLA_POLICY_MIN(NLA_U32, 1),
	[MPDEMO_BENCH_A_SIZES] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[MPDEMO_BENCH_A_CONTEXT] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[MPDEMO_BENCH_A_ZERO] = { .type = NLA_FLAG, },
	[MPDEMO_BENCH_A_WANT_LATENCY] = { .type = NLA_FLAG, },
	[MPDEMO_BENCH_A_WANT_MEMORY] = { .type = NLA_FLAG, },
};

/* MPDEMO_BENCH_CMD_CANCEL - do */
const struct nla_policy mempool_bench_cancel_nl_policy[MPDEMO_BENCH_A_JOB + 1] = {
	[MPDEMO_BENCH_A_JOB] = { .type = NLA_U32, },
};

/* MPDEMO_BENCH_CMD_GET - do */
const struct nla_policy mempool_bench_get_nl_policy[MPDEMO_BENCH_A_JOB + 1] = {
	[MPDEMO_BENCH_A_JOB] = { .type = NLA_U32, },
};

/* Ops table for mempool_bench */
const struct genl_ops mempool_bench_nl_ops[3] = {
	{
		.cmd		= MPDEMO_BENCH_CMD_RUN,
		.doit		= mempool_bench_nl_run_doit,
		.policy		= mempool_bench_run_nl_policy,
		.maxattr	= MPDEMO_BENCH_A_WANT_MEMORY,
	},
	{
		.cmd		= MPDEMO_BENCH_CMD_CANCEL,
		.doit		= mempool_bench_nl_cancel_doit,
		.policy		= mempool_bench_cancel_nl_policy,
		.maxattr	= MPDEMO_BENCH_A_JOB,
	},
	{
		.cmd		= MPDEMO_BENCH_CMD_GET,
		.doit		= mempool_bench_nl_get_doit,
		.dumpit		= mempool_bench_nl_get_dumpit,
		.policy		= mempool_bench_get_nl_policy,
		.maxattr	= MPDEMO_BENCH_A_JOB,
	},
};

static const struct genl_multicast_group mempool_bench_nl_mcgrps[] = {
	[MEMPOOL_BENCH_NLGRP_PROGRESS] = { "progress", },
};
