/* SPDX-License-Identifier: GPL-2.0 */
/* JSON output, by json-c. */
#ifndef POOLCTL_JSON_H
#define POOLCTL_JSON_H

#include <stdint.h>
#include <json-c/json.h>

/*
 * The shape of the output is a promise: within one schema number keys are
 * only added.
 */
#define JSON_SCHEMA	1

/* A new top-level object. */
struct json_object *json_document(void);

void json_add_number(struct json_object *object, const char *key,
		     uint64_t number);
void json_add_real(struct json_object *object, const char *key, double number);
void json_add_string(struct json_object *object, const char *key,
		     const char *string);

/* A new array, added to @object. */
struct json_object *json_add_array(struct json_object *object, const char *key);

/* Print to stdout, and free. */
void json_print(struct json_object *document);

#endif /* POOLCTL_JSON_H */
