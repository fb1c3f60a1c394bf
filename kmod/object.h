/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OBJECT_H
#define _MPDEMO_OBJECT_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include <uapi/linux/mempool_demo.h>
#include <uapi/linux/mempool_demo_netlink.h>

#include <mempool_demo/level.h>

#include "limits.h"
#include "owner_table.h"

struct mpdemo_arena;
struct mpdemo_heap;
struct mpdemo_pool;
struct mpdemo_refusal;
struct pid;

/**
 * struct mpdemo_object_config - what an object of user space shall be
 * @kind: MPDEMO_OBJECT_*
 * @block_size: pool
 * @blocks: pool; heap, of each class
 * @align: pool
 * @max_blocks: pool; 0: it does not grow
 * @chunk_blocks: pool that grows; 0: a sensible number
 * @bytes: arena; heap, for large sizes
 * @heap_flags: heap, MPDEMO_HEAP_*
 * @quota: pool, heap
 * @name: its name, or NULL for an anonymous one
 * @mode: who may open it by its name
 * @has_owner: @uid and @gid own it; else the user of the current task does
 * @uid: see @has_owner
 * @gid: see @has_owner
 */
struct mpdemo_object_config {
	u32 kind;
	u64 block_size;
	u64 blocks;
	u64 align;
	u64 max_blocks;
	u64 chunk_blocks;
	u64 bytes;
	unsigned int heap_flags;
	u32 quota;
	const char *name;
	umode_t mode;
	bool has_owner;
	kuid_t uid;
	kgid_t gid;
};

/**
 * struct mpdemo_settings - what can be changed of a named object
 * @uid: owner
 * @gid: group
 * @mode: permission bits of the owner, the group, and others
 * @quota: pool, heap: blocks that an open file may hold, or 0: any number; of those
 *	that are opened from now on
 * @low: pool, the watermarks, see <mempool_demo/level.h>
 * @high: 0: none
 * @poison: pool, see <mempool_demo/guard.h>
 */
struct mpdemo_settings {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	u32 quota;
	u32 low;
	u32 high;
	bool poison;
};

/**
 * struct mpdemo_counters - what an object counts from 0 on
 * @allocs: as in &struct mpdemo_info, and the following
 * @frees: see there
 * @failures: see there
 * @refused: see there
 * @reclaimed: see there
 * @corrupted: as in &struct mpdemo_object_details
 * @since: when that was, by CLOCK_MONOTONIC
 */
struct mpdemo_counters {
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
	u64 reclaimed;
	u64 corrupted;
	ktime_t since;
};

/**
 * struct mpdemo_object_details - what &struct mpdemo_info does not tell
 * @chunk_blocks: pool that grows, by how many blocks at a time
 * @reserved: pool, blocks set aside for those who are to get several at once
 * @corrupted: pool, how often a free block was found written to
 * @level: pool, an &enum mpdemo_level
 * @age: nanoseconds since counters were 0
 * @settings: all of one instant
 */
struct mpdemo_object_details {
	u64 chunk_blocks;
	u64 reserved;
	u64 corrupted;
	u32 level;
	u64 age;
	struct mpdemo_settings settings;
};

/**
 * struct mpdemo_object_file - an open file of an object, for those who look
 * @node: in the tree of the object
 * @owner: that of the file, which holds blocks
 * @access: MPDEMO_ACCESS_*
 * @serial: later ones of the object have higher ones
 * @opened: when, by CLOCK_MONOTONIC
 * @pid: process that has opened it, with a reference
 * @comm: name of the thread that has
 */
struct mpdemo_object_file {
	struct rb_node node;
	const struct mpdemo_owner *owner;
	u32 access;
	u64 serial;
	ktime_t opened;
	struct pid *pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct mpdemo_object - a pool, an arena or a heap of user space
 * @ref: one for its name, one for each open file, one for each look-up
 * @kind: MPDEMO_OBJECT_*
 * @id: set by the registry
 * @name: never changes, also when the name is taken away; empty: anonymous
 * @named: whether the name leads here; protected by the registry's lock
 * @node: in the registry's table of names; protected by the registry's lock
 * @set_lock: held by who changes the object; comes before the registry's locks, and
 *	those of the pool
 * @settings_lock: protects @settings, for short
 * @settings: what can be changed; written under both locks, so read under either, and
 *	@quota read without
 * @zero: what counters were when they were set to 0, or the object was created
 * @zero_lock: protects it
 * @align: alignment of blocks
 * @heap_flags: of a heap, MPDEMO_HEAP_*
 * @heap_blocks: of a heap, of each class
 * @large_bytes: of a heap, for large sizes
 * @charge: what it is accounted for
 * @lock: read: operations that take blocks from the pool or heap without waiting for
 *	them, or move them to the keeper; write: turning the object dying, so that none
 *	of those is under way any more; or being alone with the pool
 * @dying: deleted, gives nothing any more; written under @lock
 * @pool: of a pool
 * @arena: of an arena; changed under @arena_lock, but counters are read without
 * @arena_lock: an arena has one owner at a time
 * @heap: of a heap
 * @owners: of a pool or heap, who holds each block
 * @open_files: open files that refer to the object
 * @files_lock: protects @files and the following; the innermost mutex, held for short
 * @files: struct mpdemo_object_file, by their serials
 * @files_serial: that of the file that was opened last
 * @files_changes: changes with each file that is opened or closed; never 0, as netlink
 *	compares it
 * @pollers: who polls one of them
 * @untold_node: in the tree of those with events that are not told yet; this and the
 *	following see registry_events.c
 * @untold: which events, a bit for each
 * @tell_after: not before, in jiffies
 * @told_level: the level that was told last
 * @announced: subscribers know of it
 * @quiet: no event is told
 * @seen_corrupted: how much damage was noted so far
 */
struct mpdemo_object {
	struct kref ref;
	u32 kind;
	u32 id;
	char name[MPDEMO_NAME_SIZE];
	bool named;
	struct hlist_node node;
	struct mutex set_lock;		/* who changes is alone */
	struct mutex settings_lock;	/* protects settings */
	struct mpdemo_settings settings;
	spinlock_t zero_lock;		/* protects zero; innermost */
	struct mpdemo_counters zero;
	u32 align;
	unsigned int heap_flags;
	u32 heap_blocks;
	u64 large_bytes;
	struct mpdemo_charge charge;

	struct rw_semaphore lock;
	bool dying;

	struct mpdemo_pool *pool;
	struct mpdemo_arena *arena;
	struct mutex arena_lock;	/* protects arena */
	struct mpdemo_heap *heap;

	struct mpdemo_owner_table owners;
	atomic_t open_files;
	struct mutex files_lock;	/* protects files, files_* */
	struct rb_root files;
	u64 files_serial;
	unsigned int files_changes;

	struct rb_node untold_node;
	unsigned long untold;
	unsigned long tell_after;
	u32 told_level;
	bool announced;
	bool quiet;
	u64 seen_corrupted;
	wait_queue_head_t pollers;
};

/**
 * struct mpdemo_part - blocks of one size that an object has
 * @pool: the blocks; NULL: pages of a heap, for large sizes
 * @first: number of the first one
 * @nr: how many they are, or may be where the pool grows
 * @block_size: bytes of each
 */
struct mpdemo_part {
	const struct mpdemo_pool *pool;
	unsigned int first;
	unsigned int nr;
	size_t block_size;
};

/* Whether there is something of it that can be held, by its handle. */
static inline bool mpdemo_object_has_blocks(const struct mpdemo_object *object)
{
	return object->kind != MPDEMO_OBJECT_ARENA;
}

struct mpdemo_object *
mpdemo_object_create(const struct mpdemo_object_config *config,
		     struct mpdemo_refusal *refusal);
void mpdemo_object_free(struct mpdemo_object *object);
int mpdemo_object_enter(struct mpdemo_object *object);
void mpdemo_object_leave(struct mpdemo_object *object);
int mpdemo_object_enter_alone(struct mpdemo_object *object);
void mpdemo_object_leave_alone(struct mpdemo_object *object);
void mpdemo_object_kill(struct mpdemo_object *object);
void mpdemo_object_give(struct mpdemo_object *object, struct mpdemo_owner *owner,
			unsigned int n, u64 *handles);
void mpdemo_object_free_kept(struct mpdemo_object *object);
bool mpdemo_object_finds_damage(struct mpdemo_object *object);
bool mpdemo_object_allows(struct mpdemo_object *object, u32 access);
void mpdemo_object_get_info(struct mpdemo_object *object,
			    struct mpdemo_info *info);
void mpdemo_object_get_details(struct mpdemo_object *object,
			       struct mpdemo_object_details *details);
void mpdemo_object_reset_stats(struct mpdemo_object *object);
void mpdemo_pool_info(struct mpdemo_pool *pool, struct mpdemo_info *info,
		      struct mpdemo_object_details *details);

/* object_files.c */
void mpdemo_object_add_file(struct mpdemo_object *object,
			    struct mpdemo_object_file *file);
void mpdemo_object_remove_file(struct mpdemo_object *object,
			       struct mpdemo_object_file *file);
const struct mpdemo_object_file *
mpdemo_object_file_after(const struct mpdemo_object *object, u64 serial);
const struct mpdemo_object_file *
mpdemo_object_next_file(const struct mpdemo_object *object,
			const struct mpdemo_object_file *file);

/* object_settings.c */
int mpdemo_object_check_quota(u32 quota, struct mpdemo_refusal *refusal);
int mpdemo_object_set(struct mpdemo_object *object,
		      const struct mpdemo_settings *wanted,
		      void (*notify)(struct mpdemo_pool *pool,
				     enum mpdemo_level level, void *data),
		      struct mpdemo_refusal *refusal);
void mpdemo_object_end_levels(struct mpdemo_object *object);

/* object_blocks.c */
bool mpdemo_object_part(const struct mpdemo_object *object, unsigned int number,
			struct mpdemo_part *part);
u32 mpdemo_object_state(const struct mpdemo_object *object,
			const struct mpdemo_part *part, unsigned int number,
			u32 before);
u32 mpdemo_object_state_before(const struct mpdemo_object *object,
			       const struct mpdemo_part *part,
			       unsigned int number);

#endif /* _MPDEMO_OBJECT_H */
