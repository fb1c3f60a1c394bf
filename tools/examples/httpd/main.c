// SPDX-License-Identifier: MIT
/* httpd: options, threads, figures. Begin with httpd.h. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "httpd.h"

#define THREADS		64

struct httpd httpd = { .timeout_ms = 10000 };

static const char usage[] =
	"usage: httpd [OPTION]...\n"
	"\n"
	"Serves HTTP/1.1 until SIGINT or SIGTERM, and prints its figures then.\n"
	"\n"
	"  --port N         default 0: any, which is printed\n"
	"  --address IPV4   default 127.0.0.1\n"
	"  --threads N      default 2\n"
	"  --connections N  how many clients at a time (default 128); others get 503\n"
	"  --buffers N      of 256 bytes, shared (default: ten for each connection)\n"
	"  --timeout MS     for a request, and between two (default 10000)\n"
	"  --malloc         memory of the C library in place of mempool_demo's\n"
	"\n"
	"Exit status: 1 if it could not begin, or if a block was not freed.\n";

static struct options {
	const char *address;
	unsigned long port, threads, connections, buffers;
	bool from_malloc;
} options = { .address = "127.0.0.1", .threads = 2, .connections = 128 };

static void parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "address", required_argument, NULL, 'a' },
		{ "threads", required_argument, NULL, 't' },
		{ "connections", required_argument, NULL, 'c' },
		{ "buffers", required_argument, NULL, 'b' },
		{ "timeout", required_argument, NULL, 'T' },
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
		case 't':
			options.threads = net_number("--threads", optarg, THREADS);
			break;
		case 'c':
			options.connections = net_number("--connections", optarg, 100000);
			break;
		case 'b':
			options.buffers = net_number("--buffers", optarg, 1000000);
			break;
		case 'T':
			httpd.timeout_ms = net_number("--timeout", optarg, 3600000);
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
	if (optind < argc || !options.threads || !options.connections) {
		fputs(usage, stderr);
		exit(1);
	}
	if (!options.buffers)
		options.buffers = BUFFERS * options.connections;
}

static bool begin_memory(void)
{
	size_t count = options.connections;

	/* No thread keeps connections for itself: 503 means that all are in use. */
	return memory_begin(options.from_malloc) &&
	       pool_begin(&httpd.connections, "connections", sizeof(struct connection), count, 0) &&
	       pool_begin(&httpd.buffers, "buffers", BUFFER_BYTES, options.buffers, 2 * BUFFERS) &&
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
	printf("%lu clients, %lu refused, %lu too slow; answered: %lu 2xx, %lu 4xx, %lu 5xx; "
	       "%lu bytes in, %lu bytes out\n",
	       httpd.accepted, httpd.refused, httpd.timeouts, httpd.answered[2],
	       httpd.answered[4], httpd.answered[5], httpd.bytes_in, httpd.bytes_out);
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	int listener, stop, got;
	sigset_t signals;

	parse(argc, argv);
	/* Arenas are files, too; and while one client says farewell another may have come. */
	if (!net_need_files("httpd", 4 * options.connections + THREADS + 16))
		return 1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stop = eventfd(0, EFD_CLOEXEC);
	if (!begin_memory())
		return 1;
	listener = net_listen("httpd", options.address, options.port, memory_name());
	if (listener < 0)
		return 1;
	for (unsigned long i = 0; i < options.threads; i++)
		if (!begin_worker(&workers[i], listener, stop))
			return 1;

	sigwait(&signals, &got);
	/* Nobody reads it, so all see it. */
	eventfd_write(stop, 1);
	for (unsigned long i = 0; i < options.threads; i++)
		pthread_join(workers[i].thread, NULL);
	close(listener);
	close(stop);
	print_figures();
	return memory_end() ? 0 : 1;
}
