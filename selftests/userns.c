// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the root of a user namespace is no root here: with all capabilities of
 * his namespace he opens what his user and group outside of it may open, and is held
 * to the limit that they have.
 */
#include "nl_test.h"

#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#define NAME		"selftest-userns"

/* What 0 and 5 of the namespace are outside of it. */
#define OUTSIDE		20000
#define OUTSIDE_5	20005

FIXTURE(userns) {
	struct nlt nl;
	int dev;
};

FIXTURE_SETUP(userns)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
}

FIXTURE_TEARDOWN(userns)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

static int write_map(pid_t pid, const char *which)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, which);
	f = fopen(path, "w");
	if (!f)
		return -errno;
	fprintf(f, "0 %d 10\n", OUTSIDE);
	return fclose(f) ? -errno : 0;
}

static bool has_capabilities(void)
{
	__u32 wanted = 1U << CAP_DAC_OVERRIDE | 1U << CAP_IPC_LOCK |
		       1U << CAP_SYS_RESOURCE;
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	return !syscall(SYS_capget, &header, data) &&
	       (data[0].effective & wanted) == wanted;
}

/* 120..123 are of child_as(): it could not try. */
#define NO_NAMESPACES	120

/*
 * A child that has become this user and group of a namespace of its own, and has
 * all of its capabilities.
 */
static pid_t child_as(uid_t uid, gid_t gid)
{
	int ready[2], mapped[2];
	pid_t pid;
	char c;

	if (pipe(ready) || pipe(mapped))
		return -1;
	pid = fork_child();
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(NO_NAMESPACES);
		if (write(ready[1], "x", 1) != 1 || read(mapped[0], &c, 1) != 1)
			_exit(121);
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(122);
		if (!has_capabilities())
			_exit(123);
		return 0;
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1 && !write_map(pid, "uid_map") &&
	    !write_map(pid, "gid_map"))
		c = write(mapped[1], "x", 1);
	close(ready[0]);
	close(mapped[0]);
	close(mapped[1]);
	return pid;
}

#define SKIP_WITHOUT_NAMESPACES(status)					\
do {									\
	if ((status) == NO_NAMESPACES)					\
		SKIP(return, "no user namespaces");			\
} while (0)

/* A named pool of this owner; he is not who asks for it. */
static int new_pool_of(struct nlt *nl, uid_t uid, gid_t gid, __u32 mode)
{
	int err;

	setfsgid(gid);
	setfsuid(uid);
	err = nlt_new_pool(nl, NAME, 24, 4, mode);
	setfsuid(0);
	setfsgid(0);
	return err;
}

TEST_F(userns, device)
{
	pid_t pid = child_as(0, 0);
	int status;

	if (!pid)
		exit_errno(dev_open());
	status = wait_child(pid);
	SKIP_WITHOUT_NAMESPACES(status);
	EXPECT_EQ(EACCES, status);
}

TEST_F(userns, mode)
{
	static const struct {
		uid_t owner;
		gid_t group;
		__u32 mode;
		uid_t uid;		/* those inside */
		gid_t gid;
		int expected;
	} rows[] = {
		/* CAP_DAC_OVERRIDE of the namespace is not asked for. */
		{ 0, 0, 0600, 0, 0, EACCES },
		{ 0, 0, 0660, 0, 0, EACCES },
		{ NOBODY, NOBODY, 0660, 0, 0, EACCES },
		{ OUTSIDE_5, OUTSIDE_5, 0660, 0, 0, EACCES },
		{ OUTSIDE, OUTSIDE, 0660, 5, 5, EACCES },
		{ OUTSIDE, 0, 0400, 0, 0, EACCES },
		{ 0, 0, 0666, 0, 0, 0 },
		/* The numbers are those outside. */
		{ OUTSIDE, 0, 0600, 0, 5, 0 },
		{ OUTSIDE_5, 0, 0600, 5, 0, 0 },
		{ 0, OUTSIDE, 0660, 5, 0, 0 },
		{ 0, OUTSIDE_5, 0660, 0, 5, 0 },
		{ 5, 5, 0660, 5, 5, EACCES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status;
		pid_t pid;

		ASSERT_EQ(0, new_pool_of(&self->nl, rows[i].owner,
					 rows[i].group, rows[i].mode));
		pid = child_as(rows[i].uid, rows[i].gid);
		if (!pid)
			exit_errno(object_open(self->dev, NAME, RW));
		status = wait_child(pid);
		SKIP_WITHOUT_NAMESPACES(status);
		CHECK(rows[i].expected, status, "row %zu", i);
		ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	}
}

/* CAP_IPC_LOCK of the namespace neither, nor CAP_SYS_RESOURCE for a higher limit. */
TEST_F(userns, locked_memory)
{
	struct rlimit none = { 0, 0 }, more = { 1 << 20, 1 << 20 };
	int status;
	pid_t pid;

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	pid = child_as(0, 0);
	if (!pid) {
		if (!setrlimit(RLIMIT_MEMLOCK, &more))
			_exit(1);
		exit_errno(pool_create(self->dev, 24, 8));
	}
	status = wait_child(pid);
	SKIP_WITHOUT_NAMESPACES(status);
	EXPECT_EQ(ENOLCK, status);
}

/* What he has created inside counts for the same user outside. */
TEST_F(userns, one_sum_per_user)
{
	int fd = pool_create(self->dev, 4096, 8), ready[2], status;
	rlim_t bytes = (info_of(fd).out_footprint + 4095) / 4096 * 4096;
	struct rlimit one = { bytes, bytes };
	pid_t inside, pid;
	char c;

	close(fd);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &one));
	inside = child_as(0, 0);
	if (!inside) {
		if (pool_create(self->dev, 4096, 8) < 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		status = wait_child(inside);
		SKIP_WITHOUT_NAMESPACES(status);
		ASSERT_EQ(0, status);
	}
	pid = fork_child();
	if (!pid)
		exit_errno(become(OUTSIDE, OUTSIDE) ?:
			   pool_create(self->dev, 4096, 8));
	EXPECT_EQ(ENOLCK, wait_child(pid));
	pid = child_as(5, 5);
	if (!pid)
		exit_errno(pool_create(self->dev, 4096, 8));
	EXPECT_EQ(0, wait_child(pid));
	kill(inside, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(inside));
	pid = child_as(0, 0);
	if (!pid)
		exit_errno(pool_create(self->dev, 4096, 8));
	EXPECT_EQ(0, wait_child(pid));
}

TEST_HARNESS_MAIN
