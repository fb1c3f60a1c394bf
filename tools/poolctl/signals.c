// SPDX-License-Identifier: GPL-2.0
/* Signals that end a program, for what is to be ended in an orderly way. */
#include <stddef.h>

#include "signals.h"

volatile sig_atomic_t signals_caught;

static void on_signal(int number)
{
	signals_caught = number;
}

void signals_catch(sigset_t *before)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&blocked, numbers[i]);
	sigprocmask(SIG_BLOCK, &blocked, before);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* As under nohup(1). */
		if (!sigaction(numbers[i], NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
	}
}
