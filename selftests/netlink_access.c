// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that only the administrator of the machine changes objects by netlink,
 * and that everybody may read.
 */
#include "nl_test.h"

#define NAME "selftest-access"

FIXTURE(access) {
	struct nlt nl;
	int dev;
};

FIXTURE_SETUP(access)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 8, 0600));
}

/* Whatever was tried, the object is still there. */
FIXTURE_TEARDOWN(access)
{
	EXPECT_EQ(0, nlt_del_name(&self->nl, NAME));
	nlt_close(&self->nl);
	close(self->dev);
}

/*
 * Exit statuses of a child: 0: it was as it should be, 100: it was allowed,
 * 101: it could not try, 102: the kernel cannot, else the wrong errno.
 */
static void __attribute__((noreturn)) exit_refused(struct nlt *nl, int err)
{
	if (err == -EPERM && strlen(nl->text) > 5)
		_exit(0);
	_exit(err ? -err : 100);
}

/* An unprivileged child with a socket of its own. */
static bool unprivileged(struct nlt *nl)
{
	return !become(NOBODY, NOBODY) && !nlt_open(nl);
}

TEST_F(access, new)
{
	pid_t pid = fork_child();
	struct nlt nl;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (!unprivileged(&nl))
			_exit(101);
		exit_refused(&nl, nlt_new_pool(&nl, NAME "-2", 24, 8, 0666));
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-ENOENT, nlt_del_name(&self->nl, NAME "-2"));
}

TEST_F(access, del)
{
	pid_t pid = fork_child();
	struct nlt nl;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (!unprivileged(&nl))
			_exit(101);
		exit_refused(&nl, nlt_del_name(&nl, NAME));
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* A socket that root opened does not make its user root. */
TEST_F(access, inherited_socket)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (become(NOBODY, NOBODY))
			_exit(101);
		exit_refused(&self->nl, nlt_del_name(&self->nl, NAME));
	}
	EXPECT_EQ(0, wait_child(pid));
}

/*
 * Nor does a request that root was tricked to write to somebody else's socket,
 * as it is when that is the standard output of a set-uid program.
 */
TEST_F(access, foreign_socket)
{
	pid_t pid = fork_child();
	struct nlt nl;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (seteuid(NOBODY) || nlt_open(&nl) || seteuid(0))
			_exit(101);
		nl.by_write = true;
		exit_refused(&nl, nlt_del_name(&nl, NAME));
	}
	EXPECT_EQ(0, wait_child(pid));
}

TEST_F(access, reading)
{
	pid_t pid = fork_child();
	struct nlt nl;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (!unprivileged(&nl))
			_exit(101);
		if (nlt_dump(&nl) || !nl.replies)
			_exit(100);
		exit_errno(nlt_by_name(&nl, MPDEMO_CMD_GET, NAME));
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* The root of a user namespace is not the one who is meant. */
TEST_F(access, root_of_a_container)
{
	pid_t pid = fork_child();
	struct nlt nl;
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(102);
		if (nlt_open(&nl))
			_exit(101);
		exit_refused(&nl, nlt_del_name(&nl, NAME));
	}
	status = wait_child(pid);
	if (status == 102)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, status);
}

/* The family is not seen from another network namespace. */
TEST_F(access, other_network)
{
	pid_t pid = fork_child();
	struct nlt nl;
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (unshare(CLONE_NEWNET))
			_exit(102);
		exit_errno(nlt_open(&nl));
	}
	status = wait_child(pid);
	if (status == 102)
		SKIP(return, "no network namespaces");
	EXPECT_EQ(ENOENT, status);
}

TEST_HARNESS_MAIN
