// SPDX-License-Identifier: MIT
/* What is answered to whom. Whatever is written here is in the arena of the request. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../clock.h"
#include "httpd.h"

static const char welcome[] =
	"<!doctype html><title>httpd</title>\n"
	"<p>Everything about your request lay in one arena, which is empty again by now.\n"
	"<ul><li><a href=/stats>/stats</a> <li><a href=/headers>/headers</a>\n"
	"<li><a href=/hello/you>/hello/you</a> <li>POST /echo</ul>\n";

static char *content(struct request *request)
{
	return request->response + HEAD_BYTES;
}

/* Add to the content; what does not fit is an error of the server. */
static void __attribute__((format(printf, 2, 3)))
print(struct request *request, const char *format, ...)
{
	size_t room = CONTENT_BYTES - request->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(content(request) + request->length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room)
		request->status = 500;
	else
		request->length += length;
}

/* The head goes right in front of the content, so that one send() does for both. */
static void finish(struct request *request, int status, const char *type)
{
	bool keep_alive = request->keep_alive;
	char head[HEAD_BYTES];
	size_t length;

	length = snprintf(head, sizeof(head),
			  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			  "%sConnection: %s\r\n\r\n",
			  status, http_status_str(status), type, request->length,
			  status == 405 ? "Allow: GET, HEAD, POST\r\n" : "",
			  keep_alive ? "keep-alive" : "close");
	request->begin = HEAD_BYTES - length;
	memcpy(request->response + request->begin, head, length);
	if (request->parser->method == HTTP_HEAD)
		request->length = 0;
	request->length += length;
	request->status = status;
	atomic_fetch_add(&httpd.answered[status / 100], 1);
}

/* After an error of the protocol nobody knows where the next request would begin. */
void routes_fail(struct request *request, int status)
{
	request->keep_alive = false;
	request->length = 0;
	print(request, "%d %s\n", status, http_status_str(status));
	finish(request, status, "text/plain");
}

/* For a client for whom there is no connection, hence no arena either. */
int routes_busy(char *text, size_t room)
{
	char why[64];
	int length;

	length = snprintf(why, sizeof(why), "503 All %zu connections are in use\n",
			  httpd.connections.figures.count);
	return snprintf(text, room,
			"HTTP/1.1 503 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
			"Retry-After: 1\r\nConnection: close\r\n\r\n%s",
			http_status_str(503), length, why);
}

static void stats(struct request *request)
{
	int length;

	print(request, "{\"memory_from\":\"%s\",\"accepted\":%lu,\"refused\":%lu,\"timeouts\":%lu,",
	      memory_name(), httpd.accepted, httpd.refused, httpd.timeouts);
	print(request, "\"cpu_ns\":%" PRIu64 ",", clock_ns(CLOCK_PROCESS_CPUTIME_ID));
	print(request, "\"bytes_in\":%lu,\"bytes_out\":%lu,", httpd.bytes_in, httpd.bytes_out);
	print(request, "\"answered\":{\"2xx\":%lu,\"4xx\":%lu,\"5xx\":%lu},\"memory\":",
	      httpd.answered[2], httpd.answered[4], httpd.answered[5]);
	length = memory_json(content(request) + request->length, CONTENT_BYTES - request->length);
	if (length < 0)
		request->status = 500;
	else
		request->length += length;
	print(request, "}\n");
}

static void headers(struct request *request)
{
	const struct connection *connection = request->parser->data;
	const char *end = request->headers + request->headers_length;

	print(request, "request %lu of %s\n", connection->session->requests,
	      connection->session->peer);
	for (const char *at = request->headers; at < end;) {
		const char *value = at + strlen(at) + 1;

		print(request, "%s: %s\n", at, value);
		at = value + strlen(value) + 1;
	}
}

static void hello(struct request *request)
{
	print(request, "Hello, %s!\n", request->tokens[1]);
	for (unsigned int i = 2; i < request->n_tokens; i++)
		print(request, "%s\n", request->tokens[i]);
}

static void echo(struct request *request)
{
	if (request->body)
		memcpy(content(request), request->body, request->body_length);
	request->length = request->body_length;
}

static void home(struct request *request)
{
	print(request, "%s", welcome);
}

static const struct route {
	const char *first;		/* token */
	unsigned int min_tokens;
	bool post;			/* else GET and HEAD */
	const char *type;
	void (*answer)(struct request *request);
} routes[] = {
	{ "stats",	1, false,	"application/json",	stats },
	{ "headers",	1, false,	"text/plain",		headers },
	{ "hello",	2, false,	"text/plain",		hello },
	{ "echo",	1, true,	"text/plain",		echo },
};

static const struct route home_route = { "", 0, false, "text/html", home };

static const struct route *find(const struct request *request)
{
	if (!request->n_tokens)
		return &home_route;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (!strcmp(request->tokens[0], routes[i].first) &&
		    request->n_tokens >= routes[i].min_tokens)
			return &routes[i];
	return NULL;
}

void routes_answer(struct request *request)
{
	unsigned int method = request->parser->method;
	bool get = method == HTTP_GET || method == HTTP_HEAD;
	const struct route *route;
	int problem = 0;

	if (!request_split(request))
		problem = 400;
	route = find(request);
	if (!problem && !route)
		problem = 404;
	else if (!problem && (route->post ? method != HTTP_POST : !get))
		problem = 405;
	if (problem) {
		print(request, "%d %s\n", problem, http_status_str(problem));
		finish(request, problem, "text/plain");
		return;
	}
	route->answer(request);
	if (request->status)
		routes_fail(request, request->status);
	else
		finish(request, 200, route->type);
}
