/* SPDX-License-Identifier: MIT */
/*
 * Clients for chatd, many of them in one process, who check what it promises. Kinds:
 *
 * steady	says something, waits for the acknowledgement, says it again if the server was
 *		busy, and reads all. Each must get what each steady client in his room has said,
 *		once, in order and unharmed: so what was acknowledged is not lost. With --tolerant,
 *		as long as he is not taken for a slow one.
 * slow		listens, but does not read before the end. He gets all there was, in order, up to
 *		where he is told that he is too slow, or is cut off, and then nothing.
 * wild		sends what is no message, and must get an error for each line.
 * vanishing	says something and is gone, often in the middle of a line, and comes again.
 */
#ifndef CHATLOAD_H
#define CHATLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../list.h"
#include "../net.h"

#define LINE_BYTES	8192

struct peer {
	enum { STEADY, SLOW, WILD, VANISHING } kind;
	unsigned int number;		/* among its kind */
	unsigned int room;
	int fd;				/* -1: not connected */
	bool joined;
	bool told;			/* that he is too slow */
	bool closed;			/* by the server */
	bool waits;			/* for an acknowledgement, or an error */
	struct list retry;		/* the server was busy */
	uint64_t retry_at;
	unsigned long said;		/* the last id */
	unsigned long acked;
	unsigned long seq;		/* of the last message that came; 0: none */
	unsigned long *seen;		/* steady: the last id of each steady client */
	size_t length;
	char in[LINE_BYTES];
};

struct load {
	int epoll;
	unsigned long port;
	unsigned long rooms;
	unsigned long kinds[4];		/* how many of each */
	bool tolerant;			/* anybody may be too slow */
	unsigned long messages;		/* of each steady client; or, if 0, */
	uint64_t until;			/* until when */
	struct peer *peers;
	unsigned long n_peers;
	struct list retries;		/* by time */
	bool begun;			/* all are there */
	bool stop;			/* nobody says any more */
	bool over;			/* and nothing is to come */
	unsigned long acked, busy, received, told, cut, vanished, refused;
	unsigned long wrong;
};

extern struct load load;

/* peer.c */
bool peer_connect(struct peer *peer);
void peer_next(struct peer *peer);
bool peer_read(struct peer *peer);
void peer_vanish(struct peer *peer);
void wrong(const struct peer *peer, const char *what, const char *line);

/* text.c: what is said, and how it comes back */
size_t text_to_say(char *line, unsigned long id);
bool text_is(const char *text, unsigned long id);
const char *text_malformed(unsigned long number);

#endif /* CHATLOAD_H */
