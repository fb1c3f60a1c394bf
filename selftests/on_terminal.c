// SPDX-License-Identifier: GPL-2.0
/*
 * on_terminal PROGRAM [ARGUMENT]...: run a program whose output is a terminal, and copy
 * that to the standard output. For the shell tests, as not every machine that they run on
 * has a tool for that.
 */
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int terminal, status;
	char text[4096];
	ssize_t n;
	pid_t pid;

	if (argc < 2) {
		fputs("usage: on_terminal PROGRAM [ARGUMENT]...\n", stderr);
		return 126;
	}
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0) {
		fprintf(stderr, "on_terminal: %s\n", strerror(errno));
		return 126;
	}
	/* EIO, when nobody has the other side any more. */
	while ((n = read(terminal, text, sizeof(text))) > 0) {
		if (write(STDOUT_FILENO, text, n) != n)
			return 126;
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 126;
	return WEXITSTATUS(status);
}
