// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that change an object.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <net/genetlink.h>

#include <mempool_demo/refusal.h>

#include "generated/netlink_policy.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

/* What can be asked for, of which kinds, and by whom beside the owner. */
static const struct {
	int attr;
	u32 kinds;
	int cap;
	const char *why_not;
	const char *who;
} settings[] = {
#define ALL_KINDS	(~0U)
#define A_POOL		BIT(MPDEMO_KIND_POOL)
#define ADMIN		"only its owner and CAP_SYS_ADMIN may change this"
	{ MPDEMO_A_MODE, ALL_KINDS, CAP_FOWNER, NULL,
	  "only its owner and CAP_FOWNER may change the mode" },
	{ MPDEMO_A_QUOTA, A_POOL | BIT(MPDEMO_KIND_HEAP), CAP_SYS_ADMIN,
	  "an arena has no quota, as nobody holds any of it", ADMIN },
	{ MPDEMO_A_LOW, A_POOL, CAP_SYS_ADMIN, "only a pool has watermarks", ADMIN },
	{ MPDEMO_A_HIGH, A_POOL, CAP_SYS_ADMIN, "only a pool has watermarks", ADMIN },
	{ MPDEMO_A_POISON, A_POOL, CAP_SYS_ADMIN, "only a pool can be poisoned", ADMIN },
	/* All that is sized for it is made when the pool is created. */
	{ MPDEMO_A_MAX_BLOCKS, 0, CAP_SYS_ADMIN,
	  "the maximum of a pool is chosen when it is created", ADMIN },
};

/* The rules of chown(): an owner gives to none but his own groups. */
static int check_chown(struct sk_buff *skb, struct genl_info *info,
		       const struct mpdemo_settings *now,
		       const struct mpdemo_settings *wanted)
{
	bool owner = objectnl_is_from(skb, now->uid);

	if (info->attrs[MPDEMO_A_UID] &&
	    !(owner && uid_eq(wanted->uid, now->uid)) &&
	    !netlink_capable(skb, CAP_CHOWN))
		return objectnl_refuse(info, -EPERM, MPDEMO_A_UID,
				       "only CAP_CHOWN may change the owner");
	if (info->attrs[MPDEMO_A_GID] &&
	    !(owner && (gid_eq(wanted->gid, now->gid) ||
			in_group_p(wanted->gid))) &&
	    !netlink_capable(skb, CAP_CHOWN))
		return objectnl_refuse(info, -EPERM, MPDEMO_A_GID,
				       "only CAP_CHOWN, and an owner of that group, may change the group");
	return 0;
}

static int check_settings(struct sk_buff *skb, struct genl_info *info,
			  u32 kind, const struct mpdemo_settings *now)
{
	bool owner = objectnl_is_from(skb, now->uid);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!info->attrs[settings[i].attr])
			continue;
		if (!owner && !netlink_capable(skb, settings[i].cap))
			return objectnl_refuse(info, -EPERM, settings[i].attr,
					       settings[i].who);
		if (!(settings[i].kinds & BIT(kind)))
			return objectnl_refuse(info, -EOPNOTSUPP,
					       settings[i].attr,
					       settings[i].why_not);
	}
	return 0;
}

static void get_u32(struct genl_info *info, int attr, u32 *value)
{
	if (info->attrs[attr])
		*value = nla_get_u32(info->attrs[attr]);
}

/* What the request does not name stays as it is. */
static int parse(struct genl_info *info, struct mpdemo_settings *wanted)
{
	get_u32(info, MPDEMO_A_QUOTA, &wanted->quota);
	get_u32(info, MPDEMO_A_LOW, &wanted->low);
	get_u32(info, MPDEMO_A_HIGH, &wanted->high);
	if (info->attrs[MPDEMO_A_POISON])
		wanted->poison = nla_get_u32(info->attrs[MPDEMO_A_POISON]);
	return objectnl_get_mode(info, &wanted->mode) ?:
	       objectnl_get_uid(info, &wanted->uid) ?:
	       objectnl_get_gid(info, &wanted->gid);
}

static int check_not_empty(struct genl_info *info)
{
	unsigned int i;

	if (info->attrs[MPDEMO_A_UID] || info->attrs[MPDEMO_A_GID])
		return 0;
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (info->attrs[settings[i].attr])
			return 0;
	GENL_SET_ERR_MSG(info, "there is nothing to be changed");
	return -EINVAL;
}

static int set(struct sk_buff *skb, struct genl_info *info,
	       struct mpdemo_object *object)
{
	struct mpdemo_settings wanted = object->settings;
	struct mpdemo_refusal refusal = {};
	int ret;

	lockdep_assert_held(&object->set_lock);
	ret = parse(info, &wanted) ?:
	      check_chown(skb, info, &object->settings, &wanted) ?:
	      check_settings(skb, info, object->kind, &object->settings);
	if (ret)
		return ret;
	ret = mpdemo_registry_set(object, &wanted, &refusal);
	if (ret)
		objectnl_tell_refusal(info, &refusal);
	return ret;
}

int mempool_demo_nl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	int ret;

	ret = check_not_empty(info);
	if (ret)
		return ret;
	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);

	mpdemo_registry_begin_set(object);
	ret = set(skb, info, object);
	mpdemo_registry_end_set(object, !ret);
	/* It is done by now. Who finds no memory for the reply may ask again. */
	if (!ret)
		ret = objectnl_reply(info, object);
	mpdemo_registry_put(object);
	return ret;
}

int mempool_demo_nl_reset_stats_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct mpdemo_object *object;
	kuid_t owner;
	int ret;

	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);

	mutex_lock(&object->settings_lock);
	owner = object->settings.uid;
	mutex_unlock(&object->settings_lock);
	if (objectnl_is_from(skb, owner) || netlink_capable(skb, CAP_SYS_ADMIN)) {
		mpdemo_object_reset_stats(object);
		ret = objectnl_reply(info, object);
	} else {
		GENL_SET_ERR_MSG(info, "only its owner and CAP_SYS_ADMIN may do this");
		ret = -EPERM;
	}
	mpdemo_registry_put(object);
	return ret;
}
