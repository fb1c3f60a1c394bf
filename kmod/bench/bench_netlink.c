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
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/smp.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include <uapi/linux/mempool_demo_bench.h>

#include "bench_netlink.h"
#include "bench_put.h"
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

static void multicast_status(const struct bench_status *status)
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, &bench_family, 0,
			  MPDEMO_BENCH_CMD_PROGRESS_NTF);
	if (!hdr || bench_put_status(skb, status)) {
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

static void explain_refusal(struct genl_info *info,
			    const struct bench_refusal *refusal)
{
	if (!info->extack || !refusal->why)
		return;
	/* The texts are constants of this module, which a family outlives. */
	info->extack->_msg = refusal->why;
	if (refusal->attr && info->attrs[refusal->attr])
		NL_SET_BAD_ATTR(info->extack, info->attrs[refusal->attr]);
}

static u32 take_u32(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

/* Within its limits is each of them: that is what the policy sees to. */
static void read_params(struct genl_info *info, struct bench_params *params)
{
	struct nlattr *operations = info->attrs[MPDEMO_BENCH_A_OPERATIONS];

	*params = (struct bench_params) {
		.suite = take_u32(info, MPDEMO_BENCH_A_SUITE, 0),
		.size = take_u32(info, MPDEMO_BENCH_A_OBJECT_SIZE, 0),
		.outstanding = take_u32(info, MPDEMO_BENCH_A_BATCH, 0),
		.operations = operations ? nla_get_u64(operations) : 0,
		.cpus = take_u32(info, MPDEMO_BENCH_A_CPUS, 0),
		.sizes = take_u32(info, MPDEMO_BENCH_A_SIZES,
				  MPDEMO_BENCH_SIZES_CONSTANT),
		.context = take_u32(info, MPDEMO_BENCH_A_CONTEXT,
				    MPDEMO_BENCH_CONTEXT_TASK),
		.zero = info->attrs[MPDEMO_BENCH_A_ZERO],
		.latency = info->attrs[MPDEMO_BENCH_A_WANT_LATENCY],
		.memory = info->attrs[MPDEMO_BENCH_A_WANT_MEMORY],
	};
}

int mempool_bench_nl_run_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct bench_request request = { .notify = notify_progress };
	struct bench_refusal refusal;
	struct bench_status status;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = check_admin(skb, info);
	if (ret)
		return ret;
	read_params(info, &request.params);
	request.owner = info->snd_portid;
	request.cpu = take_u32(info, MPDEMO_BENCH_A_CPU,
			       raw_smp_processor_id());

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

	ret = bench_job_start(&request, &status, &refusal);
	if (!ret)
		ret = bench_put_status(reply, &status);
	if (ret) {
		explain_refusal(info, &refusal);
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
	if (!hdr || bench_put_status(reply, &status)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/*
 * args[0] is the row, args[1] what comes of it next: 0 the row itself, else the
 * buckets from that number less one on.
 */
static int put_next(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct bench_latency alloc, free;
	struct bench_params params;
	struct bench_row row;
	unsigned int bucket;
	u32 samples;

	if (cb->args[1]) {
		bucket = bench_job_get_bucket(cb->args[0], cb->args[1] - 1,
					      &samples, &cb->seq);
		if (samples) {
			if (bench_put_bucket(skb, cb->args[0], bucket, samples))
				return -EMSGSIZE;
			cb->args[1] = bucket + 2;
			return 1;
		}
		cb->args[0]++;
		cb->args[1] = 0;
	}
	if (!bench_job_get_row(cb->args[0], &row, &params, &alloc, &free,
			       &cb->seq))
		return 0;
	if (bench_put_row(skb, cb->args[0], &row, &params, &alloc, &free))
		return -EMSGSIZE;
	cb->args[1] = 1;
	return 1;
}

/* Return: 1; 0 where there is nothing more, -EMSGSIZE where there is no room. */
static int dump_next(struct sk_buff *skb, struct netlink_callback *cb)
{
	void *hdr;
	int ret;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &bench_family, NLM_F_MULTI, MPDEMO_BENCH_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	ret = put_next(skb, cb);
	if (ret <= 0) {
		genlmsg_cancel(skb, hdr);
		return ret;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 1;
}

/*
 * Rows are only ever appended until the next job drops them, so the number of
 * the job is all that tells whether two parts of a dump belong together. It is
 * looked at for each message, and once more by the core for the end of the dump.
 */
int mempool_bench_nl_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	int ret;

	do {
		ret = dump_next(skb, cb);
	} while (ret > 0);
	return skb->len ?: ret;
}

/* Whoever asked for a job and is gone, as by a SIGKILL, wants it no longer. */
static int on_netlink_event(struct notifier_block *block, unsigned long event,
			    void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net))
		bench_job_abandon(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = on_netlink_event,
};

int __init bench_netlink_init(void)
{
	int ret;

	ret = netlink_register_notifier(&netlink_notifier);
	if (ret)
		return ret;
	ret = genl_register_family(&bench_family);
	if (ret) {
		netlink_unregister_notifier(&netlink_notifier);
		return ret;
	}
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
	netlink_unregister_notifier(&netlink_notifier);
}
