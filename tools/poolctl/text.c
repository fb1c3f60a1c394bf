// SPDX-License-Identifier: GPL-2.0
/* Text that comes from somebody else: made harmless, and guessed at. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define MAX_WORD	63	/* a name of an object */

void text_escape(char out[TEXT_SIZE], const char *text)
{
	static const char more[] = "...";
	size_t room = TEXT_SIZE - sizeof(more);
	size_t used = 0;

	for (; *text; text++) {
		unsigned char c = *text;
		bool plain = c >= 0x20 && c < 0x7f;
		size_t need = plain ? 1 : 4;

		if (used + need > room) {
			memcpy(out + used, more, sizeof(more));
			return;
		}
		if (plain)
			out[used] = c;
		else
			snprintf(out + used, need + 1, "\\x%02x", c);
		used += need;
	}
	out[used] = '\0';
}

static int min3(int a, int b, int c)
{
	int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to add, drop, change or swap with their neighbour. */
static int distance(const char *a, const char *b)
{
	int cost[MAX_WORD + 1][MAX_WORD + 1];
	int rows = strlen(a), columns = strlen(b);

	for (int i = 0; i <= rows; i++)
		cost[i][0] = i;
	for (int j = 0; j <= columns; j++)
		cost[0][j] = j;
	for (int i = 1; i <= rows; i++) {
		for (int j = 1; j <= columns; j++) {
			cost[i][j] = min3(cost[i - 1][j] + 1,
					  cost[i][j - 1] + 1,
					  cost[i - 1][j - 1] +
						(a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    cost[i - 2][j - 2] + 1 < cost[i][j])
				cost[i][j] = cost[i - 2][j - 2] + 1;
		}
	}
	return cost[rows][columns];
}

const char *text_nearest(const char *word, const char *const *words)
{
	const char *nearest = NULL;
	int best = 3;	/* farther away is no typing error */

	if (strlen(word) > MAX_WORD)
		return NULL;

	for (; *words; words++) {
		int d = strlen(*words) > MAX_WORD ? best : distance(word, *words);

		/* Three letters changed in "list" would be a different word. */
		if (d < best && d < (int)strlen(*words) - 1) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

const char *text_plural(unsigned long long count)
{
	return count == 1 ? "" : "s";
}
