// SPDX-License-Identifier: GPL-2.0
/* Handles of blocks, as people and scripts see them: INDEX.GENERATION */
#include <stdio.h>
#include <string.h>
#include <linux/mempool_demo.h>

#include "handle.h"
#include "units.h"

const char *handle_parse(const char *text, uint64_t *handle)
{
	static const char what[] =
		"is not a handle (handles are INDEX.GENERATION, as 0.1; an arena has none)";
	const char *dot = strchr(text, '.');
	uint64_t index, generation;
	char digits[HANDLE_TEXT];

	if (!dot || (size_t)(dot - text) >= sizeof(digits))
		return what;
	memcpy(digits, text, dot - text);
	digits[dot - text] = '\0';

	if (units_parse_number(digits, UINT32_MAX, &index) ||
	    units_parse_number(dot + 1, UINT32_MAX, &generation))
		return what;
	*handle = MPDEMO_HANDLE(index, generation);
	return NULL;
}

const char *handle_format(uint64_t handle, char out[HANDLE_TEXT])
{
	snprintf(out, HANDLE_TEXT, "%u.%u", MPDEMO_HANDLE_INDEX(handle),
		 MPDEMO_HANDLE_GENERATION(handle));
	return out;
}
