/* SPDX-License-Identifier: GPL-2.0 */
/* Whether what is printed may have colors. */
#ifndef POOLCTL_COLOR_H
#define POOLCTL_COLOR_H

#include <stdbool.h>

/*
 * As --color says. Unless it does: on a terminal that has some, and where nobody has
 * set NO_COLOR, see no-color.org.
 */
bool color_wanted(void);

#endif /* POOLCTL_COLOR_H */
