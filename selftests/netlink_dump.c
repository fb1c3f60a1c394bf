// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that a list of all objects is complete: it spans many messages, and
 * each object that was there all the time is in it exactly once, also while
 * others come and go.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define STABLE	200

struct seen {
	unsigned int stable[STABLE];
	unsigned int others, wrong;
	__u32 last_id;
};

FIXTURE(dump) {
	struct nlt nl;
	struct seen seen;
	int dev;
};

static const char *stable_name(int i)
{
	static char name[MPDEMO_NAME_SIZE];

	snprintf(name, sizeof(name), "selftest-dump-%d", i);
	return name;
}

/* Object i has blocks of i + 1 bytes, so that a mix-up is seen. */
static void see(struct nlattr **attr, void *arg)
{
	struct seen *s = arg;
	const char *name = attr[MPDEMO_A_NAME] ?
			   nla_get_string(attr[MPDEMO_A_NAME]) : "";
	int i;

	if (!attr[MPDEMO_A_ID] || !attr[MPDEMO_A_KIND] ||
	    nla_get_u32(attr[MPDEMO_A_ID]) <= s->last_id) {
		s->wrong++;
		return;
	}
	s->last_id = nla_get_u32(attr[MPDEMO_A_ID]);
	if (sscanf(name, "selftest-dump-%d", &i) != 1 || i < 0 || i >= STABLE) {
		s->others++;
		return;
	}
	s->stable[i]++;
	if (!attr[MPDEMO_A_BLOCK_SIZE] || !attr[MPDEMO_A_BLOCKS] ||
	    nla_get_u64(attr[MPDEMO_A_BLOCK_SIZE]) != (__u64)i + 1 ||
	    nla_get_u64(attr[MPDEMO_A_BLOCKS]) != 2)
		s->wrong++;
}

FIXTURE_SETUP(dump)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	for (int i = 0; i < STABLE; i++) {
		nlt_del_name(&self->nl, stable_name(i));
		ASSERT_EQ(0, nlt_new_pool(&self->nl, stable_name(i), i + 1, 2,
					  0600));
	}
	self->nl.each = see;
	self->nl.arg = &self->seen;
}

FIXTURE_TEARDOWN(dump)
{
	for (int i = 0; i < STABLE; i++)
		EXPECT_EQ(0, nlt_del_name(&self->nl, stable_name(i)));
	nlt_close(&self->nl);
	close(self->dev);
}

static int dump(FIXTURE_DATA(dump) *self)
{
	memset(&self->seen, 0, sizeof(self->seen));
	return nlt_dump(&self->nl);
}

static unsigned int not_once(const struct seen *s)
{
	unsigned int n = 0;

	for (int i = 0; i < STABLE; i++)
		n += s->stable[i] != 1;
	return n;
}

TEST_F(dump, complete)
{
	unsigned int replies;

	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(0, not_once(&self->seen));
	EXPECT_EQ(0, self->seen.wrong);
	EXPECT_FALSE(self->nl.interrupted);
	EXPECT_EQ(STABLE + self->seen.others, self->nl.replies);
	replies = self->nl.replies;

	/* Anonymous ones and deleted ones that are open are listed too. */
	for (int i = 0; i < 10; i++)
		ASSERT_LE(0, pool_create(self->dev, 24, 1));
	ASSERT_LE(0, object_open(self->dev, stable_name(7), RW));
	ASSERT_EQ(0, nlt_del_name(&self->nl, stable_name(7)));
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(replies + 10, self->nl.replies);
	EXPECT_EQ(1, not_once(&self->seen));
	EXPECT_EQ(0, self->seen.stable[7]);
	EXPECT_EQ(0, self->seen.wrong);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, stable_name(7), 8, 2, 0600));
}

/* One object is asked for by get alone; who means to ask for some learns that it is all. */
TEST_F(dump, takes_no_attributes)
{
	struct nl_msg *msg = nlt_msg(&self->nl, MPDEMO_CMD_GET, NLM_F_DUMP);

	nla_put_u32(msg, MPDEMO_A_ID, 1);
	REFUSED(&self->nl, -EINVAL, 0, "takes no attributes",
		nlt_call(&self->nl, msg), "an id");
	EXPECT_EQ(0, self->nl.replies);
	msg = nlt_msg(&self->nl, MPDEMO_CMD_GET, NLM_F_DUMP);
	nla_put_u32(msg, MPDEMO_A_MODE, 0600);
	REFUSED(&self->nl, -EINVAL, MPDEMO_A_MODE, "", nlt_call(&self->nl, msg),
		"a mode");
	EXPECT_EQ(0, self->nl.replies);
}

/* Without objects the list is empty, and no error; with holes it has none. */
TEST_F(dump, with_holes)
{
	for (int i = 0; i < STABLE; i++)
		if (i % 3)
			ASSERT_EQ(0, nlt_del_name(&self->nl, stable_name(i)));
	ASSERT_EQ(0, dump(self));
	for (int i = 0; i < STABLE; i++)
		CHECK(!(i % 3), self->seen.stable[i], "object %d", i);
	EXPECT_EQ(0, self->seen.wrong);
	for (int i = 0; i < STABLE; i++)
		if (i % 3)
			ASSERT_EQ(0, nlt_new_pool(&self->nl, stable_name(i),
						  i + 1, 2, 0600));
}

struct churn {
	pthread_t thread;
	int id;
	atomic_bool *stop;
	atomic_int *started;
	long rounds, failed;
};

static void *churn(void *arg)
{
	struct churn *c = arg;
	struct nlt nl;
	char name[MPDEMO_NAME_SIZE];
	int dev = dev_open();

	if (nlt_open(&nl) || dev < 0) {
		c->failed++;
		atomic_fetch_add(c->started, 1);
		return NULL;
	}
	snprintf(name, sizeof(name), "selftest-churn-%d", c->id);
	nlt_del_name(&nl, name);
	do {
		int fd = pool_create(dev, 24, 1);

		c->failed += fd < 0;
		c->failed += !!nlt_new_arena(&nl, name, 64, 0600);
		close(fd);
		fd = object_open(dev, name, RW);
		c->failed += fd < 0;
		c->failed += !!nlt_del_name(&nl, name);
		close(fd);
		if (!c->rounds++)
			atomic_fetch_add(c->started, 1);
	} while (!atomic_load(c->stop));
	nlt_close(&nl);
	close(dev);
	return NULL;
}

TEST_F(dump, while_others_come_and_go)
{
	struct churn c[4] = { 0 };
	unsigned int interrupted = 0;
	atomic_int started = 0;
	atomic_bool stop = false;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i].id = i;
		c[i].stop = &stop;
		c[i].started = &started;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, churn, &c[i]));
	}
	EXPECT_TRUE(POLL_UNTIL(atomic_load(&started) == 4));
	for (int i = 0; i < 40; i++) {
		EXPECT_EQ(0, dump(self));
		interrupted += self->nl.interrupted;
		CHECK(0, not_once(&self->seen), "dump %d", i);
		CHECK(0, self->seen.wrong, "dump %d", i);
	}
	/* That it is no picture of one instant is told. */
	EXPECT_LT(0, interrupted);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].failed);
		EXPECT_LT(0, c[i].rounds);
	}
}

/* Everybody wants the same name: one gets it each time. */
struct rival {
	pthread_t thread;
	long created, failed;
};

static void *rival(void *arg)
{
	struct rival *r = arg;
	struct nlt nl;

	if (nlt_open(&nl)) {
		r->failed++;
		return NULL;
	}
	for (int i = 0; i < 100; i++) {
		int err = nlt_new_pool(&nl, "selftest-rival", 8, 1, 0600);

		r->created += !err;
		r->failed += err && err != -EEXIST;
		err = nlt_del_name(&nl, "selftest-rival");
		r->created -= !err;
		r->failed += err && err != -ENOENT;
	}
	nlt_close(&nl);
	return NULL;
}

TEST_F(dump, rivals_for_a_name)
{
	struct rival r[4] = { 0 };
	long created = 0;

	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, rival, &r[i]));
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		pthread_join(r[i].thread, NULL);
		EXPECT_EQ(0, r[i].failed);
		created += r[i].created;
	}
	EXPECT_EQ(created, !nlt_del_name(&self->nl, "selftest-rival"));
}

/* A reader that goes away in the middle of a list leaves nothing behind. */
TEST_F(dump, reader_goes_away)
{
	for (int i = 0; i < 20; i++) {
		struct nl_msg *msg;
		struct nlt nl;

		ASSERT_EQ(0, nlt_open(&nl));
		msg = nlt_msg(&nl, MPDEMO_CMD_GET, NLM_F_DUMP);
		ASSERT_LE(0, nl_send_auto(nl.sock, msg));
		nlmsg_free(msg);
		nlt_close(&nl);
	}
	ASSERT_EQ(0, dump(self));
	EXPECT_EQ(0, not_once(&self->seen));
}

TEST_HARNESS_MAIN
