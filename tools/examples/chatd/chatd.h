/* SPDX-License-Identifier: MIT */
/*
 * Chat rooms over TCP, one JSON object a line. A client may send
 *
 *	{"op":"join","room":"ROOM","name":"NAME"}	-> {"joined":"ROOM"}
 *	{"op":"say","id":NUMBER,"text":"TEXT"}		-> {"ack":NUMBER}
 *	{"op":"leave"}					-> {"left":"ROOM"}
 *	{"op":"stats"}					-> {"clients":N, ...}
 *
 * and gets, as does everybody in the room, {"room":"ROOM","seq":N,"from":"NAME","text":"TEXT"}.
 * What is wrong is answered with {"error":"WHY"}, with "id" where there was one, and "busy":true
 * where it may be tried again.
 *
 * The promise: a message that was acknowledged gets to all who are in the room, in one order. Who
 * does not read fast enough gets {"error":"too slow..."} as his last line, and is closed; at
 * once if he does not even read that.
 *
 * Who uses what memory, and how a message goes through it:
 *
 * clients	a pool: one block for each client.
 * rooms	a pool.
 * scratch	an arena of 1 MiB: what the JSON parser needs, and the text of a message that waits
 *		to be broadcast. There is no free(): it is reset when 80 % are in use and
 *		no message refers to it.
 * messages	a pool of 1000. A message lives until the last client has got it. When all are in
 *		use, whoever wants to say something is told so.
 * ring		an arena of 10 MiB, used as a ring: the line that goes to all, written once. A
 *		client who reads slowly keeps the messages that he has not got, up to 256.
 *
 * One thread does all of it: it reads from those who have sent something (client.c), parses that
 * (parse.c), broadcasts what was said (room.c), writes to whoever has something to get, and then
 * gives up those who are too slow.
 */
#ifndef CHATD_H
#define CHATD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../list.h"
#include "../memory.h"
#include "../net.h"

#define LINE_BYTES	4096		/* the longest one that is taken */
#define TEXT_BYTES	1024
#define NAME_BYTES	32
#define BACKLOG		256

/* Answers to a client: as long as one may get, and how many bytes of them may wait. */
#define REPLY_BYTES	512
#define REPLIES_BYTES	4096
#define ACK_BYTES	48

struct room {
	struct list link;
	struct list members;
	unsigned long refs;		/* members, and messages that wait */
	unsigned long seq;
	char name[NAME_BYTES + 1];
};

struct message {
	unsigned int refs;
	long long id;
	/* While it waits to be broadcast */
	struct list link;
	struct room *room;
	struct client *sender;		/* NULL: has gone */
	char from[NAME_BYTES + 1];
	const char *text;		/* in the scratch arena */
	size_t text_length;
	/* From then on: in the ring */
	char *line;
	size_t line_length;
};

struct client {
	int fd;
	uint32_t interest;		/* what epoll is asked for */
	enum {
		TALKING,
		LEAVING,		/* nothing is read any more; goes when all is written */
		SHUT,			/* all is written; goes when he has closed as well */
		GONE,			/* its memory goes at the end of the round */
	} state;
	bool hung_up;			/* he sends nothing any more */
	bool skipping;			/* the rest of a line that is too long */
	struct list link;		/* of all clients, or of those who are gone */
	struct list dirty;		/* has something to be written, or lines to be read */
	struct list late;		/* waits until he reads */
	uint64_t deadline;
	struct list member;
	struct room *room;
	char name[NAME_BYTES + 1];

	unsigned int promised;		/* acknowledgements to come */
	struct message *backlog[BACKLOG];
	unsigned int first;
	unsigned int waiting;
	size_t sent;			/* of the first one */

	size_t in_length;
	size_t out_length;
	char in[LINE_BYTES];
	char out[REPLIES_BYTES];
};

/* What a line says. Strings end with 0, are in the scratch arena, and are NULL if not there. */
struct line {
	char *op;
	char *room;
	char *name;
	char *text;
	size_t text_length;
	long long id;
	bool has_id;
	const char *error;		/* NULL: it is right, as JSON */
	bool no_memory;			/* it may be right: the scratch arena is full */
};

struct ring {
	char *bytes;
	size_t size;
	size_t head;			/* where the next entry begins */
	size_t tail;			/* and the oldest one */
	unsigned long entries;
};

struct chatd {
	int epoll;
	int listener;
	int signals;
	unsigned long backlog;
	unsigned long patience_ms;
	struct pool clients;
	struct pool rooms;
	struct pool messages;
	struct arenas scratch_set;
	struct arenas ring_set;
	struct arena scratch;
	struct arena ring_arena;
	unsigned long scratch_refs;	/* messages that wait to be broadcast */
	struct ring ring;
	struct list room_list;
	struct list client_list;
	struct list gone;
	struct list dirty;
	struct list late;		/* by deadline */
	struct list pending;		/* messages that wait for room in the ring */
	struct {
		unsigned long clients, lines, malformed, busy, said, acked, delivered, slow;
	} count;
};

extern struct chatd chatd;

/* client.c */
void client_accept(void);
void client_event(struct client *client, uint32_t events);
void client_flush(struct client *client);
void client_give(struct client *client, struct message *message);
void client_late(struct client *client);
void client_end(struct client *client);
void client_reply(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* command.c */
void command_take(struct client *client, const char *text, size_t length);

/* room.c */
bool room_join(struct client *client, const char *name);
void room_leave(struct client *client);
void room_put(struct room *room);
bool room_broadcast(void);
void message_put(struct message *message);

/* parse.c */
void parse_line(struct line *line, const char *text, size_t length);
size_t parse_quote(char *out, const char *text, size_t length);

/* ring.c */
char *ring_begin(struct ring *ring, size_t most);
void ring_end(struct ring *ring, char *bytes, size_t length);
void ring_free(struct ring *ring, char *bytes);

#endif /* CHATD_H */
