/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clients of kill.c, and what they note of themselves. For that alone.
 */
#ifndef MPDEMO_KILL_CLIENT_H
#define MPDEMO_KILL_CLIENT_H

#include "nl_test.h"

#include <pthread.h>

#define NAME		"selftest-kill"
#define POOLS		2
#define BLOCKS		192
#define BLOCK_SIZE	40
#define ARENA_BYTES	65536
#define WAVE		20		/* clients at a time */
#define WORKERS		3		/* of a client: two threads, a child with one */
#define HOLD		16		/* blocks that a worker holds at most, of a pool */
#define BOX		32		/* kept blocks that anybody may take */

/* A signed sum, of which only bounds are known while a call is under way. */
struct bounds {
	volatile int lo, hi;
};

struct note {
	struct bounds unfreed[POOLS];	/* allocated, not freed by a call, not kept */
	struct bounds kept[POOLS];	/* may be below zero: others kept it */
	volatile int still;
	volatile unsigned int rounds;
};

static struct shared {
	struct note note[WAVE][WORKERS];
	volatile __u64 box[POOLS][BOX];
	volatile int stop;
	volatile int unexpected, line;	/* -errno of a call, and where */
} *shared;

struct worker {
	struct note *note;
	unsigned int seed;
	int dev, fd[POOLS], arena;
	char *map;
	__u64 h[POOLS][HOLD];
	int n[POOLS];
};

static int dev, pool[POOLS], arena, empty;
static size_t map_bytes;
static bool can_wait;

/* As the header has it where the kernel can wait. */
struct alloc_until {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_handle;
	__aligned_u64 deadline;
};

#define ALLOC_WAIT	(1U << 1)

static int alloc_until(int fd, __u64 deadline, __u64 *handle)
{
	struct alloc_until a = {
		.size = sizeof(a), .flags = ALLOC_WAIT, .deadline = deadline,
	};
	int ret = call(fd, MPDEMO_IOC_ALLOC, &a);

	*handle = a.out_handle;
	return ret;
}

/* The call that follows adds @min to @max, ... */
static void may_add(struct bounds *b, int min, int max)
{
	b->lo += min;
	b->hi += max;
}

/* ... and has added @what. */
static void added(struct bounds *b, int min, int max, int what)
{
	b->lo += what - min;
	b->hi += what - max;
}

static void unexpected_at(int line, int ret)
{
	if (!shared->unexpected) {
		shared->line = line;
		shared->unexpected = ret;
	}
}

#define MUST(ok, ret)							\
do {									\
	if (!(ok))							\
		unexpected_at(__LINE__, (ret) ? (ret) : 1);		\
} while (0)

static unsigned int pick(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

static void op_alloc(struct worker *w, int p)
{
	struct bounds *b = &w->note->unfreed[p];
	int n = 1 + pick(w, 4), ret;

	if (w->n[p] + n > HOLD)
		return;
	may_add(b, 0, n);
	ret = n == 1 ? pool_alloc(w->fd[p], &w->h[p][w->n[p]]) :
		       pool_alloc_bulk(w->fd[p], n, &w->h[p][w->n[p]]);
	added(b, 0, n, ret ? 0 : n);
	MUST(!ret || ret == -EAGAIN, ret);
	if (!ret)
		w->n[p] += n;
}

static void op_free(struct worker *w, int p)
{
	struct bounds *b = &w->note->unfreed[p];
	int n = 1 + pick(w, 4), ret;

	if (n > w->n[p])
		return;
	w->n[p] -= n;
	may_add(b, -n, 0);
	ret = n == 1 ? pool_free(w->fd[p], w->h[p][w->n[p]]) :
		       pool_free_bulk(w->fd[p], n, &w->h[p][w->n[p]]);
	added(b, -n, 0, ret ? 0 : -n);
	MUST(!ret, ret);
}

static void free_kept(struct worker *w, int p, __u64 handle)
{
	struct bounds *b = &w->note->kept[p];
	int ret;

	may_add(b, -1, 0);
	ret = pool_free(w->fd[p], handle);
	added(b, -1, 0, ret ? 0 : -1);
	MUST(!ret, ret);
}

static void op_keep(struct worker *w, int p)
{
	struct note *note = w->note;
	__u64 handle;
	int ret;

	if (!w->n[p])
		return;
	handle = w->h[p][--w->n[p]];
	may_add(&note->unfreed[p], -1, 0);
	may_add(&note->kept[p], 0, 1);
	ret = pool_keep(w->fd[p], handle);
	added(&note->unfreed[p], -1, 0, ret ? 0 : -1);
	added(&note->kept[p], 0, 1, ret ? 0 : 1);
	MUST(!ret, ret);
	/* Who takes a handle out of the box is the only one who has it. */
	handle = __atomic_exchange_n(&shared->box[p][pick(w, BOX)], handle,
				     __ATOMIC_SEQ_CST);
	if (handle)
		free_kept(w, p, handle);
}

static void op_take(struct worker *w, int p)
{
	struct note *note = w->note;
	__u64 handle;
	int ret;

	if (w->n[p] == HOLD)
		return;
	handle = __atomic_exchange_n(&shared->box[p][pick(w, BOX)], 0,
				     __ATOMIC_SEQ_CST);
	if (!handle)
		return;
	may_add(&note->kept[p], -1, 0);
	may_add(&note->unfreed[p], 0, 1);
	ret = pool_take(w->fd[p], handle);
	added(&note->kept[p], -1, 0, ret ? 0 : -1);
	added(&note->unfreed[p], 0, 1, ret ? 0 : 1);
	MUST(!ret, ret);
	w->h[p][w->n[p]++] = handle;
}

static void op_born_kept(struct worker *w, int p)
{
	struct bounds *b = &w->note->kept[p];
	__u64 handle;
	int ret;

	may_add(b, 0, 1);
	ret = pool_alloc_flags(w->fd[p], MPDEMO_ALLOC_KEEP, &handle);
	added(b, 0, 1, !ret);
	MUST(!ret || ret == -EAGAIN, ret);
	if (ret)
		return;
	handle = __atomic_exchange_n(&shared->box[p][pick(w, BOX)], handle,
				     __ATOMIC_SEQ_CST);
	if (handle)
		free_kept(w, p, handle);
}

static void op_wait(struct worker *w, int p)
{
	struct bounds *b = &w->note->unfreed[p];
	struct timespec t;
	int ret;

	if (!can_wait || w->n[p] == HOLD)
		return;
	clock_gettime(CLOCK_MONOTONIC, &t);
	may_add(b, 0, 1);
	ret = alloc_until(w->fd[p],
			  t.tv_sec * 1000000000ULL + t.tv_nsec + 3000000,
			  &w->h[p][w->n[p]]);
	added(b, 0, 1, !ret);
	MUST(!ret || ret == -ETIMEDOUT, ret);
	w->n[p] += !ret;
}

static char *map_of(int fd, size_t bytes)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static void op_map(struct worker *w, int p)
{
	char *map = map_of(w->fd[p], map_bytes);

	MUST(map || errno == ENOMEM, -errno);
	if (!map)
		return;
	memset(map, 0xa5, map_bytes);
	munmap(map, map_bytes);
}

/* A file of its own that takes a block along when it is closed, or else mapped. */
static int loaded_file(struct worker *w, int p)
{
	struct bounds *b = &w->note->unfreed[p];
	__u64 handle;
	int fd, ret;

	if (pick(w, 2)) {
		fd = object_reopen(w->fd[p], RW);
	} else {
		char name[MPDEMO_NAME_SIZE];

		snprintf(name, sizeof(name), NAME "-%d", p);
		fd = object_open(w->dev, name, RW);
	}
	MUST(fd >= 0, fd);
	if (fd < 0)
		return fd;
	may_add(b, 0, 1);
	ret = pool_alloc(fd, &handle);
	added(b, 0, 1, !ret);
	MUST(!ret || ret == -EAGAIN, ret);
	return fd;
}

static void op_reopen(struct worker *w, int p)
{
	int fd = loaded_file(w, p);
	char *map = map_of(fd, map_bytes);

	close(fd);
	if (map) {
		memset(map, 0x5a, map_bytes);
		munmap(map, map_bytes);
	}
}

static void op_object(struct worker *w, int p)
{
	int fd = pick(w, 2) ? pool_create(w->dev, 24, 8) :
			      arena_create(w->dev, 4096);
	__u64 handle;

	(void)p;
	MUST(fd >= 0 || fd == -ENFILE || fd == -ENOBUFS, fd);
	if (fd < 0)
		return;
	pool_alloc(fd, &handle);
	arena_alloc(fd, 100, 0, &handle);
	close(fd);
}

static void op_arena(struct worker *w, int p)
{
	__u64 offset;
	int ret;

	(void)p;
	if (pick(w, 16)) {
		ret = arena_alloc(w->arena, 1 + pick(w, 2000), 0, &offset);
		MUST(!ret || ret == -ENOSPC, ret);
	} else {
		ret = arena_reset(w->arena, NULL);
		MUST(!ret, ret);
	}
}

/* A file on its way through a socket belongs to no process. */
static void op_pass(struct worker *w, int p)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, c = 0;
	struct iovec io = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	fd = loaded_file(w, p);
	if (fd >= 0) {
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
		MUST(sendmsg(pair[0], &msg, 0) == 1, -errno);
		close(fd);
		if (pick(w, 2)) {
			msg.msg_controllen = sizeof(space);
			MUST(recvmsg(pair[1], &msg, 0) == 1, -errno);
			memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
			close(fd);
		}
	}
	close(pair[0]);
	close(pair[1]);
}

static void op_exec(struct worker *w, int p)
{
	pid_t pid;

	(void)p;
	if (pick(w, 8))
		return;
	pid = fork();
	if (!pid) {
		execlp("true", "true", NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void (*const ops[])(struct worker *w, int p) = {
	op_alloc, op_alloc, op_alloc, op_free, op_free, op_free, op_keep, op_keep,
	op_take, op_take, op_born_kept, op_wait, op_map, op_reopen, op_object,
	op_arena, op_arena, op_pass, op_exec,
};

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!shared->stop) {
		w->map[pick(w, map_bytes)] = pick(w, 256);
		ops[pick(w, sizeof(ops) / sizeof(*ops))](w, pick(w, POOLS));
		w->note->rounds++;
	}
	w->note->still = 1;
	for (;;)
		pause();
	return NULL;
}

/* Never gets a block, as there is none. */
static void __attribute__((noreturn)) wait_for_ever(void)
{
	__u64 handle;
	int ret = can_wait ? alloc_until(empty, ~0ULL, &handle) : 0;

	MUST(!can_wait, ret ? ret : 1);
	for (;;)
		pause();
}

/* One open file of each pool, which its threads and its child share. */
static void __attribute__((noreturn)) client(int number, unsigned int seed)
{
	static struct worker w[WORKERS];
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < WORKERS; i++) {
		w[i].note = &shared->note[number][i];
		w[i].seed = seed * WORKERS + i;
		w[i].dev = dev;
		w[i].arena = arena;
		for (int p = 0; p < POOLS; p++) {
			w[i].fd[p] = i ? w[0].fd[p] : object_reopen(pool[p], RW);
			MUST(w[i].fd[p] >= 0, w[i].fd[p]);
		}
	}
	/* Not in a child, which does not get a mapping from its parent. */
	pid = fork();
	w[0].map = map_of(w[0].fd[0], map_bytes);
	MUST(w[0].map, -errno);
	w[1].map = w[0].map;
	w[2].map = w[0].map;
	if (!pid)
		work(&w[2]);
	if (number % 4 == 0 && !fork())
		wait_for_ever();
	if (pthread_create(&thread, NULL, work, &w[1]))
		MUST(false, -EAGAIN);
	work(&w[0]);
	_exit(1);
}

#endif /* MPDEMO_KILL_CLIENT_H */
