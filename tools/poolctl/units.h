/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers, sizes and times as people write them. */
#ifndef POOLCTL_UNITS_H
#define POOLCTL_UNITS_H

#include <stdint.h>

/*
 * All parsers return NULL, or what is wrong with the text, to be printed behind
 * it; then the value is as it was.
 */

/* A size: 64, 4K = 4KiB = 4096, 4KB = 4000, as zramctl(8) reads them. */
const char *units_parse_size(const char *text, uint64_t *value);

/* A plain decimal number up to @most; else it is units_too_large. */
extern const char units_too_large[];
const char *units_parse_number(const char *text, uint64_t most,
			       uint64_t *value);

/* Permission bits, in octal. */
const char *units_parse_mode(const char *text, uint32_t *mode);

#define UNITS_SIZE	32

/* 64B, 4K, 1.5M; never more than there is. */
const char *units_format_size(uint64_t value, char out[UNITS_SIZE]);

/* How long, of nanoseconds: 12s, 3m05s, 2h07m, 2d4h; never longer than it is. */
const char *units_format_age(uint64_t ns, char out[UNITS_SIZE]);

#endif /* POOLCTL_UNITS_H */
