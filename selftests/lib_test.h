/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the tests of libmpdemo.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <pthread.h>
#include <mpdemo.h>

#include "mpdemo_test.h"

/* What is repeated is repeated less often where the kernel is slow. */
static inline int rounds(int n)
{
	const char *slow = getenv("MPDEMO_SLOW");
	int by = slow ? atoi(slow) : 1;

	return by > 1 && n >= by ? n / by : n;
}

static inline __u64 lib_in_use(struct mpdemo_pool *pool)
{
	struct mpdemo_info info = { .size = sizeof(info) };

	return mpdemo_pool_info(pool, &info) ? ~0ULL : info.out_in_use;
}

/* A call that returns a pointer gives none, and this errno. */
#define EXPECT_NO(err, call)						\
do {									\
	errno = 0;							\
	EXPECT_EQ(NULL, (void *)(uintptr_t)(call));			\
	EXPECT_EQ(err, errno);						\
} while (0)

/*
 * In a child, which has no harness: say what is wrong, and exit with a status that the parent
 * compares to 0.
 */
#define CHILD_CHECK(cond)						\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "# %s:%d: %s, errno %d\n", __FILE__,	\
			__LINE__, #cond, errno);			\
		_exit(1);						\
	}								\
} while (0)

#define CHILD_NO(err, call)						\
	CHILD_CHECK((errno = 0, !(call)) && errno == (err))

#endif /* LIB_TEST_H */
