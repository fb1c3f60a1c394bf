// SPDX-License-Identifier: GPL-2.0
/*
 * as_nobody PROGRAM [ARGUMENT]...: run a program without privileges. For the
 * shell tests, as not every machine that they run on has a tool for that.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOBODY 65534

int main(int argc, char **argv)
{
	gid_t group = NOBODY;

	if (argc < 2) {
		fputs("usage: as_nobody PROGRAM [ARGUMENT]...\n", stderr);
		return 126;
	}
	if (setgroups(1, &group) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY)) {
		fprintf(stderr, "as_nobody: %s\n", strerror(errno));
		return 126;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "as_nobody: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
