// SPDX-License-Identifier: MIT
/* One client, and what he may be told. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatload.h"

#define RETRY_MS	20

static const char *const kind_names[] = { "steady", "slow", "wild", "vanishing" };

void wrong(const struct peer *peer, const char *what, const char *line)
{
	if (load.wrong++ < 10)
		fprintf(stderr, "chatload: %s client %u: %s%s%.200s\n", kind_names[peer->kind],
			peer->number, what, *line ? ": " : "", line);
}

/* Who is gone before he has read all is no better than who does not read. */
static bool may_be_slow(const struct peer *peer)
{
	return peer->kind == SLOW || peer->kind == VANISHING || load.tolerant;
}

static void say(struct peer *peer, const char *bytes, size_t length)
{
	/* Little is on its way at a time, so a socket that takes less is one that has ended. */
	if (send(peer->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length &&
	    !may_be_slow(peer))
		wrong(peer, "cannot send", strerror(errno));
}

static bool done(const struct peer *peer)
{
	return load.stop || (load.messages && peer->said >= load.messages);
}

/* Say what comes next, or once more what the server had no memory for. */
void peer_next(struct peer *peer)
{
	char line[LINE_BYTES];

	if (!load.begun || !peer->joined || peer->told || peer->closed)
		return;
	if (peer->waits || !list_empty(&peer->retry))
		return;
	if (peer->kind == WILD && !load.stop) {
		const char *malformed = text_malformed(peer->said++);

		peer->waits = true;
		say(peer, malformed, strlen(malformed));
	} else if (peer->kind == STEADY && (peer->said > peer->acked || !done(peer))) {
		if (peer->said == peer->acked)
			peer->said++;
		peer->waits = true;
		say(peer, line, text_to_say(line, peer->said));
	} else if (peer->kind == VANISHING) {
		peer->waits = true;
		say(peer, line, text_to_say(line, ++peer->said));
	}
}

bool peer_connect(struct peer *peer)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons(load.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, small = 4096;
	char line[256];

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->kind == SLOW)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(peer->fd, (struct sockaddr *)&name, sizeof(name))) {
		wrong(peer, "connect", strerror(errno));
		return false;
	}
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (peer->kind != SLOW)
		net_watch(load.epoll, peer->fd, EPOLLIN, peer);
	peer->joined = false;
	peer->told = false;
	peer->closed = false;
	peer->waits = false;
	peer->length = 0;
	peer->seq = 0;
	/* In rooms of our own, as others may run at the same time. */
	say(peer, line, sprintf(line, "{\"op\":\"join\",\"room\":\"%u.%u\",\"name\":\"%c%u\"}\n",
				getpid(), peer->room, *kind_names[peer->kind], peer->number));
	return true;
}

/* In the middle of a line, or of a message, or not: with what he has not read yet. */
void peer_vanish(struct peer *peer)
{
	struct linger reset = { .l_onoff = 1 };
	char line[LINE_BYTES];

	if (load.vanished % 3)
		say(peer, line, text_to_say(line, ++peer->said) / (load.vanished % 3));
	if (load.vanished % 2)
		setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(peer->fd);
	peer->fd = -1;
	load.vanished++;
}

static const char *value_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? at + strlen(key) : "";
}

static void take_message(struct peer *peer, const char *line)
{
	unsigned long seq = strtoul(value_of(line, "\"seq\":"), NULL, 10);
	const char *from = value_of(line, "\"from\":\"");
	const char *text = value_of(line, "\"text\":\"");
	unsigned long sender, id;

	load.received++;
	if (peer->seq && seq != peer->seq + 1)
		wrong(peer, "a message is missing, or there twice", line);
	peer->seq = seq;
	if (peer->kind != STEADY || *from != 's')
		return;
	sender = strtoul(from + 1, NULL, 10);
	id = strtoul(text, NULL, 10);
	if (sender >= load.kinds[STEADY] || id != ++peer->seen[sender])
		wrong(peer, "not what comes next from that client", line);
	else if (!text_is(text, id))
		wrong(peer, "not what was said", line);
}

static void take_ack(struct peer *peer, const char *line)
{
	if (strtoul(value_of(line, "\"ack\":"), NULL, 10) != peer->said && peer->kind == STEADY)
		wrong(peer, "an acknowledgement of something else", line);
	peer->acked = peer->said;
	peer->waits = false;
	load.acked++;
}

static void take_error(struct peer *peer, const char *line)
{
	peer->waits = false;
	if (strstr(line, "\"busy\":true")) {
		load.busy++;
		peer->retry_at = net_now() + RETRY_MS;
		if (peer->kind == STEADY)
			list_add_tail(&load.retries, &peer->retry);
	} else if (strstr(line, "too slow")) {
		load.told++;
		peer->told = true;
		if (!may_be_slow(peer))
			wrong(peer, "is not slow", line);
	} else if (peer->kind != WILD) {
		wrong(peer, "refused", line);
	} else {
		load.refused++;
	}
}

static void take_line(struct peer *peer, const char *line)
{
	if (peer->told)
		wrong(peer, "something after the last line", line);
	if (strstr(line, "{\"room\":") == line)
		take_message(peer, line);
	else if (strstr(line, "{\"ack\":") == line)
		take_ack(peer, line);
	else if (strstr(line, "{\"error\":") == line)
		take_error(peer, line);
	else if (strstr(line, "{\"joined\":") == line)
		peer->joined = true;
	else
		wrong(peer, "what is this", line);
}

/* Returns false when there is nothing more to read now. */
bool peer_read(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->in + peer->length, LINE_BYTES - peer->length,
			   MSG_DONTWAIT);
	char *end, *at = peer->in;

	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		peer->closed = true;
		net_rewatch(load.epoll, peer->fd, 0, peer);
		if (!load.over && !may_be_slow(peer))
			wrong(peer, "closed by the server", "");
		return false;
	}
	peer->length += got;
	while ((end = memchr(at, '\n', peer->in + peer->length - at))) {
		*end = '\0';
		take_line(peer, at);
		at = end + 1;
	}
	peer->length -= at - peer->in;
	memmove(peer->in, at, peer->length);
	return true;
}
