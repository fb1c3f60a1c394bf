/* SPDX-License-Identifier: MIT */
/*
 * A server of HTTP/1.1. Who uses what memory:
 *
 * connections	a pool: one block for each client. When all are in use the next client is told
 *		so: 503. To acquire one takes the same time however many there are.
 * session	an arena of 32 KiB for each connection: what lives as long as it.
 * request	an arena of 64 KiB for each connection: all that belongs to one request, freed
 *		by one reset when the response has gone.
 * buffers	a pool that all share: what was read and is not parsed yet, up to ten blocks
 *		for a connection; none while it is idle.
 * farewells	a pool: sockets that are being closed, for which nothing else is needed.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <http_parser.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../list.h"
#include "../memory.h"
#include "../net.h"

#define SESSION_BYTES	(32 * 1024)
#define REQUEST_BYTES	(64 * 1024)
#define BUFFER_BYTES	256
#define BUFFERS		10

/* The parts of a request. */
#define URL_BYTES	256
#define HEADERS_BYTES	1024
#define BODY_BYTES	4096
#define RESPONSE_BYTES	8192
#define TOKEN_BYTES	64
#define TOKENS		10

/* Of the response: in front of what the routes write. */
#define HEAD_BYTES	512
#define CONTENT_BYTES	(RESPONSE_BYTES - HEAD_BYTES)

/* What an event of epoll is about: the begin of whatever has a socket. */
struct source {
	enum { LISTENER, STOP, CONNECTION, FAREWELL } kind;
	int fd;
};

struct request {
	struct arena *arena;
	const http_parser *parser;
	int status;			/* 0, or the error that was found meanwhile */
	char *url;
	size_t url_length;
	char *headers;			/* NAME, 0, value, 0, and so on */
	size_t headers_length;
	bool in_value;
	bool headers_done;
	char *body;
	size_t body_length;
	char *tokens[TOKENS];		/* of the path and the query, decoded */
	unsigned int n_tokens;
	char *response;			/* head and content, from @begin on */
	size_t begin;
	size_t length;
	bool keep_alive;
};

/* In the arena of the session. */
struct session {
	http_parser parser;
	char peer[64];
	unsigned long requests;
};

struct connection {
	struct source source;
	struct list timer;
	uint64_t deadline;
	struct arena session_arena;
	struct arena request_arena;
	struct session *session;
	struct request *request;	/* NULL between two of them */
	char *buffers[BUFFERS];		/* the first @n_buffers; what is parsed is before @at */
	unsigned int n_buffers;
	size_t at;
	size_t filled;			/* bytes in all buffers */
	bool writing;
	bool interim;			/* "100 Continue" has to be sent */
	uint32_t interest;		/* what epoll is asked for */
};

/* Closing: we have sent our last byte, and wait for the client to see it. */
struct farewell {
	struct source source;
	struct list timer;
	uint64_t deadline;
};

struct worker {
	pthread_t thread;
	int epoll;
	struct source listener;
	struct source stop;
	struct list connections;	/* by deadline, as all have the same time */
	struct list farewells;
};

struct httpd {
	unsigned long timeout_ms;
	struct pool connections;
	struct pool buffers;
	struct pool farewells;
	struct arenas sessions;
	struct arenas requests;
	atomic_ulong accepted;
	atomic_ulong refused;		/* clients who got 503 */
	atomic_ulong timeouts;
	atomic_ulong answered[6];	/* by hundreds of the status */
	atomic_ulong bytes_in;
	atomic_ulong bytes_out;
};

extern struct httpd httpd;

/* worker.c */
void *worker_run(void *worker);
void worker_say_farewell(struct worker *worker, int fd);

/* connection.c */
void connection_accept(struct worker *worker, int fd);
void connection_event(struct worker *worker, struct connection *connection, uint32_t events);
void connection_expire(struct worker *worker, struct connection *connection);
void connection_release(struct worker *worker, struct connection *connection);

/* request.c: @connection is the parser's data */
extern const http_parser_settings request_parser;
struct request *request_begin(struct connection *connection);
bool request_split(struct request *request);
const char *request_header(const struct request *request, const char *name);

/* routes.c */
void routes_answer(struct request *request);
void routes_fail(struct request *request, int status);
int routes_busy(char *text, size_t room);

#endif /* HTTPD_H */
