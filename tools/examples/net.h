/* SPDX-License-Identifier: MIT */
/* What the servers need of the system beside memory. */
#ifndef EXAMPLES_NET_H
#define EXAMPLES_NET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Listen at ADDRESS:PORT, with port 0 at any; a socket that does not block. Prints
 * "NAME: ADDRESS:PORT, on MEMORY", which whoever started the program waits for. Of what a client
 * has not read the kernel keeps up to @unread_kib or some more.
 * Returns -1 having said on stderr what is wrong.
 */
int net_listen(const char *program, const char *address, unsigned long port,
	       unsigned long unread_kib, const char *memory);

/* Take the next connection, as a socket that does not block; -1: there is none. */
int net_accept(int listener);

/* Have @epoll tell of @fd; returns false with errno. */
bool net_watch(int epoll, int fd, uint32_t events, void *data);
void net_rewatch(int epoll, int fd, uint32_t events, void *data);

/*
 * Have as many open files as that, so that accept() does not fail again and again. Returns
 * false having said on stderr what is wrong.
 */
bool net_need_files(const char *program, unsigned long count);

/* Milliseconds of a clock that only goes forward. */
uint64_t net_now(void);

#endif /* EXAMPLES_NET_H */
