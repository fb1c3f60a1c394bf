// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that threads that share a heap never have a byte in common.
 */
#include "lib_load.h"

#define BYTES	(2 << 20)
#define THREADS	4

/* Together they want more than there is. */
TEST(random_pattern)
{
	static struct load loads[THREADS];
	pthread_t threads[THREADS];
	struct mpdemo_heap *heap;
	unsigned int none = 0;
	int dev, i;

	DEV_OPEN_OR_SKIP(dev);
	heap = mpdemo_heap_create(dev, BYTES);
	ASSERT_NE(NULL, heap);
	for (i = 0; i < THREADS; i++) {
		loads[i] = (struct load){
			.heap = heap, .random = i, .rounds = rounds(20000),
		};
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, load_run, &loads[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		CHECK(0, loads[i].wrong, "thread %d", i);
		none += loads[i].none;
	}
	EXPECT_LT(0, none);
	/* Nothing is left of it: all the large half is in one piece. */
	EXPECT_NE(NULL, mpdemo_heap_alloc(heap, BYTES / 2));
	mpdemo_heap_close(heap);
	close(dev);
}

TEST_HARNESS_MAIN
