// SPDX-License-Identifier: MIT
/*
 * A client: lines that come in, and two queues that go out, answers to him alone and messages for
 * all. Nothing grows without a limit: while his answers wait none of his lines are
 * taken, and when he has not read 256 messages, or nothing for a while, he has to go.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "chatd.h"

#define PARTS		64

static void mark_dirty(struct client *client)
{
	list_del(&client->dirty);
	list_add_tail(&chatd.dirty, &client->dirty);
}

/* There is room, as no line is taken when there might not be. */
void client_reply(struct client *client, const char *format, ...)
{
	size_t room = REPLIES_BYTES - client->out_length;
	va_list args;
	int length;

	if (client->state == GONE)
		return;
	va_start(args, format);
	length = vsnprintf(client->out + client->out_length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room) {
		client_end(client);
		return;
	}
	client->out_length += length;
	mark_dirty(client);
}

/* For an answer to the next line, its acknowledgement, and last words. */
static bool has_room(const struct client *client)
{
	return client->out_length + client->promised * ACK_BYTES + 2 * REPLY_BYTES <= REPLIES_BYTES;
}

static void drop_first(struct client *client)
{
	message_put(client->backlog[client->first]);
	client->first = (client->first + 1) % BACKLOG;
	client->waiting--;
	client->sent = 0;
}

/* What he has said and what waits is broadcast all the same. */
static void forget_promises(struct client *client)
{
	if (!client->promised)
		return;
	for (struct list *l = chatd.pending.next; l != &chatd.pending; l = l->next) {
		struct message *message = list_entry(l, struct message, link);

		if (message->sender == client)
			message->sender = NULL;
	}
	client->promised = 0;
}

/* Others may be in the middle of an event that is about him, so his block goes later. */
void client_end(struct client *client)
{
	if (client->state == GONE)
		return;
	client->state = GONE;
	room_leave(client);
	forget_promises(client);
	while (client->waiting)
		drop_first(client);
	close(client->fd);
	list_del(&client->dirty);
	list_del(&client->late);
	list_del(&client->link);
	list_add_tail(&chatd.gone, &client->link);
}

/* He misses messages, so he is told and has to go; what has gone out in part is completed. */
static void too_slow(struct client *client)
{
	struct message *begun = client->sent ? client->backlog[client->first] : NULL;
	size_t sent = client->sent;
	unsigned int missed;

	chatd.count.slow++;
	room_leave(client);
	forget_promises(client);
	if (begun)
		begun->refs++;
	missed = client->waiting - !!begun;
	while (client->waiting)
		drop_first(client);
	if (begun) {
		client->backlog[client->first] = begun;
		client->waiting = 1;
		client->sent = sent;
	}
	client->state = LEAVING;
	client_reply(client, "{\"error\":\"too slow: %u messages were not read\"}\n", missed);
}

static void set_deadline(struct client *client)
{
	client->deadline = net_now() + chatd.patience_ms;
	list_del(&client->late);
	list_add_tail(&chatd.late, &client->late);
}

/* He has read nothing for too long. The second time, not even that he is too slow. */
void client_late(struct client *client)
{
	if (client->state == TALKING) {
		too_slow(client);
		set_deadline(client);
	} else {
		client_end(client);
	}
}

void client_accept(void)
{
	static const char full[] =
		"{\"error\":\"all places are taken, try again later\",\"busy\":true}\n";
	struct client *client;
	int fd = net_accept(chatd.listener);

	if (fd < 0)
		return;
	client = pool_alloc(&chatd.clients);
	if (!client) {
		chatd.count.busy++;
		/* A new socket has room for that. */
		send(fd, full, strlen(full), MSG_NOSIGNAL);
		close(fd);
		return;
	}
	/* Without the buffers, which are its larger part. */
	memset(client, 0, offsetof(struct client, in));
	client->fd = fd;
	list_init(&client->dirty);
	list_init(&client->late);
	list_init(&client->member);
	list_add_tail(&chatd.client_list, &client->link);
	client->interest = EPOLLIN;
	chatd.count.clients++;
	if (!net_watch(chatd.epoll, fd, EPOLLIN, client))
		client_end(client);
}

/* Reading */

static void take_lines(struct client *client)
{
	bool complete = false;
	size_t at = 0;

	while (client->state == TALKING && !complete && has_room(client)) {
		char *line = client->in + at;
		char *end = memchr(line, '\n', client->in_length - at);

		complete = !end;
		if (complete)
			break;
		at += end + 1 - line;
		if (!client->skipping)
			command_take(client, line, end - line);
		client->skipping = false;
	}
	client->in_length -= at;
	memmove(client->in, client->in + at, client->in_length);
	if (client->state != TALKING || !complete)
		return;

	if (client->in_length == LINE_BYTES) {
		if (!client->skipping)
			client_reply(client, "{\"error\":\"a line is longer than %u bytes\"}\n",
				     LINE_BYTES - 1);
		client->skipping = true;
		client->in_length = 0;
		chatd.count.malformed++;
	}
	/* He may still read. */
	if (client->hung_up) {
		room_leave(client);
		client->state = LEAVING;
		mark_dirty(client);
	}
}

static void read_some(struct client *client)
{
	char *to = client->in + client->in_length;
	ssize_t got = recv(client->fd, to, LINE_BYTES - client->in_length, 0);

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_end(client);
		return;
	}
	if (client->state == SHUT) {
		if (!got)
			client_end(client);
		return;
	}
	client->in_length += got;
	client->hung_up = !got;
	take_lines(client);
	mark_dirty(client);
}

/* Writing */

static size_t add_part(struct iovec *parts, size_t count, char *bytes, size_t length)
{
	if (!length)
		return count;
	parts[count] = (struct iovec){ bytes, length };
	return count + 1;
}

/* The rest of a message that has begun; then answers; then messages. consume() follows that. */
static size_t gather(struct client *client, struct iovec *parts)
{
	size_t count = 0;

	if (!client->sent)
		count = add_part(parts, count, client->out, client->out_length);
	for (unsigned int i = 0; i < client->waiting && count < PARTS - 1; i++) {
		struct message *message = client->backlog[(client->first + i) % BACKLOG];
		size_t sent = i ? 0 : client->sent;

		count = add_part(parts, count, message->line + sent, message->line_length - sent);
		if (sent)
			count = add_part(parts, count, client->out, client->out_length);
	}
	return count;
}

static void consume(struct client *client, size_t bytes)
{
	while (bytes) {
		struct message *message = client->backlog[client->first];
		size_t part;

		if (!client->sent && client->out_length) {
			part = bytes < client->out_length ? bytes : client->out_length;
			client->out_length -= part;
			memmove(client->out, client->out + part, client->out_length);
		} else {
			part = message->line_length - client->sent;
			if (part > bytes)
				part = bytes;
			client->sent += part;
			if (client->sent == message->line_length)
				drop_first(client);
		}
		bytes -= part;
	}
}

/* Returns false when he is gone. */
static bool write_some(struct client *client)
{
	struct iovec parts[PARTS];
	struct msghdr what = { .msg_iov = parts };
	ssize_t sent;

	while (client->out_length || client->waiting) {
		what.msg_iovlen = gather(client, parts);
		sent = sendmsg(client->fd, &what, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			client_end(client);
			return false;
		}
		consume(client, sent);
		/* He reads, so he has time again. */
		list_del(&client->late);
	}
	return true;
}

void client_give(struct client *client, struct message *message)
{
	/* He may be quick, and it is we who have not come to write to him. */
	if (client->waiting == chatd.backlog && !write_some(client))
		return;
	if (client->waiting == chatd.backlog) {
		too_slow(client);
		return;
	}
	message->refs++;
	client->backlog[(client->first + client->waiting++) % BACKLOG] = message;
	chatd.count.delivered++;
	mark_dirty(client);
}

/* All is written. To close while he writes would take back what he has not read yet. */
static void finish(struct client *client)
{
	if (client->hung_up) {
		client_end(client);
		return;
	}
	shutdown(client->fd, SHUT_WR);
	client->state = SHUT;
	client->in_length = 0;
	set_deadline(client);
}

void client_flush(struct client *client)
{
	uint32_t interest = 0;
	bool empty;

	list_del(&client->dirty);
	if (client->state == SHUT || !write_some(client))
		return;
	/* Those that had to wait until there was room for answers. */
	take_lines(client);
	if (client->state == GONE)
		return;

	empty = !client->out_length && !client->waiting;
	if (!empty && list_empty(&client->late))
		set_deadline(client);
	if (empty && client->state == LEAVING && !client->promised)
		finish(client);
	if (client->state == GONE)
		return;

	if (client->state == SHUT ||
	    (client->state == TALKING && !client->hung_up && client->in_length < LINE_BYTES))
		interest = EPOLLIN;
	if (!empty)
		interest |= EPOLLOUT;
	if (interest != client->interest)
		net_rewatch(chatd.epoll, client->fd, interest, client);
	client->interest = interest;
}

void client_event(struct client *client, uint32_t events)
{
	/* One who was ended earlier in this round. */
	if (client->state == GONE)
		return;
	if (events & EPOLLIN)
		read_some(client);
	else if (events & (EPOLLERR | EPOLLHUP))
		client_end(client);
	if (events & EPOLLOUT && client->state != GONE)
		mark_dirty(client);
}
