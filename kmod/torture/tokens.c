// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations for whoever comes; see tokens.h. What is checked: one gives as many
 * blocks as it has, and then none.
 */

#include "rig.h"
#include "tokens.h"

struct token tokens[TOKENS];

/* Nobody uses them. */
void tokens_begin(void)
{
	unsigned int i;

	for (i = 0; i < TOKENS; i++) {
		tokens[i].reservation = (struct mpdemo_reservation) { };
		atomic_set(&tokens[i].state, TOKEN_EMPTY);
	}
}

/* Return: false where it is in another state. */
bool token_grab(struct token *token, enum token_state state)
{
	int old = state;

	return atomic_try_cmpxchg(&token->state, &old, TOKEN_BUSY);
}

/* The end of what token_grab() has begun. */
void token_put(struct token *token)
{
	/* release: pairs with token_grab(). */
	atomic_set_release(&token->state,
			   mpdemo_reservation_left(&token->reservation) ?
			   TOKEN_FULL : TOKEN_EMPTY);
}

/* Of one that was grabbed and was full. Return: NULL if nothing is left. */
void *token_alloc(struct token *token, gfp_t gfp)
{
	unsigned int left = mpdemo_reservation_left(&token->reservation);
	void *block = mpdemo_reservation_alloc(&token->reservation, gfp);

	rig_same("a block from a reservation", !!left, !!block);
	return block;
}

/* Of one that was grabbed. */
void token_release(struct token *token)
{
	mpdemo_reservation_release(&token->reservation);
	rig_same("left of a reservation that was released", 0,
		 mpdemo_reservation_left(&token->reservation));
}
