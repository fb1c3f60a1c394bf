// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that an arena hands out what fits, aligned and apart, to its last byte
 * and no further, and that a reset gives all of it back.
 */
#include "mpdemo_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define BYTES 65536

FIXTURE(arena) {
	int dev, arena;
};

FIXTURE_SETUP(arena)
{
	DEV_OPEN_OR_SKIP(self->dev);
	self->arena = arena_create(self->dev, BYTES);
	ASSERT_LE(0, self->arena);
}

FIXTURE_TEARDOWN(arena)
{
	close(self->arena);
	close(self->dev);
}

TEST_F(arena, empty)
{
	struct mpdemo_info info = info_of(self->arena);

	EXPECT_EQ(MPDEMO_OBJECT_ARENA, info.out_kind);
	EXPECT_EQ(RW, info.out_access);
	EXPECT_EQ(0, info.out_state);
	EXPECT_EQ(0, info.out_name[0]);
	EXPECT_EQ(0, info.out_block_size);
	EXPECT_EQ(0, info.out_stride);
	EXPECT_EQ(BYTES, info.out_capacity);
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(0, info.out_peak);
	EXPECT_EQ(0, info.out_allocs);
	EXPECT_LE(BYTES, info.out_footprint);
}

/* Each alignment, after a piece that leaves the position odd. */
TEST_F(arena, alignment)
{
	for (__u32 align = 1; align <= MPDEMO_ALIGN_MAX; align *= 2) {
		__u64 odd, offset;

		ASSERT_EQ(0, arena_alloc(self->arena, 1, 1, &odd));
		ASSERT_EQ(0, arena_alloc(self->arena, 5, align, &offset));
		EXPECT_EQ(0, offset % align);
		EXPECT_LT(odd, offset);
		EXPECT_GE(BYTES, offset + 5);
	}
	EXPECT_EQ(0, arena_reset(self->arena, NULL));
}

TEST_F(arena, default_alignment)
{
	__u64 offset;

	for (int size = 1; size < 40; size++) {
		ASSERT_EQ(0, arena_alloc(self->arena, size, 0, &offset));
		EXPECT_EQ(0, offset % 8);
	}
}

/* To the last byte, then not one more; a failing call changes nothing. */
TEST_F(arena, exact_fit)
{
	struct mpdemo_info before, after;
	__u64 offset;

	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, BYTES + 1, 1, &offset));
	EXPECT_EQ(0, info_of(self->arena).out_in_use);
	ASSERT_EQ(0, arena_alloc(self->arena, BYTES, 1, &offset));
	EXPECT_EQ(0, offset);
	EXPECT_EQ(BYTES, info_of(self->arena).out_in_use);

	before = info_of(self->arena);
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, 1, 1, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, 1, 4096, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, BYTES, 1, &offset));
	after = info_of(self->arena);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(before.out_failures + 3, after.out_failures);

	ASSERT_EQ(0, arena_reset(self->arena, NULL));
	ASSERT_EQ(0, arena_alloc(self->arena, BYTES - 1, 1, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, 2, 1, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, 1, 8, &offset));
	ASSERT_EQ(0, arena_alloc(self->arena, 1, 1, &offset));
	EXPECT_EQ(BYTES - 1, offset);
}

/* Padding alone can be what does not fit. */
TEST_F(arena, padding)
{
	__u64 offset;

	ASSERT_EQ(0, arena_alloc(self->arena, BYTES - 4096 + 1, 1, &offset));
	EXPECT_EQ(-ENOSPC, arena_alloc(self->arena, 1, 4096, &offset));
	EXPECT_EQ(BYTES - 4096 + 1, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, arena_alloc(self->arena, 4095, 1, &offset));

	ASSERT_EQ(0, arena_reset(self->arena, NULL));
	ASSERT_EQ(0, arena_alloc(self->arena, 1, 1, &offset));
	ASSERT_EQ(0, arena_alloc(self->arena, 1, 64, &offset));
	EXPECT_EQ(64, offset);
	EXPECT_EQ(65, info_of(self->arena).out_in_use);
}

/* Sizes whose end wraps around. */
TEST_F(arena, overflow)
{
	static const __u64 bytes[] = {
		~0ULL, ~0ULL - 7, ~0ULL - 4095, ~0ULL - BYTES, 1ULL << 63,
		(1ULL << 63) - 1, 1ULL << 32, (1ULL << 32) + 1,
		MPDEMO_ARENA_BYTES_MAX, MPDEMO_ARENA_BYTES_MAX + 1,
	};
	struct mpdemo_info before, after;
	__u64 offset;

	for (int full = 0; full < 2; full++) {
		before = info_of(self->arena);
		for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
			CHECK(-ENOSPC, arena_alloc(self->arena, bytes[i], 1,
						   &offset),
			      "%#llx bytes", bytes[i]);
			CHECK(-ENOSPC, arena_alloc(self->arena, bytes[i], 4096,
						   &offset),
			      "%#llx bytes aligned", bytes[i]);
		}
		after = info_of(self->arena);
		EXPECT_TRUE(info_same(&before, &after));
		EXPECT_EQ(0, arena_alloc(self->arena, 100, 1, &offset));
	}
}

TEST_F(arena, reset_and_peak)
{
	struct mpdemo_info info;
	__u64 offset, bytes = 99;

	EXPECT_EQ(0, arena_reset(self->arena, &bytes));
	EXPECT_EQ(0, bytes);
	EXPECT_EQ(1, info_of(self->arena).out_frees);

	ASSERT_EQ(0, arena_alloc(self->arena, 1000, 8, &offset));
	EXPECT_EQ(0, offset);
	ASSERT_EQ(0, arena_alloc(self->arena, 200, 8, &offset));
	EXPECT_EQ(1000, offset);
	EXPECT_EQ(1200, info_of(self->arena).out_peak);
	EXPECT_EQ(0, arena_reset(self->arena, &bytes));
	EXPECT_EQ(1200, bytes);

	/* The peak survives, and is passed only by more. */
	ASSERT_EQ(0, arena_alloc(self->arena, 300, 8, &offset));
	EXPECT_EQ(0, offset);
	info = info_of(self->arena);
	EXPECT_EQ(300, info.out_in_use);
	EXPECT_EQ(1200, info.out_peak);
	EXPECT_EQ(3, info.out_allocs);
	EXPECT_EQ(2, info.out_frees);
	EXPECT_EQ(0, info.out_failures);
	ASSERT_EQ(0, arena_alloc(self->arena, 1000, 1, &offset));
	EXPECT_EQ(1300, info_of(self->arena).out_peak);
}

/* Pieces of many sizes, each in its place; the second round is as the first. */
TEST_F(arena, pieces_apart)
{
	__u64 first[200];

	for (int round = 0; round < 2; round++) {
		__u64 end = 0;

		for (int i = 0; i < 200; i++) {
			__u64 size = 1 + i * 37 % 300, offset;

			ASSERT_EQ(0, arena_alloc(self->arena, size,
						 1U << i % 8, &offset));
			EXPECT_LE(end, offset);
			end = offset + size;
			EXPECT_GE(BYTES, end);
			EXPECT_EQ(end, info_of(self->arena).out_in_use);
			if (round)
				CHECK(first[i], offset, "piece %d", i);
			else
				first[i] = offset;
		}
		ASSERT_EQ(0, arena_reset(self->arena, NULL));
	}
}

/* A piece belongs to the arena, not to who asked for it. */
TEST_F(arena, two_open_files)
{
	int other = object_reopen(self->arena, RW);
	int reader = object_reopen(self->arena, MPDEMO_ACCESS_READ);
	__u64 a, b, bytes;

	ASSERT_LE(0, other);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, arena_alloc(self->arena, 100, 1, &a));
	ASSERT_EQ(0, arena_alloc(other, 100, 1, &b));
	EXPECT_EQ(a + 100, b);
	EXPECT_EQ(-EBADF, arena_alloc(reader, 100, 1, &b));
	EXPECT_EQ(-EBADF, arena_reset(reader, &bytes));
	EXPECT_EQ(200, info_of(reader).out_in_use);
	ASSERT_EQ(0, close(other));
	EXPECT_EQ(200, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, info_of(self->arena).out_held);
	EXPECT_EQ(0, arena_reset(self->arena, &bytes));
	EXPECT_EQ(200, bytes);
}

/* All threads fill it together: no byte twice, none lost. */
struct filler {
	pthread_t thread;
	int fd;
	atomic_int *used;
	long pieces, twice, errors;
};

#define PIECE 64

static void *fill(void *arg)
{
	struct filler *f = arg;

	for (;;) {
		__u64 offset;
		int err = arena_alloc(f->fd, PIECE, PIECE, &offset);

		if (err) {
			f->errors += err != -ENOSPC;
			return NULL;
		}
		f->pieces++;
		if (offset % PIECE || offset >= BYTES)
			f->errors++;
		else
			f->twice += atomic_exchange(&f->used[offset / PIECE], 1);
	}
}

TEST_F(arena, all_cpus)
{
	_Atomic int used[BYTES / PIECE] = { 0 };
	struct filler f[4] = { 0 };
	long pieces = 0;

	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		f[i].fd = object_reopen(self->arena, RW);
		ASSERT_LE(0, f[i].fd);
		f[i].used = used;
		ASSERT_EQ(0, pthread_create(&f[i].thread, NULL, fill, &f[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		pthread_join(f[i].thread, NULL);
		EXPECT_EQ(0, f[i].twice);
		EXPECT_EQ(0, f[i].errors);
		pieces += f[i].pieces;
	}
	EXPECT_EQ(BYTES / PIECE, pieces);
	EXPECT_EQ(BYTES, info_of(self->arena).out_in_use);
	EXPECT_EQ(BYTES / PIECE, info_of(self->arena).out_allocs);
	EXPECT_EQ(4, info_of(self->arena).out_failures);
}

TEST_HARNESS_MAIN
