// SPDX-License-Identifier: GPL-2.0
/* poolctl bench: run the benchmarks of mempool_demo_bench.ko. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "bench_compare.h"
#include "bench_job.h"
#include "bench_page.h"
#include "bench_report.h"
#include "bench_sweep.h"
#include "json.h"
#include "options.h"
#include "poolctl.h"
#include "signals.h"

static const char *cpu, *save, *size, *outstanding, *cpus, *context, *operations;
static const char *random_sizes, *zero, *latency, *memory;
static const char *sweep, *compare, *fail_above, *page;

const struct command_option bench_options[] = {
	{ "size", 0, "SIZE", &size,
	  "bytes of an object, 8 to 4096: micro, remote" },
	{ "random", 0, NULL, &random_sizes, "any size up to that" },
	{ "outstanding", 0, "N", &outstanding,
	  "objects held, up to 32768: micro, remote, sizes" },
	{ "operations", 0, "N", &operations,
	  "operations in a round at the most, for a quick look" },
	{ "cpus", 0, "N", &cpus, "CPUs that do the same at the same time" },
	{ "context", 0, "CONTEXT", &context, "'task', 'softirq' or 'hardirq'" },
	{ "zero", 0, NULL, &zero, "all allocators zero their objects" },
	{ "latency", 0, NULL, &latency, "time each call as well" },
	{ "memory", 0, NULL, &memory, "look at memory as well" },
	{ "cpu", 0, "N", &cpu, "run on this CPU (the current one)" },
	{ "sweep", 0, NULL, &sweep,
	  "all suites, and other numbers, sizes and CPUs" },
	{ "save", 0, "FILE", &save, "write the JSON to FILE as well" },
	{ "compare", 0, "FILE", &compare, "with what was saved in FILE before" },
	{ "fail-above", 0, "PCT", &fail_above,
	  "exit status 5 if a row costs so much more" },
	{ "report", 0, "PAGE", &page, "write a page with plots, as HTML" },
	{ 0 },
};

static bool read_suite(const char *suite, uint32_t *number)
{
	const char *nearest;

	*number = bench_suite_number(suite);
	if (*number)
		return true;
	nearest = bench_suite_nearest(suite);
	if (!access(suite, F_OK))
		usage_error("'%s' is no suite; files are for --compare and --report",
			    suite);
	else if (nearest)
		usage_error("there is no suite '%s' (did you mean '%s'?)", suite,
			    nearest);
	else
		usage_error("there is no suite '%s'; 'poolctl help bench' names all",
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
		       "'make shell INSN=1' or 'tools/vm/run --icount' counts instructions",
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
static bool save_document(struct json_object *document, int fd)
{
	if (fd < 0)
		return true;
	/* Of what cannot be truncated, as a pipe, nothing need be. */
	return (!ftruncate(fd, 0) || errno == EINVAL) &&
	       !json_object_to_fd(fd, document, JSON_C_TO_STRING_PLAIN);
}

static int print_unfinished(const struct bench_report *report,
			    struct json_object *document)
{
	const struct bench_status *status = &report->status;
	struct kernel_error error = { .error = status->error };

	snprintf(error.text, sizeof(error.text),
		 "job %u is %s after %u of %u rows", status->job,
		 bench_state_name(status->state), status->rows_done,
		 status->rows_total);
	if (!error.error)
		error.error = ECANCELED;
	return refused(&error, NULL, document, "bench");
}

/* What is made of figures that are whole, in place of printing them or beside that. */
static int use_figures(struct json_object *after, struct json_object *before,
		       const char *suite, double limit)
{
	struct bench_comparison comparison = {
		.before = before,
		.after = after,
		.suite = suite,
		.has_limit = fail_above,
		.limit = limit,
	};

	if (page)
		return bench_page_of(after, page);
	return before ? bench_compare(&comparison) : STATUS_OK;
}

/* Print what was measured, also where a job did not come to its end. */
static int print_report(const struct bench_report *report, int save_fd,
			struct json_object *before, const char *suite,
			double limit)
{
	struct json_object *document = bench_report_json(report);
	struct kernel_error error;
	int status;

	if (!options.json && !before)
		bench_report_table(report);
	if (report->status.state != MPDEMO_BENCH_STATE_DONE) {
		if (options.json)
			return print_unfinished(report, document);
		json_object_put(document);
		return print_unfinished(report, NULL);
	}
	if (!save_document(document, save_fd)) {
		error = (struct kernel_error){ .error = errno };
		status = refused(&error, "the figures are above",
				 options.json ? json_object_get(document) : NULL,
				 "bench --save %s", save);
	} else {
		if (options.json && !before)
			json_print(json_object_get(document));
		status = use_figures(document, before, suite, limit);
	}
	json_object_put(document);
	return status;
}

static void note_time(struct bench_report *report)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(report->time, sizeof(report->time), "%FT%TZ", gmtime_r(&now, &tm));
}

/* Measure, with @before to compare with, or NULL. */
static int measure(const char *suite, struct json_object *before, double limit)
{
	struct bench_report report = { .instrument = read_instrument() };
	struct bench_request request;
	struct bench_plan plan = { &request, 1 };
	struct kernel_error error;
	int save_fd, status;

	if (!report.instrument || !read_request(suite, &request))
		return STATUS_USAGE;
	machine_read(&report.machine);
	note_time(&report);
	if (report.machine.emulated && strcmp(report.instrument, "instructions"))
		return refuse_emulation();
	if (page) {
		status = bench_page_check();
		if (status)
			return status;
	}
	if (!open_save(&save_fd))
		return STATUS_USAGE;

	if (sweep)
		plan = bench_sweep(&request, &report.machine,
				   !strcmp(report.instrument, "instructions"));
	if (bench_run_plan(&plan, &report, &error))
		status = refused(&error, hint(&error), NULL, "bench");
	else
		status = print_report(&report, save_fd, before, suite, limit);
	if (sweep)
		free(plan.requests);
	bench_free_rows(&report.rows);
	if (save_fd >= 0)
		close(save_fd);
	return signals_caught ? 128 + signals_caught : status;
}

/* What was measured before: nobody asks the module. */
static int show_file(const char *path, struct json_object *before, double limit)
{
	struct json_object *document = bench_document_read(path);
	int status;

	if (!document)
		return STATUS_USAGE;
	if (page)
		status = bench_page_of_file(path, page);
	else
		status = use_figures(document, before, NULL, limit);
	json_object_put(document);
	return status;
}

/* What does not go together, or has nothing to be about. */
static bool check_options(const char *argument, bool is_file)
{
	bool chosen = size || outstanding || cpus || context || random_sizes;
	bool other = chosen || cpu || operations || zero || latency || memory || save;

	if (fail_above && !compare)
		usage_error("--fail-above is for --compare");
	else if (page && compare)
		usage_error("either --report or --compare");
	else if (is_file && (sweep || other))
		usage_error("'%s' is no suite, and was measured already",
			    argument);
	else if (sweep && (argument || chosen))
		usage_error("--sweep chooses suites, sizes, numbers and CPUs itself");
	else
		return true;
	return false;
}

int bench_main(int argc, char **argv)
{
	const char *argument = argc ? argv[0] : NULL;
	bool is_file = argument && (page || compare) &&
		       !bench_suite_number(argument);
	struct json_object *before = NULL;
	double limit = 0;
	int status;

	/* A page of one suite has little to show. */
	if (page && !argument && !size && !outstanding && !cpus && !context &&
	    !random_sizes)
		sweep = "";
	if (!check_options(argument, is_file) ||
	    (fail_above && !bench_limit_read(fail_above, &limit)))
		return STATUS_USAGE;
	if (compare) {
		before = bench_document_read(compare);
		if (!before)
			return STATUS_USAGE;
	}
	status = is_file ? show_file(argument, before, limit) :
			   measure(argument, before, limit);
	json_object_put(before);
	return status;
}
