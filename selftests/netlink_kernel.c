// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the administrator can look at pools that kernel code has created for
 * itself, and nobody do anything else with them; and that they can be destroyed while
 * somebody looks. That code is the example of a module, see tools/examples/module.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define MODULE		"mempool_demo_opens"
#define POOL		"opens"
#define BLOCKS		4096

/* The first id that is one of a pool of kernel code. */
#define FIRST		1000000000

struct found {
	unsigned int n, others, wrong;
	__u32 id, last;
	struct nlt_seen seen;
};

FIXTURE(kernel) {
	bool there;
	struct nlt nl;
	struct found found;
};

static void see(struct nlattr **attr, void *arg)
{
	struct found *found = arg;
	struct nlt_seen seen = { 0 };

	nlt_see(attr, &seen);
	/* One after the other. */
	found->wrong += !seen.has[MPDEMO_A_KERNEL] ||
			seen.value[MPDEMO_A_ID] < FIRST ||
			seen.value[MPDEMO_A_ID] <= found->last;
	found->last = seen.value[MPDEMO_A_ID];
	if (strcmp(seen.name, POOL)) {
		found->others++;
		return;
	}
	found->n++;
	found->id = seen.value[MPDEMO_A_ID];
	found->seen = seen;
}

static int dump(FIXTURE_DATA(kernel) *self)
{
	self->found = (struct found){ 0 };
	self->nl.each = see;
	self->nl.arg = &self->found;
	return nlt_dump_with(&self->nl, MPDEMO_CMD_GET, NULL, NLT_FLAG(MPDEMO_A_KERNEL), 0);
}

static int modprobe(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define LOAD()		modprobe("modprobe " MODULE)
#define UNLOAD()	modprobe("rmmod " MODULE)

FIXTURE_SETUP(kernel)
{
	ASSERT_EQ(0, nlt_open(&self->nl));
	self->there = !access("/sys/kernel/debug/kprobes", F_OK);
	if (self->there)
		ASSERT_EQ(0, LOAD());
}

FIXTURE_TEARDOWN(kernel)
{
	nlt_close(&self->nl);
	if (!access("/sys/module/" MODULE, F_OK))
		EXPECT_EQ(0, UNLOAD());
}

/* The first thing in a test: what a fixture skips runs all the same. */
#define NEEDS_POOL()							\
do {									\
	if (!self->there)						\
		SKIP(return, "this kernel has no kprobes");		\
} while (0)

#define VALUE(attr)	(self->found.seen.value[MPDEMO_A_##attr])
#define HAS(attr)	(self->found.seen.has[MPDEMO_A_##attr])

TEST_F(kernel, told)
{
	__u32 id;

	NEEDS_POOL();
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(0, self->found.wrong);
	ASSERT_EQ(1, self->found.n);
	id = self->found.id;
	EXPECT_EQ(MPDEMO_KIND_POOL, VALUE(KIND));
	EXPECT_EQ(BLOCKS, VALUE(BLOCKS));
	EXPECT_EQ(BLOCKS, VALUE(PRESENT));
	EXPECT_LE(BLOCKS * VALUE(BLOCK_SIZE), VALUE(FOOTPRINT));
	EXPECT_LE(VALUE(FREES), VALUE(ALLOCS));
	EXPECT_LT(0, VALUE(AGE));
	/* It is nobody's. */
	EXPECT_FALSE(HAS(UID) || HAS(GID) || HAS(MODE) || HAS(OPEN_FILES));
	EXPECT_FALSE(HAS(KEPT) || HAS(RECLAIMED) || HAS(QUOTA));

	/* This one alone; opened files are counted meanwhile. */
	for (int i = 0; i < 10; i++)
		close(open("/dev/null", O_RDONLY));
	self->found = (struct found){ 0 };
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_GET, id));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(1, self->found.n);
	EXPECT_EQ(id, self->found.id);
	EXPECT_LE(10, VALUE(ALLOCS));

	/* It is not among the objects of programs. */
	self->found = (struct found){ 0 };
	ASSERT_EQ(0, nlt_dump(&self->nl));
	EXPECT_EQ(self->nl.replies, self->found.wrong);
	EXPECT_EQ(0, self->found.n);

	ASSERT_EQ(0, UNLOAD());
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(0, self->found.n);
	EXPECT_EQ(-ENOENT, nlt_by_id(&self->nl, MPDEMO_CMD_GET, id));
	/* Another one has another number. */
	ASSERT_EQ(0, LOAD());
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(1, self->found.n);
	EXPECT_LT(id, self->found.id);
}

#define NO(errno, attr, words, what)	REFUSED(&self->nl, errno, attr, words, what, #what)
#define BY_ID(cmd)			nlt_by_id(&self->nl, MPDEMO_CMD_##cmd, id)
#define WITH(cmd, ...)							\
	nlt_with(&self->nl, MPDEMO_CMD_##cmd, NULL, NLT_U32(MPDEMO_A_ID, id), __VA_ARGS__, 0)

TEST_F(kernel, nothing_else)
{
	__u64 footprint;
	__u32 id;

	NEEDS_POOL();
	ASSERT_EQ(0, dump(self));
	ASSERT_EQ(1, self->found.n);
	id = self->found.id;
	footprint = VALUE(FOOTPRINT);
	NO(-EOPNOTSUPP, MPDEMO_A_ID, "kernel code", BY_ID(DEL));
	NO(-EOPNOTSUPP, MPDEMO_A_ID, "kernel code", BY_ID(RESET_STATS));
	NO(-EOPNOTSUPP, MPDEMO_A_ID, "kernel code", BY_ID(BLOCKS));
	NO(-EOPNOTSUPP, MPDEMO_A_ID, "kernel code", WITH(SET, NLT_U32(MPDEMO_A_POISON, 1)));
	NO(-EOPNOTSUPP, MPDEMO_A_ID, "kernel code", WITH(HOLDERS, NLT_U32(MPDEMO_A_HOLDER, 3)));
	EXPECT_EQ(-EOPNOTSUPP, nlt_dump_with(&self->nl, MPDEMO_CMD_BLOCKS, NULL,
					     NLT_U32(MPDEMO_A_ID, id), 0));
	/* It is not tracked. */
	EXPECT_EQ(-EOPNOTSUPP, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS, NULL,
					     NLT_U32(MPDEMO_A_ID, id), 0));
	EXPECT_NE(NULL, strstr(self->nl.text, "tracked"));
	/* By its name there is none. */
	NO(-ENOENT, MPDEMO_A_NAME, "no such object", nlt_by_name(&self->nl, MPDEMO_CMD_GET, POOL));
	NO(-EINVAL, MPDEMO_A_KERNEL, "by its id",
	   nlt_with(&self->nl, MPDEMO_CMD_GET, POOL, NLT_FLAG(MPDEMO_A_KERNEL), 0));
	NO(-EINVAL, MPDEMO_A_KERNEL, "by its id",
	   nlt_with(&self->nl, MPDEMO_CMD_GET, NULL, NLT_FLAG(MPDEMO_A_KERNEL), 0));
	NO(-EINVAL, 0, "no attributes but kernel",
	   nlt_dump_with(&self->nl, MPDEMO_CMD_GET, POOL, NLT_FLAG(MPDEMO_A_KERNEL), 0));
	/* Nor one of another number. */
	id += 1000;
	NO(-ENOENT, MPDEMO_A_ID, "no such object", BY_ID(GET));
	NO(-ENOENT, MPDEMO_A_ID, "no such object", BY_ID(DEL));
	EXPECT_EQ(-ENOENT, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS, NULL,
					 NLT_U32(MPDEMO_A_ID, id), 0));
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(1, self->found.n);
	EXPECT_EQ(footprint, VALUE(FOOTPRINT));
}

/* As what slab does is. */
TEST_F(kernel, for_the_administrator)
{
	pid_t pid;

	NEEDS_POOL();
	ASSERT_EQ(0, dump(self));
	ASSERT_EQ(1, self->found.n);
	pid = fork_child();
	if (!pid) {
		struct nlt nl;

		if (become(NOBODY, NOBODY) || nlt_open(&nl))
			_exit(101);
		if (nlt_dump_with(&nl, MPDEMO_CMD_GET, NULL,
				  NLT_FLAG(MPDEMO_A_KERNEL), 0) != -EPERM || nl.replies)
			_exit(102);
		if (!strstr(nl.text, "CAP_SYS_ADMIN"))
			_exit(103);
		if (nlt_by_id(&nl, MPDEMO_CMD_GET, self->found.id) != -EPERM || nl.replies)
			_exit(104);
		if (nlt_dump_with(&nl, MPDEMO_CMD_HOLDERS, NULL,
				  NLT_U32(MPDEMO_A_ID, self->found.id), 0) != -EPERM)
			_exit(105);
		/* Nor with the socket of somebody who may. */
		if (dump(self) != -EPERM || self->found.n)
			_exit(106);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

struct holders {
	unsigned int n, wrong;
	__u32 id, next;
};

static void see_holder(struct nlattr **attr, void *arg)
{
	struct holders *holders = arg;

	holders->n++;
	if (!attr[MPDEMO_A_ID] || !attr[MPDEMO_A_KERNEL] || !attr[MPDEMO_A_FIRST] ||
	    !attr[MPDEMO_A_CALLER] || !attr[MPDEMO_A_CONTEXT] || !attr[MPDEMO_A_AGE]) {
		holders->wrong++;
		return;
	}
	holders->wrong += nla_get_u32(attr[MPDEMO_A_ID]) != holders->id;
	/* Each block once. */
	holders->wrong += nla_get_u32(attr[MPDEMO_A_FIRST]) < holders->next;
	holders->next = nla_get_u32(attr[MPDEMO_A_FIRST]) + 1;
	holders->wrong += strncmp(nla_get_string(attr[MPDEMO_A_CALLER]), "opened+", 7) != 0;
	holders->wrong += nla_get_u32(attr[MPDEMO_A_CONTEXT]) > MPDEMO_CONTEXT_NMI;
	/* It counts them each half a second. */
	holders->wrong += nla_get_u64(attr[MPDEMO_A_AGE]) > 60 * 1000000000ULL;
	/* Only a task has a number. */
	holders->wrong += !attr[MPDEMO_A_PID] !=
			  (nla_get_u32(attr[MPDEMO_A_CONTEXT]) != MPDEMO_CONTEXT_TASK);
}

/* Of a pool that is tracked, in several messages. */
TEST_F(kernel, holders)
{
	struct holders holders;

	NEEDS_POOL();
	ASSERT_EQ(0, UNLOAD());
	ASSERT_EQ(0, modprobe("modprobe " MODULE " track=1"));
	ASSERT_EQ(0, dump(self));
	ASSERT_EQ(1, self->found.n);
	self->nl.each = see_holder;
	self->nl.arg = &holders;
	/* They may be counted, and be held no more, just when we ask. */
	for (int i = 0; i < 20; i++) {
		for (int j = 0; j < 1000; j++)
			close(open("/dev/null", O_RDONLY));
		holders = (struct holders){ .id = self->found.id };
		ASSERT_EQ(0, nlt_dump_with(&self->nl, MPDEMO_CMD_HOLDERS, NULL,
					   NLT_U32(MPDEMO_A_ID, self->found.id), 0));
		EXPECT_EQ(0, holders.wrong);
		if (holders.n > 500)
			break;
	}
	EXPECT_LT(500, holders.n);
}

struct looker {
	pthread_t thread;
	atomic_bool *stop;
	unsigned int dumps, seen, failed;
};

static void *look(void *arg)
{
	FIXTURE_DATA(kernel) self;
	struct looker *looker = arg;

	if (nlt_open(&self.nl))
		return NULL;
	while (!atomic_load(looker->stop)) {
		looker->failed += dump(&self) || self.found.wrong || self.found.n > 1;
		looker->seen += self.found.n;
		looker->dumps++;
		if (self.found.n && nlt_by_id(&self.nl, MPDEMO_CMD_GET, self.found.id))
			looker->failed += self.nl.err != -ENOENT;
	}
	nlt_close(&self.nl);
	return NULL;
}

/* It ends whoever looks, and nobody sees one that has ended. */
TEST_F_TIMEOUT(kernel, destroyed_while_it_is_looked_at, 120)
{
	struct looker looker[3] = { 0 };
	atomic_bool stop = false;

	NEEDS_POOL();
	for (size_t i = 0; i < ARRAY_SIZE(looker); i++) {
		looker[i].stop = &stop;
		ASSERT_EQ(0, pthread_create(&looker[i].thread, NULL, look, &looker[i]));
	}
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, UNLOAD());
		EXPECT_EQ(0, LOAD());
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(looker); i++) {
		pthread_join(looker[i].thread, NULL);
		CHECK(0, looker[i].failed, "thread %zu", i);
		EXPECT_LT(0, looker[i].seen);
		EXPECT_LT(looker[i].seen, looker[i].dumps);
	}
}

TEST_HARNESS_MAIN
