/* SPDX-License-Identifier: GPL-2.0 */
/* The table of commands in words. */
#ifndef POOLCTL_HELP_H
#define POOLCTL_HELP_H

#include "poolctl.h"

/* NULL if there is none; no prefix will do, so that commands can be added. */
const struct command *find_command(const char *word);

/* These return an exit status. */
int unknown_command(const char *word);
int help_overview(void);
int help_command(const struct command *command);

#endif /* POOLCTL_HELP_H */
