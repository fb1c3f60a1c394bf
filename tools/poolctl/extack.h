/* SPDX-License-Identifier: GPL-2.0 */
/* Extended acknowledgments: what the kernel adds to the errno of a request. */
#ifndef POOLCTL_EXTACK_H
#define POOLCTL_EXTACK_H

#include <linux/netlink.h>
#include <netlink/attr.h>

/*
 * struct extack - an extended acknowledgment
 * @text: not terminated, and not to be trusted more than any text
 * @length: length of @text
 * @attribute: type of the attribute that was wrong or missing, or 0
 */
struct extack {
	const char *text;
	int length;
	unsigned int attribute;
};

/* The header of the message that @refusal is in. */
struct nlmsghdr *extack_header(struct nlmsgerr *refusal);

/* Where the attributes begin in a NLMSG_ERROR and in a NLMSG_DONE, and their
 * bytes in @room; NULL where there are none.
 */
struct nlattr *extack_of_error(struct nlmsghdr *header, int *room);
struct nlattr *extack_of_done(struct nlmsghdr *header, int *room);

/* The errno of a NLMSG_DONE, positive; 0 is success. */
int extack_done_error(struct nlmsghdr *header);

/* Read the attributes; @sent is the request that they are about. */
void extack_parse(struct extack *extack, const struct nlmsghdr *sent,
		  struct nlattr *first, int room);

#endif /* POOLCTL_EXTACK_H */
