// SPDX-License-Identifier: GPL-2.0
/*
 * What requests have in common: who may make one, what an attribute must be, and how
 * a refusal says which attribute is meant, and why.
 */

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <mempool_demo/refusal.h>

#include <uapi/linux/mempool_demo_netlink.h>

#include "objectnl.h"

#define MODE_MASK	0666

int objectnl_check_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	GENL_SET_ERR_MSG(info, "this needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/*
 * Whether a dump may be told what is for the administrator alone. Its begin waits for room
 * in the socket; if there is none, who runs here need not be who has asked, but is the
 * first to read, maybe without knowing. So both are to be trusted.
 */
bool objectnl_dumps_as_admin(struct sk_buff *request)
{
	const struct file *socket = NETLINK_CB(request).sk->sk_socket->file;

	return file_ns_capable(socket, &init_user_ns, CAP_SYS_ADMIN) &&
	       capable(CAP_SYS_ADMIN);
}

/*
 * Whether a request is from that user: who sends it is, and who opened the socket as
 * well, unless the sender has given an address. Without one he may not know that he
 * writes to a socket: that may be the standard output of a set-uid program, see
 * netlink_ns_capable().
 */
bool objectnl_is_from(struct sk_buff *skb, kuid_t uid)
{
	const struct netlink_skb_parms *parms = &NETLINK_CB(skb);

	return uid_eq(current_fsuid(), uid) &&
	       (parms->flags & NETLINK_SKB_DST ||
		uid_eq(parms->sk->sk_socket->file->f_cred->fsuid, uid));
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

/* Return: @error, and say that it is about @attr, if the request has that. */
int objectnl_refuse(struct genl_info *info, int error, int attr, const char *why)
{
	set_reason(info->extack, info->attrs[attr], why);
	return error;
}

/* As a heap has two kinds of memory, one setting is two attributes. */
static int attr_of(struct genl_info *info, enum mpdemo_setting setting)
{
	static const int attrs[] = {
		[MPDEMO_SETTING_NAME] = MPDEMO_A_NAME,
		[MPDEMO_SETTING_KIND] = MPDEMO_A_KIND,
		[MPDEMO_SETTING_BLOCK_SIZE] = MPDEMO_A_BLOCK_SIZE,
		[MPDEMO_SETTING_BLOCKS] = MPDEMO_A_BLOCKS,
		[MPDEMO_SETTING_ALIGN] = MPDEMO_A_ALIGN,
		[MPDEMO_SETTING_BYTES] = MPDEMO_A_BYTES,
		[MPDEMO_SETTING_FLAGS] = MPDEMO_A_FINE,
		[MPDEMO_SETTING_CHUNK] = MPDEMO_A_CHUNK_BLOCKS,
		[MPDEMO_SETTING_MAX_BLOCKS] = MPDEMO_A_MAX_BLOCKS,
		[MPDEMO_SETTING_QUOTA] = MPDEMO_A_QUOTA,
		[MPDEMO_SETTING_LOW] = MPDEMO_A_LOW,
		[MPDEMO_SETTING_HIGH] = MPDEMO_A_HIGH,
	};

	/* Nor can there be one without an entry. */
	static_assert(ARRAY_SIZE(attrs) == MPDEMO_SETTINGS);
	if (setting == MPDEMO_SETTING_BYTES && !info->attrs[MPDEMO_A_BYTES])
		return MPDEMO_A_LARGE_BYTES;
	/* No attribute is of type 0, so where there is no setting it is not there. */
	return attrs[setting];
}

void objectnl_tell_refusal(struct genl_info *info,
			   const struct mpdemo_refusal *refusal)
{
	if (refusal->why)
		set_reason(info->extack,
			   info->attrs[attr_of(info, refusal->setting)],
			   refusal->why);
}

int objectnl_need(struct genl_info *info, int attr, const char *why)
{
	/* Tells which one it is. */
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return 0;
	set_reason(info->extack, NULL, why);
	return -EINVAL;
}

/* The following leave their result alone where the request does not have the attribute. */

int objectnl_get_mode(struct genl_info *info, umode_t *mode)
{
	const struct nlattr *attr = info->attrs[MPDEMO_A_MODE];
	u32 value;

	if (!attr)
		return 0;
	value = nla_get_u32(attr);
	if (value & ~MODE_MASK)
		return objectnl_refuse(info, -EINVAL, MPDEMO_A_MODE,
				       "only the bits 0666 may be set");
	*mode = value;
	return 0;
}

/* Numbers are those of the initial user namespace, as in replies. */
int objectnl_get_uid(struct genl_info *info, kuid_t *uid)
{
	const struct nlattr *attr = info->attrs[MPDEMO_A_UID];
	kuid_t wanted;

	if (!attr)
		return 0;
	wanted = make_kuid(&init_user_ns, nla_get_u32(attr));
	if (!uid_valid(wanted))
		return objectnl_refuse(info, -EINVAL, MPDEMO_A_UID,
				       "there is no such user");
	*uid = wanted;
	return 0;
}

int objectnl_get_gid(struct genl_info *info, kgid_t *gid)
{
	const struct nlattr *attr = info->attrs[MPDEMO_A_GID];
	kgid_t wanted;

	if (!attr)
		return 0;
	wanted = make_kgid(&init_user_ns, nla_get_u32(attr));
	if (!gid_valid(wanted))
		return objectnl_refuse(info, -EINVAL, MPDEMO_A_GID,
				       "there is no such group");
	*gid = wanted;
	return 0;
}
