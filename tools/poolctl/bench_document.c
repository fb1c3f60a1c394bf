// SPDX-License-Identifier: GPL-2.0
/* Documents that 'poolctl bench --save' has written. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_compare.h"
#include "error.h"
#include "json.h"

static bool is_document(struct json_object *document)
{
	struct json_object *schema, *rows, *instrument;

	return json_object_is_type(document, json_type_object) &&
	       json_object_object_get_ex(document, "schema", &schema) &&
	       json_object_get_int(schema) == JSON_SCHEMA &&
	       json_object_object_get_ex(document, "instrument", &instrument) &&
	       json_object_is_type(instrument, json_type_string) &&
	       json_object_object_get_ex(document, "rows", &rows) &&
	       json_object_is_type(rows, json_type_array);
}

/* Only what is there to see why json-c did not like it. */
static const char *why_not(const char *path)
{
	return access(path, R_OK) ? strerror(errno) : "it is no JSON";
}

struct json_object *bench_document_read(const char *path)
{
	struct json_object *document = json_object_from_file(path);

	if (!document) {
		usage_error("cannot read '%s': %s", path, why_not(path));
		return NULL;
	}
	if (is_document(document))
		return document;
	usage_error("'%s' is not what 'poolctl bench --save' writes, of schema %d",
		    path, JSON_SCHEMA);
	json_object_put(document);
	return NULL;
}

bool bench_limit_read(const char *text, double *limit)
{
	char *end;

	*limit = strtod(text, &end);
	if (end != text && *end == '%')
		end++;
	if (end != text && !*end && isfinite(*limit) && *limit >= 0)
		return true;
	usage_error("--fail-above: '%s' is no number of percent, as 5%%", text);
	return false;
}
