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

/* The same; @ask adds attributes, and is handed the data of @reader. */
int netlink_dump_about(struct netlink *netlink, uint8_t command,
		       void (*ask)(struct nl_msg *message, void *data),
		       const struct netlink_reader *reader,
		       struct kernel_error *error);

#define NETLINK_BUFFER	(1 << 20)

/*
 * Receive @group on the socket, in place of answers to requests; @buffer bytes of
 * notifications, or what the kernel makes of that, wait there for netlink_receive().
 */
int netlink_subscribe(struct netlink *netlink, const char *group, int buffer,
		      struct kernel_error *error);

#define NETLINK_LOST	1

/*
 * Read notifications that there are, not all if there are many, without waiting.
 * Returns NETLINK_LOST in place of 0 where some had no room. It is an error that the
 * family is gone.
 */
int netlink_receive(struct netlink *netlink,
		    const struct netlink_reader *reader,
		    struct kernel_error *error);

#endif /* POOLCTL_NETLINK_H */
