// SPDX-License-Identifier: GPL-2.0
/* poolctl monitor: what happens to objects, as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netlink/genl/genl.h>

#include "arguments.h"
#include "cell.h"
#include "error.h"
#include "hints.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "show.h"
#include "signals.h"
#include "text.h"

static const char *only, *timestamp, *count, *buffer;

const struct command_option monitor_options[] = {
	{ "event", 'e', "EVENT...", &only, "only this event, or these: low,exhausted" },
	{ "timestamp", 't', NULL, &timestamp, "when it was read, in front" },
	{ "count", 'c', "COUNT", &count, "end after so many events" },
	{ "buffer", 0, "SIZE", &buffer, "room for events that wait (1M)" },
	{ 0 },
};

/* Those who have no name are numbers of commands that are no events. */
static const char *const events[MPDEMO_CMD_MAX + 1] = {
	[MPDEMO_CMD_CREATED_NTF] = "created",
	[MPDEMO_CMD_DELETED_NTF] = "deleted",
	[MPDEMO_CMD_CHANGED_NTF] = "changed",
	[MPDEMO_CMD_LOW_NTF] = "low",
	[MPDEMO_CMD_EXHAUSTED_NTF] = "exhausted",
	[MPDEMO_CMD_RECOVERED_NTF] = "recovered",
	[MPDEMO_CMD_RECLAIMED_NTF] = "reclaimed",
	[MPDEMO_CMD_CORRUPTION_NTF] = "corruption",
};

#define NEVENTS		(sizeof(events) / sizeof(events[0]))

/*
 * struct monitor - what is wanted, and what is left of it
 * @wanted: bit N: events of command N
 * @names: objects; all if there are none
 * @left: so many events until the end
 */
struct monitor {
	uint64_t wanted;
	char **names;
	int nnames;
	uint64_t left;
};

_Static_assert(NEVENTS <= 64, "struct monitor.wanted is too small");

static void complain(const char *word)
{
	const char *words[NEVENTS + 1] = { NULL };
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < NEVENTS; i++) {
		if (events[i])
			words[n++] = events[i];
	}
	nearest = text_nearest(word, words);
	if (nearest)
		usage_error("there is no event '%s' (did you mean '%s'?)", word,
			    nearest);
	else
		usage_error("there is no event '%s'", word);
}

static bool read_event(const char *word, uint64_t *wanted)
{
	for (size_t i = 0; i < NEVENTS; i++) {
		if (events[i] && !strcmp(events[i], word)) {
			*wanted |= UINT64_C(1) << i;
			return true;
		}
	}
	complain(word);
	return false;
}

static bool read_events(uint64_t *wanted)
{
	char *copy, *rest, *word;
	bool good = true;

	*wanted = only ? 0 : UINT64_MAX;
	if (!only)
		return true;
	copy = needed(strdup(only));
	rest = copy;
	while (good && (word = strsep(&rest, ",")))
		good = read_event(word, wanted);
	free(copy);
	return good;
}

static bool is_wanted(const struct monitor *monitor, unsigned int command,
		      const char *name)
{
	if (command >= NEVENTS || !events[command] ||
	    !(monitor->wanted & UINT64_C(1) << command))
		return false;
	for (int i = 0; i < monitor->nnames; i++) {
		if (!strcmp(monitor->names[i], name))
			return true;
	}
	return !monitor->nnames;
}

static void print_time(const struct timespec *now)
{
	struct tm parts;
	char text[32];

	localtime_r(&now->tv_sec, &parts);
	strftime(text, sizeof(text), "%FT%T", &parts);
	printf("%s.%03ld ", text, now->tv_nsec / 1000000);
}

static void print_text(const char *event, const struct object *object)
{
	struct cell used, capacity;
	char text[2][CELL_SIZE];

	if (!object) {
		printf("%-10s events: 'poolctl list' shows how it is now\n", event);
		return;
	}
	used = cell_of_amount(object, object->value[MPDEMO_A_IN_USE]);
	capacity = cell_of_amount(object, object_capacity(object));
	printf("%-10s %s, %s %" PRIu64 ", %s of %s in use\n", event,
	       object_title(object),
	       object_kind_name(object->value[MPDEMO_A_KIND]),
	       object->value[MPDEMO_A_ID], cell_format(&used, text[0]),
	       cell_format(&capacity, text[1]));
}

/* A line that whoever reads it has at once. @object is NULL where there is none. */
static void print_event(const char *event, const struct object *object)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (options.json) {
		struct json_object *document = json_document();

		json_add_number(document, "ts_ns",
				now.tv_sec * UINT64_C(1000000000) + now.tv_nsec);
		json_add_string(document, "event", event);
		if (object)
			show_object_json(document, object, true);
		json_print(document);
	} else {
		if (timestamp)
			print_time(&now);
		print_text(event, object);
	}
	flush_stdout();
}

static bool on_event(struct nlmsghdr *header, void *data)
{
	unsigned int command = ((struct genlmsghdr *)nlmsg_data(header))->cmd;
	struct monitor *monitor = data;
	struct object object;

	if (!object_parse(header, &object))
		return false;
	if (monitor->left && is_wanted(monitor, command, object.name)) {
		print_event(events[command], &object);
		monitor->left--;
	}
	return true;
}

/* Until all was seen, or a signal came, or nobody reads on. */
static int watch(struct netlink *netlink, struct monitor *monitor,
		 const sigset_t *signals, struct kernel_error *error)
{
	struct netlink_reader reader = { NULL, on_event, monitor };
	struct pollfd files[] = {
		{ .fd = nl_socket_get_fd(netlink->socket), .events = POLLIN },
		/* Only POLLERR: the other end of a pipe is closed. */
		{ .fd = STDOUT_FILENO },
	};

	while (monitor->left && !signals_caught && !ferror(stdout)) {
		int result;

		if (ppoll(files, 2, NULL, signals) < 0)
			continue;
		if (files[1].revents & POLLERR)
			break;
		result = netlink_receive(netlink, &reader, error);
		if (result == NETLINK_LOST && monitor->left)
			print_event("lost", NULL);
		if (result < 0)
			return result;
	}
	return 0;
}

/* They may be created later; but to wait for a name that was mistyped is of no use. */
static void remark_absent(const struct monitor *monitor)
{
	for (int i = 0; i < monitor->nnames; i++) {
		struct object_list list = { 0 };
		struct kernel_error error;

		if (object_look(monitor->names[i], &list, &error) && error.error == ENOENT &&
		    !error.absent)
			remark("there is no object %s so far", monitor->names[i]);
		object_list_clear(&list);
	}
}

static int open_and_watch(struct monitor *monitor, int bytes,
			  struct kernel_error *error)
{
	struct netlink netlink;
	sigset_t before;
	int result;

	if (netlink_open(&netlink, &object_family, error))
		return -1;
	signals_catch(&before);
	result = netlink_subscribe(&netlink, MEMPOOL_DEMO_MCGRP_EVENTS, bytes,
				   error);
	if (!result) {
		remark_absent(monitor);
		remark("waiting for events");
		result = watch(&netlink, monitor, &before, error);
	}
	netlink_close(&netlink);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

int monitor_main(int argc, char **argv)
{
	struct monitor monitor = {
		.names = argv,
		.nnames = argc,
		.left = UINT64_MAX,
	};
	uint64_t bytes = NETLINK_BUFFER;
	struct kernel_error error;

	if (!read_events(&monitor.wanted) ||
	    !argument_number("--count", count, UINT64_MAX, &monitor.left) ||
	    !argument_size("--buffer", buffer, INT32_MAX / 2, &bytes))
		return STATUS_USAGE;
	if (!monitor.left)
		return usage_error("--count: '0' is no number of events");
	for (int i = 0; i < argc; i++) {
		if (!argument_name(argv[i]))
			return STATUS_USAGE;
	}
	if (open_and_watch(&monitor, bytes, &error))
		return refused(&error, hint_administer(&error, NULL), NULL,
			       "monitor");
	return STATUS_OK;
}
