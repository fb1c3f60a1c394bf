// SPDX-License-Identifier: GPL-2.0
/* poolctl bench: run the benchmarks of mempool_demo_bench.ko. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "bench_report.h"
#include "json.h"
#include "options.h"
#include "poolctl.h"
#include "signals.h"

/* Notifications may be lost: ask when there was none for so long. */
#define PATIENCE	((struct timespec){ .tv_sec = 2 })

static const char *cpu, *save, *size, *outstanding, *cpus, *context, *operations;
static const char *random_sizes, *zero, *latency, *memory;

const struct command_option bench_options[] = {
	{ "size", 0, "SIZE", &size, "bytes of an object: micro, remote" },
	{ "random", 0, NULL, &random_sizes, "any size up to that" },
	{ "outstanding", 0, "N", &outstanding,
	  "objects held at a time: micro, remote, sizes" },
	{ "operations", 0, "N", &operations,
	  "operations in a round at the most, for a quick look" },
	{ "cpus", 0, "N", &cpus, "CPUs that do the same at the same time" },
	{ "context", 0, "CONTEXT", &context, "'task', 'softirq' or 'hardirq'" },
	{ "zero", 0, NULL, &zero, "all allocators zero their objects" },
	{ "latency", 0, NULL, &latency, "time each call as well" },
	{ "memory", 0, NULL, &memory, "look at memory as well" },
	{ "cpu", 0, "N", &cpu, "run on this CPU (the current one)" },
	{ "save", 0, "FILE", &save, "write the JSON to FILE as well" },
	{ 0 },
};

/* A job that runs: requests go one way, notifications come the other. */
struct job {
	struct netlink requests;
	struct netlink events;
	struct bench_status status;
};

static bool read_suite(const char *suite, uint32_t *number)
{
	*number = bench_suite_number(suite);
	if (*number)
		return true;
	usage_error("there is no suite '%s'; 'poolctl help bench' names those that there are",
		    suite);
	return false;
}

static bool read_context(uint32_t *number)
{
	if (!context)
		return true;
	*number = bench_context_number(context);
	if (*number)
		return true;
	usage_error("there is no context '%s'; there are 'task', 'softirq' and 'hardirq'",
		    context);
	return false;
}

/* What the limits are the kernel says; 0 would be as if it was not asked for. */
static bool read_wish(const char *option, const char *text, bool bytes,
		      uint32_t *wish)
{
	uint64_t number = 1;

	if (bytes ? !argument_size(option, text, UINT32_MAX, &number) :
		    !argument_number(option, text, UINT32_MAX, &number))
		return false;
	if (!number) {
		usage_error("%s is 0; the least is 1", option);
		return false;
	}
	if (text)
		*wish = number;
	return true;
}

static bool read_request(const char *suite, struct bench_request *request)
{
	uint64_t number;

	*request = (struct bench_request){
		.cpu = -1,
		.sizes = random_sizes ? MPDEMO_BENCH_SIZES_RANDOM : 0,
		.zero = zero,
		.latency = latency,
		.memory = memory,
	};
	if (suite && !read_suite(suite, &request->suite))
		return false;
	if (!argument_number("--cpu", cpu, UINT32_MAX, &number))
		return false;
	if (cpu)
		request->cpu = number;
	return read_wish("--size", size, true, &request->size) &&
	       read_wish("--outstanding", outstanding, false,
			 &request->outstanding) &&
	       read_wish("--operations", operations, false,
			 &request->operations) &&
	       read_wish("--cpus", cpus, false, &request->cpus) &&
	       read_context(&request->context);
}

/*
 * What the clock of this machine counts. Under QEMU's -icount a nanosecond is
 * an instruction, which only the one who started it knows. NULL after a usage
 * error.
 */
static const char *read_instrument(void)
{
	const char *instrument = getenv("POOLCTL_INSTRUMENT");

	if (!instrument || !*instrument || !strcmp(instrument, "ns"))
		return "ns";
	if (!strcmp(instrument, "instructions"))
		return "instructions";
	usage_error("POOLCTL_INSTRUMENT is '%s'; there are 'ns' and 'instructions'",
		    instrument);
	return NULL;
}

static int refuse_emulation(void)
{
	struct kernel_error error = {
		.error = EOPNOTSUPP,
		.absent = true,
		.text = "this CPU is emulated (TCG), and its time means nothing",
	};

	return refused(&error,
		       "'make bench-insn' or 'tools/vm/run --icount' counts instructions",
		       NULL, "bench");
}

static const char *hint(const struct kernel_error *error)
{
	if (error->absent)
		return "'modprobe mempool_demo_bench' as root loads the module";
	switch (error->error) {
	case EPERM:
		return "run it as root";
	case EBUSY:
		return "wait for the job that runs";
	case EINVAL:
	case ERANGE:
	case EOPNOTSUPP:
		return "'poolctl help bench' says what suites there are, and what each has";
	default:
		return NULL;
	}
}

static int open_job(struct job *job, struct kernel_error *error)
{
	if (netlink_open(&job->requests, &bench_family, error))
		return -1;
	if (netlink_open(&job->events, &bench_family, error))
		goto close_requests;
	if (netlink_subscribe(&job->events, MEMPOOL_BENCH_MCGRP_PROGRESS,
			      NETLINK_BUFFER, error))
		goto close_events;
	return 0;
close_events:
	netlink_close(&job->events);
close_requests:
	netlink_close(&job->requests);
	return -1;
}

static void close_job(struct job *job)
{
	netlink_close(&job->events);
	netlink_close(&job->requests);
}

/* Only for people: a line in a log file costs instructions too. */
static void show_progress(const struct bench_status *status, bool end)
{
	if (options.quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rpoolctl: bench: %u of %u%s", status->rows_done,
		status->rows_total, end ? "\n" : "");
}

static int cancel(struct job *job, struct kernel_error *error)
{
	int result = bench_cancel(&job->requests, job->status.job, error);

	/* ESRCH: it has ended meanwhile, and its last state is to be read. */
	return result && error->error != ESRCH ? -1 : 0;
}

static int read_news(struct job *job, int ready, struct kernel_error *error)
{
	if (ready)
		return bench_read_progress(&job->events, &job->status, error);
	return bench_read_status(&job->requests, job->status.job, &job->status,
			       error);
}

/* Until the job has ended, in whatever state. */
static int wait_for_end(struct job *job, const sigset_t *signals,
			struct kernel_error *error)
{
	struct pollfd events = {
		.fd = nl_socket_get_fd(job->events.socket),
		.events = POLLIN,
	};
	bool cancelled = false;

	while (job->status.state == MPDEMO_BENCH_STATE_RUNNING) {
		int ready;

		show_progress(&job->status, false);
		ready = ppoll(&events, 1, &PATIENCE, signals);
		if (ready < 0)
			ready = 0;	/* a signal */
		if (signals_caught && !cancelled) {
			cancelled = true;
			if (cancel(job, error))
				return -1;
		}
		if (read_news(job, ready, error))
			return -1;
	}
	show_progress(&job->status, true);
	return 0;
}

static int run_job(struct bench_report *report,
		   const struct bench_request *request,
		   struct kernel_error *error)
{
	sigset_t before;
	struct job job;
	int result;

	if (open_job(&job, error))
		return -1;

	signals_catch(&before);
	result = bench_run(&job.requests, request, &job.status, error);
	if (!result)
		result = wait_for_end(&job, &before, error);
	if (!result)
		result = bench_read_rows(&job.requests, &report->rows, error);
	report->status = job.status;
	close_job(&job);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

/*
 * A table for people and a file for programs, from one and the same run. The
 * file is opened ahead of it: not to be able to write it is a mistake of the
 * command line, and no reason to measure for nothing.
 */
static bool open_save(int *fd)
{
	*fd = -1;
	if (!save)
		return true;
	*fd = open(save, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (*fd >= 0)
		return true;
	usage_error("cannot write to '%s': %s", save, strerror(errno));
	return false;
}

/* What was in the file is dropped only now that there is something better. */
static bool save_report(const struct bench_report *report, int fd)
{
	struct json_object *document;
	bool saved;

	if (fd < 0)
		return true;
	document = bench_report_json(report);
	/* Of what cannot be truncated, as a pipe, nothing need be. */
	saved = (!ftruncate(fd, 0) || errno == EINVAL) &&
		!json_object_to_fd(fd, document, JSON_C_TO_STRING_PLAIN);
	json_object_put(document);
	return saved;
}

/* Print what was measured, also where the job did not come to its end. */
static int print_report(const struct bench_report *report, int save_fd)
{
	const struct bench_status *status = &report->status;
	struct kernel_error error = { .error = status->error };
	struct json_object *document = NULL;

	if (options.json)
		document = bench_report_json(report);
	else
		bench_report_table(report);

	if (status->state == MPDEMO_BENCH_STATE_DONE) {
		if (!save_report(report, save_fd)) {
			error.error = errno;
			return refused(&error, "the figures are above", document,
				       "bench --save %s", save);
		}
		if (document)
			json_print(document);
		return STATUS_OK;
	}

	snprintf(error.text, sizeof(error.text),
		 "job %u is %s after %u of %u rows", status->job,
		 bench_state_name(status->state), status->rows_done,
		 status->rows_total);
	if (!error.error)
		error.error = ECANCELED;
	return refused(&error, NULL, document, "bench");
}

int bench_main(int argc, char **argv)
{
	struct bench_report report = { .instrument = read_instrument() };
	struct bench_request request;
	struct kernel_error error;
	int save_fd, status;

	if (!report.instrument || !read_request(argc ? argv[0] : NULL, &request))
		return STATUS_USAGE;
	machine_read(&report.machine);
	if (report.machine.emulated && strcmp(report.instrument, "instructions"))
		return refuse_emulation();
	if (!open_save(&save_fd))
		return STATUS_USAGE;

	if (run_job(&report, &request, &error))
		status = refused(&error, hint(&error), NULL, "bench");
	else
		status = print_report(&report, save_fd);
	free(report.rows.rows);
	if (save_fd >= 0)
		close(save_fd);
	return signals_caught ? 128 + signals_caught : status;
}
