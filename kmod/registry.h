/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_REGISTRY_H
#define _MPDEMO_REGISTRY_H

#include <linux/types.h>

struct mpdemo_object;
struct mpdemo_object_config;
struct mpdemo_refusal;
struct mpdemo_settings;
struct notifier_block;

/**
 * enum mpdemo_event - what the registry tells its subscribers
 * @MPDEMO_EVENT_ADDED: there is a new object
 * @MPDEMO_EVENT_CHANGED: its settings were changed
 * @MPDEMO_EVENT_UNNAMED: it was deleted
 * @MPDEMO_EVENT_GONE: it ends, and this is the last event of it
 * @MPDEMO_EVENT_LOW: it is a pool that is low; this and the following see
 *	registry_events.c
 * @MPDEMO_EVENT_EXHAUSTED: a pool was exhausted
 * @MPDEMO_EVENT_RECOVERED: the level of a pool is normal again
 * @MPDEMO_EVENT_RECLAIMED: blocks were taken back from open files that were closed
 * @MPDEMO_EVENT_CORRUPTION: a free block was found written to
 *
 * With the object as data, which stays until the call returns.
 */
enum mpdemo_event {
	MPDEMO_EVENT_ADDED,
	MPDEMO_EVENT_CHANGED,
	MPDEMO_EVENT_UNNAMED,
	MPDEMO_EVENT_GONE,
	MPDEMO_EVENT_LOW,
	MPDEMO_EVENT_EXHAUSTED,
	MPDEMO_EVENT_RECOVERED,
	MPDEMO_EVENT_RECLAIMED,
	MPDEMO_EVENT_CORRUPTION,
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

void mpdemo_registry_tell(enum mpdemo_event event, struct mpdemo_object *object);

void mpdemo_registry_exit(void);

/* registry_events.c */
void mpdemo_events_init(struct mpdemo_object *object);
void mpdemo_events_begin(struct mpdemo_object *object);
void mpdemo_events_note(struct mpdemo_object *object, enum mpdemo_event event);
void mpdemo_events_end(struct mpdemo_object *object);
void mpdemo_events_exit(void);

#endif /* _MPDEMO_REGISTRY_H */
