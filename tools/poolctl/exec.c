// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl exec: a command that has an object open, and blocks of it.
 *
 * It takes the place of poolctl, so that whoever kills poolctl kills it, and its end
 * is the end of the open file: then the kernel takes back what that holds. Within a
 * batch, which goes on, it is a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "device.h"
#include "files.h"
#include "handle.h"
#include "hints.h"
#include "memory.h"
#include "options.h"
#include "poolctl.h"

/* One variable of the environment has room for 128K, a handle takes 22 at most. */
#define MOST_BLOCKS	4096

/* As of env(1) and of shells. */
#define STATUS_CANNOT_RUN	126
#define STATUS_NOT_FOUND	127

static const char *count;

const struct command_option exec_options[] = {
	{ "count", 'N', "N", &count, "hold so many blocks of the pool for it (0)" },
	{ 0 },
};

static void name_handles(const uint64_t *handles, uint32_t n)
{
	char *text = needed(malloc((size_t)n * HANDLE_TEXT + 1)), *end = text;
	char handle[HANDLE_TEXT];

	*end = '\0';
	for (uint32_t i = 0; i < n; i++)
		end += sprintf(end, "%s%s", i ? " " : "",
			       handle_format(handles[i], handle));
	setenv(HANDLES_VARIABLE, text, 1);
	free(text);
}

static int hold_blocks(int fd, const char *name, uint32_t n)
{
	uint64_t handles[MOST_BLOCKS];
	struct kernel_error error;

	if (n && device_alloc(fd, handles, n, false, &error)) {
		const char *hint = hint_use(&error, name);

		if (error.error == EOPNOTSUPP)
			hint = "no -N: only a pool has blocks to hold";
		return refused(&error, hint, NULL, "exec %s -N %u", name, n);
	}
	name_handles(handles, n);
	return STATUS_OK;
}

static void name_file(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	setenv(FILE_VARIABLE, text, 1);
	fcntl(fd, F_SETFD, 0);
}

/* Returns only where it cannot be run. */
static int become(char **command)
{
	int error;

	flush_stdout();
	signal(SIGPIPE, SIG_DFL);
	execvp(command[0], command);
	error = errno;
	return failed(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN,
			  "cannot run '%s': %s", command[0], strerror(error));
}

/* With an open file of its own, also in a batch: what that holds is not its business. */
static int run(const char *name, uint32_t n, char **command)
{
	struct kernel_error error;
	int fd, status;

	fd = device_open(options.device, name, &error);
	if (fd < 0)
		return refused(&error, hint_use(&error, name), NULL, "exec %s",
			       name);
	status = hold_blocks(fd, name, n);
	if (status)
		return status;
	name_file(fd);
	return become(command);
}

static void run_in_child(const char *name, uint32_t n, char **command)
{
	int status;

	/*
	 * Where that is the batch, the rest of it is none of the command's. Not by
	 * freopen(): it would set the position back that the batch reads from.
	 */
	if (options.batch_stdin)
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	status = run(name, n, command);
	flush_stdout();
	_exit(status);
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return STATUS_REFUSED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int exec_main(int argc, char **argv)
{
	uint64_t n = 0;
	pid_t child;

	(void)argc;
	if (!argument_name(argv[0]) ||
	    !argument_number("-N", count, MOST_BLOCKS, &n))
		return STATUS_USAGE;
	if (!options.batch_line)
		return run(argv[0], n, argv + 1);

	flush_stdout();
	child = fork();
	if (!child)
		run_in_child(argv[0], n, argv + 1);
	if (child < 0)
		return failed(STATUS_CANNOT_RUN, "cannot run '%s': %s", argv[1],
				  strerror(errno));
	return wait_for(child);
}
