// SPDX-License-Identifier: GPL-2.0
/* How fast the counters of objects grow. */
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "object_request.h"
#include "rates.h"

#define NS	1000000000.0

static const struct rate *find(const struct rates *rates, uint64_t id)
{
	size_t low = 0, high = rates->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t at = rates->rate[middle].object.value[MPDEMO_A_ID];

		if (at == id)
			return &rates->rate[middle];
		if (at < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A counter may be a little behind what it was: it is summed up while others count. */
static uint64_t grown(const struct object *object, const struct rate *before,
		      int attribute)
{
	uint64_t now = object->value[attribute];
	uint64_t then = before ? before->object.value[attribute] : 0;

	return now > then ? now - then : 0;
}

static struct rate rate_of(const struct object *object, const struct rate *before)
{
	uint64_t age = object->value[MPDEMO_A_AGE];

	/* Whoever is younger than before has begun anew. */
	if (before && age <= before->object.value[MPDEMO_A_AGE])
		before = NULL;
	return (struct rate){
		.object = *object,
		.since_zero = !before,
		.seconds = grown(object, before, MPDEMO_A_AGE) / NS,
		.allocs = grown(object, before, MPDEMO_A_ALLOCS),
		.frees = grown(object, before, MPDEMO_A_FREES),
		.failures = grown(object, before, MPDEMO_A_FAILURES),
		.reclaimed = grown(object, before, MPDEMO_A_RECLAIMED),
		.corrupted = grown(object, before, MPDEMO_A_CORRUPTED),
	};
}

int rates_read(struct netlink *netlink, const char *name,
	       const struct rates *before, struct rates *now,
	       struct kernel_error *error)
{
	struct object_list list = { 0 };
	int result;

	result = name ? object_read(netlink, name, &list, error) :
			object_read_all(netlink, &list, error);
	*now = (struct rates){ 0 };
	if (!result && list.count) {
		now->rate = needed(malloc(list.count * sizeof(*now->rate)));
		now->count = list.count;
		for (size_t i = 0; i < list.count; i++) {
			const struct object *object = &list.objects[i];

			now->rate[i] = rate_of(object,
					       find(before, object->value[MPDEMO_A_ID]));
		}
	}
	object_list_clear(&list);
	return result;
}

void rates_clear(struct rates *rates)
{
	free(rates->rate);
	*rates = (struct rates){ 0 };
}

double rate_per_second(uint64_t count, double seconds)
{
	return seconds > 0 ? count / seconds : 0;
}

const char *rate_format(uint64_t count, double seconds, char out[RATE_SIZE])
{
	double rate = rate_per_second(count, seconds);

	if (!count)
		return "0";
	if (rate < 9.995)
		snprintf(out, RATE_SIZE, "%.2f", rate);
	else
		snprintf(out, RATE_SIZE, "%.0f", rate);
	return out;
}

unsigned int rate_use(const struct object *object)
{
	uint64_t capacity = object_capacity(object);

	if (!capacity)
		return 0;
	return 100.0L * object->value[MPDEMO_A_IN_USE] / capacity;
}

bool rates_interval(const char *option, const char *text, double usual,
		    double *seconds)
{
	char *end;

	*seconds = usual;
	if (!text)
		return true;
	*seconds = strtod(text, &end);
	/* Nor is it nan. */
	if (end != text && !*end && *seconds >= 0.1 && *seconds <= 86400)
		return true;
	usage_error("%s: '%s' is not a number of seconds from 0.1 to 86400",
		    option, text);
	return false;
}
