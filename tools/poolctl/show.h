/* SPDX-License-Identifier: GPL-2.0 */
/* Objects as tables and as JSON. */
#ifndef POOLCTL_SHOW_H
#define POOLCTL_SHOW_H

#include <json-c/json.h>

#include "object.h"

/* The document {"schema":1,"objects":[...]}; with all fields, or the most
 * important ones.
 */
struct json_object *show_json(const struct object_list *list, bool all);

/* Add the keys of one of them to @json. */
void show_object_json(struct json_object *json, const struct object *object,
		      bool all);

/* One line for a field. */
void show_fields(const struct object *object);

#endif /* POOLCTL_SHOW_H */
