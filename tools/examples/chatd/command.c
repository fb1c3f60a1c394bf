// SPDX-License-Identifier: MIT
/* What a client wants, line by line, and whether it can be done. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../clock.h"
#include "chatd.h"

/* Of the scratch arena */
#define RESET_PERCENT	80

static void refuse(struct client *client, const struct line *line, const char *busy,
		   const char *why)
{
	char quoted[6 * 256];
	size_t length = strnlen(why, 256);

	/* Longer ones are none of ours. */
	length = parse_quote(quoted, why, length);
	if (length > REPLY_BYTES / 2)
		length = 0;
	if (line->has_id)
		client_reply(client, "{\"error\":\"%.*s\"%s,\"id\":%lld}\n", (int)length, quoted,
			     busy, line->id);
	else
		client_reply(client, "{\"error\":\"%.*s\"%s}\n", (int)length, quoted, busy);
}

/* Told to the client, and not to be held against him. */
static void refuse_busy(struct client *client, const struct line *line, const char *why)
{
	chatd.count.busy++;
	refuse(client, line, ",\"busy\":true", why);
}

static void refuse_wrong(struct client *client, const struct line *line, const char *why)
{
	chatd.count.malformed++;
	refuse(client, line, "", why);
}

/* Names are of few characters, so that they need no quotes anywhere. */
static bool is_name(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return length && length <= NAME_BYTES;
}

static void join(struct client *client, const struct line *line)
{
	if (!is_name(line->room) || !is_name(line->name)) {
		refuse_wrong(client, line,
			     "join needs room and name, of up to 32 letters, digits, '_', '-', '.'");
		return;
	}
	room_leave(client);
	strcpy(client->name, line->name);
	if (room_join(client, line->room))
		client_reply(client, "{\"joined\":\"%s\"}\n", line->room);
	else
		refuse_busy(client, line, "all rooms are in use, try again later");
}

static void leave(struct client *client, const struct line *line)
{
	if (!client->room) {
		refuse_wrong(client, line, "you are in no room");
		return;
	}
	client_reply(client, "{\"left\":\"%s\"}\n", client->room->name);
	room_leave(client);
}

/* From here on it refers to the scratch arena, and is acknowledged when it is broadcast. */
static void say(struct client *client, const struct line *line)
{
	struct message *message;

	if (!client->room) {
		refuse_wrong(client, line, "join a room first");
		return;
	}
	if (!line->text || !line->has_id || line->text_length > TEXT_BYTES) {
		refuse_wrong(client, line, "say needs text, of up to 1024 bytes, and id");
		return;
	}
	message = pool_alloc(&chatd.messages);
	if (!message) {
		refuse_busy(client, line, "all messages are in use, try again later");
		return;
	}
	memset(message, 0, sizeof(*message));
	message->refs = 1;
	message->id = line->id;
	message->room = client->room;
	message->room->refs++;
	message->sender = client;
	client->promised++;
	strcpy(message->from, client->name);
	message->text = line->text;
	message->text_length = line->text_length;
	chatd.scratch_refs++;
	list_add_tail(&chatd.pending, &message->link);
	chatd.count.said++;
}

static void stats(struct client *client)
{
	client_reply(client, "{\"memory_from\":\"%s\",", memory_name());
	client_reply(client, "\"clients\":%lu,\"rooms\":%lu,\"messages\":%lu,",
		     chatd.clients.figures.in_use, chatd.rooms.figures.in_use,
		     chatd.messages.figures.in_use);
	client_reply(client, "\"ring\":%lu,\"waiting\":%lu,\"resets\":%lu,", chatd.ring.entries,
		     chatd.scratch_refs, chatd.scratch_set.figures.resets);
	client_reply(client, "\"acked\":%lu,\"delivered\":%lu,\"busy\":%lu,\"slow\":%lu,",
		     chatd.count.acked, chatd.count.delivered, chatd.count.busy,
		     chatd.count.slow);
	client_reply(client, "\"malformed\":%lu,\"cpu_ns\":%" PRIu64 "}\n",
		     chatd.count.malformed, clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

/*
 * All that was parsed is of no use any more, but for messages that wait to be broadcast. So
 * that is done now. What the ring has no room for goes on to need what is left.
 */
static void empty_scratch(void)
{
	if (chatd.scratch.used < chatd.scratch_set.figures.bytes / 100 * RESET_PERCENT)
		return;
	room_broadcast();
	if (!chatd.scratch_refs)
		arena_reset(&chatd.scratch);
}

void command_take(struct client *client, const char *text, size_t length)
{
	struct line line;

	chatd.count.lines++;
	empty_scratch();
	/* Others may have said what was too much for this one. */
	if (client->state != TALKING)
		return;
	parse_line(&line, text, length);
	if (line.no_memory)
		refuse_busy(client, &line, "no memory to parse this, try again later");
	else if (line.error)
		refuse_wrong(client, &line, line.error);
	else if (!line.op)
		refuse_wrong(client, &line, "there is no op");
	else if (!strcmp(line.op, "say"))
		say(client, &line);
	else if (!strcmp(line.op, "join"))
		join(client, &line);
	else if (!strcmp(line.op, "leave"))
		leave(client, &line);
	else if (!strcmp(line.op, "stats"))
		stats(client);
	else
		refuse_wrong(client, &line, "op is none of join, say, leave, stats");
}
