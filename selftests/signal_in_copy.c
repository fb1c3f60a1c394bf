// SPDX-License-Identifier: GPL-2.0
/*
 * LD_PRELOAD=signal_in_copy.so SIGNAL=N PROGRAM: a signal comes just when the program reads or
 * writes bytes of an object. For the shell tests, as that moment is short.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void come(void)
{
	const char *number = getenv("SIGNAL");

	if (number)
		kill(getpid(), atoi(number));
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
	come();
	return syscall(SYS_pread64, fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	come();
	return syscall(SYS_pwrite64, fd, bytes, count, offset);
}
