/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the selftests: one short function for each ioctl, which returns 0
 * or a file descriptor, or -errno, so that a test says what it expects in one
 * line.
 */
#ifndef MPDEMO_TEST_H
#define MPDEMO_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/mempool_demo.h>

/* Which can be in one file of a program only, and which not all who use this need. */
#ifndef MPDEMO_TEST_NO_HARNESS
#include <kselftest_harness.h>
#endif

#define DEVICE		"/dev/mempool_demo"
#define RW		(MPDEMO_ACCESS_READ | MPDEMO_ACCESS_WRITE)
#define NOBODY		65534

#define PTR(p)		((__u64)(uintptr_t)(p))

/*
 * EXPECT_EQ() as one statement, for loops and branches, with words that say
 * which round it was.
 */
#define CHECK(expected, seen, ...)					\
do {									\
	EXPECT_EQ((__s64)(expected), (__s64)(seen))			\
		TH_LOG(__VA_ARGS__);					\
} while (0)

/*
 * Open the device, or skip the test; the runner takes such a skip as a failure.
 */
#define DEV_OPEN_OR_SKIP(dev)						\
do {									\
	(dev) = dev_open();						\
	if ((dev) == -ENOENT || (dev) == -EACCES)			\
		SKIP(return, "cannot open " DEVICE ": %s",		\
		     strerror(-(dev)));					\
	ASSERT_LE(0, (dev));						\
} while (0)

static inline int dev_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static inline int pool_create(int dev, __u64 block_size, __u64 blocks)
{
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = block_size, .blocks = blocks,
		.out_fd = -1,
	};
	int err = call(dev, MPDEMO_IOC_POOL_CREATE, &a);

	return err ? err : a.out_fd;
}

static inline int pool_create_growing(int dev, __u64 block_size, __u64 blocks,
				      __u64 max, __u64 chunk)
{
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = block_size, .blocks = blocks,
		.max_blocks = max, .chunk_blocks = chunk, .out_fd = -1,
	};
	int err = call(dev, MPDEMO_IOC_POOL_CREATE, &a);

	return err ? err : a.out_fd;
}

static inline int arena_create(int dev, __u64 bytes)
{
	struct mpdemo_arena_create a = {
		.size = sizeof(a), .bytes = bytes, .out_fd = -1,
	};
	int err = call(dev, MPDEMO_IOC_ARENA_CREATE, &a);

	return err ? err : a.out_fd;
}

static inline int heap_create_flags(int dev, __u32 flags, __u32 blocks,
				    __u64 large_bytes)
{
	struct mpdemo_heap_create a = {
		.size = sizeof(a), .flags = flags, .blocks = blocks,
		.large_bytes = large_bytes, .out_fd = -1,
	};
	int err = call(dev, MPDEMO_IOC_HEAP_CREATE, &a);

	return err ? err : a.out_fd;
}

static inline int heap_create(int dev, __u32 blocks, __u64 large_bytes)
{
	return heap_create_flags(dev, 0, blocks, large_bytes);
}

static inline int object_open(int dev, const char *name, __u32 access)
{
	struct mpdemo_open a = {
		.size = sizeof(a), .flags = access, .out_fd = -1,
	};
	int err;

	memcpy(a.name, name, strnlen(name, sizeof(a.name)));
	err = call(dev, MPDEMO_IOC_OPEN, &a);
	return err ? err : a.out_fd;
}

static inline int object_reopen(int fd, __u32 access)
{
	struct mpdemo_reopen a = {
		.size = sizeof(a), .flags = access, .out_fd = -1,
	};
	int err = call(fd, MPDEMO_IOC_REOPEN, &a);

	return err ? err : a.out_fd;
}

static inline int pool_alloc_flags(int fd, __u32 flags, __u64 *handle)
{
	struct mpdemo_alloc a = { .size = sizeof(a), .flags = flags };
	int err = call(fd, MPDEMO_IOC_ALLOC, &a);

	*handle = err ? 0 : a.out_handle;
	return err;
}

static inline int pool_alloc(int fd, __u64 *handle)
{
	return pool_alloc_flags(fd, 0, handle);
}

/* @deadline as the header says; see in_ms(). */
static inline int pool_alloc_wait(int fd, __u32 flags, __u64 deadline,
				  __u64 *handle)
{
	struct mpdemo_alloc a = {
		.size = sizeof(a), .flags = flags | MPDEMO_ALLOC_WAIT,
		.deadline = deadline,
	};
	int err = call(fd, MPDEMO_IOC_ALLOC, &a);

	*handle = err ? 0 : a.out_handle;
	return err;
}

static inline int pool_alloc_bulk_wait(int fd, __u32 flags, __u64 deadline,
				       __u32 count, __u64 *handles)
{
	struct mpdemo_bulk a = {
		.size = sizeof(a), .flags = flags | MPDEMO_ALLOC_WAIT,
		.count = count, .handles = PTR(handles), .deadline = deadline,
	};

	return call(fd, MPDEMO_IOC_ALLOC_BULK, &a);
}

static inline int pool_free(int fd, __u64 handle)
{
	struct mpdemo_free a = { .size = sizeof(a), .handle = handle };

	return call(fd, MPDEMO_IOC_FREE, &a);
}

/* One of the bulk commands; @done may be NULL. */
static inline int pool_bulk(int fd, unsigned int cmd, __u32 flags, __u32 count,
			    const __u64 *handles, __u32 *done)
{
	struct mpdemo_bulk a = {
		.size = sizeof(a), .flags = flags, .count = count,
		.out_done = ~0U, .handles = PTR(handles),
	};
	int err = call(fd, cmd, &a);

	if (done)
		*done = a.out_done;
	return err;
}

static inline int pool_alloc_bulk(int fd, __u32 count, __u64 *handles)
{
	return pool_bulk(fd, MPDEMO_IOC_ALLOC_BULK, 0, count, handles, NULL);
}

static inline int pool_free_bulk(int fd, __u32 count, const __u64 *handles)
{
	return pool_bulk(fd, MPDEMO_IOC_FREE_BULK, 0, count, handles, NULL);
}

static inline int pool_keep(int fd, __u64 handle)
{
	return pool_bulk(fd, MPDEMO_IOC_KEEP, 0, 1, &handle, NULL);
}

static inline int pool_take(int fd, __u64 handle)
{
	return pool_bulk(fd, MPDEMO_IOC_TAKE, 0, 1, &handle, NULL);
}

static inline int arena_alloc(int fd, __u64 bytes, __u32 align, __u64 *offset)
{
	struct mpdemo_arena_alloc a = {
		.size = sizeof(a), .bytes = bytes, .align = align,
	};
	int err = call(fd, MPDEMO_IOC_ARENA_ALLOC, &a);

	*offset = err ? 0 : a.out_offset;
	return err;
}

static inline int arena_reset(int fd, __u64 *bytes)
{
	struct mpdemo_arena_reset a = { .size = sizeof(a) };
	int err = call(fd, MPDEMO_IOC_ARENA_RESET, &a);

	if (!err && bytes)
		*bytes = a.out_bytes;
	return err;
}

static inline int arena_mark(int fd, struct mpdemo_arena_place *place)
{
	*place = (struct mpdemo_arena_place){ .size = sizeof(*place) };
	return call(fd, MPDEMO_IOC_ARENA_MARK, place);
}

static inline int arena_rollback(int fd, const struct mpdemo_arena_place *place)
{
	struct mpdemo_arena_place a = *place;

	return call(fd, MPDEMO_IOC_ARENA_ROLLBACK, &a);
}

/* @got may be NULL. Blocks of a heap are freed, kept and taken as those of pools. */
static inline int heap_alloc_flags(int fd, __u32 flags, __u64 bytes,
				   __u64 *handle, struct mpdemo_heap_alloc *got)
{
	struct mpdemo_heap_alloc a = {
		.size = sizeof(a), .flags = flags, .bytes = bytes,
	};
	int err = call(fd, MPDEMO_IOC_HEAP_ALLOC, &a);

	*handle = err ? 0 : a.out_handle;
	if (got)
		*got = a;
	return err;
}

static inline int heap_alloc(int fd, __u64 bytes, __u64 *handle)
{
	return heap_alloc_flags(fd, 0, bytes, handle, NULL);
}

/* All zeroes where the call fails. */
static inline struct mpdemo_heap_class heap_class(int fd, __u32 number)
{
	struct mpdemo_heap_class a = { .size = sizeof(a), .number = number };

	if (call(fd, MPDEMO_IOC_HEAP_STATS, &a))
		memset(&a, 0, sizeof(a));
	return a;
}

/* All zeroes, and an out_kind that does not exist, where the call fails. */
static inline struct mpdemo_info info_of(int fd)
{
	struct mpdemo_info a = { .size = sizeof(a) };

	if (call(fd, MPDEMO_IOC_INFO, &a))
		memset(&a, 0, sizeof(a));
	return a;
}

/* What no refused command may change. */
static inline bool info_same(const struct mpdemo_info *a,
			     const struct mpdemo_info *b)
{
	return a->out_kind && a->out_kind == b->out_kind &&
	       a->out_in_use == b->out_in_use && a->out_peak == b->out_peak &&
	       a->out_allocs == b->out_allocs && a->out_frees == b->out_frees &&
	       a->out_kept == b->out_kept && a->out_held == b->out_held &&
	       a->out_reclaimed == b->out_reclaimed;
}

/* Or MAP_FAILED. */
static inline unsigned char *map_all(int fd, int prot)
{
	return mmap(NULL, info_of(fd).out_map_bytes, prot, MAP_SHARED, fd, 0);
}

static inline bool all_are(const unsigned char *p, unsigned char value, __u64 bytes)
{
	while (bytes--)
		if (*p++ != value)
			return false;
	return true;
}

static inline int fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline __u64 now_ms(void)
{
	return now_ns() / 1000000;
}

/* A deadline. */
static inline __u64 in_ms(unsigned int ms)
{
	return now_ns() + ms * 1000000ULL;
}

/* Wait until @cond holds, 5 s at most; true where it does. */
#define POLL_UNTIL(cond)						\
({									\
	__u64 end_ = now_ms() + 5000;					\
	bool ok_;							\
									\
	while (!(ok_ = !!(cond)) && now_ms() < end_)			\
		sched_yield();						\
	ok_;								\
})

static inline int run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* fork() whose child does not outlive a test that is killed. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Exit status of the child, or 128 + the signal that ended it. */
static inline int wait_child(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* Give up all privileges; the groups are @gid alone. */
static inline int become(uid_t uid, gid_t gid)
{
	gid_t none = gid;

	if (setgroups(1, &none) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

/*
 * Tell the parent a number through the exit status of a child: 0..127 are
 * errnos, positive.
 */
static inline void __attribute__((noreturn)) exit_errno(int ret)
{
	_exit(ret < 0 ? -ret : 0);
}

#endif /* MPDEMO_TEST_H */
