/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every ioctl once, as a variant of the fixture "command", with an argument
 * that is valid: the tests of abi.c and abi_fault.c spoil one thing each.
 */
#ifndef MPDEMO_ABI_H
#define MPDEMO_ABI_H

#include <stddef.h>

#include "mpdemo_test.h"
#ifdef MPDEMO_NETLINK
#include "nl_test.h"
#endif

#define OBJECT_NAME	"selftest-abi"
#define POOL_BLOCKS	8
#define ARENA_BYTES	8192
#define HEAP_BLOCKS	4
#define HEAP_LARGE	8192

/* The kind of file that a command is for. */
enum file_kind { ON_DEVICE, ON_POOL, ON_ARENA, ON_HEAP, ON_OBJECT };

union arg {
	__u32 size;
	struct mpdemo_pool_create pool_create;
	struct mpdemo_arena_create arena_create;
	struct mpdemo_heap_create heap_create;
	struct mpdemo_open open;
	struct mpdemo_reopen reopen;
	struct mpdemo_alloc alloc;
	struct mpdemo_free free;
	struct mpdemo_bulk bulk;
	struct mpdemo_arena_alloc arena_alloc;
	struct mpdemo_arena_reset arena_reset;
	struct mpdemo_arena_place arena_place;
	struct mpdemo_heap_alloc heap_alloc;
	struct mpdemo_heap_class heap_class;
	struct mpdemo_info info;
	unsigned char byte[4096];
};

FIXTURE(command) {
	int dev, pool, arena, heap;
	int fd;			/* the file that the command is for */
	unsigned char *mem;	/* the argument, in a mapping of its own */
	long page;
	__u64 block;		/* held, or kept for TAKE */
	struct mpdemo_arena_place mark;	/* ahead of all that the arena has in use */
	union arg valid;
	struct mpdemo_info pool_before, arena_before, heap_before;
	int fds_before;
#ifdef MPDEMO_NETLINK
	struct nlt nl;
#endif
};

FIXTURE_VARIANT(command) {
	unsigned int cmd;
	size_t size;
	size_t min_size;	/* of its first version, where it has grown */
	enum file_kind on;
	__u32 flags;		/* known flags */
	size_t reserved;	/* offset of the reserved member, or 0: must be 0 */
	size_t out, out_end;	/* what the kernel writes */
	bool writes;		/* needs MPDEMO_ACCESS_WRITE */
};

#define ARG(type, first_out, last_out)					\
	.size = sizeof(struct type),					\
	.out = offsetof(struct type, first_out),			\
	.out_end = offsetof(struct type, last_out) +			\
		   sizeof(((struct type *)NULL)->last_out)

/* The last member that was there from the beginning. */
#define GROWN(type, last)						\
	.min_size = offsetof(struct type, last) +			\
		    sizeof(((struct type *)NULL)->last)

FIXTURE_VARIANT_ADD(command, pool_create) {
	.cmd = MPDEMO_IOC_POOL_CREATE, .on = ON_DEVICE,
	.reserved = offsetof(struct mpdemo_pool_create, reserved2),
	GROWN(mpdemo_pool_create, out_fd),
	ARG(mpdemo_pool_create, out_fd, out_fd),
};

FIXTURE_VARIANT_ADD(command, arena_create) {
	.cmd = MPDEMO_IOC_ARENA_CREATE, .on = ON_DEVICE,
	.reserved = offsetof(struct mpdemo_arena_create, reserved),
	ARG(mpdemo_arena_create, out_fd, out_fd),
};

FIXTURE_VARIANT_ADD(command, heap_create) {
	.cmd = MPDEMO_IOC_HEAP_CREATE, .on = ON_DEVICE,
	.flags = MPDEMO_HEAP_CREATE_FINE,
	.reserved = offsetof(struct mpdemo_heap_create, reserved),
	ARG(mpdemo_heap_create, out_fd, out_fd),
};

#ifdef MPDEMO_NETLINK
FIXTURE_VARIANT_ADD(command, open) {
	.cmd = MPDEMO_IOC_OPEN, .on = ON_DEVICE, .flags = RW,
	.reserved = offsetof(struct mpdemo_open, reserved),
	ARG(mpdemo_open, out_fd, out_fd),
};
#endif

FIXTURE_VARIANT_ADD(command, reopen) {
	.cmd = MPDEMO_IOC_REOPEN, .on = ON_OBJECT, .flags = RW,
	.reserved = offsetof(struct mpdemo_reopen, reserved),
	ARG(mpdemo_reopen, out_fd, out_fd),
};

FIXTURE_VARIANT_ADD(command, info) {
	.cmd = MPDEMO_IOC_INFO, .on = ON_OBJECT,
	GROWN(mpdemo_info, out_footprint),
	ARG(mpdemo_info, out_kind, out_waiters),
};

FIXTURE_VARIANT_ADD(command, alloc) {
	.cmd = MPDEMO_IOC_ALLOC, .on = ON_POOL, .writes = true,
	.flags = MPDEMO_ALLOC_KEEP | MPDEMO_ALLOC_WAIT,
	.reserved = offsetof(struct mpdemo_alloc, deadline),
	GROWN(mpdemo_alloc, out_handle),
	ARG(mpdemo_alloc, out_handle, out_handle),
};

FIXTURE_VARIANT_ADD(command, free) {
	.cmd = MPDEMO_IOC_FREE, .on = ON_POOL, .writes = true,
	.size = sizeof(struct mpdemo_free),
};

/* To wait takes a flag. */
#define ARG_BULK							\
	.reserved = offsetof(struct mpdemo_bulk, deadline),		\
	GROWN(mpdemo_bulk, handles),					\
	ARG(mpdemo_bulk, out_done, out_done)

FIXTURE_VARIANT_ADD(command, alloc_bulk) {
	.cmd = MPDEMO_IOC_ALLOC_BULK, .on = ON_POOL, .writes = true,
	.flags = MPDEMO_ALLOC_KEEP | MPDEMO_ALLOC_WAIT,
	ARG_BULK,
};

FIXTURE_VARIANT_ADD(command, free_bulk) {
	.cmd = MPDEMO_IOC_FREE_BULK, .on = ON_POOL, .writes = true,
	ARG_BULK,
};

FIXTURE_VARIANT_ADD(command, keep) {
	.cmd = MPDEMO_IOC_KEEP, .on = ON_POOL, .writes = true,
	ARG_BULK,
};

FIXTURE_VARIANT_ADD(command, take) {
	.cmd = MPDEMO_IOC_TAKE, .on = ON_POOL, .writes = true,
	ARG_BULK,
};

FIXTURE_VARIANT_ADD(command, arena_alloc) {
	.cmd = MPDEMO_IOC_ARENA_ALLOC, .on = ON_ARENA, .writes = true,
	.reserved = offsetof(struct mpdemo_arena_alloc, reserved),
	ARG(mpdemo_arena_alloc, out_offset, out_offset),
};

FIXTURE_VARIANT_ADD(command, arena_reset) {
	.cmd = MPDEMO_IOC_ARENA_RESET, .on = ON_ARENA, .writes = true,
	ARG(mpdemo_arena_reset, out_bytes, out_bytes),
};

FIXTURE_VARIANT_ADD(command, arena_mark) {
	.cmd = MPDEMO_IOC_ARENA_MARK, .on = ON_ARENA, .writes = true,
	.reserved = offsetof(struct mpdemo_arena_place, reserved),
	ARG(mpdemo_arena_place, serial, depth),
};

FIXTURE_VARIANT_ADD(command, arena_rollback) {
	.cmd = MPDEMO_IOC_ARENA_ROLLBACK, .on = ON_ARENA, .writes = true,
	.reserved = offsetof(struct mpdemo_arena_place, reserved),
	.size = sizeof(struct mpdemo_arena_place),
};

FIXTURE_VARIANT_ADD(command, heap_alloc) {
	.cmd = MPDEMO_IOC_HEAP_ALLOC, .on = ON_HEAP, .writes = true,
	.flags = MPDEMO_ALLOC_KEEP,
	ARG(mpdemo_heap_alloc, out_handle, out_bytes),
};

FIXTURE_VARIANT_ADD(command, heap_stats) {
	.cmd = MPDEMO_IOC_HEAP_STATS, .on = ON_HEAP,
	ARG(mpdemo_heap_class, out_classes, out_spilled),
};

/* The out_* members hold garbage: what is there before does not matter. */
static void fill(FIXTURE_DATA(command) *self,
		 const FIXTURE_VARIANT(command) *variant)
{
	union arg *a = &self->valid;

	memset(a, 0, sizeof(*a));
	memset(a->byte + variant->out, 0xa5, variant->out_end - variant->out);
	a->size = variant->size;
	switch (variant->cmd) {
	case MPDEMO_IOC_POOL_CREATE:
		a->pool_create.block_size = 24;
		a->pool_create.blocks = 3;
		break;
	case MPDEMO_IOC_ARENA_CREATE:
		a->arena_create.bytes = 100;
		break;
	case MPDEMO_IOC_HEAP_CREATE:
		a->heap_create.blocks = 1;
		break;
	case MPDEMO_IOC_OPEN:
		a->open.flags = RW;
		memcpy(a->open.name, OBJECT_NAME, sizeof(OBJECT_NAME));
		break;
	case MPDEMO_IOC_REOPEN:
		a->reopen.flags = RW;
		break;
	case MPDEMO_IOC_FREE:
		a->free.handle = self->block;
		break;
	case MPDEMO_IOC_ALLOC_BULK:
	case MPDEMO_IOC_FREE_BULK:
	case MPDEMO_IOC_KEEP:
	case MPDEMO_IOC_TAKE:
		a->bulk.count = 1;
		a->bulk.handles = PTR(&self->block);
		break;
	case MPDEMO_IOC_ARENA_ALLOC:
		a->arena_alloc.bytes = 16;
		break;
	case MPDEMO_IOC_ARENA_ROLLBACK:
		a->arena_place = self->mark;
		break;
	case MPDEMO_IOC_HEAP_ALLOC:
		a->heap_alloc.bytes = 16;
		break;
	}
}

FIXTURE_SETUP(command)
{
	__u64 offset;

	DEV_OPEN_OR_SKIP(self->dev);
	self->pool = pool_create(self->dev, 32, POOL_BLOCKS);
	ASSERT_LE(0, self->pool);
	self->arena = arena_create(self->dev, ARENA_BYTES);
	ASSERT_LE(0, self->arena);
	self->heap = heap_create(self->dev, HEAP_BLOCKS, HEAP_LARGE);
	ASSERT_LE(0, self->heap);
	ASSERT_EQ(0, arena_mark(self->arena, &self->mark));
	ASSERT_EQ(0, pool_alloc_flags(self->pool,
				      variant->cmd == MPDEMO_IOC_TAKE ?
				      MPDEMO_ALLOC_KEEP : 0, &self->block));
	ASSERT_EQ(0, arena_alloc(self->arena, 40, 0, &offset));
#ifdef MPDEMO_NETLINK
	if (variant->cmd == MPDEMO_IOC_OPEN) {
		ASSERT_EQ(0, nlt_open(&self->nl));
		nlt_del_name(&self->nl, OBJECT_NAME);
		ASSERT_EQ(0, nlt_new_pool(&self->nl, OBJECT_NAME, 64, 4, 0600));
	}
#endif
	self->fd = variant->on == ON_DEVICE ? self->dev :
		   variant->on == ON_ARENA ? self->arena :
		   variant->on == ON_HEAP ? self->heap : self->pool;

	/* Room for two pages and a page behind them that is never there. */
	self->page = sysconf(_SC_PAGESIZE);
	self->mem = mmap(NULL, 3 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	ASSERT_EQ(0, munmap(self->mem + 2 * self->page, self->page));

	fill(self, variant);
	self->pool_before = info_of(self->pool);
	self->arena_before = info_of(self->arena);
	self->heap_before = info_of(self->heap);
	self->fds_before = fd_count();
}

FIXTURE_TEARDOWN(command)
{
#ifdef MPDEMO_NETLINK
	if (variant->cmd == MPDEMO_IOC_OPEN) {
		EXPECT_EQ(0, nlt_del_name(&self->nl, OBJECT_NAME));
		nlt_close(&self->nl);
	}
#endif
	close(self->pool);
	close(self->arena);
	close(self->heap);
	close(self->dev);
}

/* Nothing was taken, given back, or opened since the fixture was set up. */
static bool unchanged(const FIXTURE_DATA(command) *self)
{
	struct mpdemo_info pool = info_of(self->pool);
	struct mpdemo_info arena = info_of(self->arena);
	struct mpdemo_info heap = info_of(self->heap);

	return info_same(&self->pool_before, &pool) &&
	       info_same(&self->arena_before, &arena) &&
	       info_same(&self->heap_before, &heap) &&
	       self->fds_before == fd_count();
}

/* The valid argument so that it ends at the page that is not there. */
static inline union arg *at_end(FIXTURE_DATA(command) *self, size_t size)
{
	void *p = self->mem + 2 * self->page - size;

	return memcpy(p, &self->valid, size < sizeof(union arg) ?
		      size : sizeof(union arg));
}

/* Does the command do its work when all is valid? */
static inline int call_valid(const FIXTURE_DATA(command) *self,
			     const FIXTURE_VARIANT(command) *variant)
{
	union arg a = self->valid;

	return call(self->fd, variant->cmd, &a);
}

#endif /* MPDEMO_ABI_H */
