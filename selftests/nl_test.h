/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the selftests for the generic-netlink interface, on libnl-3. They
 * return 0 or -errno of the kernel, and keep the text and the attribute that an
 * extended acknowledgment has.
 */
#ifndef MPDEMO_NL_TEST_H
#define MPDEMO_NL_TEST_H

#include <stdarg.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <linux/mempool_demo_netlink.h>

#include "mpdemo_test.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

struct nlt {
	struct nl_sock *sock;
	int family;
	bool by_write;		/* requests go by write(), without an address */
	/* about the last request */
	bool done;
	int err;
	bool interrupted;	/* of a dump: the kernel says that it changed */
	char text[128];		/* extended ACK; empty: there was none */
	int bad_attr;		/* type of the attribute it is about, or 0 */
	int missing_attr;	/* type of the one that was missing, or 0 */
	struct nlmsghdr *sent;
	unsigned int replies;
	/* called for each object in a reply */
	void (*each)(struct nlattr **attr, void *arg);
	void *arg;
};

/* The type of the attribute that begins at @offset of what was sent; -1: none does. */
static inline int nlt_attr_at_(struct nlt *nl, unsigned int offset)
{
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, nl->sent, GENL_HDRLEN, left) {
		if ((char *)attr == (char *)nl->sent + offset)
			return nla_type(attr);
	}
	return -1;
}

/* What an extended acknowledgment says, @skip bytes behind the header. */
static inline void nlt_see_why_(struct nlt *nl, struct nlmsghdr *h, size_t skip)
{
	struct nlattr *attr;
	int left;

	attr = (struct nlattr *)((char *)nlmsg_data(h) + NLMSG_ALIGN(skip));
	left = h->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(skip);
	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(nl->text, attr, sizeof(nl->text));
		else if (nla_type(attr) == NLMSGERR_ATTR_OFFS)
			nl->bad_attr = nlt_attr_at_(nl, nla_get_u32(attr));
		else if (nla_type(attr) == NLMSGERR_ATTR_MISS_TYPE)
			nl->missing_attr = nla_get_u32(attr);
	}
}

static inline int nlt_error_(struct sockaddr_nl *nla, struct nlmsgerr *e,
			     void *arg)
{
	struct nlmsghdr *h = (struct nlmsghdr *)e - 1;
	struct nlt *nl = arg;
	size_t skip = sizeof(*e);

	(void)nla;
	nl->err = e->error;
	nl->done = true;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		nlt_see_why_(nl, h, skip);
	return NL_STOP;
}

static inline int nlt_end_(struct nl_msg *msg, void *arg)
{
	struct nlt *nl = arg;

	(void)msg;
	nl->done = true;
	return NL_STOP;
}

/* The end of a dump, which may be an error. */
static inline int nlt_finish_(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlt *nl = arg;
	int err;

	nl->done = true;
	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(err))
		return NL_STOP;
	memcpy(&err, nlmsg_data(h), sizeof(err));
	nl->err = err < 0 ? err : 0;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		nlt_see_why_(nl, h, sizeof(err));
	return NL_STOP;
}

static inline int nlt_intr_(struct nl_msg *msg, void *arg)
{
	struct nlt *nl = arg;

	(void)msg;
	nl->interrupted = true;
	return NL_OK;
}

static inline int nlt_object_(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr[MPDEMO_A_MAX + 1];
	struct nlt *nl = arg;

	nl->replies++;
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, MPDEMO_A_MAX, NULL))
		return NL_SKIP;
	if (nl->each)
		nl->each(attr, nl->arg);
	return NL_OK;
}

static inline int nlt_open_family(struct nlt *nl, const char *family)
{
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return -ENOMEM;
	if (genl_connect(nl->sock))
		return -EIO;
	nl->family = genl_ctrl_resolve(nl->sock, family);
	if (nl->family < 0)
		return -ENOENT;
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_EXT_ACK,
		   &one, sizeof(one));
	nl_socket_set_buffer_size(nl->sock, 1 << 18, 1 << 16);
	return 0;
}

static inline int nlt_open(struct nlt *nl)
{
	return nlt_open_family(nl, MPDEMO_FAMILY_NAME);
}

static inline void nlt_close(struct nlt *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

/* A socket that hears events, and asks for nothing. */
static inline int nlt_join(struct nlt *group)
{
	int number;

	if (nlt_open(group))
		return -EIO;
	number = genl_ctrl_resolve_grp(group->sock, MPDEMO_FAMILY_NAME,
				       MEMPOOL_DEMO_MCGRP_EVENTS);
	if (number < 0)
		return -ENOENT;
	nl_socket_disable_seq_check(group->sock);
	return nl_socket_add_membership(group->sock, number);
}

static inline struct nl_msg *nlt_msg(struct nlt *nl, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(16384);

	genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, cmd,
		    MPDEMO_FAMILY_VERSION);
	return msg;
}

/* Read until the kernel has answered. */
static inline int nlt_receive(struct nlt *nl)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	int ret = 0;

	nl->done = false;
	nl->err = 0;
	nl->interrupted = false;
	nl->text[0] = 0;
	nl->bad_attr = 0;
	nl->missing_attr = 0;
	nl->replies = 0;
	nl_cb_err(cb, NL_CB_CUSTOM, nlt_error_, nl);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, nlt_object_, nl);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, nlt_end_, nl);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, nlt_finish_, nl);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, nlt_intr_, nl);
	while (ret >= 0 && !nl->done)
		ret = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	return nl->done ? nl->err : -EIO;
}

/* Send @msg, which is gone then, and read the answer. */
static inline int nlt_call(struct nlt *nl, struct nl_msg *msg)
{
	int ret;

	nl->sent = nlmsg_hdr(msg);
	if (nl->by_write) {
		nl_complete_msg(nl->sock, msg);
		ret = write(nl_socket_get_fd(nl->sock), nlmsg_hdr(msg),
			    nlmsg_hdr(msg)->nlmsg_len);
	} else {
		ret = nl_send_auto(nl->sock, msg);
	}
	ret = ret < 0 ? -EIO : nlt_receive(nl);
	nlmsg_free(msg);
	nl->sent = NULL;
	return ret;
}

/* Append a list of attributes that ends with 0: type, size in bytes, value. */
static inline void nlt_put_list(struct nl_msg *msg, va_list args)
{
	int type;

	while ((type = va_arg(args, int))) {
		int size = va_arg(args, int);
		__u64 value = va_arg(args, __u64);

		nla_put(msg, type, size, &value);
	}
}

/* A command about @name, unless it is NULL, with such a list of attributes. */
static inline int nlt_with(struct nlt *nl, int cmd, const char *name, ...)
{
	struct nl_msg *msg = nlt_msg(nl, cmd, 0);
	va_list args;

	if (name)
		nla_put_string(msg, MPDEMO_A_NAME, name);
	va_start(args, name);
	nlt_put_list(msg, args);
	va_end(args);
	return nlt_call(nl, msg);
}

/* The same as a dump. */
static inline int nlt_dump_with(struct nlt *nl, int cmd, const char *name, ...)
{
	struct nl_msg *msg = nlt_msg(nl, cmd, NLM_F_DUMP);
	va_list args;

	if (name)
		nla_put_string(msg, MPDEMO_A_NAME, name);
	va_start(args, name);
	nlt_put_list(msg, args);
	va_end(args);
	return nlt_call(nl, msg);
}

#define NLT_U32(attr, value)	(attr), 4, (__u64)(value)
#define NLT_U64(attr, value)	(attr), 8, (__u64)(value)
#define NLT_FLAG(attr)		(attr), 0, 0ULL

/* Instead of the attribute that a refusal is about: one that is missing. */
#define MISSING(attr)		(-(attr))

/*
 * The errno, words that contain @words, and the attribute that they are about; 0:
 * the words alone are to tell, and no attribute.
 */
#define REFUSED(nl, want, attr, words, seen, what)				\
do {										\
	struct nlt *nl_ = (nl);							\
										\
	CHECK(want, seen, "%s: \"%s\"", what, nl_->text);			\
	CHECK(true, strlen(nl_->text) > 5 && strstr(nl_->text, words),		\
	      "%s: \"%s\" is not about \"%s\"", what, nl_->text, words);	\
	CHECK((attr) > 0 ? (attr) : 0, nl_->bad_attr, "%s: attribute", what);	\
	CHECK((attr) < 0 ? -(attr) : 0, nl_->missing_attr, "%s: missing", what);	\
} while (0)

static inline int nlt_new_pool(struct nlt *nl, const char *name,
			       __u64 block_size, __u64 blocks, __u32 mode)
{
	struct nl_msg *msg = nlt_msg(nl, MPDEMO_CMD_NEW, 0);

	nla_put_string(msg, MPDEMO_A_NAME, name);
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_POOL);
	nla_put_u64(msg, MPDEMO_A_BLOCK_SIZE, block_size);
	nla_put_u64(msg, MPDEMO_A_BLOCKS, blocks);
	nla_put_u32(msg, MPDEMO_A_MODE, mode);
	return nlt_call(nl, msg);
}

static inline int nlt_new_arena(struct nlt *nl, const char *name, __u64 bytes,
				__u32 mode)
{
	struct nl_msg *msg = nlt_msg(nl, MPDEMO_CMD_NEW, 0);

	nla_put_string(msg, MPDEMO_A_NAME, name);
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, bytes);
	nla_put_u32(msg, MPDEMO_A_MODE, mode);
	return nlt_call(nl, msg);
}

static inline int nlt_by_name(struct nlt *nl, int cmd, const char *name)
{
	struct nl_msg *msg = nlt_msg(nl, cmd, 0);

	nla_put_string(msg, MPDEMO_A_NAME, name);
	return nlt_call(nl, msg);
}

static inline int nlt_by_id(struct nlt *nl, int cmd, __u32 id)
{
	struct nl_msg *msg = nlt_msg(nl, cmd, 0);

	nla_put_u32(msg, MPDEMO_A_ID, id);
	return nlt_call(nl, msg);
}

static inline int nlt_del_name(struct nlt *nl, const char *name)
{
	return nlt_by_name(nl, MPDEMO_CMD_DEL, name);
}

static inline int nlt_dump(struct nlt *nl)
{
	return nlt_call(nl, nlt_msg(nl, MPDEMO_CMD_GET, NLM_F_DUMP));
}

/* The object that a reply or an event was about last: numbers by attribute. */
struct nlt_seen {
	unsigned int n;
	bool has[MPDEMO_A_MAX + 1];
	__u64 value[MPDEMO_A_MAX + 1];
	char name[MPDEMO_NAME_SIZE];
};

static inline void nlt_see(struct nlattr **attr, void *arg)
{
	struct nlt_seen *seen = arg;
	unsigned int n = seen->n;

	memset(seen, 0, sizeof(*seen));
	seen->n = n + 1;
	for (int i = 1; i <= MPDEMO_A_MAX; i++) {
		seen->has[i] = attr[i];
		if (!attr[i])
			continue;
		if (i == MPDEMO_A_NAME)
			nla_strlcpy(seen->name, attr[i], sizeof(seen->name));
		else if (nla_len(attr[i]) == 4)
			seen->value[i] = nla_get_u32(attr[i]);
		else if (nla_len(attr[i]) == 8)
			seen->value[i] = nla_get_u64(attr[i]);
	}
}

/* Of all objects that there are now. */
struct nlt_sums {
	__u64 objects, footprint, open_files;
};

static inline void nlt_add_(struct nlattr **attr, void *arg)
{
	struct nlt_sums *sums = arg;

	sums->objects++;
	sums->footprint += nla_get_u64(attr[MPDEMO_A_FOOTPRINT]);
	sums->open_files += nla_get_u32(attr[MPDEMO_A_OPEN_FILES]);
}

/* Where they cannot be told there are ~0 objects. */
static inline struct nlt_sums nlt_sum_up(struct nlt *nl)
{
	struct nlt_sums sums = { 0 };

	nl->each = nlt_add_;
	nl->arg = &sums;
	if (nlt_dump(nl))
		sums.objects = ~0ULL;
	nl->each = NULL;
	return sums;
}

#endif /* MPDEMO_NL_TEST_H */
