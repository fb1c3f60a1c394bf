// SPDX-License-Identifier: GPL-2.0
/* What a report is about: many jobs, none of which has a row of another one. */
#include <stdlib.h>

#include "bench_sweep.h"
#include "memory.h"

/* Those of the suites themselves, 1, 10 or 32, 100 and 1000, are measured anyway. */
static const uint32_t micro_outstanding[] = { 3, 10, 320, 1000, 3200, 10000, 32768 };
static const uint32_t remote_outstanding[] = { 3200, 10000, 32768 };

/* Powers of two, as slab has them, and what does not fit into one so well. */
static const uint32_t sizes[] = {
	8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536,
	2048, 3072, 4096
};

/* So many that what is not of an object does not count, as the rest of a page. */
#define SIZED_OUTSTANDING	1000

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static struct bench_request *add(struct bench_plan *plan,
				 const struct bench_request *basis,
				 uint32_t suite)
{
	struct bench_request *request;

	plan->requests = needed(realloc(plan->requests, (plan->count + 1) *
							sizeof(*request)));
	request = &plan->requests[plan->count++];
	*request = *basis;
	request->suite = suite;
	return request;
}

static void add_outstanding(struct bench_plan *plan,
			    const struct bench_request *basis, uint32_t suite,
			    const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(plan, basis, suite)->outstanding = numbers[i];
}

static void add_cpus(struct bench_plan *plan, const struct bench_request *basis,
		     uint32_t suite, unsigned int cpus)
{
	struct bench_request *request = add(plan, basis, suite);

	request->cpus = cpus;
	if (suite == MPDEMO_BENCH_SUITE_MICRO)
		request->outstanding = 32;
}

/* Twice as many each time, and all of them, which connections and percpu are anyway. */
static void add_all_cpus(struct bench_plan *plan,
			 const struct bench_request *basis, unsigned int online)
{
	for (unsigned int cpus = 2; cpus < online; cpus *= 2)
		add_cpus(plan, basis, MPDEMO_BENCH_SUITE_MICRO, cpus);
	add_cpus(plan, basis, MPDEMO_BENCH_SUITE_MICRO, online);
	for (unsigned int cpus = 1; cpus < online; cpus *= 2)
		add_cpus(plan, basis, MPDEMO_BENCH_SUITE_PERCPU, cpus);
}

struct bench_plan bench_sweep(const struct bench_request *basis,
			      const struct machine *machine, bool instructions)
{
	struct bench_plan plan = { 0 };
	struct bench_request *request;

	request = add(&plan, basis, 0);
	request->latency = true;
	request->memory = true;
	add_outstanding(&plan, basis, MPDEMO_BENCH_SUITE_MICRO,
			micro_outstanding, COUNT(micro_outstanding));
	if (machine->cpus > 1)
		add_outstanding(&plan, basis, MPDEMO_BENCH_SUITE_REMOTE,
				remote_outstanding, COUNT(remote_outstanding));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		request = add(&plan, basis, MPDEMO_BENCH_SUITE_MICRO);
		request->size = sizes[i];
		request->outstanding = SIZED_OUTSTANDING;
		request->memory = true;
	}
	/*
	 * QEMU counts the instructions of all CPUs together, so that each of them
	 * seems to cost what all do.
	 */
	if (machine->cpus > 1 && !instructions)
		add_all_cpus(&plan, basis, machine->cpus);
	return plan;
}
