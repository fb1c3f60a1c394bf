// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that only the administrator of the machine creates and deletes objects by
 * netlink, that he and its owner change one, and that everybody may read.
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
	if (err == -EPERM && strstr(nl->text, "CAP_SYS_ADMIN") && !nl->bad_attr)
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

/* Each thing that can be changed, with whom else it is for. */
static const struct {
	int attr;
	__u32 value;
	const char *words;
} settings[] = {
	{ MPDEMO_A_MODE, 0666, "CAP_FOWNER" },
	{ MPDEMO_A_UID, NOBODY, "CAP_CHOWN" },
	{ MPDEMO_A_GID, NOBODY, "CAP_CHOWN" },
	{ MPDEMO_A_QUOTA, 1, "CAP_SYS_ADMIN" },
	{ MPDEMO_A_LOW, 1, "CAP_SYS_ADMIN" },
	{ MPDEMO_A_HIGH, 2, "CAP_SYS_ADMIN" },
	{ MPDEMO_A_POISON, 1, "CAP_SYS_ADMIN" },
	{ MPDEMO_A_MAX_BLOCKS, 16, "CAP_SYS_ADMIN" },
};

static int set(struct nlt *nl, int attr, __u32 value)
{
	return nlt_with(nl, MPDEMO_CMD_SET, NAME, attr,
			attr == MPDEMO_A_MAX_BLOCKS ? 8 : 4, (__u64)value, 0);
}

/* Exit status: 0, or 1 + the first of the settings that is not refused as it should be. */
static void __attribute__((noreturn)) exit_all_refused(struct nlt *nl)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (set(nl, settings[i].attr, settings[i].value) != -EPERM ||
		    nl->bad_attr != settings[i].attr ||
		    !strstr(nl->text, settings[i].words))
			_exit(1 + i);
	}
	_exit(0);
}

TEST_F(access, set_by_others)
{
	pid_t pid = fork_child();
	struct nlt nl;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (!unprivileged(&nl))
			_exit(101);
		exit_all_refused(&nl);
	}
	EXPECT_EQ(0, wait_child(pid));
}

TEST_F(access, set_by_root_of_a_container)
{
	pid_t pid = fork_child();
	struct nlt nl;
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		/* Not by its owner: that is whom our root is, in there as well. */
		if (become(12345, 12345) || unshare(CLONE_NEWUSER))
			_exit(102);
		if (nlt_open(&nl))
			_exit(101);
		exit_all_refused(&nl);
	}
	status = wait_child(pid);
	if (status == 102)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, status);
}

/* The owner gives his object neither away nor to a group that is not his. */
TEST_F(access, set_by_the_owner)
{
	struct nlt_seen seen = { 0 };
	struct nlt nl;
	pid_t pid;

	ASSERT_EQ(0, set(&self->nl, MPDEMO_A_UID, NOBODY));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!unprivileged(&nl))
			_exit(101);
		if (set(&nl, MPDEMO_A_MODE, 0644) ||
		    set(&nl, MPDEMO_A_QUOTA, 1) ||
		    set(&nl, MPDEMO_A_POISON, 1) ||
		    nlt_with(&nl, MPDEMO_CMD_SET, NAME,
			     NLT_U32(MPDEMO_A_LOW, 1),
			     NLT_U32(MPDEMO_A_HIGH, 2), 0) ||
		    set(&nl, MPDEMO_A_GID, NOBODY) ||
		    set(&nl, MPDEMO_A_UID, NOBODY))
			_exit(100);
		if (set(&nl, MPDEMO_A_GID, 0) != -EPERM ||
		    nl.bad_attr != MPDEMO_A_GID)
			_exit(103);
		if (set(&nl, MPDEMO_A_UID, 0) != -EPERM ||
		    nl.bad_attr != MPDEMO_A_UID)
			_exit(104);
		/* Of two things one is not for him: none is done. */
		if (nlt_with(&nl, MPDEMO_CMD_SET, NAME,
			     NLT_U32(MPDEMO_A_MODE, 0666),
			     NLT_U32(MPDEMO_A_GID, 0), 0) != -EPERM)
			_exit(105);
		exit_refused(&nl, nlt_del_name(&nl, NAME));
	}
	EXPECT_EQ(0, wait_child(pid));
	self->nl.each = nlt_see;
	self->nl.arg = &seen;
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(0644, seen.value[MPDEMO_A_MODE]);
	EXPECT_EQ(NOBODY, seen.value[MPDEMO_A_UID]);
	EXPECT_EQ(NOBODY, seen.value[MPDEMO_A_GID]);
	self->nl.each = NULL;
}

/* What root was tricked to write is no request of root's, nor is it the owner's. */
TEST_F(access, set_by_a_foreign_socket)
{
	pid_t pid;
	struct nlt nl;

	ASSERT_EQ(0, set(&self->nl, MPDEMO_A_UID, 12345));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (seteuid(NOBODY) || nlt_open(&nl) || seteuid(0) ||
		    become(12345, 12345))
			_exit(101);
		nl.by_write = true;
		if (set(&nl, MPDEMO_A_MODE, 0666) != -EPERM)
			_exit(100);
		/* With an address it is meant. */
		nl.by_write = false;
		exit_errno(set(&nl, MPDEMO_A_MODE, 0640));
	}
	EXPECT_EQ(0, wait_child(pid));

	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (seteuid(NOBODY) || nlt_open(&nl) || seteuid(0))
			_exit(101);
		nl.by_write = true;
		exit_all_refused(&nl);
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
