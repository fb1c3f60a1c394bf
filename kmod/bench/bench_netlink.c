// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family mempool-bench. What each command and attribute
 * means is in Documentation/netlink/specs/mempool_bench.yaml.
 *
 * This file only translates between messages and job.c. Commands may run in
 * parallel: what they share is behind the lock of job.c.
 */

#include <linux/capability.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include <uapi/linux/mempool_demo_bench.h>

#include "bench_netlink.h"
#include "generated/bench_policy.h"
#include "job.h"
#include "measure.h"

static const struct genl_multicast_group bench_mcgrps[] = {
	[MEMPOOL_BENCH_NLGRP_PROGRESS] = {
		.name = MEMPOOL_BENCH_MCGRP_PROGRESS,
	},
};

static struct genl_family bench_family __ro_after_init = {
	.name		= MPDEMO_BENCH_FAMILY_NAME,
	.version	= MPDEMO_BENCH_FAMILY_VERSION,
	.netnsok	= false,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= mempool_bench_nl_ops,
	.n_ops		= ARRAY_SIZE(mempool_bench_nl_ops),
	.mcgrps		= bench_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(bench_mcgrps),
	/* No command is older than the strict checks: all of them get these. */
	.resv_start_op	= 0,
};

/*
 * Protects family_open, and keeps the family registered while a notification
 * is under way: the thread of a job outlives the family when the module goes.
 * Innermost: nothing of this module is locked inside of it.
 */
static DEFINE_MUTEX(notify_lock);
static bool family_open;

static int put_status(struct sk_buff *skb, const struct bench_status *status)
{
	if (nla_put_u32(skb, MPDEMO_BENCH_A_JOB, status->job) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_STATE, status->state) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ERROR, status->error) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CPU, status->cpu) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ROWS_DONE, status->rows_done) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ROWS_TOTAL, status->rows_total))
		return -EMSGSIZE;
	return 0;
}

static int put_row(struct sk_buff *skb, const struct bench_row *row)
{
	if (nla_put_u32(skb, MPDEMO_BENCH_A_SUITE, row->suite->id) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_ALLOCATOR,
			   row->kind->allocator) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_VARIANT, row->kind->variant) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_OBJECT_SIZE,
			row->suite->object_size) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_BATCH, row->batch) ||
	    nla_put_u64_64bit(skb, MPDEMO_BENCH_A_OPERATIONS,
			      row->suite->operations, MPDEMO_BENCH_A_PAD) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_ROUNDS, BENCH_ROUNDS) ||
	    nla_put_u64_64bit(skb, MPDEMO_BENCH_A_MIN, row->result.min,
			      MPDEMO_BENCH_A_PAD) ||
	    nla_put_u64_64bit(skb, MPDEMO_BENCH_A_MEDIAN, row->result.median,
			      MPDEMO_BENCH_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static void multicast_status(const struct bench_status *status)
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, &bench_family, 0,
			  MPDEMO_BENCH_CMD_PROGRESS_NTF);
	if (!hdr || put_status(skb, status)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	/* Who listens may be gone by now: that is no error of the job. */
	genlmsg_multicast(&bench_family, skb, 0, MEMPOOL_BENCH_NLGRP_PROGRESS,
			  GFP_KERNEL);
}

/*
 * Called by the thread of the job. A lost notification does no harm: GET has
 * the same.
 */
static void notify_progress(const struct bench_status *status)
{
	mutex_lock(&notify_lock);
	if (family_open && genl_has_listeners(&bench_family, &init_net,
					      MEMPOOL_BENCH_NLGRP_PROGRESS))
		multicast_status(status);
	mutex_unlock(&notify_lock);
}

static int check_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "CAP_SYS_ADMIN in the initial user namespace is needed");
	return -EPERM;
}

/* The texts of the refusals of bench_job_start(). */
static void explain_refusal(struct genl_info *info, int err)
{
	struct nlattr *cpu = info->attrs[MPDEMO_BENCH_A_CPU];

	switch (err) {
	case -EBUSY:
		NL_SET_ERR_MSG(info->extack, "a job is running already");
		break;
	case -ERANGE:
		NL_SET_ERR_MSG_ATTR(info->extack, cpu,
				    "there is no CPU of this number");
		break;
	case -ENODEV:
		NL_SET_ERR_MSG_ATTR(info->extack, cpu, "the CPU is offline");
		break;
	case -EOPNOTSUPP:
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MPDEMO_BENCH_A_SUITE],
				    "the suite needs more CPUs than are online");
		break;
	case -ENOMEM:
		NL_SET_ERR_MSG(info->extack, "no memory for the job");
		break;
	}
}

int mempool_bench_nl_run_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct bench_request request = {
		.cpu = raw_smp_processor_id(),
		.notify = notify_progress,
	};
	struct bench_status status;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = check_admin(skb, info);
	if (ret)
		return ret;
	if (info->attrs[MPDEMO_BENCH_A_SUITE])
		request.suite = nla_get_u32(info->attrs[MPDEMO_BENCH_A_SUITE]);
	if (info->attrs[MPDEMO_BENCH_A_CPU])
		request.cpu = nla_get_u32(info->attrs[MPDEMO_BENCH_A_CPU]);

	/* All that may fail comes before the start, which cannot be undone. */
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &bench_family, 0,
				MPDEMO_BENCH_CMD_RUN);
	if (!hdr) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}

	ret = bench_job_start(&request, &status);
	if (!ret)
		ret = put_status(reply, &status);
	if (ret) {
		explain_refusal(info, ret);
		nlmsg_free(reply);
		return ret;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

int mempool_bench_nl_cancel_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret;

	ret = check_admin(skb, info);
	if (ret)
		return ret;
	/* Without a number a late request would hit the job of somebody else. */
	if (GENL_REQ_ATTR_CHECK(info, MPDEMO_BENCH_A_JOB)) {
		GENL_SET_ERR_MSG(info, "the number of the job is needed");
		return -EINVAL;
	}

	ret = bench_job_cancel(nla_get_u32(info->attrs[MPDEMO_BENCH_A_JOB]));
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MPDEMO_BENCH_A_JOB],
				    "the job is not running");
	return ret;
}

int mempool_bench_nl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *job = info->attrs[MPDEMO_BENCH_A_JOB];
	struct bench_status status;
	struct sk_buff *reply;
	void *hdr;

	bench_job_get_status(&status);
	if (job && nla_get_u32(job) != status.job) {
		NL_SET_ERR_MSG_ATTR(info->extack, job,
				    "this is not the newest job");
		return -ESRCH;
	}

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &bench_family, 0,
				MPDEMO_BENCH_CMD_GET);
	if (!hdr || put_status(reply, &status)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int dump_row(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct bench_row *row)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &bench_family, NLM_F_MULTI, MPDEMO_BENCH_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_row(skb, row)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * Rows are only ever appended until the next job drops them, so the number of
 * the job is all that tells whether two parts of a dump belong together. It is
 * looked at for each row, and once more by the core for the end of the dump.
 */
int mempool_bench_nl_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct bench_row row;

	while (bench_job_get_row(cb->args[0], &row, &cb->seq) &&
	       !dump_row(skb, cb, &row))
		cb->args[0]++;
	return skb->len;
}

int __init bench_netlink_init(void)
{
	int ret;

	ret = genl_register_family(&bench_family);
	if (ret)
		return ret;
	mutex_lock(&notify_lock);
	family_open = true;
	mutex_unlock(&notify_lock);
	return 0;
}

/* When this returns nobody is in a command and nobody can start a job. */
void bench_netlink_exit(void)
{
	mutex_lock(&notify_lock);
	family_open = false;
	mutex_unlock(&notify_lock);
	genl_unregister_family(&bench_family);
}
