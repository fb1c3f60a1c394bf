// SPDX-License-Identifier: GPL-2.0
/*
 * The open files of an object, for those who look: debugfs and netlink.
 *
 * Who tells of many files lets the lock go now and then, and goes on behind the serial
 * of the one that he has told last, whatever was opened or closed meanwhile. So they are
 * in a tree by their serials: however many there are, its place is found in few steps.
 */

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>

#include "object.h"

static struct mpdemo_object_file *to_file(const struct rb_node *node)
{
	return rb_entry_safe(node, struct mpdemo_object_file, node);
}

static bool is_older(struct rb_node *a, const struct rb_node *b)
{
	return to_file(a)->serial < to_file(b)->serial;
}

static void count_change(struct mpdemo_object *object)
{
	lockdep_assert_held(&object->files_lock);
	object->files_changes = object->files_changes + 1 ?: 1;
}

/**
 * mpdemo_object_add_file() - have an open file seen by those who look
 * @object: the object
 * @file: the file, filled but for its serial
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_add_file(struct mpdemo_object *object,
			    struct mpdemo_object_file *file)
{
	mutex_lock(&object->files_lock);
	file->serial = ++object->files_serial;
	count_change(object);
	rb_add(&file->node, &object->files, is_older);
	mutex_unlock(&object->files_lock);
	atomic_inc(&object->open_files);
}

/**
 * mpdemo_object_remove_file() - undo mpdemo_object_add_file()
 * @object: the object
 * @file: the file
 *
 * Context: Task context, may sleep.
 */
void mpdemo_object_remove_file(struct mpdemo_object *object,
			       struct mpdemo_object_file *file)
{
	mutex_lock(&object->files_lock);
	rb_erase(&file->node, &object->files);
	count_change(object);
	mutex_unlock(&object->files_lock);
	atomic_dec(&object->open_files);
}

/**
 * mpdemo_object_file_after() - the open file with the next higher serial
 * @object: the object, with its files_lock
 * @serial: any; 0: from the beginning
 *
 * Context: Task context.
 * Return: the file, which stays as long as the lock is held, or NULL.
 */
const struct mpdemo_object_file *
mpdemo_object_file_after(const struct mpdemo_object *object, u64 serial)
{
	const struct mpdemo_object_file *found = NULL;
	const struct rb_node *node = object->files.rb_node;

	lockdep_assert_held(&object->files_lock);
	while (node) {
		if (to_file(node)->serial > serial) {
			found = to_file(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * mpdemo_object_next_file() - the open file that follows one
 * @object: the object, with its files_lock
 * @file: one of its files
 *
 * Context: Task context.
 * Return: as of mpdemo_object_file_after(), in less time.
 */
const struct mpdemo_object_file *
mpdemo_object_next_file(const struct mpdemo_object *object,
			const struct mpdemo_object_file *file)
{
	lockdep_assert_held(&object->files_lock);
	return to_file(rb_next(&file->node));
}
