/* SPDX-License-Identifier: GPL-2.0 */
/* Text that comes from somebody else. */
#ifndef POOLCTL_TEXT_H
#define POOLCTL_TEXT_H

#include <stddef.h>

/* Long enough for all that is escaped; what is longer ends with "...". */
#define TEXT_SIZE	512

/*
 * Copy @text into @out so that a terminal or a JSON parser takes it as text
 * whatever is in it: all but printable ASCII becomes \xNN.
 */
void text_escape(char out[TEXT_SIZE], const char *text);

/* The word of @words (ends with NULL) that was probably meant, or NULL. */
const char *text_nearest(const char *word, const char *const *words);

/* What makes several of a thing: "" for one, else "s". */
const char *text_plural(unsigned long long count);

#endif /* POOLCTL_TEXT_H */
