// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that netlink tells who holds blocks: each open file, once, also while others
 * come and go; that only those who may see who opened them; and what it refuses.
 */
#include "nl_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define NAME	"selftest-holders"
#define MANY	300

struct holder {
	__u32 id, pid, access, held, quota;
	__u64 age;
	bool has_pid, has_comm, gone;
	char comm[16];
};

struct seen {
	unsigned int n, kept_told;
	__u64 kept;
	struct holder holder[MANY + 64];
};

FIXTURE(holders) {
	struct nlt nl;
	int dev, pool;
	struct seen seen;
};

static void see(struct nlattr **attr, void *arg)
{
	struct seen *seen = arg;
	struct holder *h = &seen->holder[seen->n];

	if (attr[MPDEMO_A_KEPT]) {
		/* It comes ahead of all others. */
		seen->kept_told += seen->n ? 100 : 1;
		seen->kept = nla_get_u64(attr[MPDEMO_A_KEPT]);
		return;
	}
	if (!attr[MPDEMO_A_ID] || seen->n == ARRAY_SIZE(seen->holder))
		return;
	memset(h, 0, sizeof(*h));
	h->id = nla_get_u32(attr[MPDEMO_A_HOLDER]);
	h->access = nla_get_u32(attr[MPDEMO_A_ACCESS]);
	h->held = attr[MPDEMO_A_HELD] ? nla_get_u32(attr[MPDEMO_A_HELD]) : ~0U;
	h->quota = attr[MPDEMO_A_QUOTA] ? nla_get_u32(attr[MPDEMO_A_QUOTA]) : ~0U;
	h->age = nla_get_u64(attr[MPDEMO_A_AGE]);
	h->has_pid = attr[MPDEMO_A_PID];
	if (h->has_pid)
		h->pid = nla_get_u32(attr[MPDEMO_A_PID]);
	h->gone = attr[MPDEMO_A_GONE];
	h->has_comm = attr[MPDEMO_A_COMM];
	if (h->has_comm)
		nla_strlcpy(h->comm, attr[MPDEMO_A_COMM], sizeof(h->comm));
	seen->n++;
}

FIXTURE_SETUP(holders)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 100, 0666));
	self->pool = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, self->pool);
	self->nl.each = see;
	self->nl.arg = &self->seen;
}

FIXTURE_TEARDOWN(holders)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->pool);
	close(self->dev);
}

static int dump(struct nlt *nl, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	nl->each = see;
	nl->arg = seen;
	return nlt_dump_with(nl, MPDEMO_CMD_HOLDERS, NAME, 0);
}

#define DUMP()	dump(&self->nl, &self->seen)

static int get(struct nlt *nl, struct seen *seen, __u32 holder)
{
	memset(seen, 0, sizeof(*seen));
	return nlt_with(nl, MPDEMO_CMD_HOLDERS, NAME,
			NLT_U32(MPDEMO_A_HOLDER, holder), 0);
}

TEST_F(holders, told)
{
	struct holder *h = self->seen.holder;
	__u64 before = now_ns(), handle[5];
	int reader;

	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_SET, NAME,
			      NLT_U32(MPDEMO_A_QUOTA, 7), 0));
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 5, handle));
	ASSERT_EQ(0, pool_keep(self->pool, handle[0]));
	prctl(PR_SET_NAME, "a \"name\"");
	reader = object_open(self->dev, NAME, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, DUMP());
	EXPECT_EQ(2, self->seen.n);
	EXPECT_EQ(1, self->seen.kept_told);
	EXPECT_EQ(1, self->seen.kept);
	EXPECT_EQ(RW, h[0].access);
	EXPECT_EQ(4, h[0].held);
	EXPECT_EQ(0, h[0].quota);
	EXPECT_EQ(getpid(), (pid_t)h[0].pid);
	EXPECT_FALSE(h[0].gone);
	EXPECT_EQ(MPDEMO_ACCESS_READ, h[1].access);
	EXPECT_EQ(0, h[1].held);
	EXPECT_EQ(7, h[1].quota);
	EXPECT_STREQ("a \"name\"", h[1].comm);
	EXPECT_NE(h[0].id, h[1].id);
	/* The older one is older. */
	EXPECT_LE(h[1].age, h[0].age);
	EXPECT_LE(h[1].age, now_ns() - before);

	/* One of them. */
	ASSERT_EQ(0, get(&self->nl, &self->seen, h[1].id));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(1, self->seen.n);
	EXPECT_STREQ("a \"name\"", h[0].comm);
	EXPECT_EQ(7, h[0].quota);
	close(reader);
	ASSERT_EQ(0, DUMP());
	EXPECT_EQ(1, self->seen.n);
}

/* An arena has open files, of which none holds anything. */
TEST_F(holders, of_an_arena)
{
	int arena = arena_create(self->dev, 4096);

	ASSERT_LE(0, arena);
	ASSERT_EQ(0, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS, NULL,
				   NLT_U32(MPDEMO_A_ID, info_of(arena).out_id), 0));
	EXPECT_EQ(1, self->seen.n);
	EXPECT_EQ(0, self->seen.kept_told);
	EXPECT_EQ(~0U, self->seen.holder[0].held);
	EXPECT_EQ(~0U, self->seen.holder[0].quota);
	close(arena);
}

#define NO(errno, attr, words, ...)					\
	REFUSED(&self->nl, errno, attr, words,				\
		nlt_with(&self->nl, MPDEMO_CMD_HOLDERS, __VA_ARGS__, 0), words)

#define NO_DUMP(errno, words, ...)					\
do {									\
	EXPECT_EQ(errno, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS,	\
				       __VA_ARGS__, 0));		\
	EXPECT_NE(NULL, strstr(self->nl.text, words));			\
} while (0)

TEST_F(holders, refused)
{
	__u32 id = info_of(self->pool).out_id, mine, other;
	int pool = pool_create(self->dev, 8, 1);

	ASSERT_EQ(0, DUMP());
	mine = self->seen.holder[0].id;
	ASSERT_EQ(0, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS, NULL,
				   NLT_U32(MPDEMO_A_ID, info_of(pool).out_id), 0));
	other = self->seen.holder[self->seen.n - 1].id;

	NO(-EINVAL, MISSING(MPDEMO_A_HOLDER), "which one", NAME);
	NO(-EINVAL, 0, "either an id or a name", NULL,
	   NLT_U32(MPDEMO_A_HOLDER, mine));
	NO(-EINVAL, 0, "either an id or a name", NAME,
	   NLT_U32(MPDEMO_A_ID, id), NLT_U32(MPDEMO_A_HOLDER, mine));
	NO(-ENOENT, MPDEMO_A_NAME, "no such object", NAME "-none",
	   NLT_U32(MPDEMO_A_HOLDER, mine));
	NO(-ENOENT, MPDEMO_A_HOLDER, "no open file", NAME,
	   NLT_U32(MPDEMO_A_HOLDER, 0));
	/* That of another object. */
	NO(-ENOENT, MPDEMO_A_HOLDER, "no open file", NAME,
	   NLT_U32(MPDEMO_A_HOLDER, other));
	NO(-EINVAL, MPDEMO_A_FIRST, "ttribute", NAME,
	   NLT_U32(MPDEMO_A_HOLDER, mine), NLT_U32(MPDEMO_A_FIRST, 0));

	NO_DUMP(-EINVAL, "either an id or a name", NULL);
	NO_DUMP(-ENOENT, "no such object", NAME "-none");
	NO_DUMP(-EINVAL, "all holders", NAME, NLT_U32(MPDEMO_A_HOLDER, mine));
	NO_DUMP(-EINVAL, "ttribute", NAME, NLT_U32(MPDEMO_A_FIRST, 0));
	close(pool);
}

/*
 * In a child, whether it sees how many blocks are held, and who holds them. Exit
 * statuses: 0: as wanted, 101: it could not try, 102: no answer, 103: no holder,
 * 104: who it is was told, or not.
 */
static void __attribute__((noreturn)) exit_seen(struct nlt *nl, bool wanted)
{
	static struct seen seen;

	if (dump(nl, &seen))
		_exit(102);
	if (seen.n != 1 || seen.holder[0].held != 3)
		_exit(103);
	if (seen.holder[0].has_pid != wanted || seen.holder[0].has_comm != wanted)
		_exit(104);
	if (get(nl, &seen, seen.holder[0].id) || seen.n != 1)
		_exit(103);
	_exit(seen.holder[0].has_pid != wanted ? 104 : 0);
}

TEST_F(holders, who_they_are_is_for_the_owner)
{
	static const uid_t owners[] = { 1234, NOBODY };
	__u64 handles[3];

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, handles));
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		pid_t pid;

		ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_SET, NAME,
				      NLT_U32(MPDEMO_A_UID, owners[i]), 0));
		pid = fork_child();
		if (!pid) {
			struct nlt nl;

			if (become(NOBODY, NOBODY) || nlt_open(&nl))
				_exit(101);
			exit_seen(&nl, owners[i] == NOBODY);
		}
		CHECK(0, wait_child(pid), "owner %u", owners[i]);
	}
	/* The administrator sees it, whose it may be. */
	ASSERT_EQ(0, DUMP());
	EXPECT_TRUE(self->seen.holder[0].has_comm);
}

/* Root was tricked to write to somebody else's socket, or has left his own to others. */
TEST_F(holders, who_they_are_is_not_for_others)
{
	__u64 handles[3];
	pid_t pid;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, handles));
	pid = fork_child();
	if (!pid) {
		struct nlt nl;

		if (seteuid(NOBODY) || nlt_open(&nl) || seteuid(0))
			_exit(101);
		nl.by_write = true;
		exit_seen(&nl, false);
	}
	EXPECT_EQ(0, wait_child(pid));
	pid = fork_child();
	if (!pid) {
		if (become(NOBODY, NOBODY))
			_exit(101);
		exit_seen(&self->nl, false);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* All that there is to read, without waiting. */
static void read_holders(struct nlt *nl, struct seen *seen)
{
	static char buffer[1 << 16];
	ssize_t n;

	for (;;) {
		struct nlmsghdr *h = (struct nlmsghdr *)buffer;
		struct nlattr *attr[MPDEMO_A_MAX + 1];
		int left;

		n = recv(nl_socket_get_fd(nl->sock), buffer, sizeof(buffer),
			 MSG_DONTWAIT);
		if (n < 0 && errno != ENOBUFS)
			return;
		for (left = n; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			if (h->nlmsg_type == nl->family &&
			    genlmsg_hdr(h)->cmd == MPDEMO_CMD_HOLDERS &&
			    !genlmsg_parse(h, 0, attr, MPDEMO_A_MAX, NULL))
				see(attr, seen);
	}
}

/*
 * A dump begins when there is room in the socket. Who has no room for it, and has root
 * read from his socket instead, is not root.
 */
TEST_F(holders, who_they_are_is_not_for_who_has_no_room)
{
	__u64 handles[3];
	pid_t pid;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3, handles));
	pid = fork_child();
	if (!pid) {
		static struct seen seen;
		struct nl_msg *msg;
		struct nlt nl;

		if (seteuid(NOBODY) || nlt_open(&nl) ||
		    nl_socket_set_buffer_size(nl.sock, 1, 1 << 16))
			_exit(101);
		/* Some of which find no room themselves. */
		for (int i = 0; i < 9; i++) {
			msg = nlt_msg(&nl, i < 8 ? MPDEMO_CMD_GET : MPDEMO_CMD_HOLDERS,
				      i < 8 ? 0 : NLM_F_DUMP);
			nla_put_string(msg, MPDEMO_A_NAME, NAME);
			if (nl_send_auto(nl.sock, msg) < 0)
				_exit(101);
			nlmsg_free(msg);
		}
		if (seteuid(0))
			_exit(101);
		read_holders(&nl, &seen);
		if (seen.n != 1 || seen.holder[0].held != 3)
			_exit(103);
		_exit(seen.holder[0].has_pid || seen.holder[0].has_comm ? 104 : 0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* Whoever reads is told numbers of his pid namespace, and none from outside of it. */
TEST_F(holders, pid_namespaces)
{
	pid_t outer = fork_child(), seen;
	int ready[2], go[2];
	char byte = 0;

	if (!outer) {
		if (pipe(ready) || pipe(go) || unshare(CLONE_NEWPID))
			_exit(101);
		seen = fork_child();
		if (!seen) {
			struct seen *s = &self->seen;

			if (object_open(self->dev, NAME, RW) < 0 || DUMP())
				_exit(102);
			if (s->n != 2 || s->holder[0].has_pid || s->holder[0].gone)
				_exit(103);
			if (s->holder[1].pid != 1 || getpid() != 1)
				_exit(104);
			if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
				_exit(101);
			_exit(0);
		}
		if (read(ready[0], &byte, 1) != 1)
			_exit(wait_child(seen));
		/* From here it has the number that fork() told. */
		if (DUMP() || self->seen.n != 2 ||
		    (pid_t)self->seen.holder[1].pid != seen)
			_exit(105);
		if (write(go[1], "", 1) != 1)
			_exit(101);
		_exit(wait_child(seen));
	}
	EXPECT_EQ(0, wait_child(outer));
}

/* Who has opened a file may end, and the file goes on. */
TEST_F(holders, process_that_is_gone)
{
	int ready[2], fd, pidfd;
	pid_t child;

	ASSERT_EQ(0, pipe(ready));
	child = fork_child();
	if (!child) {
		fd = object_open(self->dev, NAME, RW);
		if (write(ready[1], &fd, sizeof(fd)) == sizeof(fd))
			pause();
		_exit(101);
	}
	ASSERT_EQ(sizeof(fd), read(ready[0], &fd, sizeof(fd)));
	pidfd = syscall(SYS_pidfd_open, child, 0);
	ASSERT_LE(0, pidfd);
	fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, DUMP());
	EXPECT_EQ(2, self->seen.n);
	EXPECT_EQ(child, (pid_t)self->seen.holder[1].pid);
	EXPECT_FALSE(self->seen.holder[1].gone);
	kill(child, SIGKILL);
	wait_child(child);
	ASSERT_EQ(0, DUMP());
	EXPECT_EQ(2, self->seen.n);
	EXPECT_FALSE(self->seen.holder[0].gone);
	EXPECT_TRUE(self->seen.holder[1].gone);
	close(fd);
	close(pidfd);
}

struct churn {
	pthread_t thread;
	int dev;
	atomic_bool *stop;
	atomic_long rounds;
	long failed;
};

static void *churn(void *arg)
{
	struct churn *c = arg;

	for (; !atomic_load(c->stop); atomic_fetch_add(&c->rounds, 1)) {
		int fd[3];

		for (int i = 0; i < 3; i++) {
			fd[i] = object_open(c->dev, NAME, RW);
			c->failed += fd[i] < 0;
		}
		for (int i = 0; i < 3; i++)
			close(fd[i]);
	}
	return NULL;
}

static bool all_had_a_turn(struct churn *c, size_t n)
{
	while (n && atomic_load(&c[n - 1].rounds))
		n--;
	return !n;
}

/* Over several messages: those that stay are told once, in their order. */
TEST_F(holders, many_while_others_come_and_go)
{
	struct churn c[3] = { 0 };
	__u32 id[MANY];
	unsigned int interrupted = 0;
	atomic_bool stop = false;
	int fd[MANY];

	for (int i = 0; i < MANY; i++) {
		fd[i] = object_open(self->dev, NAME, RW);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, DUMP());
	EXPECT_FALSE(self->nl.interrupted);
	ASSERT_EQ(MANY + 1, self->seen.n);
	for (int i = 0; i < MANY; i++)
		id[i] = self->seen.holder[i + 1].id;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i].dev = self->dev;
		c[i].stop = &stop;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, churn, &c[i]));
	}
	/* More often where there is one CPU for all: until each has come in between. */
	for (int i = 0; i < 100 || (i < 10000 && !(interrupted &&
						   all_had_a_turn(c, ARRAY_SIZE(c)))); i++) {
		unsigned int at = 0;

		EXPECT_EQ(0, DUMP());
		CHECK(1, self->seen.kept_told, "dump %d", i);
		interrupted += self->nl.interrupted;
		for (unsigned int j = 0; j < self->seen.n && at < MANY; j++)
			at += self->seen.holder[j].id == id[at];
		CHECK(MANY, at, "dump %d", i);
		CHECK(true, self->seen.n <= MANY + 1 + 9, "dump %d: %u", i,
		      self->seen.n);
	}
	/* That it is no picture of one instant is told. */
	EXPECT_LT(0, interrupted);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].failed);
		EXPECT_LT(0, atomic_load(&c[i].rounds));
	}
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
}

TEST_HARNESS_MAIN
