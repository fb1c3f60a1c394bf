// SPDX-License-Identifier: GPL-2.0
/*
 * hold NAME COUNT: hold COUNT blocks of a pool until stdin ends. "held" on stdout says
 * that it does.
 */
#define MPDEMO_TEST_NO_HARNESS
#include "mpdemo_test.h"

int main(int argc, char **argv)
{
	int fd = argc == 3 ? object_open(dev_open(), argv[1], RW) : -1;
	char byte;

	if (fd < 0)
		return 1;
	for (int i = atoi(argv[2]); i > 0; i--) {
		__u64 handle;

		if (pool_alloc(fd, &handle))
			return 1;
	}
	puts("held");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
