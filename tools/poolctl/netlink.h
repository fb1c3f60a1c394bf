/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to a generic-netlink family, with what the kernel says to them. */
#ifndef POOLCTL_NETLINK_H
#define POOLCTL_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

#include "error.h"

/*
 * struct netlink_family - a family as its specification describes it
 * @name: name
 * @version: version
 * @module: the module that brings it
 * @attribute_name: name of an attribute, or NULL
 */
struct netlink_family {
	const char *name;
	uint8_t version;
	const char *module;
	const char *(*attribute_name)(unsigned int attribute);
};

struct netlink {
	const struct netlink_family *family;
	struct nl_sock *socket;
	int id;
};

/*
 * struct netlink_reader - takes the messages of an answer
 * @begin: forget what was read, the answer begins (again); may be NULL
 * @read: one message; false where it is malformed
 * @data: handed to both
 */
struct netlink_reader {
	void (*begin)(void *data);
	bool (*read)(struct nlmsghdr *header, void *data);
	void *data;
};

/* All of these return 0 or fill @error and return -1. */

int netlink_open(struct netlink *netlink, const struct netlink_family *family,
		 struct kernel_error *error);
void netlink_close(struct netlink *netlink);

/* A request to which the caller adds attributes. */
struct nl_msg *netlink_message(const struct netlink *netlink, uint8_t command);

/*
 * Send @message, which is consumed, and wait for the end of the answer; @reader
 * may be NULL. Where the kernel has a warning @error->text holds it.
 */
int netlink_request(struct netlink *netlink, struct nl_msg *message,
		    const struct netlink_reader *reader,
		    struct kernel_error *error);

/*
 * Ask for a list without attributes. Tried again a few times where it changed
 * meanwhile; if it keeps changing the last answer has to do.
 */
int netlink_dump(struct netlink *netlink, uint8_t command,
		 const struct netlink_reader *reader,
		 struct kernel_error *error);

/* Receive @group on the socket, in place of answers to requests. */
int netlink_subscribe(struct netlink *netlink, const char *group,
		      struct kernel_error *error);

/* Read the notifications there are, without waiting. Those that were lost are
 * no error: there was no promise to see all of them.
 */
int netlink_receive(struct netlink *netlink,
		    const struct netlink_reader *reader,
		    struct kernel_error *error);

#endif /* POOLCTL_NETLINK_H */
