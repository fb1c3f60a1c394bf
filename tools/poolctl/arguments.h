/* SPDX-License-Identifier: GPL-2.0 */
/* Arguments of commands and options: read, or reported as a usage error. */
#ifndef POOLCTL_ARGUMENTS_H
#define POOLCTL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * All of these return false after reporting a usage error. @option is how the
 * message calls the option, @text what was given to it; where @text is NULL it
 * was not given and @value stays as it was.
 */

/* Only whether the name can be sent to the kernel, which then judges it. */
bool argument_name(const char *name);

bool argument_size(const char *option, const char *text, uint64_t most,
		   uint64_t *value);
bool argument_number(const char *option, const char *text, uint64_t most,
		     uint64_t *value);
/* Users and groups by name or by number. */
bool argument_user(const char *option, const char *text, uint64_t *uid);
bool argument_group(const char *option, const char *text, uint64_t *gid);

bool argument_handle(const char *text, uint64_t *handle);
bool argument_mode(const char *option, const char *text, uint32_t *mode);

#endif /* POOLCTL_ARGUMENTS_H */
