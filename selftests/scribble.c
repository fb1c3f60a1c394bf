// SPDX-License-Identifier: GPL-2.0
/*
 * scribble NAME poison|INDEX: switch the poison of a pool on, or write to a block of it that
 * is not ours, through a mapping. For the shell tests, as poolctl does not do the latter.
 */
#define MPDEMO_TEST_NO_HARNESS
#include "nl_test.h"

static int poison(const char *name)
{
	struct nlt nl;
	int ret = nlt_open(&nl);

	if (!ret)
		ret = nlt_with(&nl, MPDEMO_CMD_SET, name, NLT_U32(MPDEMO_A_POISON, 1), 0);
	return ret;
}

static int scribble(const char *name, int index)
{
	int fd = object_open(dev_open(), name, RW);
	struct mpdemo_info info;
	unsigned char *at;

	if (fd < 0)
		return fd;
	info = info_of(fd);
	at = mmap(NULL, info.out_map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	at[index * info.out_stride + info.out_block_size - 1] ^= 1;
	return 0;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc != 3) {
		fputs("usage: scribble NAME poison|INDEX\n", stderr);
		return 1;
	}
	ret = strcmp(argv[2], "poison") ? scribble(argv[1], atoi(argv[2])) : poison(argv[1]);
	if (ret)
		fprintf(stderr, "scribble: %s\n", strerror(-ret));
	return ret != 0;
}
