/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of a batch, split into words. */
#ifndef POOLCTL_WORDS_H
#define POOLCTL_WORDS_H

#include <stddef.h>

/*
 * Split @line, in place. @words has room for as many as there can be, see
 * words_most(), and a NULL behind them; @count is how many there are. Returns
 * NULL, or what is wrong with the line.
 */
const char *words_split(char *line, size_t length, char **words, int *count);

/* The most words that a line of @length bytes has. */
static inline size_t words_most(size_t length)
{
	return length / 2 + 1;
}

#endif /* POOLCTL_WORDS_H */
