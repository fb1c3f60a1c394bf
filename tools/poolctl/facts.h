/* SPDX-License-Identifier: GPL-2.0 */
/* What a report of a bug has to say of the machine. Nothing of it names the machine. */
#ifndef POOLCTL_FACTS_H
#define POOLCTL_FACTS_H

#include <json-c/json.h>

#define FACTS_MODULE	"/sys/module/mempool_demo"

/* Each adds an object of simple values to @document, or null: it cannot be read. */
void facts_kernel(struct json_object *document);
void facts_module(struct json_object *document);
void facts_machine(struct json_object *document);
void facts_config(struct json_object *document);

#endif /* POOLCTL_FACTS_H */
