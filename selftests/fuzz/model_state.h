/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the model knows, and how it looks whether the kernel agrees. For the files of the
 * model alone.
 *
 * The model is exact, as nobody else uses the objects of a program: it knows which
 * block has which generation and which owner, and all counters.
 */
#ifndef MPDEMO_FUZZ_MODEL_STATE_H
#define MPDEMO_FUZZ_MODEL_STATE_H

#include "../mpdemo_test.h"
#include "fuzz.h"

#include <stddef.h>

#define SLOTS		8
#define OBJECTS		8
#define BLOCKS_MAX	64
#define NUMBERS_MAX	160	/* of a heap: blocks of all classes, and pages */
#define CLASSES_MAX	24
#define BULK		16
#define REMEMBERED	16
#define PAGE		4096

enum { FREE, KEEPER, FIRST };		/* owners; FIRST + slot: an open file */

struct mark {
	__u64 serial, in_use;
};

/* The pages are a class too, the last one. */
struct class {
	unsigned int size;
	__u64 allocs, frees, failures, spilled;
};

struct object {
	int kind, files;
	/* Of a pool that grows, at its maximum; of a heap all numbers. */
	unsigned int blocks;
	unsigned int block_size, stride, align, quota;
	unsigned int floor, chunk;	/* chunk 0: as the kernel likes */
	unsigned int present;		/* as far as is known, see check_info() */
	unsigned int wanted;		/* free blocks and others, the most at one time */
	bool grows;
	__u64 map_bytes;
	__u32 generation[NUMBERS_MAX];
	__u8 owner[NUMBERS_MAX];
	__u64 bytes;			/* of an arena or a heap */
	struct mark marks[MPDEMO_ARENA_MARKS];
	unsigned int nr_marks;
	__u64 serial;			/* of the youngest mark that there was */
	/* Of a heap: what each number has, and how much of it was asked for. */
	unsigned int nr_classes, per_class, pages;
	__u64 has[NUMBERS_MAX], asked[NUMBERS_MAX], offset[NUMBERS_MAX];
	struct class class[CLASSES_MAX + 1];
	__u64 in_use, peak, allocs, frees, failures, refused, kept, reclaimed;
};

struct file {
	struct object *object;		/* NULL: this slot is empty */
	int fd;				/* -1: closed, but mapped */
	__u32 access;
	unsigned int held;
	char *map;
	size_t map_bytes;
};

/* Ways to hand over a structure; all others are right. */
enum {
	HOW_NULL = 1, HOW_SMALL, HOW_LONGER, HOW_LONGER_BAD, HOW_HUGE,
	HOW_READ_ONLY, HOW_CUT, HOW_BEYOND, HOW_NR,
	/* One in so many calls is made in a wrong way. */
	HOW_SHARE = 48
};

extern bool tracing;
extern int device;
extern struct object object[OBJECTS];
extern struct file file[SLOTS];
extern int or_else;	/* what the next call may return instead, or 0 */
extern int returned;	/* by the call before */
extern char *page;	/* two to write to, one to read, then a hole */

void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...);
void expect(const char *what, int expected, int seen);
bool submit(const char *what, const struct op *op, int fd, unsigned int cmd,
	    void *arg, size_t size, size_t min, int expected, bool back, bool *lost);

#define SUBMIT(what, op, fd, cmd, arg, last, expected, back, lost)		\
	submit(what, op, fd, cmd, &(arg), sizeof(arg),				\
	       offsetof(typeof(arg), last) + sizeof((arg).last), expected,	\
	       back, lost)

struct file *empty_slot(void);
struct object *new_object(void);
void opened(struct file *f, struct object *o, int fd, __u32 access);
void released(struct file *f);
void check_info(const struct file *f);
bool over_quota(const struct file *f, unsigned int n);
int may_use(const struct file *f, int kind, __u32 flags, __u32 known);
int may_use_blocks(const struct file *f, __u32 flags);
struct file *of_kind(struct file *f, int kind, const struct op *op);
int owner_of_new(const struct file *f, __u32 flags);
void remember(__u64 handle);
void forget_handles(void);
__u64 some_handle(__u8 a, __u8 b);
int why_refused(const struct object *o, __u64 handle, int from, bool or_kept);
void freed(struct object *o, __u32 index);
void change_owner(struct object *o, __u64 handle, int to);
bool zero_there(const struct object *o, size_t offset, size_t bytes);
void got(struct object *o, __u64 handle, int owner);
void undone(struct file *f, unsigned int n);

/* What *i says. */
#define SAME(name, expected)							\
	do {									\
		if (i->name != (expected))					\
			wrong("info: " #name " is %llu where it must be %llu",	\
			      (unsigned long long)i->name,			\
			      (unsigned long long)(expected));			\
	} while (0)

/* model_pool.c */
void call_pool_create(const struct op *op, struct file *f);
void call_alloc(const struct op *op, struct file *f);
void call_free(const struct op *op, struct file *f);
void call_alloc_bulk(const struct op *op, struct file *f);
void call_free_bulk(const struct op *op, struct file *f);
void call_keep(const struct op *op, struct file *f);
void call_take(const struct op *op, struct file *f);
void call_pool_create_more(const struct op *op, struct file *f);
void call_alloc_wait(const struct op *op, struct file *f);
void call_alloc_bulk_wait(const struct op *op, struct file *f);

/* model_arena.c */
void call_arena_create(const struct op *op, struct file *f);
void call_arena_alloc(const struct op *op, struct file *f);
void call_arena_reset(const struct op *op, struct file *f);
void call_arena_mark(const struct op *op, struct file *f);
void call_arena_rollback(const struct op *op, struct file *f);
void forget_marks(void);

/* model_heap.c */
struct class *class_of(struct object *o, __u32 number);
unsigned int heap_number_at(const struct object *o, __u64 offset, __u64 *pos,
			    __u64 *bytes);
void call_heap_create(const struct op *op, struct file *f);
void call_heap_alloc(const struct op *op, struct file *f);
void call_heap_stats(const struct op *op, struct file *f);

/* model_bytes.c */
void call_map(const struct op *op, struct file *f);
void call_unmap(const struct op *op, struct file *f);
void call_scribble(const struct op *op, struct file *f);
void call_read(const struct op *op, struct file *f);
void call_write(const struct op *op, struct file *f);
void call_poll(const struct op *op, struct file *f);

#endif /* MPDEMO_FUZZ_MODEL_STATE_H */
