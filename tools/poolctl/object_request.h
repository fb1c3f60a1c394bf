/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of the family "mempool-demo". */
#ifndef POOLCTL_OBJECT_REQUEST_H
#define POOLCTL_OBJECT_REQUEST_H

#include "error.h"
#include "netlink.h"
#include "object.h"

extern const struct netlink_family object_family;

#define KERNEL_OPTION	{ "kernel", 'K', NULL, &object_kernel, \
			  "pools of kernel code instead; NAME may be an ID" }

/* Not NULL: what is read is pools of kernel code. */
extern const char *object_kernel;

/* An answer or an event; false where it is malformed. */
bool object_parse(struct nlmsghdr *header, struct object *object);

/* All of these return 0 or fill @error and return -1. */

/*
 * Create @object, change the one of its name, or begin to count anew: what is present
 * in it is sent. It is the answer then.
 */
int object_create(struct netlink *netlink, struct object *object,
		  struct kernel_error *error);
int object_change(struct netlink *netlink, struct object *object,
		  struct kernel_error *error);
int object_reset_stats(struct netlink *netlink, struct object *object,
		       struct kernel_error *error);
int object_delete(struct netlink *netlink, const char *name,
		  struct kernel_error *error);

/* Fill @list: one object, or all of them. */
int object_read(struct netlink *netlink, const char *name,
		struct object_list *list, struct kernel_error *error);
int object_read_all(struct netlink *netlink, struct object_list *list,
		    struct kernel_error *error);

/* The same with a socket of its own: all objects where @name is NULL. */
int object_look(const char *name, struct object_list *list,
		struct kernel_error *error);

#endif /* POOLCTL_OBJECT_REQUEST_H */
