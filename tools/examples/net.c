// SPDX-License-Identifier: MIT
/* Sockets and time. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"

int net_listen(const char *program, const char *address, unsigned long port,
	       unsigned long unread_kib, const char *memory)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t length = sizeof(name);
	int send_bytes = unread_kib * 1024;
	int yes = 1;
	int fd;

	if (inet_pton(AF_INET, address, &name.sin_addr) != 1) {
		fprintf(stderr, "%s: %s is no IPv4 address\n", program, address);
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* What is accepted has that, too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&name, &length)) {
		fprintf(stderr, "%s: listen at %s:%lu: %s\n", program, address, port,
			strerror(errno));
		close(fd);
		return -1;
	}
	printf("%s: %s:%u, on %s\n", program, address, ntohs(name.sin_port), memory);
	fflush(stdout);
	return fd;
}

int net_accept(int listener)
{
	int fd;

	do {
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		/* A client that has gone again is no reason not to serve the next. */
	} while (fd < 0 && (errno == ECONNABORTED || errno == EINTR));
	return fd;
}

bool net_watch(int epoll, int fd, uint32_t events, void *data)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	return !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void net_rewatch(int epoll, int fd, uint32_t events, void *data)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

bool net_need_files(const char *program, unsigned long count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= count)
		return true;
	limit.rlim_cur = count;
	if (limit.rlim_max < count)
		limit.rlim_max = count;
	if (!setrlimit(RLIMIT_NOFILE, &limit))
		return true;
	fprintf(stderr, "%s: %lu open files (ulimit -n): %s\n", program, count, strerror(errno));
	return false;
}

uint64_t net_now(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}
