// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl_client hold|corrupt NAME
 * poolctl_client scribble NAME INDEX
 *
 * A program that does to a pool what poolctl does not, for the shell tests: ends with a block
 * in its hands, or writes to a block that is free; scribble leaves that to be found by others.
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

/* Its last byte. */
static int scribble(int pool, unsigned int index)
{
	struct mpdemo_info info = info_of(pool);
	unsigned char *blocks = map_all(pool, PROT_READ | PROT_WRITE);

	if (blocks == MAP_FAILED)
		return -errno;
	blocks[index * info.out_stride + info.out_block_size - 1] ^= 1;
	return 0;
}

int main(int argc, char **argv)
{
	bool scribbles = argc > 1 && !strcmp(argv[1], "scribble");
	int pool, ret;

	if (argc != (scribbles ? 4 : 3)) {
		fputs("usage: poolctl_client hold|corrupt NAME, or scribble NAME INDEX\n", stderr);
		return 1;
	}
	pool = object_open(dev_open(), argv[2], RW);
	if (pool < 0)
		ret = pool;
	else if (scribbles)
		ret = scribble(pool, atoi(argv[3]));
	else
		ret = strcmp(argv[1], "hold") ? corrupt(pool) : hold(pool);
	if (ret)
		fprintf(stderr, "poolctl_client: %s\n", strerror(-ret));
	return !!ret;
}
