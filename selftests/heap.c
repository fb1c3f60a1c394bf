// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a heap hands out memory of any size, zeroed and apart, where it says that
 * it is; and that what is held has a handle which reaches it and nothing else.
 */
#include "heap_fixture.h"

/* The class that a size is meant for; CLASSES: pages. */
static __u32 class_for(__u64 bytes)
{
	__u32 class = 0;

	while (class < CLASSES && bytes > 8U << class)
		class++;
	return class;
}

static __u64 usable(__u64 bytes)
{
	return bytes > 1024 ? (bytes + 4095) & ~4095ULL : 8U << class_for(bytes);
}

TEST_F(heap, empty)
{
	struct mpdemo_info info = info_of(self->heap);

	EXPECT_EQ(MPDEMO_OBJECT_HEAP, info.out_kind);
	EXPECT_EQ(RW, info.out_access);
	EXPECT_EQ(0, info.out_state);
	EXPECT_EQ(0, info.out_name[0]);
	EXPECT_EQ(0, info.out_block_size);
	EXPECT_EQ(0, info.out_stride);
	EXPECT_EQ(CAPACITY, info.out_capacity);
	EXPECT_EQ(0, info.out_in_use);
	EXPECT_EQ(0, info.out_peak);
	EXPECT_EQ(0, info.out_allocs);
	EXPECT_EQ(0, info.out_held);
	/* With the words of owners. */
	EXPECT_LE(MAPPED + 8 * MOST, info.out_footprint);
}

TEST_F(heap, classes)
{
	int fine = heap_create_flags(self->dev, MPDEMO_HEAP_CREATE_FINE, 3, 0);
	struct mpdemo_heap_class c;

	ASSERT_LE(0, fine);
	for (__u32 i = 0; i < CLASSES; i++) {
		c = heap_class(self->heap, i);
		EXPECT_EQ(CLASSES, c.out_classes);
		EXPECT_EQ(8U << i, c.out_block_size);
		EXPECT_EQ(BLOCKS, c.out_blocks);
		EXPECT_EQ(0, c.out_in_use);
	}
	c = heap_class(self->heap, CLASSES);
	EXPECT_EQ(4096, c.out_block_size);
	EXPECT_EQ(PAGES, c.out_blocks);

	c = heap_class(fine, 23);
	EXPECT_EQ(24, c.out_classes);
	EXPECT_EQ(1024, c.out_block_size);
	EXPECT_EQ(40, heap_class(fine, 4).out_block_size);
	EXPECT_EQ(0, heap_class(fine, 24).out_blocks);
	/* Without pages, the largest class is the largest size. */
	EXPECT_EQ(0, heap_alloc(fine, 1024, &self->h[0]));
	EXPECT_EQ(-ENOSPC, heap_alloc(fine, 1025, &self->h[1]));
	EXPECT_EQ(0, close(fine));
}

/* Each size comes from its class, and the class counts it. */
TEST_F(heap, every_size)
{
	struct mpdemo_heap_alloc got;
	struct mpdemo_heap_class c;

	for (__u64 bytes = 1; bytes <= LARGE;
	     bytes = bytes < 1100 ? bytes + 1 : bytes * 5 / 4) {
		__u64 size = usable(bytes);

		CHECK(0, heap_alloc_flags(self->heap, 0, bytes, &self->h[0], &got),
		      "%llu bytes", bytes);
		CHECK(size, got.out_bytes, "%llu bytes", bytes);
		CHECK(0, got.out_offset % (size < 4096 ? size : 4096),
		      "%llu bytes", bytes);
		EXPECT_GE(MAPPED, got.out_offset + size);
		c = heap_class(self->heap, class_for(bytes));
		CHECK(bytes, c.out_requested, "%llu bytes", bytes);
		CHECK(size, c.out_handed_out, "%llu bytes", bytes);
		CHECK(size / c.out_block_size, c.out_in_use, "%llu bytes", bytes);
		CHECK(size, IN_USE(), "%llu bytes", bytes);
		CHECK(0, pool_free(self->heap, self->h[0]), "%llu bytes", bytes);
	}
	EXPECT_EQ(0, IN_USE());
	EXPECT_EQ(0, info_of(self->heap).out_failures);
	c = heap_class(self->heap, 3);
	EXPECT_EQ(0, c.out_requested);
	EXPECT_EQ(32, c.out_allocs);
	EXPECT_EQ(32, c.out_frees);
	EXPECT_EQ(1, c.out_peak);
	EXPECT_EQ(64, c.out_peak_bytes);
}

/* All of it at once, each piece marked over its whole length. */
TEST_F(heap, all_apart)
{
	struct mpdemo_heap_alloc got[MOST];
	int n = 0;

	for (__u32 class = 0; class <= CLASSES; class++) {
		__u32 blocks = class < CLASSES ? BLOCKS : PAGES;

		for (__u32 i = 0; i < blocks; i++, n++) {
			__u64 bytes = class < CLASSES ? 8U << class : 4096;

			ASSERT_EQ(0, heap_alloc_flags(self->heap, 0, bytes,
						      &self->h[n], &got[n]));
			ASSERT_EQ(bytes, got[n].out_bytes);
			memset(self->map + got[n].out_offset, n + 1, bytes);
		}
	}
	EXPECT_EQ(CAPACITY, IN_USE());
	EXPECT_EQ(MOST, info_of(self->heap).out_held);
	while (n--) {
		CHECK(true, all_are(self->map + got[n].out_offset, n + 1,
				    got[n].out_bytes), "piece %d", n);
		/* The index tells the one from the other. */
		for (int i = 0; i < n; i++)
			EXPECT_NE(MPDEMO_HANDLE_INDEX(self->h[n]),
				  MPDEMO_HANDLE_INDEX(self->h[i]));
		EXPECT_GT(MOST, MPDEMO_HANDLE_INDEX(self->h[n]));
	}
	ASSERT_EQ(0, pool_free_bulk(self->heap, MOST, self->h));
	EXPECT_EQ(0, IN_USE());
	EXPECT_EQ(CAPACITY, info_of(self->heap).out_peak);
}

/* The whole of it, also where less was asked for. */
TEST_F(heap, zeroed)
{
	static const __u64 sizes[] = { 1, 9, 100, 1000, 1025, 5000, LARGE };
	struct mpdemo_heap_alloc got;

	memset(self->map, 0x5a, MAPPED);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int round = 0; round < 3; round++) {
			unsigned char *p;

			ASSERT_EQ(0, heap_alloc_flags(self->heap, 0, sizes[i],
						      &self->h[0], &got));
			p = self->map + got.out_offset;
			CHECK(true, all_are(p, 0, got.out_bytes), "%llu bytes",
			      sizes[i]);
			memset(p, 0xff, got.out_bytes);
			ASSERT_EQ(0, pool_free(self->heap, self->h[0]));
		}
}

/* Larger classes help out, at last pages do, and then it is over. */
TEST_F(heap, exhausted)
{
	struct mpdemo_info before, after;
	struct mpdemo_heap_class c;

	for (int i = 0; i < MOST; i++)
		ASSERT_EQ(0, heap_alloc(self->heap, 8, &self->h[i]));
	EXPECT_EQ(CAPACITY, IN_USE());
	c = heap_class(self->heap, 0);
	EXPECT_EQ(BLOCKS, c.out_in_use);
	EXPECT_EQ(0, c.out_spilled);
	EXPECT_EQ(MOST - BLOCKS, c.out_failures);
	c = heap_class(self->heap, CLASSES);
	EXPECT_EQ(PAGES, c.out_spilled);
	EXPECT_EQ(PAGES * 8, c.out_requested);

	before = info_of(self->heap);
	EXPECT_EQ(-EAGAIN, heap_alloc(self->heap, 1, &self->h[0]));
	EXPECT_EQ(-EAGAIN, heap_alloc(self->heap, 1024, &self->h[0]));
	EXPECT_EQ(-EAGAIN, heap_alloc(self->heap, LARGE, &self->h[0]));
	EXPECT_EQ(-ENOSPC, heap_alloc(self->heap, LARGE + 1, &self->h[0]));
	EXPECT_EQ(-ENOSPC, heap_alloc(self->heap, 1ULL << 63, &self->h[0]));
	EXPECT_EQ(-ENOSPC, heap_alloc(self->heap, ~0ULL, &self->h[0]));
	after = info_of(self->heap);
	EXPECT_TRUE(info_same(&before, &after));
	EXPECT_EQ(before.out_failures + 6, after.out_failures);

	/* Pages enough, but not in a row. */
	for (int i = BLOCKS * CLASSES; i < MOST; i += 2)
		ASSERT_EQ(0, pool_free(self->heap, self->h[i]));
	EXPECT_EQ(-EAGAIN, heap_alloc(self->heap, 8192, &self->h[0]));
	EXPECT_EQ(0, heap_alloc(self->heap, 4096, &self->h[0]));
}

/* What a handle says once its time is over, and those that never had one. */
TEST_F(heap, handles)
{
	static const __u64 sizes[] = { 8, 1024, 20000 };
	int other = object_reopen(self->heap, RW);

	ASSERT_LE(0, other);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u64 old, new;
		__u32 index;

		ASSERT_EQ(0, heap_alloc(self->heap, sizes[i], &old));
		index = MPDEMO_HANDLE_INDEX(old);
		EXPECT_EQ(-EPERM, pool_free(other, old));
		EXPECT_EQ(-EPERM, pool_take(other, old));
		EXPECT_EQ(-ENOENT, pool_free(self->heap, old + (1ULL << 32)));
		EXPECT_EQ(-ENOENT, pool_free(self->heap, index));
		/* The one behind it was never handed out: be it a page of a run. */
		EXPECT_EQ(-ENOENT, pool_free(self->heap, old + 1));
		EXPECT_EQ(0, pool_free(self->heap, old));
		EXPECT_EQ(-EALREADY, pool_free(self->heap, old));
		EXPECT_EQ(-EALREADY, pool_keep(self->heap, old));
		ASSERT_EQ(0, heap_alloc(self->heap, sizes[i], &new));
		if (MPDEMO_HANDLE_INDEX(new) != index)
			continue;
		EXPECT_EQ(-ESTALE, pool_free(self->heap, old));
		EXPECT_EQ(0, pool_free(self->heap, new));
	}
	EXPECT_EQ(-ENOENT, pool_free(self->heap, MPDEMO_HANDLE(MOST, 1)));
	EXPECT_EQ(-ENOENT, pool_free(self->heap, MPDEMO_HANDLE(~0U, 1)));
	EXPECT_EQ(-ENOENT, pool_free(self->heap, 0));
	EXPECT_EQ(-ENOENT, pool_free(self->heap, ~0ULL));
	EXPECT_LT(20, info_of(self->heap).out_refused);
}

/* The last page of all is a number too, and its index the last one. */
TEST_F(heap, last_page)
{
	struct mpdemo_heap_alloc got;

	for (int i = 0; i < PAGES; i++) {
		ASSERT_EQ(0, heap_alloc_flags(self->heap, 0, 4096, &self->h[i],
					      &got));
		EXPECT_EQ(got.out_offset - (MAPPED - LARGE),
			  4096ULL * (MPDEMO_HANDLE_INDEX(self->h[i]) -
				     BLOCKS * CLASSES));
	}
	EXPECT_EQ(0, pool_free_bulk(self->heap, PAGES, self->h));
	ASSERT_EQ(0, heap_alloc_flags(self->heap, 0, LARGE, &self->h[0], &got));
	EXPECT_EQ(BLOCKS * CLASSES, MPDEMO_HANDLE_INDEX(self->h[0]));
	EXPECT_EQ(MAPPED - LARGE, got.out_offset);
	/* Its other pages were freed as runs of their own. */
	EXPECT_EQ(-EALREADY, pool_free(self->heap,
				       MPDEMO_HANDLE(BLOCKS * CLASSES + 1, 1)));
	EXPECT_EQ(LARGE, IN_USE());
}

TEST_F(heap, bulk_stops)
{
	__u32 done;

	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, heap_alloc(self->heap, 8 << i * 3, &self->h[i]));
	ASSERT_EQ(0, pool_free(self->heap, self->h[3]));
	EXPECT_EQ(-EALREADY, pool_bulk(self->heap, MPDEMO_IOC_FREE_BULK, 0, 5,
				       self->h, &done));
	EXPECT_EQ(3, done);
	EXPECT_EQ(1, info_of(self->heap).out_held);
	EXPECT_EQ(32768, IN_USE());
}

TEST_F(heap, keep_and_take)
{
	int other = object_reopen(self->heap, RW);
	int reader = object_reopen(self->heap, MPDEMO_ACCESS_READ);

	ASSERT_LE(0, other);
	ASSERT_LE(0, reader);
	/* Born kept, and kept later; a block, and pages. */
	ASSERT_EQ(0, heap_alloc_flags(other, MPDEMO_ALLOC_KEEP, 100, &self->h[0],
				      NULL));
	ASSERT_EQ(0, heap_alloc_flags(other, MPDEMO_ALLOC_KEEP, 10000,
				      &self->h[1], NULL));
	ASSERT_EQ(0, heap_alloc(other, 100, &self->h[2]));
	ASSERT_EQ(0, heap_alloc(other, 10000, &self->h[3]));
	EXPECT_EQ(2, info_of(other).out_kept);
	EXPECT_EQ(2, info_of(other).out_held);
	ASSERT_EQ(0, pool_bulk(other, MPDEMO_IOC_KEEP, 0, 2, self->h + 2, NULL));
	EXPECT_EQ(4, info_of(other).out_kept);
	EXPECT_EQ(0, info_of(other).out_held);
	EXPECT_EQ(-EPERM, pool_keep(other, self->h[0]));
	EXPECT_EQ(-EBADF, pool_take(reader, self->h[0]));
	EXPECT_EQ(-EBADF, pool_free(reader, self->h[0]));
	EXPECT_EQ(-EBADF, heap_alloc(reader, 1, &self->h[4]));
	ASSERT_EQ(0, close(other));
	EXPECT_EQ(2 * 128 + 2 * 12288, IN_USE());
	EXPECT_EQ(0, info_of(self->heap).out_reclaimed);

	ASSERT_EQ(0, pool_take(self->heap, self->h[1]));
	EXPECT_EQ(1, info_of(self->heap).out_held);
	EXPECT_EQ(0, pool_free_bulk(self->heap, 4, self->h));
	EXPECT_EQ(0, IN_USE());
	EXPECT_EQ(0, info_of(self->heap).out_kept);
}

/* What is kept does not keep the heap. (The kernel would tell of it in its log.) */
TEST_F(heap, closed_with_kept)
{
	for (int i = 0; i < 3; i++) {
		int fd = heap_create(self->dev, 4, 8192);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, heap_alloc_flags(fd, MPDEMO_ALLOC_KEEP, 10,
					      &self->h[0], NULL));
		ASSERT_EQ(0, heap_alloc_flags(fd, MPDEMO_ALLOC_KEEP, 5000,
					      &self->h[0], NULL));
		ASSERT_EQ(0, close(fd));
	}
}

TEST_F(heap, other_commands)
{
	__u64 offset;
	int pool = pool_create(self->dev, 24, 4);
	int arena = arena_create(self->dev, 4096);

	ASSERT_LE(0, pool);
	ASSERT_LE(0, arena);
	EXPECT_EQ(-EOPNOTSUPP, pool_alloc(self->heap, &self->h[0]));
	EXPECT_EQ(-EOPNOTSUPP, pool_alloc_bulk(self->heap, 1, self->h));
	EXPECT_EQ(-EOPNOTSUPP, arena_alloc(self->heap, 1, 1, &offset));
	EXPECT_EQ(-EOPNOTSUPP, arena_reset(self->heap, NULL));
	EXPECT_EQ(-EOPNOTSUPP, arena_mark(self->heap,
					  &(struct mpdemo_arena_place){ 0 }));
	EXPECT_EQ(-EOPNOTSUPP, heap_alloc(pool, 1, &self->h[0]));
	EXPECT_EQ(-EOPNOTSUPP, heap_alloc(arena, 1, &self->h[0]));
	EXPECT_EQ(-EOPNOTSUPP, pool_free(arena, MPDEMO_HANDLE(0, 1)));
	EXPECT_EQ(0, IN_USE());
	EXPECT_EQ(0, info_of(pool).out_in_use);
}

/* Nothing of what is held can be reached beyond the heap. */
TEST_F(heap, mapping_ends)
{
	void *map = mmap(NULL, MAPPED + 4096, PROT_READ, MAP_SHARED, self->heap, 0);

	EXPECT_EQ(MAP_FAILED, map);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->heap, MAPPED);
	EXPECT_EQ(MAP_FAILED, map);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->heap, MAPPED - 4096);
	EXPECT_NE(MAP_FAILED, map);
}

/* Those who look are told what it is. */
TEST_F(heap, shown)
{
	char command[200];
	__u32 id = info_of(self->heap).out_id;

	ASSERT_EQ(0, heap_alloc(self->heap, 100, &self->h[0]));
	snprintf(command, sizeof(command),
		 "grep -qE '^ *%u [(]anonymous[)] +heap +0 +%d +128 +128 ' %s", id,
		 CAPACITY, "/sys/kernel/debug/mempool_demo/summary");
	EXPECT_EQ(0, system(command));
	snprintf(command, sizeof(command),
		 "grep -qE '^kind +heap$' /sys/kernel/debug/mempool_demo/%u/stats",
		 id);
	EXPECT_EQ(0, system(command));
	snprintf(command, sizeof(command),
		 "poolctl list | grep -qE '^ *%u [(]anonymous[)] +heap +- .* 128B '",
		 id);
	EXPECT_EQ(0, system(command));
}

TEST_HARNESS_MAIN
