// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that do what they like with the same files, without a model: descriptors are
 * closed and doubled beneath calls, memory goes while the kernel copies to it. What must
 * hold is little, but holds always: counts within their limits, and in the end all whole.
 */
#include "../mpdemo_test.h"
#include "fuzz.h"

#include <pthread.h>
#include <sys/random.h>

#define THREADS		4
#define FILES		16
#define BLOCKS		96
#define PAGE		4096

static int fds[FILES];		/* beginning at 200, so that none is anybody else's */
static char *area;		/* comes and goes, in pages */
static volatile __u64 handles[64];
static volatile int stop;
static int base;

static const unsigned int commands[] = {
	MPDEMO_IOC_REOPEN, MPDEMO_IOC_INFO, MPDEMO_IOC_ALLOC, MPDEMO_IOC_ALLOC,
	MPDEMO_IOC_FREE, MPDEMO_IOC_FREE, MPDEMO_IOC_ALLOC_BULK,
	MPDEMO_IOC_FREE_BULK, MPDEMO_IOC_KEEP, MPDEMO_IOC_TAKE,
	MPDEMO_IOC_ARENA_ALLOC, MPDEMO_IOC_ARENA_RESET,
};

/* As a program would call: a good structure, at an address that may be bad. */
static void good_call(int fd, unsigned int *seed)
{
	unsigned int cmd = commands[rand_r(seed) % (sizeof(commands) /
						    sizeof(*commands))];
	__u64 *some = (__u64 *)(area + rand_r(seed) % 8 * 2048);
	struct mpdemo_bulk bulk = {
		.size = sizeof(bulk), .count = 1 + rand_r(seed) % 20,
		.handles = PTR(some),
	};
	struct mpdemo_alloc alloc = { .size = sizeof(alloc) };
	struct mpdemo_free one = {
		.size = sizeof(one), .handle = handles[rand_r(seed) % 64],
	};
	struct mpdemo_reopen again = { .size = sizeof(again), .flags = RW };

	switch (cmd) {
	case MPDEMO_IOC_REOPEN:
		if (!call(fd, cmd, &again))
			close(again.out_fd);
		break;
	case MPDEMO_IOC_ALLOC:
		if (!call(fd, cmd, &alloc))
			handles[rand_r(seed) % 64] = alloc.out_handle;
		break;
	case MPDEMO_IOC_FREE:
		call(fd, cmd, &one);
		break;
	default:
		call(fd, cmd, &bulk);
		break;
	}
}

static void *thread(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		int fd = base + rand_r(&seed) % FILES;
		char *at = area + rand_r(&seed) % (8 * PAGE);

		switch (rand_r(&seed) % 12) {
		case 0:
			dup2(base + rand_r(&seed) % FILES, fd);
			break;
		case 1: {
			int new = object_reopen(fd, RW);

			if (new >= 0) {
				dup2(new, fd);
				close(new);
			}
			break;
		}
		case 2:
			/* Memory goes, and is there again, empty. */
			mmap((void *)((uintptr_t)at & ~(PAGE - 1UL)), PAGE,
			     rand_r(&seed) % 3 ? PROT_READ | PROT_WRITE : PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		case 3:
			/* Memory of the object itself, to be copied to and from. */
			mmap((void *)((uintptr_t)at & ~(PAGE - 1UL)), PAGE,
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
			break;
		case 4:
			/* Whatever is there; the kernel writes where there is memory. */
			if (getrandom(at, 64, 0) < 0)
				break;
			ioctl(fd, commands[rand_r(&seed) % 12], at);
			break;
		default:
			good_call(fd, &seed);
			break;
		}
	}
	return NULL;
}

static int chaos(int dev, unsigned int seed, unsigned int msecs)
{
	int pool = pool_create(dev, 24, BLOCKS), arena = arena_create(dev, 8192);
	__u64 all[BLOCKS], offset;
	pthread_t threads[THREADS];
	struct mpdemo_info info;
	int bad = 0;

	base = 200;
	area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool < 0 || arena < 0 || area == MAP_FAILED)
		return 2;
	for (int i = 0; i < FILES; i++) {
		fds[i] = object_reopen(i % 4 ? pool : arena, RW);
		if (dup2(fds[i], base + i) < 0)
			return 2;
		close(fds[i]);
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread,
				   (void *)(uintptr_t)(seed * THREADS + i)))
			return 2;
	for (__u64 end = now_ms() + msecs; now_ms() < end; usleep(1000)) {
		info = info_of(pool);
		bad |= info.out_in_use > BLOCKS || info.out_kept > BLOCKS ||
		       info.out_peak > BLOCKS;
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	munmap(area, 8 * PAGE);
	for (int i = 0; i < FILES; i++)
		close(base + i);

	/* Only what is kept is not free; its handles were told to somebody. */
	info = info_of(pool);
	if (info.out_in_use != info.out_kept ||
	    info.out_allocs - info.out_frees != info.out_in_use || info.out_held)
		bad |= 4;
	for (unsigned int i = 0; i < BLOCKS; i++) {
		__u64 lo = 1, hi = 1U << 30;

		while (lo <= hi) {
			__u64 guess = lo + (hi - lo) / 2;
			int ret = pool_free(pool, MPDEMO_HANDLE(i, guess));

			if (ret == -ESTALE)
				lo = guess + 1;
			else if (ret == -ENOENT)
				hi = guess - 1;
			else
				break;
		}
	}
	if (pool_alloc_bulk(pool, BLOCKS, all) || pool_free_bulk(pool, BLOCKS, all))
		bad |= 8;
	if (arena_reset(arena, NULL) || arena_alloc(arena, 8192, 0, &offset))
		bad |= 16;
	if (info_of(pool).out_allocs < BLOCKS + 1)
		bad |= 32;
	return bad;
}

/* In a process of its own, as it leaves no memory as it was. */
bool chaos_run(int dev, unsigned int seed, unsigned int msecs)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(chaos(dev, seed, msecs));
	status = wait_child(pid);
	if (status)
		printf("# chaos: status %d\nreplay: mpdemo_fuzz --chaos %u\n", status,
		       seed);
	return !status;
}
