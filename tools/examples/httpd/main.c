// SPDX-License-Identifier: MIT
/*
 * httpd: an arena for each request, in a server of HTTP/1.1.
 *
 * A request has parts of any number and size, that are needed until the response has gone, and
 * not a moment longer: so all of them are in one arena, and one reset frees them, however the
 * request ended. Connections are a pool, so that the next one is got at once however many there
 * are, and when all are in use the client is told so.
 *
 * Read httpd.h first, which says who uses what memory; request.c, where nothing is ever freed;
 * acquire() and fill() in connection.c; then begin_memory() here. What is left is about sockets.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../options.h"
#include "httpd.h"

#define THREADS		64

/* For a client who does not read: little, so that we notice. */
#define UNREAD_KIB	64

struct httpd httpd = { .timeout_ms = 10000 };

static const char *address = "127.0.0.1";
static unsigned long port, threads = 2, connections = 128, buffers;
static bool from_malloc;

static const struct options options = {
	.program = "httpd",
	.needs = "",
	.about = "Serves HTTP/1.1 until SIGINT or SIGTERM, and prints its figures then.\n",
	.end = "\nExit status: 1 if it could not begin, or if a block was not freed.\n",
	.rows = (const struct option_row[]){
		{ "port", "N", "0: any, which is printed", .number = &port, .most = 65535 },
		{ "address", "IPV4", "where to listen", .text = &address },
		{ "threads", "N", "each with an epoll", .number = &threads, .least = 1,
		  .most = THREADS },
		{ "connections", "N", "clients at a time; others get 503",
		  .number = &connections, .least = 1, .most = 100000 },
		{ "buffers", "N", "of 256 bytes, shared; 0: ten for each connection",
		  .number = &buffers, .most = 1000000 },
		{ "timeout", "MS", "for a request, and between two", .number = &httpd.timeout_ms,
		  .most = 3600000 },
		{ "malloc", NULL, "memory of the C library in place of mempool_demo's",
		  .flag = &from_malloc },
		{ }
	},
};

static bool begin_memory(void)
{
	size_t count = connections;

	/* No thread keeps connections for itself: 503 means that all are in use. */
	return memory_begin(from_malloc) &&
	       pool_begin(&httpd.connections, "connections", sizeof(struct connection), count, 0) &&
	       pool_begin(&httpd.buffers, "buffers", BUFFER_BYTES, buffers, 2 * BUFFERS) &&
	       pool_begin(&httpd.farewells, "farewells", sizeof(struct farewell), count, 0) &&
	       arenas_begin(&httpd.sessions, "sessions", SESSION_BYTES, count) &&
	       arenas_begin(&httpd.requests, "requests", REQUEST_BYTES, count);
}

static bool begin_worker(struct worker *worker, int listener, int stop)
{
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->listener = (struct source){ LISTENER, listener };
	worker->stop = (struct source){ STOP, stop };
	list_init(&worker->connections);
	list_init(&worker->farewells);
	/* Exclusive: a client wakes one thread, not all. */
	if (worker->epoll < 0 ||
	    !net_watch(worker->epoll, listener, EPOLLIN | EPOLLEXCLUSIVE, &worker->listener) ||
	    !net_watch(worker->epoll, stop, EPOLLIN, &worker->stop) ||
	    pthread_create(&worker->thread, NULL, worker_run, worker)) {
		perror("httpd: thread");
		return false;
	}
	return true;
}

static void print_figures(void)
{
	unsigned long answers = httpd.answered[2] + httpd.answered[4] + httpd.answered[5];

	printf("%lu clients, %lu refused, %lu too slow; answered: %lu 2xx, %lu 4xx, %lu 5xx; "
	       "%lu bytes in, %lu bytes out\n",
	       httpd.accepted, httpd.refused, httpd.timeouts, httpd.answered[2],
	       httpd.answered[4], httpd.answered[5], httpd.bytes_in, httpd.bytes_out);
	if (answers)
		printf("%.1f us of the CPUs for an answer\n",
		       clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e3 / answers);
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	int listener, stop, got;
	sigset_t signals;

	options_parse(&options, argc, argv);
	if (!buffers)
		buffers = BUFFERS * connections;
	/* Arenas are files, too; and while one client says farewell another may have come. */
	if (!net_need_files("httpd", 4 * connections + THREADS + 16))
		return 1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stop = eventfd(0, EFD_CLOEXEC);
	if (!begin_memory())
		return 1;
	listener = net_listen("httpd", address, port, UNREAD_KIB, memory_name());
	if (listener < 0)
		return 1;
	for (unsigned long i = 0; i < threads; i++)
		if (!begin_worker(&workers[i], listener, stop))
			return 1;

	sigwait(&signals, &got);
	/* Nobody reads it, so all see it. */
	eventfd_write(stop, 1);
	for (unsigned long i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	close(listener);
	close(stop);
	print_figures();
	return memory_end() ? 0 : 1;
}
