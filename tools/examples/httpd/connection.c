// SPDX-License-Identifier: MIT
/*
 * A connection: it reads into shared buffers, has the parser go through them, and when a request
 * is complete writes the response before it looks at the next one.
 */
#include <errno.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "httpd.h"

/* What comes of a step. */
enum next { AGAIN, WAIT, OVER };

static const char interim_response[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void name_peer(struct session *session, int fd)
{
	struct sockaddr_in peer = { 0 };
	socklen_t length = sizeof(peer);
	char address[INET_ADDRSTRLEN] = "?";

	if (!getpeername(fd, (struct sockaddr *)&peer, &length))
		inet_ntop(AF_INET, &peer.sin_addr, address, sizeof(address));
	snprintf(session->peer, sizeof(session->peer), "%s:%u", address, ntohs(peer.sin_port));
}

/* O(1): a block from the pool, and the arenas that go with it, emptied. */
static struct connection *acquire(int fd)
{
	struct connection *connection = pool_alloc(&httpd.connections);
	size_t index;

	if (!connection)
		return NULL;
	memset(connection, 0, sizeof(*connection));
	index = pool_index(&httpd.connections, connection);
	connection->source = (struct source){ CONNECTION, fd };
	arena_begin(&connection->session_arena, &httpd.sessions, index);
	arena_begin(&connection->request_arena, &httpd.requests, index);
	list_init(&connection->timer);
	connection->session = arena_alloc(&connection->session_arena,
					  sizeof(*connection->session));
	if (!connection->session) {
		pool_free(&httpd.connections, connection);
		return NULL;
	}
	memset(connection->session, 0, sizeof(*connection->session));
	return connection;
}

static void drop_buffers(struct connection *connection)
{
	while (connection->n_buffers)
		pool_free(&httpd.buffers, connection->buffers[--connection->n_buffers]);
	connection->filled = 0;
	connection->at = 0;
}

/* All but the socket, of which the caller has other use. */
static void release(struct connection *connection)
{
	list_del(&connection->timer);
	drop_buffers(connection);
	arena_end(&connection->request_arena);
	arena_end(&connection->session_arena);
	pool_free(&httpd.connections, connection);
}

void connection_release(struct worker *worker, struct connection *connection)
{
	(void)worker;
	close(connection->source.fd);
	release(connection);
}

static void farewell(struct worker *worker, struct connection *connection)
{
	int fd = connection->source.fd;

	release(connection);
	worker_say_farewell(worker, fd);
}

static void set_deadline(struct worker *worker, struct connection *connection)
{
	connection->deadline = net_now() + httpd.timeout_ms;
	list_del(&connection->timer);
	list_add_tail(&worker->connections, &connection->timer);
}

void connection_accept(struct worker *worker, int fd)
{
	struct connection *connection = acquire(fd);
	char busy[256];

	atomic_fetch_add(&httpd.accepted, 1);
	if (!connection) {
		atomic_fetch_add(&httpd.refused, 1);
		/* A new socket has room for that. */
		send(fd, busy, routes_busy(busy, sizeof(busy)), MSG_NOSIGNAL | MSG_DONTWAIT);
		worker_say_farewell(worker, fd);
		return;
	}
	http_parser_init(&connection->session->parser, HTTP_REQUEST);
	connection->session->parser.data = connection;
	name_peer(connection->session, fd);
	set_deadline(worker, connection);
	connection->interest = EPOLLIN;
	if (!net_watch(worker->epoll, fd, EPOLLIN, connection))
		connection_release(worker, connection);
}

/* The request is complete, or wrong: from here on there is a response to be written. */
static enum next answer(struct connection *connection, int status)
{
	if (!connection->request && !request_begin(connection))
		return OVER;
	connection->session->requests++;
	if (status)
		routes_fail(connection->request, status);
	else
		routes_answer(connection->request);
	connection->writing = true;
	return AGAIN;
}

/* Into as many buffers as there are, up to ten; those that stay empty go back at once. */
static enum next fill(struct connection *connection)
{
	struct iovec parts[BUFFERS];
	unsigned int used;
	ssize_t got;

	while (connection->n_buffers < BUFFERS) {
		char *buffer = pool_alloc(&httpd.buffers);

		if (!buffer)
			break;
		parts[connection->n_buffers].iov_base = buffer;
		parts[connection->n_buffers].iov_len = BUFFER_BYTES;
		connection->buffers[connection->n_buffers++] = buffer;
	}
	/* Others have them all, who send requests and do not read the responses. */
	if (!connection->n_buffers)
		return answer(connection, 503);

	got = readv(connection->source.fd, parts, connection->n_buffers);
	connection->filled = got > 0 ? got : 0;
	used = (connection->filled + BUFFER_BYTES - 1) / BUFFER_BYTES;
	while (connection->n_buffers > used)
		pool_free(&httpd.buffers, connection->buffers[--connection->n_buffers]);
	if (got > 0) {
		atomic_fetch_add(&httpd.bytes_in, got);
		return AGAIN;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? WAIT : OVER;
}

static enum next parse_failed(struct connection *connection)
{
	struct http_parser *parser = &connection->session->parser;
	struct request *request = connection->request;

	if (request && request->status)
		return answer(connection, request->status);
	if (HTTP_PARSER_ERRNO(parser) == HPE_CB_message_begin)
		return OVER;
	return answer(connection, HTTP_PARSER_ERRNO(parser) == HPE_HEADER_OVERFLOW ? 431 : 400);
}

/* Up to the end of a buffer, or of a request. */
static enum next parse(struct connection *connection)
{
	struct http_parser *parser = &connection->session->parser;
	size_t offset = connection->at % BUFFER_BYTES;
	size_t length = BUFFER_BYTES - offset;
	enum http_errno error;

	if (length > connection->filled - connection->at)
		length = connection->filled - connection->at;
	connection->at += http_parser_execute(parser, &request_parser,
			connection->buffers[connection->at / BUFFER_BYTES] + offset, length);
	error = HTTP_PARSER_ERRNO(parser);
	if (connection->at == connection->filled)
		drop_buffers(connection);

	if (error == HPE_PAUSED) {
		http_parser_pause(parser, 0);
		connection->interim = false;
		return answer(connection, 0);
	}
	if (error != HPE_OK)
		return parse_failed(connection);
	/* Only if the body is not there already. A full socket is that of a client who does
	 * not read, who need not be told to go on.
	 */
	if (connection->interim && !connection->filled) {
		connection->interim = false;
		send(connection->source.fd, interim_response, strlen(interim_response),
		     MSG_NOSIGNAL);
	}
	return AGAIN;
}

static enum next write_response(struct worker *worker, struct connection *connection)
{
	struct request *request = connection->request;
	bool keep_alive = request->keep_alive;
	ssize_t sent;

	sent = send(connection->source.fd, request->response + request->begin, request->length,
		    MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? WAIT : OVER;
	atomic_fetch_add(&httpd.bytes_out, sent);
	request->begin += sent;
	request->length -= sent;
	set_deadline(worker, connection);
	if (request->length)
		return WAIT;

	/* All that was about it is gone by this. */
	connection->request = NULL;
	connection->writing = false;
	arena_reset(&connection->request_arena);
	return keep_alive ? AGAIN : OVER;
}

static void wait_for(struct worker *worker, struct connection *connection)
{
	uint32_t interest = connection->writing ? EPOLLOUT : EPOLLIN;

	if (interest == connection->interest)
		return;
	connection->interest = interest;
	net_rewatch(worker->epoll, connection->source.fd, interest, connection);
}

/*
 * Reads once, answers all of it that are complete requests, and is back for other clients then.
 * Nothing is read while a response is written, so who does not read is not answered more.
 */
void connection_event(struct worker *worker, struct connection *connection, uint32_t events)
{
	bool may_read = events & EPOLLIN;
	enum next next = AGAIN;

	while (next == AGAIN) {
		if (connection->writing) {
			next = write_response(worker, connection);
			/* Our last response: the client has it when he closes. */
			if (next == OVER && !connection->writing) {
				farewell(worker, connection);
				return;
			}
		} else if (connection->filled) {
			next = parse(connection);
		} else if (may_read) {
			next = fill(connection);
			may_read = false;
		} else {
			next = events & (EPOLLERR | EPOLLHUP) ? OVER : WAIT;
		}
	}
	if (next == OVER)
		connection_release(worker, connection);
	else
		wait_for(worker, connection);
}

/* Too slow: with a request, with reading the response, or with the next request. */
void connection_expire(struct worker *worker, struct connection *connection)
{
	bool started = connection->request && !connection->writing;

	if (started && answer(connection, 408) == AGAIN) {
		atomic_fetch_add(&httpd.timeouts, 1);
		if (write_response(worker, connection) == OVER && !connection->writing) {
			farewell(worker, connection);
			return;
		}
	}
	connection_release(worker, connection);
}
