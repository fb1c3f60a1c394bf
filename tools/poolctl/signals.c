// SPDX-License-Identifier: GPL-2.0
/* SIGINT and SIGTERM, for what is to be ended in an orderly way. */
#include <stddef.h>

#include "signals.h"

volatile sig_atomic_t signals_caught;

static void on_signal(int number)
{
	signals_caught = number;
}

void signals_catch(sigset_t *before)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
