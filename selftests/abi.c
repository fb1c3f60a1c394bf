// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that each ioctl reads its argument by the rules of the header: sizes,
 * flags, reserved members, the kind of file; and that a command which is
 * refused changes nothing.
 */
#include "abi.h"

TEST_F(command, valid)
{
	EXPECT_EQ(0, call_valid(self, variant));
}

/* Every size that ends before the first version of the structure did. */
TEST_F(command, too_short)
{
	for (__u32 size = 0; size < (variant->min_size ?: variant->size); size++) {
		self->valid.size = size;
		CHECK(-EINVAL, call_valid(self, variant), "size %u", size);
	}
	EXPECT_TRUE(unchanged(self));
}

/* What can be done once only is made possible once more. */
static int refill(FIXTURE_DATA(command) *self,
		  const FIXTURE_VARIANT(command) *variant)
{
	int err = 0;

	if (variant->cmd == MPDEMO_IOC_FREE ||
	    variant->cmd == MPDEMO_IOC_FREE_BULK ||
	    variant->cmd == MPDEMO_IOC_KEEP)
		err = pool_alloc(self->pool, &self->block);
	else if (variant->cmd == MPDEMO_IOC_TAKE)
		err = pool_alloc_flags(self->pool, MPDEMO_ALLOC_KEEP,
				       &self->block);
	fill(self, variant);
	return err;
}

/* A caller of yesterday: nothing is read or written behind its structure. */
TEST_F(command, older)
{
	size_t size = variant->min_size ?: variant->size;

	for (; size <= variant->size; size += 4) {
		self->valid.size = size;
		CHECK(0, call(self->fd, variant->cmd, at_end(self, size)),
		      "size %zu", size);
		ASSERT_EQ(0, refill(self, variant));
	}
}

/* A caller of tomorrow that uses nothing new. */
TEST_F(command, longer_with_zeroes)
{
	size_t sizes[] = { variant->size + 1, variant->size + 8,
			   self->page - 1, self->page };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], j = variant->size;
		union arg *a;

		memset(self->mem, 0, 2 * self->page);
		self->valid.size = size;
		a = at_end(self, size);
		CHECK(0, call(self->fd, variant->cmd, a), "size %zu", size);

		/* What the kernel does not know it leaves alone. */
		while (j < size && !a->byte[j])
			j++;
		CHECK(size, j, "the first byte that is not 0");
		ASSERT_EQ(0, refill(self, variant));
	}
}

/* A caller of tomorrow that uses something new. */
TEST_F(command, longer_with_more)
{
	size_t sizes[] = { variant->size + 1, variant->size + 8,
			   self->page - 1, self->page };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		union arg *a;

		memset(self->mem, 0, 2 * self->page);
		self->valid.size = size;
		a = at_end(self, size);

		/* The last byte, then the first one that is not known. */
		a->byte[size - 1] = 1;
		CHECK(-E2BIG, call(self->fd, variant->cmd, a), "size %zu",
		      size);
		a->byte[size - 1] = 0;
		a->byte[variant->size] = 0x80;
		CHECK(-E2BIG, call(self->fd, variant->cmd, a), "size %zu",
		      size);
	}
	EXPECT_TRUE(unchanged(self));
}

/* Nobody's structure is that long, be it zeroes or not there at all. */
TEST_F(command, longer_than_a_page)
{
	__u32 sizes[] = { self->page + 1, 2 * self->page, 1U << 20, 1U << 31,
			  ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(self->mem, 0, 2 * self->page);
		self->valid.size = sizes[i];
		memcpy(self->mem, &self->valid, variant->size);
		CHECK(-E2BIG, call(self->fd, variant->cmd, self->mem),
		      "size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(self));
}

/* The size says more than there is. */
TEST_F(command, longer_than_memory)
{
	__u32 sizes[] = { variant->size + 1, variant->size + 8, self->page };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->valid.size = sizes[i];
		CHECK(-EFAULT, call(self->fd, variant->cmd,
				    at_end(self, variant->size)),
		      "size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(self));
}

TEST_F(command, unknown_flags)
{
	__u32 valid = ((struct mpdemo_alloc *)&self->valid)->flags;

	for (int bit = 0; bit < 32; bit++) {
		if (variant->flags & 1U << bit)
			continue;
		self->valid.alloc.flags = valid | 1U << bit;
		CHECK(-EINVAL, call_valid(self, variant), "flag %d", bit);
	}
	self->valid.alloc.flags = ~0U;
	EXPECT_EQ(-EINVAL, call_valid(self, variant));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(command, reserved)
{
	if (!variant->reserved) {
		/* Then all bytes have a name, and none is in between. */
		EXPECT_EQ(0, call_valid(self, variant));
		return;
	}
	for (int bit = 0; bit < 32; bit++) {
		__u32 value = 1U << bit;

		memcpy(self->valid.byte + variant->reserved, &value,
		       sizeof(value));
		CHECK(-EINVAL, call_valid(self, variant), "reserved %#x",
		      value);
	}
	EXPECT_TRUE(unchanged(self));
}

/* Only the out_* members are written, and not a byte behind them. */
TEST_F(command, writes_out_only)
{
	unsigned char after[sizeof(union arg)];

	memset(self->mem, 0x5a, 2 * self->page);
	memcpy(self->mem + 64, &self->valid, variant->size);
	ASSERT_EQ(0, call(self->fd, variant->cmd, self->mem + 64));
	memcpy(after, self->mem + 64, variant->size);
	for (size_t i = 0; i < 64; i++) {
		EXPECT_EQ(0x5a, self->mem[i]);
		EXPECT_EQ(0x5a, self->mem[64 + variant->size + i]);
	}
	for (size_t i = 0; i < variant->size; i++) {
		if (i >= variant->out && i < variant->out_end)
			continue;
		CHECK(self->valid.byte[i], after[i], "byte %zu", i);
	}
	if (variant->out_end)
		EXPECT_NE(0, memcmp(self->valid.byte + variant->out,
				    after + variant->out,
				    variant->out_end - variant->out));
}

TEST_F(command, wrong_file)
{
	union arg a = self->valid;

	if (variant->on == ON_DEVICE) {
		EXPECT_EQ(-ENOTTY, call(self->pool, variant->cmd, &a));
		EXPECT_EQ(-ENOTTY, call(self->arena, variant->cmd, &a));
		EXPECT_EQ(-ENOTTY, call(self->heap, variant->cmd, &a));
	} else {
		EXPECT_EQ(-ENOTTY, call(self->dev, variant->cmd, &a));
	}
	EXPECT_EQ(0, memcmp(&a, &self->valid, sizeof(a)));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(command, wrong_kind)
{
	union arg a = self->valid;

	int want = variant->on == ON_DEVICE ? -ENOTTY :
		   variant->on == ON_OBJECT ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(want, call(variant->on == ON_ARENA ? self->pool : self->arena,
			     variant->cmd, &a));
	if (want)
		EXPECT_TRUE(unchanged(self));
}

/* What changes the object wants write access, the rest does not. */
TEST_F(command, read_only)
{
	int fd;

	if (variant->on == ON_DEVICE) {
		EXPECT_EQ(0, call_valid(self, variant));
		return;
	}
	fd = object_reopen(self->fd, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, fd);
	self->fd = fd;
	self->fds_before++;
	if (variant->cmd == MPDEMO_IOC_REOPEN)
		self->valid.reopen.flags = MPDEMO_ACCESS_READ;
	EXPECT_EQ(variant->writes ? -EBADF : 0, call_valid(self, variant));
	if (variant->writes)
		EXPECT_TRUE(unchanged(self));
}

/* The same numbers with another type, or as _IOR() and so on would have them */
TEST_F(command, other_numbers)
{
	static const unsigned int dirs[] = { _IOC_READ, _IOC_WRITE,
					     _IOC_READ | _IOC_WRITE };
	unsigned int nr = _IOC_NR(variant->cmd);
	union arg a = self->valid;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		EXPECT_EQ(-ENOTTY, call(self->fd,
					_IOC(dirs[i], MPDEMO_IOC_TYPE, nr,
					     variant->size), &a));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(MPDEMO_IOC_TYPE - 1, nr), &a));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(MPDEMO_IOC_TYPE + 1, nr), &a));
	EXPECT_TRUE(unchanged(self));
}

TEST_HARNESS_MAIN
