// SPDX-License-Identifier: GPL-2.0
/* The progress of a benchmark, for people. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench_progress.h"
#include "options.h"

#define BAR_WIDTH	24
#define LINE_WIDTH	80

static size_t shown;	/* columns of it that are on the terminal */

static bool is_wanted(void)
{
	return !options.quiet && isatty(STDERR_FILENO);
}

/* What is longer would be wrapped, and stay. */
static size_t line_width(void)
{
	struct winsize window;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || !window.ws_col)
		return LINE_WIDTH - 1;
	return window.ws_col - 1;
}

static void add_number(char *text, size_t size, const char *format,
		       uint32_t number)
{
	size_t length = strlen(text);

	if (number)
		snprintf(text + length, size - length, format, number);
}

void bench_request_text(const struct bench_request *request, char *text,
			size_t size)
{
	snprintf(text, size, "%s", request->suite ?
		 bench_suite_name(request->suite) : "all suites");
	add_number(text, size, ", %u bytes", request->size);
	add_number(text, size, ", %u outstanding", request->outstanding);
	add_number(text, size, request->cpus == 1 ? ", %u CPU" : ", %u CPUs",
		   request->cpus);
}

/* A job is a part like all others, however many rows it has. */
static double part_done(const struct bench_progress *progress,
			const struct bench_status *status)
{
	double of_job = status->rows_total ?
			(double)status->rows_done / status->rows_total : 0;

	return (progress->job + of_job) / progress->jobs;
}

void bench_progress_show(const struct bench_progress *progress,
			 const struct bench_status *status)
{
	double done = part_done(progress, status);
	char bar[BAR_WIDTH + 1], what[80], line[256];
	size_t length;

	if (!is_wanted())
		return;
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', done * BAR_WIDTH);
	bar[BAR_WIDTH] = '\0';
	bench_request_text(progress->request, what, sizeof(what));
	snprintf(line, sizeof(line), "bench: [%s] %3.0f%%  %s: %u of %u", bar,
		 done * 100, what, status->rows_done, status->rows_total);
	length = strnlen(line, line_width());
	fprintf(stderr, "\r%.*s%*s", (int)length, line,
		shown > length ? (int)(shown - length) : 0, "");
	shown = length;
	fflush(stderr);
}

void bench_progress_end(void)
{
	if (shown)
		fprintf(stderr, "\r%*s\r", (int)shown, "");
	shown = 0;
}
