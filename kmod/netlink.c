// SPDX-License-Identifier: GPL-2.0
/*
 * The generic-netlink family that administers objects. What each command takes
 * and replies is in Documentation/netlink/specs/mempool_demo.yaml, from which
 * the policies and the table of operations are generated.
 *
 * The requests of different sockets run side by side (parallel_ops); what they
 * share is in the registry, which has its own locks.
 */

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include <mempool_demo/refusal.h>

#include "generated/netlink_policy.h"
#include "netlink.h"
#include "object.h"
#include "registry.h"

/* Where the request does not say else: the owner alone. */
#define DEFAULT_MODE	0600
#define MODE_MASK	0666

static struct genl_family family;

static int put_identity(struct sk_buff *skb, struct mpdemo_object *object,
			const struct mpdemo_info *info)
{
	return nla_put_u32(skb, MPDEMO_A_ID, info->out_id) ||
	       (info->out_name[0] &&
		nla_put_string(skb, MPDEMO_A_NAME, info->out_name)) ||
	       nla_put_u32(skb, MPDEMO_A_KIND, info->out_kind) ||
	       nla_put_u32(skb, MPDEMO_A_MODE, object->mode) ||
	       nla_put_u32(skb, MPDEMO_A_UID,
			   from_kuid_munged(&init_user_ns, object->uid)) ||
	       nla_put_u32(skb, MPDEMO_A_GID,
			   from_kgid_munged(&init_user_ns, object->gid)) ||
	       nla_put_u32(skb, MPDEMO_A_OPEN_FILES,
			   atomic_read(&object->open_files)) ||
	       (info->out_state & MPDEMO_STATE_DYING &&
		nla_put_flag(skb, MPDEMO_A_DYING));
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MPDEMO_A_PAD);
}

static int put_counters(struct sk_buff *skb, const struct mpdemo_info *info)
{
	return put_u64(skb, MPDEMO_A_FOOTPRINT, info->out_footprint) ||
	       put_u64(skb, MPDEMO_A_IN_USE, info->out_in_use) ||
	       put_u64(skb, MPDEMO_A_PEAK, info->out_peak) ||
	       put_u64(skb, MPDEMO_A_ALLOCS, info->out_allocs) ||
	       put_u64(skb, MPDEMO_A_FREES, info->out_frees) ||
	       put_u64(skb, MPDEMO_A_FAILURES, info->out_failures);
}

static int put_held(struct sk_buff *skb, const struct mpdemo_info *info)
{
	return put_u64(skb, MPDEMO_A_REFUSED, info->out_refused) ||
	       put_u64(skb, MPDEMO_A_KEPT, info->out_kept) ||
	       put_u64(skb, MPDEMO_A_RECLAIMED, info->out_reclaimed);
}

static int put_pool(struct sk_buff *skb, struct mpdemo_object *object,
		    const struct mpdemo_info *info)
{
	return put_u64(skb, MPDEMO_A_BLOCK_SIZE, info->out_block_size) ||
	       put_u64(skb, MPDEMO_A_BLOCKS, info->out_capacity) ||
	       nla_put_u32(skb, MPDEMO_A_ALIGN, object->align) ||
	       put_u64(skb, MPDEMO_A_STRIDE, info->out_stride);
}

/* One message about one object; the same for new, get and dump. */
static int fill(struct sk_buff *skb, struct mpdemo_object *object, void *hdr)
{
	struct mpdemo_info info;
	int err;

	if (!hdr)
		return -EMSGSIZE;
	mpdemo_object_get_info(object, &info);
	err = put_identity(skb, object, &info) || put_counters(skb, &info);
	if (!err && info.out_kind == MPDEMO_OBJECT_POOL)
		err = put_pool(skb, object, &info);
	else if (!err)
		err = put_u64(skb, MPDEMO_A_BYTES, info.out_capacity);
	if (!err && mpdemo_object_has_blocks(object))
		err = put_held(skb, &info);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int reply_object(struct genl_info *info, struct mpdemo_object *object)
{
	struct sk_buff *skb;
	int ret;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	ret = fill(skb, object, genlmsg_put_reply(skb, info, &family, 0,
						  info->genlhdr->cmd));
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

static int check_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	GENL_SET_ERR_MSG(info, "this needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/* NL_SET_ERR_MSG() takes literals only. @attr may be NULL. */
static void set_reason(struct netlink_ext_ack *extack,
		       const struct nlattr *attr, const char *why)
{
	if (!extack)
		return;
	extack->_msg = why;
	NL_SET_BAD_ATTR(extack, attr);
}

static int refuse_attr(struct genl_info *info, int attr, const char *why)
{
	set_reason(info->extack, info->attrs[attr], why);
	return -EINVAL;
}

static int need_attr(struct genl_info *info, int attr, const char *why)
{
	/* Tells which one it is. */
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return 0;
	set_reason(info->extack, NULL, why);
	return -EINVAL;
}

/* An attribute of the other kind is a misunderstanding, not to be ignored. */
static int check_kind_attrs(struct genl_info *info, u32 kind)
{
	static const int of_pool[] = {
		MPDEMO_A_BLOCK_SIZE, MPDEMO_A_BLOCKS, MPDEMO_A_ALIGN,
	};
	unsigned int i;

	if (kind == MPDEMO_OBJECT_POOL) {
		if (info->attrs[MPDEMO_A_BYTES])
			return refuse_attr(info, MPDEMO_A_BYTES,
					   "a pool has no bytes, but block-size and blocks");
		return need_attr(info, MPDEMO_A_BLOCK_SIZE,
				 "a pool needs block-size and blocks") ?:
		       need_attr(info, MPDEMO_A_BLOCKS,
				 "a pool needs block-size and blocks");
	}
	for (i = 0; i < ARRAY_SIZE(of_pool); i++)
		if (info->attrs[of_pool[i]])
			return refuse_attr(info, of_pool[i],
					   "an arena has no blocks, but bytes");
	return need_attr(info, MPDEMO_A_BYTES, "an arena needs bytes");
}

static u64 attr_u64(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

static int parse_new(struct genl_info *info,
		     struct mpdemo_object_config *config)
{
	struct nlattr **attrs = info->attrs;
	int ret;

	ret = need_attr(info, MPDEMO_A_NAME, "an object needs a name") ?:
	      need_attr(info, MPDEMO_A_KIND, "an object needs a kind");
	if (ret)
		return ret;
	config->name = nla_data(attrs[MPDEMO_A_NAME]);
	config->kind = nla_get_u32(attrs[MPDEMO_A_KIND]);
	if (config->kind == MPDEMO_OBJECT_HEAP) {
		set_reason(info->extack, attrs[MPDEMO_A_KIND],
			   "a heap cannot have a name, it is created by an ioctl");
		return -EOPNOTSUPP;
	}
	ret = check_kind_attrs(info, config->kind);
	if (ret)
		return ret;

	config->block_size = attr_u64(info, MPDEMO_A_BLOCK_SIZE);
	config->blocks = attr_u64(info, MPDEMO_A_BLOCKS);
	config->bytes = attr_u64(info, MPDEMO_A_BYTES);
	if (attrs[MPDEMO_A_ALIGN])
		config->align = nla_get_u32(attrs[MPDEMO_A_ALIGN]);
	config->mode = DEFAULT_MODE;
	if (attrs[MPDEMO_A_MODE]) {
		u32 mode = nla_get_u32(attrs[MPDEMO_A_MODE]);

		if (mode & ~MODE_MASK)
			return refuse_attr(info, MPDEMO_A_MODE,
					   "only the bits 0666 may be set");
		config->mode = mode;
	}
	return 0;
}

static void tell_refusal(struct genl_info *info,
			 const struct mpdemo_refusal *refusal)
{
	static const int attr_of[] = {
		[MPDEMO_SETTING_NAME] = MPDEMO_A_NAME,
		[MPDEMO_SETTING_KIND] = MPDEMO_A_KIND,
		[MPDEMO_SETTING_BLOCK_SIZE] = MPDEMO_A_BLOCK_SIZE,
		[MPDEMO_SETTING_BLOCKS] = MPDEMO_A_BLOCKS,
		[MPDEMO_SETTING_ALIGN] = MPDEMO_A_ALIGN,
		[MPDEMO_SETTING_BYTES] = MPDEMO_A_BYTES,
	};

	/* No attribute is of type 0, so where there is no setting this is NULL. */
	set_reason(info->extack, info->attrs[attr_of[refusal->setting]],
		   refusal->why);
}

int mempool_demo_nl_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object_config config = {};
	struct mpdemo_object *object;
	struct mpdemo_refusal refusal = {};
	int ret;

	BUILD_BUG_ON((int)MPDEMO_KIND_POOL != MPDEMO_OBJECT_POOL);
	BUILD_BUG_ON((int)MPDEMO_KIND_ARENA != MPDEMO_OBJECT_ARENA);
	BUILD_BUG_ON((int)MPDEMO_KIND_HEAP != MPDEMO_OBJECT_HEAP);

	ret = check_admin(skb, info);
	if (ret)
		return ret;
	ret = parse_new(info, &config);
	if (ret)
		return ret;

	object = mpdemo_registry_create(&config, &refusal);
	if (IS_ERR(object)) {
		tell_refusal(info, &refusal);
		return PTR_ERR(object);
	}
	ret = reply_object(info, object);
	/* Who is told of an error must not find the object there. */
	if (ret)
		mpdemo_registry_delete(object);
	mpdemo_registry_put(object);
	return ret;
}

/* The object of a request, by id or by name, with a reference. */
static struct mpdemo_object *get_object(struct genl_info *info)
{
	struct nlattr *id = info->attrs[MPDEMO_A_ID];
	struct nlattr *name = info->attrs[MPDEMO_A_NAME];
	struct mpdemo_object *object;

	if (!id == !name) {
		GENL_SET_ERR_MSG(info, "either an id or a name is needed");
		return ERR_PTR(-EINVAL);
	}
	object = id ? mpdemo_registry_get_by_id(nla_get_u32(id)) :
		      mpdemo_registry_get_by_name(nla_data(name));
	if (object)
		return object;
	NL_SET_ERR_MSG_ATTR(info->extack, id ?: name, "there is no such object");
	return ERR_PTR(-ENOENT);
}

int mempool_demo_nl_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	int ret;

	ret = check_admin(skb, info);
	if (ret)
		return ret;
	object = get_object(info);
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

	object = get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ret = reply_object(info, object);
	mpdemo_registry_put(object);
	return ret;
}

/* cb->args[0] is where to go on: one more than the last id that was sent. */
int mempool_demo_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct mpdemo_object *object;

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no attributes");
		return -EINVAL;
	}
	/* User space compares these; who sees a change reads again. */
	cb->seq = mpdemo_registry_generation();
	for (; (object = mpdemo_registry_get_next(&id)); id++) {
		void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
					cb->nlh->nlmsg_seq, &family,
					NLM_F_MULTI, MPDEMO_CMD_GET);
		int ret;

		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		ret = fill(skb, object, hdr);
		mpdemo_registry_put(object);
		if (ret)
			break;
	}
	cb->args[0] = id;
	return skb->len;
}

static struct genl_family family __ro_after_init = {
	.name = MPDEMO_FAMILY_NAME,
	.version = MPDEMO_FAMILY_VERSION,
	.module = THIS_MODULE,
	.maxattr = MPDEMO_A_MAX,
	.parallel_ops = true,
	.ops = mempool_demo_nl_ops,
	.n_ops = ARRAY_SIZE(mempool_demo_nl_ops),
	/* No command may send what the header reserves. */
	.resv_start_op = 1,
};

int mpdemo_netlink_init(void)
{
	return genl_register_family(&family);
}

void mpdemo_netlink_exit(void)
{
	genl_unregister_family(&family);
}
