// SPDX-License-Identifier: GPL-2.0
/* Whether what is printed may have colors. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "color.h"
#include "options.h"

bool color_wanted(void)
{
	const char *none = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (options.color != COLOR_AUTO)
		return options.color == COLOR_ALWAYS;
	return !(none && *none) && terminal && strcmp(terminal, "dumb") &&
	       isatty(STDOUT_FILENO);
}
