// SPDX-License-Identifier: GPL-2.0
/*
 * The suite connections: a connection manager, on all CPUs at the same time. A CPU
 * acquires 16 connections, serves each, and releases all of them: that is a step. A
 * connection is an object of 128 bytes from a pool that all CPUs share, so to acquire
 * one is O(1), and nobody looks for one that is free; it has ten buffers of 256 bytes
 * from a pool that all connections share, and scratch memory for two requests, of 512
 * and 2048 bytes each: an arena of 32 KiB for each place of a connection, which is
 * reset when the place is taken; or as many objects, which are freed when the
 * connection is released.
 *
 * Written are the connection, the begin of each buffer and of each piece.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "allocators.h"

#define PLACES		16	/* connections that a CPU has at a time */
#define STEPS		50
#define BUFFERS		10
#define REQUESTS	2

static_assert(PLACES <= BENCH_ARENAS);

#define BUFFER_SIZE	256
#define HEAD_SIZE	512
#define BODY_SIZE	2048

struct connection {
	u32 id;
	u32 state;
	u64 bytes;
	void *buffers[BUFFERS];
	u8 reserved[32];
};

static_assert(sizeof(struct connection) == 128);

enum { CONNECTION, BUFFER, HEAD, BODY };

static const struct bench_site connections_sites[] = {
	[CONNECTION]	= { .size = sizeof(struct connection), .objects = PLACES },
	[BUFFER]	= { .size = BUFFER_SIZE, .objects = PLACES * BUFFERS },
	[HEAD]		= { .size = HEAD_SIZE, .objects = PLACES * REQUESTS,
			    .scratch = true },
	[BODY]		= { .size = BODY_SIZE, .objects = PLACES * REQUESTS,
			    .scratch = true },
};

/* A place of a connection, and of what it has to free one by one. */
struct place {
	struct connection *connection;
	void *heads[REQUESTS];
	void *bodies[REQUESTS];
	bool has_buffers;
};

/* Not inlined, so that it is the same machine code in all rows. */
static noinline void serve(struct place *place, unsigned int id)
{
	struct connection *connection = place->connection;
	unsigned int i;

	connection->id = id;
	connection->state = 1;
	connection->bytes = 0;
	for (i = 0; i < BUFFERS; i++)
		*(u64 *)connection->buffers[i] = id;
	for (i = 0; i < REQUESTS; i++) {
		*(u64 *)place->heads[i] = id;
		*(u64 *)place->bodies[i] = i;
		connection->bytes += HEAD_SIZE + BODY_SIZE;
	}
}

static __always_inline bool get_scratch(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run,
					struct place *place, void *arena)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		place->heads[i] = bench_scratch(ops, how, run, arena,
						run->handles[HEAD], HEAD_SIZE);
		place->bodies[i] = bench_scratch(ops, how, run, arena,
						 run->handles[BODY], BODY_SIZE);
		if (unlikely(!place->heads[i] || !place->bodies[i]))
			return false;
	}
	return true;
}

static __always_inline bool acquire(const struct bench_ops *ops,
				    enum bench_how how, struct bench_run *run,
				    struct place *place, unsigned int number)
{
	void *arena = ops->scratch ? run->arenas[number] : NULL;
	struct connection *connection;

	connection = bench_alloc(ops, how, run, run->handles[CONNECTION],
				 sizeof(*connection));
	if (unlikely(!connection))
		return false;
	place->connection = connection;
	bench_reset(ops, how, run, arena);
	if (unlikely(!bench_alloc_group(ops, how, run, run->handles[BUFFER],
					BUFFER_SIZE, BUFFERS,
					connection->buffers)))
		return false;
	place->has_buffers = true;
	return get_scratch(ops, how, run, place, arena);
}

static __always_inline void release(const struct bench_ops *ops,
				    enum bench_how how, struct bench_run *run,
				    struct place *place)
{
	struct connection *connection = place->connection;
	unsigned int i;

	for (i = 0; i < REQUESTS && !ops->scratch; i++) {
		bench_scratch_free(ops, how, run, run->handles[HEAD],
				   place->heads[i], HEAD_SIZE);
		bench_scratch_free(ops, how, run, run->handles[BODY],
				   place->bodies[i], BODY_SIZE);
	}
	if (likely(place->has_buffers))
		bench_free_group(ops, how, run, run->handles[BUFFER],
				 BUFFER_SIZE, BUFFERS, connection->buffers);
	bench_free(ops, how, run, run->handles[CONNECTION], connection,
		   sizeof(*connection));
}

static __always_inline int connections_step(const struct bench_ops *ops,
					    enum bench_how how,
					    struct bench_run *run)
{
	struct place *places = run->state;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < PLACES && likely(!ret); i++) {
		places[i] = (struct place){};
		if (likely(acquire(ops, how, run, &places[i], i)))
			serve(&places[i], i);
		else
			ret = -ENOMEM;
	}
	while (i--)
		if (likely(places[i].connection))
			release(ops, how, run, &places[i]);
	return ret;
}

BENCH_KINDS(connections, BENCH_MIXED);

static int connections_begin(struct bench_run *run)
{
	run->state = kcalloc(PLACES, sizeof(struct place), GFP_KERNEL);
	return run->state ? 0 : -ENOMEM;
}

static void connections_end(struct bench_run *run)
{
	kfree(run->state);
}

static unsigned int connections_steps(unsigned int batch)
{
	return STEPS;
}

static unsigned int connections_operations(unsigned int batch)
{
	return PLACES;
}

static const unsigned int connections_batches[] = { PLACES, 0 };

const struct bench_suite bench_connections = {
	.id = MPDEMO_BENCH_SUITE_CONNECTIONS,
	.unit = "connection",
	.size = sizeof(struct connection),
	.sites = connections_sites,
	.nr_sites = ARRAY_SIZE(connections_sites),
	.arenas = PLACES,
	.arena_bytes = SZ_32K,
	.batches = connections_batches,
	.steps = connections_steps,
	.operations = connections_operations,
	.begin = connections_begin,
	.end = connections_end,
	.contexts = BENCH_ANYWHERE,
	.cpus = 1,
	.everywhere = true,
	.kinds = connections_kinds,
};
