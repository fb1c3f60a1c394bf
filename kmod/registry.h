/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_REGISTRY_H
#define _MPDEMO_REGISTRY_H

#include <linux/types.h>

struct mpdemo_object;
struct mpdemo_object_config;
struct mpdemo_refusal;
struct mpdemo_settings;
struct notifier_block;

/* What the registry tells, with the object as data. The object stays until the
 * call returns; MPDEMO_EVENT_GONE is the last one about it.
 */
enum {
	MPDEMO_EVENT_ADDED,
	MPDEMO_EVENT_CHANGED,
	MPDEMO_EVENT_LEVEL,
	MPDEMO_EVENT_UNNAMED,
	MPDEMO_EVENT_GONE,
};

int mpdemo_registry_check_name(const char *name,
			       struct mpdemo_refusal *refusal);
struct mpdemo_object *
mpdemo_registry_create(const struct mpdemo_object_config *config,
		       struct mpdemo_refusal *refusal);
struct mpdemo_object *mpdemo_registry_get_by_name(const char *name);
struct mpdemo_object *mpdemo_registry_get_by_id(u32 id);
struct mpdemo_object *mpdemo_registry_get_next(unsigned long *id);
void mpdemo_registry_put(struct mpdemo_object *object);
void mpdemo_registry_begin_set(struct mpdemo_object *object);
int mpdemo_registry_set(struct mpdemo_object *object,
			const struct mpdemo_settings *wanted,
			struct mpdemo_refusal *refusal);
void mpdemo_registry_end_set(struct mpdemo_object *object, bool changed);
int mpdemo_registry_delete(struct mpdemo_object *object);
unsigned int mpdemo_registry_generation(void);

int mpdemo_registry_subscribe(struct notifier_block *subscriber);
void mpdemo_registry_unsubscribe(struct notifier_block *subscriber);

void mpdemo_registry_exit(void);

#endif /* _MPDEMO_REGISTRY_H */
