/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the netlink interface share: netlink.c, the family and its
 * commands; netlink_new.c and netlink_set.c, the ones that create and change;
 * netlink_request.c, what requests have in common; netlink_put.c, an object as a
 * message; netlink_blocks.c and netlink_holders.c, what is with each block, and who
 * holds some; netlink_kernel.c, pools of kernel code; netlink_events.c, what is told to
 * who listens.
 */
#ifndef _MPDEMO_OBJECTNL_H
#define _MPDEMO_OBJECTNL_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct genl_family;
struct genl_info;
struct mpdemo_object;
struct mpdemo_pool;
struct mpdemo_refusal;
struct netlink_callback;
struct nlattr;
struct sk_buff;

/* Of a dump about one object; 0: it begins. */
struct objectnl_dump {
	u32 id;
};

/* netlink.c */
void *objectnl_put_reply(struct sk_buff *skb, struct genl_info *info);
void *objectnl_put_multi(struct sk_buff *skb, struct netlink_callback *cb);
int objectnl_reply(struct genl_info *info, struct mpdemo_object *object);
struct mpdemo_object *objectnl_get_object(struct genl_info *info);
struct mpdemo_object *objectnl_get_dumped(struct netlink_callback *cb,
					  struct objectnl_dump *dump);

/* netlink_request.c */
int objectnl_check_admin(struct sk_buff *skb, struct genl_info *info);
bool objectnl_dumps_as_admin(struct sk_buff *request);
bool objectnl_is_from(struct sk_buff *skb, kuid_t uid);
int objectnl_refuse(struct genl_info *info, int error, int attr, const char *why);
void objectnl_tell_refusal(struct genl_info *info,
			   const struct mpdemo_refusal *refusal);
int objectnl_need(struct genl_info *info, int attr, const char *why);
int objectnl_get_mode(struct genl_info *info, umode_t *mode);
int objectnl_get_uid(struct genl_info *info, kuid_t *uid);
int objectnl_get_gid(struct genl_info *info, kgid_t *gid);

/* netlink_put.c */
int objectnl_put(struct sk_buff *skb, struct mpdemo_object *object, void *hdr,
		 const char *name);
int objectnl_put_pool(struct sk_buff *skb, struct mpdemo_pool *pool, void *hdr);

/* netlink_kernel.c */
bool objectnl_is_pool(const struct nlattr *id);
bool objectnl_has_pool(const struct nlattr *id);
int objectnl_get_pool(struct sk_buff *skb, struct genl_info *info);
int objectnl_dump_pools(struct sk_buff *skb, struct netlink_callback *cb);
int objectnl_dump_pool_holders(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_events.c */
int objectnl_events_init(struct genl_family *family);
void objectnl_events_exit(void);

#endif /* _MPDEMO_OBJECTNL_H */
