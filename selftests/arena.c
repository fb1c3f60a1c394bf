// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that an arena hands out what fits, aligned and apart, to its last byte
 * and no further, and that a reset gives all of it back, a rollback to a mark all
 * since then, and a mark that is none does no harm.
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

/* A mark stays live, however often it is used; younger ones end. */
TEST_F(arena, marks)
{
	struct mpdemo_arena_place a, b, c;
	__u64 offset;

	ASSERT_EQ(0, arena_alloc(self->arena, 100, 1, &offset));
	ASSERT_EQ(0, arena_mark(self->arena, &a));
	EXPECT_EQ(0, a.depth);
	ASSERT_EQ(0, arena_alloc(self->arena, 1000, 1, &offset));
	ASSERT_EQ(0, arena_mark(self->arena, &b));
	EXPECT_EQ(1, b.depth);
	EXPECT_NE(a.serial, b.serial);
	ASSERT_EQ(0, arena_alloc(self->arena, 10, 1, &offset));
	EXPECT_EQ(1110, info_of(self->arena).out_in_use);

	EXPECT_EQ(0, arena_rollback(self->arena, &b));
	EXPECT_EQ(1100, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, arena_rollback(self->arena, &b));
	EXPECT_EQ(0, arena_rollback(self->arena, &a));
	EXPECT_EQ(100, info_of(self->arena).out_in_use);
	EXPECT_EQ(1110, info_of(self->arena).out_peak);
	EXPECT_EQ(-ESTALE, arena_rollback(self->arena, &b));

	/* Another mark where that one was. */
	ASSERT_EQ(0, arena_alloc(self->arena, 7, 1, &offset));
	EXPECT_EQ(100, offset);
	ASSERT_EQ(0, arena_mark(self->arena, &c));
	EXPECT_EQ(b.depth, c.depth);
	EXPECT_EQ(-ESTALE, arena_rollback(self->arena, &b));
	EXPECT_EQ(107, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, arena_rollback(self->arena, &a));
	EXPECT_EQ(100, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, info_of(self->arena).out_frees);

	ASSERT_EQ(0, arena_reset(self->arena, NULL));
	EXPECT_EQ(-ESTALE, arena_rollback(self->arena, &a));
}

TEST_F(arena, too_many_marks)
{
	struct mpdemo_arena_place first, mark = { 0 };
	__u64 offset;

	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, arena_mark(self->arena, &first));
		ASSERT_EQ(0, arena_alloc(self->arena, 16, 1, &offset));
		for (int i = 1; i < MPDEMO_ARENA_MARKS; i++)
			CHECK(0, arena_mark(self->arena, &mark), "mark %d", i);
		EXPECT_EQ(-ENOSPC, arena_mark(self->arena, &mark));
		EXPECT_EQ(16, info_of(self->arena).out_in_use);
		ASSERT_EQ(0, round == 1 ? arena_reset(self->arena, NULL) :
					  arena_rollback(self->arena, &first));
		EXPECT_EQ(0, info_of(self->arena).out_in_use);
		if (round == 1)
			continue;
		/* That one is live still. */
		for (int i = 1; i < MPDEMO_ARENA_MARKS; i++)
			CHECK(0, arena_mark(self->arena, &mark), "mark %d", i);
		EXPECT_EQ(-ENOSPC, arena_mark(self->arena, &mark));
		ASSERT_EQ(0, arena_reset(self->arena, NULL));
	}
}

/* Marks that somebody made up, or took elsewhere. */
TEST_F(arena, hostile_marks)
{
	static const __u64 serials[] = { 0, 1, 1ULL << 32, 1ULL << 63, ~0ULL };
	static const __u32 depths[] = { 0, 1, 2, 31, 32, 33, 1U << 31, ~0U };
	int other = arena_create(self->dev, BYTES);
	struct mpdemo_arena_place mark, foreign;
	struct mpdemo_info before, after;
	__u64 offset;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, arena_mark(other, &foreign));
	ASSERT_EQ(0, arena_mark(self->arena, &mark));
	ASSERT_EQ(0, arena_alloc(self->arena, 5000, 1, &offset));
	before = info_of(self->arena);
	EXPECT_EQ(-ESTALE, arena_rollback(self->arena, &foreign));
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct mpdemo_arena_place bad = mark;

		for (size_t j = 0; j < ARRAY_SIZE(serials); j++) {
			bad.serial = serials[j];
			bad.depth = depths[i];
			CHECK(-ESTALE, arena_rollback(self->arena, &bad),
			      "serial %#llx depth %u", bad.serial, bad.depth);
		}
		if (!depths[i])
			continue;
		bad.serial = mark.serial;
		CHECK(-ESTALE, arena_rollback(self->arena, &bad), "depth %u",
		      bad.depth);
	}
	for (int i = -3; i <= 3; i++) {
		struct mpdemo_arena_place bad = mark;

		bad.serial += i;
		if (i)
			CHECK(-ESTALE, arena_rollback(self->arena, &bad),
			      "serial off by %d", i);
	}
	after = info_of(self->arena);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(0, arena_rollback(self->arena, &mark));
	EXPECT_EQ(0, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, close(other));
}

/* A mark is for all who have the arena open, and stays when its maker goes. */
TEST_F(arena, mark_of_all)
{
	int other = object_reopen(self->arena, RW);
	int reader = object_reopen(self->arena, MPDEMO_ACCESS_READ);
	struct mpdemo_arena_place mark, none;
	__u64 offset;

	ASSERT_LE(0, other);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, arena_mark(other, &mark));
	ASSERT_EQ(0, close(other));
	ASSERT_EQ(0, arena_alloc(self->arena, 100, 1, &offset));
	EXPECT_EQ(-EBADF, arena_mark(reader, &none));
	EXPECT_EQ(-EBADF, arena_rollback(reader, &mark));
	EXPECT_EQ(100, info_of(self->arena).out_in_use);
	EXPECT_EQ(0, arena_rollback(self->arena, &mark));
	EXPECT_EQ(0, info_of(self->arena).out_in_use);
}

/* What was rolled back shows nothing of what it held. */
TEST_F(arena, rolled_back_is_zeroed)
{
	unsigned char *map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				  self->arena, 0);
	struct mpdemo_arena_place mark;
	__u64 offset, wrong = 0;

	ASSERT_NE(MAP_FAILED, (void *)map);
	ASSERT_EQ(0, arena_alloc(self->arena, 100, 1, &offset));
	memset(map, 0x11, 100);
	ASSERT_EQ(0, arena_mark(self->arena, &mark));
	for (int round = 0; round < 3; round++) {
		wrong = 0;
		ASSERT_EQ(0, arena_alloc(self->arena, BYTES - 100, 1, &offset));
		EXPECT_EQ(100, offset);
		for (__u64 i = 100; i < BYTES; i++)
			wrong += map[i] != 0;
		CHECK(0, wrong, "round %d", round);
		memset(map + 100, 0xff, BYTES - 100);
		ASSERT_EQ(0, arena_rollback(self->arena, &mark));
	}
	/* And what is older is as it was. */
	for (__u64 i = 0; i < 100; i++)
		wrong += map[i] != 0x11;
	EXPECT_EQ(0, wrong);
	munmap(map, BYTES);
}

/*
 * One whose pieces and marks are always taken back, as it cannot be told of them, and one
 * who rolls back: no piece may be handed out twice for that.
 */
static atomic_bool stop;

static void *never_told(void *arg)
{
	struct mpdemo_arena_alloc alloc = {
		.size = sizeof(alloc), .bytes = PIECE, .align = 1,
	};
	struct mpdemo_arena_place mark = { .size = sizeof(mark) };
	unsigned char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long fine = 0;

	memcpy(page, &alloc, sizeof(alloc));
	memcpy(page + 4096, &mark, sizeof(mark));
	mprotect(page, 8192, PROT_READ);
	while (!atomic_load(&stop)) {
		fine += call(*(int *)arg, MPDEMO_IOC_ARENA_ALLOC, page) != -EFAULT;
		fine += call(*(int *)arg, MPDEMO_IOC_ARENA_MARK,
			     page + 4096) != -EFAULT;
	}
	munmap(page, 8192);
	return (void *)fine;
}

TEST_F(arena, taken_back_beside_marks)
{
	struct mpdemo_arena_place mark;
	long rounds = 0, twice = 0, lost = 0;
	__u64 end = now_ms() + 1500;
	pthread_t thread;
	void *fine;

	ASSERT_EQ(0, arena_mark(self->arena, &mark));
	atomic_store(&stop, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, never_told, &self->arena));
	for (; now_ms() < end; rounds++) {
		__u64 first = 0, second = 0;

		/* Marks that came between stay until then, so not too many. */
		lost += !!arena_rollback(self->arena, &mark);
		lost += !!arena_alloc(self->arena, PIECE, 1, &first);
		lost += !!arena_alloc(self->arena, PIECE, 1, &second);
		twice += second < first + PIECE;
	}
	atomic_store(&stop, true);
	ASSERT_EQ(0, pthread_join(thread, &fine));
	EXPECT_EQ(0, (long)fine);
	EXPECT_EQ(0, twice);
	EXPECT_EQ(0, lost);
	EXPECT_LT(100, rounds);
	EXPECT_EQ(0, arena_rollback(self->arena, &mark));
	EXPECT_EQ(0, info_of(self->arena).out_in_use);
}

TEST_HARNESS_MAIN
