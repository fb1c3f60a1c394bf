// SPDX-License-Identifier: GPL-2.0
/* The third part of an error: what to do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "hints.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "text.h"

#define LOAD	"as root, 'modprobe mempool_demo', or insmod the mempool_demo.ko you built"
#define TOO_MANY(limit) \
	"destroy objects, or raise /sys/module/mempool_demo/parameters/" limit

/* @name may be too long to be typed again, or worse. */
static const char *with_name(const char *before, const char *name,
			     const char *after)
{
	static char hint[256];

	snprintf(hint, sizeof(hint), "%s%.64s%s", before, name, after);
	return hint;
}

const char *hint_poison(const char *name)
{
	return with_name("'poolctl set ", name, " --poison on'");
}

/* Whoever asked for an object by a name that there is none of has probably mistyped it. */
static const char *hint_names(const char *name)
{
	struct object_list list = { 0 };
	const char *nearest = NULL, *hint = "'poolctl list' shows the objects there are";
	struct kernel_error error;
	const char **names;
	size_t n = 0;

	if (!name || object_look(NULL, &list, &error))
		return hint;
	names = needed(calloc(list.count + 1, sizeof(*names)));
	for (size_t i = 0; i < list.count; i++) {
		if (*list.objects[i].name)
			names[n++] = list.objects[i].name;
	}
	nearest = text_nearest(name, names);
	if (nearest)
		hint = with_name("did you mean '", nearest,
				 "'? 'poolctl list' shows the objects there are");
	free(names);
	object_list_clear(&list);
	return hint;
}

const char *hint_kernel(const struct kernel_error *error)
{
	switch (error->error) {
	case ENOENT:
		return "'poolctl list --kernel' shows those there are";
	case ENOTUNIQ:
		return "'poolctl list --kernel' shows their ids";
	case EOPNOTSUPP:
		return "have its module create it with MPDEMO_POOL_TRACK";
	default:
		return hint_administer(error, NULL);
	}
}

const char *hint_administer(const struct kernel_error *error, const char *name)
{
	if (error->absent)
		return LOAD;

	switch (error->error) {
	case EPERM:
		return "run it as root";
	case EEXIST:
		return name ? with_name("'poolctl stats ", name,
					"' shows the object of this name") :
			      NULL;
	case ENOENT:
		return hint_names(name);
	case ENFILE:
		return TOO_MANY("max_objects");
	case ENOBUFS:
		return TOO_MANY("max_bytes");
	case ENOLCK:
		return "raise the limit of locked memory ('ulimit -l'), or run it as root";
	case ENOMEM:
		return "ask for less";
	case ERANGE:
	case EINVAL:
		return with_name("'poolctl help ", options.command,
				 "' shows what can be asked for");
	case EOPNOTSUPP:
		return name ? with_name("'poolctl show ", name,
					"' shows what it is") :
			      NULL;
	case ESHUTDOWN:
		return "create it again";
	case EBADMSG:
		return "a poolctl of the same release as the module";
	default:
		return NULL;
	}
}

const char *hint_use(const struct kernel_error *error, const char *name)
{
	if (error->absent && (error->error != ENOENT || device_exists()))
		return "--device or $POOLCTL_DEVICE names the device";
	if (error->absent)
		return LOAD;

	switch (error->error) {
	case EACCES:
	case EPERM:
		return "run it as root";
	case EAGAIN:
		return with_name("free some blocks; 'poolctl stats ", name,
				 "' shows how many are in use");
	case ETIMEDOUT:
		return with_name("free some blocks, or wait longer; 'poolctl stats ",
				 name, "' shows how many are in use");
	case EDQUOT:
		return with_name("free some first; 'poolctl set ", name,
				 " --quota N' allows those more who open it from then on");
	case EBADF:
		return "this is a bug of poolctl: please report it";
	case ENFILE:
		return TOO_MANY("max_objects");
	case EMFILE:
		return "raise the limit of open files ('ulimit -n')";
	case ENOBUFS:
		return TOO_MANY("max_bytes");
	case ENOLCK:
		return "raise the limit of locked memory ('ulimit -l'), or run it as root";
	case EINTR:
		return "run it again";
	case ENOMEM:
		return "ask for less, or try again later";
	case ENOSPC:
		return with_name("'poolctl stats ", name,
				 "' shows how much it has");
	case EALREADY:
		return with_name("'poolctl stats ", name,
				 "' shows how many blocks are in use");
	case ESTALE:
		return "forget this handle: its block may belong to somebody else now";
	case ENOENT:
		return hint_names(name);
	case EOPNOTSUPP:
		return with_name("'poolctl stats ", name,
				 "' shows the kind of the object");
	case ESHUTDOWN:
		return "create it again";
	case ERANGE:
		return with_name("'poolctl help ", options.command,
				 "' shows what can be asked for");
	case E2BIG:
	case EFAULT:
	case EINVAL:
	case ENOTTY:
		return "a poolctl of the same release as the module";
	default:
		return NULL;
	}
}
