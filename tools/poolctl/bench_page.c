// SPDX-License-Identifier: GPL-2.0
/*
 * The page that shows a benchmark. It is poolctl-report that writes it, a program beside
 * this one: it takes a shell, jq and gnuplot, and nothing of the module.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_page.h"
#include "error.h"
#include "poolctl.h"

#define PROGRAM		"poolctl-report"

/* Seen from where poolctl is: where both are built, and where they are installed. */
static const char *const places[] = {
	PROGRAM, "../libexec/mempool_demo/" PROGRAM
};

static bool find_program(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);
	char *name;

	if (length <= 0 || (size_t)length >= size)
		return false;
	path[length] = '\0';
	name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(name, path + size - name, "%s", places[i]);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

/* What went wrong the program itself has said, on stderr. */
static int run(const char *option, const char *page, const char *document)
{
	char path[PATH_MAX];
	int status;
	pid_t child;

	if (!find_program(path, sizeof(path)))
		return failed(STATUS_ABSENT, "there is no " PROGRAM
			      ", which comes with poolctl; where there is one, 'poolctl bench FILE --report PAGE' makes the page of what --save has left");
	flush_stdout();
	child = fork();
	if (!child) {
		execl(path, path, option, page, document, NULL);
		fprintf(stderr, "poolctl: bench: cannot run '%s': %s\n", path,
			strerror(errno));
		_exit(STATUS_ABSENT);
	}
	if (child < 0)
		return failed(STATUS_USAGE, "cannot run '%s': %s", path,
			      strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= STATUS_ABSENT)
		return WEXITSTATUS(status);
	return failed(STATUS_USAGE, "'%s' has failed", path);
}

int bench_page_check(void)
{
	return run("--check", NULL, NULL);
}

int bench_page_of_file(const char *path, const char *page)
{
	return run("--output", page, path);
}

int bench_page_of(struct json_object *document, const char *page)
{
	char path[32];
	int fd, status;

	/* Inherited, and no file that is left behind. */
	fd = memfd_create("poolctl-bench", 0);
	if (fd < 0 || json_object_to_fd(fd, document, JSON_C_TO_STRING_PLAIN)) {
		status = failed(STATUS_USAGE, "no room for the figures: %s",
				strerror(errno));
	} else {
		snprintf(path, sizeof(path), "/dev/fd/%d", fd);
		status = bench_page_of_file(path, page);
	}
	if (fd >= 0)
		close(fd);
	return status;
}
