/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader of messages of the suite chat: see json.c.
 */
#ifndef _MEMPOOL_DEMO_BENCH_JSON_H
#define _MEMPOOL_DEMO_BENCH_JSON_H

#include <linux/types.h>

/**
 * struct json_field - a member of an object
 * @name: its name, without quotes, not terminated
 * @value: its value, likewise
 * @name_length: bytes of the name
 * @value_length: bytes of the value
 */
struct json_field {
	const char *name;
	const char *value;
	unsigned int name_length;
	unsigned int value_length;
};

int json_parse(const char *text, size_t length, struct json_field *fields,
	       unsigned int max);

#endif /* _MEMPOOL_DEMO_BENCH_JSON_H */
