// SPDX-License-Identifier: GPL-2.0
/*
 * The suite chat: a processor of messages. For each message that comes in, 4096
 * bytes to parse it in and 1024 for its fields are taken from scratch memory, the
 * text is copied there, read as JSON and validated; if it is valid, a message of 128
 * bytes is allocated and queued. Ahead of each 32nd one those that wait are
 * broadcast: their text is copied into a ring of 10 MiB, and they no longer refer to
 * the scratch memory.
 *
 * Scratch memory is an arena of 1 MiB, which is reset when 80 % of it are used, and
 * only when no message refers to it; or objects that are freed as soon as none does.
 *
 * A step is a burst of 1100 messages, of which each 16th is malformed, and which
 * nobody reads; then the readers come, and all messages are freed. There is room for
 * 1000: the others are answered that the room is full, and counted as failures. A
 * pool of 1000 says so by itself. For all others the workload has to count, which is
 * part of their price. A pool per CPU has a slack, and accepts a few more.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "allocators.h"
#include "json.h"

#define BURST		1100
#define ROOM		1000	/* messages that may be queued */
#define STEPS		5
#define BATCH		32	/* messages between broadcasts */
#define TEXT_SIZE	4096
#define FIELDS_SIZE	1024
#define SCRATCH_BYTES	SZ_1M
#define RING_BYTES	(10 * SZ_1M)
#define MESSAGE_MAX	256	/* bytes of text in the ring */

static const char good_text[] =
	"{\"room\": \"kernel\", \"from\": \"alice\", \"seq\": 1000, \"text\": \"a pool, please\"}";
static const char bad_text[] =
	"{\"room\": \"kernel\", \"from\": \"mallory\", \"seq\": , \"text\": \"an arena\"}";

struct message {
	const char *text;	/* in scratch memory, then in the ring */
	u32 length;
	u32 fields;
	u8 reserved[112];
};

static_assert(sizeof(struct message) == 128);

enum { MESSAGE, TEXT, FIELDS };

static const struct bench_site chat_sites[] = {
	[MESSAGE] = { .size = sizeof(struct message), .objects = ROOM },
	[TEXT]	  = { .size = TEXT_SIZE, .objects = BATCH, .scratch = true },
	[FIELDS]  = { .size = FIELDS_SIZE, .objects = BATCH, .scratch = true },
};

/* A message that is being processed, and the scratch memory that it refers to. */
struct pending {
	struct message *message;	/* NULL: it was refused */
	void *text;
	void *fields;
};

struct chat {
	char *ring;
	size_t ring_at;
	size_t scratch_used;
	unsigned int queued;
	unsigned int nr_pending;
	u64 malformed;
	struct pending pending[BATCH];
	struct message *queue[BURST];
};

/* Not inlined, as what follows: it shall be the same machine code in all rows. */
static noinline int receive(struct pending *pending, unsigned int number)
{
	bool bad = number % 16 == 15;
	size_t length = bad ? sizeof(bad_text) - 1 : sizeof(good_text) - 1;

	memcpy(pending->text, bad ? bad_text : good_text, length);
	return json_parse(pending->text, length, pending->fields,
			  FIELDS_SIZE / sizeof(struct json_field));
}

static noinline void answer(struct pending *pending, const char *text)
{
	strscpy(pending->text, text, TEXT_SIZE);
}

static noinline void enqueue(struct chat *chat, struct pending *pending,
			     int fields)
{
	struct message *message = pending->message;

	message->text = pending->text;
	message->length = sizeof(good_text) - 1;
	message->fields = fields;
	chat->queue[chat->queued++] = message;
}

static noinline void broadcast(struct chat *chat, struct message *message)
{
	if (chat->ring_at + MESSAGE_MAX > RING_BYTES)
		chat->ring_at = 0;
	memcpy(chat->ring + chat->ring_at, message->text, message->length);
	message->text = chat->ring + chat->ring_at;
	chat->ring_at += message->length;
}

/* After this no message refers to scratch memory. */
static __always_inline void broadcast_all(const struct bench_ops *ops,
					  enum bench_how how,
					  struct bench_run *run,
					  struct chat *chat)
{
	unsigned int i;

	for (i = 0; i < chat->nr_pending; i++) {
		struct pending *pending = &chat->pending[i];

		if (pending->message)
			broadcast(chat, pending->message);
		bench_scratch_free(ops, how, run, run->handles[FIELDS],
				   pending->fields, FIELDS_SIZE);
		bench_scratch_free(ops, how, run, run->handles[TEXT],
				   pending->text, TEXT_SIZE);
	}
	chat->nr_pending = 0;
}

static __always_inline bool get_scratch(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run,
					struct chat *chat,
					struct pending *pending)
{
	void *arena = ops->scratch ? run->arenas[0] : NULL;

	if (chat->nr_pending == BATCH)
		broadcast_all(ops, how, run, chat);
	if (ops->scratch && chat->scratch_used > SCRATCH_BYTES / 10 * 8 &&
	    !chat->nr_pending) {
		bench_reset(ops, how, run, arena);
		chat->scratch_used = 0;
	}
	chat->scratch_used += TEXT_SIZE + FIELDS_SIZE;
	pending->message = NULL;
	pending->text = bench_scratch(ops, how, run, arena, run->handles[TEXT],
				      TEXT_SIZE);
	pending->fields = bench_scratch(ops, how, run, arena,
					run->handles[FIELDS], FIELDS_SIZE);
	return likely(pending->text && pending->fields);
}

static __always_inline int process(const struct bench_ops *ops,
				   enum bench_how how, struct bench_run *run,
				   struct chat *chat, unsigned int number)
{
	struct pending pending;
	int fields, ret = 0;

	if (!get_scratch(ops, how, run, chat, &pending)) {
		ret = -ENOMEM;
		goto end;
	}
	fields = receive(&pending, number);
	if (fields < 0) {
		chat->malformed++;
		answer(&pending, "{\"error\": \"not a message\"}");
		goto end;
	}
	if (ops->bounded || chat->queued < ROOM)
		pending.message = bench_alloc(ops, how, run,
					      run->handles[MESSAGE],
					      sizeof(struct message));
	if (pending.message) {
		enqueue(chat, &pending, fields);
	} else {
		run->failures++;
		answer(&pending, "{\"error\": \"the room is full, try again\"}");
	}
end:
	chat->pending[chat->nr_pending++] = pending;
	return ret;
}

static __always_inline int chat_step(const struct bench_ops *ops,
				     enum bench_how how, struct bench_run *run)
{
	struct chat *chat = run->state;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < BURST && likely(!ret); i++)
		ret = process(ops, how, run, chat, i);
	broadcast_all(ops, how, run, chat);
	for (i = 0; i < chat->queued; i++)
		bench_free(ops, how, run, run->handles[MESSAGE], chat->queue[i],
			   sizeof(struct message));
	chat->queued = 0;
	return ret;
}

BENCH_KINDS(chat, BENCH_MIXED);

static void chat_end(struct bench_run *run)
{
	struct chat *chat = run->state;

	kvfree(chat->ring);
	kvfree(chat);
}

static int chat_begin(struct bench_run *run)
{
	struct chat *chat = kvzalloc(sizeof(*chat), GFP_KERNEL);

	if (!chat)
		return -ENOMEM;
	run->state = chat;
	/* Where this fails, chat_end() is called all the same. */
	chat->ring = kvmalloc(RING_BYTES, GFP_KERNEL);
	return chat->ring ? 0 : -ENOMEM;
}

static unsigned int chat_steps(unsigned int batch)
{
	return STEPS;
}

static unsigned int chat_operations(unsigned int batch)
{
	return BURST;
}

static const unsigned int chat_batches[] = { ROOM, 0 };

/* A step is too long to be in the way of interrupts. */
const struct bench_suite bench_chat = {
	.id = MPDEMO_BENCH_SUITE_CHAT,
	.unit = "message",
	.size = sizeof(struct message),
	.sites = chat_sites,
	.nr_sites = ARRAY_SIZE(chat_sites),
	.arenas = 1,
	.arena_bytes = SCRATCH_BYTES,
	.batches = chat_batches,
	.steps = chat_steps,
	.operations = chat_operations,
	.begin = chat_begin,
	.end = chat_end,
	.contexts = BENCH_IN_TASK | BENCH_IN_SOFTIRQ,
	.cpus = 1,
	.kinds = chat_kinds,
};
