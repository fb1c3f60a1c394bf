// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl_client hold|corrupt NAME: a program that does to a pool what poolctl does not,
 * for the shell tests: ends with a block in its hands, or writes to a block that is free.
 */
#define MPDEMO_TEST_NO_HARNESS
#include "mpdemo_test.h"

static int hold(int pool)
{
	__u64 handle;

	return pool_alloc(pool, &handle);
}

/* The block that was freed last is the next one. */
static int corrupt(int pool)
{
	struct mpdemo_info info = info_of(pool);
	unsigned char *blocks = map_all(pool, PROT_READ | PROT_WRITE);
	__u64 handle;
	int ret;

	ret = pool_alloc(pool, &handle);
	if (!ret)
		ret = pool_free(pool, handle);
	if (ret)
		return ret;
	blocks[MPDEMO_HANDLE_INDEX(handle) * info.out_stride] ^= 1;
	return pool_alloc(pool, &handle);
}

int main(int argc, char **argv)
{
	int pool, ret;

	if (argc != 3) {
		fputs("usage: poolctl_client hold|corrupt NAME\n", stderr);
		return 1;
	}
	pool = object_open(dev_open(), argv[2], RW);
	if (pool < 0)
		ret = pool;
	else
		ret = strcmp(argv[1], "hold") ? corrupt(pool) : hold(pool);
	if (ret)
		fprintf(stderr, "poolctl_client: %s\n", strerror(-ret));
	return !!ret;
}
