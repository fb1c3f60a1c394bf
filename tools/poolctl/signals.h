/* SPDX-License-Identifier: GPL-2.0 */
/* Signals that end a program, for what is to be ended in an orderly way. */
#ifndef POOLCTL_SIGNALS_H
#define POOLCTL_SIGNALS_H

#include <signal.h>

/* The one that came, or 0. */
extern volatile sig_atomic_t signals_caught;

/*
 * From now on they arrive only where @before is the mask, as in ppoll(): so none is
 * missed just before it.
 */
void signals_catch(sigset_t *before);

#endif /* POOLCTL_SIGNALS_H */
