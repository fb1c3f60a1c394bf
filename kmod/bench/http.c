// SPDX-License-Identifier: GPL-2.0
/*
 * The suite http: what a server allocates for a request, and frees when it is
 * answered: a URL of 256 bytes, headers of 1024, a body of 4096, a response of 8192, and
 * ten tokens of 64. With an arena, of 64 KiB, that is fourteen steps of a pointer and one
 * reset; with all others fourteen allocations, or five where there is a bulk, and as many frees.
 *
 * So that the memory is used as memory, the URL is copied, each token written, and the
 * first 64 bytes of all else; the same in all rows. A step is ten requests.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "allocators.h"

#define REQUESTS	10	/* of a step */
#define STEPS		200
#define TOKENS		10
#define TOUCHED		64

enum { URL, HEADERS, BODY, RESPONSE, TOKEN };

static const struct bench_site http_sites[] = {
	[URL]		= { .size = 256, .objects = 1, .scratch = true },
	[HEADERS]	= { .size = 1024, .objects = 1, .scratch = true },
	[BODY]		= { .size = 4096, .objects = 1, .scratch = true },
	[RESPONSE]	= { .size = 8192, .objects = 1, .scratch = true },
	[TOKEN]		= { .size = 64, .objects = TOKENS, .scratch = true },
};

struct token {
	const char *text;
	unsigned int length;
};

struct request {
	char *url;
	char *headers;
	char *body;
	char *response;
	void *tokens[TOKENS];
	unsigned int nr_tokens;
};

/* Not inlined, so that it is the same machine code in all rows. */
static noinline void serve(struct request *request)
{
	static const char url[TOUCHED] = "GET /pools/bullets?frame=1000&alive=500 HTTP/1.1";
	unsigned int i;

	memcpy(request->url, url, sizeof(url));
	memset(request->headers, 'h', TOUCHED);
	memset(request->body, 'b', TOUCHED);
	for (i = 0; i < TOKENS; i++) {
		struct token *token = request->tokens[i];

		token->text = request->url + 4 * i;
		token->length = 4;
	}
	memset(request->response, 'r', TOUCHED);
}

static __always_inline bool get_tokens(const struct bench_ops *ops,
				       enum bench_how how,
				       struct bench_run *run,
				       struct request *request)
{
	unsigned int i;

	if (!ops->scratch)
		return bench_alloc_group(ops, how, run, run->handles[TOKEN],
					 http_sites[TOKEN].size, TOKENS,
					 request->tokens);
	for (i = 0; i < TOKENS; i++) {
		request->tokens[i] = bench_scratch(ops, how, run,
						   run->arenas[0], NULL, 64);
		if (unlikely(!request->tokens[i]))
			return false;
	}
	return true;
}

static __always_inline bool get_memory(const struct bench_ops *ops,
				       enum bench_how how,
				       struct bench_run *run,
				       struct request *request)
{
	void *arena = ops->scratch ? run->arenas[0] : NULL;

	request->url = bench_scratch(ops, how, run, arena, run->handles[URL],
				     256);
	request->headers = bench_scratch(ops, how, run, arena,
					 run->handles[HEADERS], 1024);
	request->body = bench_scratch(ops, how, run, arena, run->handles[BODY],
				      4096);
	request->response = bench_scratch(ops, how, run, arena,
					  run->handles[RESPONSE], 8192);
	if (unlikely(!request->url || !request->headers || !request->body ||
		     !request->response))
		return false;
	if (unlikely(!get_tokens(ops, how, run, request)))
		return false;
	request->nr_tokens = TOKENS;
	return true;
}

static __always_inline void put_memory(const struct bench_ops *ops,
				       enum bench_how how,
				       struct bench_run *run,
				       struct request *request)
{
	if (ops->scratch) {
		bench_reset(ops, how, run, run->arenas[0]);
		return;
	}
	if (likely(request->nr_tokens))
		bench_free_group(ops, how, run, run->handles[TOKEN], 64,
				 TOKENS, request->tokens);
	bench_scratch_free(ops, how, run, run->handles[RESPONSE],
			   request->response, 8192);
	bench_scratch_free(ops, how, run, run->handles[BODY], request->body,
			   4096);
	bench_scratch_free(ops, how, run, run->handles[HEADERS],
			   request->headers, 1024);
	bench_scratch_free(ops, how, run, run->handles[URL], request->url, 256);
}

static __always_inline int http_step(const struct bench_ops *ops,
				     enum bench_how how, struct bench_run *run)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < REQUESTS && likely(!ret); i++) {
		struct request request;

		request.nr_tokens = 0;
		if (likely(get_memory(ops, how, run, &request)))
			serve(&request);
		else
			ret = -ENOMEM;
		put_memory(ops, how, run, &request);
	}
	return ret;
}

BENCH_KINDS(http, BENCH_SCRATCH);

static unsigned int http_steps(unsigned int batch)
{
	return STEPS;
}

static unsigned int http_operations(unsigned int batch)
{
	return REQUESTS;
}

/* Pieces of memory of a request. */
static const unsigned int http_batches[] = { 4 + TOKENS, 0 };

const struct bench_suite bench_http = {
	.id = MPDEMO_BENCH_SUITE_HTTP,
	.unit = "request",
	.size = 256 + 1024 + 4096 + 8192 + 64 * TOKENS,
	.sites = http_sites,
	.nr_sites = ARRAY_SIZE(http_sites),
	.arenas = 1,
	.arena_bytes = SZ_64K,
	.batches = http_batches,
	.steps = http_steps,
	.operations = http_operations,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.kinds = http_kinds,
};
