// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that each ioctl survives an argument that cannot be read or written:
 * EFAULT, and nothing is taken, given back or opened that nobody hears of.
 */
#include "abi.h"

TEST_F(command, bad_pointer)
{
	void *bad[] = {
		NULL, (void *)8, (void *)-8L, (void *)-4096L,
		(void *)(uintptr_t)0xffff888000000000ULL,
		(void *)(uintptr_t)0xffffffff81000000ULL,
		(void *)(uintptr_t)0x8000000000000000ULL,
		self->mem + 2 * self->page,
		self->mem + 2 * self->page - 1,
		self->mem + 2 * self->page - 3,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(-EFAULT, call(self->fd, variant->cmd, bad[i]),
		      "pointer %p", bad[i]);
	EXPECT_TRUE(unchanged(self));
}

/* Where the kernel finds memory by itself, it reads what its programs may not. */
static bool kernel_reads(const void *unreadable)
{
	int end[2];
	bool reads;

	if (pipe2(end, O_CLOEXEC))
		return false;
	reads = write(end[1], unreadable, 1) == 1;
	close(end[0]);
	close(end[1]);
	return reads;
}

/* Memory that is there and may not be read. */
TEST_F(command, unreadable)
{
	memcpy(self->mem, &self->valid, variant->size);
	ASSERT_EQ(0, mprotect(self->mem, 2 * self->page, PROT_NONE));
	if (kernel_reads(self->mem))
		SKIP(return, "this kernel reads what its programs may not");
	EXPECT_EQ(-EFAULT, call(self->fd, variant->cmd, self->mem));
	EXPECT_TRUE(unchanged(self));
}

/* The size can be read, the rest of the structure cannot, or not all of it. */
TEST_F(command, ends_early)
{
	for (size_t there = sizeof(__u32); there < variant->size; there++)
		CHECK(-EFAULT, call(self->fd, variant->cmd,
				    at_end(self, there)),
		      "%zu bytes readable", there);
	EXPECT_TRUE(unchanged(self));
}

/*
 * The argument can be read and not be written. What is not answered must not be
 * done, so far as the caller could not put it right again.
 */
TEST_F(command, unwritable)
{
	int err, again;

	memcpy(self->mem, &self->valid, variant->size);
	ASSERT_EQ(0, mprotect(self->mem, 2 * self->page, PROT_READ));
	err = call(self->fd, variant->cmd, self->mem);
	EXPECT_EQ(0, memcmp(self->mem, &self->valid, variant->size));

	switch (variant->cmd) {
	case MPDEMO_IOC_FREE:
		/* has nothing to write */
		EXPECT_EQ(0, err);
		EXPECT_EQ(-EALREADY, pool_free(self->pool, self->block));
		break;
	case MPDEMO_IOC_ARENA_ROLLBACK:
		/* as well */
		EXPECT_EQ(0, err);
		EXPECT_EQ(0, info_of(self->arena).out_in_use);
		break;
	case MPDEMO_IOC_FREE_BULK:
		EXPECT_EQ(-EFAULT, err);
		again = pool_free(self->pool, self->block);
		EXPECT_TRUE(!again || again == -EALREADY);
		EXPECT_EQ(0, info_of(self->pool).out_in_use);
		break;
	case MPDEMO_IOC_KEEP:
		EXPECT_EQ(-EFAULT, err);
		EXPECT_EQ(1, info_of(self->pool).out_in_use);
		EXPECT_EQ(0, pool_free(self->pool, self->block));
		break;
	case MPDEMO_IOC_TAKE:
		EXPECT_EQ(-EFAULT, err);
		EXPECT_EQ(1, info_of(self->pool).out_in_use);
		EXPECT_EQ(0, pool_free(self->pool, self->block));
		break;
	case MPDEMO_IOC_ARENA_RESET:
		EXPECT_EQ(-EFAULT, err);
		EXPECT_EQ(0, arena_reset(self->arena, NULL));
		EXPECT_EQ(0, info_of(self->arena).out_in_use);
		break;
	default:
		EXPECT_EQ(-EFAULT, err);
		EXPECT_EQ(self->pool_before.out_in_use,
			  info_of(self->pool).out_in_use);
		EXPECT_EQ(self->pool_before.out_held,
			  info_of(self->pool).out_held);
		EXPECT_EQ(self->pool_before.out_kept,
			  info_of(self->pool).out_kept);
		EXPECT_EQ(self->arena_before.out_in_use,
			  info_of(self->arena).out_in_use);
		EXPECT_EQ(self->heap_before.out_in_use,
			  info_of(self->heap).out_in_use);
		EXPECT_EQ(0, info_of(self->heap).out_held);
		EXPECT_EQ(0, info_of(self->heap).out_kept);
	}
	EXPECT_EQ(self->fds_before, fd_count());
}

/* Often enough that a leak of one block or mark each time would be all of them. */
TEST_F(command, unwritable_often)
{
	__u64 handle[POOL_BLOCKS];
	/* ALLOC_BULK writes its array, which is self->block, before it fails. */
	__u64 block = self->block;
	__u64 offset;

	memcpy(self->mem, &self->valid, variant->size);
	ASSERT_EQ(0, mprotect(self->mem, 2 * self->page, PROT_READ));
	for (int i = 0; i < 300; i++)
		call(self->fd, variant->cmd, self->mem);
	EXPECT_EQ(self->fds_before, fd_count());

	pool_free(self->pool, block);
	EXPECT_EQ(0, pool_alloc_bulk(self->pool, POOL_BLOCKS, handle));
	EXPECT_EQ(0, arena_alloc(self->arena, ARENA_BYTES - 64, 1, &offset));
	EXPECT_EQ(0, arena_mark(self->arena, &self->mark));
	EXPECT_EQ(0, info_of(self->heap).out_in_use);
}

/*
 * The structure ends in a page that cannot be written, at each of its bytes.
 * Where an out_* member is there the answer cannot be given. Where none is, the
 * command may work, or not.
 */
TEST_F(command, partly_writable)
{
	for (size_t there = 1; there < variant->size; there++) {
		unsigned char *p = self->mem + self->page - there;
		struct mpdemo_info info;
		int err, left;

		ASSERT_EQ(0, mprotect(self->mem, 2 * self->page,
				      PROT_READ | PROT_WRITE));
		memcpy(p, &self->valid, variant->size);
		ASSERT_EQ(0, mprotect(self->mem + self->page, self->page,
				      PROT_READ));
		err = call(self->fd, variant->cmd, p);
		if (err || there < variant->out_end)
			CHECK(-EFAULT, err, "%zu bytes writable", there);
		if (!err)
			break;

		/* It may have been done; then the caller can find that out. */
		if (variant->cmd == MPDEMO_IOC_FREE_BULK ||
		    variant->cmd == MPDEMO_IOC_KEEP ||
		    variant->cmd == MPDEMO_IOC_TAKE)
			break;
		info = info_of(self->pool);
		left = info.out_in_use - self->pool_before.out_in_use +
		       info_of(self->heap).out_in_use;
		CHECK(0, left, "blocks taken, %zu bytes writable", there);
		CHECK(self->fds_before, fd_count(), "%zu bytes writable",
		      there);
		if (left)
			break;
	}
}

TEST_HARNESS_MAIN
