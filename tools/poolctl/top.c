// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl top: the objects on a terminal, as slabtop(1) shows caches.
 *
 * Whatever ends it, the terminal is put back as it was first; and a message is printed
 * after that.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "hints.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "screen.h"
#include "signals.h"
#include "text.h"
#include "top.h"

#define DELAY	3	/* as of slabtop */

static const char *delay, *sort, *once;

const struct command_option top_options[] = {
	{ "delay", 'd', "SEC", &delay, "seconds between two readings (3)" },
	{ "sort", 's', "KEY", &sort,
	  "one of these orders, or its key" },
	{ "once", 0, NULL, &once, "print once, and end; needs no terminal" },
	KERNEL_OPTION,
	{ 0 },
};

static double now_in_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static const struct object *selected(const struct top *top)
{
	for (size_t i = 0; i < top->rates.count; i++) {
		if (top->rates.rate[i].object.value[MPDEMO_A_ID] == top->selected)
			return &top->rates.rate[i].object;
	}
	return NULL;
}

/* An object that goes away meanwhile is no error. */
static int read_map(struct netlink *netlink, struct top *top,
		    struct kernel_error *error)
{
	const struct object *object = selected(top);
	struct object gone = top->map.object;

	map_clear(&top->map);
	top->map_absent = !object;
	if (object && map_read(netlink, object, &top->map, error)) {
		/* Pools of kernel code have no map. */
		if (error->absent || (error->error != ENOENT && error->error != EOPNOTSUPP))
			return -1;
		top->map_absent = true;
	}
	if (top->map_absent && !object)
		top->map.object = gone;
	return 0;
}

static int read_all(struct netlink *netlink, struct top *top,
		    struct kernel_error *error)
{
	struct rates before;
	int result, order = top->sort;

	/* To be found by their numbers they are to be in the order of these. */
	top->sort = top_find_sort("id");
	top_order(top);
	top->sort = order;
	before = top->rates;
	result = rates_read(netlink, NULL, &before, &top->rates, error);
	rates_clear(&before);
	if (result)
		return result;
	if (top->view == TOP_MAP)
		return read_map(netlink, top, error);
	return 0;
}

/* Returns whether there may be a key; false as well where the terminal is gone. */
static bool wait_for_input(double until, const sigset_t *signals)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	double left = until - now_in_seconds();
	struct timespec timeout = { 0 };

	if (left > 0) {
		timeout.tv_sec = left;
		timeout.tv_nsec = (left - timeout.tv_sec) * 1e9;
	}
	/* A new size of the window is a signal, and then a key. */
	if (!ppoll(&input, 1, &timeout, signals))
		return false;
	if (input.revents & (POLLHUP | POLLERR | POLLNVAL)) {
		signals_caught = SIGHUP;
		return false;
	}
	return true;
}

/* All that was typed so far. */
static enum top_action press_all(struct top *top)
{
	enum top_action most = TOP_NOTHING;
	int key;

	while (most < TOP_QUIT && (key = top_key())) {
		enum top_action action = top_press(top, key);

		most = action > most ? action : most;
	}
	return most;
}

static int run(struct netlink *netlink, struct top *top, const sigset_t *signals,
	       struct kernel_error *error)
{
	double next = 0;

	while (!signals_caught) {
		enum top_action action;

		if (now_in_seconds() >= next) {
			if (read_all(netlink, top, error))
				return -1;
			top_order(top);
			next = now_in_seconds() + top->delay;
		}
		top_draw(top);
		if (!wait_for_input(next, signals))
			continue;
		action = press_all(top);
		if (action == TOP_QUIT)
			break;
		if (action == TOP_REFRESH)
			next = 0;
	}
	return 0;
}

static int print_once(struct netlink *netlink, struct top *top,
		      struct kernel_error *error)
{
	struct top_layout layout;
	char line[TOP_WIDTH];

	if (read_all(netlink, top, error))
		return -1;
	top_order(top);
	layout = top_lay_out(top, options.raw ? TOP_ANY_WIDTH : screen_width(TOP_ANY_WIDTH));
	top_heading(&layout, line);
	if (!options.noheadings)
		puts(line);
	for (size_t i = 0; i < top->rates.count; i++) {
		top_line(&top->rates.rate[i], &layout, line);
		puts(line);
	}
	if (!top->rates.count)
		remark("there are no objects");
	return 0;
}

static int on_terminal(struct netlink *netlink, struct top *top,
		       struct kernel_error *error)
{
	struct options asked = options;
	sigset_t before;
	int result;

	signals_catch(&before);
	/* A remark would be in the middle of the screen. */
	options.quiet = true;
	options.raw = false;
	result = run(netlink, top, &before, error);
	options = asked;
	top_screen_end();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int no_such_order(void)
{
	const char *names[TOP_SORTS + 1] = { NULL };
	const char *nearest;

	for (int i = 0; top_sorts[i].key; i++)
		names[i] = top_sorts[i].name;
	nearest = text_nearest(sort, names);
	if (nearest)
		return usage_error("--sort: there is no order '%s' (did you mean '%s'?)",
				   sort, nearest);
	return usage_error("--sort: there is no order '%s'", sort);
}

static int check_options(struct top *top)
{
	top->sort = sort ? top_find_sort(sort) : 0;
	if (top->sort < 0)
		return no_such_order();
	if (!rates_interval("--delay", delay, DELAY, &top->delay))
		return STATUS_USAGE;
	if (options.json)
		return usage_error("there is no JSON of it; see 'poolctl stats -i 1 --json'");
	if (!once && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		return usage_error("it needs a terminal; 'poolctl stats -i 1' and --once do not");
	return 0;
}

int top_main(int argc, char **argv)
{
	struct top top = { .view = TOP_LIST };
	struct kernel_error error;
	struct netlink netlink;
	int result;

	(void)argc;
	(void)argv;
	result = check_options(&top);
	if (result)
		return result;
	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		if (!once && !top_screen_begin()) {
			netlink_close(&netlink);
			return usage_error("no such terminal as '%.64s' ($TERM); --once needs none",
					   getenv("TERM") ?: "");
		}
		result = once ? print_once(&netlink, &top, &error) :
				on_terminal(&netlink, &top, &error);
		netlink_close(&netlink);
	}
	rates_clear(&top.rates);
	map_clear(&top.map);
	if (!result)
		return STATUS_OK;
	return refused(&error, hint_administer(&error, NULL), NULL, "top");
}
