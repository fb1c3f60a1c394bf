// SPDX-License-Identifier: GPL-2.0
/* Memory that is not there ends the program: nothing can be done about it. */
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "poolctl.h"

void *needed(void *memory)
{
	if (memory)
		return memory;
	fputs("poolctl: out of memory\n", stderr);
	exit(STATUS_REFUSED);
}
