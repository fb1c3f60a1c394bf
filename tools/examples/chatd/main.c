// SPDX-License-Identifier: MIT
/*
 * chatd: what to do when memory is used up, in a server of chat rooms.
 *
 * Everything has a most: clients, messages, bytes of the ring in which messages wait for those
 * who have not read them yet. Nothing is dropped in silence: who cannot be served is told so and
 * may try again, what was acknowledged gets to all, and who reads too slowly, and so holds what
 * others need, is told so and given up. Whatever a client does, in the end each block is back.
 *
 * Read chatd.h first: what is promised, and who uses what memory; then the life of a message:
 * command.c (say() and empty_scratch()), parse.c, room.c, ring.c; then client_end() in client.c.
 * The loop below is the order in which all that happens.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../options.h"
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

static const char *address = "127.0.0.1";
static unsigned long port, clients = 1000, rooms = 64, messages = 1000;
static unsigned long ring_kib = 10240, scratch_kib = 1024, unread_kib = 64;
static bool from_malloc;

static const struct options options = {
	.program = "chatd",
	.needs = "",
	.about = "Serves chat rooms until SIGINT or SIGTERM, and prints its figures then. What\n"
		 "its clients say and get is in chatd.h.\n",
	.end = "\nExit status: 1 if it could not begin, or if a block was not freed.\n",
	.rows = (const struct option_row[]){
		{ "port", "N", "0: any, which is printed", .number = &port, .most = 65535 },
		{ "address", "IPV4", "where to listen", .text = &address },
		{ "clients", "N", "at a time", .number = &clients, .least = 1, .most = 100000 },
		{ "rooms", "N", "at a time", .number = &rooms, .least = 1, .most = 100000 },
		{ "messages", "N", "that are on their way at a time", .number = &messages,
		  .least = 1, .most = 100000 },
		{ "backlog", "N", "messages that a client may not have read",
		  .number = &chatd.backlog, .least = 1, .most = BACKLOG },
		{ "unread", "KIB", "that the kernel keeps for him beside those",
		  .number = &unread_kib, .least = 1, .most = 1048576 },
		{ "patience", "MS", "how long a client may read nothing",
		  .number = &chatd.patience_ms, .most = 3600000 },
		{ "ring", "KIB", "for messages on their way", .number = &ring_kib, .least = 8,
		  .most = 1048576 },
		{ "scratch", "KIB", "for parsing", .number = &scratch_kib, .least = 4,
		  .most = 1048576 },
		{ "malloc", NULL, "memory of the C library in place of mempool_demo's",
		  .flag = &from_malloc },
		{ }
	},
};

static bool begin_memory(void)
{
	size_t ring = ring_kib * 1024;

	if (!memory_begin(from_malloc) ||
	    !pool_begin(&chatd.clients, "clients", sizeof(struct client), clients, 8) ||
	    !pool_begin(&chatd.rooms, "rooms", sizeof(struct room), rooms, 8) ||
	    !pool_begin(&chatd.messages, "messages", sizeof(struct message), messages,
			64) ||
	    !arenas_begin(&chatd.scratch_set, "scratch", scratch_kib * 1024, 1) ||
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
	if (chatd.count.delivered)
		printf("%.1f us of the CPU for a delivery\n",
		       clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e3 / chatd.count.delivered);
	if (chatd.ring.entries || chatd.scratch_refs)
		fprintf(stderr, "chatd: %lu entries left in the ring, %lu in the scratch arena\n",
			chatd.ring.entries, chatd.scratch_refs);
	return !chatd.ring.entries && !chatd.scratch_refs;
}

int main(int argc, char **argv)
{
	bool clean;

	options_parse(&options, argc, argv);
	if (!net_need_files("chatd", clients + 64) || !begin_memory())
		return 1;
	chatd.signals = watch_signals();
	chatd.epoll = epoll_create1(EPOLL_CLOEXEC);
	chatd.listener = net_listen("chatd", address, port, unread_kib, memory_name());
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
