// SPDX-License-Identifier: MIT
/* chatd: options, the loop, figures. Begin with chatd.h. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "chatd.h"

#define EVENTS		64

struct chatd chatd = {
	.backlog = BACKLOG,
	.patience_ms = 10000,
	.room_list = LIST(chatd.room_list),
	.client_list = LIST(chatd.client_list),
	.gone = LIST(chatd.gone),
	.dirty = LIST(chatd.dirty),
	.late = LIST(chatd.late),
	.pending = LIST(chatd.pending),
};

static const char usage[] =
	"usage: chatd [OPTION]...\n"
	"\n"
	"Serves chat rooms until SIGINT or SIGTERM, and prints its figures then. What its clients\n"
	"say and get is in chatd.h.\n"
	"\n"
	"  --port N       default 0: any, which is printed\n"
	"  --address IPV4 default 127.0.0.1\n"
	"  --clients N    default 1000\n"
	"  --rooms N      default 64\n"
	"  --messages N   that are on their way at a time (default 1000)\n"
	"  --backlog N    that a client may not have read (default and most: 256)\n"
	"  --patience MS  how long a client may read nothing (default 10000)\n"
	"  --ring KIB     for messages on their way (default 10240)\n"
	"  --scratch KIB  for parsing (default 1024)\n"
	"  --malloc       memory of the C library in place of mempool_demo's\n"
	"\n"
	"Exit status: 1 if it could not begin, or if a block was not freed.\n";

static struct options {
	const char *address;
	unsigned long port, clients, rooms, messages, ring_kib, scratch_kib;
	bool from_malloc;
} options = {
	.address = "127.0.0.1",
	.clients = 1000,
	.rooms = 64,
	.messages = 1000,
	.ring_kib = 10240,
	.scratch_kib = 1024,
};

static void parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "address", required_argument, NULL, 'a' },
		{ "clients", required_argument, NULL, 'c' },
		{ "rooms", required_argument, NULL, 'r' },
		{ "messages", required_argument, NULL, 'M' },
		{ "backlog", required_argument, NULL, 'b' },
		{ "patience", required_argument, NULL, 'P' },
		{ "ring", required_argument, NULL, 'R' },
		{ "scratch", required_argument, NULL, 's' },
		{ "malloc", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'p':
			options.port = net_number("--port", optarg, 65535);
			break;
		case 'a':
			options.address = optarg;
			break;
		case 'c':
			options.clients = net_number("--clients", optarg, 100000);
			break;
		case 'r':
			options.rooms = net_number("--rooms", optarg, 100000);
			break;
		case 'M':
			options.messages = net_number("--messages", optarg, 100000);
			break;
		case 'b':
			chatd.backlog = net_number("--backlog", optarg, BACKLOG);
			break;
		case 'P':
			chatd.patience_ms = net_number("--patience", optarg, 3600000);
			break;
		case 'R':
			options.ring_kib = net_number("--ring", optarg, 1048576);
			break;
		case 's':
			options.scratch_kib = net_number("--scratch", optarg, 1048576);
			break;
		case 'm':
			options.from_malloc = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			exit(1);
		}
	}
	if (optind < argc || !options.clients || !options.rooms || !options.messages ||
	    !chatd.backlog || options.ring_kib < 8 || options.scratch_kib < 4) {
		fputs(usage, stderr);
		exit(1);
	}
}

static bool begin_memory(void)
{
	size_t ring = options.ring_kib * 1024;

	if (!memory_begin(options.from_malloc) ||
	    !pool_begin(&chatd.clients, "clients", sizeof(struct client), options.clients, 8) ||
	    !pool_begin(&chatd.rooms, "rooms", sizeof(struct room), options.rooms, 8) ||
	    !pool_begin(&chatd.messages, "messages", sizeof(struct message), options.messages,
			64) ||
	    !arenas_begin(&chatd.scratch_set, "scratch", options.scratch_kib * 1024, 1) ||
	    !arenas_begin(&chatd.ring_set, "ring", ring, 1))
		return false;
	arena_begin(&chatd.scratch, &chatd.scratch_set, 0);
	arena_begin(&chatd.ring_arena, &chatd.ring_set, 0);
	chatd.ring = (struct ring){ .bytes = arena_alloc(&chatd.ring_arena, ring), .size = ring };
	if (!chatd.ring.bytes)
		perror("chatd: ring");
	return chatd.ring.bytes;
}

/* Until SIGINT or SIGTERM, as a file. */
static int watch_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* What was read is broadcast and written, and so makes room for what could not be read before. */
static void push_all(void)
{
	do {
		while (!list_empty(&chatd.dirty))
			client_flush(list_entry(chatd.dirty.next, struct client, dirty));
	} while (room_broadcast() || !list_empty(&chatd.dirty));
}

static void expire(void)
{
	uint64_t now = net_now();

	while (!list_empty(&chatd.late)) {
		struct client *client = list_entry(chatd.late.next, struct client, late);

		if (client->deadline > now)
			break;
		client_late(client);
	}
}

static void free_gone(void)
{
	while (!list_empty(&chatd.gone)) {
		struct client *client = list_entry(chatd.gone.next, struct client, link);

		list_del(&client->link);
		pool_free(&chatd.clients, client);
	}
}

static int until_deadline(void)
{
	uint64_t now, first;

	if (list_empty(&chatd.late))
		return -1;
	now = net_now();
	first = list_entry(chatd.late.next, struct client, late)->deadline;
	return first > now ? first - now : 0;
}

static void run(void)
{
	struct epoll_event events[EVENTS];
	bool running = true;

	while (running) {
		int count = epoll_wait(chatd.epoll, events, EVENTS, until_deadline());

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &chatd.listener)
				client_accept();
			else if (events[i].data.ptr == &chatd.signals)
				running = false;
			else
				client_event(events[i].data.ptr, events[i].events);
		}
		push_all();
		expire();
		push_all();
		free_gone();
	}
}

static void end_all(void)
{
	while (!list_empty(&chatd.client_list))
		client_end(list_entry(chatd.client_list.next, struct client, link));
	free_gone();
	/* Waiting for room in the ring, for which nobody is in the way now. */
	room_broadcast();
}

static bool print_figures(void)
{
	printf("%lu clients, %lu lines, %lu malformed, %lu busy, %lu too slow\n",
	       chatd.count.clients, chatd.count.lines, chatd.count.malformed, chatd.count.busy,
	       chatd.count.slow);
	printf("%lu messages, %lu acknowledged, %lu delivered\n", chatd.count.said,
	       chatd.count.acked, chatd.count.delivered);
	if (chatd.ring.entries || chatd.scratch_refs)
		fprintf(stderr, "chatd: %lu entries left in the ring, %lu in the scratch arena\n",
			chatd.ring.entries, chatd.scratch_refs);
	return !chatd.ring.entries && !chatd.scratch_refs;
}

int main(int argc, char **argv)
{
	bool clean;

	parse(argc, argv);
	if (!net_need_files("chatd", options.clients + 64) || !begin_memory())
		return 1;
	chatd.signals = watch_signals();
	chatd.epoll = epoll_create1(EPOLL_CLOEXEC);
	chatd.listener = net_listen("chatd", options.address, options.port, memory_name());
	if (chatd.listener < 0)
		return 1;
	if (!net_watch(chatd.epoll, chatd.listener, EPOLLIN, &chatd.listener) ||
	    !net_watch(chatd.epoll, chatd.signals, EPOLLIN, &chatd.signals)) {
		perror("chatd: epoll");
		return 1;
	}
	run();
	close(chatd.listener);
	end_all();
	arena_end(&chatd.scratch);
	arena_end(&chatd.ring_arena);
	clean = print_figures();
	return memory_end() && clean ? 0 : 1;
}
