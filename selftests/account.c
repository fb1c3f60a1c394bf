// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that objects are accounted for: as locked memory of the user who creates
 * them, and to his memory cgroup; and that who is refused has nothing taken away.
 */
#include "nl_test.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#define NAME		"selftest-account"
#define USER_A		20001
#define USER_B		20002
#define FITS		3
#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/" NAME

FIXTURE(account) {
	int dev;
	size_t page;
	__u64 pool_bytes;	/* of whole pages, each object is */
};

FIXTURE_SETUP(account)
{
	int fd;

	DEV_OPEN_OR_SKIP(self->dev);
	self->page = sysconf(_SC_PAGESIZE);
	fd = pool_create(self->dev, 4096, 16);
	ASSERT_LE(0, fd);
	self->pool_bytes = (info_of(fd).out_footprint + self->page - 1) /
			   self->page * self->page;
	ASSERT_LE(16 * 4096, self->pool_bytes);
	close(fd);
}

FIXTURE_TEARDOWN(account)
{
	close(self->dev);
}

static int set_memlock(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static int create(int dev)
{
	return pool_create(dev, 4096, 16);
}

/* Ends this process, where something is not as it should be. */
#define MUST(cond)							\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "# line %d: %s\n", __LINE__, #cond);	\
		_exit(1);						\
	}								\
} while (0)

/* A child of this user, who may lock @bytes; what follows runs in it. */
static pid_t child_of(uid_t uid, rlim_t bytes)
{
	pid_t pid = fork_child();

	if (!pid) {
		MUST(!set_memlock(bytes));
		MUST(!become(uid, uid));
	}
	return pid;
}

/* As many fit as the limit says, to the page. */
TEST_F(account, locked_memory)
{
	for (int less = 0; less < 2; less++) {
		rlim_t limit = FITS * self->pool_bytes - less * self->page;
		pid_t pid = child_of(USER_A, limit);

		if (!pid) {
			int fds = fd_count(), fd[FITS];

			for (int i = 0; i < FITS - less; i++)
				MUST((fd[i] = create(self->dev)) >= 0);
			for (int i = 0; i < 100; i++) {
				MUST(create(self->dev) == -ENOLCK);
				MUST(arena_create(self->dev,
						  self->pool_bytes) == -ENOLCK);
			}
			/* Another open file of the same object costs nothing. */
			MUST(close(object_reopen(fd[0], RW)) == 0);
			MUST(close(fd[0]) == 0);
			MUST((fd[0] = create(self->dev)) >= 0);
			MUST(create(self->dev) == -ENOLCK);
			MUST(fd_count() == fds + FITS - less);
			_exit(0);
		}
		EXPECT_EQ(0, wait_child(pid));
	}
}

/* What fails later than it was charged is not charged any more. */
TEST_F(account, failures_hold_nothing)
{
	pid_t pid = child_of(USER_A, self->pool_bytes);

	if (!pid) {
		struct rlimit few = { 64, 64 };
		int files[64], n = 0;

		MUST(!setrlimit(RLIMIT_NOFILE, &few));
		while (n < 64 && (files[n] = dup(self->dev)) >= 0)
			n++;
		for (int i = 0; i < 50; i++)
			MUST(create(self->dev) == -EMFILE);
		while (n--)
			close(files[n]);
		for (int i = 0; i < 50; i++) {
			struct mpdemo_pool_create a = {
				.size = sizeof(a), .block_size = 4096,
				.blocks = 16, .quota = ~0U,
			};

			MUST(call(self->dev, MPDEMO_IOC_POOL_CREATE,
				  &a) == -ERANGE);
		}
		MUST(create(self->dev) >= 0);
		MUST(create(self->dev) == -ENOLCK);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

static void cap_drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	MUST(!syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	MUST(!syscall(SYS_capset, &header, data));
}

/* It is the capability that exempts, not the number of the user. */
TEST_F(account, exempt)
{
	pid_t pid = fork_child();

	if (!pid) {
		MUST(!set_memlock(0));
		MUST(close(create(self->dev)) == 0);
		cap_drop_ipc_lock();
		MUST(create(self->dev) == -ENOLCK);
		MUST(arena_create(self->dev, 1) == -ENOLCK);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* The refusal of a named one comes with its reason. */
TEST_F(account, named)
{
	pid_t pid = fork_child();

	if (!pid) {
		struct nlt nl;

		MUST(!set_memlock(0));
		MUST(!nlt_open(&nl));
		cap_drop_ipc_lock();
		MUST(nlt_new_pool(&nl, NAME, 24, 8, 0600) == -ENOLCK);
		MUST(strstr(nl.text, "RLIMIT_MEMLOCK") && !nl.bad_attr);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* To have a pool poisoned takes memory as well, of the user whose it is. */
TEST_F(account, poison)
{
	pid_t pid = fork_child();

	if (!pid) {
		const unsigned int blocks = 8 * 4 * self->page;
		struct nlt_seen seen = { 0 };
		__u64 pages;
		struct nlt nl;

		MUST(!nlt_open(&nl));
		nl.each = nlt_see;
		nl.arg = &seen;
		cap_drop_ipc_lock();
		MUST(!set_memlock(RLIM_INFINITY));
		MUST(!nlt_new_pool(&nl, NAME, 8, blocks, 0600));
		pages = (seen.value[MPDEMO_A_FOOTPRINT] + self->page - 1) / self->page;
		for (int more = 3; more < 6; more++) {
			/* A bit for each block, and what there is beside, less than a page. */
			MUST(!set_memlock((pages + more) * self->page));
			if (nlt_with(&nl, MPDEMO_CMD_SET, NAME,
				     NLT_U32(MPDEMO_A_POISON, 1), 0) == 0) {
				MUST(more > 3);
				MUST(!nlt_del_name(&nl, NAME));
				_exit(0);
			}
			MUST(nl.err == -ENOLCK && strstr(nl.text, "RLIMIT_MEMLOCK"));
		}
		_exit(2);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* A file of another process, by number. */
static int steal(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return copy;
}

/* All processes of a user together have one limit, those of others another one. */
TEST_F(account, one_sum_per_user)
{
	rlim_t limit = self->pool_bytes;
	int ready[2];
	pid_t pid, holder;
	int fd, copy;

	ASSERT_EQ(0, pipe(ready));
	holder = child_of(USER_A, limit);
	if (!holder) {
		fd = create(self->dev);
		MUST(write(ready[1], &fd, sizeof(fd)) == sizeof(fd));
		pause();
	}
	ASSERT_EQ(sizeof(fd), read(ready[0], &fd, sizeof(fd)));
	ASSERT_LE(0, fd);

	pid = child_of(USER_A, limit);
	if (!pid)
		exit_errno(create(self->dev));
	EXPECT_EQ(ENOLCK, wait_child(pid));
	pid = child_of(USER_B, limit);
	if (!pid)
		exit_errno(create(self->dev));
	EXPECT_EQ(0, wait_child(pid));

	/* It stays his as long as it lives, whoever else has it open. */
	copy = steal(holder, fd);
	ASSERT_LE(0, copy);
	ASSERT_EQ(0, kill(holder, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(holder));
	pid = child_of(USER_A, limit);
	if (!pid)
		exit_errno(create(self->dev));
	EXPECT_EQ(ENOLCK, wait_child(pid));
	close(copy);
	pid = child_of(USER_A, limit);
	if (!pid)
		exit_errno(create(self->dev));
	EXPECT_EQ(0, wait_child(pid));
}

/* Processes that create all the time never get more together. */
TEST_F(account, concurrent)
{
	rlim_t limit = FITS * self->pool_bytes;
	pid_t pid[8];

	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		pid[i] = child_of(USER_A, limit);
		if (!pid[i]) {
			for (int round = 0; round < 100; round++) {
				int fd = create(self->dev);

				MUST(fd >= 0 || fd == -ENOLCK);
				close(fd);
			}
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	pid[0] = child_of(USER_A, limit);
	if (!pid[0]) {
		for (int i = 0; i < FITS; i++)
			MUST(create(self->dev) >= 0);
		MUST(create(self->dev) == -ENOLCK);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid[0]));
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -errno : 0;
}

/* The number behind @key in a file of the cgroup, or its only one. */
static long long cgroup_value(const char *file, const char *key)
{
	long long value = -1;
	char path[128], line[128];
	FILE *f;

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = atoll(line + strlen(key));
	fclose(f);
	return value;
}

#define CURRENT()	cgroup_value("memory.current", "")

/* What the counters of the CPUs may hide, and what else the process needs. */
#define SLACK		(2LL << 20)
#define LARGE		(16LL << 20)
/* The tables of a few more would not fit into a power of two, and take the next one. */
#define BLOCKS		(LARGE / 64 - 64)

FIXTURE(memory_cgroup) {
	int dev;
	bool there;
};

FIXTURE_SETUP(memory_cgroup)
{
	DEV_OPEN_OR_SKIP(self->dev);
	write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0700);
	self->there = !access(CGROUP "/memory.max", F_OK);
}

FIXTURE_TEARDOWN(memory_cgroup)
{
	close(self->dev);
	EXPECT_TRUE(!self->there || POLL_UNTIL(!rmdir(CGROUP)));
}

/* A child in the cgroup, which may have @max there. */
static pid_t child_in_cgroup(const char *max)
{
	pid_t pid;

	MUST(!write_file(CGROUP "/memory.max", max));
	pid = fork_child();
	if (!pid)
		MUST(!write_file(CGROUP "/cgroup.procs", "0"));
	return pid;
}

/* All of it: the blocks and what the kernel knows of them, and as long as it lives. */
TEST_F(memory_cgroup, charged)
{
	pid_t pid;

	if (!self->there)
		SKIP(return, "this kernel has no memory cgroups");
	pid = child_in_cgroup("max");
	if (!pid) {
		long long before = CURRENT(), grown;
		long long footprint;
		int fd;

		for (int kind = 0; kind < 2; kind++) {
			fd = kind ? arena_create(self->dev, LARGE) :
				    pool_create(self->dev, 64, BLOCKS);
			MUST(fd >= 0);
			footprint = info_of(fd).out_footprint;
			grown = CURRENT() - before;
			fprintf(stderr, "# footprint %lld, charged %lld\n",
				footprint, grown);
			MUST(footprint >= BLOCKS * 64);
			MUST(grown >= footprint - SLACK);
			MUST(grown <= footprint + SLACK);
			close(fd);
			MUST(POLL_UNTIL(CURRENT() - before < SLACK));
		}
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* Too much is refused, and nobody is killed for it. */
TEST_F(memory_cgroup, refused)
{
	pid_t pid;

	if (!self->there)
		SKIP(return, "this kernel has no memory cgroups");
	pid = child_in_cgroup("12582912");
	if (!pid) {
		long long before = CURRENT();

		for (int i = 0; i < 10; i++) {
			MUST(arena_create(self->dev, LARGE) == -ENOMEM);
			MUST(pool_create(self->dev, 64, BLOCKS) == -ENOMEM);
		}
		MUST(POLL_UNTIL(CURRENT() - before < SLACK));
		MUST(arena_create(self->dev, LARGE / 4) >= 0);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, cgroup_value("memory.events", "oom_kill "));
}

TEST_HARNESS_MAIN
