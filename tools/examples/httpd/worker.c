// SPDX-License-Identifier: MIT
/*
 * A thread with an epoll of its own. All of them accept from one socket, and what one has
 * accepted stays with it: so connections need no lock, while the pools are everybody's.
 */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httpd.h"

#define EVENTS		64

/* At a time, so that those who are connected already have their turn. */
#define ACCEPTS		16

#define FAREWELL_MS	1000

/*
 * To close a socket with unread bytes in it takes back what the client has not read yet, the
 * response that tells him why. So our side is shut down only, and closed when he has closed, or
 * after a while. If there are too many of those it happens at once.
 */
void worker_say_farewell(struct worker *worker, int fd)
{
	struct farewell *farewell = pool_alloc(&httpd.farewells);

	if (!farewell) {
		close(fd);
		return;
	}
	shutdown(fd, SHUT_WR);
	farewell->source = (struct source){ FAREWELL, fd };
	farewell->deadline = net_now() + FAREWELL_MS;
	list_add_tail(&worker->farewells, &farewell->timer);
	/* The one of a connection is watched already, as that. */
	if (!net_watch(worker->epoll, fd, EPOLLIN, farewell))
		net_rewatch(worker->epoll, fd, EPOLLIN, farewell);
}

static void end_farewell(struct farewell *farewell)
{
	close(farewell->source.fd);
	list_del(&farewell->timer);
	pool_free(&httpd.farewells, farewell);
}

static void hear_farewell(struct farewell *farewell)
{
	char ignored[4096];

	if (recv(farewell->source.fd, ignored, sizeof(ignored), MSG_DONTWAIT) <= 0)
		end_farewell(farewell);
}

static void accept_some(struct worker *worker)
{
	int fd;

	for (int i = 0; i < ACCEPTS; i++) {
		fd = net_accept(worker->listener.fd);
		if (fd < 0)
			return;
		connection_accept(worker, fd);
	}
}

/* Lists are by deadline, so it is the first ones who are late. */
static void expire(struct worker *worker)
{
	uint64_t now = net_now();

	while (!list_empty(&worker->connections)) {
		struct connection *connection =
			list_entry(worker->connections.next, struct connection, timer);

		if (connection->deadline > now)
			break;
		connection_expire(worker, connection);
	}
	while (!list_empty(&worker->farewells)) {
		struct farewell *farewell =
			list_entry(worker->farewells.next, struct farewell, timer);

		if (farewell->deadline > now)
			break;
		end_farewell(farewell);
	}
}

static int until_deadline(const struct worker *worker)
{
	uint64_t now = net_now(), first = UINT64_MAX;

	if (!list_empty(&worker->connections))
		first = list_entry(worker->connections.next, struct connection, timer)->deadline;
	if (!list_empty(&worker->farewells)) {
		uint64_t farewell =
			list_entry(worker->farewells.next, struct farewell, timer)->deadline;

		if (farewell < first)
			first = farewell;
	}
	if (first == UINT64_MAX)
		return -1;
	return first > now ? first - now : 0;
}

/* Each socket is in one batch of events once, so none is about what has ended before it. */
static bool handle(struct worker *worker, const struct epoll_event *event)
{
	struct source *source = event->data.ptr;

	switch (source->kind) {
	case LISTENER:
		accept_some(worker);
		break;
	case CONNECTION:
		connection_event(worker, (struct connection *)source, event->events);
		break;
	case FAREWELL:
		hear_farewell((struct farewell *)source);
		break;
	case STOP:
		return false;
	}
	return true;
}

static void close_all(struct worker *worker)
{
	while (!list_empty(&worker->connections))
		connection_release(worker, list_entry(worker->connections.next,
						      struct connection, timer));
	while (!list_empty(&worker->farewells))
		end_farewell(list_entry(worker->farewells.next, struct farewell, timer));
}

void *worker_run(void *data)
{
	struct epoll_event events[EVENTS];
	struct worker *worker = data;
	bool running = true;

	while (running) {
		int count = epoll_wait(worker->epoll, events, EVENTS, until_deadline(worker));

		for (int i = 0; i < count; i++)
			running &= handle(worker, &events[i]);
		expire(worker);
	}
	close_all(worker);
	close(worker->epoll);
	return NULL;
}
