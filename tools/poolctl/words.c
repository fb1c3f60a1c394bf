// SPDX-License-Identifier: GPL-2.0
/*
 * Lines of a batch, split into words, as a shell does it, but that nothing is
 * expanded: words are separated by white space; 'all in here' and "all in here"
 * belong to a word, and so does what follows a backslash, though not within '';
 * a word that begins with # begins a comment.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "words.h"

/*
 * Copy a word from @from, which is moved to its end, to @to, which is not behind
 * it. Returns the end of the copy; NULL: a quote does not end.
 */
static char *take_word(const char **from, char *to)
{
	const char *at = *from;
	char quote = '\0';

	for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
		if (*at == quote) {
			quote = '\0';
		} else if (!quote && (*at == '\'' || *at == '"')) {
			quote = *at;
		} else {
			if (*at == '\\' && quote != '\'' && at[1] && at[1] != '\n')
				at++;
			*to++ = *at;
		}
	}
	*from = at;
	return quote ? NULL : to;
}

const char *words_split(char *line, size_t length, char **words, int *count)
{
	const char *from = line;
	char *to = line;
	bool more = true;

	*count = 0;
	words[0] = NULL;
	if (memchr(line, '\0', length))
		return "the line has a NUL byte in it";

	while (more) {
		while (isspace((unsigned char)*from))
			from++;
		if (!*from || *from == '#')
			break;
		words[(*count)++] = to;
		words[*count] = NULL;
		to = take_word(&from, to);
		if (!to)
			return "a quote does not end in the line";
		/* Before the end of the copy, which may be the same byte. */
		more = *from++;
		*to++ = '\0';
	}
	return NULL;
}
