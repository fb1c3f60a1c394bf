// SPDX-License-Identifier: GPL-2.0
/* JSON output, by json-c. */
#include <stdio.h>

#include "json.h"
#include "memory.h"
#include "options.h"

struct json_object *json_document(void)
{
	struct json_object *document = needed(json_object_new_object());

	json_add_number(document, "schema", JSON_SCHEMA);
	if (options.batch_line)
		json_add_number(document, "line", options.batch_line);
	return document;
}

void json_add_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	json_object_object_add(object, key,
			       needed(json_object_new_uint64(number)));
}

void json_add_real(struct json_object *object, const char *key, double number)
{
	char digits[32];

	/* json-c would print 12.3 as 12.300000000000001. */
	snprintf(digits, sizeof(digits), "%.3f", number);
	json_object_object_add(object, key,
			       needed(json_object_new_double_s(number,
							       digits)));
}

void json_add_string(struct json_object *object, const char *key,
		     const char *string)
{
	json_object_object_add(object, key,
			       needed(json_object_new_string(string)));
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *array = needed(json_object_new_array());

	json_object_object_add(object, key, array);
	return array;
}

void json_print(struct json_object *document)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= options.pretty ? JSON_C_TO_STRING_PRETTY |
				  JSON_C_TO_STRING_SPACED :
				  JSON_C_TO_STRING_PLAIN;
	puts(needed((void *)json_object_to_json_string_ext(document, flags)));
	json_object_put(document);
}
