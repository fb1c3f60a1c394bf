// SPDX-License-Identifier: GPL-2.0
/*
 * The command that tells who holds blocks.
 *
 * Who opened a file is for the owner of the object and for the administrator. Whether
 * he asks is decided once, when a dump begins: later messages of it are made for whoever
 * reads from the socket.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "generated/netlink_policy.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

/* Where a dump has got to, in the memory that netlink has for it. */
struct place {
	struct objectnl_dump dump;
	u64 last;		/* serial of the file that was told last */
	u64 end;		/* that of the last one that is to be told */
	ktime_t now;		/* ages are those of one moment, when the dump began */
	bool begun;
	bool trusted;
	bool kept_told;
};

/*
 * The begin of a dump waits for room in the socket. If there is none who runs here need
 * not be who has asked, but is the first to read, maybe without knowing: it may be the
 * standard input of a set-uid program. So that an address was given says nothing, and
 * who opened the socket is to be trusted as well in any case.
 */
static bool is_trusted(struct sk_buff *request, struct mpdemo_object *object)
{
	const struct file *socket = NETLINK_CB(request).sk->sk_socket->file;
	kuid_t uid;

	mutex_lock(&object->settings_lock);
	uid = object->settings.uid;
	mutex_unlock(&object->settings_lock);
	return (uid_eq(socket->f_cred->fsuid, uid) ||
		file_ns_capable(socket, &init_user_ns, CAP_SYS_ADMIN)) &&
	       (uid_eq(current_fsuid(), uid) || capable(CAP_SYS_ADMIN));
}

/* Its number is told as who reads knows it. */
static int put_process(struct sk_buff *skb, const struct mpdemo_object_file *file)
{
	pid_t pid = pid_nr_ns(file->pid, task_active_pid_ns(current));

	return (pid && nla_put_u32(skb, MPDEMO_A_PID, pid)) ||
	       (!pid_has_task(file->pid, PIDTYPE_TGID) &&
		nla_put_flag(skb, MPDEMO_A_GONE)) ||
	       nla_put_string(skb, MPDEMO_A_COMM, file->comm);
}

static int put_file(struct sk_buff *skb, void *hdr,
		    const struct mpdemo_object *object,
		    const struct mpdemo_object_file *file, ktime_t now, bool trusted)
{
	u64 age = ktime_to_ns(ktime_sub(now, file->opened));

	lockdep_assert_held(&object->files_lock);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MPDEMO_A_ID, object->id) ||
	    nla_put_u32(skb, MPDEMO_A_HOLDER, file->owner->id) ||
	    nla_put_u32(skb, MPDEMO_A_ACCESS, file->access) ||
	    nla_put_u64_64bit(skb, MPDEMO_A_AGE, age, MPDEMO_A_PAD) ||
	    (mpdemo_object_has_blocks(object) &&
	     (nla_put_u32(skb, MPDEMO_A_HELD, atomic_read(&file->owner->held)) ||
	      nla_put_u32(skb, MPDEMO_A_QUOTA, file->owner->quota))) ||
	    (trusted && put_process(skb, file))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int put_kept(struct sk_buff *skb, void *hdr,
		    const struct mpdemo_object *object)
{
	u64 kept = atomic_read(&object->owners.keeper.held);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MPDEMO_A_ID, object->id) ||
	    nla_put_u64_64bit(skb, MPDEMO_A_KEPT, kept, MPDEMO_A_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int put_holder(struct sk_buff *skb, void *hdr, struct mpdemo_object *object,
		      u32 id, bool trusted)
{
	const struct mpdemo_object_file *file;
	int ret = -ENOENT;

	mutex_lock(&object->files_lock);
	file = mpdemo_object_file_after(object, 0);
	while (file && file->owner->id != id)
		file = mpdemo_object_next_file(object, file);
	if (file)
		ret = put_file(skb, hdr, object, file, ktime_get(), trusted);
	mutex_unlock(&object->files_lock);
	return ret;
}

static int reply(struct sk_buff *request, struct genl_info *info,
		 struct mpdemo_object *object)
{
	u32 id = nla_get_u32(info->attrs[MPDEMO_A_HOLDER]);
	struct sk_buff *skb;
	int ret;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	ret = put_holder(skb, objectnl_put_reply(skb, info), object, id,
			 is_trusted(request, object));
	if (!ret)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	if (ret == -ENOENT)
		return objectnl_refuse(info, ret, MPDEMO_A_HOLDER,
				       "it has no open file of this number");
	return ret;
}

int mempool_demo_nl_holders_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object *object;
	int ret;

	ret = objectnl_need(info, MPDEMO_A_HOLDER,
			    "which one is needed; a dump tells all holders");
	if (ret)
		return ret;
	object = objectnl_get_object(info);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ret = reply(skb, info, object);
	mpdemo_registry_put(object);
	return ret;
}

/*
 * Files are told by their serials, so that those that stay are told once, whoever
 * comes and goes; and that somebody did is told. Those that are opened later are not
 * told, or there might be no end.
 */
static void fill(struct sk_buff *skb, struct netlink_callback *cb,
		 struct mpdemo_object *object, struct place *place)
{
	const struct mpdemo_object_file *file;

	if (!place->kept_told && mpdemo_object_has_blocks(object) &&
	    put_kept(skb, objectnl_put_multi(skb, cb), object))
		return;
	place->kept_told = true;

	mutex_lock(&object->files_lock);
	cb->seq = object->files_changes;
	file = mpdemo_object_file_after(object, place->last);
	while (file && file->serial <= place->end) {
		void *hdr = objectnl_put_multi(skb, cb);

		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		if (put_file(skb, hdr, object, file, place->now, place->trusted))
			break;
		place->last = file->serial;
		file = mpdemo_object_next_file(object, file);
	}
	mutex_unlock(&object->files_lock);
}

static int begin(struct netlink_callback *cb, struct mpdemo_object *object,
		 struct place *place)
{
	struct nlattr *holder = nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						MPDEMO_A_HOLDER);

	if (holder) {
		NL_SET_ERR_MSG_ATTR(cb->extack, holder, "a dump is of all holders");
		return -EINVAL;
	}
	place->begun = true;
	place->trusted = is_trusted(cb->skb, object);
	mutex_lock(&object->files_lock);
	place->end = object->files_serial;
	place->now = ktime_get();
	mutex_unlock(&object->files_lock);
	return 0;
}

int mempool_demo_nl_holders_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct place *place = (struct place *)cb->ctx;
	struct mpdemo_object *object;
	int ret = 0;

	BUILD_BUG_ON(sizeof(*place) > sizeof(cb->ctx));

	if (objectnl_is_pool(nlmsg_find_attr(cb->nlh, GENL_HDRLEN, MPDEMO_A_ID)))
		return objectnl_dump_pool_holders(skb, cb);
	object = objectnl_get_dumped(cb, &place->dump);
	if (IS_ERR(object))
		return PTR_ERR(object);
	if (!place->begun)
		ret = begin(cb, object, place);
	if (!ret)
		fill(skb, cb, object, place);
	mpdemo_registry_put(object);
	return ret ?: skb->len;
}
