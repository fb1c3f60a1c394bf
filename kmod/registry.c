// SPDX-License-Identifier: GPL-2.0
/*
 * All objects of user space: by number, and the named ones by name.
 *
 * An object lives as long as it has references. Each open file has one, each
 * look-up takes one, and a name has one: that is why a named object stays while
 * nobody has it open. The numbers do not refer, an object is taken out of them
 * by its last put.
 *
 * Lock order: object->set_lock, by which who changes an object or takes its name away is
 * alone with its settings, for as long as that takes; changes, then lock, object->lock or
 * object->settings_lock; those three never nest, nor does object->arena_lock with any
 * of them.
 *
 * changes	serializes what happens to names with what subscribers are told of
 *		it, so that they are told in that order. Subscribers may sleep,
 *		but not come back here with a change or a put.
 *		Nobody waits for long with it, as all who create or delete an object
 *		wait for him: so settings, which may have to wait for a grace period,
 *		are changed without it.
 * lock		protects the tables, for short.
 */

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/stringhash.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include <mempool_demo/refusal.h>

#include "object.h"
#include "pool_list.h"
#include "registry.h"

#define NAME_HASH_BITS	8

static DEFINE_MUTEX(changes);

/* Protects: objects, next_id, names, generation; of each object: named, node. */
static DEFINE_MUTEX(lock);
static DEFINE_XARRAY_ALLOC1(objects);
static DEFINE_HASHTABLE(names, NAME_HASH_BITS);
static u32 next_id;

/* Changes with each object that comes or goes, so that a list that was read in
 * pieces can be told from one that is true.
 */
static unsigned int generation = 1;

static BLOCKING_NOTIFIER_HEAD(subscribers);

/**
 * mpdemo_registry_tell() - tell subscribers of an event
 * @event: what has happened
 * @object: the object, which stays until this returns
 *
 * Context: Task context, may sleep.
 */
void mpdemo_registry_tell(enum mpdemo_event event, struct mpdemo_object *object)
{
	blocking_notifier_call_chain(&subscribers, event, object);
}

static u32 name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

static struct mpdemo_object *find_name(const char *name)
{
	struct mpdemo_object *object;

	lockdep_assert_held(&lock);
	hash_for_each_possible(names, object, node, name_hash(name))
		if (!strcmp(object->name, name))
			return object;
	return NULL;
}

/**
 * mpdemo_registry_check_name() - whether a name is one
 * @name: the name
 * @refusal: filled where it is refused; may be NULL
 *
 * Names end up in file names, tables and shell commands; what would be trouble
 * there is refused.
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int mpdemo_registry_check_name(const char *name,
			       struct mpdemo_refusal *refusal)
{
	const char *why = NULL, *c;

	if (!*name)
		why = "a name must not be empty";
	else if (strlen(name) >= MPDEMO_NAME_SIZE)
		why = "a name must not be longer than 63 bytes";
	else if (*name == '.' || *name == '-')
		why = "a name must not begin with '.' or '-'";
	for (c = name; *c && !why; c++)
		if (!isascii(*c) || !isgraph(*c) || *c == '/' || *c == '\\')
			why = "a name must be of printable ASCII, without spaces, '/' and '\\'";
	return why ? mpdemo_refuse(refusal, -EINVAL, MPDEMO_SETTING_NAME, why) :
		     0;
}

static int check_free(const char *name, struct mpdemo_refusal *refusal)
{
	lockdep_assert_held(&lock);
	if (find_name(name))
		return mpdemo_refuse(refusal, -EEXIST, MPDEMO_SETTING_NAME,
				     "there is an object of this name already");
	return 0;
}

/* To be asked ahead of all that costs memory; and again when it is there. */
static int check_name(const char *name, struct mpdemo_refusal *refusal)
{
	int ret;

	ret = mpdemo_registry_check_name(name, refusal);
	if (ret)
		return ret;
	mutex_lock(&lock);
	ret = check_free(name, refusal);
	mutex_unlock(&lock);
	return ret;
}

static int add(struct mpdemo_object *object, struct mpdemo_refusal *refusal)
{
	int ret;

	lockdep_assert_held(&lock);
	if (object->name[0]) {
		ret = check_free(object->name, refusal);
		if (ret)
			return ret;
	}
	ret = xa_alloc_cyclic(&objects, &object->id, object,
			      XA_LIMIT(1, POOL_LIST_MIN - 1), &next_id,
			      GFP_KERNEL);
	if (ret < 0)
		return ret;
	if (object->name[0]) {
		hash_add(names, &object->node, name_hash(object->name));
		object->named = true;
		/* The reference of the name. */
		kref_get(&object->ref);
	}
	generation++;
	return 0;
}

/**
 * mpdemo_registry_create() - create an object and enter it
 * @config: what it shall be
 * @refusal: filled where there is more to say than the errno; may be NULL
 *
 * Context: Task context, may sleep.
 * Return: the object with a reference for the caller, or an ERR_PTR(): as of
 * mpdemo_object_create(), -EINVAL: not a name, -EEXIST: the name is taken.
 */
struct mpdemo_object *
mpdemo_registry_create(const struct mpdemo_object_config *config,
		       struct mpdemo_refusal *refusal)
{
	struct mpdemo_object *object;
	int ret;

	if (config->name) {
		ret = check_name(config->name, refusal);
		if (ret)
			return ERR_PTR(ret);
	}
	object = mpdemo_object_create(config, refusal);
	if (IS_ERR(object))
		return object;

	mpdemo_events_init(object);

	mutex_lock(&changes);
	mutex_lock(&lock);
	ret = add(object, refusal);
	mutex_unlock(&lock);
	if (!ret) {
		mpdemo_registry_tell(MPDEMO_EVENT_ADDED, object);
		mpdemo_events_begin(object);
	}
	mutex_unlock(&changes);

	if (ret) {
		mpdemo_object_free(object);
		return ERR_PTR(ret);
	}
	return object;
}

/**
 * mpdemo_registry_get_by_name() - look an object up by its name
 * @name: the name
 *
 * Context: Task context, may sleep.
 * Return: the object with a reference for the caller, or NULL.
 */
struct mpdemo_object *mpdemo_registry_get_by_name(const char *name)
{
	struct mpdemo_object *object;

	mutex_lock(&lock);
	object = find_name(name);
	/* The name has a reference, so there is one to be had. */
	if (object)
		kref_get(&object->ref);
	mutex_unlock(&lock);
	return object;
}

/**
 * mpdemo_registry_get_by_id() - look an object up by its number
 * @id: the number
 *
 * Context: Task context, may sleep.
 * Return: the object with a reference for the caller, or NULL.
 */
struct mpdemo_object *mpdemo_registry_get_by_id(u32 id)
{
	struct mpdemo_object *object;

	mutex_lock(&lock);
	object = xa_load(&objects, id);
	if (object && !kref_get_unless_zero(&object->ref))
		object = NULL;
	mutex_unlock(&lock);
	return object;
}

/**
 * mpdemo_registry_get_next() - go through all objects
 * @id: where to begin, the lowest number; set to that of the object
 *
 * Context: Task context, may sleep.
 * Return: the object with a reference for the caller, or NULL at the end.
 */
struct mpdemo_object *mpdemo_registry_get_next(unsigned long *id)
{
	struct mpdemo_object *object;

	mutex_lock(&lock);
	object = xa_find(&objects, id, ULONG_MAX, XA_PRESENT);
	while (object && !kref_get_unless_zero(&object->ref))
		object = xa_find_after(&objects, id, ULONG_MAX, XA_PRESENT);
	mutex_unlock(&lock);
	return object;
}

static void object_release(struct kref *ref)
{
	struct mpdemo_object *object =
		container_of(ref, struct mpdemo_object, ref);

	mutex_lock(&lock);
	xa_erase(&objects, object->id);
	generation++;
	mutex_unlock(&lock);

	/*
	 * Without changes: its name is gone, its number does not come again
	 * soon, and subscribers may have to wait for readers.
	 */
	mpdemo_registry_tell(MPDEMO_EVENT_GONE, object);
	mpdemo_object_free(object);
}

/**
 * mpdemo_registry_put() - give a reference back
 * @object: the object, freed with its last one
 *
 * Context: Task context, may sleep.
 */
void mpdemo_registry_put(struct mpdemo_object *object)
{
	kref_put(&object->ref, object_release);
}

static void level_changed(struct mpdemo_pool *pool, enum mpdemo_level level,
			  void *data)
{
	static const enum mpdemo_event events[] = {
		[MPDEMO_LEVEL_NORMAL] = MPDEMO_EVENT_RECOVERED,
		[MPDEMO_LEVEL_LOW] = MPDEMO_EVENT_LOW,
		[MPDEMO_LEVEL_EXHAUSTED] = MPDEMO_EVENT_EXHAUSTED,
	};

	mpdemo_events_note(data, events[level]);
}

/**
 * mpdemo_registry_begin_set() - be alone with the settings of an object
 * @object: the object; the caller has a reference
 *
 * Until mpdemo_registry_end_set() nobody changes them, nor the name, nor who may open
 * it: who was found to be the owner still is when the settings are changed.
 *
 * Context: Task context, may sleep.
 */
void mpdemo_registry_begin_set(struct mpdemo_object *object)
{
	mutex_lock(&object->set_lock);
}

/**
 * mpdemo_registry_set() - change the settings of an object
 * @object: the object
 * @wanted: all of them, as they shall be
 * @refusal: filled where there is more to say than the errno; may be NULL
 *
 * Context: Task context, may sleep, after mpdemo_registry_begin_set().
 * Return: as mpdemo_object_set(), or -EOPNOTSUPP: it is anonymous.
 */
int mpdemo_registry_set(struct mpdemo_object *object,
			const struct mpdemo_settings *wanted,
			struct mpdemo_refusal *refusal)
{
	lockdep_assert_held(&object->set_lock);
	if (!object->name[0])
		return mpdemo_refuse(refusal, -EOPNOTSUPP, MPDEMO_SETTING_NONE,
				     "it has no name, and is its creator's own");
	return mpdemo_object_set(object, wanted, level_changed, refusal);
}

/**
 * mpdemo_registry_end_set() - end what mpdemo_registry_begin_set() began
 * @object: the object
 * @changed: whether subscribers are to be told
 *
 * Context: Task context, may sleep.
 */
void mpdemo_registry_end_set(struct mpdemo_object *object, bool changed)
{
	if (changed) {
		/* Not before they have been told that there is one. */
		mutex_lock(&changes);
		mpdemo_registry_tell(MPDEMO_EVENT_CHANGED, object);
		mutex_unlock(&changes);
		/* What was low by the old watermarks may not be so by new ones. */
		if (object->kind == MPDEMO_OBJECT_POOL)
			mpdemo_events_note(object, MPDEMO_EVENT_RECOVERED);
	}
	mutex_unlock(&object->set_lock);
}

/**
 * mpdemo_registry_delete() - take the name of an object away and turn it dying
 * @object: the object; the caller has a reference
 *
 * Context: Task context, may sleep.
 * Return: 0, or -ENOENT: it has no name, or not any more.
 */
int mpdemo_registry_delete(struct mpdemo_object *object)
{
	bool named;

	mutex_lock(&object->set_lock);
	mutex_lock(&changes);
	mutex_lock(&lock);
	named = object->named;
	if (named) {
		hash_del(&object->node);
		object->named = false;
		generation++;
	}
	mutex_unlock(&lock);
	if (named) {
		mpdemo_object_kill(object);
		mpdemo_object_end_levels(object);
		mpdemo_events_end(object);
		mpdemo_registry_tell(MPDEMO_EVENT_UNNAMED, object);
	}
	mutex_unlock(&changes);
	mutex_unlock(&object->set_lock);

	if (!named)
		return -ENOENT;
	mpdemo_object_free_kept(object);
	/* The reference of the name. */
	mpdemo_registry_put(object);
	return 0;
}

/**
 * mpdemo_registry_generation() - number of this state of the registry
 *
 * Context: Task context, may sleep.
 * Return: never 0; the same number means that no object came or went.
 */
unsigned int mpdemo_registry_generation(void)
{
	unsigned int now;

	mutex_lock(&lock);
	if (!generation)
		generation = 1;
	now = generation;
	mutex_unlock(&lock);
	return now;
}

/**
 * mpdemo_registry_subscribe() - be told of objects that come and go
 * @subscriber: called in task context, may sleep
 *
 * Return: 0.
 */
int mpdemo_registry_subscribe(struct notifier_block *subscriber)
{
	return blocking_notifier_chain_register(&subscribers, subscriber);
}

/**
 * mpdemo_registry_unsubscribe() - be told no more
 * @subscriber: as it was given to mpdemo_registry_subscribe()
 */
void mpdemo_registry_unsubscribe(struct notifier_block *subscriber)
{
	blocking_notifier_chain_unregister(&subscribers, subscriber);
}

/**
 * mpdemo_registry_exit() - delete all named objects
 *
 * An open file pins the module, so here no object is open, and the name's is
 * the only reference that there is.
 */
void mpdemo_registry_exit(void)
{
	struct mpdemo_object *object;
	unsigned long id = 0;

	for (; (object = mpdemo_registry_get_next(&id)); id++) {
		mpdemo_registry_delete(object);
		mpdemo_registry_put(object);
	}
	mpdemo_events_exit();
	WARN_ON(!xa_empty(&objects));
	xa_destroy(&objects);
}
