// SPDX-License-Identifier: MIT
/*
 * One request, from the parser's first byte to its last. Everything is in one arena, so there is
 * nothing to free here, whatever goes wrong on the way.
 */
#include <string.h>
#include <strings.h>

#include "httpd.h"

/*
 * The arena is empty, and larger than all parts together. So where there is no memory the
 * machine has none: then no request begins, and the connection ends.
 */
struct request *request_begin(struct connection *connection)
{
	struct arena *arena = &connection->request_arena;
	struct request *request = arena_alloc(arena, sizeof(*request));

	if (!request)
		return NULL;
	memset(request, 0, sizeof(*request));
	request->arena = arena;
	request->parser = &connection->session->parser;
	request->url = arena_alloc(arena, URL_BYTES);
	request->headers = arena_alloc(arena, HEADERS_BYTES);
	request->response = arena_alloc(arena, RESPONSE_BYTES);
	if (!request->url || !request->headers || !request->response)
		return NULL;
	request->url[0] = '\0';
	connection->request = request;
	return request;
}

/* Returns the parser's way to say "stop". */
static int fail(struct request *request, int status)
{
	request->status = status;
	return -1;
}

static struct request *request_of(http_parser *parser)
{
	return ((struct connection *)parser->data)->request;
}

static int on_message_begin(http_parser *parser)
{
	return request_begin(parser->data) ? 0 : -1;
}

static int on_url(http_parser *parser, const char *at, size_t length)
{
	struct request *request = request_of(parser);

	if (length >= URL_BYTES - request->url_length)
		return fail(request, 414);
	memcpy(request->url + request->url_length, at, length);
	request->url_length += length;
	request->url[request->url_length] = '\0';
	return 0;
}

/* Names and values come in any number of parts; where one ends is seen when the other begins. */
static int add_header(struct request *request, const char *at, size_t length, bool in_value)
{
	size_t end = in_value != request->in_value;

	/* Those behind a body that comes in chunks are of no use here. */
	if (request->headers_done)
		return 0;
	/* And one byte for what ends the last one. */
	if (length + end >= HEADERS_BYTES - request->headers_length)
		return fail(request, 431);
	if (end)
		request->headers[request->headers_length++] = '\0';
	memcpy(request->headers + request->headers_length, at, length);
	request->headers_length += length;
	request->in_value = in_value;
	return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t length)
{
	return add_header(request_of(parser), at, length, false);
}

static int on_header_value(http_parser *parser, const char *at, size_t length)
{
	return add_header(request_of(parser), at, length, true);
}

static int on_headers_complete(http_parser *parser)
{
	struct connection *connection = parser->data;
	struct request *request = connection->request;
	const char *expect;

	if (request->headers_length)
		request->headers[request->headers_length++] = '\0';
	request->headers_done = true;
	if (parser->http_major == 1 && parser->http_minor >= 1 &&
	    !request_header(request, "host"))
		return fail(request, 400);
	/* ULLONG_MAX: it is not said */
	if (parser->content_length != UINT64_MAX && parser->content_length > BODY_BYTES)
		return fail(request, 413);
	expect = request_header(request, "expect");
	if (expect && strcasecmp(expect, "100-continue"))
		return fail(request, 417);
	connection->interim = expect;
	return 0;
}

static int on_body(http_parser *parser, const char *at, size_t length)
{
	struct request *request = request_of(parser);

	if (!request->body)
		request->body = arena_alloc(request->arena, BODY_BYTES);
	if (!request->body)
		return fail(request, 500);
	if (length > BODY_BYTES - request->body_length)
		return fail(request, 413);
	memcpy(request->body + request->body_length, at, length);
	request->body_length += length;
	return 0;
}

/* What follows may be the next request, whose turn comes when this one is answered. */
static int on_message_complete(http_parser *parser)
{
	request_of(parser)->keep_alive = http_should_keep_alive(parser);
	http_parser_pause(parser, 1);
	return 0;
}

const http_parser_settings request_parser = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* Returns the value, or NULL; of several of that name the first one. */
const char *request_header(const struct request *request, const char *name)
{
	const char *end = request->headers + request->headers_length;
	const char *at = request->headers;

	while (at < end) {
		const char *value = at + strlen(at) + 1;

		if (!strcasecmp(at, name))
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (digit - digits) % 16 : -1;
}

/* A token is a part of the path or of the query, in a block of its own. */
static bool add_token(struct request *request, const char *from, size_t length)
{
	size_t used = 0;
	char *token;

	if (request->n_tokens == TOKENS)
		return false;
	token = arena_alloc(request->arena, TOKEN_BYTES);
	if (!token)
		return false;
	for (size_t i = 0; i < length; i++) {
		int c = from[i];

		if (c == '%') {
			if (i + 2 >= length || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return false;
			c = hex(from[i + 1]) * 16 + hex(from[i + 2]);
			i += 2;
		}
		if (!c || used == TOKEN_BYTES - 1)
			return false;
		token[used++] = c;
	}
	token[used] = '\0';
	request->tokens[request->n_tokens++] = token;
	return true;
}

/* "/hello/you?lang=en" is three tokens. False: too many, one is too long, or encoded wrongly. */
bool request_split(struct request *request)
{
	struct http_parser_url url;

	http_parser_url_init(&url);
	if (http_parser_parse_url(request->url, request->url_length, 0, &url))
		return false;
	for (int field = UF_PATH; field <= UF_QUERY; field++) {
		const char *separators = field == UF_PATH ? "/" : "&";
		const char *at = request->url + url.field_data[field].off;
		const char *end = at + url.field_data[field].len;

		if (!(url.field_set & (1 << field)))
			continue;
		while (at < end) {
			const char *stop = memchr(at, *separators, end - at);

			if (!stop)
				stop = end;
			if (stop > at && !add_token(request, at, stop - at))
				return false;
			at = stop + 1;
		}
	}
	return true;
}
