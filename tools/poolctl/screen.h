/* SPDX-License-Identifier: GPL-2.0 */
/* How wide a terminal is. */
#ifndef POOLCTL_SCREEN_H
#define POOLCTL_SCREEN_H

/*
 * Columns of what stdout is: what $COLUMNS says, or the terminal; @otherwise where there is
 * neither.
 */
int screen_width(int otherwise);

#endif /* POOLCTL_SCREEN_H */
