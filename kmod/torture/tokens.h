/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table of reservations for whoever comes, in any context.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_TOKENS_H
#define _MEMPOOL_DEMO_TORTURE_TOKENS_H

#include <linux/atomic.h>

#include <mempool_demo/reserve.h>

#define TOKENS		8

enum token_state {
	TOKEN_EMPTY,
	TOKEN_BUSY,		/* somebody uses it */
	TOKEN_FULL,
};

struct token {
	atomic_t state;
	struct mpdemo_reservation reservation;
};

extern struct token tokens[TOKENS];

void tokens_begin(void);
bool token_grab(struct token *token, enum token_state state);
void token_put(struct token *token);
void *token_alloc(struct token *token, gfp_t gfp);
void token_release(struct token *token);

#endif /* _MEMPOOL_DEMO_TORTURE_TOKENS_H */
