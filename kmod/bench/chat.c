// SPDX-License-Identifier: GPL-2.0
/*
 * The suite chat: a processor of messages. For each message that comes in, 4096
 * bytes to parse it in and 1024 for its fields are taken from scratch memory, the
 * text is copied there, read as JSON and validated; if it is valid, a message of 128
 * bytes is allocated and queued. They come in batches of 32, and at the end of one
 * its messages are broadcast: their text is copied into a ring of 10 MiB, and they no longer
 * refer to the scratch memory.
 *
 * Scratch memory is an arena of 1 MiB, which is reset when 80 % of it are used, and
 * only when no message refers to it; or objects that are freed as soon as none does.
 *
 * A step is a burst of 1100 messages, of which each 16th is malformed, and which
 * nobody reads; then the readers come, and all messages are freed. There is room for
 * 1000: the others are answered that the room is full, and counted as failures. A
 * pool of 1000 says so by itself. For all others the workload has to count, which is
 * part of their price. A pool per CPU has a slack of 64 blocks for each CPU, which is
 * more than there are too many: it accepts all of them, and counts no failure.
 *
 * Rows of bulk calls allocate for a batch at once, and free what malformed messages leave of that;
 * where a pool has not as many any more they go on one by one. And the readers free all
 * messages at once.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "allocators.h"
#include "json.h"

#define BURST		1100U
#define ROOM		1000U	/* messages that may be queued */
#define STEPS		5
#define BATCH		32U	/* messages that come at a time */
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

/* A batch: the messages that are being processed, and what they refer to. */
struct batch {
	unsigned int nr;
	void *texts[BATCH];
	void *fields[BATCH];
	struct message *messages[BATCH];	/* NULL: it was refused */
	unsigned int in_stock;
	void *stock[BATCH];	/* of a bulk, for messages to come */
};

struct chat {
	char *ring;
	size_t ring_at;
	size_t scratch_used;
	unsigned int queued;
	u64 malformed;
	struct batch batch;
	void *queue[BURST];
};

/* Not inlined, as what follows: it shall be the same machine code in all rows. */
static noinline int receive(struct batch *batch, unsigned int nr, bool bad)
{
	size_t length = bad ? sizeof(bad_text) - 1 : sizeof(good_text) - 1;

	memcpy(batch->texts[nr], bad ? bad_text : good_text, length);
	return json_parse(batch->texts[nr], length, batch->fields[nr],
			  FIELDS_SIZE / sizeof(struct json_field));
}

static noinline void answer(struct batch *batch, unsigned int nr,
			    const char *text)
{
	strscpy(batch->texts[nr], text, TEXT_SIZE);
}

static noinline void enqueue(struct chat *chat, struct message *message,
			     unsigned int nr, int fields)
{
	message->text = chat->batch.texts[nr];
	message->length = sizeof(good_text) - 1;
	message->fields = fields;
	chat->batch.messages[nr] = message;
	chat->queue[chat->queued++] = message;
}

/* After this no message refers to scratch memory. */
static noinline void broadcast(struct chat *chat)
{
	unsigned int i;

	for (i = 0; i < chat->batch.nr; i++) {
		struct message *message = chat->batch.messages[i];

		if (!message)
			continue;
		if (chat->ring_at + MESSAGE_MAX > RING_BYTES)
			chat->ring_at = 0;
		memcpy(chat->ring + chat->ring_at, message->text,
		       message->length);
		message->text = chat->ring + chat->ring_at;
		chat->ring_at += message->length;
	}
}

/* Whether scratch memory of a batch is allocated at once. */
static __always_inline bool bulk_scratch(const struct bench_ops *ops)
{
	return ops->alloc_bulk && !ops->scratch;
}

static __always_inline bool get_bulks(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run,
				      struct chat *chat, unsigned int nr)
{
	struct batch *batch = &chat->batch;
	unsigned int room = ops->bounded ? nr : min(nr, ROOM - chat->queued);

	if (bulk_scratch(ops)) {
		if (!bench_alloc_group(ops, how, run, run->handles[TEXT],
				       TEXT_SIZE, nr, batch->texts))
			return false;
		if (!bench_alloc_group(ops, how, run, run->handles[FIELDS],
				       FIELDS_SIZE, nr, batch->fields)) {
			bench_free_group(ops, how, run, run->handles[TEXT],
					 TEXT_SIZE, nr, batch->texts);
			return false;
		}
	}
	if (room && bench_alloc_group(ops, how, run, run->handles[MESSAGE],
				      sizeof(struct message), room,
				      batch->stock))
		batch->in_stock = room;
	return true;
}

static __always_inline bool begin_batch(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run,
					struct chat *chat, unsigned int nr)
{
	if (ops->scratch && chat->scratch_used > SCRATCH_BYTES / 10 * 8) {
		bench_reset(ops, how, run, run->arenas[0]);
		chat->scratch_used = 0;
	}
	chat->scratch_used += nr * (TEXT_SIZE + FIELDS_SIZE);
	return !ops->alloc_bulk || get_bulks(ops, how, run, chat, nr);
}

static __always_inline void end_batch(const struct bench_ops *ops,
				      enum bench_how how, struct bench_run *run,
				      struct chat *chat)
{
	struct batch *batch = &chat->batch;
	unsigned int i;

	broadcast(chat);
	if (bulk_scratch(ops)) {
		bench_free_group(ops, how, run, run->handles[FIELDS],
				 FIELDS_SIZE, batch->nr, batch->fields);
		bench_free_group(ops, how, run, run->handles[TEXT], TEXT_SIZE,
				 batch->nr, batch->texts);
	} else {
		for (i = 0; i < batch->nr; i++) {
			bench_scratch_free(ops, how, run, run->handles[FIELDS],
					   batch->fields[i], FIELDS_SIZE);
			bench_scratch_free(ops, how, run, run->handles[TEXT],
					   batch->texts[i], TEXT_SIZE);
		}
	}
	if (ops->alloc_bulk && batch->in_stock)
		bench_free_group(ops, how, run, run->handles[MESSAGE],
				 sizeof(struct message), batch->in_stock,
				 batch->stock);
	batch->in_stock = 0;
	batch->nr = 0;
}

static __always_inline bool get_scratch(const struct bench_ops *ops,
					enum bench_how how,
					struct bench_run *run,
					struct batch *batch, unsigned int nr)
{
	void *arena = ops->scratch ? run->arenas[0] : NULL;

	if (bulk_scratch(ops))
		return true;
	batch->texts[nr] = bench_scratch(ops, how, run, arena,
					 run->handles[TEXT], TEXT_SIZE);
	batch->fields[nr] = bench_scratch(ops, how, run, arena,
					  run->handles[FIELDS], FIELDS_SIZE);
	return likely(batch->texts[nr] && batch->fields[nr]);
}

static __always_inline struct message *get_message(const struct bench_ops *ops,
						   enum bench_how how,
						   struct bench_run *run,
						   struct chat *chat)
{
	struct batch *batch = &chat->batch;

	if (ops->alloc_bulk && batch->in_stock)
		return batch->stock[--batch->in_stock];
	if (!ops->bounded && chat->queued == ROOM)
		return NULL;
	return bench_alloc(ops, how, run, run->handles[MESSAGE],
			   sizeof(struct message));
}

static __always_inline int process(const struct bench_ops *ops,
				   enum bench_how how, struct bench_run *run,
				   struct chat *chat, bool bad)
{
	struct batch *batch = &chat->batch;
	unsigned int nr = batch->nr++;
	struct message *message;
	int fields;

	batch->messages[nr] = NULL;
	if (!get_scratch(ops, how, run, batch, nr))
		return -ENOMEM;
	fields = receive(batch, nr, bad);
	if (fields < 0) {
		chat->malformed++;
		answer(batch, nr, "{\"error\": \"not a message\"}");
		return 0;
	}
	message = get_message(ops, how, run, chat);
	if (message) {
		enqueue(chat, message, nr, fields);
	} else {
		run->failures++;
		answer(batch, nr, "{\"error\": \"the room is full, try again\"}");
	}
	return 0;
}

static __always_inline int chat_step(const struct bench_ops *ops,
				     enum bench_how how, struct bench_run *run)
{
	struct chat *chat = run->state;
	unsigned int at, nr, i;
	int ret = 0;

	for (at = 0; at < BURST && likely(!ret); at += nr) {
		nr = min(BURST - at, BATCH);
		if (unlikely(!begin_batch(ops, how, run, chat, nr))) {
			ret = -ENOMEM;
			break;
		}
		for (i = 0; i < nr && likely(!ret); i++)
			ret = process(ops, how, run, chat, (at + i) % 16 == 15);
		end_batch(ops, how, run, chat);
	}
	if (chat->queued)
		bench_free_group(ops, how, run, run->handles[MESSAGE],
				 sizeof(struct message), chat->queued,
				 chat->queue);
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
