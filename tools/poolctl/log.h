/* SPDX-License-Identifier: GPL-2.0 */
/* What the module has said in the kernel's log. */
#ifndef POOLCTL_LOG_H
#define POOLCTL_LOG_H

#include <json-c/json.h>

/*
 * Take out of @line what may be an address, or a byte of a block: numbers that are
 * written as 0x..., but for offsets in functions, and whatever has 16 digits or more.
 */
void log_hide(char *line);

/* The last lines of the log that are about the module, as an array; NULL: it cannot
 * be read.
 */
struct json_object *log_lines(void);

#endif /* POOLCTL_LOG_H */
