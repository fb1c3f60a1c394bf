/* SPDX-License-Identifier: MIT */
/* Time, as a number. */
#ifndef EXAMPLES_CLOCK_H
#define EXAMPLES_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Of CLOCK_MONOTONIC, or what this program has had of the CPUs: CLOCK_PROCESS_CPUTIME_ID. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#endif /* EXAMPLES_CLOCK_H */
