// SPDX-License-Identifier: MIT
/*
 * chatload: hundreds of clients of chatd, who check what it promises. It has no memory of the
 * module: it is what makes an example a test.
 *
 * Read chatload.h first, which says what kinds of clients there are; main(), all_seen() and what
 * else is waited for here; then peer.c, what a client does with a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../options.h"
#include "chatload.h"

#define EVENTS		64

/* How long all that was acknowledged may take to get to everybody. */
#define PATIENCE_MS	30000

struct load load = {
	.rooms = 10,
	.kinds = { [STEADY] = 100 },
	.messages = 10,
	.retries = LIST(load.retries),
};

static unsigned long seconds;

static const struct options options = {
	.program = "chatload",
	.needs = "--port N ",
	.about = "Clients for chatd at 127.0.0.1, who check that it keeps its promises; see\n"
		 "chatload.h.\n",
	.end = "\nExit status: 0: all was as promised; 1: something was not, which is on stderr.\n",
	.rows = (const struct option_row[]){
		{ "port", "N", "of chatd", .number = &load.port, .least = 1, .most = 65535 },
		{ "rooms", "N", "among which they are divided", .number = &load.rooms, .least = 1,
		  .most = 10000 },
		{ "steady", "N", "clients who say something and check all, one a room at least",
		  .number = &load.kinds[STEADY], .least = 1, .most = 10000 },
		{ "slow", "N", "who do not read before the end", .number = &load.kinds[SLOW],
		  .most = 10000 },
		{ "wild", "N", "who send what is no message", .number = &load.kinds[WILD],
		  .most = 10000 },
		{ "vanishing", "N", "who are gone, and come again",
		  .number = &load.kinds[VANISHING], .most = 10000 },
		{ "tolerant", NULL, "anybody may be told that he is too slow, and be cut off",
		  .flag = &load.tolerant },
		{ "messages", "N", "of each steady client", .number = &load.messages, .least = 1,
		  .most = 1000000 },
		{ "seconds", "N", "not 0: say as much as fits into so long", .number = &seconds,
		  .most = 1000000 },
		{ }
	},
};

static void parse(int argc, char **argv)
{
	options_parse(&options, argc, argv);
	if (!load.port)
		options_refuse(&options, "which --port is it?");
	if (load.kinds[STEADY] < load.rooms)
		options_refuse(&options, "%lu --steady clients are too few for %lu --rooms",
			       load.kinds[STEADY], load.rooms);
	if (seconds) {
		load.messages = 0;
		load.until = net_now() + seconds * 1000;
	}
}

static bool make_peers(void)
{
	struct peer *peer;

	for (int kind = 0; kind < 4; kind++)
		load.n_peers += load.kinds[kind];
	load.peers = calloc(load.n_peers, sizeof(*load.peers));
	if (!load.peers)
		return false;
	peer = load.peers;
	for (int kind = 0; kind < 4; kind++) {
		for (unsigned long i = 0; i < load.kinds[kind]; i++, peer++) {
			peer->kind = kind;
			peer->number = i;
			peer->room = i % load.rooms;
			list_init(&peer->retry);
			if (kind == STEADY)
				peer->seen = calloc(load.kinds[STEADY], sizeof(*peer->seen));
			if (!peer_connect(peer))
				return false;
		}
	}
	return true;
}

static void say_again(void)
{
	while (!list_empty(&load.retries)) {
		struct peer *peer = list_entry(load.retries.next, struct peer, retry);

		if (peer->retry_at > net_now())
			break;
		list_del(&peer->retry);
		peer_next(peer);
	}
}

/* Of each, one in a while has enough, and is there again. */
static void vanish(void)
{
	static unsigned long next;
	struct peer *peer;

	if (!load.kinds[VANISHING] || !load.begun || load.stop)
		return;
	peer = &load.peers[load.n_peers - 1 - next++ % load.kinds[VANISHING]];
	if (!peer->joined && !peer->closed)
		return;
	peer_vanish(peer);
	peer_connect(peer);
}

static void turn(void)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(load.epoll, events, EVENTS, 20);

	for (int i = 0; i < count; i++) {
		struct peer *peer = events[i].data.ptr;

		if (!peer->closed && peer_read(peer))
			peer_next(peer);
	}
	say_again();
	vanish();
	if (load.until && net_now() >= load.until)
		load.stop = true;
}

/* The server gave him up; else that is wrong, and has been said. */
static bool given_up(const struct peer *peer)
{
	return load.tolerant && (peer->told || peer->closed);
}

/* Whether all steady clients have joined. */
static bool all_joined(void)
{
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++)
		if (!load.peers[i].joined && !given_up(&load.peers[i]))
			return false;
	return true;
}

static bool all_acked(void)
{
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++) {
		const struct peer *peer = &load.peers[i];

		if ((peer->acked < load.messages || peer->said > peer->acked) && !given_up(peer))
			return false;
	}
	return load.messages || load.stop;
}

/*
 * The promise. Of who was given up the last acknowledgement may be lost, not what had one.
 */
static bool has_seen(const struct peer *peer, unsigned long sender)
{
	unsigned long seen = peer->seen[sender];
	const struct peer *who = &load.peers[sender];

	return seen == who->acked || (seen == who->said && given_up(who));
}

static bool all_seen(void)
{
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++)
		for (unsigned long j = i % load.rooms; j < load.kinds[STEADY]; j += load.rooms)
			if (!given_up(&load.peers[i]) && !has_seen(&load.peers[i], j))
				return false;
	return true;
}

static void wait_for(bool (*condition)(void), const char *what)
{
	uint64_t deadline = (load.until ? load.until : net_now()) + PATIENCE_MS;

	while (!condition()) {
		if (net_now() > deadline) {
			fprintf(stderr, "chatload: not all %s\n", what);
			load.wrong++;
			return;
		}
		turn();
	}
}

static bool all_closed(void)
{
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++)
		if (!load.peers[i].closed)
			return false;
	return true;
}

/* Steady clients say nothing more, which the server sees, and closes as well. */
static void say_goodbye(void)
{
	load.over = true;
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++)
		shutdown(load.peers[i].fd, SHUT_WR);
	wait_for(all_closed, "who said goodbye were closed");
}

/* All that others in the room have got, or all that there was for them. */
static bool all_slow_read(void)
{
	for (unsigned long i = 0; i < load.kinds[SLOW]; i++) {
		const struct peer *peer = &load.peers[load.kinds[STEADY] + i];

		if (!peer->closed && peer->seq < load.peers[peer->room].seq)
			return false;
	}
	return true;
}

/* Nobody says anything more, so it is late, but not too late to read. */
static void read_slow(void)
{
	for (unsigned long i = 0; i < load.kinds[SLOW]; i++) {
		struct peer *peer = &load.peers[load.kinds[STEADY] + i];

		net_watch(load.epoll, peer->fd, EPOLLIN, peer);
	}
	wait_for(all_slow_read, "who were slow got the end of it");
	for (unsigned long i = 0; i < load.kinds[SLOW]; i++) {
		const struct peer *peer = &load.peers[load.kinds[STEADY] + i];

		load.cut += peer->closed && !peer->told;
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	if (!net_need_files("chatload", 16 + load.kinds[STEADY] + load.kinds[SLOW] +
			    load.kinds[WILD] + load.kinds[VANISHING]))
		return 1;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!make_peers())
		return 1;
	wait_for(all_joined, "have joined");
	load.begun = true;
	for (unsigned long i = 0; i < load.n_peers; i++)
		peer_next(&load.peers[i]);
	wait_for(all_acked, "was acknowledged");
	load.stop = true;
	wait_for(all_seen, "that was acknowledged has come");
	read_slow();
	say_goodbye();
	printf("%lu acknowledged, %lu busy, %lu received, %lu refused\n", load.acked, load.busy,
	       load.received, load.refused);
	printf("%lu told to be slow, %lu cut off, %lu vanished\n", load.told, load.cut,
	       load.vanished);
	for (unsigned long i = 0; i < load.kinds[STEADY]; i++)
		free(load.peers[i].seen);
	free(load.peers);
	return load.wrong ? 1 : 0;
}
