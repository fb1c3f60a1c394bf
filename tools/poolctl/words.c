// SPDX-License-Identifier: GPL-2.0
/*
 * Lines of a batch, split into words, as a shell does it, but that nothing is
 * expanded: words are separated by white space; 'all in here' and "all in here"
 * belong to a word, and so does what follows a backslash, though not within '';
 * a word that begins with # begins a comment. No line goes on in the next one.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "words.h"

static const char open_quote[] = "a quote does not end in the line";
static const char goes_on[] =
	"the line ends with a backslash, and no line goes on in the next one";

static bool is_end(const char *at)
{
	return !at[strspn(at, "\r\n")];
}

/*
 * Copy a word from @from, which is moved to its end, to @to, which is not behind
 * it, and is moved to the end of the copy. Returns what is wrong, or NULL.
 */
static const char *take_word(const char **from, char **to)
{
	const char *at = *from;
	char quote = '\0';

	for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
		if (*at == quote) {
			quote = '\0';
		} else if (!quote && (*at == '\'' || *at == '"')) {
			quote = *at;
		} else {
			if (*at == '\\' && quote != '\'') {
				if (is_end(++at))
					return goes_on;
			}
			*(*to)++ = *at;
		}
	}
	*from = at;
	return quote ? open_quote : NULL;
}

const char *words_split(char *line, size_t length, char **words, int *count)
{
	const char *from = line;
	const char *problem;
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
		problem = take_word(&from, &to);
		if (problem)
			return problem;
		/* Before the end of the copy, which may be the same byte. */
		more = *from++;
		*to++ = '\0';
	}
	return NULL;
}
