// SPDX-License-Identifier: GPL-2.0
/* How wide a terminal is. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"
#include "units.h"

int screen_width(int otherwise)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && !units_parse_number(columns, INT16_MAX, &width) && width)
		return width;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return otherwise;
}
