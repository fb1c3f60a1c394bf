/* SPDX-License-Identifier: GPL-2.0 */
/* How fast the counters of objects grow. */
#ifndef POOLCTL_RATES_H
#define POOLCTL_RATES_H

#include "netlink.h"
#include "object.h"

/*
 * struct rate - what an object has counted
 * @object: as it is now
 * @since_zero: since it was created, or its counters were reset; else since it was read
 *	before
 * @seconds: how long that is, by the clock of the kernel
 * @allocs: in that time, as the following
 */
struct rate {
	struct object object;
	bool since_zero;
	double seconds;
	uint64_t allocs;
	uint64_t frees;
	uint64_t failures;
	uint64_t reclaimed;
	uint64_t corrupted;
};

/* In the order of their numbers. */
struct rates {
	struct rate *rate;
	size_t count;
};

/*
 * Read the object of that name, or all where it is NULL. @before is what was read last
 * time, or empty. Returns 0, or fills @error and returns -1.
 */
int rates_read(struct netlink *netlink, const char *name,
	       const struct rates *before, struct rates *now,
	       struct kernel_error *error);
void rates_clear(struct rates *rates);

/* 0, 0.25, 17, 1203511. */
#define RATE_SIZE	24
const char *rate_format(uint64_t count, double seconds, char out[RATE_SIZE]);
double rate_per_second(uint64_t count, double seconds);

/* How many percent are in use. */
unsigned int rate_use(const struct object *object);

/*
 * Seconds between two readings, 0.1 to 86400, or @usual where @text is NULL. Returns false
 * after a usage error.
 */
bool rates_interval(const char *option, const char *text, double usual,
		    double *seconds);

/* poolctl stats --interval: read again and again. Returns an exit status. */
int rates_watch(const char *name, const char *interval, const char *count);

#endif /* POOLCTL_RATES_H */
