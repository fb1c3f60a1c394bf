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

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_BENCH_A_PAD);
}

static int put_latency_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_BENCH_LATENCY_A_PAD);
}

static int put_latency(struct sk_buff *skb, int attr,
		       const struct bench_latency *latency)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest)
		return -EMSGSIZE;
	if (put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_SAMPLES,
			    latency->samples) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P50, latency->p50) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P90, latency->p90) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P99, latency->p99) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_P999, latency->p999) ||
	    put_latency_u64(skb, MPDEMO_BENCH_LATENCY_A_LONGEST, latency->max))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What the row is of. */
static int put_work(struct sk_buff *skb, const struct bench_row *row,
		    const struct bench_params *params)
{
	const struct bench_suite *suite = row->suite;
	u64 operations = (u64)row->steps * suite->operations(row->batch);

	if (nla_put_u32(skb, MPDEMO_BENCH_A_SUITE, suite->id) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_ALLOCATOR,
			   row->kind->allocator->name) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_VARIANT,
			   row->kind->allocator->variant) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_OBJECT_SIZE, row->size) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_BATCH, row->batch) ||
	    put_u64(skb, MPDEMO_BENCH_A_OPERATIONS, operations) ||
	    nla_put_string(skb, MPDEMO_BENCH_A_UNIT, suite->unit) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CPUS, row->cpus) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_SIZES, params->sizes) ||
	    nla_put_u32(skb, MPDEMO_BENCH_A_CONTEXT, params->context) ||
	    (params->zero && nla_put_flag(skb, MPDEMO_BENCH_A_ZERO)))
		return -EMSGSIZE;
	return 0;
}

static int put_result(struct sk_buff *skb, const struct bench_result *result,
		      const struct bench_params *params)
{
	if (nla_put_u32(skb, MPDEMO_BENCH_A_ROUNDS, BENCH_ROUNDS) ||
	    put_u64(skb, MPDEMO_BENCH_A_MIN, result->min) ||
	    put_u64(skb, MPDEMO_BENCH_A_MEDIAN, result->median) ||
	    put_u64(skb, MPDEMO_BENCH_A_FAILURES, result->failures))
		return -EMSGSIZE;
	if (params->latency &&
	    (put_u64(skb, MPDEMO_BENCH_A_CLOCK, result->clock) ||
	     put_u64(skb, MPDEMO_BENCH_A_CLOCK_STEP, result->clock_step) ||
	     put_latency(skb, MPDEMO_BENCH_A_ALLOC_LATENCY, &result->alloc) ||
	     put_latency(skb, MPDEMO_BENCH_A_FREE_LATENCY, &result->free)))
		return -EMSGSIZE;
	if (params->memory && put_u64(skb, MPDEMO_BENCH_A_MEMORY_REQUESTED,
				      result->requested))
		return -EMSGSIZE;
	if (result->used &&
	    put_u64(skb, MPDEMO_BENCH_A_MEMORY_USED, result->used))
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
		ret = put_status(reply, &status);
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
	if (!hdr || put_status(reply, &status)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int dump_row(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct bench_row *row,
		    const struct bench_params *params)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &bench_family, NLM_F_MULTI, MPDEMO_BENCH_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_work(skb, row, params) ||
	    put_result(skb, &row->result, params)) {
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
	struct bench_params params;
	struct bench_row row;

	while (bench_job_get_row(cb->args[0], &row, &params, &cb->seq) &&
	       !dump_row(skb, cb, &row, &params))
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
