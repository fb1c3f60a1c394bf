// SPDX-License-Identifier: MIT
/* Rooms, and messages on their way from the scratch arena through the ring to all members. */
#include <stdio.h>
#include <string.h>

#include "chatd.h"

/* The longest line: all characters of the text need six, the rest is short. */
#define BROADCAST_BYTES	(6 * TEXT_BYTES + 256)

static struct room *find(const char *name)
{
	for (struct list *l = chatd.room_list.next; l != &chatd.room_list; l = l->next) {
		struct room *room = list_entry(l, struct room, link);

		if (!strcmp(room->name, name))
			return room;
	}
	return NULL;
}

/* Into the room of that name, which is made if there is none; false: there are too many. */
bool room_join(struct client *client, const char *name)
{
	struct room *room = find(name);

	if (!room) {
		room = pool_alloc(&chatd.rooms);
		if (!room)
			return false;
		memset(room, 0, sizeof(*room));
		strcpy(room->name, name);
		list_init(&room->members);
		list_add_tail(&chatd.room_list, &room->link);
	}
	room->refs++;
	client->room = room;
	list_add_tail(&room->members, &client->member);
	return true;
}

void room_put(struct room *room)
{
	if (--room->refs)
		return;
	list_del(&room->link);
	pool_free(&chatd.rooms, room);
}

void room_leave(struct client *client)
{
	if (!client->room)
		return;
	list_del(&client->member);
	room_put(client->room);
	client->room = NULL;
}

void message_put(struct message *message)
{
	if (--message->refs)
		return;
	if (message->line)
		ring_free(&chatd.ring, message->line);
	pool_free(&chatd.messages, message);
}

/* False: the ring is full, as somebody has not got what is oldest in it. */
static bool write_line(struct message *message)
{
	char *line = ring_begin(&chatd.ring, BROADCAST_BYTES);
	size_t length;

	if (!line)
		return false;
	length = sprintf(line, "{\"room\":\"%s\",\"seq\":%lu,\"from\":\"%s\",\"text\":\"",
			 message->room->name, ++message->room->seq, message->from);
	length += parse_quote(line + length, message->text, message->text_length);
	length += sprintf(line + length, "\"}\n");
	ring_end(&chatd.ring, line, length);
	message->line = line;
	message->line_length = length;
	/* The scratch arena may be reset from now on. */
	message->text = NULL;
	chatd.scratch_refs--;
	return true;
}

static void broadcast(struct message *message)
{
	struct room *room = message->room;
	struct list *next;

	for (struct list *l = room->members.next; l != &room->members; l = next) {
		/* Who is too slow leaves the room. */
		next = l->next;
		client_give(list_entry(l, struct client, member), message);
	}
	if (message->sender) {
		message->sender->promised--;
		client_reply(message->sender, "{\"ack\":%lld}\n", message->id);
		chatd.count.acked++;
	}
	message->sender = NULL;
	message->room = NULL;
	room_put(room);
	message_put(message);
}

/* All that waits, as far as the ring has room. Returns true if there was any. */
bool room_broadcast(void)
{
	bool any = false;

	while (!list_empty(&chatd.pending)) {
		struct message *message =
			list_entry(chatd.pending.next, struct message, link);

		if (!write_line(message))
			break;
		list_del(&message->link);
		broadcast(message);
		any = true;
	}
	return any;
}
