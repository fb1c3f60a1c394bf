// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes and times as people write them. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

static const char prefixes[] = "KMGTPE";

static const char not_digits[] = "is not a number";
const char units_too_large[] = "is too large";

/*
 * Digits only: strtoull() would take blanks, a sign, and -1 as 2^64 - 1. Leaves
 * @text at the first character that is no digit.
 */
static const char *take_digits(const char **text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!**text)
		return "is empty";
	if (**text == '-' && isdigit((unsigned char)(*text)[1]))
		return "is negative";
	if (!isdigit((unsigned char)**text))
		return not_digits;

	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, **text - '0', &sum))
			return "does not fit into 64 bits";
	}
	*value = sum;
	return NULL;
}

const char *units_parse_size(const char *text, uint64_t *value)
{
	static const char what[] =
		"is not a size (sizes are 64, 4K = 4KiB, 4KB = 4000, 1M...)";
	const char *problem, *prefix;
	uint64_t number;
	int factor = 1024;

	problem = take_digits(&text, &number);
	if (problem)
		return problem == not_digits ? what : problem;

	prefix = *text ? strchr(prefixes, toupper((unsigned char)*text)) : NULL;
	if (prefix)
		text++;
	if (prefix && !strcmp(text, "B"))
		factor = 1000;
	else if (*text && strcmp(text, prefix ? "iB" : "B"))
		return what;

	for (; prefix && prefix >= prefixes; prefix--) {
		if (__builtin_mul_overflow(number, factor, &number))
			return "does not fit into 64 bits";
	}
	*value = number;
	return NULL;
}

const char *units_parse_number(const char *text, uint64_t most, uint64_t *value)
{
	const char *problem;
	uint64_t number;

	problem = take_digits(&text, &number);
	if (problem)
		return problem;
	if (*text)
		return not_digits;
	if (number > most)
		return units_too_large;
	*value = number;
	return NULL;
}

const char *units_parse_mode(const char *text, uint32_t *mode)
{
	uint32_t bits = 0;

	if (!*text)
		return "is empty";
	for (; *text; text++) {
		if (*text < '0' || *text > '7' || bits > 07777 / 8)
			return "is not a mode (modes are octal, 0600)";
		bits = bits * 8 + *text - '0';
	}
	*mode = bits;
	return NULL;
}

const char *units_format_size(uint64_t value, char out[UNITS_SIZE])
{
	uint64_t unit = 1024, whole, tenths;
	const char *prefix = prefixes;

	if (value < unit) {
		snprintf(out, UNITS_SIZE, "%" PRIu64 "B", value);
		return out;
	}

	while (value / unit >= 1024) {
		unit *= 1024;
		prefix++;
	}
	whole = value / unit;
	tenths = value % unit * 10 / unit;
	if (value % unit)
		snprintf(out, UNITS_SIZE, "%" PRIu64 ".%" PRIu64 "%c", whole,
			 tenths, *prefix);
	else
		snprintf(out, UNITS_SIZE, "%" PRIu64 "%c", whole, *prefix);
	return out;
}

const char *units_format_age(uint64_t ns, char out[UNITS_SIZE])
{
	uint64_t seconds = ns / 1000000000, minutes = seconds / 60, hours = minutes / 60;

	if (!minutes)
		snprintf(out, UNITS_SIZE, "%" PRIu64 "s", seconds);
	else if (!hours)
		snprintf(out, UNITS_SIZE, "%" PRIu64 "m%02" PRIu64 "s", minutes, seconds % 60);
	else if (hours < 24)
		snprintf(out, UNITS_SIZE, "%" PRIu64 "h%02" PRIu64 "m", hours, minutes % 60);
	else
		snprintf(out, UNITS_SIZE, "%" PRIu64 "d%" PRIu64 "h", hours / 24, hours % 24);
	return out;
}
